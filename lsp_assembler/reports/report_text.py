"""What `report` says to people: a table, as wide as the terminal, and what it comes to."""

from collections.abc import Sequence

from lsp_assembler.operations.report import ReportResult
from lsp_assembler.operations.report_rows import Row
from lsp_assembler.reports.layout import Column, Span, fold, painted, table
from lsp_assembler.reports.report import LANGUAGE, RIGHT, TAG, cells_of, closing_line
from lsp_assembler.reports.wording import ABSENT

_MIN_WIDTH = 40
_COLORS = {"denied": "red", "unknown": "red", "warning": "yellow", "allowed": "green"}


def text(result: ReportResult, rows: Sequence[Row], width: int | None, *, color: bool) -> str:
    """The rows for people, and what they come to; columns of which nothing is known are left out.

    Args:
        width: of the terminal, e.g. 80; below 40 it counts as 40. None for a program, which gets the table
            alone, with tabs.
        color: whether to use the terminal's own red, yellow and green.
    """
    width = width and max(width, _MIN_WIDTH)
    cells = [cells_of(row, is_judged=result.is_judged) for row in rows]
    titles = [title for title in cells[0] if any(row[title] != ABSENT for row in cells)] if cells else []
    columns = [_column(title) for title in titles]
    spans = [[Span(row[title], _COLORS.get(row[title], "")) for title in titles] for row in cells]
    lines = [painted(line, color=color) for line in (table(columns, spans, width) if cells else ())]
    if width is not None:
        closing = Span(closing_line(result, rows), "red" if result.exit_status else "")
        lines += [*([""] if lines else []), *(painted(line, color=color) for line in fold([closing], width))]
    return "".join(f"{line}\n" for line in lines)


def _column(title: str) -> Column:
    return Column(title, title in RIGHT, keeps="ends" if title in (LANGUAGE, TAG) else "all")
