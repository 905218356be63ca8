"""Registries as contents: the client of lsp_assembler.registry, and how blobs come into a repository."""

from collections.abc import Iterator

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import Contents
from lsp_assembler.oci.documents import Descriptor, Document
from lsp_assembler.registry.client import RegistryClient


class Registries:
    """The contents of all registries there are. Threads may share it."""

    def __init__(self, client: RegistryClient) -> None:
        self.client = client

    def manifest(self, reference: Reference) -> Document:
        """See Contents.manifest."""
        return self.client.manifest(reference)

    def digest(self, reference: Reference) -> str | None:
        """See Contents.digest."""
        return self.client.head(reference)

    def tags(self, repository: Reference) -> list[str]:
        """See Catalogue.tags."""
        try:
            return self.client.tags(repository)
        except FetchError as error:
            if error.kind == "not-found":
                return []
            raise

    def blob(self, reference: Reference, descriptor: Descriptor, limit: int) -> bytes:
        """See Contents.blob."""
        return self.client.blob(reference, descriptor, limit)

    def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        """See Contents.stream."""
        return self.client.stream(reference, descriptor)

    def put_blob(self, reference: Reference, data: bytes) -> None:
        """See Contents.put_blob."""
        self.client.put_blob(reference, data)

    def take_blob(self, source: Contents, origin: Reference, target: Reference, blob: Descriptor) -> None:
        """See Contents.take_blob; between repositories of one registry the blob is mounted."""
        if isinstance(source, Registries):
            self.client.copy_blob(origin, target, blob)
        else:
            self.client.upload_blob(target, blob, lambda: source.stream(origin, blob))

    def put_manifest(self, reference: Reference, media_type: str, data: bytes) -> None:
        """See Contents.put_manifest."""
        self.client.put_manifest(reference, media_type, data)

    def settle(self) -> None:
        """See Contents.settle; names last from the moment when they are given."""

    def close(self) -> None:
        """See Contents.close."""
        self.client.close()
