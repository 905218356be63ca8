"""One patience for all that a registry may keep us waiting with: connecting, answers, tries, mirrors."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lsp_assembler.config.hosts import HostSettings, Settings
from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import OCI_MANIFEST, Descriptor, digest_of
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.fakes.raw import RawServer, request_from, target_of
from tests.fakes.registry import FakeRegistry
from tests.integration.support import NO_ENGINE, Tool

PATIENCE = 0.6
MakeClient = Callable[..., RegistryClient]
DOCUMENT = json.dumps(
    {
        "schemaVersion": 2,
        "config": {"mediaType": "x", "digest": digest_of(b"{}"), "size": 2},
        "layers": [],
    }
).encode()
BLOB = bytes(range(256)) * 256


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    clients = []

    def make(settings: Settings | None = None, **options: float) -> RegistryClient:
        chosen = ClientOptions(**{"patience": PATIENCE, "first_backoff": 0.01, **options})  # type: ignore[arg-type]
        clients.append(
            RegistryClient(settings or {}, Credentials({"HOME": "/nonexistent"}), chosen, lambda _: None)
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def manifest() -> bytes:
    return answer(DOCUMENT, f"Content-Type: {OCI_MANIFEST}\r\n")


def answer(body: bytes, headers: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def silence(connection: socket.socket, _request: bytes) -> None:
    """Never answer; whoever has enough of it closes the connection."""
    connection.recv(1)


def only_a_head(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    connection.recv(1)


def name(server: RawServer | FakeRegistry, repository: str = "a/b") -> Reference:
    return Reference.parse(f"{server.netloc}/{repository}:LSP")


def failure(call: Callable[[], object]) -> tuple[FetchError, float]:
    """The error, and how long it took."""
    began = time.monotonic()
    with pytest.raises(FetchError) as caught:
        call()
    return caught.value, time.monotonic() - began


@pytest.mark.parametrize("handler", [silence, only_a_head])
@pytest.mark.parametrize("stall", [30.0, 0.2])
def test_server_that_never_answers(
    make_client: MakeClient, handler: Callable[[socket.socket, bytes], None], stall: float
) -> None:
    with RawServer(handler) as server:
        client = make_client(read_timeout=stall)
        for call in (client.manifest, client.digest, client.tags):
            error, seconds = failure(lambda call=call: call(name(server)))  # type: ignore[misc]
            assert error.kind == "timeout"
            assert "allow more time with --patience" in error.remedy
            assert seconds < 2 * PATIENCE


def test_a_host_found_silent_is_not_found_silent_again(make_client: MakeClient) -> None:
    with RawServer(silence) as server:
        client = make_client()
        _, first = failure(lambda: client.digest(name(server)))
        _, second = failure(lambda: client.manifest(name(server)))
        assert PATIENCE * 0.9 < first < 2 * PATIENCE
        assert second < PATIENCE


def test_those_who_wait_for_their_turn_at_a_silent_host(make_client: MakeClient) -> None:
    with RawServer(silence) as server, ThreadPoolExecutor(12) as pool:
        client = make_client(connections=2)
        names = [name(server, f"a/b{number}") for number in range(12)]
        began = time.monotonic()
        failures = list(pool.map(lambda each: failure(lambda: client.manifest(each)), names))
        assert {error.kind for error, _ in failures} == {"timeout"}
        assert time.monotonic() - began < 2.5 * PATIENCE


def test_one_silent_image_does_not_fail_those_who_wait_for_their_turn(make_client: MakeClient) -> None:
    def serve(connection: socket.socket, request: bytes) -> None:
        while request:
            if "silent" in target_of(request):
                return silence(connection, request)
            time.sleep(0.15)
            connection.sendall(manifest())
            request = request_from(connection)
        return None

    with RawServer(serve) as server, ThreadPoolExecutor(17) as pool:
        client = make_client(connections=2)
        silent = pool.submit(failure, lambda: client.manifest(name(server, "silent")))
        names = [name(server, f"a/b{number}") for number in range(16)]
        began = time.monotonic()
        assert {each.digest for each in pool.map(client.manifest, names)} == {digest_of(DOCUMENT)}
        assert time.monotonic() - began > 1.5 * PATIENCE  # so long did the last ones wait, and were not cut
        assert silent.result()[1] < 2 * PATIENCE


def slowly(data: bytes, seconds: float) -> Callable[[socket.socket, bytes], None]:
    def send(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(answer(BLOB)[: -len(BLOB)])
        step = 8192
        for start in range(0, len(data), step):
            connection.sendall(data[start : start + step])
            time.sleep(seconds * step / len(BLOB))

    return send


def test_a_large_blob_that_comes_slowly_is_not_cut(make_client: MakeClient) -> None:
    with RawServer(slowly(BLOB, 3 * PATIENCE)) as server:
        client = make_client()
        descriptor = Descriptor.of("x", BLOB)
        began = time.monotonic()
        assert client.blob(name(server), descriptor, 10**6) == BLOB
        assert b"".join(client.stream(name(server), descriptor)) == BLOB
        assert time.monotonic() - began > 5 * PATIENCE


def test_a_large_blob_that_breaks_off_late_is_asked_for_again(make_client: MakeClient) -> None:
    def send(connection: socket.socket, request: bytes) -> None:
        first = len(server.requests) == 1
        slowly(BLOB[:-1] if first else BLOB, 2 * PATIENCE if first else 0.0)(connection, request)

    with RawServer(send) as server:
        assert make_client().blob(name(server), Descriptor.of("x", BLOB), 10**6) == BLOB
        assert len(server.requests) == 2


def test_a_silent_mirror_leaves_time_for_the_registry(make_client: MakeClient) -> None:
    with RawServer(silence, "127.0.0.2") as mirror, FakeRegistry() as registry:
        registry.put_image("a/b", "LSP", b"layer")
        settings = {registry.netloc: HostSettings(mirror=mirror.netloc)}
        began = time.monotonic()
        assert make_client(settings).manifest(name(registry)).digest
        assert time.monotonic() - began < 1.5 * PATIENCE


def test_a_silent_mirror_of_a_silent_registry(make_client: MakeClient) -> None:
    with RawServer(silence, "127.0.0.2") as mirror, RawServer(silence) as registry:
        client = make_client({registry.netloc: HostSettings(mirror=mirror.netloc)})
        _, seconds = failure(lambda: client.manifest(name(registry)))
        assert seconds < 2 * PATIENCE


def test_a_redirect_to_a_silent_server(make_client: MakeClient) -> None:
    with RawServer(silence, "127.0.0.2") as silent:
        head = f"HTTP/1.1 307 Moved\r\nLocation: http://{silent.netloc}/x\r\nContent-Length: 0\r\n\r\n"
        with RawServer(lambda connection, _: connection.sendall(head.encode())) as server:
            client = make_client()
            error, seconds = failure(lambda: client.manifest(name(server)))
            assert silent.netloc in error.message
            assert seconds < 2 * PATIENCE


def test_a_server_that_takes_no_connection(make_client: MakeClient) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for other in (first, second):  # the system lets in one more than it should, and drops who comes then
            other.setblocking(False)  # noqa: FBT003
            other.connect_ex(full.getsockname())
        client = make_client()
        there = Reference.parse(f"127.0.0.1:{full.getsockname()[1]}/a/b:LSP")
        error, seconds = failure(lambda: client.manifest(there))
        assert error.kind == "timeout"
        assert "cannot connect to" in error.message
        assert seconds < 2 * PATIENCE


def test_a_run_that_meets_a_silent_registry(tmp_path: Path) -> None:
    with RawServer(silence) as server:
        tool = Tool(tmp_path, NO_ENGINE)
        names = [str(name(server, f"a/b{number}")) for number in range(40)]
        began = time.monotonic()
        run = tool.run("check", "--patience", "1", *names)
        assert run.status == 3, run.output
        assert time.monotonic() - began < 5.0
        assert run.stdout.startswith("error: 40 images (")
        assert run.stdout.count("does not answer") == 1
