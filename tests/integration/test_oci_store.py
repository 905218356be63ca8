"""OCI layouts between processes: this tool, many of it at once, killed in the middle, and skopeo."""

import json
import signal
from pathlib import Path

import pytest

from tests.integration.daemonless import (
    Raw,
    assert_whole,
    base_image,
    built,
    layout_index,
    put_raw,
    skopeo,
)
from tests.integration.support import (
    NO_ENGINE,
    SlowLink,
    Tool,
    ended,
    git,
    labels,
    publish,
    sleep_in,
    start_point,
)
from tests.services import Registry

CHECKOUTS = 4
PROMPTLY = 12.0


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    (tmp_path / "tmp").mkdir()
    return Tool(tmp_path, NO_ENGINE, {"TMPDIR": str(tmp_path / "tmp")})


def checkout(tool: Tool, name: str) -> str:
    """Write an LTF checkout with one commit below a folder of its name."""
    for path, found in start_point(name, image_name=None).items():
        content, mode = found if isinstance(found, tuple) else (found, 0o644)
        tool.write(f"{name}/{path}", content.decode()).chmod(mode)
    tool.write(f"{name}/docker/image_name.json", json.dumps({"image_name": f"ltf/{name}"}))
    for arguments in (("init",), ("add", "."), ("commit", "-m", "A start point")):
        git(tool.folder / name, *arguments)
    return name


def test_processes_that_pack_at_the_same_time_lose_nothing(tool: Tool) -> None:
    names = [checkout(tool, f"ltf-{number}") for number in range(CHECKOUTS)]
    running = [tool.start("pack", "--to", "oci:out", name) for name in names]
    for process in running:
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
    found = {name for name in layout_index(tool.folder / "out") if name.endswith(":LSP")}
    assert found == {f"ltf/{name}:LSP" for name in names}
    assert_whole(tool.folder / "out")
    run = tool.run("check", "--from", "oci:out", *sorted(found))
    assert run.status == 0, run.output


def test_names_are_found_however_they_are_spelled(tool: Tool) -> None:
    checkout(tool, "java")
    tool.write("java/docker/image_name.json", json.dumps({"image_name": "docker.io/library/java"}))
    assert tool.run("pack", "--to", "oci:out", "java").status == 0
    for name in ("java:LSP", "library/java:LSP", "docker.io/java:LSP", "index.docker.io/library/java:LSP"):
        assert tool.run("check", "--from", "oci:out", name).status == 0
    assert tool.run("check", "--from", "oci:out", "x/java:LSP").status == 3


@pytest.mark.parametrize("kind", ["oci", "oci-archive"])
def test_what_skopeo_copied_can_be_read_and_built_on(tool: Tool, registry: Registry, kind: str) -> None:
    publish(registry, "oci/java", "By skopeo")
    registry.put_image("oci/base", "1", base_image())
    place = f"{kind}:{tool.folder}/theirs"
    for name in ("oci/java:LSP", "oci/base:1"):
        source = f"docker://{registry.host}/{name}"
        if kind == "oci":
            skopeo("copy", "--src-tls-verify=false", source, f"{place}:{name}")
        else:
            skopeo("copy", "--src-tls-verify=false", source, f"{place}-{name[4:8]}:{name}")
    if kind == "oci":
        store = f"{kind}:theirs"
        built(
            tool,
            "--from",
            store,
            "--to",
            store,
            "--base",
            "oci/base:1",
            "--tag",
            "oci/final:1",
            "oci/java:LSP",
        )
        assert_whole(tool.folder / "theirs")
        assert layout_index(tool.folder / "theirs").keys() == {"oci/java:LSP", "oci/base:1", "oci/final:1"}
        assert "By skopeo" in tool.run("inspect", "--from", store, "oci/final:1").stdout
        assert json.loads(skopeo("inspect", f"{place}:oci/final:1"))["Labels"]["org.cyber-dojo.start-point"]
    else:
        run = tool.run("check", "--from", f"{kind}:theirs-java", "oci/java:LSP")
        assert run.status == 0, run.output


def test_unnamed_image_of_a_foreign_archive_is_no_hindrance(tool: Tool, registry: Registry) -> None:
    source = publish(registry, "oci/unnamed", "Unnamed")
    archive = f"oci-archive:{tool.folder}/theirs.tar"
    skopeo("copy", "--src-tls-verify=false", f"docker://{source}", archive)
    built(
        tool,
        "--from",
        "registry",
        "--to",
        "oci-archive:theirs.tar",
        "--base",
        "scratch",
        "-t",
        "x/y:1",
        source,
    )
    assert "Unnamed" in tool.run("inspect", "--from", "oci-archive:theirs.tar", "x/y:1").stdout


@pytest.mark.parametrize(
    "limit", ["--max-compressed=100", "--max-bytes=100", "--max-entries=2", "--max-path=15"]
)
def test_limits_hold_for_layouts(tool: Tool, limit: str) -> None:
    checkout(tool, "java")
    assert tool.run("pack", "--to", "oci:out", "java").status == 0
    run = tool.run("check", "--from", "oci:out", limit, "ltf/java:LSP")
    assert run.status == 3, run.output
    assert f"aise {limit.partition('=')[0]}" in run.stdout


def test_blob_with_another_digest_is_refused(tool: Tool) -> None:
    checkout(tool, "java")
    assert tool.run("pack", "--to", "oci:out", "java").status == 0
    blobs = tool.folder / "out/blobs/sha256"
    largest = max(blobs.iterdir(), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes().replace(b"echo 42", b"echo 43"))
    run = tool.run("check", "--from", "oci:out", "ltf/java:LSP")
    assert run.status == 3
    assert "failed: corrupt" in run.stdout
    assert f"the bytes of sha256:{largest.name} have digest sha256:" in " ".join(run.stdout.split())


def test_digest_that_is_a_path_is_refused(tool: Tool) -> None:
    checkout(tool, "java")
    assert tool.run("pack", "--to", "oci:out", "java").status == 0
    index = tool.folder / "out/index.json"
    index.write_text(index.read_text().replace("sha256:", "sha256:../../"))
    run = tool.run("check", "--from", "oci:out", "ltf/java:LSP")
    assert (run.status, "is not a digest" in run.stdout) == (3, True), run.output


@pytest.fixture(scope="module")
def slow_base(registry: Registry) -> str:
    """A base image whose layers take a while to copy."""
    raw = Raw([("", bytes([number]) * 3_000_000) for number in range(6)], {"Labels": labels("Base")})
    return put_raw(registry, "oci/slow-base", raw, "1").partition("/")[2]


@pytest.mark.parametrize(
    ("store", "end"),
    [
        ("oci:out", (signal.SIGTERM, 0.7)),
        ("oci:out", (signal.SIGTERM, 1.1)),
        ("oci:out", (signal.SIGINT, 0.9)),
        ("oci:out", (signal.SIGKILL, 1.0)),
        ("oci-archive:out.tar", (signal.SIGTERM, 1.0)),
        ("oci-archive:out.tar", (signal.SIGKILL, 1.3)),
    ],
)
def test_ending_it_in_the_middle_leaves_the_old_image(
    tool: Tool, registry: Registry, slow_base: str, store: str, end: tuple[signal.Signals, float]
) -> None:
    number, delay = end
    source = publish(registry, "oci/interrupted", "Interrupted")
    command = ("build", "--from", "registry", "--to", store, "--tag", "x/y:1", "--tag", "x/y:2", "--no-cache")
    assert tool.run(*command, "--base", "scratch", source).status == 0
    before = {path: path.read_bytes() for path in tool.folder.glob("out*") if path.is_file()}
    old = tool.run("inspect", "--from", store, "x/y:1").stdout
    with SlowLink(registry.host, 0.01) as slow:
        process = tool.start(*command, "--base", f"{slow}/{slow_base}", source)
        sleep_in(process, delay)
        run, seconds = ended(process, number)
    assert seconds < PROMPTLY
    assert "Traceback" not in run.stderr
    folder = tool.folder / "out"
    if number != signal.SIGKILL:
        assert list(tool.folder.rglob(".lsp-assembler.*")) == []
        assert list((tool.folder / "tmp").iterdir()) == []
        if folder.exists():
            assert_whole(folder)
    if run.status == 0:  # it was faster
        return
    assert run.status == (-signal.SIGKILL if number == signal.SIGKILL else 130), run.stderr
    served = [tool.run("inspect", "--from", store, f"x/y:{tag}").stdout for tag in (1, 2)]
    assert served == [old, old]
    if {path: path.read_bytes() for path in before} != before:  # ended just after all was done
        assert store == "oci-archive:out.tar"
    again = tool.run(*command, "--base", f"{registry.host}/{slow_base}", source)
    assert again.status == 0, again.output
