"""The commands, put together."""

import importlib
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lsp_assembler import __version__
from lsp_assembler.cli import output
from lsp_assembler.cli.grouped import Command
from lsp_assembler.text import visible

_COMMANDS = (
    "build",
    "check",
    "diff",
    "inspect",
    "kubernetes",
    "lock",
    "migrate",
    "outdated",
    "pack",
    "prepull",
    "schema",
    "serve",
    "tags",
    "update",
)
"""Each is the function of that name in the module of that name beside this one."""


_UsageError: Any = typer.BadParameter.__mro__[1]  # Typer has no public name for it


class _Commands(TyperGroup):
    """Imports a command when it is asked for: a run needs one of them, and only --help needs all."""

    def __init__(self, **settings: Any) -> None:  # Typer's own
        super().__init__(**settings)
        self.commands = dict.fromkeys(_COMMANDS)  # type: ignore[assignment]  # only the names are read

    def get_command(self, _: object, name: str) -> Any:  # Click's type, of whichever Click
        """The command of a name; None if there is none."""
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"lsp_assembler.cli.{name}")
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name, cls=Command)(getattr(module, name))
        return typer.main.get_command(alone)


app = typer.Typer(
    name="lsp-assembler",
    cls=_Commands,
    help="Assemble cyber-dojo start-points images from tiny :LSP images, without a git clone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # Typer calls it by position
    if wanted:
        output.report(f"lsp-assembler {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    *,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show a traceback when lsp-assembler has a bug.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that stand before the command; `--debug` is read in `main`, where bugs end up."""


def run() -> int:
    """Run the command line; its exit status.

    Raises:
        LspAssemblerError: what the command says is wrong.
    """
    try:
        return app(standalone_mode=False) or 0
    except _UsageError as error:
        if len(sys.argv) > 1:  # else it is the help; otherwise it repeats words of the command line
            error.message = visible(error.message)
        error.show()
        return int(error.exit_code)
