"""Where the environment says that the Docker Engine is: DOCKER_HOST, or a context of Docker's own client."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.files.homes import docker_folder
from lsp_assembler.model.address import shown
from lsp_assembler.stores.docker.certificates import Certificates, of_context, of_environment
from lsp_assembler.stores.docker.presence import SOCKET
from lsp_assembler.text import named

DEFAULT_SOCKET = f"unix://{SOCKET}"

_NO_CONTEXT = ("", "default")
_WITH_TLS = ("tcp", "https")
_PORTS = {"tcp": 2375, "http": 80, "https": 443, "ssh": 22}
_TLS_PORT = 2376
_BARE = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):[0-9]+")
_LONGEST_PATH = 107  # bytes of a socket's path, on Linux


class Endpoint(Struct, frozen=True):
    """Where an engine is.

    Args:
        url: e.g. "unix:///var/run/docker.sock", "tcp://engine:2376" or "ssh://me@engine".
        source: what names it, e.g. "DOCKER_HOST" or "Docker context 'colima'"; "" for Docker's default.
        certificates: to speak TLS with; None without TLS.
    """

    url: str
    source: str = ""
    certificates: Certificates | None = None

    @property
    def is_ssh(self) -> bool:
        """Whether it is reached through the program ssh."""
        return self.url.startswith("ssh:")


def endpoint_of(environ: Mapping[str, str]) -> Endpoint:
    """Where the engine is, in the order of Docker's own client: DOCKER_HOST, then the context.

    Args:
        environ: the environment's variables.

    Raises:
        InvalidInputError: what names it is malformed, or names what is not there.
    """
    folder = docker_folder(environ)
    host = environ.get("DOCKER_HOST", "").strip()
    if host:
        certificates = of_environment(environ, folder)
        url = _checked(host, "DOCKER_HOST", tls=certificates is not None)
        if certificates and url.startswith("http:"):
            raise _malformed("DOCKER_HOST", host, "http:// is without TLS, which other variables ask for")
        return _endpoint(url, "DOCKER_HOST", certificates)
    name = environ.get("DOCKER_CONTEXT") or _current_context(folder)
    return Endpoint(DEFAULT_SOCKET) if name in _NO_CONTEXT else _of_context(folder, name)


def _current_context(folder: Path) -> str:
    """What `docker context use` has chosen; "" where it chose none, or the configuration is damaged."""
    try:
        name = json.loads((folder / "config.json").read_bytes()).get("currentContext")
    except (OSError, ValueError, AttributeError, RecursionError):
        return ""
    return name if isinstance(name, str) else ""


def _of_context(folder: Path, name: str) -> Endpoint:
    """What a context says; `docker context ls` finds them in the same folder."""
    source = f"Docker context {named(name)}"
    own = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    path = folder / "contexts" / "meta" / own / "meta.json"
    try:
        engine: Any = json.loads(path.read_bytes())["Endpoints"]["docker"]
        host, skips = engine.get("Host") or DEFAULT_SOCKET, bool(engine.get("SkipTLSVerify"))
        host.strip()
    except (FileNotFoundError, NotADirectoryError):
        raise _bad_context(source, "no such context") from None
    except OSError as error:
        raise _bad_context(source, f"cannot read {path} ({error.strerror})") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _bad_context(source, f"{path} is malformed") from None
    certificates = of_context(folder / "contexts" / "tls" / own / "docker", source, verifies=not skips)
    url = _checked(host, source, tls=certificates is not None)
    return _endpoint(url, source, certificates)


def _endpoint(url: str, source: str, certificates: Certificates | None) -> Endpoint:
    """An engine at a checked address; certificates count, and must be sound, where TLS is spoken."""
    if certificates is None or url.partition(":")[0] not in _WITH_TLS:
        return Endpoint(url, source)
    certificates.check()
    return Endpoint(url, source, certificates)


def _checked(text: str, source: str, *, tls: bool) -> str:
    """An address that the SDK understands: with its scheme and port.

    Raises:
        InvalidInputError: it is malformed.
    """
    text = f"tcp://{text}" if _BARE.fullmatch(text) else text.strip()
    scheme, separator, rest = text.partition("://")
    if scheme == "unix" and separator:
        if any(char in rest for char in "?#;"):
            raise _malformed(source, text, "its path has a ?, # or ; in it")
        if len(os.fsencode(rest)) > _LONGEST_PATH:
            raise _malformed(source, text, f"its path has more than {_LONGEST_PATH} bytes")
        return text if rest else DEFAULT_SOCKET
    if not separator or scheme not in _PORTS:
        raise _malformed(source, text, "it does not begin with unix://, tcp:// or ssh://")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _malformed(source, text, "its host or port is none") from None
    if fault := _fault(parts, port):
        raise _malformed(source, text, fault)
    if port is None and scheme != "ssh":
        port = _TLS_PORT if tls and scheme == "tcp" else _PORTS[scheme]
        return f"{scheme}://{parts.netloc.rstrip(':')}:{port}{parts.path}"
    return text


def _fault(parts: SplitResult, port: int | None) -> str:
    """What is wrong with an address; "" for nothing."""
    host, user = parts.hostname or "", parts.username or ""
    if parts.password is not None:
        return "a password has no place in it"
    if user and parts.scheme != "ssh":
        return "a user has no place in it"
    if not host or host.startswith("-") or user.startswith("-") or not host.isprintable() or " " in host:
        return "it names no host"
    if port == 0:
        return "its port is 0"
    return "it has a query" if parts.query or parts.fragment else ""


def _malformed(source: str, text: str, why: str) -> InvalidInputError:
    remedy = "Correct it, e.g. unix:///var/run/docker.sock, tcp://HOST:2375 or ssh://USER@HOST"
    remedy += ", or unset it." if source == "DOCKER_HOST" else ", with 'docker context update'."
    return InvalidInputError(f"{source} is malformed: {why} ({named(shown(text))})", remedy)


def _bad_context(source: str, fact: str) -> InvalidInputError:
    return InvalidInputError(
        f"{source}: {fact}",
        "Choose one that 'docker context ls' lists, with DOCKER_CONTEXT or 'docker context use', or set "
        "DOCKER_HOST.",
    )
