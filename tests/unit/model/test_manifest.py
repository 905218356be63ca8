"""manifest.json as strict JSON, with lines and neighbours."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.model.manifest import (
    Manifest,
    ManifestSyntaxError,
    UnreadableManifest,
    read_manifests,
    weight,
)
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree

_PATH = "start_point/manifest.json"


def _parse(content: bytes, **files: bytes) -> Manifest:
    beside = {f"start_point/{name}": File(content) for name, content in files.items()}
    return Manifest.parse(_PATH, Tree.of({_PATH: File(content), **beside}))


def test_lines_of_keys_and_of_list_elements() -> None:
    manifest = _parse(b'{\n "a": [\n  "x", ["y",\n 1],\n  {"b": 2}\n ],\n\n "c"\n: [], "d": "[,]"}')
    assert manifest.data == {"a": ["x", ["y", 1], {"b": 2}], "c": [], "d": "[,]"}
    assert [manifest.line_of("a", position) for position in (None, 0, 1, 2, 3)] == [2, 3, 3, 5, None]
    assert [manifest.line_of(key) for key in ("b", "c", "d")] == [None, 8, 9]


def test_keys_are_compared_after_unescaping_and_only_at_the_top() -> None:
    manifest = _parse(b'{"a": {"b": 1, "b": 2}, "c": 1,\n "\\u0063": 2, "b": 3}')
    assert manifest.duplicate_keys == ("c",)
    assert manifest.data["c"] == 2
    assert manifest.line_of("c") == 2


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"", "the file is empty", 1),
        (b'{"a": [1,\n2,\n]}', "trailing comma at the end of line 2", 2),
        (b'{"a": 1, }', "trailing comma in column 8", 1),
        (b'{"a": 1\n\n"b": 2}', "missing comma at the end of line 1", 1),
        (b'{"a": 1 "b": 2}', "missing comma after column 7", 1),
        (b"{'a': 1}", "a single quote where JSON wants double quotes", 1),
        (b'{"a": 1\n', "the file ends too early", 1),
        (b"\xef\xbb\xbf{}", "it begins with a byte order mark (save it as UTF-8 without one)", 1),
        (b'{\n"a": "\xff"}', "byte 0xff is not UTF-8", 2),
        (b'{"a": "\xed\xa0\x80"}', "byte 0xed is not UTF-8", 1),
        (b"[]", "the top level is no object", 1),
        (b"null", "the top level is no object", 1),
        (b'{"NaN": 1,\n "a": NaN}', "NaN is not a JSON value", 2),
        (b'{"a":\n\n-Infinity}', "-Infinity is not a JSON value", 3),
        (b'{"a": 1} // why', "a comment, which JSON does not have", 1),
        (b'{"a": 01}', "expecting ',' delimiter (column 8)", 1),
        (b'{"a": "\t"}', "invalid control character at (column 8)", 1),
        (b'{"a":\n "\\ud800"}', "\\ud800 is half a surrogate pair", 2),
        (b'{"a": "\\ud83dx\\ude00"}', "\\ud83d is half a surrogate pair", 1),
        (b'{"a": "\\ude00\\ud83d"}', "\\ude00 is half a surrogate pair", 1),
        (b'{"a": "\\ud83d\\ud83d\\ude00"}', "\\ud83d is half a surrogate pair", 1),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", "it is nested too deeply", 1),
        (b'{"a": ' + b"[" * 100_000, "it is nested too deeply", 1),
    ],
)
def test_what_is_not_strict_json(content: bytes, message: str, line: int) -> None:
    with pytest.raises(ManifestSyntaxError) as caught:
        _parse(content)
    assert (caught.value.message, caught.value.line) == (message, line)


def test_escaped_backslashes_and_pairs_are_fine() -> None:
    assert _parse(rb'{"a": "\\ud800 \ud83d\ude00 \\\\ud800"}').data == {"a": "\\ud800 \U0001f600 \\\\ud800"}


def test_an_integer_of_any_length_is_an_integer() -> None:
    value = _parse(b'{"a": ' + b"9" * 5000 + b"}").data["a"]
    assert isinstance(value, int)
    assert value > 10**300


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("hiker.sh", "start_point/hiker.sh"),
        ("./hiker.sh", "start_point/hiker.sh"),
        ("sub//../hiker.sh", "start_point/hiker.sh"),
        ("sub", "start_point/sub"),
        ("..", ""),
        ("../start_point/sub/a", "start_point/sub/a"),
        ("../..", None),
        ("../../start_point/hiker.sh", None),
        ("nope/../hiker.sh", None),
        ("hiker.sh/.", None),
        ("hiker.sh/", None),
        ("/hiker.sh", None),
    ],
)
def test_names_beside_the_manifest(name: str, path: str | None) -> None:
    files = {_PATH: File(b"{}"), "start_point/hiker.sh": File(b""), "start_point/sub/a": File(b"")}
    manifest = Manifest.parse(_PATH, Tree.of(files))
    assert manifest.resolve(name) == path
    assert manifest.file(name) == files.get(path or "")


@pytest.mark.parametrize("value", [None, 5, True, ["a"], {"a": 1}])
def test_a_name_that_is_no_string_is_none(value: object) -> None:
    manifest = _parse(json.dumps({"display_name": value, "image_name": value}).encode())
    assert (manifest.display_name, manifest.image_name, manifest.language_image) == (None, None, None)


@pytest.mark.parametrize("name", ["org/b:1", "Org", ""])
def test_the_language_image_is_there_where_its_name_is_well_formed(name: str) -> None:
    manifest = _parse(json.dumps({"display_name": "B", "image_name": name}).encode())
    assert (manifest.display_name, manifest.image_name) == ("B", name)
    assert manifest.language_image == (Reference("", "org/b", "1") if name == "org/b:1" else None)


def test_manifests_are_read_in_the_order_of_cyber_dojo() -> None:
    paths = [
        ".git/manifest.json",
        "a!/manifest.json",
        "a/.b/manifest.json",
        "a/manifest.json",
        "a/manifest.json.bak",
        "manifest.json",
        "my-manifest.json",
    ]
    found = read_manifests(Tree.of({path: File(b"{}" if "!" in path else b"[\n") for path in paths}))
    assert [manifest.path for manifest in found] == ["a/manifest.json", "a!/manifest.json", "manifest.json"]
    unreadable = UnreadableManifest("a/manifest.json", "the file ends too early", 1)
    assert (found[0], type(found[1])) == (unreadable, Manifest)


def test_an_outline_has_the_names_and_their_lines_and_nothing_else() -> None:
    manifest = _parse(b'{"image_name": "org/b:1",\n "tab_size": [4],\n "display_name": "B"}')
    outline = manifest.outline()
    assert (outline.display_name, outline.image_name) == ("B", "org/b:1")
    assert [outline.line_of(key) for key in ("image_name", "display_name", "tab_size")] == [1, 3, None]
    assert (outline.data, outline.tree) == ({"image_name": "org/b:1", "display_name": "B"}, manifest.tree)
    assert _parse(b'{"display_name": 5}').outline().data == {}


def test_an_outline_has_no_room_for_a_novel() -> None:
    long = _parse(json.dumps({"display_name": "x" * 1_000_000}).encode()).outline().display_name
    assert long == "x" * 989 + "\N{HORIZONTAL ELLIPSIS}" + "x" * 10


def test_a_name_that_is_longer_than_any_path_names_nothing() -> None:
    manifest = _parse(b"{}", a=b"")
    assert manifest.resolve("./" * 2000 + "a") == "start_point/a"
    assert manifest.resolve("./" * 3000 + "a") is None


def test_long_strings_and_many_escapes_take_no_more_memory_than_they_are_long() -> None:
    content = b'{"a": "' + b"\\n" * 200_000 + b"x" * 400_000 + b'",\n "b": 1}'
    tracemalloc.start()
    try:
        manifest = _parse(content)
        assert tracemalloc.get_traced_memory()[1] < 8 * len(content)
    finally:
        tracemalloc.stop()
    assert manifest.line_of("b") == 2


@pytest.mark.parametrize(
    "content",
    [b'{"a": [' + b"[]," * 50_000 + b"[]]}", json.dumps({str(n): 1 for n in range(50_000)}).encode()],
)
def test_the_weight_of_a_manifest_is_about_what_it_takes(content: bytes) -> None:
    tracemalloc.start()
    try:
        manifest = _parse(content)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert manifest.data
    assert taken / 3 < weight(content) < 10 * taken


@given(st.binary(max_size=60))
def test_any_bytes_parse_or_are_a_syntax_error(content: bytes) -> None:
    try:
        found: object = _parse(content).data
    except ManifestSyntaxError as error:
        found = error
    assert isinstance(found, dict) or (isinstance(found, ManifestSyntaxError) and found.line >= 1)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), _VALUES, max_size=4))
def test_what_json_writes_is_read_back_with_the_line_of_every_key(data: dict[str, Any]) -> None:
    manifest = _parse(json.dumps(data, indent=1).encode())
    assert manifest.data == data
    lines = [manifest.line_of(key) or 0 for key in data]
    assert lines == sorted(set(lines))
    assert all(line > 1 for line in lines)
