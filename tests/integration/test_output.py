"""What users see where output cannot be written, and where names are hostile, word for word.

A case is a folder of tests/cases/output with expected.txt: a line for the shell, then what a terminal shows.
After a wanted change: UPDATE_CASES=1 pytest tests/integration/test_output.py, then read the difference.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests import ROOT
from tests.integration.support import NO_ENGINE, Tool, start_point, without_times

CASES = ROOT / "tests/cases" / "output"
EXPECTED = "expected.txt"
COMMANDS = (
    "build",
    "check",
    "diff",
    "inspect",
    "lock",
    "migrate",
    "outdated",
    "pack",
    "schema",
    "tags",
    "update",
)


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """A tool without an engine, beside the checkouts `good` and `bad`."""
    found = Tool(tmp_path, NO_ENGINE)
    checkout(found, "good", "Good")
    checkout(found, "bad", "Bad", tab_size=0)
    return found


def checkout(tool: Tool, folder: str, display_name: str, **keys: object) -> None:
    for path, content in start_point(display_name, **keys).items():
        tool.write(f"{folder}/{path}", (content[0] if isinstance(content, tuple) else content).decode())
    tool.write(f"{folder}/docker/image_name.json", '{"image_name": "cyberdojofoundation/good"}')


def shell(tool: Tool, command: str) -> str:
    """What a terminal shows of a command: stderr, stdout, the exit status."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=tool.folder, env=tool.variables(), capture_output=True, check=False
    )
    said = done.stderr.decode(), done.stdout.decode()
    return without_times(f"{said[0]}--- stdout\n{said[1]}--- exit status {done.returncode}\n")


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_says_exactly(name: str, tool: Tool) -> None:
    file = CASES / name / EXPECTED
    expected = file.read_bytes().decode()
    command = expected.partition("\n")[0].removeprefix("$ ")
    shown = f"$ {command}\n{shell(tool, command)}"
    if os.environ.get("UPDATE_CASES"):
        file.write_bytes(shown.encode())
        pytest.fail(f"{file} is written; read it, and run again without UPDATE_CASES")
    assert shown == expected


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("place", [">/dev/full", ">&-", ">/dev/full 2>&1", ">&- 2>&-"])
def test_help_that_cannot_be_written(command: str, place: str, tool: Tool) -> None:
    shown = shell(tool, f"lsp-assembler {command} --help {place}")
    assert shown.endswith("--- exit status 2\n")
    assert "bug" not in shown
    assert "Traceback" not in shown
    assert shown.startswith("--- stdout" if "2>" in place else "error: stdout: cannot write (")


@pytest.mark.parametrize("format_", ["text", "json", "github"])
@pytest.mark.parametrize(
    "command", ["check ./good", "check ./bad", "check ./absent", "pack good --to oci:out", "outdated"]
)
def test_a_report_that_cannot_be_written(command: str, format_: str, tool: Tool) -> None:
    shown = shell(tool, f"lsp-assembler {command} --format {format_} >/dev/full")
    assert shown.endswith("--- stdout\n--- exit status 2\n")
    told = "error: stdout: cannot write (No space left on device)\n" in shown
    assert told == ((command, format_) != ("outdated", "text"))  # whose error is on stderr


@pytest.mark.parametrize("format_", ["text", "json", "github"])
@pytest.mark.parametrize("place", ["2>/dev/full", "2>&-"])
def test_stderr_that_cannot_be_written(place: str, format_: str, tool: Tool) -> None:
    whole = shell(tool, f"lsp-assembler check ./good --format {format_} 2>/dev/null")
    shown = shell(tool, f"lsp-assembler check ./good --format {format_} {place}")
    assert shown.endswith("--- exit status 2\n")
    assert ("error: stderr: cannot write (" in shown) == (format_ != "json")
    assert "no errors, 1 warning" in shown or '"ok": true' in shown
    assert len(shown.splitlines()) - len(whole.splitlines()) == (0 if format_ == "json" else 2)


def test_a_closed_stream_is_not_taken_for_a_file(tool: Tool) -> None:
    """The first file that is opened gets the number of a stream that is closed."""
    shown = shell(
        tool, "lsp-assembler pack good --to oci:out 0>&- 1>&- 2>&-; find out -type f | xargs grep -la stdout:"
    )
    assert shown == "--- stdout\n--- exit status 123\n"
