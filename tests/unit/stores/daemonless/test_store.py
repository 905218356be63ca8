"""What the store behind registries and layouts makes of its contents."""

import json

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.model.images import SCRATCH, Recipe
from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import digest_of
from lsp_assembler.oci.image import data_image
from lsp_assembler.oci.layers import Limits, write_layer
from lsp_assembler.stores.daemonless.store import DaemonlessStore
from tests.unit.stores.daemonless.memory import MemoryContents

NAME = Reference.parse("ltf/java:LSP")
FINAL = Reference.parse("cyberdojo/final:1")
TREE = Tree.of({"start_point/hiker.sh": File(b"42", executable=True)})
LABELS = {CREATED_LABEL: "2026-11-21T03:34:00Z"}
TEMPLATE = "FROM {}\nCOPY . /app/repos\n"


def opened(contents: MemoryContents, bases: MemoryContents | None = None) -> DaemonlessStore:
    return DaemonlessStore("memory", contents, contents if bases is None else bases, Limits())


def test_start_point_with_its_labels_and_strays() -> None:
    contents = MemoryContents()
    layers = (write_layer(TREE), write_layer(Tree.of({"etc/motd": File(b"hello")})))
    digest = contents.put_image(str(NAME), *layers, runtime={"Labels": LABELS}).digest
    states: list[str] = []
    found = opened(contents).fetch(NAME, lambda state, _: states.append(state))
    assert (found.digest, found.tree, found.strays) == (digest, TREE, ("etc/motd",))
    assert found.created == LABELS[CREATED_LABEL]
    assert states == ["pulling", "extracting"]


def test_digest_of_an_index_is_the_index_and_its_files_those_of_any_platform() -> None:
    contents = MemoryContents()
    image = contents.put_image("ltf/one:1", write_layer(TREE))
    digest = contents.put_index(str(NAME), [(image, {"os": "linux", "architecture": "arm64"})])
    found = opened(contents).fetch(NAME)
    assert (found.digest, found.tree) == (digest, TREE)


@pytest.mark.parametrize("labels", [None, {}])
def test_image_without_labels(labels: object) -> None:
    contents = MemoryContents()
    contents.put_image(str(NAME), write_layer(TREE), runtime={"Labels": labels})
    assert opened(contents).fetch(NAME).labels == {}


@pytest.mark.parametrize("layers", [(), (write_layer(Tree.of({"usr/bin/java": File(b"")})),)])
def test_image_without_a_start_point(layers: tuple[bytes, ...]) -> None:
    contents = MemoryContents()
    contents.put_image(str(NAME), *layers)
    with pytest.raises(FetchError, match="it has no /start_point") as caught:
        opened(contents).fetch(NAME)
    assert caught.value.kind == "no-start-point"


def test_start_point_that_is_a_file_is_none() -> None:
    contents = MemoryContents()
    contents.put_image(str(NAME), write_layer(Tree.of({"start_point": File(b"")})))
    with pytest.raises(FetchError, match="it has no /start_point"):
        opened(contents).fetch(NAME)


def test_reading_a_folder_of_the_topmost_layer_fetches_no_other() -> None:
    contents = MemoryContents()
    lower = write_layer(Tree.of({"app/repos/old": File(b"old")}))
    upper = write_layer(Tree.of({"app/repos/new": File(b"new")}))
    contents.put_image(str(FINAL), lower, upper)
    found = opened(contents).read(FINAL, "app/repos")
    assert found.files.keys() == {"new"}
    assert contents.log == [f"get {digest_of(upper)}"]


def test_reading_a_folder_that_is_further_down() -> None:
    contents = MemoryContents()
    lower = write_layer(Tree.of({"app/repos/old": File(b"old")}))
    contents.put_image(str(FINAL), lower, write_layer(Tree.of({"etc/motd": File(b"")})))
    assert opened(contents).read(FINAL, "app/repos").files.keys() == {"old"}
    assert opened(contents).read(FINAL, "nowhere") == Tree.of({})


@pytest.mark.parametrize("apart", [False, True])
def test_build_puts_one_layer_on_the_base(*, apart: bool) -> None:
    contents = MemoryContents()
    bases = MemoryContents() if apart else contents
    base_digest = bases.put_image("x/base:1", b"base", runtime={"Env": ["SHA=df28e04"]}).digest
    store = opened(contents, bases)
    prepared = store.prepare(Reference.parse("x/base:1"), (FINAL,))
    base = prepared.base
    assert (base.name, base.digest, base.env) == ("x/base:1", base_digest, {"SHA": "df28e04"})
    recipe = Recipe(StartPointType.LANGUAGES, base, TEMPLATE.format("x/base:1"), TREE.under("0"))
    built = prepared.build(recipe)
    assert (built.names, built.platforms) == ((str(FINAL),), ("linux/amd64",))
    assert contents.named[FINAL.canonical] == built.digest
    manifest = contents.manifest(FINAL).json
    assert manifest["layers"][0]["digest"] == digest_of(b"base")
    assert len(manifest["layers"]) == 2
    assert all(layer["digest"] in contents.blobs for layer in manifest["layers"])
    assert store.read(FINAL, "app/repos") == TREE.under("0")


def test_build_from_scratch() -> None:
    contents = MemoryContents()
    store = opened(contents)
    prepared = store.prepare(Reference.parse(SCRATCH), (FINAL,))
    base = prepared.base
    assert (base.name, base.digest, base.env) == (SCRATCH, "", {})
    recipe = Recipe(StartPointType.LANGUAGES, base, TEMPLATE.format(SCRATCH), TREE.under("0"))
    built = prepared.build(recipe)
    assert store.digest(FINAL) == built.digest
    assert store.read(FINAL, "app/repos") == TREE.under("0")


def test_packed_image_is_published_as_it_is() -> None:
    contents = MemoryContents()
    store, image = opened(contents), data_image(TREE, LABELS)
    assert store.publish(image, (NAME,)).digest == image.digest
    assert store.fetch(NAME).tree == TREE
    assert json.loads(image.config)["config"]["Labels"] == store.fetch(NAME).labels


def test_closing_closes_both_contents_once() -> None:
    contents, bases = MemoryContents(), MemoryContents()
    opened(contents).close()
    assert contents.log == ["close"]
    opened(contents, bases).close()
    assert (contents.log, bases.log) == (["close", "close"], ["close"])
