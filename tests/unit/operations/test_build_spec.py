"""What `build` is to make: images.yml and the options put together."""

import os
from pathlib import Path

import pytest

from lsp_assembler.checkout.provenance import Provenance
from lsp_assembler.dockerfile import template
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.operations.build_spec import build_spec
from lsp_assembler.operations.plan import DEFAULT_BASE, base_of, plan
from tests.checkouts import commit, without_ci, write

LIST = "name: org/named:1\nbase: org/base:2\nport: 80\nimages: [busybox]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    without_ci(monkeypatch)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return write(tmp_path, {"images.yml": LIST})


class TestName:
    def test_of_images_yml(self) -> None:
        assert [str(name) for name in build_spec(plan((), None, None), (), None, os.environ).names] == [
            "org/named:1"
        ]

    def test_of_the_options_instead(self) -> None:
        found = build_spec(plan((), None, None), ["org/a:1", "org/b"], None, os.environ)
        assert [str(name) for name in found.names] == ["org/a:1", "org/b"]

    def test_of_nobody(self, folder: Path) -> None:
        write(folder, {"images.yml": "- busybox\n"})
        with pytest.raises(InvalidInputError, match="the image has no name"):
            build_spec(plan((), None, None), (), None, os.environ)

    @pytest.mark.parametrize("name", ["Java", f"org/java@sha256:{'0a' * 32}"])
    def test_that_cannot_be_published_under(self, name: str) -> None:
        with pytest.raises(InvalidInputError, match=r"^--tag: "):
            build_spec(plan((), None, None), ["org/java", name], None, os.environ)


class TestPort:
    def test_of_images_yml_whatever_the_type(self) -> None:
        assert build_spec(plan((), None, None), (), None, os.environ).port == 80
        assert build_spec(plan((), None, StartPointType.CUSTOM), (), None, os.environ).port == 80

    def test_of_the_type_where_images_yml_names_none(self, folder: Path) -> None:
        write(folder, {"images.yml": "{name: org/named, images: [busybox]}"})
        assert build_spec(plan((), None, None), (), None, os.environ).port == 4524
        assert build_spec(plan((), None, StartPointType.CUSTOM), (), None, os.environ).port == 4526

    def test_without_images_yml(self, folder: Path) -> None:
        (folder / "images.yml").unlink()
        assert build_spec(plan(["busybox"], None, None), ["org/a"], None, os.environ).port == 4524


class TestTemplate:
    def test_the_one_that_comes_with_the_tool(self) -> None:
        assert build_spec(plan((), None, None), (), None, os.environ).template == template.load(None)

    def test_the_one_beside_images_yml(self, folder: Path) -> None:
        write(folder, {"lists/images.yml": LIST, "lists/Dockerfile.template": "FROM $base"})
        assert (
            build_spec(plan((), Path("lists/images.yml"), None), (), None, os.environ).template
            == "FROM $base"
        )

    def test_the_one_that_is_named(self, folder: Path) -> None:
        write(folder, {"Dockerfile.template": "FROM $base", "mine": "FROM $base_image"})
        assert build_spec(plan((), None, None), (), Path("mine"), os.environ).template == "FROM $base_image"

    def test_a_wrong_one_is_found_before_any_work(self, folder: Path) -> None:
        write(folder, {"Dockerfile.template": "\nFROM $bsae"})
        with pytest.raises(InvalidInputError, match=r"^Dockerfile\.template:2: unknown name '\$bsae'"):
            build_spec(plan((), None, None), (), None, os.environ)


def test_the_commit_is_that_of_images_yml(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build_spec(plan((), None, None), (), None, os.environ).provenance == Provenance()
    revision = commit(folder, "git@github.com:org/languages.git")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "7")
    found = build_spec(plan((), None, None), (), None, os.environ)
    assert found.epoch == 7
    assert found.provenance == Provenance(revision, "https://github.com/org/languages")


def test_what_is_not_from_images_yml_is_from_no_commit(folder: Path) -> None:
    commit(folder, "git@github.com:org/languages.git")
    named = build_spec(plan(["busybox"], None, None), ["org/a"], None, os.environ)
    assert named.provenance == Provenance()


def test_the_template_and_the_lock_file_count_too(folder: Path) -> None:
    write(folder, {"Dockerfile.template": "FROM $base", "images.lock": "{}"})
    commit(folder)
    lock = Path("images.lock")
    write(folder, {"images.lock": "{ }"})
    planned = plan((), None, None)
    assert build_spec(planned, (), None, os.environ).provenance.revision
    assert build_spec(planned, (), None, os.environ, lock).provenance.edited == (lock,)
    write(folder, {"Dockerfile.template": "FROM $base\n"})
    edited = build_spec(planned, (), None, os.environ).provenance
    assert (edited.revision, edited.edited) == ("", (Path("Dockerfile.template"),))


def test_base(folder: Path) -> None:
    listed = plan((), None, None)
    assert str(base_of(listed, "org/mine")) == "org/mine"
    assert str(base_of(listed, None)) == "org/base:2"
    write(folder, {"images.yml": "- busybox\n"})
    assert str(base_of(plan((), None, None), None)) == DEFAULT_BASE
    with pytest.raises(InvalidInputError, match=r"^--base: "):
        base_of(listed, "Base")
