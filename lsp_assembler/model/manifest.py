"""manifest.json: where it is, and what it says, with the line of every top-level key. Pure.

The syntax is RFC 8259 in UTF-8, with nothing that only some parsers accept: Python's own parser would let
NaN and lone surrogates through.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from msgspec import Struct

from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree

NAME = "manifest.json"
_MAX_DEPTH = 200  # far more than any manifest needs, far less than the interpreter's stack
_MAX_DIGITS = 400
_IN_TOP_LEVEL_LIST = 2
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_HIGH, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)


class ManifestSyntaxError(ValueError):
    """A manifest.json that is not strict JSON, or not an object.

    Args:
        message: what is wrong, e.g. "expecting ',' delimiter".
        line: where in the file, from 1.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class Manifest(Struct, frozen=True):
    """A manifest.json that is well-formed JSON; its values may still be anything.

    Args:
        path: relative to the index dir, e.g. "start_point/manifest.json".
        data: the top-level object; of a key that stands there twice, the last value.
        duplicate_keys: the top-level keys that stand there more than once, in file order.
        lines: (key, None) or (key, element's position) -> line, from 1.
        tree: everything in the index dir.
    """

    path: str
    data: Mapping[str, Any]
    duplicate_keys: tuple[str, ...]
    lines: Mapping[tuple[str, int | None], int]
    tree: Tree

    @classmethod
    def parse(cls, path: str, tree: Tree) -> "Manifest":
        """Read the manifest that stands at this path of this tree.

        Raises:
            KeyError: there is no such file.
            ManifestSyntaxError: it is not strict JSON, or its top level is no object.
        """
        data, duplicates, lines = _read(tree.files[path].content)
        return cls(path, data, duplicates, lines, tree)

    @property
    def display_name(self) -> str | None:
        """What learners choose by, e.g. "Java 21, JUnit 5"; None where it is absent or no string."""
        return self._text("display_name")

    @property
    def image_name(self) -> str | None:
        """The same of image_name, e.g. "cyberdojofoundation/java_junit:4edf92a", be it well-formed or not."""
        return self._text("image_name")

    @property
    def language_image(self) -> Reference | None:
        """The image that image_name names; None where it is absent, or malformed by cyber-dojo's grammar.

        That grammar takes any number for a port, and has no IPv6 addresses.
        """
        try:
            reference = Reference.spelled(self.image_name or "")
        except ValueError:
            return None
        return None if reference.host.startswith("[") else reference

    def line_of(self, key: str, position: int | None = None) -> int | None:
        """The line of a top-level key, or of one element of the list under it; None where there is none."""
        return self.lines.get((key, position))

    def resolve(self, name: str) -> str | None:
        """The path in the tree that a name beside this manifest means, e.g. "start_point/hiker.sh".

        Follows "." and ".." as a file system does: only through folders that exist. None where that leads
        nowhere or out of the tree; an absolute name leads out.
        """
        if name.startswith("/"):
            return None
        parts = self.path.split("/")[:-1]
        for part in name.split("/"):
            folder = "/".join(parts)
            if folder and folder not in self.tree.directories:
                return None
            if part == ".." and not parts:
                return None
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        path = "/".join(parts)
        return path if self.is_folder(path) or path in self.tree.files else None

    def is_folder(self, path: str) -> bool:
        """Whether a resolved path is a folder; "" is the tree itself."""
        return not path or path in self.tree.directories

    def file(self, name: str) -> File | None:
        """The file beside this manifest that has this name; None where there is none."""
        return self.tree.files.get(self.resolve(name) or "")

    def _text(self, key: str) -> str | None:
        value = self.data.get(key)
        return value if isinstance(value, str) else None


class UnreadableManifest(Struct, frozen=True):
    """A manifest.json that is not strict JSON, or not an object: see ManifestSyntaxError."""

    path: str
    message: str
    line: int


def manifest_paths(paths: Iterable[str]) -> list[str]:
    """Those of manifests, in the order in which cyber-dojo's own checker reads them.

    That is Ruby's Dir.glob("**/manifest.json"): folder by folder, the entries of each in byte order, a
    folder in its place among its siblings; so "a/manifest.json", "a!/manifest.json", "manifest.json".
    Hidden folders are not looked into.
    """
    return sorted(filter(_is_visible_manifest, paths), key=_by_component)


def read_manifests(tree: Tree) -> tuple[Manifest | UnreadableManifest, ...]:
    """Every manifest of a start point, in the order of `manifest_paths`."""
    return tuple(_read_one(path, tree) for path in manifest_paths(tree.files))


def _read_one(path: str, tree: Tree) -> Manifest | UnreadableManifest:
    try:
        return Manifest.parse(path, tree)
    except ManifestSyntaxError as error:
        return UnreadableManifest(path, error.message, error.line)


def _is_visible_manifest(path: str) -> bool:
    *folders, name = path.split("/")
    return name == NAME and not any(folder.startswith(".") for folder in folders)


def _by_component(path: str) -> list[bytes]:
    return [part.encode(errors="surrogateescape") for part in path.split("/")]


_Reading = tuple[Mapping[str, Any], tuple[str, ...], Mapping[tuple[str, int | None], int]]


def _read(content: bytes) -> _Reading:
    """The object, its duplicate keys, and the lines of its keys and elements."""
    text = _decoded(content)
    data = _parsed(text)
    places = list(_places(text))
    counts = Counter(key for key, position, _ in places if position is None)
    duplicates = tuple(key for key, count in counts.items() if count > 1)
    return data, duplicates, {(key, position): line for key, position, line in places}


def _decoded(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise ManifestSyntaxError(f"byte {content[error.start]:#04x} is not UTF-8", line) from error
    if text.startswith("\ufeff"):
        raise ManifestSyntaxError("it begins with a byte order mark", 1)
    return text


def _parsed(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, parse_int=_integer, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        message = f"{error.msg[:1].lower()}{error.msg[1:]} (column {error.colno})"
        raise ManifestSyntaxError(message, error.lineno) from error
    except RecursionError as error:
        raise ManifestSyntaxError("it is nested too deeply", 1) from error
    except _ConstantError as error:
        found = next(match for match in _TOKEN.finditer(text) if match[0] == str(error))
        raise ManifestSyntaxError(f"{error} is not a JSON value", _line(text, found.start())) from error
    _check_surrogates(text)
    _check_depth(text)
    if not isinstance(data, dict):
        raise ManifestSyntaxError("the top level is no object", 1)
    return data


class _ConstantError(Exception):
    """NaN, Infinity or -Infinity."""


def _no_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def _integer(digits: str) -> int:
    """An integer, of which only the leading digits count: int() refuses 4301 of them."""
    return int(digits[:_MAX_DIGITS])


def _check_surrogates(text: str) -> None:
    """JSON escapes beyond U+FFFF come in pairs; half a pair is no character and cannot be written again."""
    high: re.Match[str] | None = None
    for escape in _ESCAPE.finditer(text):
        code = int(escape[1] or "0", 16)
        pairs = high is not None and high.end() == escape.start()
        if high is not None and not (pairs and code in _LOW):
            raise ManifestSyntaxError(f"{high[0]} is half a surrogate pair", _line(text, high.start()))
        if high is None and code in _LOW:
            raise ManifestSyntaxError(f"{escape[0]} is half a surrogate pair", _line(text, escape.start()))
        high = escape if code in _HIGH else None
    if high is not None:
        raise ManifestSyntaxError(f"{high[0]} is half a surrogate pair", _line(text, high.start()))


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > _MAX_DEPTH:
            raise ManifestSyntaxError("it is nested too deeply", _line(text, token.start()))


def _places(text: str) -> Iterator[tuple[str, int | None, int]]:
    """Every top-level key, and every element of a list under one, as (key, position, line)."""
    line, counted, depth = 1, 0, 0
    key: str | None = None
    position: int | None = None
    for token in _TOKEN.finditer(text):
        symbol = token[0]
        line += text.count("\n", counted, token.start())
        counted = token.start()
        if symbol in "]}":
            depth -= 1
            continue
        if depth == 1 and symbol == ",":
            key = position = None
        elif depth == 1 and key is None:
            key = json.loads(symbol)
            yield str(key), None, line
        elif depth == 1 and symbol == "[":
            position = 0
        elif depth == _IN_TOP_LEVEL_LIST and key is not None and position is not None:
            if symbol == ",":
                position += 1
            else:
                yield key, position, line
        depth += symbol in "[{"


def _line(text: str, offset: int) -> int:
    return 1 + text.count("\n", 0, offset)
