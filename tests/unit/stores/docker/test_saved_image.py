"""What is taken for the output of `docker save`, and what is not."""

import gzip
import io
import json

import pytest

from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.layers import write_layer
from lsp_assembler.stores.docker.saved_image import SavedImageError, saved_layers

MOST = 1_000_000
LOWER, UPPER = b"lower layer", b"upper layer"


def saved(files: dict[str, bytes], listing: object) -> io.BytesIO:
    contents = {**files, "manifest.json": json.dumps(listing).encode()}
    return io.BytesIO(write_layer(Tree.of({path: File(content) for path, content in contents.items()})))


def read(archive: io.BytesIO, most: int = MOST) -> list[bytes]:
    return [layer.read(MOST) for layer in saved_layers(archive.read, most)]


def test_layers_come_in_the_order_of_the_listing_not_of_the_archive() -> None:
    archive = saved(
        {"a/layer.tar": UPPER, "b/layer.tar": LOWER}, [{"Layers": ["b/layer.tar", "a/layer.tar"]}]
    )
    assert read(archive) == [LOWER, UPPER]


def test_a_layer_may_be_compressed() -> None:
    archive = saved({"blobs/sha256/0a": gzip.compress(LOWER)}, [{"Layers": ["blobs/sha256/0a"]}])
    assert read(archive) == [LOWER]


@pytest.mark.parametrize(
    ("files", "listing"),
    [
        ({}, []),
        ({}, [{"Layers": []}, {"Layers": []}]),
        ({}, [{"Layers": ["missing.tar"]}]),
        ({}, [{"Config": "no layers"}]),
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
    archive = saved({"layer.tar": bytes(2000)}, [{"Layers": ["layer.tar"]}])
    with pytest.raises(SavedImageError, match="more than 1000 bytes"):
        read(archive, 1000)
