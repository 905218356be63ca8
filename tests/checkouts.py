"""LTF checkouts on disk, with a real git, for the tests of whatever reads them."""

import os
import subprocess
from pathlib import Path

import pytest

COMMITTED = 1_763_696_040
_CI = ("GITHUB_", "CIRCLE_", "GIT_", "CI")


def without_ci(patch: pytest.MonkeyPatch) -> None:
    """Hide that the tests themselves may run in CI, or in a git hook, or with a git configuration."""
    for name in os.environ:
        if name.startswith(_CI) or name == "SOURCE_DATE_EPOCH":
            patch.delenv(name)
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below a folder; returns the folder."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody, at a pinned date; returns what it prints."""
    date = f"@{COMMITTED} +0100"
    person = {"NAME": "Deep Thought", "EMAIL": "deep@thought.example", "DATE": date}
    people = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=os.environ | people,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit(folder: Path, remote: str = "") -> str:
    """Make a folder a repository whose commit holds all its files; returns the revision."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
        if remote:
            git(folder, "remote", "add", "origin", remote)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Forty-two")
    return git(folder, "rev-parse", "HEAD")
