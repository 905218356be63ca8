"""Running contenders in turns, so that whatever else the machine does hits them all alike."""

import contextlib
import os
import signal
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from docker.errors import DockerException

from tests.services.process import ServiceError
from tests.services.traffic import connections_to_hosts
from tools.bench.contender import Contender, Outcome, Run
from tools.bench.stage import Stage

_MOST_SECONDS = 900.0
_PATIENCE_SECONDS = 10.0
_TAIL_LINES = 15
_TROUBLE = (DockerException, ServiceError, OSError, tarfile.TarError)


class RunError(Exception):
    """A run that does not count: it failed, or did not do the work."""


def race(
    contenders: Sequence[Contender],
    stage: Stage,
    runs: int,
    say: Callable[[str], None],
    limit: float = _MOST_SECONDS,
) -> tuple[Outcome, ...]:
    """Run a, b, c, a, b, c, …; one that fails is out, and the others go on.

    Args:
        runs: of each contender.
        say: takes a line of progress.
        limit: seconds after which a run has failed.

    Returns:
        The outcomes, in the order of the contenders.
    """
    outcomes = {each.name: Outcome(each, trouble=_missing(each, stage)) for each in contenders}
    for turn in range(1, runs + 1):
        for contender in contenders:
            before = outcomes[contender.name]
            if before.trouble:
                continue
            try:
                done = run(contender, stage, limit)
            except RunError as error:
                outcomes[contender.name] = Outcome(contender, trouble="failed")
                say(f"run {turn} of {runs}: {contender.name}: {error}")
            else:
                outcomes[contender.name] = Outcome(contender, (*before.runs, done))
                say(f"run {turn} of {runs}: {contender.name}: {done.seconds:.2f} s")
    return tuple(outcomes.values())


def run(contender: Contender, stage: Stage, limit: float) -> Run:
    """One run, checked.

    Raises:
        RunError: it failed, or did not do the work.
    """
    try:
        contender.prepare(stage)
        done = _command(contender, stage, limit)
        fault = contender.fault(stage)
    except _TROUBLE as error:
        raise RunError(str(error)) from error
    if fault:
        raise RunError(fault)
    return contender.measured(stage, done)


def _command(contender: Contender, stage: Stage, limit: float) -> Run:
    """Run the command, and see what it asked the registry for."""
    before = len(stage.requests())
    log = stage.folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            contender.command,
            cwd=stage.folder,
            env=stage.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its children can be ended with it
        )
        done, status = _timed(process, limit)
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
        ending = f"took longer than {limit:g} s" if status is None else f"ended with status {status}"
        raise RunError(f"{ending}; the end of its output:\n{tail}")
    requests = stage.requests()[before:]
    most = max(connections_to_hosts(requests).values(), default=0)
    return replace(done, connections=most, requests=len(requests))


def _timed(process: subprocess.Popen[bytes], limit: float) -> tuple[Run, int | None]:
    """Wait for the process; returns its figures and exit status, which is None if it took too long.

    The kernel counts the memory of a process from before it became another program: the peak is never
    smaller than that of the benchmark itself.
    """
    started = time.perf_counter()
    late = threading.Event()

    def give_up() -> None:
        late.set()
        _signal(process, signal.SIGTERM)

    with _later(limit, give_up), _later(limit + _PATIENCE_SECONDS, lambda: _signal(process, signal.SIGKILL)):
        try:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            _end(process)
    done = Run(seconds, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)
    return done, None if late.is_set() else process.returncode


@contextlib.contextmanager
def _later(seconds: float, act: Callable[[], None]) -> Iterator[None]:
    """Act in so many seconds, unless the context has ended by then."""
    timer = threading.Timer(seconds, act)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children, if it was given up before it ended by itself."""
    if process.returncode is not None:
        return
    _signal(process, signal.SIGTERM)
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the process and its children; they are a process group of their own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _missing(contender: Contender, stage: Stage) -> str:
    if contender.engine and stage.engine is None:
        return "no Docker Engine"
    absent = [program for program in contender.needs if not stage.which(program)]
    return f"not found: {', '.join(absent)}" if absent else ""
