"""A rendered Dockerfile.template -> its instructions, if all of them can be honoured without an engine."""

import difflib
import io
import re
from collections.abc import Callable, Iterator, Mapping

from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]  # it comes without types

from lsp_assembler.dockerfile.instruction import Instruction, complain
from lsp_assembler.dockerfile.words import exec_form, pairs

_NEEDS_ENGINE = ("RUN", "ADD", "ARG", "HEALTHCHECK", "ONBUILD", "SHELL", "MAINTAINER")
_HONOURED = (
    *("FROM", "COPY", "LABEL", "ENV", "EXPOSE", "USER", "WORKDIR", "VOLUME", "STOPSIGNAL"),
    *("ENTRYPOINT", "CMD"),
)
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
    "Build with --to docker, or keep to what can be done without an engine: FROM, one COPY . /app/repos, "
    "LABEL, ENV, EXPOSE, USER, WORKDIR, VOLUME, STOPSIGNAL, ENTRYPOINT and CMD."
)
_ENGINE = "it needs a Docker Engine"


def parse(text: str, path: str) -> tuple[Instruction, ...]:
    """Take a rendered Dockerfile.template apart, in its order.

    Args:
        text: the rendered template; line numbers are the template's if rendering added no lines.
        path: how messages name it, e.g. "Dockerfile.template".

    Raises:
        InvalidInputError: every instruction that is malformed or that only a Docker Engine can follow.
    """
    text = text.removeprefix("\ufeff")
    instructions = tuple(_instructions(text, path))
    problems = [*_line_problems(text, path), *_problems(instructions), *_order_problems(instructions, path)]
    complain(problems, _REMEDY if any(_ENGINE in problem for problem in problems) else "")
    return tuple(_simplified(instruction) for instruction in instructions)


def _instructions(text: str, path: str) -> Iterator[Instruction]:
    """Every instruction, known or not; the body of a here-document is not mistaken for more of them."""
    # The library ends a continued instruction at an empty line and drops one that the end of the file cuts
    # off; Docker does neither. It does agree with Docker on comments.
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
        yield f"{path}:{number}: '{line.strip()}': {_ENGINE}, because it changes how all the rest is read"
    for number, line in enumerate(lines, 1):
        if line.rstrip().endswith("\\\\") and not line.lstrip().startswith("#"):
            yield (
                f"{path}:{number}: it ends in more than one backslash, which to Docker is no continued line "
                "but looks like one; expected one, or none"
            )


def _problems(instructions: tuple[Instruction, ...]) -> Iterator[str]:
    met = set()
    for instruction in instructions:
        problem, name = _problem(instruction), instruction.name
        if not problem and name in ("FROM", "COPY"):
            problem = instruction.problem(f"{_ENGINE}, because it is a second {name}") if name in met else ""
            met.add(name)
        if problem:
            yield problem


def _problem(instruction: Instruction) -> str:
    """What is wrong with one instruction whatever surrounds it; "" if nothing."""
    name, value = instruction.name, instruction.value
    if name in _NEEDS_ENGINE or (name == "COPY" and not _is_ours(value)):
        return instruction.problem(_ENGINE)
    if name not in _HONOURED:
        close = difflib.get_close_matches(name, (*_HONOURED, *_NEEDS_ENGINE), n=1)
        wanted = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(_HONOURED)}"
        return instruction.problem(f"{name} is not an instruction; {wanted}")
    if name == "FROM":
        return _from_problem(instruction)
    try:
        _check_value(name, value)
    except ValueError as error:
        return instruction.problem(str(error))
    return ""


def _check_value(name: str, value: str) -> None:
    if not value:
        raise ValueError("it says nothing; expected a value")
    if value.startswith("--"):
        raise ValueError(f"{name} has no options; expected a value that does not begin with '--'")
    if name in _CHECKS:
        _CHECKS[name](value)


def _from_problem(instruction: Instruction) -> str:
    words = instruction.value.split()
    if words and words[0].startswith("--"):
        return instruction.problem(_ENGINE)
    match words:
        case [_]:
            return ""
        case [_, keyword, _] if keyword.upper() == "AS":  # a name for a stage that nothing refers to
            return ""
    return instruction.problem("it does not name one image; expected 'FROM $base'")


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
            yield f"{path}: it has no {name}; expected one '{wanted}'"
    if "FROM" in names and names[0] not in ("FROM", "ARG"):
        yield instructions[0].problem("it stands before FROM; expected FROM first")


def _simplified(instruction: Instruction) -> Instruction:
    if instruction.name != "FROM":
        return instruction
    return Instruction("FROM", instruction.value.split()[0], instruction.where)
