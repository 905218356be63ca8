"""Further names: the document alone is written, and names are what they were if one cannot be given."""

import pytest

from lsp_assembler.errors import PublishError
from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import OCI_MANIFEST
from lsp_assembler.oci.image import data_image
from lsp_assembler.stores.daemonless.tags import tag
from tests.unit.stores.daemonless.memory import MemoryContents

OLD, NEW, ONE, TWO, THREE = (Reference.parse(f"ltf/java:{name}") for name in ("old", "new", "1", "2", "3"))


def contents_with(**texts: str) -> MemoryContents:
    contents = MemoryContents()
    for name, text in texts.items():
        labels = {CREATED_LABEL: "2026-11-21T03:34:00Z"}
        image = data_image(Tree.of({"start_point/hiker.txt": File(text.encode())}), labels)
        contents.put_manifest(Reference.parse(f"ltf/java:{name}"), OCI_MANIFEST, image.manifest)
    contents.log.clear()
    return contents


def named(contents: MemoryContents, *names: Reference) -> list[str | None]:
    return [contents.digest(name) for name in names]


def test_only_the_document_is_written() -> None:
    contents = contents_with(old="1", new="2")
    tag(contents, [(OLD, ONE), (NEW, TWO)])
    assert contents.log == ["tag 1", "tag 2"]
    assert named(contents, ONE, TWO) == named(contents, OLD, NEW)


def test_a_name_that_is_right_is_left_alone() -> None:
    contents = contents_with(old="1", new="2")
    tag(contents, [(OLD, ONE)])
    contents.log.clear()
    tag(contents, [(OLD, ONE), (OLD, OLD), (NEW, ONE)])
    assert contents.log == ["tag 1"]
    assert named(contents, ONE) == named(contents, NEW)


def test_names_that_have_moved_go_back() -> None:
    contents = contents_with(old="1", new="2")
    tag(contents, [(OLD, ONE), (OLD, TWO)])
    contents.refused = "3"
    with pytest.raises(PublishError):
        tag(contents, [(NEW, ONE), (NEW, TWO), (NEW, THREE)])
    assert named(contents, ONE, TWO, THREE) == [*named(contents, OLD, OLD), None]


def test_an_image_that_is_not_there_moves_nothing() -> None:
    contents = contents_with(old="1", new="2")
    tag(contents, [(OLD, ONE)])
    with pytest.raises(PublishError, match="ltf/java:3"):
        tag(contents, [(NEW, ONE), (THREE, TWO)])
    assert named(contents, ONE, TWO) == [*named(contents, OLD), None]
