"""What may be read of a checkout: how much, and of which kind. Every file that may not be is named."""

import os
from pathlib import Path

from lsp_assembler.errors import FetchError
from lsp_assembler.oci.layers import Limits, path_too_long, too_large, too_many_entries
from lsp_assembler.text import named

_CHECK = "Check the directory"
_MOST_NAMED = 20


class Limited:
    """The count of what one reading of a checkout has come to.

    Args:
        directory: for messages, as the user wrote it.
    """

    def __init__(self, directory: Path, limits: Limits) -> None:
        self._subject = str(directory)
        self._limits = limits
        self._size = 0
        self._count = 0
        self._refused: list[str] = []

    @property
    def bytes_left(self) -> int:
        """How many bytes more there may be."""
        return self._limits.max_bytes - self._size

    def add(self, path: str, size: int = 0) -> None:
        """Count a file of so many bytes, or a folder.

        Raises:
            FetchError: it is one too many, or its path is not acceptable.
        """
        self._count += 1
        if self._count > self._limits.max_entries:
            raise too_many_entries(self._subject, self._limits, _CHECK)
        if len(os.fsencode(path)) > self._limits.max_path:
            raise path_too_long(self._subject, path, self._limits)
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise FetchError(
                f"{self._subject}: the file name {os.fsencode(path)!r} is not UTF-8",
                "Rename it.",
                kind="unsafe",
            ) from error
        if not {"", ".", "..", ".git"}.isdisjoint(path.split("/")):
            raise FetchError(
                f"{self._subject}: {named(path)} is no path inside a start point", "Rename it.", kind="unsafe"
            )
        self._size += size
        if self._size > self._limits.max_bytes:
            raise too_large(self._subject, self._limits, _CHECK)

    def refuse(self, path: str, what: str) -> None:
        """Note what cannot be packed; `finish` tells of all of them.

        Args:
            what: e.g. "is a submodule".
        """
        self.add(path)
        self._refused.append(f"{named(path)} {what}")

    def finish(self) -> None:
        """The end of reading.

        Raises:
            FetchError: something cannot be packed; a line for each.
        """
        if not self._refused:
            return
        more = len(self._refused) - _MOST_NAMED
        first, *others = [*self._refused[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]
        raise FetchError(
            [f"{self._subject}: {first}", *others],
            "A start point has only files, and links to files of its checkout. Put copies in their place.",
            kind="unsafe",
        )
