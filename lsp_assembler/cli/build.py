"""`lsp-assembler build`."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lsp_assembler.cli import options, signals
from lsp_assembler.cli.locking import LockedOption, LockOption, existing, pinned, refusal, required
from lsp_assembler.cli.options import Format
from lsp_assembler.cli.plan import plan
from lsp_assembler.cli.run import Checking, find_base, packed, read_all, report
from lsp_assembler.cli.stores import Access, Spelling, Stores
from lsp_assembler.cli.wishes import base_reference, wishes
from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.files.atomic import refuse_to_replace, write_tree
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.result import Result
from lsp_assembler.oci.layers import Limits
from lsp_assembler.operations.recipe import Wishes, recipe
from lsp_assembler.stores.interface import Pull, Store

TagOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        "-t",
        metavar="NAME",
        help="Name of the image; repeatable.",
        show_default="name: of images.yml",
    ),
]
BaseOption = Annotated[
    str | None,
    typer.Option("--base", metavar="NAME", help="The base image.", show_default="base: of images.yml"),
]
TemplateOption = Annotated[
    Path | None,
    typer.Option(
        "--template",
        metavar="FILE",
        help="The Dockerfile to fill in.",
        show_default="Dockerfile.template beside images.yml, else the one that comes with the tool",
    ),
]
ContextOption = Annotated[
    Path | None, typer.Option("--context", metavar="DIR", help="Also write what goes to /app/repos to DIR.")
]


def build(  # noqa: PLR0913  # one parameter for each option, as Typer wants it
    sources: options.SourcesArgument = None,
    *,
    file: options.FileOption = None,
    tags: TagOption = None,
    base: BaseOption = None,
    template: TemplateOption = None,
    locked: LockedOption = False,
    lock_file: LockOption = None,
    context: ContextOption = None,
    type_: options.TypeOption = None,
    from_: options.FromOption = "auto",
    to: options.ToOption = "auto",
    pull: options.PullOption = Pull.ALWAYS,
    platforms: options.PlatformOption = None,
    insecure: options.InsecureOption = None,
    no_cache: options.NoCacheOption = False,
    offline: options.OfflineOption = False,
    jobs: options.JobsOption = None,
    format_: options.FormatOption = Format.TEXT,
    strict: options.StrictOption = False,
    verify_images: options.VerifyImagesOption = False,
    stall_timeout: options.StallOption = options.DEFAULT_STALL_TIMEOUT,
    max_bytes: options.MaxBytesOption = options.DEFAULT_MAX_BYTES,
    max_entries: options.MaxEntriesOption = options.DEFAULT_MAX_ENTRIES,
    max_path: options.MaxPathOption = options.DEFAULT_MAX_PATH,
    max_compressed: options.MaxCompressedOption = options.DEFAULT_MAX_COMPRESSED,
) -> None:
    """Assemble the start-points image of all LSP images that images.yml lists.

    Image names or directories on the command line replace the list. A directory is an LTF checkout, which
    is packed in memory.
    """

    def work() -> Result:
        source, destination = Spelling.parse("--from", from_), Spelling.parse("--to", to)
        planned = plan(sources, file, type_)
        wanted = wishes(planned, tags, template)
        if context:
            refuse_to_replace(context)
        reference = base_reference(planned, base)
        pins = required(planned, reference, lock_file, sources) if locked else None
        lock = pins or existing(planned, lock_file)
        limits = Limits(max_bytes, max_entries, max_path, max_compressed)
        access = Access(
            pull=pull,
            stall_timeout=stall_timeout,
            limits=limits,
            registries=planned.registries,
            insecure=insecure,
            cached=not no_cache,
            offline=offline,
            platforms=tuple(platforms or ()),
        )
        with Stores(access) as stores:
            checking = Checking(jobs, strict, stores.registries.digest if verify_images else None)
            store = pinned(stores.reader(source), pins) if planned.needs_store else None
            target = pinned(stores.builder(destination, source), pins)
            stores.warn_of_rate_limit(source, planned.references)
            found = find_base(target, reference, wanted.names)
            assembly = read_all(planned, store, packed(planned.type, limits), checking)
            base_image = found()
            result = refusal(assembly, base_image, lock, "build")
            result = result or _built(assembly, base_image, wanted, target, context)
        return replace(result, images_file=planned.listed_in)

    report("build", format_, work)


def _built(
    assembly: Assembly, base: BaseImage | FetchError, wanted: Wishes, store: Store, context: Path | None
) -> Result:
    """The result of building, if there is nothing against it."""
    if isinstance(base, FetchError):
        return Result(assembly, base.exit_status, error=str(base))
    if assembly.exit_status:
        return Result(assembly, assembly.exit_status)
    started = time.perf_counter()
    made = recipe(assembly, base, wanted)
    try:
        if context:
            with signals.held_back():
                write_tree(made.context, context)
        image = store.build(made, wanted.names)
        signals.ignore()  # it is published: too late to say that it was not
    except (FetchError, PublishError) as error:
        return Result(assembly, error.exit_status, error=str(error))
    seconds = {**assembly.seconds, "build": time.perf_counter() - started}
    return Result(replace(assembly, seconds=seconds), 0, image)
