"""A maintainer's way through the pages of a report, in a real browser: Debian's Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lsp_assembler.files.atomic import write_files
from lsp_assembler.operations.history_changes import changes
from lsp_assembler.reports.html.pages import pages
from tests.integration.browsing import MILLISECONDS, chromium, violations, watched_page
from tests.unit.reports.languages import DENIED, language, old, result, version
from tests.unit.reports.test_history import MONDAY, TUESDAY

HOSTILE = '"><img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report on four languages, one of which has been made by nobody's friend."""
    folder: Path = tmp_path_factory.mktemp("site")
    found = result(
        language(version(age=5, green=1.6), *(old(f"LSP-000000{n}", age=40 + n) for n in range(9))),
        language(
            version("LSP-1.2", age=400, green=9.0, title="Go 1.2, testing", judged=DENIED),
            repository="acme/go",
        ),
        language(
            version("LSP-3", age=4, green=None, title="Elm 0.19, elm-test"), repository="ghcr.io/acme/elm"
        ),
        language(version(f"LSP-{HOSTILE}", title=HOSTILE, image_problem=HOSTILE), repository="acme/strange"),
        is_judged=True,
        builds=tuple(changes([MONDAY, TUESDAY])),
    )
    write_files(pages(found), folder, "")
    return folder.as_uri()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which the browser has nothing to complain of, a breach of its security policy, say."""
    with watched_page(browser) as (page, complaints):
        yield page
    assert complaints == []


def shown(page: Page) -> list[str]:
    """The languages that the overview shows, in their order."""
    rows = page.locator("tr.one:visible th")
    return [text.split(",")[0] for text in rows.all_inner_texts()]


def test_is_java_junit_slower_than_last_month(page: Page, site: str) -> None:
    page.goto(f"{site}/index.html")
    page.get_by_role("link", name="Languages").click()
    page.get_by_role("link", name="Java 21, JUnit 5").click()
    section = page.get_by_role("region", name="Java 21, JUnit 5", exact=True)
    expect(section).to_be_in_viewport()
    expect(section).to_contain_text("Green tests took 1.30 s then and take 1.60 s now: +23 %.")
    expect(section.get_by_role("img")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_which_are_older_than_a_year(browser: Browser, site: str, scripts: bool) -> None:  # noqa: FBT001
    with browser.new_context(java_script_enabled=scripts) as context:
        context.set_default_timeout(MILLISECONDS)
        page = context.new_page()
        page.goto(f"{site}/index.html")
        page.get_by_role("link", name="Languages").click()
        expect(page.locator("tr.one:visible")).to_have_count(4)
        page.get_by_role("radio", name="Older than a year: 1").check()
        expect(page.locator("tr.one:visible")).to_have_count(1)
        assert shown(page) == ["Go 1.2"]
        expect(page.locator(".language:visible h2")).to_have_text(["Go 1.2, testing"])


def test_what_did_tuesdays_build_change(page: Page, site: str) -> None:
    page.goto(f"{site}/index.html")
    page.get_by_role("link", name="Builds").click()
    page.get_by_role("link", name="Tuesday, 24 November 2026").click()
    section = page.get_by_role("region", name="Tuesday, 24 November 2026")
    expect(section).to_be_in_viewport()
    expect(section).to_contain_text("Removed: Elm, test")


def test_only_what_is_denied_looks_denied(page: Page, site: str) -> None:
    page.goto(f"{site}/languages.html")
    row = page.get_by_role("row", name="Go 1.2, testing")
    age, state = (
        row.locator(part).evaluate("e => getComputedStyle(e).color") for part in (".n >> nth=0", ".state")
    )
    text = page.locator("body").evaluate("e => getComputedStyle(e).color")
    assert (age, state == text) == (text, False)


def test_searching_and_sorting_are_remembered_by_the_address(page: Page, site: str) -> None:
    page.goto(f"{site}/languages.html")
    page.get_by_role("button", name="Green, s").first.click()
    assert shown(page)[:2] == ["Go 1.2", "Java 21"]
    assert shown(page)[-1] == "Elm 0.19"  # what is not known is last, either way
    page.get_by_role("button", name="Language", exact=True).click()
    assert shown(page)[1:] == ["Elm 0.19", "Go 1.2", "Java 21"]
    page.get_by_role("searchbox", name="Search").fill("e")
    page.get_by_role("searchbox", name="Search").fill("e 21")
    expect(page.get_by_role("status")).to_have_text("1 of 4")
    page.goto(page.url.replace("q=e+21", "q=1").replace("#", "") + "#acme")
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("1")
    assert shown(page)[-3:] == ["Elm 0.19", "Go 1.2", "Java 21"]
    expect(page.locator("th[aria-sort]").first).to_have_text("Language")


def test_one_version_can_be_linked_to(page: Page, site: str) -> None:
    page.goto(f"{site}/languages.html#java_junit")
    page.get_by_role("link", name="LSP-0000003").click()
    address = page.url
    assert address.endswith("#java_junit%3ALSP-0000003")
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_role("row", name="LSP-0000003")).to_be_in_viewport()


def test_nothing_of_a_stranger_runs(page: Page, site: str) -> None:
    for name in (
        "index.html",
        "languages.html",
        f"languages.html?q={HOSTILE}&show={HOSTILE}&sort=constructor",
    ):
        page.goto(f"{site}/{name}")
        expect(page.locator("img")).to_have_count(0)
        assert page.title() != "1"


@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), (1000, "light"), (1600, "dark")])
def test_everybody_can_use_it(browser: Browser, site: str, scheme: str, width: int) -> None:
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    with browser.new_context(**options) as context:  # type: ignore[arg-type]  # axe is injected, so no CSP
        page = context.new_page()
        for name in ("index.html", "languages.html", "builds.html"):
            page.goto(f"{site}/{name}", timeout=MILLISECONDS)
            found = violations(page)
            assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
