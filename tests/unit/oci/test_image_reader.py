"""Reading images made of documents and blobs, the hostile ones first."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tracemalloc
from typing import Any, ClassVar

import pytest
import zstandard

from lsp_assembler.errors import FetchError
from lsp_assembler.model.labels import CREATED_LABEL, VERSION_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import (
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    ImageIndex,
    ImageManifest,
    digest_of,
    parse_document,
)
from lsp_assembler.oci.image import CONFIG_TYPE, descriptor
from lsp_assembler.oci.image_reader import (
    any_manifest,
    configuration,
    description,
    environment,
    images_of,
    layer_blobs,
    unpack,
)
from lsp_assembler.oci.layers import Limits, write_layer
from tests.unit.stores.daemonless.memory import MemoryContents

NAME = "ltf/java:LSP"
REFERENCE = Reference.parse(NAME)
LIMITS = Limits(max_bytes=1000, max_entries=20, max_path=100, max_compressed=20_000)
TREE = Tree.of({"start_point/hiker.sh": File(b"42", executable=True)})
AMD64 = {"os": "linux", "architecture": "amd64"}
DIGEST = f"sha256:{'0' * 64}"


def whiteouts(*paths: str) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for path in paths:
            tar.addfile(tarfile.TarInfo(path))
    return output.getvalue()


def unpacked(*layers: bytes, limits: Limits = LIMITS) -> Tree:
    contents = MemoryContents()
    contents.put_image(NAME, *layers)
    document = contents.manifest(REFERENCE)
    assert isinstance(document, ImageManifest)
    return unpack(layer_blobs(contents, REFERENCE, document.layers, limits), "start_point", NAME, limits)[0]


@pytest.mark.parametrize(
    "compressed",
    [
        pytest.param(lambda data: data, id="plain"),
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(
            lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]), id="two gzip members"
        ),
        pytest.param(zstandard.compress, id="zstd"),
        pytest.param(
            lambda data: zstandard.compress(data[:700]) + zstandard.compress(data[700:]), id="two zstd frames"
        ),
    ],
)
def test_its_bytes_tell_how_a_layer_is_compressed(compressed: object) -> None:
    assert callable(compressed)
    assert unpacked(compressed(write_layer(TREE))) == TREE


def test_upper_layers_hide_lower_ones() -> None:
    lower = Tree.of(
        {"start_point/a": File(b"a"), "start_point/b/c": File(b"c"), "start_point/d/e": File(b"e")}
    )
    upper = Tree.of({"start_point/a": File(b"A")})
    found = unpacked(
        write_layer(lower),
        gzip.compress(whiteouts("start_point/.wh.b", "start_point/d/.wh..wh..opq")),
        zstandard.compress(write_layer(upper)),
    )
    assert found == Tree.of({"start_point/a": File(b"A")}, ["start_point/d"])


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(gzip.compress(write_layer(TREE))[:-30], id="gzip that ends early"),
        pytest.param(b"\x1f\x8b" + bytes(100), id="gzip in name only"),
        pytest.param(b"\x28\xb5\x2f\xfd" + b"\xff" * 100, id="zstd in name only"),
        pytest.param(b"no tar at all" * 100, id="no tar"),
    ],
)
def test_damaged_layers_are_corrupt(damaged: bytes) -> None:
    with pytest.raises(FetchError, match=f"^{NAME}: its layer ") as caught:
        unpacked(damaged)
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_bomb_does_not_fill_the_memory(compress: object) -> None:
    assert callable(compress)
    bomb = compress(write_layer(Tree.of({"start_point/zeros": File(bytes(100_000_000))})))
    limits = Limits(max_bytes=1_000_000, max_compressed=len(bomb), max_entries=10)
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match="has more than 1,000,000 bytes") as caught:
            unpacked(bomb, limits=limits)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000 + len(bomb)
    finally:
        tracemalloc.stop()
    assert caught.value.kind == "too-large"


def test_language_image_by_mistake_is_refused_before_anything_is_fetched() -> None:
    contents = MemoryContents()
    small, large = write_layer(TREE), bytes(LIMITS.max_compressed + 1)
    contents.put_image(NAME, small, large, small)
    document = contents.manifest(REFERENCE)
    assert isinstance(document, ImageManifest)
    with pytest.raises(FetchError) as caught:
        layer_blobs(contents, REFERENCE, document.layers, LIMITS)
    assert caught.value.kind == "too-large"
    assert contents.log == [f"get {document.layers[1].digest}"]  # which the contents refuse unread


def test_layers_that_are_too_large_together_are_not_fetched() -> None:
    contents = MemoryContents()
    layer = bytes(LIMITS.max_compressed // 2)
    contents.put_image(NAME, layer, layer)
    document = contents.manifest(REFERENCE)
    assert isinstance(document, ImageManifest)
    assert len(layer_blobs(contents, REFERENCE, document.layers, LIMITS)) == 2
    contents.log.clear()
    with pytest.raises(FetchError, match="its layers have 30,000 bytes together; at most 20,000") as caught:
        layer_blobs(contents, REFERENCE, (*document.layers, document.layers[0]), LIMITS)
    assert (caught.value.kind, contents.log) == ("too-large", [])
    assert "--max-compressed" in caught.value.remedy


def test_a_layer_that_stands_there_often_is_fetched_once_and_only_so_often() -> None:
    contents = MemoryContents()
    contents.put_image(NAME, write_layer(Tree.of({"start_point/a": File(b"a")}))[:1536])
    document = contents.manifest(REFERENCE)
    assert isinstance(document, ImageManifest)
    limits = Limits()
    contents.log.clear()
    blobs = layer_blobs(contents, REFERENCE, document.layers * 127, limits)
    assert contents.log == [f"get {document.layers[0].digest}"]
    assert unpack(blobs, "start_point", NAME, limits)[0].files == {"start_point/a": File(b"a")}
    with pytest.raises(FetchError, match="has more than 127 layers") as caught:
        layer_blobs(contents, REFERENCE, document.layers * 128, limits)
    assert caught.value.kind == "too-large"


def test_layers_do_not_meet_in_memory_once_they_are_unpacked() -> None:
    limits = Limits(max_bytes=40_000_000)
    blobs = [gzip.compress(write_layer(Tree.of({"etc/zeros": File(bytes(1_000_000))})))] * 35
    tracemalloc.start()
    try:
        unpack(blobs, "start_point", NAME, limits)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_all_layers_together_unpack_to_no_more_than_one_may() -> None:
    blobs = [gzip.compress(write_layer(Tree.of({"etc/zeros": File(bytes(70_000))})))]
    unpack(blobs, "start_point", NAME, LIMITS)
    with pytest.raises(FetchError, match="has more than 1,000 bytes"):
        unpack(blobs * 2, "start_point", NAME, LIMITS)


def sound(**changes: object) -> dict[str, object]:
    return {"os": "linux", "config": {}, "rootfs": {"diff_ids": [DIGEST]}, **changes}


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"null",
        {},
        sound(rootfs=None),
        sound(rootfs={}),
        sound(rootfs={"diff_ids": 1}),
        sound(rootfs={"diff_ids": "x"}),
        sound(rootfs={"diff_ids": {DIGEST: 1}}),
        sound(rootfs={"diff_ids": []}),
        sound(rootfs={"diff_ids": [DIGEST, DIGEST]}),
        sound(history=5),
        sound(config=[1]),
        sound(config="x"),
        sound(config={"Labels": ["a"]}),
        sound(config={"Labels": "a=b"}),
        sound(config={"Labels": {"org.opencontainers.image.revision": 5}}),
        sound(config={"Labels": {"a": None}}),
        sound(config={"Labels": {"a": "\ud800"}}),
        sound(config={"Env": "A=b"}),
        sound(config={"Env": {"A": "b"}}),
        sound(config={"Env": [1]}),
    ],
)
def test_malformed_configurations_are_corrupt(config: object) -> None:
    contents = MemoryContents()
    contents.put_image(NAME, write_layer(TREE), config=config)
    document = contents.manifest(REFERENCE)
    assert isinstance(document, ImageManifest)
    with pytest.raises(FetchError, match=f"^{NAME}: its configuration ") as caught:
        configuration(contents, REFERENCE, document)
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize("runtime", [None, {}, {"Labels": None, "Env": None}])
def test_configurations_may_say_nothing(runtime: object) -> None:
    contents = MemoryContents()
    contents.put_image(NAME, write_layer(TREE), config=sound(config=runtime))
    document = contents.manifest(REFERENCE)
    assert isinstance(document, ImageManifest)
    config = configuration(contents, REFERENCE, document)
    assert config == json.loads(json.dumps(sound(config=runtime)))
    assert environment(config) == {}


def test_environment_keeps_what_follows_the_first_equals_sign() -> None:
    assert environment({"config": {"Env": ["A=b=c", "EMPTY=", "BARE"]}}) == {
        "A": "b=c",
        "EMPTY": "",
        "BARE": "",
    }


def test_a_configuration_of_a_million_values_is_not_parsed() -> None:
    contents = MemoryContents()
    contents.put_image(NAME, write_layer(TREE), config=sound(config={"Labels": {}, "x": [[]] * 100_000}))
    document = contents.manifest(REFERENCE)
    assert isinstance(document, ImageManifest)
    with pytest.raises(FetchError, match=f"^{NAME}: its configuration is malformed"):
        configuration(contents, REFERENCE, document)


def test_an_index_of_very_many_indexes_is_not_followed_to_its_end() -> None:
    contents = MemoryContents()
    inner = Descriptor(OCI_INDEX, contents.put_index("x/inner", []), 1)
    contents.put_index(NAME, [(inner, None)] * 16)
    with pytest.raises(FetchError, match="its index lists no image"):
        any_manifest(contents, REFERENCE, contents.manifest(REFERENCE))
    contents.put_index(NAME, [(inner, None)] * 17)
    with pytest.raises(FetchError, match="its index lists more than 16 other indexes"):
        any_manifest(contents, REFERENCE, contents.manifest(REFERENCE))


def test_attestations_are_no_images() -> None:
    contents = MemoryContents()
    attestation = contents.put_image("ltf/attestation", b"")
    image = contents.put_image("ltf/image", write_layer(TREE))
    unknown = {"os": "unknown", "architecture": "unknown"}
    contents.put_index(NAME, [(attestation, unknown), (image, {"os": "linux", "architecture": "arm64"})])
    assert any_manifest(contents, REFERENCE, contents.manifest(REFERENCE)).digest == image.digest
    contents.put_index(NAME, [(attestation, unknown)])
    with pytest.raises(FetchError, match="its index lists no image"):
        any_manifest(contents, REFERENCE, contents.manifest(REFERENCE))


def test_index_inside_an_index_is_followed_once() -> None:
    contents = MemoryContents()
    image = contents.put_image(NAME, b"layer")
    inner = Descriptor(OCI_INDEX, contents.put_index("x/inner", [(image, AMD64)]), 1)
    middle = Descriptor(OCI_INDEX, contents.put_index("x/middle", [(inner, None)]), 1)
    contents.put_index("x/outer", [(inner, None)])
    contents.put_index("x/deep", [(middle, None)])
    outer, deep = (Reference.parse(name) for name in ("x/outer", "x/deep"))
    assert any_manifest(contents, outer, contents.manifest(outer)).digest == image.digest
    with pytest.raises(FetchError, match=r"^x/deep: its index lists no image"):
        any_manifest(contents, deep, contents.manifest(deep))


def test_index_that_is_listed_as_an_image_is_corrupt() -> None:
    contents = MemoryContents()
    image = contents.put_image(NAME, b"layer")
    inner = Descriptor(OCI_MANIFEST, contents.put_index("x/inner", [(image, AMD64)]), 1)
    contents.put_index(NAME, [(inner, AMD64)])
    with pytest.raises(FetchError, match="another index as if it were an image"):
        any_manifest(contents, REFERENCE, contents.manifest(REFERENCE))


NO_IMAGES: list[dict[str, Any]] = [
    {"platform": {"os": "unknown", "architecture": "unknown"}},
    {"platform": AMD64, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
    {"platform": AMD64, "artifactType": "application/spdx+json"},
    {"mediaType": "application/vnd.cyclonedx+json"},
    {},
    {"platform": {"os": "linux", "architecture": ""}},
]


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("entry", NO_IMAGES)
def test_what_is_no_image_is_passed_over_wherever_it_stands(entry: dict[str, Any], position: int) -> None:
    contents = MemoryContents()
    image = contents.put_image(NAME, b"layer")
    good = {"mediaType": OCI_MANIFEST, "digest": image.digest, "size": image.size, "platform": AMD64}
    other = {"mediaType": OCI_MANIFEST, "digest": DIGEST, "size": 7, **entry}
    manifests = [other, good] if position == 0 else [good, other]
    document = parse_document(json.dumps({"schemaVersion": 2, "manifests": manifests}).encode(), OCI_INDEX)
    assert isinstance(document, ImageIndex)
    found = list(images_of(contents, REFERENCE, document))
    assert [(each.digest, platform) for each, platform in found] == [(image.digest, AMD64)]


def test_where_no_entry_has_a_platform_all_images_count() -> None:
    contents = MemoryContents()
    image = contents.put_image(NAME, b"layer")
    contents.put_index("x/plain", [(image, None)])
    plain = Reference.parse("x/plain")
    assert any_manifest(contents, plain, contents.manifest(plain)).digest == image.digest


class TestDescription:
    LABELS: ClassVar = {CREATED_LABEL: "2026-11-21T03:34:00Z", VERSION_LABEL: "4edf92a"}

    def described(self, manifest: dict[str, Any], **config: Any) -> tuple[Any, list[str]]:
        """What is said of an image with this manifest, and what was read for it."""
        contents = MemoryContents()
        data = json.dumps(config).encode()
        contents.blobs[digest_of(data)] = data
        body = {"schemaVersion": 2, "layers": [], "config": descriptor(CONFIG_TYPE, data), **manifest}
        document = parse_document(json.dumps(body).encode(), OCI_MANIFEST)
        assert isinstance(document, ImageManifest)
        return description(contents, REFERENCE, document), contents.log

    def test_of_an_image_that_pack_made_costs_no_configuration(self) -> None:
        assert self.described({"annotations": self.LABELS}) == ((self.LABELS, None), [])

    def test_of_another_image_stands_in_its_configuration(self) -> None:
        config = {"created": "2026-01-01T00:00:00Z", "config": {"Labels": {"a": "b"}}}
        annotations = {CREATED_LABEL: "2025-01-01T00:00:00Z"}
        found, log = self.described({"annotations": annotations}, rootfs={"diff_ids": []}, **config)
        assert found == ({"a": "b"}, "2026-01-01T00:00:00Z")
        assert len(log) == 1

    @pytest.mark.parametrize("data", [b"{}", b""])
    def test_of_an_artifact_stands_in_its_annotations(self, data: bytes) -> None:
        empty = descriptor("application/vnd.oci.empty.v1+json", data)
        artifact = {"artifactType": "application/x-start-point", "config": empty, "annotations": {"a": "b"}}
        assert self.described(artifact) == (({"a": "b"}, None), [])
        assert self.described({**artifact, "annotations": None}) == (({}, None), [])


@pytest.mark.parametrize(
    ("blob", "name"),
    [
        (lzma.compress(write_layer(TREE)), "xz"),
        (bz2.compress(write_layer(TREE)), "bzip2"),
        (b"\x04\x22M\x18" + bytes(100), "lz4"),
        (b"PK\x03\x04" + bytes(100), "zip"),
    ],
)
def test_what_images_are_not_compressed_with_is_named(blob: bytes, name: str) -> None:
    with pytest.raises(FetchError, match=f"it is {name}; images have gzip, zstd or plain tar"):
        unpacked(blob)


def test_a_frame_of_zstd_without_data_may_come_first() -> None:
    skippable = b"\x5a\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
    assert unpacked(skippable + zstandard.compress(write_layer(TREE))) == TREE
