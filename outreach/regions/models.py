"""Regions."""

import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model


class Level(enum.StrEnum):
    """Level of a division."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"


class Region(Model):
    """A division of GB/T 2260.

    `population` is in persons, of the year and source named beside it, or unknown.
    """

    __table_args__ = (
        sa.CheckConstraint(
            "population IS NULL OR population_source IS NOT NULL", name="population_has_source"
        ),
    )

    code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    level: Mapped[Level]
    parent_code: Mapped[str | None] = mapped_column(sa.ForeignKey("region.code"), index=True)
    name_zh: Mapped[str] = mapped_column(sa.String(40))
    name_en: Mapped[str | None] = mapped_column(sa.String(60))
    edition_year: Mapped[int]
    source: Mapped[str] = mapped_column(sa.String(120))
    population: Mapped[int | None]
    population_year: Mapped[int | None]
    population_source: Mapped[str | None] = mapped_column(sa.String(120))
