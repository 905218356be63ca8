"""One request, and its answer."""

import base64
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Self

from msgspec import Struct

from lsp_assembler.model.address import shown
from lsp_assembler.registry.errors import RequestError, of_status, stated_error
from lsp_assembler.registry.hosts import Origin
from lsp_assembler.registry.retry import parse_retry_after, stated_pause

_SMALL = 1024 * 1024
_GZIP = 31  # zlib's way to say: with a gzip header
_NONE = [""]
_PAUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class Request(Struct, frozen=True):
    """One HTTP request.

    Args:
        what: it is about, for errors, e.g. "the manifest".
        target: path and query, e.g. "/v2/library/busybox/tags/list?n=1000".
        authorization: value of that header, or ""; it never leaves for another origin.
        body: bytes, or something that gives them in chunks, anew each time it is iterated over.
        size: of a body in chunks.
        limit: the most bytes to accept in a success; None for a body that is read in chunks.
    """

    what: str
    method: str
    origin: Origin
    target: str
    authorization: str = ""
    headers: Mapping[str, str] = {}
    body: bytes | Iterable[bytes] | None = None
    size: int = 0
    limit: int | None = _SMALL

    def __repr__(self) -> str:  # without its secrets
        return f"Request({self.what!r}, {self.method} {shown(self.origin.url + self.target)})"


class Answer(Struct, frozen=True):
    """What came back.

    Args:
        headers: the values of each, by its name in lower case.
        body: of a request with a limit; it is longer than that where there was more.
        chunks: of a request without one; leave the answer as a context, or the rest keeps coming.
    """

    request: Request
    status: int
    headers: Mapping[str, list[str]] = {}
    body: bytes = b""
    chunks: Iterator[bytes] = iter(())
    close: Callable[[], object] = lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def host(self) -> str:
        """Who answered, e.g. "ghcr.io"."""
        return self.request.origin.netloc

    def header(self, name: str) -> str:
        """The first header of that name (in lower case), or ""."""
        return self.headers.get(name, _NONE)[0]

    def all_headers(self, name: str) -> list[str]:
        """Every header of that name (in lower case)."""
        return self.headers.get(name, [])

    def content(self) -> bytes:
        """The body.

        Raises:
            RequestError: it has more bytes than the limit.
        """
        limit = self.request.limit
        if limit is not None and len(self.body) > limit:
            fact = f"{self.host} sends more than {limit} bytes for {self.request.what}"
            raise RequestError("too-large", fact, "Check that the name is that of an image.")
        return self.body


def decoded(answer: Answer) -> bytes:
    """The body without the gzip that a server, or a proxy, put around it; what is no gzip comes as it is.

    No more than one byte beyond the request's limit comes out.
    """
    if not answer.header("content-encoding").lower().endswith("gzip"):
        return answer.body
    try:
        return zlib.decompressobj(_GZIP).decompress(answer.body, (answer.request.limit or _SMALL) + 1)
    except zlib.error:
        return answer.body


def _password(sent: str) -> str:
    """The password in what a Basic login sends; "" where it is a token."""
    try:
        return base64.b64decode(sent, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def refusal(answer: Answer, secrets: Iterable[str] = ()) -> RequestError:
    """The error that an answer is.

    Args:
        secrets: what must not be repeated, besides the Authorization that was sent.
    """
    sent = answer.request.authorization.partition(" ")[2]
    stated = stated_error(answer.body, (*secrets, sent, _password(sent)))
    error = of_status(answer.host, answer.request.what, answer.status, stated)
    error.answered = True
    if answer.status in _PAUSES:
        after = answer.header("retry-after")
        error.pause = parse_retry_after(after, datetime.now(UTC)) if after else stated_pause(stated)
        error.host = answer.host
    return error
