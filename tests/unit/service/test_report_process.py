"""Another process that makes a report: whatever becomes of it is told, and it never outlives its use."""

import threading
import time
from pathlib import Path

import msgspec
import pytest

from lsp_assembler.service.report_process import Made, NotMade, ReportProcess

SECONDS = 30.0
ENDED = "the process that makes it ended before that: "


def of_shell(script: str, task: bytes = b"{}") -> ReportProcess:
    return ReportProcess(("sh", "-c", script), task)


def test_it_is_told_its_task_and_what_it_answers_is_the_outcome(tmp_path: Path) -> None:
    made = Made({"index.html": b"\xff" * 200_000}, "default-src 'none'", "1 language", ("a",), ("b",))
    (tmp_path / "made").write_bytes(msgspec.msgpack.encode(made))
    process = of_shell(f'read task; [ "$task" = \'{{"a":1}}\' ] && cat {tmp_path}/made', b'{"a":1}')
    assert process.make() == made
    assert process.make() == made


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", f"{ENDED}status 3"),
        ("kill -9 $$", f"{ENDED}it was killed, as happens where there is too little memory"),
        ("kill -11 $$", f"{ENDED}signal 11"),
        ("read task; echo text", f"{ENDED}status 0"),
    ],
)
def test_a_process_that_ends_too_soon_is_an_outcome(script: str, reason: str) -> None:
    assert of_shell(script, b"x" * 200_000).make() == NotMade(reason)


def test_a_program_that_is_not_there_is_an_outcome() -> None:
    reason = "a process for it cannot be started: No such file or directory"
    assert ReportProcess(("/nowhere/python",), b"").make() == NotMade(reason)


@pytest.mark.parametrize("script", ["", "trap '' TERM; "])
def test_closing_ends_it_however_it_takes_that(script: str, tmp_path: Path) -> None:
    process = of_shell(f"{script}echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done")
    outcomes: list[object] = []
    making = threading.Thread(target=lambda: outcomes.append(process.make()))
    making.start()
    pid = tmp_path / "pid"
    until = time.monotonic() + SECONDS
    while not (pid.exists() and pid.read_text("utf-8")):
        assert time.monotonic() < until
        time.sleep(0.01)
    process.close()
    assert not Path("/proc", pid.read_text("utf-8").strip()).exists()
    making.join(SECONDS)
    assert isinstance(outcomes[0], NotMade)
    assert process.make() == NotMade("the service is about to end")
