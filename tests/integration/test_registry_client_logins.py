"""Who gets to see which secret: logins, tokens and redirects, on real sockets."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from lsp_assembler.config.hosts import HostSettings
from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import Descriptor, ImageManifest, digest_of
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.fakes.registry import FakeRegistry, Reply, error_reply

PASSWORD = "open:sesame"
BASIC = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
LAYER = b"layer"
BLOB = f"/v2/a/b/blobs/{digest_of(LAYER)}"
Login = Callable[..., RegistryClient]


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry with one image, a/b:LSP."""
    with FakeRegistry() as fake:
        fake.put_image("a/b", "LSP", LAYER)
        yield fake


@pytest.fixture
def other() -> Iterator[FakeRegistry]:
    """Another host."""
    with FakeRegistry("127.0.0.2") as other:
        yield other


@pytest.fixture
def name(fake: FakeRegistry) -> Reference:
    return Reference.parse(f"{fake.netloc}/a/b:LSP")


@pytest.fixture
def login(tmp_path: Path) -> Iterator[Login]:
    """Make a client with these saved logins; without any, it is anonymous."""
    clients = []

    def login(*hosts: str, **extra: Any) -> RegistryClient:
        entry = {"username": "me", "password": PASSWORD, **extra}
        (tmp_path / "auth.json").write_text(json.dumps({"auths": dict.fromkeys(hosts, entry)}))
        credentials = Credentials({"HOME": str(tmp_path), "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")})
        options = ClientOptions(patience=2.0, first_backoff=0.01, read_timeout=5.0)
        clients.append(RegistryClient({}, credentials, options, lambda _: None))
        return clients[-1]

    yield login
    for client in clients:
        client.close()


def failure(call: Callable[[], object]) -> FetchError:
    with pytest.raises(FetchError) as caught:
        call()
    assert "sesame" not in repr(caught.value) + str(caught.value)
    return caught.value


def test_basic_is_sent_when_asked_for_and_from_then_on(
    login: Login, fake: FakeRegistry, name: Reference
) -> None:
    fake.require_basic(BASIC)
    client = login(fake.netloc)
    client.manifest(name)
    client.tags(name)
    assert [seen.headers.get("Authorization") for seen in fake.seen] == [None, BASIC, BASIC]


def test_login_is_not_sent_to_who_does_not_ask(login: Login, fake: FakeRegistry, name: Reference) -> None:
    login(fake.netloc).manifest(name)
    assert [seen.headers.get("Authorization") for seen in fake.seen] == [None]


@pytest.mark.parametrize("saved", [True, False])
def test_refused_login(login: Login, fake: FakeRegistry, name: Reference, *, saved: bool) -> None:
    fake.require_basic("Basic another")
    error = failure(lambda: login(*[fake.netloc] * saved).manifest(name))
    assert error.kind == "unauthorized"
    assert error.remedy == f"Log in with 'docker login {fake.netloc}', or check the name."
    assert len(fake.seen) == (2 if saved else 1)


def test_missing_helper_is_named_when_a_login_was_needed(
    fake: FakeRegistry, name: Reference, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"credsStore": "absent"}')
    environ = {"DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path), "PATH": str(tmp_path)}
    client = RegistryClient({}, Credentials(environ), ClientOptions(), lambda _: None)
    fake.require_bearer()
    assert client.manifest(name).digest  # the public pull
    fake.require_basic(BASIC)
    error = failure(lambda: client.manifest(name))
    assert "docker-credential-absent is not on PATH" in error.remedy
    client.close()


def test_anonymous_token_for_each_scope(login: Login, fake: FakeRegistry, name: Reference) -> None:
    fake.put_image("a/c", "LSP", LAYER)
    fake.require_bearer()
    client = login()
    manifest = client.manifest(name)
    assert isinstance(manifest, ImageManifest)
    client.blob(name, manifest.layers[0], limit=10)
    client.manifest(Reference.parse(f"{fake.netloc}/a/c:LSP"))
    paths = [seen.path for seen in fake.seen]
    # Only the first request of all goes out without a token: then it is known that one is wanted.
    assert paths == [
        "/v2/a/b/manifests/LSP",
        "/token",
        "/v2/a/b/manifests/LSP",
        f"/v2/a/b/blobs/{digest_of(LAYER)}",
        "/token",
        "/v2/a/c/manifests/LSP",
    ]
    assert [seen.query for seen in fake.seen_at("/token")] == [
        {"service": ["fake"], "scope": ["repository:a/b:pull"]},
        {"service": ["fake"], "scope": ["repository:a/c:pull"]},
    ]


def test_one_token_for_many_threads(login: Login, fake: FakeRegistry, name: Reference) -> None:
    fake.require_bearer()
    client = login()
    barrier = threading.Barrier(8)
    with ThreadPoolExecutor(8, initializer=barrier.wait) as pool:
        list(pool.map(client.digest, [name] * 32))
    assert len(fake.seen_at("/token")) == 1


@pytest.mark.parametrize("how", ["expired", "revoked"])
def test_token_is_renewed(login: Login, fake: FakeRegistry, name: Reference, how: str) -> None:
    fake.require_bearer(life=1 if how == "expired" else 300)
    client = login()
    client.manifest(name)
    if how == "expired":
        threading.Event().wait(1.0)
    else:
        fake.revoke_tokens()
    client.manifest(name)
    assert len(fake.seen_at("/token")) == 2
    # An expiry that we know of costs no refused request.
    assert len(fake.seen_at("/v2/a/b/manifests/LSP")) == (3 if how == "expired" else 4)


def test_login_goes_to_the_realm_and_the_token_to_the_registry(
    login: Login, fake: FakeRegistry, other: FakeRegistry, name: Reference
) -> None:
    other.token_login = BASIC
    other.allowed = fake.allowed
    fake.require_bearer(f"{other.url}/token")
    other.allowed = fake.allowed
    login(fake.netloc).manifest(name)
    assert [seen.headers.get("Authorization") for seen in other.seen] == [BASIC]
    assert [(seen.headers.get("Authorization") or "")[:12] for seen in fake.seen] == ["", "Bearer token"]


def test_refused_login_at_the_realm(login: Login, fake: FakeRegistry, name: Reference) -> None:
    fake.require_bearer(login="Basic another")
    error = failure(lambda: login(fake.netloc).manifest(name))
    assert error.kind == "unauthorized"
    assert "incorrect username or password" in error.message
    assert error.remedy == f"Log in with 'docker login {fake.netloc}', or check the name."
    assert len(fake.seen) == 2


def test_identity_token_is_posted(login: Login, fake: FakeRegistry, name: Reference) -> None:
    fake.require_bearer()
    fake.allowed.add("Bearer access")
    fake.script("/token", Reply(body=b'{"access_token": "access"}'), method="POST")
    login(fake.netloc, identitytoken="identity&token").manifest(name)
    [asked] = fake.seen_at("/token", "POST")
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["identity&token"],
        "service": ["fake"],
        "scope": ["repository:a/b:pull"],
        "client_id": ["lsp-assembler"],
    }
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"token": 7}', b'{"token": "a\\r\\nb"}', b'{"token": ""}']
)
def test_answer_without_a_token(login: Login, fake: FakeRegistry, name: Reference, body: bytes) -> None:
    fake.require_bearer()
    fake.always("/token", Reply(body=body))
    assert "answered without a token" in failure(lambda: login().manifest(name)).message


def test_realm_that_is_not_there_does_not_mean_that_the_image_is_not(
    login: Login, fake: FakeRegistry, name: Reference
) -> None:
    fake.require_bearer(f"{fake.url}/v2/nowhere")
    fake.always("/v2/nowhere", error_reply(404, "X"))
    assert failure(lambda: login().digest(name)).kind == "unavailable"


def test_passing_trouble_of_the_realm_is_sat_out(login: Login, fake: FakeRegistry, name: Reference) -> None:
    fake.require_bearer()
    fake.script("/token", Reply(500), Reply(reset=True), Reply(429))
    assert login().manifest(name).digest


@pytest.mark.parametrize("realm", ["", "ftp://127.0.0.1/token", "http://me:secret@127.0.0.1/"])
def test_realm_that_is_no_url(login: Login, fake: FakeRegistry, name: Reference, realm: str) -> None:
    fake.require_bearer()
    fake.challenge = f'Bearer realm="{realm}"'
    assert (
        "sends us for a token to a place which is no URL" in failure(lambda: login().manifest(name)).message
    )


def test_login_does_not_follow_a_redirect_to_another_host(
    login: Login, fake: FakeRegistry, other: FakeRegistry, name: Reference
) -> None:
    fake.require_basic(BASIC)
    other.require_basic(BASIC)
    fake.allowed.add("nobody")
    client = login(fake.netloc, other.netloc)
    client.manifest(name)
    fake.always(BLOB, Reply(307, {"Location": f"{other.url}{BLOB}"}))
    error = failure(lambda: client.blob(name, Descriptor.of("x", LAYER), limit=10))
    assert error.kind == "unauthorized"
    assert {seen.headers.get("Authorization") for seen in other.seen} == {None}


def test_token_stays_after_a_redirect_inside_the_host(
    login: Login, fake: FakeRegistry, name: Reference
) -> None:
    fake.require_basic(BASIC)
    client = login(fake.netloc)
    client.manifest(name)
    fake.script("/v2/a/b/manifests/old", Reply(307, {"Location": "/v2/a/b/manifests/LSP"}))
    client.manifest(name.with_tag("old"))
    assert fake.seen[-1].headers["Authorization"] == BASIC


def test_upload_elsewhere_goes_without_the_login(
    login: Login, fake: FakeRegistry, other: FakeRegistry, name: Reference
) -> None:
    fake.require_basic(BASIC)
    upload = f"{other.url}/v2/a/b/blobs/uploads/session?state=a%2Fb"
    client = login(fake.netloc)
    client.manifest(name)
    fake.script("/v2/a/b/blobs/uploads/", Reply(202, {"Location": upload}), method="POST")
    client.put_blob(name, b"blob")
    assert other.blobs == {("a/b", digest_of(b"blob")): b"blob"}
    assert [seen.headers.get("Authorization") for seen in other.seen] == [None]


def test_mirror_gets_its_own_login_only(
    login: Login, fake: FakeRegistry, other: FakeRegistry, name: Reference, tmp_path: Path
) -> None:
    login(fake.netloc)  # writes the file
    credentials = Credentials({"HOME": "/nonexistent", "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")})
    settings = {fake.netloc: HostSettings(mirror=other.netloc)}
    fake.require_basic(BASIC)
    other.require_basic(BASIC)
    client = RegistryClient(settings, credentials, ClientOptions(), lambda _: None)
    assert client.manifest(name).digest
    assert [seen.headers.get("Authorization") for seen in other.seen] == [None]
    client.close()


def test_registry_that_repeats_our_secret(login: Login, fake: FakeRegistry, name: Reference) -> None:
    fake.require_basic(BASIC)
    client = login(fake.netloc)
    client.manifest(name)
    fake.script("/v2/a/b/manifests/LSP", error_reply(400, "X", f"you sent {BASIC}"))
    assert "you sent Basic ***" in failure(lambda: client.manifest(name)).message


def test_push_and_mount_scopes(login: Login, fake: FakeRegistry, name: Reference) -> None:
    fake.require_bearer()
    target = Reference.parse(f"{fake.netloc}/c/d:LSP")
    client = login()
    client.copy_blob(client, name, target, Descriptor.of("x", LAYER))
    [asked] = fake.seen_at("/token")
    assert asked.query["scope"] == ["repository:c/d:pull,push", "repository:a/b:pull"]
    assert fake.blobs["c/d", digest_of(LAYER)] == LAYER
