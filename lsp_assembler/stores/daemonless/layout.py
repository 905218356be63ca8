"""An OCI image layout: a directory of blobs by digest, and an index.json that names the images in it.

Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
An image is found by its full name; where there is none of that name, by its tag alone. See `names`.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lsp_assembler.errors import FailureKind, FetchError, PublishError
from lsp_assembler.files.staging import Staging
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import (
    MAX_DOCUMENT,
    OCI_INDEX,
    OCI_MANIFEST,
    ContentError,
    Descriptor,
    Document,
    ImageIndex,
    LargeContentError,
    check_digest,
    check_size,
    check_values,
    digest_of,
    load_json,
    parse_document,
    verified,
)
from lsp_assembler.oci.image import encode
from lsp_assembler.oci.referrer import subject_of, with_entries
from lsp_assembler.stores.daemonless.names import (
    CONTAINERD_NAME,
    REF_NAME,
    digest_by_name,
    digest_by_tag,
    is_about_another,
    listed,
    name_of,
    tag_of,
    tags_in,
)

_CHUNK = 1024 * 1024
_MAX_INDEX, _MAX_INDEX_VALUES = 8 * 1024 * 1024, 200_000  # of index.json: some 25,000 images


class OciLayout:
    """The contents of one layout. Threads and processes may share it: whole files are renamed into place.

    Args:
        directory: made when something is first written.
        label: how messages call it, e.g. "oci:build/lsp".
    """

    def __init__(self, directory: Path, label: str) -> None:
        self._directory = directory
        self._label = label
        self._staging = Staging()
        self._asked: set[Reference] = set()
        self._reading_index = threading.Lock()
        self._version = (0, 0, 0)  # of the index that is known
        self._known: dict[str, Any] = {}

    def expect(self, references: Sequence[Reference]) -> None:
        """See ContentStore.expect; an image that has just a tag must not be read for two repositories."""
        self._asked.update(references)

    def manifest(self, reference: Reference) -> Document:
        """See ContentStore.manifest."""
        with self._reading(reference):
            digest = reference.digest.lower() or self._digest_of(reference)
            document = self._document(digest) if digest else None
        if document is None:
            raise FetchError(
                f"{reference}: no such image in {self._label}, which has {self._listing()}",
                "Check the name, or put the image there first. A tag without a name will do where only one "
                "image has it, and only one repository's is read."
                if any(map(tag_of, self._index()))
                else "Check the name, or put the image there first.",
                kind="not-found",
            )
        return document

    def digest(self, reference: Reference) -> str | None:
        """See ContentStore.digest."""
        with self._reading(reference):
            digest = reference.digest.lower() or self._digest_of(reference)
            return digest if digest and self._path(digest).is_file() else None

    def tags(self, repository: Reference) -> list[str]:
        """See ContentStore.tags."""
        with self._reading(repository):
            return tags_in(self._index(), repository)

    def blob(self, reference: Reference, descriptor: Descriptor, limit: int) -> bytes:
        """See ContentStore.blob."""
        with self._reading(reference):
            check_size(descriptor, limit)
        return b"".join(self.stream(reference, descriptor))

    def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        """See ContentStore.stream."""
        with self._reading(reference):
            yield from verified(self._chunks(descriptor.digest), descriptor)

    def registry_of(self, _: Reference) -> str:
        """See ContentStore.registry_of."""
        return ""

    def put_blob(self, reference: Reference, data: bytes) -> None:
        """See ContentStore.put_blob."""
        with self._writing(reference):
            self._write(self._path(digest_of(data)), (data,))

    def copy_blob(self, source: ContentStore, origin: Reference, target: Reference, blob: Descriptor) -> None:
        """See ContentStore.copy_blob."""
        try:
            with self._writing(target):
                path = self._path(blob.digest)
                if not path.is_file():
                    self._write(path, source.stream(origin, blob))
        except FetchError as error:
            raise PublishError(error.message, error.remedy) from error

    def put_manifest(self, reference: Reference, media_type: str, data: bytes) -> None:
        """See ContentStore.put_manifest."""
        self.put_blob(reference, data)
        if not reference.digest:
            with self._writing(reference), self._locked():
                self._name(reference, {"mediaType": media_type, "digest": digest_of(data), "size": len(data)})

    def referrers(self, image: Reference) -> ImageIndex | None:
        """See ContentStore.referrers: those entries of index.json, named or not, that are about the image."""
        with self._reading(image):
            digest = check_digest(image.digest.lower())
            entries = [each for each in self._index() if each.get("artifactType")]
            about = [each for each in entries if self._subject(each) == digest]
            found = parse_document(encode({"schemaVersion": 2, "manifests": about}), OCI_INDEX)
        return found if about and isinstance(found, ImageIndex) else None

    def put_referrers(self, image: Reference, manifests: Sequence[bytes]) -> None:
        """See ContentStore.put_referrers: they become entries of index.json without a name."""
        for data in manifests:
            self.put_blob(image, data)
        with self._writing(image), self._locked():
            changed = with_entries(self._top(), manifests)
            if changed:
                self._write_index(changed)

    def commit(self) -> None:
        """See ContentStore.commit; names last from the moment when they are given."""

    def close(self) -> None:
        """See ContentStore.close."""
        self._staging.close()

    def _name(self, reference: Reference, entry: Mapping[str, Any]) -> None:
        """Give a name to a document, and take it from whichever had it."""
        annotations = {REF_NAME: str(reference), CONTAINERD_NAME: reference.canonical}
        others = [known for known in self._index() if name_of(known) != reference.canonical]
        # Images come first: some tools take the first entry for the image.
        manifests = sorted([*others, {**entry, "annotations": annotations}], key=is_about_another)
        index = {**self._top(), "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
        self._write_index(encode(index))

    def _write_index(self, index: bytes) -> None:
        self._write(self._directory / "oci-layout", (encode({"imageLayoutVersion": "1.0.0"}),))
        self._write(self._directory / "index.json", (index,))

    def _subject(self, entry: Mapping[str, Any]) -> str:
        """The digest of what an entry is about; "" where it is not here whole."""
        document = self._document(check_digest(entry.get("digest")))
        return subject_of(document.data) if document else ""

    def _document(self, digest: str) -> Document | None:
        if not self._path(digest).is_file():
            return None
        blob = Descriptor("", digest, self._path(digest).stat().st_size)
        check_size(blob, MAX_DOCUMENT)
        data = b"".join(verified(self._chunks(digest), blob))
        return parse_document(data, _media_type_of(data), digest.partition(":")[0])

    def _digest_of(self, reference: Reference) -> str:
        """The digest of a name; a bare tag serves one repository only: nobody knows which of two it meant."""
        entries = self._index()
        found = digest_by_name(entries, reference)
        if found:
            return found
        self._asked.add(reference)
        tag = reference.tag or "latest"
        alike = [each for each in list(self._asked) if (each.tag or "latest") == tag and not each.digest]
        rivals = {each.canonical for each in alike if not digest_by_name(entries, each)}
        return digest_by_tag(entries, reference) if len(rivals) == 1 else ""

    def _listing(self) -> str:
        try:
            return listed(self._index())
        except (OSError, ContentError):
            return "no images"

    def _index(self) -> list[dict[str, Any]]:
        """The entries of index.json."""
        return [entry for entry in self._top()["manifests"] if isinstance(entry, dict)]

    def _top(self) -> dict[str, Any]:
        """All that index.json says; it lists no manifests where there is no layout yet. Not to be changed."""
        with self._reading_index:
            try:
                with (self._directory / "index.json").open("rb") as file:
                    status = os.fstat(file.fileno())
                    version = (status.st_ino, status.st_mtime_ns, status.st_size)
                    if version != self._version:
                        self._known, self._version = _index_of(file.read(_MAX_INDEX + 1)), version
            except FileNotFoundError:
                return {"manifests": []}
            return self._known

    def _path(self, digest: str) -> Path:
        algorithm, _, encoded = check_digest(digest).partition(":")
        return self._directory / "blobs" / algorithm / encoded

    def _chunks(self, digest: str) -> Iterator[bytes]:
        with self._path(digest).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def _write(self, path: Path, chunks: Iterable[bytes]) -> None:
        with self._staging.replacing(path) as file:
            file.writelines(chunks)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Only one process at a time changes index.json."""
        self._directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _reading(self, reference: Reference) -> Iterator[None]:
        try:
            yield
        except (OSError, ContentError) as error:
            kind: FailureKind = "corrupt"
            remedy = "Make the layout again."
            if isinstance(error, LargeContentError):
                kind, remedy = "too-large", "Raise --max-compressed if you trust it."
            elif isinstance(error, OSError):
                kind = "not-found" if isinstance(error, FileNotFoundError) else "unreadable"
            raise FetchError(f"{reference}: in {self._label}: {error}", remedy, kind=kind) from error

    @contextlib.contextmanager
    def _writing(self, reference: Reference) -> Iterator[None]:
        try:
            yield
        except (OSError, ContentError) as error:
            raise PublishError(
                f"{reference}: cannot write to {self._label} ({error})",
                "Check the path and the free space, or choose another with --to.",
            ) from error


def _index_of(data: bytes) -> dict[str, Any]:
    """An index.json as it is; it has a list of manifests.

    Raises:
        ContentError: it is too long, or malformed.
    """
    if len(data) > _MAX_INDEX:
        raise ContentError(f"its index.json has more than {_MAX_INDEX:,} bytes")
    check_values(data, _MAX_INDEX_VALUES)
    try:
        document = load_json(data, _MAX_INDEX_VALUES)
    except ContentError as error:
        raise ContentError("its index.json is malformed; expected that of an OCI image layout") from error
    if not isinstance(document, dict) or not isinstance(document.get("manifests"), list):
        raise ContentError("its index.json lists no manifests; expected that of an OCI image layout")
    return document


def _media_type_of(data: bytes) -> str:
    """What a document calls itself; an OCI document may leave it out, and is then known by what it holds."""
    document = load_json(data)
    if not isinstance(document, dict):
        raise ContentError("it is not a JSON object; expected a manifest")
    own = document.get("mediaType")
    return own if isinstance(own, str) else OCI_INDEX if "manifests" in document else OCI_MANIFEST
