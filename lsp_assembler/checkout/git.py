"""What git knows about a checkout: its commit, when it was made, and where it came from."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.model.address import web_address

_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SETTINGS = ("-c", "core.quotePath=false", "-c", "log.showSignature=false")
# A git hook has these set, and they would turn every folder into the hook's repository.
_POINTERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")


class Commit(Struct, frozen=True):
    """The commit that a folder is at.

    Args:
        revision: 40 hex digits.
        epoch: when it was made, in seconds since 1970; None where only CI named the commit.
        source: the repository's web address, e.g. "https://github.com/org/java-junit", or "".
        is_clean: whether the folder's files are those of the commit.
    """

    revision: str
    epoch: int | None
    source: str
    is_clean: bool = True


def commit_of(folder: Path, environ: Mapping[str, str], paths: Sequence[str] = (".",)) -> Commit | None:
    """The commit that a folder is at, or None where git (or a repository) is not there.

    In CI a folder without git history is at the commit that CI names (GITHUB_SHA, CIRCLE_SHA1).

    Args:
        folder: inside a checkout.
        environ: the environment's variables, for git and for what CI says.
        paths: the parts of the folder whose cleanness matters, relative to it.
    """
    head = _git(folder, environ, "log", "-1", "--format=%H %ct")
    if head is None:
        return _commit_from_ci(environ)
    revision, epoch = head.split()
    changes = _git(folder, environ, "status", "--porcelain", "--untracked-files=all", "--", *paths)
    origin = _git(folder, environ, "remote", "get-url", "origin")
    source = web_address(origin) if origin else _source_from_ci(environ)
    return Commit(revision, int(epoch), source, is_clean=changes == "")


def files_of(folder: Path, environ: Mapping[str, str]) -> frozenset[str] | None:
    """The files below a folder that git tracks or would track, relative to it; None without git.

    What .gitignore names is no part of a commit, so it must not be part of what is packed from one.
    """
    listing = _git(folder, environ, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
    return None if listing is None else frozenset(listing.split("\0")) - {""}


def _commit_from_ci(environment: Mapping[str, str]) -> Commit | None:
    for name in ("GITHUB_SHA", "CIRCLE_SHA1"):
        revision = environment.get(name, "")
        if _REVISION.fullmatch(revision):
            return Commit(revision, None, _source_from_ci(environment))
    return None


def _source_from_ci(environment: Mapping[str, str]) -> str:
    if "GITHUB_REPOSITORY" in environment:
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        return web_address(f"{server}/{environment['GITHUB_REPOSITORY']}")
    return web_address(environment.get("CIRCLE_REPOSITORY_URL", ""))


def _git(folder: Path, environ: Mapping[str, str], *arguments: str) -> str | None:
    """What a git command prints, or None where it fails: no git, no repository, no commit, no trust."""
    environment = {name: value for name, value in environ.items() if name not in _POINTERS}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *_SETTINGS, "-C", str(folder), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return None
    if done.returncode != 0:
        return None
    return done.stdout.decode("utf-8", "surrogateescape").strip("\n")
