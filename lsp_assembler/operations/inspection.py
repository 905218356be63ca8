"""What a start-points image serves, read from its files."""

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.manifest import NAME, Manifest, read_manifests
from lsp_assembler.model.start_point import SHA, START_POINT, URL, StartPointType
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.layers import Limits
from lsp_assembler.stores.open import StoreOptions

REPOS = "app/repos"
"""Where a start-points image has what it serves."""

_MAX_BYTES = 1024 * 1024 * 1024
_START_POINTS = 2_000


class Served(Struct, frozen=True):
    """One start point that an image serves.

    Args:
        display_name: "" where the manifest has none.
        image_name: None where the manifest has none, as those of exercises have none.
        sha: the commit.
        url: where it came from.
        files: how many it has, the manifest among them.
    """

    display_name: str
    image_name: str | None
    sha: str
    url: str
    files: int


def served(repos: Tree, image: str) -> tuple[Served, ...]:
    """The start points of an image, sorted by the bytes of display_name.

    Args:
        repos: the image's /app/repos.
        image: its name, the subject of error messages.

    Raises:
        FetchError: this is no start-points image.
    """
    found = []
    for index, sha, url in shas(repos, image):
        tree = repos.below(index)
        for manifest in read_manifests(tree):
            if isinstance(manifest, Manifest):
                name, files = manifest.display_name or "", _files(tree, manifest)
                found.append(Served(name, manifest.image_name, sha, url, files))
    return tuple(sorted(found, key=lambda each: each.display_name.encode("utf-8", "surrogatepass")))


def is_exercises(repos: Tree) -> bool:
    """Whether an image serves exercises."""
    return repos.text("image.type").strip() == StartPointType.EXERCISES


def _files(tree: Tree, manifest: Manifest) -> int:
    """How many files there are beside a manifest, without what the assembly wrote there."""
    folder = manifest.path.removesuffix(NAME)
    notes = (f"{START_POINT}/{SHA}", f"{START_POINT}/{URL}")
    return sum(path.startswith(folder) and path not in notes for path in tree.files)


def shas(repos: Tree, image: str) -> list[tuple[str, str, str]]:
    """The lines of shas.txt, three words each: index, sha, url. The arguments are those of `served`.

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
    for number, line in enumerate(repos.text("shas.txt").splitlines(), 1):
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


def with_room(options: StoreOptions) -> StoreOptions:
    """The options of the stores that such an image is read from."""
    return replace(options, limits=room_for_all())


def room_for_all() -> Limits:
    """The limits of an image that holds many start points, each of which may be as large as an LSP image."""
    single = Limits()
    return Limits(_MAX_BYTES, single.max_entries * _START_POINTS, single.max_path, _MAX_BYTES)
