"""Which language images are asked for, and what comes of the answers."""

from collections.abc import Sequence

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.finding import Failure, Finding
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST, Source, StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.operations.language_images import verify_images

EARLIER = Finding("tab-size", 41, "error", 0, MANIFEST, "tab_size is 9; it must be an integer 1..8", 3)


def assembly(*manifests: str) -> Assembly:
    """A start point of each manifest, after one that could not be fetched."""
    points = [StartPoint("sha256:0", Tree.of({MANIFEST: File(text.encode())})) for text in manifests]
    outcomes = (
        Outcome(Source(0, "org/gone:LSP"), 0.1, failure=Failure("not-found", "it is not there")),
        *(Outcome(Source(index, "org/a:LSP"), 0.1, point) for index, point in enumerate(points, 1)),
    )
    return Assembly(StartPointType.LANGUAGES, outcomes, (EARLIER,), {})


class Registry:
    """Has only org/there, and notes what it is asked."""

    def __init__(self) -> None:
        self.expected: list[str] = []
        self.asked: list[str] = []

    def expect(self, references: Sequence[Reference]) -> None:
        self.expected += map(str, references)

    def digest(self, reference: Reference) -> str | None:
        self.asked.append(str(reference))
        if reference.name == "org/silent":
            raise FetchError("org/silent:1: no bytes for 30 s", "Try again.", kind="timeout")
        return "sha256:1" if reference.name == "org/there" else None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("org/there:1", None),
        ("org/not:1", "its registry has no such image; publish it first"),
        ("org/silent:1", "it cannot be verified (no bytes for 30 s)"),
    ],
)
def test_what_is_not_there_is_an_error_after_the_others(name: str, problem: str | None) -> None:
    found = verify_images(assembly("{}", f'{{\n"image_name": "{name}"}}'), Registry(), 4)
    message = f'image_name is "{name}"; {problem}'
    silent = "the language image cannot be verified (no bytes for 30 s)"
    cause = silent if name == "org/silent:1" else ""
    expected = (Finding("image-exists", None, "error", 2, MANIFEST, message, 2, cause),) if problem else ()
    assert found.findings == (EARLIER, *expected)


def test_each_image_is_asked_for_once_and_nothing_malformed() -> None:
    names = ["b:latest", "docker.io/library/b", "a", "A", ""]
    manifests = [*(f'{{"image_name": "{name}"}}' for name in names), '{"image_name": 1}', "{"]
    registry = Registry()
    found = verify_images(assembly(*manifests), registry, 1)
    assert registry.expected == registry.asked == ["docker.io/library/b", "a"]
    assert [finding.index for finding in found.findings] == [0, 1, 2, 3]
