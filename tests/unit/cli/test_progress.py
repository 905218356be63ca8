"""Progress: live only for a person at a terminal, else one line for each finished image."""

import contextlib
import io
import sys
import threading
import time

import pytest

from lsp_assembler.cli.progress import pulling, watching
from lsp_assembler.operations.observer import Pending

NAMES = ["org/a:LSP", "org/b:LSP"]
PENDING = Pending(("org/a:1", "org/b:1"), 5, 3_000_000, 0, "/var/lib/docker", 9_000_000_000)


class Terminal(io.StringIO):
    """What stderr is for a person."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("CI", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def run() -> None:
    with watching(NAMES) as observe:
        for state, size in (("pulling", 0), ("pulling", 1536), ("extracting", 1536)):
            observe(1, state, size)
        observe(1, "fetched", 1536)
        observe(0, "failed", 0)
        observe(1, "checked", 0)


@pytest.mark.parametrize("colour", [{}, {"FORCE_COLOR": "1"}, {"CLICOLOR_FORCE": "1", "TERM": "xterm"}])
def test_one_line_for_each_finished_image(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, colour: dict[str, str]
) -> None:
    for name, value in colour.items():
        monkeypatch.setenv(name, value)
    run()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "[1/2] org/b:LSP fetched (1.5 kB)\n[2/2] org/a:LSP failed\n"


def test_a_terminal_is_drawn_on_and_left_clean(terminal: Terminal) -> None:
    with contextlib.redirect_stderr(terminal), watching(NAMES) as observe:
        observe(1, "pulling", 1536)
    drawn = terminal.getvalue()
    assert "\x1b[" in drawn
    assert "org/b:LSP" in drawn
    assert "[1/2]" not in drawn
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h") == 1  # the cursor is hidden, then shown again


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("CI", ""), ("TERM", "dumb")])
def test_a_terminal_that_nobody_watches(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with contextlib.redirect_stderr(terminal):
        run()
    assert terminal.getvalue().startswith("[1/2] org/b:LSP fetched")
    assert "\x1b" not in terminal.getvalue()


def test_lines_of_many_threads_are_counted_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"org/{number}:LSP" for number in range(40)]
    with watching(names) as observe:
        threads = [threading.Thread(target=observe, args=(index, "fetched", 1)) for index in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" ")[0] for line in lines] == [f"[{number}/40]" for number in range(1, 41)]
    assert sorted(line.split()[1] for line in lines) == sorted(names)


def test_names_cannot_steer_the_display(terminal: Terminal) -> None:
    with contextlib.redirect_stderr(terminal), watching(["a\n::error::b\x1b[31;2J[red]\u202e"]) as observe:
        observe(0, "pulling", 1)
        time.sleep(0.3)
        sys.stderr.write("a notice\x1b[2J of a library\n")
    drawn = terminal.getvalue()
    assert r"a\n::error::b\x1b[31;2J[red]\u202e" in drawn
    assert r"a notice\x1b[2J of a library" in drawn
    assert "\x1b[2J" not in drawn


def test_names_cannot_steer_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with watching(["a\n::error::b\x1b[31m"]) as observe:
        observe(0, "failed", 0)
    assert capsys.readouterr().err == "[1/1] a\\n::error::b\\x1b[31m failed\n"


def test_pulls_are_announced_and_told_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with pulling(PENDING) as observe:
        observe(1, "pulling", 1_500_000)
        observe(1, "pulled", 2_000_000)
        observe(0, "failed", 2_000_000)
    assert capsys.readouterr().err == (
        "2 of 5 language images to pull, 3.0 MB; 9.0 GB are free in /var/lib/docker\n"
        "[1/2] org/b:1 pulled\n"
        "[2/2] org/a:1 failed\n"
    )


def test_pulls_are_drawn_as_a_bar_of_bytes(terminal: Terminal) -> None:
    with contextlib.redirect_stderr(terminal), pulling(PENDING) as observe:
        observe(0, "pulled", 1_000_000)
        observe(1, "pulling", 1_500_000)
    drawn = terminal.getvalue()
    assert "1 of 2 done  1.5 MB of 3.0 MB  [============            ]  50%" in drawn
    assert "  pulling  org/b:1" in drawn


def test_nothing_to_pull_is_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    with pulling(Pending((), 5, 0, 0, "", None)):
        pass
    assert capsys.readouterr().err == ""
