"""Plots: lines where there are values, gaps where there are none."""

import re

import pytest

from lsp_assembler.reports.html.plot import plot, sparkline
from tests.unit.reports.languages import language, old, version


def test_a_line_goes_up_from_the_oldest_to_the_newest() -> None:
    found = language(version(green=2.0), old(green=1.5), old("LSP-1", green=1.0))
    assert '<g class=green><path d="M2 18L48 10L94 2"/></g>' in sparkline(found)
    drawn = plot(found)
    assert drawn.count("<path") == 3 + 3  # the axis, and the colours
    assert '<g class=green><path d="M44 58L216 34L388 10"/></g>' in drawn
    assert 'aria-label="Seconds of a test run over 3 versions, from 0 to 2"' in drawn


def test_what_is_not_known_is_a_gap() -> None:
    found = language(
        version(green=1.0),
        old("LSP-4"),
        old("LSP-3", green=None),
        old("LSP-2", green=2.0),
        old("LSP-1", green=None),
    )
    green = re.findall(r"<g class=green>(.*?)</g>", plot(found))
    assert [re.findall(r"<(\w+)", each) for each in green] == [["circle", "path"]]


def test_without_durations_there_is_no_plot() -> None:
    found = language(version(green=None))
    assert (plot(found), sparkline(found)) == ("", "")


def test_equal_values_are_a_flat_line() -> None:
    assert '"M2 2L94 2"' in sparkline(language(version(green=1.0), old(green=1.0)))
    assert "NaN" not in plot(language(version(green=0.0)))


@pytest.mark.parametrize(
    ("green", "half", "top"),
    [(1.3, "1", "2"), (2.1, "2.5", "5"), (5.0, "2.5", "5"), (86_400.0, "50000", "100000")],
)
def test_the_axis_ends_at_a_round_number(green: float, half: str, top: str) -> None:
    drawn = plot(language(version(green=green)))
    assert re.findall(r">([^<>]+) s<", drawn) == ["0", half, top]
