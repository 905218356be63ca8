"""`serve --policy` as clients and operators see it: real files, real registries."""

from pathlib import Path

import pytest

from tests.integration.serving import Serving
from tests.integration.support import NO_ENGINE, Tool, free_port, images_yml, publish, wait_for
from tests.integration.test_audit import language_image
from tests.services import Registry

POLICY = "max_age: 365d\nsuperseded: deny\n"
HTML = {"accept": "text/html"}


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


@pytest.fixture
def listed(registry: Registry, tool: Tool) -> list[str]:
    """An images.yml with two start points; the language image of the second one is too old."""
    images = [
        language_image(registry, "policy/new", "1a2b3c4", 10),
        language_image(registry, "policy/old", "1a2b3c4", 400),
    ]
    sources = [
        publish(registry, f"policy/{name.lower()}-ltf", name, image_name=image)
        for name, image in zip(("New", "Old"), images, strict=True)
    ]
    tool.write("images.yml", images_yml(*sources))
    return images


def replaced(tool: Tool, name: str, text: str) -> None:
    """Write a file in the place of another, at once."""
    tool.write("new", text).replace(tool.folder / name)


def test_what_is_too_old_is_marked_and_a_runner_is_told(
    tool: Tool, registry: Registry, listed: list[str]
) -> None:
    new, old = listed
    language_image(registry, "policy/new", "0000000", 500)
    tool.write("policy.yml", POLICY)
    with Serving(tool, "images.yml", "--from", "registry", "--policy", "policy.yml", "--metrics") as serving:
        manifests = serving.ask("/manifests").json["manifests"]
        assert "blocked" not in manifests["New"]
        blocked = manifests["Old"]["blocked"]
        assert blocked["rule"] == "image-too-old"
        assert blocked["reason"].startswith("it is 400 days old (created ")
        assert serving.ask("/manifest", '{"name": "Old"}').json["manifest"]["blocked"] == blocked
        assert serving.ask("/names").json == {"names": ["New", "Old"]}

        no = {"permitted?": False, "blocked": blocked}
        assert serving.ask("/permitted", f'{{"image_name": "{old}"}}').json == no
        assert serving.ask(f"/permitted?image_name={new}").json == {"permitted?": True}
        # nobody names this one any more, but exercises do
        older = f"{new.rpartition(':')[0]}:0000000"
        assert wait_for(lambda: not serving.ask(f"/permitted?image_name={older}").json["permitted?"])
        assert "unknown" in serving.ask("/permitted?image_name=other/image:1").json

        assert serving.ask("/permitted").error == (500, "ArgumentError", "image_name:missing")
        assert serving.ask("/permitted", '{"image_name": 1}').error == (
            500,
            "ArgumentError",
            "image_name:!string",
        )
        assert serving.ask("/permitted", '{"image_name": "A b"}').error == (
            500,
            "ArgumentError",
            "image_name:A b:malformed",
        )
        assert serving.ask("/permitted", "[]").error == (400, "ClientError", "json:malformed")

        page = serving.ask("/", headers=HTML).body.decode()
        assert "Learners can start with any of them but 1, which the policy blocks." in page
        assert "it is 400 days old" in page
        text = serving.ask("/metrics").body.decode()
        assert "lsp_start_points_blocked 1.0" in text
        assert "lsp_policy_images_unknown 0.0" in text
        assert 'path="/permitted"' in text
        assert 'policy: "Old" is blocked: it is 400 days old' in serving.said


def test_a_policy_is_edited_broken_and_mended(tool: Tool, listed: list[str]) -> None:
    new, _ = listed
    tool.write("policy.yml", "max_age: 9999d\n")
    with Serving(tool, "images.yml", "--from", "registry", "--policy", "policy.yml", "--metrics") as serving:

        def blocked() -> list[str]:
            manifests = serving.ask("/manifests").json["manifests"]
            return [name for name, manifest in manifests.items() if "blocked" in manifest]

        before = serving.ask("/manifests")
        assert blocked() == []
        replaced(tool, "policy.yml", "max_age: 365d\n")
        assert wait_for(lambda: blocked() == ["Old"])
        after = serving.ask("/manifests", headers={"if-none-match": before.headers["etag"]})
        assert after.status == 200

        replaced(tool, "policy.yml", "max_age: 1y\ndeny: deny.yml\n")
        assert wait_for(lambda: "policy.yml does not count as it is now" in serving.said)
        assert "policy.yml:1:10: max_age" in serving.said
        assert "policy.yml:2:7: deny" in serving.said
        assert blocked() == ["Old"]
        assert 'lsp_policy_refused{reason="policy.yml:1:10: ' in serving.ask("/metrics").body.decode()
        assert "An older policy counts" in serving.ask("/", headers=HTML).body.decode()

        tool.write("deny.yml", f"- {{image: '{new}', reason: a hole}}\n")
        replaced(tool, "policy.yml", "max_age: 365d\ndeny: deny.yml\n")
        assert wait_for(lambda: "policy: policy.yml counts again" in serving.said)
        assert wait_for(lambda: blocked() == ["New", "Old"])
        assert 'lsp_policy_refused{reason="' not in serving.ask("/metrics").body.decode()
        replaced(tool, "deny.yml", "[]")
        assert wait_for(lambda: blocked() == ["Old"])
        assert serving.said.count("does not count as it is now") == 1


def test_blocked_ones_are_hidden_but_for_people(tool: Tool, listed: list[str]) -> None:
    new, old = listed
    tool.write("policy.yml", POLICY)
    arguments = ("images.yml", "--from", "registry", "--policy", "policy.yml", "--blocked", "hide")
    with Serving(tool, *arguments) as serving:
        assert serving.ask("/names").json == {"names": ["New"]}
        assert serving.ask("/image_names").json == {"image_names": [new]}
        assert list(serving.ask("/manifests").json["manifests"]) == ["New"]
        unknown = (500, "ArgumentError", "name:Old:unknown")
        assert serving.ask("/manifest", '{"name": "Old"}').error == unknown
        assert serving.ask(f"/permitted?image_name={old}").json["blocked"]["rule"] == "image-too-old"
        assert "Blocked and hidden" in serving.ask("/", headers=HTML).body.decode()
        assert "it is 400 days old" in serving.ask("/?name=Old", headers=HTML).body.decode()


def test_it_serves_without_its_registries_and_without_a_policy_as_ever(
    tool: Tool, registry: Registry
) -> None:
    down = f"127.0.0.1:{free_port()}/down/java:1a2b3c4"
    sources = [publish(registry, "policy/down-ltf", "Down", image_name=down)]
    tool.write("images.yml", images_yml(*sources))
    tool.write("policy.yml", "max_age: 365d\n")
    arguments = ("images.yml", "--from", "registry", "--patience", 1)
    with Serving(tool, *arguments, "--policy", "policy.yml") as judged, Serving(tool, *arguments) as plain:
        for path in ("/names", "/manifests", "/manifest?name=Down", "/image_names"):
            assert judged.ask(path).body == plain.ask(path).body
        assert wait_for(lambda: "registries did not answer for 1 of 1 language image" in judged.said)
        answer = judged.ask(f"/permitted?image_name={down}").json
        assert answer["permitted?"]
        assert "connection refused" in answer["unknown"].lower()
        assert "Not enough is known of 1 language image" in judged.ask("/", headers=HTML).body.decode()
        assert plain.ask(f"/permitted?image_name={down}").error == (400, "ClientError", "json:malformed")


def test_a_broken_policy_or_none_is_no_start(tool: Tool) -> None:
    tool.write("policy.yml", "max_age: 1y\nsuperseded: maybe\ncolour: red\n")
    done = tool.run("serve", "images.yml", "--policy", "policy.yml")
    assert done.status == 2
    assert [line.partition(";")[0] for line in done.stderr.splitlines()[:3]] == [
        "error: policy.yml:1:10: max_age is '1y'",
        "error: policy.yml:2:13: superseded is 'maybe'",
        "error: policy.yml:3:1: unknown key 'colour'",
    ]
    done = tool.run("serve", "images.yml", "--blocked", "hide")
    assert (done.status, "--blocked hide: there is no policy" in done.stderr) == (2, True)
