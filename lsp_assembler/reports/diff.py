"""What `diff` says: text for people, Markdown for a pull request, JSON for programs."""

from collections.abc import Iterator

from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.diff import Change, DiffResult, FileChanges
from lsp_assembler.operations.listing import Listed
from lsp_assembler.reports.json import envelope
from lsp_assembler.reports.markdown import escaped
from lsp_assembler.text import short_commit, visible

_MOST_FILES = 20
_START = "start_point/"
_GITHUB = "https://github.com/"


def text(found: DiffResult) -> str:
    """The differences, a line for each start point, and lines below it for what has changed in it."""
    lines = [f"{visible(found.old)} -> {visible(found.new)}: {_counts(found)}"]
    lines += [f"+ {_entry(each)}" for each in found.added]
    lines += [f"- {_entry(each)}" for each in found.removed]
    for change in found.changed:
        lines.append(f"~ {_entry(change.new)}")
        lines += [f"    {visible(what)}" for what in _details(change)]
    return "\n".join(lines) + "\n"


def markdown(found: DiffResult) -> str:
    """The same as a section of a pull request's text."""
    parts = [f"### {escaped(_counts(found))}"]
    for title, listed in (("Added", found.added), ("Removed", found.removed)):
        if listed:
            parts.append("\n".join([f"**{title}**", "", *(f"- {escaped(_entry(each))}" for each in listed)]))
    if found.changed:
        lines = ["**Changed**", ""]
        for change in found.changed:
            lines.append(f"- {escaped(_entry(change.new))}")
            lines += [f"  - {escaped(visible(what))}" for what in _details(change)]
            lines += [f"  - [compare the commits]({link})" for link in filter(None, [_compare(change)])]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def render_json(found: DiffResult | None, old: str, new: str, error: str | None, exit_status: int) -> str:
    """The same for programs, documented in docs/versions.md.

    Args:
        found: None where an error stopped the run before there was anything to compare.
    """
    return envelope(
        exit_status,
        error,
        old=old,
        new=new,
        same=found.same if found else None,
        added=[_json(each) for each in found.added] if found else [],
        removed=[_json(each) for each in found.removed] if found else [],
        changed=[_json_of_change(each) for each in found.changed] if found else [],
    )


def _counts(found: DiffResult) -> str:
    counts = (len(found.added), "added"), (len(found.removed), "removed"), (len(found.changed), "changed")
    said = [f"{count} {word}" for count, word in counts if count]
    return f"{', '.join(said)}, {found.same} the same" if said else f"all {found.same} are the same"


def _entry(listed: Listed) -> str:
    return visible(f"{listed.title}  ({listed.name})" if listed.title != listed.name else listed.name)


def _details(change: Change) -> Iterator[str]:
    yield from differences(change.old, change.new)
    if change.files is None:
        yield f"files: {change.problem}"
    elif files := list(_files(change.files)):
        more = len(files) - _MOST_FILES
        yield f"files: {', '.join(files[:_MOST_FILES])}{f' and {more} more' if more > 0 else ''}"
    else:
        yield "files: the same"


def differences(old: Listed, new: Listed) -> Iterator[str]:
    """What two versions of a start point say differently of themselves, a line each, not yet visible."""
    tags = [_tag(old.name), _tag(new.name)]
    if old.name != new.name:
        is_version = all(tags) and old.name.removesuffix(tags[0]) == new.name.removesuffix(tags[1])
        yield f"version: {tags[0]} -> {tags[1]}" if is_version else f"image: {old.name} -> {new.name}"
    says_so = [f"LSP-{short_commit(each.revision)}" for each in (old, new)] == tags
    if old.revision != new.revision and not says_so:
        yield f"commit: {short_commit(old.revision) or 'none'} -> {short_commit(new.revision) or 'none'}"
    if old.display_names != new.display_names:
        yield f"display name: {', '.join(old.display_names)} -> {', '.join(new.display_names)}"
    if old.image_names != new.image_names:
        yield f"language image: {_images(old, new)}"


def _tag(name: str) -> str:
    """The tag of an image; "" if it has none, or if this is no image."""
    try:
        return Reference.parse(name).tag
    except ValueError:
        return ""


def _images(old: Listed, new: Listed) -> str:
    """From which language images to which; only the tags where there is one, and it kept its name."""
    if len(old.image_names) == len(new.image_names) == 1:
        before, after = old.image_names[0], new.image_names[0]
        first, second = _tag(before), _tag(after)
        if first and second and before.removesuffix(first) == after.removesuffix(second):
            return f":{first} -> :{second}"
    return f"{', '.join(old.image_names)} -> {', '.join(new.image_names)}"


def _files(files: FileChanges) -> Iterator[str]:
    for sign, paths in (("+", files.added), ("-", files.removed), ("~", files.changed)):
        yield from (f"{sign}{path.removeprefix(_START)}" for path in paths)


def _compare(change: Change) -> str:
    """Where a browser shows what changed between the commits; "" where nobody can say."""
    old, new = change.old, change.new
    path = new.source.removeprefix(_GITHUB)
    is_plain = old.source == new.source and path != new.source and not set(" ()") & set(path)
    is_plain = is_plain and escaped(path) == path
    is_commits = all(each.revision.isalnum() and each.revision.isascii() for each in (old, new))
    if not (is_plain and is_commits) or old.revision == new.revision:
        return ""
    return f"{new.source}/compare/{old.revision}...{new.revision}"


def _json(listed: Listed) -> dict[str, object]:
    return {
        "name": listed.name,
        "digest": listed.digest or None,
        "revision": listed.revision or None,
        "source": listed.source or None,
        "display_names": list(listed.display_names),
        "image_names": list(listed.image_names),
    }


def _json_of_change(change: Change) -> dict[str, object]:
    files = change.files
    return {
        "old": _json(change.old),
        "new": _json(change.new),
        "files": files and {"added": files.added, "removed": files.removed, "changed": files.changed},
        "problem": change.problem or None,
    }
