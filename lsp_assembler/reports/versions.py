"""How reports say that an image has a newer version: text."""

from lsp_assembler.model.dates import epoch_of, timestamp
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source
from lsp_assembler.model.versions import Version, order_of
from lsp_assembler.text import shortened, visible

_DATE = len("2026-11-21")


def version_step(entry: Source, new: Version, *, kept: bool = False) -> str:
    """From which tag to which, and what the new image is: "LSP-3.7.4 -> LSP-3.7.5  Python 3.7.5, unittest".

    Where the tags do not tell that it is newer, its date does.

    Args:
        kept: whether the old one stays.
    """
    old = Reference.parse(entry.text).tag or "latest"
    said = f"{old} kept, {new.tag} added" if kept else f"{old} -> {new.tag}"
    title = f"  {shortened(new.title)}" if new.title else ""
    epoch = epoch_of(new.created)
    dated = epoch is not None and order_of([old, new.tag]) == "created"
    date = f"  ({timestamp(epoch or 0)[:_DATE]})" if dated else ""
    return visible(f"{said}{title}{date}")
