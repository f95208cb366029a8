"""The columns of a sheet of questions, with headings and explanations in both languages. Pure."""

from dataclasses import dataclass
from string import ascii_uppercase

from question_bank.content import Text
from question_bank.formats.names import plain

USUAL_CHOICES = 5
LOCALES = ("zh", "en")
NARROW, MIDDLE, WIDE = 12, 24, 48


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key in records and faults, heading, explanation, width in characters."""

    key: str
    name: Text
    hint: Text
    width: int

    @property
    def heading(self) -> str:
        """Write the heading of a sheet: both languages."""
        return f"{self.name.zh} {self.name.en}"


def choice_key(index: int, locale: str) -> str:
    """Return the key of a choice's text, as `choice_a_zh`."""
    return f"choice_{ascii_uppercase[index].lower()}_{locale}"


def _choice(index: int, locale: str) -> Column:
    letter = ascii_uppercase[index]
    name = {
        "zh": Text(f"选项{letter}（中文）", f"Choice {letter} (Chinese)"),
        "en": Text(f"选项{letter}（英文）", f"Choice {letter} (English)"),
    }
    hint = Text(
        "选项依次填写，中间不留空；判断题不填。",
        "Fill the choices in one after the other; leave them empty for true/false.",
    )
    return Column(choice_key(index, locale), name[locale], hint, MIDDLE)


BEFORE_CHOICES = (
    Column(
        "id",
        Text("题号", "ID"),
        Text(
            "题目的固定编号，如 pq-label-date。新题可以不填，系统会自动编号；"
            "填已有编号就是修改那道题。",
            "The question's lasting name, as pq-label-date. Leave it empty for a new question; "
            "an id that exists changes that question.",
        ),
        MIDDLE,
    ),
    Column(
        "topic",
        Text("主题", "Topic"),
        Text("从下拉列表中选。", "Choose from the list."),
        MIDDLE,
    ),
    Column(
        "kind",
        Text("题型", "Kind"),
        Text("单选题、多选题或判断题。", "Single choice, multiple choice or true/false."),
        NARROW,
    ),
    Column(
        "stem_zh",
        Text("题干（中文）", "Stem (Chinese)"),
        Text(
            "题目本身。需要强调的字用两个星号括起来：**不正确**。",
            "The question itself. Put two stars around words to be stressed: **not**.",
        ),
        WIDE,
    ),
    Column(
        "stem_en",
        Text("题干（英文）", "Stem (English)"),
        Text("英文题干，可以以后再补。", "The stem in English; may be added later."),
        WIDE,
    ),
)
AFTER_CHOICES = (
    Column(
        "right",
        Text("正确答案", "Right answer"),
        Text(
            "单选题填一个字母，如 B；多选题填几个字母，如 AC；判断题填“对”或“错”。",
            "One letter as B, several as AC, or True/False.",
        ),
        NARROW,
    ),
    Column(
        "explanation_zh",
        Text("解析（中文）", "Explanation (Chinese)"),
        Text(
            "讲清道理和做法，40 至 160 字。",
            "Why it is so and what to do, 40 to 160 characters.",
        ),
        WIDE,
    ),
    Column(
        "explanation_en",
        Text("解析（英文）", "Explanation (English)"),
        Text("英文解析，可以以后再补。", "The explanation in English; may be added later."),
        WIDE,
    ),
    Column(
        "cites",
        Text("法条依据", "Citations"),
        Text(
            "法规编号:条，或 法规编号:条/款，几条之间用分号隔开，如 "
            "product-quality-law:35；product-quality-law:49/1。",
            "statute:article or statute:article/paragraph, several with semicolons between, as "
            "product-quality-law:35; product-quality-law:49/1.",
        ),
        MIDDLE,
    ),
    Column(
        "audience",
        Text("适合人群", "Audience"),
        Text(
            "中小学生、大学生、职工、消费者、经营者，可以写几种，用分号隔开。",
            "Pupils, students, workers, consumers, businesses; several with semicolons between.",
        ),
        MIDDLE,
    ),
    Column(
        "difficulty",
        Text("难度", "Difficulty"),
        Text("1 容易，2 中等，3 较难。", "1 easy, 2 medium, 3 hard."),
        NARROW,
    ),
    Column(
        "style",
        Text("考查方式", "Style"),
        Text(
            "情景题要人在小故事里做决定，数字题只问一个数，规则题问规定本身。",
            "A story asks for a decision, a number for a bare figure, a rule for the rule itself.",
        ),
        NARROW,
    ),
    Column(
        "family",
        Text("题组", "Family"),
        Text(
            "同一题组的题不会出现在同一张试卷里。用小写英文字母、数字和连字符，可以不填。",
            "Questions of one family never meet in one paper. Small letters, digits and hyphens; "
            "may be empty.",
        ),
        MIDDLE,
    ),
    Column(
        "ordered",
        Text("选项顺序固定", "Fixed order"),
        Text(
            "选项不能打乱顺序时填“是”，例如按时间长短排列。",
            "Yes if the choices must not be shuffled, as with lengths of time.",
        ),
        NARROW,
    ),
)


def columns(choices: int = USUAL_CHOICES) -> tuple[Column, ...]:
    """List the columns of a sheet for questions with so many choices."""
    middle = (_choice(index, locale) for index in range(choices) for locale in LOCALES)
    return (*BEFORE_CHOICES, *middle, *AFTER_CHOICES)


ALL = columns(len(ascii_uppercase))
BY_KEY = {column.key: column for column in ALL}
BY_HEADING = {
    plain(spelling): column.key
    for column in ALL
    for spelling in (column.key, column.name.zh, column.name.en, column.heading)
}
