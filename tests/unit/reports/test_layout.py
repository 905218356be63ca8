"""Lines that are broken, put side by side and coloured."""

import pytest

from lsp_assembler.reports.layout import Column, Span, beside, fold, painted, table


def folded(text: str, width: int) -> list[str]:
    return [painted(line, color=False) for line in fold([Span(text)], width)]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("fits", 5, ["fits"]),
        ("two words", 5, ["two", "words"]),
        ("two  words", 20, ["two  words"]),
        ("gone  blanks", 6, ["gone", "blanks"]),
        ("a line\nbreak", 20, ["a line", "break"]),
        ("\n\n", 20, ["", "", ""]),
        ("abcdefgh", 5, ["abcde", "fgh"]),
        ("a abcdefgh i", 5, ["a", "abcde", "fgh i"]),
        ("日本語", 5, ["日本", "語"]),
        ("a 日本", 5, ["a", "日本"]),
    ],
)
def test_breaks_at_blanks_and_only_long_words_within(text: str, width: int, lines: list[str]) -> None:
    assert folded(text, width) == lines


def test_keeps_each_style_across_a_break() -> None:
    lines = fold([Span("a bold name", "bold"), Span("  (a place)", "dim")], 8)
    assert [painted(line, color=True) for line in lines] == [
        "\x1b[1ma bold\x1b[0m",
        "\x1b[1mname\x1b[0m\x1b[2m  (a\x1b[0m",
        "\x1b[2mplace)\x1b[0m",
    ]


def test_puts_blocks_side_by_side_by_what_they_take_of_a_terminal() -> None:
    columns = (Column("", 6), Column("", 4, is_right=True), Column("", 3))
    lines = beside((fold([Span("日本\nab")], 6), fold([Span("7")], 4), fold([Span("x\ny\nz")], 3)), columns)
    assert [painted(line, color=False) for line in lines] == [
        "日本       7  x",
        "ab            y",
        "              z",
    ]


def test_a_table_has_its_titles_above_a_rule() -> None:
    columns = (Column("#", 2, is_right=True), Column("name", 6))
    lines = table(columns, [[[Span("0")], [Span("a long name", "red")]]])
    assert [painted(line, color=False) for line in lines] == [
        " #  name",
        "──────────",
        " 0  a long",
        "    name",
    ]
    assert painted(lines[0], color=True) == " \x1b[1m#\x1b[0m  \x1b[1mname\x1b[0m"
    assert painted(lines[3], color=True) == "    \x1b[31mname\x1b[0m"


def test_two_styles_at_once() -> None:
    assert painted([Span("x", "red dim"), Span("", "bold"), Span("  ")], color=True) == "\x1b[31;2mx\x1b[0m"
