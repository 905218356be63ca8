"""Layers -> a tree, and a tree -> one deterministic layer. Pure; the input is hostile.

Reads layers in memory, member by member, under limits; extracts nothing to disk. Whiteouts follow the OCI
image specification, "Representing Changes".
"""

import io
import tarfile
from collections.abc import Iterable, Iterator

from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.compression import Readable
from lsp_assembler.oci.overlay import Entry, Forbidden, Overlay
from lsp_assembler.oci.tar import Member, members
from lsp_assembler.text import named

MAX_LAYERS = 127
"""The most layers of one image, as in Docker."""

_CHECK_IMAGE = "Check that this is an :LSP image"
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_BLOCK = tarfile.BLOCKSIZE
_TOGETHER = 48 * 1024 * 1024  # all languages there are take a fiftieth of that
_TIMES_ONE = 3
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
    """How large one image may be, all its layers together.

    Args:
        max_bytes: of all its files together, uncompressed.
        max_entries: files and directories.
        max_path: bytes of one path.
        max_compressed: bytes of the layers as they are in a registry or a layout.
    """

    max_bytes: int = 16 * 1024 * 1024
    max_entries: int = 4096
    max_path: int = 512
    max_compressed: int = 16 * 1024 * 1024

    @property
    def max_archive(self) -> int:
        """The most bytes that the tars of an image take, with the headers of all entries."""
        return self.max_bytes + self.max_entries * _HEADERS_PER_ENTRY

    @property
    def max_together(self) -> int:
        """The most bytes of memory that all start points of a run take."""
        return max(_TOGETHER, _TIMES_ONE * self.max_bytes)


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
    meter = _Meter(image, limits)
    overlay = Overlay()
    for count, layer in enumerate(layers):
        if count >= MAX_LAYERS:
            raise too_many_layers(image)
        _lay(overlay, list(_entries(layer, folder, meter)), meter)
    files: dict[str, File] = {}
    directories: list[str] = []
    strays: list[str] = []
    for path, entry in overlay.entries():
        if not _inside(path, folder):
            strays += [path] if entry is not None else []
        elif isinstance(entry, Forbidden):
            raise FetchError(
                f"{image}: {named(path)} is {entry.kind}; only regular files and directories are accepted",
                "Replace it with a regular file and pack the image again.",
                kind="unsafe",
            )
        elif entry is None:
            directories.append(path)
        else:
            files[path] = entry
    return Tree(dict(sorted(files.items())), frozenset(directories)), tuple(sorted(strays))


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


class _Meter:
    """Counts what is read of the layers of one image, those without content, too, and stops at its limits."""

    def __init__(self, image: str, limits: Limits) -> None:
        self.image = image
        self.limits = limits
        self._bytes = limits.max_archive
        self._entries = limits.max_entries

    def read(self, layer: Readable, size: int) -> bytes:
        """Up to so many bytes; a bomb, or headers without end, are stopped before they fill the memory."""
        data = layer.read(min(size, self._bytes + 1))
        self._bytes -= len(data)
        if self._bytes < 0:
            raise too_large(self.image, self.limits)
        return data

    def entry(self) -> None:
        """One more entry."""
        self._entries -= 1
        if self._entries < 0:
            raise too_many_entries(self.image, self.limits)


def _entries(layer: Readable, folder: str, meter: _Meter) -> Iterator[tuple[str, Entry]]:
    """The entries of one tar, with checked names, and with contents inside the folder."""
    try:
        for member in members(lambda size: meter.read(layer, size)):
            meter.entry()
            path = _checked_path(member.name, meter.image, meter.limits)
            if path:
                yield path, _entry(member, wanted=_inside(path, folder))
    except (tarfile.TarError, ValueError) as error:
        raise FetchError(
            f"{meter.image}: its layer is not a valid tar archive: {error}",
            "Pack the image again.",
            kind="corrupt",
        ) from error


def _entry(member: Member, *, wanted: bool) -> Entry:
    if member.type == tarfile.DIRTYPE:
        return None
    if member.type not in _REGULAR or member.is_sparse:
        return Forbidden(_KINDS.get(member.type, "a special file"))
    return File(member.content(), bool(member.mode & 0o111)) if wanted else File(b"")


def _lay(overlay: Overlay, layer: list[tuple[str, Entry]], meter: _Meter) -> None:
    """Apply one layer: first remove what it hides, whatever the order inside the layer."""
    for path, _ in layer:
        parent, _, name = path.rpartition("/")
        if name == _OPAQUE:
            overlay.hide_below(parent)
        elif name.startswith(_WHITEOUT) and name != _WHITEOUT:
            overlay.hide("/".join(filter(None, (parent, name.removeprefix(_WHITEOUT)))))
    for path, entry in layer:
        if not path.rpartition("/")[2].startswith(_WHITEOUT):
            overlay.add(path, entry)
            if overlay.count > meter.limits.max_entries:
                raise too_many_entries(meter.image, meter.limits)
    # After each layer, not after the last: a hundred full layers must not be in memory together.
    if overlay.size > meter.limits.max_bytes:
        raise too_large(meter.image, meter.limits)


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


def too_large_together(subject: str, limits: Limits) -> FetchError:
    """With this one, all start points of a run are too large to be kept in memory."""
    return FetchError(
        f"{subject}: with it, all start points take more than {limits.max_together:,} bytes of memory; "
        "a start point is a few small files",
        f"{_CHECK_IMAGE}, or raise --max-bytes: together they may take {_TIMES_ONE} times as much.",
        kind="too-large",
    )


def too_many_layers(image: str) -> FetchError:
    """An image has more than MAX_LAYERS layers."""
    return FetchError(
        f"{image}: has more than {MAX_LAYERS} layers; an LSP image has one",
        f"{_CHECK_IMAGE}.",
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
