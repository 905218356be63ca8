"""What a start-points image serves, in the words of its service's own `inspect`."""

from typing import Any

from lsp_assembler.errors import FetchError
from lsp_assembler.model.manifest import Manifest, read_manifests
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.layers import Limits

REPOS = "app/repos"
"""Where a start-points image has what it serves."""

_MAX_BYTES = 1024 * 1024 * 1024
_START_POINTS = 2_000


def inspection(repos: Tree, image: str) -> dict[str, dict[str, Any]]:
    """The start points of an image, sorted by the bytes of display_name.

    Args:
        repos: the image's /app/repos.
        image: its name, the subject of error messages.

    Returns:
        E.g. {"Java 21, JUnit 5": {"url": "https://…", "sha": "edf2565…", "image_name": "…:edf2565"}};
        exercises have no image_name.

    Raises:
        FetchError: this is no start-points image.
    """
    lines = shas(repos, image)
    is_exercises = _text(repos, "image.type").strip() == StartPointType.EXERCISES
    found: dict[str, dict[str, Any]] = {}
    for index, sha, url in lines:
        for manifest in read_manifests(repos.below(index)):
            if not isinstance(manifest, Manifest):
                continue
            image_name = {} if is_exercises else {"image_name": manifest.image_name}
            found[manifest.display_name or ""] = {"url": url, "sha": sha, **image_name}
    return dict(sorted(found.items(), key=lambda item: item[0].encode("utf-8", "surrogatepass")))


def shas(repos: Tree, image: str) -> list[tuple[str, str, str]]:
    """The lines of shas.txt, three words each: index, sha, url. The arguments are those of `inspection`.

    Raises:
        FetchError: this is no start-points image.
    """
    if "shas.txt" not in repos.files:
        raise FetchError(
            f"{image}: it has no /app/repos/shas.txt; expected a start-points image",
            "Check the name; an LSP image holds one start point only.",
            kind="not-found",
        )
    lines = []
    for number, line in enumerate(_text(repos, "shas.txt").splitlines(), 1):
        try:
            index, sha, url = line.split()
        except ValueError as error:
            raise FetchError(
                f"{image}: line {number} of /app/repos/shas.txt is '{line[:60]}'; expected INDEX SHA URL",
                "Build the image again.",
                kind="corrupt",
            ) from error
        lines.append((index, sha, url))
    return lines


def room_for_all() -> Limits:
    """The limits of an image that holds many start points, each of which may be as large as an LSP image."""
    single = Limits()
    return Limits(_MAX_BYTES, single.max_entries * _START_POINTS, single.max_path, _MAX_BYTES)


def _text(tree: Tree, path: str) -> str:
    file = tree.files.get(path)
    return file.content.decode("utf-8", "replace") if file else ""
