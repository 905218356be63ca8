"""ContentStore in memory, which keep to the contract and note in which order things came."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import (
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Document,
    ImageIndex,
    LargeContentError,
    check_size,
    digest_of,
    parse_document,
)
from lsp_assembler.oci.image import CONFIG_TYPE, LAYER_TYPE, descriptor
from lsp_assembler.oci.referrer import with_entries


class MemoryContents:
    """Documents and blobs in dictionaries.

    Args:
        refused: a tag, or the digest of a blob or document, that cannot be written.
    """

    def __init__(self, refused: str = "") -> None:
        self.blobs: dict[str, bytes] = {}
        self.documents: dict[str, tuple[str, bytes]] = {}
        self.named: dict[str, str] = {}
        self.attached: dict[str, bytes] = {}
        self.log: list[str] = []
        self.refused = refused
        self._lock = threading.Lock()

    def expect(self, references: Sequence[Reference]) -> None:
        """See ContentStore.expect."""

    def manifest(self, reference: Reference) -> Document:
        digest = reference.digest or self.named.get(reference.canonical, "")
        if digest not in self.documents:
            raise FetchError(f"{reference}: not found", kind="not-found")
        media_type, data = self.documents[digest]
        return parse_document(data, media_type)

    def digest(self, reference: Reference) -> str | None:
        return self.named.get(reference.canonical)

    def tags(self, repository: Reference) -> list[str]:
        """Of a catalogue, which is what stores read."""
        prefix = repository.with_tag("").canonical.removesuffix("latest")
        return [name.removeprefix(prefix) for name in self.named if name.startswith(prefix)]

    def blob(self, reference: Reference, descriptor: Descriptor, limit: int) -> bytes:
        self._note(f"get {descriptor.digest}")
        try:
            check_size(descriptor, limit)
        except LargeContentError as error:
            raise FetchError(f"{reference}: {error}", kind="too-large") from error
        return self.blobs[descriptor.digest]

    def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        del reference
        yield self.blobs[descriptor.digest]

    def referrers(self, image: Reference) -> ImageIndex | None:
        index = self.attached.get(image.digest)
        found = parse_document(index, OCI_INDEX) if index else None
        return found if isinstance(found, ImageIndex) else None

    def registry_of(self, _: Reference) -> str:
        return ""

    def put_blob(self, reference: Reference, data: bytes) -> None:
        self._write(reference, "blob", digest_of(data))
        self.blobs[digest_of(data)] = data

    def copy_blob(self, source: ContentStore, origin: Reference, target: Reference, blob: Descriptor) -> None:
        self._write(target, "blob", blob.digest)
        self.blobs[blob.digest] = b"".join(source.stream(origin, blob))

    def put_manifest(self, reference: Reference, media_type: str, data: bytes) -> None:
        kind = "manifest" if reference.digest else "tag"
        self._write(reference, kind, reference.digest or reference.tag)
        self.documents[digest_of(data)] = (media_type, data)
        if not reference.digest:
            self.named[reference.canonical] = digest_of(data)

    def put_referrers(self, image: Reference, manifests: Sequence[bytes]) -> None:
        for data in manifests:
            self._write(image, "referrer", digest_of(data))
            self.documents[digest_of(data)] = (OCI_MANIFEST, data)
        known = self.referrers(image)
        self.attached[image.digest] = with_entries(known.json if known else None, manifests) or b""

    def commit(self) -> None:
        """See ContentStore.commit."""

    def close(self) -> None:
        self._note("close")

    def put_image(self, name: str, *layers: bytes, config: Any = None, runtime: Any = None) -> Descriptor:
        """An image under a name; returns its descriptor."""
        if config is None:
            rootfs = {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]}
            config = {"os": "linux", "architecture": "amd64", "config": runtime, "rootfs": rootfs}
        data = config if isinstance(config, bytes) else json.dumps(config).encode()
        blobs = [descriptor(LAYER_TYPE, layer) for layer in layers]
        body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": blobs}
        manifest = json.dumps({**body, "config": descriptor(CONFIG_TYPE, data)}).encode()
        self.blobs |= {digest_of(each): each for each in (data, *layers)}
        self.put_manifest(Reference.parse(name), OCI_MANIFEST, manifest)
        self.log.clear()
        return Descriptor.of(OCI_MANIFEST, manifest)

    def put_index(self, name: str, entries: Sequence[tuple[Descriptor, Mapping[str, str] | None]]) -> str:
        """An index of images that are there; returns its digest."""
        manifests = [
            {"mediaType": entry.media_type, "digest": entry.digest, "size": entry.size}
            | ({} if platform is None else {"platform": platform})
            for entry, platform in entries
        ]
        index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}).encode()
        self.put_manifest(Reference.parse(name), OCI_INDEX, index)
        self.log.clear()
        return digest_of(index)

    def _write(self, reference: Reference, kind: str, what: str) -> None:
        self._note(f"{kind} {what}")
        if self.refused and self.refused == what:
            raise PublishError(f"{reference}: refused")

    def _note(self, line: str) -> None:
        with self._lock:
            self.log.append(line)
