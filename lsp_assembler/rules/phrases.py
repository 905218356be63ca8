"""Turns of phrase that several rules share."""

from collections.abc import Collection

from lsp_assembler.text import closest, quoted


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`; did you mean "tab_size"?` where a known word is close, else ""."""
    meant = closest(word, known)
    return f"; did you mean {quoted(meant)}?" if meant else ""
