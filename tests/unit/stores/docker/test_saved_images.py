"""What is taken for the output of `docker save`, and what is not."""

import io
import json

import pytest

from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.layers import write_layer
from lsp_assembler.stores.docker.saved_images import SavedImageError, saved_images

MOST = 1_000_000
LOWER, UPPER = b"lower layer", b"upper layer"


def saved(files: dict[str, bytes], listing: object) -> io.BytesIO:
    contents = {**files, "manifest.json": json.dumps(listing).encode()}
    return io.BytesIO(write_layer(Tree.of({path: File(content) for path, content in contents.items()})))


ONE, OTHER = "1" * 64, "e" * 64


def read(archive: io.BytesIO, most: int = MOST) -> dict[str, list[bytes]]:
    return {image_id: list(layers) for image_id, layers in saved_images(archive.read, most).items()}


def test_layers_come_in_the_order_of_the_listing_not_of_the_archive() -> None:
    listing = [{"Config": f"{ONE}.json", "Layers": ["b/layer.tar", "a/layer.tar"]}]
    archive = saved({"a/layer.tar": UPPER, "b/layer.tar": LOWER}, listing)
    assert read(archive) == {f"sha256:{ONE}": [LOWER, UPPER]}


def test_images_are_told_apart_by_their_configuration_and_may_share_layers() -> None:
    listing = [
        {"Config": f"{OTHER}.json", "Layers": ["a/layer.tar"]},
        {"Config": f"blobs/sha256/{ONE}", "Layers": ["a/layer.tar", "b/layer.tar"]},
    ]
    archive = saved({"a/layer.tar": LOWER, "b/layer.tar": UPPER}, listing)
    assert read(archive) == {f"sha256:{ONE}": [LOWER, UPPER], f"sha256:{OTHER}": [LOWER]}


@pytest.mark.parametrize(
    ("files", "listing"),
    [
        ({}, [{"Config": f"{ONE}.json", "Layers": ["missing.tar"]}]),
        ({}, [{"Config": f"{ONE}.json"}]),
        ({}, [{"Config": "no-digest.json", "Layers": []}]),
        ({}, [{"Config": 42, "Layers": []}]),
        ({}, [{"Layers": []}]),
        ({}, {"Layers": []}),
        ({}, ["not an object"]),
    ],
)
def test_anything_else_is_refused(files: dict[str, bytes], listing: object) -> None:
    with pytest.raises(SavedImageError):
        read(saved(files, listing))


@pytest.mark.parametrize("archive", [b"", b"not a tar" * 100, bytes(10_240)])
def test_no_listing_or_no_archive_is_refused(archive: bytes) -> None:
    with pytest.raises(SavedImageError):
        read(io.BytesIO(archive))


def test_more_than_the_limit_is_refused() -> None:
    archive = saved({"layer.tar": bytes(2000)}, [])
    with pytest.raises(SavedImageError, match="more than 1000 bytes"):
        read(archive, 1000)
