"""Of those who lock a file, one works at a time, and each sees what the one before it wrote."""

import threading
from pathlib import Path

import pytest

from lsp_assembler.files.atomic import write_file
from lsp_assembler.files.locking import locked


def test_no_change_is_lost(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    (tmp_path / "link").symlink_to(counter)

    def count(path: Path) -> None:
        for _ in range(20):
            with locked(path):
                write_file(str(int(counter.read_text()) + 1).encode(), path, "")

    threads = [threading.Thread(target=count, args=(tmp_path / name,)) for name in ("counter", "link") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "160"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["counter", "link"]


def test_an_error_lets_go(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "file"):
        raise ZeroDivisionError
    with locked(tmp_path / "file"):
        pass


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), locked(tmp_path / "absent"):
        raise AssertionError
