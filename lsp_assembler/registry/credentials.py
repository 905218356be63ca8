"""The logins that `docker login` and `podman login` left behind.

Files, the first that knows the host wins: $REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json (or
~/.docker/config.json), $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json.
Formats: docker-login(1), containers-auth.json(5), docker-credential-helpers.
"""

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from lsp_assembler.files.homes import docker_folder, home
from lsp_assembler.registry.login import IDENTITY_USER, FoundLogin, Login, as_object, run_helper, server_name

_ALIASES = {"docker.io": ("docker.io", "index.docker.io", "registry-1.docker.io")}


class Credentials:
    """Finds logins; asks a helper at most once for each host.

    Safe to share between threads. Files and helpers are not touched before the first `find`.

    Args:
        environ: where to find the files, and what helpers run with, usually `os.environ`.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._lock = threading.Lock()
        self._configs: list[_Config] | None = None
        self._found: dict[tuple[str, str], FoundLogin] = {}
        self._helped: dict[tuple[str, str], FoundLogin] = {}

    def find(self, registry: str, repository: str) -> FoundLogin:
        """The login for a repository; never raises.

        Args:
            registry: e.g. "docker.io" or "localhost:5000".
            repository: e.g. "cyberdojo/web": podman keeps logins by registry or by any path below it.
        """
        key = (registry, repository)
        with self._lock:
            if key not in self._found:
                if self._configs is None:
                    self._configs = [_Config.read(path) for path in _config_paths(self._environ)]
                self._found[key] = self._search(self._configs, registry, repository)
            return self._found[key]

    def _search(self, configs: "list[_Config]", registry: str, repository: str) -> FoundLogin:
        complaints = []
        for config in configs:
            helper = config.helper(registry)
            answers = [self._ask(helper, registry)] if helper else []
            answers.append(config.lookup(registry, repository))
            for answer in answers:
                if answer.login:
                    return answer
                complaints.append(answer.complaint)
        return FoundLogin(None, next(filter(None, complaints), ""))

    def _ask(self, helper: str, registry: str) -> FoundLogin:
        key = (helper, registry)
        if key not in self._helped:
            self._helped[key] = run_helper(helper, registry, self._environ)
        return self._helped[key]


class _Config(Struct, frozen=True):
    """One file: {"auths": {HOST: {"auth": BASE64}}, "credsStore": NAME, "credHelpers": {HOST: NAME}}."""

    auths: Mapping[str, Any]
    helpers: Mapping[str, Any]
    default_helper: str
    complaint: str = ""

    @classmethod
    def read(cls, path: Path) -> "_Config":
        try:
            config = json.loads(path.read_bytes())
        except FileNotFoundError:
            return cls({}, {}, "")
        except (OSError, ValueError, RecursionError) as error:
            return cls({}, {}, "", f"{path} is not readable as JSON ({type(error).__name__})")
        config = as_object(config)
        auths = {_hostname(key): value for key, value in as_object(config.get("auths")).items()}
        default = config.get("credsStore")
        return cls(auths, as_object(config.get("credHelpers")), default if isinstance(default, str) else "")

    def helper(self, registry: str) -> str:
        for name in (*_names(registry), server_name(registry)):
            if isinstance(helper := self.helpers.get(name), str):
                return helper
        return self.default_helper

    def lookup(self, registry: str, repository: str) -> FoundLogin:
        for name in _names(registry):
            for key in _from_longest(f"{name}/{repository}"):
                if (login := _login(as_object(self.auths.get(key)))) is not None and login.is_sound:
                    return FoundLogin(login)
        return FoundLogin(None, self.complaint)


def _config_paths(environ: Mapping[str, str]) -> Iterator[Path]:
    if explicit := environ.get("REGISTRY_AUTH_FILE"):
        yield Path(explicit)
    yield docker_folder(environ) / "config.json"
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "containers" / "auth.json"
    yield Path(environ.get("XDG_CONFIG_HOME") or home(environ) / ".config") / "containers" / "auth.json"


def _login(entry: Mapping[str, Any]) -> Login | None:
    """The login in one entry of "auths"; None where a helper keeps it ({}) or it is malformed."""
    username, password = entry.get("username"), entry.get("password")
    if isinstance(auth := entry.get("auth"), str) and auth:
        try:
            username, _, password = base64.b64decode(auth).decode().rstrip("\0").partition(":")
        except ValueError:
            return None
    token = entry.get("registrytoken")
    if isinstance(token, str) and token:
        return Login(str(username or IDENTITY_USER), "", registry_token=token)
    token = entry.get("identitytoken")
    if isinstance(token, str) and token:
        return Login(str(username or IDENTITY_USER), "", token)
    if isinstance(username, str) and username and isinstance(password, str):
        return Login(username, password)
    return None


def _names(registry: str) -> tuple[str, ...]:
    return _ALIASES.get(registry, (registry,))


def _hostname(key: str) -> str:
    """A key of "auths" without what old versions of Docker put around the host."""
    bare = re.sub(r"^https?://", "", key)
    return bare.partition("/")[0] if bare != key else re.sub(r"(/v[12])?/*$", "", key)


def _from_longest(path: str) -> Iterator[str]:
    """For "quay.io/a/b": itself, "quay.io/a" and "quay.io"."""
    while path:
        yield path
        path = path.rpartition("/")[0]
