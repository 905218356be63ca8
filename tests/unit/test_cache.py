"""The cache, on a real disk and with real processes."""

import os
import resource
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lsp_assembler.cache import MAX_ENTRY, Cache, LastSeen
from lsp_assembler.content import OCI_MANIFEST, digest_of

PLENTY = 64 * 1024 * 1024
BLOCK = 4096
NAME = "docker.io/cyberdojofoundation/java_junit:LSP"
SEEN = LastSeen(digest_of(b"manifest"), OCI_MANIFEST)

_FILL = """
import sys
from pathlib import Path
from lsp_assembler.cache import Cache
from lsp_assembler.content import digest_of

folder, worker = Path(sys.argv[1]), sys.argv[2]
for turn in range(20):
    cache = Cache(folder, 20 * 4096)
    for number in range(10):
        shared, own = b"shared %d" % number, f"{worker} {turn} {number}".encode()
        for data in (shared, own):
            cache.put(digest_of(data), data)
            found = cache.get(digest_of(data))
            assert found in (None, data), found
    cache.close()
print("fine")
"""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", PLENTY)


def entries(cache: Cache) -> list[Path]:
    """All files of a cache, in the order of their names."""
    return sorted(cache._folder.iterdir())


def put(cache: Cache, *contents: bytes) -> list[str]:
    digests = [digest_of(content) for content in contents]
    for digest, content in zip(digests, contents, strict=True):
        cache.put(digest, content)
    return digests


def age(path: Path, seconds: float) -> None:
    """Make a file look as if it was last used that long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def file_of(cache: Cache, digest: str) -> Path:
    return cache._folder / digest.replace(":", "-")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("data", [b"", b"layer", bytes(MAX_ENTRY)], ids=["empty", "small", "largest"])
def test_what_was_put_is_there_for_the_next_run(cache: Cache, data: bytes, algorithm: str) -> None:
    digest = digest_of(data, algorithm)
    assert cache.get(digest) is None

    cache.put(digest, data)
    cache.close()

    assert Cache(cache._directory, PLENTY).get(digest) == data


def test_too_large_is_not_kept(cache: Cache) -> None:
    data = bytes(MAX_ENTRY + 1)
    cache.put(digest_of(data), data)
    assert cache.get(digest_of(data)) is None
    assert not cache._directory.exists()


def test_only_its_user_can_read_it(cache: Cache) -> None:
    put(cache, b"of a private image")
    assert stat.S_IMODE(cache._folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(entries(cache)[0].stat().st_mode) == 0o600


def test_backups_pass_it_over(cache: Cache) -> None:
    put(cache, b"layer")
    tag = (cache._directory / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")


@pytest.mark.parametrize("damage", [b"", b"laye", b"LAYER", b"layer and more", bytes(MAX_ENTRY + 1)])
def test_damaged_content_is_a_miss_and_goes(cache: Cache, damage: bytes) -> None:
    (digest,) = put(cache, b"layer")
    file_of(cache, digest).write_bytes(damage)

    assert cache.get(digest) is None
    assert entries(cache) == []
    put(cache, b"layer")
    assert cache.get(digest) == b"layer"


def test_what_is_no_file_is_a_miss(cache: Cache) -> None:
    put(cache, b"makes the folder")
    folder, pipe, link = (digest_of(name) for name in (b"folder", b"pipe", b"link"))
    file_of(cache, folder).mkdir()
    os.mkfifo(file_of(cache, pipe))
    file_of(cache, link).symlink_to("/nonexistent")
    assert [cache.get(digest) for digest in (folder, pipe, link)] == [None, None, None]


@pytest.mark.parametrize(
    "digest", ["", "sha256:../../../etc/passwd", "md5:" + "0" * 32, "sha256:" + "A" * 64]
)
def test_malformed_digest_never_becomes_a_path(cache: Cache, digest: str) -> None:
    cache.put(digest, b"data")
    assert cache.get(digest) is None
    assert not cache._directory.exists()


def test_name_is_remembered_and_replaced(cache: Cache) -> None:
    assert cache.last_seen(NAME) is None
    cache.remember(NAME, LastSeen(digest_of(b"before"), OCI_MANIFEST))
    cache.remember(NAME, SEEN)
    assert Cache(cache._directory, PLENTY).last_seen(NAME) == SEEN
    assert cache.last_seen(f"{NAME}-1") is None


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff\xfe",
        f"{SEEN.digest} {OCI_MANIFEST}".encode(),
        f"{SEEN.digest} {OCI_MANIFEST} {NAME}".encode(),
        f"{SEEN.digest[:-1]} {OCI_MANIFEST} {NAME}\n".encode(),
        f"{SEEN.digest} {OCI_MANIFEST} another:name\n".encode(),
    ],
)
def test_damaged_name_is_a_miss_and_goes(cache: Cache, damage: bytes) -> None:
    cache.remember(NAME, SEEN)
    entries(cache)[0].write_bytes(damage)
    assert cache.last_seen(NAME) is None
    assert entries(cache) == []


def test_size_is_kept_and_the_least_recently_used_goes_first(cache: Cache) -> None:
    digests = put(cache, *(b"%d" % number for number in range(10)))
    for number, digest in enumerate(digests):
        age(file_of(cache, digest), 86400 - number)
    used = Cache(cache._directory, max_bytes=5 * BLOCK)
    assert used.get(digests[0]) == b"0"

    (new,) = put(used, b"new")
    used.close()

    kept = [digest for digest in (*digests, new) if file_of(used, digest).exists()]
    assert kept == [digests[0], *digests[8:], new]


def test_size_counts_whole_blocks(cache: Cache) -> None:
    small = Cache(cache._directory, max_bytes=4 * BLOCK)
    put(small, b"a", b"b", bytes(BLOCK + 1))
    small.close()
    assert len(entries(small)) == 3
    put(small, b"c")
    small.close()
    assert sum(-(-path.stat().st_size // BLOCK) for path in entries(small)) <= 3


def test_run_that_added_nothing_does_not_look_around(cache: Cache) -> None:
    digests = put(cache, b"a", b"b", b"c")
    reader = Cache(cache._directory, max_bytes=BLOCK)
    assert [reader.get(digest) for digest in digests] == [b"a", b"b", b"c"]
    reader.close()
    assert len(entries(cache)) == 3


def test_use_is_noted_once_an_hour(cache: Cache) -> None:
    (digest,) = put(cache, b"layer")
    path = file_of(cache, digest)
    for seconds, noted in ((60.0, False), (7200.0, True), (-7200.0, True)):
        age(path, seconds)
        before = path.stat().st_mtime
        cache.get(digest)
        assert (path.stat().st_mtime != before) is noted


def test_what_a_killed_run_left_goes_and_what_a_running_one_writes_stays(cache: Cache) -> None:
    (digest,) = put(cache, b"layer")
    stale, fresh = cache._folder / ".new-stale", cache._folder / ".new-fresh"
    stale.write_bytes(b"half")
    fresh.write_bytes(b"half")
    age(stale, 7200)

    cache.close()

    assert entries(cache) == [fresh, file_of(cache, digest)]


def test_directory_that_cannot_be_made_turns_it_off(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file, not a folder")
    cache = Cache(tmp_path / "cache", PLENTY)
    digests = put(cache, b"a", b"b")
    cache.remember(NAME, SEEN)
    assert [cache.get(digest) for digest in digests] == [None, None]
    assert cache.last_seen(NAME) is None
    cache.close()


def test_no_room_for_a_file_turns_it_off_and_leaves_what_is_there(cache: Cache) -> None:
    (before,) = put(cache, b"before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, limits[1]))  # as on a full disk
    try:
        (missing,) = put(cache, b"no room")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (later,) = put(cache, b"not tried again")

    assert (cache.get(missing), cache.get(later), cache.get(before)) == (None, None, b"before")
    assert entries(cache) == [file_of(cache, before)]


def test_emptied_under_a_run(cache: Cache) -> None:
    (digest,) = put(cache, b"layer")
    for path in entries(cache):
        path.unlink()
    cache._folder.rmdir()
    assert cache.get(digest) is None
    put(cache, b"another")
    cache.close()


def test_threads_share_it(cache: Cache) -> None:
    contents = [b"content %d" % number for number in range(20)]
    together = threading.Barrier(8)

    def work(_: int) -> list[bytes | None]:
        together.wait()
        return [cache.get(digest) for content in contents for digest in put(cache, content)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [contents] * 8
    assert len(entries(cache)) == 20


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
    assert [run.communicate(timeout=60) for run in runs] == [("fine\n", "")] * 3
    left = list((tmp_path / "v1").iterdir())
    assert left
    assert not [path for path in left if path.name.startswith(".new-")]
    assert all(digest_of(path.read_bytes()) == path.name.replace("-", ":") for path in left)
