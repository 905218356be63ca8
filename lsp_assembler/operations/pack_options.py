"""What `pack` is to do: its options checked, and its checkouts found."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.checkout.durations import load_durations
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import START_POINT
from lsp_assembler.model.versions import PREFIX, is_lsp_tag
from lsp_assembler.operations.observer import Observer
from lsp_assembler.operations.plan import reference
from lsp_assembler.text import visible

_LONGEST_VERSION = 128 - len(PREFIX)


class Checkouts(Struct, frozen=True):
    """The checkouts to pack.

    Args:
        directories: as the user wrote them; those of --from-tree with its path in front.
        passed_over: the children of --from-tree that are folders, and no checkouts.
    """

    directories: tuple[str, ...]
    passed_over: tuple[str, ...] = ()


def checkouts(directories: Sequence[str], tree: Path | None, observer: Observer) -> Checkouts:
    """The checkouts that are named, then those of --from-tree; says which of its children it passes over.

    Raises:
        InvalidInputError: there are none, or the tree cannot be read.
    """
    if tree is None:
        if not directories:
            raise InvalidInputError(
                "pack: nothing to pack",
                "Say 'lsp-assembler pack .' in a checkout, or --from-tree DIR.",
            )
        return Checkouts(tuple(directories))
    try:
        folders = sorted(
            child for child in tree.iterdir() if child.is_dir() and not child.name.startswith(".")
        )
        found = [folder for folder in folders if (folder / START_POINT).is_dir()]
    except OSError as error:
        raise InvalidInputError(
            f"--from-tree: cannot read '{tree}' ({error.strerror})",
            "Check the path.",
        ) from error
    passed_over = tuple(str(folder) for folder in folders if folder not in found)
    for path in passed_over:
        observer.notice(f"{visible(path)}: passed over (it has no {START_POINT} folder)")
    if not found:
        raise InvalidInputError(
            f"--from-tree: '{tree}' has no LTF checkout in it",
            f"Check the path: each checkout is a direct child with a {START_POINT} folder.",
        )
    return Checkouts((*directories, *map(str, found)), passed_over)


def version_tag(version: str | None) -> str:
    """The tag of --version, e.g. "3.7.4-18"; "" where there is none.

    Raises:
        InvalidInputError: it cannot be a tag, or not one that never moves.
    """
    if version is None:
        return ""
    try:
        fits = Reference.parse(f"name:{version}").tag == version and len(version) <= _LONGEST_VERSION
    except ValueError:
        fits = False
    if not fits:
        raise InvalidInputError(
            f"--version: '{version}' cannot be a tag; a tag has letters, digits, '_', '.' and '-', at most "
            f"{_LONGEST_VERSION}, and does not begin with '.' or '-'",
            "Correct the version, e.g. 3.7.4-18, or leave it out: then the commit is the tag.",
        )
    if version == "latest" or is_lsp_tag(version):
        raise InvalidInputError(
            f"--version: '{version}' has another meaning as a tag",
            "Choose another, e.g. 3.7.4-18, or leave it out: then the commit is the tag.",
        )
    return version


def durations_label(path: Path | None, *, single: bool) -> str:
    """The durations of --durations as compact JSON; "" where there are none.

    Raises:
        InvalidInputError: the file is not as it should be, or there are several checkouts.
    """
    if path is None:
        return ""
    if not single:
        raise InvalidInputError(
            "--durations: they belong to one language, and there are several checkouts",
            "Pack them one by one.",
        )
    return load_durations(path)


def language_image_name(text: str | None, *, wanted: bool, single: bool) -> Reference | None:
    """The image of --language-image; None for NAME:latest.

    Args:
        wanted: whether language images are to be tagged at all.
        single: whether there is just one checkout.

    Raises:
        InvalidInputError: it is malformed, or goes with no other option, or with several checkouts.
    """
    if text is None:
        return None
    if not wanted:
        raise InvalidInputError(
            "--language-image: it does nothing without --tag-language-image",
            "Add --tag-language-image, or leave out --language-image.",
        )
    if not single:
        raise InvalidInputError(
            "--language-image: it names one image, and there are several checkouts",
            "Pack them one by one, or leave it out: then each NAME:latest is tagged.",
        )
    return reference(text, "--language-image")
