"""`--from registry` and `--to registry`, with no engine anywhere: what users read, build and are told.

A case is a folder of tests/cases/daemonless whose expected.txt is all that the terminal shows. After a wanted
change: UPDATE_CASES=1 pytest tests/integration/test_registry_store.py, then read the difference.
"""

import gzip
import json
import os
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests import ROOT
from tests.corpus import CorpusStartPoint
from tests.integration.daemonless import (
    Raw,
    base_image,
    blob,
    built,
    document,
    members,
    put_index,
    put_raw,
)
from tests.integration.support import (
    NO_ENGINE,
    REVISION,
    SCRIPT,
    Entry,
    Tool,
    free_port,
    git,
    images_yml,
    labels,
    member,
    publish,
    raw_layer,
    start_point,
    without_times,
)
from tests.services import Image, Login, Registry, layer
from tests.services.image import descriptor, digest_of

CASES = ROOT / "tests/cases" / "daemonless"
EXPECTED = "expected.txt"
MEGABYTE = 1_000_000
MEMORY = 150 * 1024  # kilobytes


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


@pytest.fixture(scope="module")
def other_registry() -> Iterator[Registry]:
    with Registry() as other:
        yield other


@pytest.fixture(scope="module")
def base(registry: Registry) -> str:
    """A base image of its own for each of two platforms."""
    registry.put_images("daemonless/base", "1", (base_image(), base_image("arm64")))
    return f"{registry.host}/daemonless/base:1"


@pytest.fixture(scope="module")
def places(registry: Registry, private_registry: Registry, base: str) -> Mapping[str, str]:
    """What differs from run to run, by the name that stands for it in the cases."""
    fill(registry)
    publish(private_registry, "secret/java", "Secret")
    return {
        "{base}": base,
        "{dead}": f"127.0.0.1:{free_port()}",
        "{private}": private_registry.host,
        "{registry}": registry.host,
    }


def fill(registry: Registry) -> None:
    """Images that are bad in one way each."""
    good = layer(start_point("Good"))
    runtime = {"Labels": labels("Good")}
    publish(registry, "daemonless/good", "Good")
    raws = {
        "config-no-json": Raw([("", good)], config=b"{"),
        "config-of-a-chart": Raw([("", good)], config=b'{"name": "chart"}'),
        "diff-ids": Raw([("", good)], runtime, diff_ids=[]),
        "labels-a-list": Raw([("", good)], {"Labels": ["a=b"]}),
        "labels-of-numbers": Raw([("", good)], {"Labels": {"org.opencontainers.image.revision": 5}}),
        "labels-null": Raw([("", good)], {"Labels": None}),
        "not-gzip": Raw([("+gzip", b"\x1f\x8b\x08 but only so far")], runtime),
        "absolute": Raw([("", raw_layer(member("/start_point/x")))], runtime),
        "dot-dot": Raw([("", raw_layer(member("start_point/../../etc/passwd")))], runtime),
        "hard-link": Raw([("", raw_layer(member("start_point/l", tarfile.LNKTYPE, "etc/shadow")))], runtime),
        "symbolic-link": Raw([("", raw_layer(member("start_point/l", tarfile.SYMTYPE, "/etc")))], runtime),
        "bomb": Raw([("+gzip", _bomb(gzip.compress))], runtime),
        "bomb-in-zstd": Raw([("+zstd", _bomb(zstandard.compress))], runtime),
        "no-start-point": Raw([("", layer({"usr/bin/java": b""}))], runtime),
        "no-layers": Raw([], runtime),
        "language": Raw([("", layer({"a": b""})), ("", bytes(17 * MEGABYTE))], runtime),
    }
    for name, raw in raws.items():
        put_raw(registry, f"daemonless/{name}", raw)
    attestation = Raw([("", b"{}")])
    put_index(registry, "daemonless/attestation", [(attestation, _platform("unknown", "unknown"))], "LSP")


def _bomb(compress: Any) -> bytes:
    content = {**start_point("Bomb"), "start_point/zeros": bytes(64 * MEGABYTE)}
    return bytes(compress(layer(content)))


def _platform(os_: str, architecture: str) -> dict[str, str]:
    return {"os": os_, "architecture": architecture}


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_says_exactly(name: str, tool: Tool, places: Mapping[str, str]) -> None:
    case = CASES / name
    expected = (case / EXPECTED).read_text("utf-8")
    command = expected.splitlines()[0].removeprefix("$ ")
    for path in case.iterdir():
        if path.name != EXPECTED:
            tool.write(path.name, _filled(path.read_text("utf-8"), places))
    run = tool.run(*shlex.split(_filled(command, places))[1:])
    shown = f"$ {command}\n{run.stderr}--- stdout\n{run.stdout}--- exit status {run.status}\n"
    for place, value in places.items():
        shown = shown.replace(value, place)
    shown = without_times(shown)
    if os.environ.get("UPDATE_CASES"):
        (case / EXPECTED).write_text(shown, "utf-8")
        pytest.fail(f"{case / EXPECTED} is written; read it, and run again without UPDATE_CASES")
    assert shown == expected


def _filled(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text


def test_language_image_is_not_downloaded(tool: Tool, registry: Registry, places: Mapping[str, str]) -> None:
    """Proof by absence: its large layer is not even there any more."""
    del places
    large = document(registry, "daemonless/language", "LSP")["layers"][1]["digest"]
    small = document(registry, "daemonless/language", "LSP")["layers"][0]["digest"]
    for digest in (large, small):
        registry.request("DELETE", f"/v2/daemonless/language/blobs/{digest}", expected=202)
    run = tool.run("check", "--from", "registry", f"{registry.host}/daemonless/language:LSP")
    assert run.status == 3
    assert "failed: too large" in run.stdout


@pytest.mark.parametrize("compressed", ["", "+gzip", "+zstd", "mixed"])
def test_layers_of_every_kind_are_read(tool: Tool, registry: Registry, compressed: str) -> None:
    files = start_point("Overlay")
    lower = layer(
        {**files, "start_point/gone": b"", "start_point/opaque/old": b"", "start_point/hiker.txt": b""}
    )
    upper = layer({"start_point/.wh.gone": b"", "start_point/opaque/.wh..wh..opq": b""})
    top = layer({"start_point/hiker.txt": b"42\n"})
    kinds = ["+gzip", "+zstd", ""] if compressed == "mixed" else [compressed] * 3
    raw = Raw([_layer(kind, data) for kind, data in zip(kinds, (lower, upper, top), strict=True)])
    name = put_raw(registry, f"daemonless/kinds{compressed.replace('+', '-')}", raw)
    built(tool, "--base", "scratch", "--to", "oci:out", "--tag", "x/y:1", name)
    index = json.loads((tool.folder / "out/index.json").read_bytes())
    manifest = json.loads(_read(tool, index["manifests"][0]["digest"]))
    repos = members(_read(tool, manifest["layers"][0]["digest"]))
    found = {path for path in repos if path.startswith("app/repos/0/start_point/")}
    names = {"cyber-dojo.sh", "hiker.txt", "manifest.json", "opaque", "sha.txt", "url.txt"}
    assert {path.rpartition("/")[2] for path in found} == names
    assert repos["app/repos/0/start_point/hiker.txt"] == Entry(b"42\n", 0o644, 0, 0, 0)


def _layer(kind: str, data: bytes) -> tuple[str, bytes]:
    if kind == "":
        return kind, data
    return kind, gzip.compress(data) if kind == "+gzip" else zstandard.compress(data)


def _read(tool: Tool, digest: str) -> bytes:
    return (tool.folder / "out/blobs" / digest.replace(":", "/")).read_bytes()


def test_start_point_of_an_index(tool: Tool, registry: Registry) -> None:
    raw = Raw(
        [("", layer(start_point("Of an index")))], {"Labels": labels("Of an index")}, architecture="arm64"
    )
    attestation = Raw([("", b"{}")])
    entries = [(attestation, _platform("unknown", "unknown")), (raw, _platform("linux", "arm64"))]
    name = put_index(registry, "daemonless/index", entries, "LSP")
    run = tool.run("check", "--from", "registry", "--format", "json", name)
    (found,) = run.json["start_points"]
    assert found["digest"] == registry.digest("daemonless/index", "LSP")
    assert found["revision"] == REVISION


def test_result_is_for_every_platform_of_the_base(tool: Tool, registry: Registry) -> None:
    bases = {
        name: Raw([("", name.encode())], {"Env": [f"ARCH={name}"], "WorkingDir": "/app"}, architecture=name)
        for name in ("amd64", "arm64")
    }
    attestation = (Raw([("", b"{}")]), _platform("unknown", "unknown"))
    entries = [(raw, _platform("linux", name)) for name, raw in bases.items()]
    base = put_index(registry, "daemonless/two", [*entries, attestation])
    source = publish(registry, "daemonless/java", "Two")
    name = f"{registry.host}/daemonless/final:two"
    run = tool.run("build", "--from", "registry", "--to", "registry", "--base", base, "-t", name, source)
    assert run.status == 0, run.output

    index = document(registry, "daemonless/final", "two")
    assert [each["platform"] for each in index["manifests"]] == [platform for _, platform in entries]
    annotations = {
        "org.opencontainers.image.base.name": base,
        "org.opencontainers.image.base.digest": registry.digest("daemonless/two", "1"),
    }
    assert index["annotations"] == annotations
    tops = set()
    for each, (architecture, raw) in zip(index["manifests"], bases.items(), strict=True):
        manifest = document(registry, "daemonless/final", each["digest"])
        assert manifest["annotations"] == annotations
        config = json.loads(blob(registry, "daemonless/final", manifest["config"]["digest"]))
        assert config["architecture"] == architecture
        assert f"ARCH={architecture}" in config["config"]["Env"]
        assert config["config"]["Cmd"] == ["./up.sh"]
        lower, top = manifest["layers"]
        assert blob(registry, "daemonless/final", lower["digest"]) == raw.layers[0][1]
        data = blob(registry, "daemonless/final", top["digest"])
        assert top == descriptor("application/vnd.oci.image.layer.v1.tar+gzip", data)
        assert config["rootfs"]["diff_ids"][1] == digest_of(gzip.decompress(data))
        tops.add(top["digest"])
    assert len(tops) == 1


def test_platform_narrows(tool: Tool, registry: Registry, base: str) -> None:
    source = publish(registry, "daemonless/java", "Narrow")
    name = f"{registry.host}/daemonless/final:narrow"
    options = ("--from", "registry", "--to", "registry", "--base", base, "--platform", "linux/arm64")
    run = tool.run("build", *options, "--format", "json", "--tag", name, source)
    assert run.status == 0, run.output
    assert run.json["image"]["platforms"] == ["linux/arm64"]
    (only,) = document(registry, "daemonless/final", "narrow")["manifests"]
    assert only["platform"] == _platform("linux", "arm64")


@pytest.mark.parametrize("oci", [False, True])
@pytest.mark.parametrize("single", [False, True])
def test_bases_of_docker_and_oci(
    tool: Tool, registry: Registry, other_registry: Registry, *, oci: bool, single: bool
) -> None:
    """Mounted inside one registry, copied to another; either way the result is all OCI, and the same."""
    images = tuple(base_image(each, content=b"%d" % oci, oci=oci) for each in ("amd64", "arm64"))
    repository = f"daemonless/base-{'oci' if oci else 'docker'}-{'one' if single else 'two'}"
    if single:
        registry.put_image(repository, "1", images[0])
    else:
        registry.put_images(repository, "1", images)
    source = publish(registry, "daemonless/java", "Bases")
    digests = set()
    for target in (registry, other_registry):
        name = f"{target.host}/{repository}-final:1"
        options = ("--from", "registry", "--to", "registry", "--base", f"{registry.host}/{repository}:1")
        digests.add(built(tool, *options, "-t", name, source))
        top = document(target, f"{repository}-final", "1")
        manifests = [
            document(target, f"{repository}-final", each["digest"]) for each in top.get("manifests", ())
        ]
        for manifest in manifests or [top]:
            assert "docker" not in json.dumps([each["mediaType"] for each in _descriptors(manifest)])
            for each in _descriptors(manifest):
                assert digest_of(blob(target, f"{repository}-final", each["digest"])) == each["digest"]
    assert len(digests) == 1


def _descriptors(manifest: Any) -> list[dict[str, Any]]:
    return [manifest["config"], *manifest["layers"]]


def test_base_layers_that_are_no_archives_do_not_matter(tool: Tool, registry: Registry) -> None:
    raw = Raw([("+gzip", b"no gzip"), ("+zstd", bytes(20 * MEGABYTE))], {"Env": ["SHA=1"]})
    base = put_raw(registry, "daemonless/opaque", raw)
    source = publish(registry, "daemonless/java", "Opaque")
    name = f"{registry.host}/daemonless/final:opaque"
    built(tool, "--from", "registry", "--to", "registry", "--base", base, "--tag", name, source)
    layers = document(registry, "daemonless/final", "opaque")["layers"]
    assert [each["digest"] for each in layers[:2]] == [digest_of(data) for _, data in raw.layers]


def test_from_scratch(tool: Tool, registry: Registry) -> None:
    source = publish(registry, "daemonless/java", "Scratch")
    name = f"{registry.host}/daemonless/final:scratch"
    built(tool, "--from", "registry", "--to", "registry", "--base", "scratch", "--tag", name, source)
    manifest = document(registry, "daemonless/final", "scratch")
    assert len(manifest["layers"]) == 1
    assert "annotations" not in manifest
    config = json.loads(blob(registry, "daemonless/final", manifest["config"]["digest"]))
    assert "org.opencontainers.image.base.digest" not in config["config"]["Labels"]


def test_locked_build_has_the_same_digest(tool: Tool, registry: Registry, base: str) -> None:
    source = publish(registry, "daemonless/locked", "Locked")
    name = f"{registry.host}/daemonless/final:locked"
    tool.write("images.yml", images_yml(source, name=name, base=base))
    way = ("--from", "registry", "--to", "registry")
    first = built(tool, *way)
    locked = tool.run("lock", "--from", "registry")
    assert locked.status == 0, locked.output
    publish(registry, "daemonless/locked", "Moved on")
    assert built(tool, *way, "--locked") == first


def test_inspect_lists_everything(tool: Tool, registry: Registry, base: str) -> None:
    sources = [publish(registry, f"daemonless/inspect-{name}", f"Inspect {name}") for name in "ba"]
    remote = f"{registry.host}/daemonless/final:inspect"
    for store, name in (("registry", remote), ("oci:out", "x/final:1"), ("oci-archive:out.tar", "x/final:1")):
        built(tool, "--from", "registry", "--to", store, "--base", base, "--tag", name, *sources)
        run = tool.run("inspect", "--from", store, name)
        assert run.status == 0, run.output
        assert list(run.json) == ["Inspect a", "Inspect b"]
        assert run.json["Inspect a"]["sha"] == REVISION


def test_all_of_cyber_dojo_in_little_memory(
    tool: Tool,
    corpus: tuple[CorpusStartPoint, ...],
    corpus_images: tuple[str, ...],
    registry: Registry,
    base: str,
) -> None:
    name = f"{registry.host}/daemonless/corpus:1"
    tool.write("images.yml", images_yml(*corpus_images, name=name, base=base))
    run = tool.run("check", "--from", "registry", "--format", "json")
    assert run.json["failures"] == []
    assert len(run.json["start_points"]) == len(corpus)
    assert run.status == 0, run.output

    program = (
        "import resource, subprocess, sys\n"
        "status = subprocess.run(sys.argv[1:], stdout=2).returncode\n"
        "print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    build = ["build", "--from", "registry", "--to", "registry", "--no-cache"]
    measured = subprocess.run(
        [sys.executable, "-c", program, str(SCRIPT), *build],
        cwd=tool.folder,
        env=tool.variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    status, memory = map(int, measured.stdout.split())
    assert status == 0, measured.stderr
    assert memory < MEMORY
    inspected = tool.run("inspect", "--from", "registry", name).json
    assert inspected.keys() == {str(each.manifest["display_name"]) for each in corpus}


def test_verify_images(tool: Tool, registry: Registry) -> None:
    registry.put_image("language/there", "4edf92a", Image((layer({"usr/bin/java": b""}),)))
    there, absent = (f"{registry.host}/language/{name}:4edf92a" for name in ("there", "absent"))
    good = publish(registry, "daemonless/verified", "Verified", image_name=there)
    bad = publish(registry, "daemonless/unverified", "Unverified", image_name=absent)
    run = tool.run("check", "--from", "registry", "--verify-images", "--format", "json", good, bad)
    assert run.status == 1, run.output
    (finding,) = run.json["findings"]
    assert (finding["rule"], finding["index"], finding["severity"]) == ("image-exists", 1, "error")
    assert finding["message"] == f'image_name is "{absent}"; its registry has no such image; publish it first'
    assert tool.run("check", "--from", "registry", "--verify-images", good).status == 0
    assert tool.run("check", "--from", "registry", good, bad).status == 0


def test_nothing_is_published_unless_the_user_says_so(tool: Tool, registry: Registry, base: str) -> None:
    source = publish(registry, "daemonless/java", "Unsaid")
    name = f"{registry.host}/daemonless/unsaid:1"
    run = tool.run("build", "--base", base, "--tag", name, source)
    assert (run.status, run.stdout) == (2, "")
    assert run.stderr.splitlines()[1].endswith(
        "'--to registry' publishes it, '--to oci:DIR' keeps it in a folder."
    )
    assert registry.digest("daemonless/unsaid", "1") is None


def test_login_is_used_for_reading_and_publishing(
    tool: Tool, private_registry: Registry, login: Login, registry: Registry, base: str
) -> None:
    source = publish(private_registry, "daemonless/java", "Private")
    name = f"{private_registry.host}/daemonless/final:1"
    command = ("build", "--from", "registry", "--to", "registry", "--base", base, "--tag", name)
    public = publish(registry, "daemonless/java", "Public")
    refused = tool.run(*command, public)
    assert refused.status == 5, refused.output
    assert private_registry.digest("daemonless/final", "1") is None
    config = {"auths": {private_registry.host: {"username": login.user, "password": login.password}}}
    tool.write(".docker/config.json", json.dumps(config))
    run = tool.run(*command, source)
    assert run.status == 0, run.output
    assert login.password not in run.output
    assert private_registry.digest("daemonless/final", "1")


def checkout(tool: Tool, name: str) -> str:
    """Write an LTF checkout with one commit; returns the commit."""
    for path, found in start_point("Packed", image_name=None).items():
        content, mode = found if isinstance(found, tuple) else (found, 0o644)
        tool.write(f"ltf/{path}", content.decode()).chmod(mode)
    tool.write("ltf/docker/image_name.json", json.dumps({"image_name": name}))
    place = tool.folder / "ltf"
    for arguments in (("init",), ("add", "."), ("commit", "-m", "A start point")):
        git(place, *arguments)
    return git(place, "rev-parse", "HEAD")


def test_pack_gives_the_same_image_everywhere(tool: Tool, registry: Registry) -> None:
    name = f"{registry.host}/daemonless/packed"
    commit = checkout(tool, name)
    stores = ("registry", "oci:out", "oci-archive:out.tar")
    outputs = {tool.run("pack", "--to", store, "ltf").stdout for store in (*stores, *stores)}
    assert len(outputs) == 1
    digest = registry.digest("daemonless/packed", "LSP")
    assert digest
    assert digest == registry.digest("daemonless/packed", f"LSP-{commit[:7]}")
    assert digest[: len("sha256:") + 12] in outputs.pop()
    for store in stores:
        run = tool.run("check", "--from", store, "--format", "json", f"{name}:LSP")
        assert run.status == 0, run.output
        assert run.json["start_points"][0]["digest"] == digest


def test_cache_changes_nothing(tool: Tool, registry: Registry, base: str) -> None:
    name = f"{registry.host}/daemonless/final:cached"
    source = publish(registry, "daemonless/cached", "Cached")
    command = ("--from", "registry", "--to", "registry", "--base", base, "--tag", name, source)
    digests = {built(tool, *command), built(tool, *command), built(tool, "--no-cache", *command)}
    assert len(digests) == 1
    publish(registry, "daemonless/cached", "Cached anew")
    assert built(tool, *command) not in digests
    assert tool.run("inspect", "--from", "registry", name).stdout.count("Cached anew") == 1
