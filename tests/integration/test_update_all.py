"""What `update --all` and `outdated` ask a registry that has 84 LSP images, each with many versions."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.registry import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, FakeRegistry, Reply
from tests.integration.support import NO_ENGINE, Tool

IMAGES, VERSIONS, BEHIND = 84, 30, 3


def commit(image: int, version: int) -> str:
    return f"{image:02x}{version:02x}abc"


def put(fake: FakeRegistry, image: int, version: int, *tags: str) -> None:
    """An image as `pack` makes it."""
    name = f"a/ltf{image}"
    revision = commit(image, version)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": fake.put_blob(name, OCI_CONFIG, b"{}"),
        "layers": [fake.put_blob(name, OCI_LAYER, b"")],
        "annotations": {
            "org.opencontainers.image.created": f"2026-11-{version % 28 + 1:02}T10:00:00Z",
            "org.opencontainers.image.revision": revision + "0" * 33,
            "org.opencontainers.image.title": f"Language {image}",
            "org.opencontainers.image.version": revision,
        },
    }
    for tag in tags:
        fake.put_manifest(name, tag, json.dumps(document).encode())


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeRegistry]:
    """84 images with 30 commits each."""
    with FakeRegistry() as fake:
        for image in range(IMAGES):
            for version in range(VERSIONS):
                newest = ("LSP",) if version == VERSIONS - 1 else ()
                put(fake, image, version, f"LSP-{commit(image, version)}", *newest)
        yield fake


def listed(fake: FakeRegistry, *, behind: int) -> str:
    """The text of an images.yml in which so many images have a newer version."""
    return "".join(
        f"- {fake.netloc}/a/ltf{image}:LSP-{commit(image, VERSIONS - 1 - (image < behind))}  # {image}\n"
        for image in range(IMAGES)
    )


def test_84_images_cost_few_requests_each_and_hardly_any_that_counts(
    fake: FakeRegistry, tmp_path: Path
) -> None:
    """Docker Hub counts what gets a manifest, but neither lists of tags nor what asks for a digest (HEAD)."""
    tool = Tool(tmp_path, NO_ENGINE)
    images = tool.write("images.yml", listed(fake, behind=BEHIND))
    outputs = []
    for command in (("outdated",), ("update", "--all", "--no-cache")):
        before = len(fake.seen)
        done = tool.run(*command, "--from", "registry")
        outputs.append(done.stdout)
        assert done.status == 0, done.output
        asked = Counter(
            "tags" if seen.path.endswith("/tags/list") else seen.method
            for seen in fake.seen[before:]
            if seen.path != "/v2/"
        )
        # Of each image the digests of LSP and of its own tag; of what is behind, both images, and a check.
        assert asked == {"tags": IMAGES, "HEAD": 2 * IMAGES + BEHIND, "GET": 2 * BEHIND}
    assert outputs[0].count("\nnewer\t") == BEHIND
    assert outputs[1].endswith(f"images.yml: {BEHIND} updated, {IMAGES - BEHIND} newest already\n")
    assert images.read_text() == listed(fake, behind=0)


def test_one_that_does_not_answer_leaves_the_file_as_it_is(fake: FakeRegistry, tmp_path: Path) -> None:
    tool = Tool(tmp_path, NO_ENGINE)
    before = listed(fake, behind=BEHIND)
    images = tool.write("images.yml", before)
    fake.always("/v2/a/ltf7/tags/list", Reply(status=403))
    for method in ("HEAD", "GET"):
        fake.always(f"/v2/a/ltf2/manifests/LSP-{commit(2, VERSIONS - 1)}", Reply(status=403), method=method)
    done = tool.run("update", "--all", "--from", "registry", "--no-cache")
    assert (done.status, done.stdout, images.read_text()) == (3, "", before)
    first, second, remedy = done.stderr.splitlines()
    assert first.startswith(f"error: {fake.netloc}/a/ltf2:LSP-{commit(2, VERSIONS - 1)}: ")
    assert second.startswith(f"error: {fake.netloc}/a/ltf7: ")
    assert remedy == "  images.yml stays as it is. To leave these out, name the images to update."
    done = tool.run("outdated", "--from", "registry")
    assert done.status == 3
    assert done.stdout.count("\nfailed\t") == 2
    assert "images.yml: 2 newer versions, 2 could not be asked." in done.stdout
