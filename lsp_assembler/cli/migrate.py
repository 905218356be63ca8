"""`lsp-assembler migrate`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lsp_assembler.checkout.manifests_folder import lookup_in
from lsp_assembler.cli import options, signals
from lsp_assembler.cli.plan import reference
from lsp_assembler.cli.stores import Access, Spelling, Stores
from lsp_assembler.config.migration import FindImage, Line, Migration, Names, lines
from lsp_assembler.config.migration import migrate as migrate_list
from lsp_assembler.config.yaml_nodes import MAX_BYTES, Problems, decoded
from lsp_assembler.errors import FINDINGS, FetchError, InvalidInputError
from lsp_assembler.files.atomic import write_file
from lsp_assembler.model.labels import SOURCE_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.versions import MOVING_TAG
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.interface import Pull, Store
from lsp_assembler.text import plural

_EXAMPLE = "9f53889@https://github.com/org/java-junit"

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A list of git repositories.", show_default=False)
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="REPO=IMAGE", help="The image of a repository, by URL or last part; repeatable."
    ),
]
ManifestsOption = Annotated[
    Path | None,
    typer.Option(
        "--manifests", metavar="DIR", help="A folder with checkouts DIR/REPO or manifests DIR/REPO.json."
    ),
]
PackedOption = Annotated[
    list[str] | None,
    typer.Option("--packed", metavar="NAME", help="An LSP image, which knows its repository; repeatable."),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to a file.", show_default="standard output"),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite the file that --output names.")]


def migrate(  # noqa: PLR0913  # one parameter for each option, as Typer wants it
    file: FileArgument,
    *,
    maps: MapOption = None,
    manifests: ManifestsOption = None,
    packed: PackedOption = None,
    output: OutputOption = None,
    force: ForceOption = False,
    from_: options.FromOption = "auto",
    insecure: options.InsecureOption = None,
    jobs: options.JobsOption = None,
) -> None:
    """Turn a list of git repositories into images.yml, with the LSP image of each repository.

    Nothing is cloned. What cannot be mapped is reported, and stands in images.yml as a comment.
    """
    if output and output.exists() and not force:
        raise InvalidInputError(
            f"{output}: it exists already; expected a new file", "Choose another name, or say --force."
        )
    spelling = Spelling.parse("--from", from_)
    lookups: list[FindImage] = [_names("--map", [_mapped(each) for each in maps or ()])]
    if manifests:
        lookups.append(lookup_in(manifests))
    listed = _lines(file)
    if packed:
        names = [reference(name, "--packed") for name in packed]
        with Stores(Access(Pull.MISSING, insecure=insecure)) as stores:
            store = stores.reader(spelling)
            stores.warn_of_rate_limit(spelling, names)
            lookups.append(_names("--packed", _packed(_sources(store, names, jobs))))
    found = migrate_list(listed, lookups)
    _write(found, output)
    _report(found, str(file))


def _lines(file: Path) -> list[Line]:
    """The lines of the list.

    Raises:
        InvalidInputError: it cannot be read, or lists nothing.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(
            f"{file}: {error.strerror}; expected a list of git repositories", "Check the path."
        ) from error
    listed = lines(decoded(content, Problems(str(file))))
    if not any(line.words for line in listed):
        raise InvalidInputError(
            f"{file}: it lists no repository; expected a line for each, e.g. '{_EXAMPLE}'",
            "Check that this is the file you meant.",
        )
    return listed


def _mapped(option: str) -> tuple[str, Reference]:
    """Take a --map apart; the address of a repository may have a '=' in it, the name of an image cannot.

    Raises:
        InvalidInputError: it is malformed.
    """
    repository, equals, image = option.rpartition("=")
    if not (repository and equals):
        raise InvalidInputError(
            f"--map: '{option}' has no '='; expected e.g. java-junit=cyberdojofoundation/java_junit",
            "Write REPO=IMAGE.",
        )
    found = reference(image, "--map")
    if found.tag or found.digest:
        raise InvalidInputError(
            f"--map: '{image}' has a tag or a digest; expected '{found.name}', for the list has the tags",
            "Leave it out.",
        )
    return repository.partition("?")[0], found


def _names(option: str, images: Sequence[tuple[str, Reference]]) -> Names:
    try:
        return Names(images)
    except ValueError as error:
        raise InvalidInputError(f"{option}: {error}", "Remove one of them.") from error


def _sources(store: Store, names: Sequence[Reference], jobs: int | None) -> list[tuple[str, Reference]]:
    """Where each image was packed from, all asked at once.

    Raises:
        FetchError: images cannot be had, or do not say where they come from; all of them.
    """

    def source(name: Reference) -> str | FetchError:
        named = name if name.tag or name.digest else name.with_tag(MOVING_TAG)
        try:
            label = store.describe(named).labels.get(SOURCE_LABEL)
        except FetchError as error:
            return error
        fact = f"{named}: it has no label {SOURCE_LABEL}; expected an image that 'pack' made of a checkout"
        return label or FetchError(fact, kind="not-found")

    found = list(zip(in_parallel(source, names, jobs or store.jobs), names, strict=True))
    failures = [said for said, _ in found if isinstance(said, FetchError)]
    if failures:
        reasons = "\n".join(failure.message for failure in failures)
        raise FetchError(
            reasons, "Leave them out, or use --map for their repositories.", kind=failures[0].kind
        )
    return [(said, name) for said, name in found if isinstance(said, str)]


def _packed(sources: Sequence[tuple[str, Reference]]) -> list[tuple[str, Reference]]:
    """The same, and by the last part of the address if only one image has it: organisations get renamed."""
    parts = [(source.rstrip("/").rpartition("/")[2], image) for source, image in sources]
    images = {part: {name.with_tag("") for each, name in parts if each == part} for part, _ in parts}
    return [*sources, *((part, image) for part, image in parts if len(images[part]) == 1)]


def _write(found: Migration, output: Path | None) -> None:
    """Write the file, unless nothing could be mapped: a list without an image is not valid."""
    if not found.images:
        return
    if output is None:
        typer.echo(found.text, nl=False)
        return
    with signals.held_back():
        write_file(found.text.encode(), output, "Check the folder and its permissions.")
    typer.echo(f"{output}: written, with {plural(found.images, 'image')}")


def _report(found: Migration, file: str) -> None:
    """Say what could not be mapped, which ends the command with status 1."""
    if not found.unmapped:
        return
    for each in found.unmapped:
        typer.echo(f"{file}:{each.line}: {each.text}\n  {each.why}", err=True)
    total = found.images + len(found.unmapped)
    kept = "the rest is written, with these as comments" if found.images else "nothing is written"
    typer.echo(
        f"error: {file}: {len(found.unmapped)} of {total} entries not mapped; {kept}\n"
        "  Say which image each is with --map REPO=IMAGE, or correct its line.",
        err=True,
    )
    raise typer.Exit(FINDINGS)
