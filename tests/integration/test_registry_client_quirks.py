"""Registries as they really are: each test is a way in which one differs from the specification."""

import base64
import contextlib
import gzip
import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lsp_assembler.config.hosts import HostSettings, Settings
from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import Descriptor, digest_of
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.fakes.certificate import make_certificate
from tests.fakes.registry import OCI_MANIFEST, FakeRegistry, Reply, Together, error_reply

LAYER = b"layer " * 100
DESCRIPTOR = Descriptor.of("x", LAYER)
BLOB = f"/v2/a/b/blobs/{DESCRIPTOR.digest}"
MANIFEST = "/v2/a/b/manifests/LSP"
UPLOADS = "/v2/a/b/blobs/uploads/"
TAGS = "/v2/a/b/tags/list"
MakeClient = Callable[..., RegistryClient]


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry with one image, a/b:LSP."""
    with FakeRegistry() as fake:
        fake.put_image("a/b", "LSP", LAYER)
        yield fake


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[MakeClient]:
    with contextlib.ExitStack() as closing:

        def make(settings: Settings | None = None, **auths: object) -> RegistryClient:
            (tmp_path / "auth.json").write_text(json.dumps({"auths": auths}))
            environ = {"HOME": "/nonexistent", "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")}
            options = ClientOptions(patience=1.0, first_backoff=0.01, read_timeout=5.0)
            client = RegistryClient(settings or {}, Credentials(environ), options, lambda _: None)
            return closing.enter_context(contextlib.closing(client))

        yield make


@pytest.fixture
def client(make_client: MakeClient) -> RegistryClient:
    return make_client()


@pytest.fixture
def name(fake: FakeRegistry) -> Reference:
    return Reference.parse(f"{fake.netloc}/a/b:LSP")


def failure(call: Callable[[], object]) -> FetchError:
    with pytest.raises(FetchError) as caught:
        call()
    return caught.value


# HEAD is not the truth


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 500, 501])
def test_head_that_is_refused(
    client: RegistryClient, fake: FakeRegistry, name: Reference, status: int
) -> None:
    fake.always(MANIFEST, Reply(status), method="HEAD")
    assert client.digest(name) == digest_of(fake.manifests["a/b", "LSP"][1])
    absent = name.with_tag("absent")
    fake.always("/v2/a/b/manifests/absent", Reply(status), method="HEAD")
    assert client.digest(absent) is None
    fake.always("/v2/a/b/manifests/absent", error_reply(403, "DENIED"))
    assert failure(lambda: client.digest(absent)).kind == "unauthorized"


@pytest.mark.parametrize("status", [401, 403, 404, 405, 501])
def test_head_of_a_blob_that_is_refused(client: RegistryClient, name: Reference, status: int) -> None:
    with FakeRegistry("127.0.0.2") as target:
        target.always(f"/v2/c/d/blobs/{DESCRIPTOR.digest}", Reply(status), method="HEAD")
        client.copy_blob(client, name, Reference.parse(f"{target.netloc}/c/d:LSP"), DESCRIPTOR)
        assert target.blobs["c/d", DESCRIPTOR.digest] == LAYER


# An optimisation that fails is not fatal


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 500, 501])
def test_mount_that_is_refused(
    client: RegistryClient, fake: FakeRegistry, name: Reference, status: int
) -> None:
    fake.script("/v2/c/d/blobs/uploads/", error_reply(status, "X"), method="POST")
    client.copy_blob(client, name, Reference.parse(f"{fake.netloc}/c/d:LSP"), DESCRIPTOR)
    assert fake.blobs["c/d", DESCRIPTOR.digest] == LAYER


def test_mount_that_opens_an_upload_without_saying_where(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    fake.script("/v2/c/d/blobs/uploads/", Reply(202), method="POST")
    client.copy_blob(client, name, Reference.parse(f"{fake.netloc}/c/d:LSP"), DESCRIPTOR)
    assert fake.blobs["c/d", DESCRIPTOR.digest] == LAYER


@pytest.mark.parametrize("together", ["first", "refuses"])
def test_token_server_that_grants_no_mount(
    client: RegistryClient, fake: FakeRegistry, name: Reference, together: Together
) -> None:
    fake.require_bearer(together=together)
    client.copy_blob(client, name, Reference.parse(f"{fake.netloc}/c/d:LSP"), DESCRIPTOR)
    assert fake.blobs["c/d", DESCRIPTOR.digest] == LAYER


def test_one_login_reads_the_base_and_another_writes_the_target(
    make_client: MakeClient, fake: FakeRegistry, name: Reference
) -> None:
    reader, writer = (base64.b64encode(f"{who}:secret".encode()).decode() for who in ("reader", "writer"))
    client = make_client(**{f"{fake.netloc}/a": {"auth": reader}, f"{fake.netloc}/c": {"auth": writer}})
    fake.require_basic(f"Basic {writer}")
    challenge = {"WWW-Authenticate": 'Basic realm="x"'}
    fake.script(
        "/v2/c/d/blobs/uploads/", error_reply(401, "X", "", challenge), error_reply(403, "X"), method="POST"
    )
    fake.allowed.add(f"Basic {reader}")
    client.copy_blob(client, name, Reference.parse(f"{fake.netloc}/c/d:LSP"), DESCRIPTOR)
    assert fake.blobs["c/d", DESCRIPTOR.digest] == LAYER
    assert fake.seen_at(BLOB)[-1].headers["Authorization"] == f"Basic {reader}"
    assert fake.seen[-1].headers["Authorization"] == f"Basic {writer}"


# Part of the tags is never shown as all


@pytest.mark.parametrize(
    "link",
    [
        f'<{TAGS}?last=a>; rel="next"',
        f"<{TAGS}?last=a>; rel=next",
        f'<{TAGS}?last=a>;REL="prev next"',
        f'{TAGS}?last=a; rel="next"',
        f'<{TAGS}?last=a>; title="a, b"; rel="next"',
        f'</other>; rel="first"; title="<x>, y", <{TAGS}?last=a>; rel="next"',
        '<?last=a>; rel="next"',
        '<list?last=a>; rel="next"; n=1',
    ],
)
def test_links_to_the_next_page(
    client: RegistryClient, fake: FakeRegistry, name: Reference, link: str
) -> None:
    fake.script(TAGS, Reply(200, {"Link": link}, b'{"tags": ["a"]}'), Reply(body=b'{"tags": ["b"]}'))
    assert client.tags(name) == ["a", "b"]
    assert fake.seen[-1].query["last"] == ["a"]


@pytest.mark.parametrize("link", [f'<{TAGS}?last=a; rel="next"', '<x>; rel="next', "<x> <y>", "x" * 9000])
def test_link_that_cannot_be_read(
    client: RegistryClient, fake: FakeRegistry, name: Reference, link: str
) -> None:
    fake.always(TAGS, Reply(200, {"Link": link}, b'{"tags": ["a"]}'))
    assert (
        "sent part of the tags, and a Link to the rest that cannot be read"
        in failure(lambda: client.tags(name)).message
    )


@pytest.mark.parametrize("link", ["", f'<{TAGS}>; rel="first"', f"<{TAGS}>"])
def test_link_to_something_else(
    client: RegistryClient, fake: FakeRegistry, name: Reference, link: str
) -> None:
    fake.always(TAGS, Reply(200, {"Link": link}, b'{"tags": ["a"]}'))
    assert client.tags(name) == ["a"]


def test_page_without_tags_is_not_the_last(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    pages = [{"Link": f'<{TAGS}?last={tag}>; rel="next"'} for tag in "ab"]
    bodies = [b'{"tags": ["a"]}', b'{"tags": null}']
    fake.script(TAGS, *(Reply(200, link, body) for link, body in zip(pages, bodies, strict=True)))
    fake.script(TAGS, Reply(body=b'{"tags": ["c"]}'))
    assert client.tags(name) == ["a", "c"]


def test_registry_that_takes_no_size_of_a_page(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    fake.script(TAGS, error_reply(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested"))
    assert client.tags(name) == ["LSP"]
    assert [seen.query for seen in fake.seen] == [{"n": ["1000"]}, {}]
    fake.always(TAGS, error_reply(400, "X", "no"))
    assert "(400 X: no)" in failure(lambda: client.tags(name)).message


# Logins


@pytest.mark.parametrize("realm", ["/token", "../../../../token", "//{}/token"])
def test_relative_realm(client: RegistryClient, fake: FakeRegistry, name: Reference, realm: str) -> None:
    fake.require_bearer(realm.format(fake.netloc))
    assert client.manifest(name).digest


@pytest.mark.parametrize(
    "challenge", ['Bearer, Basic realm="x"', 'Bearer service="x", Basic', 'Basic realm="x"']
)
def test_basic_beside_a_bearer_without_realm(
    make_client: MakeClient, fake: FakeRegistry, name: Reference, challenge: str
) -> None:
    auth = base64.b64encode(b"me:secret").decode()
    fake.require_basic(f"Basic {auth}")
    fake.challenge = challenge
    assert make_client(**{fake.netloc: {"auth": auth}}).manifest(name).digest


@pytest.mark.parametrize("key", ["{}/v2/", "{}/v1", "https://{}/v2/", "{}/"])
def test_keys_of_logins_with_more_than_the_host(
    make_client: MakeClient, fake: FakeRegistry, name: Reference, key: str
) -> None:
    auth = base64.b64encode(b"me:secret").decode()
    fake.require_basic(f"Basic {auth}")
    assert make_client(**{key.format(fake.netloc): {"auth": auth}}).manifest(name).digest


def test_registry_token(make_client: MakeClient, fake: FakeRegistry, name: Reference) -> None:
    fake.require_bearer()
    fake.allowed.add("Bearer given")
    assert make_client(**{fake.netloc: {"registrytoken": "given"}}).manifest(name).digest
    assert fake.seen_at("/token") == []


# Uploads


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_put_is_answered_with_another_success(
    client: RegistryClient, fake: FakeRegistry, name: Reference, status: int
) -> None:
    fake.script(f"{UPLOADS}session", Reply(status), method="PUT")
    client.put_blob(name, b"blob")
    fake.script(MANIFEST, Reply(status), method="PUT")
    client.put_manifest(name, OCI_MANIFEST, b"{}")


def test_upload_without_a_location(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    fake.always(UPLOADS, Reply(202), method="POST")
    with pytest.raises(PublishError, match="answers 202 without a Location"):
        client.put_blob(name, b"blob")


def test_registry_that_does_not_know_of_the_tls_in_front_of_it(
    make_client: MakeClient, fake: FakeRegistry, name: Reference, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    fake.wrap(context)
    for location in (f"http://{fake.netloc}", "http://127.0.0.1"):
        reply = Reply(202, {"Location": f"{location}{UPLOADS}session?state=a%2Fb"})
        fake.script(UPLOADS, reply, method="POST")
        make_client({fake.netloc: HostSettings(ca=str(certificate))}).put_blob(name, location.encode())
        assert fake.blobs["a/b", digest_of(location.encode())] == location.encode()


# The right cause


def test_web_page_in_place_of_a_manifest(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    page = Reply(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Sign in</html>")
    fake.script(MANIFEST, page, page)
    assert client.manifest(name).digest
    fake.always(MANIFEST, page)
    error = failure(lambda: client.manifest(name))
    assert error.kind == "unavailable"
    assert "sent a web page (text/html) in place of the manifest" in error.message
    assert "proxy" in error.remedy


def test_web_page_in_place_of_a_blob(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    fake.always(BLOB, Reply(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"))
    error = failure(lambda: client.blob(name, DESCRIPTOR, limit=1000))
    assert error.message.endswith(f"sent a web page (text/html) in place of the blob {DESCRIPTOR.digest}")


def test_answers_that_are_compressed_though_nobody_asked(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    media_type, data = fake.manifests["a/b", "LSP"]
    headers = {
        "Content-Type": media_type,
        "Content-Encoding": "gzip",
        "Docker-Content-Digest": digest_of(data),
    }
    fake.always(MANIFEST, Reply(200, headers, gzip.compress(data)))
    assert client.manifest(name).data == data
    fake.always(BLOB, Reply(200, {"Content-Encoding": "gzip"}, gzip.compress(LAYER)))
    assert client.blob(name, DESCRIPTOR, limit=1000) == LAYER


def test_blob_that_is_gzip_itself_and_is_called_so(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    data = gzip.compress(LAYER)
    descriptor = Descriptor.of("x", data)
    fake.always(f"/v2/a/b/blobs/{descriptor.digest}", Reply(200, {"Content-Encoding": "gzip"}, data))
    assert client.blob(name, descriptor, limit=1000) == data


def test_compressed_bomb(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    bomb = gzip.compress(bytes(500_000_000), 1)
    fake.always(MANIFEST, Reply(200, {"Content-Type": OCI_MANIFEST, "Content-Encoding": "gzip"}, bomb))
    assert failure(lambda: client.manifest(name)).kind in ("corrupt", "too-large")


# Again


def test_bytes_that_are_wrong_twice_are_right_the_third_time(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    media_type, data = fake.manifests["a/b", "LSP"]
    flipped = Reply(200, {"Content-Type": media_type, "Docker-Content-Digest": digest_of(data)}, data[::-1])
    fake.script(MANIFEST, flipped, flipped)
    assert client.manifest(name).data == data
    fake.script(BLOB, Reply(body=LAYER[::-1]), Reply(body=LAYER + b"x"))
    assert client.blob(name, DESCRIPTOR, limit=1000) == LAYER
    fake.script(BLOB, *(Reply(body=LAYER[::-1]) for _ in range(3)))
    assert failure(lambda: client.blob(name, DESCRIPTOR, limit=1000)).kind == "corrupt"


def test_pause_that_stands_in_the_body_only(
    client: RegistryClient, fake: FakeRegistry, name: Reference
) -> None:
    message = "retry-after: 321ms, allowed: 44000/minute"
    fake.script(MANIFEST, error_reply(429, "TOOMANYREQUESTS", message))
    assert client.manifest(name).digest
    first, second = fake.seen
    assert 0.3 < second.time - first.time < 1.0


@pytest.mark.parametrize("after", ["Sat, 21 Nov 99999999999 12:00:30 GMT", "-1", "1e9", "soon", "\xff"])
def test_pause_that_makes_no_sense(
    client: RegistryClient, fake: FakeRegistry, name: Reference, after: str
) -> None:
    fake.script(MANIFEST, Reply(429, {"Retry-After": after}))
    assert client.manifest(name).digest


def test_signed_address_that_has_expired(client: RegistryClient, fake: FakeRegistry, name: Reference) -> None:
    with FakeRegistry("127.0.0.2") as cdn:
        cdn.script("/data", Reply(403, body=b"<Error>Request has expired</Error>"))
        cdn.always("/data", Reply(body=LAYER))
        fake.always(BLOB, Reply(307, {"Location": f"{cdn.url}/data?signature=x"}))
        assert client.blob(name, DESCRIPTOR, limit=1000) == LAYER


@pytest.mark.parametrize("limit", ["1" * 400, "-1", "", "x;w=1", "7;w=21600"])
def test_rate_limits_that_make_no_sense(
    client: RegistryClient, fake: FakeRegistry, name: Reference, limit: str
) -> None:
    media_type, data = fake.manifests["a/b", "LSP"]
    fake.always(MANIFEST, Reply(200, {"Content-Type": media_type, "RateLimit-Remaining": limit}, data))
    assert client.manifest(name).digest
    assert client.remaining_pulls(fake.netloc) in (None, 7, 111_111_111)
