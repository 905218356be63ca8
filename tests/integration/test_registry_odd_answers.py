"""Whatever a server answers, it ends in a hint that is ignored or in a clear error, and hides no other."""

import json
import re
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from lsp_assembler.oci.documents import OCI_MANIFEST, digest_of
from tests.fakes.raw import RawServer, request_from, target_of
from tests.integration.support import NO_ENGINE, Tool, start_point
from tests.services import layer

LAYER = layer(start_point("Java"))
HUGE, LONG = b"9" * 400, b"9" * 5000
NUMBERS = [b"-1", HUGE, LONG, b"1e999", b"NaN", b"-Infinity", b"true", b"null", b'"5"', b"1.5", b"[]", b"{}"]
DATES = [
    b"Sat, 21 Nov 2026 12:00:30 +999999999999",
    b"Sat, 01 Jan 0001 00:00:00 +2359",
    b"Fri, 31 Dec 9999 23:59:59 -2359",
    b"Sat, 21 Nov 2026 99:99:99 GMT",
    b"0 0 0 0 0",
    *(b"-1", HUGE, LONG, b"1e99h", b"\xb2", b"\xff\xfe", b"\x00", b""),
]
DOCUMENTS = [b"", b"null", b"5", b"[]", b"{}", b"[" * 100_000, b'{"a":' * 50_000, b"\xff", b"\xef\xbb\xbf{}"]
ADDRESSES = [
    *(b"//", b"http://", b"http://[::1", b"http://h:99999/", b"\xff\xfe", b"http://\xc3\xbc/", b"ftp://x/"),
    *(
        b"http://u:p@127.0.0.1:1/",
        b"http:///x",
        b"http://{}^`|/",
        b"http://[v1.x]/",
        b"x" * 50_000,
        b"a" * 300,
    ),
]
CHALLENGES = [
    *(b"", b"Bearer", b"Bearer realm", b'Bearer realm=""', b"Bearer " + b"a=b," * 5000, b'"' * 5000),
    *(b'Bearer realm="' + address + b'"' for address in ADDRESSES),
]
LINKS = [
    *(b"<", b'<>; rel="next"', b";" * 5000, b"<a>;" + b" " * 8000 + b"x", b'<a>;b="' + b"\\" * 8000),
    *(b"<" + address + b'>; rel="next"' for address in ADDRESSES),
]
HEADERS = [
    *(b"no colon", b": empty", b"\xff: \xff", b"X: " + b"y" * 200_000, b"Content-Encoding: gzip"),
    *(b"Content-Length: " + number for number in (b"-5", HUGE, b"x", b"1, 2")),
    *(b"RateLimit-Remaining: " + number for number in (LONG, b"-1", b"\xb2", b"1e9;w=x")),
    *(b"Docker-Content-Digest: " + digest for digest in (b"x", b"\xff", b"sha256:" + b"0" * 64)),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", b"Content-Type: \xff"),
]
STATUSES = [
    b"",
    b"0",
    b"99 x",
    b"100 x",
    b"101 x",
    b"204 x",
    b"206 x",
    b"304 x",
    b"999 x",
    b"-1",
    b"2e2 x",
    LONG,
]
RAW = [
    *(
        b"",
        b"\r\n",
        b"\x00",
        b"this is HTTP/0.9",
        b"SSH-2.0-x\r\n",
        b"HTTP/3.7 200 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
    ),
    b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nHTTP/1.1 500 x\r\nno\r\n\r\n",
]


def answer(status: bytes = b"200 OK", body: bytes = b"", *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body), b"", b""]
    return b"\r\n".join(lines) + body


def manifest(**size: bytes) -> bytes:
    """The manifest of an artifact that is a start point, with these sizes in place of the true ones."""
    text = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": "x", "digest": digest_of(b"{}"), "size": "CONFIG"},
        "layers": [{"mediaType": "x", "digest": digest_of(LAYER), "size": "LAYER"}],
    }
    data = json.dumps(text).encode()
    data = data.replace(b'"CONFIG"', size.get("config", b"2"))
    return data.replace(b'"LAYER"', size.get("layer", b"%d" % len(LAYER)))


TYPE = b"Content-Type: " + OCI_MANIFEST.encode()
MANIFESTS = [
    *RAW,
    *(answer(status) for status in STATUSES),
    *(answer(b"200 OK", document, TYPE) for document in DOCUMENTS),
    *(answer(b"500 x", document) for document in DOCUMENTS),
    *(answer(b"401 x", b"", b"WWW-Authenticate: " + challenge) for challenge in CHALLENGES),
    *(answer(b"307 x", b"", b"Location: " + address) for address in ADDRESSES),
    *(answer(b"200 OK", manifest(config=number), TYPE) for number in NUMBERS),
    *(answer(b"200 OK", manifest(layer=number), TYPE) for number in NUMBERS),
    *(answer(b"200 OK", manifest(), TYPE, header) for header in HEADERS),
]
PAUSES = [
    *(answer(b"429 x", b"", b"Retry-After: " + date) for date in DATES),
    *(answer(b"503 x", b"", b"Retry-After: " + date) for date in DATES),
    answer(b"429 x", b'{"errors":[{"message":"retry-after: 1e99h"}]}'),
]
TAGS = [
    *(answer(b"200 OK", b'{"tags":["LSP"]}', b"Link: " + link) for link in LINKS),
    *(answer(b"200 OK", b'{"tags":' + number + b"}") for number in NUMBERS),
]
TOKENS = [
    *(b'{"token":"t","expires_in":' + number + b"}" for number in NUMBERS),
    *(b'{"token":' + token + b"}" for token in (*NUMBERS, b'"\\ud800"', b'"a\\nb"')),
    *DOCUMENTS,
]


class OddRegistry:
    """Gives to each repository, by its number, its own answer; behind a token where it has one."""

    def __init__(self, answers: Mapping[int, bytes], tokens: Mapping[int, bytes] | None = None) -> None:
        self.answers = answers
        self.tokens = tokens or {}

    def serve(self, connection: socket.socket, request: bytes) -> None:
        connection.settimeout(5.0)
        while request:
            target = target_of(request)
            number = int(re.findall(r"odd(\d+)|$", target)[0] or 0)
            if target.startswith("/token"):
                connection.sendall(answer(b"200 OK", self.tokens[number]))
            elif "/blobs/" in target:
                connection.sendall(answer(b"200 OK", LAYER))
            elif number in self.tokens and b"Authorization: Bearer" not in request:
                port = connection.getsockname()[1]
                realm = b'Bearer realm="http://127.0.0.1:%d/token/odd%d"' % (port, number)
                connection.sendall(answer(b"401 x", b"", b"WWW-Authenticate: " + realm))
            else:
                return connection.sendall(self.answers[number])
            request = request_from(connection)
        return None


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


def names(server: RawServer, count: int) -> list[str]:
    return [f"{server.netloc}/odd{number}:LSP" for number in range(count)]


def test_images(tool: Tool) -> None:
    answers = dict(enumerate([*MANIFESTS, answer(b"200 OK", manifest(), TYPE)]))
    with RawServer(OddRegistry(answers).serve) as server:
        run = tool.run("check", "--patience", "3", "--format", "json", *names(server, len(answers)))
    assert run.status == 3, run.output
    assert "Traceback" not in run.output
    failed = {failure["index"] for failure in run.json["failures"]}
    assert len(failed) > 0.8 * len(MANIFESTS)
    assert all(len(failure["message"]) < 2000 for failure in run.json["failures"])
    good = [failure for failure in run.json["failures"] if failure["index"] == len(MANIFESTS)]
    assert not good
    assert run.json["start_points"][-1]["manifests"][0]["display_name"] == "Java"


def test_pauses(tool: Tool) -> None:
    answers = dict(enumerate(PAUSES))
    with RawServer(OddRegistry(answers).serve) as server:
        run = tool.run("check", "--patience", "1", "--format", "json", *names(server, len(answers)))
    assert run.status == 3, run.output
    assert "Traceback" not in run.output
    assert {failure["kind"] for failure in run.json["failures"]} == {"unavailable"}
    assert len(run.json["failures"]) == len(PAUSES)


@pytest.mark.parametrize("number", range(len(TOKENS)))
def test_tokens(tool: Tool, number: int) -> None:
    answers = {0: answer(b"200 OK", manifest(), TYPE)}
    with RawServer(OddRegistry(answers, {0: TOKENS[number]}).serve) as server:
        run = tool.run("check", "--patience", "1", *names(server, 1))
    is_token = number < len(NUMBERS) and NUMBERS[number] != LONG  # Python reads no number of 5000 digits
    assert run.status == (0 if is_token or TOKENS[number] == b'{"token":"5"}' else 3), run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("number", range(len(TAGS)))
def test_tags(tool: Tool, number: int) -> None:
    with RawServer(OddRegistry({0: TAGS[number]}).serve) as server:
        run = tool.run("tags", "--patience", "1", f"{server.netloc}/odd0")
    assert run.status in (0, 3), run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("number", NUMBERS)
def test_base_of_an_odd_size(tool: Tool, number: bytes) -> None:
    answers = {0: answer(b"200 OK", manifest(layer=number), TYPE), 1: answer(b"404 x")}
    with RawServer(OddRegistry(answers).serve) as server:
        base, target = f"{server.netloc}/odd0:LSP", f"{server.netloc}/odd1:1"
        options = ("--patience", "1", "--to", "registry", "--base", base, "--tag", target)
        run = tool.run("build", *options, base)
    assert run.status in (3, 5), run.output
    assert "Traceback" not in run.output
