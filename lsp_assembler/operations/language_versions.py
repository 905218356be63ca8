"""All versions that LTFs ever had, read from the registries: tags, then LSP images, then language images."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.address import web_address
from lsp_assembler.model.dates import epoch_of
from lsp_assembler.model.images import Description
from lsp_assembler.model.labels import (
    DURATIONS_LABEL,
    IMAGE_NAME_LABEL,
    REVISION_LABEL,
    SOURCE_LABEL,
    TITLE_LABEL,
)
from lsp_assembler.model.language import Language, LanguageImageSize, LanguageVersion
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.versions import Version, is_immutable, newest_first
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import ImageIndex
from lsp_assembler.oci.image_reader import any_manifest, description, images_of, manifest_of, stored_size
from lsp_assembler.operations.recorded_durations import of_label
from lsp_assembler.operations.report_source import Entry
from lsp_assembler.parallel import in_parallel
from lsp_assembler.rules.policy import age
from lsp_assembler.text import short_digest

_PLATFORM = "linux/amd64"


class Registries(Protocol):
    """What only registries can tell. Every method raises FetchError; threads may share it."""

    def expect(self, references: Iterable[Reference], /) -> None:
        """Told which images are going to be asked for."""

    def tags(self, repository: Reference, /) -> list[str]:
        """All tags of a repository; [] if it has none or does not exist."""

    def digest(self, reference: Reference, /) -> str | None:
        """What a name stands for now; None if there is no such image."""


class Used(Struct, frozen=True):
    """An entry that is in use, and its name taken apart."""

    entry: Entry
    reference: Reference


class Repository(Struct, frozen=True):
    """One repository of LSP images.

    Args:
        tags: those that never move.
        digests: of what is in use, by the name of the entry; "" for an entry whose tag is enough.
        problem: why nothing is known of it; None where it is.
    """

    used: tuple[Used, ...]
    tags: tuple[str, ...] = ()
    digests: Mapping[str, str] = {}
    problem: FetchError | None = None

    @property
    def reference(self) -> Reference:
        """Where it is; the tag does not count."""
        return self.used[0].reference

    def uses(self, version: LanguageVersion, entry: Entry) -> bool:
        """Whether a version is the one that an entry stands for."""
        digest = self.digests.get(entry.name, "")
        if digest:
            return version.digest == digest
        return version.tag == Reference.parse(entry.name).tag


class LanguageVersions:
    """Asks registries about LTFs, all at once.

    Args:
        contents: where images are read, best with a cache that trusts tags that never move.
        registries: asked for what no cache can know.
        jobs: how many questions are asked at the same time.
        today: in UTC.
    """

    def __init__(self, contents: ContentStore, registries: Registries, jobs: int, today: date) -> None:
        self._contents = contents
        self._registries = registries
        self._jobs = jobs
        self._today = today

    def repositories(self, entries: Sequence[Entry]) -> list[Repository]:
        """The repositories of some LSP images, with their tags, in the order in which they are named."""
        groups: defaultdict[str, list[Used]] = defaultdict(list)
        unknown: list[Repository] = []
        for entry in entries:
            try:
                reference = Reference.parse(entry.name)
            except ValueError:
                unknown.append(_unknown(entry))
            else:
                groups[repository_of(reference)].append(Used(entry, reference))
        self._registries.expect([group[0].reference for group in groups.values()])
        found = in_parallel(self._repository, groups.values(), self._jobs)
        self._contents.expect([each.reference.with_tag(tag) for each in found for tag in each.tags])
        return [*found, *unknown]

    def versions(self, repositories: Sequence[Repository]) -> list[Language]:
        """The versions of LTFs, without their language images; one that cannot be read is a value."""
        asked = [(each, each.reference.with_tag(tag)) for each in repositories for tag in each.tags]
        found = self._read([reference for _, reference in asked])
        of_each: defaultdict[int, list[LanguageVersion]] = defaultdict(list)
        for (repository, _), version in zip(asked, found, strict=True):
            of_each[id(repository)].append(version)
        strays = [(each, used) for each in repositories for used in _strays(each, of_each[id(each)])]
        for (repository, _), version in zip(strays, self._read([used for _, used in strays]), strict=True):
            of_each[id(repository)].append(version)
        return [_language(each, of_each[id(each)]) for each in repositories]

    def sizes(self, names: Sequence[Reference]) -> list[LanguageImageSize | FetchError]:
        """How large language images are; where a registry fails, why that is not known."""
        self._contents.expect(names)
        return in_parallel(self._size, names, self._jobs)

    def _repository(self, used: Sequence[Used]) -> Repository:
        try:
            tags = [tag for tag in self._registries.tags(used[0].reference) if is_immutable(tag)]
            digests = {each.entry.name: self._digest(each) for each in used}
        except FetchError as error:
            return Repository(tuple(used), problem=error)
        return Repository(tuple(used), tuple(tags), digests)

    def _digest(self, used: Used) -> str:
        known = used.entry.digest or used.reference.digest
        if known or not used.reference.moves:
            return known
        found = self._registries.digest(used.reference)
        if not found:
            raise FetchError(
                f"{used.reference}: the registry has no such image",
                "Check the name in the list.",
                kind="not-found",
            )
        return found

    def _read(self, references: Sequence[Reference]) -> list[LanguageVersion]:
        return in_parallel(self._version, references, self._jobs)

    def _version(self, reference: Reference) -> LanguageVersion:
        tag = reference.tag or short_digest(reference.digest)
        try:
            document = self._contents.manifest(reference)
            manifest = any_manifest(self._contents, reference, document)
            labels, made = description(self._contents, reference, manifest)
        except FetchError as error:
            return LanguageVersion(tag, digest=reference.digest, problem=str(error))
        said = Description(document.digest, labels, made)
        return LanguageVersion(
            tag,
            digest=said.digest,
            created=said.created,
            age=age_in_days(said.created, self._today),
            revision=labels.get(REVISION_LABEL, ""),
            source=web_address(labels.get(SOURCE_LABEL, "")),
            title=labels.get(TITLE_LABEL, ""),
            image_name=labels.get(IMAGE_NAME_LABEL, ""),
            durations=of_label(labels.get(DURATIONS_LABEL, "")),
        )

    def _size(self, image: Reference) -> LanguageImageSize | FetchError:
        try:
            document = self._contents.manifest(image)
            if not isinstance(document, ImageIndex):
                return LanguageImageSize(stored_size(document.layers))
            entries = [entry for entry, _ in images_of(self._contents, image, document)]
            entry = next((each for each in entries if each.platform == _PLATFORM), entries[0])
            manifest = manifest_of(self._contents, image, entry)
        except FetchError as error:
            return error
        return LanguageImageSize(stored_size(manifest.layers), entry.platform)


def age_in_days(created: str | None, today: date) -> int | None:
    """The age of an image in whole days of UTC; None where its date is not known, or cannot be true."""
    return age(epoch_of(created), today)


def _unknown(entry: Entry) -> Repository:
    """What stands for an entry that is no image: the image was built before there were lock files."""
    error = FetchError(
        f"{entry.name}: nobody knows which LSP image this start point came from",
        "Build the image with lsp-assembler, or report on an images.yml.",
        kind="not-found",
    )
    return Repository((Used(entry, Reference("", entry.name)),), problem=error)


def _strays(repository: Repository, versions: Sequence[LanguageVersion]) -> Iterator[Reference]:
    """What is in use, but is none of the versions."""
    for used in repository.used:
        if repository.problem or any(repository.uses(version, used.entry) for version in versions):
            continue
        digest = repository.digests.get(used.entry.name, "")
        yield replace(used.reference, digest=digest)


def _language(repository: Repository, versions: Sequence[LanguageVersion]) -> Language:
    """The versions in order, and which of them are in use."""
    name = repository.reference.name
    if repository.problem:
        return Language(name, problem=str(repository.problem))
    by_tag = {version.tag: version for version in versions}
    ordered = newest_first(Version(each.tag, each.created, each.digest) for each in by_tag.values())
    found = []
    for tag in (each.tag for each in ordered):
        version = by_tag[tag]
        using = [used.entry for used in repository.used if repository.uses(version, used.entry)]
        image_name = version.image_name or next((each.image_name for each in using if each.image_name), "")
        found.append(replace(version, in_use=bool(using), image_name=image_name))
    return Language(name, tuple(found))
