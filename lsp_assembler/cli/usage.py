"""What is wrong with a command line, in our words: subject, fact, remedy. It is Click that notices."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.text import closest, named, suggestion

EXIT_STATUS = InvalidInputError.exit_status

_REPEATED = r"""(?s)(['"]?)(?P<value>.*)\1 is not (?P<what>one of|a valid|in the range) """
_LANGUAGES = "cyberdojo/languages-start-points"
_EXAMPLES = {  # of what a command cannot do without
    "init": "elm-test",
    "tags": "cyberdojofoundation/java_junit",
    "diff": f"{_LANGUAGES}:4edf92a {_LANGUAGES}:latest",
    "migrate": "git_repo_urls.tagged",
    "inspect": _LANGUAGES,
    "serve": _LANGUAGES,
    "prepull": _LANGUAGES,
    "kubernetes": "images.yml",
}
_OF_OTHERS = {  # what the same is called elsewhere
    "help": "--help",
    "version": "--version",
    "validate": "check",
    "lint": "check",
    "new": "init",
    "create": "init",
    "push": "pack",
    "publish": "pack",
}
_UsageError: Any = typer.BadParameter.__mro__[1]  # Typer has no public name for it


@contextmanager
def in_our_words(ctx: Any = None) -> Iterator[None]:
    """Raises an InvalidInputError in the place of each of Click's errors.

    Args:
        ctx: the context of the command whose options are read; None where the error knows it.
    """
    try:
        yield
    except _UsageError as error:
        raise _wrong(error, error.ctx or ctx) from error


def _wrong(error: Any, ctx: Any) -> InvalidInputError:
    see = f"See '{ctx.command_path} --help'."
    match type(error).__name__:
        case "NoSuchOption":
            return InvalidInputError(_no_such_option(error.option_name, ctx), f"{_after(ctx)}{see}")
        case "BadOptionUsage":
            lacks = error.message.endswith("requires an argument.")
            return InvalidInputError(
                f"{error.option_name}: {'its value is missing' if lacks else 'it takes no value'}", see
            )
        case "MissingParameter":
            return InvalidInputError(f"{ctx.command_path}: {_subject(error)} is missing", _example(ctx))
        case "BadParameter" if error.param is not None:
            return InvalidInputError(f"{_subject(error)}: {_bad_value(error)}", see)
    if error.message == "Missing command.":
        return InvalidInputError(f"{ctx.command_path}: no command is given", see)
    return InvalidInputError(f"{ctx.command_path}: {error.format_message()}", see)


def no_such_command(word: str, known: Sequence[str]) -> InvalidInputError:
    """There is no such command; the closest one was probably meant."""
    close = _OF_OTHERS.get(word) or closest(word, known)
    guess = f"; did you mean {named(close)}?" if close else ""
    return InvalidInputError(f"{named(word)}: no such command{guess}", "See 'lsp-assembler --help'.")


def too_many(words: Sequence[str], ctx: Any) -> InvalidInputError:
    """A command was given more arguments than it takes."""
    return InvalidInputError([f"{named(word)}: this is one argument too many" for word in words], _usage(ctx))


def _example(ctx: Any) -> str:
    """How the command is called, with an example where there is one."""
    words = _EXAMPLES.get(ctx.command.name or "")
    return f"Say e.g. '{ctx.command_path} {words}'. {_usage(ctx)}" if words else _usage(ctx)


def _usage(ctx: Any) -> str:
    """How the command is called, e.g. "Usage: lsp-assembler inspect [OPTIONS] IMAGE"."""
    return " ".join(ctx.get_usage().split())


def _no_such_option(name: str, ctx: Any) -> str:
    known = [each for parameter in ctx.command.get_params(ctx) for each in parameter.opts]
    close = closest(name, [each for each in known if each.startswith("--")])
    return f"{name}: {ctx.command_path} has no such option{f'; did you mean {close}?' if close else ''}"


def _after(ctx: Any) -> str:
    return "" if ctx.parent else "An option of a command goes after it. "


def _subject(error: Any) -> str:
    """What the user calls it: "--format", "IMAGE"."""
    parameter = error.param
    if parameter.param_type_name == "argument":
        return str(parameter.human_readable_name)
    return next(str(each) for each in parameter.opts if each.startswith("--"))


def _bad_value(error: Any) -> str:
    kind, found = error.param.type, re.match(_REPEATED, error.message)
    if found is None:
        return str(error.message)
    value = found["value"]
    if hasattr(kind, "choices"):
        return f"unknown value {named(value)}; {suggestion(value, list(map(str, kind.choices)))}"
    number = "a whole number" if kind.name.startswith("int") else "a number"
    fact = "out of range" if found["what"] == "in the range" else f"not {number}"
    return f"{named(value)} is {fact}{_range(kind)}"


def _range(kind: Any) -> str:
    """What a numeric type takes, e.g. "; expected 1 to 256"."""
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if most is not None:
        return f"; expected {least} to {most}"
    return "" if least is None else f"; expected at least {least}"
