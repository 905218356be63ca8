"""`lsp-assembler outdated`."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import typer

from lsp_assembler.cli import options
from lsp_assembler.cli.build import BaseOption
from lsp_assembler.cli.locking import LockOption, lock_path, wanted
from lsp_assembler.cli.plan import plan
from lsp_assembler.cli.stores import Access, Spelling, Stores
from lsp_assembler.cli.wishes import base_reference
from lsp_assembler.errors import FetchError, LspAssemblerError
from lsp_assembler.lock import file as locks
from lsp_assembler.lock.diff import CurrentDigest, LockDiff, diff
from lsp_assembler.model.images import SCRATCH
from lsp_assembler.model.reference import Reference
from lsp_assembler.parallel import in_parallel
from lsp_assembler.reports import outdated as reports
from lsp_assembler.stores.interface import Pull, Store


class OutdatedFormat(StrEnum):
    """How the comparison is written: for people, or for programs."""

    TEXT = "text"
    JSON = "json"


OutdatedFormatOption = Annotated[
    OutdatedFormat, typer.Option("--format", help="How the result is written to stdout.")
]


def outdated(  # noqa: PLR0913  # one parameter for each option, as Typer wants it
    *,
    file: options.FileOption = None,
    lock_file: LockOption = None,
    base: BaseOption = None,
    type_: options.TypeOption = None,
    from_: options.FromOption = "auto",
    pull: options.PullOption = Pull.ALWAYS,
    insecure: options.InsecureOption = None,
    jobs: options.JobsOption = None,
    format_: OutdatedFormatOption = OutdatedFormat.TEXT,
    stall_timeout: options.StallOption = options.DEFAULT_STALL_TIMEOUT,
) -> None:
    """Compare images.lock with images.yml, and with what its names stand for now; fetch nothing."""
    shown = str(lock_file or locks.FILENAME)
    try:
        spelling = Spelling.parse("--from", from_)
        planned = plan(None, file, type_)
        needed = wanted(planned, base_reference(planned, base))
        path = lock_path(planned, lock_file)
        shown = str(path)
        lock = locks.load(path)
        access = Access(
            pull=pull,
            stall_timeout=stall_timeout,
            registries=planned.registries,
            insecure=insecure,
        )
        with Stores(access) as stores:
            answers = _ask(stores.reader(spelling), (needed.base, *needed.images), jobs)
        found = diff(lock, needed, answers)
    except LspAssemblerError as error:
        if format_ is OutdatedFormat.TEXT:
            raise
        typer.echo(reports.render_json(None, shown, str(error), error.exit_status), nl=False)
        raise typer.Exit(error.exit_status) from error
    typer.echo(_rendered(found, shown, format_), nl=False)
    raise typer.Exit(found.exit_status)


def _rendered(found: LockDiff, lock_path: str, format_: OutdatedFormat) -> str:
    if format_ is OutdatedFormat.JSON:
        return reports.render_json(found, lock_path, None, found.exit_status)
    return reports.text(found, lock_path)


def _ask(store: Store, names: Sequence[str], jobs: int | None) -> Mapping[str, CurrentDigest]:
    """What every name stands for now, all asked at once; one that fails never hides another."""

    def answer(name: str) -> CurrentDigest:
        if name == SCRATCH:
            return ""
        try:
            return store.digest(Reference.parse(name))
        except FetchError as error:
            return error

    return dict(zip(names, in_parallel(answer, names, jobs or store.jobs), strict=True))
