"""The list of all commands, which imports none of them."""

import importlib
import inspect

import pytest

from lsp_assembler.cli.app import COMMANDS, Entry


@pytest.mark.parametrize("entry", COMMANDS, ids=[entry.name for entry in COMMANDS])
def test_a_line_is_the_first_one_of_the_commands_help(entry: Entry) -> None:
    command = getattr(importlib.import_module(f"lsp_assembler.cli.{entry.name}"), entry.name)
    assert (inspect.getdoc(command) or "").splitlines()[0] == entry.line


def test_each_command_stands_there_once_with_others_of_its_group() -> None:
    assert len({entry.name for entry in COMMANDS}) == len(COMMANDS)
    groups = [entry.group for entry in COMMANDS]
    assert groups == sorted(groups, key=groups.index)
