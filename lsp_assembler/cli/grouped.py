"""Commands whose parameters are groups of options, for Typer, which wants one parameter for each option.

An option is declared once, in `options.py`: type, spelling, help and default. A command names the groups that
it has, and gets each as a Struct.
"""

import inspect
import re
from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import Any, get_args, get_type_hints

from msgspec import Struct
from msgspec.structs import fields
from typer.core import TyperCommand

from lsp_assembler.cli import usage

_OPTIONS = "Options"
_WORDS = {  # for what Click puts in brackets, e.g. [default: (images.yml)]; compiled where help is shown
    r"(?<=default: )\((.*)\)(?=[;\]])": r"\1",
    r"\b(\d+)<=x<=(\d+)(?=\])": r"\1 to \2",
    r"\bx>=([\d.]+)(?=\])": r"at least \1",
}


class Default(Struct, frozen=True):
    """What an option is without being given: stands in its Annotated type, beside typer.Option."""

    value: Any


NOTHING, OFF = Default(None), Default(value=False)


def grouped(function: Callable[..., None]) -> Callable[..., None]:
    """The same command as Typer reads it: each group of options as the options that are its fields."""
    parameters: list[inspect.Parameter] = []
    groups: dict[str, tuple[Any, list[str]]] = {}
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        make: Any = parameter.annotation
        if isinstance(make, type) and issubclass(make, Struct):
            hints = get_type_hints(make, include_extras=True)
            names = [field.name for field in fields(make)]
            groups[parameter.name] = (make, names)
            parameters += [_parameter(name, hints[name]) for name in names]
        else:
            parameters.append(_parameter(parameter.name, parameter.annotation))

    @wraps(function)
    def command(**values: Any) -> None:
        for group, (make, names) in groups.items():
            values[group] = make(**{name: values.pop(name) for name in names})
        function(**values)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    defaults = [extra.value for extra in get_args(annotation)[1:] if isinstance(extra, Default)]
    default = defaults[0] if defaults else inspect.Parameter.empty
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


class Command(TyperCommand):
    """A command whose help shows options that belong together under a heading of their own."""

    allow_extra_args = True  # so that `parse_args` sees them

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # Click's types, of whichever Click
        """Read the options and arguments; raises InvalidInputError where there are too many of these."""
        with usage.in_our_words(ctx):
            rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            raise usage.too_many(rest, ctx)
        return rest

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands after the name of the command: "[OPTIONS]", "IMAGE"."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # Click's types, of whichever Click
        """Write the arguments, then the options by their panel."""
        rows = [(_panel(parameter), parameter.get_help_record(ctx)) for parameter in self.get_params(ctx)]
        ordered = sorted(rows, key=lambda row: (row[0] != "Arguments", row[0] != _OPTIONS))
        for panel, found in groupby(ordered, key=lambda row: row[0]):
            with formatter.section(panel):
                formatter.write_dl([(record[0], _in_words(record[1])) for _, record in found if record])


def _in_words(text: str) -> str:
    for pattern, words in _WORDS.items():
        text = re.sub(pattern, words, text)
    return text


def _panel(parameter: Any) -> str:
    own = str(parameter.rich_help_panel or _OPTIONS) if hasattr(parameter, "rich_help_panel") else _OPTIONS
    return "Arguments" if parameter.param_type_name == "argument" else own
