"""`serve`: what a source holds, to be served. No HTTP here."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from lsp_assembler.config.hosts import Settings
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.result import Result
from lsp_assembler.model.served import Served, ServedStartPoint
from lsp_assembler.model.start_point import SHA, START_POINT, URL, StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.operations.inspection import REPOS, room_for_all, shas, with_room
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.request import ReadRequest
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec

_LAYOUTS = ("oci", "oci-archive")
_NOTES = ("shas.txt", "image.type")  # what an index folder has beside its index dirs


class SourceKind(StrEnum):
    """What a source is."""

    IMAGE = "image"
    FOLDER = "folder"
    LIST = "list"
    CHECKOUTS = "checkouts"


class ServeRequest(ReadRequest, frozen=True, kw_only=True):
    """What to serve.

    Args:
        sources: a start-points image, a folder of index dirs or an images.yml; or LTF checkouts.
        type: what the start points are; None for what the source says, else languages.
        locked: whether every image of an images.yml is read by the digest in its lock file.
        lock_file: None for images.lock beside images.yml.
        strict: whether warnings are errors.
    """

    sources: Sequence[str]
    type: StartPointType | None = None
    locked: bool = False
    lock_file: Path | None = None
    strict: bool = False


class Taken(Struct, frozen=True):
    """What was taken from a source.

    Args:
        served: what there is to serve; where the result has errors, all that could be read.
        result: what checking it came to; None for an image or a folder: what is in them was checked before.
        port: that images.yml names.
        registries: what images.yml says about single registries, by host.
    """

    served: Served
    result: Result | None = None
    port: int | None = None
    registries: Settings = {}


def kind_of(sources: Sequence[str]) -> SourceKind:
    """What the sources are.

    Raises:
        InvalidInputError: there are several, and not all of them are checkouts; or one is an image layout.
    """
    for source in sources:
        _refuse_layout(source)
    kinds = [_kind(source) for source in sources]
    if len(kinds) != 1 and set(kinds) != {SourceKind.CHECKOUTS}:
        wanted = "one image, one folder or one images.yml, or only checkouts"
        fact = f"serve: there are {len(kinds)} sources; expected {wanted}"
        raise InvalidInputError(fact, "Name one, or list them in an images.yml.")
    return kinds[0]


def take(request: ServeRequest, observer: Observer = SILENT) -> Taken:
    """Read what there is to serve.

    Raises:
        InvalidInputError: the request or images.yml is wrong.
        LockError: the lock file is missing, stale or invalid.
        FetchError: an image or a folder cannot be read, or is no start-points image; or the store of an
            images.yml cannot be reached. What is wrong with one image of a list is in the result.
    """
    kind = kind_of(request.sources)
    if request.locked and kind is not SourceKind.LIST:
        raise InvalidInputError(
            f"--locked: '{request.sources[0]}' has no lock file; expected an images.yml", "Leave it out."
        )
    if kind is SourceKind.IMAGE:
        return _of_image(request, observer)
    if kind is SourceKind.FOLDER:
        from lsp_assembler.checkout.reader import read_checkout

        folder = request.sources[0]
        repos = read_checkout(Path(folder), room_for_all())
        return Taken(_of_repos(repos, folder, request.type))
    from lsp_assembler.operations.serve_list import take_list

    return take_list(request, observer, is_file=kind is SourceKind.LIST)


def _refuse_layout(source: str) -> None:
    """Refuse what holds images, and is none itself: "oci:points", or the folder "./points"."""
    kind, _, path = source.partition(":")
    place = source if kind in _LAYOUTS and path else f"oci:{source}"
    if place == source or (Path(source) / "oci-layout").is_file():
        raise InvalidInputError(
            f"{source}: it is an image layout; expected the name of an image in it",
            f"Say NAME --from {place}, with the name of the image for NAME.",
        )


def _kind(source: str) -> SourceKind:
    path = Path(source)
    if path.is_dir() and ("/" in source or source in (".", "..")):
        return SourceKind.FOLDER if _has_index_dirs(path) else SourceKind.CHECKOUTS
    if path.suffix in (".yml", ".yaml") or path.is_file():
        return SourceKind.LIST
    if source.startswith(("/", "./", "../")) or source in (".", ".."):
        return SourceKind.CHECKOUTS  # whose reader says what is wrong with it
    return SourceKind.IMAGE


def _has_index_dirs(folder: Path) -> bool:
    if any((folder / name).is_file() for name in _NOTES):
        return True
    return not (folder / START_POINT).is_dir() and (folder / "0").is_dir()


def _of_image(request: ServeRequest, observer: Observer) -> Taken:
    from lsp_assembler.operations.plan import reference

    name = request.sources[0]
    options = with_room(request.stores)
    with Stores(options, request.environ, observer.notice) as stores:
        store = stores.reader(StoreSpec.source(request.from_store))
        repos = store.read(reference(name, "serve"), REPOS)
    shas(repos, name)  # raises where this is no start-points image
    return Taken(_of_repos(repos, name, request.type))


def _of_repos(repos: Tree, name: str, type_: StartPointType | None) -> Served:
    """What /app/repos holds: every folder in it, as the original looks into all of them."""
    known = {index: (sha, url) for index, sha, url in shas(repos, name)} if "shas.txt" in repos.files else {}
    said = repos.text("image.type").strip()
    found = type_ or (StartPointType(said) if said in list(StartPointType) else StartPointType.LANGUAGES)
    return Served(found, [_of_folder(tree, place, known) for place, tree in _folders(repos)])


def _folders(repos: Tree) -> list[tuple[str, Tree]]:
    """The folders at the top with what is in them, in the order of their bytes."""
    found: dict[str, dict[str, File]] = {}
    for path, file in repos.files.items():
        folder, slash, inner = path.partition("/")
        if slash:
            found.setdefault(folder, {})[inner] = file
    ordered = sorted(found.items(), key=lambda item: item[0].encode(errors="surrogateescape"))
    return [(folder, Tree.of(files)) for folder, files in ordered]


def _of_folder(tree: Tree, place: str, known: dict[str, tuple[str, str]]) -> ServedStartPoint:
    sha, url = known.get(place, ("", ""))
    noted = [tree.text(f"{START_POINT}/{name}").strip() for name in (SHA, URL)]
    return ServedStartPoint(place, noted[0] or sha, noted[1] or url, tree)
