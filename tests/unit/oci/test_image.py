"""An image is its documents: the same input gives the same digest, and every digest is right."""

import gzip
import hashlib
import json

import pytest

from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import OCI_MANIFEST, digest_of
from lsp_assembler.oci.image import CONFIG_TYPE, LAYER_TYPE, data_image, encode
from lsp_assembler.oci.layers import write_layer

TREE = Tree.of({"start_point/hiker.sh": File(b"echo 6 * 9")})
LABELS = {CREATED_LABEL: "2026-11-21T03:34:00Z", "org.opencontainers.image.title": "Häuser, JUnit"}


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_every_document_names_the_next_by_digest_and_size() -> None:
    image = data_image(TREE, LABELS)
    manifest = json.loads(image.manifest)
    assert image.digest == digest(image.manifest)
    assert manifest["mediaType"] == OCI_MANIFEST
    assert manifest["schemaVersion"] == 2
    assert manifest["config"] == {
        "mediaType": CONFIG_TYPE,
        "digest": digest(image.config),
        "size": len(image.config),
    }
    assert manifest["layers"] == [
        {"mediaType": LAYER_TYPE, "digest": digest(image.layer), "size": len(image.layer)}
    ]
    assert json.loads(image.config)["rootfs"] == {
        "type": "layers",
        "diff_ids": [digest(gzip.decompress(image.layer))],
    }


def test_the_layer_holds_the_tree() -> None:
    assert gzip.decompress(data_image(TREE, LABELS, 7).layer) == write_layer(TREE, 7)


def test_the_configuration_has_the_labels_and_can_run_nothing() -> None:
    config = json.loads(data_image(TREE, LABELS).config)
    assert config["config"] == {"Labels": LABELS}
    assert (config["os"], config["architecture"]) == ("linux", "amd64")
    assert config["created"] == "2026-11-21T03:34:00Z"
    assert [entry["created"] for entry in config["history"]] == ["2026-11-21T03:34:00Z"]


def test_equal_input_gives_equal_images() -> None:
    backwards = dict(reversed(LABELS.items()))
    assert data_image(TREE, LABELS, 7) == data_image(TREE, backwards, 7)


@pytest.mark.parametrize(
    "other",
    [
        data_image(Tree.of({"start_point/hiker.sh": File(b"echo 42")}), LABELS),
        data_image(TREE, LABELS | {"org.opencontainers.image.title": "Java"}),
        data_image(TREE, LABELS | {CREATED_LABEL: "2026-11-21T03:34:01Z"}),
        data_image(TREE, LABELS, 1),
    ],
)
def test_other_input_gives_another_digest(other: object) -> None:
    assert getattr(other, "digest", None) != data_image(TREE, LABELS).digest


def test_the_digest_stays_from_version_to_version() -> None:
    assert data_image(Tree.of({}), {CREATED_LABEL: "1970-01-01T00:00:00Z"}).digest == PINNED


def test_encode_is_compact_and_keeps_letters() -> None:
    assert encode({"b": ["ä", 1], "a": None}) == '{"b":["ä",1],"a":null}'.encode()


def test_sha256() -> None:
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


PINNED = "sha256:6c026a3bc66092a4b9841c37a3627e9bd55c58d1eb41e6b738af54ca8e258bd5"
"""Whoever changes this changes the digest of every LSP image that is ever packed again."""
