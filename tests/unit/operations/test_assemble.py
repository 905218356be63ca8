"""The heart: every source is read, every failure and finding is kept, in order."""

import json
import threading

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.finding import Failure
from lsp_assembler.model.images import BaseImage, Description
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source, StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.layers import Limits
from lsp_assembler.operations.assemble import Checking, ReadSource, assemble, read_and_check
from lsp_assembler.operations.directories import Directories
from lsp_assembler.operations.observer import SILENT, Watch
from lsp_assembler.operations.plan import Plan
from lsp_assembler.stores.interface import ImageSource, Progress, no_progress

LANGUAGES = StartPointType.LANGUAGES


def start_point(name: str, **changes: object) -> StartPoint:
    manifest = {
        "display_name": name,
        "image_name": "org/java:4edf92a",
        "visible_filenames": ["cyber-dojo.sh"],
        "filename_extension": ".java",
        **changes,
    }
    files = {
        "start_point/manifest.json": File(json.dumps(manifest).encode()),
        "start_point/cyber-dojo.sh": File(b"true", executable=True),
    }
    return StartPoint("sha256:0a", Tree.of(files))


def sources(count: int) -> tuple[Source, ...]:
    return tuple(Source(index, f"org/{index}:LSP", index + 1) for index in range(count))


def read(source: Source, _progress: Progress) -> StartPoint:
    return start_point(source.text)


def assembled(
    type_: StartPointType, listed: tuple[Source, ...], read: ReadSource, jobs: int, watch: Watch
) -> Assembly:
    return read_and_check(Plan(type_, listed, None, None), read, jobs, watch)


def ignore(_index: int, _state: str, _size: int) -> None:
    """An observer that is not interested."""


def test_outcomes_are_in_the_order_of_the_sources_whatever_is_read_first() -> None:
    read = [threading.Event() for _ in range(6)]
    read[5].set()

    def last_comes_first(source: Source, _progress: Progress) -> StartPoint:
        read[source.index + 1].wait()
        read[source.index].set()
        return start_point(source.text)

    assembly = assembled(LANGUAGES, sources(5), last_comes_first, 5, ignore)
    assert [outcome.source for outcome in assembly.outcomes] == list(sources(5))
    assert [outcome.start_point for outcome in assembly.outcomes] == [
        start_point(each.text) for each in sources(5)
    ]
    assert (assembly.type, assembly.findings, assembly.failures, assembly.exit_status) == (
        LANGUAGES,
        (),
        (),
        0,
    )
    assert all(outcome.seconds > 0 for outcome in assembly.outcomes)
    assert set(assembly.seconds) == {"fetch", "check"}


def test_no_source_is_no_problem() -> None:
    assert assembled(LANGUAGES, (), read, 4, ignore).outcomes == ()


def test_every_failure_is_reported_and_hides_no_other_source() -> None:
    def reader(source: Source, _progress: Progress) -> StartPoint:
        if source.index in (1, 3):
            raise FetchError(f"{source.text}: gone", "Check the name.", kind="not-found")
        return start_point(source.text, tab_size=source.index * 100 + 9)

    assembly = assembled(LANGUAGES, sources(5), reader, 2, ignore)
    gone = {1: "org/1:LSP: gone\n  Check the name.", 3: "org/3:LSP: gone\n  Check the name."}
    assert {each.source.index: each.failure for each in assembly.failures} == {
        index: Failure("not-found", message) for index, message in gone.items()
    }
    assert [outcome.start_point is None for outcome in assembly.outcomes] == [False, True, False, True, False]
    assert [(finding.index, finding.rule) for finding in assembly.errors] == [
        (0, "tab-size"),
        (2, "tab-size"),
        (4, "tab-size"),
    ]
    assert assembly.exit_status == FetchError.exit_status


def test_a_finding_of_the_collection() -> None:
    assembly = assembled(LANGUAGES, sources(2), lambda *_: start_point("Java"), 2, ignore)
    assert {finding.rule for finding in assembly.errors} == {"display-name-unique"}
    assert assembly.exit_status == 1


def test_warnings_change_nothing_unless_the_user_is_strict() -> None:
    assembly = assembled(
        LANGUAGES, sources(1), lambda *_: start_point("Java", image_name="org/java"), 1, ignore
    )
    assert [finding.severity for finding in assembly.findings] == ["warning"]
    assert (assembly.errors, assembly.exit_status) == ((), 0)
    strict = assembly.strictly()
    assert (len(strict.errors), strict.exit_status) == (1, 1)
    assert strict.outcomes == assembly.outcomes


@pytest.mark.parametrize("jobs", [1, 3])
def test_as_many_are_read_at_once_as_there_are_jobs(jobs: int) -> None:
    together = threading.Barrier(jobs, timeout=60)  # passes only when this many reads meet
    lock = threading.Lock()
    at_once = 0
    most = 0

    def reader(source: Source, _progress: Progress) -> StartPoint:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        together.wait()
        with lock:
            at_once -= 1
        return start_point(source.text)

    assert assembled(LANGUAGES, sources(jobs * 2), reader, jobs, ignore).exit_status == 0
    assert most == jobs


def test_the_observer_sees_each_state_in_order() -> None:
    seen: list[tuple[int, str, int]] = []
    lock = threading.Lock()

    def observe(index: int, state: str, size: int) -> None:
        with lock:
            seen.append((index, state, size))

    def reader(source: Source, progress: Progress) -> StartPoint:
        progress("pulling", 512)
        progress("extracting", 1024)
        if source.index == 1:
            raise FetchError("gone", kind="not-found")
        return start_point(source.text)

    assembled(LANGUAGES, sources(2), reader, 2, observe)
    size = start_point("org/0:LSP").tree.size
    states = {index: [(state, size) for each, state, size in seen if each == index] for index in (0, 1)}
    assert states[0] == [("pulling", 512), ("extracting", 1024), ("fetched", size), ("checked", 0)]
    assert states[1] == [("pulling", 512), ("extracting", 1024), ("failed", 0)]


class Archive(ImageSource):
    """Start points by name; tells of those that were read to their end."""

    name = "archive"
    jobs = 1

    def __init__(self, sizes: dict[str, int]) -> None:
        self.sizes = sizes
        self.unpacked: list[str] = []

    def fetch(self, reference: Reference, progress: Progress = no_progress) -> StartPoint:
        name = str(reference)
        progress("extracting", 0)
        self.unpacked.append(name)
        tree = start_point(name).tree.joined(Tree.of({"start_point/a": File(bytes(self.sizes[name]))}))
        return StartPoint("sha256:0a", tree)

    def read(self, reference: Reference, folder: str) -> Tree:
        raise NotImplementedError

    def digest(self, reference: Reference) -> str | None:
        raise NotImplementedError

    def tags(self, repository: Reference) -> tuple[str, ...]:
        raise NotImplementedError

    def describe(self, reference: Reference) -> Description:
        raise NotImplementedError

    def base(self, reference: Reference) -> BaseImage:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


def together(*megabytes: int) -> tuple[Assembly, list[str]]:
    """What comes of start points of these sizes, one after the other, and which of them were unpacked."""
    store = Archive({f"org/{index}:LSP": size * 1024 * 1024 for index, size in enumerate(megabytes)})
    planned = Plan(LANGUAGES, sources(len(megabytes)), None, None)
    checking = Checking(None, strict=False, limits=Limits())
    return assemble(
        planned, store, Directories(LANGUAGES, Limits(), {}, "check"), checking, SILENT
    ), store.unpacked


def test_all_start_points_together_are_bounded_and_what_comes_after_is_not_even_unpacked() -> None:
    assembly, unpacked = together(14, 14, 14, 14, 1)
    assert [outcome.source.index for outcome in assembly.failures] == [3, 4]
    assert unpacked == [f"org/{index}:LSP" for index in range(4)]
    failure = assembly.failures[0].failure
    assert failure is not None
    assert failure.kind == "too-large"
    assert "org/3:LSP: with it, all start points take more than 50,331,648 bytes" in failure.message
    assert "--max-bytes" in failure.message


def test_one_that_is_too_large_by_itself_spoils_it_for_no_other() -> None:
    assembly, unpacked = together(49, 20, 20)
    assert [outcome.source.index for outcome in assembly.failures] == [0]
    assert len(unpacked) == 3


def test_what_is_kept_of_manifests_are_their_names() -> None:
    assembly = assembled(LANGUAGES, sources(1), read, 1, ignore)
    [outcome] = assembly.outcomes
    assert outcome.start_point is not None
    [manifest] = outcome.start_point.manifests
    assert manifest.data == {"display_name": "org/0:LSP", "image_name": "org/java:4edf92a"}


class Interrupted(BaseException):
    """As a signal raises it."""


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt, ZeroDivisionError])
def test_what_is_no_fetch_error_ends_the_run_without_waiting(error: type[BaseException]) -> None:
    never = threading.Event()
    started: list[int] = []
    finished: list[int] = []

    def reader(source: Source, _progress: Progress) -> StartPoint:
        started.append(source.index)
        if source.index == 0:
            raise error
        never.wait(60)
        finished.append(source.index)
        return start_point(source.text)

    with pytest.raises(error):
        assembled(LANGUAGES, sources(50), reader, 2, ignore)
    assert finished == []
    never.set()
    assert len(started) < 50


@pytest.mark.parametrize(("failed", "found", "status"), [(0, 0, 0), (0, 1, 1), (1, 0, 3), (1, 1, 3)])
def test_a_failed_fetch_comes_before_a_finding(failed: int, found: int, status: int) -> None:
    bad = assembled(LANGUAGES, sources(1), lambda *_: start_point("Java", tab_size=9), 1, ignore)
    failure = Outcome(Source(0, "a"), 0.0, failure=Failure("timeout", "a: slow"))
    assembly = Assembly(LANGUAGES, (failure,) * failed, bad.findings * found, {})
    assert assembly.exit_status == status
