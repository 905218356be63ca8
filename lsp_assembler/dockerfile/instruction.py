"""One instruction of a Dockerfile, and the error that lists the problems of several."""

from collections.abc import Sequence

from msgspec import Struct

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.text import named


class Instruction(Struct, frozen=True):
    """One instruction.

    Args:
        name: in upper case, e.g. "ENV".
        value: the rest, continued lines joined and quotes kept, e.g. 'PORT="4524"'; of FROM only the image.
        where: e.g. "Dockerfile.template:19".
    """

    name: str
    value: str
    where: str

    def problem(self, fact: str) -> str:
        """A message about it, e.g. "Dockerfile.template:19: 'ENV PORT': PORT has no value"."""
        return f"{self.where}: {named(' '.join(f'{self.name} {self.value}'.split()))}: {fact}"


def complain(problems: Sequence[str], remedy: str = "") -> None:
    """Report all problems, if there are any.

    Raises:
        InvalidInputError: a line for each.
    """
    if problems:
        raise InvalidInputError(problems, remedy)
