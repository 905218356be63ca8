"""Lines that are broken and coloured, and tables for people and for programs."""

import pytest

from lsp_assembler.reports.layout import Column, Span, cut, fold, painted, table


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


COLUMNS = (
    Column("#", is_right=True),
    Column("image", keeps="end"),
    Column("display name", keeps="ends"),
    Column("size", is_right=True),
)
ROWS = [
    [
        Span("0"),
        Span("ghcr.io/cyber-dojo-languages/java_junit:LSP", "red"),
        Span("Java 21, JUnit 5"),
        Span("9 B"),
    ],
    [Span("10"), Span("acme/日本:LSP"), Span("日本"), Span("1.9 kB")],
]


def shown(width: int | None) -> list[str]:
    return [painted(line, color=False) for line in table(COLUMNS, ROWS, width)]


def test_a_table_is_aligned_by_what_its_cells_take_of_a_terminal() -> None:
    assert shown(80) == [
        " #  image                                        display name        size",
        "─────────────────────────────────────────────────────────────────────────",
        " 0  ghcr.io/cyber-dojo-languages/java_junit:LSP  Java 21, JUnit 5     9 B",
        "10  acme/日本:LSP                                日本              1.9 kB",
    ]
    title, _, first, _ = (painted(line, color=True) for line in table(COLUMNS, ROWS, 80))
    assert title.startswith(" \x1b[1m#\x1b[0m  \x1b[1mimage\x1b[0m")
    assert "\x1b[31mghcr.io/cyber-dojo-languages/java_junit:LSP\x1b[0m" in first


def test_names_keep_their_end_where_there_is_no_room() -> None:
    assert shown(60)[2:] == [
        " 0  …dojo-languages/java_junit:LSP  Java 21, JUnit 5     9 B",
        "10  acme/日本:LSP                   日本              1.9 kB",
    ]


def test_numbers_at_the_end_give_way_to_names_and_then_the_last_name() -> None:
    assert shown(46)[2:] == [
        " 0  …anguages/java_junit:LSP  Java 21, JUnit 5",
        "10  acme/日本:LSP             日本",
    ]
    assert shown(24)[2:] == [" 0  …ages/java_junit:LSP", "10  acme/日本:LSP"]


def test_one_odd_name_does_not_shorten_all_others() -> None:
    rows = [[Span("org/java:LSP"), Span(f"Java {number}")] for number in range(20)]
    rows[7] = [Span("org/odd:LSP"), Span("odd " * 40)]
    lines = [painted(line, color=False) for line in table(COLUMNS[1:3], rows, 40)]
    assert lines[2] == "org/java:LSP  Java 0"
    assert lines[9] == "org/odd:LSP   odd odd odd…d odd odd odd"


def test_a_program_gets_tabs_and_whole_names() -> None:
    assert shown(None) == [
        "#\timage\tdisplay name\tsize",
        "0\tghcr.io/cyber-dojo-languages/java_junit:LSP\tJava 21, JUnit 5\t9 B",
        "10\tacme/日本:LSP\t日本\t1.9 kB",
    ]


def test_a_table_without_rows() -> None:
    assert [painted(line, color=False) for line in table(COLUMNS[:2], [], 80)] == ["#  image", "────────"]


@pytest.mark.parametrize(
    ("text", "width", "end", "ends"),
    [
        ("fits", 4, "fits", "fits"),
        ("abcdefgh", 5, "…efgh", "ab…gh"),
        ("abcdefgh", 1, "…", "…"),
        ("ab  cdefg", 6, "…cdefg", "ab…efg"),
        ("日本語日本語", 6, "…本語", "日…語"),
    ],
)
def test_cuts(text: str, width: int, end: str, ends: str) -> None:
    assert (cut(text, width, "end"), cut(text, width, "ends")) == (end, ends)


def test_two_styles_at_once() -> None:
    assert painted([Span("x", "red dim"), Span("", "bold"), Span("  ")], color=True) == "\x1b[31;2mx\x1b[0m"


def test_no_ci_service_takes_a_line_for_a_command() -> None:
    line = [Span("::error::", "bold"), Span("x ##[group]")]
    assert painted(line, color=False) == "∷error::x #♯[group]"
