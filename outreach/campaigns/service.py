"""Loading campaigns from their files, and finding them: which one is on, which are one's own."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from core.db import db
from outreach.campaigns.models import Body, Campaign, SeparateRegion
from outreach.regions.models import Level, Region

DATA = Path(__file__).parent / "data"
DEMO_DAYS = 365
LISTED = 100
# Named only: code of this package knows nothing of events.
_EVENT = sa.table("event", sa.column("campaign_id", sa.Integer), sa.column("body_id", sa.Integer))


class BadPlanError(Exception):
    """A campaign's file cannot be used; the message says what to mend in one line."""


def load(path: Path, today: date) -> Campaign:
    """Bring a campaign to what its file says.

    A file without days gets a year from today when it is first loaded; later loads keep them.

    :raises BadPlanError: a value is missing, of the wrong form, or names what does not exist
    """
    plan = _read(path)
    campaign = db.session.scalar(sa.select(Campaign).where(Campaign.slug == plan["slug"]))
    is_new = campaign is None
    if campaign is None:
        campaign = Campaign(slug=plan["slug"])
    campaign.province_code = plan["province"]
    for part in ("name", "theme", "slogan"):
        setattr(campaign, f"{part}_zh", plan[part]["zh"])
        setattr(campaign, f"{part}_en", plan[part]["en"])
    if is_new or "first_on" in plan:
        campaign.first_on = plan.get("first_on", today)
        campaign.last_on = plan.get("last_on", today + timedelta(days=DEMO_DAYS))
        campaign.year = plan.get("year", campaign.first_on.year)
    db.session.add(campaign)
    db.session.flush()
    _load_bodies(campaign, plan["bodies"])
    db.session.execute(sa.delete(SeparateRegion).where(SeparateRegion.campaign_id == campaign.id))
    for code in plan.get("separate_regions", ()):
        db.session.add(SeparateRegion(campaign_id=campaign.id, region_code=code))
    db.session.flush()
    return campaign


def _read(path: Path) -> dict[str, Any]:
    try:
        plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadPlanError(f"cannot be read as UTF-8 text: {type(error).__name__}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise BadPlanError(f"is not YAML{line}") from None
    if not isinstance(plan, dict):
        raise BadPlanError("must have keys and values")
    _check(plan)
    return plan


def _check(plan: dict[str, Any]) -> None:
    if not isinstance(plan.get("slug"), str) or not plan["slug"]:
        raise BadPlanError("slug must be a short name")
    for key in ("name", "theme", "slogan"):
        _check_text(plan.get(key), key)
    if not isinstance(plan.get("year", 0), int):
        raise BadPlanError(f"year must be a number, not {plan['year']!r}")
    days = [plan[key] for key in ("first_on", "last_on") if key in plan]
    if not all(isinstance(day, date) for day in days):
        raise BadPlanError("first_on and last_on must be days such as 2026-09-01")
    if len(days) == 1 or days != sorted(days):
        raise BadPlanError("first_on must come with last_on, and not after it")
    _check_bodies(plan.get("bodies"))
    separate = plan.get("separate_regions", [])
    if not isinstance(separate, list):
        raise BadPlanError("separate_regions must be a list of codes")
    _check_region(plan.get("province"), Level.PROVINCE)
    for code in separate:
        _check_region(code, Level.COUNTY)


def _check_region(code: object, level: Level) -> None:
    region = db.session.get(Region, code) if isinstance(code, str) else None
    if region is None:
        raise BadPlanError(f"no region has the code {code!r}")
    if region.level is not level:
        raise BadPlanError(f"the region {code} is not a {level}")


def _check_bodies(bodies: object) -> None:
    if not isinstance(bodies, list) or not all(isinstance(body, dict) for body in bodies):
        raise BadPlanError("bodies must be a list, each with slug and name")
    for body in bodies:
        _check_text(body.get("name"), f"the name of body {body.get('slug')!r}")
    slugs = [body.get("slug") for body in bodies]
    if not bodies or not all(slugs) or len(set(slugs)) < len(slugs):
        raise BadPlanError("each body needs a slug of its own")


def _check_text(value: object, name: str) -> None:
    texts = value if isinstance(value, dict) else {}
    if not all(isinstance(texts.get(locale), str) and texts[locale] for locale in ("zh", "en")):
        raise BadPlanError(f"{name} must have zh and en")


def _load_bodies(campaign: Campaign, listed: Sequence[dict[str, dict[str, str]]]) -> None:
    known = {body.slug: body for body in campaign.bodies}
    for position, entry in enumerate(listed):
        slug = str(entry["slug"])
        body = known.get(slug)
        if body is None:
            body = Body(slug=slug)
            campaign.bodies.append(body)
        body.position = position
        body.name_zh, body.name_en = entry["name"]["zh"], entry["name"]["en"]
    wanted = {str(entry["slug"]) for entry in listed}
    for slug, body in known.items():
        if slug not in wanted:
            try:
                with db.session.begin_nested():
                    db.session.delete(body)
            except IntegrityError:  # it hosts an event already, so it stays
                db.session.refresh(body)


def current(today: date) -> Campaign | None:
    """Return the campaign that the public pages show.

    An installation belongs to the province whose campaign was set up first on it; others may
    prepare theirs here without taking over the front page. Of its own campaigns it shows the one
    that is on, else the next one, else the last one that was. Where several are on, the one that
    began last wins, then the newest: a September within a whole year's campaign is what people
    ask for in September. Nobody has to mark anything.
    """
    home = sa.select(Campaign.province_code).order_by(Campaign.id).limit(1).scalar_subquery()
    is_on = sa.and_(Campaign.first_on <= today, Campaign.last_on >= today)
    comes = Campaign.first_on > today
    order = (
        sa.case((is_on, 0), (comes, 1), else_=2),
        sa.case((comes, Campaign.first_on)),
        sa.case((is_on, Campaign.first_on)).desc(),
        Campaign.last_on.desc(),
        Campaign.id.desc(),
    )
    query = sa.select(Campaign).where(Campaign.province_code == home).order_by(*order).limit(1)
    return db.session.scalar(query.options(selectinload(Campaign.bodies)))


def plannable(province_code: str, today: date) -> Sequence[Campaign]:
    """List the campaigns of a province that events can be planned in, with their bodies.

    Those that are on come first, the one that began last leading; then those to come, the next one
    first. So the first of the list is the one that most events are planned in.
    """
    begun = sa.case((Campaign.first_on <= today, Campaign.first_on))
    query = (
        sa.select(Campaign)
        .where(Campaign.province_code == province_code, Campaign.last_on >= today)
        .order_by(begun.is_(None), begun.desc(), Campaign.first_on, Campaign.id)
        .limit(LISTED)
    )
    return db.session.scalars(query.options(selectinload(Campaign.bodies))).all()


def of_province(province_code: str) -> Sequence[Campaign]:
    """List a province's campaigns with their bodies, the latest first."""
    query = (
        sa.select(Campaign)
        .where(Campaign.province_code == province_code)
        .order_by(Campaign.first_on.desc(), Campaign.id.desc())
        .limit(LISTED)
    )
    return db.session.scalars(query.options(selectinload(Campaign.bodies))).all()


def of_all() -> Sequence[Campaign]:
    """List the campaigns of all provinces with their bodies, the latest first."""
    query = sa.select(Campaign).order_by(Campaign.first_on.desc(), Campaign.id.desc()).limit(LISTED)
    return db.session.scalars(query.options(selectinload(Campaign.bodies))).all()


def named(slug: str) -> Campaign | None:
    """Return the campaign of a slug with its bodies."""
    query = sa.select(Campaign).where(Campaign.slug == slug)
    return db.session.scalar(query.options(selectinload(Campaign.bodies)))


def find(campaign_id: int, province_code: str) -> Campaign | None:
    """Return a campaign with its bodies if it is the province's own."""
    query = sa.select(Campaign).where(
        Campaign.id == campaign_id, Campaign.province_code == province_code
    )
    return db.session.scalar(query.options(selectinload(Campaign.bodies)))


def events_of(campaign_ids: Sequence[int]) -> dict[int, int]:
    """Count the events of campaigns; those that have none are left out."""
    return _events_by(_EVENT.c.campaign_id, campaign_ids)


def events_of_bodies(body_ids: Sequence[int]) -> dict[int, int]:
    """Count the events that bodies host; those that host none are left out."""
    return _events_by(_EVENT.c.body_id, body_ids)


def _events_by(column: sa.ColumnClause[int], ids: Sequence[int]) -> dict[int, int]:
    query = sa.select(column, sa.func.count()).where(column.in_(ids)).group_by(column)
    return dict(db.session.execute(query).all())


def separate_regions(campaign_id: int) -> frozenset[str]:
    """Return the codes of the regions that the campaign reports directly under its province."""
    query = sa.select(SeparateRegion.region_code).where(SeparateRegion.campaign_id == campaign_id)
    return frozenset(db.session.scalars(query))
