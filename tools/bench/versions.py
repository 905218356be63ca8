"""Languages with all the versions that they ever had, put straight into the folder of a registry."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.services import Image, Registry, layer
from tests.services.image import digest_of

_LAYERS = 8  # of a language image
_DAYS = 40  # between two versions

_START_POINT = layer({"start_point/manifest.json": b"{}"})
_SHARED = tuple(layer({f"usr/lib/{number}": bytes([number]) * 1000}) for number in range(_LAYERS - 1))


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a language.

    Args:
        host: the registry, as names of images have it.
        repository: of both of its images.
        age: how many newer versions there are.
    """

    host: str
    repository: str
    age: int

    @property
    def revision(self) -> str:
        """The commit, made up, but the same in every run."""
        return hashlib.sha256(f"{self.repository} {self.age}".encode()).hexdigest()[:40]

    @property
    def tag(self) -> str:
        """Of the language image."""
        return self.revision[:7]

    @property
    def created(self) -> str:
        """When, in RFC 3339."""
        date = dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=_DAYS * self.age)
        return date.strftime("%Y-%m-%dT%H:%M:%SZ")

    def images(self) -> dict[str, Image]:
        """Its images by their tags."""
        images = {f"LSP-{self.tag}": self._lsp_image(), self.tag: self._language_image()}
        return images if self.age else {"LSP": self._lsp_image(), **images}

    def _lsp_image(self) -> Image:
        """As `pack` makes it."""
        name = self.repository.rpartition("/")[2]
        durations = {"red": 1.5, "amber": 0.5, "green": 2.0 + self.age / 100}
        said = {
            "org.opencontainers.image.created": self.created,
            "org.opencontainers.image.revision": self.revision,
            "org.opencontainers.image.source": f"https://github.com/cyber-dojo-start-points/{name}",
            "org.opencontainers.image.title": f"{name}, test framework",
            "org.opencontainers.image.version": f"LSP-{self.tag}",
            "org.cyber-dojo.lsp.image-name": f"{self.host}/{self.repository}:{self.tag}",
            "org.cyber-dojo.lsp.durations": json.dumps(durations),
        }
        return Image((_START_POINT,), said, format="oci", annotations=said)

    def _language_image(self) -> Image:
        """Some layers that all have, and one of its own."""
        own = layer({"etc/made-of": f"{self.repository} {self.age}".encode()})
        return Image((*_SHARED, own), created=self.created)


def store(registry: Registry, repository: str, images: Mapping[str, Image]) -> None:
    """Write images by their tags into a registry's folder, as it writes what is published.

    To publish thousands of them would take minutes.
    """
    root = registry.folder / "data/docker/registry/v2"
    home = root / "repositories" / repository
    for tag, image in images.items():
        for blob in image.blobs():
            _link(home / "_layers/sha256", _blob(root, blob))
        digest = _blob(root, image.manifest())
        _link(home / "_manifests/revisions/sha256", digest)
        _link(home / f"_manifests/tags/{tag}/index/sha256", digest)
        _write(home / f"_manifests/tags/{tag}/current/link", digest.encode())


def _blob(root: Path, content: bytes) -> str:
    digest = digest_of(content)
    digits = digest.partition(":")[2]
    _write(root / f"blobs/sha256/{digits[:2]}/{digits}/data", content)
    return digest


def _link(folder: Path, digest: str) -> None:
    _write(folder / digest.partition(":")[2] / "link", digest.encode())


def _write(path: Path, content: bytes) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
