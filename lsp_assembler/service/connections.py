"""All connections that are open, and what they share."""

import asyncio
import resource
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsp_assembler.service.answer import Answer
from lsp_assembler.service.app import Request

if TYPE_CHECKING:
    from lsp_assembler.service.protocol import Connection

_MAX_CONNECTIONS = 1000
_SPARE_FILES = 64


class Connections:
    """All that are open, and what they have in common. One event loop uses it.

    Args:
        answer: makes the answer to a request; it must be quick.
    """

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self.open: set[Connection] = set()
        self.date = _date()
        self.is_ending = False
        self.gone = asyncio.Event()  # set when it is ending, and none is open

    def sweep(self, now: float) -> None:
        """Called each second, with the loop's time: give up clients that are too slow."""
        self.date = _date()
        for connection in list(self.open):
            connection.sweep(now)

    def end(self) -> None:
        """Close those that ask nothing, and the others once they are answered."""
        self.is_ending = True
        for connection in list(self.open):
            connection.end()
        self.look()

    def look(self) -> None:
        """Called when a connection is closed."""
        if self.is_ending and not self.open:
            self.gone.set()

    def abort(self) -> None:
        """Close all at once."""
        for connection in list(self.open):
            connection.transport.abort()


def most_connections() -> int:
    """How many there may be at once: as many as the system gives us files for, and not more than memory."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(_MAX_CONNECTIONS, files - _SPARE_FILES))


def _date() -> bytes:
    return time.strftime("date: %a, %d %b %Y %H:%M:%S GMT\r\n", time.gmtime()).encode()
