"""The values that flow through the assembler. All are frozen and safe to share between threads."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from lsp_assembler.errors import FailureKind

START_POINT = "start_point"
"""The one folder of an LSP image."""

REVISION_LABEL = "org.opencontainers.image.revision"
SOURCE_LABEL = "org.opencontainers.image.source"
CREATED_LABEL = "org.opencontainers.image.created"


class StartPointType(StrEnum):
    """The three kinds of start point that cyber-dojo serves."""

    LANGUAGES = "languages"
    CUSTOM = "custom"
    EXERCISES = "exercises"

    @property
    def default_port(self) -> int:
        """The port that cyber-dojo expects a service of this type on."""
        return {"languages": 4524, "exercises": 4525, "custom": 4526}[self.value]


@dataclass(frozen=True, slots=True)
class File:
    """A regular file: its bytes, and whether any x bit is set."""

    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """Files and directories by their relative POSIX path, e.g. "start_point/hiker.sh".

    `directories` always holds every ancestor of every file, so a tree says by itself what exists.
    `links` are the symbolic links of a directory on disk that lead nowhere inside it: nothing can be
    read through them. A tree out of an image never has any.
    """

    files: Mapping[str, File]
    directories: frozenset[str]
    links: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, files: Mapping[str, File], directories: Iterable[str] = (), links: Iterable[str] = ()
    ) -> "Tree":
        """A tree of these files, the directories they need, and these further (empty) directories.

        As on a disk, a path is one thing only. Where one is given as two, the file is kept, and what
        would be below it is not; a directory comes before a link.
        """
        directories, links = set(directories), set(links)
        above = {_parent(path) for path in (*files, *directories, *links)}
        lost = {folder for folder in above if not files.keys().isdisjoint(_with_ancestors(folder))}
        kept = {path: file for path, file in sorted(files.items()) if _parent(path) not in lost}
        folders = {path for path in directories if path not in files and _parent(path) not in lost}
        loose = {path for path in links if path not in files and _parent(path) not in lost}
        folders |= {folder for parent in above - lost for folder in _with_ancestors(parent)}
        return cls(kept, frozenset(folders), frozenset(loose - folders))

    def under(self, prefix: str) -> "Tree":
        """The same tree one level deeper: `under("0")` turns "a/b" into "0/a/b"."""
        return Tree(
            {f"{prefix}/{path}": file for path, file in self.files.items()},
            frozenset((*_with_ancestors(prefix), *(f"{prefix}/{path}" for path in self.directories))),
            frozenset(f"{prefix}/{path}" for path in self.links),
        )

    def below(self, prefix: str) -> "Tree":
        """The part of the tree in one folder, relative to it: `below("0")` turns "0/a/b" into "a/b"."""
        start = f"{prefix}/"
        return Tree.of(
            {path.removeprefix(start): file for path, file in self.files.items() if path.startswith(start)},
            (path.removeprefix(start) for path in self.directories if path.startswith(start)),
            (path.removeprefix(start) for path in self.links if path.startswith(start)),
        )

    def joined(self, *others: "Tree") -> "Tree":
        """All trees in one; where two have the same file, the last one's counts."""
        trees = (self, *others)
        return Tree.of(
            {path: file for tree in trees for path, file in tree.files.items()},
            {path for tree in trees for path in tree.directories},
            {path for tree in trees for path in tree.links},
        )

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(len(file.content) for file in self.files.values())

    @property
    def digest(self) -> str:
        """sha256 over paths, kinds, x bits and contents, e.g. "sha256:9f86…": equal trees, equal digests."""
        state = hashlib.sha256()
        for path in sorted({*self.files, *self.directories, *self.links}):
            file = self.files.get(path)
            content = b"" if file is None else file.content
            kind = "l" if path in self.links else "d" if file is None else "x" if file.executable else "-"
            state.update(f"{kind} {path}\0{len(content)}\0".encode("utf-8", "surrogatepass"))
            state.update(content)
        return f"sha256:{state.hexdigest()}"


def ancestors(path: str) -> list[str]:
    """The directories above a relative path: "a/b/c" gives ["a", "a/b"]."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _with_ancestors(folder: str) -> list[str]:
    """A directory and those above it; none of the root."""
    return [*ancestors(folder), folder] if folder else []


@dataclass(frozen=True, slots=True)
class Source:
    """One start point that the user asked for.

    Args:
        index: its number, which becomes its index dir, from 0.
        text: the image name or path as the user wrote it.
        line: where it stands in images.yml, from 1; None for one given on the command line.
        is_directory: whether it is a path to an LTF checkout instead of an image name.
    """

    index: int
    text: str
    line: int | None = None
    is_directory: bool = False


@dataclass(frozen=True, slots=True)
class StartPoint:
    """What one source holds.

    Args:
        digest: of the image it came from, e.g. "sha256:9f86…".
        tree: every path begins with "start_point/" when it came from an image or an LTF checkout.
        labels: the image's labels; {} for a directory.
        strays: paths outside start_point/ that the image also holds, for a warning.
        is_packed: whether it comes out of an image, or is ready for one; a checkout as it stands is not.
    """

    digest: str
    tree: Tree
    labels: Mapping[str, str] = field(default_factory=dict)
    strays: tuple[str, ...] = ()
    is_packed: bool = True

    @property
    def revision(self) -> str | None:
        """The commit it was packed from, 40 hex digits, where the image says so."""
        return self.labels.get(REVISION_LABEL) or None

    @property
    def url(self) -> str | None:
        """The repository it was packed from, where the image says so."""
        return self.labels.get(SOURCE_LABEL) or None

    @property
    def created(self) -> str | None:
        """When, in RFC 3339, e.g. "2026-11-21T03:34:00Z", where the image says so."""
        return self.labels.get(CREATED_LABEL) or None


Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that one start point breaks.

    Args:
        rule: the rule's id, e.g. "tab-size".
        code: the number that cyber-dojo's own checker gives it; None for rules beyond that checker.
        index: of the start point.
        manifest: path of the manifest in its index dir, e.g. "start_point/manifest.json"; None where
            the finding is about the start point as a whole.
        message: what is wrong and what would be right, e.g. "tab_size is 9; it must be an integer 1..8".
        manifest_line: the line in the manifest, from 1, where it is known.
    """

    rule: str
    code: int | None
    severity: Severity
    index: int
    manifest: str | None
    message: str
    manifest_line: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a source gave no start point: an error of one source, as a value of the run's result."""

    kind: FailureKind
    message: str
