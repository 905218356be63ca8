"""What leaves the process is harmless, and what could not leave is known."""

import errno
import os
import threading
from collections.abc import Iterator

import pytest

from lsp_assembler.cli.output import Descriptor, Door


class Page:
    """What was passed on, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def write(self, text: str) -> None:
        self.pieces.append(text)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """What to read from, and what to write to."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize(
    ("written", "passed"),
    [
        ("a\n", "a\n"),
        ("::error::a\n\n  ##[b\n", "∷error::a\n\n  #♯[b\n"),
        ("\x1b[31ma\r\x08b\u202e\n", "\\x1b[31ma\\r\\x08b\\u202e\n"),
        ("a\u2028::b\x85c\n", "a\\u2028::b\\x85c\n"),
    ],
)
def test_lines_are_harmless(written: str, passed: str) -> None:
    page = Page()
    assert Door(page).write(written) == len(written)
    assert "".join(page.pieces) == passed


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_line_is_seen_as_a_whole(size: int) -> None:
    page, text = Page(), "a\n::error::b ##[c\nd"
    door = Door(page)
    for begin in range(0, len(text), size):
        door.write(text[begin : begin + size])
    assert "".join(page.pieces) == "a\n∷error::b #♯[c\n"
    door.finish()
    assert "".join(page.pieces) == "a\n∷error::b #♯[c\nd"


def test_lines_of_many_threads_stay_whole(pipe: tuple[int, int]) -> None:
    door = Door(Descriptor(pipe[1]))
    lines = [f"{number:03}" * 20 for number in range(100)]
    threads = [threading.Thread(target=door.write, args=(f"{line}\n",)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(os.read(pipe[0], 10_000).decode().splitlines()) == lines


def test_bytes_are_refused() -> None:
    with pytest.raises(TypeError):
        Door(Page()).write(b"a")  # type: ignore[arg-type]


def test_half_a_character_is_written(pipe: tuple[int, int]) -> None:
    Descriptor(pipe[1]).write("字\udc80")
    assert os.read(pipe[0], 10).decode() == "字\\udc80"


def test_a_pipe_that_is_full_for_now_gets_everything(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    stream, text = Descriptor(pipe[1]), "x" * 300_000
    writing = threading.Thread(target=stream.write, args=(text,))
    writing.start()
    got = 0
    while got < len(text):
        got += len(os.read(pipe[0], 65536))
    writing.join()
    assert stream.failure is None


def test_the_first_failure_is_kept_and_nothing_is_raised() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    stream = Descriptor(full)
    stream.write("a")
    os.close(full)
    stream.write("b")
    assert stream.failure is not None
    assert stream.failure.errno == errno.ENOSPC
