"""A server in a process of its own: started, waited for, and stopped by its process id."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

_POLL_SECONDS = 0.05
_STOP_SECONDS = 20.0
_LOG_LINES = 20


class ServiceError(RuntimeError):
    """A server did not start; the message ends with the tail of its log."""


class Service(ABC):
    """Something that runs for as long as a context lasts."""

    @abstractmethod
    def start(self) -> None:
        """Start, and return when it is ready."""

    @abstractmethod
    def stop(self) -> None:
        """Stop, and leave nothing behind. May be called twice."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def missing(*programs: str) -> str:
    """What this machine lacks, e.g. "dockerd is not installed"; "" when it has all programs."""
    absent = [program for program in programs if not shutil.which(program)]
    return f"{' and '.join(absent)} not installed" if absent else ""


class Server:
    """A running server process.

    It has its own session, so Ctrl-C in a terminal reaches it only through `stop`, and the kernel
    sends it SIGTERM when the thread that started it dies, so that a killed test run leaves no server.
    Start it from a thread that outlives it.

    Args:
        command: the program and its arguments; the program must not fork away.
        log: the file that takes its stdout and stderr.
        sockets: that it inherits, under the numbers they have here.
        environment: variables besides those of this process.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        sockets: Sequence[socket.socket] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._name = command[0]
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "SIGTERM", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                pass_fds=[each.fileno() for each in sockets],
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id of the server itself."""
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`; it is asked twenty times a second.

        Raises:
            ServiceError: the server ended, or was not ready in time. It is stopped then.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise self._error(f"ended with status {self._process.returncode}")
            if time.monotonic() > deadline:
                self.stop()
                raise self._error(f"was not ready within {seconds:g} s")
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End the server: SIGTERM, and SIGKILL if that is not enough. Does nothing when it has ended."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    def log(self) -> str:
        """All that the server wrote so far."""
        return self._log.read_text(errors="replace")

    def _error(self, what: str) -> ServiceError:
        tail = "\n".join(self.log().splitlines()[-_LOG_LINES:])
        return ServiceError(f"{self._name} {what}; the end of its log:\n{tail}")


def end_process(pid: int, mark: str) -> None:
    """Kill a server's own child that outlived it.

    Args:
        pid: as the server wrote it to a pid file.
        mark: what must stand in the process's command line, e.g. its configuration file: the number
            may have gone to a stranger by now.
    """
    with contextlib.suppress(OSError):
        if mark in Path(f"/proc/{pid}/cmdline").read_text(errors="replace"):
            os.kill(pid, signal.SIGKILL)
