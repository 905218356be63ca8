"""A gate in front of a server of this machine: shut, it refuses; and it can hold back single requests."""

import contextlib
import socket
import threading
from typing import Self

_CHUNK = 64 * 1024


class Gate:
    """A port of 127.0.0.1 that leads to a server while it is open: `with Gate(registry.host) as gate`.

    Args:
        target: e.g. "127.0.0.1:41234", or "unix:///tmp/lsp-engine-x1/s".
        port: of the gate; 0 for any.
    """

    def __init__(self, target: str, port: int = 0) -> None:
        self._target = target
        self._port = port
        self._listening: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._changing = threading.Lock()
        self._needle = b""
        self._released = threading.Event()
        self.holds = threading.Event()

    @property
    def host(self) -> str:
        """What leads through the gate, e.g. "127.0.0.1:41235"."""
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self.shut()

    def open(self) -> None:
        """Let connections through, at the port that it had before."""
        self._listening = socket.create_server(("127.0.0.1", self._port), backlog=64)
        self._port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def shut(self) -> None:
        """Refuse connections, and cut those that there are."""
        with self._changing:
            ending = [*self._open, *filter(None, [self._listening])]
            self._listening = None
            self._open.clear()
        for each in ending:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def hold(self, path: str) -> None:
        """Keep back requests in which this text stands, until `release`; `holds` is set when there is one."""
        self.holds.clear()
        self._released.clear()
        self._needle = path.encode()

    def release(self) -> None:
        """Let through what was held back, and what comes."""
        self._needle = b""
        self._released.set()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with contextlib.ExitStack() as unused:
                unused.enter_context(client)
                try:
                    target = unused.enter_context(self._connected())
                except OSError:
                    continue
                with self._changing:
                    if self._listening is not listening:  # it was shut meanwhile
                        return
                    self._open |= {client, target}
                    unused.pop_all()
            threading.Thread(target=self._pass_on, args=(client, target, True), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(target, client, False), daemon=True).start()

    def _connected(self) -> socket.socket:
        if self._target.startswith("unix://"):
            target = socket.socket(socket.AF_UNIX)
            try:
                target.connect(self._target.removeprefix("unix://"))
            except OSError:
                target.close()
                raise
            return target
        host, _, port = self._target.partition(":")
        return socket.create_connection((host, int(port)))

    def _pass_on(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:  # noqa: FBT001
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if is_request and self._needle and self._needle in data:
                    self.holds.set()
                    self._released.wait()
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
