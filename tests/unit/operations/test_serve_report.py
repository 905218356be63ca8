"""What the report of a service is on: what is served, whatever that is."""

from pathlib import Path

import pytest

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.operations.report import ReportRequest
from lsp_assembler.operations.serve import ServeRequest
from lsp_assembler.operations.serve_report import Beside, report_request
from lsp_assembler.stores.interface import Pull
from lsp_assembler.stores.open import StoreOptions

STORES = StoreOptions(pull=Pull.MISSING, insecure=("localhost:5000",))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a list, and one with index dirs."""
    monkeypatch.chdir(tmp_path)
    for name in ("repos/0", "lists"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lists/languages.yml").write_text("- a/b:LSP\n", encoding="utf-8")
    return tmp_path


def of(source: str, beside: Beside | None = None, *, locked: bool = False, lock: str = "") -> ReportRequest:
    request = ServeRequest(
        sources=[source],
        locked=locked,
        lock_file=Path(lock) if lock else None,
        from_store="registry",
        jobs=3,
        environ={"HOME": "/nowhere"},
    )
    return report_request(request, beside or Beside(), STORES)


def test_an_image_and_a_list_are_what_the_report_is_on() -> None:
    found = of("cyberdojo/points:1", Beside(policy=Path("policy.yml")))
    assert found == ReportRequest(
        source="cyberdojo/points:1",
        policy=Path("policy.yml"),
        adds=False,
        from_store="registry",
        jobs=3,
        stores=STORES,
        environ={"HOME": "/nowhere"},
    )
    assert of("lists/languages.yml").source == "lists/languages.yml"


@pytest.mark.parametrize(("lock", "expected"), [("", "lists/images.lock"), ("x/y.lock", "x/y.lock")])
def test_a_lock_file_goes_with_the_list_that_is_served(lock: str, expected: str) -> None:
    found = of("lists/languages.yml", locked=True, lock=lock)
    assert (found.source, found.listed_in) == (expected, Path("lists/languages.yml"))


def test_a_folder_has_its_lock_file(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"^--shas: './repos' has no images\.lock"):
        of("./repos")
    (folder / "repos/images.lock").write_text("{}", encoding="utf-8")
    assert of("./repos").source == "repos/images.lock"


def test_everything_that_is_wrong_with_its_files_is_told(folder: Path) -> None:
    (folder / "builds.jsonl").write_text("1\n", encoding="utf-8")
    files = Beside(services=Path("none.yml"), data=Path("lists"), history=Path("builds.jsonl"))
    with pytest.raises(InvalidInputError) as caught:
        of("a/b:1", files)
    assert [line.partition(": ")[0] for line in caught.value.message.splitlines()] == [
        "none.yml",
        "lists",
        "builds.jsonl",
    ]
