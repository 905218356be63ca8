"""YAML text -> nodes, and nodes -> values; every problem is collected with its line and column. Pure.

Works on the nodes that PyYAML composes, not on the values it would construct: a node knows its place in the
file, how it was written, and what YAML took it for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.address import without_secrets
from lsp_assembler.text import named, plural, shortened, suggestion, visible

MAX_BYTES = 1024 * 1024
_MAX_DEPTH = 20  # a well-formed file needs 3; PyYAML composes by recursion, without a limit of its own
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a PyYAML built without libyaml has no C one


class Problems:
    """Collects the problems of one file, so that reading can go on. For one thread.

    Args:
        path: of the file, for messages, e.g. "languages/images.yml".
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[tuple[int, int, str]] = []
        self._elsewhere: list[str] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.found or self._elsewhere)

    def add(self, at: Any, text: str) -> None:
        """Add a problem at a node, an event or a mark, or at the start of the file (None)."""
        mark = getattr(at, "start_mark", at)
        self.found.append((mark.line + 1, mark.column + 1, text) if mark else (1, 1, text))

    def add_after(self, before: str, text: str) -> None:
        """Add a problem right after this first part of the file."""
        self.found.append((before.count("\n") + 1, len(before) - before.rfind("\n"), text))

    def add_elsewhere(self, lines: Iterable[str]) -> None:
        """Add the problems of another file that this one names; they come after its own."""
        self._elsewhere += lines

    def beside(self, name: str) -> str:
        """The path of a file that this one names: it is relative to the folder of this one."""
        return str(Path(self.path).parent / name)

    def refuse_large(self, size: int) -> None:
        """Refuse a file that is larger than any real one.

        Raises:
            InvalidInputError: it has more than MAX_BYTES.
        """
        if size > MAX_BYTES:
            fact = f"{self.path}: the file is larger than {MAX_BYTES:,} bytes"
            raise InvalidInputError(fact, "Check that this is the file you meant.")

    def error(self) -> InvalidInputError:
        """All problems as one error: a line "PATH:LINE:COLUMN: …" for each, in the order of the file."""
        lines = [f"{self.path}:{line}:{column}: {text}" for line, column, text in sorted(self.found)]
        lines += self._elsewhere
        errors = "error" if len(lines) == 1 else plural(len(lines), "error")
        return InvalidInputError(lines, f"Fix the {errors} above and run it again.")


def decoded(content: bytes, problems: Problems) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        InvalidInputError: it is too large, or not UTF-8.
    """
    problems.refuse_large(len(content))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        fact = f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8"
        problems.add_after(before, fact)
        raise problems.error() from error


def compose(text: str, problems: Problems) -> yaml.Node | None:
    """The root node of the only document; None if the text is empty.

    Raises:
        InvalidInputError: it is not one plain document without aliases; lists every problem.
    """
    problems.refuse_large(len(text))
    unprintable = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unprintable:
        fact = f"the character {named(unprintable[0])} is not allowed in YAML; remove it"
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
        fact = f"this is not valid YAML: {reason}"
        if "mapping values" in fact:
            fact = "a colon followed by a space starts a value; an image name has no space"
        elif mark and text[mark.index : mark.index + 1] == "\t":
            fact = "this line is indented with a tab; use spaces"
        problems.add(mark, fact)
    if problems.found:
        raise problems.error()
    return root


def _screen(text: str, problems: Problems) -> None:
    """Refuse anything but one small tree, before it is composed."""
    depth = documents = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.AliasEvent):
            problems.add(event, f"the alias *{event.anchor} is not supported; write the value out")
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                problems.add(event, "a second YAML document starts here; keep only one")
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                problems.add(event, f"this is nested more than {_MAX_DEPTH} levels deep")
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


ParseNode = Callable[[yaml.Node, Problems], Any]
"""Turns a node into its value. Adds a problem for everything that is wrong inside the node. Raises ValueError
if the node as a whole is wrong, with what it should be, e.g. "expected true or false"."""


def read(node: yaml.Node, subject: str, parse: ParseNode, problems: Problems) -> Any:
    """The node's value; None, with a problem added, if the node is wrong as a whole."""
    try:
        return parse(node, problems)
    except ValueError as error:
        problems.add(node, f"{subject} is {shown(node)}; {error}")
        return None


def mapping(node: yaml.Node, parsers: Mapping[str, ParseNode], problems: Problems) -> dict[str, Any]:
    """The values of a mapping by key; an unknown key is a problem.

    Args:
        parsers: by key.
    """
    values: dict[str, Any] = {}
    for key, value in entries(node, problems):
        if key.value in parsers:
            values[key.value] = read(value, key.value, parsers[key.value], problems)
        else:
            name = named(without_secrets(key.value))
            problems.add(key, f"unknown key {name}; {suggestion(key.value, list(parsers))}")
    return values


def entries(node: yaml.Node, problems: Problems) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The entries of a mapping; a key that is repeated, or is not a word, is a problem."""
    lines: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problems.add(key, f"a key is {shown(key)}; expected a word")
        elif key.value in lines:
            problems.add(key, f"the key {named(key.value)} is also on line {lines[key.value]}; keep one")
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
    kinds = {"null": "null value", "bool": "boolean", "timestamp": "date", "int": "number", "float": "number"}
    if tag(node) in kinds:
        return f"the {kinds[tag(node)]} {visible(shortened(node.value))}"
    return named(without_secrets(node.value)) + (
        f" with the tag {named(node.tag)}" if tag(node) != "str" else ""
    )
