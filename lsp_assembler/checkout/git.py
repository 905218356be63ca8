"""What git knows about a checkout: its commit, its files, and where it came from.

git is asked what is in a repository; a checkout's own programs are not run, except for the filters that its
.gitattributes name and a user's configuration defines: git cannot compare files without them.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.model.address import web_address, without_secrets
from lsp_assembler.model.dates import is_date
from lsp_assembler.text import visible

SUBMODULE, LINK = 0o160000, 0o120000
_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SETTINGS = (
    *("-c", "core.quotePath=false", "-c", "log.showSignature=false"),
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never"),
)
_ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # a commit's own content, on every machine
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
# A git hook has these set, and they would turn every folder into the hook's repository.
_POINTERS = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_IMPLICIT_WORK_TREE"),
)
_LITERAL = "--literal-pathspecs"
_SKIPPED = "S"  # how `ls-files -v` marks a file that a sparse checkout leaves out
_OWNER = "dubious ownership"


class Commit(Struct, frozen=True):
    """The commit that a folder is at.

    Args:
        revision: 40 hex digits.
        epoch: when it was made, in seconds since 1970; None where only CI named the commit, or
            where it is none that could be written.
    """

    revision: str
    epoch: int | None


class Entry(Struct, frozen=True):
    """A file, a link or a submodule in a commit.

    Args:
        path: relative to the folder that was asked about.
        mode: git's, e.g. 0o100755.
        object_id: of its content; a link's is its target.
        size: in bytes; 0 for a submodule.
    """

    path: str
    mode: int
    object_id: str
    size: int


def repository_of(folder: Path, environ: Mapping[str, str]) -> "Repository | None":
    """The repository that a folder is in; None where there is no .git in it or above it.

    Args:
        environ: the environment's variables, for git.
    """
    inside = folder.resolve()
    ceilings = {Path(each) for each in environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep) if each}
    across = environ.get("GIT_DISCOVERY_ACROSS_FILESYSTEM", "").lower() in ("1", "true", "yes", "on")
    above = inside
    while not (above / ".git").exists():
        parent = above.parent
        if parent == above or parent in ceilings or not (across or _same_device(above, parent)):
            return None
        above = parent
    return Repository(inside, above, environ, str(folder))


def commit_from_ci(environ: Mapping[str, str]) -> Commit | None:
    """The commit that CI names (GITHUB_SHA, CIRCLE_SHA1), for a folder without git history."""
    for name in ("GITHUB_SHA", "CIRCLE_SHA1"):
        revision = environ.get(name, "")
        if _REVISION.fullmatch(revision):
            return Commit(revision, None)
    return None


def source_from_ci(environ: Mapping[str, str]) -> str:
    """The web address of the repository that CI names, e.g. "https://github.com/org/java"; "" for none."""
    if "GITHUB_REPOSITORY" in environ:
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        return web_address(f"{server}/{environ['GITHUB_REPOSITORY']}")
    return web_address(environ.get("CIRCLE_REPOSITORY_URL", ""))


class Repository:
    """A repository, as seen from a folder in it: paths are relative to the folder. Threads may share it.

    Every method raises FetchError where git is missing, refuses, or fails: that is never taken for an answer.

    Args:
        folder: without links in its path.
        top: the folder of the repository that has .git in it.
        environ: the environment's variables, for git.
        subject: what messages call the folder.
    """

    def __init__(self, folder: Path, top: Path, environ: Mapping[str, str], subject: str) -> None:
        self.top = top
        self.environ = environ
        self._folder = folder
        self._subject = subject

    def head(self) -> Commit | None:
        """The commit that is checked out; None before the first."""
        revision = self._text("rev-parse", "--quiet", "--verify", "HEAD", answers=(0, 1))
        if not revision:
            return None
        epoch = int(self._text("log", "-1", "--format=%ct", revision, "--"))
        return Commit(revision, epoch if is_date(epoch) else None)

    def source(self) -> str:
        """The web address of the remote `origin`, else of the repository that CI names; "" for none."""
        origins = self._text("config", "--get-all", "remote.origin.url", answers=(0, 1)).splitlines()
        return web_address(origins[0]) if origins else source_from_ci(self.environ)

    def files(self) -> frozenset[str]:
        """The files that git tracks or would track: what .gitignore names is no part of a commit."""
        return frozenset(
            self._list(_LITERAL, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
        )

    def ignores(self, path: str) -> bool:
        """Whether .gitignore, or the like, hides a path."""
        return bool(self._text("check-ignore", "--", path, answers=(0, 1)))

    def entries(self, commit: Commit, path: str = ".") -> list[Entry]:
        """What a commit holds at or below a path; of the folder, if none is given."""
        found = []
        for line in self._list(_LITERAL, "ls-tree", "-r", "-l", "-z", commit.revision, "--", path):
            facts, _, path = line.partition("\t")
            mode, _, object_id, size = facts.split()
            found.append(Entry(path, int(mode, 8), object_id, int(size) if size.isdigit() else 0))
        return found

    def changes(self, paths: Sequence[str]) -> dict[str, str]:
        """What differs from the commit below some paths, e.g. {"start_point/new.sh": "??"}.

        Returns:
            git's two letters for each path; "??" is a file that git does not know.
        """
        status = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
        lines = self._list(_LITERAL, *status, "--ignore-submodules=all", "--", *paths)
        above = "" if self._folder == self.top else f"{self._folder.relative_to(self.top).as_posix()}/"
        return {line[3:].removeprefix(above): line[:2] for line in lines}

    def contents(self, object_ids: Sequence[str]) -> dict[str, bytes]:
        """The contents of files and links, by their ids."""
        wanted = list(dict.fromkeys(object_ids))
        output = self._run(("cat-file", "--batch"), "".join(f"{each}\n" for each in wanted).encode())
        found, position = {}, 0
        for object_id in wanted:
            end = output.index(b"\n", position)
            kind, _, size = output[position:end].decode().removeprefix(f"{object_id} ").partition(" ")
            if kind != "blob":
                raise self._failed(f"the commit's object {object_id} is {kind}")
            position = end + 1 + int(size)
            found[object_id] = output[end + 1 : position]
            position += 1
        return found

    def is_clean(self, entries: Sequence[Entry], paths: Sequence[str]) -> bool:
        """Whether the files below some paths are those of the commit, as git compares them.

        That a file is marked as unchanged does not make it so.

        Args:
            entries: what the commit that is checked out holds.
        """
        if self.changes(paths):
            return False
        listed = self._list(_LITERAL, "ls-files", "-v", "-z", "--", *paths)
        marks = (line.partition(" ")[::2] for line in listed)
        marked = [path for mark, path in marks if mark.islower() or mark == _SKIPPED]
        present = [path for path in marked if os.path.lexists(self._folder / path)]
        committed = {entry.path: entry.object_id for entry in entries}
        unmarked = set(marked) - set(present)
        return self._hashes(present) == [committed.get(path, "") for path in present] and (
            unmarked <= committed.keys()
        )

    def _hashes(self, paths: Sequence[str]) -> list[str]:
        """The ids that the contents of files on disk would have."""
        if not paths:
            return []
        quoted = "".join(f"{_quoted(path)}\n" for path in paths)
        return self._run(("hash-object", "--stdin-paths"), os.fsencode(quoted)).decode().split()

    def _list(self, *arguments: str) -> list[str]:
        return [each for each in os.fsdecode(self._run(arguments)).split("\0") if each]

    def _text(self, *arguments: str, answers: tuple[int, ...] = (0,)) -> str:
        return os.fsdecode(self._run(arguments, answers=answers)).strip("\n")

    def _run(self, arguments: Iterable[str], stdin: bytes = b"", answers: tuple[int, ...] = (0,)) -> bytes:
        """What a git command prints.

        Args:
            answers: the statuses that are an answer; 1 often means "no".

        Raises:
            FetchError: any other status.
        """
        environment = {name: value for name, value in self.environ.items() if name not in _POINTERS}
        try:
            done = subprocess.run(
                ["git", *_SETTINGS, "-C", str(self._folder), *arguments],
                env=environment | _ENVIRONMENT,
                input=stdin,
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise FetchError(
                f"{self._subject}: it is a git checkout, and git cannot be run ({error.strerror})",
                "Install git, or use a copy of the folder without .git.",
                kind="unreadable",
            ) from error
        if done.returncode not in answers:
            raise self._failed(os.fsdecode(done.stderr))
        return done.stdout

    def _failed(self, words: str) -> FetchError:
        fact = next((line for line in words.splitlines() if line.startswith("fatal: ")), words.strip())
        remedy = "Make 'git status' work there, or use a copy of the folder without .git."
        if _OWNER in fact:
            folder = re.search(r"'(.+)'", fact)
            named = visible(folder[1]) if folder else str(self._folder)
            remedy = f"Run as its owner, or trust it: git config --global --add safe.directory {named}"
        fact = visible(without_secrets(fact.removeprefix("fatal: "))).rstrip(".")
        return FetchError(f"{self._subject}: git does not read it ({fact})", remedy, kind="unreadable")


def _same_device(folder: Path, parent: Path) -> bool:
    return folder.stat().st_dev == parent.stat().st_dev


def _quoted(path: str) -> str:
    """A path as git reads it from a line: in C's quotes if it has to be."""
    if not any(char in path for char in '"\\\n'):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
