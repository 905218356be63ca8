"""The files of a checkout as its commit holds them: the same on every machine."""

import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_assembler.checkout.git import LINK, SUBMODULE, Entry, Repository
from lsp_assembler.checkout.limited import Limited
from lsp_assembler.model.start_point import START_POINT
from lsp_assembler.model.tree import File, Tree, ancestors
from lsp_assembler.oci.layers import Limits

_MOST_LINKS = 40  # one after the other, as Linux has it


def read_committed(directory: Path, repository: Repository, entries: Sequence[Entry], limits: Limits) -> Tree:
    """The tree of one index dir: `start_point/…` if the commit has it, else all of the folder.

    Links to files of the commit are read as those files.

    Args:
        directory: as the user wrote it, for messages.
        entries: what the commit holds in the directory.

    Raises:
        FetchError: unsafe, or over the limits; or git fails.
    """
    by_path = {entry.path: entry for entry in entries}
    below = {path for path in by_path if path.startswith(f"{START_POINT}/")}
    chosen = [by_path[path] for path in below or by_path]
    links = _Links(repository, by_path) if any(entry.mode == LINK for entry in chosen) else None
    reading = Limited(directory, limits)
    found: dict[str, Entry] = {}
    for entry in sorted(chosen, key=lambda each: each.path):
        file: Entry | str = entry
        if entry.mode == SUBMODULE:
            file = "is a submodule"
        elif entry.mode == LINK and links:
            file = links.file(entry.path)
        if isinstance(file, str):
            reading.refuse(entry.path, file)
            continue
        reading.add(entry.path, file.size)
        found[entry.path] = file
    reading.finish()
    contents = repository.contents([file.object_id for file in found.values()])
    return Tree.of(
        {
            path: File(contents[file.object_id], executable=bool(file.mode & 0o111))
            for path, file in found.items()
        },
        [START_POINT] if below else [],
    )


class _Links:
    """The links of a commit, followed as a file system would."""

    def __init__(self, repository: Repository, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        links = [entry for entry in entries.values() if entry.mode == LINK]
        targets = repository.contents([entry.object_id for entry in links])
        self._targets = {
            entry.path: targets[entry.object_id].decode(errors="surrogateescape") for entry in links
        }
        self._folders = {folder for path in entries for folder in ancestors(path)}

    def file(self, link: str) -> Entry | str:
        """The file that a link leads to; or what it is instead, e.g. "is a link to a folder"."""
        path = self._resolved(link)
        if path is None:
            return "is a link that leads out of the checkout"
        entry = self._entries.get(path)
        if entry is None or entry.mode == SUBMODULE:
            is_folder = entry is not None or path in self._folders or not path
            return "is a link to a folder" if is_folder else "is a link to nothing that is committed"
        return entry

    def _resolved(self, path: str) -> str | None:
        """The path without links in it; None where it leads out, or in a circle."""
        done, left, followed = "", path.split("/"), 0
        while left:
            part = left.pop(0)
            if part in ("", "."):
                continue
            if part == "..":
                if not done:
                    return None
                done = posixpath.dirname(done)
                continue
            done = f"{done}/{part}" if done else part
            target = self._targets.get(done)
            if target is not None:
                followed += 1
                if target.startswith("/") or followed > _MOST_LINKS:
                    return None
                done = posixpath.dirname(done)
                left = [*target.split("/"), *left]
        return done
