"""What `check` says of a checkout is what `pack` says of it, however odd the checkout is."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.oci.layers import Limits
from lsp_assembler.operations.check import CheckRequest, check
from lsp_assembler.operations.pack import PackRequest, pack
from lsp_assembler.stores.open import StoreOptions
from tests.checkouts import commit, git, without_ci, write

MANIFEST = "start_point/manifest.json"
DOCKER = "docker/image_name.json"
OPTIONS = StoreOptions(limits=Limits(max_bytes=50_000, max_entries=100, max_path=100))
LANGUAGES, CUSTOM, EXERCISES = StartPointType

Make = Callable[[Path], Path | None]
"""Makes a checkout odd; returns the folder to look at, where it is not the checkout's own."""

Verdict = tuple[int, list[Any], str]


def manifest(**keys: Any) -> str:
    """A manifest that keeps the rules of languages, unless the keys (None leaves one out) say otherwise."""
    body = {
        "display_name": "Java 21, JUnit 5",
        "image_name": "org/java_junit",
        "visible_filenames": ["cyber-dojo.sh"],
        "filename_extension": [".java"],
        **keys,
    }
    return json.dumps({key: value for key, value in body.items() if value is not None}, indent=1)


def with_keys(**keys: Any) -> Make:
    return with_files({MANIFEST: manifest(**keys)})


def with_files(files: dict[str, str | bytes]) -> Make:
    def make(folder: Path) -> None:
        write(folder, files)

    return make


def without(*paths: str) -> Make:
    def make(folder: Path) -> None:
        for path in paths:
            shutil.rmtree(folder / path) if (folder / path).is_dir() else (folder / path).unlink()

    return make


def linked(path: str, target: str) -> Make:
    return lambda folder: (folder / path).symlink_to(target)


def top_level(folder: Path) -> None:
    (folder / MANIFEST).rename(folder / "manifest.json")
    shutil.rmtree(folder / "start_point")


def nested(folder: Path) -> None:
    write(folder, {"start_point/one/manifest.json": manifest(image_name="org/java_junit:LSP")})
    (folder / MANIFEST).unlink()


def committed(change: Make) -> Make:
    """The same in a repository, with all of it in the commit."""

    def make(folder: Path) -> Path | None:
        looked_at = change(folder)
        commit(folder, "https://github.com/org/java")
        return looked_at

    return make


def mended_since(folder: Path) -> None:
    write(folder, {MANIFEST: manifest(tab_size=9)})
    commit(folder)
    write(folder, {MANIFEST: manifest()})


def spoilt_since(folder: Path) -> None:
    commit(folder)
    write(folder, {MANIFEST: manifest(tab_size=9)})


def hidden_by_attributes(folder: Path) -> None:
    write(folder, {".gitattributes": "*.sh text eol=crlf\n"})
    commit(folder)
    (folder / "start_point/cyber-dojo.sh").unlink()
    git(folder, "checkout", "start_point/cyber-dojo.sh")


def broken_git(folder: Path) -> None:
    commit(folder)
    (folder / ".git/HEAD").write_text("nonsense")


def faulty_inside(folder: Path) -> Path:
    write(folder, {MANIFEST: manifest(tab_size=9, image_name="org/java_junit:LSP")})
    return folder / "start_point"


def not_utf8(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/start_point/\xff")).write_text("")


def submodule(folder: Path) -> None:
    commit(write(folder / "start_point/other", {"x": "x"}))
    commit(folder)


ODD: dict[str, Make] = {
    "nothing odd": with_files({}),
    "an LSP image": with_keys(image_name="org/java_junit:LSP"),
    "an LSP image of a version": with_keys(image_name="org/java_junit:LSP-1.2"),
    "latest": with_keys(image_name="org/java_junit:latest"),
    "a tag": with_keys(image_name="org/java_junit:4edf92a"),
    "a digest": with_keys(image_name=f"org/java_junit@sha256:{'a' * 64}"),
    "a malformed name": with_keys(image_name="Org/Java"),
    "a name that is null": with_files({MANIFEST: manifest().replace('"org/java_junit"', "null")}),
    "no name": with_keys(image_name=None),
    "no name, but in docker": with_files(
        {MANIFEST: manifest(image_name=None), DOCKER: '{"image_name": "org/java_junit"}'}
    ),
    "another name in docker": with_files({DOCKER: '{"image_name": "org/java"}'}),
    "an LSP image in docker": with_files(
        {MANIFEST: manifest(image_name=None), DOCKER: '{"image_name": "org/java:LSP"}'}
    ),
    "no JSON in docker": with_files({DOCKER: "{"}),
    "a list in docker": with_files({DOCKER: "[]"}),
    "a folder for a file": with_files({f"{DOCKER}/x": "x"}),
    "inside start_point": lambda folder: folder / "start_point",
    "inside start_point, with a fault": faulty_inside,
    "no start_point": top_level,
    "manifests only below": nested,
    "no manifest": without(MANIFEST),
    "an empty folder": without("start_point"),
    "an empty start_point": without(MANIFEST, "start_point/cyber-dojo.sh"),
    "nothing there": lambda folder: folder / "absent",
    "a file for a folder": lambda folder: folder / MANIFEST,
    "broken JSON": with_files({MANIFEST: '{"display_name": '}),
    "a key twice": with_files({MANIFEST: manifest().replace("{", '{"tab_size": 4, "tab_size": 5,', 1)}),
    "exercise keys only": with_keys(image_name=None, filename_extension=None),
    "an unlisted file": with_files({"start_point/notes": "x"}),
    "a file that is not there": with_keys(visible_filenames=["cyber-dojo.sh", "absent.sh"]),
    "line ends": with_files({"start_point/cyber-dojo.sh": "echo\r\n"}),
    "LFS": with_files(
        {"start_point/cyber-dojo.sh": "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"}
    ),
    "a link out": linked("start_point/out", "/etc/passwd"),
    "a link to a folder": linked("start_point/folder", "../docker"),
    "a link to nothing": linked("start_point/nothing", "absent"),
    "a pipe": lambda folder: os.mkfifo(folder / "start_point/pipe"),
    "too much": with_files({"start_point/large": "x" * 60_000}),
    "too many": with_files({f"start_point/{number}": "" for number in range(120)}),
    "a long path": with_files({f"start_point/{'x' * 101}": ""}),
    "no UTF-8": not_utf8,
    "a submodule": submodule,
    "a broken repository": broken_git,
    "a fault that is mended since": mended_since,
    "a fault since": spoilt_since,
    "other line ends than the commit": hidden_by_attributes,
    "a visible file that git ignores": committed(with_files({".gitignore": "cyber-dojo.sh\n"})),
    "an unlisted file that git ignores": committed(
        with_files({".gitignore": "*.log\n", "start_point/x.log": "x"})
    ),
    "a name that git ignores": committed(
        with_files(
            {".gitignore": "docker\n", MANIFEST: manifest(image_name=None), DOCKER: '{"image_name": "o/j"}'}
        )
    ),
    "start_point that git ignores": committed(with_files({".gitignore": "start_point\n"})),
    "inside start_point of a repository": committed(lambda folder: folder / "start_point"),
}
_NO_CHECKOUT = ("no start_point", "an empty folder")
"""Of custom start points and exercises, these can be checked and built from, but not packed."""


@pytest.fixture(autouse=True)
def _by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No CI, no repository around the folder of the test, and no images.yml in it."""
    without_ci(monkeypatch)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def verdict(assembly: Assembly | None, exit_status: int) -> Verdict:
    """Everything that a user is told of checkouts."""
    if assembly is None:
        return exit_status, [], ""
    found = [
        (each.severity, each.rule, each.code, each.index, each.manifest, each.manifest_line, each.message)
        for each in assembly.findings
    ]
    told = "\n".join(each.failure.message for each in assembly.failures if each.failure)
    return exit_status, found, told


def checked(*paths: str, type_: StartPointType = LANGUAGES, strict: bool = False) -> Verdict:
    request = CheckRequest(sources=paths, type=type_, strict=strict, stores=OPTIONS, environ=os.environ)
    try:
        done = check(request)
    except LspAssemblerError as error:
        return error.exit_status, [], str(error)
    return verdict(done.assembly, done.exit_status)


def packed(*paths: str, type_: StartPointType = LANGUAGES, strict: bool = False) -> Verdict:
    request = PackRequest(
        directories=paths, type=type_, strict=strict, stores=OPTIONS, environ=os.environ, to_store="oci:lsp"
    )
    try:
        done = pack(request)
    except LspAssemblerError as error:
        return error.exit_status, [], str(error)
    return verdict(done.assembly, done.exit_status)


def odd(case: str, folder: Path) -> str:
    write(folder, {MANIFEST: manifest(), "start_point/cyber-dojo.sh": "echo 42\n"})
    return str(ODD[case](folder) or folder)


@pytest.mark.parametrize("type_", StartPointType)
@pytest.mark.parametrize("case", ODD)
def test_both_say_the_same(tmp_path: Path, case: str, type_: StartPointType) -> None:
    path = odd(case, tmp_path / "ltf")
    of_check, of_pack = checked(path, type_=type_), packed(path, type_=type_)
    if case in _NO_CHECKOUT and type_ is not LANGUAGES:
        of_pack[1][:] = [each for each in of_pack[1] if each[1] not in ("start-point-folder", "lsp-name")]
        assert of_check[1:] == of_pack[1:]
    else:
        assert of_check == of_pack


def test_both_are_as_strict_and_tell_of_all(tmp_path: Path) -> None:
    cases = ("latest", "an LSP image", "nothing there", "nothing odd")
    paths = [odd(case, tmp_path / str(number)) for number, case in enumerate(cases)]
    assert checked(*paths) == packed(*paths)
    assert checked(paths[0], strict=True) == packed(paths[0], strict=True)
    assert checked(paths[0], strict=True)[0] == 1


def test_inside_start_point_is_as_good_as_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(odd("an LSP image", tmp_path / "ltf"))
    outside = checked(str(folder))
    assert [each[1] for each in outside[1]] == ["image-name-not-lsp"]
    monkeypatch.chdir(folder / "start_point")
    assert checked(".") == packed(".") == outside


def test_both_take_the_type_from_images_yml(tmp_path: Path) -> None:
    write(tmp_path, {"images.yml": "type: exercises\nimages: [org/one:LSP]\n"})
    path = odd("nothing odd", tmp_path / "ltf")
    request = CheckRequest(sources=(path,), stores=OPTIONS, environ=os.environ)
    again = PackRequest(directories=(path,), stores=OPTIONS, environ=os.environ, to_store="oci:lsp")
    of_check, of_pack = check(request), pack(again)
    assert verdict(of_check.assembly, of_check.exit_status) == verdict(of_pack.assembly, of_pack.exit_status)
    assert "known-keys" in [each.rule for each in of_check.assembly.findings]
