"""A rendered Dockerfile.template -> its instructions, if no engine is needed for any of them."""

import io
import re
from collections.abc import Callable, Iterator, Mapping

from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]  # it comes without types

from lsp_assembler.dockerfile.instruction import Instruction, complain
from lsp_assembler.dockerfile.words import NEEDS_ENGINE, exec_form, pairs, unquoted
from lsp_assembler.text import named, suggestion

_FOR_ENGINES = ("RUN", "ADD", "ARG", "HEALTHCHECK", "ONBUILD", "SHELL", "MAINTAINER")
_WITHOUT_VARIABLES = ("LABEL", "ENV", "EXPOSE", "USER", "WORKDIR", "VOLUME", "STOPSIGNAL")
_SUPPORTED = ("FROM", "COPY", *_WITHOUT_VARIABLES, "ENTRYPOINT", "CMD")
_COPIES = {(".", "/app/repos"), (".", "/app/repos/"), ("./", "/app/repos"), ("./", "/app/repos/")}
_CHECKS: Mapping[str, Callable[[str], object]] = {
    "ENV": pairs,
    "LABEL": pairs,
    "VOLUME": exec_form,
    "ENTRYPOINT": exec_form,
    "CMD": exec_form,
}
_DIRECTIVE = re.compile(r"\s*#\s*(escape|syntax|check)\s*=.*", re.IGNORECASE)
_HEREDOC = re.compile(r"""<<-?(['"]?)(\w+)\1""")
_REMEDY = (
    "Build with --to docker, or use only what works without an engine: FROM, one COPY . /app/repos, "
    f"{', '.join(_WITHOUT_VARIABLES)}, ENTRYPOINT and CMD."
)


def parse(text: str, path: str) -> tuple[Instruction, ...]:
    """Split a rendered Dockerfile.template into its instructions.

    Args:
        text: the rendered template; line numbers are the template's if rendering added no lines.
        path: for messages, e.g. "Dockerfile.template".

    Raises:
        InvalidInputError: a line for every instruction that is malformed or that needs a Docker Engine.
    """
    text = text.removeprefix("\ufeff")
    instructions = tuple(_instructions(text, path))
    problems = [*_line_problems(text, path), *_problems(instructions), *_order_problems(instructions, path)]
    complain(problems, _REMEDY if any(NEEDS_ENGINE in problem for problem in problems) else "")
    return tuple(_simplified(instruction) for instruction in instructions)


def _instructions(text: str, path: str) -> Iterator[Instruction]:
    """Every instruction, known or not; the body of a here-document is skipped."""
    # The library ends a continued instruction at an empty line, and drops one that the end of the file cuts
    # off; Docker does neither. On comments they agree.
    lines = [line if line.strip() else "#" for line in text.split("\n")]
    parser = DockerfileParser(fileobj=io.BytesIO("\n".join([*lines, "", ""]).encode()))
    end = ""
    for found in parser.structure:
        name, value = found["instruction"], found["value"].strip()
        if end:
            end = "" if end in found["content"].replace("\r", "").replace("\t", "").split("\n") else end
        elif name != "COMMENT":
            yield Instruction(name, value, f"{path}:{found['startline'] + 1}")
            heredoc = _HEREDOC.search(value) if name in ("RUN", "COPY", "ADD") else None
            end = heredoc[2] if heredoc else ""


def _line_problems(text: str, path: str) -> Iterator[str]:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not _DIRECTIVE.fullmatch(line):
            break
        yield f"{path}:{number}: {named(line.strip())}: {NEEDS_ENGINE}: it changes how the file is read"
    for number, line in enumerate(lines, 1):
        if line.rstrip().endswith("\\\\") and not line.lstrip().startswith("#"):
            yield f"{path}:{number}: the line ends in two backslashes; end it in one, or in none"


def _problems(instructions: tuple[Instruction, ...]) -> Iterator[str]:
    met = set()
    for instruction in instructions:
        problem, name = _problem(instruction), instruction.name
        if not problem and name in ("FROM", "COPY"):
            problem = instruction.problem(f"a second {name} {NEEDS_ENGINE}") if name in met else ""
            met.add(name)
        if problem:
            yield problem


def _problem(instruction: Instruction) -> str:
    """The problem of one instruction by itself; "" if it has none."""
    name, value = instruction.name, instruction.value
    if name in _FOR_ENGINES or (name == "COPY" and not _is_ours(value)):
        return instruction.problem(NEEDS_ENGINE)
    if name not in _SUPPORTED:
        known = suggestion(name, (*_SUPPORTED, *_FOR_ENGINES))
        return instruction.problem(f"unknown instruction; {known}")
    if name == "FROM":
        return _from_problem(instruction)
    try:
        _check_value(name, value)
    except ValueError as error:
        return instruction.problem(str(error))
    return ""


def _check_value(name: str, value: str) -> None:
    if not value:
        raise ValueError("the value is missing")
    if value.startswith("--"):
        raise ValueError(f"{name} has no options; a value cannot start with '--'")
    if name in _CHECKS:
        _CHECKS[name](value)
    if name in _WITHOUT_VARIABLES:
        unquoted(value)


def _from_problem(instruction: Instruction) -> str:
    words = instruction.value.split()
    if words and words[0].startswith("--"):
        return instruction.problem(NEEDS_ENGINE)
    match words:
        case [_]:
            return ""
        case [_, keyword, _] if keyword.upper() == "AS":  # a name for a stage that nothing refers to
            return ""
    return instruction.problem("expected one image, as in 'FROM $base'")


def _is_ours(copy: str) -> bool:
    try:
        words = exec_form(copy)
    except ValueError:
        return False
    return tuple(copy.split() if words is None else words) in _COPIES


def _order_problems(instructions: tuple[Instruction, ...], path: str) -> Iterator[str]:
    names = [instruction.name for instruction in instructions]
    for name, wanted in (("FROM", "FROM $base"), ("COPY", "COPY . /app/repos")):
        if name not in names:
            yield f"{path}: {name} is missing; add '{wanted}'"
    if "FROM" in names and names[0] not in ("FROM", "ARG"):
        yield instructions[0].problem("FROM must come first")


def _simplified(instruction: Instruction) -> Instruction:
    if instruction.name != "FROM":
        return instruction
    return Instruction("FROM", instruction.value.split()[0], instruction.where)
