"""Dockerfile.template: a Dockerfile with the names of string.Template in it."""

import difflib
import re
import string
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from lsp_assembler.errors import InvalidInputError

FILENAME = "Dockerfile.template"
NAMES = ("base", "type", "port", "labels", "base_image", "base_sha", "base_tag", "base_digest")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # control characters and halves of characters


def load(path: Path | None) -> str:
    """The text of a template; of the one that comes with the tool if path is None.

    Raises:
        InvalidInputError: the file cannot be read.
    """
    if path is None:
        return (resources.files("lsp_assembler.dockerfile") / FILENAME).read_text("utf-8")
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise InvalidInputError(
            f"{path}: it cannot be read ({reason}); expected a Dockerfile with names such as $base",
            "Check the path, or leave --template out to use the one that comes with the tool.",
        ) from error


def check(text: str, path: str) -> None:
    """Find every unknown name in a template before any work is done.

    Raises:
        InvalidInputError: all of them, each with its line.
    """
    problems = []
    for matched in string.Template.pattern.finditer(text):
        name = matched["named"] or matched["braced"]
        if matched["escaped"] is not None or name in NAMES:
            continue
        line = text.count("\n", 0, matched.start()) + 1
        close = difflib.get_close_matches(name or "", NAMES, n=1)
        wanted = f"did you mean '${close[0]}'?" if close else f"expected one of {', '.join(NAMES)}"
        found = f"'${name}' is not a name of the template" if name else "a lone '$' names nothing"
        problems.append(f"{path}:{line}: {found}; {wanted}")
    if problems:
        raise InvalidInputError("\n".join(problems), "Write '$$' where a dollar sign is meant.")


def render(text: str, values: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """The Dockerfile.

    Args:
        text: a template that `check` found nothing wrong with.
        values: for every name in NAMES but "labels", e.g. {"type": "languages", …}.
        labels: e.g. {"org.opencontainers.image.version": "df28e04"}; at least one.
    """
    quoted = {name: quote(value) for name, value in values.items()}
    lines = (f'{name}="{quote(value)}"' for name, value in labels.items())
    return string.Template(text).substitute(quoted, labels=" ".join(lines))


def quote(value: str) -> str:
    """A value as it stands between double quotes in a Dockerfile; what cannot stand there is dropped."""
    return re.sub(r'([\\"$])', r"\\\1", _UNWRITABLE.sub("", value))
