"""Publishing documents and blobs in an order in which nobody ever sees half an image."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lsp_assembler.errors import FetchError
from lsp_assembler.model.images import BuiltImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import OCI_INDEX, OCI_MANIFEST, Descriptor, digest_of
from lsp_assembler.oci.image import Image
from lsp_assembler.parallel import in_background, in_parallel
from lsp_assembler.stores.daemonless.tags import moving_tags

_UPLOADS = 8  # at the same time; base layers may be large, and so must not crowd each other out


@dataclass(frozen=True, slots=True)
class Publication:
    """An image for one or more platforms, ready to be published.

    Args:
        images: one for each platform; all have the same topmost layer.
        platforms: e.g. ("linux/amd64", "linux/arm64").
        index: the index of the images; None for a single image.
        base: where the layers below the topmost one are; None if there are none.
        base_layers: those layers.
    """

    images: tuple[Image, ...]
    platforms: tuple[str, ...]
    index: bytes | None = None
    base: Reference | None = None
    base_layers: tuple[Descriptor, ...] = ()

    @property
    def top(self) -> tuple[str, bytes]:
        """The document that the tags name: the index, or the only image's manifest; with its media type."""
        return (OCI_MANIFEST, self.images[0].manifest) if self.index is None else (OCI_INDEX, self.index)


Standing = Mapping[Reference, str | None]
"""What names stand for, e.g. {cyberdojo/languages-start-points:latest: "sha256:9f86…"}; None for nothing."""


def standing(target: ContentStore, names: Sequence[Reference]) -> Standing:
    """What the names stand for now; nothing also where the registry lets us write but not read."""
    return {name: _digest(target, name) for name in names}


def publish(
    publication: Publication,
    target: ContentStore,
    bases: ContentStore,
    names: Sequence[Reference],
    lately: Standing | None = None,
) -> BuiltImage:
    """Publish under all names: blobs first, then manifests, then the index, then the tags.

    Args:
        bases: where the base's layers are.
        lately: what the names stood for some time ago. If that was something else, there is little doubt that
            the image is new, and nobody waits to hear it again before the upload begins.

    Raises:
        PublishError: something was refused; the tags then are what they were.
    """
    media_type, top = publication.top
    digest = digest_of(top)
    built = BuiltImage(tuple(str(name) for name in names), digest, publication.platforms)
    asking = in_background(lambda: standing(target, names))
    is_news = any(known != digest for known in (lately or {}).values())
    if not is_news and set(asking().values()) == {digest}:
        return built
    repositories = {name.name: name for name in names}
    for name in repositories.values():
        in_parallel(lambda put: put(), _blobs(publication, target, bases, name), _UPLOADS)
    for name in repositories.values() if publication.index is not None else ():
        in_parallel(partial(_put_manifest, target, name), publication.images, _UPLOADS)
    with moving_tags(target) as move:
        for name, until_now in asking().items():
            move(name, until_now, media_type, top)
    return built


def _digest(target: ContentStore, name: Reference) -> str | None:
    try:
        return target.digest(name)
    except FetchError:
        return None


def _put_manifest(target: ContentStore, name: Reference, image: Image) -> None:
    target.put_manifest(name.with_digest(image.digest), OCI_MANIFEST, image.manifest)


def _blobs(
    publication: Publication, target: ContentStore, bases: ContentStore, name: Reference
) -> Iterator[Callable[[], None]]:
    """What puts each blob into a repository; over a slow link the round trips of one wait for no other."""
    if publication.base is not None:
        for layer in publication.base_layers:
            yield partial(target.copy_blob, bases, publication.base, name, layer)
    yield partial(target.put_blob, name, publication.images[0].layer)
    for config in dict.fromkeys(image.config for image in publication.images):
        yield partial(target.put_blob, name, config)
