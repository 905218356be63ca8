import pytest

from lsp_assembler.config.hosts import HostSettings
from lsp_assembler.registry.hosts import Endpoint, Origin, endpoint_of, mirror_of, origin_of_url


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("GHCR.io:443", "https://ghcr.io"),
        ("registry.example.com:5000", "https://registry.example.com:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("localhost", "http://localhost"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("127.8.9.1", "http://127.8.9.1"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("128.0.0.1:5000", "https://128.0.0.1:5000"),
        ("localhost.example.com", "https://localhost.example.com"),
    ],
)
def test_server_of_a_registry(registry: str, url: str) -> None:
    assert endpoint_of(registry, {}).origin.url == url


def test_insecure_means_http() -> None:
    settings = {"registry.lan:5000": HostSettings(insecure=True)}
    assert endpoint_of("registry.lan:5000", settings).origin.url == "http://registry.lan:5000"
    assert endpoint_of("registry.lan", settings).origin.url == "https://registry.lan"


def test_loopback_with_a_certificate_speaks_https() -> None:
    settings = {"localhost:5000": HostSettings(ca="/etc/ca.pem")}
    assert endpoint_of("localhost:5000", settings).origin == Origin("https", "localhost", 5000, "/etc/ca.pem")


@pytest.mark.parametrize("registry", ["", "a b", "user@ghcr.io", "ghcr.io:port", "ghcr.io:99999"])
def test_what_is_no_host(registry: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        endpoint_of(registry, {})


def test_mirror_has_its_own_name_prefix_and_settings() -> None:
    settings = {
        "docker.io": HostSettings(mirror="mirror.lan:5000/proxy/hub/"),
        "mirror.lan:5000": HostSettings(insecure=True),
    }
    mirror = mirror_of("docker.io", settings)
    assert mirror == Endpoint("mirror.lan:5000", Origin("http", "mirror.lan", 5000), "proxy/hub/")
    assert mirror.path("library/busybox") == "proxy/hub/library/busybox"
    assert mirror_of("ghcr.io", settings) is None


@pytest.mark.parametrize(
    "url", ["", "/token", "ftp://ghcr.io/", "file:///etc/passwd", "https://", "https://me:secret@ghcr.io/"]
)
def test_urls_that_lead_nowhere(url: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        origin_of_url(url, {})
    assert "secret" not in str(caught.value)


def test_url_of_a_host_with_a_certificate() -> None:
    settings = {"auth.lan": HostSettings(ca="ca.pem")}
    assert origin_of_url("https://auth.lan/token", settings) == Origin("https", "auth.lan", 443, "ca.pem")
