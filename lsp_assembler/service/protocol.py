"""HTTP/1.1 on one connection, with bounds on what a client may take of time and memory.

llhttp takes requests apart, as it does for Node.js. Answers come from memory, so a request that has arrived
is answered at once, and no answer has to wait for another.
"""

import asyncio
from collections import deque

import httptools

from lsp_assembler.service.app import MAX_BODY, Request
from lsp_assembler.service.connections import Connections, most_connections
from lsp_assembler.service.errors import CLIENT, RequestError

SECONDS_TO_ASK = 10.0
"""How long a request may take to arrive, and a new connection to send one."""
SECONDS_IDLE = 75.0
"""How long a connection may wait for its next request; longer than a load balancer keeps one."""
SECONDS_TO_PART = 5.0
"""How long a client may take to close after our last word."""

_SECONDS_TO_READ = 30  # without any progress, until a client is given up that does not read its answer
_MAX_HEAD = 32 * 1024  # bytes of the address and all headers, those behind a body included
_HEADER = 4  # bytes of one beside its name and value
_MAX_AHEAD = 128  # requests that were sent without waiting for answers
_LARGE = 64 * 1024  # bytes: more than is worth copying behind a head

_VERSION = "1.1"
_MALFORMED = RequestError(400, CLIENT, "http:malformed")
_LARGE_HEAD = RequestError(431, CLIENT, "http:headers too large")
_LATE = RequestError(408, CLIENT, "http:too slow")

_KEEP, _CLOSE = b"\r\n", b"connection: close\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """One connection. What breaks a bound is answered and closed; `sweep` looks at the time."""

    transport: asyncio.Transport

    def __init__(self, connections: Connections) -> None:
        self._all = connections
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._client = "-"
        self.since = self._loop.time()  # when what we wait for began
        self._is_asking = False  # whether a request has begun to arrive
        self._is_idle = False  # whether one was answered, and none has begun since
        self._head = 0  # bytes of address and headers that were understood
        self._raw = 0  # bytes since the last of a body or of a request
        self._is_in_head = True
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body = bytearray()
        self._is_refused = False  # whether the request that arrives was answered before it was there
        self._is_blocked = False  # whether the client does not read what it gets
        self._waiting: deque[tuple[Request, bool]] = deque()  # until it does; and whether each is the last
        self._unread = 0  # bytes of answers that the client did not read, when last looked at
        self._unread_for = 0  # sweeps
        self._last_words = b""  # sent when all answers are
        self._is_over = False  # whether nothing more is taken from the client
        self._is_mute = False  # whether it has said that it sends no more
        self._is_parted = False  # whether it has our last word

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # what it is
        """A client has come. If there are too many, the one goes that has let us wait longest."""
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self._client = peer[0] if isinstance(peer, tuple) else "-"  # one that is gone already
        self._all.open.add(self)
        if len(self._all.open) > most_connections():
            min(self._all.open, key=lambda each: each.since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """It is closed."""
        self._all.open.discard(self)
        self._all.look()
        self._waiting.clear()
        self._is_over = True
        del self._parser  # which refers back to this

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._is_over:
            return
        self._raw += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse(_MALFORMED)
        if self._raw > _MAX_HEAD:
            self._refuse(_LARGE_HEAD)

    def eof_received(self) -> bool:
        """The client sends no more; whether there is something that it still gets."""
        self._is_over = self._is_mute = True
        return bool(self._waiting)

    def pause_writing(self) -> None:
        """The client does not read what it gets, so it is asked for no more."""
        self._is_blocked = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has read."""
        self._is_blocked = False
        while self._waiting and not self._is_blocked:
            request, is_last = self._waiting.popleft()
            self._reply(request, is_last=is_last)
        self._close_if_over()
        if not self._is_blocked and not self.transport.is_closing():
            self.transport.resume_reading()

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._is_idle:
            self.since = self._loop.time()
        self._is_asking, self._is_idle = True, False
        self._is_in_head, self._head = True, 0
        self._url, self._headers = b"", {}

    def on_url(self, url: bytes) -> None:
        """A part of the address has come."""
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come; one behind a body means nothing."""
        if self._is_in_head:
            name = name.lower()
            before = self._headers.get(name)
            self._headers[name] = value if before is None else b"%b, %b" % (before, value)
        self._count(len(name) + len(value) + _HEADER)

    def on_headers_complete(self) -> None:
        """The head of a request is there."""
        self._is_in_head = False
        if self._parser.should_upgrade():
            return
        expects = self._headers.get(b"expect", b"").lower() == b"100-continue"
        if expects and self._parser.get_http_version() == _VERSION and not (self._is_over or self._waiting):
            self.transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """A part of a body has come. One that is too large is answered at once, and its rest ignored."""
        self._raw = 0
        if self._is_refused:
            return
        self._body += body
        if len(self._body) > MAX_BODY:
            self._is_refused = True
            self._body = bytearray()
            self._take(is_whole=False)

    def on_message_complete(self) -> None:
        """A request is there."""
        if self._parser.should_upgrade():
            return
        self._raw = 0
        self._is_asking, self._is_idle, self.since = False, True, self._loop.time()
        if not self._is_refused:
            self._take(is_whole=True)
        self._is_refused = False

    def sweep(self, now: float) -> None:
        """Called each second: give up a client that is too slow."""
        unread = self.transport.get_write_buffer_size()
        self._unread_for = self._unread_for + 1 if unread and unread == self._unread else 0
        self._unread = unread
        if self._unread_for > _SECONDS_TO_READ:
            self.transport.abort()
        elif self._is_parted:
            if not unread and now - self.since > SECONDS_TO_PART:
                self.transport.abort()
        elif not unread and now - self.since > (SECONDS_IDLE if self._is_idle else SECONDS_TO_ASK):
            self._refuse(None if self._is_idle or self._is_refused else _LATE)

    def end(self) -> None:
        """Close, unless there is something to answer."""
        if not self._is_asking and not self._waiting:
            self.transport.close()

    def _feed(self, data: bytes) -> None:
        """Take requests apart. Whoever wants another protocol does not get it, and goes on with this one.

        Raises:
            httptools.HttpParserError: this is no HTTP.
        """
        rest = memoryview(data)
        while rest:
            try:
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                # What follows is of the other protocol to llhttp, and so a body would count as a request.
                head, self._parser = self._plain_head(), httptools.HttpRequestParser(self)
                self._parser.feed_data(head)
                rest = rest[upgrade.args[0] :]
            else:
                break

    def _plain_head(self) -> bytes:
        """The head of the request that arrives, without the wish for another protocol.

        Raises:
            httptools.HttpParserError: it is a CONNECT, which wishes for nothing else.
        """
        method, version = self._parser.get_method(), self._parser.get_http_version().encode()
        if method == b"CONNECT":
            raise httptools.HttpParserError
        headers = [b"%b: %b\r\n" % header for header in self._headers.items() if header[0] != b"upgrade"]
        return b"%b %b HTTP/%b\r\n%b\r\n" % (method, self._url, version, b"".join(headers))

    def _count(self, size: int) -> None:
        """Count bytes of the head."""
        self._head += size
        if self._head > _MAX_HEAD:
            self._refuse(_LARGE_HEAD)

    def _take(self, *, is_whole: bool) -> None:
        """Answer the request that has come, or remember it while the client does not read."""
        if self._is_over:
            return
        url = httptools.parse_url(self._url)
        request = Request(
            self._parser.get_method().decode(),
            (url.path or b"").decode("ascii", "replace")[1:],
            url.query or b"",
            self._headers,
            bytes(self._body),
            self._client,
            is_whole,
        )
        self._body.clear()
        is_last = self._all.is_ending or not self._is_kept()
        self._is_over = is_last
        if not self._is_blocked:
            self._reply(request, is_last=is_last)
        elif len(self._waiting) < _MAX_AHEAD:
            self._waiting.append((request, is_last))
        else:
            self._is_over = True
            self.transport.abort()

    def _is_kept(self) -> bool:
        """Whether the client wants to ask more on this connection."""
        return self._parser.get_http_version() == _VERSION and self._parser.should_keep_alive()

    def _reply(self, request: Request, *, is_last: bool) -> None:
        answer = self._all.answer(request)
        body = answer.body if request.method != "HEAD" else b""
        head = answer.head, self._all.date, _CLOSE if is_last else _KEEP
        if len(body) > _LARGE:
            self.transport.writelines((*head, body))
        else:
            self.transport.write(b"".join((*head, body)))
        self._close_if_over()

    def _refuse(self, error: RequestError | None) -> None:
        """Say why, after the answers that are under way, and close."""
        if not self._is_over:
            self._is_over = True
            if error:
                answer = error.answer("", "")
                is_head = self._is_asking and self._parser.get_method() == b"HEAD"
                body = b"" if is_head else answer.body
                self._last_words = b"".join((answer.head, self._all.date, _CLOSE, body))
            self._close_if_over()

    def _close_if_over(self) -> None:
        """Say that no more is coming, if that is all that is left to do, and wait for the client to close.

        Were it closed by us now, the system would tell a client that is still sending that all is lost, and
        so would take away an answer that it has not read yet.
        """
        if not self._is_over or self._waiting or self._is_parted or self.transport.is_closing():
            return
        self._is_parted, self.since = True, self._loop.time()
        if self._last_words:
            self.transport.write(self._last_words)
        if self._is_mute:
            self.transport.close()
        else:
            self.transport.write_eof()
