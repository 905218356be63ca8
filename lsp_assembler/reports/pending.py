"""What is about to be pulled, in words."""

from lsp_assembler.operations.observer import Pending
from lsp_assembler.reports.wording import human_size
from lsp_assembler.text import plural, visible

_UNPACKED = 3  # times as much as its download that an image takes on disk, at most, as a rule of thumb


def announced(pending: Pending) -> str:
    """What is about to be pulled, in one line, e.g. "43 of 84 language images to pull, 1.2 GB; …"."""
    count = len(pending.images)
    if not count:
        return f"none of {plural(pending.of, 'language image')} to pull"
    subject = f"{count} of {plural(pending.of, 'language image')} to pull"
    if count == pending.unknown:
        return f"{subject}, of unknown size; {_free(pending)}"
    known = f" and {pending.unknown} of unknown size" if pending.unknown else ""
    return f"{subject}, {human_size(pending.bytes)}{known}; {_free(pending)}"


def _free(pending: Pending) -> str:
    if pending.free is None:
        folder = f" in {visible(pending.folder)}" if pending.folder else ""
        return f"how much is free{folder} on the engine's machine is not known"
    words = f"{human_size(pending.free)} are free in {visible(pending.folder)}"
    if pending.bytes * _UNPACKED > pending.free:
        words += ", which may be too little: unpacked, images take two to three times as much"
    return words
