"""The documents in a registry: descriptors, manifests and indexes, linked by digests. Pure.

Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from lsp_assembler.text import quoted

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFEST_TYPES = (OCI_MANIFEST, DOCKER_MANIFEST)
INDEX_TYPES = (OCI_INDEX, DOCKER_INDEX)
DOCUMENT_TYPES = (*MANIFEST_TYPES, *INDEX_TYPES)

MAX_DOCUMENT = 512 * 1024
"""The longest manifest or index that is read, in bytes; the longest that are used have a tenth of that."""

MAX_VALUES = 5000
"""The most values in one document: a hundred images or layers, with ten annotations each, have half of it."""

_LARGEST_SIZE = 2**63 - 1
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


class ContentError(ValueError):
    """Content that does not match its digest, size or format; the message has no subject."""


class ShortContentError(ContentError):
    """Fewer bytes than promised; the only kind for which a retry may help."""


class LargeContentError(ContentError):
    """More bytes than the caller accepts."""


def check_digest(text: object) -> str:
    """Return a digest that is safe in a URL or a path, e.g. "sha256:" and 64 lower-case hex digits.

    Raises:
        ContentError: it is not well-formed.
    """
    if not isinstance(text, str) or not _DIGEST.fullmatch(text):
        raise ContentError(f"{quoted(text)} is not a digest, such as sha256: and 64 hex digits")
    return text


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """The digest of some bytes, e.g. "sha256:e3b0c442…" for b""."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


class Descriptor(Struct, frozen=True):
    """What one document says about another, or about a blob.

    Args:
        media_type: e.g. "application/vnd.oci.image.layer.v1.tar+gzip".
        digest: well-formed, e.g. "sha256:9f86…".
        size: in bytes, not negative.
        platform: "linux/amd64", "linux/arm64/v8"; "" if the document does not say.
        annotations: e.g. {"org.opencontainers.image.ref.name": "java_junit:LSP"}.
    """

    media_type: str
    digest: str
    size: int
    platform: str = ""
    annotations: Mapping[str, str] = {}

    @classmethod
    def of(cls, media_type: str, data: bytes) -> "Descriptor":
        """The descriptor of some bytes."""
        return cls(media_type, digest_of(data), len(data))

    @classmethod
    def parse(cls, value: object) -> "Descriptor":
        """Read a descriptor from a parsed document.

        Raises:
            ContentError: it is not an object with mediaType, digest and size.
        """
        if not isinstance(value, dict):
            raise ContentError(f"{quoted(value)} is not a descriptor; expected an object")
        media_type, size = value.get("mediaType"), value.get("size")
        if not isinstance(media_type, str):
            raise ContentError(f"a descriptor's mediaType is {quoted(media_type)}; expected a string")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST_SIZE:
            raise ContentError(f"a descriptor's size is {quoted(size)}; expected an integer from 0")
        digest = check_digest(value.get("digest"))
        return cls(
            media_type, digest, size, _platform(value.get("platform")), _strings(value.get("annotations"))
        )


class ImageManifest(Struct, frozen=True):
    """One image for one platform.

    Args:
        data: the bytes that `digest` is the digest of.
        json: the same, parsed; read-only.
    """

    media_type: str
    digest: str
    data: bytes
    json: Mapping[str, Any]
    config: Descriptor
    layers: tuple[Descriptor, ...]

    @property
    def annotations(self) -> Mapping[str, str]:
        """E.g. {"org.opencontainers.image.revision": "4edf92a8…"}."""
        return _strings(self.json.get("annotations"))


class ImageIndex(Struct, frozen=True):
    """One image for several platforms: a list of manifests. The arguments are those of `ImageManifest`."""

    media_type: str
    digest: str
    data: bytes
    json: Mapping[str, Any]
    manifests: tuple[Descriptor, ...]

    @property
    def entries(self) -> Iterator[tuple[Descriptor, Mapping[str, Any]]]:
        """Every manifest, and how the list itself has it, which may say more."""
        return zip(self.manifests, self.json["manifests"], strict=True)


Document = ImageManifest | ImageIndex


def parse_document(data: bytes, media_type: str, algorithm: str = "sha256") -> Document:
    """Read a manifest or an index.

    Args:
        data: the document as it was stored.
        media_type: from the registry or the descriptor; the document's own mediaType, if any, must be equal.
        algorithm: which digest the result carries, "sha256" or "sha512".

    Raises:
        ContentError: it is neither a manifest nor an index, or contradicts its media type, or claims to be
            both, so that two tools might read two different things.
    """
    document = _json_object(data)
    if media_type not in DOCUMENT_TYPES:
        raise ContentError(f"the media type is {quoted(media_type)}; expected an image manifest or index")
    own = document.get("mediaType", media_type)
    if own != media_type:
        raise ContentError(f"it is sent as {media_type}, but calls itself {quoted(own)}")
    is_index = media_type in INDEX_TYPES
    foreign = {"config", "layers", "fsLayers"} if is_index else {"manifests", "fsLayers"}
    if strange := sorted(foreign & document.keys()):
        raise ContentError(f"it is sent as {media_type}, but has '{strange[0]}'")
    digest = digest_of(data, algorithm)
    if is_index:
        return ImageIndex(media_type, digest, data, document, _descriptors(document, "manifests"))
    config = Descriptor.parse(document.get("config"))
    return ImageManifest(media_type, digest, data, document, config, _descriptors(document, "layers"))


def check_values(data: bytes, most: int) -> None:
    """Refuse JSON of very many values before it is parsed. See `load_json`.

    Raises:
        ContentError: it has more.
    """
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > most:
        raise ContentError(f"it has more than {most:,} values")


def load_json(data: bytes, most: int = MAX_VALUES) -> Any:
    """Parse JSON that may be hostile: a megabyte of empty lists would take a hundred to hold.

    Args:
        most: how many values to accept; what separates values inside a string counts as well.

    Raises:
        ContentError: it is not JSON, or has more values.
    """
    check_values(data, most)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ContentError(f"it is not JSON ({type(error).__name__})") from None


def check_size(descriptor: Descriptor, limit: int) -> None:
    """Refuse a blob that is too large before reading it.

    Raises:
        LargeContentError: it has more bytes than the limit.
    """
    if descriptor.size > limit:
        raise LargeContentError(
            f"{descriptor.digest} has {descriptor.size:,} bytes; at most {limit:,} are accepted"
        )


def verified(chunks: Iterable[bytes], descriptor: Descriptor) -> Iterator[bytes]:
    """Pass chunks on, and check them against the descriptor.

    The digest is known only after the last chunk: do not use any of the chunks before the iterator has ended.

    Raises:
        ShortContentError: there are too few bytes.
        ContentError: there are too many bytes, or the digest is wrong.
    """
    algorithm, _, expected = check_digest(descriptor.digest).partition(":")
    state, size = hashlib.new(algorithm), 0
    for chunk in chunks:
        size += len(chunk)
        if size > descriptor.size:
            raise ContentError(f"{descriptor.digest} has more than its {descriptor.size:,} bytes")
        state.update(chunk)
        yield chunk
    if size < descriptor.size:
        raise ShortContentError(f"{descriptor.digest} ends after {size:,} of {descriptor.size:,} bytes")
    if state.hexdigest() != expected:
        raise ContentError(f"the bytes of {descriptor.digest} have digest {algorithm}:{state.hexdigest()}")


def _json_object(data: bytes) -> dict[str, Any]:
    document = load_json(data)
    if not isinstance(document, dict):
        raise ContentError(f"it is {quoted(document)}; expected a JSON object")
    return document


def _descriptors(document: Mapping[str, Any], key: str) -> tuple[Descriptor, ...]:
    values = document.get(key)
    if not isinstance(values, list):
        raise ContentError(f"its '{key}' is {quoted(values)}; expected a list of descriptors")
    return tuple(Descriptor.parse(value) for value in values)


def _platform(value: object) -> str:
    if not value:  # as in every layer
        return ""
    parts = _strings(value)
    if not (parts.get("os") and parts.get("architecture")):
        return ""
    return "/".join(parts[key] for key in ("os", "architecture", "variant") if parts.get(key))


def _strings(value: object) -> dict[str, str]:
    """The string members of an object; {} for anything else."""
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}
