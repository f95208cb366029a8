"""The columns of a sheet of events, with headings and explanations in both languages. Pure."""

from question_bank.content import Text
from question_bank.formats.columns import Column
from question_bank.formats.names import plain

MAX_TITLE_ZH, MAX_TITLE_EN, MAX_SITE, MAX_PLACEMENT = 60, 120, 60, 40
USUAL_PLACEMENT = "入口"
NEEDED = ("title_zh", "kind", "site", "region", "opens_at", "closes_at")

COLUMNS = (
    Column(
        "title_zh",
        Text("场次名称", "Title"),
        Text("必填，最多60个字。", "Required, at most 60 characters."),
        30,
    ),
    Column(
        "title_en",
        Text("英文名称", "Title in English"),
        Text("可以不填。", "May be empty."),
        24,
    ),
    Column(
        "kind",
        Text("类型", "Kind"),
        Text("必填：校园、工厂、社区或线上。", "Required: campus, factory, community or online."),
        12,
    ),
    Column(
        "site",
        Text("地点", "Place"),
        Text(
            "必填，写当地人的叫法，例如：鞋厂食堂。",
            "Required, as people there call it, for example: canteen of the shoe factory.",
        ),
        24,
    ),
    Column(
        "region",
        Text("地区", "Region"),
        Text(
            "必填，县（市、区）名或六位代码，例如：晋江市，或 350582。重名时写全：泉州市 鲤城区。",
            "Required, a name or a six-digit code, for example: Jinjiang City, or 350582. Where "
            "names repeat, in full: Licheng District, Quanzhou.",
        ),
        18,
    ),
    Column(
        "body",
        Text("主办单位", "Host"),
        Text(
            "从下拉列表中选；不填就是牵头单位（单位账号则是本单位）。",
            "Choose from the list. Empty means the leading body, or your own if you plan for one.",
        ),
        24,
    ),
    Column(
        "quiz",
        Text("题目方案", "Quiz"),
        Text(
            "从下拉列表中选；不填就是列表中的第一个。",
            "Choose from the list. Empty means the first one of it.",
        ),
        26,
    ),
    Column(
        "opens_at",
        Text("开始时间", "Opens"),
        Text(
            "必填，北京时间，例如：2026-09-01 08:00。只写日期就是当天零点。",
            "Required, Beijing time, for example: 2026-09-01 08:00. A day alone means its "
            "beginning.",
        ),
        18,
    ),
    Column(
        "closes_at",
        Text("结束时间", "Closes"),
        Text(
            "必填，例如：2026-09-30 18:00。只写日期就是到当天结束。",
            "Required, for example: 2026-09-30 18:00. A day alone means until its end.",
        ),
        18,
    ),
    Column(
        "teams",
        Text("班组", "Teams"),
        Text(
            "可以不填。用分号隔开，冒号后面写人数，例如：一车间:120; 二车间:80; 夜班",
            "May be empty. Parted by semicolons, the number of people after a colon, for example: "
            "Workshop 1:120; Workshop 2:80; Night shift",
        ),
        36,
    ),
    Column(
        "placement",
        Text("海报张贴处", "Poster hangs at"),
        Text(
            f"每个场次先做一张海报。不填就写“{USUAL_PLACEMENT}”，其余的海报以后再加。",
            f"Each event gets a first poster. Empty means “{USUAL_PLACEMENT}”; add others later.",
        ),
        18,
    ),
)
BY_KEY = {column.key: column for column in COLUMNS}
BY_HEADING = {
    plain(spelling): column.key
    for column in COLUMNS
    for spelling in (column.key, column.name.zh, column.name.en, column.heading)
}
