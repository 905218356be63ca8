"""Every error has a status, a message, and a remedy where there is one."""

import pytest

from lsp_assembler import errors
from lsp_assembler.errors import FetchError, InvalidInputError, LockError, LspAssemblerError, PublishError


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
