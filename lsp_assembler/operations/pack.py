"""`pack`: make LSP images of LTF checkouts and publish them, or say everything that is against it."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.checkout.pack import Pack, PackOptions
from lsp_assembler.errors import LspAssemblerError, PublishError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source, StartPointType
from lsp_assembler.operations.assemble import Checking, assemble
from lsp_assembler.operations.directories import Directories
from lsp_assembler.operations.language_images import Lookup, verify_images
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.pack_options import checkouts, durations_label, language_image_name, version_tag
from lsp_assembler.operations.plan import Plan, type_of
from lsp_assembler.operations.push_packs import (
    Packed,
    PackJob,
    PushOptions,
    Refusal,
    language_tag,
    push_packs,
    refusals,
)
from lsp_assembler.operations.request import Request
from lsp_assembler.stores.interface import Store
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec

_TO_BE_MADE = "sha256:"  # stands for the digest of what this very run is going to tag


class PackRequest(Request, frozen=True, kw_only=True):
    """What to pack, and how.

    Args:
        directories: LTF checkouts.
        from_tree: a folder, each child of which is a checkout, too.
        to_store: where the images go, e.g. "registry"; None for the engine.
        version: the tag, e.g. "3.7.4-18"; None for that of the commit.
        tag_language_image: whether NAME:latest gets the further tag NAME:TAG.
        language_image: which image is tagged so; None for NAME:latest.
        durations: a file with the seconds that a red, an amber and a green test run take.
        force: whether tags that are meant to be immutable may be overwritten.
        allow_dirty: whether content that no commit holds may go to a registry.
        type: what the start points are; None for what ./images.yml says, else languages.
        strict: whether warnings are errors.
        verify_images: whether to ask the registries if every language image exists.
    """

    directories: Sequence[str] = ()
    from_tree: Path | None = None
    to_store: str | None = None
    version: str | None = None
    tag_language_image: bool = False
    language_image: str | None = None
    durations: Path | None = None
    force: bool = False
    allow_dirty: bool = False
    type: StartPointType | None = None
    strict: bool = False
    verify_images: bool = False


class PackResult(Struct, frozen=True):
    """What a run of `pack` came to.

    Args:
        assembly: None where the run ended before anything was read.
        packed: what is published; () where anything went wrong.
        refusals: why nothing was published although all rules pass.
        passed_over: the children of from_tree that are no checkouts.
        error: what stopped the run as a whole; None else.
    """

    exit_status: int
    assembly: Assembly | None = None
    packed: Sequence[Packed] = ()
    refusals: Sequence[Refusal] = ()
    passed_over: Sequence[str] = ()
    error: str | None = None


class _Job(Struct, frozen=True):
    """What is to become of the checkouts."""

    type: StartPointType
    options: PackOptions
    language_image: Reference | None
    request: PackRequest


class _Read(Struct, frozen=True):
    """What was read of all checkouts; `packs` has those that could be read, by their index."""

    assembly: Assembly
    packs: dict[int, Pack]


def pack(request: PackRequest, observer: Observer = SILENT) -> PackResult:
    """Pack all checkouts in memory, judge them, and, if nothing is wrong, publish them. All or nothing.

    Raises:
        InvalidInputError: the request is wrong.
    """
    destination = StoreSpec.target(request.to_store)
    chosen = checkouts(request.directories, request.from_tree, observer)
    single = len(chosen.directories) == 1
    wanted = request.tag_language_image
    job = _Job(
        type_of(request.type),
        PackOptions(version_tag(request.version), durations_label(request.durations, single=single)),
        language_image_name(request.language_image, wanted=wanted, single=single),
        request,
    )
    with Stores(request.stores, request.environ, observer.notice) as stores:
        found = _read(chosen.directories, job, observer)
        result = _published(found, job, stores, destination)
    if result.packed:
        observer.published()
    return replace(result, passed_over=chosen.passed_over)


def _read(paths: Sequence[str], job: _Job, observer: Observer) -> _Read:
    """Pack all checkouts at once, and judge them: what was written, then what results."""
    request = job.request
    limits = request.stores.limits
    sources = tuple(Source(index, text, is_directory=True) for index, text in enumerate(paths))
    directories = Directories(job.type, limits, request.environ, "pack", job.options)
    checking = Checking(request.jobs, strict=False, limits=limits)
    assembly = assemble(Plan(job.type, sources, None, None), None, directories, checking, observer)
    packs = {
        source.index: directories.pack(source)
        for source in sources
        if assembly.outcomes[source.index].start_point
    }
    return _Read(assembly, packs)


def _published(found: _Read, job: _Job, stores: Stores, destination: StoreSpec | None) -> PackResult:
    """Publish all packs, if there is nothing against any of them."""
    assembly, request = found.assembly, job.request
    jobs = request.jobs or Store.jobs
    try:
        if request.verify_images:
            lookup = _language_images(found, job, stores, destination)
            assembly = verify_images(assembly, lookup, jobs)
        if request.strict:
            assembly = assembly.strictly()
        if assembly.exit_status:
            return PackResult(assembly.exit_status, assembly)
        store = stores.publisher(destination)
        wanted = tuple(_pack_job(index, each, job) for index, each in found.packs.items())
        options = PushOptions(request.force, request.allow_dirty, request.jobs or store.jobs)
        against = refusals(wanted, store, options)
        if against:
            return PackResult(PublishError.exit_status, assembly, refusals=against)
        published, failed = push_packs(wanted, store)
    except LspAssemblerError as error:
        return PackResult(error.exit_status, assembly, error=str(error))
    if failed:
        return PackResult(PublishError.exit_status, assembly, refusals=failed)
    return PackResult(0, assembly, published)


def _pack_job(index: int, made: Pack, job: _Job) -> PackJob:
    tagged = language_tag(made, job.language_image) if job.request.tag_language_image else None
    return PackJob(index, made, tagged)


class _LanguageImages(Struct, frozen=True):
    """Looks language images up where the LSP images go, then in their registries.

    Args:
        made: canonical names that this very run is going to make: they count as there.
    """

    made: frozenset[str]
    store: Store
    registries: Lookup

    def expect(self, references: Sequence[Reference]) -> None:
        """See Lookup.expect."""
        self.store.expect(references)
        self.registries.expect(references)

    def digest(self, reference: Reference) -> str | None:
        """See Lookup.digest."""
        if reference.canonical in self.made:
            return _TO_BE_MADE
        return self.store.digest(reference) or self.registries.digest(reference)


def _language_images(
    found: _Read, job: _Job, stores: Stores, destination: StoreSpec | None
) -> _LanguageImages:
    named = [each for each in found.packs.values() if each.name]
    made = {each.language_image.canonical for each in named} if job.request.tag_language_image else set()
    return _LanguageImages(frozenset(made), stores.publisher(destination), stores.registries)
