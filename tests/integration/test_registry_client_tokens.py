"""How few requests it takes to be let in: tokens asked for together, ahead, and again. On real sockets."""

import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lsp_assembler.config.hosts import HostSettings, Settings
from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.fakes.certificate import make_certificate
from tests.fakes.registry import FakeRegistry, Reply, Together, error_reply

MakeClient = Callable[..., RegistryClient]
IMAGES = 60


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry with many images, a/b0:LSP and so on."""
    with FakeRegistry() as fake:
        for number in range(IMAGES):
            fake.put_image(f"a/b{number}", "LSP", b"layer")
        yield fake


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    clients = []

    def make(settings: Settings | None = None, **environ: str) -> RegistryClient:
        options = ClientOptions(patience=2.0, first_backoff=0.01, connect_timeout=2.0, read_timeout=2.0)
        credentials = Credentials({"HOME": "/nonexistent"})
        clients.append(RegistryClient(settings or {}, credentials, options, lambda _: None, environ=environ))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def secure(
    fake: FakeRegistry, make_client: MakeClient, tmp_path_factory: pytest.TempPathFactory
) -> RegistryClient:
    """A client of the registry, which now speaks TLS."""
    certificate = make_certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    fake.wrap(context)
    return make_client({fake.netloc: HostSettings(ca=str(certificate))})


def names(fake: FakeRegistry) -> list[Reference]:
    return [Reference.parse(f"{fake.netloc}/a/b{number}:LSP") for number in range(IMAGES)]


def read_all(client: RegistryClient, references: list[Reference]) -> None:
    with ThreadPoolExecutor(len(references)) as pool:
        for document, reference in zip(pool.map(client.manifest, references), references, strict=True):
            assert document.digest, reference


def scopes(fake: FakeRegistry) -> list[int]:
    return [len(seen.query["scope"]) for seen in fake.seen_at("/token")]


def test_by_https_one_request_goes_ahead_and_tokens_name_many_repositories(
    fake: FakeRegistry, secure: RegistryClient
) -> None:
    fake.require_bearer(f"https://{fake.netloc}/token", together="all")
    secure.expect(names(fake))
    read_all(secure, names(fake))
    assert sorted(scopes(fake)) == [10, 50]
    assert len(fake.seen) == 1 + 2 + IMAGES


def test_nobody_waits_for_a_registry_that_wants_no_login(fake: FakeRegistry, secure: RegistryClient) -> None:
    secure.expect(names(fake))
    read_all(secure, names(fake))
    assert len(fake.seen) == IMAGES


def test_first_request_that_fails_does_not_hold_the_others(
    fake: FakeRegistry, secure: RegistryClient
) -> None:
    fake.script("/v2/a/b0/manifests/LSP", Reply(403), Reply(reset=True))
    with pytest.raises(FetchError):
        secure.manifest(names(fake)[0])
    read_all(secure, names(fake)[:4])


@pytest.mark.parametrize("together", ["first", "refuses"])
def test_what_a_token_for_many_does_not_cover_is_asked_for_alone(
    fake: FakeRegistry, make_client: MakeClient, together: Together
) -> None:
    fake.require_bearer(together=together)
    client = make_client()
    client.expect(names(fake)[:5])
    for name in names(fake)[:5]:
        client.manifest(name)
    assert scopes(fake) == ([5, 1, 1, 1, 1] if together == "first" else [5, 1, 1, 1, 1, 1])


@pytest.mark.parametrize("status", [400, 403, 431])
def test_token_for_many_that_a_registry_does_not_take(
    fake: FakeRegistry, make_client: MakeClient, status: int
) -> None:
    fake.require_bearer()
    client = make_client()
    client.expect(names(fake)[:2])
    path = "/v2/a/b0/manifests/LSP"
    challenge = {"WWW-Authenticate": fake.challenge}
    fake.script(path, error_reply(401, "UNAUTHORIZED", "", challenge), error_reply(status, "X", "too long"))
    assert client.manifest(names(fake)[0]).digest
    assert scopes(fake) == [2, 1]


def test_only_what_is_expected_is_asked_for_together(fake: FakeRegistry, make_client: MakeClient) -> None:
    fake.require_bearer(together="all")
    client = make_client()
    client.expect([*names(fake)[:3], *names(fake)[:3]])
    client.manifest(names(fake)[7])
    client.manifest(names(fake)[0])
    client.put_blob(names(fake)[0], b"blob")
    assert scopes(fake) == [1, 3, 1]


def test_token_server_that_fails_is_not_asked_by_everybody_at_once(
    fake: FakeRegistry, secure: RegistryClient
) -> None:
    fake.require_bearer(f"https://{fake.netloc}/token", together="all")
    fake.script("/token", Reply(500), Reply(500))
    secure.expect(names(fake)[:40])
    read_all(secure, names(fake)[:40])
    assert len(fake.seen_at("/token")) <= 6


def test_token_that_somebody_else_replaced_is_no_refusal(fake: FakeRegistry, make_client: MakeClient) -> None:
    fake.require_bearer()
    client = make_client()
    name = names(fake)[0]
    client.manifest(name)
    fake.revoke_tokens()
    barrier = threading.Barrier(8)
    with ThreadPoolExecutor(8, initializer=barrier.wait) as pool:
        assert len({document.digest for document in pool.map(client.manifest, [name] * 32)}) == 1
    assert len(fake.seen_at("/token")) == 2


def test_new_token_that_is_refused_as_well_is_a_refusal(fake: FakeRegistry, make_client: MakeClient) -> None:
    fake.require_bearer()
    path = "/v2/a/b0/manifests/LSP"
    fake.always(path, error_reply(401, "UNAUTHORIZED", "", {"WWW-Authenticate": fake.challenge}))
    with pytest.raises(FetchError, match="denies access to the manifest"):
        make_client().manifest(names(fake)[0])
    assert [seen.path for seen in fake.seen] == [path, "/token", path]


@pytest.mark.parametrize("life", ["1e400", "9" * 400, "-1", '"soon"', "null", "true", "0.000001", "NaN"])
def test_odd_lives_of_tokens(fake: FakeRegistry, make_client: MakeClient, life: str) -> None:
    fake.require_bearer()
    fake.allowed.add("Bearer x")
    fake.always("/token", Reply(body=f'{{"token": "x", "expires_in": {life}}}'.encode()))
    client = make_client()
    assert client.manifest(names(fake)[0]).digest
    assert client.manifest(names(fake)[0]).digest


def test_connection_to_the_token_server_of_docker_hub_opens_ahead(make_client: MakeClient) -> None:
    with FakeRegistry() as proxy:
        client = make_client(https_proxy=proxy.url)
        client.expect([Reference.parse("busybox"), Reference.parse("alpine")])
        with pytest.raises(FetchError):
            client.manifest(Reference.parse("busybox"))
        assert {seen.target for seen in proxy.seen} == {"registry-1.docker.io:443", "auth.docker.io:443"}
