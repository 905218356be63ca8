"""Turns of phrase that several rules share."""

from collections.abc import Collection

from lsp_assembler.text import closest, quoted

_MOST_KNOWN, _LONGEST = 64, 40  # to compare two long names takes the product of their lengths


def did_you_mean(word: str, known: Collection[str], otherwise: str = "") -> str:
    """`; did you mean "tab_size"?` where a known word is close, and not among very many; else `otherwise`."""
    meant = closest(word, known) if len(word) <= _LONGEST and len(known) <= _MOST_KNOWN else ""
    return f"; did you mean {quoted(meant)}?" if meant else otherwise
