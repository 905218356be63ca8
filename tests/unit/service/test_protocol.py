"""The patience of the service, on real sockets, at times of our choosing."""

import asyncio
import socket

import pytest

from lsp_assembler.service.app import Parts, Service
from lsp_assembler.service.connections import Connections, most_connections
from lsp_assembler.service.protocol import SECONDS_IDLE, SECONDS_TO_ASK, SECONDS_TO_PART, Connection
from tests.unit.service.served import kept, point

GET = b"GET /names HTTP/1.1\r\n\r\n"


async def answered(sent: bytes, later: float, expected: bytes) -> bytes:
    """What a client gets that sends this and is looked at so many seconds later; it ends as expected."""
    loop = asyncio.get_running_loop()
    connections = Connections(Service(kept(point("0", "A")), Parts()).answer)
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    _, protocol = await loop.connect_accepted_socket(lambda: Connection(connections), ours)
    await loop.sock_sendall(theirs, sent)
    got = b""
    if expected:
        while expected not in got:
            got += await loop.sock_recv(theirs, 65536)
    else:
        await asyncio.sleep(0.05)
    connections.sweep(loop.time() + later)
    try:
        while rest := theirs.recv(65536):
            got += rest
        assert not protocol.transport.is_closing(), "the client may still be sending, and closes first"
        connections.sweep(loop.time() + SECONDS_TO_PART + 1)
        assert protocol.transport.is_closing(), "one that does not is given up"
    except BlockingIOError:
        got += b"still open"
    protocol.transport.abort()
    await asyncio.sleep(0)
    theirs.close()
    return got


@pytest.mark.parametrize(
    "sent", [b"", GET[:9], GET + GET[:9], b"POST /x HTTP/1.1\r\ncontent-length: 9\r\n\r\n{"]
)
def test_a_request_that_takes_too_long_is_given_up(sent: bytes) -> None:
    expected = b'{"names":["A"]}' if sent.startswith(GET) else b""
    assert asyncio.run(answered(sent, SECONDS_TO_ASK - 5, expected)).endswith(b"still open")
    found = asyncio.run(answered(sent, SECONDS_TO_ASK + 1, expected))
    assert b"HTTP/1.1 408 Request Timeout\r\n" in found
    assert b'"message": "http:too slow"' in found


def test_a_connection_may_idle_between_requests() -> None:
    names = b'{"names":["A"]}'
    assert asyncio.run(answered(GET, SECONDS_IDLE - 5, names)).endswith(b"still open")
    assert asyncio.run(answered(GET, SECONDS_IDLE + 1, names)).endswith(names)


def test_there_is_a_bound_to_connections() -> None:
    assert 0 < most_connections() <= 1000
