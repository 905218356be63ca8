"""Packs -> images under names in a store: what forbids it is found first, then all or nothing is published.

The order is such that nobody ever sees half: the language images get their tags, then every NAME:LSP-TAG is
published, and only when all of them are there do the names NAME:LSP move.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from lsp_assembler.checkout.pack import Pack, refuse_shared_names
from lsp_assembler.errors import FetchError, LspAssemblerError, PublishError
from lsp_assembler.model.images import BuiltImage
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.interface import Store
from lsp_assembler.text import short_digest

_UPLOADS = 8


class PushOptions(Struct, frozen=True):
    """How packs are published.

    Args:
        force: whether a name that is meant to be immutable may get other content.
        allow_dirty: whether a registry may get what no commit holds.
        threads: how many packs are looked at at the same time.
    """

    force: bool = False
    allow_dirty: bool = False
    threads: int = 8


class LanguageTag(Struct, frozen=True):
    """The further name that the language image of a pack is to get.

    Args:
        image: what it is called until now, e.g. cyberdojofoundation/java_junit:latest.
        name: e.g. cyberdojofoundation/java_junit:4edf92a.
    """

    image: Reference
    name: Reference


class PackJob(Struct, frozen=True):
    """One pack to publish.

    Args:
        index: of its checkout among those of the run.
        language_tag: None where the language image is none of our business.
    """

    index: int
    pack: Pack
    language_tag: LanguageTag | None = None


class Refusal(Struct, frozen=True):
    """Why a pack was not published.

    Args:
        index: of the checkout; None where several are meant.
        kind: "refused" before anything was done, "not-published" where the store failed.
        message: subject, fact, expectation and, in a line of its own, the remedy.
        subject: what the message begins with, where others may be refused in the same words; else "".
    """

    index: int | None
    kind: Literal["refused", "not-published"]
    message: str
    subject: str = ""


class Packed(Struct, frozen=True):
    """One pack under its names.

    Args:
        names: e.g. ("cyberdojofoundation/java_junit:LSP-4edf92a", "cyberdojofoundation/java_junit:LSP").
        store_id: what the store itself goes by, where that is not the digest: the id of a Docker Engine.
    """

    job: PackJob
    names: tuple[str, ...]
    store_id: str | None

    @property
    def digest(self) -> str:
        """The manifest's digest, which is the same by every store."""
        return self.job.pack.image.digest


def language_tag(pack: Pack, image: Reference | None) -> LanguageTag:
    """The tag that a language image is to get.

    Args:
        image: what it is called until now; None for NAME:latest.

    Raises:
        PublishError: the checkout names no image.
    """
    name = pack.language_image
    return LanguageTag(image or name.with_tag("latest"), name)


def refusals(jobs: Sequence[PackJob], store: Store, options: PushOptions) -> tuple[Refusal, ...]:
    """All that forbids publishing, of all packs. It asks the store, and changes nothing."""
    found = in_parallel(lambda job: list(_objections(job, store, options)), jobs, options.threads)
    return (*_shared(jobs), *itertools.chain.from_iterable(found))


def push_packs(jobs: Sequence[PackJob], store: Store) -> tuple[tuple[Packed, ...], tuple[Refusal, ...]]:
    """Publish all packs. If one fails, no NAME:LSP moves, and what was published is not called published.

    Args:
        jobs: of which `refusals` had nothing to say.

    Returns:
        What is published, and what failed; one of both is empty. Every failure is reported.
    """
    tags = [(job.language_tag.image, job.language_tag.name) for job in jobs if job.language_tag]
    try:
        store.tag(tags)
    except PublishError as error:
        return (), (Refusal(None, "not-published", str(error)),)
    made = in_parallel(lambda job: _made(job, store), jobs, _UPLOADS)
    images = [each for each in made if isinstance(each, BuiltImage)]
    failed = tuple(each for each in made if isinstance(each, Refusal))
    if failed:
        return (), failed
    try:
        store.tag([job.pack.references for job in jobs])
    except PublishError as error:
        return (), (Refusal(None, "not-published", str(error)),)
    pairs = zip(jobs, images, strict=True)
    return tuple(_published(job, image) for job, image in pairs), ()


def _made(job: PackJob, store: Store) -> BuiltImage | Refusal:
    fixed, _ = job.pack.references
    try:
        return store.publish(job.pack.image, (fixed,))
    except PublishError as error:
        return _failed(job, error)


def _published(job: PackJob, image: BuiltImage) -> Packed:
    names = tuple(str(name) for name in job.pack.references)
    return Packed(job, names, None if image.digest == job.pack.image.digest else image.digest)


def _failed(job: PackJob, error: LspAssemblerError) -> Refusal:
    return Refusal(job.index, "not-published", str(error), str(job.pack.references[0]))


def _shared(jobs: Sequence[PackJob]) -> Iterator[Refusal]:
    try:
        refuse_shared_names([job.pack for job in jobs])
    except PublishError as error:
        yield Refusal(None, "refused", str(error))


def _objections(job: PackJob, store: Store, options: PushOptions) -> Iterator[Refusal]:
    dirty = [
        Refusal(job.index, "refused", str(error), str(job.pack.directory))
        for error in _dirty(job, store, options)
    ]
    if dirty:  # the store need not be asked
        yield from dirty
        return
    checks = (
        (str(job.pack.references[0]), _moved(job, store, options)),
        ("", _language_image(job, store, options)),
    )
    for subject, check in checks:
        try:
            yield from (Refusal(job.index, "refused", str(error), subject) for error in check)
        except FetchError as error:
            yield _failed(job, error)


def _dirty(job: PackJob, store: Store, options: PushOptions) -> Iterable[PublishError]:
    if job.pack.is_provisional and store.is_shared and not options.allow_dirty:
        yield PublishError(
            f"{job.pack.directory}: no commit holds this content, so it must not go to a registry",
            "Commit it, try it out with --to docker, or allow it with --allow-dirty.",
        )


def _moved(job: PackJob, store: Store, options: PushOptions) -> Iterable[PublishError]:
    name, _ = job.pack.references
    found = None if options.force else store.conflict(job.pack.image, name)
    if found:
        yield PublishError(
            f"{name}: it names {short_digest(found.existing)} already; "
            f"the new content is {short_digest(found.wanted)}, and {name.tag} never moves",
            "Commit the change, choose another --version, or overwrite the tag with --force.",
        )


def _language_image(job: PackJob, store: Store, options: PushOptions) -> Iterable[PublishError]:
    tag = job.language_tag
    if tag is None:
        return
    if not store.tags_across_repositories and repository_of(tag.image) != repository_of(tag.name):
        yield PublishError(
            f"{tag.image}: it is in another repository than {tag.name}, and a registry "
            "tags an image only in its own repository",
            f"Publish the language image as {tag.name.with_tag('latest')} first.",
        )
        return
    wanted = store.digest(tag.image)
    if wanted is None:
        yield PublishError(
            f"{tag.image}: {store.place} has no such image to tag as {tag.name}",
            "Build it there first, or name it with --language-image, or leave out --tag-language-image.",
        )
        return
    existing = store.digest(tag.name)
    if existing not in (None, wanted) and not options.force:
        yield PublishError(
            f"{tag.name}: it names {short_digest(existing or '')} already; "
            f"{tag.image} is {short_digest(wanted)}, and {tag.name.tag} never moves",
            "Publish the language image of a new commit, or overwrite the tag with --force.",
        )
