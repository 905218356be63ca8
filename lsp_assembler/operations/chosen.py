"""Which entries of images.yml the words of an `update` mean, and which tag."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.config import images_edit
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source
from lsp_assembler.model.versions import is_immutable, lsp_tag
from lsp_assembler.operations.plan import reference

_SEVERAL = 2


class Chosen(Struct, frozen=True):
    """The entries that a request names, and the tag that they get.

    Args:
        entries: in the order of the list.
        tag: e.g. "LSP-3.7.5-1"; None for the newest.
    """

    entries: tuple[Source, ...]
    tag: str | None


def chosen(words: Sequence[str], images: Sequence[Source], path: Path, *, keep: bool) -> Chosen:
    """What some words name.

    Args:
        words: names, or a name and a tag, e.g. ("python_unittest", "3.7.5-1").
        images: as images.yml lists them.
        path: of that file, for messages.
        keep: whether new versions come beside the entries.

    Raises:
        InvalidInputError: they name something that is not there or cannot be updated; lists every problem.
    """
    names, tag = _names_and_tag(words, images)
    found: list[Source] = []
    problems: list[InvalidInputError] = []
    for name in names:
        try:
            found.append(_updatable(images_edit.entry(images, reference(name, "update"), str(path)), path))
        except InvalidInputError as error:
            problems.append(error)
    try:
        tag = tag and _immutable(tag)
    except InvalidInputError as error:
        problems.append(error)
    problems += [
        InvalidInputError(
            f"{path}:{each.line}: '{each.text}' has a tag that moves, so it is the newest version already",
            "Leave out --keep to have a fixed version in its place, or name the one to add.",
        )
        for each in found
        if keep and not tag and Reference.parse(each.text).moves
    ]
    if problems:
        remedies = {error.remedy for error in problems}
        remedy = remedies.pop() if len(remedies) == 1 else "Correct the names."
        raise InvalidInputError([error.message for error in problems], remedy)
    entries = {entry.index: entry for entry in found}
    return Chosen(tuple(entries[index] for index in sorted(entries)), tag)


def _names_and_tag(names: Sequence[str], images: Sequence[Source]) -> tuple[Sequence[str], str | None]:
    """The second of two names is a tag, unless the list has such an image, or one of nearly that name."""
    if len(names) != _SEVERAL or set("/:") & set(names[1]):
        return names, None
    try:
        second = Reference.parse(names[1])
    except ValueError:
        return names[:1], names[1]
    is_name = images_edit.matching(images, second) or images_edit.near(images, second)
    return (names, None) if is_name else (names[:1], names[1])


def _updatable(entry: Source, path: Path) -> Source:
    if Reference.parse(entry.text).digest:
        raise InvalidInputError(
            f"{path}:{entry.line}: '{entry.text}' names a digest",
            "Take the digest out; images.lock keeps the digests.",
        )
    return entry


def _immutable(tag: str) -> str:
    """The tag that the request names.

    Raises:
        InvalidInputError: it moves, or is malformed.
    """
    wanted = lsp_tag(tag)
    try:
        Reference.parse(f"image:{wanted}")
    except ValueError as error:
        raise InvalidInputError(
            f"update: '{tag}' is not a tag; expected e.g. 3.7.5-1 or LSP-3.7.5-1", "Correct the tag."
        ) from error
    if not is_immutable(wanted):
        raise InvalidInputError(
            f"update: the tag '{wanted}' moves",
            "Name one that never does, e.g. LSP-3.7.5-1, or leave it out for the newest.",
        )
    return wanted
