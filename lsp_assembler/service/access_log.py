"""The service's log: a line for each event and for each request.

Those of requests are written beside the event loop: a terminal that is slow must delay no answer.
"""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from lsp_assembler.service.app import Exchange
from lsp_assembler.text import shortened, visible

_MOST_WAITING = 10_000  # lines
_PAUSE = 0.1  # seconds in which lines gather
_PROBES = ("alive", "ready", "metrics")
_LONGEST = 200  # characters of a path
_OK = 200
_BAD = 400


class LogFormat(StrEnum):
    """How the service logs."""

    TEXT = "text"
    JSON = "json"


class Level(StrEnum):
    """How much an event matters to an operator."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def event(form: LogFormat, text: str, level: Level = Level.INFO) -> str:
    """The line of what has happened just now, e.g. "2026-11-26T05:06:59.790Z serving 2 start points…".

    Args:
        text: its lines become one.
    """
    when, message = _time(time.time()), "; ".join(line.strip() for line in text.splitlines())
    if form is LogFormat.JSON:
        return json.dumps({"time": when, "level": level, "message": message})
    return f"{when} {message}"


class _Entry(Struct, frozen=True):
    """What is logged of an exchange. Not all of it: a log that nobody reads must not fill the memory."""

    when: float
    client: str
    method: str
    path: str
    status: int
    size: int
    seconds: float
    error: str


class AccessLog:
    """Takes exchanges from the event loop and writes them in a thread of its own.

    Args:
        say: writes whole lines, without the last line feed.
    """

    def __init__(self, form: LogFormat, say: Callable[[str], None]) -> None:
        self._line = _json if form is LogFormat.JSON else _text
        self._say = say
        self._waiting: list[_Entry] = []
        self._lost = 0
        self._probed = dict.fromkeys(_PROBES, _OK)  # the status that each probe got last
        self._form = form
        self._writing = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def __call__(self, exchange: Exchange) -> None:
        """Take one. A probe, or a scrape of the metrics, is worth a line only if the status changes."""
        path, status = exchange.request.path, exchange.answer.status
        if path in _PROBES:
            before, self._probed[path] = self._probed[path], status
            if status == before:
                return
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(_entry(exchange))
        else:
            self._lost += 1

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            found, self._waiting = self._waiting, []
            lost, self._lost = self._lost, 0
            lines = [self._line(entry) for entry in found]
            if lost:
                text = f"{lost:,} requests more were answered than this log could take"
                lines.append(event(self._form, text, Level.WARNING))
            if lines:
                self._say("\n".join(lines))

    def _run(self) -> None:
        while True:
            time.sleep(_PAUSE)
            self.flush()


def _entry(exchange: Exchange) -> _Entry:
    request, answer = exchange.request, exchange.answer
    return _Entry(
        time.time(),
        request.client,
        request.method,
        shortened(f"/{request.path}", _LONGEST),
        answer.status,
        len(answer.body) if request.method != "HEAD" else 0,
        exchange.seconds,
        shortened(exchange.error, _LONGEST),
    )


def _text(entry: _Entry) -> str:
    error = f" {visible(entry.error)}" if entry.error else ""
    return (
        f"{_time(entry.when)} {entry.client} {entry.method} {visible(entry.path)} {entry.status} "
        f"{entry.size} B {entry.seconds * 1000:.1f} ms{error}"
    )


def _json(entry: _Entry) -> str:
    fields = {
        "time": _time(entry.when),
        "level": Level.INFO if entry.status < _BAD else Level.WARNING,
        "client": entry.client,
        "method": entry.method,
        "path": entry.path,
        "status": entry.status,
        "bytes": entry.size,
        "milliseconds": round(entry.seconds * 1000, 3),
        "error": entry.error or None,
    }
    return json.dumps(fields)


def _time(when: float) -> str:
    return f"{_second(int(when))}.{int(when * 1000) % 1000:03}Z"


@lru_cache(maxsize=1)
def _second(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S")
