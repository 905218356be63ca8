"""What `lock` says of the lock file: text."""

from lsp_assembler.operations.lock import LockResult
from lsp_assembler.reports.outdated import changes, summary
from lsp_assembler.text import plural, visible


def text(done: LockResult, width: int | None = None) -> str:
    """What is in the file now, and what is new in it; "" where nothing was written.

    Args:
        width: of the terminal; None for a program, which gets a table with tabs.
    """
    if done.lock is None:
        return ""
    path = visible(str(done.path))
    what = f"the base and {plural(len(done.lock.images), 'image')}"
    if not done.is_written:
        return f"{path}: unchanged, with {what}\n"
    if done.diff is None:
        return f"{path}: written, with {what}\n"
    news = changes(done.diff, width)
    said = summary(done.diff) if news else "the same digests, other details"
    return "\n".join([*news, *([""] if news else []), f"{path}: written, with {what}: {said}"]) + "\n"
