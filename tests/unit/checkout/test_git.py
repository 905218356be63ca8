"""What git says of a checkout, asked of real repositories; and that its refusals are no answers."""

import os
from pathlib import Path

import pytest

from lsp_assembler.checkout.git import Commit, Repository, commit_from_ci, repository_of, source_from_ci
from lsp_assembler.errors import FetchError
from tests.checkouts import COMMITTED, commit, git, write

REMOTE = "https://github.com/cyber-dojo-start-points/java-junit"
CI_COMMIT = "4edf92a" + "0" * 33


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = write(tmp_path / "java junit, Häuser", {"start_point/hiker.sh": "echo", "README.md": "# Java"})
    commit(folder, f"{REMOTE}.git")
    return folder


@pytest.fixture
def no_repository(tmp_path: Path) -> Path:
    return write(tmp_path / "java-junit", {"start_point/hiker.sh": "echo"})


def repository(folder: Path) -> Repository:
    found = repository_of(folder, os.environ)
    assert found is not None
    return found


def head(folder: Path) -> Commit:
    found = repository(folder).head()
    assert found is not None
    return found


def is_clean(folder: Path, *paths: str) -> bool:
    found = repository(folder)
    return found.is_clean(found.entries(head(folder)), paths or (".",))


class TestHead:
    def test_revision_and_date(self, checkout: Path) -> None:
        revision = git(checkout, "rev-parse", "HEAD")
        assert head(checkout) == head(checkout / "start_point") == Commit(revision, COMMITTED)
        assert repository(checkout).source() == REMOTE

    def test_a_detached_head(self, checkout: Path) -> None:
        first = head(checkout)
        commit(checkout)
        git(checkout, "checkout", "--quiet", "--detach", "HEAD~1")
        assert head(checkout) == first

    def test_a_shallow_clone(self, checkout: Path, tmp_path: Path) -> None:
        commit(checkout)
        git(tmp_path, "clone", "--quiet", "--depth=1", checkout.as_uri(), "shallow")
        assert head(tmp_path / "shallow") == head(checkout)
        assert is_clean(tmp_path / "shallow")

    def test_a_date_that_no_calendar_has(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tests.checkouts.COMMITTED", 999_999_999_999_999)
        commit(checkout)
        assert git(checkout, "log", "-1", "--format=%ct") == "999999999999999"
        assert head(checkout).epoch is None

    def test_a_worktree(self, checkout: Path, tmp_path: Path) -> None:
        git(checkout, "worktree", "add", "--quiet", str(tmp_path / "tree"))
        assert head(tmp_path / "tree") == head(checkout)

    def test_a_repository_without_a_commit_has_none(self, no_repository: Path) -> None:
        git(no_repository, "init", "--quiet")
        assert repository(no_repository).head() is None

    def test_a_hook_of_another_repository_does_not_interfere(
        self, checkout: Path, no_repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit(no_repository, "https://example.com/other")
        expected = head(checkout)
        monkeypatch.setenv("GIT_DIR", str(no_repository / ".git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(no_repository))
        monkeypatch.setenv("GIT_INDEX_FILE", str(no_repository / ".git/index"))
        monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(no_repository / ".git/objects"))
        assert head(checkout) == expected

    def test_a_log_with_signatures_is_still_understood(self, checkout: Path) -> None:
        git(checkout, "config", "log.showSignature", "true")
        assert head(checkout).epoch == COMMITTED

    def test_an_address_that_only_this_machine_has_is_not_the_source(self, checkout: Path) -> None:
        git(checkout, "config", "url.https://me:secret@example.com/.insteadOf", "https://github.com/")
        assert repository(checkout).source() == REMOTE


class TestIsClean:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("start_point/hiker.sh", False),
            ("start_point/new.sh", False),
            ("README.md", True),
            ("new.md", True),
        ],
    )
    def test_only_the_given_paths_count(self, checkout: Path, path: str, *, expected: bool) -> None:
        write(checkout, {path: "changed"})
        assert is_clean(checkout, "start_point", "docker/image_name.json") is expected

    def test_what_is_staged_or_deleted_is_no_part_of_the_commit(self, checkout: Path) -> None:
        write(checkout, {"start_point/hiker.sh": "changed"})
        git(checkout, "add", "--all")
        assert not is_clean(checkout)
        git(checkout, "reset", "--hard", "--quiet")
        assert is_clean(checkout)
        (checkout / "start_point/hiker.sh").unlink()
        assert not is_clean(checkout)

    def test_an_x_bit_is_a_change_unless_git_is_told_otherwise(self, checkout: Path) -> None:
        (checkout / "start_point/hiker.sh").chmod(0o755)
        assert not is_clean(checkout)
        git(checkout, "config", "core.fileMode", "false")
        assert is_clean(checkout)

    def test_ignored_files_are_no_change(self, checkout: Path) -> None:
        write(checkout, {".gitignore": "*.class\n"})
        commit(checkout)
        write(checkout, {"start_point/Hiker.class": "compiled"})
        assert is_clean(checkout)

    @pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
    @pytest.mark.parametrize("name", ["hiker.sh", 'quo"te', "new\nline", "back\\slash", "Häuser"])
    def test_a_mark_does_not_make_a_changed_file_unchanged(
        self, checkout: Path, mark: str, name: str
    ) -> None:
        path = f"start_point/{name}"
        write(checkout, {path: "echo"})
        commit(checkout)
        git(checkout, "update-index", mark, "--", path)
        assert is_clean(checkout)
        write(checkout, {path: "changed"})
        assert not is_clean(checkout)

    def test_what_a_sparse_checkout_leaves_out_is_no_change(self, checkout: Path) -> None:
        git(checkout, "update-index", "--skip-worktree", "start_point/hiker.sh")
        (checkout / "start_point/hiker.sh").unlink()
        assert is_clean(checkout)

    def test_line_ends_that_git_converts_are_no_change(self, checkout: Path) -> None:
        git(checkout, "config", "core.autocrlf", "true")
        write(checkout, {"start_point/hiker.sh": "echo"})
        (checkout / "start_point/lines.txt").write_bytes(b"a\nb\n")
        commit(checkout)
        (checkout / "start_point/lines.txt").unlink()
        git(checkout, "checkout", "--", "start_point/lines.txt")
        assert (checkout / "start_point/lines.txt").read_bytes() == b"a\r\nb\r\n"
        assert is_clean(checkout)

    def test_a_checkouts_own_programs_are_not_run(self, checkout: Path, tmp_path: Path) -> None:
        program = write(tmp_path, {"program": f"#!/bin/sh\ntouch {tmp_path}/run\n"}) / "program"
        program.chmod(0o755)
        git(checkout, "config", "core.fsmonitor", str(program))
        git(checkout, "config", "core.hooksPath", str(tmp_path))
        (tmp_path / "post-index-change").symlink_to(program)
        repository(checkout).files()
        assert is_clean(checkout)
        assert not (tmp_path / "run").exists()


class TestEntries:
    def test_paths_modes_and_contents(self, checkout: Path) -> None:
        (checkout / "start_point/hiker.sh").chmod(0o755)
        (checkout / "start_point/link").symlink_to("hiker.sh")
        commit(checkout)
        found = repository(checkout / "start_point")
        entries = found.entries(head(checkout))
        assert [(each.path, oct(each.mode), each.size) for each in entries] == [
            ("hiker.sh", "0o100755", 4),
            ("link", "0o120000", 8),
        ]
        contents = found.contents([each.object_id for each in entries])
        assert [contents[each.object_id] for each in entries] == [b"echo", b"hiker.sh"]

    def test_no_replacement_takes_the_place_of_what_the_commit_holds(self, checkout: Path) -> None:
        found = repository(checkout)
        entries = found.entries(head(checkout))
        one, other = (each.object_id for each in entries)
        git(checkout, "replace", one, other)
        assert set(found.contents([one]).values()) == {b"# Java"}

    def test_an_object_that_is_not_there(self, checkout: Path) -> None:
        with pytest.raises(FetchError, match=r"git does not read it .*missing"):
            repository(checkout).contents(["0" * 40])


class TestFiles:
    def test_tracked_and_new_files_but_not_ignored_ones(self, checkout: Path) -> None:
        write(checkout, {".gitignore": "*.class\n", "new file": "", "a.class": "", "start_point/b.class": ""})
        expected = {".gitignore", "README.md", "new file", "start_point/hiker.sh"}
        assert repository(checkout).files() == expected
        assert repository(checkout / "start_point").files() == {"hiker.sh"}

    def test_names_of_all_kinds(self, checkout: Path) -> None:
        names = {"Straße.txt", 'quo"te', "tab\tbed", "new\nline", os.fsdecode(b"caf\xe9")}
        write(checkout, {f"start_point/{name}": "" for name in names})
        assert repository(checkout / "start_point").files() == names | {"hiker.sh"}

    def test_what_is_ignored(self, checkout: Path) -> None:
        write(checkout, {".gitignore": "build/\n", "build/a": ""})
        assert repository(checkout).ignores("build")
        assert repository(checkout / "build").ignores(".")
        assert not repository(checkout).ignores("start_point")


class TestWithoutGit:
    def test_no_repository(self, no_repository: Path) -> None:
        assert repository_of(no_repository, os.environ) is None

    def test_github_names_the_commit(self) -> None:
        environ = {"GITHUB_SHA": CI_COMMIT, "GITHUB_REPOSITORY": "cyber-dojo-start-points/java-junit"}
        assert commit_from_ci(environ) == Commit(CI_COMMIT, None)
        assert source_from_ci(environ) == REMOTE

    def test_github_on_a_server_of_ones_own(self) -> None:
        environ = {"GITHUB_REPOSITORY": "org/java", "GITHUB_SERVER_URL": "https://git.example.com"}
        assert source_from_ci(environ) == "https://git.example.com/org/java"

    def test_circle_names_the_commit(self) -> None:
        address = "git@github.com:cyber-dojo-start-points/java-junit.git"
        environ = {"CIRCLE_SHA1": CI_COMMIT, "CIRCLE_REPOSITORY_URL": address}
        assert (commit_from_ci(environ), source_from_ci(environ)) == (Commit(CI_COMMIT, None), REMOTE)

    @pytest.mark.parametrize("sha", ["", "main", "4edf92a", CI_COMMIT + "0", CI_COMMIT.upper()])
    def test_what_is_no_revision_is_no_commit(self, sha: str) -> None:
        assert commit_from_ci({"GITHUB_SHA": sha}) is None


class TestRefusals:
    """None of these is taken for "no git"."""

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_a_checkout_of_another_user(self, checkout: Path) -> None:
        for path in (checkout, checkout / ".git"):
            os.chown(path, 4711, 4711)
        error = self.refusal(checkout)
        assert "detected dubious ownership in repository at" in error.message
        assert error.remedy.endswith(f"git config --global --add safe.directory {checkout}")

    def test_no_git_program(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(checkout))
        error = self.refusal(checkout / "start_point")
        assert error.message.endswith("git cannot be run (No such file or directory)")
        assert error.remedy.startswith("Install git")

    def test_a_broken_repository(self, checkout: Path) -> None:
        (checkout / ".git/HEAD").unlink()
        assert "not a git repository" in self.refusal(checkout).message

    def test_a_pointer_to_nowhere(self, no_repository: Path) -> None:
        write(no_repository, {".git": "gitdir: /nowhere\n"})
        assert "not a git repository: /nowhere" in self.refusal(no_repository).message

    def test_a_broken_head(self, checkout: Path) -> None:
        write(checkout, {".git/refs/heads/main": "0123456789" * 4 + "\n"})
        assert "bad object" in self.refusal(checkout).message

    def test_a_broken_index(self, checkout: Path) -> None:
        write(checkout, {".git/index": "garbage"})
        with pytest.raises(FetchError, match="index file") as caught:
            is_clean(checkout)
        assert caught.value.remedy.startswith("Make 'git status' work there")

    def test_a_repository_of_another_time(self, checkout: Path) -> None:
        git(checkout, "config", "core.repositoryFormatVersion", "99")
        assert "version" in self.refusal(checkout).message

    @staticmethod
    def refusal(folder: Path) -> FetchError:
        with pytest.raises(FetchError) as caught:
            repository(folder).head()
        assert caught.value.kind == "unreadable"
        return caught.value
