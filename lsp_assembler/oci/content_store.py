"""Where documents and blobs are: a registry, or an OCI image layout. What both can do."""

from collections.abc import Iterator
from typing import Protocol

from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import Descriptor, Document


class ContentStore(Protocol):
    """Documents and blobs by name and digest. Threads may share it.

    Every method raises FetchError where reading fails and PublishError where writing fails.
    """

    def manifest(self, reference: Reference) -> Document:
        """The manifest or index behind a name."""

    def digest(self, reference: Reference) -> str | None:
        """The digest behind a name as it is now, e.g. "sha256:9f86…"; None where there is no such image."""

    def tags(self, repository: Reference) -> list[str]:
        """All tags of a repository; [] where there are none, or there is no such repository."""

    def blob(self, reference: Reference, descriptor: Descriptor, limit: int) -> bytes:
        """A blob of an image, verified, of at most `limit` bytes."""

    def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        """A blob of an image, of any size, in chunks; it fails at its end if it is not what it should be."""

    def registry_of(self, reference: Reference, /) -> str:
        """The registry that can be asked for an image's blobs, e.g. "ghcr.io"; "" if they are elsewhere."""

    def put_blob(self, reference: Reference, data: bytes) -> None:
        """Store a small blob for an image."""

    def copy_blob(
        self, source: "ContentStore", origin: Reference, target: Reference, blob: Descriptor
    ) -> None:
        """Copy a blob of the image `origin` in `source`, unless it is there already."""

    def put_manifest(self, reference: Reference, media_type: str, data: bytes) -> None:
        """Store a document under the digest of a reference, else under its tag."""

    def commit(self) -> None:
        """Make the names last that were given; called once for all names that move together."""

    def close(self) -> None:
        """Let go of connections and temporary files."""
