"""Addresses made fit to be shown, to be kept in a label, or to be written into a log. Pure.

A user, a password or a token may stand before the host of any address, and a signature in its query. Whoever
shows an address, or text of others in which there may be one, lets it through `shown` or `without_secrets`.
"""

import re
from urllib.parse import urlsplit, urlunsplit

_SCP_STYLE = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/@]+):(?P<path>[^/:].*)")
_WEB = ("http", "https")
_GIT = (*_WEB, "ssh", "git", "git+ssh", "ssh+git", "git+https", "git+http")
_HOST = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::[0-9]*)?")
_ADDRESS = re.compile(r"""([A-Za-z][A-Za-z0-9+.-]{0,20}:/{1,3})([^\s"'<>`]*)""")
# An @ that is no sign of a login stands before the digest in the name of an image.
_AT = re.compile(r"@(?!sha[0-9]+:)")
_LOGIN = re.compile(r"""[^\s"'<>`=(\[{,]{1,200}:[^\s"'<>`]{0,500}@(?!sha[0-9]+:)""")
_END = re.compile(r"[.,;:)\]}]*$")  # of a sentence, not of an address


def web_address(remote: str) -> str:
    """A remote as a web address without user and password.

    `web_address("git@github.com:org/java-junit.git")` is "https://github.com/org/java-junit". A remote
    that is a local path has none, nor has one of which it is not clear where its host begins: "".
    """
    remote = remote.strip()
    matched = None if "://" in remote else _SCP_STYLE.fullmatch(remote)
    if matched:
        remote = f"https://{matched['host']}/{matched['path']}"
    try:
        url = urlsplit(remote)
        port = url.port
        remote.encode()  # a remote that is not UTF-8 cannot stand in a label
    except ValueError:
        return ""
    if url.scheme not in _GIT or not url.hostname or "@" in url.path:
        return ""
    scheme = "http" if url.scheme in ("http", "git+http") else "https"
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    if port and "http" in url.scheme:
        host = f"{host}:{port}"
    return urlunsplit((scheme, host, url.path.rstrip("/").removesuffix(".git"), "", ""))


def shown(address: str) -> str:
    """An address that is to be shown: without user, password, query and fragment.

    `shown("https://me:secret@ghcr.io/v2/?signature=x")` is "https://ghcr.io/v2/". All that stands before the
    last @ goes, even where the address is malformed: passwords have slashes in them, too.
    """
    scheme, separator, rest = address.strip().partition("://")
    if not separator:
        scheme, rest = "", address.strip()
    is_host = _HOST.fullmatch(re.split("[/?#]", rest, maxsplit=1)[0])
    place = re.split("[?#]", rest, maxsplit=1)[0]
    if not is_host and not _AT.search(place):
        place = rest  # no port is like that: it may be half a password, and the other half in the "query"
    place = re.split("[?#]", _AT.split(place)[-1], maxsplit=1)[0]
    return f"{scheme}{separator}{place}"


def without_secrets(text: str) -> str:
    """What another program or a server said, with every address in it as `shown` would show it."""
    if ":" not in text:
        return text
    text = _ADDRESS.sub(_shown_in_text, text)
    return _LOGIN.sub("", text) if "@" in text else text


def _shown_in_text(found: re.Match[str]) -> str:
    scheme, rest = found.groups()
    end = _END.search(rest)
    return scheme + shown(rest) + (end[0] if end and ("?" in rest or "#" in rest) else "")
