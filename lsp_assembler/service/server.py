"""The process's part of the service: the socket, the event loop, the end."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType

from msgspec import Struct
from uvicorn import Config, Server

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.service.app import Service
from lsp_assembler.service.protocol import GuardedProtocol

_BACKLOG = 1024
_SECONDS_TO_FINISH = 1  # for answers under way when the service is to stop
_SECONDS_IDLE = 75  # longer than a load balancer keeps a connection
_SWEEP = 1.0  # seconds
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
    config = Config(
        service,
        loop="uvloop",
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # what clients do wrong is for the access log
        access_log=False,
        server_header=False,
        timeout_keep_alive=_SECONDS_IDLE,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    gc.freeze()  # what is there now stays: looking through it again would find nothing
    _Server(config, started).run([listener])


class _Server(Server):
    """uvicorn's, with our own signals and a sweep."""

    def __init__(self, config: Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin."""
        await super().startup(sockets)
        self._sweeping = asyncio.create_task(self._sweep())
        self._tell_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A signal ends the service, which then ends well; a second one does not wait."""
        before = [(number, signal.signal(number, self.handle_exit)) for number in _SIGNALS]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn's signature
        """A signal has come."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP)
            for connection in list(self.server_state.connections):
                if isinstance(connection, GuardedProtocol):
                    connection.sweep(loop.time())
