"""The pages: all that is known is on them, and nothing of a stranger's is markup."""

import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from lsp_assembler.model.language import Judged, Language
from lsp_assembler.operations.report import ReportResult
from lsp_assembler.reports.html.links import commit_link, web_link
from lsp_assembler.reports.html.pages import pages
from tests.unit.reports.languages import (
    DENIED,
    REVISION,
    SOURCE,
    language,
    old,
    result,
    service,
    version,
)

HOSTILE = "\"'><img src=x onerror=alert(1)></script>\x1b\u202e"
MEGABYTE = 1_000_000
LTFS, TAGS = 84, 30


class Seen(HTMLParser):
    """The tags of a page, where its links lead, and its ids."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.ids: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        found = dict(attrs)
        assert not [name for name in found if name.startswith("on")]
        self.links |= {found["href"] or ""} if tag == "a" else set()
        self.ids += [found["id"] or ""] if "id" in found else []


def words(page: bytes) -> str:
    """What a page says, without its markup."""
    text = re.sub(r"<(style|script)>.*?</\1>", "", page.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def languages_of(found: ReportResult) -> bytes:
    return pages(found)["languages.html"]


def test_a_maintainer_reads_whether_it_is_slower_than_last_month() -> None:
    shown = words(languages_of(result(language(version(age=5, green=1.56), old(age=40, green=1.3)))))
    assert "Over 20 % slower" not in shown
    assert (
        "A month ago it was LSP-9f53889 . Green tests took 1.30 s then and take 1.56 s now: +20 %." in shown
    )
    assert "The language image had 118.2 MB and has 118.2 MB: 0 %." in shown
    shown = words(languages_of(result(language(version(age=5, green=1.6), old(age=40, green=1.3)))))
    assert "Over 20 % slower than a month ago: 1" in shown


@pytest.mark.parametrize(
    ("ages", "said"),
    [
        ((45,), "The version in use is 45 days old: nothing has changed"),
        ((3,), "There was no version a month ago"),
    ],
)
def test_that_there_is_nothing_to_compare_is_said(ages: tuple[int, ...], said: str) -> None:
    assert said in words(languages_of(result(language(*(version(age=age) for age in ages)))))


def test_a_maintainer_reads_which_are_older_than_a_year() -> None:
    found = result(language(version(age=366)), language(version(age=365), repository="acme/go"))
    page = languages_of(found).decode()
    assert "Older than a year: 1" in page
    assert re.findall(r'<tr class="one (.*?)">', page) == ["old", ""]


def test_the_state_of_a_policy_is_shown_with_its_reasons() -> None:
    found = language(version(judged=DENIED), old(judged=Judged("allowed")))
    shown = words(languages_of(result(found, is_judged=True)))
    assert "image-too-old: it is 400 days old (created 2025-10-22)" in shown
    assert "Denied by the policy: 1" in shown
    assert "Policy" not in words(languages_of(result(found)))


def test_versions_link_to_their_commits_and_can_be_linked_to() -> None:
    seen = Seen(languages_of(result(language(version(), old()))))
    assert f"{SOURCE}/commit/{REVISION[:12]}" in seen.links
    assert "#java_junit" in seen.links
    assert {"java_junit", "java_junit:LSP-4edf92a", "java_junit:LSP-9f53889"} <= set(seen.ids)


def test_two_of_one_name_can_be_told_apart() -> None:
    found = result(language(), language(repository="ghcr.io/acme/java_junit"))
    seen = Seen(languages_of(found))
    assert {"#cyberdojofoundation/java_junit", "#ghcr.io/acme/java_junit"} <= seen.links
    assert len(set(seen.ids)) == len(seen.ids)


def test_services_are_a_page_of_their_own() -> None:
    others = service(name="acme/runner:1", is_subject=False, problem="acme/runner:1: no answer")
    page = pages(result(services=(service(), others)))["index.html"]
    shown = words(page)
    assert "cyberdojo/languages-start-points:df28e04 this image 2026-11-25 1 4edf92a" in shown
    assert "cyberdojo/start-points-base:df28e04 9f9f9f9f9f9f linux/amd64, linux/arm64" in shown
    assert "acme/runner:1 could not be read" in shown
    assert "Not everything could be read acme/runner:1: no answer" in shown
    assert {"index.html", "languages.html"} <= Seen(page).links
    absent = service(is_absent=True)
    assert "df28e04 this image not published" in words(pages(result(services=(absent,)))["index.html"])
    assert "the list has no name:" in words(pages(result(services=()))["index.html"])


def test_nothing_of_a_stranger_is_markup() -> None:
    strange = version(
        title=HOSTILE,
        revision=HOSTILE,
        source="javascript:alert(1)",
        image_name=HOSTILE,
        digest=HOSTILE,
        created=HOSTILE,
        judged=Judged("unknown", (HOSTILE,)),
        image_problem=HOSTILE,
    )
    broken = version(f"LSP-{HOSTILE}", problem=HOSTILE)
    hostile_service = service(
        **dict.fromkeys(("name", "digest", "revision", "base_name", "base_digest"), HOSTILE)
    )
    found = result(
        language(strange, broken, repository=HOSTILE),
        Language("acme/none", problem=HOSTILE),
        source=HOSTILE,
        services=(replace(hostile_service, platforms=(HOSTILE,), source="data:text/html,x"),),
        is_judged=True,
    )
    for page in pages(found).values():
        seen = Seen(page)
        assert "img" not in seen.tags
        assert not [link for link in seen.links if re.match(r"\w+:", link)]
        assert page.count(b"<script>") == 1


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://github.com/org/repo.git", f"https://github.com/org/repo/commit/{REVISION}"),
        ("http://[::1]:3000/org/repo/", f"http://[::1]:3000/org/repo/commit/{REVISION}"),
        ("ssh://git@github.com/org/repo", ""),
        ("https://me:secret@github.com/org/repo", ""),
        ("//github.com/org", ""),
        ("https://[", ""),
        ("https://a/ b", ""),
        ("", ""),
    ],
)
def test_only_addresses_of_the_web_become_links(address: str, link: str) -> None:
    assert commit_link(address, REVISION) == link
    assert commit_link(address, "main") == web_link(address).removesuffix("/").removesuffix(".git")


def test_84_languages_with_30_tags_each_take_less_than_a_megabyte() -> None:
    """With a policy, and names and figures as long as they are."""
    revisions = [f"{number:07x}{REVISION[7:]}" for number in range(TAGS)]

    def one(repository: str) -> Language:
        versions = (
            version(
                f"LSP-{revision[:7]}",
                in_use=number == 0,
                age=7 + 12 * number,
                green=4.0 + number / 10,
                revision=revision,
                image_name=f"{repository}:{revision[:7]}",
                judged=Judged("allowed") if number < TAGS - 1 else DENIED,
            )
            for number, revision in enumerate(revisions)
        )
        return language(*versions, repository=repository)

    languages = (one(f"cyberdojofoundation/javascript_mocha-{number:02}") for number in range(LTFS))
    assert sum(map(len, pages(result(*languages, is_judged=True)).values())) < MEGABYTE
