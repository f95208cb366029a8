"""Campaigns and their bodies."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Model
from outreach.regions.models import Region


class Campaign(Model):
    """One Quality Month: year, theme, slogan, first and last day, province."""

    __table_args__ = (sa.CheckConstraint("last_on >= first_on", name="ends_after_start"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(40), unique=True)
    year: Mapped[int]
    province_code: Mapped[str] = mapped_column(sa.ForeignKey("region.code"))
    name_zh: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(160))
    theme_zh: Mapped[str] = mapped_column(sa.String(120))
    theme_en: Mapped[str] = mapped_column(sa.String(240))
    slogan_zh: Mapped[str] = mapped_column(sa.String(120))
    slogan_en: Mapped[str] = mapped_column(sa.String(240))
    first_on: Mapped[date]
    last_on: Mapped[date]

    province: Mapped[Region] = relationship()
    bodies: Mapped[list["Body"]] = relationship(back_populates="campaign", order_by="Body.position")


class Body(Model):
    """One of the campaign's co-organizing bodies; the first by position leads."""

    __table_args__ = (sa.UniqueConstraint("campaign_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    slug: Mapped[str] = mapped_column(sa.String(40))
    position: Mapped[int]
    name_zh: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(160))

    campaign: Mapped[Campaign] = relationship(back_populates="bodies")


class SeparateRegion(Model):
    """A region that the campaign reports directly under its province.

    Pingtan is a county of Fuzhou by its code, but a row of its own in the campaign; what happens
    there is counted there and not in Fuzhou.
    """

    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"), primary_key=True)
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("region.code"), primary_key=True)
