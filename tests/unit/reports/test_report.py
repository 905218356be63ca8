"""What `report` says: for people, for pull requests, for spreadsheets, for programs.

After a wanted change: UPDATE_CASES=1 pytest tests/unit/reports, then read the difference.
"""

import csv
import io
import json
import os
from collections.abc import Callable
from functools import partial

import pytest

from lsp_assembler.operations.report import ReportResult
from lsp_assembler.operations.report_rows import Filters, Row, rows
from lsp_assembler.reports.report import closing_line_of_page, markdown, percent, render_json, table_of_values
from lsp_assembler.reports.report_text import text
from tests import ROOT
from tests.unit.reports.languages import DENIED, language, old, result, service, version

HOSTILE = "=1+1\x1b[2J::error::\u202e|`@here`"
EVERYTHING = result(
    language(version(age=5, green=1.6), old(), old("LSP-0000001", age=400, judged=DENIED)),
    language(
        version("LSP-1.2-3", green=None, size=None, age=None, title="", revision="", judged=DENIED),
        repository="ghcr.io/acme/go_testing",
    ),
    language(version("LSP", problem="ghcr.io/acme/x:LSP: not there"), repository="ghcr.io/acme/x"),
    language(
        version("LSP-2", title=HOSTILE, image_name=HOSTILE, image_problem=HOSTILE),
        repository="ghcr.io/acme/hostile",
    ),
    language(repository="ghcr.io/acme/gone", versions=None, problem="ghcr.io/acme/gone: no answer"),
    services=(service(), service(name="acme/runner:1", is_subject=False, problem="acme/runner:1: no answer")),
    is_judged=True,
)


ALL_IN_USE = Filters()


def chosen(found: ReportResult, filters: Filters = ALL_IN_USE) -> list[Row]:
    return rows(found.languages, filters)


def as_json(found: ReportResult, shown: list[Row]) -> str:
    return render_json(found, shown, found.source, None, found.exit_status)


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("text_120.txt", partial(text, width=120, color=False)),
        ("text_60.txt", partial(text, width=60, color=False)),
        ("text_of_a_program.txt", partial(text, width=None, color=False)),
        ("report.md", markdown),
        ("report.json", as_json),
        ("report.csv", lambda _, shown: table_of_values(shown)),
    ],
)
def test_report(name: str, render: Callable[[ReportResult, list[Row]], str]) -> None:
    shown, case = render(EVERYTHING, chosen(EVERYTHING)), ROOT / "tests/cases/report" / name
    if os.environ.get("UPDATE_CASES"):
        case.write_text(shown, encoding="utf-8")
    assert shown == case.read_text("utf-8")
    assert shown.replace("\n", "").replace("\t", "").isprintable()


@pytest.mark.parametrize("width", [10, 60, 80, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    shown = text(EVERYTHING, chosen(EVERYTHING), width, color=False)
    assert max(map(len, shown.splitlines())) <= max(width, 40)


def test_columns_of_which_nothing_is_known_are_left_out() -> None:
    found = result(language(version(green=None)))
    head = text(found, chosen(found), 120, color=False).splitlines()[0]
    assert head.split() == ["language", "tag", "age", "size"]


def test_nothing_to_show_is_said() -> None:
    shown = chosen(EVERYTHING, Filters(older_than=9999))
    assert shown == []
    said = "5 languages with 6 versions, of which 0 are shown; not everything could be read: see the errors\n"
    assert text(EVERYTHING, shown, 120, color=False) == said
    assert text(EVERYTHING, shown, None, color=False) == ""
    assert markdown(result(), []) == "1 language with 1 version, of which 0 are shown\n"


def test_the_page_is_named() -> None:
    assert closing_line_of_page(result(), "a\x1b/index.html") == (
        "a\\x1b/index.html: 1 language with 1 version\n"
    )


def test_a_spreadsheet_gets_no_formula() -> None:
    table = list(csv.DictReader(io.StringIO(table_of_values(chosen(EVERYTHING)))))
    assert [each["repository"] for each in table].count("ghcr.io/acme/hostile") == 1
    assert {each["title"][:2] for each in table} == {"Ja", "", "'="}


def test_problems_are_told_once_and_old_images_may_be_gone() -> None:
    assert EVERYTHING.exit_status == 3
    assert len(EVERYTHING.problems) == 4
    found = result(language(version(), old(image_problem="it was removed")))
    assert (found.problems, found.exit_status) == ((), 0)


def test_an_error_that_ends_a_run_is_a_document_as_well() -> None:
    document = json.loads(render_json(None, (), "images.yml", "images.yml: not there", 2))
    assert (document["ok"], document["error"], document["versions"]) == (False, "images.yml: not there", [])


@pytest.mark.parametrize(
    ("change", "said"), [(12.4, "+12 %"), (-3.0, "-3 %"), (0.4, "0 %"), (-0.4, "0 %"), (1234.0, "+1,234 %")]
)
def test_percent(change: float, said: str) -> None:
    assert percent(change) == said
