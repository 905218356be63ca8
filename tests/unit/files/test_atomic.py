"""The build context on disk: whole, or as it was before."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from lsp_assembler.errors import InvalidInputError, PublishError
from lsp_assembler.files.atomic import write_file, write_tree
from lsp_assembler.files.runs import run_id
from lsp_assembler.model.tree import File, Tree
from tests.checkouts import write

REMEDY = "Check the folder and its permissions."

OURS = {"image.type": File(b"languages\n"), "shas.txt": File(b"")}
TREE = Tree.of({**OURS, "0/start_point/run.sh": File(b"echo", executable=True)}, ["0/start_point/empty"])


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def only(folder: Path, *names: str) -> None:
    """Nothing else was left beside what was written."""
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_what_is_written(tmp_path: Path) -> None:
    write_tree(TREE, tmp_path / "new/context")
    assert contents(tmp_path / "new/context") == {
        "image.type": b"languages\n",
        "shas.txt": b"",
        "0": None,
        "0/start_point": None,
        "0/start_point/run.sh": b"echo",
        "0/start_point/empty": None,
    }
    only(tmp_path / "new", "context")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    previous = os.umask(umask)
    try:
        write_tree(TREE, tmp_path / "context")
    finally:
        os.umask(previous)
    paths = ("", "0", "0/start_point/empty", "0/start_point/run.sh", "shas.txt")
    modes = [stat.S_IMODE((tmp_path / "context" / path).stat().st_mode) for path in paths]
    assert modes == [0o755, 0o755, 0o755, 0o755, 0o644]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "context").mkdir()
    write_tree(TREE, tmp_path / "context")
    assert "shas.txt" in contents(tmp_path / "context")


def test_what_an_earlier_run_wrote_is_replaced(tmp_path: Path) -> None:
    write_tree(Tree.of({**OURS, "7/start_point/old": File(b"")}), tmp_path / "context")
    write_tree(TREE, tmp_path / "context")
    assert "7" not in contents(tmp_path / "context")
    only(tmp_path, "context")


@pytest.mark.parametrize(
    "files", [{"thesis.doc": "years"}, {"image.type": "languages"}, {"shas.txt/a": "", "image.type": ""}]
)
def test_what_no_run_wrote_is_not_touched(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    before = contents(write(tmp_path / "context", files))
    with pytest.raises(InvalidInputError, match="holds files that are not from a build"):
        write_tree(TREE, tmp_path / "context")
    assert contents(tmp_path / "context") == before
    only(tmp_path, "context")


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    write(tmp_path, {"context": "a file"})
    with pytest.raises(InvalidInputError):
        write_tree(TREE, tmp_path / "context")
    assert (tmp_path / "context").read_text("utf-8") == "a file"


def test_a_parent_that_is_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"a": ""})
    with pytest.raises(PublishError, match="the context cannot be written"):
        write_tree(TREE, tmp_path / "a/context")


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    write_tree(TREE, tmp_path / "context")
    before = contents(tmp_path / "context")
    with pytest.raises(PublishError, match="File name too long"):
        write_tree(Tree.of({**OURS, "x" * 300: File(b"")}), tmp_path / "context")
    assert contents(tmp_path / "context") == before
    only(tmp_path, "context")


class TestWriteFile:
    def test_keeps_permissions_and_links_and_leaves_nothing_else(self, tmp_path: Path) -> None:
        file, link = tmp_path / "images.yml", tmp_path / "link.yml"
        file.write_bytes(b"old")
        file.chmod(0o640)
        link.symlink_to(file)
        write_file(b"new", link, REMEDY)
        assert link.is_symlink()
        assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o640)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["images.yml", "link.yml"]

    def test_a_new_file_can_be_read_by_all(self, tmp_path: Path) -> None:
        write_file(b"new", tmp_path / "images.yml", REMEDY)
        assert (tmp_path / "images.yml").stat().st_mode & 0o777 == 0o644

    def test_a_folder_that_is_not_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(PublishError) as caught:
            write_file(b"new", Path("no/images.yml"), REMEDY)
        assert str(caught.value) == (
            f"no/images.yml: cannot be written: No such file or directory\n  {REMEDY}"
        )

    def test_what_a_killed_run_left_is_removed(self, tmp_path: Path) -> None:
        killed = subprocess.Popen(["sleep", "60"])
        left = tmp_path / f".lsp-assembler.{run_id(killed.pid)}.{'0' * 16}"
        left.write_bytes(b"half")
        write_file(b"one", tmp_path / "file", REMEDY)
        assert left.exists()  # it is not over yet
        killed.kill()
        killed.wait()
        write_file(b"two", tmp_path / "file", REMEDY)
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
