"""One start point: what the user asked for, and what came of it."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.model.address import without_secrets
from lsp_assembler.model.labels import CREATED_LABEL, REVISION_LABEL, SOURCE_LABEL
from lsp_assembler.model.manifest import (
    NAME,
    Manifest,
    UnreadableManifest,
    manifest_paths,
    read_manifests,
    weight,
)
from lsp_assembler.model.tree import Tree

START_POINT = "start_point"
"""The one folder of an LSP image."""

MANIFEST = f"{START_POINT}/{NAME}"
"""Where the manifest of a language is."""

SHA, URL = "sha.txt", "url.txt"
"""The notes that an assembly adds to the folder: which commit it is, and where that is from."""


_PER_ENTRY = 512  # bytes of memory of a file or folder, beside its path and content


class StartPointType(StrEnum):
    """The three kinds of start point that cyber-dojo serves."""

    LANGUAGES = "languages"
    CUSTOM = "custom"
    EXERCISES = "exercises"

    @property
    def default_port(self) -> int:
        """The port that cyber-dojo expects a service of this type on."""
        return {"languages": 4524, "exercises": 4525, "custom": 4526}[self.value]


class Source(Struct, frozen=True):
    """One start point that the user asked for.

    Args:
        index: its number, which becomes its index dir, from 0.
        text: the image name or path as the user wrote it.
        line: where it stands in images.yml, from 1; None for one given on the command line.
        is_directory: whether it is a path to an LTF checkout instead of an image name.
    """

    index: int
    text: str
    line: int | None = None
    is_directory: bool = False


class StartPoint(Struct, frozen=True, dict=True):
    """What one source holds. Its manifests are parsed once, when they are first asked for.

    Args:
        digest: of the image it came from, e.g. "sha256:9f86…".
        tree: every path begins with "start_point/" when it came from an image or an LTF checkout.
        labels: the image's labels; {} for a directory.
        strays: paths outside start_point/ that the image also holds, for a warning.
    """

    digest: str
    tree: Tree
    labels: Mapping[str, str] = {}
    strays: tuple[str, ...] = ()

    @cached_property
    def all_manifests(self) -> tuple[Manifest | UnreadableManifest, ...]:
        """Every manifest, in the order in which cyber-dojo's own checker reads them."""
        return read_manifests(self.tree)

    @cached_property
    def manifests(self) -> tuple[Manifest, ...]:
        """Those that can be read, in the same order; their values may break any rule."""
        return tuple(each for each in self.all_manifests if isinstance(each, Manifest))

    @property
    def display_names(self) -> tuple[str, ...]:
        """Those of its manifests that have one, in the same order."""
        return tuple(each.display_name for each in self.manifests if each.display_name is not None)

    @property
    def image_names(self) -> tuple[str, ...]:
        """The language images that its manifests name, in the same order."""
        return tuple(each.image_name for each in self.manifests if each.image_name is not None)

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, once its manifests are parsed as well."""
        paths = (*self.tree.files, *self.tree.directories, *self.strays)
        texts = sum(map(len, paths)) + sum(len(text) for label in self.labels.items() for text in label)
        parsed = sum(weight(self.tree.files[path].content) for path in manifest_paths(self.tree.files))
        return self.tree.size + _PER_ENTRY * len(paths) + texts + parsed

    def outlined(self) -> "StartPoint":
        """The same, with nothing of its manifests but the names that they give: they may be large."""
        made = replace(self)
        made.__dict__["all_manifests"] = tuple(
            each.outline() if isinstance(each, Manifest) else each for each in self.all_manifests
        )
        return made

    @property
    def revision(self) -> str | None:
        """The commit it was packed from, 40 hex digits, where the image says so."""
        return self.labels.get(REVISION_LABEL) or None

    @property
    def url(self) -> str | None:
        """The repository it was packed from, where the image says so."""
        return without_secrets(self.labels.get(SOURCE_LABEL, "")) or None

    @property
    def created(self) -> str | None:
        """When, in RFC 3339, e.g. "2026-11-21T03:34:00Z", where the image says so."""
        return self.labels.get(CREATED_LABEL) or None
