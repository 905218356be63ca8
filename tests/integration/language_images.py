"""Language images for tests of pulling them: small, of one shared layer and one of their own."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.integration.support import publish
from tests.services import Image, Registry, layer

_TAG = "4edf92a"
_REQUEST = re.compile(
    r"http\.request\.method=(\w+) .*?http\.request\.uri=\"?(/v2/[^\s\"]+).*?useragent=\"docker/"
)


@dataclass(frozen=True)
class Languages:
    """Some languages of one folder of a registry.

    Args:
        folder: e.g. "probes"; each test has its own, so that none meets the layers of another.
        host: what image names begin with; a gate in front of the registry, or the registry itself.
    """

    registry: Registry
    folder: str
    host: str

    def image(self, name: str, tag: str = _TAG) -> Image:
        """The language image of a name."""
        own = {f"usr/{self.folder}/{name}": f"{name}:{tag}".encode() * 500}
        return Image((layer({"etc/shared": self.folder.encode() * 1000}), layer(own)))

    def publish(self, *names: str, tag: str = _TAG) -> list[str]:
        """Publish language images; their names as an engine pulls them."""
        for name in names:
            self.registry.put_image(f"{self.folder}/{name}", tag, self.image(name, tag))
        return [f"{self.host}/{self.folder}/{name}:{tag}" for name in names]

    def start_points(self, images: Sequence[str]) -> list[str]:
        """Publish an LSP image for each language image; their names."""
        return [
            publish(
                self.registry,
                f"{self.folder}/{image.split('/')[-1].split(':')[0]}",
                f"Language {n}",
                image_name=image,
            )
            for n, image in enumerate(images)
        ]

    def downloads(self, *names: str) -> dict[str, int]:
        """How often an engine downloaded each blob of the images of these names, by its path."""
        log = (self.registry.folder / "log").read_text()
        found = [match.groups() for match in map(_REQUEST.search, log.splitlines()) if match]
        starts = tuple(f"/v2/{self.folder}/{name}/blobs/" for name in names)
        return dict(Counter(path for method, path in found if method == "GET" and path.startswith(starts)))
