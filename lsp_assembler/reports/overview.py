"""The table of the text report: every start point, a line for each manifest."""

from collections.abc import Iterator, Sequence

from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.reference import Reference
from lsp_assembler.reports.layout import Column, Line, Span, fits, table
from lsp_assembler.reports.problems import failed
from lsp_assembler.reports.wording import ABSENT, human_seconds, human_size
from lsp_assembler.text import visible

_COLUMNS = (
    Column("#", is_right=True),
    Column("image", keeps="end"),
    Column("display name", keeps="ends"),
    Column("language image", keeps="end"),
    Column("size", is_right=True),
    Column("time", is_right=True),
)
_LANGUAGE_IMAGE = 3
_OF_A_START_POINT = ("#", "image", "size", "time")


def overview(assembly: Assembly, width: int | None) -> list[Line]:
    """A table that fits into `width` cells; with tabs and whole names where that is None.

    A language image of the same name as the LSP image is given by its tag where its name has no room. No
    manifest of an exercise has one, and so there is no such column.
    """
    broken = {finding.index for finding in assembly.errors}
    columns = list(_COLUMNS)
    rows = [
        [Span(cell, "red" if outcome.failure or outcome.source.index in broken else "") for cell in row]
        for outcome in assembly.outcomes
        for row in _rows(outcome)
    ]
    if all(row[_LANGUAGE_IMAGE].text == ABSENT for row in rows):
        del columns[_LANGUAGE_IMAGE]
        rows = [row[:_LANGUAGE_IMAGE] + row[_LANGUAGE_IMAGE + 1 :] for row in rows]
    elif width is not None and not fits(columns, rows, width):
        rows = [_shorter(row) for row in rows]
    return table(columns, rows if width is None else list(_told_once(columns, rows)), width)


def _rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    """The cells of each manifest, or of a start point without any."""
    source, found = outcome.source, outcome.start_point
    index, image, time = str(source.index), visible(source.text), human_seconds(outcome.seconds)
    what = failed(outcome.failure.kind) if outcome.failure else ABSENT
    size = human_size(found.tree.size) if found else ABSENT
    for each in found.manifests if found else ():
        display_name = ABSENT if each.display_name is None else visible(each.display_name)
        yield index, image, display_name, visible(each.image_name or "") or ABSENT, size, time
    if not found or not found.manifests:
        yield index, image, what, ABSENT, size, time


def _told_once(columns: Sequence[Column], rows: Sequence[list[Span]]) -> Iterator[list[Span]]:
    """The rows without what the one above says already of the same start point."""
    above = ""
    for row in rows:
        is_same = row[0].text == above
        above = row[0].text
        cells = zip(columns, row, strict=True)
        yield [Span("") if is_same and column.title in _OF_A_START_POINT else cell for column, cell in cells]


def _shorter(row: list[Span]) -> list[Span]:
    """A row whose language image is only a tag, e.g. ":4edf92a", where the rest is as in the image."""
    _, image, _, (wanted, style), *_ = row
    try:
        named, given = Reference.parse(wanted), Reference.parse(image.text)
    except ValueError:
        return row
    if not named.tag or named.digest or named.name != given.name:
        return row
    return [*row[:_LANGUAGE_IMAGE], Span(f":{named.tag}", style), *row[_LANGUAGE_IMAGE + 1 :]]
