"""The commands, put together."""

from typing import Annotated

import typer

from lsp_assembler import __version__
from lsp_assembler.cli import build, check, inspect, lock, migrate, outdated, pack, schema, tags, update

app = typer.Typer(
    name="lsp-assembler",
    help="Assembles cyber-dojo start-point images from tiny :LSP images, without a git clone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(build.build)
app.command()(check.check)
app.command("inspect")(inspect.inspect)
app.command("lock")(lock.lock)
app.command("migrate")(migrate.migrate)
app.command("outdated")(outdated.outdated)
app.command("pack")(pack.pack)
app.command()(schema.schema)
app.command("tags")(tags.tags)
app.command("update")(update.update)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # Typer calls it by position
    if wanted:
        typer.echo(f"lsp-assembler {__version__}")
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
