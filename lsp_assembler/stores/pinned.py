"""A store in which names stand for the digests of a lock file, whatever they stand for elsewhere."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lsp_assembler.model.images import BaseImage, BuiltImage, Conflict, Description, Recipe
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import StartPoint
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.image import Image
from lsp_assembler.stores.interface import Progress, Store, no_progress


class PinnedStore(Store):
    """Reads images by their locked digest and calls them by their name, so that nothing else differs.

    Args:
        inner: what is asked; closing it is up to who opened it.
        digests: by name as images.yml has it, e.g. {"cyberdojofoundation/java_junit:LSP": "sha256:9f86…"};
            a name that is not there, or whose digest is "", is read as it is.
    """

    def __init__(self, inner: Store, digests: Mapping[str, str]) -> None:
        self.name = inner.name
        self.jobs = inner.jobs
        self._inner = inner
        self._digests = dict(digests)

    def fetch(self, reference: Reference, progress: Progress = no_progress) -> StartPoint:
        """See Store.fetch."""
        pinned = self._pinned(reference)
        found = self._inner.fetch(pinned, progress)
        return replace(found, digest=pinned.digest or found.digest)

    def read(self, reference: Reference, folder: str) -> Tree:
        """See Store.read."""
        return self._inner.read(self._pinned(reference), folder)

    def digest(self, reference: Reference) -> str | None:
        """See Store.digest: whether the locked image is still there."""
        return self._inner.digest(self._pinned(reference))

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """See Store.tags: what a lock file says is of no account here."""
        return self._inner.tags(repository)

    def describe(self, reference: Reference) -> Description:
        """See Store.describe."""
        return self._inner.describe(self._pinned(reference))

    def base(self, reference: Reference) -> BaseImage:
        """See Store.base."""
        pinned = self._pinned(reference)
        found = self._inner.base(pinned)
        return replace(found, name=str(reference), digest=pinned.digest or found.digest)

    def look_ahead(self, names: Sequence[Reference]) -> None:
        """See Store.look_ahead."""
        self._inner.look_ahead(names)

    def build(self, recipe: Recipe, names: Sequence[Reference]) -> BuiltImage:
        """See Store.build; an engine resolves FROM by itself, so that has to name the digest."""
        base = Reference.parse(recipe.base.name)
        pinned = self._pinned(base)
        from_ = re.compile(
            rf"^(\s*FROM\s+(?:--\S+\s+)*){re.escape(str(base))}(?=\s|$)", re.IGNORECASE | re.MULTILINE
        )
        dockerfile = from_.sub(lambda found: f"{found[1]}{pinned}", recipe.dockerfile)
        return self._inner.build(replace(recipe, dockerfile=dockerfile), names)

    def publish(self, image: Image, names: Sequence[Reference]) -> BuiltImage:
        """See Store.publish."""
        return self._inner.publish(image, names)

    def conflict(self, image: Image, name: Reference) -> Conflict | None:
        """See Store.conflict."""
        return self._inner.conflict(image, name)

    def tag(self, pairs: Sequence[tuple[Reference, Reference]]) -> None:
        """See Store.tag."""
        self._inner.tag([(self._pinned(image), name) for image, name in pairs])

    def close(self) -> None:
        """See Store.close."""
        self._inner.close()

    def _pinned(self, reference: Reference) -> Reference:
        digest = self._digests.get(str(reference))
        return reference.with_digest(digest) if digest else reference
