"""What strangers write is made harmless, and phrases read well."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.text import (
    choice,
    closest,
    inert,
    json_text,
    listed,
    named,
    plural,
    quoted,
    shortened,
    suggestion,
    visible,
    visible_lines,
)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("Java 21, JUnit 5", "Java 21, JUnit 5"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("abc\u202egnirts", r"abc\u202egnirts"),
        ("\udc80", r"\udc80"),
        ("日本語 é ✅", "日本語 é ✅"),
    ],
)
def test_visible(given_text: str, shown: str) -> None:
    assert visible(given_text) == shown


def test_visible_lines_keeps_line_breaks_only() -> None:
    assert visible_lines("a\x07\n  b") == "a\\x07\nb"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  ::stop-commands::x", "  \N{PROPORTION}stop-commands::x"),
        ("Test::Unit", "Test::Unit"),
        ("C# ##[group]x", "C# #\N{MUSIC SHARP SIGN}[group]x"),
    ],
)
def test_inert(line: str, shown: str) -> None:
    assert inert(line) == shown


@given(st.text(max_size=300), st.integers(8, 80))
def test_shortened_is_never_longer_and_keeps_both_ends(text: str, longest: int) -> None:
    found = shortened(text, longest)
    assert len(found) <= longest
    assert found == text or (text.startswith(found.partition("…")[0]) and len(text) > longest)
    assert found[-2:] == text[-2:]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('a"b', '"a\\"b"'),
        ([1, None, True], "[1, null, true]"),
        ("\x1b[31m", '"\\u001b[31m"'),
        ("a\u202eb", r'"a\u202eb"'),
        (object(), "a object"),
    ],
)
def test_quoted(value: Any, shown: str) -> None:
    assert quoted(value) == shown


def test_named_is_one_visible_line() -> None:
    assert named("a\nb") == r"'a\nb'"
    assert len(named("x" * 500)) == 74


def test_listed_counts_what_it_does_not_show() -> None:
    assert listed(["a", "b"]) == '"a", "b"'
    assert listed(list("abcdefg"), 5) == '"a", "b", "c", "d", "e" and 2 more'


def test_choice_is_a_sentence() -> None:
    assert choice(["a", "b", "c"]) == "a, b or c"
    assert choice(["a"]) == "a"


def test_closest_is_a_known_word_or_nothing() -> None:
    assert closest("tabsize", ["tab_size", "max_seconds"]) == "tab_size"
    assert closest("zebra", ["tab_size", "max_seconds"]) == ""


def test_suggestion_is_the_closest_word_or_all_of_them() -> None:
    assert suggestion("tpye", ["type", "name"]) == "did you mean 'type'?"
    assert suggestion("zebra", ["type", "name"]) == "expected type or name"


def test_plural() -> None:
    assert [plural(count, "tag") for count in (0, 1, 2000)] == ["0 tags", "1 tag", "2,000 tags"]


def test_half_a_character_can_be_written() -> None:
    assert json_text({"a": "\ud800"}) == '{\n  "a": "\\ud800"\n}\n'
