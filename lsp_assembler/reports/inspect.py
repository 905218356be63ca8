"""What a start-points image serves: a table for people; JSON in the words of the service's own `inspect`."""

from lsp_assembler.operations.inspect import InspectResult
from lsp_assembler.operations.inspection import Served
from lsp_assembler.reports.layout import Column, Span, fits, painted, table
from lsp_assembler.reports.wording import ABSENT
from lsp_assembler.text import json_text, plural, short_commit, visible

_LEAST_FROM = 14  # cells of the last column that are of any use, with the gap before it
_IMAGE = Column("language image", keeps="end")
_COLUMNS = (
    Column("display name", keeps="ends"),
    _IMAGE,
    Column("commit"),
    Column("files", is_right=True),
    Column("from", keeps="end"),
)


def render_json(found: InspectResult) -> str:
    """For programs, documented in docs/commands.md."""
    return json_text(found.document)


def images(found: InspectResult, *, json: bool) -> str:
    """The language images: one a line, or as a list in JSON."""
    names = found.language_images
    return json_text(names) if json else "".join(f"{visible(name)}\n" for name in names)


def text(found: InspectResult, width: int | None, *, color: bool) -> str:
    """For people: a line for each start point.

    Args:
        width: of the terminal; None for a program, which gets the table alone, with tabs.
    """
    rows = [_row(each) for each in found.start_points]
    columns: tuple[Column, ...] = _COLUMNS
    if not found.has_images:
        columns = tuple(column for column in _COLUMNS if column is not _IMAGE)
        rows = [
            [cell for cell, column in zip(row, _COLUMNS, strict=True) if column in columns] for row in rows
        ]
    if width is not None and rows:
        without = columns[:-1], [row[:-1] for row in rows]
        if not fits(*without, width - _LEAST_FROM):  # names are worth more than where they are from
            columns, rows = without
    lines = [painted(line, color=color) for line in table(columns, rows, width)] if rows else []
    if width is not None:
        lines += [*([""] if lines else []), f"{visible(found.image)}: {plural(len(rows), 'start point')}"]
    return "".join(f"{line}\n" for line in lines)


def verified(found: InspectResult) -> str:
    """The closing line of a run that has asked for the language images."""
    count, bad = len(found.language_images), len(found.problems)
    if bad:
        verb = "is" if bad == 1 else "are"
        return f"{bad} of {plural(count, 'language image')} {verb} missing or cannot be verified"
    if count > 1:
        return f"all {count} language images exist"
    return "the language image exists" if count else "there is no language image"


def _row(served: Served) -> list[Span]:
    return [
        Span(visible(served.display_name) or ABSENT),
        Span(visible(served.image_name or "") or ABSENT),
        Span(ABSENT if served.sha.startswith("sha256:") else visible(short_commit(served.sha))),
        Span(str(served.files)),
        Span(visible(served.url.removeprefix("https://"))),
    ]
