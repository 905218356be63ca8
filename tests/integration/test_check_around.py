"""What `check` looks at around start points: the list that they are to be in, the base, the template."""

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.integration.support import Run, Tool, free_port, images_yml, publish, start_point
from tests.services import DockerEngine, Image, Registry, base_image_layer, layer


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """The tool on a machine without an engine."""
    return Tool(tmp_path, f"unix://{tmp_path}/none.sock")


def write(tool: Tool, display_name: str, image_name: str, **keys: Any) -> None:
    """A checkout in ./mine."""
    for path, found in start_point(display_name, image_name=image_name, **keys).items():
        tool.write(f"mine/{path}", (found[0] if isinstance(found, tuple) else found).decode())


def rules(run: Run) -> list[tuple[int, str]]:
    return [(each["index"], each["rule"]) for each in run.json["findings"]]


class TestBeside:
    def test_my_name_is_free_and_nothing_is_said_of_others(self, tool: Tool, registry: Registry) -> None:
        mine = publish(registry, "beside/elm", "Elm, published")
        theirs, faulty = (
            publish(registry, "beside/java", "Java"),
            publish(registry, "beside/c", "C", tab_size=9),
        )
        tool.write("images.yml", images_yml(theirs, mine, faulty))
        write(tool, "Elm, published", f"{registry.host}/beside/elm")
        run = tool.run("check", "./mine", "--with", "images.yml")
        assert run.status == 0, run.output
        assert (
            f'compared with 2 start points of images.yml, without "{mine}", which yours replaces'
            in run.stderr
        )
        assert "1 start point, 1 display name: all rules pass" in run.stdout
        assert "beside/java" not in run.stdout
        write(tool, "Java", f"{registry.host}/beside/elm", tab_size=0)
        taken = tool.run("check", "./mine", "--with", "images.yml", "--format", "json")
        assert taken.stdout, taken.output
        assert (taken.status, rules(taken)) == (1, [(0, "tab-size"), (0, "display-name-unique")])
        assert [each["source"] for each in taken.json["start_points"]] == ["./mine"]
        tool.write("other/images.yml", images_yml(mine))
        alone = tool.run("check", "./mine", "--with", "other/images.yml")
        assert "compared with 0 start points of other/images.yml" in alone.stderr

    def test_what_cannot_be_read_may_have_my_name(self, tool: Tool, registry: Registry) -> None:
        theirs, absent = publish(registry, "beside/ruby", "Ruby"), f"{registry.host}/beside/absent:LSP"
        tool.write("images.yml", images_yml(theirs, absent))
        write(tool, "Mine", f"{registry.host}/beside/mine")
        run = tool.run("check", "./mine", "--with", "images.yml", "--format", "json")
        (failure,) = run.json["failures"]
        assert (run.status, failure["source"], failure["index"], failure["line"]) == (3, absent, 1, 4)

    def test_there_must_be_something_of_mine(self, tool: Tool) -> None:
        tool.write("images.yml", images_yml("org/java:LSP"))
        run = tool.run("check", "--with", "images.yml")
        assert (run.status, run.stdout) == (2, "")
        assert run.stderr.startswith("error: --with: there is nothing to compare with the list\n")


class TestBase:
    def test_a_wrong_base_is_told_with_all_else(self, tool: Tool, registry: Registry) -> None:
        bad = publish(registry, "around/bad", "Bad", tab_size=9)
        absent = f"{registry.host}/around/base:1"
        tool.write("images.yml", images_yml(bad, base=absent))
        run = tool.run("check", "--format", "json")
        assert (run.status, rules(run)) == (3, [(0, "tab-size")])
        told = f"images.yml:2: base: {absent}: {registry.host} has no such image or tag"
        assert run.json["error"].startswith(told)
        assert run.json["error"].endswith("\n  Correct 'base:' in images.yml, or publish the image first.")
        in_a_log = f"images.yml:2: error: base: {absent}: "
        assert in_a_log in tool.run("check").stdout
        assert "::error file=images.yml,line=2,title=failed%3A not found::base: " in (
            tool.run("check", "--format", "github").stdout
        )
        registry.put_image("around/base", "1", Image((base_image_layer(),)))
        assert tool.run("check", "--format", "json").json["error"] is None
        tool.write("images.yml", images_yml(bad, base="scratch"))
        assert tool.run("check").status == 1

    @pytest.mark.parametrize("command", ["check", "build", "lock"])
    def test_nothing_can_be_built_on_an_lsp_image(self, tool: Tool, registry: Registry, command: str) -> None:
        good = publish(registry, "around/on-lsp", "On LSP")
        labels = {"org.cyber-dojo.lsp.image-name": "org/java:1"}
        registry.put_image("around/lsp", "renamed", Image((base_image_layer(),), labels))
        name = ("-t", f"{registry.host}/around/built:1", "--to", "registry") if command == "build" else ()
        for tag, status in (("LSP-1", 2), ("renamed", 3)):
            tool.write("images.yml", images_yml(good, base=f"{registry.host}/around/lsp:{tag}"))
            run = tool.run(command, "--from", "registry", *name)
            assert run.status == status, run.output
            assert "images.yml:2:" in run.output
            assert "that is an LSP image, which holds only a start point" in run.output

    @pytest.mark.parametrize("store", ["auto", "docker"])
    def test_a_base_that_only_the_engine_has_will_do(
        self, engine: DockerEngine, registry: Registry, engine_base: str, tmp_path: Path, store: str
    ) -> None:
        tool = Tool(tmp_path, engine.url)
        base = f"{registry.host}/around/made-here:1"
        with contextlib.closing(engine.client()) as client:
            client.images.get(engine_base).tag(f"{registry.host}/around/made-here", "1")
        good = publish(registry, "around/on-base", "On a base")
        tool.write("images.yml", images_yml(good, base=base))
        assert tool.run("check", "--from", store).status == 0

    def test_sources_on_the_command_line_need_no_base(self, tool: Tool, registry: Registry) -> None:
        good = publish(registry, "around/good", "Good")
        tool.write("images.yml", images_yml(good, base=f"{registry.host}/around/nowhere:1"))
        write(tool, "Mine", "org/mine")
        assert tool.run("check", "./mine", good).status == 0

    @pytest.mark.parametrize(
        ("template", "status", "said"),
        [
            ("FROM $base\nCOPY . /app/repos\nLABEL $labels\n", 0, ""),
            ("FROM $bse\n", 2, "unknown name '$bse'; did you mean '$base'?"),
            (
                "FROM $base\nCOPY . /app/repos\nEXPOSE 65536\n",
                2,
                "Dockerfile.template:3: error: 'EXPOSE 65536'",
            ),
            ("FROM $base\nCOPY . /app/repos\nRUN ls\n", 0, "'RUN ls': needs a Docker Engine; so the image"),
            ("FROM org/own:1\nCOPY . /app/repos\n", 0, "it builds on 'org/own:1' and not on $base; so the"),
        ],
    )
    def test_the_template_is_filled_in(
        self, tool: Tool, registry: Registry, template: str, status: int, said: str
    ) -> None:
        tool.write("images.yml", images_yml(publish(registry, "around/template", "Template")))
        tool.write("Dockerfile.template", template)
        run = tool.run("check")
        assert run.status == status, run.output
        assert said in " ".join(run.output.split())


class TestHints:
    def test_a_folder_of_that_name_may_be_meant(self, tool: Tool) -> None:
        write(tool, "Mine", "org/mine")
        run = tool.run("check", "mine", "absent", "--from", "oci:none", "--format", "json")
        beside, absent = run.json["failures"]
        assert beside["message"].endswith(" If you mean the folder 'mine', say './mine'.")
        assert "folder" not in absent["message"]

    def test_the_tag_lsp_may_be_meant(self, tool: Tool, registry: Registry) -> None:
        name = publish(registry, "hints/java", "Hints").removesuffix(":LSP")
        registry.put_image("hints/java", "latest", Image((layer({"usr/bin/java": b"java"}),)))
        registry.put_image("hints/none", "latest", Image((layer({"usr/bin/java": b"java"}),)))
        none = f"{registry.host}/hints/none"
        run = tool.run("check", name, f"{name}:LSP-1", none, f"{none}:LSP", "--format", "json")
        messages = [each["message"].splitlines()[0] for each in run.json["failures"]]
        hint = f"; did you mean '{name}:LSP'?"
        assert [message.endswith(hint) for message in messages] == [True, False, False, False]
        assert not [message for message in messages[1:] if "did you mean" in message]

    def test_an_engine_is_asked_as_well(self, engine: DockerEngine, tmp_path: Path) -> None:
        name = f"127.0.0.1:{free_port()}/hints/packed"
        tool = Tool(tmp_path, engine.url)
        write(tool, "Packed", name)
        assert tool.run("pack", "./mine").status == 0
        run = tool.run("check", "--from", "docker", "--pull", "never", f"{name}:latest", "--format", "json")
        assert f"; did you mean '{name}:LSP'?" in run.json["failures"][0]["message"]
        assert "used what the Docker Engine has" not in run.stderr
