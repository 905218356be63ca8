"""A line for each request, written beside the event loop: a terminal that is slow must delay no answer."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from lsp_assembler.service.app import Exchange
from lsp_assembler.text import shortened, visible

_MOST_WAITING = 10_000  # lines
_PAUSE = 0.1  # seconds in which lines gather
_PROBES = ("alive", "ready")
_LONGEST = 200  # characters of a path
_OK = 200


class LogFormat(StrEnum):
    """How a request is logged."""

    TEXT = "text"
    JSON = "json"


class AccessLog:
    """Takes exchanges from the event loop and writes them in a thread of its own.

    Args:
        say: writes whole lines, without the last line feed.
    """

    def __init__(self, form: LogFormat, say: Callable[[str], None]) -> None:
        self._line = _json if form is LogFormat.JSON else _text
        self._say = say
        self._waiting: list[tuple[float, Exchange]] = []
        self._lost = 0
        self._writing = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def __call__(self, exchange: Exchange) -> None:
        """Take one. A probe that is answered well is not worth a line."""
        if exchange.answer.status == _OK and exchange.request.path in _PROBES:
            return
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append((time.time(), exchange))
        else:
            self._lost += 1

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            found, self._waiting = self._waiting, []
            lost, self._lost = self._lost, 0
            lines = [self._line(when, exchange) for when, exchange in found]
            if lost:
                lines.append(f"{lost:,} requests more were answered than this log could take")
            if lines:
                self._say("\n".join(lines))

    def _run(self) -> None:
        while True:
            time.sleep(_PAUSE)
            self.flush()


def _text(when: float, exchange: Exchange) -> str:
    request, answer = exchange.request, exchange.answer
    path = visible(shortened(f"/{request.path}", _LONGEST))
    error = f" {visible(shortened(exchange.error, _LONGEST))}" if exchange.error else ""
    size = len(answer.body) if request.method != "HEAD" else 0
    return (
        f"{_time(when)} {request.client} {request.method} {path} {answer.status} {size} B "
        f"{exchange.seconds * 1000:.1f} ms{error}"
    )


def _json(when: float, exchange: Exchange) -> str:
    request, answer = exchange.request, exchange.answer
    fields = {
        "time": _time(when),
        "client": request.client,
        "method": request.method,
        "path": shortened(f"/{request.path}", _LONGEST),
        "status": answer.status,
        "bytes": len(answer.body) if request.method != "HEAD" else 0,
        "milliseconds": round(exchange.seconds * 1000, 3),
        "error": shortened(exchange.error, _LONGEST) or None,
    }
    return json.dumps(fields)


def _time(when: float) -> str:
    return f"{_second(int(when))}.{int(when * 1000) % 1000:03}Z"


@lru_cache(maxsize=1)
def _second(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S")
