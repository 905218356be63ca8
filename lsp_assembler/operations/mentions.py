"""Which language images an image, a lock file, a folder or an images.yml names, and where it does."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.checkout.reader import read_checkout
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.manifest import Manifest, read_manifests
from lsp_assembler.operations.inspection import REPOS, room_for_all
from lsp_assembler.operations.listing import Listed, of_lock_file, of_repos
from lsp_assembler.operations.plan import Plan, reference
from lsp_assembler.reading import read_file
from lsp_assembler.stores.interface import ImageSource


class Mention(Struct, frozen=True):
    """A start point that names a language image.

    Args:
        image: as the manifest has it, well-formed or not.
        source: what the start point is called where it is listed, e.g. "cyberdojofoundation/java_junit:LSP".
        display_name: "" where it is not known.
        manifest: inside the image, e.g. "app/repos/0/start_point/manifest.json"; "" where it is not known.
        file: on this machine, where somebody can do something about it, e.g. "images.yml"; None for an image.
        line: in that file, from 1; of an image, in the manifest; None where there is no telling.
    """

    image: str
    source: str
    display_name: str = ""
    manifest: str = ""
    file: str | None = None
    line: int | None = None


def in_image(store: ImageSource, name: str) -> list[Mention]:
    """Those of a start-points image.

    Raises:
        InvalidInputError: the name is malformed.
        FetchError: it cannot be read, or is no start-points image.
    """
    repos = store.read(reference(name, "SOURCE"), REPOS)
    return [mention for index, each in enumerate(of_repos(repos, name)) for mention in _in_tree(index, each)]


def in_folder(folder: Path) -> list[Mention]:
    """Those of a folder of index dirs, such as /app/repos.

    Raises:
        InvalidInputError: it is no such folder.
        FetchError: it cannot be read.
    """
    repos = read_checkout(folder, room_for_all())
    if "shas.txt" not in repos.files:
        raise InvalidInputError(
            f"{folder}: it has no shas.txt; expected a folder of index dirs",
            "Name one that 'lsp-assembler build --context' wrote, or an image, a lock file or an images.yml.",
        )
    return [
        Mention(
            each.image,
            each.source,
            each.display_name,
            each.manifest,
            str(folder / each.manifest.removeprefix(f"{REPOS}/")),
            each.line,
        )
        for index, listed in enumerate(of_repos(repos, str(folder)))
        for each in _in_tree(index, listed)
    ]


def in_lock(path: Path) -> list[Mention]:
    """Those of a lock file.

    Raises:
        LockError: it is invalid.
    """
    listed = of_lock_file(path)
    lines = read_file(path).decode("utf-8", "replace").split("\n")
    return [
        Mention(image, each.name, name, file=str(path), line=_line_of(each.name, lines))
        for each in listed
        for image, name in _named(each)
    ]


def in_plan(planned: Plan, listed: Sequence[Listed]) -> list[Mention]:
    """Those of an images.yml.

    Args:
        listed: the start points, in the order of the plan.
    """
    return [
        Mention(each.image, each.source, each.display_name, each.manifest, str(planned.path), source.line)
        for source, start_point in zip(planned.sources, listed, strict=True)
        for each in _in_tree(source.index, start_point)
    ]


def _in_tree(index: int, listed: Listed) -> Iterator[Mention]:
    if listed.tree is None:  # an image whose lock lists more than it holds
        yield from (Mention(image, listed.name, name) for image, name in _named(listed))
        return
    for each in read_manifests(listed.tree):
        if isinstance(each, Manifest) and each.image_name is not None:
            place = f"{REPOS}/{index}/{each.path}"
            line = each.line_of("image_name")
            yield Mention(each.image_name, listed.name, each.display_name or "", place, None, line)


def _named(listed: Listed) -> Iterator[tuple[str, str]]:
    """The images of one start point, each with its display_name, where each manifest has both."""
    names = listed.display_names if len(listed.display_names) == len(listed.image_names) else ()
    yield from zip(listed.image_names, names or [""] * len(listed.image_names), strict=True)


def _line_of(name: str, lines: Sequence[str]) -> int | None:
    """The first line of a lock file that has a name, from 1."""
    spelled = json.dumps(name, ensure_ascii=False)
    return next((number for number, line in enumerate(lines, 1) if f'"name": {spelled}' in line), None)
