"""`lsp-assembler migrate`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.grouped import NOTHING, OFF, grouped
from lsp_assembler.operations import migrate as operation
from lsp_assembler.reports import migrate as reports

List = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A list of git repositories, or a folder of NAME/git_repo.url.",
        show_default=False,
    ),
]


class Known(Struct, frozen=True):
    """What tells which image a repository has."""

    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="REPO=IMAGE",
            help="The image of a repository (its URL, the last part, or a pattern: *={repo_}); repeatable.",
        ),
        NOTHING,
    ]
    manifests: Annotated[
        Path | None,
        typer.Option(
            "--manifests",
            metavar="DIR",
            help="A folder of checkouts (DIR/REPO) or manifests (DIR/REPO.json).",
        ),
        NOTHING,
    ]
    packed: Annotated[
        list[str] | None,
        typer.Option(
            "--packed", metavar="NAME", help="An LSP image, which names its repository; repeatable."
        ),
        NOTHING,
    ]


class Output(Struct, frozen=True):
    """Where images.yml goes."""

    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to this file.", show_default="standard output"
        ),
        NOTHING,
    ]
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file that --output names."), OFF]


@grouped
def migrate(
    *,
    file: List,
    known: Known,
    output: Output,
    reading: options.Reading,
    reach: options.Reach,
    jobs: options.Jobs,
) -> None:
    """Turn a list of git repositories into an images.yml.

    Nothing is cloned. A repository that cannot be mapped to an LSP image is reported, and is left
    as a comment. The file of a folder has no commit, so its image gets the tag LSP.
    """
    request = operation.MigrateRequest(
        file=file,
        maps=known.maps or (),
        manifests=known.manifests,
        packed=known.packed or (),
        output=output.output,
        force=output.force,
        from_store=reading.from_,
        jobs=jobs,
        stores=reach.options(),
        environ=options.environ(),
    )
    reporting.run(partial(operation.migrate, request), _show, done=_written)


def _show(done: operation.MigrateResult) -> None:
    write = output.document if done.output is None else output.report
    write(reports.text(done))
    if done.exit_status:
        output.say(reports.problems(done))


def _written(done: operation.MigrateResult) -> str:
    return reports.text(done) if done.output else ""
