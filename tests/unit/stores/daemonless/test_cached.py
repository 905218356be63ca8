"""Contents with a cache in front, where what is behind is an OCI layout on disk."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import (
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Document,
    ImageManifest,
    digest_of,
)
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from lsp_assembler.stores.daemonless.cache import MAX_ENTRY, Cache
from lsp_assembler.stores.daemonless.cached import CachedContentStore
from lsp_assembler.stores.daemonless.layout import OciLayout

NAME = Reference.parse("cyberdojofoundation/java_junit:LSP")
LAYER = b"a layer"
LARGE = bytes(MAX_ENTRY + 1)
OFFLINE_REMEDY = "Run once without --offline. After that a lock file is enough: it has the digests."


@pytest.fixture
def inner(tmp_path: Path) -> OciLayout:
    """A layout with one image of two layers."""
    layout = OciLayout(tmp_path / "layout", "oci:layout")
    publish(layout, LAYER, LARGE)
    return layout


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", 64 * 1024 * 1024)


def publish(layout: OciLayout, *layers: bytes) -> None:
    for blob in (b"{}", *layers):
        layout.put_blob(NAME, blob)
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _descriptor(b"{}"),
        "layers": [_descriptor(layer) for layer in layers],
    }
    layout.put_manifest(NAME, OCI_MANIFEST, json.dumps(body).encode())


def _descriptor(data: bytes) -> dict[str, str | int]:
    return {"mediaType": "application/octet-stream", "digest": digest_of(data), "size": len(data)}


def empty(tmp_path: Path) -> None:
    """Take away all that is behind the cache."""
    shutil.rmtree(tmp_path / "layout")


def tamper(cache: Cache, tmp_path: Path, statement: str) -> None:
    """Change what a cache has on disk, as nobody should; it is read from there again."""
    cache.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "cache/v1/cache.sqlite")) as connection, connection:
        assert connection.execute(statement).rowcount > 0


def read(contents: CachedContentStore) -> ImageManifest:
    """Read an image as a store does: the manifest, then the small blobs."""
    manifest = contents.manifest(NAME)
    assert isinstance(manifest, ImageManifest)
    assert contents.blob(NAME, manifest.config, MAX_ENTRY) == b"{}"
    assert contents.blob(NAME, manifest.layers[0], MAX_ENTRY) == LAYER
    return manifest


def test_digest_needs_nothing_behind_the_cache(inner: OciLayout, cache: Cache, tmp_path: Path) -> None:
    manifest = read(CachedContentStore(inner, cache))
    cache.close()
    empty(tmp_path)

    for offline in (False, True):
        contents = CachedContentStore(inner, Cache(tmp_path / "cache", 1 << 20), offline=offline)
        assert contents.manifest(NAME.with_digest(manifest.digest)) == manifest
        assert contents.blob(NAME, manifest.layers[0], len(LAYER)) == LAYER


def test_digest_counts_only_for_the_name_that_it_was_seen_under(inner: OciLayout, cache: Cache) -> None:
    manifest = read(CachedContentStore(inner, cache))
    elsewhere = Reference.parse("cyberdojofoundation/jawa_junit").with_digest(manifest.digest)
    with pytest.raises(FetchError, match=r"jawa_junit.*not in the cache"):
        CachedContentStore(inner, cache, offline=True).manifest(elsewhere)


def test_tag_that_moved_is_read_anew(inner: OciLayout, cache: Cache) -> None:
    contents = CachedContentStore(inner, cache)
    before = read(contents)
    publish(inner, LAYER)
    after = read(contents)
    assert len(after.layers) == 1
    assert after.digest != before.digest
    assert contents.digest(NAME) == after.digest
    assert contents.tags(NAME) == ["LSP"]
    assert contents.manifest(NAME.with_digest(before.digest)) == before


def test_deleted_image_fails_as_without_a_cache(inner: OciLayout, cache: Cache, tmp_path: Path) -> None:
    contents = CachedContentStore(inner, cache)
    read(contents)
    empty(tmp_path)

    with pytest.raises(FetchError) as without:
        inner.manifest(NAME)
    with pytest.raises(FetchError) as with_cache:
        contents.manifest(NAME)

    assert str(with_cache.value) == str(without.value)
    assert with_cache.value.kind == without.value.kind == "not-found"


def test_damaged_entries_are_read_anew(inner: OciLayout, cache: Cache, tmp_path: Path) -> None:
    manifest = read(CachedContentStore(inner, cache))
    tamper(cache, tmp_path, "UPDATE contents SET data = x'00'")
    again = Cache(tmp_path / "cache", 1 << 20)
    assert read(CachedContentStore(inner, again)) == manifest
    empty(tmp_path)
    offline = CachedContentStore(inner, again, offline=True)
    assert offline.manifest(NAME.with_digest(manifest.digest)) == manifest


def test_record_with_a_wrong_media_type_is_read_anew(inner: OciLayout, cache: Cache, tmp_path: Path) -> None:
    contents = CachedContentStore(inner, cache)
    manifest = read(contents)
    tamper(cache, tmp_path, f"UPDATE names SET media_type = '{OCI_INDEX}'")
    assert CachedContentStore(inner, Cache(tmp_path / "cache", 1 << 20)).manifest(NAME) == manifest


def test_descriptor_with_a_wrong_size_fails_as_without_a_cache(inner: OciLayout, cache: Cache) -> None:
    contents = CachedContentStore(inner, cache)
    read(contents)
    wrong = Descriptor("", digest_of(LAYER), len(LAYER) + 1)
    with pytest.raises(FetchError) as caught:
        contents.blob(NAME, wrong, MAX_ENTRY)
    assert caught.value.kind == "corrupt"


def test_limit_holds_for_what_is_cached(inner: OciLayout, cache: Cache) -> None:
    read(CachedContentStore(inner, cache))
    for contents in (CachedContentStore(inner, cache), CachedContentStore(inner, cache, offline=True)):
        with pytest.raises(FetchError) as caught:
            contents.blob(NAME, Descriptor.of("", LAYER), len(LAYER) - 1)
        assert caught.value.kind == "too-large"


def test_large_blobs_pass_through(inner: OciLayout, cache: Cache, tmp_path: Path) -> None:
    contents = CachedContentStore(inner, cache)
    large = Descriptor.of("", LARGE)
    assert contents.blob(NAME, large, len(LARGE)) == LARGE
    assert b"".join(contents.stream(NAME, large)) == LARGE
    assert not (tmp_path / "cache").exists()


def test_writing_goes_to_what_is_behind(inner: OciLayout, cache: Cache, tmp_path: Path) -> None:
    contents = CachedContentStore(inner, cache)
    document: Document = read(contents)
    other = Reference.parse("cyberdojofoundation/other:LSP")
    source = CachedContentStore(OciLayout(tmp_path / "layout", "oci:again"), cache)

    contents.put_blob(other, b"new")
    contents.copy_blob(source, NAME, other, Descriptor.of("", LAYER))
    contents.put_manifest(other, document.media_type, document.data)

    assert inner.manifest(other).digest == document.digest
    assert inner.blob(other, Descriptor.of("", b"new"), 3) == b"new"


def test_offline_no_registry_can_be_asked_for_a_blob(cache: Cache) -> None:
    name, client = Reference.parse("ghcr.io/a/b"), RegistryClient({}, Credentials({}), ClientOptions(), print)
    assert CachedContentStore(client, cache).registry_of(name) == "ghcr.io"
    assert CachedContentStore(client, cache, offline=True).registry_of(name) == ""


def test_offline_says_what_to_do(inner: OciLayout, cache: Cache) -> None:
    online = read(CachedContentStore(inner, cache))
    offline = CachedContentStore(inner, cache, offline=True)
    missing = NAME.with_digest(digest_of(b"never seen"))
    blob, large = Descriptor.of("", b"never seen"), Descriptor.of("", LARGE)
    calls: tuple[Callable[[], object], ...] = (
        lambda: offline.manifest(NAME),
        lambda: offline.digest(NAME),
        lambda: offline.tags(NAME),
        lambda: offline.manifest(missing),
        lambda: offline.blob(NAME, blob, 100),
        lambda: offline.stream(NAME, large),
    )
    told = {}
    for call in calls:
        with pytest.raises(FetchError) as caught:
            call()
        told[str(caught.value)] = caught.value.kind
    asks = f"and --offline asks no registry\n  {OFFLINE_REMEDY}"
    assert told == dict.fromkeys(
        (
            f"{NAME}: only its registry knows what the tag stands for, {asks}",
            f"{NAME}: only its registry knows its tags, {asks}",
            f"{missing}: it is not in the cache, {asks}",
            f"{NAME}: its blob {blob.digest} is not in the cache, {asks}",
            (
                f"{NAME}: its blob {large.digest} has 1048577 bytes; the cache keeps at most 1048576"
                "\n  Run without --offline."
            ),
        ),
        "unavailable",
    )
    assert b"".join(offline.stream(NAME, online.layers[0])) == LAYER


def test_offline_publishes_nothing(inner: OciLayout, cache: Cache) -> None:
    offline = CachedContentStore(inner, cache, offline=True)
    calls: tuple[Callable[[], None], ...] = (
        lambda: offline.put_blob(NAME, b"data"),
        lambda: offline.put_manifest(NAME, OCI_MANIFEST, b"{}"),
        lambda: offline.copy_blob(inner, NAME, NAME, Descriptor.of("", LAYER)),
    )
    for call in calls:
        with pytest.raises(PublishError, match="java_junit:LSP: --offline asks no registry"):
            call()
