"""Every report of every kind of result, word for word.

After a wanted change: UPDATE_CASES=1 pytest tests/unit/reports, then read the difference.
"""

import os
from collections.abc import Callable

import pytest
from rich.cells import cell_len

from lsp_assembler.model.result import Result
from lsp_assembler.reports import github, json, markdown, text
from tests import ROOT
from tests.unit.reports.results import RESULTS

CASES = ROOT / "tests/cases" / "reports"
REPORTS: dict[str, Callable[[Result], str]] = {
    "text-80.txt": lambda result: text.render(result, 80, color=False),
    "text-120.txt": lambda result: text.render(result, 120, color=False),
    "piped.txt": lambda result: text.render(result, None),
    "quiet.txt": lambda result: text.render(result, None, quiet=True),
    "report.json": json.render,
    "github.txt": github.render,
    "summary.md": markdown.summary,
}


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("name", RESULTS)
def test_says_exactly(name: str, report: str) -> None:
    rendered = REPORTS[report](RESULTS[name])
    file = CASES / name / report
    if os.environ.get("UPDATE_CASES"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(rendered.encode())
        pytest.fail(f"{file} is written; read it, and run again without UPDATE_CASES")
    assert rendered == file.read_bytes().decode()


def test_every_case_on_disk_is_tested() -> None:
    on_disk = {str(file.relative_to(CASES)) for file in CASES.rglob("*") if file.is_file()}
    assert on_disk == {f"{name}/{report}" for name in RESULTS for report in REPORTS}


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("name", RESULTS)
def test_text_fits_its_width(name: str, width: int) -> None:
    for line in text.render(RESULTS[name], width, color=False).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


@pytest.mark.parametrize("name", RESULTS)
def test_text_is_the_same_whatever_the_environment_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, coloured = (text.render(RESULTS[name], 80, color=color) for color in (False, True))
    for variable, value in {"FORCE_COLOR": "1", "COLUMNS": "30", "TERM": "dumb"}.items():
        monkeypatch.setenv(variable, value)
    assert text.render(RESULTS[name], 80, color=False) == plain
    monkeypatch.delenv("FORCE_COLOR")
    monkeypatch.setenv("NO_COLOR", "1")
    assert text.render(RESULTS[name], 80, color=True) == coloured
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
