"""A cache on disk of small documents and blobs by digest, and of the digests that names had last.

What is in it can be had again, so nothing here ever fails: a file that vanished, that is damaged or that
cannot be read is a miss, and a disk that takes no more is written to no more.
"""

import contextlib
import itertools
import os
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lsp_assembler.content import ContentError, check_digest, digest_of

MAX_ENTRY = 1024 * 1024
"""The longest content that is kept, in bytes: start points and configurations, no base image's layers."""

_BLOCK = 4096  # what even the smallest file takes of a disk
_SHRINK_TO = 0.8  # so that a full cache is not tidied by every run
_MOST_ENTRIES = 100_000  # that one run looks at
_TEMPORARY = ".new-"
_STALE_SECONDS = 3600.0
_FRESH_SECONDS = 3600.0  # for so long a use is not noted again: it would be one more system call a file
_TAG = b"""Signature: 8a477f597d28d172789f06886806bc55
# This directory was made by lsp-assembler and may be removed. See https://bford.info/cachedir/
"""


@dataclass(frozen=True, slots=True)
class LastSeen:
    """What a name stood for when it was last looked up.

    Args:
        digest: of the manifest or index, e.g. "sha256:9f86…".
        media_type: what the registry called it, e.g. "application/vnd.oci.image.manifest.v1+json".
    """

    digest: str
    media_type: str


class Cache:
    """The cache in one directory. Threads may share it, and processes the directory.

    No method raises OSError or ContentError.

    Args:
        directory: e.g. ~/.cache/lsp-assembler; made when something is first written.
        max_bytes: of disk, which `close` keeps; every file counts as whole blocks of 4 KiB.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._folder = directory / "v1"  # another version may keep its entries in another way
        self._prefix = f"{self._folder}{os.sep}"
        self._max_bytes = max_bytes
        self._is_prepared = False
        self._is_writable = True
        self._has_grown = False

    def get(self, digest: str) -> bytes | None:
        """The bytes that have this digest; None if they are not here.

        Args:
            digest: e.g. "sha256:9f86…"; one that is malformed is never here.
        """
        entry = _entry_of(digest)
        data = self._read(entry) if entry else None
        if data is None or digest_of(data, digest.partition(":")[0]) == digest:
            return data
        self._remove(entry)
        return None

    def put(self, digest: str, data: bytes) -> None:
        """Keep some bytes, unless there are more than MAX_ENTRY of them.

        Args:
            digest: theirs; where it is not, `get` finds out.
        """
        entry = _entry_of(digest)
        if entry and len(data) <= MAX_ENTRY:
            self._write(entry, data)

    def last_seen(self, name: str) -> LastSeen | None:
        """What a name stood for when `remember` was last called; None if that is not known (any more).

        Args:
            name: `Reference.canonical`, e.g. "docker.io/library/busybox:latest".
        """
        entry = _record_of(name)
        data = self._read(entry)
        if data is None:
            return None
        try:
            digest, media_type, written = data.decode("ascii").split(" ")
            if written == f"{name}\n":
                return LastSeen(check_digest(digest), media_type)
        except ValueError:  # a ContentError and a UnicodeDecodeError are some, too
            pass
        self._remove(entry)
        return None

    def remember(self, name: str, seen: LastSeen) -> None:
        """Keep what a name stands for; an earlier entry is replaced."""
        self._write(_record_of(name), f"{seen.digest} {seen.media_type} {name}\n".encode())

    def close(self) -> None:
        """Bring the directory back to its size, the least recently used first, if this run added to it.

        May be called while other threads still work, and more than once.
        """
        if self._has_grown:
            self._has_grown = False
            with contextlib.suppress(OSError):
                self._prune()

    def _read(self, entry: str) -> bytes | None:
        path = self._prefix + entry
        try:
            # The bare calls: a run reads hundreds of tiny files, and Path.read_bytes takes twice as many.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                status = os.fstat(descriptor)
                data = os.read(descriptor, min(status.st_size, MAX_ENTRY))
            finally:
                os.close(descriptor)
        except OSError:
            return None
        if abs(time.time() - status.st_mtime) > _FRESH_SECONDS:
            with contextlib.suppress(OSError):
                os.utime(path)
        return data

    def _write(self, entry: str, data: bytes) -> None:
        """Write a whole file or none. After a failure nothing more is tried: it would only cost time."""
        if not self._is_writable:
            return
        try:
            self._prepare()
            name = f"{self._prefix}{_TEMPORARY}{secrets.token_hex(8)}"
            # Five of these for each image of a cold run: tempfile and pathlib would take twice as long.
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                os.replace(name, self._prefix + entry)  # noqa: PTH105  # see above
            except BaseException:
                _unlink(Path(name))
                raise
        except OSError:
            self._is_writable = False
        else:
            self._has_grown = True

    def _prepare(self) -> None:
        """Make the directory, for this user only (images may be private); backups pass it over."""
        if self._is_prepared:
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        tag = self._directory / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_bytes(_TAG)
        self._is_prepared = True

    def _remove(self, entry: str) -> None:
        _unlink(self._folder / entry)

    def _prune(self) -> None:
        """Remove what killed runs left, then the least recently used.

        Others may prune as well: they find the same order, and that a file has gone already is as good.
        """
        kept = self._sweep()
        total = sum(size for _, _, size in kept)
        if total <= self._max_bytes:
            return
        for _, name, size in sorted(kept):
            if total <= self._max_bytes * _SHRINK_TO:
                break
            self._remove(name)
            total -= size

    def _sweep(self) -> list[tuple[float, str, int]]:
        """Remove stale temporary files; of each entry the time of its last use, its name, its size."""
        now, kept = time.time(), []
        with os.scandir(self._folder) as entries:
            for entry in itertools.islice(entries, _MOST_ENTRIES):
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if not entry.name.startswith(_TEMPORARY):
                    blocks = max(1, -(-status.st_size // _BLOCK))
                    kept.append((status.st_mtime, entry.name, blocks * _BLOCK))
                elif now - status.st_mtime > _STALE_SECONDS:
                    self._remove(entry.name)
        return kept


def _entry_of(digest: str) -> str:
    """The file of some content, e.g. "sha256-9f86…"; "" for a digest that is malformed, and so unsafe."""
    try:
        return check_digest(digest).replace(":", "-")
    except ContentError:
        return ""


def _record_of(name: str) -> str:
    """The file of a name; hashed, because a name may be longer than a file's may."""
    return f"name-{sha256(name.encode()).hexdigest()}"


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
