"""The report at /shas: made once for all who look, kept for an hour, and not lost to a failure."""

import gzip
import threading
from concurrent.futures import Future

import pytest

from lsp_assembler.service.access_log import Level
from lsp_assembler.service.answer import Answer
from lsp_assembler.service.app import Request
from lsp_assembler.service.pages import HtmlPages
from lsp_assembler.service.report_process import MARK, Made, NotMade, Outcome
from lsp_assembler.service.shas import LONGEST, PAUSE, Shas

BEGIN = 1_795_680_000.0  # 2026-11-26 08:00 UTC
SECONDS = 30.0
HTML: Future[HtmlPages] = Future()
HTML.set_result(HtmlPages(has_shas=True))


def report(text: str, *problems: str) -> Made:
    pages = {name: f"<main>{MARK}{text}</main>".encode() for name in ("index.html", "languages.html")}
    return Made(pages, "default-src 'none'", "1 language with 1 version", problems)


class Looking:
    """People who look at /shas while a report is made as a test says, at a time that it says."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.said: list[str] = []
        self.made = 0
        self._next: Outcome | Exception = report("first")
        self._may_end = threading.Event()
        self.shas = Shas(self._make, lambda: HTML, self._say, lambda: self.now)

    def look(self, path: str = "shas/", **headers: str) -> Answer | None:
        pairs = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        return self.shas.answer(Request("GET", path, b"", pairs, b"", "127.0.0.1"))

    def text(self) -> str:
        answer = self.look()
        assert answer
        return answer.body.decode()

    def finish(self, outcome: Outcome | Exception) -> None:
        """Let what is under way come to this, and wait until it has."""
        self._next = outcome
        self._may_end.set()
        for thread in threading.enumerate():
            if thread.name == "shas":
                thread.join(SECONDS)
        self._may_end.clear()

    def _make(self) -> Outcome:
        self.made += 1
        assert self._may_end.wait(SECONDS)
        if isinstance(self._next, Exception):
            raise self._next
        return self._next

    def _say(self, text: str, level: Level) -> None:
        self.said.append(f"{level}: {text}")


@pytest.fixture
def looking() -> Looking:
    return Looking()


def test_nothing_is_made_before_somebody_looks_and_then_one_for_all(looking: Looking) -> None:
    here = looking.look("shas")
    assert here
    assert (here.status, dict(here.more)[b"location"], looking.made) == (302, b"shas/", 0)
    answers = [looking.look() for _ in range(100)]
    assert {each.status for each in answers if each} == {503}
    assert "The report is being made" in looking.text()
    looking.finish(report("first"))
    assert looking.made == 1
    text = looking.text()
    assert "first" in text
    assert "Made at 2026-11-26 08:00 UTC, and kept for 60 minutes." in text
    assert MARK not in text
    assert looking.look("shas/languages.html")
    assert looking.look("shas/other.html") is None
    assert looking.said == ["info: shas: a report on 1 language with 1 version was made in 0.0 s"]


def test_what_is_older_than_an_hour_is_shown_until_the_next_is_there(looking: Looking) -> None:
    looking.look()
    looking.finish(report("first"))
    looking.now += LONGEST - 1
    assert "kept for 60 minutes" in looking.text()
    looking.now += 1
    text = looking.text()
    assert "first" in text
    assert 'A newer one is being made: <a href="">look again</a>' in text
    looking.finish(report("second"))
    assert looking.made == 2
    text = looking.text()
    assert "second" in text
    assert "Made at 2026-11-26 09:00 UTC, and kept for 60 minutes." in text


def test_after_a_failure_the_last_good_one_stays_and_the_next_try_comes_after_a_pause(
    looking: Looking,
) -> None:
    looking.look()
    looking.finish(report("first"))
    looking.now += LONGEST
    looking.look()
    looking.finish(NotMade("images.yml: <gone>\n  Check the path.", ("ghcr.io asks us to wait 12 s",)))
    (text,) = {looking.text() for _ in range(100)}
    assert looking.made == 2
    assert "first" in text
    assert "This is the one of 2026-11-26 08:00 UTC. What happened at 2026-11-26 09:00 UTC:" in text
    assert "images.yml: &lt;gone&gt;\n  Check the path." in text
    assert looking.said[1:] == [
        "warning: shas: ghcr.io asks us to wait 12 s",
        "warning: shas: no report could be made\nimages.yml: <gone>\n  Check the path.",
    ]
    looking.now += PAUSE
    looking.look()
    looking.finish(report("second"))
    assert looking.made == 3
    assert "could not be made" not in looking.text()


def test_where_there_is_no_good_one_the_page_says_why(looking: Looking) -> None:
    looking.look()
    looking.finish(NotMade("no <network>"))
    looking.now += 20.5
    answer = looking.look("shas/languages.html")
    assert answer
    assert (answer.status, dict(answer.more)[b"retry-after"], looking.made) == (503, b"40", 1)
    assert "no &lt;network&gt;" in answer.body.decode()
    assert "at 2026-11-26 08:00 UTC" in answer.body.decode()


def test_nobody_waits_for_what_renders_pages() -> None:
    html: Future[HtmlPages] = Future()
    shas = Shas(lambda: NotMade("no network"), lambda: html, lambda _text, _level: None)
    answer = shas.answer(Request("GET", "shas/", b"", {}, b"", "127.0.0.1"))
    assert answer
    assert (answer.status, dict(answer.more)[b"refresh"]) == (503, b"1")
    assert b"just started" in answer.body


def test_a_bug_is_told_and_tried_again(looking: Looking) -> None:
    looking.look()
    looking.finish(ZeroDivisionError("0"))
    assert "a bug in lsp-assembler: ZeroDivisionError: 0" in looking.text()
    assert looking.said == ["error: shas: a bug in lsp-assembler: ZeroDivisionError: 0"]
    looking.now += PAUSE
    looking.look()
    looking.finish(report("first"))
    assert "first" in looking.text()


def test_a_report_that_is_not_whole_is_made_again_sooner(looking: Looking) -> None:
    looking.look()
    looking.finish(report("first", "ghcr.io/a: no\n  Log in.", "ghcr.io/b: no"))
    assert looking.said[1] == "warning: shas: not everything could be read: ghcr.io/a: no, and 1 more"
    assert "and kept for 10 minutes." in looking.text()
    looking.now += LONGEST / 2
    looking.look()
    looking.finish(report("second"))
    assert "second" in looking.text()


@pytest.mark.parametrize("is_old", [False, True])
def test_no_page_is_compressed_for_a_request(looking: Looking, *, is_old: bool) -> None:
    looking.look()
    looking.finish(report("x" * 2000))
    pages = looking.shas.shown.old_pages if is_old else looking.shas.shown.pages
    for page in pages.values():
        body = page.__dict__["_gzipped"].body
        assert gzip.decompress(body) == page.body


def test_a_page_may_stand_in_no_frame(looking: Looking) -> None:
    looking.look()
    looking.finish(report("first"))
    answer = looking.look()
    assert answer
    assert dict(answer.more)[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'"
