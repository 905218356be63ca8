"""`lsp-assembler lock`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lsp_assembler.cli import options
from lsp_assembler.cli.build import BaseOption
from lsp_assembler.cli.locking import LockOption, lock_path, refusal
from lsp_assembler.cli.options import Format
from lsp_assembler.cli.output import write
from lsp_assembler.cli.plan import plan
from lsp_assembler.cli.run import Checking, as_it_stands, find_base, read_all
from lsp_assembler.cli.stores import Access, Spelling, Stores
from lsp_assembler.cli.wishes import base_reference
from lsp_assembler.errors import FetchError
from lsp_assembler.lock import file as locks
from lsp_assembler.lock.diff import Requested, diff
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.result import Result
from lsp_assembler.oci.layers import Limits
from lsp_assembler.reports.outdated import changes, summary
from lsp_assembler.stores.interface import Pull
from lsp_assembler.text import plural

AcceptMovedOption = Annotated[
    bool, typer.Option("--accept-moved", help="Lock what a tag that may not move stands for now.")
]


def lock(  # noqa: PLR0913  # one parameter for each option, as Typer wants it
    *,
    file: options.FileOption = None,
    lock_file: LockOption = None,
    accept_moved: AcceptMovedOption = False,
    base: BaseOption = None,
    type_: options.TypeOption = None,
    from_: options.FromOption = "auto",
    pull: options.PullOption = Pull.ALWAYS,
    insecure: options.InsecureOption = None,
    no_cache: options.NoCacheOption = False,
    jobs: options.JobsOption = None,
    strict: options.StrictOption = False,
    stall_timeout: options.StallOption = options.DEFAULT_STALL_TIMEOUT,
    max_bytes: options.MaxBytesOption = options.DEFAULT_MAX_BYTES,
    max_entries: options.MaxEntriesOption = options.DEFAULT_MAX_ENTRIES,
    max_path: options.MaxPathOption = options.DEFAULT_MAX_PATH,
    max_compressed: options.MaxCompressedOption = options.DEFAULT_MAX_COMPRESSED,
) -> None:
    """Write images.lock: what every name in images.yml stands for now, by digest.

    Reads and checks everything as `check` does; where anything is wrong, nothing is written.
    """
    spelling = Spelling.parse("--from", from_)
    planned = plan(None, file, type_)
    reference = base_reference(planned, base)
    path = lock_path(planned, lock_file)
    before = locks.load(path) if path.exists() else None
    limits = Limits(max_bytes, max_entries, max_path, max_compressed)
    access = Access(
        pull=pull,
        stall_timeout=stall_timeout,
        limits=limits,
        registries=planned.registries,
        insecure=insecure,
        cached=not no_cache,
    )
    with Stores(access) as stores:
        store = stores.reader(spelling)
        stores.warn_of_rate_limit(spelling, planned.references)
        finding = find_base(store, reference)
        assembly = read_all(planned, store, as_it_stands(planned.type, limits), Checking(jobs, strict))
        found = finding()
    refused = _refused(assembly, found, None if accept_moved else before)
    if refused:
        write(replace(refused, images_file=planned.listed_in), Format.TEXT)
        raise typer.Exit(refused.exit_status)
    if isinstance(found, BaseImage):
        _save(locks.lock_of(assembly, found, _platforms(found, before)), before, path)


def _refused(assembly: Assembly, base: BaseImage | FetchError, before: locks.Lock | None) -> Result | None:
    """What there is against writing the lock; None if there is nothing."""
    refused = refusal(assembly, base, before, "check")
    if refused:
        return refused
    if isinstance(base, FetchError):
        return Result(assembly, base.exit_status, error=str(base), command="check")
    return Result(assembly, assembly.exit_status, command="check") if assembly.exit_status else None


def _platforms(base: BaseImage, before: locks.Lock | None) -> Mapping[str, str]:
    """Its platforms; what an earlier run knew of the same image is kept where this store cannot tell."""
    if not base.platforms and before and before.base.digest == base.digest:
        return before.base.platforms
    return base.platforms


def _save(made: locks.Lock, before: locks.Lock | None, path: Path) -> None:
    """Write the lock, and say what is new in it."""
    answers = {image.name: image.digest for image in made.images} | {made.base.name: made.base.digest}
    found = diff(
        before, Requested(made.type, made.base.name, tuple(image.name for image in made.images)), answers
    )
    written = locks.save(made, path)
    what = f"the base and {plural(len(made.images), 'image')}"
    if not written:
        typer.echo(f"{path}: unchanged, with {what}")
    elif before is None:
        typer.echo(f"{path}: written, with {what}")
    else:
        news = changes(found)
        said = summary(found) if news else "the same digests, other details"
        typer.echo("\n".join([f"{path}: written, with {what}: {said}", *news]))
