"""The shape of the code, kept by tests: see docs/adr. `lint-imports` keeps the rest (pyproject.toml)."""

import ast
from collections.abc import Iterator

import pytest

from tests import ROOT

PACKAGE = ROOT / "lsp_assembler"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
TREES = {module: ast.parse((PACKAGE / module).read_text("utf-8")) for module in MODULES}
RICH = ("cli/progress.py", "reports/layout.py")
ENDS_THE_PROCESS = {"sys.exit", "os._exit", "exit", "quit"}
MAX_LINES = 300
each_module = pytest.mark.parametrize("module", MODULES)


def imported(tree: ast.AST) -> Iterator[str]:
    """The top-level packages that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def called(tree: ast.AST) -> set[str]:
    """What a module calls or hands on to be called, e.g. "os._exit" or "print"."""
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}


def public(node: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Public functions, classes and methods; a nested function is private."""
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef) and not child.name.startswith("_"):
            yield f"{prefix}{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from public(child, f"{prefix}{child.name}.")


@each_module
def test_nobody_imports_click(module: str) -> None:
    assert "click" not in set(imported(TREES[module])), "Typer carries its own Click"


@each_module
def test_only_the_command_line_imports_typer(module: str) -> None:
    assert module.startswith("cli/") or "typer" not in set(imported(TREES[module]))


@each_module
def test_only_what_draws_imports_rich(module: str) -> None:
    assert module.startswith(RICH) or "rich" not in set(imported(TREES[module]))


@each_module
def test_only_the_command_line_prints_and_ends_the_process(module: str) -> None:
    if not module.startswith("cli/"):
        assert called(TREES[module]).isdisjoint(ENDS_THE_PROCESS | {"print", "sys.stdout", "sys.stderr"})


@each_module
def test_nothing_is_ever_extracted_to_disk(module: str) -> None:
    found = {name.rpartition(".")[2] for name in called(TREES[module])}
    assert found.isdisjoint({"extract", "extractall", "unpack_archive"})


@each_module
def test_whatever_is_public_says_what_it_does(module: str) -> None:
    tree = TREES[module]
    assert ast.get_docstring(tree), "the module itself"
    silent = [
        name
        for name, node in public(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not ast.get_docstring(node)
    ]
    assert not silent


@each_module
def test_a_module_can_be_read_in_one_sitting(module: str) -> None:
    assert len((PACKAGE / module).read_text("utf-8").splitlines()) <= MAX_LINES


def test_the_checks_above_see_what_they_look_for() -> None:
    source = (
        "import rich.text\ndef f():\n    from click import x\n    os._exit(print)\n    tar.extractall()\n"
    )
    tree = ast.parse(source)
    assert set(imported(tree)) == {"rich", "click"}
    assert {"os._exit", "print", "tar.extractall"} <= called(tree)
    assert [name for name, _ in public(ast.parse("class A:\n    def b(self): 0\n    def _c(self): 0"))] == [
        "A",
        "A.b",
    ]
