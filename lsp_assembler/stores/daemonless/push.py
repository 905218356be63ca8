"""Pushing documents and blobs in an order in which nobody ever sees half an image."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.images import Artifact, Attached, BuiltImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import OCI_INDEX, OCI_MANIFEST, Descriptor, digest_of
from lsp_assembler.oci.image import Image, descriptor
from lsp_assembler.oci.referrer import EMPTY, referrer
from lsp_assembler.parallel import in_background, in_parallel
from lsp_assembler.stores.daemonless.tags import moving_tags

_UPLOADS = 8  # at the same time; base layers may be large, and so must not crowd each other out


class NewImage(Struct, frozen=True):
    """An image for one or more platforms, ready to be pushed.

    Args:
        images: one for each platform; all have the same topmost layer.
        platforms: e.g. ("linux/amd64", "linux/arm64").
        index: the index of the images; None for a single image.
        base: where the layers below the topmost one are; None if there are none.
        base_layers: those layers.
        attest: what is to be published about it, as in Recipe.
    """

    images: tuple[Image, ...]
    platforms: tuple[str, ...]
    index: bytes | None = None
    base: Reference | None = None
    base_layers: tuple[Descriptor, ...] = ()
    attest: Callable[[BuiltImage], Sequence[Artifact]] | None = None

    @property
    def top(self) -> tuple[str, bytes]:
        """The document that the tags name: the index, or the only image's manifest; with its media type."""
        return (OCI_MANIFEST, self.images[0].manifest) if self.index is None else (OCI_INDEX, self.index)


Digests = Mapping[Reference, str | None]
"""What names stand for, e.g. {cyberdojo/languages-start-points:latest: "sha256:9f86…"}; None for nothing."""


def current_digests(target: ContentStore, names: Sequence[Reference]) -> Digests:
    """What the names stand for now; None also where a registry lets us write but not read."""
    return {name: _digest(target, name) for name in names}


def push(
    image: NewImage,
    target: ContentStore,
    bases: ContentStore,
    names: Sequence[Reference],
    last_known: Digests | None = None,
) -> BuiltImage:
    """Push under all names: blobs first, then manifests, then the index, what is about it, then the tags.

    Args:
        bases: where the base's layers are.
        last_known: what the names stood for a moment ago; None where nobody knows. Where it was something
            else, the image is surely new, and the upload begins without asking again.

    Raises:
        PublishError: something was refused; the tags then are what they were.
    """
    media_type, top = image.top
    digest = digest_of(top)
    built = BuiltImage(tuple(str(name) for name in names), digest, image.platforms)
    asking = in_background(lambda: current_digests(target, names))
    is_news = any(known != digest for known in (last_known or {}).values())
    repositories = {name.name: name for name in names}
    if not is_news and set(asking.result().values()) == {digest}:
        built = _attach(image, built, target, list(repositories.values()))
        if built.attestations:
            target.commit()
        return built
    for name in repositories.values():
        in_parallel(lambda put: put(), _blobs(image, target, bases, name), _UPLOADS)
    for name in repositories.values() if image.index is not None else ():
        in_parallel(partial(_put_manifest, target, name), image.images, _UPLOADS)
    built = _attach(image, built, target, list(repositories.values()))
    with moving_tags(target) as move:
        for name, until_now in asking.result().items():
            move(name, until_now, media_type, top)
    return built


def _attach(
    image: NewImage, built: BuiltImage, target: ContentStore, repositories: Sequence[Reference]
) -> BuiltImage:
    """Publish what is about the image, in every repository, before a name says that it is there."""
    artifacts = image.attest(built) if image.attest else ()
    media_type, top = image.top
    manifests = [referrer(each, descriptor(media_type, top)) for each in artifacts]
    for name in repositories if artifacts else ():
        for content in (EMPTY, *(each.content for each in artifacts)):
            target.put_blob(name, content)
        by_digest = name.with_digest(built.digest)
        target.put_manifest(by_digest, media_type, top)  # not every registry takes what is about nothing
        target.put_referrers(by_digest, manifests)
    attached = zip(artifacts, manifests, strict=True)
    return replace(built, attestations=tuple(Attached(each.type, digest_of(data)) for each, data in attached))


def _digest(target: ContentStore, name: Reference) -> str | None:
    try:
        return target.digest(name)
    except FetchError:
        return None


def _put_manifest(target: ContentStore, name: Reference, image: Image) -> None:
    target.put_manifest(name.with_digest(image.digest), OCI_MANIFEST, image.manifest)


def _blobs(
    image: NewImage, target: ContentStore, bases: ContentStore, name: Reference
) -> Iterator[Callable[[], None]]:
    """What puts each blob into a repository; over a slow link the round trips of one wait for no other."""
    if image.base is not None:
        for layer in image.base_layers:
            yield partial(target.copy_blob, bases, image.base, name, layer)
    yield partial(target.put_blob, name, image.images[0].layer)
    for config in dict.fromkeys(each.config for each in image.images):
        yield partial(target.put_blob, name, config)
