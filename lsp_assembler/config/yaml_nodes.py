"""YAML text -> nodes, and nodes -> values, with everything that is wrong collected by line and column.

Works on the nodes that PyYAML composes, not on the values it would construct: a node knows where it
stands, how it was written, and what YAML took it for. Knows next to nothing of images. Pure.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import yaml

from lsp_assembler.errors import InvalidInputError

MAX_BYTES = 1024 * 1024
MAX_SHOWN = 120
"""The most characters of a user's text that a message quotes."""

_MAX_DEPTH = 20  # a well-formed file needs 3; PyYAML composes by recursion, without a limit of its own
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a PyYAML built without libyaml has no C one


class Problems:
    """Collects what is wrong with one file, so that reading can go on. For one thread.

    Args:
        path: of the file, for messages, e.g. "languages/images.yml".
        expected: what the file should hold, e.g. "a list of image names".
    """

    def __init__(self, path: str, expected: str) -> None:
        self.path = path
        self.expected = expected
        self.found: list[tuple[int, int, str]] = []

    def add(self, at: Any, text: str) -> None:
        """Add a problem at a node, an event or a mark, or at the beginning of the file (None)."""
        mark = getattr(at, "start_mark", at)
        self.found.append((mark.line + 1, mark.column + 1, text) if mark else (1, 1, text))

    def add_after(self, before: str, text: str) -> None:
        """Add a problem right after this beginning of the file."""
        self.found.append((before.count("\n") + 1, len(before) - before.rfind("\n"), text))

    def refuse_large(self, size: int) -> None:
        """Raise if that many bytes are more than any such file needs.

        Raises:
            InvalidInputError: they are.
        """
        if size > MAX_BYTES:
            fact = f"{self.path}: the file is larger than {MAX_BYTES} bytes; expected {self.expected}"
            raise InvalidInputError(fact, "Check that this is the file you meant.")

    def error(self) -> InvalidInputError:
        """All of it as one error: a line "PATH:LINE:COLUMN: …" for every problem, in their order."""
        lines = [f"{self.path}:{line}:{column}: {text}" for line, column, text in sorted(self.found)]
        places = "this place" if len(lines) == 1 else f"these {len(lines)} places"
        return InvalidInputError("\n".join(lines), f"Correct {places} in {self.path} and run again.")


def decoded(content: bytes, problems: Problems) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        InvalidInputError: there is too much of it, or it is not UTF-8.
    """
    problems.refuse_large(len(content))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        fact = f"byte 0x{error.object[error.start]:02x} is not UTF-8; expected UTF-8 text"
        problems.add_after(before, fact)
        raise problems.error() from error


def compose(text: str, problems: Problems) -> yaml.Node | None:
    """The root node of the only document; None if there is none.

    Raises:
        InvalidInputError: it is not one plain document without aliases; all that is wrong with it.
    """
    problems.refuse_large(len(text))
    unprintable = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unprintable:
        fact = f"the character {unprintable[0]!a} is not allowed in YAML; expected plain text"
        problems.add_after(text[: unprintable.start()], fact)
        raise problems.error()
    root: yaml.Node | None = None
    try:
        _screen(text, problems)
        if not problems.found:
            root = yaml.compose(text, _LOADER)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: "\UFFFFFFFF" without libyaml
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or error
        fact = f"this is not valid YAML ({reason}); expected {problems.expected}"
        if "mapping values" in fact:
            fact = "a colon and a space begin a value here; expected no space in an image name"
        elif mark and text[mark.index : mark.index + 1] == "\t":
            fact = "this is indented with a tab; expected spaces"
        problems.add(mark, fact)
    if problems.found:
        raise problems.error()
    return root


def _screen(text: str, problems: Problems) -> None:
    """Refuse what would make the nodes anything but one small tree, before they are composed."""
    depth = documents = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.AliasEvent):
            problems.add(event, f"the alias *{event.anchor} is not supported; expected its value written out")
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                problems.add(event, "another YAML document begins; expected only one")
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                problems.add(
                    event, f"this is nested over {_MAX_DEPTH} levels deep; expected {problems.expected}"
                )
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


Reader = Callable[[yaml.Node, Problems], Any]
"""Turns a node into its value. Adds what is wrong inside the node to the problems; raises ValueError with
what was expected, e.g. "true or false", when the node as a whole is not that."""


def read(node: yaml.Node, subject: str, reader: Reader, problems: Problems) -> Any:
    """The node's value; None, and a problem, if it has none."""
    try:
        return reader(node, problems)
    except ValueError as error:
        problems.add(node, f"{subject} is {shown(node)}; expected {error}")
        return None


def mapping(
    node: yaml.Node, readers: Mapping[str, Reader], problems: Problems, unadvertised: Collection[str] = ()
) -> dict[str, Any]:
    """The values of a mapping by key; an unknown key is a problem.

    Args:
        readers: by key.
        unadvertised: those keys that no message suggests.
    """
    advertised = [key for key in readers if key not in unadvertised]
    values: dict[str, Any] = {}
    for key, value in entries(node, problems):
        if key.value in readers:
            values[key.value] = read(value, key.value, readers[key.value], problems)
        else:
            problems.add(key, f"unknown key {quoted(key.value)}; expected {one_of(advertised, key.value)}")
    return values


def entries(node: yaml.Node, problems: Problems) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The entries of a mapping whose key is a word, and new; the others are problems."""
    lines: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problems.add(key, f"a key is {shown(key)}; expected a word")
        elif key.value in lines:
            fact = f"the key {quoted(key.value)} is also in line {lines[key.value]}"
            problems.add(key, f"{fact}; expected it once")
        else:
            lines[key.value] = key.start_mark.line + 1
            yield key, value


def tag(node: yaml.Node) -> str:
    """What YAML took a scalar for, e.g. "str", "int" or "null"; "" for a list or mapping, tagged or not."""
    return str(node.tag).removeprefix("tag:yaml.org,2002:") if isinstance(node, yaml.ScalarNode) else ""


def word(node: yaml.Node) -> str:
    """The node's text as YAML read it; "" for a list or a mapping."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def shown(node: yaml.Node | None) -> str:
    """The node as a message shows it, with what YAML took it for."""
    if node is None or (tag(node) == "null" and not node.value):
        return "empty"
    if not isinstance(node, yaml.ScalarNode):
        kind = "list" if isinstance(node, yaml.SequenceNode) else "mapping"
        return f"a {kind}" if node.value else f"an empty {kind}"
    words = {"null": "nothing: ", "bool": "the boolean ", "timestamp": "the date "}
    words |= dict.fromkeys(("int", "float"), "the number ")
    if tag(node) in words:
        return words[tag(node)] + quoted(node.value)[1:-1]
    return quoted(node.value) + (f" with the tag {quoted(node.tag)}" if tag(node) != "str" else "")


def quoted(text: str) -> str:
    """The text in quotes, on one line, without control characters, and not too long."""
    return repr(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…")


def one_of(words: Iterable[str], word: str) -> str:
    """The words as a choice, with the one that was probably meant: "type or name, did you mean 'type'?"."""
    *most, last = map(str, words)
    close = difflib.get_close_matches(word[:MAX_SHOWN], [*most, last], 1)
    return f"{', '.join(most)} or {last}" + (f", did you mean {close[0]!r}?" if close else "")
