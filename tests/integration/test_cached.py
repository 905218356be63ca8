"""Registries behind a cache: how many requests Debian's docker-registry really gets, and odd registries."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import OCI_MANIFEST, Descriptor
from lsp_assembler.oci.layers import Limits
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from lsp_assembler.stores.daemonless.cache import Cache
from lsp_assembler.stores.daemonless.cached import CachedContentStore
from lsp_assembler.stores.daemonless.store import DaemonlessStore
from tests.fakes.registry import FakeRegistry, Reply
from tests.integration.support import labels, publish, start_point
from tests.services import Image, Registry, layer

_REQUEST = re.compile(rb"^([A-Z]+) (/v2/\S+) HTTP/1\.1\r\n", re.MULTILINE)


class Counter:
    """A way to a registry that knows what was asked: `with Counter(registry.host) as counter: …`."""

    def __init__(self, target: str) -> None:
        name, _, port = target.partition(":")
        self._target = (name, int(port))
        self._sent: list[bytearray] = []
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._server, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def take(self) -> list[str]:
        """The requests since the last time, sorted, e.g. ["GET manifests", "HEAD manifests"]."""
        seen = [match for sent in self._sent for match in _REQUEST.findall(bytes(sent))]
        for sent in self._sent:
            sent.clear()
        return sorted(f"{method.decode()} {path.decode().split('/')[-2]}" for method, path in seen)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
                target = socket.create_connection(self._target)
            except OSError:
                return
            self._open += [client, target]
            sent = bytearray()
            self._sent.append(sent)
            threading.Thread(target=_pass_on, args=(client, target, sent), daemon=True).start()
            threading.Thread(target=_pass_on, args=(target, client, bytearray()), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, noted: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            noted.extend(data)
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def counter(registry: Registry) -> Iterator[Counter]:
    with Counter(registry.host) as counter:
        yield counter


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as fake:
        fake.put_image("java_junit", "LSP", b"a layer")
        yield fake


@contextlib.contextmanager
def contents_of(folder: Path, *, offline: bool = False) -> Iterator[CachedContentStore]:
    """What one run of the tool would make, with the cache in a folder."""
    client = RegistryClient({}, Credentials({"HOME": "/nonexistent"}), ClientOptions(), lambda _: None)
    cache = Cache(folder / "cache", 64 * 1024 * 1024)
    with contextlib.closing(CachedContentStore(client, cache, offline=offline)) as contents:
        yield contents


def fetch(folder: Path, name: Reference, *, offline: bool = False) -> str:
    """Fetch a start point in a run of its own; returns the digest of its image."""
    with contents_of(folder, offline=offline) as contents:
        store = DaemonlessStore("registry", contents, contents, Limits())
        found = store.fetch(name)
        assert set(found.tree.files) == set(start_point("any"))
        return found.digest


def test_requests_of_cold_warm_and_changed_images(
    registry: Registry, counter: Counter, tmp_path: Path
) -> None:
    publish(registry, "cached/java", "Java 1")
    name = Reference.parse(f"{counter.host}/cached/java:LSP")

    first = fetch(tmp_path, name)
    assert counter.take() == ["GET blobs", "GET blobs", "GET manifests"]
    assert fetch(tmp_path, name) == first
    assert counter.take() == ["HEAD manifests"]
    assert fetch(tmp_path, name.with_digest(first)) == first
    assert fetch(tmp_path, name.with_digest(first), offline=True) == first
    assert counter.take() == []

    publish(registry, "cached/java", "Java 2")
    second = fetch(tmp_path, name)
    assert second != first
    assert counter.take() == ["GET blobs", "GET blobs", "GET manifests", "HEAD manifests"]
    assert fetch(tmp_path, name) == second
    assert counter.take() == ["HEAD manifests"]


def test_requests_of_an_index(registry: Registry, counter: Counter, tmp_path: Path) -> None:
    images = tuple(
        Image((layer(start_point("Both")),), labels("Both"), architecture=each) for each in ("amd64", "arm64")
    )
    digest = registry.put_images("cached/both", "LSP", images)
    name = Reference.parse(f"{counter.host}/cached/both:LSP")
    assert fetch(tmp_path, name) == digest
    assert counter.take() == ["GET blobs", "GET blobs", "GET manifests", "GET manifests"]
    assert fetch(tmp_path, name) == digest
    assert counter.take() == ["HEAD manifests"]


def test_deleted_image_fails_as_without_a_cache(registry: Registry, tmp_path: Path) -> None:
    name = Reference.parse(publish(registry, "cached/deleted", "Deleted"))
    digest = fetch(tmp_path, name)
    registry.request("DELETE", f"/v2/cached/deleted/manifests/{digest}", expected=202)
    with contents_of(tmp_path) as contents:
        with pytest.raises(FetchError) as without:
            contents.inner.manifest(name)
        with pytest.raises(FetchError) as with_cache:
            contents.manifest(name)
    assert str(with_cache.value) == str(without.value)
    assert with_cache.value.kind == "not-found"


def test_threads_share_it(registry: Registry, counter: Counter, tmp_path: Path) -> None:
    for number in range(8):
        publish(registry, f"cached/shared{number}", f"Shared {number}")
    names = [Reference.parse(f"{counter.host}/cached/shared{number}:LSP") for number in range(8)]
    digests = [fetch(tmp_path, name) for name in names]
    counter.take()
    with contents_of(tmp_path) as contents, ThreadPoolExecutor(16) as pool:
        found = list(pool.map(contents.manifest, names * 4))
    assert [document.digest for document in found] == digests * 4
    assert counter.take() == ["HEAD manifests"] * 32


def test_bases_of_the_same_registry_are_mounted(registry: Registry, counter: Counter, tmp_path: Path) -> None:
    publish(registry, "cached/origin", "Origin")
    origin = Reference.parse(f"{counter.host}/cached/origin:LSP")
    target = Reference.parse(f"{counter.host}/cached/target:1")
    blob = Descriptor.of("", b"a large layer" * 1000)
    registry.put_blob("cached/origin", b"a large layer" * 1000)
    with contents_of(tmp_path) as contents:
        contents.copy_blob(contents, origin, target, blob)
        assert counter.take() == ["POST uploads"]
        assert contents.blob(target, blob, blob.size) == b"a large layer" * 1000


@pytest.mark.parametrize(
    "reply", [Reply(200, {"Content-Type": OCI_MANIFEST}), Reply(405)], ids=["no digest", "HEAD is refused"]
)
def test_registry_whose_head_says_nothing(fake: FakeRegistry, tmp_path: Path, reply: Reply) -> None:
    path = "/v2/java_junit/manifests/LSP"
    fake.always(path, reply, method="HEAD")
    name = Reference.parse(f"{fake.netloc}/java_junit:LSP")
    with contents_of(tmp_path) as contents:
        first = contents.manifest(name)
        assert contents.manifest(name) == first
        assert [seen.method for seen in fake.seen] == ["GET", "HEAD", "GET"]
        fake.put_image("java_junit", "LSP", b"another layer")
        assert contents.manifest(name).digest != first.digest
