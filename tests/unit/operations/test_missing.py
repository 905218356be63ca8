"""How much is missing: of the engine's platform, each layer once, on what is there already."""

import json
from typing import Any

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import (
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Document,
    digest_of,
    parse_document,
)
from lsp_assembler.oci.image_reader import chain_ids
from lsp_assembler.operations.missing import Tally, ask_what_is_missing

AMD64 = ("linux", "amd64")
SIZES = {"base": 100, "java": 20, "ruby": 3, "tools": 7}


class Memory:
    """Images in memory, as far as they are asked for here."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._blobs: dict[str, bytes] = {}

    def put(self, name: str, *layers: str) -> Document:
        """An image of layers, by what they are called in SIZES."""
        config = json.dumps({"rootfs": {"diff_ids": [unpacked(each) for each in layers]}}).encode()
        self._blobs[digest_of(config)] = config
        body = {
            "schemaVersion": 2,
            "config": {"mediaType": "c", "digest": digest_of(config), "size": len(config)},
            "layers": [{"mediaType": "l", "digest": packed(each), "size": SIZES[each]} for each in layers],
        }
        return self._keep(name, OCI_MANIFEST, body)

    def put_index(self, name: str, **platforms: Document) -> None:
        """An index; platforms are spelled e.g. linux_arm_v7."""
        entries = []
        for spelled, document in platforms.items():
            system, architecture, *variant = spelled.split("_")
            platform = {
                "os": system,
                "architecture": architecture,
                **({"variant": variant[0]} if variant else {}),
            }
            size = len(document.data)
            entries.append(
                {"mediaType": OCI_MANIFEST, "digest": document.digest, "size": size, "platform": platform}
            )
        self._keep(name, OCI_INDEX, {"schemaVersion": 2, "manifests": entries})

    def _keep(self, name: str, media_type: str, body: dict[str, Any]) -> Document:
        document = parse_document(json.dumps(body).encode(), media_type)
        self._documents |= {name: document, document.digest: document}
        return document

    def expect(self, _references: object, /) -> None:
        """See ContentStore.expect."""

    def manifest(self, reference: Reference) -> Document:
        """See ContentStore.manifest."""
        key = reference.digest or str(reference)
        if key not in self._documents:
            raise FetchError(f"{reference}: no such image", kind="not-found")
        return self._documents[key]

    def blob(self, _reference: Reference, descriptor: Descriptor, _limit: int) -> bytes:
        """See ContentStore.blob."""
        return self._blobs[descriptor.digest]


def unpacked(layer: str) -> str:
    return digest_of(layer.encode())


def packed(layer: str) -> str:
    return digest_of(f"{layer}, compressed".encode())


def asked(memory: Any, *names: str, platform: tuple[str, str] = AMD64, have: tuple[str, ...] = ()) -> Any:
    """What is missing of images; `have` are the layers of one image that is there, lowest first."""
    chains = set(chain_ids([unpacked(each) for each in have]))
    return ask_what_is_missing(memory, [Reference.parse(name) for name in names], platform, chains)


def test_a_shared_layer_counts_once_with_the_first() -> None:
    memory = Memory()
    memory.put("a/java:1", "base", "java")
    memory.put("a/ruby:1", "base", "ruby", "base")
    missing = asked(memory, "a/java:1", "a/ruby:1")
    assert missing.bytes == 123
    assert [missing.bytes_of(Reference.parse(name)) for name in ("a/java:1", "a/ruby:1")] == [120, 3]


def test_a_layer_is_there_only_with_those_below_it() -> None:
    memory = Memory()
    memory.put("a/java:1", "base", "tools", "java")
    assert asked(memory, "a/java:1", have=("base", "tools", "ruby")).bytes == 20
    assert asked(memory, "a/java:1", have=("tools", "java")).bytes == 127
    assert asked(memory, "a/java:1", have=("base", "tools", "java")).bytes == 0


def test_the_engines_platform_counts() -> None:
    memory = Memory()
    amd, v6, v7, arm64 = (memory.put(f"a/{each}:1", each) for each in ("java", "ruby", "tools", "base"))
    memory.put_index(
        "a/all:1", linux_arm_v6=v6, linux_arm_v7=v7, linux_amd64=amd, linux_amd64_v3=v6, linux_arm64_v8=arm64
    )
    sizes = {
        each: asked(memory, "a/all:1", platform=("linux", each)).bytes for each in ("amd64", "arm", "arm64")
    }
    assert sizes == {"amd64": 20, "arm": 7, "arm64": 100}
    absent = asked(memory, "a/all:1", platform=("linux", "s390x")).unknown
    assert [error.message for error in absent.values()] == ["a/all:1: it has no image for linux/s390x"]


def test_one_that_nobody_knows_hides_no_other() -> None:
    memory = Memory()
    memory.put("a/java:1", "java")
    missing = asked(memory, "a/absent:1", "a/java:1")
    assert missing.bytes == 20
    assert missing.bytes_of(Reference.parse("a/absent:1")) is None


def test_a_tally_counts_each_layer_once() -> None:
    memory = Memory()
    memory.put("a/java:1", "base", "java")
    tally = Tally(asked(memory, "a/java:1"))
    base, java = (packed(each)[7:19] for each in ("base", "java"))
    said = [
        (base, 40),
        (java, None),
        (base, 90),
        (base, None),
        (base, 30),
        (base, None),
        ("1: Pulling", None),
    ]
    assert [tally.heard(*each) for each in said] == [40, 60, 110, 120, 120, 120, 120]
