"""An OCI image layout in a tar file: whole at every moment, the same bytes each time, nothing left behind."""

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import OCI_INDEX, digest_of
from lsp_assembler.oci.image import Image, data_image, descriptor, index
from lsp_assembler.stores.daemonless.archive import OciArchive
from lsp_assembler.stores.daemonless.push import NewImage, push

NAME = Reference.parse("ltf/java:LSP")
LABELS = {CREATED_LABEL: "2026-11-21T03:34:00Z"}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is unpacked is gone at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out/lsp.tar"


def image(text: str = "42") -> Image:
    return data_image(Tree.of({"start_point/hiker.txt": File(text.encode())}), LABELS)


def put(file: Path, *names: str, text: str = "42") -> None:
    archive = OciArchive(file, "oci-archive:lsp.tar")
    references = [Reference.parse(name) for name in names]
    try:
        push(NewImage((image(text),), ("linux/amd64",)), archive, archive, references)
    finally:
        archive.close()


def listing(file: Path) -> Any:
    """What an older `docker load` goes by."""
    with tarfile.open(file) as tar:
        stream = tar.extractfile("manifest.json")
        assert stream
        return json.load(stream)


def tar_of(file: Path, *members: tuple[tarfile.TarInfo, bytes]) -> None:
    file.parent.mkdir(exist_ok=True)
    with tarfile.open(file, "w") as tar:
        for member, data in members:
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_what_is_written_can_be_read(file: Path) -> None:
    put(file, str(NAME))
    archive = OciArchive(file, "oci-archive:lsp.tar")
    assert archive.digest(NAME) == archive.manifest(NAME).digest == image().digest
    archive.close()
    assert [path.name for path in file.parent.iterdir()] == ["lsp.tar"]
    assert file.stat().st_mode & 0o777 == 0o644


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "1.tar", tmp_path / "2.tar"
    for file in (first, second):
        put(file, str(NAME))
        put(file, "ltf/other:1", text="other")
    assert first.read_bytes() == second.read_bytes()


def test_older_docker_finds_every_name(file: Path) -> None:
    put(file, "ltf/java:LSP", "docker.io/library/busybox", "localhost:5000/x/y:1")
    put(file, "ltf/other:1", text="other")
    assert [entry["RepoTags"] for entry in listing(file)] == [
        ["ltf/java:LSP", "busybox:latest", "localhost:5000/x/y:1"],
        ["ltf/other:1"],
    ]
    with tarfile.open(file) as tar:
        names = set(tar.getnames())
    for entry in listing(file):
        assert {entry["Config"], *entry["Layers"]} <= names


def test_older_docker_gets_the_first_platform_of_an_index(file: Path) -> None:
    images = (image("one"), image("two"))
    document = index([(each, {"os": "linux"}) for each in images], {})
    archive = OciArchive(file, "oci-archive:lsp.tar")
    push(NewImage(images, ("a", "b"), document), archive, archive, (NAME,))
    archive.close()
    (entry,) = listing(file)
    assert entry["Config"] == f"blobs/{digest_of(images[0].config).replace(':', '/')}"


def test_what_others_put_there_stays_and_is_no_hindrance(file: Path) -> None:
    unnamed = descriptor(OCI_INDEX, b"{}")
    absent = {**unnamed, "annotations": {"org.opencontainers.image.ref.name": "ltf/absent:1"}}
    pinned = f"ltf/x@sha256:{'0' * 64}"
    digested = {**unnamed, "annotations": {"org.opencontainers.image.ref.name": pinned}}
    entries = [unnamed, absent, digested]
    top = json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
    tar_of(file, (tarfile.TarInfo("index.json"), top))
    put(file, str(NAME))
    with tarfile.open(file) as tar:
        stream = tar.extractfile("index.json")
        assert stream
        assert json.load(stream)["manifests"][:3] == entries
    assert [entry["RepoTags"] for entry in listing(file)] == [["ltf/java:LSP"]]


def test_only_the_files_of_a_layout_come_out(file: Path, tmp_path: Path) -> None:
    link = tarfile.TarInfo(f"blobs/sha256/{'1' * 64}")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard = tarfile.TarInfo(f"blobs/sha256/{'2' * 64}")
    hard.type, hard.linkname = tarfile.LNKTYPE, "index.json"
    odd = ["../escaped", str(tmp_path / "escaped"), "blobs/sha256/../../escaped", "blobs/sha256/x", "other"]
    members = [(tarfile.TarInfo(name), b"x") for name in odd]
    tar_of(file, (tarfile.TarInfo("./index.json"), b'{"manifests": []}'), (link, b""), (hard, b""), *members)
    archive = OciArchive(file, "oci-archive:lsp.tar")
    unpacked = Path(tempfile.gettempdir())
    assert [path.name for path in unpacked.rglob("*") if path.is_file() or path.is_symlink()] == [
        "index.json"
    ]
    archive.close()
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize(
    ("member", "fact", "remedy"),
    [
        (
            "manifest.json",
            "it is in the format of older engines' 'docker save'",
            "skopeo copy docker-archive:",
        ),
        (
            "./manifest.json",
            "it is in the format of older engines' 'docker save'",
            "skopeo copy docker-archive:",
        ),
        ("letters/mine.txt", "there is no index.json in it", "Check the path."),
    ],
)
def test_archive_of_another_kind_is_neither_read_nor_overwritten(
    file: Path, member: str, fact: str, remedy: str
) -> None:
    tar_of(file, (tarfile.TarInfo(member), b"[]"))
    before = file.read_bytes()
    with pytest.raises(FetchError) as caught:
        put(file, str(NAME))
    assert caught.value.kind == "unreadable"
    assert caught.value.message.startswith(f"oci-archive:lsp.tar: {fact}")
    assert remedy in caught.value.remedy
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"no tar" * 200, b"\x1f\x8b" + bytes(600)])
def test_file_that_is_no_archive(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(FetchError, match="expected an OCI image layout in a tar file") as caught:
        OciArchive(file, "oci-archive:lsp.tar")
    assert caught.value.kind == "unreadable"
    assert file.read_bytes() == content


def test_archive_that_ends_early(file: Path) -> None:
    put(file, str(NAME))
    file.write_bytes(file.read_bytes()[:1000])
    try:
        archive = OciArchive(file, "oci-archive:lsp.tar")
    except FetchError:
        return
    with pytest.raises(FetchError):
        archive.manifest(NAME)
    archive.close()


def test_directory_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="Is a directory"):
        OciArchive(tmp_path, "oci-archive:lsp.tar")


def test_signal_while_unpacking_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(BaseException):
        pass

    def interrupted(*_: object, **__: object) -> None:
        raise Interrupted

    put(file, str(NAME))
    monkeypatch.setattr(tarfile, "open", interrupted)
    with pytest.raises(Interrupted):
        OciArchive(file, "oci-archive:lsp.tar")


def test_failed_writing_leaves_the_old_archive(file: Path) -> None:
    put(file, str(NAME))
    before = file.read_bytes()
    archive = OciArchive(file, "oci-archive:lsp.tar")
    file.unlink()
    file.mkdir()
    (file / "in the way").write_bytes(b"")
    with pytest.raises(PublishError, match=r"oci-archive:lsp\.tar: cannot write it "):
        push(NewImage((image("new"),), ("x",)), archive, archive, (NAME,))
    archive.close()
    assert [path.name for path in file.parent.iterdir()] == ["lsp.tar"]
    assert before


def test_nothing_is_written_before_a_name(file: Path) -> None:
    archive = OciArchive(file, "oci-archive:lsp.tar")
    archive.put_blob(NAME, b"blob")
    archive.close()
    assert not file.exists()
