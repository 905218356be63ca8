"""images.lock, as several operations use it: where it is, and what it forbids."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from lsp_assembler.errors import FetchError, InvalidInputError, LockError
from lsp_assembler.lockfile import FILENAME, REGENERATE
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.result import Result
from lsp_assembler.operations.base import failure
from lsp_assembler.operations.plan import Plan

if TYPE_CHECKING:  # few runs have a lock
    from lsp_assembler.lockfile.diff import Requested
    from lsp_assembler.lockfile.file import Lock


def lock_path(planned: Plan, chosen: Path | None) -> Path:
    """Where the lock file is, or would be: the chosen place, or beside images.yml."""
    return chosen or planned.folder / FILENAME


def existing(planned: Plan, chosen: Path | None) -> "Lock | None":
    """The lock file, if there is one.

    Raises:
        LockError: it is invalid, or the chosen one is not there.
    """
    path = lock_path(planned, chosen)
    if chosen is None and (planned.path is None or not path.exists()):
        return None
    from lsp_assembler.lockfile.file import load

    return load(path)


def required(planned: Plan, base: Reference, chosen: Path | None, sources: Sequence[str]) -> "Lock":
    """The lock file, which must fit what is to be built.

    Args:
        sources: what the request has in place of the list in images.yml.

    Raises:
        InvalidInputError: there is anything.
        LockError: it is missing, invalid, or stale; all reasons.
    """
    if sources:
        raise InvalidInputError(
            f"--locked: '{sources[0]}' is not from the list that is locked",
            "Leave out --locked, or the sources.",
        )
    from lsp_assembler.lockfile.diff import diff, staleness
    from lsp_assembler.lockfile.file import load

    path = lock_path(planned, chosen)
    lock = load(path)
    reasons = staleness(diff(lock, wanted(planned, base), {}), str(path), str(planned.path))
    if reasons:
        raise LockError(reasons, REGENERATE)
    return lock


def wanted(planned: Plan, base: Reference) -> "Requested":
    """What images.yml and the request ask for."""
    from lsp_assembler.lockfile.diff import Requested

    return Requested(planned.type, str(base), tuple(source.text for source in planned.sources))


def locked(planned: Plan, lock: "Lock") -> Plan:
    """The same plan, with every name standing for the digest that the lock has."""
    digests = {image.name: image.digest for image in lock.images}
    return replace(planned, digests=digests | {lock.base.name: lock.base.digest})


def refusal(
    assembly: Assembly,
    base: BaseImage | FetchError | None,
    lock: "Lock | None",
    planned: Plan,
    command: Literal["build", "check"],
) -> Result | None:
    """The result of a run in which tags moved that must not; None if none did.

    Args:
        base: None if the command has none.
    """
    if lock is None:
        return None
    from lsp_assembler.lockfile.diff import contradictions

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
    of_base = failure(base) if isinstance(base, FetchError) else None
    errors = [of_base.message] if of_base else []
    remedy = "Find out who moved it. If that was right, run 'lsp-assembler lock --accept-moved'."
    lines = {each.source.text: each.source.line for each in assembly.outcomes if planned.listed_in}
    if planned.file and planned.file.base:
        lines[str(planned.file.base)] = planned.file.base_line
    placed = [
        f"{planned.path}:{line}: {reason}" if (line := lines.get(reason.partition(": ")[0])) else reason
        for reason in reasons
    ]
    errors.append(str(LockError(placed, remedy)))
    unfetched = assembly.failures or of_base
    status = FetchError.exit_status if unfetched else LockError.exit_status
    return Result(assembly, status, error="\n".join(errors), base_failure=of_base, command=command)
