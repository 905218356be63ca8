"""Where the engine is: every spelling that Docker knows, and what is said of those that it does not know."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.stores.docker.endpoint import DEFAULT_SOCKET, Endpoint, endpoint_of
from tests.fakes.certificate import make_certificate
from tests.need import need
from tests.services.process import missing


def context(folder: Path, name: str, meta: Any) -> Path:
    """Make a context as `docker context create` does; returns the folder of its certificates."""
    own = hashlib.sha256(name.encode()).hexdigest()
    path = folder / "contexts/meta" / own / "meta.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(meta if isinstance(meta, str) else json.dumps(meta))
    return folder / "contexts/tls" / own / "docker"


def at(host: Any, **more: Any) -> dict[str, Any]:
    return {"Name": "office", "Metadata": {}, "Endpoints": {"docker": {"Host": host, **more}}}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("unix:///run/d.sock", "unix:///run/d.sock"),
        (" unix:///run/d.sock ", "unix:///run/d.sock"),
        ("unix://", DEFAULT_SOCKET),
        ("", DEFAULT_SOCKET),
        (" ", DEFAULT_SOCKET),
        ("tcp://engine:2375", "tcp://engine:2375"),
        ("tcp://engine", "tcp://engine:2375"),
        ("tcp://engine:", "tcp://engine:2375"),
        ("tcp://[::1]:2375", "tcp://[::1]:2375"),
        ("tcp://[::1]", "tcp://[::1]:2375"),
        ("tcp://proxy:80/engine", "tcp://proxy:80/engine"),
        ("127.0.0.1:2375", "tcp://127.0.0.1:2375"),
        ("http://engine:80", "http://engine:80"),
        ("https://engine", "https://engine:443"),
        ("ssh://me@engine", "ssh://me@engine"),
        ("ssh://engine:2222/run/d.sock", "ssh://engine:2222/run/d.sock"),
    ],
)
def test_docker_host(host: str, url: str) -> None:
    assert endpoint_of({"DOCKER_HOST": host, "HOME": "/nowhere"}).url == url


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("foo", "it does not begin with unix://, tcp:// or ssh://"),
        ("unix:/x", "it does not begin with unix://, tcp:// or ssh://"),
        ("/var/run/docker.sock", "it does not begin with unix://, tcp:// or ssh://"),
        ("npipe:////./pipe/docker", "it does not begin with unix://, tcp:// or ssh://"),
        ("fd://3", "it does not begin with unix://, tcp:// or ssh://"),
        ("://", "it does not begin with unix://, tcp:// or ssh://"),
        ("tcp://", "it names no host"),
        ("tcp://:2375", "it names no host"),
        ("tcp://a b:2375", "it names no host"),
        ("ssh://", "it names no host"),
        ("ssh://-oProxyCommand=x", "it names no host"),
        ("ssh://-l@host", "it names no host"),
        ("http://h:99999", "its host or port is none"),
        ("tcp://h:port", "its host or port is none"),
        ("tcp://[::1:2375", "its host or port is none"),
        ("tcp://h:0", "its port is 0"),
        ("tcp://h:1?x=y", "it has a query"),
        ("unix:///run/d.sock?x", "its path has a ?, # or ; in it"),
        (f"unix:///{'x' * 108}", "its path has more than 107 bytes"),
        ("tcp://me:secret@h:1", "a password has no place in it"),
        ("ssh://me:secret@h", "a password has no place in it"),
        ("https://me:se/cret@h:1", "its host or port is none"),
        ("tcp://secret@h:1", "a user has no place in it"),
        ("foo://me:secret@h", "it does not begin with unix://, tcp:// or ssh://"),
        ("me:secret@h:1", "it does not begin with unix://, tcp:// or ssh://"),
    ],
)
def test_malformed_docker_host(host: str, why: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        endpoint_of({"DOCKER_HOST": host, "HOME": "/nowhere"})
    assert caught.value.message.startswith(f"DOCKER_HOST is malformed: {why} (")
    assert caught.value.remedy == (
        "Correct it, e.g. unix:///var/run/docker.sock, tcp://HOST:2375 or ssh://USER@HOST, or unset it."
    )
    assert "secret" not in str(caught.value)
    assert "cret@" not in str(caught.value)


def test_a_context_needs_no_configuration_beside_it(tmp_path: Path) -> None:
    context(tmp_path / ".docker", "office", at("tcp://engine:2375"))
    context(tmp_path / "elsewhere", "office", at("tcp://other:2375"))
    named = {"DOCKER_CONTEXT": "office", "HOME": str(tmp_path)}
    assert endpoint_of(named) == Endpoint("tcp://engine:2375", "Docker context 'office'")
    assert endpoint_of({**named, "DOCKER_CONFIG": str(tmp_path / "elsewhere")}).url == "tcp://other:2375"
    assert endpoint_of({**named, "DOCKER_CONTEXT": "default"}).url == DEFAULT_SOCKET
    assert endpoint_of({**named, "DOCKER_HOST": "tcp://third:1"}).url == "tcp://third:1"


@pytest.mark.parametrize(
    ("configuration", "url"),
    [
        ('{"currentContext": "office"}', "tcp://engine:2375"),
        ('{"currentContext": "default"}', DEFAULT_SOCKET),
        ('{"currentContext": 5}', DEFAULT_SOCKET),
        ("{}", DEFAULT_SOCKET),
        ("[]", DEFAULT_SOCKET),
        ("[" * 100_000, DEFAULT_SOCKET),
        ("{", DEFAULT_SOCKET),
        ("\udcff", DEFAULT_SOCKET),
    ],
)
def test_the_context_that_is_in_use(tmp_path: Path, configuration: str, url: str) -> None:
    context(tmp_path, "office", at("tcp://engine:2375"))
    (tmp_path / "config.json").write_bytes(os.fsencode(configuration))
    assert endpoint_of({"DOCKER_CONFIG": str(tmp_path)}).url == url


def test_context_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        endpoint_of({"DOCKER_CONTEXT": "nowhere", "HOME": str(tmp_path)})
    assert str(caught.value) == (
        "Docker context 'nowhere': no such context\n  Choose one that 'docker context ls' lists, with "
        "DOCKER_CONTEXT or 'docker context use', or set DOCKER_HOST."
    )


@pytest.mark.parametrize(
    "meta",
    ["", "{", "[]", "null", "5", "[" * 100_000, "{}", {"Endpoints": []}, {"Endpoints": {"docker": 5}}, at(5)],
)
def test_context_that_is_damaged(tmp_path: Path, meta: Any) -> None:
    context(tmp_path, "office", meta)
    with pytest.raises(InvalidInputError, match=r"Docker context 'office': .*meta\.json is malformed"):
        endpoint_of({"DOCKER_CONTEXT": "office", "DOCKER_CONFIG": str(tmp_path)})


def test_context_with_an_address_that_is_none(tmp_path: Path) -> None:
    context(tmp_path, "office", at("tcp://me:secret@engine"))
    with pytest.raises(InvalidInputError) as caught:
        endpoint_of({"DOCKER_CONTEXT": "office", "DOCKER_CONFIG": str(tmp_path)})
    assert caught.value.message == (
        "Docker context 'office' is malformed: a password has no place in it ('tcp://engine')"
    )
    assert caught.value.remedy.endswith("with 'docker context update'.")


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with ca.pem, cert.pem and key.pem."""
    need(missing("openssl"))
    both = make_certificate(tmp_path)
    folder = tmp_path / "certificates"
    folder.mkdir()
    for name in ("ca.pem", "cert.pem", "key.pem"):
        shutil.copy(both, folder / name)
    return folder


def tls(folder: Path, **more: str) -> dict[str, str]:
    return {"DOCKER_HOST": "tcp://engine", "DOCKER_CERT_PATH": str(folder), "HOME": "/nowhere", **more}


def test_certificates_of_the_environment(certificates: Path) -> None:
    for verify in ("1", "0", "x"):
        found = endpoint_of(tls(certificates, DOCKER_TLS_VERIFY=verify))
        assert found.url == "tcp://engine:2376"
        assert found.certificates
        assert found.certificates.configuration().verify is True
    for more in ({}, {"DOCKER_TLS_VERIFY": ""}):
        without = endpoint_of(tls(certificates, **more)).certificates
        assert without
        assert without.configuration().verify is False
    in_home = {"DOCKER_HOST": "tcp://engine", "DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": str(certificates)}
    assert endpoint_of(in_home).certificates


def test_a_socket_needs_no_certificates() -> None:
    for host in ("unix:///run/d.sock", "ssh://engine", ""):
        found = endpoint_of({"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "1", "HOME": "/nowhere"})
        assert found.certificates is None


def test_http_where_tls_is_asked_for() -> None:
    with pytest.raises(InvalidInputError, match="http:// is without TLS, which other variables ask for"):
        endpoint_of({"DOCKER_HOST": "http://engine", "DOCKER_TLS_VERIFY": "1", "HOME": "/nowhere"})


def test_verification_without_certificates(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        endpoint_of({"DOCKER_HOST": "tcp://engine", "DOCKER_TLS_VERIFY": "1", "HOME": str(tmp_path)})
    assert caught.value.message == f"DOCKER_TLS_VERIFY: there is no {tmp_path}/.docker/ca.pem"
    assert caught.value.remedy == (
        "Set DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem, or unset DOCKER_TLS_VERIFY."
    )


@pytest.mark.parametrize("name", ["ca.pem", "cert.pem", "key.pem"])
def test_certificate_that_is_missing(certificates: Path, name: str) -> None:
    (certificates / name).unlink()
    with pytest.raises(InvalidInputError, match=f"DOCKER_CERT_PATH: there is no .*/{name}\n") as caught:
        endpoint_of(tls(certificates, DOCKER_TLS_VERIFY="1"))
    assert caught.value.remedy.endswith("or unset DOCKER_CERT_PATH.")


def test_certificates_that_prove_nothing_of_us(certificates: Path) -> None:
    (certificates / "cert.pem").unlink()
    (certificates / "key.pem").unlink()
    found = endpoint_of(tls(certificates, DOCKER_TLS_VERIFY="1")).certificates
    assert found
    assert found.configuration().cert is None


@pytest.mark.parametrize("folder", ["empty", "nowhere", "file"])
def test_folder_without_certificates(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for verify in ("", "1"):
        with pytest.raises(InvalidInputError, match=f"DOCKER_CERT_PATH: there is no .*/{folder}/"):
            endpoint_of(tls(tmp_path / folder, DOCKER_TLS_VERIFY=verify))


@pytest.mark.parametrize("name", ["ca.pem", "cert.pem", "key.pem"])
@pytest.mark.parametrize("content", [b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\n\xff", None])
def test_certificate_that_cannot_be_used(certificates: Path, name: str, content: bytes | None) -> None:
    (certificates / name).unlink()
    if content is None:
        (certificates / name).mkdir()
    else:
        (certificates / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"DOCKER_CERT_PATH: .*\.pem.* cannot be (used|read) "):
        endpoint_of(tls(certificates, DOCKER_TLS_VERIFY="1"))


def test_key_with_a_password_is_not_asked_for(certificates: Path) -> None:
    key = certificates / "key.pem"
    command = ["openssl", "rsa", "-aes256", "-passout", "pass:secret", "-in", str(key), "-out", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(InvalidInputError, match=r"cert\.pem with key\.pem cannot be used"):
        endpoint_of(tls(certificates))


@pytest.mark.parametrize(("skips", "verifies"), [(True, False), (False, True)])
def test_certificates_of_a_context(certificates: Path, *, skips: bool, verifies: bool) -> None:
    folder = certificates.parent
    place = context(folder, "office", at("tcp://engine", SkipTLSVerify=skips))
    shutil.copytree(certificates, place)
    environ = {"DOCKER_CONTEXT": "office", "DOCKER_CONFIG": str(folder)}
    found = endpoint_of(environ)
    assert found.url == "tcp://engine:2376"
    assert found.certificates
    assert found.certificates.configuration().verify is verifies
    (place / "key.pem").unlink()
    with pytest.raises(InvalidInputError, match=r"Docker context 'office': there is no .*key\.pem"):
        endpoint_of(environ)
