"""What forbids publishing, and the order in which names appear: nobody ever sees half."""

import os
import re
from pathlib import Path

import pytest

from lsp_assembler.checkout.pack import Pack, PackOptions, pack
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST, StartPointType
from lsp_assembler.oci.documents import OCI_MANIFEST, digest_of
from lsp_assembler.oci.layers import Limits
from lsp_assembler.operations.push_packs import PackJob, PushOptions, language_tag, push_packs, refusals
from lsp_assembler.stores.daemonless.store import DaemonlessStore, RegistryStore
from tests.checkouts import commit, without_ci, write
from tests.unit.stores.daemonless.memory import MemoryContents

ANY = PushOptions(force=True, allow_dirty=True)


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_ci(monkeypatch)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


def made(folder: Path, name: str, text: str = "42") -> Pack:
    """A checkout of org/NAME, packed with the tag 1."""
    body = f'{{"display_name": "{name}", "image_name": "org/{name}"}}'
    write(folder / name, {MANIFEST: body, "start_point/hiker.txt": text})
    return pack(folder / name, StartPointType.LANGUAGES, Limits(), {}, PackOptions(version="1"))


def store(contents: MemoryContents, name: str = "oci:layout") -> DaemonlessStore:
    kind = RegistryStore if name == "registry" else DaemonlessStore
    return kind(name, contents, contents, Limits())


def tags(contents: MemoryContents) -> list[str]:
    """The names in the order in which they were given."""
    return [line for line in contents.log if line.startswith("tag ")]


def facts(orders: list[PackJob], where: DaemonlessStore, options: PushOptions) -> list[str]:
    return [re.split("[;\n]", each.message)[0] for each in refusals(orders, where, options)]


def test_language_images_come_first_and_moving_names_last(tmp_path: Path) -> None:
    contents = MemoryContents()
    packs = [made(tmp_path, name) for name in ("a", "b")]
    for each in packs:
        contents.put_manifest(each.language_image.with_tag("latest"), OCI_MANIFEST, each.image.manifest)
    contents.log.clear()
    orders = [PackJob(index, each, language_tag(each, None)) for index, each in enumerate(packs)]
    assert refusals(orders, store(contents), PushOptions()) == ()
    published, failed = push_packs(orders, store(contents))
    assert failed == ()
    assert [each.names for each in published] == [(f"org/{n}:LSP-1", f"org/{n}:LSP") for n in ("a", "b")]
    assert [each.digest for each in published] == [each.image.digest for each in packs]
    assert tags(contents) == ["tag 1"] * 2 + ["tag LSP-1"] * 2 + ["tag LSP"] * 2


@pytest.mark.parametrize("refused", ["LSP", "LSP-1", "layer"])
def test_no_moving_name_moves_if_anything_fails(tmp_path: Path, refused: str) -> None:
    contents = MemoryContents()
    push_packs([PackJob(0, made(tmp_path, "a"))], store(contents))
    before = contents.digest(Reference.parse("org/a:LSP"))
    orders = [PackJob(0, made(tmp_path, "a", "43")), PackJob(1, made(tmp_path, "b"))]
    contents.refused = refused
    if refused == "layer":
        contents.refused = digest_of(orders[1].pack.image.layer)
    published, failed = push_packs(orders, store(contents))
    assert published == ()
    assert {each.kind for each in failed} == {"not-published"}
    assert contents.digest(Reference.parse("org/a:LSP")) == before
    assert contents.digest(Reference.parse("org/b:LSP")) is None


def test_everything_that_forbids_it_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    contents = MemoryContents()
    push_packs([PackJob(0, made(tmp_path, "a"))], store(contents))
    contents.log.clear()
    first, second = made(tmp_path, "a", "43"), made(tmp_path / "more", "a", "44")
    orders = [PackJob(0, first, language_tag(first, None)), PackJob(1, second)]
    old = contents.digest(Reference.parse("org/a:LSP-1"))
    assert facts(orders, store(contents, "registry"), PushOptions()) == [
        f"org/a: {first.directory} and {second.directory} are both packed under this name",
        f"{first.directory}: no commit holds this content, so it must not go to a registry",
        f"{second.directory}: no commit holds this content, so it must not go to a registry",
    ]
    assert facts(orders, store(contents, "registry"), PushOptions(allow_dirty=True)) == [
        f"org/a: {first.directory} and {second.directory} are both packed under this name",
        f"org/a:LSP-1: it names {str(old)[:19]} already",
        "org/a:latest: the registry has no such image to tag as org/a:1",
        f"org/a:LSP-1: it names {str(old)[:19]} already",
    ]
    assert contents.log == []


def test_what_is_allowed_is_not_refused(tmp_path: Path) -> None:
    contents = MemoryContents()
    push_packs([PackJob(0, made(tmp_path, "a"))], store(contents))
    orders = [PackJob(0, made(tmp_path, "a", "43"))]
    assert facts(orders, store(contents, "registry"), ANY) == []
    assert len(facts(orders, store(contents, "registry"), PushOptions(force=True))) == 1
    assert len(facts(orders, store(contents, "registry"), PushOptions(allow_dirty=True))) == 1
    commit(tmp_path / "a")
    committed = pack(tmp_path / "a", StartPointType.LANGUAGES, Limits(), os.environ)
    assert facts([PackJob(0, committed)], store(contents, "registry"), PushOptions()) == []


def test_a_registry_tags_only_inside_a_repository(tmp_path: Path) -> None:
    contents, each = MemoryContents(), made(tmp_path, "a")
    other = Reference.parse("org/build:9")
    contents.put_manifest(other, OCI_MANIFEST, each.image.manifest)
    orders = [PackJob(0, each, language_tag(each, other))]
    assert facts(orders, store(contents, "registry"), ANY) == [
        (
            "org/build:9: it is in another repository than org/a:1, "
            "and a registry tags an image only in its own repository"
        )
    ]
    assert facts(orders, store(contents), ANY) == []
    same = [PackJob(0, each, language_tag(each, Reference.parse("docker.io/org/a:1")))]
    assert facts(same, store(contents, "registry"), ANY) == [
        "docker.io/org/a:1: the registry has no such image to tag as org/a:1"
    ]
