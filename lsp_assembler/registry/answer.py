"""One request, and its answer, whose body must keep coming."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

from urllib3.response import BaseHTTPResponse

from lsp_assembler.registry.errors import Trouble, of_status, stated_error
from lsp_assembler.registry.hosts import Origin
from lsp_assembler.registry.network import translated
from lsp_assembler.registry.retry import parse_retry_after

_CHUNK = 64 * 1024
_DRAIN = 64 * 1024
_ERROR_LIMIT = 64 * 1024
_PAUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Args:
        what: it is about, for errors, e.g. "the manifest".
        target: path and query, e.g. "/v2/library/busybox/tags/list?n=1000".
        authorization: value of that header, or ""; it never leaves for another origin.
    """

    what: str
    method: str
    origin: Origin
    target: str
    authorization: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | Iterable[bytes] | None = field(default=None, repr=False)


class Answer:
    """A response whose body is still to be read. Use it as a context manager, in one thread.

    Leaving it drains what little is left, so that the connection can be used again, or else closes it.
    """

    def __init__(self, request: Request, response: BaseHTTPResponse) -> None:
        self.request = request
        self.status = response.status
        self.headers = response.headers
        self.host = request.origin.netloc
        self._response = response

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if error is None and self._is_drained():
            self._response.release_conn()
        else:
            self._response.close()  # which spares a connection whose body was read to its end

    def chunks(self) -> Iterator[bytes]:
        """The body, as it comes.

        Raises:
            Trouble: it broke off, stopped coming, or came too slowly.
        """
        while True:
            # read1 returns what is there, read would wait for a full chunk: a manifest comes in one piece.
            with translated(self.host):
                chunk = self._response.read1(_CHUNK, decode_content=False)
            if not chunk:
                return
            yield chunk

    def read(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            Trouble: as for `chunks`, or it has more bytes than the limit.
        """
        parts, size = [], 0
        for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                fact = f"{self.host} sends more than {limit} bytes for {self.request.what}; expected fewer"
                raise Trouble("too-large", fact, "Check that the name is that of an image.")
            parts.append(chunk)
        return b"".join(parts)

    def read_start(self, limit: int) -> bytes:
        """The first bytes of an error's body, however it goes on and even if it breaks off."""
        data = b""
        try:
            for chunk in self.chunks():
                data += chunk
                if len(data) >= limit:
                    break
        except Trouble:
            pass
        return data[:limit]

    def trouble(self, secrets: Iterable[str] = ()) -> Trouble:
        """Read the error that this answer is, and say so.

        Args:
            secrets: what must not be repeated, besides the Authorization that was sent.
        """
        sent = self.request.authorization.partition(" ")[2]
        stated = stated_error(self.read_start(_ERROR_LIMIT), (*secrets, sent))
        trouble = of_status(self.host, self.request.what, self.status, stated)
        if self.status in _PAUSES:
            after = self.headers.get("Retry-After")
            trouble.pause = parse_retry_after(after, datetime.now(UTC))
            trouble.host = self.host
        return trouble

    def _is_drained(self) -> bool:
        """Read what little is left; a connection with more than that is cheaper to open anew."""
        return len(self.read_start(_DRAIN)) < _DRAIN
