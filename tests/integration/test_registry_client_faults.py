"""What the registry client makes of a network and of registries that misbehave, on real sockets."""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest

from lsp_assembler.config.hosts import HostSettings, Settings
from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import Descriptor, digest_of
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.fakes.registry import OCI_MANIFEST, FakeRegistry, Reply, error_reply
from tests.need import need

MANIFEST = "/v2/a/b/manifests/LSP"
LAYER = b"layer " * 1000
BLOB = f"/v2/a/b/blobs/{digest_of(LAYER)}"
DESCRIPTOR = Descriptor.of("application/octet-stream", LAYER)
OPTIONS = ClientOptions(
    patience=3.0, first_backoff=0.01, connect_timeout=2.0, read_timeout=0.4, max_manifest=9000
)
MakeClient = Callable[..., RegistryClient]


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry with one image, a/b:LSP."""
    with FakeRegistry() as fake:
        fake.put_image("a/b", "LSP", LAYER)
        yield fake


@pytest.fixture
def waits() -> list[str]:
    """What the client said about waiting."""
    return []


@pytest.fixture
def make_client(waits: list[str]) -> Iterator[MakeClient]:
    clients = []

    def make(settings: Settings | None = None, options: ClientOptions = OPTIONS) -> RegistryClient:
        credentials = Credentials({"HOME": "/nonexistent"})
        clients.append(RegistryClient(settings or {}, credentials, options, waits.append))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> RegistryClient:
    return make_client()


@pytest.fixture
def name(fake: FakeRegistry) -> Reference:
    return Reference.parse(f"{fake.netloc}/a/b:LSP")


def failure(call: Callable[[], object]) -> FetchError:
    with pytest.raises(FetchError) as caught:
        call()
    assert caught.value.remedy
    return caught.value


# Servers that are not there


def test_dead_port(client: RegistryClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = failure(lambda: client.manifest(Reference.parse(f"127.0.0.1:{port}/a/b:LSP")))
    assert error.kind == "unavailable"
    assert error.message == (
        f"127.0.0.1:{port}/a/b:LSP: cannot connect to 127.0.0.1:{port} (Connection refused)"
    )


def test_unknown_host(client: RegistryClient) -> None:
    error = failure(lambda: client.manifest(Reference.parse("registry.invalid/a/b:LSP")))
    assert error.kind == "unavailable"
    assert "registry.invalid/a/b:LSP: cannot resolve host registry.invalid" in error.message


def test_no_tls_where_tls_is_expected(
    make_client: MakeClient, fake: FakeRegistry, name: Reference, tmp_path_factory: pytest.TempPathFactory
) -> None:
    system = ssl.get_default_verify_paths().cafile
    need("" if system else "the system's certificates are not installed")
    assert system
    client = make_client({fake.netloc: HostSettings(ca=system)})
    error = failure(lambda: client.manifest(name))
    assert error.kind == "unavailable"
    assert f"no TLS connection to {fake.netloc}" in error.message
    missing = make_client({fake.netloc: HostSettings(ca=str(tmp_path_factory.mktemp("x") / "ca.pem"))})
    assert "cannot be read (No such file or directory)" in failure(lambda: missing.manifest(name)).message


def test_server_that_never_answers(client: RegistryClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = Reference.parse(f"127.0.0.1:{silent.getsockname()[1]}/a/b:LSP")
        error = failure(lambda: client.manifest(name))
    assert error.kind == "timeout"
    assert "does not answer" in error.message


def test_server_that_does_not_speak_http(client: RegistryClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        name = Reference.parse(f"127.0.0.1:{server.getsockname()[1]}/a/b:LSP")
        done = pool.submit(failure, lambda: client.manifest(name))
        for _ in range(3):
            connection, _address = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
        error = done.result()
    assert error.kind == "unavailable"
    assert "does not answer in HTTP" in error.message


# Asking again


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(502, body=b"<html>bad gateway</html>"),
        Reply(503),
        Reply(429),
        Reply(body=LAYER[:100], length=len(LAYER)),
        Reply(body=LAYER[:100], length=len(LAYER), reset=True),
        Reply(reset=True),
        Reply(body=LAYER[:100], length=-1),
    ],
    ids=["500", "502", "503", "429", "truncated", "reset-in-body", "reset-without-body", "short"],
)
def test_passing_trouble_is_sat_out(
    fake: FakeRegistry, name: Reference, waits: list[str], reply: Reply
) -> None:
    client = RegistryClient({}, Credentials({"HOME": "/nonexistent"}), OPTIONS, waits.append)
    fake.script(BLOB, reply, reply)
    assert client.blob(name, DESCRIPTOR, limit=10_000) == LAYER
    assert len(fake.seen_at(BLOB)) == 3
    assert waits == []  # too short to be worth a word
    client.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "unavailable"), (401, "unauthorized"), (403, "unauthorized"), (404, "not-found")],
)
def test_refusals_are_not_repeated(
    client: RegistryClient, fake: FakeRegistry, name: Reference, status: int, kind: str
) -> None:
    fake.always(MANIFEST, error_reply(status, "CODE", "its words"))
    error = failure(lambda: client.manifest(name))
    assert error.kind == kind
    assert f"({status} CODE: its words)" in error.message
    assert len(fake.seen) == 1


def test_lasting_trouble_ends_with_patience(
    make_client: MakeClient, fake: FakeRegistry, name: Reference
) -> None:
    client = make_client(options=ClientOptions(patience=0.2, first_backoff=0.02))
    fake.always(MANIFEST, error_reply(500, "UNKNOWN", "disk on fire"))
    start = time.monotonic()
    error = failure(lambda: client.manifest(name))
    assert time.monotonic() - start < 1.0
    assert error.kind == "unavailable"
    assert "(500 UNKNOWN: disk on fire)" in error.message
    assert len(fake.seen) >= 3


def test_lasting_503_without_a_hint(make_client: MakeClient, fake: FakeRegistry, name: Reference) -> None:
    client = make_client(options=ClientOptions(patience=0.2, first_backoff=0.02))
    fake.always(MANIFEST, error_reply(503, "UNAVAILABLE", "back soon"))
    error = failure(lambda: client.manifest(name))
    assert (
        f"{name}: {fake.netloc} failed to answer the request for the manifest (503 UNAVAILABLE: back soon)"
        in error.message
    )
    assert len(fake.seen) >= 3


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_holds_for_every_worker_and_is_said_once(
    client: RegistryClient, fake: FakeRegistry, waits: list[str], status: int
) -> None:
    names = [Reference.parse(f"{fake.netloc}/a/b{number}:LSP") for number in range(8)]
    for each in names:
        fake.put_image(each.repository, "LSP", LAYER)
    fake.script("/v2/a/b0/manifests/LSP", Reply(status, {"Retry-After": "1"}))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.manifest, names[0])
        while not waits:
            time.sleep(0.01)
        list(pool.map(client.manifest, names[1:]))
        first.result()
    refused, *later = fake.seen
    assert min(seen.time for seen in later) - refused.time >= 0.95
    assert waits == [f"{fake.netloc} asks us to wait 1 s"]


def test_retry_after_as_a_date(
    client: RegistryClient, fake: FakeRegistry, name: Reference, waits: list[str]
) -> None:
    fake.script(MANIFEST, Reply(429, {"Retry-After": formatdate(time.time() + 2, usegmt=True)}))
    client.manifest(name)
    assert fake.seen[1].time - fake.seen[0].time >= 0.9
    assert len(waits) == 1


def test_retry_after_beyond_all_patience(
    client: RegistryClient, fake: FakeRegistry, name: Reference, waits: list[str]
) -> None:
    fake.always(MANIFEST, error_reply(429, "TOOMANYREQUESTS", "slow down", {"Retry-After": "3600"}))
    error = failure(lambda: client.manifest(name))
    assert error.kind == "unavailable"
    assert f"{fake.netloc} asks us to wait 3600 s" in error.message
    assert "TOOMANYREQUESTS: slow down" in error.message
    assert "asks us to wait 3600 s" in failure(lambda: client.manifest(name)).message
    assert len(fake.seen) == 1  # the second worker did not even ask
    assert waits == []  # nobody waits


def test_closing_ends_the_waiting(
    client: RegistryClient, fake: FakeRegistry, name: Reference, waits: list[str]
) -> None:
    fake.always(MANIFEST, Reply(429, {"Retry-After": "2"}))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(failure, lambda: client.manifest(name))
        while not waits:
            time.sleep(0.01)
        start = time.monotonic()
        client.close()
        assert "the client was closed" in waiting.result().message
    assert time.monotonic() - start < 1.0


def test_closed_client_asks_no_more(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    client.manifest(name)
    client.close()
    assert "the client was closed" in failure(lambda: client.manifest(name)).message
    assert len(fake.seen) == 1


# Content that is not what it should be


def test_blob_with_another_digest(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    fake.always(BLOB, Reply(body=LAYER[::-1]))
    error = failure(lambda: client.blob(name, DESCRIPTOR, limit=10_000))
    assert error.kind == "corrupt"
    assert f"{name}: {fake.netloc} sent corrupt content" in error.message
    assert len(fake.seen) == 3


def test_blob_that_goes_on(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    fake.always(BLOB, Reply(body=LAYER * 100))
    assert failure(lambda: client.blob(name, DESCRIPTOR, limit=10_000)).kind == "corrupt"


def test_blob_above_the_limit_is_not_asked_for(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    error = failure(lambda: client.blob(name, DESCRIPTOR, limit=5999))
    assert error.kind == "too-large"
    assert "has 6,000 bytes; at most 5,999 are accepted" in error.message
    assert fake.seen == []


@pytest.mark.parametrize("digest", ["sha256:../../../../etc/passwd", "md5:" + "0" * 32, ""])
def test_digest_that_is_none_is_not_asked_for(
    client: RegistryClient, fake: FakeRegistry, name: Reference, digest: str
) -> None:
    descriptor = Descriptor("x", digest, 1)
    assert failure(lambda: client.blob(name, descriptor, limit=10)).kind == "corrupt"
    with pytest.raises(PublishError, match="is not a digest"):
        client.copy_blob(client, Reference.parse("registry.invalid/a/b:LSP"), name, descriptor)
    with pytest.raises(PublishError, match="is not a digest"):
        client.copy_blob(client, name.with_tag("x"), Reference.parse(f"{fake.netloc}/c/d"), descriptor)
    assert fake.seen == []


def test_reference_with_a_digest_that_cannot_be_checked(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    assert failure(lambda: client.manifest(name.with_digest("md5:" + "0" * 32))).kind == "corrupt"
    assert fake.seen == []


def test_manifest_by_digest_that_has_another(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    digest = digest_of(b"what was asked for")
    fake.manifests["a/b", digest] = fake.manifests["a/b", "LSP"]
    assert failure(lambda: client.manifest(name.with_digest(digest))).kind == "corrupt"
    assert failure(lambda: client.digest(name.with_digest(digest))).kind == "corrupt"


@pytest.mark.parametrize("digest", [digest_of(b"another"), "nonsense", "sha256:" + "A" * 64])
def test_manifest_by_tag_that_is_not_what_the_header_says(
    client: RegistryClient, fake: FakeRegistry, name: Reference, digest: str
) -> None:
    headers = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": digest}
    fake.always(MANIFEST, Reply(200, headers, fake.manifests["a/b", "LSP"][1]))
    assert failure(lambda: client.manifest(name)).kind == "corrupt"


@pytest.mark.parametrize("media_type", ["", "text/plain; charset=utf-8", "application/json"])
def test_manifest_of_a_plain_file_server_says_itself_what_it_is(
    client: RegistryClient, fake: FakeRegistry, name: Reference, media_type: str
) -> None:
    document = json.loads(fake.manifests["a/b", "LSP"][1])
    digest = fake.put_manifest("a/b", "LSP", json.dumps(document).encode(), media_type)
    assert client.manifest(name).digest == digest
    del document["mediaType"]
    fake.put_manifest("a/b", "LSP", json.dumps(document).encode(), media_type)
    error = failure(lambda: client.manifest(name))
    assert error.kind == "corrupt"
    assert "expected an image manifest or index" in error.message


def test_manifest_with_another_content_type(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    fake.put_manifest("a/b", "LSP", fake.manifests["a/b", "LSP"][1], "application/pdf")
    error = failure(lambda: client.manifest(name))
    assert error.kind == "corrupt"
    assert "expected an image manifest or index" in error.message


def test_document_that_is_manifest_and_index_at_once(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    both = {**json.loads(fake.manifests["a/b", "LSP"][1]), "manifests": []}
    fake.put_manifest("a/b", "LSP", json.dumps(both).encode())
    assert "but has 'manifests'" in failure(lambda: client.manifest(name)).message


def test_manifest_above_the_limit(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    fake.always(MANIFEST, Reply(200, {"Content-Type": OCI_MANIFEST}, b" " * 9001))
    assert failure(lambda: client.manifest(name)).kind == "too-large"


def test_huge_error_body(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    fake.always(MANIFEST, error_reply(404, "X", "\x1b[2J" + "a" * 50_000_000))
    error = failure(lambda: client.manifest(name))
    assert error.kind == "not-found"
    assert len(str(error)) < 1000
    fake.always(MANIFEST, error_reply(404, "X", "\x1b[2J" + "a" * 5000))
    assert r"X: \x1b[2Jaaa" in failure(lambda: client.manifest(name)).message


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"tags": "LSP"}', b'{"tags": ["a/b"]}', b'{"tags": [7]}', b'{"tags": ["\\u001b"]}']
)
def test_malformed_list_of_tags(
    client: RegistryClient, fake: FakeRegistry, name: Reference, body: bytes
) -> None:
    fake.always("/v2/a/b/tags/list", Reply(body=body))
    assert failure(lambda: client.tags(name)).kind == "corrupt"


def test_tags_that_go_round_in_a_circle(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    link = {"Link": '</v2/a/b/tags/list?last=b>; rel="next"'}
    fake.always("/v2/a/b/tags/list", Reply(200, link, b'{"tags": ["a", "b"]}'))
    assert client.tags(name) == ["a", "b"]
    assert len(fake.seen) == 2


def test_tags_without_end(make_client: MakeClient, fake: FakeRegistry, name: Reference) -> None:
    client = make_client(options=ClientOptions(max_tags=1))
    link = {"Link": '</v2/a/b/tags/list?last=b>; rel="next"'}
    fake.always("/v2/a/b/tags/list", Reply(200, link, b'{"tags": ["a", "b"]}'))
    assert failure(lambda: client.tags(name)).kind == "too-large"


def test_tags_do_not_continue_at_another_host(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    with FakeRegistry("127.0.0.2") as other:
        link = {"Link": f'<{other.url}/v2/a/b/tags/list>; rel="next"'}
        fake.script("/v2/a/b/tags/list", Reply(200, link, b'{"tags": ["a"]}'))
        assert (
            f"continues its list of tags at another host, {other.netloc}"
            in failure(lambda: client.tags(name)).message
        )
        assert other.seen == []


# Bodies that come too slowly


@pytest.mark.parametrize("drip", [0.05, 0.8], ids=["slower than the slowest", "stalled"])
def test_slow_drip(make_client: MakeClient, fake: FakeRegistry, name: Reference, drip: float) -> None:
    client = make_client(options=ClientOptions(patience=0.0, read_timeout=0.4))
    fake.always(BLOB, Reply(body=LAYER, drip=drip))
    start = time.monotonic()
    error = failure(lambda: client.blob(name, DESCRIPTOR, limit=10_000))
    assert error.kind == "timeout"
    assert time.monotonic() - start < 2.0


def test_slow_drip_of_an_error(make_client: MakeClient, fake: FakeRegistry, name: Reference) -> None:
    client = make_client(options=ClientOptions(patience=0.0, read_timeout=0.4))
    fake.always(MANIFEST, Reply(404, body=b" " * 1000, drip=0.05))
    start = time.monotonic()
    assert failure(lambda: client.manifest(name)).kind == "not-found"
    assert time.monotonic() - start < 2.0


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"],
    ids=["header", "chunk size"],
)
def test_slow_drip_between_bodies(make_client: MakeClient, start: bytes) -> None:
    client = make_client(options=ClientOptions(patience=0.0, read_timeout=0.4))
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        name = Reference.parse(f"127.0.0.1:{server.getsockname()[1]}/a/b:LSP")
        begun = time.monotonic()
        done = pool.submit(failure, lambda: client.manifest(name))
        connection, _ = server.accept()
        with connection, contextlib.suppress(ConnectionError):
            connection.sendall(start)
            while not done.done() and time.monotonic() - begun < 5.0:
                connection.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() - begun < 2.0
        assert done.result().kind == "timeout"


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_another_host(
    client: RegistryClient, fake: FakeRegistry, name: Reference, status: int
) -> None:
    with FakeRegistry("127.0.0.2") as cdn:
        cdn.always("/data", Reply(body=LAYER))
        fake.script(BLOB, Reply(status, {"Location": f"{cdn.url}/data?signature=x%2Fy"}, b"moved"))
        assert client.blob(name, DESCRIPTOR, limit=10_000) == LAYER
        assert [seen.target for seen in cdn.seen] == ["/data?signature=x%2Fy"]


def test_redirect_loop(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    fake.always(BLOB, Reply(307, {"Location": BLOB}))
    error = failure(lambda: client.blob(name, DESCRIPTOR, limit=10_000))
    assert "redirects without end; 5 redirects are the most" in error.message
    assert len(fake.seen) == 6


@pytest.mark.parametrize(
    "location", ["", "file:///etc/passwd", "ftp://127.0.0.1/", "https://", "http://a b/", "http://x:99999/"]
)
def test_redirect_to_nowhere(
    client: RegistryClient, fake: FakeRegistry, name: Reference, location: str
) -> None:
    fake.always(BLOB, Reply(307, {"Location": location}))
    error = failure(lambda: client.blob(name, DESCRIPTOR, limit=10_000))
    assert ("no URL" if location else "answers 307 without a Location") in error.message


# Publishing


def test_upload_begins_anew_after_trouble(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    session = "/v2/a/b/blobs/uploads/session"
    fake.script(session, Reply(500), Reply(503), method="PUT")
    client.put_blob(name, b"blob")
    assert fake.blobs["a/b", digest_of(b"blob")] == b"blob"
    assert len(fake.seen_at("/v2/a/b/blobs/uploads/", "POST")) == 3


def test_copy_begins_anew_when_its_source_breaks_off(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    with FakeRegistry("127.0.0.2") as target:
        fake.script(BLOB, Reply(body=LAYER[:2000], length=len(LAYER)), Reply(503))
        client.copy_blob(client, name, Reference.parse(f"{target.netloc}/c/d:LSP"), DESCRIPTOR)
        assert target.blobs["c/d", DESCRIPTOR.digest] == LAYER


def test_corrupt_source_is_not_copied(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    with FakeRegistry("127.0.0.2") as target:
        fake.always(BLOB, Reply(body=LAYER[::-1]))
        with pytest.raises(PublishError, match="sent corrupt content"):
            client.copy_blob(client, name, Reference.parse(f"{target.netloc}/c/d:LSP"), DESCRIPTOR)
        assert target.blobs == {}


def test_publishing_errors(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    fake.always(MANIFEST, error_reply(403, "DENIED", "no push for you"), method="PUT")
    with pytest.raises(PublishError, match=r"403 DENIED: no push for you"):
        client.put_manifest(name, OCI_MANIFEST, b"{}")
    fake.always("/v2/a/b/blobs/uploads/", Reply(202), method="POST")
    with pytest.raises(PublishError, match="answers 202 without a Location"):
        client.put_blob(name, b"blob")
    wrong = Reply(201, {"Docker-Content-Digest": digest_of(b"another")})
    fake.always("/v2/a/b/manifests/new", wrong, method="PUT")
    with pytest.raises(PublishError, match="stored the manifest as 'sha256:"):
        client.put_manifest(name.with_tag("new"), OCI_MANIFEST, b"{}")
