"""A learner's way through the pages, in a real browser: Debian's Chromium."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import ROOT
from tests.integration.browsing import MILLISECONDS, chromium, violations, watched_page
from tests.integration.serving import Serving, copied
from tests.integration.support import NO_ENGINE, Tool

REPOS = ROOT / "tests/cases/service/pairs/repos"
HOSTILE = '<img src=x onerror="document.title=1">'
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Four start points: one has been made by nobody's friend, and one is blocked."""
    folder = tmp_path_factory.mktemp("browser")
    repos = copied(REPOS, folder / "repos")
    path = repos / "10/b/manifest.json"
    manifest = json.loads(path.read_text("utf-8")) | {"visible_filenames": [HOSTILE], "image_name": HOSTILE}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    (path.parent / HOSTILE).write_text(f"</code></pre>{HOSTILE}\n", encoding="utf-8")
    (folder / "deny.yml").write_text("- {image: cyberdojofoundation/java_junit, reason: a hole}\n", "utf-8")
    (folder / "policy.yml").write_text("deny: deny.yml\n", "utf-8")
    with Serving(Tool(folder, NO_ENGINE), "./repos", "--policy", "policy.yml") as serving:
        yield serving


@pytest.fixture
def page(browser: Browser, serving: Serving) -> Iterator[Page]:
    """A page on which the browser has nothing to complain of, a breach of its security policy, say."""
    with watched_page(browser, base_url=f"http://127.0.0.1:{serving.port}") as (page, complaints):
        yield page
    assert [each for each in complaints if "status of 404" not in each] == []


def test_a_learner_finds_a_start_point_and_reads_its_files(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Language start points")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(5)
    page.get_by_role("searchbox", name="Search").press_sequentially("junit 21")
    expect(rows).to_have_count(2)
    expect(page.get_by_role("status")).to_have_text("1 of 4")
    page.get_by_role("link", name="Java, JUnit", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Java, JUnit")
    content = page.get_by_role("region", name="Hiker.java")
    assert content.text_content() == (REPOS / "0/start_point/Hiker.java").read_text("utf-8")
    commit = page.get_by_role("link", name="Source of Java, JUnit: 4edf92a")
    expect(commit).to_have_attribute(
        "href",
        "https://github.com/cyber-dojo-start-points/java-junit/commit/4edf92a8c7d6e5f40312233445566778899aabbc",
    )
    page.get_by_role("link", name="All start points").click()
    expect(rows).to_have_count(5)


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.type("ruby")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ruby, MiniTest")


def test_javascript_is_not_needed(browser: Browser, serving: Serving) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{serving.port}/", timeout=MILLISECONDS)
        page.get_by_role("searchbox").fill("python")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("row")).to_have_count(2)
        page.get_by_role("link", name="Python, unittest", exact=True).click()
        expect(page.get_by_role("region", name="hiker.txt")).to_be_visible()


def test_nothing_of_a_stranger_runs(page: Page) -> None:
    for address in ("/", "/?name=Ruby%2C+MiniTest", f"/?name={HOSTILE}", f"/?q={HOSTILE}"):
        page.goto(address)
        expect(page.locator("img")).to_have_count(0)
        assert page.title() != "1"


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1600, "dark")])
def test_everybody_can_use_it(browser: Browser, serving: Serving, scheme: str, width: int) -> None:
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    with browser.new_context(**options) as context:  # type: ignore[arg-type]  # axe is injected, so no CSP
        page = context.new_page()
        for path in ("/", "/?q=java", "/?name=Java%2C+JUnit", "/?name=none"):
            page.goto(f"http://127.0.0.1:{serving.port}{path}", timeout=MILLISECONDS)
            found = violations(page)
            assert [each["id"] for each in found if each["impact"] in SERIOUS] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_page_follows_each_save(browser: Browser, tmp_path: Path) -> None:
    copied(REPOS / "0", tmp_path / "ltf")
    with Serving(Tool(tmp_path, NO_ENGINE), "./ltf", "--watch") as serving, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{serving.port}/?name=Java%2C+JUnit", timeout=MILLISECONDS)
        content = page.get_by_role("region", name="Hiker.java")
        expect(content).to_contain_text("class Hiker")
        page.wait_for_timeout(1500)  # so that it has looked once
        (tmp_path / "ltf/start_point/Hiker.java").write_text("class Changed {}\n", encoding="utf-8")
        expect(content).to_contain_text("class Changed", timeout=MILLISECONDS)
