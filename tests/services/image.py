"""Images made in memory, good ones and hostile ones alike, as the blobs that a registry keeps."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

Format = Literal["docker", "oci"]

_DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
_DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
_DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_OCI = "application/vnd.oci.image.manifest.v1+json"
_OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
_OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

MANIFEST_TYPES = (_DOCKER, _DOCKER_LIST, _OCI, _OCI_INDEX)
"""Every media type that a tag can lead to."""


def layer(files: Mapping[str, bytes | tuple[bytes, int]], links: Mapping[str, str] | None = None) -> bytes:
    """An uncompressed tar of these files and the directories they need; equal input, equal bytes.

    Args:
        files: content, or content and mode, by path, e.g. {"start_point/hiker.sh": (b"…", 0o755)}.
        links: targets of symbolic links by path, e.g. {"bin/sh": "busybox"}.
    """
    links = links or {}
    directories = {parent for path in (*files, *links) for parent in _parents(path)}
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted({*files, *links, *directories}):
            entry = tarfile.TarInfo(path)
            content = b""
            if path in links:
                entry.type, entry.linkname = tarfile.SYMTYPE, links[path]
            elif path in directories:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            else:
                found = files[path]
                content, entry.mode = found if isinstance(found, tuple) else (found, 0o644)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return output.getvalue()


def digest_of(content: bytes) -> str:
    """E.g. "sha256:9f86…"."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Image:
    """An image for one platform.

    Args:
        layers: each an uncompressed tar; any bytes are accepted, for tests of hostile images.
        labels: e.g. {"org.opencontainers.image.revision": "df28e04…"}.
        config: further keys of the container configuration, e.g. {"Env": ["SHA=…"]}.
        format: whose media types the manifest has.
        annotations: of the manifest.
        created: when it was made, e.g. "2026-11-21T03:34:00Z"; "" to leave it out.
    """

    layers: tuple[bytes, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    format: Format = "docker"
    os: str = "linux"
    architecture: str = "amd64"
    annotations: Mapping[str, str] = field(default_factory=dict)
    created: str = ""

    def blobs(self) -> tuple[bytes, ...]:
        """The configuration, then the layers, compressed: what a registry keeps for the manifest."""
        return (self._config_blob(), *(_compressed(each) for each in self.layers))

    def manifest(self) -> bytes:
        """The manifest that names `blobs()`."""
        config, *layers = self.blobs()
        docker = self.format == "docker"
        body = {
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "config": descriptor(_DOCKER_CONFIG if docker else _OCI_CONFIG, config),
            "layers": [descriptor(_DOCKER_LAYER if docker else _OCI_LAYER, each) for each in layers],
            **({"annotations": dict(self.annotations)} if self.annotations else {}),
        }
        return json.dumps(body).encode()

    def archive(self, name: str) -> bytes:
        """The image as a file of `docker save`, for `docker load`, under a name such as "base:1"."""
        config = self._config_blob()
        names = [f"{number}.tar" for number in range(len(self.layers))]
        body = [{"Config": "config.json", "RepoTags": [name], "Layers": names}]
        files = {"manifest.json": json.dumps(body).encode(), "config.json": config}
        return layer(files | dict(zip(names, self.layers, strict=True)))

    @property
    def media_type(self) -> str:
        """The manifest's media type."""
        return _DOCKER if self.format == "docker" else _OCI

    def _config_blob(self) -> bytes:
        body = {
            "architecture": self.architecture,
            "os": self.os,
            "config": {**self.config, "Labels": dict(self.labels)},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(each) for each in self.layers]},
            **({"created": self.created} if self.created else {}),
        }
        return json.dumps(body).encode()


def index(images: tuple[Image, ...]) -> tuple[str, bytes]:
    """The media type and the bytes of an index of images for several platforms, all of one format."""
    media_type = _DOCKER_LIST if images[0].format == "docker" else _OCI_INDEX
    manifests = [
        {
            **descriptor(image.media_type, image.manifest()),
            "platform": {"os": image.os, "architecture": image.architecture},
        }
        for image in images
    ]
    body = {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}
    return media_type, json.dumps(body).encode()


def descriptor(media_type: str, content: bytes) -> dict[str, str | int]:
    """How a manifest names a blob."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


@lru_cache(maxsize=4)
def _compressed(content: bytes) -> bytes:
    """Kept for a while: a layer is wanted by the blobs, the manifest and the index in turn."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]
