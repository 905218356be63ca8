"""The commands, put together."""

import importlib
import os
from itertools import groupby
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from lsp_assembler import __version__
from lsp_assembler.cli import completion, output, shells, usage
from lsp_assembler.cli.grouped import Command


class Entry(NamedTuple):
    """A command: who needs it, its name, and the first line of its help.

    It is the function of that name in the module of that name beside this one.
    """

    group: str
    name: str
    line: str


_AUTHOR, _MAINTAINER, _OPERATOR = "For authors", "For maintainers", "For operators"

COMMANDS = (  # in the order of use; a line has room for 66 characters
    Entry(_AUTHOR, "init", "Make a new start point, or a new images.yml."),
    Entry(_AUTHOR, "check", "Check start points against every rule; build nothing."),
    Entry(_AUTHOR, "pack", "Make an LSP image from each LTF checkout."),
    Entry(_MAINTAINER, "build", "Build the start-points image from the LSP images in images.yml."),
    Entry(_MAINTAINER, "lock", "Write the digest of every image in images.yml to images.lock."),
    Entry(_MAINTAINER, "outdated", "Show what is newer than images.lock and images.yml say."),
    Entry(_MAINTAINER, "tags", "List the versions of an LSP image, newest first."),
    Entry(_MAINTAINER, "update", "Move images in images.yml to newer versions."),
    Entry(_MAINTAINER, "diff", "Show which start points differ between images, locks or lists."),
    Entry(_MAINTAINER, "migrate", "Turn a list of git repositories into an images.yml."),
    Entry(_MAINTAINER, "schema", "Print the JSON Schema of images.yml."),
    Entry(_OPERATOR, "inspect", "Show what a start-points image serves."),
    Entry(_OPERATOR, "serve", "Serve start points over HTTP, as cyber-dojo's own service does."),
    Entry(_OPERATOR, "prepull", "Pull every language image that start points name."),
    Entry(_OPERATOR, "kubernetes", "Print manifests of the service that pull all language images."),
    Entry(_OPERATOR, "audit", "Judge language images by a policy: too old, superseded, denied."),
    Entry(_OPERATOR, "report", "Show every version of every language: age, size, durations."),
)

_END = """
Examples:
  lsp-assembler check .   check the start point in this folder
  lsp-assembler build     build an image of all that images.yml lists

'lsp-assembler COMMAND --help' says more, and so does
https://github.com/cyber-dojo/lsp-assembler/tree/main/docs
"""


class _Commands(TyperGroup):
    """Imports a command when it is asked for: a run needs one of them, and --help needs none."""

    def __init__(self, **settings: Any) -> None:  # Typer's own
        super().__init__(**settings)
        self.commands = dict.fromkeys(entry.name for entry in COMMANDS)  # type: ignore[assignment]

    def get_command(self, _: object, name: str) -> Any:  # Click's type, of whichever Click
        """The command of a name; None if there is none."""
        if name not in self.commands:
            return None
        module = importlib.import_module(f"lsp_assembler.cli.{name}")
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name, cls=Command)(getattr(module, name))
        return typer.main.get_command(alone)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments begin with; raises InvalidInputError."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            raise usage.no_such_command(args[0], list(self.commands))
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Without any argument the help is shown: nothing was asked for, so that is no success."""
        if not args and not ctx.resilient_parsing:
            output.say(ctx.get_help())
            raise typer.Exit(usage.EXIT_STATUS)
        if len(args) == 1 and args[0] in ("--install-completion", "--show-completion"):
            args = [*args, shells.current(args[0], os.environ)]
        with usage.in_our_words(ctx):
            return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the options."""
        width = max(len(entry.name) for entry in COMMANDS)
        for group, entries in groupby(COMMANDS, key=lambda entry: entry.group):
            with formatter.section(group):
                formatter.write_dl([(f"{entry.name:{width}}", entry.line) for entry in entries])
        Command.format_options(self, ctx, formatter)  # type: ignore[arg-type]  # it needs only get_params

    def format_epilog(self, _: Any, formatter: Any) -> None:
        """Write what comes last."""
        formatter.write(_END)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """The names of commands, and the options before them, that begin as a word does."""
        named = [completion.Item(entry.name, entry.line) for entry in COMMANDS]
        options = super(TyperGroup, self).shell_complete(ctx, incomplete)
        return [*(item for item in named if item.value.startswith(incomplete)), *options]


app = typer.Typer(
    name="lsp-assembler",
    cls=_Commands,
    help="Assemble cyber-dojo start-points images from tiny :LSP images, without a git clone.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # Typer calls it by position
    if wanted:
        output.report(f"lsp-assembler {__version__}\n")
        raise typer.Exit


def _install(shell: shells.Shell | None) -> None:
    if shell:
        output.report(shells.install(shell, os.environ))
        raise typer.Exit


def _show(shell: shells.Shell | None) -> None:
    if shell:
        output.document(shells.script(shell))
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
    install_completion: Annotated[
        shells.Shell | None,
        typer.Option(
            "--install-completion",
            metavar="SHELL",
            callback=_install,
            is_eager=True,
            help="Set up completion.",
            show_default="your shell",
        ),
    ] = None,
    show_completion: Annotated[
        shells.Shell | None,
        typer.Option(
            "--show-completion",
            metavar="SHELL",
            callback=_show,
            is_eager=True,
            help="Print its script.",
            show_default="your shell",
        ),
    ] = None,
) -> None:
    """Options that stand before the command; `--debug` is read in `main`, where bugs end up."""


def run() -> int:
    """Run the command line; its exit status.

    Raises:
        LspAssemblerError: what the command says is wrong, or what is wrong with the command line.
    """
    line = os.environ.pop(completion.LINE, None)
    if line is not None:
        output.verbatim(completion.completions(typer.main.get_command(app), line))  # tabs and all
        return 0
    with usage.in_our_words():
        return app(standalone_mode=False) or 0
