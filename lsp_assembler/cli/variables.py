"""Environment variables that stand for options: what is wrong with one is told by its name."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import typer

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.text import named

Value = TypeVar("Value")


def checked(
    check: Callable[[str, str], object],
) -> Callable[[typer.Context, typer.CallbackParam, Value], Value]:
    """A callback for an option with a variable; it checks the value if that comes from there.

    A value on the command line is checked by the operation.

    Args:
        check: called with the value and the name of the variable; raises InvalidInputError.
    """

    def callback(ctx: typer.Context, parameter: typer.CallbackParam, value: Value) -> Value:
        source = ctx.get_parameter_source(str(parameter.name))
        if source and source.name == "ENVIRONMENT" and not ctx.resilient_parsing:
            check(str(value), str(parameter.envvar))
        return value

    return callback


def is_there(path: str, variable: str) -> None:
    """Check that a variable names a file; raises InvalidInputError."""
    if not Path(path).exists():
        raise InvalidInputError(
            f"{variable}: {named(path)} does not exist; expected a list of images",
            "Correct the variable, or unset it.",
        )
