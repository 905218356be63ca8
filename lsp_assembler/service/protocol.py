"""uvicorn's HTTP protocol, with bounds on what a client may take of time and memory."""

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from lsp_assembler.service.answer import Answer
from lsp_assembler.service.errors import CLIENT, RequestError

SECONDS_TO_ASK = 10.0
"""How long a request may take to arrive, and a new connection to send one."""

_SECONDS_TO_READ = 30  # without any progress, until a client is given up that does not read its answer
_MAX_HEAD = 32 * 1024  # bytes
_MAX_AHEAD = 128  # requests that were sent without waiting for answers
_MAX_CONNECTIONS = 1000
_SPARE_FILES = 64

_MALFORMED = RequestError(400, CLIENT, "http:malformed")
_LARGE_HEAD = RequestError(431, CLIENT, "http:headers too large")
_LATE = RequestError(408, CLIENT, "http:too slow")


class GuardedProtocol(HttpToolsProtocol):
    """One connection. What breaks a bound is answered and closed; `sweep` looks at the time."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.since: float | None = None  # when what we wait for began; None while it is our turn
        self._head = 0  # bytes of headers
        self._is_in_head = True
        self._unread = 0  # bytes of answers that the client did not read, when last looked at
        self._unread_for = 0  # sweeps
        self._last_words = b""  # sent when all answers are
        self._is_over = False  # whether the client sends no more

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """A client has come. If there are too many, the one goes that has let us wait longest."""
        super().connection_made(transport)
        self.since = self.loop.time()
        if len(self.connections) > most_connections():
            waiting = [each for each in self.connections if isinstance(each, GuardedProtocol) and each.since]
            min(waiting, key=lambda each: each.since or 0.0).transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._last_words:
            return
        if self._is_in_head:
            self._head += len(data)
        super().data_received(data)
        if self._is_in_head and self._head > _MAX_HEAD and not self.transport.is_closing():
            self._refuse(_LARGE_HEAD)

    def on_message_begin(self) -> None:
        """A request begins."""
        if self.since is None:
            self.since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head of a request is there."""
        self._is_in_head = False
        if len(self.pipeline) > _MAX_AHEAD:
            self.transport.abort()
        if not self.transport.is_closing():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body has come."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is there."""
        self._is_in_head, self._head, self.since = True, 0, None
        if not self.transport.is_closing():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words are for its log
        """What has come is no HTTP."""
        self._refuse(_MALFORMED)

    def sweep(self, now: float) -> None:
        """Called each second: give up a client that is too slow."""
        unread = self.transport.get_write_buffer_size()
        self._unread_for = self._unread_for + 1 if unread and unread == self._unread else 0
        self._unread = unread
        if self._unread_for > _SECONDS_TO_READ:
            self.transport.abort()
        elif self.since is not None and now - self.since > SECONDS_TO_ASK:
            self._refuse(_LATE)

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn's drops the answers under way
        """The client sends no more; whether it still gets something."""
        self._is_over = True
        return self._is_answering()

    def on_response_complete(self) -> None:
        """An answer is sent."""
        super().on_response_complete()
        self._end()

    def _refuse(self, error: RequestError) -> None:
        """Say why, after the answers that are under way, and close."""
        self._last_words = self._last_words or _written(error.answer("", ""))
        self._end()

    def _end(self) -> None:
        """Close, if that is all that is left to do."""
        if (self._last_words or self._is_over) and not self._is_answering():
            if not self.transport.is_closing():
                self.transport.write(self._last_words)
            self.transport.close()

    def _is_answering(self) -> bool:
        """Whether there are requests, all of which have arrived, that are not answered yet."""
        cycle: RequestResponseCycle | None = self.cycle  # which uvicorn declares to be always there
        return bool(self.pipeline) or (
            cycle is not None and not cycle.more_body and not cycle.response_complete
        )


def most_connections() -> int:
    """How many there may be at once: as many as the system gives us files for, and not more than memory."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(_MAX_CONNECTIONS, files - _SPARE_FILES))


def _written(answer: Answer) -> bytes:
    headers = b"".join(b"%b: %b\r\n" % header for header in answer.headers)
    return b"".join((STATUS_LINE[answer.status], headers, b"connection: close\r\n\r\n", answer.body))
