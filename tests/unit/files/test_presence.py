"""Whether a file is there, also where nobody may look."""

from pathlib import Path

from lsp_assembler.files.presence import is_there


def test_presence(tmp_path: Path) -> None:
    assert is_there(tmp_path)
    assert is_there(str(tmp_path))
    assert not is_there(tmp_path / "absent")
    assert not is_there(tmp_path / "a\0b")
    assert is_there(tmp_path / ("x" * 5000)), "a name that cannot be looked at fails when it is opened"
