"""`lsp-assembler pack`."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lsp_assembler import rules
from lsp_assembler.checkout import pack as packing
from lsp_assembler.cli import options, signals
from lsp_assembler.cli.options import Format
from lsp_assembler.cli.output import write
from lsp_assembler.cli.pack_wishes import chosen, durations_label, language_image_name, version_tag
from lsp_assembler.cli.plan import Plan
from lsp_assembler.cli.run import Checking, read_all
from lsp_assembler.cli.stores import Access, Spelling, Stores
from lsp_assembler.errors import LspAssemblerError, PublishError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source, StartPoint, StartPointType
from lsp_assembler.oci.layers import Limits
from lsp_assembler.operations import push_packs as pack_publishing
from lsp_assembler.operations.language_images import Digest, verify_images
from lsp_assembler.operations.push_packs import Order, Permissions
from lsp_assembler.reports import pack as reports
from lsp_assembler.reports.pack import PackResult
from lsp_assembler.stores.interface import Pull, Store

_TO_BE_MADE = "sha256:"  # stands for the digest of what this very run is going to tag


class PackFormat(StrEnum):
    """How the result is written: for people, or for programs."""

    TEXT = "text"
    JSON = "json"


DirectoriesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[DIR]...", help="LTF checkouts.", show_default=False)
]
TreeOption = Annotated[
    Path | None,
    typer.Option("--from-tree", metavar="DIR", help="Pack every checkout that is a child of DIR."),
]
VersionOption = Annotated[
    str | None,
    typer.Option("--version", metavar="TAG", help="The tag, e.g. 3.7.4-18.", show_default="the commit's"),
]
TagLanguageOption = Annotated[
    bool, typer.Option("--tag-language-image", help="Give NAME:latest the further tag NAME:TAG.")
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language-image",
        metavar="REF",
        help="The image that --tag-language-image tags.",
        show_default="NAME:latest",
    ),
]
DurationsOption = Annotated[
    Path | None,
    typer.Option("--durations", metavar="FILE", help="Seconds of a red, an amber and a green test run."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Move tags that never move.")]
DirtyOption = Annotated[
    bool, typer.Option("--allow-dirty", help="Let content that no commit holds go to a registry.")
]
FormatOption = Annotated[PackFormat, typer.Option("--format", help="How the result is written to stdout.")]


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to become of the checkouts.

    Args:
        tags_language_images: whether they get a further tag.
        language_image: which is tagged; None for NAME:latest.
    """

    type: StartPointType
    limits: Limits
    particulars: packing.Particulars
    allowed: Permissions
    checking: Checking
    tags_language_images: bool
    language_image: Reference | None


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of all checkouts; `packs` has those that could be read, by their index."""

    assembly: Assembly
    packs: dict[int, packing.Pack]


def pack(  # noqa: PLR0913  # one parameter for each option, as Typer wants it
    directories: DirectoriesArgument = None,
    *,
    from_tree: TreeOption = None,
    to: options.ToOption = "auto",
    version: VersionOption = None,
    tag_language_image: TagLanguageOption = False,
    language_image: LanguageOption = None,
    verify_images: options.VerifyImagesOption = False,
    durations: DurationsOption = None,
    force: ForceOption = False,
    allow_dirty: DirtyOption = False,
    type_: options.TypeOption = None,
    jobs: options.JobsOption = None,
    format_: FormatOption = PackFormat.TEXT,
    strict: options.StrictOption = False,
    insecure: options.InsecureOption = None,
    stall_timeout: options.StallOption = options.DEFAULT_STALL_TIMEOUT,
    max_bytes: options.MaxBytesOption = options.DEFAULT_MAX_BYTES,
    max_entries: options.MaxEntriesOption = options.DEFAULT_MAX_ENTRIES,
    max_path: options.MaxPathOption = options.DEFAULT_MAX_PATH,
) -> None:
    """Make an LSP image of each LTF checkout: NAME:LSP-TAG, with the commit's TAG, and NAME:LSP.

    Nothing is published unless every start point keeps every rule. The checkouts are not touched.
    """

    def work() -> PackResult:
        destination = Spelling.parse("--to", to)
        wanted = chosen(directories or (), from_tree)
        single = len(wanted.directories) == 1
        limits = Limits(max_bytes, max_entries, max_path)
        job = _Job(
            type_ or StartPointType.LANGUAGES,
            limits,
            packing.Particulars(version_tag(version), durations_label(durations, single=single)),
            Permissions(force, allow_dirty),
            Checking(jobs, strict),
            tag_language_image,
            language_image_name(language_image, wanted=tag_language_image, single=single),
        )
        access = Access(Pull.NEVER, stall_timeout, limits, insecure=insecure)
        with Stores(access) as stores:
            found = _read(wanted.directories, job)
            result = _published(found, job, stores, destination, verify=verify_images)
        return replace(result, passed_over=wanted.passed_over)

    try:
        result = work()
    except LspAssemblerError as error:
        result = PackResult(error.exit_status, error=str(error))
    _show(result, format_)
    raise typer.Exit(result.exit_status)


def _read(directories: tuple[str, ...], job: _Job) -> _Read:
    """Pack all checkouts in memory, all at once, and judge them: what was written, then what results."""
    packs: dict[int, packing.Pack] = {}

    def read(source: Source) -> StartPoint:
        packs[source.index] = packing.pack(Path(source.text), job.type, job.limits, job.particulars)
        return packs[source.index].start_point

    sources = tuple(Source(index, text, is_directory=True) for index, text in enumerate(directories))
    assembly = read_all(Plan(job.type, sources, None, None), None, read, replace(job.checking, strict=False))
    found = rules.check_checkouts([(index, packs[index].checkout) for index in sorted(packs)])
    return _Read(replace(assembly, findings=(*found, *assembly.findings)), packs)


def _published(found: _Read, job: _Job, stores: Stores, destination: Spelling, *, verify: bool) -> PackResult:
    """Publish all packs, if there is nothing against any of them."""
    assembly = found.assembly
    try:
        if verify:
            digest = _digest(found, job, stores, destination)
            assembly = verify_images(assembly, digest, job.checking.jobs or Store.jobs)
        if job.checking.strict:
            assembly = assembly.strictly()
        if assembly.exit_status:
            return PackResult(assembly.exit_status, assembly)
        store = stores.publisher(destination)
        orders = tuple(_order(index, pack, job) for index, pack in sorted(found.packs.items()))
        against = pack_publishing.refusals(orders, store, job.allowed, job.checking.jobs or store.jobs)
        if against:
            return PackResult(PublishError.exit_status, assembly, refusals=against)
        published, failed = pack_publishing.publish(orders, store)
    except LspAssemblerError as error:
        return PackResult(error.exit_status, assembly, error=str(error))
    if failed:
        return PackResult(PublishError.exit_status, assembly, refusals=failed)
    signals.ignore()  # it is published: too late to say that it was not
    return PackResult(0, assembly, published)


def _order(index: int, pack: packing.Pack, job: _Job) -> Order:
    if not job.tags_language_images:
        return Order(index, pack)
    return Order(index, pack, pack_publishing.language_tag(pack, job.language_image))


def _digest(found: _Read, job: _Job, stores: Stores, destination: Spelling) -> Digest:
    """Asks for language images: where the LSP images go, then in their registries.

    A tag that this run makes counts as there.
    """
    store, registries = stores.publisher(destination), stores.registries
    named = [pack for pack in found.packs.values() if pack.name]
    made = {pack.language_image.canonical for pack in named} if job.tags_language_images else set()

    def digest(reference: Reference) -> str | None:
        if reference.canonical in made:
            return _TO_BE_MADE
        return store.digest(reference) or registries.digest(reference)

    return digest


def _show(result: PackResult, format_: PackFormat) -> None:
    """Write the result where its readers look for it."""
    if format_ is PackFormat.JSON:
        typer.echo(reports.render_json(result), nl=False)
        return
    assembly = result.assembly
    if assembly and (assembly.findings or assembly.failures):
        write(Result(assembly, assembly.exit_status, command="pack"), Format.TEXT)
    typer.echo(reports.text(result.packed), nl=False)
    errors = [refusal.message for refusal in result.refusals] + ([result.error] if result.error else [])
    for error in errors:
        typer.echo(f"error: {error}", err=True)
