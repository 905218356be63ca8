"""Reading images made of documents and blobs, the hostile ones first."""

import gzip
import io
import json
import tarfile
import tracemalloc

import pytest
import zstandard

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import Descriptor, ImageIndex, ImageManifest
from lsp_assembler.oci.image_reader import any_manifest, configuration, environment, unpack
from lsp_assembler.oci.layers import Limits, write_layer
from tests.unit.stores.daemonless.memory import MemoryContents

NAME = "ltf/java:LSP"
REFERENCE = Reference.parse(NAME)
LIMITS = Limits(max_bytes=1000, max_entries=20, max_path=100, max_compressed=20_000)
TREE = Tree.of({"start_point/hiker.sh": File(b"42", executable=True)})
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
    return unpack(contents, REFERENCE, document.layers, "start_point", limits)[0]


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
        unpack(contents, REFERENCE, document.layers, "start_point", LIMITS)
    assert caught.value.kind == "too-large"
    assert contents.log == [f"get {document.layers[1].digest}"]  # which the contents refuse unread


def test_layers_do_not_meet_in_memory() -> None:
    class Endless(MemoryContents):
        """Makes each layer when it is asked for; what is held on to adds up."""

        def blob(self, reference: Reference, descriptor: Descriptor, limit: int) -> bytes:
            del reference, descriptor, limit
            return write_layer(Tree.of({"etc/zeros": File(bytes(1_000_000))}))

    layers = [Descriptor("", DIGEST, 1_000_000)] * 40
    limits = Limits(max_bytes=2_000_000, max_compressed=2_000_000)
    tracemalloc.start()
    try:
        unpack(Endless(), REFERENCE, layers, "start_point", limits)
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


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


def test_index_in_an_index_is_refused() -> None:
    contents = MemoryContents()
    contents.put_index("ltf/inner", [(contents.put_image("ltf/image", b""), None)])
    inner = contents.manifest(Reference.parse("ltf/inner"))
    assert isinstance(inner, ImageIndex)
    contents.put_index(NAME, [(Descriptor.of(inner.media_type, inner.data), None)])
    with pytest.raises(FetchError, match="its index lists another index"):
        any_manifest(contents, REFERENCE, contents.manifest(REFERENCE))
