"""A client of the service, as a program that contenders run: it writes down what it measured.

    python asking.py first COMMAND…    seconds from starting COMMAND to its first answer
    python asking.py load PATH COMMAND…    seconds for 10,000 requests, and memory after 100,000
    python asking.py probe COMMAND…    the slowest of many probes beside 200 slow clients

COMMAND gets a free port instead of PORT.
"""

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

NOTE = "measured.json"
"""The file that it leaves: {"seconds": …, "peak": …}, where peak is in bytes."""

_SLOW_CLIENTS = 200
_PROBES = 100
_REQUESTS = 10_000
_FOR_MEMORY = 100_000
_PATIENCE = 60.0
_POLL = 0.002
_WARM_UP, _LOAD = 1, 5  # seconds


def main(arguments: Sequence[str]) -> None:
    """Measure, and write it down."""
    what, *command = arguments
    path = command.pop(0) if what == "load" else "/ready"
    with _running(command) as (process, port, first):
        if what == "first":
            seconds, peak = first, 0
        elif what == "load":
            seconds, peak = _load(f"http://127.0.0.1:{port}{path}", process.pid)
        else:
            seconds, peak = _slowest_probe(port), 0
    Path(NOTE).write_text(json.dumps({"seconds": seconds, "peak": peak}), "utf-8")


@contextlib.contextmanager
def _running(command: Sequence[str]) -> Iterator[tuple["subprocess.Popen[bytes]", int, float]]:
    """The service, its port, and how long its first answer took."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    began = time.perf_counter()
    process = subprocess.Popen([each.replace("PORT", str(port)) for each in command])
    try:
        while _ask(port) != b"HTTP/1.1 200":
            if process.poll() is not None or time.perf_counter() - began > _PATIENCE:
                sys.exit("the service does not answer")
            time.sleep(_POLL)
        yield process, port, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _ask(port: int) -> bytes:
    """The beginning of an answer; b"" if there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
            connection.sendall(b"GET /ready HTTP/1.1\r\nconnection: close\r\n\r\n")
            return connection.recv(12)
    except OSError:
        return b""


def _load(url: str, pid: int) -> tuple[float, int]:
    _wrk(url, _WARM_UP)
    rate = _wrk(url, _LOAD)
    for _ in range(int(_FOR_MEMORY / rate / _LOAD)):
        _wrk(url, _LOAD)
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return _REQUESTS / rate, int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) * 1024


def _wrk(url: str, seconds: int) -> float:
    """Requests a second."""
    done = subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{seconds}s", url], check=True, capture_output=True, text=True
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(done.stdout)
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", done.stdout)[0])


def _slowest_probe(port: int) -> float:
    head = b"GET /manifests HTTP/1.1\r\ncontent-length: 9\r\n\r\n{"
    with contextlib.ExitStack() as stack:
        for number in range(_SLOW_CLIENTS):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(head[: 1 + number % (len(head) - 1)])
        slowest = 0.0
        for _ in range(_PROBES):
            began = time.perf_counter()
            _ask(port)
            slowest = max(slowest, time.perf_counter() - began)
    return slowest


if __name__ == "__main__":
    main(sys.argv[1:])
