"""The note that all images have been pulled."""

import os
from pathlib import Path

import pytest

from lsp_assembler.model.reference import Reference
from lsp_assembler.service.marker import digest_of_set, is_marked, mark

ONE, TWO = Reference.parse("acme/elm:1"), Reference.parse("acme/c:1")


def test_the_digest_is_of_the_set() -> None:
    assert digest_of_set([ONE, TWO]) == digest_of_set([TWO, ONE, Reference.parse("docker.io/acme/elm:1")])
    assert digest_of_set([ONE]) != digest_of_set([ONE, TWO]) != digest_of_set([])


def test_what_was_marked_is_marked(tmp_path: Path) -> None:
    marker = tmp_path / "all-pulled"
    assert not is_marked(marker, digest_of_set([ONE]))
    assert mark(marker, digest_of_set([ONE])) == ""
    assert is_marked(marker, digest_of_set([ONE]))
    assert not is_marked(marker, digest_of_set([ONE, TWO]))
    assert mark(marker, digest_of_set([TWO])) == ""
    assert [each.name for each in tmp_path.iterdir()] == ["all-pulled"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"yes\n", b"sha256:" + b"0" * 64, b" " * 5000])
def test_foreign_content_says_nothing(tmp_path: Path, content: bytes) -> None:
    marker = tmp_path / "all-pulled"
    marker.write_bytes(content)
    assert not is_marked(marker, digest_of_set([ONE]))


def test_what_cannot_be_read_or_written_says_why(tmp_path: Path) -> None:
    assert not is_marked(tmp_path, digest_of_set([ONE]))
    absent = tmp_path / "absent" / "all-pulled"
    assert mark(absent, digest_of_set([ONE])) == f"{absent}: cannot be written: No such file or directory"


def test_a_pipe_is_neither_waited_for_nor_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "all-pulled"
    os.mkfifo(pipe)
    assert not is_marked(pipe, digest_of_set([ONE]))
    assert mark(pipe, digest_of_set([ONE])) == f"{pipe}: cannot be written: it is a device or a pipe"
    assert pipe.is_fifo()
