"""A remote as a web address, with nothing in it that is secret."""

import pytest

from lsp_assembler.model.address import web_address

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
    ],
)
def test_web_address(remote: str, expected: str) -> None:
    assert web_address(remote) == expected
