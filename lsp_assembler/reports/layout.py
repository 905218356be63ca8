"""Styled text in lines: broken where a line is full, side by side in columns, with or without colour.

Rich knows how many cells of a terminal a character takes. Its tables are not used: they cost a run with
everything in the cache a sixth of its time (ADR 15).
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct
from rich.cells import cell_len, chop_cells

GAP = 2
"""The cells between two columns."""

_WORD = re.compile(r"\n|[^\S\n]*\S+")  # a line break, or a word with the blanks before it
_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33}  # the terminal's own colours


class Span(NamedTuple):
    """Text, ending where a word ends, in one style: "bold", "dim", "red", "green", "yellow"; "" for none."""

    text: str
    style: str = ""


Line = list[Span]
"""What stands in one line of a terminal."""


class Column(Struct, frozen=True):
    """One column of a table.

    Args:
        width: in cells; what does not fit is broken, and goes on in the next line.
        is_right: whether it stands at the right side, as numbers do.
    """

    title: str
    width: int
    is_right: bool = False


def width_of(text: str) -> int:
    """How many cells a text in one line takes: 5 for "C# 13", 4 for "日本"."""
    return cell_len(text)


def fold(spans: Iterable[Span], width: int) -> list[Line]:
    """Break text at blanks, so that no line is wider; a word that alone is wider is cut.

    Args:
        spans: their line breaks are kept.
        width: in cells, at least 2.

    Returns:
        at least one line, without the blanks that a break took the place of.
    """
    lines: list[Line] = [[]]
    used = 0
    for text, style in spans:
        for found in _WORD.findall(text):
            word = found
            if found == "\n" or (used and used + cell_len(found) > width):
                lines.append([])
                used, word = 0, found.lstrip()
            pieces = chop_cells(word, width) if cell_len(word) > width else [word]
            for number, piece in enumerate(pieces):
                if number:
                    lines.append([])
                    used = 0
                lines[-1].append(Span(piece, style))
                used += cell_len(piece)
    return lines


def beside(blocks: Sequence[Sequence[Line]], columns: Sequence[Column]) -> list[Line]:
    """Blocks of lines next to each other: the first in the first column, and so on."""
    lines: list[Line] = []
    for row in zip_longest(*blocks, fillvalue=()):
        line: Line = []
        for cell, column in zip(row, columns, strict=True):
            blank = Span(" " * (column.width - sum(cell_len(span.text) for span in cell)))
            line += [blank, *cell] if column.is_right else [*cell, blank]
            line.append(Span(" " * GAP))
        lines.append(line)
    return lines


def table(columns: Sequence[Column], rows: Iterable[Sequence[Sequence[Span]]]) -> list[Line]:
    """A table: the titles, a rule below them, and the rows.

    Args:
        rows: for each column the spans of its cell, which are folded into it.
    """
    lines = beside([fold([Span(column.title, "bold")], column.width) for column in columns], columns)
    lines.append([Span("─" * (sum(column.width + GAP for column in columns) - GAP))])
    for row in rows:
        cells = zip(row, columns, strict=True)
        lines += beside([fold(spans, column.width) for spans, column in cells], columns)
    return lines


def painted(line: Line, *, color: bool) -> str:
    """A line as it is written: with the terminal's codes for the styles, or without; no blanks at its end."""
    if not color:
        return "".join(span.text for span in line).rstrip(" ")
    runs = groupby(line, key=attrgetter("style"))
    return "".join(_painted(style, "".join(span.text for span in run)) for style, run in runs).rstrip(" ")


def _painted(style: str, text: str) -> str:
    codes = ";".join(str(_CODES[each]) for each in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text
