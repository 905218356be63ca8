"""Durations from the label of an image, or from files like those of the languages repository."""

from pathlib import Path

import pytest

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.language import Durations, LanguageVersion
from lsp_assembler.operations.recorded_durations import of_label, recorded_in
from tests.unit.reports.languages import old, version

ONE = '{"red_duration": "2.5", "amber_duration": "1", "green_duration": "1.50"}'
FOUND = Durations(2.5, 1, 1.5)


def written(folder: Path, name: str, durations: str, url: str = "") -> None:
    (folder / name).mkdir()
    (folder / name / "durations.json").write_text(durations)
    if url:
        (folder / name / "git_repo.url").write_text(url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "[" * 99_999,
        '{"red": 1}',
        *(f'{{"red": {value}, "amber": 1, "green": 1}}' for value in ("-1", "1e99", "NaN", "[]", "null")),
    ],
)
def test_a_label_of_nonsense_says_nothing(text: str) -> None:
    assert of_label(text) is None


def test_a_label() -> None:
    assert of_label('{"red":2.5,"amber":1,"green":1.5}') == FOUND


@pytest.mark.parametrize(
    ("url", "measured"),
    [
        ("", version("LSP-1")),
        ("https://github.com/org/java-junit", version("LSP-1")),
        ("4edf92a@https://github.com/org/java-junit\n", old("LSP-4edf92a")),
        ("4edf92a@https://github.com/org/java-junit\n", old("LSP-5.11-1")),  # known by its commit
    ],
)
def test_it_is_known_which_version_was_measured(url: str, measured: LanguageVersion, tmp_path: Path) -> None:
    written(tmp_path, "java-junit", ONE, url)
    (found,) = recorded_in(tmp_path)
    other = old("LSP-2", revision="0" * 40)
    assert found.durations == FOUND
    assert [found.is_of("java_junit", each) for each in (measured, other)] == [True, False]
    assert not found.is_of("java_jmock", version("LSP-4edf92a", source=""))


def test_an_ltf_is_known_by_its_repository_as_well(tmp_path: Path) -> None:
    written(tmp_path, "junit", ONE, "https://github.com/cyber-dojo-start-points/Java-JUnit")
    (found,) = recorded_in(tmp_path)
    assert found.is_of("anything", version())


def test_all_that_is_wrong_is_told(tmp_path: Path) -> None:
    written(tmp_path, "a", "{", "")
    written(tmp_path, "b", ONE, "/")
    written(tmp_path, "c", ONE)
    with pytest.raises(InvalidInputError) as caught:
        recorded_in(tmp_path)
    first, second = caught.value.message.split("\n")
    assert first.startswith(f"{tmp_path}/a/durations.json: not valid JSON")
    assert second.startswith(f"{tmp_path}/b/git_repo.url: not a repository")


def test_a_folder_without_any_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"no file NAME/durations\.json in it"):
        recorded_in(tmp_path)
