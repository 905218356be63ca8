"""Every error has a status, a message, and a remedy where there is one."""

import ast
from pathlib import Path

import pytest

from lsp_assembler import errors
from lsp_assembler.errors import FetchError, InvalidInputError, LockError, LspAssemblerError, PublishError
from tests import ROOT

PACKAGE = ROOT / "lsp_assembler"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInputError("m"), 2),
        (FetchError("m", kind="not-found"), 3),
        (LockError("m"), 4),
        (PublishError("m"), 5),
    ],
)
def test_exit_statuses_are_a_contract(error: LspAssemblerError, status: int) -> None:
    assert error.exit_status == status
    assert isinstance(error, LspAssemblerError)


def test_statuses_of_what_is_no_error_of_a_user() -> None:
    assert (errors.FINDINGS, errors.INTERNAL, errors.INTERRUPTED) == (1, 70, 130)


def test_the_text_is_message_and_remedy() -> None:
    error = PublishError("busybox: refused; expected a login", "Log in.")
    assert str(error) == "busybox: refused; expected a login\n  Log in."
    assert error.args == (error.message,)


def test_without_a_remedy_the_text_is_the_message() -> None:
    assert str(FetchError("busybox: gone", kind="not-found")) == "busybox: gone"


def test_a_fetch_error_knows_its_kind() -> None:
    assert FetchError("m", kind="too-large").kind == "too-large"


def test_a_message_is_one_line_whatever_it_names() -> None:
    error = InvalidInputError("a\n::warning::b\x1b[31m: gone", "Look at a\u202e.")
    assert str(error) == "a\\n::warning::b\\x1b[31m: gone\n  Look at a\\u202e."


def test_several_messages_are_as_many_lines() -> None:
    assert LockError(["a\nb: gone", "c: stale"], "Run it.").message == "a\\nb: gone\nc: stale"


@pytest.mark.parametrize(
    "module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_nobody_joins_messages(module: Path) -> None:
    """An error takes them as a list: a line break in a message can only be a stranger's."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error") and node.args:
            assert "'\\n'.join(" not in ast.unparse(node.args[0]), f"line {node.lineno}"
