"""The command line as its users meet it: what it says word for word, how it ends, how fast it starts.

A case is a folder of tests/cases/cli: the files that a user has, and expected.txt, which is all that the
terminal shows. After a wanted change: UPDATE_CASES=1 pytest tests/integration/test_cli.py, then read the
difference.
"""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lsp_assembler.cli.app import COMMANDS
from tests import ROOT
from tests.integration import gallery
from tests.integration.support import SCRIPT, Silence, Tool, free_port, images_yml, publish, without_times
from tests.services import DockerEngine, Registry

CASES = ROOT / "tests/cases" / "cli"
EXPECTED = "expected.txt"
LISTED_COMMANDS = ("build", "check", "init", "inspect", "pack", "schema")


@pytest.fixture(scope="module")
def places(
    engine: DockerEngine, engine_base: str, registry: Registry, registry_base: str, private_registry: Registry
) -> Iterator[Mapping[str, str]]:
    """What differs from run to run, by the name that stands for it in the cases."""
    gallery.fill(registry)
    publish(private_registry, "secret/java", "Secret")
    with Silence() as silent:
        yield {
            "{base}": registry_base,
            "{local base}": engine_base,
            "{engine}": engine.url,
            "{dead}": f"127.0.0.1:{free_port()}",
            "{silent}": silent,
            "{private}": private_registry.host,
            "{registry}": registry.host,
        }


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url)


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_says_exactly(name: str, tool: Tool, places: Mapping[str, str]) -> None:
    case = CASES / name
    for path in case.rglob("*"):
        if path.is_file() and path.name != EXPECTED:
            tool.write(str(path.relative_to(case)), _filled(path.read_text("utf-8"), places))
    expected = (case / EXPECTED).read_text("utf-8")
    command = expected.splitlines()[0].removeprefix("$ ")

    shown = _shown(command, tool, places)

    if os.environ.get("UPDATE_CASES"):
        (case / EXPECTED).write_text(shown, "utf-8")
        pytest.fail(f"{case / EXPECTED} is written; read it, and run again without UPDATE_CASES")
    assert shown == expected


def _shown(command: str, tool: Tool, places: Mapping[str, str]) -> str:
    """What the terminal shows: the command, stderr, stdout, the exit status."""
    words = shlex.split(_filled(command, places))
    start = words.index("lsp-assembler")
    variables = dict(word.split("=", 1) for word in words[:start])
    run = tool.run(*words[start + 1 :], **variables)
    text = f"$ {command}\n{run.stderr}--- stdout\n{run.stdout}--- exit status {run.status}\n"
    for name, value in places.items():
        text = text.replace(value, name)
    return without_times(text)


def _filled(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), *((name, "-h") for name in LISTED_COMMANDS)])
def test_help_is_for_terminals_of_eighty_columns(tool: Tool, arguments: tuple[str, ...]) -> None:
    run = tool.run(*arguments, COLUMNS="80")
    shown = run.stdout or run.stderr
    assert run.status == (0 if arguments else 2)
    assert shown.startswith("Usage: lsp-assembler")
    assert max(map(len, shown.splitlines())) <= 80
    if "-h" not in arguments[1:]:
        assert [entry for entry in COMMANDS if f" {entry.line}\n" not in shown] == []


def test_version_is_one_line(tool: Tool) -> None:
    run = tool.run("--version")
    assert (run.status, run.stdout, run.stderr) == (0, "lsp-assembler 0.2.0\n", "")


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_answers_at_once_without_heavy_imports(tool: Tool, argument: str) -> None:
    began = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-X", "importtime", SCRIPT, argument],
        env=tool.variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert time.perf_counter() - began < 3
    imported = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
    assert "lsp_assembler.cli.app" in imported
    assert not imported & {"docker", "requests", "rich", "urllib3", "http.client"}
    assert not imported & {f"lsp_assembler.cli.{entry.name}" for entry in COMMANDS}


def test_results_go_to_stdout_and_progress_to_stderr(tool: Tool, registry: Registry) -> None:
    image = publish(registry, "streams/java", "Streams")
    run = tool.run("check", image)
    assert run.stderr == f"[1/1] {image} fetched (226 B)\n"
    assert "all rules pass" in run.stdout
    assert run.stdout.endswith("\n")
    assert "\x1b" not in run.output


def test_closed_pipe_is_no_finding_and_no_traceback(tool: Tool) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        run = subprocess.run(
            [SCRIPT, "schema"], env=tool.variables(), stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (run.returncode, run.stderr) == (141, b"")


@pytest.mark.parametrize("debug", [False, True])
def test_unexpected_error_is_a_bug_of_ours(tool: Tool, *, debug: bool) -> None:
    options = ["--debug"] if debug else []
    with_a_bug = (
        "from lsp_assembler.config import images_file; from lsp_assembler.cli.main import main\n"
        "images_file.schema = lambda: {}['a\\n::error::b']\n"
        "main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", with_a_bug, *options, "schema"],
        env=tool.variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (70, "")
    assert r"lsp-assembler 0.2.0 has a bug (KeyError: 'a\n::error::b')" in run.stderr
    assert "Please report it at https://" in run.stderr
    assert "\n  lsp-assembler --debug schema\n" in run.stderr
    assert ("Traceback" in run.stderr) == debug


_NO_THREAD = (
    "import resource, threading; resource.setrlimit(resource.RLIMIT_AS, (2**28,) * 2);"
    "threading.stack_size(2**30); threading.Thread(target=print).start()"
)


@pytest.mark.parametrize(
    ("provoke", "lack"),
    [
        ("bytes(2**62)", "memory"),
        ("open('/dev/full', 'wb', 0).write(b'x')", "No space left on device"),
        (_NO_THREAD, "threads"),
    ],
)
def test_what_a_machine_lacks_is_no_bug_of_ours(tool: Tool, provoke: str, lack: str) -> None:
    program = (
        "from lsp_assembler.config import images_file; from lsp_assembler.cli.main import main\n"
        f"images_file.schema = lambda: exec({provoke!r})\n"
        "main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, "schema"],
        env=tool.variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        f"error: this machine has too little for the run: {lack}\n"
        "  Give it more, or read fewer images at once with --jobs.\n"
    )


def test_terminal_gets_no_live_lines_where_ci_is_set(tool: Tool, registry: Registry) -> None:
    image = publish(registry, "terminal/java", "Terminal")
    command = shlex.join([str(SCRIPT), "check", image])
    environment = tool.variables(TERM="xterm-256color", FORCE_COLOR="1", CI="true")
    shown = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"[1/1] {image} fetched" in shown
    assert "\x1b[?25l" not in shown  # which would hide the cursor


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param((("good/a",), "FROM $base\nCOPY . /app/repos\n", "x/y:1"), 0, id="fine"),
        pytest.param((("bad/tab-size",), "FROM $base\n", "x/y:1"), 1, id="finding"),
        pytest.param((("bad/tab-size",), "FROM $bose\n", "x/y:1"), 2, id="template before finding"),
        pytest.param((("bad/absent",), "FROM $base\n", "X/Y"), 2, id="usage before failure"),
        pytest.param(
            (("bad/absent", "bad/tab-size"), "FROM $base\n", "x/y:1"), 3, id="failure before finding"
        ),
        pytest.param((("bad/tab-size",), "FROM $base\nRUN false\n", "x/y:1"), 1, id="finding before build"),
        pytest.param((("good/a",), "FROM $base\nRUN false\n", "x/y:1"), 5, id="build"),
    ],
)
def test_exit_status_is_the_first_that_applies(
    tool: Tool, places: Mapping[str, str], asked: tuple[tuple[str, ...], str, str], status: int
) -> None:
    images, template, tag = asked
    names = [f"{places['{registry}']}/{image}:LSP" for image in images]
    tool.write("images.yml", images_yml(*names, base=places["{base}"]))
    tool.write("Dockerfile.template", template)
    run = tool.run("build", "--tag", tag)
    assert run.status == status, run.output
    assert "Traceback" not in run.output
