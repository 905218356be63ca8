"""How bytes flow: back-pressure, few connections, and an end at once. On real sockets."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from lsp_assembler.config.hosts import HostSettings, Settings
from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import Descriptor, digest_of
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.fakes.registry import FakeRegistry

MEGABYTE = 1_000_000
LARGE = bytes(range(256)) * 100_000  # 25.6 MB
DESCRIPTOR = Descriptor.of("x", LARGE)
MakeClient = Callable[..., RegistryClient]


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry with one large blob."""
    with FakeRegistry() as fake:
        fake.blobs["a/b", DESCRIPTOR.digest] = LARGE
        yield fake


@pytest.fixture
def name(fake: FakeRegistry) -> Reference:
    return Reference.parse(f"{fake.netloc}/a/b:LSP")


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    with contextlib.ExitStack() as closing:

        def make(settings: Settings | None = None, **options: float) -> RegistryClient:
            chosen = ClientOptions(**{"patience": 1.0, "first_backoff": 0.01, "read_timeout": 0.5, **options})  # type: ignore[arg-type]
            credentials = Credentials({"HOME": "/nonexistent"})
            client = RegistryClient(settings or {}, credentials, chosen, lambda _: None)
            return closing.enter_context(contextlib.closing(client))

        yield make


def test_slow_reader_holds_the_server_back(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        name = Reference.parse(f"127.0.0.1:{server.getsockname()[1]}/a/b:LSP")
        chunks = make_client().stream(name, DESCRIPTOR)
        first = pool.submit(next, chunks)
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LARGE))
            connection.settimeout(0.0)
            sent, end = 0, time.monotonic() + 0.8  # longer than a stall may take
            while time.monotonic() < end:
                with contextlib.suppress(BlockingIOError):
                    sent += connection.send(LARGE[sent : sent + MEGABYTE])
            assert sent < 15 * MEGABYTE  # our megabyte, and what the kernel holds for both sides
            connection.settimeout(None)
            rest = pool.submit(connection.sendall, LARGE[sent:]) if first.result() else None
            assert len(first.result()) + sum(map(len, chunks)) == len(LARGE)
            assert rest is not None


def test_slow_reader_is_no_stall(make_client: MakeClient, name: Reference) -> None:
    size = 0
    for number, chunk in enumerate(make_client(read_timeout=0.2).stream(name, DESCRIPTOR)):
        if number in (0, 300):
            time.sleep(0.6)
        size += len(chunk)
    assert size == len(LARGE)


def test_stream_that_is_left_early(make_client: MakeClient, name: Reference) -> None:
    client = make_client()
    for _ in range(3):
        chunks = client.stream(name, DESCRIPTOR)
        assert next(chunks)
        chunks.close()  # type: ignore[attr-defined]  # it is a generator
    assert client.blob(name, DESCRIPTOR, limit=len(LARGE)) == LARGE


@pytest.mark.parametrize("pause", [0.0, 0.6], ids=["fast", "slow"])
def test_large_copy_through_two_connections(make_client: MakeClient, name: Reference, pause: float) -> None:
    client = make_client(read_timeout=0.4)

    class Slow(RegistryClient):
        """Another store, in no registry, whose chunks come with a pause."""

        def __init__(self) -> None:
            pass

        def registry_of(self, reference: Reference) -> str:
            return str(reference)[:0]

        def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
            for number, chunk in enumerate(client.stream(reference, descriptor)):
                time.sleep(pause if number == 200 else 0)
                yield chunk

    with FakeRegistry("127.0.0.2") as target:
        client.copy_blob(Slow(), name, Reference.parse(f"{target.netloc}/c/d:LSP"), DESCRIPTOR)
        assert target.blobs == {("c/d", DESCRIPTOR.digest): LARGE}


def test_upload_that_the_server_ends_early(make_client: MakeClient, name: Reference) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        copied = pool.submit(
            make_client().copy_blob, make_client(), name, Reference.parse(f"{host}/c/d"), DESCRIPTOR
        )
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            connection.recv(4096)
            location = b"HTTP/1.1 202 Accepted\r\nLocation: /upload\r\nContent-Length: 0\r\n\r\n"
            connection.sendall(location)
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            with pytest.raises(PublishError, match="refused the request for an upload"):
                copied.result(timeout=10)


def test_requests_share_few_connections(make_client: MakeClient, fake: FakeRegistry) -> None:
    for number in range(60):
        fake.put_image(f"a/b{number}", "LSP", b"layer")
    client = make_client(connections=4)
    names = [Reference.parse(f"{fake.netloc}/a/b{number}:LSP") for number in range(60)]
    with ThreadPoolExecutor(60) as pool:
        list(pool.map(client.manifest, names))
    assert len({seen.connection for seen in fake.seen}) <= 4


def test_host_that_takes_no_connection_costs_all_who_ask_it_one_time_out(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, contextlib.ExitStack() as waiting:
        address = server.getsockname()
        for _ in range(3):  # the kernel takes these, and lets nobody in after them
            filler = waiting.enter_context(socket.socket())
            filler.settimeout(0.0)
            filler.connect_ex(address)
        host = f"127.0.0.1:{address[1]}"
        client = make_client({host: HostSettings(ca=__file__)}, connect_timeout=0.5, connections=2)
        begun = time.monotonic()
        with ThreadPoolExecutor(30) as pool:
            asked = [pool.submit(client.manifest, Reference.parse(f"{host}/a/b{n}")) for n in range(30)]
            errors = [each.exception() for each in asked]
        assert all(isinstance(error, FetchError) and error.kind == "timeout" for error in errors)
        assert time.monotonic() - begun < 2.5


def test_closing_ends_requests_streams_and_uploads_at_once(make_client: MakeClient, name: Reference) -> None:
    client = make_client(read_timeout=30.0)
    stream = client.stream(name, DESCRIPTOR)
    next(stream)
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(3) as pool:
        nowhere = Reference.parse(f"127.0.0.1:{silent.getsockname()[1]}/a/b:LSP")
        waiting: list[Future[object]] = [pool.submit(client.manifest, nowhere)]
        waiting.append(pool.submit(client.put_blob, nowhere, b"blob"))
        waiting.append(pool.submit(client.copy_blob, client, name, nowhere, DESCRIPTOR))
        accepted = [silent.accept()[0] for _ in waiting]
        begun = time.monotonic()
        client.close()
        for each in waiting:
            assert "the client was closed" in str(each.exception())
        for connection in accepted:
            connection.close()
    with pytest.raises(FetchError, match="the client was closed"):
        list(stream)
    assert time.monotonic() - begun < 0.5


def test_closing_a_client_that_never_asked(make_client: MakeClient) -> None:
    client = make_client()
    client.close()
    client.close()
    assert threading.active_count() < 50


def test_blob_of_an_empty_layer(make_client: MakeClient, fake: FakeRegistry, name: Reference) -> None:
    fake.blobs["a/b", digest_of(b"")] = b""
    empty = Descriptor.of("x", b"")
    client = make_client()
    assert client.blob(name, empty, limit=0) == b""
    assert list(client.stream(name, empty)) == []
    with FakeRegistry("127.0.0.2") as target:
        client.copy_blob(client, name, Reference.parse(f"{target.netloc}/c/d"), empty)
        client.put_blob(Reference.parse(f"{target.netloc}/e/f"), b"")
        assert target.blobs == {(path, empty.digest): b"" for path in ("c/d", "e/f")}
