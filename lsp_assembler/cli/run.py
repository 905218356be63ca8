"""What `build`, `check` and `pack` have in common: read all sources while the user watches, then report."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NoReturn

import typer

from lsp_assembler.checkout.pack import pack
from lsp_assembler.checkout.reader import completed, language_image_name, read_checkout
from lsp_assembler.cli.options import Format
from lsp_assembler.cli.output import write
from lsp_assembler.cli.plan import Plan
from lsp_assembler.cli.progress import watching
from lsp_assembler.errors import FetchError, LspAssemblerError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source, StartPoint, StartPointType
from lsp_assembler.oci.layers import Limits
from lsp_assembler.operations.assemble import assemble
from lsp_assembler.operations.language_images import Digest, verify_images
from lsp_assembler.parallel import in_background
from lsp_assembler.stores.interface import Progress, Store

ReadDirectory = Callable[[Source], StartPoint]


@dataclass(frozen=True, slots=True)
class Checking:
    """How sources are read and judged.

    Args:
        jobs: how many at once; None for what the store likes best.
        language_images: asks whether the language image that a manifest names exists; None to trust it.
    """

    jobs: int | None
    strict: bool
    language_images: Digest | None = None


def report(command: Literal["build", "check"], format_: Format, work: Callable[[], Result]) -> NoReturn:
    """Do the work, write its result, end the command with its status.

    An error that ends the run before there is a result is one in JSON and for GitHub all the same; as
    text it goes to stderr, where `main` writes it.
    """
    started = time.perf_counter()
    try:
        result = work()
    except LspAssemblerError as error:
        if format_ is Format.TEXT:
            raise
        nothing = Assembly(StartPointType.LANGUAGES, (), (), {})
        result = Result(nothing, error.exit_status, error=str(error), command=command)
    seconds = {**result.assembly.seconds, "total": time.perf_counter() - started}
    write(replace(result, assembly=replace(result.assembly, seconds=seconds)), format_)
    raise typer.Exit(result.exit_status)


def read_all(plan: Plan, store: Store | None, read_directory: ReadDirectory, checking: Checking) -> Assembly:
    """Read and check every source of a plan.

    Args:
        store: None if the plan needs none.
        read_directory: what a directory gives: as it stands, or packed.
    """

    def read(source: Source, progress: Progress) -> StartPoint:
        if source.is_directory or store is None:
            return read_directory(source)
        return store.fetch(Reference.parse(source.text), progress)

    jobs = checking.jobs or (store.jobs if store else Store.jobs)
    with watching([source.text for source in plan.sources]) as observe:
        assembly = assemble(plan.type, plan.sources, read, jobs, observe)
    if checking.language_images:
        assembly = verify_images(assembly, checking.language_images, jobs)
    return assembly.strictly() if checking.strict else assembly


def find_base(
    store: Store, reference: Reference, names: Sequence[Reference] = ()
) -> Callable[[], BaseImage | FetchError]:
    """Begin to look for the base image while the sources are read; what comes back waits for it.

    That there is none is a value: the sources are reported all the same.

    Args:
        names: what will be built, for the store to look ahead.
    """

    def find() -> BaseImage | FetchError:
        try:
            return store.base(reference)
        except FetchError as error:
            return error

    in_background(lambda: store.look_ahead(names))  # by itself: nobody shall have to wait for it
    return in_background(find)


def as_it_stands(type_: StartPointType, limits: Limits) -> ReadDirectory:
    """A directory as `check` reads it: no git, no tag; an exercise has no image_name to fill in."""

    def read(source: Source) -> StartPoint:
        directory = Path(source.text)
        tree = read_checkout(directory, limits)
        if type_ is not StartPointType.EXERCISES:
            tree = completed(tree, language_image_name(directory))
        return StartPoint(tree.digest, tree, is_packed=False)

    return read


def packed(type_: StartPointType, limits: Limits) -> ReadDirectory:
    """A directory as `build` reads it: packed in memory, as publishing and fetching it would give."""

    def read(source: Source) -> StartPoint:
        return pack(Path(source.text), type_, limits).start_point

    return read
