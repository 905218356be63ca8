"""How the registry client reaches a server: proxies and TLS, on real sockets."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lsp_assembler.config.hosts import HostSettings
from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.fakes.registry import FakeRegistry, Reply
from tests.need import need
from tests.services.process import missing

MakeClient = Callable[..., RegistryClient]
INSECURE = HostSettings(insecure=True)


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry with one image, a/b:LSP."""
    with FakeRegistry() as fake:
        fake.put_image("a/b", "LSP", b"layer")
        yield fake


@pytest.fixture
def make_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeClient]:
    """Make a client with these settings; by itself it knows of no proxy."""
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    clients = []

    def make(settings: dict[str, HostSettings]) -> RegistryClient:
        options = ClientOptions(patience=0.5, first_backoff=0.01, connect_timeout=2.0, read_timeout=2.0)
        clients.append(
            RegistryClient(settings, Credentials({"HOME": "/nonexistent"}), options, lambda _: None)
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def failure(call: Callable[[], object]) -> FetchError:
    with pytest.raises(FetchError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("form", ["http://{}", "{}", "http://me:secret@{}"])
def test_proxy_of_an_insecure_host(
    make_client: MakeClient, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("http_proxy", form.format(fake.netloc))
    client = make_client({"registry.invalid:5000": INSECURE})
    assert client.tags(Reference.parse("registry.invalid:5000/a/b")) == ["LSP"]
    [seen] = fake.seen
    assert seen.target == "http://registry.invalid:5000/v2/a/b/tags/list?n=1000"
    assert seen.headers["Host"] == "registry.invalid:5000"
    assert seen.headers.get("Proxy-Authorization") == ("Basic bWU6c2VjcmV0" if "me" in form else None)


def test_proxy_that_refuses_a_tunnel(
    make_client: MakeClient, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://me:secret@{fake.netloc}")
    error = failure(lambda: make_client({}).manifest(Reference.parse("registry.invalid/a/b:LSP")))
    assert error.kind == "unavailable"
    assert "the proxy on the way to registry.invalid does not let us through" in error.message
    assert "secret" not in str(error)


def test_proxy_of_a_kind_that_is_not_supported(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "socks5://me:secret@127.0.0.1:1")
    error = failure(lambda: make_client({}).manifest(Reference.parse("registry.invalid/a/b:LSP")))
    assert "the proxy for registry.invalid is 'socks5:'; expected http or https" in error.message


def test_no_proxy(make_client: MakeClient, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", fake.url)
    monkeypatch.setenv("no_proxy", "registry.invalid")
    client = make_client({"registry.invalid:5000": INSECURE})
    error = failure(lambda: client.manifest(Reference.parse("registry.invalid:5000/a/b:LSP")))
    assert "is not known here" in error.message
    assert fake.seen == []


def test_this_machine_is_not_asked_through_a_proxy(
    make_client: MakeClient, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert make_client({}).manifest(Reference.parse(f"{fake.netloc}/a/b:LSP")).digest


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, and its key, in one file."""
    need(missing("openssl"))
    folder = tmp_path_factory.mktemp("tls")
    key, certificate, both = (folder / name for name in ("key.pem", "certificate.pem", "both.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=fake"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    return both


@pytest.fixture
def tls(fake: FakeRegistry, certificate: Path) -> FakeRegistry:
    """The same registry, speaking TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    fake.wrap(context)
    return fake


def test_certificate_of_the_settings_is_trusted(
    make_client: MakeClient, tls: FakeRegistry, certificate: Path
) -> None:
    client = make_client({tls.netloc: HostSettings(ca=str(certificate))})
    assert client.manifest(Reference.parse(f"{tls.netloc}/a/b:LSP")).digest


def test_certificate_that_nobody_signed_is_not(make_client: MakeClient, tls: FakeRegistry) -> None:
    system = ssl.get_default_verify_paths().cafile
    need("" if system else "the system's certificates are not installed")
    assert system
    client = make_client({tls.netloc: HostSettings(ca=system)})
    error = failure(lambda: client.manifest(Reference.parse(f"{tls.netloc}/a/b:LSP")))
    assert error.kind == "unavailable"
    assert f"no TLS connection to {tls.netloc} (self-signed certificate)" in error.message
    assert "as its ca" in error.remedy


def test_redirect_from_https_to_http_is_refused(
    make_client: MakeClient, tls: FakeRegistry, certificate: Path
) -> None:
    client = make_client({tls.netloc: HostSettings(ca=str(certificate))})
    with FakeRegistry("127.0.0.2") as plain:
        tls.script("/v2/a/b/manifests/LSP", Reply(307, {"Location": f"{plain.url}/v2/a/b/manifests/LSP"}))
        error = failure(lambda: client.manifest(Reference.parse(f"{tls.netloc}/a/b:LSP")))
        assert f"sends us from https to http, at {plain.netloc}; expected https" in error.message
        tls.require_bearer(f"{plain.url}/token")
        error = failure(lambda: client.manifest(Reference.parse(f"{tls.netloc}/a/b:LSP")))
        assert "sends us for a token to a place which is not https" in error.message
        assert plain.seen == []
