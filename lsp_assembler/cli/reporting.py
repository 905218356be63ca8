"""Running an operation while its user watches, and writing what came of it where its reader looks for it."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, NoReturn, Protocol, TypeVar

import typer

from lsp_assembler.cli import output, signals
from lsp_assembler.cli.options import Format, Showing
from lsp_assembler.cli.progress import pulling, watching
from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.operations.observer import Observer, Pending, Watch
from lsp_assembler.reports import log
from lsp_assembler.reports.wording import closing_line
from lsp_assembler.text import inert, visible


class _Ends(Protocol):
    """What an operation comes to."""

    @property
    def exit_status(self) -> int: ...


Outcome = TypeVar("Outcome", bound=_Ends)


class Terminal(Observer):
    """Shows progress and notices on stderr, and holds signals back where they would do harm.

    Args:
        quiet: whether to show no progress.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._is_quiet = quiet

    def watch(self, sources: Sequence[str], /) -> AbstractContextManager[Watch]:
        """See Observer.watch."""
        return super().watch(sources) if self._is_quiet else watching(sources)

    def pulling(self, pending: Pending, /) -> AbstractContextManager[Watch]:
        """See Observer.pulling."""
        return pulling(pending)

    def agrees_to_remove(self, names: Sequence[str], /) -> bool:
        """See Observer.agrees_to_remove; whoever reads stdin is asked."""
        for name in names:
            output.say(f"  remove  {inert(visible(name))}")
        output.say(f"Remove {'this image' if len(names) == 1 else f'these {len(names)} images'}? [y/N]")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def notice(self, text: str) -> None:
        """See Observer.notice."""
        output.say(visible(text))

    def critical(self) -> AbstractContextManager[None]:
        """See Observer.critical."""
        return signals.HeldBack()

    def published(self) -> None:
        """See Observer.published."""
        signals.ignore()


def run(
    work: Callable[[Observer], Outcome],
    show: Callable[[Outcome], None],
    failed: Callable[[LspAssemblerError], None] | None = None,
    done: Callable[[Outcome], str] | None = None,
    *,
    quiet: bool = False,
) -> NoReturn:
    """Do the work, show its result, end the command with its status.

    Args:
        failed: writes an error that ends the run before there is a result; None to leave it to `main`, which
            writes it to stderr.
        done: what has changed in the world, in lines; None if a command changes nothing. A user must learn
            of it even if the result cannot be written.
        quiet: whether to show no progress.
    """
    try:
        result = work(Terminal(quiet=quiet))
    except LspAssemblerError as error:
        if failed is None or signals.came():
            raise
        failed(error)
        raise typer.Exit(error.exit_status) from error
    show(result)
    if done:
        insist(done(result))
    raise typer.Exit(result.exit_status)


def insist(done: str) -> None:
    """Say on stderr what was done, if stdout, which had it too, cannot be written."""
    if done and output.is_lost():
        output.say(done.rstrip("\n"))


def report(
    command: Literal["build", "check"], showing: Showing, work: Callable[[Observer], Result]
) -> NoReturn:
    """The same for an operation whose result is a `Result`; an error that ends it early is one, too."""
    format_ = showing.format_

    def done(observer: Observer) -> Result:
        started = time.perf_counter()
        try:
            return work(observer)
        except LspAssemblerError as error:
            if format_ is Format.TEXT or signals.came():
                raise
            nothing = Assembly(StartPointType.LANGUAGES, (), (), {})
            result = Result(nothing, error.exit_status, error=str(error), command=command)
            return result.with_total(time.perf_counter() - started)

    def built(result: Result) -> str:
        return closing_line(result) if result.image else ""

    run(done, lambda result: write(result, showing), done=built, quiet=showing.quiet)


def write(result: Result, showing: Showing) -> None:
    """Write a result to stdout, and to the files in which GitHub Actions looks for a summary and outputs."""
    if showing.format_ is Format.JSON:
        from lsp_assembler.reports import json

        output.document(json.render(result))
    elif showing.format_ is Format.GITHUB:
        from lsp_assembler.reports import github, markdown

        image = result.image
        append("GITHUB_OUTPUT", github.step_outputs([(image.names[0], image.digest)] if image else []))
        append("GITHUB_STEP_SUMMARY", markdown.summary(result))
        output.verbatim(github.render(result, quiet=showing.quiet))
    elif output.width() is None and not showing.table:
        output.verbatim(log.render(result, quiet=showing.quiet))
    else:
        from lsp_assembler.reports import text  # which imports Rich

        width, color = output.width(), output.has_color()
        output.verbatim(text.render(result, width, color=color, quiet=showing.quiet))


def draw(render: Callable[..., str]) -> None:
    """Write a report for people, as wide as the terminal, with colours where they are wanted.

    Args:
        render: called with the width, None where stdout is no terminal, and `color`.
    """
    output.verbatim(render(output.width(), color=output.has_color()))


def append(variable: str, text: str) -> None:
    """Add to a file that GitHub Actions reads, if it does; that it cannot be written must not fail the job.

    Args:
        variable: which names the file, e.g. "GITHUB_STEP_SUMMARY".
    """
    path = os.environ.get(variable)
    if not path or not text:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        output.say(visible(f"warning: {variable}: cannot write {path} ({error.strerror})"))
