"""What `prepull` says: for people, and as JSON."""

from collections.abc import Iterator
from textwrap import wrap

from lsp_assembler.operations.prepull import PrepullResult, PulledImage
from lsp_assembler.reports.json import envelope
from lsp_assembler.reports.pending import announced
from lsp_assembler.reports.wording import human_seconds, human_size
from lsp_assembler.text import inert, plural, visible

_NONE = "No start point names a language image: nothing is"
_WORD = len("not read")
_BELOW = " " * (_WORD + 4)


def text(result: PrepullResult, width: int | None = None) -> str:
    """The report for people: what is to be done in a dry run, what went wrong, and what it all came to.

    Args:
        width: of the terminal, at which long lines are broken between words; None for no terminal.
    """
    lines = [*_images(result), *(_line("not read", each.split("\n")[0]) for each in result.unread)]
    lines += _old(result)
    lines += [""] if lines else []
    lines.append(_closing(result))
    return "".join(f"{line}\n" for each in lines for line in _broken(inert(each), width))


def render_json(result: PrepullResult | None, error: str | None, exit_status: int) -> str:
    """The report for programs, documented in docs/readiness.md.

    Args:
        result: None where an error stopped the run.
    """
    pending = result.pending if result else None
    return envelope(
        exit_status,
        error,
        engine=result
        and pending
        and {
            "endpoint": result.engine,
            "platform": result.platform,
            "folder": pending.folder or None,
            "free_bytes": pending.free,
        },
        dry_run=result and result.dry_run,
        images=[_json_image(image) for image in result.images] if result else [],
        missing_bytes=pending and pending.bytes,
        unread=list(result.unread) if result else [],
        old=[{"name": old.name, "kept": old.kept or None} for old in result.old or ()] if result else [],
        seconds=result and round(result.seconds, 3),
    )


def _broken(line: str, width: int | None) -> list[str]:
    if not width or len(line) <= width:
        return [line]
    below = _BELOW if line.startswith(" ") else ""
    first = " " * (len(line) - len(line.lstrip()))
    return wrap(
        line.lstrip(),
        width,
        initial_indent=first,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _images(result: PrepullResult) -> Iterator[str]:
    """A line for each image that is to be pulled, or could not be."""
    for image in result.images:
        if image.state != "failed" and not (result.dry_run and image.state == "missing"):
            continue
        word = "pull" if image.state == "missing" else image.state
        size = "" if image.state == "failed" else f"{_size(image):>8}  "
        yield _line(word, f"{size}{image.name}")
        if image.problem:
            yield f"{_BELOW}{image.problem.message.removeprefix(f'{image.name}: ')}"
            if image.problem.remedy:
                yield f"{_BELOW}{image.problem.remedy}"


def _line(word: str, what: str) -> str:
    return f"  {word:<{_WORD}}  {visible(what)}"


def _size(image: PulledImage) -> str:
    return "?" if image.bytes is None else human_size(image.bytes)


def _old(result: PrepullResult) -> Iterator[str]:
    for old in result.old or ():
        if old.kept:
            yield _line("kept", f"{old.name}: {old.kept}")
        else:
            yield _line("remove" if result.dry_run else "removed", old.name)


def _closing(result: PrepullResult) -> str:
    """What it came to, in one line."""
    total = len(result.images)
    lost = [f"{len(result.failures)} could not be {_attempted(result)}"] if result.failures else []
    lost += [f"{plural(len(result.unread), 'start point')} could not be read"] if result.unread else []
    removed = sum(not old.kept for old in result.old or ())
    if result.dry_run and (result.pending.images or removed or lost):
        words = announced(result.pending) + (f"; {plural(removed, 'old image')} to remove" if removed else "")
        return f"{words}{''.join(f'; {each}' for each in lost)}. This was a dry run: nothing was changed."
    there = total - len(result.failures)
    some = (
        f"{there} of {plural(total, 'language image')} {'is' if total == 1 else 'are'}"
        if lost
        else _all(total)
    )
    pulled = f" ({result.count('pulled')} pulled)" if result.count("pulled") else ""
    pruned = f"; {plural(removed, 'old image')} removed" if removed else ""
    if lost:
        return f"{some} there{pulled}; {' and '.join(lost)}. Fix what is named above and run it again."
    return f"{some} there{pulled}{pruned}, in {human_seconds(result.seconds)}"


def _all(total: int) -> str:
    return f"All {total} language images are" if total > 1 else "The language image is" if total else _NONE


def _attempted(result: PrepullResult) -> str:
    return "asked about" if result.dry_run else "pulled"


def _json_image(image: PulledImage) -> dict[str, object]:
    return {
        "name": str(image.name),
        "reference": image.name.canonical,
        "state": image.state,
        "missing_bytes": image.bytes,
        "problem": image.problem and image.problem.message,
    }
