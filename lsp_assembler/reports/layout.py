"""Styled text in lines, broken where a line is full, and tables: aligned for people, with tabs for programs.

Rich knows how many cells of a terminal a character takes. Its tables are not used: they cost a run with
everything in the cache a sixth of its time (ADR 15).
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from math import ceil
from operator import attrgetter
from typing import Literal, NamedTuple

from msgspec import Struct
from rich.cells import cell_len, chop_cells, set_cell_size

from lsp_assembler.text import inert

GAP = 2
"""The cells between two columns."""

_GOOD, _LEAST = 24, 12  # cells that a name needs to be told from others, and to be of any use at all

_MOST = 0.9  # of the cells of a column decide how wide it is: one odd name must not shorten all others

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
        is_right: whether it stands at the right side, as numbers do.
        keeps: what is left of a cell that has no room: its end, as is best for an image name; its start; both
            ends, as for a title; or all of it, so that other columns are narrowed.
    """

    title: str
    is_right: bool = False
    keeps: Literal["all", "start", "end", "ends"] = "all"


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


def cut(text: str, width: int, keeps: Literal["start", "end", "ends"]) -> str:
    """Text in at most `width` cells, with "…" for what has no room: "…_junit:LSP", "Java …JUnit 5"."""
    if cell_len(text) <= width:
        return text
    if keeps == "start":
        return f"{_fitting(text, width - 1).rstrip(' ')}…"
    front = _fitting(text, (width - 1) // 2).rstrip(" ") if keeps == "ends" else ""
    end = _fitting(text[::-1], width - 1 - cell_len(front))[::-1].lstrip(" ")
    return f"{front}…{end}"


def broken(text: str, width: int | None) -> list[str]:
    """A line of text broken at blanks for a terminal; as it is for a program, for which the width is None."""
    return [text] if width is None else [painted(line, color=False) for line in fold([Span(text)], width)]


def table(columns: Sequence[Column], rows: Sequence[Sequence[Span]], width: int | None) -> list[Line]:
    """A table for whoever reads it, with its titles first and one line for each row.

    Args:
        rows: a cell for each column, fit to be looked at: without line breaks or tabs.
        width: of the terminal, in cells: the columns are aligned, with a rule below the titles, and what has
            no room is cut. None for a program: cells are whole, with tabs between them.
    """
    titles = [Span(column.title, "bold") for column in columns]
    if width is None:
        return [[Span("\t".join(cell.text for cell in row))] for row in (titles, *rows)]
    widths = _widths(columns, rows, width)
    rule = [Span("─" * _taken(widths))]
    body = [_aligned(row, columns, widths) for row in rows]
    return [_aligned(titles, columns, widths), rule, *body]


def fits(columns: Sequence[Column], rows: Sequence[Sequence[Span]], width: int) -> bool:
    """Whether a table has room with hardly a cell cut."""
    return _taken(_wanted(columns, rows)) <= width


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Span]], width: int) -> list[int]:
    """How wide each column becomes; there are fewer than columns where the last ones have no room.

    Numbers at the end give way where names could not be told apart otherwise, and then names, the last first.
    """
    can_be_cut = [column.keeps != "all" for column in columns]
    widths = [
        min(wide, width) if can else wide
        for wide, can in zip(_wanted(columns, rows), can_be_cut, strict=True)
    ]
    while len(widths) > 1 and _at_least(_GOOD, columns, widths) > width:
        if can_be_cut[len(widths) - 1]:
            break
        widths.pop()
    while len(widths) > 1 and _at_least(_LEAST, columns, widths) > width:
        widths.pop()
    while _taken(widths) > width:
        shrinkable = [i for i, each in enumerate(widths) if can_be_cut[i] and each > _LEAST]
        if not shrinkable:
            break
        widths[max(shrinkable, key=widths.__getitem__)] -= 1
    for number, wide in enumerate(widths):
        longest = max((cell_len(row[number].text) for row in rows), default=0)
        widths[number] += max(0, min(width - _taken(widths), longest - wide))
    return widths


def _at_least(least: int, columns: Sequence[Column], widths: Sequence[int]) -> int:
    """What a table takes whose names are cut to so many cells."""
    pairs = zip(columns, widths, strict=False)
    return _taken([wide if column.keeps == "all" else min(wide, least) for column, wide in pairs])


def _wanted(columns: Sequence[Column], rows: Sequence[Sequence[Span]]) -> list[int]:
    widths = []
    for number, column in enumerate(columns):
        lengths = sorted(cell_len(row[number].text) for row in rows) or [0]
        enough = lengths[-1 if column.keeps == "all" else ceil((len(lengths) - 1) * _MOST)]
        widths.append(max(cell_len(column.title), enough))
    return widths


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _aligned(row: Sequence[Span], columns: Sequence[Column], widths: Sequence[int]) -> Line:
    line: Line = []
    for (text, style), column, width in zip(row, columns, widths, strict=False):  # the last may be left out
        cell = Span(text if column.keeps == "all" else cut(text, width, column.keeps), style)
        blank = Span(" " * (width - cell_len(cell.text)))
        line += [Span(" " * GAP)] if line else []
        line += [blank, cell] if column.is_right else [cell, blank]
    return line


def _fitting(text: str, width: int) -> str:
    """As much of a text's beginning as fits."""
    return set_cell_size(text, width).rstrip(" ") if width > 0 else ""


def painted(line: Line, *, color: bool) -> str:
    """A line as it is written: with the terminal's codes for the styles, or without; no blanks at its end.

    No CI service takes it for a command, whatever names it holds.
    """
    runs = groupby(line, key=attrgetter("style")) if color else [("", line)]
    return inert(
        "".join(_painted(style, "".join(span.text for span in run)) for style, run in runs).rstrip(" ")
    )


def _painted(style: str, text: str) -> str:
    codes = ";".join(str(_CODES[each]) for each in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text
