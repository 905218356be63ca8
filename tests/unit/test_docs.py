"""The documentation says what is so: commands, options, defaults, statuses, links, what the README shows."""

import itertools
import os
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

import lsp_assembler
from lsp_assembler import errors
from lsp_assembler.cli.app import app
from tests import PACKAGE_PATH, ROOT
from tests.terminal import on_terminal

COMMANDS = (ROOT / "docs/commands.md").read_text("utf-8")
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"))
)
INDEXES = ("README.md", "docs/README.md")
SCRIPT = Path(sys.executable).with_name("lsp-assembler")
REVISION = "7d854d2c490d7962cfb44ccee398cb123a5a4d02"
TREE = typer.main.get_command(app)
SECONDS_A_COMMAND = 60
COLUMNS = 120

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^()\s]+)\)")
COMMAND_LINE = re.compile(r"^(?: {4}|\$ )lsp-assembler (.+)$", re.MULTILINE)
SECONDS = re.compile(r"\d+\.\d+ s\b")
IN_A_CONTAINER = re.compile(r"(?<![\w.-])/tmp(/all-pulled|/\.docker/config\.json)?(?![\w/])")
OTHER_PLACES = ("/work", "/tmp", "/home/", "/root", "/Users/", "127.0.0.1:")
ONLY_WITHOUT_STORE = ("--version", "check", "schema")


def commands() -> dict[str, Any]:
    """Every command by its name."""
    assert isinstance(TREE, TyperGroup)
    context = typer.Context(TREE)
    return {name: TREE.get_command(context, name) for name in TREE.list_commands(context)}


def options(command: Any) -> dict[str, str]:
    """How --help shows the default of every option of a command, by its long spelling; --help apart."""
    return {
        next(spelling for spelling in parameter.opts if spelling.startswith("--")): default(parameter)
        for parameter in command.params
        if parameter.param_type_name == "option" and "--help" not in parameter.opts
    }


def default(parameter: Any) -> str:
    """A default in words; "" where there is none worth mentioning."""
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    return {None: "", False: "off"}.get(parameter.default, str(parameter.default))


def section(heading: str) -> str:
    """The part of commands.md under a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
    assert found, f"docs/commands.md has no section '{heading}'"
    return found[1]


def rows(text: str) -> dict[str, tuple[str, ...]]:
    """The cells after the first of every row about an option, by the option's long spelling."""
    found = {}
    for line in text.splitlines():
        cells = tuple(cell.strip() for cell in line.strip().strip("|").split(" | "))
        named = re.search(r"`(--[a-z-]+)", cells[0])
        if line.startswith("|") and named:
            found[named[1]] = cells[1:]
    return found


def shared(text: str) -> list[str]:
    """The options that a section takes from the table of shared ones."""
    listed = re.search(r"^Shared options: (.*?)\.$", text, re.MULTILINE | re.DOTALL)
    return re.findall(r"`(--[a-z-]+)`", listed[1]) if listed else []


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    sections = re.findall(r"^## ([a-z-]+)$", COMMANDS, re.MULTILINE)
    assert sorted(sections) == sorted(commands())
    assert sorted(re.findall(r"^\| \[`([a-z-]+)`\]\(#", COMMANDS, re.MULTILINE)) == sorted(commands())


@pytest.mark.parametrize("name", commands())
def test_every_option_is_documented_and_every_documented_option_is_there(name: str) -> None:
    text = section(name)
    documented = [*rows(text), *shared(text)]
    assert sorted(documented) == sorted(options(commands()[name]))


@pytest.mark.parametrize("name", commands())
def test_defaults_are_as_documented(name: str) -> None:
    documented = rows(section("Shared options")) | rows(section(name))
    for option, expected in options(commands()[name]).items():
        shown = documented[option][1].replace("`", "")
        assert shown, f"{option}: the page says nothing of what holds without it"
        assert shown == expected or shown.startswith((f"{expected}, ", f"{expected}; ")) or not expected, (
            option
        )


def test_every_row_has_an_example() -> None:
    for option, cells in rows(COMMANDS).items():
        assert len(cells) == 3, option
        assert cells[2].startswith("`"), option


def test_shared_options_are_all_used() -> None:
    used = {option for name in commands() for option in shared(section(name))}
    assert used == set(rows(section("Shared options")))


def test_global_options_are_documented() -> None:
    before = COMMANDS.partition("\n## ")[0]
    assert sorted(rows(before)) == sorted([*options(TREE), "--help"])


def test_variables_that_stand_for_options_are_documented() -> None:
    documented = dict(re.findall(r"^\| `(LSP_\w+)` \| `(--\w+)`", section("Environment"), re.MULTILINE))
    found = {
        parameter.envvar: next(each for each in parameter.opts if each.startswith("--"))
        for command in commands().values()
        for parameter in command.params
        if parameter.envvar
    }
    assert documented == found


def test_every_exit_status_is_documented() -> None:
    page = (ROOT / "docs/exit-status.md").read_text("utf-8")
    documented = {int(status) for status in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    classes = errors.LspAssemblerError.__subclasses__()
    raised = {each.exit_status for each in classes} | {errors.FINDINGS, errors.INTERNAL, errors.INTERRUPTED}
    assert documented == raised | {0, 141}


def test_every_page_is_linked_from_an_index() -> None:
    linked = {
        (ROOT / index).parent.joinpath(link["target"].partition("#")[0]).resolve()
        for index in INDEXES
        for link in LINK.finditer((ROOT / index).read_text("utf-8"))
    }
    pages = {path.resolve() for path in ROOT.glob("docs/**/*.md")}
    assert pages - linked == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = FENCE.sub("", (ROOT / page).read_text("utf-8"))
    for link in LINK.finditer(text):
        target, _, anchor = link["target"].partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), f"{page}: {link[0]}"
        assert not anchor or anchor in anchors(path), f"{page}: {link[0]}"


def anchors(path: Path) -> set[str]:
    """What can stand after '#' in a link to a page, as GitHub makes it of headings."""
    text = FENCE.sub("", path.read_text("utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_place_on_somebodys_machine(page: str) -> None:
    text = IN_A_CONTAINER.sub("", (ROOT / page).read_text("utf-8"))
    assert [place for place in OTHER_PLACES if re.search(rf"(?<![\w.-]){re.escape(place)}", text)] == []


@pytest.mark.parametrize("page", PAGES)
def test_command_lines_use_what_there_is(page: str) -> None:
    for line in COMMAND_LINE.findall((ROOT / page).read_text("utf-8")):
        name, *arguments = itertools.takewhile(
            lambda word: word[0] not in "|>&;", shlex.split(line, comments=True)
        )
        known = commands()[name].params if name in commands() else TREE.params
        spellings = {"-h", "--help", *itertools.chain.from_iterable(parameter.opts for parameter in known)}
        used = {word.partition("=")[0] for word in (name, *arguments) if word.startswith("-")}
        assert name in commands() or name.startswith("-"), f"{page}: {line}"
        assert used <= spellings, f"{page}: {line}"


def test_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    changes = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert changes[0] == project["version"] == lsp_assembler.__version__


def test_readme_shows_what_the_tool_says(tmp_path: Path) -> None:
    """All commands that need no engine, in order, in one clone; `…` stands for any lines."""
    for name in ("examples", "images.yml", "Dockerfile.template"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    ran = []
    for command, expected in shown((ROOT / "README.md").read_text("utf-8")):
        if runs_anywhere(command):
            ran.append(command.split()[1])
            assert matches(expected, run(command, tmp_path)), command
    assert ran == ["check", "pack", "build", "inspect"]


def shown(page: str) -> list[tuple[str, str]]:
    """Every command of the console fences, with its output."""
    fences = [fence["body"] for fence in FENCE.finditer(page) if fence["language"] == "console"]
    pieces = [piece for fence in fences for piece in re.split(r"^\$ ", fence, flags=re.MULTILINE) if piece]
    return [(command, output) for command, _, output in (piece.partition("\n") for piece in pieces)]


def runs_anywhere(command: str) -> bool:
    """Whether a command needs neither an engine nor a registry."""
    program, what, *arguments = command.split()
    needs_store = what not in ONLY_WITHOUT_STORE and not any("oci" in argument for argument in arguments)
    return program == "lsp-assembler" and not needs_store


def run(command: str, folder: Path) -> str:
    """What a command line writes to a terminal, at a commit that is always the same."""
    environment: Mapping[str, str] = {
        **PACKAGE_PATH,
        "PATH": f"{SCRIPT.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        "GITHUB_SHA": REVISION,
        "GITHUB_REPOSITORY": "cyber-dojo/lsp-assembler",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }
    done = on_terminal(
        ["/bin/sh", "-c", command], folder, environment, columns=COLUMNS, seconds=SECONDS_A_COMMAND
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def matches(expected: str, actual: str) -> bool:
    """Whether an output is as shown, but for times."""
    pieces = re.split(r"^…\n", steady(expected), flags=re.MULTILINE)
    return re.fullmatch(r"(?:.*\n)*".join(map(re.escape, pieces)), steady(actual)) is not None


def steady(text: str) -> str:
    """A text without what differs from run to run."""
    return SECONDS.sub("0.00 s", text)
