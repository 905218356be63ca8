"""Responses that must keep coming, head and body: a drip of bytes counts as a stall."""

import io
import socket
import time
from http.client import HTTPResponse

from urllib3.connection import HTTPConnection, HTTPSConnection

SLOWEST = 4096
"""Bytes per second, beyond the read timeout, that a response must come at."""


class _SteadyReader(io.RawIOBase):
    """Reads from a socket, and counts the time spent waiting for it.

    A socket's own timeout starts anew with every byte, so that a byte every second would hold a worker
    for ever. Only waiting counts: whoever consumes a response slowly is not the server's fault.
    """

    def __init__(self, raw: io.RawIOBase, timeout: float | None) -> None:
        self._raw = raw
        self._allowed = float("inf") if timeout is None else timeout
        self._waited = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]  # no Buffer in 3.11
        if self._waited > self._allowed:
            raise TimeoutError("the response comes too slowly")
        start = time.monotonic()
        size = self._raw.readinto(buffer)
        self._waited += time.monotonic() - start
        self._allowed += (size or 0) / SLOWEST
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _SteadyResponse(HTTPResponse):
    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = io.BufferedReader(_SteadyReader(self.fp.detach(), sock.gettimeout()))


class SteadyConnection(HTTPConnection):
    """A plain connection whose responses must keep coming."""

    response_class = _SteadyResponse


class SteadyTLSConnection(HTTPSConnection):
    """A TLS connection whose responses must keep coming."""

    response_class = _SteadyResponse
