"""One instruction of a Dockerfile, and the error that collects what is wrong with several."""

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_assembler.errors import InvalidInputError

_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction that can be honoured without a Docker Engine.

    Args:
        name: in upper case, e.g. "ENV".
        value: all that follows it, continued lines joined, quotes as they stand, e.g. 'PORT="4524"'.
            Of FROM it is the image alone.
        where: e.g. "Dockerfile.template:19".
    """

    name: str
    value: str
    where: str

    def problem(self, fact: str) -> str:
        """What is wrong with it, e.g. "Dockerfile.template:19: 'ENV PORT': it has no value"."""
        text = " ".join(f"{self.name} {self.value}".split())
        short = text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
        return f"{self.where}: '{short}': {fact}"


def complain(problems: Sequence[str], remedy: str = "") -> None:
    """Report all problems, if there are any.

    Raises:
        InvalidInputError: one line for each.
    """
    if problems:
        raise InvalidInputError("\n".join(problems), remedy)
