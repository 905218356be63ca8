"""What a user names as SOURCE, and the images.yml that goes with it."""

from pathlib import Path

from msgspec import Struct

from lsp_assembler.config import policy_file
from lsp_assembler.config.images_file import ImagesFile, load
from lsp_assembler.model.policy import Policy
from lsp_assembler.operations.listing import is_lock
from lsp_assembler.operations.plan import OF_FILES, Plan, plan
from lsp_assembler.operations.request import DEFAULT_FILE


class NamedSource(Struct, frozen=True):
    """SOURCE, found out.

    Args:
        text: as the user wrote it.
        planned: of an images.yml; None for anything else.
        file: the images.yml that goes with it: itself, the one beside a file, else ./images.yml; None where
            there is none.
        path: of that file, be it there or not.
    """

    text: str
    planned: Plan | None
    file: ImagesFile | None
    path: Path

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and no image."""
        return Path(self.text).is_file()

    def policy(self, chosen: Path | None) -> Policy | None:
        """The policy in the chosen file, else that of the images.yml; None where there is none.

        Raises:
            InvalidInputError: it is invalid.
        """
        if chosen:
            return policy_file.load(str(chosen))
        return self.file.policy if self.file else None


def named_source(text: str, listed_in: Path | None = None) -> NamedSource:
    """Find out what SOURCE is.

    Args:
        listed_in: the images.yml that goes with it, where it is none itself; None for the usual one.

    Raises:
        InvalidInputError: it, or the images.yml that goes with it, is an images.yml that is wrong.
    """
    path = Path(text)
    planned = planned_of(text)
    if planned:
        return NamedSource(text, planned, planned.file, path)
    usual = path.parent / DEFAULT_FILE.name if path.is_file() else DEFAULT_FILE
    beside = listed_in or usual
    return NamedSource(text, None, load(str(beside)) if beside.is_file() else None, beside)


def planned_of(text: str) -> Plan | None:
    """The plan of an images.yml; None for anything else.

    Raises:
        InvalidInputError: it is wrong.
    """
    path = Path(text)
    return plan((), path) if path.is_file() and not is_lock(path) else None


def is_path(text: str) -> bool:
    """Whether a name can only be meant for a path, as no image is called so: "lists/images.yml", "./java"."""
    return text.endswith(OF_FILES) or text.startswith((".", "/"))
