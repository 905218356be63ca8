"""Where a git repository is on the web, whatever git calls it."""

import re
from urllib.parse import urlsplit, urlunsplit

_SCP_STYLE = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/@]+):(?P<path>[^/].*)")


def web_address(remote: str) -> str:
    """A remote as a web address without user and password.

    `web_address("git@github.com:org/java-junit.git")` is "https://github.com/org/java-junit". A remote
    that is a local path has none: "".
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
    if url.scheme not in ("http", "https", "ssh", "git") or not url.hostname:
        return ""
    scheme = "http" if url.scheme == "http" else "https"
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    if port and url.scheme in ("http", "https"):
        host = f"{host}:{port}"
    return urlunsplit((scheme, host, url.path.rstrip("/").removesuffix(".git"), "", ""))
