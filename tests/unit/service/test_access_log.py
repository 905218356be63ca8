"""What is logged of a request."""

import json
import re
import sys
import threading

from lsp_assembler.service.access_log import AccessLog, Level, LogFormat, event
from lsp_assembler.service.answer import Answer
from lsp_assembler.service.app import Exchange, Request

_LOST = re.compile(r"Z ([\d,]+) requests more were answered than this log could take$")


def exchange(path: str, status: int = 200, error: str = "") -> Exchange:
    request = Request("GET", path, b"", {}, b"", "127.0.0.1")
    return Exchange(request, Answer(b"{}", status), 0.0012, error)


def logged(form: LogFormat, *exchanges: Exchange) -> list[str]:
    said: list[str] = []
    log = AccessLog(form, said.append)
    for each in exchanges:
        log(each)
    log.flush()
    return "\n".join(said).splitlines()


def test_a_line_of_text() -> None:
    [line] = logged(LogFormat.TEXT, exchange("a\x1b[31mb", 400, "ClientError json:malformed"))
    assert line.partition("Z ")[2] == (r"127.0.0.1 GET /a\x1b[31mb 400 2 B 1.2 ms ClientError json:malformed")


def test_a_line_of_json() -> None:
    [line] = logged(LogFormat.JSON, exchange("names"))
    found = json.loads(line)
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "info",
        "client": "127.0.0.1",
        "method": "GET",
        "path": "/names",
        "status": 200,
        "bytes": 2,
        "milliseconds": 1.2,
        "error": None,
    }


def test_probes_and_scrapes_are_logged_when_their_status_changes() -> None:
    asked = [
        ("ready", 200),
        ("alive", 200),
        ("metrics", 200),
        *[("ready", 503), ("metrics", 200)] * 3,
        ("ready", 200),
    ]
    lines = logged(LogFormat.JSON, *[exchange(path, status) for path, status in asked])
    assert [(each["status"], each["level"]) for each in map(json.loads, lines)] == [
        (503, "warning"),
        (200, "info"),
    ]


def test_an_event_is_one_line() -> None:
    text = "the newest list is not served, because a: one\n  b: two"
    found = json.loads(event(LogFormat.JSON, text, Level.WARNING))
    assert found.pop("time").endswith("Z")
    assert found == {"level": "warning", "message": "the newest list is not served, because a: one; b: two"}
    assert event(LogFormat.TEXT, text).partition("Z ")[2] == found["message"]


def test_a_log_that_nobody_reads_keeps_no_requests() -> None:
    is_stuck, is_read = threading.Event(), threading.Event()

    def say(_: str) -> None:
        is_stuck.set()
        is_read.wait()

    log = AccessLog(LogFormat.TEXT, say)
    log(exchange("names"))
    assert is_stuck.wait(60)
    large = exchange("names")
    before = sys.getrefcount(large), sys.getrefcount(large.request), sys.getrefcount(large.answer)
    log(large)
    assert before == (sys.getrefcount(large), sys.getrefcount(large.request), sys.getrefcount(large.answer))
    is_read.set()


def test_what_is_too_much_is_counted() -> None:
    lines = logged(LogFormat.TEXT, *[exchange("names")] * 30_000)
    lost = [int(match[1].replace(",", "")) for match in map(_LOST.search, lines) if match]
    assert len(lines) - len(lost) + sum(lost) == 30_000
