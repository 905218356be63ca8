"""Language images that no start point names any more: which they are, and removing them."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.versions import is_lsp_tag
from lsp_assembler.stores.docker.node import Node, NodeImage


class Old(Struct, frozen=True):
    """A name of an image that is not wanted any more.

    Args:
        name: as the engine spells it, e.g. "acme/elm:4edf92a", or with a digest where it has no tag.
        kept: why it is still there; "" if it is gone, or is to go.
    """

    name: str
    kept: str = ""


def superseded(
    wanted: Sequence[Reference], on_node: Iterable[NodeImage], used: Collection[str]
) -> tuple[Old, ...]:
    """What a node has of the repositories of the wanted images besides them, sorted by name.

    LSP images, which live in the same repositories, do not count, nor does another name of a wanted image.

    Args:
        used: the ids of images that containers are made of.
    """
    repositories = {repository_of(image) for image in wanted}
    names = {image.canonical for image in wanted}
    found = []
    for image in on_node:
        spelled = [Reference.parse(name) for name in image.names or image.digests]
        if not names.isdisjoint(Reference.parse(each).canonical for each in (*image.names, *image.digests)):
            continue
        kept = "a container uses it" if image.id in used else ""
        found += [
            Old(str(name), kept)
            for name in spelled
            if repository_of(name) in repositories and not is_lsp_tag(name.tag)
        ]
    return tuple(sorted(found, key=lambda old: old.name))


def removed(node: Node, found: Sequence[Old]) -> tuple[Old, ...]:
    """Remove what is not kept; what the engine refuses is kept, too, in its words."""
    return tuple(old if old.kept else Old(old.name, node.remove(old.name)) for old in found)
