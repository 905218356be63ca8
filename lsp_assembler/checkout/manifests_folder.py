"""A folder of checked-out manifests: which image belongs to which repository."""

from pathlib import Path

from lsp_assembler.checkout.image_name import language_image_name
from lsp_assembler.config.migration import FindImage, Repository
from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.model.manifest import UnreadableManifest, read_manifests
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.reading import read_file


def lookup_in(folder: Path) -> FindImage:
    """Look repositories up by their name: a checkout FOLDER/NAME, or a manifest FOLDER/NAME.json.

    Raises:
        InvalidInputError: it is no folder.
    """
    if not folder.is_dir():
        fact = "is not a folder" if folder.exists() else "does not exist"
        raise InvalidInputError(
            f"--manifests: '{folder}' {fact}; expected a folder with checkouts or manifests in it",
            "Check the path.",
        )
    return lambda repository: _image_of(repository, folder)


def _image_of(repository: Repository, folder: Path) -> Reference | None:
    """See FindImage."""
    checkout, single = folder / repository.name, folder / f"{repository.name}.json"
    try:
        if (checkout / MANIFEST).is_file():
            return language_image_name(checkout) or _named_in(checkout / MANIFEST)
        return _named_in(single) if single.is_file() else None
    except FetchError as error:
        raise ValueError(error.message) from error
    except OSError as error:
        raise ValueError(f"{error.filename}: {error.strerror}") from error


def _named_in(path: Path) -> Reference:
    tree = Tree.of({MANIFEST: File(read_file(path))})
    (found,) = read_manifests(tree)
    if isinstance(found, UnreadableManifest) or found.image_name is None:
        raise ValueError(f"{path} names no image; expected an object with image_name")
    try:
        return Reference.parse(found.image_name)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
