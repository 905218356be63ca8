"""What a registry and an OCI image layout have in common: both store documents and blobs."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import Descriptor, Document, ImageIndex


class ContentStore(Protocol):
    """Documents and blobs by name and digest. Threads may share it.

    Every method raises FetchError if reading fails, and PublishError if writing fails.
    """

    def expect(self, references: Sequence[Reference], /) -> None:
        """Told which images are going to be asked for, so that what is common to all is asked once."""

    def manifest(self, reference: Reference) -> Document:
        """The manifest or index behind a name."""

    def digest(self, reference: Reference) -> str | None:
        """The current digest of a name, e.g. "sha256:9f86…"; None if there is no such image."""

    def tags(self, repository: Reference) -> list[str]:
        """All tags of a repository; [] if it has none or does not exist."""

    def blob(self, reference: Reference, descriptor: Descriptor, limit: int) -> bytes:
        """A blob of an image, verified, of at most `limit` bytes."""

    def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        """A blob of an image, of any size, in chunks; fails after the last one if the digest is wrong."""

    def referrers(self, image: Reference, /) -> ImageIndex | None:
        """What was published about an image, which is named by digest, e.g. its SBOM; None for nothing."""

    def registry_of(self, reference: Reference, /) -> str:
        """The registry that has an image's blobs, e.g. "ghcr.io"; "" if they are not in a registry."""

    def put_blob(self, reference: Reference, data: bytes) -> None:
        """Store a small blob for an image."""

    def copy_blob(
        self, source: "ContentStore", origin: Reference, target: Reference, blob: Descriptor
    ) -> None:
        """Copy a blob of the image `origin` in `source`, unless this store has it already."""

    def put_manifest(self, reference: Reference, media_type: str, data: bytes) -> None:
        """Store a document under the digest of a reference, or under its tag if it has no digest."""

    def put_referrers(self, image: Reference, manifests: Sequence[bytes]) -> None:
        """Store manifests that have an image as their subject, so that `referrers` lists them, each once.

        What they consist of is there already. The image is named by digest, and need not have a name yet.
        """

    def commit(self) -> None:
        """Make the new names permanent; called once for all names that move together."""

    def close(self) -> None:
        """Release connections and temporary files."""
