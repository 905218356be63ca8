"""What is packed of a checkout: what its commit holds, on every machine; or work in progress."""

import os
from pathlib import Path

import pytest

from lsp_assembler.checkout.snapshot import Snapshot, snapshot
from lsp_assembler.errors import FetchError
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.layers import Limits
from tests.checkouts import commit, git, write

FILES: dict[str, str | bytes] = {
    "start_point/manifest.json": "{}",
    "start_point/hiker.sh": "echo 42\n",
    "docker/image_name.json": '{"image_name": "org/java"}',
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = write(tmp_path / "java", FILES)
    (folder / "start_point/hiker.sh").chmod(0o755)
    commit(folder, "https://github.com/org/java")
    return folder


def take(folder: Path, **limits: int) -> Snapshot:
    return snapshot(folder, Limits(**limits), os.environ)


def refusal(folder: Path, **limits: int) -> FetchError:
    with pytest.raises(FetchError) as caught:
        take(folder, **limits)
    return caught.value


class TestOneCommitOneTree:
    @pytest.fixture
    def expected(self, checkout: Path) -> Snapshot:
        found = take(checkout)
        assert found.commit is not None
        assert found.tree == Tree.of(
            {
                "start_point/manifest.json": File(b"{}"),
                "start_point/hiker.sh": File(b"echo 42\n", executable=True),
            }
        )
        assert (str(found.docker_name), found.source) == ("org/java", "https://github.com/org/java")
        return found

    def test_line_ends_of_the_working_tree(self, checkout: Path, expected: Snapshot) -> None:
        git(checkout, "config", "core.autocrlf", "true")
        (checkout / "start_point/hiker.sh").unlink()
        git(checkout, "checkout", "--", ".")
        assert b"\r\n" in (checkout / "start_point/hiker.sh").read_bytes()
        assert take(checkout) == expected

    def test_modes_of_a_file_system_that_has_none(self, checkout: Path, expected: Snapshot) -> None:
        git(checkout, "config", "core.fileMode", "false")
        (checkout / "start_point/hiker.sh").chmod(0o644)
        (checkout / "start_point/manifest.json").chmod(0o777)
        assert take(checkout) == expected

    def test_a_sparse_checkout(self, checkout: Path, expected: Snapshot) -> None:
        git(checkout, "sparse-checkout", "set", "--no-cone", "/start_point/manifest.json")
        assert not (checkout / "start_point/hiker.sh").exists()
        assert take(checkout) == expected

    def test_a_filter(self, checkout: Path) -> None:
        write(checkout, {".gitattributes": "*.sh filter=loud\n"})
        git(checkout, "config", "filter.loud.clean", "tr A-Z a-z")
        git(checkout, "config", "filter.loud.smudge", "tr a-z A-Z")
        commit(checkout)
        expected = take(checkout)
        (checkout / "start_point/hiker.sh").unlink()
        git(checkout, "checkout", "--", ".")
        assert (checkout / "start_point/hiker.sh").read_bytes() == b"ECHO 42\n"
        assert take(checkout) == expected

    def test_links_are_followed_inside_the_commit(self, checkout: Path) -> None:
        write(checkout, {"shared/sub/a.sh": "a", "shared/b.sh": "b"})
        (checkout / "linked").symlink_to("shared/sub")
        (checkout / "start_point/a.sh").symlink_to("../linked/../b.sh")
        (checkout / "start_point/again").symlink_to("./a.sh")
        revision = commit(checkout)
        found = take(checkout)
        assert found.commit is not None
        assert found.commit.revision == revision
        contents = {path: file.content for path, file in found.tree.files.items()}
        assert contents["start_point/a.sh"] == contents["start_point/again"] == b"b"
        assert (checkout / "start_point/a.sh").read_bytes() == b"b"


class TestWorkInProgress:
    @pytest.mark.parametrize("path", ["start_point/hiker.sh", "start_point/new", "docker/image_name.json"])
    def test_no_commit_is_claimed(self, checkout: Path, path: str) -> None:
        write(checkout, {path: '{"image_name": "org/kotlin"}'})
        found = take(checkout)
        assert found.commit is None
        assert found.source == "https://github.com/org/java"
        assert (path in found.tree.files) == path.startswith("start_point/")

    def test_what_has_changed(self, checkout: Path) -> None:
        write(checkout, {"start_point/new": "", "start_point/hiker.sh": "changed", "README": "no part of it"})
        found = take(checkout)
        assert dict(found.changes) == {"start_point/hiker.sh": " M", "start_point/new": "??"}
        assert found.untracked == ("start_point/new",)
        assert take(checkout / "start_point").changes == found.changes

    def test_what_git_ignores_is_known_by_name(self, checkout: Path) -> None:
        write(checkout, {".gitignore": "*.log\n", "start_point/out/a.log": "", "b.log": ""})
        assert take(checkout).tree.hidden == {"start_point/out/a.log"}
        commit(checkout)
        assert take(checkout).tree.hidden == {"start_point/out/a.log"}

    def test_not_even_where_ci_names_one(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GITHUB_SHA", git(checkout, "rev-parse", "HEAD"))
        write(checkout, {"start_point/hiker.sh": "changed"})
        assert take(checkout).commit is None

    def test_what_is_marked_as_unchanged_is_not(self, checkout: Path) -> None:
        git(checkout, "update-index", "--assume-unchanged", "start_point/hiker.sh")
        write(checkout, {"start_point/hiker.sh": "changed"})
        found = take(checkout)
        assert found.commit is None
        assert found.tree.files["start_point/hiker.sh"].content == b"changed"

    def test_before_the_first_commit(self, tmp_path: Path) -> None:
        folder = write(tmp_path / "new", FILES | {".gitignore": ".env", "start_point/.env": "secret"})
        git(folder, "init", "--quiet")
        found = take(folder)
        assert found.commit is None
        assert set(found.tree.files) == {"start_point/manifest.json", "start_point/hiker.sh"}


class TestNothingIsLeftOutInSilence:
    @pytest.mark.parametrize(
        ("target", "what"),
        [
            ("../docker", "is a link to a folder"),
            (".", "is a link to a folder"),
            ("/etc/hostname", "is a link that leads out of the checkout"),
            ("../../outside", "is a link that leads out of the checkout"),
            ("link", "is a link that leads out of the checkout"),
            ("absent", "is a link to nothing that is committed"),
            ("../.git/config", "is a link to nothing that is committed"),
        ],
    )
    def test_links(self, checkout: Path, target: str, what: str) -> None:
        (checkout / "start_point/link").symlink_to(target)
        commit(checkout)
        error = refusal(checkout)
        assert error.message == f"{checkout}: 'start_point/link' {what}"
        assert error.kind == "unsafe"

    @pytest.mark.parametrize("path", ["start_point/lib", "start_point"])
    @pytest.mark.parametrize("is_clean", [True, False])
    def test_submodules(self, tmp_path: Path, path: str, *, is_clean: bool) -> None:
        library = write(tmp_path / "lib", {"manifest.json": "{}"})
        commit(library)
        folder = write(tmp_path / "java", {"README.md": ""})
        commit(folder)
        git(folder, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(library), path)
        commit(folder)
        if not is_clean:
            write(folder, {"docker/image_name.json": "{}", "start_point/new": "", "new": ""})
        assert f"'{path}' is a submodule" in refusal(folder).message

    def test_a_checkout_in_an_ignored_folder(self, checkout: Path) -> None:
        write(checkout, {".gitignore": "ltfs/\n"})
        inner = write(checkout / "ltfs/kotlin", FILES)
        error = refusal(inner)
        assert error.message == f"{inner}: git ignores it, so no commit can hold it"
        assert "git init" in error.remedy

    def test_a_start_point_that_is_ignored(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {".gitignore": "start_point\n", "start_point/manifest.json": "{}"}
        folder = write(tmp_path / "java", files)
        commit(folder)
        assert refusal(folder).message == f"{folder}: git ignores start_point, so no commit can hold it"

    def test_a_name_behind_a_link(self, checkout: Path) -> None:
        (checkout / "docker").rename(checkout / "elsewhere")
        (checkout / "docker").symlink_to("elsewhere")
        commit(checkout)
        assert "'docker/image_name.json' is not a regular file" in refusal(checkout).message


class TestLimits:
    def test_of_what_is_committed(self, checkout: Path) -> None:
        take(checkout, max_bytes=10, max_entries=2, max_path=25)
        assert refusal(checkout, max_bytes=9).kind == "too-large"
        assert refusal(checkout, max_entries=1).kind == "too-many-entries"
        assert refusal(checkout, max_path=24).kind == "path-too-long"

    def test_a_name_that_is_not_utf_8(self, checkout: Path) -> None:
        write(checkout, {os.fsdecode(b"start_point/caf\xe9"): ""})
        commit(checkout)
        assert r"b'start_point/caf\xe9' is not UTF-8" in refusal(checkout).message
