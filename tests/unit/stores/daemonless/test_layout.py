"""An OCI image layout on disk: found by name, verified when read, whole whoever writes at the same time."""

import json
import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import OCI_INDEX, OCI_MANIFEST, Descriptor, digest_of
from lsp_assembler.oci.image import data_image
from lsp_assembler.stores.daemonless.layout import OciLayout
from lsp_assembler.stores.daemonless.names import CONTAINERD_NAME, REF_NAME
from lsp_assembler.stores.daemonless.push import NewImage, push
from tests.unit.stores.daemonless.memory import MemoryContents

NAME = Reference.parse("ltf/java:LSP")
IMAGE = data_image(Tree.of({"start_point/hiker.txt": File(b"42")}), {CREATED_LABEL: "2026-11-21T03:34:00Z"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "layouts/lsp"


@pytest.fixture
def layout(folder: Path) -> OciLayout:
    return OciLayout(folder, "oci:lsp")


def put(layout: OciLayout, *names: str, text: str = "42") -> str:
    tree = Tree.of({"start_point/hiker.txt": File(text.encode())})
    image = data_image(tree, {CREATED_LABEL: "2026-11-21T03:34:00Z"})
    references = [Reference.parse(name) for name in names]
    return push(NewImage((image,), ("linux/amd64",)), layout, layout, references).digest


def entries(folder: Path) -> list[dict[str, Any]]:
    index = json.loads((folder / "index.json").read_bytes())
    assert index["schemaVersion"] == 2
    return list(index["manifests"])


def path_of(folder: Path, digest: str) -> Path:
    return folder / "blobs" / digest.replace(":", "/")


def test_what_is_written_can_be_read(layout: OciLayout, folder: Path) -> None:
    digest = put(layout, "ltf/java:LSP", "ltf/java:LSP-4edf92a")
    assert digest == IMAGE.digest
    assert layout.digest(NAME) == digest
    document = layout.manifest(NAME)
    assert document.digest == digest
    assert layout.manifest(NAME.with_digest(digest)).data == document.data
    assert json.loads((folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    assert [entry["annotations"][REF_NAME] for entry in entries(folder)] == [
        "ltf/java:LSP",
        "ltf/java:LSP-4edf92a",
    ]
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o644}


@pytest.mark.parametrize(
    "same", ["busybox", "busybox:latest", "docker.io/busybox", "index.docker.io/library/busybox:latest"]
)
def test_names_are_equal_when_their_canonical_spellings_are(
    layout: OciLayout, folder: Path, same: str
) -> None:
    digest = put(layout, "docker.io/library/busybox:latest")
    assert layout.digest(Reference.parse(same)) == digest
    put(layout, same, text="another")
    assert len(entries(folder)) == 1
    assert layout.digest(Reference.parse("busybox")) != digest


@pytest.mark.parametrize("other", ["busybox:1", "x/busybox", "localhost/busybox", "quay.io/library/busybox"])
def test_other_names_are_others(layout: OciLayout, other: str) -> None:
    put(layout, "busybox")
    assert layout.digest(Reference.parse(other)) is None
    with pytest.raises(FetchError) as caught:
        layout.manifest(Reference.parse(other))
    assert caught.value.kind == "not-found"
    assert str(caught.value).startswith(
        f"{other}: no such image in oci:lsp, which has docker.io/library/busybox:latest\n"
    )


def test_many_names_are_not_all_listed(layout: OciLayout) -> None:
    put(layout, *(f"ltf/java:{number}" for number in range(7)))
    with pytest.raises(FetchError, match=r"which has .*:0, .*:1, .*:2, .*:3, .*:4 and 2 more"):
        layout.manifest(NAME)


def test_layout_that_is_not_there_has_no_images_and_is_not_made(layout: OciLayout, folder: Path) -> None:
    assert layout.digest(NAME) is None
    with pytest.raises(FetchError, match="no such image in oci:lsp, which has no images"):
        layout.manifest(NAME)
    assert not folder.exists()


def test_digest_that_is_not_there(layout: OciLayout) -> None:
    put(layout, str(NAME))
    absent = NAME.with_digest(f"sha256:{'0' * 64}")
    assert layout.digest(absent) is None
    with pytest.raises(FetchError, match="no such image"):
        layout.manifest(absent)


@pytest.mark.parametrize(
    "index",
    [
        "",
        "{",
        "[]",
        "null",
        "5",
        '"x"',
        "{}",
        '{"manifests": {}}',
        '{"manifests": null}',
        "[" * 100_000,
        "\x00",
    ],
)
def test_malformed_index_is_an_error_and_stays_as_it_is(layout: OciLayout, folder: Path, index: str) -> None:
    folder.mkdir(parents=True)
    (folder / "index.json").write_text(index)
    for ask in (layout.manifest, layout.digest):
        with pytest.raises(FetchError, match=r"ltf/java:LSP: in oci:lsp: its index\.json ") as caught:
            ask(NAME)
        assert caught.value.kind == "corrupt"
    with pytest.raises(PublishError, match=r"its index.json .*; expected that of an OCI image layout"):
        layout.put_manifest(NAME, OCI_MANIFEST, IMAGE.manifest)
    assert (folder / "index.json").read_text() == index


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:../../../../etc/passwd",
        "../../etc/passwd",
        f"sha256:{'A' * 64}",
        f"sha256/{'0' * 64}",
        "sha256:",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        5,
        None,
    ],
)
def test_digests_are_no_paths(layout: OciLayout, folder: Path, digest: object) -> None:
    folder.mkdir(parents=True)
    entry = {"mediaType": OCI_MANIFEST, "digest": digest, "size": 5, "annotations": {REF_NAME: str(NAME)}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    with pytest.raises(FetchError, match="is not a digest, such as sha256"):
        layout.manifest(NAME)


@pytest.mark.parametrize("strange", [5, None, [], "x", {"annotations": 5}, {"annotations": {REF_NAME: 5}}])
def test_strange_entries_are_no_images(layout: OciLayout, folder: Path, strange: object) -> None:
    folder.mkdir(parents=True)
    (folder / "index.json").write_text(json.dumps({"manifests": [strange]}))
    assert layout.digest(NAME) is None
    put(layout, str(NAME))
    assert layout.digest(NAME) == IMAGE.digest


def test_what_others_put_there_stays(layout: OciLayout, folder: Path) -> None:
    folder.mkdir(parents=True)
    unnamed = {"mediaType": OCI_MANIFEST, "digest": f"sha256:{'1' * 64}", "size": 5}
    odd = {**unnamed, "annotations": {REF_NAME: "UPPER CASE", "x": "y"}, "platform": {"os": "linux"}}
    index = {"schemaVersion": 2, "manifests": [unnamed, odd], "annotations": {"whose": "theirs"}}
    (folder / "index.json").write_text(json.dumps(index))
    put(layout, str(NAME))
    assert entries(folder)[:2] == [unnamed, odd]
    assert json.loads((folder / "index.json").read_bytes())["annotations"] == {"whose": "theirs"}


def renamed(folder: Path, *annotations: dict[str, str] | None) -> None:
    """Give the entries of the layout these annotations in place of theirs."""
    index = json.loads((folder / "index.json").read_bytes())
    for entry, its_own in zip(index["manifests"], annotations, strict=True):
        entry["annotations"] = its_own
    (folder / "index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    "annotations",
    [
        {CONTAINERD_NAME: "docker.io/ltf/java:LSP", REF_NAME: "LSP"},  # docker save, ctr, BuildKit
        {CONTAINERD_NAME: "docker.io/ltf/java:LSP"},
        {CONTAINERD_NAME: "docker.io/ltf/java:LSP", REF_NAME: "quay.io/other/name:1"},
        {REF_NAME: "docker.io/ltf/java:LSP"},  # podman
        {REF_NAME: "ltf/java:LSP"},  # skopeo
        {REF_NAME: "ltf/java:LSP", CONTAINERD_NAME: "NOT A NAME"},
        {REF_NAME: "LSP"},  # skopeo, too
    ],
)
def test_names_that_other_tools_give(layout: OciLayout, folder: Path, annotations: dict[str, str]) -> None:
    digest = put(layout, str(NAME))
    renamed(folder, annotations)
    assert layout.digest(NAME) == digest
    assert layout.manifest(NAME).digest == digest
    assert layout.digest(NAME.with_tag("LSP-1")) is None
    assert layout.digest(NAME.with_tag("")) is None


def test_a_tag_that_is_a_full_name_counts_as_that_first(layout: OciLayout, folder: Path) -> None:
    java, latest = put(layout, "ltf/java:latest"), put(layout, "a/b:1", text="another")
    renamed(folder, {CONTAINERD_NAME: "docker.io/ltf/java:latest", REF_NAME: "latest"}, {REF_NAME: "latest"})
    assert layout.digest(Reference.parse("ltf/java")) == java
    assert layout.digest(Reference.parse("latest")) == latest
    assert layout.digest(Reference.parse("ltf/ruby")) == latest
    assert layout.tags(Reference.parse("ltf/java")) == ["latest"]


def test_a_tag_that_two_images_have_names_neither(layout: OciLayout, folder: Path) -> None:
    put(layout, "a/b:LSP")
    put(layout, "c/d:LSP", text="another")
    renamed(folder, {REF_NAME: "LSP"}, {REF_NAME: "LSP"})
    with pytest.raises(FetchError) as caught:
        layout.manifest(NAME)
    assert caught.value.message == (
        "ltf/java:LSP: no such image in oci:lsp, which has an image with the tag LSP and no name"
    )
    assert "A tag without a name will do where only one image has it" in caught.value.remedy


def test_a_tag_is_the_name_of_an_image_of_one_repository(folder: Path) -> None:
    digest = put(OciLayout(folder, "oci:lsp"), "a/b:LSP")
    renamed(folder, {REF_NAME: "LSP"})
    java, ruby = Reference.parse("ltf/java:LSP"), Reference.parse("ltf/ruby:LSP")
    layout = OciLayout(folder, "oci:lsp")
    layout.expect((java, java.with_tag("LSP-1"), Reference.parse("docker.io/ltf/java:LSP")))
    assert layout.digest(java) == digest
    layout = OciLayout(folder, "oci:lsp")
    layout.expect((java, ruby))
    assert layout.digest(java) is None
    assert layout.digest(ruby) is None
    layout = OciLayout(folder, "oci:lsp")
    assert layout.digest(java) == digest
    with pytest.raises(FetchError, match="only one repository's is read"):
        layout.manifest(ruby)


def test_who_has_a_name_is_no_rival_for_a_tag(layout: OciLayout, folder: Path) -> None:
    java, ruby = Reference.parse("ltf/java:LSP"), Reference.parse("ltf/ruby:LSP")
    digests = put(layout, str(java)), put(layout, str(ruby), text="another")
    renamed(folder, {CONTAINERD_NAME: str(java), REF_NAME: "LSP"}, {REF_NAME: "LSP"})
    layout.expect((java, ruby))
    assert (layout.digest(java), layout.digest(ruby)) == digests


def test_images_without_a_name_are_listed(layout: OciLayout, folder: Path) -> None:
    digest = put(layout, str(NAME))
    renamed(folder, None)
    with pytest.raises(FetchError, match=f"which has an image without a name, {digest}\n"):
        layout.manifest(NAME)
    assert layout.manifest(NAME.with_digest(digest)).digest == digest


def test_a_name_that_is_given_takes_it_from_whoever_had_it(layout: OciLayout, folder: Path) -> None:
    put(layout, str(NAME))
    renamed(folder, {CONTAINERD_NAME: "docker.io/ltf/java:LSP", REF_NAME: "LSP"})
    digest = put(layout, str(NAME), text="another")
    assert layout.digest(NAME) == digest
    assert len(entries(folder)) == 1


def test_damaged_documents_and_blobs_are_corrupt(layout: OciLayout, folder: Path) -> None:
    digest = put(layout, str(NAME))
    blob = Descriptor.of("", IMAGE.layer)
    path_of(folder, blob.digest).write_bytes(b"x" * len(IMAGE.layer))
    with pytest.raises(FetchError, match=f"the bytes of {blob.digest} have digest sha256:") as caught:
        layout.blob(NAME, blob, 10**6)
    assert caught.value.kind == "corrupt"
    path_of(folder, blob.digest).write_bytes(IMAGE.layer[:-1])
    with pytest.raises(FetchError, match="ends after"):
        b"".join(layout.stream(NAME, blob))
    path_of(folder, blob.digest).write_bytes(IMAGE.layer + b"x")
    with pytest.raises(FetchError, match="has more than"):
        layout.blob(NAME, blob, 10**6)
    path_of(folder, digest).write_bytes(b"{}")
    with pytest.raises(FetchError, match=f"the bytes of {digest} have digest"):
        layout.manifest(NAME)


def test_blob_over_the_limit_is_not_read(layout: OciLayout) -> None:
    blob = Descriptor("", f"sha256:{'0' * 64}", 1001)
    with pytest.raises(FetchError, match="has 1,001 bytes; at most 1,000 are accepted") as caught:
        layout.blob(NAME, blob, 1000)
    assert caught.value.kind == "too-large"


def test_missing_blob_is_not_found(layout: OciLayout) -> None:
    with pytest.raises(FetchError, match="ltf/java:LSP: in oci:lsp:") as caught:
        layout.blob(NAME, Descriptor("", f"sha256:{'0' * 64}", 5), 1000)
    assert caught.value.kind == "not-found"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_documents_without_a_media_type_are_known_by_what_they_hold(
    layout: OciLayout, folder: Path, algorithm: str
) -> None:
    descriptor = {"mediaType": "", "digest": f"sha256:{'0' * 64}", "size": 5}
    image = json.dumps({"schemaVersion": 2, "config": descriptor, "layers": []}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    for data, expected in ((image, OCI_MANIFEST), (index, OCI_INDEX)):
        digest = digest_of(data, algorithm)
        path_of(folder, digest).parent.mkdir(parents=True, exist_ok=True)
        path_of(folder, digest).write_bytes(data)
        document = layout.manifest(NAME.with_digest(digest))
        assert (document.media_type, document.digest) == (expected, digest)


@pytest.mark.parametrize("in_the_way", ["blobs", "index.json", "blobs/sha256"])
def test_layout_that_cannot_be_written(layout: OciLayout, folder: Path, in_the_way: str) -> None:
    path = folder / in_the_way
    path.parent.mkdir(parents=True)
    if in_the_way == "index.json":
        path.mkdir()
    else:
        path.write_text("")
    with pytest.raises(PublishError, match="cannot write to oci:lsp "):
        layout.put_manifest(NAME, OCI_MANIFEST, IMAGE.manifest)
    assert not list(folder.rglob(".lsp-assembler.*"))


def test_file_in_place_of_the_layout(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    layout = OciLayout(tmp_path / "file", "oci:file")
    with pytest.raises(FetchError) as caught:
        layout.manifest(NAME)
    assert caught.value.kind == "unreadable"
    with pytest.raises(PublishError, match="cannot write to oci:file"):
        layout.put_blob(NAME, b"")


def test_blob_is_taken_once_and_from_anywhere(layout: OciLayout, folder: Path) -> None:
    source, blob = MemoryContents(), Descriptor.of("", b"base layer")
    source.blobs[blob.digest] = b"base layer"
    layout.copy_blob(source, NAME, NAME, blob)
    assert path_of(folder, blob.digest).read_bytes() == b"base layer"
    source.blobs.clear()
    layout.copy_blob(source, NAME, NAME, blob)


class Breaking(MemoryContents):
    """Breaks off in the middle of a blob."""

    def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        del descriptor
        yield b"half of"
        raise FetchError(f"{reference}: it broke off", kind="unavailable")


def test_half_a_blob_is_none(layout: OciLayout, folder: Path) -> None:
    with pytest.raises(PublishError, match="it broke off"):
        layout.copy_blob(Breaking(), NAME, NAME, Descriptor.of("", b"half of it"))
    assert [path for path in folder.rglob("*") if path.is_file()] == []


class Stalling(MemoryContents):
    """Sends half a blob, and the other half when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        del reference, descriptor
        yield b"half"
        self.begun.set()
        assert self.go_on.wait(60)
        yield b"half"


def test_closing_removes_what_threads_have_not_finished(layout: OciLayout, folder: Path) -> None:
    source, errors = Stalling(), list[PublishError]()

    def take() -> None:
        try:
            layout.copy_blob(source, NAME, NAME, Descriptor.of("", b"halfhalf"))
        except PublishError as error:
            errors.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    assert source.begun.wait(60)
    assert len(list(folder.rglob(".lsp-assembler.*"))) == 1
    layout.close()
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    source.go_on.set()
    thread.join()
    assert len(errors) == 1
    with pytest.raises(PublishError, match="the store was closed"):
        layout.put_blob(NAME, b"late")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def _put_some(folder: Path, who: int) -> None:
    layout = OciLayout(folder, "oci:lsp")
    for number in range(12):
        put(layout, f"ltf/by-{who}:{number}", text=f"{who} {number}")


def test_processes_that_write_at_the_same_time_lose_nothing(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_put_some, args=(folder, who)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert {entry["annotations"][REF_NAME] for entry in entries(folder)} == {
        f"ltf/by-{who}:{number}" for who in range(3) for number in range(12)
    }
    layout = OciLayout(folder, "oci:lsp")
    for entry in entries(folder):
        layout.manifest(Reference.parse(entry["annotations"][REF_NAME]))
