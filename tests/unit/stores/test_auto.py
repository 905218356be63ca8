"""Registries first, the engine for what only it has, and a word about both."""

import threading

import pytest

from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.model.labels import CREATED_LABEL, VERSION_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import OCI_MANIFEST
from lsp_assembler.oci.image import data_image
from lsp_assembler.oci.layers import Limits
from lsp_assembler.stores.auto import AutoSource, Listing
from lsp_assembler.stores.daemonless.store import DaemonlessStore, RegistryStore
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.stores.notes import Notes
from tests.unit.stores.daemonless.memory import MemoryContents

JAVA, RUBY, ABSENT = (Reference.parse(f"org/{name}:LSP") for name in ("java", "ruby", "absent"))


class Sources:
    """A registry with org/java, an engine with org/java and org/ruby, and what the user is told."""

    def __init__(self, listing: Listing | None = None, *, engine: bool = True) -> None:
        self.registry, self.engine = MemoryContents(), MemoryContents()
        self.digests = {
            name: put(contents, name)
            for contents, name in ((self.registry, JAVA), (self.engine, JAVA), (self.engine, RUBY))
        }
        self.opened = 0
        self.has_engine = engine
        self.told: list[str] = []
        registries = RegistryStore("registry", self.registry, self.registry, Limits())
        self.notes = Notes(self.told.append)
        self.auto = AutoSource(registries, self.open, lambda: listing or {}, self.notes)

    def close(self) -> None:
        self.auto.close()
        self.notes.close()

    def open(self) -> ImageSource:
        self.opened += 1
        if not self.has_engine:
            raise FetchError("Docker Engine: no answer", kind="unavailable")
        return DaemonlessStore("docker", self.engine, self.engine, Limits())


def put(contents: MemoryContents, name: Reference) -> str:
    tree = Tree.of({"start_point/name": File(str(name).encode())})
    made = data_image(tree, {CREATED_LABEL: "2026-11-21T03:34:00Z", VERSION_LABEL: "1"})
    for blob in (made.config, made.layer):
        contents.put_blob(name, blob)
    contents.put_manifest(name, OCI_MANIFEST, made.manifest)
    return made.digest


def test_what_a_registry_has_is_never_asked_of_the_engine() -> None:
    sources = Sources()
    assert sources.auto.fetch(JAVA).digest == sources.digests[JAVA]
    assert sources.auto.digest(JAVA) == sources.digests[JAVA]
    assert sources.auto.tags(JAVA) == ("LSP",)
    assert sources.auto.describe(JAVA).digest == sources.digests[JAVA]
    assert sources.auto.base(JAVA).digest == sources.digests[JAVA]
    sources.close()
    assert (sources.opened, sources.told) == (0, [])


def test_what_only_the_engine_has_comes_from_it_and_is_told_once() -> None:
    sources = Sources()
    assert sources.auto.fetch(RUBY).digest == sources.digests[RUBY]
    assert sources.auto.digest(RUBY) == sources.digests[RUBY]
    assert sources.auto.read(RUBY, "start_point").files
    sources.close()
    assert sources.opened == 1
    assert sources.told == ["read from the Docker Engine and not from a registry: org/ruby:LSP"]


@pytest.mark.parametrize("engine", [True, False])
def test_what_nobody_has_fails_as_the_registry_says(*, engine: bool) -> None:
    sources = Sources(engine=engine)
    with pytest.raises(FetchError) as caught:
        sources.auto.fetch(ABSENT)
    assert caught.value.kind == "not-found"
    assert "Docker Engine" not in str(caught.value)
    assert sources.auto.digest(ABSENT) is None
    sources.close()
    assert sources.told == []


def test_an_image_that_a_registry_has_damaged_is_not_taken_from_elsewhere() -> None:
    sources = Sources()
    sources.registry.blobs.update(dict.fromkeys(sources.registry.blobs, b"damaged"))
    with pytest.raises(FetchError) as caught:
        sources.auto.fetch(JAVA)
    assert caught.value.kind == "corrupt"
    assert sources.opened == 0


def test_an_engine_that_cannot_be_used_is_named_where_only_it_could_have_the_image() -> None:
    sources = Sources()

    def unusable() -> ImageSource:
        raise InvalidInputError("DOCKER_HOST is malformed: it names no host ('tcp://')", "Correct it.")

    registries = RegistryStore("registry", sources.registry, sources.registry, Limits())
    auto = AutoSource(registries, unusable, dict, sources.notes)
    assert auto.fetch(JAVA).digest == sources.digests[JAVA]
    with pytest.raises(FetchError) as caught:
        auto.fetch(RUBY)
    assert caught.value.kind == "not-found"
    assert caught.value.remedy.endswith(
        "The Docker Engine was not asked: DOCKER_HOST is malformed: it names no host ('tcp://')."
    )
    assert auto.digest(RUBY) is None
    auto.close()
    sources.notes.close()
    assert sources.told == []


@pytest.mark.parametrize("same", [True, False])
def test_another_image_in_the_engine_is_told_of(*, same: bool) -> None:
    known = put(MemoryContents(), JAVA) if same else "sha256:other"
    sources = Sources({JAVA.canonical: {known, "sha256:id"}})
    sources.auto.fetch(JAVA)
    sources.close()
    note = (
        "the Docker Engine has another image than the registry of org/java:LSP; "
        "the registry's is used (the engine's: --from docker --pull missing)"
    )
    assert sources.told == ([] if same else [note])


def test_of_many_that_need_the_engine_at_once_one_opens_it() -> None:
    sources = Sources()
    start = threading.Barrier(8)

    def fetch() -> None:
        start.wait()
        sources.auto.fetch(RUBY)

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sources.opened == 1


def test_a_listing_that_does_not_come_holds_back_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsp_assembler.stores.auto._SECONDS_TO_LIST", 0.01)
    never = threading.Event()
    contents = MemoryContents()
    put(contents, JAVA)
    registries = RegistryStore("registry", contents, contents, Limits())
    told: list[str] = []
    notes = Notes(told.append)

    def listing() -> Listing:
        never.wait()
        return {}

    auto = AutoSource(registries, lambda: registries, listing, notes)
    auto.fetch(JAVA)
    auto.close()
    notes.close()
    never.set()
    assert told == []
