import pytest

from lsp_assembler.registry.errors import RequestError
from lsp_assembler.registry.hosts import Origin
from lsp_assembler.registry.http.proxies import Proxy, proxy_for

PROXY = "http://proxy.example.com:3128"
GHCR = Origin("https", "ghcr.io", 443)


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({}, ""),
        ({"https_proxy": PROXY}, "https_proxy"),
        ({"HTTPS_PROXY": PROXY}, "HTTPS_PROXY"),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, "https_proxy"),
        ({"https_proxy": "", "HTTPS_PROXY": PROXY}, "HTTPS_PROXY"),
        ({"ALL_PROXY": PROXY}, "ALL_PROXY"),
        ({"ALL_PROXY": "http://other", "HTTPS_PROXY": PROXY}, "HTTPS_PROXY"),
        ({"http_proxy": PROXY}, ""),
        ({"https_proxy": "proxy.example.com:3128"}, "https_proxy"),
    ],
)
def test_variables(environ: dict[str, str], variable: str) -> None:
    assert proxy_for(GHCR, environ) == (Proxy(PROXY, variable) if variable else None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("socks5h://me:s%3Acret@[::1]:1080", Proxy("socks5h://[::1]:1080", "https_proxy", "me", "s:cret")),
        ("https://me@proxy", Proxy("https://proxy", "https_proxy", "me", "")),
        ("HTTP://Proxy/path", Proxy("http://proxy", "https_proxy")),
    ],
)
def test_values(value: str, expected: Proxy) -> None:
    assert proxy_for(GHCR, {"https_proxy": value}) == expected


def test_login_is_not_shown() -> None:
    assert "cret" not in repr(Proxy(PROXY, "https_proxy", "me", "secret"))


@pytest.mark.parametrize(
    "value", ["socks6://a", "ftp://a", "http://", "http://a:port", "http://[::1", "://a"]
)
def test_what_is_no_proxy(value: str) -> None:
    with pytest.raises(RequestError) as caught:
        proxy_for(GHCR, {"https_proxy": value})
    assert caught.value.fact.startswith("https_proxy names no proxy that can be used: ")


@pytest.mark.parametrize(
    ("host", "no_proxy", "excepted"),
    [
        ("ghcr.io", "ghcr.io", True),
        ("ghcr.io", "GHCR.io.", True),
        ("a.ghcr.io", ".ghcr.io", True),
        ("a.ghcr.io", "ghcr.io", True),
        ("aghcr.io", "ghcr.io", False),
        ("ghcr.io", "a.ghcr.io", False),
        ("ghcr.io", "quay.io,*", True),
        ("ghcr.io", "quay.io ghcr.io", True),
        ("ghcr.io", "ghcr.io:443", True),
        ("ghcr.io", "ghcr.io:5000", False),
        ("ghcr.io", "", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.9/24", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "2.3", False),
        ("fd00::1", "fd00::/8", True),
        ("fd00::1", "[fd00::1]", True),
        ("fd00::1", "[fd00::1]:443", True),
        ("fd00::1", "10.0.0.0/8,fe80::/10", False),
        ("ghcr.io", "10.0.0.0/99", False),
        ("ghcr.io", ":99999999999999999999", False),
    ],
)
def test_no_proxy(host: str, no_proxy: str, *, excepted: bool) -> None:
    environ = {"https_proxy": PROXY, "no_proxy": no_proxy}
    assert (proxy_for(Origin("https", host, 443), environ) is None) is excepted


@pytest.mark.parametrize("host", ["localhost", "127.0.0.5", "::1"])
def test_this_machine_needs_no_proxy(host: str) -> None:
    assert proxy_for(Origin("http", host, 5000), {"http_proxy": PROXY, "all_proxy": PROXY}) is None
