"""A checkout, packed: the tag says what it was made of, and equal content gives equal bytes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.checkout.pack import Pack, PackOptions, pack, refuse_shared_names
from lsp_assembler.errors import FetchError, InvalidInputError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST, StartPoint, StartPointType
from lsp_assembler.model.tree import File
from lsp_assembler.oci.layers import Limits
from tests.checkouts import COMMITTED, commit, git, write

NAME = "cyberdojofoundation/java_junit"
REMOTE = "https://github.com/cyber-dojo-start-points/java-junit"
JAVA = f'{{\n  "display_name": "Java 21, JUnit 5",\n  "image_name": "{NAME}",\n  "tab_size": 4\n}}\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return write(tmp_path / "java-junit", {MANIFEST: JAVA, "start_point/hiker.sh": "echo 6 * 9"})


def packed(
    folder: Path, type_: StartPointType = StartPointType.LANGUAGES, options: PackOptions | None = None
) -> Pack:
    return pack(folder, type_, Limits(), os.environ, options)


def manifest_of(made: Pack) -> str:
    return made.tree.files[MANIFEST].content.decode()


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path): path.read_bytes() for path in files}


class TestTag:
    def test_of_a_commit(self, checkout: Path) -> None:
        revision = commit(checkout, REMOTE)
        made = packed(checkout)
        assert (made.tag, made.is_provisional) == (revision[:7], False)
        assert [str(name) for name in made.references] == [f"{NAME}:LSP-{revision[:7]}", f"{NAME}:LSP"]

    def test_of_the_content_where_there_is_no_commit(self, checkout: Path) -> None:
        made = packed(checkout)
        assert made.is_provisional
        assert len(made.tag) == 7
        assert packed(checkout).tag == made.tag
        write(checkout, {"start_point/hiker.sh": "echo 42"})
        assert packed(checkout).tag != made.tag

    def test_of_the_content_where_the_commit_holds_another(self, checkout: Path) -> None:
        without_git = packed(checkout).tag
        revision = commit(checkout, REMOTE)
        write(checkout, {"start_point/hiker.sh": "echo 42"})
        dirty = packed(checkout)
        assert dirty.is_provisional
        assert dirty.tag not in {revision[:7], without_git}
        write(checkout, {"start_point/hiker.sh": "echo 6 * 9"})
        git(checkout, "checkout", "--quiet", "--orphan", "empty")
        assert packed(checkout).tag == without_git

    def test_a_change_beside_the_start_point_is_none(self, checkout: Path) -> None:
        commit(checkout, REMOTE)
        write(checkout, {"README.md": "# Java"})
        assert not packed(checkout).is_provisional
        write(checkout, {"docker/image_name.json": f'{{"image_name": "{NAME}"}}'})
        assert packed(checkout).is_provisional

    def test_what_git_ignores_is_not_packed(self, checkout: Path) -> None:
        write(checkout, {".gitignore": "*.class"})
        commit(checkout, REMOTE)
        digest = packed(checkout).image.digest
        write(checkout, {"start_point/Hiker.class": "compiled"})
        assert packed(checkout).image.digest == digest

    def test_of_a_version(self, checkout: Path) -> None:
        revision = commit(checkout, REMOTE)
        made = packed(checkout, options=PackOptions(version="3.7.4-18"))
        assert (made.tag, made.is_provisional) == ("3.7.4-18", False)
        assert [str(name) for name in made.references] == [f"{NAME}:LSP-3.7.4-18", f"{NAME}:LSP"]
        assert made.image_name == str(made.language_image) == f"{NAME}:3.7.4-18"
        assert made.labels["org.opencontainers.image.version"] == "3.7.4-18"
        assert made.labels["org.opencontainers.image.revision"] == revision
        write(checkout, {"start_point/hiker.sh": "echo 42"})
        dirty = packed(checkout, options=PackOptions(version="3.7.4-18"))
        assert (dirty.tag, dirty.is_provisional) == ("3.7.4-18", True)


class TestManifest:
    def test_an_untagged_name_is_tagged_and_nothing_else_changes(self, checkout: Path) -> None:
        before = contents(checkout)
        made = packed(checkout)
        assert manifest_of(made) == JAVA.replace(NAME, f"{NAME}:{made.tag}")
        assert contents(checkout) == before

    @pytest.mark.parametrize("name", [f"{NAME}:4edf92a", f"{NAME}:latest", f"{NAME}@sha256:{'0a' * 32}"])
    def test_a_tagged_name_stays(self, checkout: Path, name: str) -> None:
        manifest = JAVA.replace(NAME, name)
        made = packed(write(checkout, {MANIFEST: manifest}))
        assert manifest_of(made) == manifest
        assert made.name == Reference.parse(NAME)

    def test_the_name_of_docker_image_name_json_counts(self, checkout: Path) -> None:
        write(checkout, {"docker/image_name.json": '{"image_name": "localhost:5000/java"}'})
        made = packed(checkout)
        assert json.loads(manifest_of(made))["image_name"] == f"localhost:5000/java:{made.tag}"
        write(checkout, {MANIFEST: '{"display_name": "Java"}'})
        without = packed(checkout)
        assert json.loads(manifest_of(without))["image_name"] == f"localhost:5000/java:{without.tag}"

    def test_the_x_bit_stays(self, checkout: Path) -> None:
        (checkout / MANIFEST).chmod(0o755)
        assert packed(checkout).tree.files[MANIFEST].executable

    @pytest.mark.parametrize("type_", [StartPointType.CUSTOM, StartPointType.EXERCISES])
    def test_docker_image_name_json_completes_only_languages(
        self, checkout: Path, type_: StartPointType
    ) -> None:
        write(
            checkout,
            {MANIFEST: '{"display_name": "Tennis"}', "docker/image_name.json": f'{{"image_name": "{NAME}"}}'},
        )
        made = packed(checkout, type_)
        assert manifest_of(made) == '{"display_name": "Tennis"}'
        assert made.image_name is None
        assert str(made.references[1]) == f"{NAME}:LSP"

    def test_what_the_author_wrote_is_kept_beside_what_is_packed(self, checkout: Path) -> None:
        write(
            checkout,
            {MANIFEST: '{"display_name": "Java"}', "docker/image_name.json": f'{{"image_name": "{NAME}"}}'},
        )
        made = packed(checkout)
        assert made.checkout.tree.files[MANIFEST].content == b'{"display_name": "Java"}'
        assert made.checkout.docker_name == Reference.parse(NAME)

    @pytest.mark.parametrize("type_", [StartPointType.CUSTOM, StartPointType.EXERCISES])
    def test_only_languages_have_images_that_are_tagged_alike(
        self, checkout: Path, type_: StartPointType
    ) -> None:
        assert manifest_of(packed(checkout, type_)) == JAVA

    @pytest.mark.parametrize(
        "manifest",
        [
            b"",
            b"{",
            b"[]",
            b'{"image_name": "org/java",}',
            b'{"image_name": "org/java", "tab_size": NaN}',
            b'{"image_name": "org/java", "display_name": "\\ud800"}',
            b'{"image_name": "org/java", "display_name": "caf\xe9"}',
            b'{"image_name": "org/java", "tab_size": 3, "tab_size": 4}',
            b'{"image_name": "org/one", "image_name": "org/two"}',
            b'\xef\xbb\xbf{"image_name": "org/java"}',
            '{"image_name": "org/java"}'.encode("utf-16"),
            b'{"image_name": 5}',
            b'{"image_name": null}',
            b'{"image_name": "Org/Java"}',
            b'{"image_name": ""}',
            b'{"image_name": ' + b"[" * 99_999,
        ],
    )
    @pytest.mark.parametrize("docker", [{}, {"docker/image_name.json": '{"image_name": "org/java"}'}])
    def test_what_breaks_a_rule_stays_for_the_rules_to_find(
        self, checkout: Path, manifest: bytes, docker: dict[str, str | bytes]
    ) -> None:
        made = packed(write(checkout, {MANIFEST: manifest, **docker}))
        assert made.tree.files[MANIFEST].content == manifest
        assert made.image.digest.startswith("sha256:")

    def test_numbers_keep_their_spelling(self, checkout: Path) -> None:
        manifest = (
            '{"tab_size":1e999,"max_seconds":4.0,"a":12345678901234567890123,\t"image_name" :\n"org/java"}'
        )
        made = packed(write(checkout, {MANIFEST: manifest}))
        assert manifest_of(made) == manifest.replace("org/java", f"org/java:{made.tag}")

    def test_only_the_top_level_image_name_is_meant(self, checkout: Path) -> None:
        manifest = '{"a": {"image_name": "org/java"}, "b": "\\"image_name\\": ", "image_name": "org/java"}'
        made = packed(write(checkout, {MANIFEST: manifest}))
        assert json.loads(manifest_of(made)) == {**json.loads(manifest), "image_name": f"org/java:{made.tag}"}

    def test_no_manifest_at_all(self, checkout: Path) -> None:
        (checkout / MANIFEST).unlink()
        made = packed(checkout)
        assert set(made.tree.files) == {"start_point/hiker.sh"}
        with pytest.raises(PublishError, match="it names no image"):
            _ = made.references

    @given(
        data=st.dictionaries(
            st.text(max_size=5), st.text() | st.integers() | st.lists(st.text()), max_size=4
        ),
        indent=st.sampled_from([None, 1]),
        ascii_only=st.booleans(),
    )
    def test_all_else_is_as_it_was(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        data: dict[str, object],
        indent: int | None,
        *,
        ascii_only: bool,
    ) -> None:
        manifest = {**data, "image_name": "org/java"}
        text = json.dumps(manifest, indent=indent, ensure_ascii=ascii_only)
        made = packed(write(tmp_path_factory.mktemp("checkout"), {MANIFEST: text}))
        assert json.loads(manifest_of(made)) == {**manifest, "image_name": f"org/java:{made.tag}"}
        assert manifest_of(made).replace(f"org/java:{made.tag}", "org/java") == text


class TestLabels:
    def test_of_a_commit(self, checkout: Path) -> None:
        revision = commit(checkout, f"{REMOTE}.git")
        made = packed(checkout)
        assert made.labels == {
            "org.opencontainers.image.created": "2025-11-21T03:34:00Z",
            "org.opencontainers.image.revision": revision,
            "org.opencontainers.image.source": REMOTE,
            "org.opencontainers.image.title": "Java 21, JUnit 5",
            "org.opencontainers.image.version": revision[:7],
            "org.cyber-dojo.lsp.image-name": f"{NAME}:{revision[:7]}",
        }
        assert made.epoch == COMMITTED

    def test_of_no_commit(self, checkout: Path) -> None:
        made = packed(checkout)
        assert made.labels == {
            "org.opencontainers.image.created": "1970-01-01T00:00:00Z",
            "org.opencontainers.image.title": "Java 21, JUnit 5",
            "org.opencontainers.image.version": made.tag,
            "org.cyber-dojo.lsp.image-name": f"{NAME}:{made.tag}",
        }

    def test_work_in_progress_claims_no_revision(self, checkout: Path) -> None:
        commit(checkout, REMOTE)
        write(checkout, {"start_point/hiker.sh": "echo 42"})
        labels = packed(checkout).labels
        assert "org.opencontainers.image.revision" not in labels
        assert labels["org.opencontainers.image.source"] == REMOTE

    def test_a_pinned_date(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        commit(checkout, REMOTE)
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        made = packed(checkout)
        assert made.epoch == 1_700_000_000
        assert made.labels["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
        with pytest.raises(InvalidInputError):
            packed(checkout)

    def test_durations(self, checkout: Path) -> None:
        made = packed(checkout, options=PackOptions(durations='{"red":1,"amber":2,"green":3}'))
        assert made.labels["org.cyber-dojo.lsp.durations"] == '{"red":1,"amber":2,"green":3}'

    def test_it_is_no_start_points_service(self, checkout: Path) -> None:
        assert "org.cyber-dojo.start-point" not in packed(checkout).labels

    def test_the_start_point_is_what_fetching_would_give(self, checkout: Path) -> None:
        made = packed(checkout)
        assert made.start_point == StartPoint(made.image.digest, made.tree, made.labels)


def test_the_same_content_gives_the_same_bytes_on_any_machine(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from lsp_assembler.oci.layers import Limits\n"
    script += "from lsp_assembler.checkout.pack import pack\n"
    script += "from lsp_assembler.model.start_point import StartPointType\n"
    script += "print(pack(Path(sys.argv[1]), StartPointType.LANGUAGES, Limits(), {}).image.digest)"
    files: dict[str, str | bytes] = {MANIFEST: JAVA, "start_point/b/x": "1", "start_point/a/y": "2"}
    digests = set()
    for umask, order, mtime, seed in ((0o022, 1, 0, "0"), (0o077, -1, 10**9, "1")):
        previous = os.umask(umask)
        folder = write(tmp_path / f"{umask:o}", dict([*files.items()][::order]))
        os.umask(previous)
        for path in folder.rglob("*"):
            os.utime(path, (mtime, mtime))
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": f"UTC{seed}", "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", script, str(folder)],
            env=environment,
            check=True,
            capture_output=True,
            umask=umask,
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_a_checkout_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="does not exist"):
        packed(tmp_path / "absent")


class TestSharedNames:
    def test_names_of_ones_own_are_fine(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            write(tmp_path / name, {MANIFEST: f'{{"image_name": "org/{name}"}}'})
        refuse_shared_names([packed(tmp_path / "one"), packed(tmp_path / "two")])

    def test_every_shared_name_is_reported_with_its_checkouts(self, tmp_path: Path) -> None:
        names = {"a": "org/x", "b": "org/y", "c": "org/x:1", "d": "org/y", "e": "org/z"}
        packs = [
            packed(write(tmp_path / folder, {MANIFEST: f'{{"image_name": "{name}"}}'}))
            for folder, name in names.items()
        ]
        with pytest.raises(PublishError) as caught:
            refuse_shared_names(packs)
        assert caught.value.message.replace(f"{tmp_path}/", "") == (
            "org/x: a and c are both packed under this name; expected one checkout for each name\n"
            "org/y: b and d are both packed under this name; expected one checkout for each name"
        )

    def test_a_file_that_is_both_content_and_configuration(self, tmp_path: Path) -> None:
        write(tmp_path, {MANIFEST: JAVA, "start_point/docker/image_name.json": "{}"})
        assert packed(tmp_path).tree.files["start_point/docker/image_name.json"] == File(b"{}")


def test_a_folder_of_checkouts_is_none(tmp_path: Path) -> None:
    write(tmp_path, {f"a/{MANIFEST}": JAVA})
    with pytest.raises(FetchError) as caught:
        packed(tmp_path)
    assert (
        str(caught.value) == f"{tmp_path}: it has no folder start_point, but a has\n  Say {tmp_path / 'a'}."
    )
    write(tmp_path, {f"b/{MANIFEST}": JAVA})
    with pytest.raises(FetchError, match="it is not a checkout, but holds 2 of them"):
        packed(tmp_path)
