"""Packages that only some commands need, and that come with an extra of this package."""

import importlib.util
from collections.abc import Sequence

from lsp_assembler.errors import InvalidInputError


def require_serve(subject: str, packages: Sequence[str]) -> None:
    """See that packages of the extra `serve` are there, without importing them.

    Args:
        subject: what needs them, e.g. "--html".

    Raises:
        InvalidInputError: one is not installed.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise InvalidInputError(
            f"{subject}: the Python package {missing[0]} is not installed; it comes with the extra 'serve'",
            "Install lsp-assembler again as you did, with '[serve]' after its name or folder, e.g. "
            "pipx install --force './lsp-assembler[serve]'.",
        )
