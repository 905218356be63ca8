"""One login, and the programs that keep logins: docker-credential-NAME."""

import base64
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

IDENTITY_USER = "<token>"
"""The user name by which a helper says that its secret is an identity token."""

_HELPER_SECONDS = 30.0
_HELPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DOCKER_HUB = "https://index.docker.io/v1/"


class Login(Struct, frozen=True):
    """What proves to a registry who we are; never shown, not even by repr.

    One of the tokens is set, or user name and password.

    Args:
        identity_token: to be exchanged for a bearer token, where the registry says.
        registry_token: a bearer token, to be sent as it is.
    """

    username: str
    password: str
    identity_token: str = ""
    registry_token: str = ""

    def __repr__(self) -> str:
        return f"Login({self.username!r}, ***)"

    @property
    def is_sound(self) -> bool:
        """Whether it can be sent: a token has only ASCII that is printed, a password no half characters."""
        tokens = self.identity_token + self.registry_token
        try:
            self.username.encode()
            self.password.encode()
        except UnicodeEncodeError:
            return False
        return tokens.isascii() and tokens.isprintable()

    @property
    def basic(self) -> str:
        """The value of an Authorization header, "Basic …"; "" where a token stands in place of a password."""
        if self.identity_token or self.registry_token:
            return ""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


class FoundLogin(Struct, frozen=True):
    """What is known about one host.

    Args:
        login: None where there is none, which is fine for public images.
        complaint: why there is none although one is configured, e.g. "docker-credential-x is not on PATH".
    """

    login: Login | None = None
    complaint: str = ""


def run_helper(name: str, registry: str, environ: Mapping[str, str]) -> FoundLogin:
    """Ask docker-credential-NAME for a login.

    A helper that is missing or fails is a complaint and no error: a public image needs no login.
    """
    program = f"docker-credential-{name}"
    if not _HELPER_NAME.fullmatch(name):
        return FoundLogin(None, f"{program!a} is not the name of a credential helper")
    try:
        answer = subprocess.run(
            [_which(program, environ), "get"],
            input=server_name(registry).encode(),
            capture_output=True,
            env=environ,
            timeout=_HELPER_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return FoundLogin(None, f"{program} is not on PATH")
    except (OSError, subprocess.TimeoutExpired) as error:
        return FoundLogin(None, f"{program} failed ({type(error).__name__})")
    if answer.returncode:
        unknown = b"not found" in answer.stdout  # how helpers say that they have no login: not worth a word
        return FoundLogin(None, "" if unknown else f"{program} failed with status {answer.returncode}")
    return _parse_answer(program, answer.stdout)


def _parse_answer(program: str, stdout: bytes) -> FoundLogin:
    """Read {"Username": …, "Secret": …}."""
    try:
        said = as_object(json.loads(stdout))
    except (ValueError, RecursionError):
        return FoundLogin(None, f"{program} did not answer in JSON")
    username, secret = said.get("Username"), said.get("Secret")
    if not isinstance(username, str) or not isinstance(secret, str) or not secret:
        return FoundLogin()
    login = Login(username, "", secret) if username == IDENTITY_USER else Login(username, secret)
    return FoundLogin(login) if login.is_sound else FoundLogin(None, f"{program} gave what cannot be sent")


def _which(program: str, environ: Mapping[str, str]) -> str:
    """Look through the PATH that we were given, which need not be that of this process."""
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        path = Path(folder or ".") / program
        if path.is_file() and os.access(path, os.X_OK):
            return str(path.absolute())
    raise FileNotFoundError(program)


def server_name(registry: str) -> str:
    """What helpers know a registry by."""
    return _DOCKER_HUB if registry == "docker.io" else registry


def as_object(value: Any) -> dict[str, Any]:
    """The members of a JSON object; {} for anything that is no object."""
    return value if isinstance(value, dict) else {}
