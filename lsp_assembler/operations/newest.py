"""Which version of an image is the newest: of one image, of several, of a whole list."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal

from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.model.labels import REVISION_LABEL, VERSION_LABEL
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.start_point import Source
from lsp_assembler.model.versions import (
    MOVING_TAG,
    Version,
    is_immutable,
    is_older_than,
    lsp_tag,
    newer,
    newest_first,
    order_of,
)
from lsp_assembler.operations.tags import describe_all, version_of
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.text import short_commit

State = Literal["newer", "newest", "older", "moving", "digest", "failed"]
"""How an entry of images.yml stands: there is a newer version; it is the newest; a newer version of the image
is in the list as well, so this one is there on purpose; its tag moves; it names a digest; nobody can say."""


class Standing(Struct, frozen=True):
    """How one entry of images.yml stands.

    Args:
        version: the newer one; only if the state is "newer".
        error: only if the state is "failed".
    """

    entry: Source
    state: State
    version: Version | None = None
    error: FetchError | None = None


def standings(store: ImageSource, images: Sequence[Source], jobs: int | None) -> tuple[Standing, ...]:
    """How every entry of a list stands, in their order; all repositories are asked at once.

    Of several versions of one image only the newest can have a newer one: the others stay beside it.

    Args:
        images: as images.yml lists them.
    """
    groups: defaultdict[str, list[Source]] = defaultdict(list)
    for image in images:
        groups[repository_of(Reference.parse(image.text))].append(image)
    asked = [group for group in groups.values() if any(_fixed(image) is None for image in group)]
    store.expect([Reference.parse(group[0].text) for group in asked])
    share = _share(store, len(asked), jobs)
    found = in_parallel(partial(_of_group, store, share), groups.values(), jobs or store.jobs)
    return tuple(sorted((each for group in found for each in group), key=lambda each: each.entry.index))


def newest_of_each(
    store: ImageSource, images: Sequence[Reference], jobs: int | None
) -> list[Version | FetchError | None]:
    """The newest immutable tag of each image, all asked at once; None where its own tag is as new."""

    def newest(image: Reference) -> Version | FetchError | None:
        try:
            return newest_of(store, image, share)
        except FetchError as error:
            return error

    store.expect(images)
    share = _share(store, len(images), jobs)
    return in_parallel(newest, images, jobs or store.jobs)


def newest_of(store: ImageSource, old: Reference, jobs: int) -> Version | None:
    """The newest immutable tag of an image; None if its own is as new.

    Where all tags are versions, a list of them is enough. Commits have no order: then the newest is what :LSP
    stands for, unless that is older than the image itself. Only if none of the tags is that image, the dates
    of all of them decide.

    Raises:
        FetchError: there is none, or an image that decides cannot be read.
    """
    known = store.tags(old)
    tags = [tag for tag in known if is_immutable(tag)]
    if not tags:
        raise FetchError(
            f"{old.name}: no immutable tag LSP-TAG in {store.place}",
            "Pack the image again: 'lsp-assembler pack' gives it such a tag.",
            kind="not-found",
        )
    if order_of([old.tag, *tags]) == "version":
        return newer(old.tag, [Version(tag) for tag in tags])
    moving = [tag for tag in known if tag == MOVING_TAG]
    if moving:
        mine = old.tag if old.tag in tags else ""
        if mine and store.digest(old.with_tag(MOVING_TAG)) == store.digest(old):
            return None
        offered = _offered(store, old, tags)
        if offered and not (mine and is_older_than(offered, version_of(mine, store.describe(old)))):
            return offered
    return newer(old.tag, _dated(store, old, [*tags, *moving], jobs))


def _dated(store: ImageSource, image: Reference, tags: Sequence[str], jobs: int) -> list[Version]:
    """Tags with their dates.

    Raises:
        FetchError: some cannot be read; all of them.
    """
    found = describe_all(store, image, tags, jobs)
    problems = [version.problem.partition("\n")[0] for version in found if version.problem]
    if problems:
        remedy = "Name the tag that you want, if the dates do not matter."
        raise FetchError(problems, remedy, kind="unavailable")
    return found


def _offered(store: ImageSource, image: Reference, tags: Sequence[str]) -> Version | None:
    """The tag that never moves of what :LSP stands for; None if what that says of itself does not tell."""
    said = store.describe(image.with_tag(MOVING_TAG))
    version, revision = (said.labels.get(label, "") for label in (VERSION_LABEL, REVISION_LABEL))
    for tag in dict.fromkeys((lsp_tag(version), lsp_tag(short_commit(revision)))):
        if tag in tags and store.digest(image.with_tag(tag)) == said.digest:
            return version_of(tag, said)
    return None


def _of_group(store: ImageSource, jobs: int, group: Sequence[Source]) -> list[Standing]:
    """How the entries of one repository stand."""
    fixed = {image.index: state for image in group if (state := _fixed(image))}
    pinned = [image for image in group if image.index not in fixed]
    found = [Standing(image, fixed[image.index]) for image in group if image.index in fixed]
    if "moving" in fixed.values():
        return [*found, *(Standing(image, "older") for image in pinned)]
    try:
        return [*found, *_of_pinned(store, jobs, pinned)]
    except FetchError as error:
        return [*found, *(Standing(image, "failed", error=error) for image in pinned)]


def _of_pinned(store: ImageSource, jobs: int, pinned: Sequence[Source]) -> Iterator[Standing]:
    if not pinned:
        return
    by_tag = {Reference.parse(image.text).tag: image for image in pinned}
    leading = Reference.parse(pinned[0].text)
    if len(by_tag) > 1:
        versions = [Version(tag) for tag in by_tag]
        if order_of(by_tag) == "created":
            versions = _dated(store, leading, list(by_tag), jobs)
        leading = leading.with_tag(newest_first(versions)[0].tag)
    newest = newest_of(store, leading, jobs)
    first = newest.tag if newest and newest.tag in by_tag else leading.tag
    for tag, image in by_tag.items():
        if tag != first:
            yield Standing(image, "older")
        elif newest is None or newest.tag == tag:
            yield Standing(image, "newest")
        else:
            yield Standing(image, "newer", newest)


def _fixed(image: Source) -> Literal["moving", "digest"] | None:
    """Why an entry cannot have a newer version, which no registry need be asked for; None if it can."""
    reference = Reference.parse(image.text)
    return "digest" if reference.digest else "moving" if reference.moves else None


def _share(store: ImageSource, repositories: int, jobs: int | None) -> int:
    """How many images of one repository are asked at once, so that all together are not too many."""
    return max(1, (jobs or store.jobs) // max(1, repositories))
