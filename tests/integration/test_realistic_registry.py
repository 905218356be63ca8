"""The tool and a registry as public ones are: TLS, HTTP/2, tokens from a second host, blobs from a third.

What went over the wire is read in the access log of that registry.
"""

import base64
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.integration.support import NO_ENGINE, Run, Tool, images_yml, labels, start_point
from tests.services import (
    BASE_NAME,
    Image,
    RealisticRegistry,
    base_image_config,
    base_image_layer,
    base_image_missing,
    layer,
)
from tests.services.certificates import make_certificates
from tests.services.traffic import Request, connections_to_hosts, requests_to_hosts

Watched = Callable[..., tuple[Run, Sequence[Request]]]


@pytest.fixture
def tool(realistic: RealisticRegistry, tmp_path: Path) -> Tool:
    """Without an engine, with an images.yml that trusts the registry and a login for it."""
    login = f"{realistic.login.user}:{realistic.login.password}".encode()
    auths = {realistic.host: {"auth": base64.b64encode(login).decode()}}
    tool = Tool(tmp_path, NO_ENGINE)
    tool.write(".docker/config.json", json.dumps({"auths": auths}))
    tool.write("images.yml", realistic.settings + images_yml("java_junit:LSP"))
    return tool


@pytest.fixture
def watched(realistic: RealisticRegistry, tool: Tool) -> Watched:
    """Run the tool, which must end with `status`; what it said, and what it asked for."""

    def run(*arguments: object, status: int = 0) -> tuple[Run, Sequence[Request]]:
        before = len(realistic.requests())
        done = tool.run(*arguments)
        assert done.status == status, done.output
        return done, realistic.requests()[before:]

    return run


def publish(realistic: RealisticRegistry, repository: str, display_name: str) -> str:
    """Put an LSP image behind; returns its name."""
    image = Image((layer(start_point(display_name)),), labels(display_name))
    realistic.behind.put_image(repository, "LSP", image)
    return f"{realistic.host}/{repository}:LSP"


def assert_secrets_stay_where_they_belong(requests: Sequence[Request]) -> None:
    """Tokens go to the registry, logins to the token server, and neither to where blobs are."""
    seen = {(request.host, request.authorization) for request in requests}
    assert seen <= {
        ("registry", ""),
        ("registry", "Bearer"),
        ("tokens", ""),
        ("tokens", "Basic"),
        ("blobs", ""),
    }


def test_check_reads_over_three_hosts(realistic: RealisticRegistry, tool: Tool, watched: Watched) -> None:
    names = [publish(realistic, f"public/ltf-{number}", f"Public {number}") for number in range(9)]
    tool.write("images.yml", realistic.settings + images_yml(*names))
    run, requests = watched("check", "--from", "registry", "--format", "json")
    assert [each["source"] for each in run.json["start_points"]] == names
    assert_secrets_stay_where_they_belong(requests)
    asked = requests_to_hosts(requests)
    assert asked["blobs"] >= len(names)
    assert {request.status for request in requests if request.host == "blobs"} == {200}
    assert set(connections_to_hosts(requests)) == {"registry", "tokens", "blobs"}


def test_only_a_login_reads_what_is_private(
    realistic: RealisticRegistry, tool: Tool, watched: Watched
) -> None:
    name = publish(realistic, "private/java", "Private")
    tool.write("images.yml", realistic.settings + images_yml(name))
    _, requests = watched("check", "--from", "registry", "--no-cache")
    assert ("tokens", "Basic") in {(request.host, request.authorization) for request in requests}
    assert_secrets_stay_where_they_belong(requests)
    (tool.folder / ".docker/config.json").unlink()
    run, requests = watched("check", "--from", "registry", "--no-cache", status=3)
    assert name in run.stdout
    assert "blobs" not in requests_to_hosts(requests)


def test_nobody_is_trusted_whose_authority_is_unknown(
    realistic: RealisticRegistry, tool: Tool, watched: Watched
) -> None:
    name = publish(realistic, "public/stranger", "Stranger")
    hosts = "".join(f"  {host}: {{ca: other.pem}}\n" for host in realistic.hosts)
    (tool.folder / "other").mkdir()
    (tool.folder / "other.pem").write_bytes(make_certificates(tool.folder / "other").ca.read_bytes())
    tool.write("images.yml", f"registries:\n{hosts}{images_yml(name)}")
    run, requests = watched("check", "--from", "registry", status=3)
    assert "certificate" in run.stdout
    assert requests == ()


def test_build_reads_there_and_publishes_there(
    realistic: RealisticRegistry, tool: Tool, watched: Watched
) -> None:
    if base_image_missing():
        pytest.skip(base_image_missing())
    repository, _, tag = BASE_NAME.partition(":")
    realistic.behind.put_image(repository, tag, Image((base_image_layer(),), config=base_image_config()))
    names = [publish(realistic, f"public/built-{number}", f"Built {number}") for number in range(3)]
    text = images_yml(*names, name=f"{realistic.host}/team/built:1", base=f"{realistic.host}/{BASE_NAME}")
    tool.write("images.yml", realistic.settings + text)
    run, requests = watched("build", "--from", "registry", "--to", "registry", "--format", "json")
    assert realistic.behind.digest("team/built", "1") == run.json["image"]["digest"]
    assert_secrets_stay_where_they_belong(requests)
    assert "PUT" in {request.method for request in requests if request.host == "registry"}


def test_tags_reads_configurations_over_three_hosts(realistic: RealisticRegistry, watched: Watched) -> None:
    publish(realistic, "public/listed", "Listed")
    image = Image((layer(start_point("Listed, too")),), labels("Listed, too"))
    digest = realistic.behind.put_image("public/listed", "LSP-4edf92a", image)
    run, requests = watched(
        "tags", f"{realistic.host}/public/listed", "--from", "registry", "--format", "json"
    )
    assert {each["tag"]: each["digest"] for each in run.json["tags"]}["LSP-4edf92a"] == digest
    assert len(run.json["tags"]) == 2
    assert_secrets_stay_where_they_belong(requests)


def test_audit_looks_up_an_old_tag_once(realistic: RealisticRegistry, tool: Tool, watched: Watched) -> None:
    def put(tag: str, day: int) -> None:
        image = Image((layer({"etc/tag": tag.encode()}),), created=f"2026-10-{day:02}T00:00:00Z")
        realistic.behind.put_image("public/aging", tag, image)

    def asked(requests: Sequence[Request]) -> Counter[str]:
        """E.g. {"HEAD manifests/1a2b3c4": 1, "GET tags/list": 1}; what refers to the image is left out."""
        paths = ((each, each.path.partition("/public/aging/")[2].partition("?")[0]) for each in requests)
        return Counter(
            f"{each.method} {path}"
            for each, path in paths
            if path and "sha256" not in path and each.status == 200
        )

    for day, tag in enumerate(("1a2b3c4", "2a2b3c4", "3a2b3c4"), start=1):
        put(tag, day)
    name = f"{realistic.host}/public/aging"
    image = Image((layer(start_point("Aging", image_name=f"{name}:1a2b3c4")),), labels("Aging"))
    realistic.behind.put_image("public/aging", "LSP", image)
    tool.write("images.yml", realistic.settings + images_yml(f"{name}:LSP") + "policy: {superseded: warn}\n")
    _, first = watched("audit")
    assert asked(first) == {
        "GET manifests/LSP": 1,
        "GET tags/list": 1,
        **{f"GET manifests/{tag}": 1 for tag in ("1a2b3c4", "2a2b3c4", "3a2b3c4")},
    }
    put("4a2b3c4", 4)
    run, second = watched("audit")
    assert asked(second) == {
        "HEAD manifests/LSP": 1,
        "GET tags/list": 1,
        "HEAD manifests/1a2b3c4": 1,
        "GET manifests/4a2b3c4": 1,
    }
    assert "its newest tag is 4a2b3c4" in run.stdout
