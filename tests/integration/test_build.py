"""`build` on a real engine: what is inside the image, what is on it, and that it is the same every time."""

from pathlib import Path

import docker
import pytest

from tests.corpus import CorpusStartPoint
from tests.integration.support import (
    REVISION,
    Entry,
    Tool,
    folder_of,
    git,
    id_of,
    images_yml,
    publish,
    start_point,
)
from tests.services import DockerEngine, Image, Registry, base_image_config, base_image_layer, layer

ENTRY_POINT = ["/sbin/tini", "-g", "--"]


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url)


def built(tool: Tool, *arguments: object, **environment: str) -> str:
    """Build, which must succeed; the digest that the tool reports."""
    run = tool.run("build", "--format", "json", *arguments, **environment)
    assert run.status == 0, run.output
    return str(run.json["image"]["digest"])


def checkout(folder: Path, display_name: str) -> Path:
    """An LTF checkout with one commit."""
    for path, found in start_point(display_name, image_name="cyberdojofoundation/local").items():
        content, mode = found if isinstance(found, tuple) else (found, 0o644)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(mode)
    for arguments in (
        ("init",),
        ("remote", "add", "origin", "git@github.com:ltf/local.git"),
        ("add", "."),
        ("commit", "-m", "A start point"),
    ):
        git(folder, *arguments)
    return folder


def expected_entry(content: bytes | None, mode: int, mtime: int = 0) -> Entry:
    """What /app/repos holds for a file or directory of a start point, whatever its mode was."""
    return Entry(content, 0o755 if content is None or mode & 0o111 else 0o644, 0, 0, mtime)


def test_image_of_a_few_start_points(
    tool: Tool, registry: Registry, registry_base: str, docker_client: docker.DockerClient
) -> None:
    names = [publish(registry, f"few/{name}", f"Few {name}") for name in ("b", "a")]
    tool.write("images.yml", images_yml(*names, name="few/languages:df28e04", base=registry_base))

    digest = built(tool)

    image = docker_client.images.get("few/languages:df28e04")
    config = image.attrs["Config"]
    assert image.id == digest
    assert config["Entrypoint"] == ENTRY_POINT
    assert config["Cmd"] == ["./up.sh"]
    assert config["WorkingDir"] == "/app"
    assert not config.get("ExposedPorts")
    base_digest = registry.digest("cyberdojo/start-points-base", "df28e04")
    assert dict(each.split("=", 1) for each in config["Env"]) == {
        "PATH": "/bin:/sbin",
        "SHA": "df28e04cc6f9b9a5e0d7a1e5a3a0b5a4c1f2d3e4",
        "IMAGE_TYPE": "languages",
        "PORT": "4524",
        "CYBER_DOJO_START_POINTS_BASE_IMAGE": registry_base.rpartition(":")[0],
        "CYBER_DOJO_START_POINTS_BASE_SHA": "df28e04cc6f9b9a5e0d7a1e5a3a0b5a4c1f2d3e4",
        "CYBER_DOJO_START_POINTS_BASE_TAG": "df28e04",
        "CYBER_DOJO_START_POINTS_BASE_DIGEST": base_digest,
    }
    assert config["Labels"] == {
        "org.cyber-dojo.start-point": "languages",
        "org.opencontainers.image.created": "2026-11-21T03:34:00Z",
        "org.opencontainers.image.version": "df28e04",
        "org.opencontainers.image.base.name": registry_base,
        "org.opencontainers.image.base.digest": base_digest,
    }

    repos = folder_of(docker_client, "few/languages:df28e04", "/app/repos")
    url = "https://github.com/cyber-dojo-start-points/java-junit"
    assert repos["shas.txt"].content == f"0 \t {REVISION} \t {url}\n1 \t {REVISION} \t {url}\n".encode()
    assert repos["image.type"].content == b"languages\n"
    assert repos["1/start_point/hiker.txt"] == Entry(b"42\n", 0o644, 0, 0, 0)
    assert repos["1/start_point/cyber-dojo.sh"] == Entry(b"echo 42\n", 0o755, 0, 0, 0)
    assert repos["1/start_point"] == Entry(None, 0o755, 0, 0, 0)
    assert b'"Few b"' in (repos["0/start_point/manifest.json"].content or b"")
    assert "Dockerfile" not in repos
    assert ".dockerignore" not in repos


@pytest.mark.parametrize(
    ("type_", "port"), [("languages", "4524"), ("exercises", "4525"), ("custom", "4526")]
)
def test_type_decides_the_port(
    tool: Tool, registry_base: str, docker_client: docker.DockerClient, type_: str, port: str
) -> None:
    keys = (
        {"image_name": None, "filename_extension": None, "tab_size": None, "visible_filenames": ["hiker.txt"]}
        if type_ == "exercises"
        else {}
    )
    for path, found in start_point("Of a type", **keys).items():
        tool.write(f"source/{path}", (found[0] if isinstance(found, tuple) else found).decode())
    built(tool, "--type", type_, "--base", registry_base, "--tag", f"types/{type_}:1", "./source")
    config = docker_client.images.get(f"types/{type_}:1").attrs["Config"]
    assert {f"IMAGE_TYPE={type_}", f"PORT={port}"} <= set(config["Env"])
    assert config["Labels"]["org.cyber-dojo.start-point"] == type_


def test_files_of_the_base_stay(tool: Tool, registry: Registry, docker_client: docker.DockerClient) -> None:
    own = layer({"app/repos/readme.txt": b"from the base\n", "app/repos/0/start_point/old.txt": b"old\n"})
    base = Image((base_image_layer(), own), config={**base_image_config(), "ExposedPorts": {"4567/tcp": {}}})
    registry.put_image("stay/base", "1", base)
    source = publish(registry, "stay/java", "Stay")
    built(tool, "--base", f"{registry.host}/stay/base:1", "--tag", "stay/final:1", source)
    repos = folder_of(docker_client, "stay/final:1", "/app/repos")
    assert repos["readme.txt"].content == b"from the base\n"
    assert repos["0/start_point/old.txt"].content == b"old\n"
    assert "0/start_point/manifest.json" in repos
    assert "4567/tcp" in docker_client.images.get("stay/final:1").attrs["Config"]["ExposedPorts"]


def test_names_directories_and_both(
    tool: Tool, registry: Registry, registry_base: str, docker_client: docker.DockerClient
) -> None:
    image = publish(registry, "mix/java", "Mixed java")
    folder = checkout(tool.folder / "local", "Mixed local")
    built(tool, "--base", registry_base, "--tag", "mix/final:1", image, "./local")

    found = tool.run("inspect", "mix/final:1").json
    revision = git(folder, "rev-parse", "HEAD")
    assert found == {
        "Mixed java": {
            "url": "https://github.com/cyber-dojo-start-points/java-junit",
            "sha": REVISION,
            "image_name": "cyberdojofoundation/java_junit:4edf92a",
        },
        "Mixed local": {
            "url": "https://github.com/ltf/local",
            "sha": revision,
            "image_name": f"cyberdojofoundation/local:{revision[:7]}",
        },
    }
    assert git(folder, "status", "--porcelain", "--ignored") == ""
    repos = folder_of(docker_client, "mix/final:1", "/app/repos")
    assert {path for path in repos if path.endswith("manifest.json")} == {
        "0/start_point/manifest.json",
        "1/start_point/manifest.json",
    }


def test_all_names_or_none(
    tool: Tool, registry: Registry, registry_base: str, docker_client: docker.DockerClient
) -> None:
    good = publish(registry, "names/java", "Names")
    bad = publish(registry, "names/bad", "Bad", tab_size=9)
    tags = ("-t", "names/final:1", "--tag", "names/final:2", "-t", f"{registry.host}/names/final")
    digest = built(tool, "--base", registry_base, *tags, good)
    names = ("names/final:1", "names/final:2", f"{registry.host}/names/final:latest")
    assert [id_of(docker_client, name) for name in names] == [digest] * 3

    broken = tool.write("Broken", "FROM $base\nRUN false\nCOPY . /app/repos\n")
    further = ("-t", "names/final:1", "-t", "names/never:1", "--base", registry_base)
    statuses = [
        tool.run("build", *further, good, bad).status,
        tool.run("build", *further, good, f"{registry.host}/names/absent:LSP").status,
        tool.run("build", *further, "--template", broken, good).status,
    ]
    assert statuses == [1, 3, 5]
    assert id_of(docker_client, "names/final:1") == digest
    assert id_of(docker_client, "names/never:1") == ""


def test_equal_input_gives_an_equal_digest(
    tool: Tool, registry: Registry, registry_base: str, docker_client: docker.DockerClient
) -> None:
    source = publish(registry, "equal/java", "Equal")
    arguments = ("--base", registry_base, "--tag", "equal/final:1", source)
    digest = built(tool, *arguments)
    assert built(tool, *arguments) == digest
    dated = built(tool, *arguments, SOURCE_DATE_EPOCH="1700000000")
    assert dated != digest
    assert built(tool, *arguments, SOURCE_DATE_EPOCH="1700000000") == dated
    labels = docker_client.images.get("equal/final:1").labels
    assert labels["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"
    repos = folder_of(docker_client, "equal/final:1", "/app/repos")
    del repos[""]  # which the engine itself makes
    assert {entry.mtime for entry in repos.values()} == {1700000000}


def test_base_that_only_the_engine_has(tool: Tool, registry: Registry, engine_base: str) -> None:
    source = publish(registry, "local/java", "Local base")
    built(tool, "--base", engine_base, "--tag", "local/final:1", source)


def test_context_is_what_goes_to_the_image(
    tool: Tool, registry: Registry, registry_base: str, docker_client: docker.DockerClient
) -> None:
    source = publish(registry, "context/java", "Context")
    arguments = ("--base", registry_base, "--tag", "context/final:1", "--context", "out/context")
    built(tool, *arguments, source)
    built(tool, *arguments, source)  # what an earlier build wrote is replaced
    out = tool.folder / "out"
    assert [path.name for path in out.iterdir()] == ["context"]
    written = {
        str(path.relative_to(out / "context")): (path.stat().st_mode & 0o7777, _content(path))
        for path in (out / "context").rglob("*")
    }
    repos = folder_of(docker_client, "context/final:1", "/app/repos")
    assert written == {path: (entry.mode, entry.content) for path, entry in repos.items() if path}

    before = sorted(out.rglob("*"))
    failed = tool.run("build", *arguments, source, f"{registry.host}/context/absent:LSP")
    assert failed.status == 3
    assert sorted(out.rglob("*")) == before


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def test_all_of_cyber_dojo(
    tool: Tool,
    corpus: tuple[CorpusStartPoint, ...],
    corpus_images: tuple[str, ...],
    registry_base: str,
    docker_client: docker.DockerClient,
) -> None:
    tool.write("images.yml", images_yml(*corpus_images, name="corpus/final:1", base=registry_base))

    digest = built(tool)

    repos = folder_of(docker_client, "corpus/final:1", "/app/repos")
    texts = {path: repos.pop(path) for path in ("", "image.type", "images.lock", "shas.txt")}
    assert repos == _expected(corpus)
    shas = "".join(f"{index} \t {each.revision} \t {each.source}\n" for index, each in enumerate(corpus))
    assert texts["shas.txt"] == Entry(shas.encode(), 0o644, 0, 0, 0)
    assert texts["image.type"] == Entry(b"languages\n", 0o644, 0, 0, 0)

    inspected = tool.run("inspect", "corpus/final:1")
    assert inspected.status == 0, inspected.output
    assert inspected.json == {
        each.manifest["display_name"]: {
            "url": each.source,
            "sha": each.revision,
            "image_name": each.image_name,
        }
        for each in corpus
    }
    assert built(tool) == digest


def _expected(corpus: tuple[CorpusStartPoint, ...]) -> dict[str, Entry]:
    """What /app/repos holds beside its own texts."""
    expected: dict[str, Entry] = {}
    for index, each in enumerate(corpus):
        words = {"start_point/sha.txt": each.revision, "start_point/url.txt": each.source}
        own = {path: (f"{word}\n".encode(), 0o644) for path, word in words.items()}
        for path, (content, mode) in {**each.files, **own}.items():
            expected[f"{index}/{path}"] = expected_entry(content, mode)
            for parent in Path(f"{index}/{path}").parents:
                if str(parent) != ".":
                    expected[str(parent)] = expected_entry(None, 0o755)
    return expected


def test_report_of_a_build(tool: Tool, registry: Registry, registry_base: str) -> None:
    source = publish(registry, "report/java", "Report")
    run = tool.run("build", "--base", registry_base, "--tag", "report/final:1", source)
    assert run.status == 0
    assert "1 start point, 1 display name: built report/final:1 (sha256:" in run.stdout
