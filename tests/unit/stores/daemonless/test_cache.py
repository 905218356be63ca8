"""The cache, on a real disk and with real processes."""

import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lsp_assembler.oci.documents import OCI_MANIFEST, digest_of
from lsp_assembler.stores.daemonless.cache import MAX_ENTRY, Cache, LastSeen

PLENTY = 64 * 1024 * 1024
PAGE = 4096
NAME = "docker.io/cyberdojofoundation/java_junit:LSP"
SEEN = LastSeen(digest_of(b"manifest"), OCI_MANIFEST)

_FILL = """
import sys
from pathlib import Path
from lsp_assembler.stores.daemonless.cache import Cache
from lsp_assembler.oci.documents import digest_of

folder, worker = Path(sys.argv[1]), sys.argv[2]
for turn in range(20):
    cache = Cache(folder, 30 * 4096)
    for number in range(10):
        shared, own = b"shared %d" % number, f"{worker} {turn} {number}".encode()
        for data in (shared, own):
            cache.put(digest_of(data), data)
    cache.close()
    for number in range(10):
        found = Cache(folder, 30 * 4096).get(digest_of(b"shared %d" % number))
        assert found in (None, b"shared %d" % number), found
print("fine")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path) -> Iterator[Cache]:
    cache = Cache(folder, PLENTY)
    yield cache
    cache.close()


def run(folder: Path, *contents: bytes, max_bytes: int = PLENTY) -> list[str]:
    """A run that keeps these contents; their digests."""
    cache = Cache(folder, max_bytes)
    digests = [digest_of(content) for content in contents]
    for digest, content in zip(digests, contents, strict=True):
        cache.put(digest, content)
    cache.close()
    return digests


def database(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "v1/cache.sqlite", isolation_level=None)


def kept(folder: Path) -> set[str]:
    """The digests of all that is in a cache, as any SQLite sees it."""
    return {digest for (digest,) in database(folder).execute("SELECT digest FROM contents")}


def age(folder: Path, digest: str, seconds: float) -> None:
    """Make content look as if it was last used that long ago."""
    database(folder).execute("UPDATE contents SET used = used - ? WHERE digest = ?", (seconds, digest))


def last_use(folder: Path, digest: str) -> int:
    row = database(folder).execute("SELECT used FROM contents WHERE digest = ?", (digest,)).fetchone()
    return int(row[0])


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("data", [b"", b"layer", bytes(MAX_ENTRY)], ids=["empty", "small", "largest"])
def test_what_was_put_is_there_at_once_and_for_the_next_run(
    folder: Path, data: bytes, algorithm: str
) -> None:
    cache, digest = Cache(folder, PLENTY), digest_of(data, algorithm)
    assert cache.get(digest) is None

    cache.put(digest, data)
    assert cache.get(digest) == data
    assert Cache(folder, PLENTY).get(digest) is None
    cache.close()

    assert Cache(folder, PLENTY).get(digest) == data


def test_much_is_written_before_the_end(folder: Path, cache: Cache) -> None:
    contents = [bytes([number]) * MAX_ENTRY for number in range(6)]
    for content in contents:
        cache.put(digest_of(content), content)
    assert len(kept(folder)) == 5
    assert [cache.get(digest_of(content)) for content in contents] == contents


def test_what_a_killed_run_wrote_halfway_does_not_count(folder: Path) -> None:
    (before,) = run(folder, b"before")
    code = f"""
import os, sqlite3
connection = sqlite3.connect({str(folder / "v1/cache.sqlite")!r}, isolation_level="IMMEDIATE")
connection.execute("PRAGMA cache_size = 1")
connection.execute("DELETE FROM contents")
for number in range(100):
    connection.execute("INSERT INTO contents VALUES (?, ?, 0)", (f"sha256:{{number:064x}}", bytes(9000)))
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert (folder / "v1/cache.sqlite-journal").exists()
    assert Cache(folder, PLENTY).get(before) == b"before"
    assert kept(folder) == {before}


def test_too_large_is_not_kept(folder: Path) -> None:
    assert Cache(folder, PLENTY).get(*run(folder, bytes(MAX_ENTRY + 1))) is None
    assert not folder.exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_only_its_user_can_read_it(folder: Path, umask: int) -> None:
    folder.parent.mkdir(exist_ok=True)
    previous = os.umask(umask)
    try:
        run(folder, b"of a private image")
    finally:
        os.umask(previous)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, folder / "v1")] == [0o700, 0o700]


def test_backups_pass_it_over(folder: Path) -> None:
    run(folder, b"layer")
    tag = (folder / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")


@pytest.mark.parametrize("damage", [b"", b"laye", b"LAYER", bytes(MAX_ENTRY + 1), "text", 7, 1.5])
def test_damaged_content_is_a_miss_and_goes(folder: Path, damage: object) -> None:
    (digest,) = run(folder, b"layer")
    database(folder).execute("UPDATE contents SET data = ?", (damage,))

    assert Cache(folder, PLENTY).get(digest) is None
    assert not kept(folder)
    run(folder, b"layer")
    assert Cache(folder, PLENTY).get(digest) == b"layer"


@pytest.mark.parametrize(
    "damage", [b"", b"no database", bytes(9000), b"SQLite format 3\0" + bytes(9000)], ids=len
)
def test_a_damaged_file_goes(folder: Path, damage: bytes) -> None:
    (digest,) = run(folder, b"layer")
    (folder / "v1/cache.sqlite").write_bytes(damage)

    assert Cache(folder, PLENTY).get(digest) is None
    run(folder, b"layer")
    assert Cache(folder, PLENTY).get(digest) == b"layer"


def test_a_file_that_is_damaged_in_its_middle_goes(folder: Path) -> None:
    digests = run(folder, *(b"%d" % number * 3000 for number in range(30)))
    file = folder / "v1/cache.sqlite"
    whole = file.read_bytes()
    file.write_bytes(whole[:PAGE] + b"\xff" * (len(whole) - PAGE))

    cache = Cache(folder, PLENTY)
    assert [cache.get(digest) for digest in digests] == [None] * 30
    cache.remember(NAME, SEEN)
    cache.close()
    assert Cache(folder, PLENTY).last_seen(NAME) == SEEN


def test_what_is_no_file_turns_it_off(folder: Path) -> None:
    (folder / "v1/cache.sqlite").mkdir(parents=True)
    assert Cache(folder, PLENTY).get(*run(folder, b"layer")) is None


@pytest.mark.parametrize(
    "digest", ["", "sha256:../../../etc/passwd", "md5:" + "0" * 32, "sha256:" + "A" * 64]
)
def test_malformed_digests_are_never_kept(folder: Path, digest: str) -> None:
    cache = Cache(folder, PLENTY)
    cache.put(digest, b"data")
    assert cache.get(digest) is None
    cache.close()
    assert not folder.exists()


def test_name_is_remembered_and_replaced(folder: Path, cache: Cache) -> None:
    assert cache.last_seen(NAME) is None
    cache.remember(NAME, LastSeen(digest_of(b"before"), OCI_MANIFEST))
    cache.remember(NAME, SEEN)
    assert cache.last_seen(NAME) == SEEN
    cache.close()
    assert Cache(folder, PLENTY).last_seen(NAME) == SEEN
    assert cache.last_seen(f"{NAME}-1") is None


@pytest.mark.parametrize("damage", ["", SEEN.digest[:-1], b"\xff", 7])
def test_damaged_name_is_a_miss(folder: Path, damage: object) -> None:
    cache = Cache(folder, PLENTY)
    cache.remember(NAME, SEEN)
    cache.close()
    database(folder).execute("UPDATE names SET digest = ?", (damage,))
    assert Cache(folder, PLENTY).last_seen(NAME) is None


def test_size_is_kept_and_the_least_recently_used_goes_first(folder: Path) -> None:
    limit = 40 * PAGE
    digests = run(folder, *(b"%03d" % number * PAGE for number in range(12)))
    for number, digest in enumerate(digests):
        age(folder, digest, 86400 - number)
    reader = Cache(folder, PLENTY)
    assert reader.get(digests[0])
    reader.close()

    (new,) = run(folder, b"new", max_bytes=limit)

    assert (folder / "v1/cache.sqlite").stat().st_size <= limit
    left = kept(folder)
    assert {digests[0], digests[11], new} <= left
    assert left == {digests[0], new, *digests[-(len(left) - 2) :]}


def test_what_gets_full_shrinks_by_a_fifth_of_its_limit(folder: Path) -> None:
    limit = 200 * PAGE
    for turn in range(6):
        run(folder, *(b"%d %d " % (turn, number) * 700 for number in range(40)), max_bytes=limit)
        assert (folder / "v1/cache.sqlite").stat().st_size <= limit
    assert len(kept(folder)) >= 40


def test_a_name_goes_with_what_it_stands_for(folder: Path) -> None:
    cache = Cache(folder, PLENTY)
    cache.put(SEEN.digest, b"manifest")
    cache.remember(NAME, SEEN)
    cache.close()
    age(folder, SEEN.digest, 86400)
    run(folder, *(bytes([number]) * 3 * PAGE for number in range(20)), max_bytes=40 * PAGE)
    assert SEEN.digest not in kept(folder)
    assert Cache(folder, PLENTY).last_seen(NAME) is None


def test_run_that_added_nothing_writes_nothing(folder: Path) -> None:
    digests = run(folder, b"a", b"b", b"c")
    before = (folder / "v1/cache.sqlite").stat()
    reader = Cache(folder, max_bytes=PAGE)
    assert [reader.get(digest) for digest in digests] == [b"a", b"b", b"c"]
    reader.close()
    after = (folder / "v1/cache.sqlite").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


@pytest.mark.parametrize(("seconds", "is_noted"), [(60, False), (7200, True), (-7200, True)])
def test_use_is_noted_once_an_hour(folder: Path, seconds: int, *, is_noted: bool) -> None:
    (digest,) = run(folder, b"layer")
    age(folder, digest, seconds)
    before = last_use(folder, digest)
    cache = Cache(folder, PLENTY)
    cache.get(digest)
    cache.close()
    assert (last_use(folder, digest) != before) is is_noted


def test_directory_that_cannot_be_made_turns_it_off(folder: Path) -> None:
    folder.write_bytes(b"a file, not a folder")
    cache = Cache(folder, PLENTY)
    cache.put(digest_of(b"a"), b"a")
    cache.remember(NAME, SEEN)
    cache.close()
    assert cache.get(digest_of(b"a")) is None
    assert cache.last_seen(NAME) is None


def test_no_room_turns_it_off_and_leaves_what_is_there(folder: Path) -> None:
    (before,) = run(folder, b"before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5 * PAGE, limits[1]))  # as on a full disk
    try:
        missing = run(folder, *(b"%d" % number * 2 * PAGE for number in range(9)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    cache = Cache(folder, PLENTY)
    assert [cache.get(digest) for digest in (*missing, before)] == [None] * 9 + [b"before"]


def test_emptied_under_a_run(folder: Path) -> None:
    (digest,) = run(folder, b"layer")
    cache = Cache(folder, PLENTY)
    shutil.rmtree(folder)
    assert cache.get(digest) in (None, b"layer")
    cache.put(digest_of(b"another"), b"another")
    cache.close()
    (third,) = run(folder, b"a third")
    assert Cache(folder, PLENTY).get(third) == b"a third"


def test_another_run_that_writes_for_ever_is_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsp_assembler.stores.daemonless.cache._BUSY_SECONDS", 0.1)
    (digest,) = run(folder, b"layer")
    other = database(folder)
    other.execute("BEGIN EXCLUSIVE")
    cache = Cache(folder, PLENTY)
    assert cache.get(digest) is None
    cache.put(digest_of(b"mine"), b"mine")
    cache.close()
    other.execute("ROLLBACK")
    assert kept(folder) == {digest}


def test_threads_share_it(folder: Path, cache: Cache) -> None:
    contents = [b"content %d" % number for number in range(20)]
    together = threading.Barrier(8)

    def work(worker: int) -> list[bytes | None]:
        together.wait()
        found = []
        for content in contents:
            cache.put(digest_of(content), content)
            found.append(cache.get(digest_of(content)))
        if worker == 0:
            cache.close()  # while the others are still at work
        return found

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert found[0] == contents
    assert all(data in (content, None) for row in found for data, content in zip(row, contents, strict=True))
    cache.close()
    assert len(kept(folder)) == 20


def test_processes_that_write_read_and_prune_at_once(tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _FILL, str(tmp_path), str(worker)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for worker in range(3)
    ]
    assert [run.communicate() for run in runs] == [("fine\n", "")] * 3
    assert database(tmp_path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = database(tmp_path).execute("SELECT digest, data FROM contents").fetchall()
    assert rows
    assert all(digest_of(data) == digest for digest, data in rows)


def test_what_is_expected_is_what_is_there(folder: Path) -> None:
    written = Cache(folder, PLENTY)
    written.put(SEEN.digest, b"manifest")
    written.remember(NAME, SEEN)
    written.remember("acme/pruned:LSP", LastSeen(digest_of(b"gone"), OCI_MANIFEST))
    written.close()
    cache = Cache(folder, PLENTY)
    cache.expect([NAME, "acme/pruned:LSP", "acme/absent:LSP"])
    shutil.rmtree(folder)  # from here on there is nothing that could be asked
    assert cache.last_seen(NAME) == SEEN
    assert [cache.last_seen(name) for name in ("acme/pruned:LSP", "acme/absent:LSP")] == [None, None]
    assert cache.get(SEEN.digest) == b"manifest"
    newer = LastSeen(digest_of(b"newer"), OCI_MANIFEST)
    for name in (NAME, "acme/absent:LSP"):
        cache.remember(name, newer)
        assert cache.last_seen(name) == newer
    cache.close()


def test_what_is_expected_and_damaged_is_a_miss(folder: Path) -> None:
    run(folder, b"manifest")
    with sqlite3.connect(folder / "v1/cache.sqlite") as database:
        database.execute("INSERT INTO names VALUES (?, ?, ?)", (NAME, SEEN.digest, OCI_MANIFEST))
        database.execute("UPDATE contents SET data = x'00'")
    database.close()
    cache = Cache(folder, PLENTY)
    cache.expect([NAME])
    assert cache.last_seen(NAME) == SEEN
    assert cache.get(SEEN.digest) is None
    cache.close()
