"""`lock`, `build --locked` and `outdated`, against a real engine and a real registry."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from lsp_assembler.lockfile.file import Lock, LockedBase, LockedImage, save
from lsp_assembler.model.start_point import StartPointType
from tests.fakes.registry import FakeRegistry
from tests.integration.support import (
    NO_ENGINE,
    Tool,
    folder_of,
    free_port,
    id_of,
    images_yml,
    labels,
    start_point,
)
from tests.services import DockerEngine, Image, Registry, layer

STORES = ("docker", "registry")
NEWER = "f148b7f3d5c1f0b2a4968778695a4b3c2d1e0f00"


@dataclass(frozen=True)
class Place:
    """A folder of its own with an images.yml, and repositories of its own in the registry."""

    tool: Tool
    registry: Registry
    repository: str
    base: str
    store: str

    def publish(self, name: str, display_name: str, tag: str = "LSP", **keys: Any) -> str:
        """Publish an LSP image; its name."""
        image = Image((layer(start_point(display_name, **keys)),), labels(display_name))
        self.registry.put_image(f"{self.repository}/{name}", tag, image)
        return self.name(name, tag)

    def publish_again(self, name: str, display_name: str, tag: str = "LSP") -> str:
        """Publish an LSP image of another commit; its name."""
        newer = {"org.opencontainers.image.revision": NEWER}
        image = Image((layer(start_point(display_name)),), labels(display_name) | newer)
        self.registry.put_image(f"{self.repository}/{name}", tag, image)
        return self.name(name, tag)

    def name(self, name: str, tag: str = "LSP") -> str:
        return f"{self.registry.host}/{self.repository}/{name}:{tag}"

    def digest(self, name: str, tag: str = "LSP") -> str:
        digest = self.registry.digest(f"{self.repository}/{name}", tag)
        assert digest
        return digest

    def list(self, *images: str, base: str = "") -> None:
        self.tool.write("images.yml", images_yml(*images, name=self.built, base=base or self.base))

    @property
    def built(self) -> str:
        """What the built image is called."""
        return f"{self.registry.host}/{self.repository}/built:1"

    def run(self, command: str, *arguments: object) -> tuple[int, str, str]:
        done = self.tool.run(command, "--from", self.store, *arguments)
        return done.status, done.stdout, done.stderr

    def build(self, *arguments: object) -> dict[str, Any]:
        """The JSON report of a build."""
        done = self.tool.run(
            "build", "--from", self.store, "--to", self.store, "--format", "json", *arguments
        )
        assert done.stdout, done.stderr
        found: dict[str, Any] = done.json
        return found

    @property
    def lock(self) -> Path:
        return self.tool.folder / "images.lock"

    @property
    def locked(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.lock.read_text("utf-8"))
        return found


@pytest.fixture(params=STORES)
def place(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    registry: Registry,
    registry_base: str,
    engine: DockerEngine,
) -> Place:
    repository = f"lock/{tmp_path.name.lower().replace('_', '-')}"
    return Place(Tool(tmp_path, engine.url), registry, repository, registry_base, request.param)


def test_locks_what_every_name_stands_for(place: Place) -> None:
    java, python = place.publish("java", "Java"), place.publish("python", "Python", "LSP-3.7")
    place.list(java, python)
    status, stdout, stderr = place.run("lock")
    assert (status, stdout) == (0, "images.lock: written, with the base and 2 images\n"), stderr
    host, _, name = place.base.partition("/")
    repository, _, tag = name.partition(":")
    locked = place.locked
    assert host == place.registry.host
    assert locked["base"]["name"] == place.base
    assert locked["base"]["digest"] == place.registry.digest(repository, tag)
    platforms = {"docker": [], "registry": ["linux/amd64", "linux/arm64"]}
    assert list(locked["base"]["platforms"]) == platforms[place.store]
    assert [(image["name"], image["digest"]) for image in locked["images"]] == [
        (java, place.digest("java")),
        (python, place.digest("python", "LSP-3.7")),
    ]
    assert locked["images"][0] == {
        "index": 0,
        "name": java,
        "digest": place.digest("java"),
        "created": "2026-11-21T03:34:00Z",
        "revision": labels("")["org.opencontainers.image.revision"],
        "source": labels("")["org.opencontainers.image.source"],
        "display_names": ["Java"],
        "image_names": ["cyberdojofoundation/java_junit:4edf92a"],
    }


def test_a_lock_that_stays_the_same_is_not_written_again(place: Place) -> None:
    place.list(place.publish("java", "Java"))
    assert place.run("lock")[0] == 0
    before = place.lock.stat().st_mtime_ns
    assert place.run("lock")[:2] == (0, "images.lock: unchanged, with the base and 1 image\n")
    assert place.lock.stat().st_mtime_ns == before


def test_what_only_one_store_can_tell_is_not_lost_to_another(place: Place) -> None:
    place.list(place.publish("java", "Java"))
    assert place.run("lock")[0] == 0
    other = next(store for store in STORES if store != place.store)
    done = place.tool.run("lock", "--from", other)
    assert (
        done.stdout
        == {
            "docker": "images.lock: unchanged, with the base and 1 image\n",
            "registry": "images.lock: written, with the base and 1 image: the same digests, other details\n",
        }[other]
    )
    assert list(place.locked["base"]["platforms"]) == ["linux/amd64", "linux/arm64"]


def test_tells_what_is_new_in_the_lock(place: Place) -> None:
    java, python, ruby = (place.publish(each, each) for each in ("java", "python", "ruby"))
    place.list(java, python)
    assert place.run("lock")[0] == 0
    place.publish_again("java", "Java 21")
    place.list(ruby, java)
    status, stdout, _ = place.run("lock")
    assert status == 0
    assert stdout == (
        "state\timage\twhat\n"
        f"added\t{ruby}\truby\n"
        f"moved\t{java}\t4edf92a -> f148b7f  java -> Java 21\n"
        f"gone\t{python}\tpython\n"
        "\n"
        "images.lock: written, with the base and 2 images: 1 added, 1 gone, 1 moved\n"
    )


def test_writes_no_lock_of_what_breaks_a_rule_or_cannot_be_had(place: Place) -> None:
    place.list(place.publish("java", "Java"), place.publish("python", "Python", tab_size=9))
    status, stdout, _ = place.run("lock")
    assert status == 1
    assert "tab_size" in stdout
    assert "images.yml:5: error: " in stdout
    place.list(place.publish("java", "Java"), place.name("absent"), base=place.name("no-base", "1"))
    status, stdout, _ = place.run("lock")
    assert status == 3
    assert "absent" in stdout
    assert "no-base" in stdout
    assert not place.lock.exists()


def test_builds_the_same_image_locked_as_unlocked(place: Place) -> None:
    place.list(place.publish("java", "Java"), place.publish("python", "Python", "LSP-3.7"))
    assert place.run("lock")[0] == 0
    unlocked = place.build()
    locked = place.build("--locked")
    assert unlocked["ok"]
    assert locked["image"] == unlocked["image"]
    for report in (unlocked, locked):
        report.pop("seconds")
        for found in report["start_points"]:
            found.pop("seconds")
    assert locked == unlocked


def test_builds_what_is_locked_although_everything_moved(
    place: Place, docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    base = Image((layer({"app/old": b"old"}),), config={"Env": ["SHA=1"]})
    moved = Image((layer({"app/new": b"new"}),), config={"Env": ["SHA=2"]})
    place.registry.put_image(f"{place.repository}/base", "latest", base)
    java = place.publish("java", "Java")
    place.list(java, base=place.name("base", "latest"))
    assert place.run("lock")[0] == 0
    before = place.build("--context", tmp_path / "before")
    place.publish("java", "Java 22")
    place.registry.put_image(f"{place.repository}/base", "latest", moved)
    locked = place.build("--locked", "--context", tmp_path / "locked")
    assert (before["ok"], locked["ok"]) == (True, True), locked
    assert locked["image"] == before["image"]
    assert locked["start_points"][0]["source"] == java
    for name in ("shas.txt", "images.lock", "0/start_point/manifest.json"):
        assert (tmp_path / "locked" / name).read_bytes() == (tmp_path / "before" / name).read_bytes()
    if place.store == "docker":
        assert "old" in folder_of(docker_client, place.built, "/app")
    now = place.build()
    assert now["ok"]
    assert now["image"]["digest"] != before["image"]["digest"]
    again = place.build("--locked")  # now the engine has the moved base under its name
    assert again["image"]["digest"] == before["image"]["digest"]


def test_the_lock_in_the_image_has_the_format_of_the_one_beside_images_yml(
    place: Place, tmp_path: Path
) -> None:
    place.list(place.publish("java", "Java"))
    assert place.run("lock")[0] == 0
    assert place.build("--context", tmp_path / "context")["ok"]
    inside = json.loads((tmp_path / "context/images.lock").read_text("utf-8"))
    outside = place.locked
    outside["base"]["platforms"] = {}
    assert inside == outside


def test_locked_refuses_a_lock_that_is_missing_stale_or_not_about_the_sources(
    place: Place, docker_client: docker.DockerClient
) -> None:
    java, python = place.publish("java", "Java"), place.publish("python", "Python")
    place.list(java)
    remedy = "  Run 'lsp-assembler lock', and commit the file that it writes.\n"
    assert place.run("build", "--locked") == (
        4,
        "",
        f"error: images.lock: No such file or directory\n{remedy}",
    )
    assert place.run("lock")[0] == 0
    place.list(python, base="scratch")
    status, stdout, stderr = place.run("build", "--locked", "--type", "custom")
    assert (status, stdout) == (4, "")
    assert stderr == (
        "error: images.lock: the type is languages; images.yml says custom\n"
        "error: images.lock: the base scratch is in images.yml, but not locked\n"
        f"error: images.lock: the base {place.base} is locked, but not in images.yml\n"
        f"error: images.lock: {python} is in images.yml, but not locked\n"
        f"error: images.lock: {java} is locked, but not in images.yml\n"
        f"{remedy}"
    )
    status, stdout, stderr = place.run("build", "--locked", java)
    assert (status, stdout) == (2, "")
    assert stderr == (
        f"error: --locked: '{java}' is not from the list that is locked\n"
        "  Leave out --locked, or the sources.\n"
    )
    assert id_of(docker_client, place.built) == ""
    assert place.registry.digest(f"{place.repository}/built", "1") is None


@pytest.mark.parametrize("command", ["build", "check", "lock"])
def test_a_tag_that_may_not_move_and_did_is_refused(
    place: Place, command: str, docker_client: docker.DockerClient
) -> None:
    python, ruby = (place.publish(each, each, "LSP-1") for each in ("python", "ruby"))
    place.list(place.publish("java", "Java"), python, ruby)
    assert place.run("lock")[0] == 0
    before = [place.digest(each, "LSP-1") for each in ("python", "ruby")]
    text = place.lock.read_bytes()
    place.publish("java", "Java 22")
    place.publish("python", "Python 4", "LSP-1")
    place.publish("ruby", "Ruby 4", "LSP-1")
    status, stdout, stderr = place.run(command)
    words = " ".join(stdout.split())
    assert status == 4, stderr
    for name, old in zip(("python", "ruby"), before, strict=True):
        assert (
            f"{place.name(name, 'LSP-1')}: its tag moved from {old} to "
            f"{place.digest(name, 'LSP-1')}; only :LSP and :latest may move"
        ) in words
    assert "lsp-assembler lock --accept-moved" in words
    assert place.lock.read_bytes() == text
    assert id_of(docker_client, place.built) == ""
    if command == "lock":
        status, stdout, _ = place.run("lock", "--accept-moved")
        assert status == 0
        assert "3 moved" in stdout
        assert place.run("lock")[0] == 0


def test_what_cannot_be_had_comes_before_what_moved_and_both_are_told(place: Place) -> None:
    python = place.publish("python", "Python", "LSP-1")
    place.list(python)
    assert place.run("lock")[0] == 0
    place.publish("python", "Python 4", "LSP-1")
    place.list(python, place.name("absent"))
    status, stdout, _ = place.run("check")
    assert status == 3
    assert "its tag moved" in stdout
    assert "not found" in stdout


def test_a_broken_lock_stops_every_command_that_uses_it(place: Place) -> None:
    place.list(place.publish("java", "Java"))
    place.tool.write("images.lock", "{}")
    for command in ("build", "check", "lock", "outdated"):
        status, stdout, stderr = place.run(command)
        assert (status, stdout) == (4, "")
        assert stderr.startswith("error: images.lock: schema is missing\n")


def test_another_lock_file_can_be_named(place: Place) -> None:
    place.list(place.publish("java", "Java"))
    assert place.run("lock", "--lock", "other.lock")[0] == 0
    assert not place.lock.exists()
    assert place.run("outdated", "--lock", "other.lock")[0] == 0
    assert place.build("--locked", "--lock", "other.lock")["ok"]
    assert place.run("check", "--lock", "absent.lock")[0] == 4
    status, _, stderr = place.run("lock", "--lock", "no/images.lock")
    assert status == 5
    assert "no/images.lock: cannot be written" in stderr


def test_up_to_date(place: Place) -> None:
    place.list(place.publish("java", "Java"), place.publish("python", "Python"))
    assert place.run("lock")[0] == 0
    assert place.run("outdated")[:2] == (0, "images.lock: up to date, with its base and 2 images\n")


def test_tells_what_is_outdated(place: Place) -> None:
    java, python, ruby, perl = (place.publish(each, each) for each in ("java", "python", "ruby", "perl"))
    place.list(java, python, perl)
    assert place.run("lock")[0] == 0
    before = place.digest("java")
    place.publish_again("java", "Java 22")
    place.registry.request(
        "DELETE", f"/v2/{place.repository}/perl/manifests/{place.digest('perl')}", expected=202
    )
    place.list(java, ruby, perl)
    status, stdout, _ = place.run("outdated")
    # An engine is not made to pull for a word.
    digests = f"{before[:19]} -> {place.digest('java')[:19]}  java"
    words = {"docker": digests, "registry": "4edf92a -> f148b7f  java -> Java 22"}[place.store]
    assert stdout == (
        "state\timage\twhat\n"
        f"moved\t{java}\t{words}\n"
        f"added\t{ruby}\t\n"
        f"missing\t{perl}\tthere is no such image any more\n"
        f"gone\t{python}\tpython\n"
        "\n"
        "images.lock: out of date: 1 added, 1 gone, 1 moved, 1 missing. "
        "Run 'lsp-assembler lock', and commit the file that it writes.\n"
    )
    assert status == 4
    status, stdout, _ = place.run("outdated", "--format", "json")
    report = json.loads(stdout)
    assert (status, report["exit_status"], report["ok"], report["lock"]) == (4, 4, False, "images.lock")
    assert [(each["role"], each["name"], each["state"]) for each in report["entries"]] == [
        ("base", place.base, "unchanged"),
        ("image", java, "moved"),
        ("image", ruby, "added"),
        ("image", perl, "missing"),
        ("image", python, "gone"),
    ]
    assert report["entries"][1] == {
        "role": "image",
        "name": java,
        "state": "moved",
        "may_move": True,
        "locked": before,
        "now": place.digest("java"),
        "revision": {
            "locked": labels("")["org.opencontainers.image.revision"],
            "now": NEWER if place.store == "registry" else None,
        },
        "title": {"locked": "java", "now": "Java 22" if place.store == "registry" else None},
        "problem": None,
    }


def test_what_could_not_be_asked_is_told_with_all_the_rest(place: Place) -> None:
    nowhere = f"127.0.0.1:{free_port()}/java:LSP"
    java = place.publish("java", "Java")
    place.list(java)
    assert place.run("lock")[0] == 0
    place.list(java, nowhere)
    place.publish("java", "Java 22")
    status, stdout, _ = place.run("outdated")
    assert status == 3
    assert f"\nfailed\t{nowhere}\tsee below\n" in stdout
    assert f"\nerror: {nowhere}: " in stdout
    assert f"\nmoved\t{java}\t" in stdout
    assert "out of date: 1 moved, 1 could not be asked." in stdout


def test_outdated_without_a_lock_tells_of_newer_versions(place: Place) -> None:
    old = place.publish("java", "Java 21", "LSP-21.1")
    new = place.publish_again("java", "Java 22", "LSP-22.0-1")
    moving = place.publish("python", "Python")
    place.list(old, moving)
    if place.store == "docker":  # knows the versions that it has
        for name in (old, new):
            assert place.tool.run("check", name, "--from", "docker").status == 0
    status, stdout, stderr = place.run("outdated")
    assert (status, stderr) == (0, "")
    assert stdout == (
        "state\timage\twhat\n"
        f"newer\t{old}\tLSP-21.1 -> LSP-22.0-1  Java 22\n"
        "\n"
        "images.lock: not there, so nobody knows what has moved. "
        "Run 'lsp-assembler lock', and commit the file that it writes.\n"
        "images.yml: 1 newer version. Run 'lsp-assembler update --all', or name the images to move.\n"
    )
    report = json.loads(place.run("outdated", "--format", "json")[1])
    assert (report["ok"], report["entries"], report["type"]) == (True, [], None)
    assert report["versions"] == [
        {
            "name": old,
            "line": 4,
            "state": "newer",
            "newest": "LSP-22.0-1",
            "digest": place.digest("java", "LSP-22.0-1"),
            "revision": NEWER,
            "title": "Java 22",
            "created": "2026-11-21T03:34:00Z",
            "problem": None,
        }
    ]
    status, stdout, _ = place.run("outdated", "--format", "github")
    assert stdout.startswith(
        f"::notice file=images.yml,line=4,title=newer::{old}%0ALSP-21.1 -> LSP-22.0-1  Java 22\n"
    )
    assert place.run("outdated", "--lock", "other.lock")[0] == 4


def test_outdated_asks_a_registry_once_for_each_name_and_downloads_nothing(tmp_path: Path) -> None:
    tool = Tool(tmp_path, NO_ENGINE)
    with FakeRegistry() as fake:
        names = [f"{fake.netloc}/a/{each}:LSP" for each in ("java", "python", "ruby")]
        digests = [fake.put_image(f"a/{each}", "LSP", each.encode()) for each in ("java", "python", "ruby")]
        tool.write("images.yml", images_yml(*names, base="scratch"))
        images = tuple(LockedImage(*each) for each in zip(range(3), names, digests, strict=True))
        save(Lock(StartPointType.LANGUAGES, LockedBase("scratch", ""), images), tmp_path / "images.lock")
        assert tool.run("outdated", "--from", "registry").status == 0
        asked = [(seen.method, seen.path) for seen in fake.seen if seen.path != "/v2/"]
    assert sorted(asked) == [("HEAD", f"/v2/a/{each}/manifests/LSP") for each in ("java", "python", "ruby")]


def test_locked_and_outdated_work_in_an_image_layout(place: Place, tmp_path: Path) -> None:
    """What a layout holds is looked up in the layout, not in any registry."""
    ltf = tmp_path / "ltf"
    for path, content in start_point("Java").items():
        file = ltf / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content[0])
    packed = place.tool.run("pack", "ltf", "--to", "oci:layout")
    assert packed.status == 0, packed.output
    name = "cyberdojofoundation/java_junit:LSP"
    place.list(name, base="scratch")
    for arguments in (("lock",), ("outdated",), ("build", "--locked", "--to", "oci:out")):
        done = place.tool.run(*arguments, "--from", "oci:layout")
        assert done.status == 0, done.output
    place.list(name, "cyberdojofoundation/absent:LSP", base="scratch")
    assert "missing\tcyberdojofoundation/absent" in place.tool.run("outdated", "--from", "oci:layout").stdout
