"""What can stand at the end of a command line that is being typed, for the scripts in `cli/shells`.

A script sets a variable to the line, up to the cursor, and runs us. The answer is a line for each word that
fits: the word, a tab, and what it means. Where there is none, the shell offers files.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import typer
from typer._click.shell_completion import split_arg_string as split
from typer._completion_classes import BashComplete

from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.text import visible

LINE = "_LSP_ASSEMBLER_LINE"
"""The variable that holds the line, e.g. "lsp-assembler check --fo"."""

_PROGRAM = "lsp-assembler"
_PATH_FOLLOWS = ("oci:", "oci-archive:")


class Item(NamedTuple):
    """A word that fits, and what it means; Click's own class has the same two fields."""

    value: str
    help: str | None = None


def completions(commands: Any, line: str) -> str:
    r"""The words that fit, in lines.

    Args:
        commands: the group of all commands, of Click's type.
        line: e.g. "lsp-assembler check --fo", which yields "--format\tHow to write the result to stdout.\n".
    """
    *words, begun = _words(line)
    found = BashComplete(commands, {}, _PROGRAM, "").get_completions(words, begun)
    lines = [f"{visible(item.value)}\t{visible(item.help or '')}\n" for item in found]
    return "" if begun.endswith(_PATH_FOLLOWS) else "".join(lines)


def _words(line: str) -> list[str]:
    """The words after the name of the program; the last one is only begun, and may be ""."""
    words = [*split(line), *([""] if line[-1:].isspace() else [])]
    named = [Path(word).name == _PROGRAM for word in words]  # `sudo lsp-assembler …`
    return words[named.index(True) + 1 if any(named) else 1 :] or [""]


def stores() -> list[str]:
    """What --from takes; the shell goes on with the path."""
    return ["auto", *targets()]


def targets() -> list[str]:
    """What --to takes."""
    return ["docker", "registry", *_PATH_FOLLOWS]


def sources(ctx: typer.Context, incomplete: str) -> list[str]:
    """The images that images.yml lists; Typer keeps those that begin as the incomplete word does."""
    return [image for image, _ in _listed(ctx)] if not incomplete.startswith((".", "/")) else []


def repositories(ctx: typer.Context) -> list[str]:
    """The same without their tags, each once."""
    return list(dict.fromkeys(repository for _, repository in _listed(ctx)))


def built(ctx: typer.Context) -> list[str]:
    """The name that images.yml gives to the image that it makes."""
    file = _images_file(ctx)
    return [str(file.name)] if file and file.name else []


def _listed(ctx: typer.Context) -> list[tuple[str, str]]:
    from lsp_assembler.model.reference import Reference

    file = _images_file(ctx)
    return [
        (each.text, str(Reference.parse(each.text).with_tag(""))) for each in (file.images if file else ())
    ]


def _images_file(ctx: typer.Context) -> Any:
    """The list that the line names, or the variable, or the one that is there; None if it is of no use."""
    from lsp_assembler.config.images_file import load

    with suppress(LspAssemblerError):
        return load(str(ctx.params.get("file") or "images.yml"))
    return None
