"""`diff`: two images, two lock files, an image and a list; as text, JSON and Markdown."""

import re
from pathlib import Path

import pytest

from tests import ROOT
from tests.integration.support import NO_ENGINE, Tool, labels, start_point
from tests.services import Image, Registry, layer

PAGE = (ROOT / "docs/versions.md").read_text("utf-8")
OLD, NEW = "1" * 40, "2" * 40


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


def put(registry: Registry, name: str, revision: str, **files: bytes) -> None:
    """An LSP image whose start point has these files, too."""
    contents = start_point(name.title(), image_name=f"org/{name}:{revision[:7]}")
    contents |= {f"start_point/{path}": content for path, content in files.items()}
    said = labels(name) | {
        "org.opencontainers.image.revision": revision,
        "org.opencontainers.image.source": f"https://github.com/org/{name}",
    }
    registry.put_image(f"diff/{name}", "LSP", Image((layer(contents),), said))


@pytest.fixture
def two_states(tool: Tool, registry: Registry) -> None:
    """old.yml, old.lock and the image oci:old of one day; new.yml, new.lock and oci:new of a later one."""
    for name in ("elm", "perl", "java"):
        put(registry, name, OLD, notes=b"1", gone=b"")
    state(tool, registry, "old", ("elm", "perl", "java"))
    put(registry, "elm", NEW, notes=b"2", added=b"")
    put(registry, "kotlin", NEW)
    state(tool, registry, "new", ("elm", "java", "kotlin"))


def state(tool: Tool, registry: Registry, name: str, images: tuple[str, ...]) -> None:
    listed = "".join(f"- {registry.host}/diff/{image}:LSP\n" for image in images)
    tool.write(f"{name}.yml", f"name: org/final:{name}\nbase: scratch\nimages:\n{listed}")
    file = ("--file", f"{name}.yml", "--lock", f"{name}.lock")
    assert tool.run("lock", *file, "--from", "registry").status == 0
    built = tool.run("build", *file, "--from", "registry", "--to", "oci:images")
    assert built.status == 0, built.output


def said(registry: Registry, text: str) -> str:
    return text.replace(registry.host, "HOST")


@pytest.mark.usefixtures("two_states")
@pytest.mark.parametrize(
    ("old", "new", "store"),
    [
        ("old.lock", "new.lock", "registry"),
        ("org/final:old", "org/final:new", "oci:images"),
        ("old.lock", "new.yml", "registry"),
    ],
    ids=["locks", "images", "a lock and a list"],
)
def test_what_differs(tool: Tool, registry: Registry, old: str, new: str, store: str) -> None:
    run = tool.run("diff", old, new, "--from", store)
    assert run.status == 0, run.output
    assert said(registry, run.stdout) == (
        f"{old} -> {new}: 1 added, 1 removed, 1 changed, 1 the same\n"
        "+ Kotlin  (HOST/diff/kotlin:LSP)\n"
        "- Perl  (HOST/diff/perl:LSP)\n"
        "~ Elm  (HOST/diff/elm:LSP)\n"
        "    commit: 1111111 -> 2222222\n"
        "    language image: :1111111 -> :2222222\n"
        "    files: +added, -gone, ~manifest.json, ~notes\n"
    )
    again = tool.run("diff", new, new, "--from", store)
    assert (again.status, again.stdout) == (0, f"{new} -> {new}: all 3 are the same\n")


@pytest.mark.usefixtures("two_states")
def test_markdown_for_a_pull_request(tool: Tool, registry: Registry) -> None:
    run = tool.run("diff", "old.lock", "new.lock", "--from", "registry", "--format", "markdown")
    assert said(registry, run.stdout) == (
        "### 1 added, 1 removed, 1 changed, 1 the same\n\n"
        "**Added**\n\n- Kotlin  (HOST/diff/kotlin:LSP)\n\n"
        "**Removed**\n\n- Perl  (HOST/diff/perl:LSP)\n\n"
        "**Changed**\n\n"
        "- Elm  (HOST/diff/elm:LSP)\n"
        "  - commit: 1111111 -&#62; 2222222\n"
        "  - language image: :1111111 -&#62; :2222222\n"
        "  - files: +added, -gone, &#126;manifest.json, &#126;notes\n"
        f"  - [compare the commits](https://github.com/org/elm/compare/{OLD}...{NEW})\n"
    )


@pytest.mark.usefixtures("two_states")
def test_json_has_the_fields_that_the_page_names(tool: Tool) -> None:
    found = tool.run("diff", "old.lock", "new.lock", "--from", "registry", "--format", "json").json
    (change,) = found["changed"]
    assert change["files"] == {
        "added": ["start_point/added"],
        "removed": ["start_point/gone"],
        "changed": ["start_point/manifest.json", "start_point/notes"],
    }
    assert (change["old"]["revision"], change["new"]["revision"]) == (OLD, NEW)
    documented = PAGE.partition("## What has changed between two states")[2]
    fields = {*found, *change, *change["old"], *change["files"]}
    assert [field for field in sorted(fields) if f"`{field}`" not in documented] == []


@pytest.mark.usefixtures("two_states")
def test_files_that_cannot_be_read_any_more(tool: Tool, registry: Registry) -> None:
    text = (tool.folder / "old.lock").read_text()
    digest = re.findall(r'"digest": "(sha256:[0-9a-f]{64})"', text)[0]
    tool.write("old.lock", text.replace(digest, f"sha256:{'0' * 64}"))
    run = tool.run("diff", "old.lock", "new.lock", "--from", "registry")
    assert run.status == 0
    assert f"    files: {registry.host}/diff/elm@sha256:{'0' * 64}: " in run.stdout


def test_an_image_without_a_lock_file_is_known_by_its_commits(tool: Tool, registry: Registry) -> None:
    for tag, sha in (("1", "a" * 40), ("2", "b" * 40)):
        files: dict[str, bytes | tuple[bytes, int]] = {
            "app/repos/shas.txt": f"0 \t {sha} \t https://github.com/org/fizz\n".encode(),
            "app/repos/image.type": b"exercises\n",
            "app/repos/0/start_point/manifest.json": b'{"display_name": "FizzBuzz"}',
            "app/repos/0/start_point/sha.txt": sha.encode(),
        }
        registry.put_image("diff/exercises", tag, Image((layer(files),)))
    names = [f"{registry.host}/diff/exercises:{tag}" for tag in "12"]
    run = tool.run("diff", *names, "--from", "registry")
    assert run.stdout.splitlines()[1:] == [
        "~ FizzBuzz  (https://github.com/org/fizz)",
        "    commit: aaaaaaa -> bbbbbbb",
        "    files: the same",
    ]


@pytest.mark.parametrize(
    ("old", "fact"),
    [
        ("absent.lock", "error: absent.lock: "),
        ("bad.lock", "error: bad.lock: "),
        ("bad.yml", "error: bad.yml:1:1: "),
    ],
)
def test_errors(tool: Tool, old: str, fact: str) -> None:
    tool.write("bad.lock", "{")
    tool.write("bad.yml", "42")
    run = tool.run("diff", old, "bad.lock", "--from", "registry")
    assert run.status in (2, 3, 4)
    assert run.stderr.startswith(fact)
    assert tool.run("diff", old, "bad.lock", "--from", "registry", "--format", "json").json["ok"] is False
