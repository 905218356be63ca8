"""`lsp-assembler serve`."""

import importlib
import re
import sys
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from msgspec.structs import asdict, replace

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.extras import require_serve
from lsp_assembler.cli.grouped import NOTHING, OFF, Default, grouped
from lsp_assembler.cli.policing import ByPolicy, policing
from lsp_assembler.cli.prepulling import Supply, prepulling
from lsp_assembler.cli.shas import ShasPage, report_process
from lsp_assembler.errors import InvalidInputError, LspAssemblerError
from lsp_assembler.model.reference import MAX_PORT
from lsp_assembler.model.result import Result
from lsp_assembler.operations import serve as operation
from lsp_assembler.operations.observer import Observer
from lsp_assembler.operations.serve import Taken
from lsp_assembler.parallel import in_background
from lsp_assembler.service.access_log import Level, LogFormat, event
from lsp_assembler.stores.interface import Pull
from lsp_assembler.text import named, visible_lines

_EXTRA = ("httptools", "jinja2", "markupsafe", "prometheus_client", "uvloop", "watchfiles")
_A = {
    operation.SourceKind.IMAGE: "an image",
    operation.SourceKind.FOLDER: "a folder of index dirs",
    operation.SourceKind.LIST: "an images.yml",
    operation.SourceKind.CHECKOUTS: "a checkout",
}
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_EVERYWHERE, _HERE = "0.0.0.0", "127.0.0.1"  # noqa: S104  # what a container has to listen on

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="A start-points image, a folder of index dirs or an images.yml; or LTF checkouts.",
        show_default=False,
    ),
]
AnyPull = Annotated[
    Pull | None,
    typer.Option(
        "--pull", help="When the engine pulls an image.", show_default="newer, or missing for SOURCE itself"
    ),
    NOTHING,
]


class Listening(Struct, frozen=True):
    """Where the service listens."""

    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="The address to listen on.",
            show_default=f"{_EVERYWHERE}, or {_HERE} with --watch",
        ),
        NOTHING,
    ]
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            "-p",
            min=0,
            max=MAX_PORT,
            metavar="N",
            help="The port to listen on; 0 is any free one.",
            show_default="$PORT, else port: of images.yml, else 4524 for languages, 4525 for exercises, "
            "4526 for custom",
        ),
        NOTHING,
    ]


class Freshness(Struct, frozen=True):
    """What of a source is taken up, and when."""

    type_: options.Type
    locked: Annotated[
        bool, typer.Option("--locked", help="Serve exactly the digests in the lock file of images.yml."), OFF
    ]
    lock_file: options.LockFile
    refresh: Annotated[
        str | None,
        typer.Option(
            "--refresh",
            metavar="TIME",
            help="Read images.yml and its images again this often, e.g. 10m; what breaks a rule is not "
            "taken up.",
        ),
        NOTHING,
    ]
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Read checkouts again whenever a file is saved, and show findings."),
        OFF,
    ]


class Serving(Struct, frozen=True):
    """How the service answers, and what it tells of itself."""

    strict_api: Annotated[
        bool,
        typer.Option("--strict-api", help="Add no image_url and image_sha to manifests."),
        OFF,
    ]
    metrics: Annotated[
        bool,
        typer.Option(
            "--metrics",
            help="Serve Prometheus metrics at /metrics.",
            show_default="on if CYBER_DOJO_PROMETHEUS is 'true'",
        ),
        OFF,
    ]
    log: Annotated[LogFormat, typer.Option("--log", help="How to log to stderr."), Default(LogFormat.TEXT)]


@grouped
def serve(
    *,
    sources: Sources,
    listening: Listening,
    freshness: Freshness,
    serving: Serving,
    reading: options.Reading,
    pull: AnyPull,
    reach: options.Reach,
    caching: options.Caching,
    jobs: options.Jobs,
    strict: options.Strict,
    limits: options.ImageLimits,
    supply: Supply,
    by_policy: ByPolicy,
    shas_page: ShasPage,
) -> None:
    """Serve start points over HTTP, as cyber-dojo's own service does.

    From an image in any store, from a folder like its /app/repos, or from an images.yml, which is assembled
    in memory. Checkouts are served as learners will see them. People see a page at /, and with --shas
    another at /shas.
    """
    environ = options.environ()
    kind = operation.kind_of(sources)
    usual = Pull.MISSING if kind is operation.SourceKind.IMAGE else Pull.NEWER
    request = operation.ServeRequest(
        sources=sources,
        type=freshness.type_,
        from_store=reading.from_,
        locked=freshness.locked,
        lock_file=freshness.lock_file,
        strict=strict,
        jobs=jobs,
        stores=options.cached(reach.options(pull or usual, options.limits(limits)), **asdict(caching)),
        environ=environ,
    )
    _check(freshness, kind)
    require_serve("serve", _EXTRA)
    voice = Voice(serving.log)
    reporter = report_process(shas_page, request, pull, by_policy.policy)
    police = policing(by_policy, request, voice.say_each)
    puller = prepulling(supply, environ, reach.stall_timeout, voice.say)
    in_background(lambda: importlib.import_module("uvloop"))  # while the source is read
    from lsp_assembler.service.run import Beside, Settings, run

    settings = Settings(
        host=listening.host or (_HERE if freshness.watch else _EVERYWHERE),
        port=listening.port if listening.port is not None else _port_of(environ.get("PORT")),
        refresh=_seconds(freshness.refresh) if freshness.refresh else None,
        watch=tuple(map(Path, sources)) if freshness.watch else (),
        strict_api=serving.strict_api,
        metrics=serving.metrics or environ.get("CYBER_DOJO_PROMETHEUS") == "true",
        log=serving.log,
        sha=environ.get("SHA"),
    )
    try:
        take = voice.told(partial(operation.take, request))
        refused = run(settings, take, voice, Beside(puller, police, reporter))
    except LspAssemblerError as error:
        if serving.log is LogFormat.TEXT:
            raise
        voice.say(str(error), Level.ERROR)
        raise typer.Exit(error.exit_status) from error
    if refused:
        reporting.write(refused, options.Showing())
        raise typer.Exit(refused.exit_status)


class Voice(Observer):
    """What the service says to the one who runs it, on stderr. Any thread may use it."""

    def __init__(self, form: LogFormat) -> None:
        self._form = form

    def say(self, text: str, level: Level = Level.INFO) -> None:
        """Say that something has happened, in one line."""
        self.write(event(self._form, visible_lines(text), level))

    def say_each(self, lines: str) -> None:
        """Say several things that have happened, a line each."""
        for line in lines.splitlines():
            self.say(line)

    def write(self, lines: str) -> None:
        """Write lines of the log."""
        output.log(visible_lines(lines))

    def notice(self, text: str) -> None:
        """Say what the user should know of what is read."""
        self.say(text, Level.WARNING)

    def told(self, take: Callable[[Observer], Taken]) -> Callable[[], Taken]:
        """The same, observed: a person who watches sees the progress of the first time, else only notices."""
        watched = self._form is LogFormat.TEXT and sys.stderr.isatty()
        observers = chain([reporting.Terminal()] if watched else [], repeat(self))
        return lambda: take(next(observers))

    def show(self, result: Result) -> None:
        """Write what checking on a save came to, on stdout."""
        reporting.write(replace(result, command="watch"), options.Showing())


def _check(freshness: Freshness, kind: operation.SourceKind) -> None:
    """Refuse options that mean nothing for a source of this kind."""
    if freshness.watch and kind is not operation.SourceKind.CHECKOUTS:
        raise InvalidInputError(
            f"--watch: the source is {_A[kind]}; expected checkouts", "Leave it out, or name a checkout."
        )
    if freshness.refresh and kind not in (operation.SourceKind.LIST, operation.SourceKind.IMAGE):
        raise InvalidInputError(
            f"--refresh: the source is {_A[kind]}; expected an images.yml or an image",
            "Leave it out; --watch reads checkouts again.",
        )


def _port_of(text: str | None) -> int | None:
    """What $PORT says; None where it says nothing."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text) <= MAX_PORT:
        return int(text)
    raise InvalidInputError(
        f"PORT: {named(text)} is no port; expected a number from 0 to {MAX_PORT}", "Correct the variable."
    )


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", text)
    if match:
        return float(match[1]) * _SECONDS[match[2]]
    raise InvalidInputError(
        f"--refresh: {named(text)} needs a number and a unit, e.g. 30s, 10m or 2h", "Correct the option."
    )
