"""What a service serves, as far as those who run it have to know."""

import hashlib
import json

from msgspec import Struct

from lsp_assembler.model.start_point import StartPointType


class Deployable(Struct, frozen=True):
    """What a service serves.

    Args:
        source: as the user named it, e.g. "cyberdojo/languages-start-points:4edf92a" or "images.yml".
        type: what the start points are.
        port: that the service listens on.
        language_images: what learners' code runs in, e.g. ("acme/elm:4edf92a",); sorted, none twice.
        files: what the service assembles start points from, by file name, e.g. {"images.yml": "…"}; {}
            where the source is an image, which holds them.
        base: the image that the source was built on, e.g. "scratch"; "" where nobody knows, or it is a list.
    """

    source: str
    type: StartPointType
    port: int
    language_images: tuple[str, ...]
    files: dict[str, str] = {}
    base: str = ""

    @property
    def digest(self) -> str:
        """Changes if, and only if, there is something else to serve or to pull, e.g. "sha256:9f86…"."""
        content = json.dumps([self.source, self.language_images, self.files], sort_keys=True)
        return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
