"""Layers -> a tree, and a tree -> one deterministic layer. Pure; the input is hostile.

Reads layers in memory, member by member, under limits; extracts nothing to disk. Whiteouts follow the OCI
image specification, "Representing Changes".
"""

import io
import tarfile
from collections.abc import Iterable, Iterator
from typing import Protocol

from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.model.tree import File, Tree, ancestors
from lsp_assembler.oci.tar import Member, members
from lsp_assembler.text import named

_CHECK_IMAGE = "Check that this is an :LSP image"
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_BLOCK = tarfile.BLOCKSIZE
_HEADERS_PER_ENTRY = 4096  # a tar header, its padding, and a pax header of the usual size
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}
_REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE)


class Limits(Struct, frozen=True):
    """How large one image may be.

    Args:
        max_bytes: of all its files together, uncompressed.
        max_entries: files and directories.
        max_path: bytes of one path.
        max_compressed: bytes of one layer as it is in a registry or a layout.
    """

    max_bytes: int = 16 * 1024 * 1024
    max_entries: int = 4096
    max_path: int = 512
    max_compressed: int = 16 * 1024 * 1024

    @property
    def max_archive(self) -> int:
        """The most bytes that the tar of an image takes, with the headers of all entries."""
        return self.max_bytes + self.max_entries * _HEADERS_PER_ENTRY


class _Forbidden(Struct, frozen=True):
    """An entry that an image may not have, unless a later layer hides it."""

    kind: str


_Entry = File | None | _Forbidden  # None is a directory


class Readable(Protocol):
    """The one method of a binary file that reading a layer needs."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; b"" at the end."""


def read_layers(
    layers: Iterable[Readable], folder: str, image: str, limits: Limits
) -> tuple[Tree, tuple[str, ...]]:
    """Read one folder of an image from its uncompressed layers.

    Args:
        layers: tar streams, lowest layer first.
        folder: e.g. "start_point"; the paths of the tree begin with it.
        image: its name, for messages.

    Returns:
        The folder's tree (empty if the image has no such folder), and the sorted paths of the files outside
        of it.

    Raises:
        FetchError: unsafe, corrupt, too-large, too-many-entries or path-too-long.
    """
    overlay = _Overlay(image, limits)
    for layer in layers:
        overlay.lay(list(_entries(layer, folder, image, limits)))
    files: dict[str, File] = {}
    directories: list[str] = []
    strays: list[str] = []
    for path, entry in overlay.entries.items():
        if not _inside(path, folder):
            strays += [path] if entry is not None else []
        elif isinstance(entry, _Forbidden):
            raise FetchError(
                f"{image}: {named(path)} is {entry.kind}; only regular files and directories are accepted",
                "Replace it with a regular file and pack the image again.",
                kind="unsafe",
            )
        elif entry is None:
            directories.append(path)
        else:
            files[path] = entry
    return Tree.of(files, directories), tuple(sorted(strays))


def write_layer(tree: Tree, epoch: int = 0) -> bytes:
    """One uncompressed tar layer: equal trees give equal bytes on every machine.

    Entries are sorted; modes are 0755 for directories and executables, else 0644; owner is 0:0.

    Args:
        epoch: the mtime of every entry, in seconds since 1970.
    """
    tar = io.BytesIO()
    for path in sorted({*tree.files, *tree.directories}):
        file = tree.files.get(path)
        content = b"" if file is None else file.content
        entry = tarfile.TarInfo(path)
        entry.type = tarfile.DIRTYPE if file is None else tarfile.REGTYPE
        entry.mode = 0o755 if file is None or file.executable else 0o644
        entry.size, entry.mtime = len(content), epoch
        tar.write(entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        tar.write(content)
        tar.write(bytes(-len(content) % _BLOCK))
    tar.write(bytes(2 * _BLOCK))  # its end mark
    tar.write(bytes(-tar.tell() % tarfile.RECORDSIZE))
    return tar.getvalue()


def _entries(layer: Readable, folder: str, image: str, limits: Limits) -> Iterator[tuple[str, _Entry]]:
    """The entries of one tar, with checked names, and with contents inside the folder."""
    bounded = _Bounded(layer, limits.max_archive, image, limits)
    try:
        for count, member in enumerate(members(bounded.read)):
            if count >= limits.max_entries:
                raise too_many_entries(image, limits)
            path = _checked_path(member.name, image, limits)
            if path:
                yield path, _entry(member, wanted=_inside(path, folder))
    except (tarfile.TarError, ValueError) as error:
        raise FetchError(
            f"{image}: its layer is not a valid tar archive: {error}",
            "Pack the image again.",
            kind="corrupt",
        ) from error


def _entry(member: Member, *, wanted: bool) -> _Entry:
    if member.type == tarfile.DIRTYPE:
        return None
    if member.type not in _REGULAR or member.is_sparse:
        return _Forbidden(_KINDS.get(member.type, "a special file"))
    return File(member.content(), bool(member.mode & 0o111)) if wanted else File(b"")


class _Overlay:
    """The files of an image with all layers applied. Every entry's parents are entries, too."""

    def __init__(self, image: str, limits: Limits) -> None:
        self.entries: dict[str, _Entry] = {}
        self._image = image
        self._limits = limits

    def lay(self, layer: list[tuple[str, _Entry]]) -> None:
        """Apply one layer: first remove what it hides, whatever the order inside the layer."""
        for path, _ in layer:
            parent, _, name = path.rpartition("/")
            if name == _OPAQUE:
                self._hide_below(parent)
            elif name.startswith(_WHITEOUT):
                self._hide("/".join(filter(None, (parent, name.removeprefix(_WHITEOUT)))))
        for path, entry in layer:
            if not path.rpartition("/")[2].startswith(_WHITEOUT):
                self._add(path, entry)
        # After each layer, not after the last: a hundred full layers must not be in memory together.
        if sum(len(entry.content) for entry in self.entries.values() if isinstance(entry, File)) > (
            self._limits.max_bytes
        ):
            raise too_large(self._image, self._limits)

    def _add(self, path: str, entry: _Entry) -> None:
        for parent in ancestors(path):
            if self.entries.get(parent) is not None:
                self._hide(parent)
            self.entries.setdefault(parent, None)
        if entry is not None or self.entries.get(path) is not None:
            self._hide(path)
        self.entries[path] = entry
        if len(self.entries) > self._limits.max_entries:
            raise too_many_entries(self._image, self._limits)

    def _hide(self, path: str) -> None:
        if path in self.entries and self.entries.pop(path) is None:
            self._hide_below(path)

    def _hide_below(self, path: str) -> None:
        below = f"{path}/" if path else ""
        for hidden in [known for known in self.entries if known.startswith(below)]:
            del self.entries[hidden]


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _checked_path(name: str, image: str, limits: Limits) -> str:
    """The member's path without "./", "/" and trailing "/"; "" for the root itself.

    Honest tools write absolute paths, too; inside an image they mean the same.
    """
    if len(name.encode()) > limits.max_path:
        raise path_too_long(image, name, limits)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in name:
        raise FetchError(
            f"{image}: {named(name)} is not a path inside the image",
            "Do not use this image: no honest tool makes such a layer.",
            kind="unsafe",
        )
    return "/".join(parts)


class _Bounded:
    """A stream that stops a decompression bomb, or endless headers, before they fill the memory."""

    def __init__(self, stream: Readable, budget: int, image: str, limits: Limits) -> None:
        self._stream = stream
        self._budget = budget
        self._image = image
        self._limits = limits

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._budget + 1))
        self._budget -= len(data)
        if self._budget < 0:
            raise too_large(self._image, self._limits)
        return data


def too_large(subject: str, limits: Limits, check: str = _CHECK_IMAGE) -> FetchError:
    """An image, or a checkout to pack, has too many bytes.

    Args:
        check: what the user should do first, e.g. "Check the directory".
    """
    return FetchError(
        f"{subject}: has more than {limits.max_bytes:,} bytes; a start point is a few small files",
        f"{check}, or raise --max-bytes.",
        kind="too-large",
    )


def too_many_entries(subject: str, limits: Limits, check: str = _CHECK_IMAGE) -> FetchError:
    """An image or a checkout has too many files and directories. The arguments are those of `too_large`."""
    return FetchError(
        f"{subject}: has more than {limits.max_entries:,} files and directories; "
        "a start point is a few small files",
        f"{check}, or raise --max-entries.",
        kind="too-many-entries",
    )


def path_too_long(subject: str, path: str, limits: Limits) -> FetchError:
    """A path has too many bytes; bytes of a file system that are not UTF-8 count, too."""
    size = len(path.encode("utf-8", "surrogateescape"))
    return FetchError(
        f"{subject}: the path {named(path)} has {size:,} bytes; at most {limits.max_path:,} are accepted",
        "Shorten it, or raise --max-path.",
        kind="path-too-long",
    )
