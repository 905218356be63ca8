"""`tags`: the versions of one LSP image, newest first."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.config.images_edit import matching
from lsp_assembler.config.images_file import ImagesFile
from lsp_assembler.errors import FetchError
from lsp_assembler.model.images import Description
from lsp_assembler.model.labels import REVISION_LABEL, TITLE_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.versions import Version, is_lsp, newest_first
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import plan, reference
from lsp_assembler.operations.request import ReadRequest
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec


class TagsRequest(ReadRequest, frozen=True, kw_only=True):
    """What to list, and how.

    Args:
        name: a repository of LSP images, e.g. "cyberdojofoundation/java_junit"; of one that
            images.yml lists, the last part is enough.
        all: whether to list all tags, not only LSP and LSP-TAG.
        file: an images.yml that says how to talk to registries; None for ./images.yml, if it is there.
    """

    name: str
    all: bool = False
    file: Path | None = None


class TagsResult(Struct, frozen=True):
    """The tags of one repository.

    Args:
        repository: e.g. "cyberdojofoundation/java_junit".
        store: as --from spells it, e.g. "registry".
        place: as sentences call it, e.g. "the registry".
        versions: newest first.
        others: how many more tags there are.
    """

    repository: str
    store: str
    place: str
    versions: tuple[Version, ...]
    others: int = 0

    @property
    def problems(self) -> tuple[Version, ...]:
        """Those that could not be read."""
        return tuple(version for version in self.versions if version.problem)

    @property
    def exit_status(self) -> int:
        """0, or that of a tag that could not be read."""
        return FetchError.exit_status if self.problems else 0


def tags(request: TagsRequest, observer: Observer = SILENT) -> TagsResult:
    """List the versions of an LSP image; fetch no start point. A tag that cannot be read is in the result.

    From an engine these are the images that it has; from a registry all that are published.

    Raises:
        InvalidInputError: the request or images.yml is wrong.
        FetchError: the store cannot be reached, or has no such repository.
    """
    spec = StoreSpec.source(request.from_store)
    repository = reference(request.name, "tags")
    planned = plan([request.name], request.file)
    repository, registries = _whole(repository, planned.file), planned.registries
    with Stores(request.stores, request.environ, observer.notice, registries) as stores:
        store = stores.reader(spec)
        known = store.tags(repository)
        wanted = [tag for tag in known if request.all or is_lsp(tag)]
        stores.warn_of_rate_limit(spec, [repository.with_tag(tag) for tag in wanted])
        found = describe_all(store, repository, wanted, request.jobs)
        others = len(known) - len(wanted)
        return TagsResult(repository.name, store.name, store.place, newest_first(found), others)


def _whole(name: Reference, listed: ImagesFile | None) -> Reference:
    """The repository that a name, or its last part, stands for in images.yml; else the name as it is."""
    found = {
        Reference.parse(each.text).name
        for each in (matching(listed.images, name.with_tag("")) if listed else ())
    }
    return Reference.parse(found.pop()) if len(found) == 1 else name


def describe_all(
    store: ImageSource, repository: Reference, tags: Sequence[str], jobs: int | None
) -> list[Version]:
    """What the images of a repository say of themselves, all asked at once; a failure is a value."""

    def version(tag: str) -> Version:
        try:
            return version_of(tag, store.describe(repository.with_tag(tag)))
        except FetchError as error:
            return Version(tag, problem=str(error))

    return in_parallel(version, tags, jobs or store.jobs)


def version_of(tag: str, said: Description) -> Version:
    """A tag, and what its image says of itself."""
    revision, title = (said.labels.get(label) or None for label in (REVISION_LABEL, TITLE_LABEL))
    return Version(tag, said.created, said.digest, revision, title)
