"""One request on its way through libcurl: where the thread that waits and the one that works meet."""

import io
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus

import pycurl
from msgspec import Struct

STALLED, CLOSED = -1, -2  # besides libcurl's own codes
SLOWEST = 4096
"""Bytes per second below which a transfer counts as stalled."""

_CHUNKS = 64  # of at most 16 KB each, that are kept for a thread that is busy
_STATUS = re.compile(rb"[1-9][0-9][0-9]")
_BLANK = (b"\r\n", b"\n")
_ERROR_LIMIT = 64 * 1024


class Failure(Struct, frozen=True):
    """Why there is no whole answer.

    Args:
        code: one of libcurl's (pycurl.E_…), STALLED or CLOSED.
        words: libcurl's own, e.g. "Connection timed out after 10001 milliseconds".
        reason: the operating system's, e.g. "Connection refused", or "".
        proxy_status: what a proxy answered to CONNECT; 0 where none did.
    """

    code: int
    words: str = ""
    reason: str = ""
    proxy_status: int = 0


class Allowed(Struct, frozen=True):
    """How many seconds a transfer may take to begin; those in which it waits for its turn do not count.

    Args:
        connecting: until it is connected.
        silence: from then on, until the first byte of a body, either way.
    """

    connecting: float
    silence: float


def _nothing() -> None:
    """In place of `resume` and `cancel` until the driver sets them."""


class Transfer:
    """One request, and the answer to it.

    One thread makes it, sends its body if that comes in chunks, and waits; the driver's thread calls `finish`
    and whatever begins with `_on_`.

    Args:
        easy: all set but for the callbacks; the driver closes it.
        host: whom it goes to; what waits for the same connection has the same.
        limit: the most bytes of an answer that are kept in memory; None hands them over in chunks.
        allowed: how long it may take to begin.
        sends: whether the body is given with `send`.
    """

    def __init__(
        self, easy: pycurl.Curl, host: str, limit: int | None, allowed: Allowed, *, sends: bool = False
    ) -> None:
        self.easy = easy
        self.host = host
        self.allowed = allowed
        self.excused = 0.0  # seconds in which it waited for its turn, or moved
        self.connecting = 0.0  # seconds
        self._head = io.BytesIO()
        self.failure: Failure | None = None
        self.paused = False
        self.resume: Callable[[], object] = _nothing
        self.cancel: Callable[[], object] = _nothing
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._cut = False
        self._streams = False
        self._finished = False
        self._changed = threading.Condition()
        self._chunks: deque[bytes] = deque()
        self._outgoing: deque[bytes] = deque()
        self._sent_all = not sends
        self._waited, self._mark = 0.0, 0
        easy.setopt(pycurl.HEADERFUNCTION, self._on_header if limit is None else self._head.write)
        easy.setopt(pycurl.WRITEFUNCTION, self._on_body)
        if sends:
            easy.setopt(pycurl.READFUNCTION, self._on_send)

    def send(self, chunks: Iterable[bytes]) -> None:
        """Send a body, as fast as the server takes it. Returns early where it answers early.

        Raises:
            whatever the chunks raise; the transfer is cancelled then.
        """
        try:
            for chunk in filter(None, chunks):  # an empty one would mean the end
                with self._changed:
                    self._changed.wait_for(lambda: len(self._outgoing) < _CHUNKS or self._finished)
                    if self._finished:
                        return
                    self._outgoing.append(chunk)
                self._go_on()
        except BaseException:
            self.cancel()
            raise
        with self._changed:
            self._sent_all = True
        self._go_on()

    def wait(self) -> None:
        """Wait until the answer is there: all of it, or its head where the body comes in chunks."""
        with self._changed:
            self._changed.wait_for(lambda: self._finished or self._streams)

    @property
    def status(self) -> int:
        """The answer's status; 0 while there is none."""
        status = self._lines()[0].split()[1:2]
        return int(status[0]) if status and _STATUS.fullmatch(status[0]) else 0

    def headers(self) -> dict[str, list[str]]:
        """The values of each header, by its name in lower case."""
        found: dict[str, list[str]] = {}
        for line in filter(None, map(bytes.strip, self._lines()[1:])):
            name, _, value = line.decode("latin-1").partition(":")
            found.setdefault(name.rstrip().lower(), []).append(value.lstrip())
        return found

    def _lines(self) -> list[bytes]:
        """The lines of the last head: one that only said "go on", or that of a proxy, may be before it."""
        head = self._head.getvalue()
        return head[head.rfind(b"\nHTTP/") + 1 :].split(b"\n")

    def body(self) -> bytes:
        """What came of the body, more than the limit where there was more; to be asked for once.

        It is handed over, not copied: a transfer and libcurl's handle hold on to each other for a while.
        """
        parts, self._parts = self._parts, []
        return b"".join(parts)

    @property
    def is_enough(self) -> bool:
        """Whether the answer will do: its body was cut at the limit, or it is an error's, and broke off."""
        is_error = self.status >= HTTPStatus.BAD_REQUEST
        return self._cut or (is_error and self.failure is not None and self.failure.code != CLOSED)

    def chunks(self) -> Iterator[bytes]:
        """The body, chunk by chunk; `cancel` drops the rest. See `failure` after its end."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._chunks or self._finished)
                if not self._chunks:
                    return
                chunk = self._chunks.popleft()
                is_low = len(self._chunks) < _CHUNKS // 2
            if is_low:
                self._go_on()
            yield chunk

    def stalled_for(self, waited: float, moved: int) -> float:
        """For how long it has been too slow.

        Args:
            waited: seconds since the last call.
            moved: bytes so far, in both directions.
        """
        if not self.paused:  # else it is our side that is slow
            self._waited += waited
        if moved - self._mark >= SLOWEST * self._waited:
            self.excused += self._waited
            self._waited, self._mark = 0.0, moved
        return self._waited

    def finish(self, failure: Failure | None) -> None:
        """The end, good or bad."""
        with self._changed:
            self.failure = failure
            self._finished = True
            self._changed.notify_all()

    def _go_on(self) -> None:
        if self.paused:
            self.resume()

    def _on_header(self, line: bytes) -> None:
        self._head.write(line)
        if line in _BLANK and self.status == HTTPStatus.OK:
            with self._changed:
                self._streams = True
                self._changed.notify_all()

    def _on_body(self, data: bytes) -> int | None:
        if not self._streams:
            self._parts.append(data)
            self._size += len(data)
            good = self.status < HTTPStatus.MULTIPLE_CHOICES
            limit = self._limit if good and self._limit is not None else _ERROR_LIMIT
            self._cut = self._size > limit
            return -1 if self._cut else None
        with self._changed:
            if len(self._chunks) >= _CHUNKS:
                self.paused = True
                return int(pycurl.WRITEFUNC_PAUSE)
            self._chunks.append(data)
            self._changed.notify_all()
        return None

    def _on_send(self, size: int) -> bytes | int:
        with self._changed:
            if not self._outgoing:
                self.paused = not self._sent_all
                return b"" if self._sent_all else int(pycurl.READFUNC_PAUSE)
            chunk = self._outgoing.popleft()
            if len(chunk) > size:
                self._outgoing.appendleft(chunk[size:])
            self._changed.notify_all()
        return chunk[:size]
