"""Images as documents and blobs: the stores `registry`, `oci:DIR` and `oci-archive:FILE`.

Reading verifies small layers and unpacks them in memory. Building appends one layer of data to the base, for
every platform that the base has, and never unpacks the base.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lsp_assembler.model.images import SCRATCH, BaseImage, BuiltImage, Conflict, Description, Recipe
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import START_POINT, StartPoint
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import Descriptor
from lsp_assembler.oci.image import Image
from lsp_assembler.oci.image_reader import any_manifest, description, layer_blobs, stored_size, unpack
from lsp_assembler.oci.layers import Limits
from lsp_assembler.parallel import Budget, in_background
from lsp_assembler.stores.interface import (
    Prepared,
    Progress,
    Store,
    no_progress,
    no_start_point,
    no_tags,
)

if TYPE_CHECKING:  # who reads has no need of what writes
    from lsp_assembler.stores.daemonless.append import Base


_IN_FLIGHT = 32 * 1024 * 1024
"""The most bytes that all images under way take until they are unpacked."""

_PER_BYTE = 2  # what comes in pieces is there a second time when they are joined


class DaemonlessStore(Store):
    """Images of an OCI layout. It reads many at once: small requests, mostly spent waiting.

    Args:
        contents: where images are read and published.
        bases: where base images are read.
        platforms: which of the base's platforms to build for, e.g. ("linux/amd64",); () for all.
    """

    jobs = 96  # all languages there are: over a slow link, a second turn would cost three more round trips

    def __init__(
        self,
        name: str,
        contents: ContentStore,
        bases: ContentStore,
        limits: Limits,
        platforms: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._contents = contents
        self._bases = bases
        self._limits = limits
        self._platforms = tuple(platforms)
        self._room = Budget(_IN_FLIGHT)
        # One at a time: two that unpack to the limit take twice the memory, and hardly less time.
        self._unpacking = threading.Lock()

    def expect(self, references: Sequence[Reference]) -> None:
        """See ImageSource.expect."""
        self._contents.expect(references)

    def fetch(self, reference: Reference, progress: Progress = no_progress) -> StartPoint:
        """See ImageSource.fetch."""
        progress("pulling", 0)
        digest, labels, layers = self._described(reference)
        tree, strays = self._unpacked(reference, layers, START_POINT, progress)
        if START_POINT not in tree.directories:
            raise no_start_point(reference)
        return StartPoint(digest, tree, labels, strays)

    def _described(self, reference: Reference) -> tuple[str, Mapping[str, str], Sequence[Descriptor]]:
        """Digest, labels and layers of an image; its documents, which may be long, are not kept."""
        document = self._contents.manifest(reference)
        manifest = any_manifest(self._contents, reference, document)
        digest = document.digest
        with self._room.of(_PER_BYTE * manifest.config.size):
            labels, _ = description(self._contents, reference, manifest)
        return digest, labels, manifest.layers

    def _unpacked(
        self,
        reference: Reference,
        layers: Sequence[Descriptor],
        folder: str,
        progress: Progress = no_progress,
    ) -> tuple[Tree, tuple[str, ...]]:
        """One folder of some layers, and the files outside of it."""
        with self._room.of(_PER_BYTE * min(stored_size(layers), self._limits.max_compressed)):
            blobs = layer_blobs(self._contents, reference, layers, self._limits)
            with self._unpacking:
                progress("extracting", stored_size(layers))
                return unpack(blobs, folder, str(reference), self._limits)

    def read(self, reference: Reference, folder: str) -> Tree:
        """See ImageSource.read; if the topmost layer has the folder, those below it are not even fetched.

        A start-points image is a large base with one small layer on top, and the folder that the base has
        under /app/repos holds nothing of interest.
        """
        manifest = any_manifest(self._contents, reference, self._contents.manifest(reference))
        tree, _ = self._unpacked(reference, manifest.layers[-1:], folder)
        if folder not in tree.directories:
            tree, _ = self._unpacked(reference, manifest.layers, folder)
        return tree.below(folder)

    def digest(self, reference: Reference) -> str | None:
        """See ImageSource.digest; of a registry it takes one HEAD, which counts towards no rate limit."""
        return self._contents.digest(reference)

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """See ImageSource.tags."""
        found = tuple(self._contents.tags(repository))
        if not found:
            raise no_tags(repository, self)
        return found

    def describe(self, reference: Reference) -> Description:
        """See ImageSource.describe: the manifest, and if need be the configuration, of any one platform."""
        document = self._contents.manifest(reference)
        manifest = any_manifest(self._contents, reference, document)
        labels, made = description(self._contents, reference, manifest)
        return Description(document.digest, labels, made)

    def base(self, reference: Reference) -> BaseImage:
        """See ImageSource.base."""
        return self._load(reference).described_as(reference)

    def prepare(self, base: Reference, names: Sequence[Reference]) -> Prepared:
        """See Store.prepare; the names are looked up meanwhile, so that news can be uploaded at once."""
        from lsp_assembler.stores.daemonless.append import append
        from lsp_assembler.stores.daemonless.push import current_digests, push

        # By itself: a registry that does not answer must not hold up the base.
        last_known = in_background(lambda: current_digests(self._contents, names))
        loaded = self._load(base)

        def build(recipe: Recipe) -> BuiltImage:
            known = last_known.result() if last_known.done() else None
            return push(append(loaded, recipe), self._contents, self._bases, names, known)

        return Prepared(loaded.described_as(base), build)

    def _load(self, base: Reference) -> "Base":
        from lsp_assembler.stores.daemonless.append import load_base, scratch

        return scratch() if str(base) == SCRATCH else load_base(self._bases, base, self._platforms)

    def publish(self, image: Image, names: Sequence[Reference]) -> BuiltImage:
        """See Store.publish."""
        from lsp_assembler.stores.daemonless.push import NewImage, push

        return push(NewImage((image,), ("linux/amd64",)), self._contents, self._contents, names)

    def conflict(self, image: Image, name: Reference) -> Conflict | None:
        """See Store.conflict."""
        existing = self._contents.digest(name)
        return Conflict(existing, image.digest) if existing and existing != image.digest else None

    def tag(self, pairs: Sequence[tuple[Reference, Reference]]) -> None:
        """See Store.tag."""
        from lsp_assembler.stores.daemonless.tags import tag

        tag(self._contents, pairs)

    def close(self) -> None:
        """See ImageSource.close."""
        self._contents.close()
        if self._bases is not self._contents:
            self._bases.close()


class RegistryStore(DaemonlessStore):
    """Images of the registries that their names say."""

    is_shared = True
    tags_across_repositories = False

    @property
    def place(self) -> str:
        """See ImageSource.place."""
        return "the registry"
