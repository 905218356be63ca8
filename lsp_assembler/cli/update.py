"""`lsp-assembler update`."""

from functools import partial
from typing import Annotated

import typer

from lsp_assembler.cli import completion, options, output, reporting
from lsp_assembler.cli.grouped import NOTHING, OFF, grouped
from lsp_assembler.operations import update as operation
from lsp_assembler.reports import update as reports
from lsp_assembler.text import visible

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME [TAG] | NAME...]",
        help="Images in images.yml; the last part of a name is enough. TAG is a version or a commit, e.g. "
        "3.7.5-1; without it, the newest.",
        show_default=False,
        autocompletion=completion.sources,
    ),
    NOTHING,
]
All = Annotated[bool, typer.Option("--all", help="Update every image that does not have a moving tag."), OFF]
Keep = Annotated[
    bool, typer.Option("--keep", help="Add the new version after the old one, which stays."), OFF
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would change, and leave the file as it is."), OFF
]


@grouped
def update(
    *,
    names: Names,
    all_: All,
    keep: Keep,
    dry_run: DryRun,
    file: options.ImagesFile,
    reading: options.Reading,
    reach: options.Reach,
    no_cache: options.NoCache,
    jobs: options.Jobs,
) -> None:
    """Move images in images.yml to newer versions.

    An engine knows only the images it has; a registry knows all that are published. Nothing else in the file
    changes.
    """
    request = operation.UpdateRequest(
        names=tuple(names or ()),
        all=all_,
        keep=keep,
        dry_run=dry_run,
        file=file,
        from_store=reading.from_,
        jobs=jobs,
        stores=options.cached(reach.options(), no_cache=no_cache),
        environ=options.environ(),
    )
    reporting.run(partial(operation.update, request), _show, done=_done)


def _show(done: operation.UpdateResult) -> None:
    output.verbatim(reports.text(done, output.width()))
    if done.stale_lock:
        output.say(visible(f"{done.stale_lock}: out of date; run 'lsp-assembler lock'"))


def _done(done: operation.UpdateResult) -> str:
    changed = any(each.version for each in done.standings) and not done.request.dry_run
    return reports.text(done) if changed else ""
