"""`serve` as its clients see it: the answers that cyber-dojo's own service gave, and what is beyond them.

tests/cases/service/NAME/recorded.json has requests with what that service, at its newest in November 2026,
answered over the start points in NAME/repos; only backtraces are left out.
"""

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.integration.serving import Serving
from tests.integration.support import NO_ENGINE, REVISION, Tool, images_yml, publish, start_point, wait_for
from tests.services import Image, Registry, layer

CASES = ROOT / "tests/cases/service"
SHA = "76dd1cabf82aa624a1dabe194731b3cd18aae36a"


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    tool = Tool(tmp_path_factory.mktemp("pairs"), NO_ENGINE)
    with Serving(tool, CASES / "pairs/repos", "--metrics", "--log", "json") as serving:
        yield serving


@pytest.mark.parametrize("case", sorted(path.parent.name for path in CASES.glob("*/recorded.json")))
def test_it_answers_as_the_original_did(case: str, tool: Tool) -> None:
    recorded = json.loads((CASES / case / "recorded.json").read_text("utf-8"))
    with Serving(tool, CASES / case / "repos", "--strict-api", SHA=SHA) as serving:
        for wanted in recorded:
            reply = serving.ask(
                wanted["path"], wanted.get("body", ""), wanted["method"], wanted.get("headers")
            )
            found = {
                "status": reply.status,
                "type": reply.headers.get("content-type"),
                "answer": reply.json if reply.body else None,
            }
            assert found == {key: wanted[key] for key in found}, wanted


def test_without_strict_api_manifests_say_where_they_are_from(pairs: Serving) -> None:
    manifests = pairs.ask("/manifests").json["manifests"]
    assert {name: each["image_sha"][:7] for name, each in manifests.items()} == {
        "Java, JUnit": "4edf92a",
        "Python, unittest": "51c7d93",
        "C++, Göögle, Test": "76dd1ca",
        "Ruby, MiniTest": "76dd1ca",
    }
    assert manifests["Ruby, MiniTest"]["image_url"] == "https://example.org/many.git"


def test_people_may_name_a_manifest_in_the_address(pairs: Serving) -> None:
    found = pairs.ask("/manifest?name=Ruby%2C+MiniTest").json["manifest"]
    assert found == pairs.ask("/manifest", '{"name": "Ruby, MiniTest"}').json["manifest"]
    assert pairs.ask("/manifest?name=x", '{"name": "y"}').error == (500, "ArgumentError", "name:y:unknown")


def test_answers_are_cached_and_compressed(pairs: Serving) -> None:
    plain = pairs.ask("/manifests")
    small = pairs.ask("/manifests", headers={"accept-encoding": "br, gzip"})
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 2
    known = {"if-none-match": small.headers["etag"]}
    again = pairs.ask("/manifests", headers=known)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", plain.headers["etag"])
    assert pairs.ask("/manifests", "{}", "POST", known).status == 200
    assert pairs.ask("/manifests", headers={"accept-encoding": "gzip;q=0"}).body == plain.body
    head = pairs.ask("/manifests", method="HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(plain.body)))


def test_metrics_and_the_log_tell_what_was_asked(pairs: Serving) -> None:
    pairs.ask("/image_names")
    pairs.ask("/made/up")
    text = pairs.ask("/metrics").body.decode()
    assert 'http_server_requests_total{code="200",method="GET",path="/image_names"}' in text
    assert 'http_server_requests_total{code="400",method="GET",path="other"}' in text
    assert "lsp_start_points 4.0" in text
    assert "lsp_ready 1.0" in text
    assert wait_for(lambda: "/image_names" in pairs.said)
    lines = [json.loads(line) for line in pairs.said.splitlines()]
    assert all(line["time"] and line["level"] in ("info", "warning") for line in lines)
    line = next(line for line in lines if line.get("path") == "/image_names")
    assert {key: line[key] for key in ("client", "method", "status", "error")} == {
        "client": "127.0.0.1",
        "method": "GET",
        "status": 200,
        "error": None,
    }


def test_probes_are_not_logged_and_there_are_no_metrics_unless_they_are_wanted(tool: Tool) -> None:
    with Serving(tool, CASES / "mixed/repos") as serving:
        for path in ("/alive", "/ready", "/metrics", "/sha"):
            serving.ask(path)
        assert serving.ask("/metrics").error == (400, "ClientError", "json:malformed")
        said = serving.stop()
    assert said.status == 0
    assert "GET /sha 200 12 B" in said.stderr
    assert "GET /metrics 400" in said.stderr
    assert "/alive" not in said.stderr
    assert "serving 2 start points (languages) on http://127.0.0.1:" in said.stderr


def test_an_image_serves_as_the_list_it_was_built_from(
    registry: Registry, registry_base: str, tool: Tool
) -> None:
    images = [publish(registry, f"serve/{name}", f"Serve {name}") for name in ("a", "b")]
    tool.write("images.yml", images_yml(*images, base=registry_base))
    built = f"{registry.host}/serve/built:1"
    assert tool.run("build", "--to", "registry", "--tag", built).status == 0
    assert tool.run("lock", "--from", "registry").status == 0
    answers: list[Any] = []
    for arguments in ((built,), ("images.yml",), ("./images.yml", "--locked")):
        with Serving(tool, *arguments, "--from", "registry") as serving:
            answers.append(serving.ask("/manifests").json)
    assert answers[0]["manifests"]["Serve a"]["image_sha"] == REVISION
    assert answers[0] == answers[1] == answers[2]


def test_moved_tags_are_taken_up_if_they_keep_every_rule(registry: Registry, tool: Tool) -> None:
    name = publish(registry, "refresh/a", "Refreshed 1")
    tool.write("images.yml", images_yml(name))
    arguments = ("images.yml", "--from", "registry", "--refresh", "1s", "--metrics")
    with Serving(tool, *arguments) as serving:
        assert serving.ask("/names").json == {"names": ["Refreshed 1"]}
        publish(registry, "refresh/a", "Refreshed 2")
        assert wait_for(lambda: serving.ask("/names").json == {"names": ["Refreshed 2"]})
        assert wait_for(lambda: "refresh: now serving 1 start point: 1 new, 1 gone" in serving.said)
        publish(registry, "refresh/a", "Refreshed 3", tab_size=9)
        assert wait_for(lambda: "tab_size is 9" in serving.said)
        assert serving.ask("/names").json == {"names": ["Refreshed 2"]}
        assert 'lsp_refresh_refused{reason="' in serving.ask("/metrics").body.decode()
        page = serving.ask("/", headers={"accept": "text/html"}).body.decode()
        assert "An older list is served" in page
        registry.put_image("refresh/a", "LSP", Image((layer({"etc/motd": b""}),)))
        assert wait_for(lambda: "it has no /start_point" in serving.said)
        publish(registry, "refresh/a", "Refreshed 2")
        assert wait_for(lambda: "the newest list is served again" in serving.said)
        metrics = serving.ask("/metrics").body.decode()
        assert 'lsp_refresh_refused{reason="' not in metrics
        assert "# TYPE lsp_refreshes_total counter" in metrics
        assert "_created" not in metrics


def test_an_author_sees_each_save(tool: Tool) -> None:
    _write(tool.folder / "ltf", start_point("Saved 1"))
    with Serving(tool, "./ltf", "--watch") as serving:
        assert serving.ask("/names").json == {"names": ["Saved 1"]}
        _write(tool.folder / "ltf", start_point("Saved 2", tab_size=9))
        assert wait_for(lambda: serving.ask("/names").json == {"names": ["Saved 2"]})
        assert wait_for(lambda: "tab_size is 9" in serving.said)
        assert wait_for(lambda: "save: it is checked again on each save." in serving.said)
        page = serving.ask("/", headers={"accept": "text/html"}).body.decode()
        assert "tab_size is 9" in page
        (tool.folder / "ltf/start_point/manifest.json").write_text("{,}", encoding="utf-8")
        assert wait_for(lambda: serving.ask("/names").json == {"names": []})
        assert "Expecting" in serving.said or "expecting" in serving.said
        _write(tool.folder / "ltf", start_point("Saved 3"))
        assert wait_for(lambda: serving.ask("/names").json == {"names": ["Saved 3"]})
        shutil.rmtree(tool.folder / "ltf")
        assert wait_for(lambda: "./ltf: it does not exist" in serving.said)
        for name in ("Made again", "Saved 4"):
            _write(tool.folder / "ltf", start_point(name))
            assert wait_for(lambda name=name: serving.ask("/names").json == {"names": [name]})  # type: ignore[misc]


def test_a_list_that_breaks_a_rule_is_reported_as_by_check(registry: Registry, tool: Tool) -> None:
    good, bad = publish(registry, "rule/a", "Fine"), publish(registry, "rule/b", "Not fine", tab_size=9)
    tool.write("images.yml", images_yml(good, bad))
    done = tool.run("serve", "images.yml", "--from", "registry", "--port", 0)
    assert done.status == 1
    assert "tab_size is 9" in done.stdout
    tool.write("images.yml", images_yml(good, f"{registry.host}/rule/none:LSP"))
    assert tool.run("serve", "images.yml", "--from", "registry", "--port", 0).status == 3


def test_a_list_that_is_not_there_is_no_matter_of_an_option(tool: Tool) -> None:
    for command in ("serve", "kubernetes"):
        done = tool.run(command, "nope.yml")
        remedy = "Make one with 'lsp-assembler init images.yml', or check the path."
        assert (done.status, done.stderr) == (2, f"error: nope.yml: No such file or directory\n  {remedy}\n")


def test_without_its_extra_it_says_what_to_install(tool: Tool) -> None:
    tool.write("sitecustomize.py", "import sys; sys.modules['uvloop'] = None")
    path = f"{tool.folder}:{tool.variables().get('PYTHONPATH', '')}"
    done = tool.run("serve", CASES / "mixed/repos", PYTHONPATH=path)
    assert done.status == 2
    assert "the Python package uvloop is not installed; it comes with the extra 'serve'" in done.stderr
    assert "'[serve]' after its name or folder" in done.stderr
    assert "Serve start points over HTTP" in tool.run("--help", PYTHONPATH=path).stdout


def _write(folder: Path, files: dict[str, bytes | tuple[bytes, int]]) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content[0])
