"""SIGINT and SIGTERM: when they end a run, and the moments in which they must not."""

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from lsp_assembler.errors import INTERRUPTED

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """SIGINT or SIGTERM. Not KeyboardInterrupt, which Typer would turn into a status of its own."""


def listen() -> None:
    """From now on a signal raises Interrupted in the main thread; a second one ends the process at once."""
    for number in _SIGNALS:
        signal.signal(number, _interrupt)


def ignore() -> None:
    """From now on signals change nothing: what they would prevent is done."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """A signal that comes meanwhile counts at the end. For what is quick and must not be done by half.

    Raises:
        Interrupted: at the end.
    """
    came: list[int] = []
    before = [signal.signal(number, lambda number, _: came.append(number)) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in _SIGNALS:
        signal.signal(number, lambda *_: os._exit(INTERRUPTED))
    raise Interrupted
