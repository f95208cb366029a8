"""Setting up campaigns: their words, days, bodies and separately reported regions."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, count

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.db import db
from outreach.campaigns.countdown import moved
from outreach.campaigns.models import Body, Campaign, SeparateRegion
from outreach.regions.models import Region

SLUG_LENGTH = 40
MAX_BODIES = 100
NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What headquarters decides about a campaign; `separate` holds codes of counties."""

    name_zh: str
    name_en: str
    theme_zh: str
    theme_en: str
    slogan_zh: str
    slogan_en: str
    year: int
    first_on: date
    last_on: date
    separate: Sequence[str]


class SlugTakenError(Exception):
    """Another campaign has this short name."""


class BodyHostsEventsError(Exception):
    """The body hosts events, so it stays."""


class BodyNameTakenError(Exception):
    """Another body of the campaign has this name."""


class TooManyBodiesError(Exception):
    """A campaign has at most `MAX_BODIES` bodies."""


def add(province_code: str, plan: Plan, *, like: Campaign | None = None) -> Campaign:
    """Set up a campaign; its slug is made of province and year, with a number if that is taken.

    :param like: the campaign whose bodies it begins with
    """
    base = usual_slug(province_code, plan.year)
    slug, number = base, 1
    while True:
        try:
            return add_named(slug, province_code, plan, like=like)
        except SlugTakenError:
            number += 1
            slug = f"{base}-{number}"


def add_named(
    slug: str, province_code: str, plan: Plan, *, like: Campaign | None = None
) -> Campaign:
    """Set up a campaign of a given slug.

    :raises SlugTakenError: another campaign has it
    """
    campaign = Campaign(slug=slug, province_code=province_code)
    _apply(campaign, plan)
    try:
        with db.session.begin_nested():
            db.session.add(campaign)
    except IntegrityError:
        raise SlugTakenError(slug) from None
    for body in like.bodies if like else ():
        campaign.bodies.append(
            Body(slug=body.slug, position=body.position, name_zh=body.name_zh, name_en=body.name_en)
        )
    _set_separate(campaign, plan.separate)
    db.session.flush()
    return campaign


def copied(campaign: Campaign, separate: Collection[str], *, years_later: int) -> Plan:
    """Return the plan of the same campaign some years later.

    Its days are moved, and where a text names its year, the new year stands.
    """

    def later(text: str) -> str:
        return text.replace(str(campaign.year), str(campaign.year + years_later))

    return Plan(
        name_zh=later(campaign.name_zh),
        name_en=later(campaign.name_en),
        theme_zh=later(campaign.theme_zh),
        theme_en=later(campaign.theme_en),
        slogan_zh=later(campaign.slogan_zh),
        slogan_en=later(campaign.slogan_en),
        year=campaign.year + years_later,
        first_on=moved(campaign.first_on, years_later),
        last_on=moved(campaign.last_on, years_later),
        separate=sorted(separate),
    )


def usual_slug(province_code: str, year: int) -> str:
    """Return the slug that a province's campaign of a year has, such as fujian-2026."""
    province = db.session.get_one(Region, province_code)
    return f"{_slug_of(province.name_en or '') or province_code}-{year}"


def change(campaign: Campaign, plan: Plan) -> None:
    """Change a campaign; its slug, province and events stay."""
    _apply(campaign, plan)
    _set_separate(campaign, plan.separate)
    db.session.flush()


def _apply(campaign: Campaign, plan: Plan) -> None:
    campaign.name_zh, campaign.name_en = plan.name_zh, plan.name_en
    campaign.theme_zh, campaign.theme_en = plan.theme_zh, plan.theme_en
    campaign.slogan_zh, campaign.slogan_en = plan.slogan_zh, plan.slogan_en
    campaign.year, campaign.first_on, campaign.last_on = plan.year, plan.first_on, plan.last_on


def _set_separate(campaign: Campaign, codes: Sequence[str]) -> None:
    db.session.execute(sa.delete(SeparateRegion).where(SeparateRegion.campaign_id == campaign.id))
    db.session.add_all(
        SeparateRegion(campaign_id=campaign.id, region_code=code) for code in sorted(set(codes))
    )


def add_body(campaign: Campaign, name_zh: str, name_en: str) -> Body:
    """Add a body as the last one.

    It gets the slug that it had in another campaign of the province, so that its organizers find
    its events there too; else one made of its English name that no other body of the province has.

    :raises BodyNameTakenError: the campaign has a body of this name
    :raises TooManyBodiesError: the campaign has all that it may have
    """
    if len(campaign.bodies) >= MAX_BODIES:
        raise TooManyBodiesError
    _refuse_taken_name(campaign, name_zh, None)
    body = Body(
        slug=_body_slug(campaign, name_zh, name_en),
        position=len(campaign.bodies),
        name_zh=name_zh,
        name_en=name_en,
    )
    campaign.bodies.append(body)
    db.session.flush()
    return body


def _body_slug(campaign: Campaign, name_zh: str, name_en: str) -> str:
    query = (
        sa.select(Body.slug, Body.name_zh)
        .join(Body.campaign)
        .where(Campaign.province_code == campaign.province_code)
        .order_by(Campaign.id.desc())
    )
    known = db.session.execute(query).all()
    here = {body.slug for body in campaign.bodies}
    for slug, name in known:
        if name == name_zh and slug not in here:
            return str(slug)
    taken = {slug for slug, _name in known} | here
    base = _slug_of(name_en) or "body"
    numbered = (f"{base[: SLUG_LENGTH - 4].rstrip('-')}-{number}" for number in count(2))
    return next(slug for slug in chain([base], numbered) if slug not in taken)


def _slug_of(name: str) -> str:
    return NOT_IN_SLUG.sub("-", name.lower()).strip("-")[:SLUG_LENGTH].rstrip("-")


def change_body(body: Body, name_zh: str, name_en: str, position: int) -> None:
    """Rename a body and put it at a place, counted from 0; its events and slug stay.

    :raises BodyNameTakenError: another body of the campaign has this name
    """
    _refuse_taken_name(body.campaign, name_zh, body)
    body.name_zh, body.name_en = name_zh, name_en
    others = [other for other in body.campaign.bodies if other is not body]
    others.insert(position, body)
    _number(others)


def _refuse_taken_name(campaign: Campaign, name_zh: str, own: Body | None) -> None:
    if any(other.name_zh == name_zh and other is not own for other in campaign.bodies):
        raise BodyNameTakenError(name_zh)


def remove_body(body: Body) -> None:
    """Take a body out of its campaign.

    :raises BodyHostsEventsError: it hosts events
    """
    campaign = body.campaign
    try:
        with db.session.begin_nested():
            db.session.delete(body)
    except IntegrityError:
        db.session.refresh(body)
        raise BodyHostsEventsError from None
    db.session.expire(campaign, ["bodies"])
    _number(campaign.bodies)


def _number(bodies: Sequence[Body]) -> None:
    for position, body in enumerate(bodies):
        body.position = position
    db.session.flush()
    if bodies:
        db.session.expire(bodies[0].campaign, ["bodies"])
