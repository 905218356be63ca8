"""What the GitHub Action does: one run of lsp-assembler, which knows how to speak to GitHub.

Inputs come in variables, INPUT_COMMAND, INPUT_FILE and so on, never as part of a script. They are not those
that lsp-assembler itself reads, such as LSP_FROM: what a workflow sets there still holds.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.reports.github import stopped
from lsp_assembler.text import choice

COMMANDS = ("audit", "build", "check", "lock", "outdated", "pack", "update")
_TEXT_ONLY = ("lock", "update")
_OPTIONS = {"INPUT_FILE": "--file", "INPUT_FROM": "--from", "INPUT_TO": "--to"}
_TOOL = Path(sys.executable).with_name("lsp-assembler")


def main(environment: Mapping[str, str]) -> int:
    """Run the command that the inputs describe; returns its exit status."""
    try:
        arguments = command_line(environment)
    except InvalidInputError as error:
        sys.stdout.write(stopped(environment["INPUT_COMMAND"], error))
        return error.exit_status
    return subprocess.run([_TOOL, *arguments], check=False).returncode


def command_line(environment: Mapping[str, str]) -> list[str]:
    """The arguments for lsp-assembler, e.g. ["build", "--to=registry", "--tag=acme/lsp:1"].

    Raises:
        InvalidInputError: there is no such command, or a quotation mark in args is not closed.
    """
    command = environment["INPUT_COMMAND"]
    if command not in COMMANDS:
        fact = f"command: '{command}' is unknown; expected {choice(COMMANDS)}"
        raise InvalidInputError(fact, "Correct 'with: command:'.")
    try:
        extra = shlex.split(environment.get("INPUT_ARGS", ""), comments=False)
    except ValueError as error:
        raise InvalidInputError(
            f"args: it cannot be taken apart ({error}); expected words quoted as in a shell",
            "Close the quotation mark, or put a backslash before it.",
        ) from error
    given = {option: environment[name] for name, option in _OPTIONS.items() if environment.get(name)}
    source = ["--", given.pop("--file")] if command == "audit" and "--file" in given else []
    options = [f"{option}={value}" for option, value in given.items()]
    tags = [f"--tag={tag}" for tag in environment.get("INPUT_TAGS", "").split()]
    report = [] if command in _TEXT_ONLY else ["--format=github"]
    return [command, *options, *tags, *extra, *report, *source]


if __name__ == "__main__":
    sys.exit(main(os.environ))
