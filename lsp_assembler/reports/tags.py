"""What `tags` says of the versions of one image: text, and JSON."""

from collections.abc import Sequence

from lsp_assembler.model.dates import epoch_of, timestamp
from lsp_assembler.model.versions import Version, order_of
from lsp_assembler.operations.tags import TagsResult
from lsp_assembler.reports.json import envelope
from lsp_assembler.reports.layout import Column, Span, painted, table
from lsp_assembler.reports.wording import ABSENT
from lsp_assembler.text import plural, short_commit, short_digest, visible

_COLUMNS = (Column("tag", keeps="ends"), Column("created"), Column("commit"), Column("digest"))
_TO_THE_MINUTE = len("2026-11-21T03:34")


def text(found: TagsResult, width: int | None) -> str:
    """The listing: a row for each tag, newest first.

    Args:
        width: of the terminal; None for a program, which gets the table alone, with tabs.
    """
    place = visible(found.place)
    if not found.versions:
        return f"{found.repository}: no LSP tag in {place}\n"
    rows = [[Span(cell) for cell in _row(version)] for version in found.versions]
    lines = [painted(line, color=False) for line in table(_COLUMNS, rows, width)]
    if width is not None:
        lines = [f"{found.repository}: {plural(len(rows), 'tag')} in {place}, newest first", "", *lines]
    return "\n".join(lines) + "\n"


def notes(found: TagsResult) -> list[str]:
    """What else the reader of the listing should know, for stderr: a program reads stdout."""
    said = []
    if _order(found.versions) == "created":
        said.append("Commits have no order: the dates decide which is newest.")
    if found.others:
        said.append(f"Not listed without --all: {plural(found.others, 'other tag')}.")
    return said


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
    revision = short_commit(visible(version.revision or ""))
    return visible(version.tag), date, revision or ABSENT, visible(short_digest(version.digest))


def _json(version: Version) -> dict[str, object]:
    return {
        "tag": version.tag,
        "moves": version.moves,
        "created": version.created,
        "digest": version.digest or None,
        "revision": version.revision,
        "problem": version.problem or None,
    }
