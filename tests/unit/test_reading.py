"""No file that somebody names can fill the memory."""

from pathlib import Path

import pytest

from lsp_assembler.checkout.durations import load_durations
from lsp_assembler.dockerfile import template
from lsp_assembler.errors import InvalidInputError, LockError
from lsp_assembler.lockfile import file as lockfile
from lsp_assembler.reading import read_file

ENDLESS = Path("/dev/zero")


def test_as_much_as_is_allowed_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_file(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="File too large"):
        read_file(tmp_path / "file", 4)


def test_a_template_a_lock_and_durations_without_end() -> None:
    with pytest.raises(InvalidInputError, match="cannot be read: File too large"):
        template.load(ENDLESS)
    with pytest.raises(LockError, match="File too large"):
        lockfile.load(ENDLESS)
    with pytest.raises(InvalidInputError, match="cannot be read: File too large"):
        load_durations(ENDLESS)
