"""How the registry client reaches a server: proxies and TLS, on real sockets."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lsp_assembler.config.hosts import HostSettings
from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.fakes.certificate import make_certificate
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
    """Make a client with these settings and variables; those of the process are to have no effect."""
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
        monkeypatch.setenv(variable.upper(), "http://127.0.0.1:1")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    monkeypatch.setenv("no_proxy", "*")
    clients = []

    def make(settings: dict[str, HostSettings], **environ: str) -> RegistryClient:
        options = ClientOptions(patience=0.5, first_backoff=0.01, connect_timeout=2.0, read_timeout=2.0)
        clients.append(
            RegistryClient(
                settings, Credentials({"HOME": "/nonexistent"}), options, lambda _: None, environ=environ
            )
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def failure(call: Callable[[], object]) -> FetchError:
    with pytest.raises(FetchError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
@pytest.mark.parametrize("form", ["http://{}", "{}", "http://me:s%40cret@{}"])
def test_proxy_of_an_insecure_host(
    make_client: MakeClient, fake: FakeRegistry, variable: str, form: str
) -> None:
    client = make_client({"registry.invalid:5000": INSECURE}, **{variable: form.format(fake.netloc)})
    assert client.tags(Reference.parse("registry.invalid:5000/a/b")) == ["LSP"]
    [seen] = fake.seen
    assert seen.target == "http://registry.invalid:5000/v2/a/b/tags/list?n=1000"
    assert seen.headers["Host"] == "registry.invalid:5000"
    assert seen.headers.get("Proxy-Authorization") == ("Basic bWU6c0BjcmV0" if "me" in form else None)


def test_variable_that_a_cgi_script_takes_for_a_header(make_client: MakeClient, fake: FakeRegistry) -> None:
    client = make_client({"registry.invalid": INSECURE}, HTTP_PROXY=fake.url, REQUEST_METHOD="GET")
    assert (
        "cannot resolve host"
        in failure(lambda: client.manifest(Reference.parse("registry.invalid/a"))).message
    )
    assert fake.seen == []


@pytest.mark.parametrize(
    ("status", "remedy"), [(403, "Check https_proxy and NO_PROXY"), (407, "USER:PASSWORD")]
)
def test_proxy_that_refuses_a_tunnel(
    make_client: MakeClient, fake: FakeRegistry, status: int, remedy: str
) -> None:
    fake.always("443", Reply(status), method="CONNECT")  # what urlsplit makes of registry.invalid:443
    client = make_client({}, https_proxy=f"http://me:secret@{fake.netloc}")
    error = failure(lambda: client.manifest(Reference.parse("registry.invalid/a/b:LSP")))
    assert error.kind == "unavailable"
    assert f"the proxy {fake.url} refuses to connect to registry.invalid ({status})" in error.message
    assert remedy in error.remedy
    assert "secret" not in str(error)
    [seen] = fake.seen
    assert (seen.method, seen.target) == ("CONNECT", "registry.invalid:443")


def test_proxy_that_is_not_there(make_client: MakeClient) -> None:
    client = make_client({}, HTTPS_PROXY="http://me:secret@127.0.0.1:1")
    error = failure(lambda: client.manifest(Reference.parse("registry.invalid/a/b:LSP")))
    assert "through the proxy http://127.0.0.1:1 (Connection refused)" in error.message
    assert error.remedy == "Check HTTPS_PROXY and NO_PROXY."
    client = make_client({}, HTTPS_PROXY="http://proxy.invalid:3128")
    error = failure(lambda: client.manifest(Reference.parse("registry.invalid/a/b:LSP")))
    assert "cannot resolve the proxy http://proxy.invalid:3128" in error.message


def test_socks_proxy(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        client = make_client(
            {"registry.invalid": INSECURE}, ALL_PROXY=f"socks5h://127.0.0.1:{server.getsockname()[1]}"
        )
        done = pool.submit(client.tags, Reference.parse("registry.invalid/a/b"))
        connection, _ = server.accept()
        with connection:
            assert connection.recv(100)[0] == 5
            connection.sendall(b"\5\0")
            assert connection.recv(100) == b"\5\1\0\3\x10registry.invalid\0\x50"
            connection.sendall(b"\5\0\0\1\0\0\0\0\0\0")
            assert connection.recv(1000).startswith(b"GET /v2/a/b/tags/list?n=1000 HTTP/1.1")
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"tags":["LSP"]}')
            assert done.result() == ["LSP"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("ftp://me:secret@127.0.0.1:1", "'ftp' is not a kind of proxy"),
        ("http://me:secret@127.0.0.1:port", "its value is not a URL"),
        ("http://", "its value is not a URL"),
    ],
)
def test_proxy_of_a_kind_that_there_is_not(make_client: MakeClient, value: str, why: str) -> None:
    client = make_client({}, https_proxy=value)
    begun = time.monotonic()
    error = failure(lambda: client.manifest(Reference.parse("registry.invalid/a/b:LSP")))
    assert f"https_proxy names no proxy that can be used: {why}" in error.message
    assert error.remedy.startswith("Correct https_proxy, e.g. http://proxy.example.com:3128")
    assert "secret" not in str(error)
    assert time.monotonic() - begun < 0.1


@pytest.mark.parametrize(
    "no_proxy", ["registry.invalid", ".invalid", "a, invalid", "*", "registry.invalid:5000"]
)
def test_no_proxy(make_client: MakeClient, fake: FakeRegistry, no_proxy: str) -> None:
    client = make_client({"registry.invalid:5000": INSECURE}, http_proxy=fake.url, no_proxy=no_proxy)
    error = failure(lambda: client.manifest(Reference.parse("registry.invalid:5000/a/b:LSP")))
    assert "cannot resolve host" in error.message
    assert fake.seen == []


@pytest.mark.parametrize(
    "value", ["http://caf\u00e9.invalid:1", "http://\udcff.invalid:1", "http://%ff:\u20ac@127.0.0.1:1"]
)
def test_proxy_with_odd_characters(make_client: MakeClient, value: str) -> None:
    error = failure(
        lambda: make_client({}, https_proxy=value).manifest(Reference.parse("registry.invalid/a/b:LSP"))
    )
    assert error.kind == "unavailable"


def test_no_proxy_with_a_port_that_is_no_number(make_client: MakeClient) -> None:
    client = make_client({}, https_proxy="http://127.0.0.1:1", no_proxy="registry.invalid:\u00b2")
    error = failure(lambda: client.manifest(Reference.parse("registry.invalid/a/b:LSP")))
    assert "through the proxy http://127.0.0.1:1" in error.message


@pytest.mark.parametrize("path", ["/nonexistent/\udcff", "/nonexistent"])
def test_certificates_that_are_not_there(make_client: MakeClient, path: str) -> None:
    client = make_client({}, SSL_CERT_FILE=path)
    assert failure(lambda: client.manifest(Reference.parse("registry.invalid/a/b:LSP"))).kind == "unavailable"
    own = make_client({"registry.invalid": HostSettings(ca=f"{path}\0")})
    error = failure(lambda: own.manifest(Reference.parse("registry.invalid/a/b:LSP")))
    assert "cannot be read (embedded null byte)" in error.message


def test_this_machine_is_not_asked_through_a_proxy(make_client: MakeClient, fake: FakeRegistry) -> None:
    client = make_client({}, http_proxy="http://127.0.0.1:1")
    assert client.manifest(Reference.parse(f"{fake.netloc}/a/b:LSP")).digest


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, and its key, in one file."""
    need(missing("openssl"))
    return make_certificate(tmp_path_factory.mktemp("tls"))


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


def test_certificate_that_nobody_signed_is_not(
    make_client: MakeClient, tls: FakeRegistry, tmp_path: Path
) -> None:
    client = make_client({tls.netloc: HostSettings(ca=str(make_certificate(tmp_path, "other")))})
    error = failure(lambda: client.manifest(Reference.parse(f"{tls.netloc}/a/b:LSP")))
    assert error.kind == "unavailable"
    assert f"no TLS connection to {tls.netloc} (self-signed certificate)" in error.message
    assert "in SSL_CERT_FILE, or as its ca" in error.remedy


def test_redirect_from_https_to_http_is_refused(
    make_client: MakeClient, tls: FakeRegistry, certificate: Path
) -> None:
    client = make_client({tls.netloc: HostSettings(ca=str(certificate))})
    with FakeRegistry("127.0.0.2") as plain:
        tls.script("/v2/a/b/manifests/LSP", Reply(307, {"Location": f"{plain.url}/v2/a/b/manifests/LSP"}))
        error = failure(lambda: client.manifest(Reference.parse(f"{tls.netloc}/a/b:LSP")))
        assert f"redirects from https to http, at {plain.netloc}" in error.message
        tls.require_bearer(f"{plain.url}/token")
        error = failure(lambda: client.manifest(Reference.parse(f"{tls.netloc}/a/b:LSP")))
        assert "sends us for a token to a place which is not https" in error.message
        assert plain.seen == []


@pytest.fixture(params=["SSL_CERT_FILE", "SSL_CERT_DIR"])
def trusting(request: pytest.FixtureRequest, certificate: Path, tmp_path: Path) -> dict[str, str]:
    """The variable that has the certificate trusted."""
    if request.param == "SSL_CERT_FILE":
        return {request.param: str(certificate)}
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / certificate.name).write_text(certificate.read_text())
    subprocess.run(["openssl", "rehash", folder], check=True)
    return {request.param: str(folder)}


def test_certificates_of_the_environment(
    make_client: MakeClient, tls: FakeRegistry, trusting: dict[str, str]
) -> None:
    with FakeRegistry("127.0.0.2") as plain:
        target = "/v2/a/b/manifests/LSP"
        plain.always(target, Reply(307, {"Location": f"https://{tls.netloc}{target}"}))
        name = Reference.parse(f"{plain.netloc}/a/b:LSP")
        assert make_client({}, **trusting).manifest(name).digest
        assert "no TLS connection to" in failure(lambda: make_client({}).manifest(name)).message


def test_certificate_of_the_settings_is_trusted_besides_others(
    make_client: MakeClient, tls: FakeRegistry, trusting: dict[str, str], tmp_path: Path
) -> None:
    client = make_client({tls.netloc: HostSettings(ca=str(make_certificate(tmp_path, "other")))}, **trusting)
    assert client.manifest(Reference.parse(f"{tls.netloc}/a/b:LSP")).digest
