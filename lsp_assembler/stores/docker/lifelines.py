"""Answers of an engine that take long, and what ends them: too long a silence of all, or us."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import requests


class Lifelines:
    """The connections of pulls under way. Threads may share it.

    A pull is silent while it waits for its turn behind the layers of another one, however long that takes. So
    silence counts only if no pull hears anything: then all of them are cut.

    Args:
        patience: seconds of silence.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._held: dict[int, socket.socket] = {}
        self._stalled: set[int] = set()
        self._heard = 0.0
        self._is_cut = False

    @contextlib.contextmanager
    def hold(self, response: requests.Response) -> Iterator[None]:
        """Let an answer take its time, for as long as the context lasts.

        Raises:
            TimeoutError: it was cut, for all were silent.
            InterruptedError: it was cut by `cut`.
        """
        line = getattr(response.raw.connection, "sock", None)
        if not isinstance(line, socket.socket):  # it has come to its end already
            yield
            return
        line.settimeout(None)
        key = id(response)
        self._take(key, line)
        try:
            yield
        finally:
            with self._changed:
                del self._held[key]
                self._changed.notify_all()
                if key in self._stalled:
                    self._stalled.remove(key)
                    raise TimeoutError("the engine sent nothing for too long")
                if self._is_cut:
                    raise InterruptedError("the pull was abandoned")

    def heard(self) -> None:
        """Something came, on any of them."""
        self._heard = time.monotonic()

    def cut(self) -> None:
        """End all that are under way, and whatever comes later."""
        with self._changed:
            self._is_cut = True
            for line in self._held.values():
                _shut(line)
            self._changed.notify_all()

    def _take(self, key: int, line: socket.socket) -> None:
        with self._changed:
            if self._is_cut:
                raise InterruptedError("the pull was abandoned")
            self.heard()
            self._held[key] = line
            if len(self._held) == 1:
                threading.Thread(target=self._watch, name="pull-watch", daemon=True).start()

    def _watch(self) -> None:
        """Until nothing is under way: sleep until the silence may have become too long, then look."""
        with self._changed:
            while self._held and not self._is_cut:
                left = self._heard + self._patience - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                self._stalled |= self._held.keys()
                for line in self._held.values():
                    _shut(line)
                self._changed.wait_for(lambda: not self._held)


def _shut(line: socket.socket) -> None:
    """Wake whoever reads from a connection. Not that of TLS: its own would first say goodbye."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)
