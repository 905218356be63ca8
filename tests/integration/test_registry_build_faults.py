"""Publishing where registries refuse, stall, want tokens, or see us killed: nobody sees half an image."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.registry import FakeRegistry, Reply, error_reply
from tests.integration.daemonless import Raw, blob, built, document, put_raw
from tests.integration.support import (
    NO_ENGINE,
    SlowLink,
    Tool,
    ended,
    labels,
    publish,
    sleep_in,
    start_point,
    wait_for,
)
from tests.services import Registry, layer
from tests.services.image import descriptor, digest_of

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
FINAL = "/v2/x/final/manifests"


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as fake:
        put(fake, "x/java", "LSP", Raw([("", layer(start_point("Java")))], {"Labels": labels("Java")}))
        bases = [Raw([("", name.encode())], architecture=name) for name in ("amd64", "arm64")]
        for base in bases:
            put(fake, "x/base", digest_of(base.manifest), base)
        manifests = [
            {
                **descriptor("application/vnd.oci.image.manifest.v1+json", base.manifest),
                "platform": {"os": "linux", "architecture": base.architecture},
            }
            for base in bases
        ]
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
        fake.put_manifest("x/base", "1", json.dumps(index).encode(), OCI_INDEX)
        yield fake


def put(fake: FakeRegistry, name: str, tag: str, raw: Raw) -> None:
    for data in (raw.config_blob, *(data for _, data in raw.layers)):
        fake.put_blob(name, "", data)
    fake.put_manifest(name, tag, raw.manifest)


def command(fake: FakeRegistry, *tags: str) -> list[str]:
    """The command line of a build in one registry; the image is tagged 1 unless `tags` say otherwise."""
    options = ["build", "--from", "registry", "--to", "registry", "--base", f"{fake.netloc}/x/base:1"]
    names = [part for tag in tags or ("1",) for part in ("--tag", f"{fake.netloc}/x/final:{tag}")]
    return [*options, *names, f"{fake.netloc}/x/java:LSP"]


def tags_of(fake: FakeRegistry) -> dict[str, bytes]:
    """What the tags of the final image stand for."""
    found = {tag: data for (name, tag), (_, data) in fake.manifests.items() if name == "x/final"}
    return {tag: data for tag, data in found.items() if ":" not in tag}


def test_blobs_come_first_then_manifests_then_the_index_then_tags(tool: Tool, fake: FakeRegistry) -> None:
    run = tool.run(*command(fake, "1", "2"))
    assert run.status == 0, run.output
    writes = [seen for seen in fake.seen if seen.method in ("PUT", "POST")]
    kinds = []
    for seen in writes:
        what = "blob" if "/blobs/" in seen.path else "digest" if "sha256:" in seen.path else "tag"
        kinds.append(what)
    assert kinds == ["blob"] * kinds.count("blob") + ["digest"] * 2 + ["tag"] * 2
    assert {seen.headers["Content-Type"] for seen in writes[-2:]} == {OCI_INDEX}
    assert len(set(tags_of(fake).values())) == 1
    mounts = [seen.query for seen in writes if seen.query.get("from") == ["x/base"]]
    layers = {digest_of(name) for name in (b"amd64", b"arm64")}
    assert {query["mount"][0] for query in mounts} == layers
    asked = {
        seen.path.rpartition("/")[2] for seen in fake.seen if seen.method == "GET" and "/blobs/" in seen.path
    }
    assert asked.isdisjoint(layers), "a base layer was read"


def test_base_layers_are_copied_once_from_registry_to_registry(tool: Tool, fake: FakeRegistry) -> None:
    with FakeRegistry("127.0.0.2") as other:
        names = [part for tag in "12" for part in ("--tag", f"{other.netloc}/x/final:{tag}")]
        options = (
            "--from",
            "registry",
            "--to",
            "registry",
            "--base",
            f"{fake.netloc}/x/base:1",
            "--no-cache",
        )
        built(tool, *options, *names, f"{fake.netloc}/x/java:LSP")
        for name in (b"amd64", b"arm64"):
            path = f"/v2/x/base/blobs/{digest_of(name)}"
            assert len(fake.seen_at(path)) == 1
            assert other.blobs["x/final", digest_of(name)] == name
        assert not [seen for seen in other.seen if seen.query.get("from") == ["x/base"]]
        first = len(other.seen)
        publish_again = built(
            tool, *options, "--tag", f"{other.netloc}/x/final:3", f"{fake.netloc}/x/java:LSP"
        )
        assert publish_again
        bodies = [seen.body for seen in other.seen[first:] if seen.method == "PUT"]
        assert not {b"amd64", b"arm64"} & set(bodies), "what is there was sent again"


REFUSED = error_reply(403, "DENIED", "not today")


def test_a_finding_does_not_wait_for_a_target_that_does_not_answer(tool: Tool, fake: FakeRegistry) -> None:
    broken = start_point("Java") | {"start_point/manifest.json": b"{}"}
    put(fake, "x/broken", "LSP", Raw([("", layer(broken))]))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        name = f"127.0.0.1:{silent.getsockname()[1]}/x/final:1"
        options = ("--tag", name, "--stall-timeout", "1000")
        run = tool.run(*command(fake)[:-3], *options, f"{fake.netloc}/x/broken:LSP")
    assert run.status == 1, run.output


@pytest.mark.parametrize("what", ["uploads", "manifest", "index"])
def test_no_tag_moves_when_something_is_refused(tool: Tool, fake: FakeRegistry, what: str) -> None:
    if what == "uploads":
        fake.always("/v2/x/final/blobs/uploads/session", REFUSED, "PUT")
    elif what == "index":
        fake.script(f"{FINAL}/1", REFUSED, method="PUT")
    else:
        assert tool.run(*command(fake)).status == 0
        index = json.loads(tags_of(fake)["1"])
        fake.always(f"{FINAL}/{index['manifests'][1]['digest']}", REFUSED, "PUT")
    fake.put_manifest("x/final", "1", b'{"old": true}')
    run = tool.run(*command(fake, "1", "2"))
    assert run.status == 5, run.output
    assert "DENIED: not today" in " ".join(run.output.split())
    assert tags_of(fake)["1"] == b'{"old": true}'
    assert "2" not in tags_of(fake)


def test_first_tag_is_put_back_when_the_second_is_refused(tool: Tool, fake: FakeRegistry) -> None:
    assert tool.run(*command(fake, "1", "2")).status == 0
    old = tags_of(fake)["1"]
    put(fake, "x/java", "LSP", Raw([("", layer(start_point("Another")))], {"Labels": labels("Another")}))
    fake.script(f"{FINAL}/2", REFUSED, method="PUT")
    run = tool.run(*command(fake, "1", "2"))
    assert run.status == 5, run.output
    assert "DENIED: not today" in " ".join(run.output.split())
    assert tags_of(fake) == {"1": old, "2": old}
    assert tool.run(*command(fake, "1", "2")).status == 0
    new = tags_of(fake)
    assert new["1"] == new["2"] != old


@pytest.mark.parametrize("failure", [Reply(500), Reply(reset=True), Reply(503)])
def test_hiccup_in_the_middle_is_sat_out(tool: Tool, fake: FakeRegistry, failure: Reply) -> None:
    fake.script(f"{FINAL}/1", failure, method="PUT")
    fake.script("/v2/x/final/blobs/uploads/session", failure, method="PUT")
    run = tool.run(*command(fake))
    assert run.status == 0, run.output
    assert json.loads(tags_of(fake)["1"])["mediaType"] == OCI_INDEX


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v2/x/java/manifests/LSP"), ("POST", "/v2/x/final/blobs/uploads/"), ("PUT", f"{FINAL}/1")],
)
def test_too_many_requests_are_a_pause(tool: Tool, fake: FakeRegistry, method: str, path: str) -> None:
    busy = error_reply(429, "TOOMANYREQUESTS", "slow down", {"Retry-After": "1"})
    fake.script(path, busy, method=method)
    began = time.monotonic()
    run = tool.run(*command(fake))
    assert run.status == 0, run.output
    assert time.monotonic() - began > 1
    assert f"{fake.netloc} asks us to wait 1 s" in run.stderr
    assert tags_of(fake).keys() == {"1"}


def test_bearer_tokens(tool: Tool, fake: FakeRegistry) -> None:
    fake.require_bearer()
    run = tool.run(*command(fake))
    assert run.status == 0, run.output
    scopes = {scope for seen in fake.seen_at("/token") for scope in seen.query.get("scope", ())}
    assert {"repository:x/java:pull", "repository:x/final:pull,push"} <= scopes
    assert "repository:x/base:pull" in scopes
    assert "token-" not in run.output


def test_expired_tokens_are_renewed_in_the_middle(tool: Tool, fake: FakeRegistry) -> None:
    fake.require_bearer(life=1)
    fake.script(
        f"{FINAL}/1", error_reply(401, "UNAUTHORIZED", "", {"WWW-Authenticate": fake.challenge}), method="PUT"
    )
    run = tool.run(*command(fake))
    assert run.status == 0, run.output
    assert tags_of(fake).keys() == {"1"}


@pytest.mark.parametrize(
    ("number", "delay"),
    [
        (signal.SIGTERM, 0.6),
        (signal.SIGTERM, 0.9),
        (signal.SIGINT, 1.3),
        (signal.SIGKILL, 0.8),
        (signal.SIGKILL, 1.2),
    ],
)
def test_ending_it_in_the_middle_leaves_the_old_tags(
    tool: Tool, registry: Registry, number: signal.Signals, delay: float
) -> None:
    layers = [("", bytes([each]) * 2_000_000) for each in range(4)]
    base = put_raw(registry, "faults/base", Raw(layers, {"Labels": labels("Base")}), "1")
    source = publish(registry, "faults/java", "Old")
    repository = f"faults/final-{number.name.lower()}-{int(delay * 10)}"
    with SlowLink(registry.host, 0.05) as slow:

        def arguments(host: str, base: str) -> list[str]:
            options = ["build", "--from", "registry", "--to", "registry", "--no-cache", "--base", base]
            tags = [part for tag in "123" for part in ("--tag", f"{host}/{repository}:{tag}")]
            return [*options, *tags, source]

        first = tool.run(*arguments(registry.host, "scratch"))
        assert first.status == 0, first.output
        old = registry.digest(repository, "1")
        process = tool.start(*arguments(slow, base))
        sleep_in(process, delay)
        run, _ = ended(process, number)
    assert "Traceback" not in run.stderr
    assert wait_for(lambda: all(registry.digest(repository, tag) for tag in "123"))  # it may still be writing
    digests = [registry.digest(repository, tag) for tag in "123"]
    if number != signal.SIGKILL and run.status != 0:
        assert digests == [old] * 3
    for tag in "123":  # old or new, each is whole
        manifest = document(registry, repository, tag)
        for each in (manifest["config"], *manifest["layers"]):
            assert digest_of(blob(registry, repository, each["digest"])) == each["digest"]
