"""`policy:` of images.yml, or a file of the same keys -> Policy. All problems are reported at once.

Pure, except for `load` and for reading the file that `deny` names.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import yaml

from lsp_assembler.config.denials import read_denials
from lsp_assembler.config.policy_nodes import image, list_of, text, until
from lsp_assembler.config.yaml_nodes import (
    MAX_BYTES,
    ParseNode,
    Problems,
    compose,
    decoded,
    mapping,
    shown,
    tag,
    word,
)
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.policy import Denial, Exemption, Policy, RuleId, Verdict
from lsp_assembler.reading import beginning
from lsp_assembler.text import suggestion

_EXAMPLE = "a mapping, e.g. {max_age: 365d}"
_DAYS = {"d": 1, "w": 7}


def load(path: str) -> Policy:
    """Read a policy that has a file of its own, e.g. "policy.yml".

    Raises:
        InvalidInputError: it cannot be read, or is invalid; the message has a line for every problem.
    """
    try:
        content = beginning(Path(path), MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"{path}: {reason}", f"Check the path; expected {_EXAMPLE}.") from error
    problems = Problems(path)
    root = compose(decoded(content, problems), problems)
    found: Policy | None = None
    if isinstance(root, yaml.MappingNode) and root.value:
        found = policy(root, problems)
    else:
        problems.add(root, f"the file is {shown(root)}; expected {_EXAMPLE}")
    if found is None or problems:
        raise problems.error()
    return found


def files_of(path: str) -> tuple[str, ...]:
    """The files that make up a policy: its own, and the one that it names under `deny`.

    As far as a file that may be broken tells. Never raises.
    """
    problems = Problems(path)
    try:
        root = compose(decoded(beginning(Path(path), MAX_BYTES), problems), problems)
    except (OSError, ValueError, InvalidInputError):
        return (path,)
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    denials = [value for key, value in pairs if key.value == "deny"]
    return (path, *(problems.beside(each.value) for each in denials if tag(each) == "str" and each.value))


def policy(node: yaml.Node, problems: Problems) -> Policy:
    """The policy that a mapping says, and the file that it names under `deny`: see `ParseNode`."""
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise ValueError(f"expected {_EXAMPLE}")
    found = mapping(node, _PARSERS, problems)
    if "deny" in found:
        found["denials"] = found.pop("deny")
    return Policy(**{key: value for key, value in found.items() if value is not None})


def _max_age(node: yaml.Node, _problems: Problems) -> int:
    matched = re.fullmatch("([1-9][0-9]{0,3})([dw])", word(node)) if tag(node) == "str" else None
    if not matched:
        raise ValueError("expected up to 9999 days or weeks, e.g. 365d or 52w")
    return int(matched[1]) * _DAYS[matched[2]]


def _verdict(node: yaml.Node, _problems: Problems) -> Verdict:
    for verdict in get_args(Verdict):
        if tag(node) == "str" and node.value == verdict:
            return verdict  # type: ignore[no-any-return]  # it is one of them
    raise ValueError(suggestion(word(node), get_args(Verdict)))


def _deny(node: yaml.Node, problems: Problems) -> tuple[Denial, ...]:
    if tag(node) != "str" or not node.value:
        raise ValueError("expected the path of a list of denied images, or of an OpenVEX document")
    return read_denials(problems.beside(node.value), problems)


def _rule(node: yaml.Node, _problems: Problems) -> RuleId:
    for rule in get_args(RuleId):
        if word(node) == rule:
            return rule  # type: ignore[no-any-return]  # it is one of them
    raise ValueError(suggestion(word(node), get_args(RuleId)))


def _exempt(node: yaml.Node, problems: Problems) -> tuple[Exemption, ...]:
    found = list_of(node, "an exemption", _EXEMPTION, problems)
    return tuple(Exemption(each["image"], each["rule"], each["reason"], each["until"]) for each in found)


_EXEMPTION: Mapping[str, ParseNode] = {"image": image, "rule": _rule, "reason": text, "until": until}
_PARSERS: Mapping[str, ParseNode] = {
    "max_age": _max_age,
    "superseded": _verdict,
    "require_tag": _verdict,
    "deny": _deny,
    "exempt": _exempt,
}
