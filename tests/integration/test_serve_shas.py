"""`serve --shas` as people and operators see it: a real registry, a real process that makes the report."""

import gzip
import itertools
import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import ROOT
from tests.integration.browsing import MILLISECONDS, chromium, violations, watched_page
from tests.integration.serving import Reply, Serving, copied
from tests.integration.support import NO_ENGINE, Tool, free_port, images_yml, wait_for
from tests.integration.test_report import put
from tests.services import Registry

HTML = {"accept": "text/html"}


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


@pytest.fixture
def listed(registry: Registry, tool: Tool) -> None:
    """An images.yml with two LTFs that have three versions each."""
    names = [f"{registry.host}/shas/{name}:LSP" for name in ("java", "go")]
    for tag, age, green in (("1a2b3c4", 400, 1.0), ("2a2b3c4", 40, 1.2), ("3a2b3c4", 5, 1.5)):
        for name in ("java", "go"):
            put(registry, f"shas/{name}", tag, age, green)
    tool.write("images.yml", images_yml(*names, base="scratch"))


def made(serving: Serving, path: str = "/shas/") -> Reply:
    """The page, once there is a report."""
    assert wait_for(lambda: serving.ask(path).status == 200), serving.said
    return serving.ask(path)


def children(pid: int) -> list[int]:
    """The processes that a process has started, and that are there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("utf-8", "replace").rpartition(") ")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.usefixtures("listed")
def test_a_report_is_made_when_somebody_looks(tool: Tool) -> None:
    tool.write("policy.yml", "max_age: 365d\n")
    tool.write("msgspec.py", "raise SystemExit('a module of somebody else')\n")
    arguments = ("images.yml", "--shas", "--metrics", "--strict-api", "--policy", "policy.yml")
    with Serving(tool, *arguments, "--from", "registry") as serving:
        assert 'href="/shas/"' in serving.ask("/", headers=HTML).body.decode()
        assert serving.ask("/names").status == 200
        assert children(serving.process.pid) == []
        before = serving.memory
        here = serving.ask("/shas")
        assert (here.status, here.headers["location"], here.body) == (302, "shas/", b"")
        first = serving.ask("/shas/")
        assert (first.status, first.headers["retry-after"], first.headers["refresh"]) == (503, "2", "2")
        assert "The report is being made" in first.body.decode()
        page = made(serving)
        assert "2 languages with 6 versions, as of " in page.body.decode()
        languages = serving.ask("/shas/languages.html").body.decode()
        assert languages.count("LSP-1a2b3c4") >= 2
        assert 'class="state allowed"' in languages
        assert '<a href="/">All start points</a>' in languages
        assert serving.ask("/shas/index.html").body == page.body
        assert serving.ask("/shas/builds.html").error == (400, "ClientError", "json:malformed")
        assert wait_for(lambda: children(serving.process.pid) == [])
        assert serving.memory - before < 10
        text = serving.ask("/metrics").body.decode()
        assert "lsp_shas_failed 0.0" in text
        assert "lsp_shas_made_timestamp_seconds 1." in text
        assert 'path="/shas"' in text
        assert "shas: a report on 2 languages with 6 versions was made in " in serving.said


@pytest.mark.usefixtures("listed")
def test_pages_are_cached_compressed_and_guarded(tool: Tool) -> None:
    assert tool.run("lock").status == 0
    tool.write("builds.jsonl", "")
    arguments = ("./images.yml", "--locked", "--shas", "--history", "builds.jsonl", "--from", "registry")
    with Serving(tool, *arguments) as serving:
        page = made(serving, "/shas/languages.html")
        small = serving.ask("/shas/languages.html", headers={"accept-encoding": "gzip"})
        assert gzip.decompress(small.body) == page.body
        again = serving.ask("/shas/languages.html", headers={"if-none-match": page.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        head = serving.ask("/shas/languages.html", method="HEAD")
        assert (head.status, head.body) == (200, b"")
        policy = page.headers["content-security-policy"]
        own, _, rest = policy.rpartition("; ")
        assert rest == "frame-ancestors 'none'"
        assert f'content="{own}"'.replace("'", "&#39;") in page.body.decode()
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert ">Builds</a>" in page.body.decode()
        assert serving.ask("/shas/builds.html").status == 200
    assert (tool.folder / "builds.jsonl").read_text("utf-8") == ""


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a registry that never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def folder_of(tool: Tool, host: str) -> str:
    """Index dirs that were built from an LSP image of a registry."""
    repos = copied(ROOT / "tests/cases/service/mixed/repos", tool.folder / "repos")
    digest = f"sha256:{'9f' * 32}"
    image = {
        "index": 0,
        "name": f"{host}/java:LSP",
        "digest": digest,
        "created": None,
        "revision": None,
        "source": None,
        "display_names": ["Java"],
        "image_names": [f"{host}/java:4edf92a"],
    }
    base = {"name": "scratch", "digest": digest, "platforms": {}}
    lock = {"schema": 1, "type": "languages", "base": base, "images": [image]}
    (repos / "images.lock").write_text(json.dumps(lock), "utf-8")
    return "./repos"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_process_ends_with_the_service(tool: Tool, silent: str, number: signal.Signals) -> None:
    with Serving(tool, folder_of(tool, silent), "--shas", TMPDIR=str(tool.folder)) as serving:
        assert serving.ask("/shas/").status == 503
        assert wait_for(lambda: children(serving.process.pid))
        (child,) = children(serving.process.pid)
        niceness = Path(f"/proc/{child}/stat")
        assert wait_for(lambda: niceness.read_text("utf-8").rpartition(") ")[2].split()[16] == "19")
        before = sorted(tool.folder.iterdir())
        serving.process.send_signal(number)
        assert serving.process.wait(30) == (0 if number != signal.SIGKILL else -signal.SIGKILL)
        assert wait_for(lambda: not Path(f"/proc/{child}").exists())
        assert "Traceback" not in serving.said
    assert sorted(tool.folder.iterdir()) == before


def test_what_keeps_a_report_from_being_made_is_shown_and_logged(tool: Tool) -> None:
    folder = folder_of(tool, f"127.0.0.1:{free_port()}")
    with Serving(tool, folder, "--shas", "--metrics", "--patience", 0) as serving:
        assert wait_for(lambda: b"could not be made" in serving.ask("/shas/").body), serving.said
        page = serving.ask("/shas/")
        assert page.status == 503
        assert 0 < int(page.headers["retry-after"]) <= 60
        assert "onnection refused" in page.body.decode()
        assert "shas: no report could be made; " in serving.said
        assert "lsp_shas_failed 1.0" in serving.ask("/metrics").body.decode()
        assert serving.said.count("no report could be made") == 1


@pytest.mark.usefixtures("listed")
def test_a_person_goes_from_the_list_to_the_languages_and_back(tool: Tool) -> None:
    with Serving(tool, "images.yml", "--shas", "--from", "registry") as serving, chromium() as browser:
        address = f"http://127.0.0.1:{serving.port}"
        with watched_page(browser, base_url=address) as (page, complaints):
            page.goto("/")
            page.get_by_role("link", name="All images, with age, size and durations").click()
            expect(page.get_by_role("heading", level=1)).to_have_text(
                "cyber-dojo images", timeout=MILLISECONDS
            )
            expect(page).to_have_url(f"{address}/shas/")
            page.get_by_role("link", name="Languages").click()
            expect(page.get_by_role("heading", name="Java 21, JUnit 5").first).to_be_visible()
            page.get_by_role("searchbox", name="Search").fill("java")
            expect(page).to_have_url(f"{address}/shas/languages.html?q=java")
            page.get_by_role("link", name="Services").click()
            page.get_by_role("link", name="All start points").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Language start points")
        # a browser logs that the page which says to wait has the status 503
        assert [each for each in complaints if "status of 503" not in each] == []
        with browser.new_context(base_url=address, bypass_csp=True) as context:  # axe is injected, so no CSP
            page = context.new_page()
            for path, width in itertools.product(("/", "/shas/", "/shas/languages.html"), (400, 1000)):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(path, timeout=MILLISECONDS)
                serious = [each["id"] for each in violations(page) if each["impact"] != "moderate"]
                assert serious == []  # both languages have one title, which is moderate
                assert page.evaluate("document.documentElement.scrollWidth") <= width
