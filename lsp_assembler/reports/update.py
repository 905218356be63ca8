"""What `update` says of the entry that it moved: text."""

from lsp_assembler.model.dates import epoch_of, timestamp
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.versions import Version, order_of
from lsp_assembler.operations.update import UpdateResult
from lsp_assembler.text import visible

_DATE = len("2026-11-21")


def text(done: UpdateResult) -> str:
    """The entry's place, its name, and its old and new tag."""
    old = Reference.parse(done.entry.text)
    place = f"{visible(str(done.path))}:{done.entry.line}: {old.name}\n  {old.tag or 'latest'}"
    if done.new is None:
        why = f": nothing newer in {done.place}" if done.is_newest else ""
        hint = "; '--from registry' asks its registry" if why and done.is_local else ""
        return f"{place} stays{why}{hint}\n"
    return f"{place} \N{RIGHTWARDS ARROW} {done.new.tag}{_note(old, done.new)}\n"


def _note(old: Reference, new: Version) -> str:
    """Why this tag is the newest, where its name does not tell."""
    epoch = epoch_of(new.created)
    if epoch is None or order_of([old.tag, new.tag]) == "version":
        return ""
    return f" (commits have no order: the newest by date, {timestamp(epoch)[:_DATE]})"
