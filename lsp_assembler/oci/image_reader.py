"""Reads images from a content store: one platform's manifest, its configuration and its layers."""

import gzip
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import zstandard

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import Descriptor, Document, ImageIndex, ImageManifest
from lsp_assembler.oci.image import encode
from lsp_assembler.oci.layers import Limits, Readable, read_layers

_NO_PLATFORM = "unknown/unknown"  # how build tools mark attestations
_MAX_CONFIG = 4 * 1024 * 1024


def any_manifest(contents: ContentStore, reference: Reference, document: Document) -> ImageManifest:
    """The manifest of any platform: a start point is the same on all of them.

    Raises:
        FetchError: an index that lists no image, or another index.
    """
    if isinstance(document, ImageManifest):
        return document
    return manifest_of(contents, reference, images_of(reference, document)[0])


def images_of(reference: Reference, index: ImageIndex) -> list[Descriptor]:
    """The entries of an index that are images, at least one; it may list attestations, too, which are not.

    Raises:
        FetchError: it lists no image.
    """
    images = [entry for entry in index.manifests if entry.platform != _NO_PLATFORM]
    if not images:
        raise _corrupt(reference, "its index lists no image")
    return images


def manifest_of(contents: ContentStore, reference: Reference, entry: Descriptor) -> ImageManifest:
    """The manifest that an entry of an index names.

    Raises:
        FetchError: it cannot be read, or is an index itself.
    """
    document = contents.manifest(reference.with_digest(entry.digest))
    if isinstance(document, ImageIndex):
        raise _corrupt(reference, "its index lists another index instead of an image")
    return document


def configuration(contents: ContentStore, reference: Reference, manifest: ImageManifest) -> dict[str, Any]:
    """An image's configuration, e.g. {"config": {"Labels": {…}}, "rootfs": {"diff_ids": […]}, …}.

    Raises:
        FetchError: it cannot be read, or is malformed.
    """
    data = contents.blob(reference, manifest.config, _MAX_CONFIG)
    try:
        config = json.loads(data)
        diff_ids = config["rootfs"]["diff_ids"]
        history = config.get("history") or []
        is_sound = _is_runtime(config.get("config") or {}) and isinstance(diff_ids, list)
        is_sound = is_sound and isinstance(history, list)
        encode(config)  # fails on half a character, which could not be written again
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _corrupt(reference, "its configuration is malformed") from error
    if not is_sound:
        raise _corrupt(reference, "its configuration is malformed")
    if len(diff_ids) != len(manifest.layers):
        raise _corrupt(reference, "its configuration has a different number of layers than its manifest")
    return dict(config)


def _is_runtime(config: Mapping[str, Any]) -> bool:
    """Whether the labels and the environment in a configuration have the right types."""
    labels, env = config.get("Labels") or {}, config.get("Env") or []
    strings = [*labels.values(), *env]
    return isinstance(env, list) and all(isinstance(value, str) for value in strings)


def unpack(
    contents: ContentStore, reference: Reference, layers: Sequence[Descriptor], folder: str, limits: Limits
) -> tuple[Tree, tuple[str, ...]]:
    """One folder of an image, and the files outside of it. See `layers.read_layers`.

    Raises:
        FetchError: a layer cannot be read, is not in a format that we know, or exceeds the limits.
    """
    # The largest first: no other layer of a language image, named by mistake, is fetched for nothing.
    # One at a time: a hundred layers just below the limit must not be in memory together.
    largest = max(layers, key=lambda layer: layer.size, default=None)
    if largest and largest.size > limits.max_compressed:
        contents.blob(reference, largest, limits.max_compressed)
    blobs = (contents.blob(reference, layer, limits.max_compressed) for layer in layers)
    try:
        return read_layers((plain(blob) for blob in blobs), folder, str(reference), limits)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise _corrupt(reference, f"its layer cannot be decompressed: {error}") from error


def environment(config: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a configuration, e.g. {"PATH": "/bin", "SHA": "df28e04…"}."""
    variables = (str(variable).partition("=") for variable in (config.get("config") or {}).get("Env") or ())
    return {name: value for name, _, value in variables}


def plain(blob: bytes) -> Readable:
    """A layer as an uncompressed stream. Its first bytes tell the format: media types are often wrong."""
    if blob.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=io.BytesIO(blob))
    if blob.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(blob), read_across_frames=True)
    return io.BytesIO(blob)


def _corrupt(reference: Reference, fact: str) -> FetchError:
    return FetchError(f"{reference}: {fact}", "Publish the image again.", kind="corrupt")
