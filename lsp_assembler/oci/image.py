"""Makes images: configuration, one layer of data, manifest. Equal input gives equal digests on every machine.

Follows the OCI image specification 1.1. Layers are gzip, as every tool expects, from `oci/gzip.py`, so that
equal layers have equal digests.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.documents import OCI_INDEX, OCI_MANIFEST, digest_of
from lsp_assembler.oci.gzip import gzipped
from lsp_assembler.oci.layers import write_layer

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
_TAR_TYPE = LAYER_TYPE.removesuffix("+gzip")

# Docker's names from the time before OCI; the bytes are the same.
_OCI_TYPES = {
    "application/vnd.docker.image.rootfs.diff.tar": _TAR_TYPE,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYER_TYPE,
    "application/vnd.docker.image.rootfs.diff.tar.zstd": f"{_TAR_TYPE}+zstd",
}
# An engine's notes on how it made an image; they do not hold for an image made from it.
_MAKERS_NOTES = ("container", "container_config", "docker_version", "id", "parent")


class Image(Struct, frozen=True):
    """An image for one platform: three pieces of content, each with its digest.

    Args:
        layer: the layer of data, a tar in gzip; the manifest names the layers below it, if any.
    """

    manifest: bytes
    config: bytes
    layer: bytes

    @property
    def digest(self) -> str:
        """The manifest's digest, which is the image's, e.g. "sha256:9f86…"."""
        return digest_of(self.manifest)


class Layer(Struct, frozen=True):
    """A layer of data, ready to be published.

    Args:
        blob: a tar in gzip.
        diff_id: the digest of that tar, which configurations use for the layer.
    """

    blob: bytes
    diff_id: str

    @classmethod
    def of(cls, tree: Tree, epoch: int = 0) -> "Layer":
        """The layer that holds a tree.

        Args:
            epoch: the mtime of every file, in seconds since 1970.
        """
        tar = write_layer(tree, epoch)
        return cls(gzipped(tar), digest_of(tar))


class Addition(Struct, frozen=True):
    """What a new image has beyond its base.

    Args:
        runtime: the "config" object of the new image's configuration: Env, Labels, Cmd, …
        created: RFC 3339, e.g. "2026-11-21T03:34:00Z".
        annotations: of the new manifest.
    """

    layer: Layer
    runtime: Mapping[str, Any]
    created: str
    annotations: Mapping[str, str]


def data_image(tree: Tree, labels: Mapping[str, str], epoch: int = 0) -> Image:
    """An image from scratch that holds one tree and cannot run.

    Args:
        labels: of the image, and annotations of its manifest, so that a reader needs no configuration; must
            have org.opencontainers.image.created, which also is the date of the image itself.
        epoch: the mtime of every file, in seconds since 1970.
    """
    ordered = dict(sorted(labels.items()))
    addition = Addition(Layer.of(tree, epoch), {"Labels": ordered}, labels[CREATED_LABEL], ordered)
    return appended(scratch(), (), addition, "lsp-assembler pack")


def scratch() -> dict[str, Any]:
    """The configuration of an image without layers."""
    rootfs = {"type": "layers", "diff_ids": []}
    return {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs, "history": []}


def appended(
    base: Mapping[str, Any], layers: Sequence[Mapping[str, Any]], addition: Addition, created_by: str
) -> Image:
    """A base image with one more layer.

    Args:
        base: its configuration; rootfs.diff_ids has one entry for each of its layers.
        layers: the descriptors of its layers, as in its manifest.
        created_by: for the history, e.g. "lsp-assembler build".
    """
    diff_ids = [*base["rootfs"]["diff_ids"], addition.layer.diff_id]
    history = [*(base.get("history") or []), {"created": addition.created, "created_by": created_by}]
    config = encode(
        {
            **{key: value for key, value in base.items() if key not in _MAKERS_NOTES},
            "created": addition.created,
            "config": dict(addition.runtime),
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": history,
        }
    )
    kept = [
        {**layer, "mediaType": _OCI_TYPES.get(layer["mediaType"], layer["mediaType"])} for layer in layers
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(CONFIG_TYPE, config),
        "layers": [*kept, descriptor(LAYER_TYPE, addition.layer.blob)],
        **({"annotations": dict(addition.annotations)} if addition.annotations else {}),
    }
    return Image(encode(manifest), config, addition.layer.blob)


def index(images: Sequence[tuple[Image, Mapping[str, Any]]], annotations: Mapping[str, str]) -> bytes:
    """An index of images for several platforms.

    Args:
        images: each with its platform as in the base's index, e.g. {"os": "linux", …}.
    """
    manifests = [
        {**descriptor(OCI_MANIFEST, image.manifest), "platform": dict(platform)} for image, platform in images
    ]
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
    return encode(document | ({"annotations": dict(annotations)} if annotations else {}))


def encode(document: object) -> bytes:
    """JSON, always written the same way, so that equal documents have equal digests."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    """How a document refers to other content."""
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}
