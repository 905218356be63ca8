"""An answer: its bytes, made once, and the headers that go with them."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus

from msgspec import Struct

Headers = tuple[tuple[bytes, bytes], ...]

JSON = b"application/json"
HTML = b"text/html; charset=utf-8"
_WORTH_IT = 1024  # bytes: what is shorter fits into one packet anyway
_LEVEL = 9


class Answer(Struct, frozen=True, dict=True):
    """What is sent for a request.

    Args:
        status: e.g. 200.
        body: e.g. b'{"alive?":true}'.
        content_type: e.g. b"application/json".
        more: further headers.
    """

    body: bytes
    status: int = 200
    content_type: bytes = JSON
    more: Headers = ()

    @cached_property
    def head(self) -> bytes:
        """The status and all headers, as they are sent; without the empty line at the end."""
        headers = [(b"content-type", self.content_type), *self.more]
        if self.status != HTTPStatus.NOT_MODIFIED:  # whose length would have to be that of what is not sent
            headers.append((b"content-length", b"%d" % len(self.body)))
        status = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode()
        return status + b"".join(b"%b: %b\r\n" % header for header in headers)


class Prepared(Struct, frozen=True, dict=True):
    """An answer that many ask for: a client that has it gets none of it again, and others may get less.

    Args:
        body: as in `Answer`, and so is content_type.
    """

    body: bytes
    content_type: bytes = JSON
    more: Headers = ()

    def answer(self, headers: Mapping[bytes, bytes]) -> Answer:
        """What to send for a GET.

        Args:
            headers: of the request, their names in lower case.
        """
        gzipped = len(self.body) > _WORTH_IT and accepts(headers.get(b"accept-encoding", b""), b"gzip")
        chosen = self._gzipped if gzipped else self._plain
        known = headers.get(b"if-none-match")
        if known is not None and _is_known(known, self._etag):
            return self._unchanged
        return chosen

    @cached_property
    def _etag(self) -> bytes:
        return hashlib.sha256(self.body).hexdigest()[:32].encode()

    @cached_property
    def _plain(self) -> Answer:
        return Answer(self.body, content_type=self.content_type, more=self._caching)

    @cached_property
    def _gzipped(self) -> Answer:
        body = gzip.compress(self.body, _LEVEL, mtime=0)
        more = ((b"content-encoding", b"gzip"), *self._caching)
        return Answer(body, content_type=self.content_type, more=more)

    @cached_property
    def _unchanged(self) -> Answer:
        return Answer(b"", 304, self.content_type, self._caching)

    @cached_property
    def _caching(self) -> Headers:
        # A weak tag says the same of the plain bytes and of the gzipped ones, which differ.
        headers = (b"etag", b'W/"' + self._etag + b'"'), (b"vary", b"accept, accept-encoding")
        return (*headers, (b"cache-control", b"no-cache"), *self.more)


def headers_of_page(content_policy: bytes) -> Headers:
    """The headers of a page that holds what strangers say.

    Args:
        content_policy: under which nothing of theirs runs.
    """
    return (
        (b"content-security-policy", content_policy),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    )


def accepts(header: bytes, wanted: bytes) -> bool:
    """Whether a header that lists what a client takes, with weights, has one thing.

    E.g. b"gzip, br" has b"gzip", and b"gzip;q=0" has not.
    """
    if wanted not in header.lower():
        return False
    for item in header.lower().split(b","):
        name, _, parameters = item.partition(b";")
        if name.strip() == wanted:
            weight = parameters.replace(b" ", b"").partition(b"q=")[2]
            return not weight or weight.strip(b"0.") != b""
    return False


def _is_known(header: bytes, etag: bytes) -> bool:
    return header.strip() == b"*" or b'"' + etag + b'"' in header
