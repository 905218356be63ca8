"""The files of an image with its layers applied, one after the other. Pure.

A tree of folders: hiding one takes it out as a whole, however much it holds, so applying layers takes the
time of their entries.
"""

from collections.abc import Iterator

from msgspec import Struct

from lsp_assembler.model.tree import File


class Forbidden(Struct, frozen=True):
    """An entry that an image may not have, unless a later layer hides it: e.g. "a symbolic link"."""

    kind: str


Entry = File | Forbidden | None
"""What a path is in a layer; None is a directory."""

_Folder = dict[str, "File | Forbidden | _Folder"]


class Overlay:
    """What there is by now. Every entry's parents are entries, too.

    Args:
        count: of all entries.
        size: of all contents, in bytes.
    """

    def __init__(self) -> None:
        self.count = 0
        self.size = 0
        self._root: _Folder = {}

    def add(self, path: str, entry: Entry) -> None:
        """Put an entry in place of what is there; a directory that is there keeps what is in it."""
        *parents, name = path.split("/")
        folder = self._root
        for parent in parents:
            folder = self._folder(folder, parent)
        if entry is None:
            self._folder(folder, name)
            return
        self._remove(folder, name)
        folder[name] = entry
        self.count += 1
        self.size += len(entry.content) if isinstance(entry, File) else 0

    def hide(self, path: str) -> None:
        """Take out an entry and all below it, if it is there."""
        parent, _, name = path.rpartition("/")
        folder = self._find(parent)
        if folder is not None:
            self._remove(folder, name)

    def hide_below(self, path: str) -> None:
        """Take out all below a directory, if it is there; "" is the root."""
        folder = self._find(path)
        for name in list(folder or ()):
            self._remove(folder or {}, name)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """All entries, each after its parent."""
        waiting: list[tuple[str, _Folder]] = [("", self._root)]
        while waiting:
            prefix, folder = waiting.pop()
            for name, node in folder.items():
                if isinstance(node, dict):
                    yield f"{prefix}{name}", None
                    waiting.append((f"{prefix}{name}/", node))
                else:
                    yield f"{prefix}{name}", node

    def _folder(self, parent: _Folder, name: str) -> _Folder:
        """A directory, made in place of what is no directory."""
        found = parent.get(name)
        if isinstance(found, dict):
            return found
        self._remove(parent, name)
        made: _Folder = {}
        parent[name] = made
        self.count += 1
        return made

    def _find(self, path: str) -> _Folder | None:
        folder = self._root
        for name in filter(None, path.split("/")):
            found = folder.get(name)
            if not isinstance(found, dict):
                return None
            folder = found
        return folder

    def _remove(self, folder: _Folder, name: str) -> None:
        if name not in folder:
            return
        waiting = [folder.pop(name)]
        while waiting:
            node = waiting.pop()
            self.count -= 1
            if isinstance(node, dict):
                waiting += node.values()
            elif isinstance(node, File):
                self.size -= len(node.content)
