"""`migrate`: turn a list of git repositories into images.yml."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.checkout.manifests_folder import lookup_in
from lsp_assembler.config.images_file import parse
from lsp_assembler.config.migration import (
    FindImage,
    Line,
    Migration,
    Names,
    Patterns,
    filled,
    idle,
    is_pattern,
    lines,
)
from lsp_assembler.config.migration import migrate as migrate_list
from lsp_assembler.config.yaml_nodes import MAX_BYTES, Problems, decoded
from lsp_assembler.errors import FINDINGS, FetchError, InvalidInputError
from lsp_assembler.files.atomic import write_file
from lsp_assembler.model.labels import SOURCE_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.versions import MOVING_TAG
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import reference
from lsp_assembler.operations.request import ReadRequest
from lsp_assembler.parallel import in_parallel
from lsp_assembler.reading import beginning
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec
from lsp_assembler.text import named

_ONE = "git_repo.url"
_EXAMPLE = "9f53889@https://github.com/org/java-junit"


class MigrateRequest(ReadRequest, frozen=True, kw_only=True):
    """What to migrate, and how.

    Args:
        file: a list of git repositories; or a folder with a file NAME/git_repo.url for each.
        maps: "REPO=IMAGE" each, where REPO is an address or the last part of one, or a pattern such as "*".
            {repo} and {repo_} in IMAGE stand for that last part: see `Patterns`.
        manifests: a folder with checkouts DIR/REPO or manifests DIR/REPO.json.
        packed: LSP images, which know their repositories.
        output: a file to write images.yml to; None to write none.
        force: whether to overwrite it.
    """

    file: Path
    maps: Sequence[str] = ()
    manifests: Path | None = None
    packed: Sequence[str] = ()
    output: Path | None = None
    force: bool = False


class MigrateResult(Struct, frozen=True):
    """What became of a list.

    Args:
        migration: the text of images.yml, and what could not be mapped.
        file: the list.
        output: the file that images.yml was written to; None if it was written to none.
    """

    migration: Migration
    file: Path
    output: Path | None

    @property
    def exit_status(self) -> int:
        """0, or that of an entry that could not be mapped."""
        return FINDINGS if self.migration.unmapped else 0


def migrate(request: MigrateRequest, observer: Observer = SILENT) -> MigrateResult:
    """Find the LSP image of each repository. Nothing is cloned. What cannot be mapped is in the result.

    Raises:
        InvalidInputError: the request or the list is wrong.
        FetchError: an image of `packed` cannot be read, or does not say where it comes from; all of them.
        PublishError: the output cannot be written.
    """
    output = request.output
    if output and output.exists() and not request.force:
        raise InvalidInputError(f"{output}: it already exists", "Choose another name, or say --force.")
    spec = StoreSpec.source(request.from_store)
    maps = [_mapped(each) for each in request.maps]
    exact = [(repository, image) for repository, image in maps if not is_pattern(repository, image)]
    lookups: list[FindImage] = [
        _names("--map", [(repository, Reference.parse(image)) for repository, image in exact])
    ]
    if request.manifests:
        lookups.append(lookup_in(request.manifests))
    listed = _lines(request.file, observer)
    for each in idle([repository for repository, _ in maps], listed):
        observer.notice(f"--map: no repository of {request.file} is {named(each)}, so it counts for nothing")
    if request.packed:
        names = [reference(name, "--packed") for name in request.packed]
        with Stores(request.stores, request.environ, observer.notice) as stores:
            store = stores.reader(spec)
            stores.warn_of_rate_limit(spec, names)
            lookups.append(_names("--packed", _packed(_sources(store, names, request.jobs))))
    lookups.append(Patterns([each for each in maps if is_pattern(*each)]))
    found = migrate_list(listed, lookups)
    if output is None or not found.images:  # a list without an image is not valid
        return MigrateResult(found, request.file, None)
    with observer.critical():
        write_file(found.text.encode(), output, "Check the folder and its permissions.")
    return MigrateResult(found, request.file, output)


def _lines(file: Path, observer: Observer) -> list[Line]:
    """The lines of the list.

    Raises:
        InvalidInputError: it cannot be read, or lists nothing.
    """
    try:
        parts = _parts(file, observer) if file.is_dir() else [file]
        content = b"\n".join(beginning(part, MAX_BYTES).rstrip(b"\n") for part in parts)
    except OSError as error:
        raise InvalidInputError(
            f"{file}: {error.strerror}; expected a list of git repositories", "Check the path."
        ) from error
    text = decoded(content, Problems(str(file)))
    if _is_images_file(text, file):
        raise InvalidInputError(f"{file}: it is an images.yml already", "Name the list of git repositories.")
    listed = lines(text)
    if not any(line.words for line in listed):
        raise InvalidInputError(
            f"{file}: it lists no repository; expected a line for each, e.g. '{_EXAMPLE}'",
            "Check that this is the file you meant.",
        )
    return listed


def _parts(folder: Path, observer: Observer) -> list[Path]:
    """The files with one repository each; tells of a folder that has none.

    Raises:
        InvalidInputError: none has one.
    """
    folders = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    found = [each / _ONE for each in folders if (each / _ONE).is_file()]
    if not found:
        nested = next((each for each in folders if any(each.glob(f"*/{_ONE}"))), None)
        fact = f"did you mean {named(str(nested))}?" if nested else f"expected a file NAME/{_ONE} for each"
        raise InvalidInputError(
            f"{folder}: no folder in it has a {_ONE}; {fact}",
            "Name a list of git repositories, or its folder.",
        )
    for each in folders:
        if each / _ONE not in found:
            observer.notice(f"{each}: it has no {_ONE}, so it is left out")
    return found


def _is_images_file(text: str, file: Path) -> bool:
    try:
        parse(text, str(file))
    except InvalidInputError:
        return False
    return True


def _mapped(option: str) -> tuple[str, str]:
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
    if {"{", "}"} & set(filled(image, "")):
        raise InvalidInputError(
            f"--map: {named(image)} has an unknown part in braces",
            "Write {repo} for the last part of the URL, or {repo_} for the same with underscores.",
        )
    if repository.endswith("*") and filled(image, "") == image:
        raise InvalidInputError(
            f"--map: {named(option)} gives every repository the same image",
            "Put {repo} or {repo_} into its name: the last part of the URL, as it is or with underscores.",
        )
    found = reference(filled(image, "java-junit"), "--map")
    if found.tag or found.digest:
        raise InvalidInputError(
            f"--map: '{image}' has a tag or a digest; the list has the tags",
            f"Write '{found.name}'.",
        )
    return repository.partition("?")[0], image


def _names(option: str, images: Sequence[tuple[str, Reference]]) -> Names:
    try:
        return Names(images)
    except ValueError as error:
        raise InvalidInputError(f"{option}: {error}", "Remove one of them.") from error


def _sources(store: ImageSource, names: Sequence[Reference], jobs: int | None) -> list[tuple[str, Reference]]:
    """Where each image was packed from, all asked at once.

    Raises:
        FetchError: images cannot be read, or do not say where they come from; all of them.
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
        reasons = [failure.message for failure in failures]
        raise FetchError(
            reasons, "Leave them out, or use --map for their repositories.", kind=failures[0].kind
        )
    return [(said, name) for said, name in found if isinstance(said, str)]


def _packed(sources: Sequence[tuple[str, Reference]]) -> list[tuple[str, Reference]]:
    """The same, and by the last part of the address if only one image has it: organisations get renamed."""
    parts = [(source.rstrip("/").rpartition("/")[2], image) for source, image in sources]
    images = {part: {name.with_tag("") for each, name in parts if each == part} for part, _ in parts}
    return [*sources, *((part, image) for part, image in parts if len(images[part]) == 1)]
