"""`serve --prepull docker`: readiness over HTTP, with a real engine and a real registry."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.language_images import Languages
from tests.integration.serving import Serving
from tests.integration.support import Tool, images_yml, wait_for
from tests.services import DockerEngine, Gate, Registry

_HTML = {"accept": "text/html"}


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url)


def test_many_probes_then_stopped_in_the_middle_then_started_again(tool: Tool, registry: Registry) -> None:
    marker = tool.folder / "all-pulled"
    arguments = ("images.yml", "--from", "registry", "--prepull", "docker", "--marker", marker, "--metrics")
    with Gate(registry.host) as gate:
        languages = Languages(registry, "served", gate.host)
        names = languages.publish("c", "java", "ruby")
        tool.write("images.yml", images_yml(*languages.start_points(names)))
        gate.hold("/v2/served/java/manifests")
        with Serving(tool, *arguments, "--prepull-jobs", 1) as service:
            assert gate.holds.wait(60)
            with ThreadPoolExecutor(50) as many:
                replies = list(many.map(lambda _: service.ask("/ready"), range(200)))
            assert {reply.status for reply in replies} == {503}
            assert replies[-1].json == {"ready?": False, "pulled": 1, "of": 3, "failed": {}}
            assert service.ask("/alive").json == {"alive?": True}
            assert service.ask("/names").status == 200
            page = service.ask("/", headers=_HTML).body.decode()
            assert (page.count("state pulling"), page.count("state ready")) == (3, 1), "one in the heading"
            assert b"\nlsp_images_pulled 1.0\n" in service.ask("/metrics").body
            stopped = service.stop()
            assert stopped.status == 0, stopped.output
        gate.release()
        assert not marker.exists()
        with Serving(tool, *arguments) as service:
            assert wait_for(lambda: service.ask("/ready").json == {"ready?": True}, 60)
            assert wait_for(marker.exists)
            assert set(languages.downloads("c", "ruby").values()) == {1}, "java was abandoned half-way"
            assert "pulling 2 of 3 language images\n" in service.said
            assert " all 3 language images are there\n" in service.said
        gate.shut()
        with Serving(tool, *arguments, DOCKER_HOST="tcp://127.0.0.1:1") as service:
            assert service.ask("/ready").json == {"ready?": True}, "as the marker says"


def test_the_page_says_what_failed(tool: Tool, registry: Registry) -> None:
    languages = Languages(registry, "page", registry.host)
    names = [*languages.publish("c"), f"{registry.host}/page/absent:4edf92a"]
    tool.write("images.yml", images_yml(*languages.start_points(names)))
    arguments = ("images.yml", "--prepull", "docker", "--prepull-required", "any")
    with Serving(tool, *arguments) as service:
        assert wait_for(lambda: service.ask("/ready").status == 200, 60)
        assert wait_for(lambda: b"state failed" in service.ask("/", headers=_HTML).body, 60)
        page = service.ask("/", headers=_HTML).body.decode()
        assert "This node has 1 of 2 language images." in page
        assert "no such image or tag" in page


def test_what_makes_no_sense_is_refused(tool: Tool) -> None:
    run = tool.run("serve", "images.yml", "--marker", "all-pulled")
    assert run.status == 2
    assert "error: --marker: it needs --prepull docker" in run.stderr
    run = tool.run("serve", "images.yml", "--prepull", "docker", DOCKER_HOST="nowhere")
    assert run.status == 2
    assert "error: DOCKER_HOST is malformed" in run.stderr
