import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.login import FoundLogin, Login

HUB = "https://index.docker.io/v1/"
Write = Callable[[str, Any], None]


def auth(username: str = "me", password: str = "open:sesame") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a JSON file below the home directory."""

    def write(path: str, content: Any) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))

    return write


@pytest.fixture
def find(tmp_path: Path) -> Callable[..., FoundLogin]:
    """Look a registry up with this home directory, and whatever other variables."""

    def find(registry: str, repository: str = "a/b", **environ: str) -> FoundLogin:
        return Credentials({"HOME": str(tmp_path), "PATH": str(tmp_path / "bin"), **environ}).find(
            registry, repository
        )

    return find


@pytest.fixture
def helper(tmp_path: Path) -> Callable[[str, str], Path]:
    """Put a credential helper on PATH; it notes what it was asked in a file, which is returned."""

    def helper(name: str, code: str) -> Path:
        program = tmp_path / "bin" / f"docker-credential-{name}"
        program.parent.mkdir(exist_ok=True)
        asked = tmp_path / f"asked-{name}"
        program.write_text(
            f"#!{sys.executable} -IS\nimport sys\nserver = sys.stdin.read()\n"
            f"open({str(asked)!r}, 'a').write(sys.argv[1] + ' ' + server + '\\n')\n{code}\n"
        )
        program.chmod(0o755)
        return asked

    return helper


def test_nothing_configured(find: Callable[..., FoundLogin]) -> None:
    assert find("ghcr.io") == FoundLogin(None, "")


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        (HUB, "docker.io"),
        ("index.docker.io", "docker.io"),
        ("docker.io", "docker.io"),
        ("https://registry-1.docker.io/v2/", "docker.io"),
        ("ghcr.io", "ghcr.io"),
        ("https://ghcr.io", "ghcr.io"),
        ("https://ghcr.io/v1/", "ghcr.io"),
        ("http://localhost:5000", "localhost:5000"),
    ],
)
def test_keys_of_docker_config(
    write: Write, find: Callable[..., FoundLogin], key: str, registry: str
) -> None:
    write(".docker/config.json", {"auths": {key: auth()}})
    assert find(registry).login == Login("me", "open:sesame")
    assert find("quay.io").login is None


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("elsewhere/config.json", ("DOCKER_CONFIG", "elsewhere")),
        ("my-auth.json", ("REGISTRY_AUTH_FILE", "my-auth.json")),
        ("run/containers/auth.json", ("XDG_RUNTIME_DIR", "run")),
        ("conf/containers/auth.json", ("XDG_CONFIG_HOME", "conf")),
        (".config/containers/auth.json", ("LANG", "C")),
    ],
)
def test_places(
    write: Write, find: Callable[..., FoundLogin], tmp_path: Path, path: str, place: tuple[str, str]
) -> None:
    write(path, {"auths": {"ghcr.io": auth()}})
    variable, value = place
    assert find("ghcr.io", **{variable: str(tmp_path / value)}).login == Login("me", "open:sesame")


def test_first_file_that_knows_the_host_wins(write: Write, find: Callable[..., FoundLogin]) -> None:
    write(".docker/config.json", {"auths": {"ghcr.io": auth("docker")}})
    write(".config/containers/auth.json", {"auths": {"ghcr.io": auth("podman"), "quay.io": auth("podman")}})
    assert find("ghcr.io").login == Login("docker", "open:sesame")
    assert find("quay.io").login == Login("podman", "open:sesame")


def test_podman_keeps_logins_by_path_and_the_longest_wins(
    write: Write, find: Callable[..., FoundLogin]
) -> None:
    auths = {"quay.io": auth("all"), "quay.io/team": auth("team"), "quay.io/team/app": auth("app")}
    write(".config/containers/auth.json", {"auths": auths})
    names = [("team/app", "app"), ("team/other", "team"), ("teammate/app", "all"), ("team/app/sub", "app")]
    for repository, username in names:
        login = find("quay.io", repository).login
        assert login is not None
        assert login.username == username


def test_identity_token(write: Write, find: Callable[..., FoundLogin]) -> None:
    write(".docker/config.json", {"auths": {"x.azurecr.io": {**auth("0000", ""), "identitytoken": "idt"}}})
    assert find("x.azurecr.io").login == Login("0000", "", "idt")


@pytest.mark.parametrize(
    "entry", [{}, None, 7, {"auth": 7}, {"auth": "***"}, {"auth": "//79"}, {"auth": ""}, {"username": "me"}]
)
def test_entries_that_hold_no_login(write: Write, find: Callable[..., FoundLogin], entry: object) -> None:
    write(".docker/config.json", {"auths": {"ghcr.io": entry}})
    assert find("ghcr.io").login is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"auths": 7, "credHelpers": [], "credsStore": 7}', "[" * 99_999]
)
def test_malformed_files_do_not_break_a_public_pull(
    write: Write, find: Callable[..., FoundLogin], content: str
) -> None:
    write(".docker/config.json", content)
    assert find("ghcr.io").login is None


@pytest.mark.parametrize(
    "entry",
    [
        {"username": "\ud800", "password": "x"},
        {"username": "me", "password": "\udcff"},
        {"identitytoken": "caf\u00e9"},
        {"registrytoken": "a\r\nX-Injected: b"},
    ],
)
def test_logins_that_cannot_be_sent_are_none(
    write: Write, find: Callable[..., FoundLogin], entry: object
) -> None:
    write(".docker/config.json", {"auths": {"ghcr.io": entry}})
    assert find("ghcr.io").login is None


def test_helper_with_a_login_that_cannot_be_sent(
    write: Write, find: Callable[..., FoundLogin], helper: Callable[[str, str], Path]
) -> None:
    write(".docker/config.json", {"credsStore": "odd"})
    helper("odd", r"""print(r'{"Username": "me", "Secret": "\ud800"}')""")
    assert find("ghcr.io") == FoundLogin(None, "docker-credential-odd gave what cannot be sent")


def test_nobody_has_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 987_654)
    assert Credentials({}).find("ghcr.io", "a/b") == FoundLogin()


def test_unreadable_file_is_a_complaint(write: Write, find: Callable[..., FoundLogin]) -> None:
    write(".docker/config.json", "{")
    assert "config.json is not readable as JSON" in find("ghcr.io").complaint


@pytest.mark.parametrize(
    ("config", "asked"),
    [
        ({"credsStore": "fake"}, ("docker.io", HUB)),
        ({"credsStore": "fake", "auths": {"ghcr.io": {}}}, ("ghcr.io", "ghcr.io")),
        ({"credHelpers": {"ghcr.io": "fake"}, "credsStore": "other"}, ("ghcr.io", "ghcr.io")),
        ({"credHelpers": {"docker.io": "fake"}}, ("docker.io", HUB)),
        ({"credHelpers": {HUB: "fake"}}, ("docker.io", HUB)),
    ],
)
def test_helper(
    write: Write,
    find: Callable[..., FoundLogin],
    helper: Callable[[str, str], Path],
    config: Any,
    asked: tuple[str, str],
) -> None:
    note = helper("fake", """print('{"ServerURL": "x", "Username": "me", "Secret": "from helper"}')""")
    write(".docker/config.json", config)
    registry, server = asked
    assert find(registry).login == Login("me", "from helper")
    assert note.read_text() == f"get {server}\n"


def test_helper_with_an_identity_token(
    write: Write, find: Callable[..., FoundLogin], helper: Callable[[str, str], Path]
) -> None:
    helper("fake", """print('{"Username": "<token>", "Secret": "idt"}')""")
    write(".docker/config.json", {"credsStore": "fake"})
    assert find("ghcr.io").login == Login("<token>", "", "idt")


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("print('credentials not found in native keychain'); sys.exit(1)", ""),
        ("print('locked'); sys.exit(1)", "docker-credential-fake failed with status 1"),
        ("print('nonsense')", "docker-credential-fake did not answer in JSON"),
        ("print('[]')", ""),
        ("""print('{"Username": "me", "Secret": ""}')""", ""),
    ],
)
def test_failing_helper(
    write: Write,
    find: Callable[..., FoundLogin],
    helper: Callable[[str, str], Path],
    code: str,
    complaint: str,
) -> None:
    helper("fake", code)
    write(".docker/config.json", {"credsStore": "fake"})
    assert find("ghcr.io") == FoundLogin(None, complaint)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("missing", "docker-credential-missing is not on PATH"),
        ("../../bin/sh", "'docker-credential-../../bin/sh' is not the name of a credential helper"),
    ],
)
def test_helper_that_is_not_there(
    write: Write, find: Callable[..., FoundLogin], name: str, complaint: str
) -> None:
    write(".docker/config.json", {"credsStore": name})
    assert find("ghcr.io") == FoundLogin(None, complaint)


def test_file_helps_out_where_the_helper_fails(write: Write, find: Callable[..., FoundLogin]) -> None:
    write(".docker/config.json", {"credsStore": "missing", "auths": {"ghcr.io": auth()}})
    assert find("ghcr.io").login == Login("me", "open:sesame")


def test_helper_is_asked_once_for_a_host(
    write: Write, helper: Callable[[str, str], Path], tmp_path: Path
) -> None:
    asked = helper("fake", """print('{"Username": "me", "Secret": "s"}')""")
    write(".docker/config.json", {"credsStore": "fake"})
    credentials = Credentials({"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")})
    for repository in ("a/b", "a/c", "a/b"):
        assert credentials.find("ghcr.io", repository).login is not None
    assert asked.read_text() == "get ghcr.io\n"


def test_secrets_are_not_shown() -> None:
    shown = repr(Login("me", "open:sesame", "idt")) + str(FoundLogin(Login("me", "open:sesame", "idt")))
    assert "sesame" not in shown
    assert "idt" not in shown


def test_basic_header() -> None:
    assert Login("Aladdin", "open sesame").basic == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
