"""Reads images from a content store: one platform's manifest, its configuration and its layers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lsp_assembler.errors import FetchError
from lsp_assembler.model.labels import CREATED_LABEL, VERSION_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.compression import DECOMPRESSION_ERRORS, plain
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import (
    DOCUMENT_TYPES,
    INDEX_TYPES,
    Descriptor,
    Document,
    ImageIndex,
    ImageManifest,
    digest_of,
    load_json,
)
from lsp_assembler.oci.image import CONFIG_TYPE, encode
from lsp_assembler.oci.layers import MAX_LAYERS, Limits, read_layers, too_many_layers

BUILDKIT_TYPE = "vnd.docker.reference.type"
"""The annotation by which BuildKit marks what is no image, in an index of images: attestations."""

_MAX_CONFIG = 4 * 1024 * 1024
_MAX_CONFIG_VALUES = 50_000  # labels, variables and history
_CONFIG_TYPES = (CONFIG_TYPE, "application/vnd.docker.container.image.v1+json")
_SAID_BY_PACK = {CREATED_LABEL, VERSION_LABEL}  # the annotations that `pack` always writes
_NO_PLATFORM = "unknown/unknown"  # how build tools mark attestations
_NESTED = 1  # indexes inside an index
_MAX_NESTED = 16  # of them, to be asked for one after the other

_Entry = tuple[Descriptor, Mapping[str, Any]]
"""An entry of an index, and its platform as the index has it: {"os": "linux", "architecture": "arm64"}."""


def any_manifest(contents: ContentStore, reference: Reference, document: Document) -> ImageManifest:
    """The manifest of any platform: a start point is the same on all of them.

    Raises:
        FetchError: it cannot be read, or an index lists no image.
    """
    if isinstance(document, ImageManifest):
        return document
    entry, _ = next(images_of(contents, reference, document))
    return manifest_of(contents, reference, entry)


def images_of(contents: ContentStore, reference: Reference, index: ImageIndex) -> Iterator[_Entry]:
    """The images that an index lists, at least one, in its order; those of an index inside it in its place.

    What is no image is passed over: attestations, SBOMs and other artifacts, and entries without a platform,
    unless none has one.

    Raises:
        FetchError: an index inside it cannot be read, or they list no image.
    """
    found = False
    for entry in _images(contents, reference, index, _NESTED):
        found = True
        yield entry
    if not found:
        raise _corrupt(reference, "its index lists no image")


def _images(contents: ContentStore, reference: Reference, index: ImageIndex, nested: int) -> Iterator[_Entry]:
    entries = [(entry, raw) for entry, raw in index.entries if _may_be_image(entry, raw)]
    complete = [(entry, raw) for entry, raw in entries if entry.platform or entry.media_type in INDEX_TYPES]
    asked = 0
    for entry, raw in complete or entries:
        if entry.media_type not in INDEX_TYPES:
            yield entry, raw["platform"] if entry.platform else {}
        elif nested:
            asked += 1
            if asked > _MAX_NESTED:
                raise _corrupt(reference, f"its index lists more than {_MAX_NESTED} other indexes")
            document = contents.manifest(reference.with_digest(entry.digest))
            if isinstance(document, ImageIndex):
                yield from _images(contents, reference, document, nested - 1)


def _may_be_image(entry: Descriptor, raw: Mapping[str, Any]) -> bool:
    is_artifact = bool(raw.get("artifactType")) or BUILDKIT_TYPE in entry.annotations
    return entry.media_type in DOCUMENT_TYPES and entry.platform != _NO_PLATFORM and not is_artifact


def manifest_of(contents: ContentStore, reference: Reference, entry: Descriptor) -> ImageManifest:
    """The manifest that an entry of an index names.

    Raises:
        FetchError: it cannot be read, or is an index itself.
    """
    document = contents.manifest(reference.with_digest(entry.digest))
    if isinstance(document, ImageIndex):
        raise _corrupt(reference, "its index lists another index as if it were an image")
    return document


def description(
    contents: ContentStore, reference: Reference, manifest: ImageManifest
) -> tuple[Mapping[str, str], str | None]:
    """The labels of an image, and when it was built, in RFC 3339, if that had to be read.

    An image that `pack` made says it all in the annotations of its manifest, and an artifact says nothing
    anywhere else. Only of other images the configuration is fetched.

    Raises:
        FetchError: the configuration cannot be read, or is malformed.
    """
    annotations = manifest.annotations
    if annotations.keys() >= _SAID_BY_PACK or manifest.config.media_type not in _CONFIG_TYPES:
        return annotations, None
    config = configuration(contents, reference, manifest)
    created = config.get("created")
    labels = (config.get("config") or {}).get("Labels") or {}
    return labels, created if isinstance(created, str) else None


def configuration(contents: ContentStore, reference: Reference, manifest: ImageManifest) -> dict[str, Any]:
    """An image's configuration, e.g. {"config": {"Labels": {…}}, "rootfs": {"diff_ids": […]}, …}.

    Raises:
        FetchError: it cannot be read, or is malformed.
    """
    data = contents.blob(reference, manifest.config, _MAX_CONFIG)
    try:
        config = load_json(data, _MAX_CONFIG_VALUES)
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


def chain_ids(layers: Sequence[str]) -> list[str]:
    """The chain id of each layer, lowest first: it names the layer together with those below it.

    Args:
        layers: their digests before compression, e.g. ["sha256:9f86…", "sha256:4ac1…"].
    """
    chains = list(layers[:1])
    for layer in layers[1:]:
        chains.append(digest_of(f"{chains[-1]} {layer}".encode()))
    return chains


def layer_blobs(
    contents: ContentStore, reference: Reference, layers: Sequence[Descriptor], limits: Limits
) -> list[bytes]:
    """The layers of an image as they are stored, lowest first; one that stands there twice is read once.

    Raises:
        FetchError: a layer cannot be read, or they exceed the limits; then none is fetched.
    """
    if len(layers) > MAX_LAYERS:
        raise too_many_layers(str(reference))
    # The largest first: no other layer of a language image, named by mistake, is fetched for nothing.
    largest = max(layers, key=lambda layer: layer.size, default=None)
    if largest and largest.size > limits.max_compressed:
        contents.blob(reference, largest, limits.max_compressed)
    if stored_size(layers) > limits.max_compressed:
        raise FetchError(
            f"{reference}: its layers have {stored_size(layers):,} bytes together; "
            f"at most {limits.max_compressed:,} are accepted",
            "Raise --max-compressed if you trust the image.",
            kind="too-large",
        )
    found: dict[str, bytes] = {}
    for layer in layers:
        if layer.digest not in found:
            found[layer.digest] = contents.blob(reference, layer, limits.max_compressed)
    return [found[layer.digest] for layer in layers]


def stored_size(layers: Sequence[Descriptor]) -> int:
    """The bytes of all layers as they are stored, each counted as often as it stands there."""
    return sum(layer.size for layer in layers)


def unpack(blobs: Sequence[bytes], folder: str, image: str, limits: Limits) -> tuple[Tree, tuple[str, ...]]:
    """One folder of an image, and the files outside of it. See `layers.read_layers`.

    Args:
        blobs: the layers as they are stored, lowest first.
        image: its name, for messages.

    Raises:
        FetchError: a layer is not in a format that we know, or exceeds the limits.
    """
    try:
        return read_layers(map(plain, blobs), folder, image, limits)
    except DECOMPRESSION_ERRORS as error:
        raise _corrupt(image, f"its layer cannot be decompressed: {error}") from error


def environment(config: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a configuration, e.g. {"PATH": "/bin", "SHA": "df28e04…"}."""
    variables = (str(variable).partition("=") for variable in (config.get("config") or {}).get("Env") or ())
    return {name: value for name, _, value in variables}


def _corrupt(reference: Reference | str, fact: str) -> FetchError:
    return FetchError(f"{reference}: {fact}", "Publish the image again.", kind="corrupt")
