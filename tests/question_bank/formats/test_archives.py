"""Workbooks that would unpack to more than a machine has."""

import io
import zipfile
import zlib

import pytest

from question_bank.formats import xlsx
from question_bank.formats.archive import MAX_PARTS, MAX_UNPACKED
from tests.question_bank.formats.strategies import USUAL
from tests.question_bank.samples import a_question

SHEET = "xl/worksheets/sheet1.xml"


def with_part(name: str, content: bytes, times: int = 1) -> bytes:
    """Put a part into a sound workbook, or over its own."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx.write([a_question()]).data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        for number in range(times):
            new.writestr(f"{number}/{name}" if times > 1 else name, content)
    return out.getvalue()


def codes(data: bytes) -> list[str]:
    parsed = xlsx.read(data, USUAL)
    assert not parsed.questions
    return [fault.code for fault in parsed.faults]


def test_a_zip_bomb_is_refused_by_its_ratio():
    assert codes(with_part("xl/media/big.bin", b"0" * 8_000_000)) == ["unpacks-too-large"]


def test_a_zip_bomb_of_many_modest_parts_is_refused_by_its_sum():
    noisy = bytes(range(256)) * 400 + b"0" * 700_000

    assert codes(with_part("part.bin", noisy, times=40)) == ["unpacks-too-large"]


def test_a_workbook_of_too_many_parts_is_refused():
    assert codes(with_part("part.bin", b"", times=MAX_PARTS + 1)) == ["unpacks-too-large"]


def test_a_part_that_is_larger_than_it_declares_is_refused():
    data = with_part("xl/media/liar.bin", b"0" * 900_000)
    size = (900_000).to_bytes(4, "little")
    assert data.count(size) == 2  # beside the part and in the directory

    assert codes(data.replace(size, (10).to_bytes(4, "little"))) == ["not-a-workbook"]


def test_overlapping_parts_do_not_multiply():
    """A quine's trick: many entries of the directory share one packed part."""
    packed = zlib.compress(b"0" * 900_000, 9)[2:-4]
    out = io.BytesIO()
    crc = zlib.crc32(b"0" * 900_000)
    head = b"PK\x03\x04" + b"\x14\0\0\0\x08\0\0\0\0\0" + crc.to_bytes(4, "little")
    sizes = len(packed).to_bytes(4, "little") + (900_000).to_bytes(4, "little")
    out.write(head + sizes + b"\x01\0\0\0a" + packed)
    begin = out.tell()
    for number in range(100):
        name = b"%03d" % number
        out.write(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0" + crc.to_bytes(4, "little") + sizes)
        out.write(len(name).to_bytes(2, "little") + b"\0" * 16 + name)
    length = out.tell() - begin
    count = (100).to_bytes(2, "little")
    out.write(b"PK\x05\x06\0\0\0\0" + count + count + length.to_bytes(4, "little"))
    out.write(begin.to_bytes(4, "little") + b"\0\0")

    assert codes(out.getvalue()) == ["unpacks-too-large"]


def test_millions_of_tags_are_refused_before_they_are_parsed():
    strings = b"<sst>" + b"".join(b"<si>%d</si>" % number for number in range(600_000)) + b"</sst>"
    assert len(strings) < MAX_UNPACKED

    assert codes(with_part("xl/sharedStrings.xml", strings)) == ["unpacks-too-large"]


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_in_a_part_are_refused(part, encoding):
    bomb = f"""<?xml version="1.0" encoding="{encoding}"?>
        <!DOCTYPE x [<!ENTITY a "{"A" * 50}"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
        <worksheet>&b;&c;</worksheet>"""

    assert codes(with_part(part, bomb.encode(encoding))) == ["not-a-workbook"]


def test_an_old_or_locked_workbook_is_told_apart():
    assert codes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512) == ["old-or-locked-workbook"]


def test_far_away_rows_and_columns_cost_nothing():
    cells = (
        '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>',
        '<row r="1"><c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row>',
        '<row r="99999999999"><c r="A1"><v>1</v></c></row>',
    )
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    for cell in cells:
        sheet = f'<worksheet xmlns="{space}"><sheetData>{cell}</sheetData></worksheet>'

        parsed = xlsx.read(with_part(SHEET, sheet.encode()), USUAL)

        assert not parsed.questions
        assert parsed.faults
