"""A directory on disk, read as a start point."""

import os
import socket
from pathlib import Path

import pytest

from lsp_assembler.checkout.image_name import completed, language_image_name
from lsp_assembler.checkout.reader import read_checkout, read_file
from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.layers import Limits
from tests import ROOT
from tests.checkouts import write

CASES = ROOT / "tests/cases" / "checkout"
MALFORMED = sorted((CASES / "image_name").iterdir())
MANIFEST = "start_point/manifest.json"


def read(folder: Path, only: frozenset[str] | None = None, limits: Limits | None = None) -> Tree:
    return completed(read_checkout(folder, limits or Limits(), only), language_image_name(folder))


def refusal(folder: Path, **limits: int) -> FetchError:
    with pytest.raises(FetchError) as caught:
        read(folder, limits=Limits(**limits))
    assert caught.value.message.startswith(f"{folder}")
    assert caught.value.remedy
    return caught.value


class TestWhatIsRead:
    def test_the_start_point_and_nothing_beside_it(self, tmp_path: Path) -> None:
        write(tmp_path, {"start_point/src/hiker.sh": "echo", "docker/Dockerfile": "", "README.md": ""})
        (tmp_path / "start_point/empty").mkdir()
        tree = read(tmp_path)
        assert dict(tree.files) == {"start_point/src/hiker.sh": File(b"echo")}
        assert tree.directories == {"start_point", "start_point/src", "start_point/empty"}

    def test_everything_where_there_is_no_start_point_folder(self, tmp_path: Path) -> None:
        write(tmp_path, {"one/manifest.json": "{}", "two/manifest.json": "{}", ".hidden/a": ""})
        assert set(read(tmp_path).files) == {"one/manifest.json", "two/manifest.json", ".hidden/a"}

    def test_a_start_point_that_is_only_linked_to_is_not_followed(self, tmp_path: Path) -> None:
        write(tmp_path, {"real/a": ""})
        (tmp_path / "start_point").symlink_to("real")
        assert "'start_point' is a link to a folder" in refusal(tmp_path).message

    def test_git_is_skipped(self, tmp_path: Path) -> None:
        write(tmp_path, {"a": "", ".git/config": "secret", "sub/b": ""})
        assert set(read(tmp_path).files) == {"a", "sub/b"}

    @pytest.mark.parametrize(
        ("mode", "executable"), [(0o644, False), (0o744, True), (0o654, True), (0o645, True)]
    )
    def test_any_x_bit_counts(self, tmp_path: Path, mode: int, *, executable: bool) -> None:
        (write(tmp_path, {"a": ""}) / "a").chmod(mode)
        assert read(tmp_path).files["a"].executable is executable

    def test_only_what_counts(self, tmp_path: Path) -> None:
        write(tmp_path, {"start_point/a": "", "start_point/b/c": "", "start_point/d/e": ""})
        tree = read(tmp_path, frozenset({"start_point/a", "start_point/d/e", "start_point/deleted"}))
        assert set(tree.files) == {"start_point/a", "start_point/d/e"}
        assert tree.directories == {"start_point", "start_point/d"}

    def test_the_order_of_creation_does_not_matter(self, tmp_path: Path) -> None:
        one = write(tmp_path / "one", {"a": "1", "b/c": "2"})
        other = write(tmp_path / "other", {"b/c": "2", "a": "1"})
        assert read(one) == read(other)


class TestLinks:
    def test_a_link_to_a_file_inside_is_that_file(self, tmp_path: Path) -> None:
        write(tmp_path, {"shared/a.sh": "echo", "start_point/hiker.sh": ""})
        (tmp_path / "shared/a.sh").chmod(0o755)
        (tmp_path / "start_point/a.sh").symlink_to("../shared/a.sh")
        (tmp_path / "start_point/again.sh").symlink_to("a.sh")
        files = read(tmp_path).files
        assert files["start_point/a.sh"] == files["start_point/again.sh"] == File(b"echo", executable=True)

    @pytest.mark.parametrize(
        "target",
        ["/etc/hostname", "../../outside", "absent", "folder", ".", "link", "pipe", "../.git/config"],
    )
    def test_any_other_link_is_refused(self, tmp_path: Path, target: str) -> None:
        checkout = tmp_path / "java"
        write(tmp_path, {"outside": "secret", "java/.git/config": "secret", "java/start_point/folder/a": ""})
        os.mkfifo(checkout / "pipe")
        (checkout / "start_point/link").symlink_to("../pipe" if target == "pipe" else target)
        error = refusal(checkout)
        assert (error.kind, "'start_point/link' is a" in error.message) == ("unsafe", True)

    def test_a_link_does_not_bring_out_what_git_ignores(self, tmp_path: Path) -> None:
        write(tmp_path, {".env": "secret", "a": "public"})
        (tmp_path / "b").symlink_to(".env")
        (tmp_path / "c").symlink_to("a")
        assert set(read(tmp_path, frozenset({"a", "c"})).files) == {"a", "c"}
        with pytest.raises(FetchError, match="'b' is a link to a file that git ignores"):
            read(tmp_path, frozenset({"a", "b", "c"}))

    def test_through_a_link_to_the_directory_itself(self, tmp_path: Path) -> None:
        write(tmp_path / "java", {"a": "echo"})
        (tmp_path / "java/b").symlink_to("a")
        (tmp_path / "link").symlink_to("java")
        assert set(read(tmp_path / "link").files) == {"a", "b"}


class TestRepositoriesInside:
    def test_a_submodule_that_is_there(self, tmp_path: Path) -> None:
        write(tmp_path, {"start_point/a": "", "start_point/lib/.git": "gitdir: elsewhere"})
        assert "'start_point/lib' is a submodule" in refusal(tmp_path).message

    def test_one_that_git_has_not_filled(self, tmp_path: Path) -> None:
        modules = '[submodule "lib"]\n\tpath = start_point/lib\n\turl = ../lib\n'
        write(tmp_path, {"start_point/a": "", ".gitmodules": modules})
        (tmp_path / "start_point/lib").mkdir()
        assert "'start_point/lib' is a submodule" in refusal(tmp_path).message
        with pytest.raises(FetchError, match="'start_point/lib' is a submodule"):
            read(tmp_path, frozenset({"start_point/a"}))

    def test_one_that_only_git_knows_of(self, tmp_path: Path) -> None:
        write(tmp_path, {"start_point/a": ""})
        (tmp_path / "start_point/lib").mkdir()
        with pytest.raises(FetchError, match="'start_point/lib' is a submodule"):
            read(tmp_path, frozenset({"start_point/a", "start_point/lib"}))

    def test_the_start_point_itself(self, tmp_path: Path) -> None:
        write(tmp_path, {"start_point/.git": "gitdir: elsewhere", "start_point/manifest.json": "{}"})
        assert "'start_point' is a submodule" in refusal(tmp_path).message

    def test_all_that_is_refused_is_named(self, tmp_path: Path) -> None:
        write(tmp_path, {"start_point/lib/.git": ""})
        for number in range(30):
            (tmp_path / f"start_point/link-{number:02}").symlink_to("absent")
        lines = refusal(tmp_path).message.splitlines()
        assert lines[0].endswith("'start_point/lib' is a submodule, or a git repository of its own")
        assert lines[1] == "'start_point/link-00' is a link to nothing"
        assert lines[20] == "and 11 more"


class TestReadFile:
    def test_one_small_file(self, tmp_path: Path) -> None:
        write(tmp_path, {"docker/image_name.json": "12345"})
        assert read_file(tmp_path, "docker/image_name.json", 5) == b"12345"
        assert read_file(tmp_path, "docker/absent", 5) is None
        with pytest.raises(FetchError, match="has more than 4 bytes"):
            read_file(tmp_path, "docker/image_name.json", 4)

    @pytest.mark.parametrize("linked", ["docker", "docker/image_name.json"])
    def test_no_link_is_followed(self, tmp_path: Path, linked: str) -> None:
        write(tmp_path, {"real/image_name.json": "secret", "java/a": ""})
        link = tmp_path / "java" / linked
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(tmp_path / ("real" if linked == "docker" else "real/image_name.json"))
        with pytest.raises(FetchError) as caught:
            read_file(tmp_path / "java", "docker/image_name.json", 99)
        assert caught.value.kind in ("unreadable", "unsafe")

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FetchError, match="is not a regular file"):
            read_file(tmp_path, "pipe", 99)


class TestRefusals:
    def test_no_directory(self, tmp_path: Path) -> None:
        absent = refusal(tmp_path / "absent")
        assert (absent.kind, "does not exist" in absent.message) == ("not-found", True)
        file = refusal(write(tmp_path, {"a": ""}) / "a")
        assert (file.kind, "is not a directory" in file.message) == ("not-found", True)

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert refusal(tmp_path).kind == "unsafe"

    def test_a_socket(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)  # a socket's path may have no more than 107 bytes
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("socket")
            assert refusal(tmp_path).kind == "unsafe"

    def test_a_name_that_is_not_utf_8(self, tmp_path: Path) -> None:
        write(tmp_path, {os.fsdecode(b"caf\xe9"): ""})
        error = refusal(tmp_path)
        assert (error.kind, r"b'caf\xe9'" in error.message) == ("unsafe", True)
        assert read(tmp_path, frozenset()) == Tree.of({})

    def test_bytes(self, tmp_path: Path) -> None:
        write(tmp_path, {"a": "12345", "b": "12345"})
        assert read(tmp_path, limits=Limits(max_bytes=10)).size == 10
        error = refusal(tmp_path, max_bytes=9)
        assert (error.kind, "--max-bytes" in error.remedy) == ("too-large", True)

    def test_entries_and_links(self, tmp_path: Path) -> None:
        write(tmp_path, {"a": "", "b/c": ""})
        (tmp_path / "link").symlink_to("a")
        read(tmp_path, limits=Limits(max_entries=4))
        error = refusal(tmp_path, max_entries=3)
        assert (error.kind, "--max-entries" in error.remedy) == ("too-many-entries", True)

    def test_paths_are_measured_in_bytes(self, tmp_path: Path) -> None:
        write(tmp_path, {"ä" * 50: ""})
        read(tmp_path, limits=Limits(max_path=100))
        error = refusal(tmp_path, max_path=99)
        assert (error.kind, "--max-path" in error.remedy) == ("path-too-long", True)

    def test_what_does_not_count_is_under_no_limit(self, tmp_path: Path) -> None:
        write(tmp_path, {"a": "", "build/" + "x" * 99: "y" * 999})
        tree = read_checkout(tmp_path, Limits(max_bytes=10, max_entries=1, max_path=10), frozenset({"a"}))
        assert set(tree.files) == {"a"}

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_an_unreadable_file(self, tmp_path: Path) -> None:
        (write(tmp_path, {"a": ""}) / "a").chmod(0)
        assert refusal(tmp_path).kind == "unreadable"


class TestImageName:
    @pytest.mark.parametrize(
        "manifest", ['{"tab_size": 4}', ' {\n  "tab_size": 4\n}\n', '\n\n{ "tab_size": 4, "a": {} }']
    )
    def test_it_is_filled_in_and_every_line_keeps_its_number(self, tmp_path: Path, manifest: str) -> None:
        write(tmp_path, {MANIFEST: manifest, "docker/image_name.json": '{"image_name": "org/java"}'})
        content = read(tmp_path).files[MANIFEST].content.decode()
        assert content.replace(' "image_name": "org/java",', "", 1) == manifest
        assert '"image_name": "org/java"' in content

    def test_the_x_bit_stays(self, tmp_path: Path) -> None:
        write(tmp_path, {MANIFEST: '{"a": 1}', "docker/image_name.json": '{"image_name": "org/java"}'})
        (tmp_path / MANIFEST).chmod(0o755)
        assert read(tmp_path).files[MANIFEST].executable

    @pytest.mark.parametrize(
        "manifest",
        [
            b'{"image_name": "org/other"}',
            b'{"image_\\u006eame": 5}',
            b"{}",
            b"[]",
            b"",
            b"{",
            b'{"a": NaN}',
            b'\xef\xbb\xbf{"a": 1}',
            '{"a": 1}'.encode("utf-16-be"),
            '{"a": 1}'.encode("utf-16-le"),
            b"[" * 60_000,
            b'{"a": "\\ud800"}',
        ],
    )
    def test_a_manifest_that_names_one_or_breaks_a_rule_stays_as_it_stands(
        self, tmp_path: Path, manifest: bytes
    ) -> None:
        write(tmp_path, {MANIFEST: manifest, "docker/image_name.json": '{"image_name": "org/java"}'})
        assert read(tmp_path).files[MANIFEST].content == manifest

    def test_keys_that_stand_there_twice_still_do(self, tmp_path: Path) -> None:
        write(
            tmp_path, {MANIFEST: '{"a": 1, "a": 2}', "docker/image_name.json": '{"image_name": "org/java"}'}
        )
        assert read(tmp_path).files[MANIFEST].content.count(b'"a"') == 2

    def test_no_manifest_and_no_image_name_file(self, tmp_path: Path) -> None:
        assert language_image_name(tmp_path) is None
        write(tmp_path, {"docker/image_name.json": '{"image_name": "org/java"}', "start_point/a": ""})
        assert language_image_name(tmp_path) == Reference.parse("org/java")
        assert set(read(tmp_path).files) == {"start_point/a"}

    @pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case.name)
    def test_a_malformed_file_is_what_the_user_reads_of(self, tmp_path: Path, case: Path) -> None:
        write(tmp_path, {MANIFEST: "{}", "docker/image_name.json": (case / "image_name.json").read_bytes()})
        error = refusal(tmp_path)
        assert error.kind == "unreadable"
        assert f"{str(error).replace(str(tmp_path), 'java-junit')}\n" == (case / "expected.txt").read_text(
            "utf-8"
        )

    def test_an_endless_nesting(self, tmp_path: Path) -> None:
        write(tmp_path, {"docker/image_name.json": "[" * 60_000})
        assert refusal(tmp_path).kind == "unreadable"
