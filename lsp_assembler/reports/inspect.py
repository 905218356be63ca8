"""What a start-points image serves: a table for people; JSON in the words of the service's own `inspect`."""

from collections.abc import Sequence

from lsp_assembler.operations.inspect import InspectResult
from lsp_assembler.operations.inspection import Served
from lsp_assembler.reports.layout import GAP, Column, Line, Span, painted, table, width_of
from lsp_assembler.reports.wording import ABSENT
from lsp_assembler.text import json_text, plural, visible

_SHORT_REVISION = 7
_RIGHT = "files"


def render_json(found: InspectResult) -> str:
    """For programs, documented in docs/commands.md."""
    return json_text(found.document)


def images(found: InspectResult, *, json: bool) -> str:
    """The language images: one a line, or as a list in JSON."""
    names = found.language_images
    return json_text(names) if json else "".join(f"{visible(name)}\n" for name in names)


def text(found: InspectResult, width: int, *, color: bool) -> str:
    """For people: a line for each start point; where that is too wide, its names below each other."""
    rows = [_row(each) for each in found.start_points]
    if not found.has_images:
        for row in rows:
            del row["language image"]
    if _needed(rows) > width:
        rows = [_stacked(row) for row in rows]
    lines = [painted(line, color=color) for line in [*_table(rows, width), []]] if rows else []
    lines.append(f"{visible(found.image)}: {plural(len(rows), 'start point')}")
    return "\n".join(lines) + "\n"


def _row(served: Served) -> dict[str, str]:
    return {
        "display name": visible(served.display_name) or ABSENT,
        "language image": visible(served.image_name or "") or ABSENT,
        "from": visible(served.url.removeprefix("https://")),
        "commit": visible(served.sha.removeprefix("sha256:")[:_SHORT_REVISION]),
        _RIGHT: str(served.files),
    }


def _stacked(row: dict[str, str]) -> dict[str, str]:
    """The same with all names below each other."""
    last = ("commit", _RIGHT)
    names = [title for title in row if title not in last]
    return {
        ", ".join(names): "\n  ".join(row[name] for name in names),
        **{title: row[title] for title in last},
    }


def _widths(rows: Sequence[dict[str, str]]) -> dict[str, int]:
    return {
        title: max(width_of(part) for row in rows for part in (title, *row[title].split("\n")))
        for title in (rows[0] if rows else ())
    }


def _needed(rows: Sequence[dict[str, str]]) -> int:
    widths = _widths(rows)
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _table(rows: Sequence[dict[str, str]], width: int) -> list[Line]:
    widths = _widths(rows)
    first = next(iter(widths))  # which is broken where a line is too narrow for it
    widths[first] = max(GAP, widths[first] - max(0, _needed(rows) - width))
    columns = [Column(title, cells, title == _RIGHT) for title, cells in widths.items()]
    return table(columns, [[_spans(cell) for cell in row.values()] for row in rows])


def _spans(cell: str) -> list[Span]:
    """A cell; what stands below its first line is less important."""
    first, *below = cell.split("\n")
    return [Span(first), *(Span(f"\n{line}", "dim") for line in below)]
