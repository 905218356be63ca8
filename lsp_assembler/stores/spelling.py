"""How a user spells a store: "docker", "registry", "oci:build/lsp", after containers-transports(5)."""

from collections.abc import Sequence
from typing import Self

from msgspec import Struct

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.text import named, suggestion

_SOURCES = ("auto", "docker", "registry")  # these have no path
_TARGETS = ("docker", "registry")
WITH_PATH = ("oci", "oci-archive")
"""These are followed by a colon and a path."""


class StoreSpec(Struct, frozen=True):
    """A store as the user spells it, e.g. kind "oci" and path "build/lsp"."""

    kind: str
    path: str = ""

    @classmethod
    def source(cls, text: str, option: str = "--from") -> Self:
        """Take --from apart, or the variable that stands for it.

        Raises:
            InvalidInputError: there is no such store.
        """
        return cls._parse(option, text, _SOURCES)

    @classmethod
    def target(cls, text: str | None, option: str = "--to") -> Self | None:
        """Take --to apart, or the variable that stands for it; None, the engine, where there is none.

        Raises:
            InvalidInputError: there is no such store.
        """
        return None if text is None else cls._parse(option, text, _TARGETS)

    @classmethod
    def _parse(cls, option: str, text: str, kinds: Sequence[str]) -> Self:
        kind, colon, path = text.partition(":")
        if (kind in kinds and not colon) or (kind in WITH_PATH and path):
            return cls(kind, path)
        hint = suggestion(text, [*kinds, "oci:DIR", "oci-archive:FILE"])
        if "/" in text and not colon:
            hint = f"did you mean {named(f'oci:{text}')}?"
        remedy = "option, or leave it out" if option.startswith("-") else "variable, or unset it"
        raise InvalidInputError(
            f"{option}: unknown store {named(text)}; {hint}",
            f"Correct the {remedy}.",
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.path}" if self.path else self.kind
