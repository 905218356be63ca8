"""`lsp-assembler lock`."""

from functools import partial
from typing import Annotated

import typer

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.grouped import OFF, grouped
from lsp_assembler.operations import lock as operation
from lsp_assembler.reports import lock as reports

AcceptMoved = Annotated[
    bool,
    typer.Option("--accept-moved", help="Accept that immutable tags have moved, and lock their new digests."),
    OFF,
]


@grouped
def lock(
    *,
    listed: options.Listed,
    accept_moved: AcceptMoved,
    base: options.Base,
    reading: options.Pulling,
    reach: options.Reach,
    no_cache: options.NoCache,
    jobs: options.Jobs,
    strict: options.Strict,
    limits: options.ImageLimits,
) -> None:
    """Write the digest of every image in images.yml to images.lock.

    Reads and checks everything as `check` does. If anything is wrong, nothing is written.
    """
    stores = reach.options(reading.pull, options.limits(limits))
    request = operation.LockRequest(
        file=listed.file,
        type=listed.type_,
        from_store=reading.from_,
        lock_file=listed.lock_file,
        accept_moved=accept_moved,
        base=base,
        strict=strict,
        jobs=jobs,
        stores=options.cached(stores, no_cache=no_cache),
        environ=options.environ(),
    )
    reporting.run(partial(operation.lock, request), _show, done=reports.text)


def _show(done: operation.LockResult) -> None:
    if done.exit_status:
        reporting.write(done.result, options.Showing())
    else:
        output.verbatim(reports.text(done, output.width()))
