"""/shas: the pages of a report, made when somebody looks, and kept for an hour.

However many look, one report is made at a time, beside the requests. Meanwhile they see the one before, or a
page that says to wait. What fails is tried again after a pause, and the last good report stays.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.reports.html import FIRST_PAGE
from lsp_assembler.service.access_log import Level
from lsp_assembler.service.answer import HTML, Answer, Prepared, headers_of_page
from lsp_assembler.service.app import Request
from lsp_assembler.service.errors import bug_words
from lsp_assembler.service.report_process import MARK, Made, NotMade, Outcome
from lsp_assembler.text import shortened

if TYPE_CHECKING:  # Jinja takes a while to import
    from concurrent.futures import Future

    from lsp_assembler.service.pages import HtmlPages

LONGEST = 60 * 60.0
"""For how many seconds a report is shown before another is made."""

PAUSE = 60.0
"""How many seconds after a failure it is tried again."""

_LONGEST_WITH_PROBLEMS = 10 * 60.0  # seconds: of one for which not everything could be read
_SOON = 2  # seconds after which a browser that waits asks again
_LONGEST_TOLD = 300  # characters of a problem, in the log
_GZIP = {b"accept-encoding": b"gzip"}
_HERE = Answer(
    b"", 302, HTML, ((b"location", b"shas/"),)
)  # relative, as a proxy may put the service elsewhere
_STARTING = Answer(
    b'<!doctype html><html lang="en"><title>cyber-dojo</title><p>The service has just started. One moment.',
    503,
    HTML,
    ((b"retry-after", b"1"), (b"refresh", b"1"), (b"cache-control", b"no-store")),
)


class Shown(Struct, frozen=True):
    """What people see, swapped as a whole.

    Args:
        made: the last good report.
        made_at: when it was made, in seconds since 1970; 0 if there is none.
        pages: its pages as they are sent, by the names of their files.
        old_pages: the same while a newer one is made.
        failure: why the last try came to nothing, in lines; "" if it did not.
        tried_at: when that was.
        due: when the next report may be made.
    """

    made: Made | None = None
    made_at: float = 0.0
    pages: Mapping[str, Prepared] = {}
    old_pages: Mapping[str, Prepared] = {}
    failure: str = ""
    tried_at: float = 0.0
    due: float = 0.0


class Shas:
    """Answers /shas and what is below it. One event loop calls `answer`, any thread reads `shown`.

    Args:
        make: makes a report, in a thread.
        html: what renders pages; it may take a while to be there, for which nothing in the event loop waits.
        say: told what an operator should know.
        clock: the time in seconds since 1970.
    """

    def __init__(
        self,
        make: Callable[[], Outcome],
        html: "Callable[[], Future[HtmlPages]]",
        say: Callable[[str, Level], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.shown = Shown()
        self._make = make
        self._html = html
        self._say = say
        self._clock = clock
        self._making = threading.Lock()

    def answer(self, request: Request) -> Answer | None:
        """What is shown now; None where the report has no such page. If it is time, another one is begun."""
        if request.path == "shas":
            return _HERE
        is_making = self._renewing()
        shown = self.shown
        if shown.made:
            pages = shown.old_pages if is_making else shown.pages
            page = pages.get(request.path.removeprefix("shas/") or FIRST_PAGE)
            return page.answer(request.headers if request.method in ("GET", "HEAD") else {}) if page else None
        html = self._html()
        if not html.done():
            return _STARTING
        if is_making:
            return html.result().unavailable("shas_waiting.html", _SOON)
        seconds = max(1, math.ceil(shown.due - self._clock()))
        return html.result().unavailable(
            "shas_failed.html", seconds, failure=shown.failure, tried=_minute(shown.tried_at)
        )

    def _renewing(self) -> bool:
        """Whether a report is being made; begins if it is time."""
        if not self._making.acquire(blocking=False):
            return True
        try:
            if self._clock() >= self.shown.due:
                threading.Thread(target=self._renew, name="shas", daemon=True).start()
                return True
        except BaseException:
            self._making.release()
            raise
        self._making.release()
        return False

    def _renew(self) -> None:
        """Make a report and show it; whoever calls holds the lock."""
        try:
            self.shown = self._next(self.shown)
        except Exception as bug:  # noqa: BLE001  # what is shown must not grow old without a word
            now = self._clock()
            self.shown = replace(self.shown, failure=bug_words(bug), tried_at=now, due=now + PAUSE)
            self._say(f"shas: {bug_words(bug)}", Level.ERROR)
        finally:
            self._making.release()

    def _next(self, before: Shown) -> Shown:
        began = self._clock()
        outcome = self._make()
        now = self._clock()
        for notice in outcome.notices:
            self._say(f"shas: {notice}", Level.WARNING)
        if isinstance(outcome, NotMade):
            self._say(f"shas: no report could be made\n{outcome.reason}", Level.WARNING)
            shown = replace(before, failure=outcome.reason, tried_at=now, due=now + PAUSE)
        else:
            self._tell(outcome, now - began)
            shown = Shown(outcome, now, tried_at=now, due=now + _kept_for(outcome))
        if shown.made is None:
            return shown
        policy = f"{shown.made.content_policy}; frame-ancestors 'none'"
        pages, old = (
            _prepared(shown.made, self._bar(shown, shown.made, is_old=is_old), policy)
            for is_old in (False, True)
        )
        return replace(shown, pages=pages, old_pages=old)

    def _bar(self, shown: Shown, made: Made, *, is_old: bool) -> bytes:
        """What the service says of a report, on each of its pages."""
        return (
            self._html()
            .result()
            .text(
                "shas_bar.html",
                made=_minute(shown.made_at),
                minutes=int(_kept_for(made) // 60),
                is_old=is_old,
                failure=shown.failure,
                tried=_minute(shown.tried_at),
            )
        )

    def _tell(self, made: Made, seconds: float) -> None:
        self._say(f"shas: a report on {made.contents} was made in {seconds:.1f} s", Level.INFO)
        if made.problems:
            first = shortened(made.problems[0].splitlines()[0], _LONGEST_TOLD)
            more = f", and {len(made.problems) - 1} more" if len(made.problems) > 1 else ""
            self._say(f"shas: not everything could be read: {first}{more}", Level.WARNING)


def _kept_for(made: Made) -> float:
    """For how many seconds a report is shown."""
    return _LONGEST_WITH_PROBLEMS if made.problems else LONGEST


def _prepared(made: Made, bar: bytes, policy: str) -> dict[str, Prepared]:
    """The pages as they are sent: compressed here, and not for a request."""
    headers = headers_of_page(policy.encode())
    pages = {
        name: Prepared(page.replace(MARK.encode(), bar, 1), HTML, headers)
        for name, page in made.pages.items()
    }
    for page in pages.values():
        page.answer(_GZIP)
    return pages


def _minute(seconds: float) -> str:
    """A time for people, e.g. "2026-11-26 08:20 UTC"."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
