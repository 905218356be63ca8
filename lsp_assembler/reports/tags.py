"""What `tags` says of the versions of one image: text, and JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_assembler.model.dates import epoch_of, timestamp
from lsp_assembler.model.versions import Version, order_of
from lsp_assembler.reports.wording import ABSENT
from lsp_assembler.text import json_text, plural, visible

SCHEMA = 1
"""Goes up when a field is renamed, removed or changes its meaning; not when one is added."""

_SHORT_DIGEST = len("sha256:") + 12
_SHORT_REVISION = 7
_TO_THE_MINUTE = len("2026-11-21T03:34")


@dataclass(frozen=True, slots=True)
class Listing:
    """What there is under one name.

    Args:
        repository: e.g. "cyberdojofoundation/java_junit".
        store: as --from spells it, e.g. "registry".
        place: as sentences call it, e.g. "the registry".
        versions: in the order in which they are shown.
        others: how many more tags there are.
    """

    repository: str
    store: str
    place: str
    versions: tuple[Version, ...]
    others: int = 0

    @property
    def problems(self) -> tuple[Version, ...]:
        """Those that could not be read."""
        return tuple(version for version in self.versions if version.problem)


def text(found: Listing) -> str:
    """The listing for people: a line for each tag, newest first."""
    lines = [f"{found.repository}: no LSP tag in {found.place}"]
    if found.versions:
        head = f"{found.repository}: {plural(len(found.versions), 'tag')} in {found.place}, newest first"
        lines = [head, "", *_table([("tag", "created", "commit", "digest"), *map(_row, found.versions)])]
    notes = []
    if _order(found.versions) == "created":
        notes.append("Commits have no order: the dates decide which is newest.")
    if found.others:
        notes.append(f"Not listed without --all: {plural(found.others, 'other tag')}.")
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def render_json(
    found: Listing | None, repository: str, store: str, error: str | None, exit_status: int
) -> str:
    """The listing for programs, documented in docs/versions.md.

    Args:
        found: None where an error stopped the run before there was anything to list.
    """
    report = {
        "schema": SCHEMA,
        "ok": exit_status == 0,
        "exit_status": exit_status,
        "error": error,
        "repository": repository,
        "store": store,
        "order": _order(found.versions) if found else None,
        "tags": [_json(version) for version in found.versions] if found else [],
    }
    return json_text(report)


def _order(versions: Sequence[Version]) -> str:
    return order_of(version.tag for version in versions)


def _row(version: Version) -> tuple[str, str, str, str]:
    if version.problem:
        return version.tag, "could not be read", "", ""
    epoch = epoch_of(version.created)
    date = ABSENT if epoch is None else timestamp(epoch)[:_TO_THE_MINUTE].replace("T", " ")
    revision = visible(version.revision or "")[:_SHORT_REVISION]
    return version.tag, date, revision or ABSENT, version.digest[:_SHORT_DIGEST]


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _json(version: Version) -> dict[str, object]:
    return {
        "tag": version.tag,
        "moves": version.moves,
        "created": version.created,
        "digest": version.digest or None,
        "revision": version.revision,
        "problem": version.problem or None,
    }
