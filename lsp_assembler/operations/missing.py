"""How much of some images a node has yet to download: asked of the registries, before anything is pulled."""

import threading
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import Document, ImageManifest
from lsp_assembler.oci.image_reader import chain_ids, configuration, images_of, manifest_of
from lsp_assembler.parallel import in_parallel
from lsp_assembler.text import short_digest

_ASKED_AT_ONCE = 16


class Layer(Struct, frozen=True):
    """One layer of an image.

    Args:
        digest: as the registry stores it.
        size: compressed, in bytes.
        chain: see `Node.layers`.
    """

    digest: str
    size: int
    chain: str

    @property
    def short(self) -> str:
        """What an engine calls it while it pulls, e.g. "9f86d081884c"."""
        return short_digest(self.digest).partition(":")[2]


class Missing(Struct, frozen=True):
    """What is missing of some images.

    Args:
        layers: by image, in the order of the images; each layer that several lack stands with the first.
        unknown: why nobody can say, by image.
    """

    layers: Mapping[Reference, Sequence[Layer]]
    unknown: Mapping[Reference, FetchError]

    @property
    def bytes(self) -> int:
        """Those of all layers."""
        return sum(layer.size for layers in self.layers.values() for layer in layers)

    def bytes_of(self, image: Reference) -> int | None:
        """Those of one image; None where that is not known."""
        return None if image in self.unknown else sum(layer.size for layer in self.layers.get(image, ()))


class Tally:
    """The bytes that pulls have brought so far, each layer counted once. Threads may share it."""

    def __init__(self, missing: Missing) -> None:
        self._sizes = {layer.short: layer.size for layers in missing.layers.values() for layer in layers}
        self._so_far: dict[str, int] = {}
        self._counting = threading.Lock()
        self.bytes = 0

    def heard(self, layer: str, size: int | None) -> int:
        """Count what an engine says. See `Node.pull`.

        Returns:
            the bytes of all layers.
        """
        with self._counting:
            before = self._so_far.get(layer, 0)
            now = self._sizes.get(layer, before) if size is None else max(before, size)
            self._so_far[layer] = now
            self.bytes += now - before
            return self.bytes


def ask_what_is_missing(
    contents: ContentStore, images: Sequence[Reference], platform: tuple[str, str], have: Collection[str]
) -> Missing:
    """The layers that would be downloaded for some images, each once.

    Args:
        platform: e.g. ("linux", "amd64").
        have: the chain ids of layers that are there.
    """

    def ask(image: Reference) -> list[Layer] | FetchError:
        try:
            return _layers(contents, image, platform)
        except FetchError as error:
            return error

    contents.expect(images)
    found = dict(zip(images, in_parallel(ask, images, _ASKED_AT_ONCE), strict=True))
    counted: set[str] = set()
    missing: dict[Reference, list[Layer]] = {}
    for image, layers in found.items():
        if isinstance(layers, FetchError):
            continue
        wanted = {layer.digest: layer for layer in layers if layer.chain not in have}
        missing[image] = [layer for digest, layer in wanted.items() if digest not in counted]
        counted |= wanted.keys()
    unknown = {image: error for image, error in found.items() if isinstance(error, FetchError)}
    return Missing(missing, unknown)


def _layers(contents: ContentStore, image: Reference, platform: tuple[str, str]) -> list[Layer]:
    manifest = _chosen(contents, image, contents.manifest(image), platform)
    chains = chain_ids(configuration(contents, image, manifest)["rootfs"]["diff_ids"])
    pairs = zip(manifest.layers, chains, strict=True)
    return [Layer(layer.digest, layer.size, chain) for layer, chain in pairs]


def _chosen(
    contents: ContentStore, image: Reference, document: Document, platform: tuple[str, str]
) -> ImageManifest:
    """The manifest that an engine takes: of its platform, and of the oldest processor or the newest ARM."""
    if isinstance(document, ImageManifest):
        return document
    name = "/".join(platform)
    fitting = [
        entry
        for entry, _ in images_of(contents, image, document)
        if entry.platform == name or entry.platform.startswith(f"{name}/")
    ]
    if not fitting:
        raise FetchError(
            f"{image}: it has no image for {name}",
            "Publish it for that platform, or use an engine of another one.",
            kind="not-found",
        )
    plain = [entry for entry in fitting if entry.platform == name]
    return manifest_of(contents, image, (plain or sorted(fitting, key=lambda entry: entry.platform))[-1])
