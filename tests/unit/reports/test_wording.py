"""The small words, and the limits that GitHub sets."""

import pytest

from lsp_assembler.model.finding import Finding
from lsp_assembler.model.result import Result
from lsp_assembler.reports import github, markdown, text
from lsp_assembler.reports.wording import closing_line, human_seconds, human_size
from lsp_assembler.text import plural
from tests.unit.reports.results import (
    JAVA,
    RESULTS,
    TAB_SIZE,
    assembly,
    failure,
    listed,
    start_point,
)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1936, "1.9 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (25_600_000, "25.6 MB"),
    ],
)
def test_human_size(size: int, said: str) -> None:
    assert human_size(size) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.00 s"),
        (0.312, "0.31 s"),
        (0.994, "0.99 s"),
        (0.999, "1.0 s"),
        (4.94, "4.9 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (125.4, "2 min 5 s"),
    ],
)
def test_human_seconds(seconds: float, said: str) -> None:
    assert human_seconds(seconds) == said


def test_plural() -> None:
    assert [plural(count, "warning") for count in (0, 1, 2)] == ["0 warnings", "1 warning", "2 warnings"]


def test_closing_line_of_a_single_start_point() -> None:
    gone = failure("timeout", "no bytes for 30 s")
    assert closing_line(Result(assembly((listed(0, "java"), gone)), 3)) == (
        "The start point could not be fetched: nothing was built. Fix the error above and run it again."
    )


def test_closing_line_does_not_call_equal_names_unique() -> None:
    twice = Result(assembly(JAVA, (listed(1, "java"), JAVA[1])), 0, command="check")
    assert closing_line(twice) == "2 start points, 2 display names: all rules pass, checked in 0.50 s"


@pytest.mark.parametrize(("count", "last"), [(10, "tab_size is 9"), (11, "GitHub shows 10 errors")])
def test_github_gets_no_more_annotations_than_it_shows(count: int, last: str) -> None:
    findings = tuple(
        Finding("tab-size", 41, "error", 0, None, f"tab_size is {number}") for number in range(count)
    )
    lines = github.render(Result(assembly(JAVA, findings=findings), 1)).splitlines()
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert last in errors[-1]
    assert (count == 11) == errors[-1].startswith("::error title=2 more errors::")


def test_github_annotates_the_manifest_of_a_directory() -> None:
    source = RESULTS["findings"].assembly.outcomes[2].source
    finding = Finding("tab-size", 41, "error", 0, "start_point/manifest.json", "tab_size is 9", 3)
    here = type(source)(0, ".", is_directory=True)
    rendered = github.render(Result(assembly((here, start_point()), findings=(finding,)), 1))
    assert rendered.splitlines()[1] == (
        "::error file=start_point/manifest.json,line=3,title=tab-size (41)::tab_size is 9"
    )


def test_a_summary_stays_below_one_mebibyte() -> None:
    long = Finding("json", 17, "error", 0, None, "\N{GRINNING FACE}" * 9_000)
    result = Result(assembly(JAVA, findings=(long,) * 100), 1)
    rendered = markdown.summary(result)
    assert len(rendered.encode()) < 2**20
    assert "… and 89 more rows, too many for a summary" in rendered
    assert "1 start point</summary>" in rendered


def test_broken_start_points_are_red() -> None:
    rendered = text.render(Result(assembly(JAVA, findings=(_at(0),)), 1), 120, color=True)
    (row,) = [line for line in rendered.splitlines() if "Java 21" in line]
    assert row.startswith("\x1b[31m")


def _at(index: int) -> Finding:
    return Finding(TAB_SIZE.rule, TAB_SIZE.code, "error", index, TAB_SIZE.manifest, TAB_SIZE.message)
