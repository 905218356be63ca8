"""What the benchmark says must be so: only runs that did the work count, and ratios are of medians."""

import contextlib
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.corpus import CorpusStartPoint
from tests.services import Registry
from tests.services.link import SlowLink, Speed
from tests.services.process import ServiceError
from tools.bench import report
from tools.bench.__main__ import PAGE, SUITES, main
from tools.bench.checks import complete, start_points_fault
from tools.bench.contender import Contender, Goal, Outcome, Run, Suite
from tools.bench.corpora import start_points
from tools.bench.figures import Figures
from tools.bench.race import race
from tools.bench.stage import Setting, Stage

EXPECTED = ({"start_point/manifest.json": b"{}"}, {"start_point/hiker.sh": b"echo 42\n"})
WRITES_ALL = "mkdir -p 0/start_point 1/start_point; printf '{}' >0/start_point/manifest.json; "
WRITES_ALL += "echo 'echo 42' >1/start_point/hiker.sh"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    nobody = Registry()  # never started, never asked
    host = "127.0.0.1:5000"
    images = (f"{host}/a:LSP", f"{host}/b:LSP")
    try:
        yield Stage(tmp_path, {"PATH": os.environ["PATH"]}, None, nobody, host, images, EXPECTED)
    finally:
        nobody.stop()


def contender(name: str, script: str, needs: tuple[str, ...] = (), *, engine: bool = False) -> Contender:
    def prepare(stage: Stage) -> None:
        for path in stage.folder.glob("?/start_point/*"):
            path.unlink()

    def fault(stage: Stage) -> str:
        files = stage.folder.glob("?/*/*")
        found = {str(path.relative_to(stage.folder)): path.read_bytes() for path in files}
        return start_points_fault(found, stage)

    return Contender(name, f"writes as {name}", ("sh", "-c", script), prepare, fault, needs, engine)


def collected() -> tuple[list[str], Callable[[str], None]]:
    lines: list[str] = []
    return lines, lines.append


def test_start_point_is_complete_with_every_file_and_byte_of_its_own_index() -> None:
    good = {"0/start_point/manifest.json": b"{}", "1/start_point/hiker.sh": b"echo 42\n"}
    assert complete({**good, "1/start_point/sha.txt": b"more does no harm"}, EXPECTED) == 2
    assert complete({**good, "0/start_point/manifest.json": b"{ }"}, EXPECTED) == 1
    assert complete({"1/start_point/manifest.json": b"{}"}, EXPECTED) == 0


def test_contenders_run_in_turns(stage: Stage) -> None:
    lines, say = collected()
    outcomes = race((contender("a", WRITES_ALL), contender("b", WRITES_ALL)), stage, 2, say)
    assert [line.rpartition(":")[0] for line in lines] == [
        "run 1 of 2: a",
        "run 1 of 2: b",
        "run 2 of 2: a",
        "run 2 of 2: b",
    ]
    assert [(outcome.contender.name, len(outcome.runs)) for outcome in outcomes] == [("a", 2), ("b", 2)]


def test_contender_that_fails_shows_its_last_words_and_does_not_stop_the_others(stage: Stage) -> None:
    lines, say = collected()
    failing = contender("failing", "echo beginning; seq 20; echo 'no space left' >&2; exit 3")
    outcomes = race((failing, contender("good", WRITES_ALL)), stage, 2, say)
    assert [(outcome.trouble, len(outcome.runs)) for outcome in outcomes] == [("failed", 0), ("", 2)]
    shown = next(line for line in lines if "failing" in line)
    assert shown.startswith("run 1 of 2: failing: ended with status 3; the end of its output:\n")
    assert shown.endswith("20\nno space left")
    assert "beginning" not in shown


def test_contender_that_does_half_the_work_is_out_whatever_it_did_before(stage: Stage) -> None:
    lines, say = collected()
    once = contender("once", f"test -e done || {{ {WRITES_ALL}; }}; touch done")
    (outcome,) = race((once,), stage, 2, say)
    assert (outcome.trouble, outcome.runs) == ("failed", ())
    assert lines[-1] == "run 2 of 2: once: produced 0 of 2 start points"


def test_contender_whose_program_is_missing_is_not_run(stage: Stage) -> None:
    lines, say = collected()
    (outcome,) = race((contender("a", WRITES_ALL, ("sh", "no-such-program")),), stage, 1, say)
    assert (outcome.trouble, lines) == ("not found: no-such-program", [])


def test_contender_that_takes_too_long_is_ended_with_its_children(stage: Stage) -> None:
    lines, say = collected()
    race((contender("slow", "sleep 600 & wait"),), stage, 1, say, limit=0.2)
    assert lines[0].startswith("run 1 of 1: slow: took longer than 0.2 s")
    while is_worked_in(stage.folder):  # for ever, if the child is not ended
        time.sleep(0.01)


def test_contender_that_wants_an_engine_is_not_run_without_one(stage: Stage) -> None:
    lines, say = collected()
    (outcome,) = race((contender("a", WRITES_ALL, engine=True),), stage, 1, say)
    assert (outcome.trouble, lines) == ("no Docker Engine", [])


def test_peak_of_memory_is_that_of_the_command(stage: Stage) -> None:
    _, say = collected()
    greedy = contender("a", f"{WRITES_ALL}; python3 -c 'b = bytearray(400_000_000)'")
    (outcome,) = race((greedy,), stage, 1, say)
    # The system counts what the process that starts a command has as well, until the command is loaded.
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert 400e6 < outcome.runs[0].peak < max(600e6, 1.1 * ours)


def test_time_of_processors_is_that_of_the_command_and_its_children(stage: Stage) -> None:
    _, say = collected()
    busy = contender(
        "a", f"{WRITES_ALL}; python3 -c 'import time\nwhile time.process_time() < 0.3: pass' | cat"
    )
    idle = contender("b", f"{WRITES_ALL}; sleep 0.3")
    first, second = race((busy, idle), stage, 1, say)
    assert first.runs[0].cpu >= 0.3 > second.runs[0].cpu


def test_registry_without_a_log_tells_of_no_requests(stage: Stage) -> None:
    _, say = collected()
    (outcome,) = race((contender("a", WRITES_ALL),), stage, 1, say)
    assert (outcome.runs[0].connections, outcome.runs[0].requests) == (0, 0)
    with pytest.raises(ServiceError, match="there is no realistic registry on this stage"):
        _ = stage.realistic


def outcome(name: str, *seconds: float, peak: int = 0, trouble: str = "") -> Outcome:
    return Outcome(contender(name, ""), tuple(Run(each, peak) for each in seconds), trouble)


def traffic(name: str, *runs: tuple[float, int, int]) -> Outcome:
    """Runs of a second each, which differ in processor time, connections and requests."""
    return Outcome(contender(name, ""), tuple(Run(1.0, 0, *each) for each in runs))


def table(*outcomes: Outcome, reference: str = "b") -> report.Table:
    contenders = tuple(each.contender for each in outcomes)
    return report.table(Suite("test", "Test", reference, contenders), Figures(outcomes, 84))


def verdict(goal: Goal, *outcomes: Outcome) -> str:
    (line,) = report.verdicts(Suite("test", "Test", "b", (), (goal,)), Figures(outcomes, 1000))
    return line


def test_ratio_is_of_medians() -> None:
    cells = table(outcome("a", 1.0, 90.0, 3.0), outcome("b", 5.0, 4.0, 6.0))
    assert cells.head == ("contender", "what it does", "median s", "fastest s", "slowest s", "of b")
    assert cells.rows == (
        ("a", "writes as a", "3.00", "1.00", "90.00", "0.60"),
        ("b", "writes as b", "5.00", "4.00", "6.00", "1.00"),
    )


def test_there_is_no_ratio_without_the_reference() -> None:
    cells = table(outcome("a", 1.0), outcome("b", trouble="failed"))
    assert [row[2:] for row in cells.rows] == [("1.00", "1.00", "1.00", "-"), ("failed", "-", "-", "-")]


def test_without_a_reference_the_cost_of_an_image_is_shown() -> None:
    cells = table(outcome("a", 0.84, peak=50_000_000), outcome("b", trouble="failed"), reference="")
    assert cells.head[5:] == ("ms an image", "peak MB")
    assert [row[5:] for row in cells.rows] == [("10.00", "50.00"), ("-", "-")]


def test_traffic_is_shown_of_a_realistic_registry() -> None:
    busy = traffic("a", (0.5, 84, 420), (0.25, 1, 420), (0.125, 2, 504))
    suite = Suite("test", "Test", "a", (), setting=Setting(realistic=True))
    cells = report.table(suite, Figures((busy, outcome("b", trouble="failed")), 84))
    assert cells.head[5:] == ("of a", "s of CPU", "connections", "requests")
    assert [row[5:] for row in cells.rows] == [("1.00", "0.25", "84", "420"), ("-",) * 4]


@pytest.mark.parametrize(
    ("goal", "line"),
    [
        (Goal("a", 4, unit="connections"), "a: at most 4 connections: missed with 5"),
        (Goal("a", 0.35, unit="s of CPU"), "a: at most 0.35 s of CPU: met with 0.25"),
        (Goal("a", 300, unit="requests"), "a: at most 300 requests: met with 255"),
    ],
)
def test_goal_of_traffic_is_judged_by_the_median_and_by_the_most_connections(goal: Goal, line: str) -> None:
    assert verdict(goal, traffic("a", (0.25, 1, 255), (0.125, 5, 255), (0.5, 1, 423))) == line


@pytest.mark.parametrize(
    ("goal", "line"),
    [
        (Goal("a", 3, above="b"), "a: at most 3 s above b: met with -2.00"),
        (Goal("b", 1.5, above="a"), "b: at most 1.5 s above a: missed with 2.00"),
        (Goal("a", 0.06, above="c"), "a: at most 0.06 s above c: not measured"),
        (Goal("a", 60, unit="KB an image"), "a: at most 60 KB an image: missed with 70.00"),
        (Goal("a", 0.5, of="b"), "a: at most 0.5 of b: met with 0.50"),
        (Goal("a", 0.4, of="b"), "a: at most 0.4 of b: missed with 0.50"),
        (Goal("a", 0.4, of="c"), "a: at most 0.4 of c: not measured"),
        (Goal("a", 1.0), "a: at most 1 s: missed with 2.00"),
        (Goal("a", 2, unit="ms an image"), "a: at most 2 ms an image: met with 2.00"),
        (Goal("a", 60, unit="MB"), "a: at most 60 MB: missed with 70.00"),
    ],
)
def test_goal_is_judged_by_its_own_measure(goal: Goal, line: str) -> None:
    assert verdict(goal, outcome("a", 1.0, 2.0, 3.0, peak=70_000_000), outcome("b", 4.0)) == line


def test_markdown_aligns_numbers_right() -> None:
    assert report.markdown(report.Table(("who", "s"), (("a", "1.00"),), texts=1)) == (
        "| who | s |\n| --- | ---: |\n| a | 1.00 |"
    )


def test_only_the_named_part_of_the_page_is_rewritten() -> None:
    page = "1\n<!-- begin a -->\nold\n<!-- end a -->\n2\n<!-- begin b -->\nkept\n<!-- end b -->\n3\n"
    assert report.rewritten(page, "a", "new") == page.replace("old", "new")


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<!-- begin a -->",
        "<!-- end a --><!-- begin a -->",
        "<!-- begin a --><!-- end a --><!-- begin a --><!-- end a -->",
    ],
)
def test_page_without_its_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="the page has no part 'a'; expected one '<!-- begin a -->'"):
        report.rewritten(page, "a", "new")


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_page_has_a_place_for_each_table_and_names_its_reference(suite: Suite) -> None:
    page = PAGE.read_text("utf-8")
    assert "\nnew\n" in report.rewritten(page, suite.name, "new")
    assert f"\n## {suite.title}\n" in page
    assert f"`{suite.reference}`" in page or not suite.reference


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_goals_and_reference_are_about_contenders_of_the_suite(suite: Suite) -> None:
    names = [each.name for each in suite.contenders]
    assert len(names) == len(set(names))
    compared = {suite.reference, *(each for goal in suite.goals for each in (goal.of, goal.above))} - {""}
    assert {goal.contender for goal in suite.goals} | compared <= set(names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--runs", "0"], "--runs: 0 is too few; expected 1 or more"),
        (["--write", "--only", "curl"], "--write: --only leaves contenders out"),
        (["--suite", "warm", "--only", "curl"], "--only: no contender of this name is in the suites"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert message in capsys.readouterr().err


def test_start_points_made_from_the_corpus_differ_in_display_name_and_repository() -> None:
    manifest = b'{"display_name": "C, assert", "image_name": "x/c:1234567", "tab_size": 2}'
    files = {"start_point/manifest.json": (manifest, 0o644), "start_point/cyber-dojo.sh": (b"make", 0o755)}
    corpus = (CorpusStartPoint("c-assert", files),)
    assert start_points(corpus, 0) == corpus
    made = start_points(corpus, 3)
    assert [each.manifest["display_name"] for each in made] == [f"C, assert {number}" for number in range(3)]
    assert len({each.repository for each in made}) == 3
    assert {each.manifest["tab_size"] for each in made} == {2}
    assert all(each.files["start_point/cyber-dojo.sh"] == (b"make", 0o755) for each in made)


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that sends back what it gets, one connection after the other."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    while content := connection.recv(65536):
                        connection.sendall(content)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def is_worked_in(folder: Path) -> bool:
    """Whether a process has this working folder."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):  # it is over, or not ours
            if link.readlink() == folder:
                return True
    return False


def asked(connection: socket.socket, size: int) -> float:
    """How long it takes until so many bytes have come back."""
    started = time.perf_counter()
    connection.sendall(b"x" * size)
    while size:
        size -= len(connection.recv(size))
    return time.perf_counter() - started


def test_slow_link_takes_two_round_trips_for_the_first_answer_and_one_for_the_next(echo_port: int) -> None:
    with (
        SlowLink([echo_port], Speed(rtt=0.1, megabits=100)) as link,
        socket.create_connection(("127.0.0.1", link.ports[0])) as connection,
    ):
        first, *next_ = [asked(connection, 1) for _ in range(6)]
    assert first >= 0.2
    assert 0.1 <= min(next_) < first


def test_slow_link_carries_no_more_than_its_bandwidth_and_every_byte(echo_port: int) -> None:
    with (
        SlowLink([echo_port], Speed(rtt=0.0, megabits=4)) as link,
        socket.create_connection(("127.0.0.1", link.ports[0])) as connection,
    ):
        assert asked(connection, 100_000) >= 0.2
