"""Images as documents and blobs: the store behind `registry`, `oci:DIR` and `oci-archive:FILE`.

Reading verifies small layers and unpacks them in memory. Building appends one layer of data to the base, for
every platform that the base has, and never unpacks the base.
"""

from collections.abc import Sequence

from lsp_assembler.model.images import SCRATCH, BaseImage, BuiltImage, Conflict, Description, Recipe
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import START_POINT, StartPoint
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.image import Image
from lsp_assembler.oci.image_reader import (
    any_manifest,
    configuration,
    unpack,
)
from lsp_assembler.oci.layers import Limits
from lsp_assembler.stores.daemonless.append import Base, derive, load_base, scratch
from lsp_assembler.stores.daemonless.push import Publication, Standing, publish, standing
from lsp_assembler.stores.daemonless.tags import tag
from lsp_assembler.stores.interface import Progress, Store, no_progress, no_start_point, no_tags


class LayeredStore(Store):
    """Images of a registry or an OCI layout. It reads many at once: small requests, mostly spent waiting.

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
        self._loaded: dict[str, Base] = {}  # by digest: what `base` has read is what `build` builds on
        self._lately: Standing | None = None

    def fetch(self, reference: Reference, progress: Progress = no_progress) -> StartPoint:
        """See Store.fetch."""
        progress("pulling", 0)
        document = self._contents.manifest(reference)
        manifest = any_manifest(self._contents, reference, document)
        config = configuration(self._contents, reference, manifest)
        tree, strays = unpack(self._contents, reference, manifest.layers, START_POINT, self._limits)
        if START_POINT not in tree.directories:
            raise no_start_point(reference)
        progress("extracting", tree.size)
        labels = (config.get("config") or {}).get("Labels") or {}
        return StartPoint(document.digest, tree, labels, strays)

    def read(self, reference: Reference, folder: str) -> Tree:
        """See Store.read; if the topmost layer has the folder, the layers below it are not even fetched.

        A start-points image is a large base with one small layer on top, and the folder that the base has
        under /app/repos holds nothing of interest.
        """
        manifest = any_manifest(self._contents, reference, self._contents.manifest(reference))
        tree, _ = unpack(self._contents, reference, manifest.layers[-1:], folder, self._limits)
        if folder not in tree.directories:
            tree, _ = unpack(self._contents, reference, manifest.layers, folder, self._limits)
        return tree.below(folder)

    def digest(self, reference: Reference) -> str | None:
        """See Store.digest; of a registry it takes one HEAD, which counts towards no rate limit."""
        return self._contents.digest(reference)

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """See Store.tags."""
        found = tuple(self._contents.tags(repository))
        if not found:
            raise no_tags(repository, self)
        return found

    def describe(self, reference: Reference) -> Description:
        """See Store.describe: the manifest and the configuration of any one platform."""
        document = self._contents.manifest(reference)
        manifest = any_manifest(self._contents, reference, document)
        config = configuration(self._contents, reference, manifest)
        labels = (config.get("config") or {}).get("Labels") or {}
        made = config.get("created")
        return Description(document.digest, labels, made if isinstance(made, str) else None)

    def base(self, reference: Reference) -> BaseImage:
        """See Store.base."""
        if str(reference) == SCRATCH:
            return BaseImage(SCRATCH, "", {})
        base = load_base(self._bases, reference, self._platforms)
        digest = base.reference.digest if base.reference else ""
        self._loaded[digest] = base
        return BaseImage(str(reference), digest, base.env, base.platforms)

    def look_ahead(self, names: Sequence[Reference]) -> None:
        """See Store.look_ahead: whether `build` may begin to upload at once."""
        self._lately = standing(self._contents, names)

    def build(self, recipe: Recipe, names: Sequence[Reference]) -> BuiltImage:
        """See Store.build: one layer of data for all platforms."""
        base = scratch() if recipe.base.name == SCRATCH else self._loaded[recipe.base.digest]
        return publish(derive(base, recipe), self._contents, self._bases, names, self._lately)

    def publish(self, image: Image, names: Sequence[Reference]) -> BuiltImage:
        """See Store.publish."""
        publication = Publication((image,), ("linux/amd64",))
        return publish(publication, self._contents, self._contents, names)

    def conflict(self, image: Image, name: Reference) -> Conflict | None:
        """See Store.conflict."""
        existing = self._contents.digest(name)
        return Conflict(existing, image.digest) if existing and existing != image.digest else None

    def tag(self, pairs: Sequence[tuple[Reference, Reference]]) -> None:
        """See Store.tag."""
        tag(self._contents, pairs)

    def close(self) -> None:
        """See Store.close."""
        self._contents.close()
        if self._bases is not self._contents:
            self._bases.close()
