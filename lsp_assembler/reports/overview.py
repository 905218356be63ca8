"""The table of the text report: every start point, in the layout that the width has room for."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.manifest import Manifest
from lsp_assembler.model.reference import Reference
from lsp_assembler.reports.layout import GAP, Column, Line, Span, table, width_of
from lsp_assembler.reports.wording import ABSENT, failed, human_seconds, human_size
from lsp_assembler.text import visible

_MOST = 0.9  # of the rows must fit without being wrapped: one odd name does not decide the layout of all
_RIGHT = ("#", "size", "time")
_LANGUAGE_IMAGE = "language image"


class _Row(Struct, frozen=True):
    """One manifest, or a start point without any; what it says is already fit to be looked at.

    Args:
        index: with image, size and time "" for all but a start point's first manifest.
        language_image: "" where the manifest names none.
        tag: language_image, but only its tag, e.g. ":4edf92a", where the rest is as in `image`.
        style: "red" for a start point that cannot be used.
    """

    index: str
    image: str
    display_name: str
    language_image: str
    tag: str
    size: str
    time: str
    style: str

    def cells(self, *, full: bool) -> dict[str, str]:
        """The cells of the one-line layouts, by title."""
        return {
            "#": self.index,
            "image": self.image,
            "display name": self.display_name,
            _LANGUAGE_IMAGE: (self.language_image if full else self.tag) or ABSENT,
            "size": self.size,
            "time": self.time,
        }


def overview(assembly: Assembly, width: int) -> list[Line]:
    """A table that fits into `width` cells.

    One line for each manifest where there is room, with the language image in full or by its tag; else
    the display name above the images.
    """
    broken = {finding.index for finding in assembly.errors}
    rows = [
        row
        for outcome in assembly.outcomes
        for row in _rows(outcome, "red" if outcome.failure or outcome.source.index in broken else "")
    ]
    for full in (True, False):
        lines = [row.cells(full=full) for row in rows]
        if not any(row.language_image for row in rows):
            lines = [{title: cells[title] for title in cells if title != _LANGUAGE_IMAGE} for cells in lines]
        widths = _widths(lines, width)
        if widths is not None:
            return _in_columns(lines, rows, widths)
    return _stacked(rows, width)


def _rows(outcome: Outcome, style: str) -> list[_Row]:
    source, found = outcome.source, outcome.start_point
    index, image = str(source.index), visible(source.text)
    time = human_seconds(outcome.seconds)
    if found is None:
        what = failed(outcome.failure.kind) if outcome.failure else ABSENT
        return [_Row(index, image, what, "", "", ABSENT, time, style)]
    first, *others = [_names(manifest, source.text) for manifest in found.manifests] or [(ABSENT, "", "")]
    return [
        _Row(index, image, *first, human_size(found.tree.size), time, style),
        *(_Row("", "", *names, "", "", style) for names in others),
    ]


def _names(manifest: Manifest, source: str) -> tuple[str, str, str]:
    """Display name, language image, and the tag of the latter where that is enough."""
    display_name = ABSENT if manifest.display_name is None else visible(manifest.display_name)
    image = manifest.image_name or ""
    try:
        wanted, given = Reference.parse(image), Reference.parse(source)
    except ValueError:
        return display_name, visible(image), visible(image)
    enough = wanted.tag and not wanted.digest and wanted.name == given.name
    return display_name, image, f":{wanted.tag}" if enough else image


def _widths(lines: Sequence[dict[str, str]], width: int) -> dict[str, int] | None:
    """How wide to make each column, by title; None where there is no room for one line a row."""
    needed = {title: sorted(width_of(cells[title]) for cells in lines) for title in lines[0]}
    widths = {
        title: max(width_of(title), lengths[-1 if title in _RIGHT else int(len(lengths) * _MOST)])
        for title, lengths in needed.items()
    }
    spare = width - sum(widths.values()) - GAP * (len(widths) - 1)
    if spare < 0:
        return None
    for title, lengths in needed.items():
        more = max(0, min(spare, lengths[-1] - widths[title]))
        widths[title] += more
        spare -= more
    return widths


def _in_columns(
    lines: Sequence[Mapping[str, str]], rows: Sequence[_Row], widths: Mapping[str, int]
) -> list[Line]:
    columns = [Column(title, width, title in _RIGHT) for title, width in widths.items()]
    cells = [
        [_spans(cell, row.style) for cell in line.values()] for line, row in zip(lines, rows, strict=True)
    ]
    return table(columns, cells)


def _stacked(rows: Sequence[_Row], width: int) -> list[Line]:
    """The layout for narrow terminals: what has no room beside the display name stands below it."""
    with_images = any(row.language_image for row in rows)
    names = f"display name\nimage → {_LANGUAGE_IMAGE}" if with_images else "display name\nimage"
    lines = []
    for row in rows:
        images = f"{row.image} → {row.tag}" if row.tag else row.image
        stack = "\n".join(filter(None, (row.display_name, images.strip())))
        lines.append({"#": row.index, names: stack, "size": row.size, "time": row.time})
    widths = {
        title: max(
            width_of(part) for cell in (title, *(line[title] for line in lines)) for part in cell.split("\n")
        )
        for title in lines[0]
    }
    widths[names] -= max(0, sum(widths.values()) + GAP * (len(widths) - 1) - width)
    return _in_columns(lines, rows, widths)


def _spans(cell: str, style: str) -> list[Span]:
    """A cell; what stands below its first line is less important."""
    first, *below = cell.split("\n")
    return [Span(first, style), *(Span(f"\n{line}", f"{style} dim".strip()) for line in below)]
