"""What the tests of web pages share: Debian's Chromium, and pages of which it has nothing to complain."""

import contextlib
from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.need import need
from tests.services.process import missing

MILLISECONDS = 60_000  # a busy machine is no bug
_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window; the test is skipped, or fails, where there is none."""
    need(missing(_CHROMIUM))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextlib.contextmanager
def watched_page(browser: Browser, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what the browser complains of, a breach of its security policy, say, once it is closed.

    Args:
        options: of the context, as Playwright has them.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(MILLISECONDS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, complaints
    context.close()


def violations(page: Page) -> list[Any]:
    """What axe finds on a page that keeps somebody from using it."""
    return list(Axe().run(page).response["violations"])
