"""What `make run` starts with: a demo campaign, an open event with a poster, and an organizer."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import sqlalchemy as sa

from core import clock
from core.db import db
from outreach.campaigns import service as campaigns
from outreach.campaigns.models import Campaign
from outreach.events import service as events
from outreach.events.models import Event, EventKind
from outreach.events.service import Plan
from outreach.organizers import service as organizers
from outreach.posters import service as posters
from outreach.posters.models import Poster
from outreach.regions import service as regions
from question_bank import service as bank

ORGANIZER = "demo"
OPEN_FOR = timedelta(days=365)
EVENTS = (
    (EventKind.CAMPUS, "质量月进校园：福州大学城站", "Quality Month on campus: University Town",
     "福州大学城一食堂", "350121", "education", "食堂门口"),
    (EventKind.FACTORY, "质量月进工厂：晋江鞋业园站", "Quality Month at work: Jinjiang Shoe Park",
     "晋江鞋业园二车间", "350582", "trade-unions", "车间公告栏"),
    (EventKind.COMMUNITY, "质量月进社区：平潭岚城站", "Quality Month next door: Pingtan",
     "岚城社区服务中心", "350128", "market-regulation", "服务台"),
    (EventKind.ONLINE, "质量月线上答题", "Quality Month online", "福建省质量月线上活动", "350000",
     "market-regulation", "公众号推文"),
)  # fmt: skip
# What comes later, in days from now and hours of the day; nobody made posters for it yet.
COMING = (
    (1, 9, 17, EventKind.COMMUNITY, "集市上的质量课", "Quality at the market", "三坊七巷南后街",
     "350102", "market-regulation"),
    (1, 14, 17, EventKind.FACTORY, "班组长质量问答", "Quiz for shift leaders", "厦门软件园二期食堂",
     "350203", "trade-unions"),
    (3, 8, 18, EventKind.CAMPUS, "开学第一周质量答题", "First week of term", "泉州师范学院图书馆",
     "350503", "education"),
    (3, 15, 21, EventKind.COMMUNITY, "海岛质量夜", "Quality night on the island", "平潭壳丘头广场",
     "350128", "market-regulation"),
    (6, 9, 16, EventKind.FACTORY, "茶企质量开放日", "Open day of the tea makers", "安溪茶博汇",
     "350524", "agriculture"),
    (10, 9, 12, EventKind.CAMPUS, "小小质检员", "Little inspectors", "漳州市实验小学",
     "350602", "education"),
    (16, 10, 18, EventKind.COMMUNITY, "土楼里的质量月", "Quality Month at the tulou",
     "永定土楼客家广场", "350803", "market-regulation"),
)  # fmt: skip
CANCELLED = frozenset({"茶企质量开放日"})


@dataclass(frozen=True, slots=True)
class Demo:
    """What the operator is told; `password` only when the organizer was just made."""

    poster_code: str
    organizer: str
    password: str | None


def prepare() -> Demo:
    """Make what is missing of the demonstration; a second time changes nothing."""
    regions.load_divisions()
    today = clock.local_day(clock.now())
    for name in ("fujian-2013", "demo"):
        campaign = campaigns.load(campaigns.DATA / f"{name}.yaml", today)
    password = None
    if organizers.find(ORGANIZER) is None:
        password = secrets.token_urlsafe(9)
        organizers.add(
            ORGANIZER,
            password,
            campaign.province_code,
            edits_questions=True,
            reviews_questions=True,
        )
    poster = _open_poster(campaign) or _plan_events(campaign)
    return Demo(poster.code, ORGANIZER, password)


def _open_poster(campaign: Campaign) -> Poster | None:
    at = clock.now()
    query = (
        sa.select(Poster)
        .join(Event, Poster.event_id == Event.id)
        .where(
            Event.campaign_id == campaign.id,
            Poster.withdrawn_at.is_(None),
            Event.opens_at <= at,
            Event.closes_at > at,
        )
        .order_by(Event.id, Poster.created_at)
        .limit(1)
    )
    return db.session.scalar(query)


def _plan_events(campaign: Campaign) -> Poster:
    """Plan the demo events and return the poster of the first."""
    at = clock.now().replace(minute=0, second=0, microsecond=0)
    bodies = {body.slug: body.id for body in campaign.bodies}
    quiz_id = bank.offered_quizzes()[0].id
    made = []
    for kind, title_zh, title_en, site, region_code, body, placement in EVENTS:
        plan = Plan(
            kind=kind,
            title_zh=title_zh,
            title_en=title_en,
            site=site,
            region_code=region_code,
            body_id=bodies[body],
            quiz_id=quiz_id,
            opens_at=at,
            closes_at=at + OPEN_FOR,
        )
        event = events.plan_event(campaign, plan, None)
        made.append(posters.add_poster(event, placement))
    _plan_coming(campaign, bodies, quiz_id)
    return made[0]


def _plan_coming(campaign: Campaign, bodies: Mapping[str, int], quiz_id: int) -> None:
    """Plan what makes the calendar worth a look; one of it is cancelled."""
    today = clock.local_day(clock.now())
    zone = clock.campaign_zone()
    for days, opens, closes, kind, title_zh, title_en, site, region_code, body in COMING:
        day = today + timedelta(days=days)
        plan = Plan(
            kind=kind,
            title_zh=title_zh,
            title_en=title_en,
            site=site,
            region_code=region_code,
            body_id=bodies[body],
            quiz_id=quiz_id,
            opens_at=datetime.combine(day, time(opens), zone),
            closes_at=datetime.combine(day, time(closes), zone),
        )
        event = events.plan_event(campaign, plan, None)
        if title_zh in CANCELLED:
            event.cancelled_at = clock.now()
