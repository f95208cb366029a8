"""Names of a believable campaign: where its events are held, who hosts them, where posters hang.

Pure.
"""

from collections.abc import Mapping

Name = tuple[str, str]
"""A name in Chinese and in English."""

PLACES: tuple[Name, ...] = (
    ("城东", "East Side"), ("城西", "West Side"), ("南门", "South Gate"), ("北门", "North Gate"),
    ("滨江", "Riverside"), ("新区", "New Area"), ("老街", "Old Street"), ("湖滨", "Lakeside"),
    ("开发区", "Development Zone"), ("东湖", "East Lake"), ("凤山", "Phoenix Hill"),
    ("文昌", "Wenchang"), ("龙津", "Longjin"), ("清源", "Qingyuan"),
)  # fmt: skip
SITES: Mapping[str, tuple[Name, ...]] = {
    "campus": (
        ("第一中学", "No. 1 Middle School"), ("第三中学", "No. 3 Middle School"),
        ("实验小学", "Experimental Primary School"), ("职业技术学院", "Vocational College"),
        ("师范学院", "Normal College"), ("职业中专学校", "Vocational School"),
        ("大学城食堂", "University Town canteen"),
    ),
    "factory": (
        ("鞋业园", "Shoe Park"), ("茶叶加工厂", "Tea Works"), ("电子装配厂", "Electronics Plant"),
        ("建陶厂", "Ceramics Works"), ("服装厂", "Garment Factory"), ("食品厂", "Food Plant"),
        ("卫浴厂", "Sanitary Ware Plant"), ("汽配厂", "Car Parts Plant"),
    ),
    "community": (
        ("社区服务中心", "Community Centre"), ("农贸市场", "Produce Market"),
        ("中心广场", "Central Square"), ("文化站", "Culture House"), ("图书馆", "Library"),
        ("购物广场", "Shopping Plaza"), ("汽车客运站", "Coach Station"),
    ),
    "online": (("线上答题", "online quiz"),),
}  # fmt: skip
TITLES: Mapping[str, Name] = {
    "campus": ("质量月进校园：{site}", "Quality Month on campus: {site}"),
    "factory": ("质量月进工厂：{site}", "Quality Month at work: {site}"),
    "community": ("质量月进社区：{site}", "Quality Month next door: {site}"),
    "online": ("质量月线上答题：{site}", "Quality Month online: {site}"),
}
HOSTS: Mapping[str, tuple[str, ...]] = {
    "campus": ("education", "education", "youth-league", "market-regulation"),
    "factory": (
        "trade-unions", "trade-unions", "industry-it", "sasac", "industry-commerce", "associations",
    ),
    "community": (
        "market-regulation", "market-regulation", "commerce", "women", "health", "agriculture",
        "culture-tourism",
    ),
    "online": ("market-regulation", "publicity", "press"),
}  # fmt: skip
QUIZZES: Mapping[str, tuple[str, ...]] = {
    "campus": ("core", "core", "mixed", "pupils", "food-safety"),
    "factory": ("workers", "workers", "core", "product-quality", "daily"),
    "community": ("family", "family", "core", "food-safety", "auto-three-guarantees"),
    "online": ("mixed", "daily"),
}
PLACEMENTS: Mapping[str, tuple[str, ...]] = {
    "campus": ("食堂门口", "图书馆大厅", "教学楼一楼", "宿舍楼下", "操场看台"),
    "factory": ("食堂门口", "车间公告栏", "班车站", "宿舍楼下", "更衣室门口"),
    "community": ("服务台", "大门口", "电梯间", "收银台旁", "宣传栏"),
    "online": ("公众号推文", "朋友圈海报", "电视角标", "政务服务大厅"),
}
TEAM_PLACEMENT = "班组公告栏"
TEAMS: Mapping[str, tuple[str, ...]] = {
    "campus": tuple(f"高{grade}（{n}）班" for grade in "一二三" for n in range(1, 5)),
    "factory": tuple(f"{n}车间{shift}班" for n in "一二三四" for shift in "甲乙丙"),
}
