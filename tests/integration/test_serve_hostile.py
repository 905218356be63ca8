"""`serve` and clients that mean it no good: the documented error, never a traceback, never a hang."""

import contextlib
import http.client
import io
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.integration.serving import Serving, copied, read_all
from tests.integration.support import NO_ENGINE, Tool

REPOS = ROOT / "tests/cases/service/pairs/repos"
LARGE = 16 * 1024 + 1
TOO_LARGE = (413, "ClientError", "body:too large")
NO_HTTP = (400, "ClientError", "http:malformed")
LARGE_HEAD = (431, "ClientError", "http:headers too large")
CHUNKED = b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
UNKNOWN = (400, "ClientError", "json:malformed")
NESTED = (500, "JSON::NestingError", "nesting of 101 is too deep")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One for all: whatever a test does to it, the next is answered, and nothing says that there is a bug."""
    with Serving(Tool(tmp_path_factory.mktemp("hostile"), NO_ENGINE), REPOS) as serving:
        yield serving
        assert serving.ask("/names").status == 200
        assert "Traceback" not in serving.said
        assert "bug" not in serving.said
        assert "WebSocket" not in serving.said


def answers(data: bytes) -> list[Any]:
    """The answers in what a connection sent: the status, with what is JSON in the body."""
    found = []
    stream = io.BytesIO(data)

    class Connection:
        def makefile(self, *_: object) -> io.BytesIO:
            return stream

    while stream.tell() < len(data):
        answer = http.client.HTTPResponse(Connection())  # type: ignore[arg-type]  # it only makes a file
        stream.close = lambda: None  # type: ignore[method-assign]  # which an answer does at its end
        answer.begin()
        found.append((answer.status, json.loads(answer.read())))
    return found


def errors(data: bytes) -> list[tuple[int, str, str]]:
    return [
        (status, found["exception"]["class"], found["exception"]["message"])
        for status, found in answers(data)
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"x" * LARGE, TOO_LARGE),
        (b" " * 30_000_000, TOO_LARGE),
        (b"[" * (LARGE - 1), NESTED),
        (b'{"a":' * 3_000, NESTED),
        (b'{"name":"\xff"}', (500, "JSON::ParserError", "source sequence is illegal/malformed utf-8")),
        (b'"' + b"\\" * (LARGE - 3) + b'"', UNKNOWN),
        (b"/*" * 8_000, (500, "JSON::ParserError", "expected")),
    ],
    ids=["a byte too many", "30 MB", "lists", "objects", "no UTF-8", "backslashes", "comments"],
)
def test_bodies(serving: Serving, body: bytes, error: tuple[int, str, str]) -> None:
    before = serving.memory
    found = serving.ask("/manifest", body).error
    assert found[:2] == error[:2]
    assert error[2] in found[2]
    assert serving.memory < before + 10


def test_a_body_without_end(serving: Serving) -> None:
    chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
    with serving.connect() as connection:
        connection.sendall(b"GET /names HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + chunk * 4)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"hello\r\n\r\n", NO_HTTP),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", NO_HTTP),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NO_HTTP),
        (b"FOO /names HTTP/1.1\r\n\r\n", NO_HTTP),
        (b"GET /nam\x00es HTTP/1.1\r\n\r\n", NO_HTTP),
        (b"GET /\xff HTTP/1.1\r\n\r\n", NO_HTTP),
        (b"GET names HTTP/1.1\r\n\r\n", NO_HTTP),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", UNKNOWN),
        (b"GET /names HTTP/1.1\r\nno colon\r\n\r\n", NO_HTTP),
        (b"GET /names HTTP/1.1\r\ncontent-length: -1\r\n\r\n", NO_HTTP),
        (b"GET /names HTTP/1.1\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}", NO_HTTP),
        (
            b"POST /x HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /sha",
            NO_HTTP,
        ),
        (b"GET /names HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", NO_HTTP),
        (b"GET /" + b"a" * 40_000, LARGE_HEAD),
        (b"GET /x HTTP/1.1\r\n" + b"a: b\r\n" * 9_000, LARGE_HEAD),
        (b"GET /x HTTP/1.1\r\n" + b"a: b\r\n" * 6_000 + b"\r\n", LARGE_HEAD),
        (b"GET /x HTTP/1.1\r\na: " + b"b" * 3_000_000, LARGE_HEAD),
        (CHUNKED + b"0\r\n" + b"a: b\r\n" * 9_000, LARGE_HEAD),
        (CHUNKED + b"0;" + b"a" * 3_000_000, LARGE_HEAD),
        (b"CONNECT /sha HTTP/1.1\r\n\r\n", NO_HTTP),
        (b"POST /x HTTP/1.0\r\ncontent-length: 9000000\r\n\r\n" + b"x" * 9_000_000, TOO_LARGE),
    ],
)
def test_what_is_no_http(serving: Serving, data: bytes, error: tuple[int, str, str]) -> None:
    assert errors(serving.raw(data)) == [error]


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/names", "//names", "/names/", "/./names", "/names\\", "/names%00", "/{}"],
)
def test_paths_are_names_and_nothing_else(serving: Serving, path: str) -> None:
    data = serving.raw(f"GET {path} HTTP/1.1\r\nconnection: close\r\n\r\n".encode())
    [(status, found)] = answers(data)
    assert (status, found["exception"]["path"]) == (400, path[1:])


def test_an_upgrade_is_declined(serving: Serving) -> None:
    for protocol in ("websocket", "h2c"):
        head = f"GET /sha HTTP/1.1\r\nconnection: upgrade\r\nupgrade: {protocol}\r\n\r\n"
        with serving.connect() as connection:
            connection.sendall(head.encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "body", [b"content-length: 22\r\n\r\n%b", b"transfer-encoding: chunked\r\n\r\n16\r\n%b\r\n0\r\n\r\n"]
)
def test_the_body_of_an_upgrade_is_no_request(serving: Serving, body: bytes) -> None:
    head = b"POST /manifest HTTP/1.1\r\nconnection: close\r\nconnection: upgrade\r\nupgrade: h2c\r\n"
    [(status, found)] = answers(serving.raw(head + body % b'{"name":"Java, JUnit"}'))
    assert (status, found["manifest"]["display_name"]) == (200, "Java, JUnit")
    assert len(answers(serving.raw(head + body % b"GET /sha HTTP/1.1\r\n\r\n\n"))) == 1


def test_who_asks_for_a_head_gets_no_body(serving: Serving) -> None:
    for path in (b"/x", b"/\xff", b"/" + b"a" * 40_000):
        data = serving.raw(b"HEAD %b HTTP/1.1\r\nconnection: close\r\n\r\n" % path)
        assert data.startswith(b"HTTP/1.1 4")
        assert data.endswith(b"\r\n\r\n")


def test_headers_behind_a_body_mean_nothing(serving: Serving) -> None:
    data = serving.raw(CHUNKED + b"0\r\naccept: text/html\r\n\r\n")
    assert errors(data) == [UNKNOWN]


def test_a_client_of_http_1_0_hears_nothing_of_100(serving: Serving) -> None:
    ask = b"GET /sha HTTP/%b\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}"
    assert serving.raw(ask % b"1.1").startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert serving.raw(ask % b"1.0").startswith(b"HTTP/1.1 200 OK\r\n")


def test_refused_bodies_are_forgotten(serving: Serving) -> None:
    before = serving.memory
    ask = b"POST /x HTTP/1.1\r\ncontent-length: 16002\r\n\r\n" + b'"' + b"x" * 16_000 + b'"'
    assert errors(serving.raw(ask * 100)) == [UNKNOWN] * 100
    for _ in range(16):
        serving.raw(ask * 100)
    assert serving.memory < before + 15


def test_requests_that_do_not_wait_are_answered_in_their_order(serving: Serving) -> None:
    ask = b"GET /%b HTTP/1.1\r\n\r\n"
    data = b"".join(ask % path for path in [b"alive", b"sha", b"x"] * 20) + b"garbage\r\n\r\n"
    found = answers(serving.raw(data))
    assert [next(iter(body)) for _, body in found] == ["alive?", "sha", "exception"] * 20 + ["exception"]
    assert found[-1][1]["exception"]["message"] == "http:malformed"


def test_far_too_many_requests_that_do_not_wait(serving: Serving) -> None:
    before = serving.memory
    with serving.connect() as connection, contextlib.suppress(OSError):
        connection.sendall(b"GET /manifests HTTP/1.1\r\n\r\n" * 100_000)
    assert serving.ask("/alive").json == {"alive?": True}
    assert serving.memory < before + 30


def test_two_hundred_slow_clients_do_not_keep_a_probe(serving: Serving) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(200):
            connection = stack.enter_context(serving.connect())
            head = b"GET /manifests HTTP/1.1\r\ncontent-length: 9\r\n\r\n{"
            connection.sendall(head[: number % len(head)])
        assert serving.ask("/ready").json == {"ready?": True}


def test_it_stops_at_once_whatever_clients_do(tmp_path: Path) -> None:
    repos = copied(REPOS, tmp_path / "repos")
    (repos / "0/start_point/readme.txt").write_text("x" * 1_000_000, encoding="utf-8")
    with Serving(Tool(tmp_path, NO_ENGINE), "./repos") as serving, contextlib.ExitStack() as stack:
        idle, half, deaf = (stack.enter_context(serving.connect()) for _ in range(3))
        idle.sendall(b"GET /sha HTTP/1.1\r\n\r\n")
        while b"null" not in idle.recv(65536):
            pass
        half.sendall(b"GET /sha HTTP/1.1\r\ncontent-length: 9\r\n\r\n{")
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(b"GET /manifests HTTP/1.1\r\n\r\n" * 20)
        assert serving.ask("/ready").status == 200
        began = time.monotonic()
        done = serving.stop()
        assert done.status == 0
        assert time.monotonic() - began < 10  # 2 on a machine that has nothing else to do
        assert read_all(idle) == b""


def test_text_of_strangers_is_text_on_a_page(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"'\x1b[31m\u202e"
    repos = copied(REPOS, tmp_path / "repos")
    path = repos / "10/b/manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest |= {"visible_filenames": [hostile.replace("/", "\\")], "image_name": hostile}
    manifest |= {"language": [hostile, hostile]}
    (repos / "10/b" / manifest["visible_filenames"][0]).write_text(hostile, encoding="utf-8")
    path.write_text(json.dumps(manifest), encoding="utf-8")
    shas = (repos / "shas.txt").read_text("utf-8").replace("https://example.org", "javascript://example.org")
    (repos / "shas.txt").write_text(shas, encoding="utf-8")
    with Serving(Tool(tmp_path, NO_ENGINE), "./repos") as serving:
        name = next(name for name in serving.ask("/names").json["names"] if "alert" in name)
        query = "".join(f"%{byte:02x}" for byte in name.encode())
        for address in ("/", f"/?name={query}", f"/?q={query}", f"/?name={query}x"):
            reply = serving.ask(address, headers={"accept": "text/html"})
            page = reply.body.decode()
            assert page.count("<script>") == 1, "its own"
            assert "javascript:" not in page
            assert "script-src 'sha256-" in reply.headers["content-security-policy"]
            assert "\u202e" not in page.partition("<pre")[0] or "?q=" in address
