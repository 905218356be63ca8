"""The process's part of the service: the socket, the event loop, the end."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvloop
from msgspec import Struct

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.service.app import Service
from lsp_assembler.service.connections import Connections
from lsp_assembler.service.protocol import Connection

_BACKLOG = 1024
_SECONDS_TO_FINISH = 1  # for answers under way when the service is to stop
_SWEEP = 1.0  # seconds
# Seconds for which another thread may keep the interpreter while a probe waits. One that reads many files, as
# imports do, gives it away and takes it back all the time, and so would keep it for as long as that takes.
_SWITCH = 0.0001
_OBJECTS_BETWEEN_COLLECTIONS = 1000  # few: a service runs for long
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Place(Struct, frozen=True):
    """Where to listen, e.g. host "0.0.0.0" and port 4524; port 0 is any free one."""

    host: str
    port: int


def listen(place: Place) -> socket.socket:
    """Open the socket.

    Raises:
        InvalidInputError: the address is not ours, or taken.
    """
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason, *_ = (error.strerror or "").split(" (while")  # where Python says what we say
        raise InvalidInputError(
            f"serve: cannot listen on {place.host}, port {place.port} ({reason})",
            "Choose another address with --host or --port.",
        ) from error


def serve(service: Service, listener: socket.socket, started: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT comes, then finish the answers that are under way.

    Args:
        started: called when requests are answered.
    """
    sys.setswitchinterval(_SWITCH)
    gc.freeze()  # what is there now stays: looking through it again would find nothing
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(service, listener, started))


async def _serve(service: Service, listener: socket.socket, started: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    connections = Connections(service.answer)
    signalled = asyncio.Event()
    with _signals(lambda: loop.call_soon_threadsafe(signalled.set)):
        server = await loop.create_server(lambda: Connection(connections), sock=listener, backlog=_BACKLOG)
        started()
        while not signalled.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(signalled.wait(), _SWEEP)
            connections.sweep(loop.time())
        server.close()
        connections.end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(connections.gone.wait(), _SECONDS_TO_FINISH)
        connections.abort()


@contextlib.contextmanager
def _signals(come: Callable[[], object]) -> Iterator[None]:
    """Signals that end a process do this instead."""
    before = [(number, signal.signal(number, lambda *_: come())) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
