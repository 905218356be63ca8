"""What strangers write is made harmless, and phrases read well."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.text import (
    choice,
    closest,
    harmless,
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
        ("##vso[task.complete]", "#\N{MUSIC SHARP SIGN}vso[task.complete]"),
        ("###[x", "##\N{MUSIC SHARP SIGN}[x"),
        ("## a [b]", "## a [b]"),
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
    assert closest("reg", ["docker", "registry"]) == "registry"
    assert closest("oci", ["oci:DIR", "oci-archive:FILE"]) == ""
    assert closest("re", ["docker", "registry"]) == ""


def test_suggestion_is_the_closest_word_or_all_of_them() -> None:
    assert suggestion("tpye", ["type", "name"]) == "did you mean 'type'?"
    assert suggestion("zebra", ["type", "name"]) == "expected type or name"


def test_plural() -> None:
    assert [plural(count, "tag") for count in (0, 1, 2000)] == ["0 tags", "1 tag", "2,000 tags"]


def test_half_a_character_can_be_written() -> None:
    assert json_text({"a": "\ud800"}) == '{\n  "a": "\\ud800"\n}\n'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["##[a", "##vso[a", "\\##[a"]),
    lambda value: st.lists(value) | st.dictionaries(st.text(), value),
)


@given(JSON)
def test_json_is_harmless_and_means_the_same(document: Any) -> None:
    text = json_text(document)
    assert json.loads(text) == document
    assert harmless(text) == text


@pytest.mark.parametrize(
    "number", [*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x61C, 0x2028, 0x2029, 0xFEFF, 0xE0001]
)
def test_json_escapes_what_is_unseen(number: int) -> None:
    text = json_text([chr(number)])
    assert text.isascii()
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("number", [0x200E, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_json_escapes_what_turns_the_direction_of_reading(number: int) -> None:
    assert json_text(chr(number)) == f'"\\u{number:04x}"\n'


def test_json_leaves_what_is_seen() -> None:
    assert json_text({"é": "日本語 ✅\u3000"}) == '{\n  "é": "日本語 ✅\u3000"\n}\n'


@given(st.text(alphabet=st.sampled_from("a:#[ \t\r\x1b\u202e\u2028\x85")))
def test_harmless_text_has_nothing_to_obey(text: str) -> None:
    shown = harmless(text)
    assert harmless(shown) == shown
    assert shown.isprintable()
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown


def test_harmless_text_keeps_its_lines_and_indents() -> None:
    assert harmless("a\n  b\x07\n::c\n") == "a\n  b\\x07\n\N{PROPORTION}c\n"
