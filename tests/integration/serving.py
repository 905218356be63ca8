"""What the tests of `serve` share: a running service, and ways to ask it."""

import http.client
import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from tests.integration.support import Run, Tool, wait_for

SECONDS = 60.0
_GREETING = re.compile(r"on http://[\d.]+:(\d+)\W*$", re.MULTILINE)


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str, str]:
        """The status, class and message of an error."""
        found = self.json["exception"]
        return self.status, found["class"], found["message"]


class Serving:
    """`lsp-assembler serve` on a free port of loopback, for as long as the context lasts."""

    def __init__(self, tool: Tool, *arguments: object, **environment: str) -> None:
        command = ("serve", *arguments, "--host", "127.0.0.1", "--port", 0)
        self._start = partial(tool.start, *command, **environment)
        self._said: list[str] = []

    def __enter__(self) -> Self:
        self.process = self._start()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()
        assert wait_for(lambda: self._port() or self.process.poll() is not None, SECONDS), self.said
        self.port = self._port()
        assert self.port, self.said
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(SECONDS)

    @property
    def said(self) -> str:
        """All that it has written so far."""
        return "".join(self._said)

    @property
    def memory(self) -> int:
        """Its resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) // 1024

    def ask(
        self, path: str, body: str | bytes = "", method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Ask as a program would that sets no headers of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        content = body.encode() if isinstance(body, str) else body
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if content:
                connection.putheader("content-length", str(len(content)))
            connection.endheaders(content or None)
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """A connection on which nothing has been sent."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def raw(self, data: bytes) -> bytes:
        """Send bytes and then no more; all that comes back until the service closes."""
        with self.connect() as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def stop(self) -> Run:
        """Send SIGTERM; what the process left."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        return Run(status, "", self.said)

    def _port(self) -> int:
        found = _GREETING.search(self.said)
        return int(found[1]) if found else 0

    def _read(self, stream: Any) -> None:
        with stream:
            self._said.extend(stream)


def read_all(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    found = b""
    try:
        while data := connection.recv(65536):
            found += data
    except ConnectionResetError:
        pass
    return found


def copied(folder: Path, target: Path) -> Path:
    """A folder of index dirs of a case, where it may be changed."""
    subprocess.run(["cp", "-r", str(folder), str(target)], check=True)
    return target
