"""What `tags` says of the versions of one image: text, and JSON."""

from collections.abc import Iterator, Sequence

from lsp_assembler.model.dates import epoch_of, timestamp
from lsp_assembler.model.versions import Version, order_of
from lsp_assembler.operations.tags import TagsResult
from lsp_assembler.reports.json import envelope
from lsp_assembler.reports.wording import ABSENT
from lsp_assembler.text import plural, visible

_SHORT_DIGEST = len("sha256:") + 12
_SHORT_REVISION = 7
_TO_THE_MINUTE = len("2026-11-21T03:34")


def text(found: TagsResult) -> str:
    """The listing for people: a line for each tag, newest first."""
    place = visible(found.place)
    lines = [f"{found.repository}: no LSP tag in {place}"]
    if found.versions:
        head = f"{found.repository}: {plural(len(found.versions), 'tag')} in {place}, newest first"
        lines = [head, "", *_table([("tag", "created", "commit", "digest"), *map(_row, found.versions)])]
    notes = []
    if _order(found.versions) == "created":
        notes.append("Commits have no order: the dates decide which is newest.")
    if found.others:
        notes.append(f"Not listed without --all: {plural(found.others, 'other tag')}.")
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def render_json(
    found: TagsResult | None, repository: str, store: str, error: str | None, exit_status: int
) -> str:
    """The listing for programs, documented in docs/versions.md.

    Args:
        found: None where an error stopped the run before there was anything to list.
    """
    return envelope(
        exit_status,
        error,
        repository=repository,
        store=store,
        order=_order(found.versions) if found else None,
        tags=[_json(version) for version in found.versions] if found else [],
    )


def _order(versions: Sequence[Version]) -> str:
    return order_of(version.tag for version in versions)


def _row(version: Version) -> tuple[str, str, str, str]:
    if version.problem:
        return visible(version.tag), "could not be read", "", ""
    epoch = epoch_of(version.created)
    date = ABSENT if epoch is None else timestamp(epoch)[:_TO_THE_MINUTE].replace("T", " ")
    revision = visible(version.revision or "")[:_SHORT_REVISION]
    return visible(version.tag), date, revision or ABSENT, visible(version.digest[:_SHORT_DIGEST])


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
