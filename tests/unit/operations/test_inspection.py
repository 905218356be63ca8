"""What a start-points image says it serves."""

import json

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.operations.inspect import InspectResult
from lsp_assembler.operations.inspection import is_exercises, served
from lsp_assembler.text import visible

IMAGE = "cyberdojo/languages-start-points:latest"


def repos(shas: str, type_: str = "languages\n", **manifests: str) -> Tree:
    """The /app/repos of an image; manifests by index, e.g. i0='{…}'."""
    files = {
        f"{index[1:]}/start_point/manifest.json": File(text.encode()) for index, text in manifests.items()
    }
    return Tree.of({**files, "shas.txt": File(shas.encode()), "image.type": File(type_.encode())})


def inspection(tree: Tree) -> dict[str, dict[str, str | None]]:
    return InspectResult(IMAGE, served(tree, IMAGE), not is_exercises(tree)).document


def manifest(name: str) -> str:
    return json.dumps({"display_name": name, "image_name": f"org/{name.lower()}:1"})


def test_every_start_point_with_its_commit_sorted_by_the_bytes_of_its_name() -> None:
    shas = "0 \t aaa \t https://a\n1 \t bbb \t https://b\n2 \t ccc \t https://c\n"
    found = inspection(repos(shas, i0=manifest("Ä"), i1=manifest("b"), i2=manifest("Z")))
    assert list(found) == ["Z", "b", "Ä"]
    assert found["b"] == {"url": "https://b", "sha": "bbb", "image_name": "org/b:1"}


def test_exercises_have_no_image_name() -> None:
    found = inspection(repos("0 \t aaa \t https://a\n", "exercises", i0=manifest("Fizz")))
    assert found == {"Fizz": {"url": "https://a", "sha": "aaa"}}


def test_several_manifests_in_one_index_dir() -> None:
    one = File(manifest("One").encode())
    two = File(manifest("Two").encode())
    tree = repos("0 a b\n").joined(Tree.of({"0/x/manifest.json": one, "0/y/z/manifest.json": two}))
    assert list(inspection(tree)) == ["One", "Two"]


def test_index_dirs_are_told_apart() -> None:
    found = inspection(repos("1 a b\n", i1=manifest("One"), i10=manifest("Ten")))
    assert list(found) == ["One"]


def test_nothing_in_it() -> None:
    assert inspection(repos("")) == {}


def test_no_start_points_image() -> None:
    with pytest.raises(FetchError, match=rf"^{IMAGE}: it has no /app/repos/shas\.txt") as caught:
        inspection(Tree.of({}))
    assert caught.value.kind == "not-found"


@pytest.mark.parametrize("line", ["0 aaa", "0 aaa https://a more", "0", "0 \t \t https://a"])
def test_a_line_that_is_not_three_words(line: str) -> None:
    with pytest.raises(
        FetchError, match=r"line 2 of /app/repos/shas\.txt is '.*'; expected INDEX SHA URL"
    ) as caught:
        inspection(repos(f"0 a b\n{line}\n"))
    assert caught.value.kind == "corrupt"
    assert f"'{visible(line)}'" in caught.value.message


def test_bytes_that_are_no_text_are_no_crash() -> None:
    tree = Tree.of({"shas.txt": File(b"0 \xff b\n"), "image.type": File(b"\xff")})
    assert inspection(tree) == {}
