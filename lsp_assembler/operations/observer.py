"""What an operation tells while it works, for whoever wants to hear it."""

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from msgspec import Struct

Watch = Callable[[int, str, int], None]
"""Called from worker threads as (index of a source, state, bytes so far). The states of a source, in order:
waiting, pulling, extracting, then fetched and checked, or failed."""


class Pending(Struct, frozen=True):
    """Language images that are about to be pulled.

    Args:
        images: their names.
        of: how many are named all in all.
        bytes: to download, as far as that is known.
        unknown: how many images it is not known of.
        folder: where the engine keeps images; "" where it does not say.
        free: bytes there; None where that is not known.
    """

    images: tuple[str, ...]
    of: int
    bytes: int
    unknown: int
    folder: str
    free: int | None


class Observer:
    """Hears nothing: override what interests you. Its methods may be called from any thread."""

    def watch(self, _sources: Sequence[str], /) -> AbstractContextManager[Watch]:
        """Sources with these names are being read, for as long as the context lasts."""
        return contextlib.nullcontext(_ignore)

    def pulling(self, _pending: Pending, /) -> AbstractContextManager[Watch]:
        """Language images are being pulled, for as long as the context lasts.

        The states of an image, in order: waiting, pulling, then pulled or failed; the bytes are those of all
        of them together.
        """
        return contextlib.nullcontext(_ignore)

    def agrees_to_remove(self, _names: Sequence[str], /) -> bool:
        """Whether images of these names may be removed from the engine."""
        return False

    def notice(self, text: str) -> None:
        """Something that the user should know, in one line, e.g. "ghcr.io asks us to wait 12 s"."""

    def critical(self) -> AbstractContextManager[None]:
        """What is done inside is quick, and must not be interrupted half-way."""
        return contextlib.nullcontext()

    def published(self) -> None:
        """The images are published: it is too late to say that they are not."""


SILENT = Observer()
"""Nobody listens."""


def _ignore(_index: int, _state: str, _size: int) -> None:
    """Nobody watches."""
