"""Which rows of a report somebody sees."""

import pytest

from lsp_assembler.operations.report_rows import Filters, rows
from tests.unit.reports.languages import language, old, version

LANGUAGES = (
    language(version("LSP-a", age=5, green=1.3), old("LSP-b", age=40, green=1.0)),
    language(version("LSP-c", age=365, green=3.0), old("LSP-d", age=900, green=9.0)),
    language(version("LSP-e", age=366, green=None)),
    language(version("LSP-f", age=None, green=2.0)),
    language(old("LSP-g", age=1, green=None), problem="the registry fails"),
)


@pytest.mark.parametrize(
    ("filters", "tags"),
    [
        (Filters(), "acef"),
        (Filters(all=True), "abcdefg"),
        (Filters(older_than=365), "e"),
        (Filters(older_than=364), "ce"),
        (Filters(all=True, older_than=365), "de"),
        (Filters(slower=29.9), "a"),
        (Filters(slower=30.1), ""),
        (Filters(grown=0), ""),
        (Filters(slowest=2), "cf"),
        (Filters(slowest=2, all=True), "dc"),
        (Filters(slowest=9, older_than=4), "ca"),
    ],
)
def test_rows(filters: Filters, tags: str) -> None:
    assert "".join(row.version.tag[-1] for row in rows(LANGUAGES, filters)) == tags
