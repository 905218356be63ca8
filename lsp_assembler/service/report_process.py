"""A report that another process makes: it takes seconds of a processor, and memory that is to be given back.

The other process gets its task as a line on stdin, and writes an `Outcome` to stdout. It has a group of its
own, so that Ctrl-C in a terminal is for the service alone, which then ends it. Should the service be killed,
stdin ends, and so does the process.
"""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import IO, cast

import msgspec
from msgspec import Struct

_SECONDS_TO_END = 0.7  # for cleaning up: the service itself has 2


class Made(Struct, frozen=True, tag=True):
    """A report.

    Args:
        pages: by the names of their files, each with one `MARK`.
        content_policy: the Content-Security-Policy that they have in themselves.
        contents: what there is, e.g. "84 languages with 2,520 versions".
        problems: why not everything could be read, a message each.
        notices: what the one who runs the service should know, in one line each.
    """

    pages: Mapping[str, bytes]
    content_policy: str
    contents: str
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


class NotMade(Struct, frozen=True, tag=True):
    """No report, and why, in lines."""

    reason: str
    notices: tuple[str, ...] = ()


Outcome = Made | NotMade

MARK = "<!-- the service's own -->"
"""Where a page has room for what the service says of it. No text of a stranger can hold it."""


class ReportProcess:
    """Makes one report after the other. One thread calls `make`, any thread `close`.

    Args:
        command: the program that makes one, e.g. ("python3", "-c", "…").
        task: what it is told, in one line.
    """

    def __init__(self, command: Sequence[str], task: bytes) -> None:
        self._command = command
        self._task = task
        self._changing = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def make(self) -> Outcome:
        """Make a report, and wait for it; whatever goes wrong is an outcome, too."""
        try:
            process = self._started()
        except OSError as error:
            return NotMade(f"a process for it cannot be started: {error.strerror}")
        if process is None:
            return NotMade("the service is about to end")
        said = self._answer(process)
        try:
            outcome: Outcome = msgspec.msgpack.decode(said, type=Outcome)
        except msgspec.DecodeError:
            return NotMade(f"the process that makes it ended before that: {_end(process.returncode)}")
        return outcome

    def close(self) -> None:
        """End what is under way, at once, and let nothing begin any more."""
        with self._changing:
            self._is_closed = True
            process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _started(self) -> "subprocess.Popen[bytes] | None":
        with self._changing:
            if self._is_closed:
                return None
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
            return self._process

    def _answer(self, process: "subprocess.Popen[bytes]") -> bytes:
        """All that it writes; b"" if it ends before it was told its task. Afterwards it is gone."""
        stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        with contextlib.suppress(BrokenPipeError), process:  # until the end, its stdin stays open
            stdin.write(self._task + b"\n")
            stdin.flush()
            return stdout.read()
        return b""


def _end(status: int) -> str:
    """How a process ended, e.g. "status 1" or "signal 9"."""
    if status == -signal.SIGKILL:
        return "it was killed, as happens where there is too little memory"
    return f"signal {-status}" if status < 0 else f"status {status}"
