"""What people see."""

from typing import Any

import pytest

from lsp_assembler.model.readiness import Readiness
from lsp_assembler.reports.html.links import web_link
from lsp_assembler.service.app import Request
from lsp_assembler.service.kept import Kept, Problem
from lsp_assembler.service.pages import HtmlPages, commit_of
from tests.unit.service.served import catalog, kept, point

SHA = "4edf92a8c7d6e5f40312233445566778899aabbc"
URL = "https://github.com/cyber-dojo-start-points/java-junit"
READY = Readiness(ready=True)


@pytest.fixture(scope="module")
def pages() -> HtmlPages:
    return HtmlPages()


def shown(pages: HtmlPages, state: Kept, query: str = "", readiness: Readiness = READY) -> tuple[int, str]:
    request = Request("GET", "", query.encode(), {b"accept": b"text/html"}, b"", "")
    answer = pages.page(request, state, readiness)
    return answer.status, answer.body.decode()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (URL, URL),
        ("http://example.org/x", "http://example.org/x"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("//example.org", ""),
        ("https://", ""),
        ("https://user:secret@example.org/", ""),
        ("https://example.org/ onclick=x", ""),
        ("https://[::1", ""),
        ("cyberdojofoundation/java_junit:LSP", ""),
    ],
)
def test_only_addresses_of_the_web_become_links(text: str, address: str) -> None:
    assert web_link(text) == address


def test_a_commit_is_linked_where_its_repository_is() -> None:
    [entry] = catalog(point("0", "A", url=f"{URL}.git", sha=SHA)).entries
    assert commit_of(entry) == ("4edf92a", f"{URL}/commit/{SHA}")
    [entry] = catalog(point("0", "A", url="org/java:LSP", sha="sha256:9f86")).entries
    assert commit_of(entry) == ("org/java:LSP", "")
    [entry] = catalog(point("0", "A", url="./java", sha="sha256:9f86")).entries
    assert commit_of(entry) == ("as on disk", "")


def test_the_list_says_of_each_whether_learners_can_start(pages: HtmlPages) -> None:
    state = kept(point("0", "A", image_name="a:1"), point("1", "B", image_name="b:1"))
    readiness = Readiness(ready=False, pulled=1, of=2, failed={"b:1": "no such image"})
    _, page = shown(pages, state, readiness=readiness)
    assert "This node has 1 of 2 language images." in page
    assert 'class="state failed">Not pulled</span> <span class="why">no such image</span>' in page
    _, page = shown(pages, state)
    assert "Learners can start with any of them." in page
    assert "Not pulled" not in page


def test_it_is_searched_without_javascript(pages: HtmlPages) -> None:
    state = kept(point("0", "Java 21, JUnit 5"), point("1", "Java 21, Cucumber 7"), point("2", "C, assert"))
    _, page = shown(pages, state, "q=JAVA+cuc")
    assert "1 of 3" in page
    assert "Cucumber" in page
    assert "JUnit" not in page


def test_an_older_list_says_so(pages: HtmlPages) -> None:
    problems = (Problem("error", "a<b", "tab_size is 9"), Problem("warning", "c", "odd"))
    _, page = shown(pages, Kept(catalog(point("0", "A")), problems=problems, refused="a<b: tab_size is 9"))
    assert "An older list is served" in page
    assert "<bdi>a&lt;b</bdi></code> <bdi>tab_size is 9</bdi>" in page


def test_a_start_point_is_found_by_each_of_its_names(pages: HtmlPages) -> None:
    pair: dict[str, Any] = {"language": ["Java", "21"], "test_framework": ["JUnit", "5"]}
    state = kept(point("0", "Java 21, JUnit 5", **pair, tab_size=2))
    for name in ("Java, JUnit", "Java 21, JUnit 5"):
        status, page = shown(pages, state, f"name={name}")
        assert status == 200
        assert "<h1><bdi>Java, JUnit</bdi></h1>" in page
        assert '<pre class="tab-2"' in page
    assert shown(pages, state, "name=Java")[0] == 404
