"""Packs -> images under names in a store: what forbids it is found first, then all or nothing is published.

The order is such that nobody ever sees half: the language images get their tags, then every NAME:LSP-TAG is
published, and only when all of them are there do the names NAME:LSP move.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from lsp_assembler.checkout.pack import Pack, refuse_shared_names
from lsp_assembler.errors import FetchError, LspAssemblerError, PublishError
from lsp_assembler.model.images import BuiltImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.interface import Store

_UPLOADS = 8
_REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the user explicitly allows.

    Args:
        force: to give other content to a name that never moves.
        allow_dirty: to publish to a registry what no commit holds.
    """

    force: bool = False
    allow_dirty: bool = False


@dataclass(frozen=True, slots=True)
class LanguageTag:
    """The further name that the language image of a pack is to get.

    Args:
        image: what it is called until now, e.g. cyberdojofoundation/java_junit:latest.
        name: e.g. cyberdojofoundation/java_junit:4edf92a.
    """

    image: Reference
    name: Reference


@dataclass(frozen=True, slots=True)
class Order:
    """One pack to publish.

    Args:
        index: of its checkout among those of the run.
        language_tag: None where the language image is none of our business.
    """

    index: int
    pack: Pack
    language_tag: LanguageTag | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a pack was not published.

    Args:
        index: of the checkout; None where several are meant.
        kind: "refused" before anything was done, "not-published" where the store failed.
        message: subject, fact, expectation and, in a line of its own, the remedy.
    """

    index: int | None
    kind: Literal["refused", "not-published"]
    message: str


@dataclass(frozen=True, slots=True)
class Published:
    """One pack under its names.

    Args:
        names: e.g. ("cyberdojofoundation/java_junit:LSP-4edf92a", "cyberdojofoundation/java_junit:LSP").
        store_id: what the store itself goes by, where that is not the digest: the id of a Docker Engine.
    """

    order: Order
    names: tuple[str, ...]
    store_id: str | None

    @property
    def digest(self) -> str:
        """The manifest's digest, which is the same by every store."""
        return self.order.pack.image.digest


def language_tag(pack: Pack, image: Reference | None) -> LanguageTag:
    """The tag that a language image is to get.

    Args:
        image: what it is called until now; None for NAME:latest.

    Raises:
        PublishError: the checkout names no image.
    """
    name = pack.language_image
    return LanguageTag(image or name.with_tag("latest"), name)


def refusals(orders: Sequence[Order], store: Store, allowed: Permissions, jobs: int) -> tuple[Refusal, ...]:
    """All that forbids publishing, of all packs. It asks the store, and changes nothing."""
    found = in_parallel(lambda order: list(_objections(order, store, allowed)), orders, jobs)
    return (*_shared(orders), *itertools.chain.from_iterable(found))


def publish(orders: Sequence[Order], store: Store) -> tuple[tuple[Published, ...], tuple[Refusal, ...]]:
    """Publish all packs. If one fails, no NAME:LSP moves, and what was published is not called published.

    Args:
        orders: of which `refusals` had nothing to say.

    Returns:
        What is published, and what failed; one of both is empty. Every failure is reported.
    """
    tags = [(order.language_tag.image, order.language_tag.name) for order in orders if order.language_tag]
    try:
        store.tag(tags)
    except PublishError as error:
        return (), (Refusal(None, "not-published", str(error)),)
    made = in_parallel(lambda order: _made(order, store), orders, _UPLOADS)
    images = [each for each in made if isinstance(each, BuiltImage)]
    failed = tuple(each for each in made if isinstance(each, Refusal))
    if failed:
        return (), failed
    try:
        store.tag([order.pack.references for order in orders])
    except PublishError as error:
        return (), (Refusal(None, "not-published", str(error)),)
    pairs = zip(orders, images, strict=True)
    return tuple(_published(order, image) for order, image in pairs), ()


def _made(order: Order, store: Store) -> BuiltImage | Refusal:
    fixed, _ = order.pack.references
    try:
        return store.publish(order.pack.image, (fixed,))
    except PublishError as error:
        return _failed(order, error)


def _published(order: Order, image: BuiltImage) -> Published:
    names = tuple(str(name) for name in order.pack.references)
    return Published(order, names, None if image.digest == order.pack.image.digest else image.digest)


def _failed(order: Order, error: LspAssemblerError) -> Refusal:
    return Refusal(order.index, "not-published", str(error))


def _shared(orders: Sequence[Order]) -> Iterator[Refusal]:
    try:
        refuse_shared_names([order.pack for order in orders])
    except PublishError as error:
        yield Refusal(None, "refused", str(error))


def _objections(order: Order, store: Store, allowed: Permissions) -> Iterator[Refusal]:
    checks = (
        _dirty(order, store, allowed),
        _moved(order, store, allowed),
        _language_image(order, store, allowed),
    )
    for check in checks:
        try:
            yield from (Refusal(order.index, "refused", str(error)) for error in check)
        except FetchError as error:
            yield _failed(order, error)


def _dirty(order: Order, store: Store, allowed: Permissions) -> Iterable[PublishError]:
    if order.pack.is_provisional and store.name == _REGISTRY and not allowed.allow_dirty:
        yield PublishError(
            f"{order.pack.directory}: no commit holds this content; expected all changes to be committed "
            "before they go to a registry",
            "Commit first, or choose --to docker to try it out, or allow it with --allow-dirty.",
        )


def _moved(order: Order, store: Store, allowed: Permissions) -> Iterable[PublishError]:
    name, _ = order.pack.references
    found = None if allowed.force else store.conflict(order.pack.image, name)
    if found:
        yield PublishError(
            f"{name}: it is {found.existing} already, and this is {found.wanted}; expected the same content, "
            "as this tag never moves",
            "Commit the change, or give it another --version, or move the tag all the same with --force.",
        )


def _language_image(order: Order, store: Store, allowed: Permissions) -> Iterable[PublishError]:
    tag = order.language_tag
    if tag is None:
        return
    if store.name == _REGISTRY and _repository(tag.image) != _repository(tag.name):
        yield PublishError(
            f"{tag.image}: it is in another repository than {tag.name}; expected the same one, as in a "
            "registry a tag names an image of its own repository",
            f"Publish the language image as {tag.name.with_tag('latest')} first.",
        )
        return
    wanted = store.digest(tag.image)
    if wanted is None:
        yield PublishError(
            f"{tag.image}: {store.name} has no such image; expected the language image, to be "
            f"tagged {tag.name}",
            "Build it there first, or name it with --language-image, or leave out --tag-language-image.",
        )
        return
    existing = store.digest(tag.name)
    if existing not in (None, wanted) and not allowed.force:
        yield PublishError(
            f"{tag.name}: it is {existing} already, and {tag.image} is {wanted}; expected the same image, as "
            "this tag never moves",
            "Publish the language image of a new commit, or move the tag all the same with --force.",
        )


def _repository(name: Reference) -> tuple[str, str]:
    return name.registry, name.path
