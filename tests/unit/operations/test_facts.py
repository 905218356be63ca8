"""What is found out of language images: dates, newer tags, what attests to them, and failures."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.model.dates import epoch_of
from lsp_assembler.model.policy import Attestation, LanguageImage, NewerTag
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import (
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    ImageIndex,
    digest_of,
    parse_document,
)
from lsp_assembler.operations.facts import Facts, Wanted
from tests.unit.stores.daemonless.memory import MemoryContents

TODAY = date(2026, 11, 26)
NOON = "2026-10-02T12:00:00Z"
SBOM, PROVENANCE = Attestation("SBOM", date(2026, 10, 2)), Attestation("provenance", date(2026, 10, 2))
IN_TOTO = "application/vnd.in-toto+json"
SPDX, SLSA_1, SLSA_02 = (
    "https://spdx.dev/Document",
    "https://slsa.dev/provenance/v1",
    "https://slsa.dev/provenance/v0.2",
)


class World(MemoryContents):
    """Registries in memory: images by name, all tags, and what refers to images."""

    def __init__(self) -> None:
        super().__init__()
        self.referring: dict[str, ImageIndex] = {}
        self.silent: set[str] = set()
        self.gone: list[str] = []

    def put(self, name: str, created: str | None, **more: Any) -> Descriptor:
        """An image that says when it was made; every one is different."""
        config = {"rootfs": {"type": "layers", "diff_ids": []}, "id": name, **more}
        return self.put_image(name, config={**config, "created": created} if created else config)

    def tags(self, repository: Reference) -> list[str]:
        if repository.path in self.silent:
            raise FetchError(f"{repository.name}: no bytes for 30 s", kind="timeout")
        return [*super().tags(repository), *self.gone]

    def referrers(self, image: Reference) -> ImageIndex | None:
        return self.referring.get(image.digest)


def facts(
    world: World, *names: str, tags: bool = False, attestations: bool = False
) -> list[LanguageImage | FetchError]:
    wanted = Wanted(tags=tags, attestations=attestations)
    return Facts(world, world, world, 4).of([Reference.parse(name) for name in names], wanted, TODAY)


def known(answer: LanguageImage | FetchError) -> LanguageImage:
    assert isinstance(answer, LanguageImage)
    return answer


@pytest.fixture
def world() -> World:
    return World()


def test_the_date_is_that_of_the_configuration_and_of_no_label(world: World) -> None:
    label = {"Labels": {"org.opencontainers.image.created": "2026-11-01T00:00:00Z"}}
    dated = world.put("a/b:1a2b3c4", "2026-10-01T12:00:00.123456789Z", config=label)
    world.put("a/b:2a2b3c4", None, config=label)
    first, second = map(known, facts(world, "a/b:1a2b3c4", "a/b:2a2b3c4"))
    assert (first.created, first.digests) == (epoch_of("2026-10-01T12:00:00Z"), (dated.digest,))
    assert second.created is None


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("2026-10-01T00:00:00Z", "2026-09-01T00:00:00Z"), "2026-09-01T00:00:00Z"),
        (("2026-10-01T00:00:00Z", "1970-01-01T00:00:00Z"), "1970-01-01T00:00:00Z"),
        (("2026-10-01T00:00:00Z", None), None),
    ],
)
def test_of_several_platforms_the_oldest_counts(
    world: World, dates: Sequence[str | None], expected: str | None
) -> None:
    entries = [world.put(f"a/b:{number}", created) for number, created in enumerate(dates)]
    platforms = [{"os": "linux", "architecture": each} for each in ("amd64", "arm64")]
    index = world.put_index("a/b:1a2b3c4", list(zip(entries, platforms, strict=True)))
    (found,) = map(known, facts(world, "a/b:1a2b3c4"))
    assert found.created == epoch_of(expected)
    assert found.digests == (index, *(entry.digest for entry in entries))


def test_platforms_of_an_index_inside_an_index_are_known_by_their_digests(world: World) -> None:
    platform = {"os": "linux", "architecture": "amd64"}
    image = world.put("a/b:1", "2026-10-01T00:00:00Z")
    inner = world.put_index("a/b:2", [(image, platform)])
    size = len(world.documents[inner][1])
    outer = world.put_index("a/b:1a2b3c4", [(Descriptor(OCI_INDEX, inner, size), {})])
    (found,) = map(known, facts(world, "a/b:1a2b3c4"))
    assert found.digests == (outer, inner, image.digest)


def test_a_newer_tag_is_a_commit_and_made_later(world: World) -> None:
    world.put("a/b:1a2b3c4", "2026-10-01T00:00:00Z")
    world.put("a/b:2a2b3c4", "2026-11-01T00:00:00Z")
    world.put("a/b:0a2b3c4", "2026-11-02T00:00:00Z")
    for tag in ("latest", "LSP", "LSP-3a2b3c4", "1.2.3", "4a2b3c", "4A2B3C4"):
        world.put(f"a/b:{tag}", "2026-11-20T00:00:00Z")
    world.put("a/b:5a2b3c4", "2999-01-01T00:00:00Z")
    world.put("a/b:6a2b3c4", None)
    world.put("a/c:7a2b3c4", "2026-11-20T00:00:00Z")
    world.gone.append("8a2b3c4")
    first, newest, version = map(known, facts(world, "a/b:1a2b3c4", "a/b:0a2b3c4", "a/b:1.2.3", tags=True))
    assert first.newer == NewerTag("0a2b3c4", date(2026, 11, 2))
    assert newest.newer is None
    assert version.newer is None


def test_the_same_image_under_another_tag_is_not_newer(world: World) -> None:
    world.put("a/b:1a2b3c4", "2026-10-01T00:00:00Z")
    world.named["docker.io/a/b:latest"] = world.named["docker.io/a/b:1a2b3c4"]
    assert [known(each).newer for each in facts(world, "a/b:latest", "a/b", tags=True)] == [None, None]


@pytest.mark.parametrize("created", [None, "1980-01-01T00:00:00Z"])
def test_nothing_is_newer_than_what_has_no_date(world: World, created: str | None) -> None:
    world.put("a/b:1a2b3c4", created)
    world.put("a/b:2a2b3c4", "2026-11-01T00:00:00Z")
    world.put("a/b:3a2b3c4", "2026-11-02T00:00:00Z")
    undated, dated = map(known, facts(world, "a/b:1a2b3c4", "a/b:2a2b3c4", tags=True))
    assert undated.newer is None
    assert dated.newer == NewerTag("3a2b3c4", date(2026, 11, 2))


def test_a_failure_is_an_answer_of_its_own_image_only(world: World) -> None:
    world.put("a/b:1a2b3c4", "2026-10-01T00:00:00Z")
    world.put("a/silent:1a2b3c4", "2026-10-01T00:00:00Z")
    world.put("a/broken:1a2b3c4", "2026-10-01T00:00:00Z")
    world.put_image("a/broken:2a2b3c4", config=b"{}")
    world.silent.add("a/silent")
    names = ("a/b:1a2b3c4", "a/gone:1a2b3c4", "a/silent:1a2b3c4", "a/broken:1a2b3c4")
    fine, *failed = facts(world, *names, tags=True)
    assert known(fine).newer is None
    assert [str(each).partition("\n")[0] for each in failed] == [
        "a/gone:1a2b3c4: not found",
        "a/silent: no bytes for 30 s",
        "a/broken:2a2b3c4: its configuration is malformed",
    ]


def statement(world: World, predicate_type: str, predicate: Any) -> dict[str, Any]:
    """A layer of an attestation, as BuildKit writes it."""
    data = json.dumps({"predicateType": predicate_type, "predicate": predicate}).encode()
    world.blobs[digest_of(data)] = data
    annotations = {"in-toto.io/predicate-type": predicate_type}
    return {"mediaType": IN_TOTO, "digest": digest_of(data), "size": len(data), "annotations": annotations}


def by_buildkit(world: World, *layers: Mapping[str, Any]) -> None:
    """An image with attestations in its index, under the name a/b:1a2b3c4."""
    image = world.put("a/b:amd64", "2026-10-01T00:00:00Z")
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": image.digest, "size": 2}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers}
    data = json.dumps(document).encode()
    world.documents[digest_of(data)] = (OCI_MANIFEST, data)
    entries = [
        {"mediaType": OCI_MANIFEST, "digest": image.digest, "size": image.size}
        | {"platform": {"os": "linux", "architecture": "amd64"}},
        {"mediaType": OCI_MANIFEST, "digest": digest_of(data), "size": len(data)}
        | {"platform": {"os": "unknown", "architecture": "unknown"}}
        | {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
    ]
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
    world.put_manifest(Reference.parse("a/b:1a2b3c4"), OCI_INDEX, index)


@pytest.mark.parametrize(
    ("predicate_type", "predicate", "expected"),
    [
        (SPDX, {"creationInfo": {"created": "2026-10-01T23:00:00-05:00"}}, SBOM),
        ("https://cyclonedx.org/bom", {"metadata": {"timestamp": NOON}}, SBOM),
        (SLSA_1, {"runDetails": {"metadata": {"finishedOn": NOON}}}, PROVENANCE),
        (SLSA_02, {"metadata": {"buildStartedOn": NOON}}, PROVENANCE),
        (SPDX, {"creationInfo": "yesterday"}, Attestation("SBOM")),
        (SPDX, [], Attestation("SBOM")),
        (SPDX, {"padding": "x" * 1024 * 1024, "creationInfo": {"created": NOON}}, Attestation("SBOM")),
        ("https://example.org/scan", {"metadata": {"timestamp": NOON}}, None),
    ],
)
def test_what_buildkit_puts_into_an_index(
    world: World, predicate_type: str, predicate: Any, expected: Attestation | None
) -> None:
    by_buildkit(world, statement(world, predicate_type, predicate))
    (found,) = map(known, facts(world, "a/b:1a2b3c4", attestations=True))
    assert found.attestations == ((expected,) if expected else ())
    assert found.created == epoch_of("2026-10-01T00:00:00Z")


def test_what_refers_to_an_image(world: World) -> None:
    image = world.put("a/b:1a2b3c4", "2026-10-01T00:00:00Z")
    entry = {"mediaType": OCI_MANIFEST, "digest": image.digest, "size": image.size}
    created = {"org.opencontainers.image.created": "2026-10-05T00:00:00Z"}
    bundle = {"dev.sigstore.bundle.predicateType": SLSA_1}
    entries = [
        entry | {"artifactType": "application/vnd.cyclonedx+json", "annotations": created},
        entry | {"artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json", "annotations": bundle},
        entry | {"artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json", "annotations": created},
        entry,
    ]
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
    document = parse_document(index, OCI_INDEX)
    assert isinstance(document, ImageIndex)
    world.referring[image.digest] = document
    (found,) = map(known, facts(world, "a/b:1a2b3c4", attestations=True))
    assert found.attestations == (Attestation("SBOM", date(2026, 10, 5)), Attestation("provenance"))
