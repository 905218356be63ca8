"""Files and directories as one frozen value."""

import hashlib
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace


class File(Struct, frozen=True):
    """A regular file: its bytes, and whether any x bit is set."""

    content: bytes
    executable: bool = False

    @property
    def text(self) -> str:
        """Its content as UTF-8; bytes that are none are replaced."""
        return self.content.decode("utf-8", "replace")


class Tree(Struct, frozen=True):
    """Files and directories by their relative POSIX path, e.g. "start_point/hiker.sh".

    `directories` always holds every ancestor of every file, so a tree says by itself what exists. `hidden`
    names files that are there as well and do not count, because git ignores them: messages tell of them.
    """

    files: Mapping[str, File]
    directories: frozenset[str]
    hidden: frozenset[str] = frozenset()

    @classmethod
    def of(cls, files: Mapping[str, File], directories: Iterable[str] = ()) -> "Tree":
        """A tree of these files, the directories they need, and these further (empty) directories.

        As on a disk, a path is one thing only. Where one is given as two, the file is kept, and what
        would be below it is not.
        """
        directories = set(directories)
        above = {_parent(path) for path in (*files, *directories)}
        lost = {folder for folder in above if not files.keys().isdisjoint(_with_ancestors(folder))}
        kept = {path: file for path, file in sorted(files.items()) if _parent(path) not in lost}
        folders = {path for path in directories if path not in files and _parent(path) not in lost}
        folders |= {folder for parent in above - lost for folder in _with_ancestors(parent)}
        return cls(kept, frozenset(folders))

    def text(self, path: str) -> str:
        """What is in a file, as `File.text` has it; "" if there is none."""
        file = self.files.get(path)
        return file.text if file else ""

    def under(self, prefix: str) -> "Tree":
        """The same tree one level deeper: `under("0")` turns "a/b" into "0/a/b"."""
        return Tree(
            {f"{prefix}/{path}": file for path, file in self.files.items()},
            frozenset((*_with_ancestors(prefix), *(f"{prefix}/{path}" for path in self.directories))),
        )

    def below(self, prefix: str) -> "Tree":
        """The part of the tree in one folder, relative to it: `below("0")` turns "0/a/b" into "a/b"."""
        start = f"{prefix}/"
        return Tree.of(
            {path.removeprefix(start): file for path, file in self.files.items() if path.startswith(start)},
            (path.removeprefix(start) for path in self.directories if path.startswith(start)),
        )

    def joined(self, *others: "Tree") -> "Tree":
        """All trees in one; where two have the same file, the last one's counts."""
        trees = (self, *others)
        made = Tree.of(
            {path: file for tree in trees for path, file in tree.files.items()},
            {path for tree in trees for path in tree.directories},
        )
        return replace(made, hidden=frozenset[str]().union(*(tree.hidden for tree in trees)))

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(len(file.content) for file in self.files.values())

    @property
    def digest(self) -> str:
        """sha256 over paths, kinds, x bits and contents, e.g. "sha256:9f86…": equal trees, equal digests."""
        state = hashlib.sha256()
        for path in sorted({*self.files, *self.directories}):
            file = self.files.get(path)
            content = b"" if file is None else file.content
            kind = "d" if file is None else "x" if file.executable else "-"
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
