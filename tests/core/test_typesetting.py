"""Lines are filled as printers do: no 。 at a start, no （ at an end, English words whole."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.typesetting import HALF_EM, NO_END, NO_START, Line, Run, break_lines

SAMPLE = "中文字的产品质量法，。、；：？！”）》“（《…—abc XYZ-/'’3.5%0 \u3000\u00a0é✓"
texts = st.text(st.sampled_from(SAMPLE), min_size=1, max_size=120)
runs = st.lists(st.builds(Run, texts, st.booleans()), min_size=1, max_size=4)
widths = st.integers(4, 30)


def measure(text: str, is_bold: bool) -> float:
    """Measure as most Chinese fonts do: half an em for a Latin letter, bold ones a bit wider."""
    return sum(0.5 if letter < "\u0250" else 1.0 for letter in text) * (1.1 if is_bold else 1)


def lines_of(text: str, width: float) -> list[str]:
    return [line.text for line in break_lines([Run(text)], measure, width)]


def without_spaces(lines: list[Line]) -> list[tuple[str, bool]]:
    letters = [(letter, run.is_bold) for line in lines for run in line.runs for letter in run.text]
    return [pair for pair in letters if pair[0] not in " \u3000"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("产品质量法", 3, ["产品质", "量法"]),
        ("产品质，量法", 3, ["产品", "质，量", "法"]),
        ("产品（质量）法", 3, ["产品", "（质", "量）法"]),
        ("看“产品”标识", 4, ["看“产", "品”标识"]),
        ("检看“产品”标识", 3, ["检看", "“产", "品”标", "识"]),
        ("some good product", 3.5, ["some", "good", "product"]),
        ("a good product", 3.5, ["a good", "product"]),
        ("the maker's well-known product", 5, ["the", "maker's", "well-known", "product"]),
        ("the well-known product", 4.5, ["the well-", "known", "product"]),
        ("12-15 days", 2.5, ["12-15", "days"]),
        ("第27条规定", 3, ["第27条", "规定"]),
        ("不能少……对吗", 4, ["不能", "少……对", "吗"]),
        ("https://zl.example.cn/learn/food", 11, ["https://zl.example.cn/", "learn/food"]),
        ("", 5, []),
        ("  ", 5, []),
    ],
)
def test_a_line_breaks_where_a_printer_would_break_it(
    text: str, width: float, lines: list[str]
) -> None:
    assert lines_of(text, width) == lines


def test_a_full_stop_may_hang_its_empty_half_over_the_edge() -> None:
    assert lines_of("产品质。量法", 3.5) == ["产品质。", "量法"]


def test_a_no_break_space_keeps_a_number_beside_its_word() -> None:
    assert lines_of("see paragraph\u00a01", 6.5) == ["see", "paragraph\u00a01"]


def test_a_word_wider_than_the_line_is_torn_where_the_line_ends() -> None:
    assert lines_of("abcdefgh ij", 2) == ["abcd", "efgh", "ij"]


def test_what_is_stressed_stays_stressed() -> None:
    lines = break_lines([Run("下列哪项"), Run("不属于", is_bold=True), Run("？")], measure, 6)

    assert [line.runs for line in lines] == [
        (Run("下列哪项"), Run("不", is_bold=True)),
        (Run("属于", is_bold=True), Run("？")),
    ]


@given(runs, widths)
def test_nothing_is_lost_and_nothing_is_added(text: list[Run], width: int) -> None:
    lines = break_lines(text, measure, width)

    wanted = [(letter, run.is_bold) for run in text for letter in run.text]
    assert without_spaces(lines) == [pair for pair in wanted if pair[0] not in " \u3000"]


@given(runs, widths)
def test_no_line_is_wider_than_it_may_be(text: list[Run], width: int) -> None:
    for line in break_lines(text, measure, width):
        assert line.width <= width + 1e-9
        full = sum(measure(run.text, run.is_bold) for run in line.runs)
        assert line.width == pytest.approx(full) or line.width == pytest.approx(full - HALF_EM)


@given(texts)
def test_no_line_begins_or_ends_with_the_wrong_sign(text: str) -> None:
    width = 40

    lines = lines_of(text, width)

    for before, after in pairwise(lines):
        if before + after in text.replace(" ", ""):  # no space stood between them
            assert after[0] not in NO_START
            assert before[-1] not in NO_END


@given(runs, widths)
def test_only_the_last_line_is_the_last(text: list[Run], width: int) -> None:
    lines = break_lines(text, measure, width)

    assert [line.is_last for line in lines] == [False] * (len(lines) - 1) + [True] * bool(lines)
