"""A remote as a web address, with nothing in it that is secret."""

import time

import pytest

from lsp_assembler.model.address import shown, web_address, without_secrets

REMOTE = "https://github.com/cyber-dojo-start-points/java-junit"


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        (REMOTE, REMOTE),
        (f"{REMOTE}.git", REMOTE),
        (f"{REMOTE}/", REMOTE),
        (f" {REMOTE}\n", REMOTE),
        ("https://user:ghp_secret@github.com/org/java.git", "https://github.com/org/java"),
        ("https://ghp_secret@github.com/org/java.git", "https://github.com/org/java"),
        ("https://x:y@git.example.com:8443/org/java", "https://git.example.com:8443/org/java"),
        ("https://github.com/org/java?token=secret#secret", "https://github.com/org/java"),
        ("http://git.example.com/java", "http://git.example.com/java"),
        ("https://[::1]:8443/org/java", "https://[::1]:8443/org/java"),
        ("ssh://git@[::1]:22/org/java", "https://[::1]/org/java"),
        ("git@github.com:org/java.git", "https://github.com/org/java"),
        ("github.com:org/java.git", "https://github.com/org/java"),
        ("ssh://git@github.com/org/java.git", "https://github.com/org/java"),
        ("ssh://git@git.example.com:2222/org/java.git", "https://git.example.com/org/java"),
        ("git://github.com/org/java.git", "https://github.com/org/java"),
        ("/srv/git/java.git", ""),
        ("../java", ""),
        ("./a:b", ""),
        ("file:///srv/git/java.git", ""),
        ("https://", ""),
        ("https://[broken/org/java", ""),
        ("https://github.com:port/org/java", ""),
        ("https://github.com/org/\udcff", ""),
        ("", ""),
        ("ssh+git://user:tok@github.com/org/java.git", "https://github.com/org/java"),
        ("git+ssh://git@github.com:22/org/java.git", "https://github.com/org/java"),
        ("git+https://tok@git.example.com:8443/org/java", "https://git.example.com:8443/org/java"),
        ("git+http://tok@git.example.com/org/java", "http://git.example.com/org/java"),
        ("user:tok@github.com:org/java.git", "https://github.com/org/java"),
        ("https://user:12/secret@github.com/org/java", ""),
        ("https://to/ken@github.com/org/java", ""),
        ("ftp://user:tok@github.com/org/java", ""),
        ("hg::https://user:tok@github.com/org/java", ""),
        ("ext::ssh -i key user@github.com", ""),
    ],
)
def test_web_address(remote: str, expected: str) -> None:
    assert web_address(remote) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://ghcr.io/v2/", "https://ghcr.io/v2/"),
        ("https://me:secret@ghcr.io:443/v2/", "https://ghcr.io:443/v2/"),
        ("https://secret@ghcr.io", "https://ghcr.io"),
        ("https://me:se/cret@ghcr.io/v2", "https://ghcr.io/v2"),
        ("https://me:se?cret@ghcr.io/v2", "https://ghcr.io/v2"),
        ("https://me:se#cret@ghcr.io/v2", "https://ghcr.io/v2"),
        ("https://me:se@cret@ghcr.io/v2", "https://ghcr.io/v2"),
        ("https://me:s@e/cret@ghcr.io/v2", "https://ghcr.io/v2"),
        ("https://se/cret@ghcr.io/v2", "https://ghcr.io/v2"),
        ("https://cdn.example.com/a?X-Signature=secret", "https://cdn.example.com/a"),
        ("https://cdn.example.com:8443/a?mail=a@b&sig=secret", "https://cdn.example.com:8443/a"),
        ("https://cdn.example.com#secret", "https://cdn.example.com"),
        ("https://[::1]:5000/a?s=secret", "https://[::1]:5000/a"),
        ("tcp://me:secret@engine:2375", "tcp://engine:2375"),
        ("ssh://me@engine", "ssh://engine"),
        ("me:secret@proxy:3128", "proxy:3128"),
        ("ssh+git://user:secret@host/org", "ssh+git://host/org"),
        ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
        ("https://ghcr.io/a@sha256:00ff", "https://ghcr.io/a@sha256:00ff"),
        ("foo", "foo"),
        ("", ""),
    ],
)
def test_shown(address: str, expected: str) -> None:
    assert shown(address) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no address: in here", "no address: in here"),
        (
            'Get "https://me:secret@ghcr.io/v2/?sig=secret": EOF',
            'Get "https://ghcr.io/v2/": EOF',
        ),
        ("see https://cdn/x?sig=secret, then retry", "see https://cdn/x, then retry"),
        ("see (https://cdn/x), then", "see (https://cdn/x), then"),
        ("Failed to parse: me:secret@host:99999", "Failed to parse: host:99999"),
        ("HTTPS_PROXY=http://me:secret@proxy:1", "HTTPS_PROXY=http://proxy:1"),
        (f"busybox:1@sha256:{'0' * 64}: not found", f"busybox:1@sha256:{'0' * 64}: not found"),
        ("fatal: 'ssh+git://user:secret@host/x' is wrong", "fatal: 'ssh+git://host/x' is wrong"),
        ("http://a:secret@b http://c:secret@d", "http://b http://d"),
    ],
)
def test_text_of_others_without_secrets(text: str, expected: str) -> None:
    assert without_secrets(text) == expected


def test_long_text_costs_no_more_than_its_length() -> None:
    for part in ("a", "a:", "a@", "https://", ":/", "a:a@"):
        text = part * 20_000
        began = time.monotonic()
        without_secrets(text)
        shown(text)
        assert time.monotonic() - began < 2.0
