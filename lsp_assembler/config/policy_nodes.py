"""What the entries of a policy are made of: images, reasons, last days. Pure."""

import contextlib
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import yaml

from lsp_assembler.config.yaml_nodes import ParseNode, Problems, mapping, read, tag, word
from lsp_assembler.model.policy import Images
from lsp_assembler.model.reference import Reference

_REPOSITORY = "cyberdojofoundation/java_junit"


def image(node: yaml.Node, _problems: Problems) -> Images:
    """The images that a name stands for: NAME for all its tags, NAME:TAG, or NAME@DIGEST."""
    if tag(node) == "str":
        with contextlib.suppress(ValueError):
            return Images.named(Reference.parse(node.value))
    raise ValueError(f"expected an image name, e.g. {_REPOSITORY}, with or without a tag or a digest")


def text(node: yaml.Node, _problems: Problems) -> str:
    """A sentence, or a few words."""
    if tag(node) == "str" and node.value.strip():
        return str(node.value)
    quotes = "; put it in quotes" if tag(node) in ("int", "float", "bool", "timestamp") else ""
    raise ValueError(f"expected text{quotes}")


def until(node: yaml.Node, _problems: Problems) -> date:
    """The last day on which an entry holds, in UTC."""
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", word(node)):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(word(node))
        raise ValueError("there is no such day")
    raise ValueError("expected the last day on which it holds, e.g. 2026-12-31")


def list_of(
    node: yaml.Node,
    subject: str,
    parsers: Mapping[str, ParseNode],
    problems: Problems,
    optional: Collection[str] = (),
) -> list[dict[str, Any]]:
    """The entries of a list of mappings, each with all its keys; one that is wrong is left out.

    Args:
        subject: what an entry is called, e.g. "an exemption".
        optional: keys that need not be there.
    """
    wanted = [key for key in parsers if key not in optional]

    def entry(node: yaml.Node, problems: Problems) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            raise ValueError(f"expected a mapping with {_all(wanted)}")
        found = mapping(node, parsers, problems)
        named = {word(key) for key, _ in node.value}
        for key in wanted:
            if key not in named:
                problems.add(node, f"the key '{key}' is missing; {subject} needs {_all(wanted)}")
        return found

    if not isinstance(node, yaml.SequenceNode):
        raise ValueError(f"expected a list of mappings with {_all(wanted)}")  # noqa: TRY004 - the user's error
    entries = [read(each, subject, entry, problems) for each in node.value]
    return [
        each
        for each in entries
        if each and all(each.get(key) is not None for key in wanted) and None not in each.values()
    ]


def _all(words: Sequence[str]) -> str:
    """E.g. "image, rule, reason and until"."""
    return f"{', '.join(words[:-1])} and {words[-1]}"
