"""Completion in a shell: its script, and where that goes. What can be completed says `cli/completion.py`."""

import shlex
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from lsp_assembler.errors import InvalidInputError, PublishError
from lsp_assembler.text import choice, named

_REMEDY = "Write the script yourself, with --show-completion."


class Shell(StrEnum):
    """A shell that we have a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def script(shell: Shell) -> str:
    """What the shell has to read so that it completes our words."""
    from importlib import resources

    return resources.files(__name__).joinpath(f"completion.{shell}").read_text(encoding="utf-8")


def current(option: str, environ: Mapping[str, str]) -> Shell:
    """The user's shell, as $SHELL names it.

    Args:
        option: which was given without a shell, e.g. "--show-completion".

    Raises:
        InvalidInputError: it is not set, or is a shell that we have no script for.
    """
    name = Path(environ.get("SHELL", "")).name
    if name in list(Shell):
        return Shell(name)
    fact = (
        f"no script for {named(name)}, which SHELL names"
        if name
        else "SHELL does not say which shell you use"
    )
    raise InvalidInputError(f"{option}: {fact}; expected {choice(Shell)}", f"Name it, as in '{option} bash'.")


def install(shell: Shell, environ: Mapping[str, str]) -> str:
    """Write the script to its place, and let the shell read it at its start; once is enough.

    Returns:
        what was done and what comes next, in lines.

    Raises:
        PublishError: a file cannot be written.
    """
    home = Path(environ.get("HOME") or Path.home())
    if shell is Shell.FISH:  # it looks there by itself
        folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        path = folder / "fish" / "completions" / "lsp-assembler.fish"
        _write(path, script(shell))
        return f"wrote {path}\nIt works in every new fish.\n"
    folder = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    path = folder / "lsp-assembler" / f"completion.{shell}"
    start = Path(environ.get("ZDOTDIR") or home) / ".zshrc" if shell is Shell.ZSH else home / ".bashrc"
    _write(path, script(shell))
    quoted = shlex.quote(str(path))
    added = _append(f"[ -r {quoted} ] && . {quoted}", start)
    said = f"added a line to {start} that reads it" if added else f"{start} reads it already"
    return f"wrote {path}\n{said}\nIt works in every new {shell}, or in this one after: . {quoted}\n"


def _write(path: Path, text: str) -> None:
    from lsp_assembler.files.atomic import write_file

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublishError(f"{path}: cannot be written: {error.strerror}", _REMEDY) from error
    write_file(text.encode(), path, _REMEDY)


def _append(line: str, path: Path) -> bool:
    """Add a line to a file of the user's, at its end, if it is not there yet."""
    try:
        text = path.read_bytes() if path.exists() else b""
        if line.encode() in text.splitlines():
            return False
        with path.open("ab") as file:
            file.write((b"" if not text or text.endswith(b"\n") else b"\n") + line.encode() + b"\n")
    except OSError as error:
        raise PublishError(
            f"{path}: cannot be written: {error.strerror}", f"Add this line to it: {line}"
        ) from error
    return True
