"""A checkout of a repository that holds a start point."""

from functools import cached_property

from msgspec import Struct

from lsp_assembler.model.manifest import Manifest, ManifestSyntaxError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST, START_POINT, StartPointType
from lsp_assembler.model.tree import Tree

IMAGE_NAME_FILE = "docker/image_name.json"
"""Which file of a checkout says what its language image is called, where the manifest does not."""


class Checkout(Struct, frozen=True, dict=True):
    """An LTF checkout as its author wrote it, before anything is filled in.

    Args:
        type: what it is packed as.
        tree: the files that count, relative to the checkout, e.g. "start_point/manifest.json".
        docker_name: what docker/image_name.json says; None where there is no such file.
        untracked: the paths that git does not know of, where there is a commit.
    """

    @property
    def is_ltf(self) -> bool:
        """Whether it is to be packed: a language always, other start points if they are in start_point."""
        return self.type is StartPointType.LANGUAGES or START_POINT in self.tree.directories

    type: StartPointType
    tree: Tree
    docker_name: Reference | None
    untracked: tuple[str, ...] = ()

    @cached_property
    def manifest(self) -> Manifest | None:
        """start_point/manifest.json; None where it is absent or cannot be read."""
        try:
            return Manifest.parse(MANIFEST, self.tree)
        except (KeyError, ManifestSyntaxError):
            return None

    @property
    def completed_from(self) -> str | None:
        """Which file its manifest gets its image_name from; None where the manifest has one, or gets none."""
        manifest = self.manifest
        fills_in = self.type is StartPointType.LANGUAGES and self.docker_name is not None
        lacks = manifest is not None and "image_name" not in manifest.data
        return IMAGE_NAME_FILE if fills_in and lacks else None
