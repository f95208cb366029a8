"""What people call kinds, audiences and the like in a cell, in either language. Pure."""

import enum
import re
import unicodedata
from collections.abc import Mapping
from typing import TypeVar

from question_bank.content import Audience, Kind, Style, Text

Member = TypeVar("Member", bound=enum.StrEnum)
SEPARATORS = re.compile(r"[;；,，、\n]+")

KINDS = {
    Kind.SINGLE: Text("单选题", "Single choice"),
    Kind.MULTIPLE: Text("多选题", "Multiple choice"),
    Kind.TRUE_FALSE: Text("判断题", "True/false"),
}
STYLES = {
    Style.STORY: Text("情景题", "Story"),
    Style.NUMBER: Text("数字题", "Number"),
    Style.RULE: Text("规则题", "Rule"),
}
AUDIENCES = {
    Audience.PUPIL: Text("中小学生", "Pupils"),
    Audience.STUDENT: Text("大学生", "Students"),
    Audience.WORKER: Text("职工", "Workers"),
    Audience.CONSUMER: Text("消费者", "Consumers"),
    Audience.BUSINESS: Text("经营者", "Businesses"),
}
YES = Text("是", "Yes")
TRUE = Text("对", "True")
FALSE = Text("错", "False")

# Other spellings, as `plain` writes them.
OTHER_KINDS = {
    "单选": Kind.SINGLE, "单项选择": Kind.SINGLE, "单项选择题": Kind.SINGLE,
    "多选": Kind.MULTIPLE, "多项选择": Kind.MULTIPLE, "多项选择题": Kind.MULTIPLE,
    "不定项选择题": Kind.MULTIPLE, "multipleanswers": Kind.MULTIPLE,
    "判断": Kind.TRUE_FALSE, "是非": Kind.TRUE_FALSE, "是非题": Kind.TRUE_FALSE,
    "对错题": Kind.TRUE_FALSE, "tf": Kind.TRUE_FALSE, "trueorfalse": Kind.TRUE_FALSE,
}  # fmt: skip
OTHER_STYLES = {
    "情景": Style.STORY, "情境": Style.STORY, "情境题": Style.STORY, "案例": Style.STORY,
    "案例题": Style.STORY, "case": Style.STORY, "数字": Style.NUMBER, "数值": Style.NUMBER,
    "规则": Style.RULE, "知识": Style.RULE, "知识题": Style.RULE,
}  # fmt: skip
OTHER_AUDIENCES = {
    "小学生": Audience.PUPIL, "中学生": Audience.PUPIL, "少年儿童": Audience.PUPIL,
    "学生": Audience.STUDENT, "高校学生": Audience.STUDENT,
    "员工": Audience.WORKER, "工人": Audience.WORKER, "企业职工": Audience.WORKER,
    "employee": Audience.WORKER, "employees": Audience.WORKER,
    "公众": Audience.CONSUMER, "群众": Audience.CONSUMER, "public": Audience.CONSUMER,
    "企业": Audience.BUSINESS, "商家": Audience.BUSINESS, "经营主体": Audience.BUSINESS,
}  # fmt: skip
DIFFICULTIES = {
    "1": 1, "2": 2, "3": 3, "易": 1, "容易": 1, "简单": 1, "easy": 1, "中": 2, "中等": 2,
    "一般": 2, "medium": 2, "难": 3, "困难": 3, "较难": 3, "hard": 3, "difficult": 3,
}  # fmt: skip
TRUE_SPELLINGS = frozenset({
    "对", "正确", "是", "真", "√", "✓", "✔", "☑", "t", "true", "y", "yes", "right", "correct", "1",
})  # fmt: skip
FALSE_SPELLINGS = frozenset({
    "错", "错误", "否", "假", "不对", "不正确", "×", "✗", "✘", "✕", "x", "f", "false", "n", "no",
    "wrong", "incorrect", "0",
})  # fmt: skip


def folded(text: str) -> str:
    """Fold width and letter case, as a person reads it."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def plain(text: str) -> str:
    """Fold a name down to its letters and digits."""
    return re.sub(r"[\W_]+", "", folded(text))


def is_true(text: str) -> bool | None:
    """Read yes or no, right or wrong, in the many ways people write them; None is neither."""
    spelling = folded(text)
    if spelling in TRUE_SPELLINGS:
        return True
    return False if spelling in FALSE_SPELLINGS else None


def member(text: str, names: Mapping[Member, Text], others: Mapping[str, Member]) -> Member | None:
    """Find what a cell names: by value, by either name or by another usual spelling."""
    wanted = plain(text)
    for candidate, name in names.items():
        if wanted in {plain(candidate.value), plain(name.zh), plain(name.en)}:
            return candidate
    return others.get(wanted)


def split(text: str) -> list[str]:
    """Take a list in one cell apart; Chinese and English separators will do."""
    return [part.strip() for part in SEPARATORS.split(text) if part.strip()]
