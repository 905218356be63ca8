"""Which images of a node are old."""

from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.superseded import Old, superseded
from lsp_assembler.stores.docker.node import NodeImage

WANTED = [Reference.parse("acme/elm:2222222"), Reference.parse("ghcr.io/acme/c@sha256:" + "c" * 64)]


def image(number: int, *names: str, digests: tuple[str, ...] = ()) -> NodeImage:
    return NodeImage(f"sha256:{number:064}", names, digests, 1000)


def old(*images: NodeImage, used: tuple[str, ...] = ()) -> list[Old]:
    return list(superseded(WANTED, images, used))


def test_other_tags_of_the_same_repositories_are_old() -> None:
    found = old(
        image(1, "acme/elm:1111111", "docker.io/acme/elm:0000000"),
        image(2, "acme/elm:2222222"),
        image(3, "acme/ruby:1111111", "ghcr.io/acme/elm:1111111"),
        image(4, "ghcr.io/acme/c:1"),
    )
    assert [each.name for each in found] == [
        "acme/elm:1111111",
        "docker.io/acme/elm:0000000",
        "ghcr.io/acme/c:1",
    ]
    assert not any(each.kept for each in found)


def test_another_name_of_a_wanted_image_is_not_old() -> None:
    digest = "ghcr.io/acme/c@sha256:" + "c" * 64
    assert (
        old(image(1, "acme/elm:2222222", "acme/elm:latest"), image(2, "ghcr.io/acme/c:1", digests=(digest,)))
        == []
    )


def test_lsp_images_are_not_language_images() -> None:
    assert old(image(1, "acme/elm:LSP"), image(2, "acme/elm:LSP-1111111")) == []


def test_an_image_without_a_tag_goes_by_its_digest() -> None:
    digest = "acme/elm@sha256:" + "e" * 64
    assert old(image(1, digests=(digest,))) == [Old(digest)]


def test_what_a_container_uses_stays() -> None:
    one, two = image(1, "acme/elm:1111111"), image(2, "acme/elm:0000000")
    assert old(one, two, used=(one.id,)) == [
        Old("acme/elm:0000000"),
        Old("acme/elm:1111111", "a container uses it"),
    ]
