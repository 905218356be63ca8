"""A base and a recipe give the same image every time, for each platform, and the base is never unpacked."""

import json
from typing import Any

import pytest

from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.model.images import SCRATCH, BaseImage, Recipe
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import OCI_INDEX, digest_of
from lsp_assembler.oci.image import Layer
from lsp_assembler.stores.daemonless.append import Base, append, load_base, scratch
from tests.unit.stores.daemonless.memory import MemoryContents

BASE = Reference.parse("cyberdojo/start-points-base:df28e04")
TEMPLATE = 'FROM {}\nLABEL org.cyber-dojo.start-point="languages"\nCOPY . /app/repos\nENV PORT="4524"\n'
CONTEXT = Tree.of({"0/start_point/hiker.sh": File(b"42", executable=True)})
AMD64 = {"os": "linux", "architecture": "amd64"}
ARM64 = {"os": "linux", "architecture": "arm64", "variant": "v8"}
UNKNOWN = {"os": "unknown", "architecture": "unknown"}
RUNTIME = {"Env": ["SHA=df28e04"], "Labels": {"from": "base"}, "WorkingDir": "/app"}


def config(architecture: str, *layers: bytes, **keys: Any) -> dict[str, Any]:
    rootfs = {"type": "layers", "diff_ids": [digest_of(each) for each in layers]}
    return {"os": "linux", "architecture": architecture, "config": RUNTIME, "rootfs": rootfs, **keys}


def two_platforms() -> MemoryContents:
    contents = MemoryContents()
    shared = b"shared"
    images = [
        (
            contents.put_image(
                f"x/{name}", shared, name.encode(), config=config(name, shared, name.encode())
            ),
            platform,
        )
        for name, platform in (("amd64", AMD64), ("arm64", ARM64))
    ]
    attestation = contents.put_image("x/attestation", b"in-toto", config=config("unknown", b"in-toto"))
    contents.put_index(str(BASE), [*images, (attestation, UNKNOWN)])
    return contents


def recipe(base: Base, from_: str = str(BASE), name: str = str(BASE)) -> Recipe:
    digest = base.reference.digest if base.reference else ""
    image = BaseImage(name, digest, base.env, base.platforms)
    return Recipe(StartPointType.LANGUAGES, image, TEMPLATE.format(from_), CONTEXT)


def test_every_platform_gets_the_one_layer() -> None:
    contents = two_platforms()
    base = load_base(contents, BASE, ())
    assert base.platforms.keys() == {"linux/amd64", "linux/arm64/v8"}
    assert base.env == {"SHA": "df28e04"}
    made = append(base, recipe(base))

    layer = Layer.of(CONTEXT.under("app/repos"))
    assert made.platforms == ("linux/amd64", "linux/arm64/v8")
    assert {image.layer for image in made.images} == {layer.blob}
    assert [each.digest for each in made.base_layers] == [
        digest_of(data) for data in (b"shared", b"amd64", b"arm64")
    ]
    index = json.loads(made.index or b"")
    assert index["mediaType"] == OCI_INDEX
    assert [entry["platform"] for entry in index["manifests"]] == [AMD64, ARM64]
    assert [entry["digest"] for entry in index["manifests"]] == [image.digest for image in made.images]
    assert index["annotations"] == {
        "org.opencontainers.image.base.name": str(BASE),
        "org.opencontainers.image.base.digest": base.reference.digest if base.reference else "",
    }
    for image, name in zip(made.images, ("amd64", "arm64"), strict=True):
        found = json.loads(image.config)
        assert found["architecture"] == name
        below = [digest_of(data) for data in (b"shared", name.encode())]
        assert found["rootfs"]["diff_ids"] == [*below, layer.diff_id]
        assert found["config"]["Labels"] == {"from": "base", "org.cyber-dojo.start-point": "languages"}
        assert {"SHA=df28e04", "PORT=4524"} <= set(found["config"]["Env"])
        assert found["config"]["WorkingDir"] == "/app"
        assert json.loads(image.manifest)["annotations"] == index["annotations"]


def test_base_is_never_unpacked() -> None:
    contents = two_platforms()
    base = load_base(contents, BASE, ())
    append(base, recipe(base))
    layers = {f"get {digest_of(data)}" for data in (b"shared", b"amd64", b"arm64", b"in-toto")}
    assert layers.isdisjoint(contents.log)
    assert len(contents.log) == 2  # one configuration for each platform


def test_equal_input_gives_equal_images() -> None:
    bases = [load_base(two_platforms(), BASE, ()) for _ in range(2)]
    first, second = (append(base, recipe(base)) for base in bases)
    assert first.index == second.index


@pytest.mark.parametrize(
    ("wanted", "platforms"),
    [
        (("linux/amd64",), ("linux/amd64",)),
        (("linux/arm64/v8",), ("linux/arm64/v8",)),
        (("linux/arm64",), ("linux/arm64/v8",)),
        (("linux/arm64", "linux/amd64"), ("linux/amd64", "linux/arm64/v8")),
    ],
)
def test_platforms_narrow_the_index(wanted: tuple[str, ...], platforms: tuple[str, ...]) -> None:
    base = load_base(two_platforms(), BASE, wanted)
    made = append(base, recipe(base))
    assert made.platforms == platforms
    assert len(json.loads(made.index or b"")["manifests"]) == len(platforms)


@pytest.mark.parametrize("wanted", ["linux/arm", "linux/arm64/v7", "unknown/unknown", "x"])
def test_unknown_platform_names_what_there_is(wanted: str) -> None:
    with pytest.raises(FetchError) as caught:
        load_base(two_platforms(), BASE, (wanted, "linux/amd64"))
    assert caught.value.kind == "not-found"
    assert caught.value.message == (f"{BASE}: no image for {wanted}; it has linux/amd64, linux/arm64/v8")


def test_one_image_for_two_platforms_stays_so() -> None:
    contents = MemoryContents()
    image = contents.put_image("x/data", b"data", config=config("amd64", b"data"))
    contents.put_index(str(BASE), [(image, AMD64), (image, ARM64)])
    base = load_base(contents, BASE, ())
    made = append(base, recipe(base))
    assert made.platforms == ("linux/amd64", "linux/arm64/v8")
    assert [entry["platform"] for entry in json.loads(made.index or b"")["manifests"]] == [AMD64, ARM64]


def test_single_image_stays_one_and_platforms_are_checked() -> None:
    contents = MemoryContents()
    contents.put_image(str(BASE), b"base", config=config("arm64", b"base", variant="v8"))
    base = load_base(contents, BASE, ("linux/arm64",))
    made = append(base, recipe(base))
    assert (made.index, made.platforms) == (None, ("linux/arm64/v8",))
    with pytest.raises(FetchError, match="no image for linux/amd64; it has linux/arm64/v8"):
        load_base(contents, BASE, ("linux/amd64",))


def test_index_of_attestations_only_is_no_base() -> None:
    contents = MemoryContents()
    contents.put_index(str(BASE), [(contents.put_image("x/a", b"", config=config("x", b"")), UNKNOWN)])
    with pytest.raises(FetchError, match="its index lists no image"):
        load_base(contents, BASE, ())


def test_scratch_has_one_layer_and_no_base() -> None:
    made = append(scratch(), recipe(scratch(), SCRATCH, SCRATCH))
    (image,) = made.images
    manifest = json.loads(image.manifest)
    assert len(manifest["layers"]) == 1
    assert "annotations" not in manifest
    assert (made.base, made.base_layers, made.index, made.platforms) == (None, (), None, ("linux/amd64",))


@pytest.mark.parametrize("from_", [str(BASE), f"cyberdojo/start-points-base@sha256:{'{}'}"])
def test_name_or_the_digest_that_a_lock_pins(from_: str) -> None:
    base = load_base(two_platforms(), BASE, ())
    assert base.reference
    pinned = from_.format(base.reference.digest.removeprefix("sha256:"))
    assert append(base, recipe(base, pinned)).index


def test_another_base_in_the_template_is_refused() -> None:
    base = load_base(two_platforms(), BASE, ())
    with pytest.raises(InvalidInputError, match=r"it builds on 'debian:12' and not on \$base"):
        append(base, recipe(base, "debian:12"))


def test_what_docker_noted_of_the_bases_making_is_not_taken_over() -> None:
    contents = MemoryContents()
    notes = {"container": "x", "container_config": {}, "docker_version": "20.10", "id": "y", "parent": "z"}
    history = [{"created": "2026-01-01T00:00:00Z", "created_by": "base"}]
    contents.put_image(
        str(BASE), b"base", config=config("amd64", b"base", **notes, history=history, author="Ada")
    )
    base = load_base(contents, BASE, ())
    found = json.loads(append(base, recipe(base)).images[0].config)
    assert found.keys().isdisjoint(notes)
    assert found["author"] == "Ada"
    assert [each["created_by"] for each in found["history"]] == ["base", "lsp-assembler build"]
