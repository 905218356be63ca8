"""images.yml and the command line, put together."""

from pathlib import Path

import pytest

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source, StartPointType
from lsp_assembler.operations.plan import Plan, plan, reference
from tests.checkouts import write

JAVA = "cyberdojofoundation/java_junit:LSP"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestWithImagesYml:
    def test_the_list_is_what_to_assemble(self, folder: Path) -> None:
        write(folder, {"images.yml": f"# images\n- {JAVA}\n- busybox\n"})
        found = plan((), None, None)
        assert found.sources == (Source(0, JAVA, 2), Source(1, "busybox", 3))
        assert (found.type, found.path, found.needs_store) == (
            StartPointType.LANGUAGES,
            Path("images.yml"),
            True,
        )
        assert (found.listed_in, found.folder) == ("images.yml", Path())

    def test_another_file(self, folder: Path) -> None:
        write(folder, {"lists/custom.yml": f"type: custom\nimages: [{JAVA}]\n"})
        found = plan([], Path("lists/custom.yml"), None)
        assert (found.type, found.listed_in, found.folder) == ("custom", "lists/custom.yml", Path("lists"))

    def test_positionals_override_the_list_and_nothing_else(self, folder: Path) -> None:
        write(folder, {"images.yml": f"type: custom\nport: 80\nimages: [{JAVA}]\n"})
        found = plan(["busybox"], None, None)
        assert found.sources == (Source(0, "busybox"),)
        assert (found.type, found.file and found.file.port, found.listed_in) == ("custom", 80, None)

    def test_type_overrides_that_of_the_file(self, folder: Path) -> None:
        write(folder, {"images.yml": f"type: custom\nimages: [{JAVA}]\n"})
        assert plan((), None, StartPointType.EXERCISES).type == "exercises"

    def test_a_file_that_is_named_must_be_there(self) -> None:
        with pytest.raises(InvalidInputError, match=r"absent\.yml"):
            plan(["busybox"], Path("absent.yml"), None)
        with pytest.raises(InvalidInputError, match=r"images\.yml"):
            plan((), None, None)

    def test_an_invalid_file_is_not_passed_over(self, folder: Path) -> None:
        write(folder, {"images.yml": "type: costum\n"})
        with pytest.raises(InvalidInputError):
            plan(["busybox"], None, None)


class TestPositionals:
    def test_no_file_is_needed(self) -> None:
        found = plan([JAVA, "."], None, None)
        assert found == Plan(
            StartPointType.LANGUAGES, (Source(0, JAVA), Source(1, ".", is_directory=True)), None, None
        )
        assert found.folder == Path()

    @pytest.mark.parametrize("text", [".", "..", "./java", "../java", "/java", "./org/java:LSP", "java/"])
    def test_a_path(self, folder: Path, text: str) -> None:
        (folder / "java").mkdir()
        found = plan([text], None, None)
        assert (found.sources[0].is_directory, found.needs_store) == (True, False)

    @pytest.mark.parametrize("text", ["java", "org/java", "localhost:5000/java"])
    def test_a_name(self, folder: Path, text: str) -> None:
        (folder / "java").mkdir()  # a name without a '/' is no path, whatever is there
        assert not plan([text], None, None).sources[0].is_directory

    def test_a_folder_that_is_there_comes_before_a_name(self, folder: Path) -> None:
        (folder / "org/java").mkdir(parents=True)
        assert plan(["org/java"], None, None).sources[0].is_directory

    def test_every_one_that_is_neither_is_reported(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            plan(["Java", JAVA, "", "org/JAVA"], None, None)
        expected = "': it is neither an image name nor a directory"
        assert [line.partition(expected)[0] for line in caught.value.message.splitlines()] == [
            "'Java",
            "'",
            "'org/JAVA",
        ]

    def test_a_file_of_a_start_point_stands_for_its_checkout(self, folder: Path) -> None:
        for path, checkout in (("start_point/manifest.json", "."), ("elm/start_point/a/b.elm", "elm/")):
            write(folder, {path: "{}"})
            with pytest.raises(
                InvalidInputError, match=rf"; name the folder of the checkout, '{checkout}'\n"
            ):
                plan([path], None, None)

    def test_a_folder_that_can_be_no_name_is_pointed_out(self, folder: Path) -> None:
        (folder / "Java").mkdir()
        with pytest.raises(InvalidInputError, match=r"^'Java': .+; a directory in this folder is './Java'"):
            plan(["Java"], None, None)


def test_reference() -> None:
    assert reference(JAVA, "--tag") == Reference.parse(JAVA)
    with pytest.raises(
        InvalidInputError, match=r"^--tag: 'Java' is not a well-formed image name; expected e.g. "
    ):
        reference("Java", "--tag")
