"""Completion in a real bash: keys go in through a terminal, and what stands on the line comes out."""

import os
import pty
import re
from pathlib import Path

import pytest

from tests.integration.support import NO_ENGINE, Tool

LIST = """\
name: acme/languages-start-points:1
images:
  - acme/elm_test:LSP
  - acme/java_junit:LSP-1
  - acme/java_junit:LSP-2
"""
TO_THE_START, TO_THE_END = "\x01", "\x05"


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    tool = Tool(tmp_path, NO_ENGINE)
    tool.write("images.yml", LIST)
    tool.write("layout/index.json", "")
    return tool


def shown(tool: Tool, *lines: str) -> list[str]:
    """What bash makes of lines that are typed, each with Tab where it says so."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(tool.folder)
        os.execvpe("bash", ["bash", "--noprofile", "-i"], tool.variables(TERM="dumb", COLUMNS="300"))
    typed = [f"{TO_THE_START}echo '<{TO_THE_END}>'\n".join([line, ""]) for line in lines]
    keys = "".join([*typed, "exit\n"]).encode()
    os.write(terminal, keys)
    output = b""
    try:
        while piece := os.read(terminal, 65536):
            output += piece
    except OSError:  # which is how the end of a terminal is told
        pass
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0
    return re.findall(r"^<(.*?)>\r$", output.decode(), re.MULTILINE)


def test_words_are_completed_as_they_are_typed(tool: Tool) -> None:
    installed = tool.run("--install-completion", "bash")
    assert installed.status == 0, installed.output
    expected = {
        "lsp-assembler outd\t": "lsp-assembler outdated ",
        "lsp-assembler check --form\t": "lsp-assembler check --format ",
        "lsp-assembler check --format j\t": "lsp-assembler check --format json ",
        "lsp-assembler check --format=g\t": "lsp-assembler check --format=github ",
        "lsp-assembler build --from oci-a\t": "lsp-assembler build --from oci-archive:",
        "lsp-assembler build --from oci:lay\t": "lsp-assembler build --from oci:layout/",
        "lsp-assembler check acme/e\t": "lsp-assembler check acme/elm_test:LSP ",
        "lsp-assembler check acme/java_junit:LSP-\t2\t": "lsp-assembler check acme/java_junit:LSP-2 ",
        "lsp-assembler tags acme/j\t": "lsp-assembler tags acme/java_junit ",
        "lsp-assembler inspect ac\t": "lsp-assembler inspect acme/languages-start-points:1 ",
        "lsp-assembler lock --file im\t": "lsp-assembler lock --file images.yml ",
    }
    assert shown(tool, *expected) == list(expected.values())


def test_installing_twice_is_installing_once_and_keeps_what_is_there(tool: Tool) -> None:
    tool.write(".bashrc", "export MINE=1")
    first, second = (tool.run("--install-completion", SHELL="/usr/bin/bash") for _ in range(2))
    script = tool.folder / ".local/share/lsp-assembler/completion.bash"
    added = f"[ -r {script} ] && . {script}"
    assert (tool.folder / ".bashrc").read_text() == f"export MINE=1\n{added}\n"
    assert first.stdout.splitlines()[1] == f"added a line to {tool.folder}/.bashrc that reads it"
    assert second.stdout.splitlines()[1] == f"{tool.folder}/.bashrc reads it already"
    assert script.read_text() == tool.run("--show-completion", "bash").stdout


def test_fish_looks_for_scripts_by_itself(tool: Tool) -> None:
    tool.run("--install-completion", "fish")
    assert [path.name for path in tool.folder.rglob("*.fish")] == ["lsp-assembler.fish"]
    assert not (tool.folder / ".bashrc").exists()


def test_a_shell_that_is_not_known(tool: Tool) -> None:
    run = tool.run("--install-completion", SHELL="/bin/tcsh")
    assert run.status == 2
    assert run.stderr == (
        "error: --install-completion: no script for 'tcsh', which SHELL names; expected bash, zsh or fish\n"
        "  Name it, as in '--install-completion bash'.\n"
    )
