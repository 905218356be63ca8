"""images.lock, as several commands use it: where it is, and what it forbids."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from lsp_assembler.cli.plan import Plan
from lsp_assembler.errors import FetchError, InvalidInputError, LockError
from lsp_assembler.lock.diff import Requested, contradictions, diff, staleness
from lsp_assembler.lock.file import FILENAME, REGENERATE, Lock, load
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.result import Result
from lsp_assembler.stores.interface import Store
from lsp_assembler.stores.pinned import PinnedStore

LockOption = Annotated[
    Path | None,
    typer.Option(
        "--lock", metavar="FILE", help="The lock file.", show_default=f"{FILENAME} beside images.yml"
    ),
]
LockedOption = Annotated[
    bool, typer.Option("--locked", help="Use exactly the digests of the lock file; refuse a stale one.")
]


def lock_path(plan: Plan, chosen: Path | None) -> Path:
    """Where the lock file is, or would be."""
    return chosen or plan.folder / FILENAME


def existing(plan: Plan, chosen: Path | None) -> Lock | None:
    """The lock file, if there is one.

    Args:
        chosen: of --lock; None for the one beside images.yml.

    Raises:
        LockError: it is invalid, or --lock names one that is not there.
    """
    path = lock_path(plan, chosen)
    if chosen is None and (plan.path is None or not path.exists()):
        return None
    return load(path)


def required(plan: Plan, base: Reference, chosen: Path | None, positional: Sequence[str] | None) -> Lock:
    """The lock file, which must fit what is to be built.

    Args:
        positional: what the command line has in place of the list in images.yml.

    Raises:
        InvalidInputError: there is anything.
        LockError: it is missing, invalid, or stale; all reasons.
    """
    if positional:
        raise InvalidInputError(
            f"--locked: '{positional[0]}' is not from the list that is locked; expected no sources",
            "Leave out --locked, or the sources.",
        )
    path = lock_path(plan, chosen)
    lock = load(path)
    reasons = staleness(diff(lock, wanted(plan, base), {}), str(path), str(plan.path))
    if reasons:
        raise LockError("\n".join(reasons), REGENERATE)
    return lock


def wanted(plan: Plan, base: Reference) -> Requested:
    """What images.yml and the command line ask for."""
    return Requested(plan.type, str(base), tuple(source.text for source in plan.sources))


def pinned(store: Store, lock: Lock | None) -> Store:
    """The store with names as the lock has them; just the store if there is no lock to go by."""
    if lock is None:
        return store
    digests = {image.name: image.digest for image in lock.images}
    return PinnedStore(store, digests | {lock.base.name: lock.base.digest})


def refusal(
    assembly: Assembly,
    base: BaseImage | FetchError | None,
    lock: Lock | None,
    command: Literal["build", "check"],
) -> Result | None:
    """The result of a run in which tags moved that may not; None if none did.

    Args:
        base: None if the command has none.
    """
    if lock is None:
        return None
    found = [
        (outcome.source.text, outcome.start_point.digest)
        for outcome in assembly.outcomes
        if outcome.start_point and not outcome.source.is_directory
    ]
    if isinstance(base, BaseImage):
        found.append((base.name, base.digest))
    reasons = contradictions(lock, found)
    if not reasons:
        return None
    errors = [str(base)] if isinstance(base, FetchError) else []
    remedy = "Find out who moved it; if that was right, run 'lsp-assembler lock --accept-moved'."
    errors.append(str(LockError("\n".join(reasons), remedy)))
    unfetched = assembly.failures or isinstance(base, FetchError)
    status = FetchError.exit_status if unfetched else LockError.exit_status
    return Result(assembly, status, error="\n".join(errors), command=command)
