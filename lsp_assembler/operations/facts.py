"""What registries say of language images: when they were made, which tags are newer, what attests to them."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.dates import epoch_of
from lsp_assembler.model.policy import LanguageImage, NewerTag, Policy
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.versions import is_commit, is_lsp
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import INDEX_TYPES, Document, ImageIndex
from lsp_assembler.oci.image_reader import configuration, images_of, manifest_of
from lsp_assembler.operations.attestations import attestations
from lsp_assembler.parallel import in_parallel
from lsp_assembler.rules.policy import possible_day

_Answer = LanguageImage | FetchError

JOBS = 96
"""How many are asked for at once: small requests, mostly spent waiting."""


class Registries(Protocol):
    """What only registries can tell. Every method raises FetchError; threads may share it."""

    def tags(self, repository: Reference, /) -> list[str]:
        """All tags of a repository; [] if it has none or does not exist."""

    def referrers(self, image: Reference, /) -> ImageIndex | None:
        """What was published about an image, which is named by digest; None where there is nothing."""


class Wanted(Struct, frozen=True):
    """What is to be found out; less is asked for less.

    Args:
        dates: when each image was made.
        tags: whether there is a newer one.
        attestations: what was published along with it.
    """

    dates: bool = True
    tags: bool = False
    attestations: bool = False


class Facts:
    """Asks registries about language images, all at once.

    Args:
        contents: where images are read, best with a cache.
        settled: where other tags of their repositories are read, which never move, best with a cache that
            looks each of them up once.
        registries: asked for what no cache can know.
        jobs: how many questions are asked at the same time.
    """

    def __init__(
        self,
        contents: ContentStore,
        settled: ContentStore,
        registries: Registries,
        jobs: int | None = None,
    ) -> None:
        self._contents = contents
        self._settled = settled
        self._registries = registries
        self._jobs = jobs or JOBS

    def of(
        self, images: Sequence[Reference], wanted: Wanted, today: date
    ) -> list[LanguageImage | FetchError]:
        """What is known of each image, in their order; where a registry fails, why it is not known.

        Args:
            today: in UTC; no image is of a later day.
        """
        self._contents.expect(images)
        found = in_parallel(lambda image: self._image(self._contents, image, wanted), images, self._jobs)
        return self._with_newer(found, today) if wanted.tags else found

    def _image(self, contents: ContentStore, image: Reference, wanted: Wanted) -> LanguageImage | FetchError:
        try:
            document = contents.manifest(image)
            digests = _digests(contents, image, document)
            created = _made(contents, image, document) if wanted.dates else None
            said = attestations(contents, self._registries, image, document) if wanted.attestations else ()
        except FetchError as error:
            return error
        return LanguageImage(image, digests, created, None, said)

    def _with_newer(self, found: Sequence[_Answer], today: date) -> list[_Answer]:
        """The same, each with the newest tag of its repository if that is newer."""
        images = [each for each in found if isinstance(each, LanguageImage)]
        known: dict[str, _Answer] = {each.reference.canonical: each for each in images}
        dated = [each for each in images if possible_day(each.created, today)]
        repositories = {each.repository: each.reference for each in dated}
        listed = dict(
            zip(repositories, in_parallel(self._tags, repositories.values(), self._jobs), strict=True)
        )
        tags = [tag for each in listed.values() if not isinstance(each, FetchError) for tag in each]
        unknown = [tag for tag in tags if tag.canonical not in known]
        self._settled.expect(unknown)
        made = in_parallel(lambda tag: self._image(self._settled, tag, Wanted()), unknown, self._jobs)
        known |= {tag.canonical: each for tag, each in zip(unknown, made, strict=True)}

        def compared(image: LanguageImage) -> _Answer:
            tags = listed[image.repository] if possible_day(image.created, today) else []
            if isinstance(tags, FetchError):
                return tags
            others = [known[tag.canonical] for tag in tags]
            # A tag may have gone since it was listed.
            failures = [each for each in others if isinstance(each, FetchError) and each.kind != "not-found"]
            return failures[0] if failures else _compared(image, others, today)

        return [compared(each) if isinstance(each, LanguageImage) else each for each in found]

    def _tags(self, repository: Reference) -> list[Reference] | FetchError:
        """The tags of a repository that never move: the first 7 digits of a commit."""
        try:
            tags = self._registries.tags(repository)
        except FetchError as error:
            return error
        return [repository.with_tag(tag) for tag in tags if is_commit(tag) and not is_lsp(tag)]


def known_for(
    policy: Policy, images: Sequence[Reference], today: date, facts: Callable[[], Facts]
) -> list[LanguageImage | FetchError]:
    """As much of each image as a policy needs to know. The other arguments are those of `Facts.of`.

    Args:
        facts: called only if the names alone do not tell.
    """
    if not (policy.needs_dates or policy.needs_digests):
        return [LanguageImage(image) for image in images]
    return facts().of(images, Wanted(policy.needs_dates, policy.needs_tags), today)


def _digests(contents: ContentStore, image: Reference, document: Document) -> tuple[str, ...]:
    """That of a document, and those of the manifests of all platforms, also of an index inside an index."""
    if not isinstance(document, ImageIndex):
        return (document.digest,)
    digests = [document.digest, *(entry.digest for entry in document.manifests)]
    if any(entry.media_type in INDEX_TYPES for entry in document.manifests):
        digests += [entry.digest for entry, _ in images_of(contents, image, document)]
    return tuple(dict.fromkeys(digests))


def _made(contents: ContentStore, image: Reference, document: Document) -> int | None:
    """When an image was made: its oldest platform, as any of them may run; None where one does not say.

    A label may have come with a base image: it does not count.
    """
    if isinstance(document, ImageIndex):
        entries = images_of(contents, image, document)
        manifests = [manifest_of(contents, image, entry) for entry, _ in entries]
    else:
        manifests = [document]
    dates = [configuration(contents, image, each).get("created") for each in manifests]
    epochs = [epoch_of(each) if isinstance(each, str) else None for each in dates]
    return None if None in epochs else min(epoch for epoch in epochs if epoch is not None)


def _compared(image: LanguageImage, others: Sequence[_Answer], today: date) -> LanguageImage:
    """An image with the newest of these others, if that is newer; one without a date is neither."""
    days = {
        each: day
        for each in others
        if isinstance(each, LanguageImage) and (day := possible_day(each.created, today))
    }
    newest = max(days, key=lambda each: (each.created or 0, each.tag), default=image)
    is_newer = (newest.created or 0) > (image.created or 0) and newest.digests[0] not in image.digests
    return replace(image, newer=NewerTag(newest.tag, days[newest])) if is_newer else image
