"""A run of the service, from its source to its end."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from lsp_assembler.model.readiness import Readiness
from lsp_assembler.model.result import Result
from lsp_assembler.operations.serve import Taken
from lsp_assembler.parallel import in_background
from lsp_assembler.service.access_log import AccessLog, Level, LogFormat
from lsp_assembler.service.answer import Answer
from lsp_assembler.service.app import Exchange, Parts, Request, Service
from lsp_assembler.service.errors import bug_words
from lsp_assembler.service.kept import Kept, Source
from lsp_assembler.service.stage import Stage
from lsp_assembler.text import plural

if TYPE_CHECKING:
    from concurrent.futures import Future

    from lsp_assembler.service.pages import HtmlPages
    from lsp_assembler.service.policing import Policing
    from lsp_assembler.service.prepulling import Prepulling
    from lsp_assembler.service.report_process import ReportProcess
    from lsp_assembler.service.shas import Shas

_BEAT = 1000  # milliseconds


class Settings(Struct, frozen=True, kw_only=True):
    """How to serve.

    Args:
        port: None for what images.yml says, else for what cyber-dojo expects of the type.
        refresh: after how many seconds the source is read again, over and over; None for never.
        watch: folders in which a change makes it read again.
        sha: what /sha answers.
    """

    host: str
    port: int | None = None
    refresh: float | None = None
    watch: tuple[Path, ...] = ()
    strict_api: bool = False
    metrics: bool = False
    log: LogFormat = LogFormat.TEXT
    sha: str | None = None


class Voice(Protocol):
    """What the service says to the one who runs it; called from any thread."""

    def say(self, text: str, level: Level = Level.INFO) -> None:
        """Say that something has happened."""

    def write(self, lines: str) -> None:
        """Write lines of the log as they are."""

    def show(self, result: Result) -> None:
        """Show what checking the source came to."""


class Beside(Struct, frozen=True):
    """What works beside the requests.

    Args:
        prepulling: pulls the language images of what is served; None to leave that to others.
        policing: blocks start points by their language images; None to block none.
        report: makes the report that /shas shows; None for no such page.
    """

    prepulling: "Prepulling | None"
    policing: "Policing | None"
    report: "ReportProcess | None"


def run(settings: Settings, take: Callable[[], Taken], voice: Voice, beside: Beside) -> Result | None:
    """Serve until a signal ends it.

    Args:
        take: reads the source.

    Returns:
        What is wrong with the source, where that is why nothing was served; None else.

    Raises:
        LspAssemblerError: the source cannot be read, or the address cannot be listened on.
    """
    source = Source(take, settings.strict_api, partial=bool(settings.watch))
    kept, taken = source.read()
    if kept is None:
        return taken.result
    if settings.watch and taken.result:
        voice.show(taken.result)
    from lsp_assembler.service.server import Place, listen, serve  # which takes a while, but for a thread

    port = settings.port if settings.port is not None else taken.port or kept.catalog.type.default_port
    log = AccessLog(settings.log, voice.write)
    prepulling, policing = beside.prepulling, beside.policing
    readiness = prepulling.readiness if prepulling else lambda: Readiness(ready=True)
    shown = policing.begin(kept) if policing else kept
    service = Service(shown, _parts(settings, log, voice, readiness, beside))
    listener = listen(Place(settings.host, port))
    if prepulling:
        prepulling.want(shown.catalog.image_names)
    stage = Stage(kept, policing, partial(_show, service, prepulling.want if prepulling else None))
    host, port, *_ = listener.getsockname()
    greeting = (
        f"serving {plural(len(kept.catalog.names), 'start point')} ({kept.catalog.type}) on "
        f"http://{f'[{host}]' if ':' in host else host}:{port}"
    )
    del kept, shown, taken  # they may be large, and the service swaps its own
    if settings.refresh or settings.watch:
        again = _ticks(settings.refresh) if settings.refresh else _saves(settings.watch)
        threading.Thread(target=_follow, args=(again, source, stage, voice), daemon=True).start()
    if policing:
        threading.Thread(target=stage.police, args=(policing, voice.say), daemon=True).start()
    serve(service, listener, lambda: voice.say(greeting))
    if prepulling:
        prepulling.close()
    if beside.report:
        beside.report.close()
    log.flush()
    return None


def _show(service: Service, want: Callable[[Sequence[str]], None] | None, kept: Kept) -> None:
    """Serve something from now on.

    Args:
        want: told which language images are wanted, where that has changed.
    """
    before, service.kept = service.kept, kept
    if want and kept.catalog.image_names != before.catalog.image_names:
        want(kept.catalog.image_names)


def _parts(
    settings: Settings,
    log: AccessLog,
    voice: Voice,
    readiness: Callable[[], Readiness],
    beside: Beside,
) -> Parts:
    policing = beside.policing
    pages = _Pages(watches=bool(settings.watch), has_shas=beside.report is not None)
    shas = _shas(beside.report, pages, voice) if beside.report else None
    metrics = None
    if settings.metrics:
        from lsp_assembler.service.metrics import Metrics

        metrics = Metrics(policed=policing is not None, shas=shas)

    def seen(exchange: Exchange) -> None:
        pages.prepare()
        log(exchange)
        if metrics:
            metrics.count(exchange)

    return Parts(
        readiness=readiness,
        sha=settings.sha,
        page=pages.page,
        metrics=metrics.answer if metrics else None,
        seen=seen,
        permitted=policing.permitted if policing else None,
        shas=shas.answer if shas else None,
        failed=lambda bug: voice.say(bug_words(bug), Level.ERROR),
    )


def _shas(report: "ReportProcess", pages: "_Pages", voice: Voice) -> "Shas":
    from lsp_assembler.service.shas import Shas

    return Shas(report.make, pages.prepare, voice.say)


class _Pages:
    """Renders pages. It gets ready after the first answer, in a thread, as that takes long."""

    def __init__(self, *, watches: bool, has_shas: bool) -> None:
        self._watches = watches
        self._has_shas = has_shas
        self._made: Future[HtmlPages] | None = None

    def prepare(self) -> "Future[HtmlPages]":
        """Get ready, unless that is done or under way."""
        self._made = self._made or in_background(self._make)
        return self._made

    def page(self, request: Request, kept: Kept, readiness: Readiness) -> Answer:
        """The page that a request asks for."""
        return self.prepare().result().page(request, kept, readiness)

    def _make(self) -> "HtmlPages":
        from lsp_assembler.service.pages import HtmlPages

        return HtmlPages(watches=self._watches, has_shas=self._has_shas)


def _ticks(seconds: float) -> Iterator[bool]:
    while True:
        time.sleep(seconds)
        yield True


def _saves(folders: tuple[Path, ...]) -> Iterator[bool]:
    """Each save, as True; before, once, False: what was saved before the watch began must not be missed.

    A folder that is removed and made again counts as saved, and is watched again.
    """
    from watchfiles import watch

    is_new = False
    while True:
        known, begins = _identities(folders), True
        there = [folder for folder, identity in zip(folders, known, strict=True) if identity]
        changed = watch(
            *there,
            raise_interrupt=False,
            rust_timeout=_BEAT,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        with contextlib.suppress(FileNotFoundError):  # it was removed just now
            for changes in changed:
                if _identities(folders) != known:
                    break
                if changes or begins:
                    yield bool(changes) or is_new
                begins = False
        is_new = True


def _identities(folders: tuple[Path, ...]) -> list[tuple[int, int] | None]:
    """What tells each folder from one that takes its place; None for one that is not there."""
    found: list[tuple[int, int] | None] = []
    for folder in folders:
        try:
            status = folder.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_dev, status.st_ino))
    return found


def _follow(
    again: Iterator[bool],
    source: Source,
    stage: Stage,
    voice: Voice,
) -> None:
    """Read the source again each time, and tell what came of it.

    Args:
        again: yields when it is time, and whether there is a reason to show what was found.
    """
    for is_shown in again:
        before = stage.kept
        after, result = source.again(before)
        stage.put(after)
        if source.partial and result:
            is_same = after.catalog is before.catalog and after.problems == before.problems
            if is_shown or not is_same:
                voice.show(result)
        elif after.refused and after.refused != before.refused:
            voice.say(f"refresh: the newest list is not served, because {after.refused}", Level.WARNING)
        elif not after.refused and after.catalog is not before.catalog:
            voice.say(f"refresh: now serving {_told(before, after)}")
        elif before.refused and not after.refused:
            voice.say("refresh: the newest list is served again; it is as it was")


def _told(before: Kept, after: Kept) -> str:
    """What has changed, e.g. "84 start points: 1 new, 2 changed"."""
    old, new = before.catalog.manifests, after.catalog.manifests
    counts = {
        "new": len(new.keys() - old.keys()),
        "changed": sum(old[name] != new[name] for name in old.keys() & new.keys()),
        "gone": len(old.keys() - new.keys()),
    }
    changes = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{plural(len(after.catalog.names), 'start point')}: {changes or 'another order'}"
