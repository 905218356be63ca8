"""A server on a real socket of this machine that sends just the bytes that it is told to."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast

Handler = Callable[[socket.socket, bytes], None]
"""Given each request (its head, and what came with it) and the connection to answer it on."""


class RawServer:
    """`with RawServer(lambda connection, request: connection.sendall(b"…")) as server: server.netloc`.

    A connection is closed when its handler returns; the handler may read further requests from it.
    """

    def __init__(self, handler: Handler, host: str = "127.0.0.1") -> None:
        self.requests: list[bytes] = []
        self._handler = handler
        self._socket = socket.create_server((host, 0), backlog=128)
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def netloc(self) -> str:
        host, port = cast("tuple[str, int]", self._socket.getsockname())
        return f"{host}:{port}"

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.add(connection)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if request := request_from(connection):
                self.requests.append(request)
                self._handler(connection, request)
        self._open.discard(connection)


def request_from(connection: socket.socket) -> bytes:
    """The next request's head, and what has come with it; b"" at the end."""
    request = b""
    while b"\r\n\r\n" not in request:
        data = connection.recv(65536)
        if not data:
            return b""
        request += data
    return request


def target_of(request: bytes) -> str:
    """What was asked for, e.g. "/v2/a/b/manifests/LSP"."""
    return request.split()[1].decode()
