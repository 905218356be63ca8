"""Dockerfile.template: a Dockerfile with names in it, such as $base, that string.Template fills in."""

import re
import string
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.images import TEMPLATE
from lsp_assembler.reading import read_file
from lsp_assembler.text import choice, closest

NAMES = ("base", "type", "port", "labels", "base_image", "base_sha", "base_tag", "base_digest")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # control characters and halves of characters


def load(path: Path | None) -> str:
    """The text of a template; path None means the one that comes with the tool.

    Raises:
        InvalidInputError: the file cannot be read.
    """
    if path is None:
        return (resources.files("lsp_assembler.dockerfile") / TEMPLATE).read_text("utf-8")
    try:
        return read_file(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise InvalidInputError(
            f"{path}: cannot be read: {reason}",
            "Check the path, or leave out --template to use the template that comes with the tool.",
        ) from error


def check(text: str, path: str) -> None:
    """Find every unknown name in a template before any work is done.

    Raises:
        InvalidInputError: a line for each, with its place.
    """
    problems = []
    for matched in string.Template.pattern.finditer(text):
        name = matched["named"] or matched["braced"]
        if matched["escaped"] is not None or name in NAMES:
            continue
        line = text.count("\n", 0, matched.start()) + 1
        close = closest(name or "", NAMES)
        known = f"did you mean '${close}'?" if close else f"expected {choice(f'${each}' for each in NAMES)}"
        found = f"unknown name '${name}'" if name else "no name follows the '$'"
        problems.append(f"{path}:{line}: {found}; {known}")
    if problems:
        raise InvalidInputError(problems, "Write '$$' for a dollar sign.")


def render(text: str, values: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """The Dockerfile.

    Args:
        text: a template that passes `check`.
        values: for every name in NAMES but "labels", e.g. {"type": "languages", …}.
        labels: e.g. {"org.opencontainers.image.version": "df28e04"}; at least one.
    """
    quoted = {name: quote(value) for name, value in values.items()}
    lines = (f'{name}="{quote(value)}"' for name, value in labels.items())
    return string.Template(text).substitute(quoted, labels=" ".join(lines))


def quote(value: str) -> str:
    """A value as a Dockerfile has it in double quotes; characters that it cannot have there are dropped."""
    return re.sub(r'([\\"$])', r"\\\1", _UNWRITABLE.sub("", value))
