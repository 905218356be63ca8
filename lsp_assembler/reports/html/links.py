"""Addresses for pages: what strangers say only becomes a link if it leads to the web. Pure."""

from functools import lru_cache
from urllib.parse import quote, urlsplit

_COMMIT_LENGTHS = range(12, 65)
_HEX = frozenset("0123456789abcdef")


@lru_cache(maxsize=256)  # the versions of a language have one address
def web_link(text: str) -> str:
    """An address that a page may link to: of the web, without a login in it; else ""."""
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return ""
    return text if is_web and text.isprintable() and " " not in text else ""


def commit_link(source: str, revision: str) -> str:
    """The page of a commit on the web, where there is one; else that of its repository, or "".

    Args:
        revision: at least its first 12 digits.
    """
    address = web_link(source).removesuffix("/").removesuffix(".git")
    is_commit = len(revision) in _COMMIT_LENGTHS and set(revision) <= _HEX
    return f"{address}/commit/{revision}" if address and is_commit else address


def fragment(name: str) -> str:
    """What comes after the # of a link to the element with this id."""
    return quote(name, safe=":/@!$&'()*+,;=-._~", errors="replace")
