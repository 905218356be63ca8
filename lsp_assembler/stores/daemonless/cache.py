"""A cache on disk of small documents and blobs by digest, and of the digests that names had last.

What is in it can be fetched again, so nothing here ever fails: content that is damaged is a miss, a file that
is damaged goes, and a disk that takes no more is written to no more.
"""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from lsp_assembler.oci.documents import ContentError, check_digest, digest_of

MAX_ENTRY = 1024 * 1024
"""The longest content that is kept, in bytes: start points and configurations, no base image's layers."""

_FLUSH_AT = (
    4 * 1024 * 1024
)  # so that a long run neither grows without end nor loses everything if it is killed
_SHRINK_TO = 0.8  # so that a full cache is not tidied by every run
_FRESH_SECONDS = 3600  # for so long a use is not noted again
_BUSY_SECONDS = 5.0  # to wait for another run that writes; one takes a hundredth of that
_TAG = b"""Signature: 8a477f597d28d172789f06886806bc55
# This directory was made by lsp-assembler and may be removed. See https://bford.info/cachedir/
"""
# Losing what was written last to a power cut is cheaper than waiting for the disk in every run.
_SCHEMA = """
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS contents (digest TEXT PRIMARY KEY, data BLOB NOT NULL, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, digest TEXT NOT NULL, media_type TEXT NOT NULL);
"""
# A damaged row may hold anything; SQLite does not read a file that is damaged further.
_GET = """
SELECT coalesce(CAST(data AS BLOB), x''), coalesce(CAST(used AS INTEGER), 0) FROM contents WHERE digest = ?
"""
_GET_NAMED = """
SELECT name, digest, media_type, coalesce(CAST(data AS BLOB), x''), coalesce(CAST(used AS INTEGER), 0)
FROM json_each(?) JOIN names ON name = value JOIN contents USING (digest)
"""
# Content counts in whole pages, which is more than it takes: what is left is sure to fit.
_PRUNE = """
DELETE FROM contents WHERE rowid IN (
    SELECT row FROM (
        SELECT rowid AS row,
               sum(length(data) / 4096 * 4096 + 4096) OVER (ORDER BY used DESC, rowid DESC) AS total
        FROM contents
    ) WHERE total > ?
)
"""


class LastSeen(Struct, frozen=True):
    """What a name stood for when it was last looked up.

    Args:
        digest: of the manifest or index, e.g. "sha256:9f86…".
        media_type: what the registry called it, e.g. "application/vnd.oci.image.manifest.v1+json".
    """

    digest: str
    media_type: str


class Cache:
    """The cache in one directory. Threads may share it, and processes the directory.

    What is put into it is written when it is closed, or when there is much of it: all at once.
    No method raises OSError, sqlite3.Error or ContentError.

    Args:
        directory: e.g. ~/.cache/lsp-assembler; made when something is first written.
        max_bytes: of disk, which every write keeps.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._file = directory / "v1" / "cache.sqlite"  # another version may keep its entries in another way
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_off = False
        self._contents: dict[str, bytes] = {}  # not yet written
        self._names: dict[str, LastSeen] = {}
        self._used: set[str] = set()
        self._pending = 0
        self._expected: dict[str, tuple[bytes, int]] = {}  # content and its last use, read ahead
        self._expected_names: dict[str, LastSeen | None] = {}  # None for what is not here
        with self._lock, self._guarded():
            if self._file.exists():
                self._connection = _connect(self._file)

    def expect(self, names: Iterable[str]) -> None:
        """Read what these names stood for, and its content, all at once: `last_seen` and `get` then need not.

        A question costs far more than an answer: 2,500 names one after the other take a second.

        Args:
            names: as for `last_seen`; those that are not here do no harm.
        """
        wanted = list(names)
        with self._lock, self._guarded():
            if self._connection:
                rows = self._connection.execute(_GET_NAMED, (json.dumps(wanted),)).fetchall()
                self._expected_names.update(dict.fromkeys(wanted))
                for name, digest, media_type, data, used in rows:
                    self._expected_names[name] = LastSeen(str(digest), str(media_type))
                    self._expected[digest] = (data, used)

    def get(self, digest: str) -> bytes | None:
        """The bytes that have this digest; None if they are not here.

        Args:
            digest: e.g. "sha256:9f86…"; one that is malformed is never here.
        """
        if not _is_sound(digest):
            return None
        with self._lock:
            data = self._contents.get(digest)
            if data is not None:
                return data
            row = self._expected.pop(digest, None) or self._row(_GET, digest)
            if row is None:
                return None
            data, used = row
            if abs(time.time() - used) > _FRESH_SECONDS:
                self._used.add(digest)
        if digest_of(data, digest.partition(":")[0]) == digest:
            return bytes(data)
        with self._lock, self._guarded():
            self._delete(digest)
        return None

    def put(self, digest: str, data: bytes) -> None:
        """Keep some bytes, unless there are more than MAX_ENTRY of them.

        Args:
            digest: theirs; where it is not, a later run's `get` finds out.
        """
        if len(data) > MAX_ENTRY or not _is_sound(digest):
            return
        with self._lock:
            self._contents[digest] = data
            self._pending += len(data)
            if self._pending > _FLUSH_AT:
                self._flush()

    def last_seen(self, name: str) -> LastSeen | None:
        """What a name stood for when `remember` was last called; None if that is not known (any more).

        Args:
            name: `Reference.canonical`, e.g. "docker.io/library/busybox:latest".
        """
        with self._lock:
            if name in self._names:
                return self._names[name]
            if name in self._expected_names:
                seen = self._expected_names[name]
            else:
                row = self._row("SELECT digest, media_type FROM names WHERE name = ?", name)
                seen = LastSeen(*map(str, row)) if row else None
        return seen if seen and _is_sound(seen.digest) else None

    def remember(self, name: str, seen: LastSeen) -> None:
        """Keep what a name stands for; an earlier entry is replaced."""
        with self._lock:
            self._names[name] = seen
            self._expected_names.pop(name, None)

    def close(self) -> None:
        """Write what is new, and let go of the file. If it is too large, the least recently used goes.

        May be called while other threads still work, and more than once.
        """
        with self._lock:
            self._flush()
            self._expected, self._expected_names = {}, {}
            if self._connection:
                self._connection.close()
                self._connection = None

    def _row(self, statement: str, key: str) -> Any:
        with self._guarded():
            return self._connection.execute(statement, (key,)).fetchone() if self._connection else None

    def _delete(self, digest: str) -> None:
        if self._connection:
            with self._connection:
                self._connection.execute("DELETE FROM contents WHERE digest = ?", (digest,))

    def _flush(self) -> None:
        contents, self._contents, self._pending = self._contents, {}, 0
        names, self._names = self._names, {}
        used, self._used = self._used, set()
        if self._is_off or not (contents or names or used):
            return
        now = int(time.time())
        with self._guarded():
            self._connection = self._connection or self._create()
            with self._connection as transaction:
                transaction.executemany(
                    "INSERT OR REPLACE INTO contents VALUES (?, ?, ?)",
                    ((digest, data, now) for digest, data in contents.items()),
                )
                transaction.executemany(
                    "INSERT OR REPLACE INTO names VALUES (?, ?, ?)",
                    ((name, seen.digest, seen.media_type) for name, seen in names.items()),
                )
                transaction.executemany(
                    "UPDATE contents SET used = ? WHERE digest = ?", ((now, digest) for digest in used)
                )
                if _size(transaction) > self._max_bytes:
                    transaction.execute(_PRUNE, (int(self._max_bytes * _SHRINK_TO),))
                    transaction.execute("DELETE FROM names WHERE digest NOT IN (SELECT digest FROM contents)")

    def _create(self) -> sqlite3.Connection:
        """Make the directory, for this user only (images may be private); backups pass it over."""
        for folder in (self._directory, self._file.parent):
            if not folder.exists():
                folder.parent.mkdir(parents=True, exist_ok=True)
                folder.mkdir(mode=0o700, exist_ok=True)
                folder.chmod(0o700)  # the umask may take away more than is meant
        tag = self._directory / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_bytes(_TAG)
        return _connect(self._file)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """After a failure nothing more is tried, for it would only cost time. A damaged file goes."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            if self._connection:
                self._connection.close()
                self._connection = None
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                with contextlib.suppress(OSError):
                    self._file.unlink()
            else:
                self._is_off = True


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        file, timeout=_BUSY_SECONDS, isolation_level="IMMEDIATE", check_same_thread=False
    )
    try:
        if not connection.execute("PRAGMA page_count").fetchone()[0]:  # later on it would be a write
            connection.execute("PRAGMA auto_vacuum = FULL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _size(connection: sqlite3.Connection) -> int:
    """What the file will take of the disk when the transaction ends, in bytes."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _is_sound(digest: str) -> bool:
    try:
        return bool(check_digest(digest))
    except ContentError:
        return False
