"""`lsp-assembler prepull`."""

import sys
from functools import partial
from typing import Annotated

import typer

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.grouped import NOTHING, OFF, grouped
from lsp_assembler.cli.options import DataFormat
from lsp_assembler.errors import InvalidInputError, LspAssemblerError
from lsp_assembler.model.readiness import PULLS
from lsp_assembler.operations import prepull as operation
from lsp_assembler.reports import prepull as reports
from lsp_assembler.reports.keeping import KEEPING

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="A start-points image, a folder of index dirs or an images.yml; or checkouts.",
        show_default=False,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=256,
        metavar="N",
        help="How many images to pull at once; an engine pulls several layers of each at once already.",
        show_default=str(PULLS),
    ),
    NOTHING,
]


@grouped
def prepull(
    *,
    sources: Sources,
    locked: Annotated[
        bool, typer.Option("--locked", help="Read exactly the images that the lock file has."), OFF
    ],
    lock_file: options.LockFile,
    type_: options.Type,
    reading: options.Reading,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Pull and remove nothing: say what would be done."), OFF
    ],
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Then remove images of the same repositories that the source does not name."
        ),
        OFF,
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove them without asking."), OFF],
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Also tell what keeps images on a node while nothing uses them."),
        OFF,
    ],
    reach: options.Reach,
    no_cache: options.NoCache,
    jobs: Jobs,
    format_: options.TextOrJson,
) -> None:
    """Pull every language image that start points name.

    Brings them to the engine's node before a learner asks for them. First asks the registries how much is
    missing, and compares that with the free space where the engine keeps images.
    """
    if prune and not (yes or dry_run or sys.stdin.isatty()):
        raise InvalidInputError(
            "--prune: it asks before it removes anything, and there is no terminal to ask on",
            "Add --yes to agree beforehand, or --dry-run to see what it would remove.",
        )
    request = operation.PrepullRequest(
        sources=sources,
        type=type_,
        locked=locked,
        lock_file=lock_file,
        from_store=reading.from_,
        jobs=jobs,
        dry_run=dry_run,
        prune=prune,
        confirmed=yes,
        stores=options.cached(reach.options(), no_cache=no_cache),
        environ=options.environ(),
    )

    def show(done: operation.PrepullResult) -> None:
        if format_ is DataFormat.JSON:
            output.document(reports.render_json(done, None, done.exit_status))
        else:
            output.report(reports.text(done, output.width()) + (f"\n{KEEPING}" if keep else ""))

    def failed(error: LspAssemblerError) -> None:
        output.document(reports.render_json(None, str(error), error.exit_status))

    reporting.run(partial(operation.prepull, request), show, None if format_ is DataFormat.TEXT else failed)
