"""What git says of a checkout, asked of real repositories."""

import os
from pathlib import Path

import pytest

from lsp_assembler.checkout.git import Commit, commit_of, files_of, web_address
from tests.checkouts import COMMITTED, commit, git, without_ci, write

REMOTE = "https://github.com/cyber-dojo-start-points/java-junit"
CI_COMMIT = "4edf92a" + "0" * 33


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    without_ci(monkeypatch)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = write(tmp_path / "java junit, Häuser", {"start_point/hiker.sh": "echo", "README.md": "# Java"})
    commit(folder, f"{REMOTE}.git")
    return folder


@pytest.fixture
def no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return write(tmp_path / "java-junit", {"start_point/hiker.sh": "echo"})


class TestCommitOf:
    def test_a_clean_checkout(self, checkout: Path) -> None:
        revision = git(checkout, "rev-parse", "HEAD")
        assert commit_of(checkout, os.environ) == Commit(revision, COMMITTED, REMOTE, is_clean=True)
        assert len(revision) == 40

    def test_a_folder_inside_it(self, checkout: Path) -> None:
        assert commit_of(checkout / "start_point", os.environ) == commit_of(checkout, os.environ)

    @pytest.mark.parametrize(
        ("path", "is_clean"),
        [
            ("start_point/hiker.sh", False),
            ("start_point/new.sh", False),
            ("README.md", True),
            ("new.md", True),
        ],
    )
    def test_only_the_given_paths_must_be_clean(self, checkout: Path, path: str, *, is_clean: bool) -> None:
        write(checkout, {path: "changed"})
        found = commit_of(checkout, os.environ, ("start_point", "docker/image_name.json"))
        assert found is not None
        assert found.is_clean is is_clean

    def test_what_is_staged_or_deleted_is_no_part_of_the_commit(self, checkout: Path) -> None:
        write(checkout, {"start_point/hiker.sh": "changed"})
        git(checkout, "add", "--all")
        staged = commit_of(checkout, os.environ)
        git(checkout, "reset", "--hard", "--quiet")
        (checkout / "start_point/hiker.sh").unlink()
        deleted = commit_of(checkout, os.environ)
        assert [found and found.is_clean for found in (staged, deleted)] == [False, False]

    def test_an_x_bit_is_a_change(self, checkout: Path) -> None:
        (checkout / "start_point/hiker.sh").chmod(0o755)
        found = commit_of(checkout, os.environ)
        assert found is not None
        assert not found.is_clean

    def test_ignored_files_are_no_change(self, checkout: Path) -> None:
        write(checkout, {".gitignore": "*.class\n"})
        commit(checkout)
        write(checkout, {"start_point/Hiker.class": "compiled"})
        found = commit_of(checkout, os.environ)
        assert found is not None
        assert found.is_clean

    def test_a_detached_head(self, checkout: Path) -> None:
        first = commit_of(checkout, os.environ)
        commit(checkout)
        git(checkout, "checkout", "--quiet", "--detach", "HEAD~1")
        assert commit_of(checkout, os.environ) == first

    def test_a_shallow_clone(self, checkout: Path, tmp_path: Path) -> None:
        commit(checkout)
        git(tmp_path, "clone", "--quiet", "--depth=1", checkout.as_uri(), "shallow")
        found = commit_of(tmp_path / "shallow", os.environ)
        assert found == Commit(git(checkout, "rev-parse", "HEAD"), COMMITTED, "")

    def test_a_repository_without_a_commit_has_none(self, no_repository: Path) -> None:
        git(no_repository, "init", "--quiet")
        assert commit_of(no_repository, os.environ) is None

    def test_a_hook_of_another_repository_does_not_interfere(
        self, checkout: Path, no_repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit(no_repository, "https://example.com/other")
        expected = commit_of(checkout, os.environ)
        monkeypatch.setenv("GIT_DIR", str(no_repository / ".git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(no_repository))
        monkeypatch.setenv("GIT_INDEX_FILE", str(no_repository / ".git/index"))
        assert commit_of(checkout, os.environ) == expected

    def test_a_log_with_signatures_is_still_understood(self, checkout: Path) -> None:
        git(checkout, "config", "log.showSignature", "true")
        assert commit_of(checkout, os.environ) is not None


class TestWithoutGit:
    def test_no_repository_and_no_ci(self, no_repository: Path) -> None:
        assert commit_of(no_repository, os.environ) is None
        assert files_of(no_repository, os.environ) is None

    def test_no_such_folder(self, tmp_path: Path) -> None:
        assert commit_of(tmp_path / "absent", os.environ) is None

    def test_no_git(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(checkout))
        assert commit_of(checkout, os.environ) is None
        assert files_of(checkout, os.environ) is None

    def test_github_names_the_commit(self, no_repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GITHUB_SHA", CI_COMMIT)
        monkeypatch.setenv("GITHUB_REPOSITORY", "cyber-dojo-start-points/java-junit")
        assert commit_of(no_repository, os.environ) == Commit(CI_COMMIT, None, REMOTE)

    def test_github_on_a_server_of_ones_own(
        self, no_repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_SHA", CI_COMMIT)
        monkeypatch.setenv("GITHUB_REPOSITORY", "org/java")
        monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.example.com")
        assert commit_of(no_repository, os.environ) == Commit(
            CI_COMMIT, None, "https://git.example.com/org/java"
        )

    def test_circle_names_the_commit(self, no_repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CIRCLE_SHA1", CI_COMMIT)
        monkeypatch.setenv("CIRCLE_REPOSITORY_URL", "git@github.com:cyber-dojo-start-points/java-junit.git")
        assert commit_of(no_repository, os.environ) == Commit(CI_COMMIT, None, REMOTE)

    @pytest.mark.parametrize("sha", ["", "main", "4edf92a", CI_COMMIT + "0", CI_COMMIT.upper()])
    def test_what_is_no_revision_is_no_commit(
        self, no_repository: Path, monkeypatch: pytest.MonkeyPatch, sha: str
    ) -> None:
        monkeypatch.setenv("GITHUB_SHA", sha)
        assert commit_of(no_repository, os.environ) is None

    def test_git_knows_better_than_ci(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GITHUB_SHA", CI_COMMIT)
        found = commit_of(checkout, os.environ)
        assert found is not None
        assert found.revision == git(checkout, "rev-parse", "HEAD")


class TestFilesOf:
    def test_tracked_and_new_files_but_not_ignored_ones(self, checkout: Path) -> None:
        write(checkout, {".gitignore": "*.class\n", "new file": "", "a.class": "", "start_point/b.class": ""})
        assert sorted(files_of(checkout, os.environ) or ()) == sorted(
            {".gitignore", "README.md", "new file", "start_point/hiker.sh"}
        )

    def test_relative_to_the_folder(self, checkout: Path) -> None:
        assert sorted(files_of(checkout / "start_point", os.environ) or ()) == sorted({"hiker.sh"})

    def test_names_of_all_kinds(self, checkout: Path) -> None:
        names = {"Straße.txt", 'quo"te', "tab\tbed", "new\nline", os.fsdecode(b"caf\xe9")}
        write(checkout, {f"start_point/{name}": "" for name in names})
        assert sorted(files_of(checkout / "start_point", os.environ) or ()) == sorted(names | {"hiker.sh"})


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        (REMOTE, REMOTE),
        (f"{REMOTE}.git", REMOTE),
        (f"{REMOTE}/", REMOTE),
        (f" {REMOTE}\n", REMOTE),
        ("https://user:ghp_secret@github.com/org/java.git", "https://github.com/org/java"),
        ("https://ghp_secret@github.com/org/java.git", "https://github.com/org/java"),
        ("https://x:y@git.example.com:8443/org/java", "https://git.example.com:8443/org/java"),
        ("https://github.com/org/java?token=secret#secret", "https://github.com/org/java"),
        ("http://git.example.com/java", "http://git.example.com/java"),
        ("https://[::1]:8443/org/java", "https://[::1]:8443/org/java"),
        ("ssh://git@[::1]:22/org/java", "https://[::1]/org/java"),
        ("git@github.com:org/java.git", "https://github.com/org/java"),
        ("github.com:org/java.git", "https://github.com/org/java"),
        ("ssh://git@github.com/org/java.git", "https://github.com/org/java"),
        ("ssh://git@git.example.com:2222/org/java.git", "https://git.example.com/org/java"),
        ("git://github.com/org/java.git", "https://github.com/org/java"),
        ("/srv/git/java.git", ""),
        ("../java", ""),
        ("./a:b", ""),
        ("file:///srv/git/java.git", ""),
        ("https://", ""),
        ("https://[broken/org/java", ""),
        ("https://github.com:port/org/java", ""),
        ("https://github.com/org/\udcff", ""),
        ("", ""),
    ],
)
def test_web_address(remote: str, expected: str) -> None:
    assert web_address(remote) == expected
