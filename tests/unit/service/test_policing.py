"""A policy applied to what is served, as days pass and its files change."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.model.policy import LanguageImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.facts import Wanted
from lsp_assembler.service.blocked import BlockedShown
from lsp_assembler.service.errors import RequestError
from lsp_assembler.service.kept import Kept
from lsp_assembler.service.policing import Policing
from lsp_assembler.service.policy_source import PolicySource
from lsp_assembler.service.stage import Stage
from tests.unit.service.served import kept, point

MADE = datetime(2026, 1, 1, 12, tzinfo=UTC)
LAST_SECOND = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)  # of day 30
OLD, NEW = "acme/java:1a2b3c4", "acme/go:9f53889"
SERVED = kept(point("0", "Java", image_name=OLD), point("1", "Go", image_name=NEW))
TOO_OLD = {
    "rule": "image-too-old",
    "reason": "it is 31 days old (created 2026-01-01); the policy allows 30 days",
}


def asked(images: Sequence[Reference], _wanted: Wanted, _today: date) -> list[LanguageImage | FetchError]:
    """What registries say: of Java's images when they were made, of others nothing."""
    made = int(MADE.timestamp())
    failure = FetchError("acme: the registry does not answer", kind="unavailable")
    return [
        LanguageImage(image, ("sha256:1",), made) if image.repository == "acme/java" else failure
        for image in images
    ]


class World:
    """A service with a policy, at a time that the test says."""

    def __init__(self, folder: Path, policy: str, shown: BlockedShown = BlockedShown.MARK) -> None:
        self.folder = folder
        self.now = LAST_SECOND
        self.said: list[str] = []
        self.write("policy.yml", policy)
        source = PolicySource(str(folder / "policy.yml"))
        self.policing = Policing(source, asked, self.said.append, shown, self._time)
        self.kept = self.policing.begin(SERVED)
        self._stage = Stage(SERVED, self.policing, self._show)

    def write(self, name: str, text: str) -> None:
        """Put a file in the place of another, as editors do."""
        (self.folder / "new").write_text(text, "utf-8")
        (self.folder / "new").rename(self.folder / name)

    def tick(self, **later: int) -> bool:
        """What the service does each second, after so much time."""
        self.now += timedelta(**later)
        changed = self.policing.tick()
        if changed:
            self._stage.put(SERVED)
        return changed

    @property
    def blocked(self) -> dict[str, Any]:
        """The marks in /manifests, by name."""
        manifests = self.answer("manifests")["manifests"]
        return {name: each["blocked"] for name, each in manifests.items() if "blocked" in each}

    def answer(self, path: str) -> Any:
        return json.loads(self.kept.catalog.answers[path].body)

    def permitted(self, name: str) -> Any:
        return json.loads(self.policing.permitted(name).body)

    def _time(self) -> float:
        return self.now.timestamp()

    def _show(self, shown: Kept) -> None:
        self.kept = shown


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, "max_age: 30d\n")


def test_an_image_gets_too_old_at_midnight_in_utc(world: World) -> None:
    assert world.blocked == {}
    assert world.kept.catalog is SERVED.catalog
    assert world.permitted(OLD) == {"permitted?": True}
    world.tick(seconds=1)
    assert world.blocked == {"Java": TOO_OLD}
    assert world.permitted(OLD) == {"permitted?": False, "blocked": TOO_OLD}
    one = world.kept.catalog.manifest("Java")
    assert one is not None
    assert json.loads(one.body)["manifest"]["blocked"] == TOO_OLD
    assert world.kept.catalog.manifest("Go") is SERVED.catalog.manifest("Go")
    assert world.said[-1] == (
        'policy: "Java" is blocked: it is 31 days old (created 2026-01-01); the policy allows 30 days '
        "(image-too-old)\npolicy: blocked now: 1 of 2 start points"
    )


def test_on_the_same_day_nothing_is_rendered_again(world: World) -> None:
    world.tick(seconds=1)
    assert not world.tick(seconds=1)
    assert world.tick(days=1)
    assert "it is 32 days old" in world.blocked["Java"]["reason"]
    assert len(world.said) == 2  # of the registry, and of Java


def test_what_is_not_known_is_not_too_old(world: World) -> None:
    world.tick(days=1000)
    why = "acme: the registry does not answer"
    assert world.permitted(NEW) == {"permitted?": True, "unknown": why}
    assert world.kept.policed
    assert world.kept.policed.unknown == {NEW: why}
    told = (
        "policy: registries did not answer for 1 of 2 language images: acme: the registry does not answer; "
        "what was known before still counts; trying until it works"
    )
    assert world.said.count(told) == 1


def test_an_exemption_ends_at_the_end_of_its_day(tmp_path: Path) -> None:
    exempt = f"exempt: [{{image: '{OLD}', rule: image-too-old, reason: exams, until: 2026-01-31}}]\n"
    world = World(tmp_path, f"max_age: 29d\n{exempt}")
    assert world.blocked == {}
    world.tick(seconds=1)
    assert world.blocked["Java"]["rule"] == "image-too-old"


def test_a_denial_counts_from_when_it_is_written_until_it_is_removed(tmp_path: Path) -> None:
    (tmp_path / "deny.yml").write_text("[]")
    world = World(tmp_path, "deny: deny.yml\n")
    world.write("deny.yml", "- {image: acme/go, reason: a hole}\n")
    assert world.tick()
    denied = {"rule": "image-denied", "reason": "it is denied: a hole"}
    assert world.blocked == {"Go": denied}
    assert world.permitted("acme/go:fffffff") == {"permitted?": False, "blocked": denied}
    world.write("deny.yml", "[]")
    assert world.tick()
    assert world.blocked == {}
    assert '"Go" is not blocked any more' in world.said[-1]
    world.write("policy.yml", "deny: more.yml\nmax_age: 9d\n")
    world.tick()
    assert world.kept.policed
    assert "more.yml" in world.kept.policed.refused
    world.write("more.yml", "- {image: acme/go, reason: a hole}\n")  # which the broken one names
    world.tick()
    assert (world.kept.policed.refused, world.blocked) == ("", {"Go": denied})


def test_while_a_policy_is_broken_the_last_good_one_counts(world: World) -> None:
    world.tick(seconds=1)
    for broken in (
        "max_age: old\nsuperseded: maybe\n",
        "",
        "max_age: [",
        "max_age: old\nsuperseded: maybe\n",
    ):
        world.write("policy.yml", broken)
        assert world.tick()
        assert world.blocked == {"Java": TOO_OLD}
    assert world.kept.policed
    assert world.kept.policed.failures == 4
    path = world.folder / "policy.yml"
    assert world.kept.policed.refused.splitlines() == [
        f"{path}:1:10: max_age is 'old'; expected up to 9999 days or weeks, e.g. 365d or 52w",
        f"{path}:2:13: superseded is 'maybe'; expected allow, warn or deny",
    ]
    path.unlink()
    assert world.tick()
    assert not world.tick()
    before = len(world.said)
    world.write("policy.yml", "max_age: 31d\n")
    assert world.tick()
    assert (world.blocked, world.kept.policed.refused) == ({}, "")
    assert world.said[before] == f"policy: {path} counts again"


def test_hidden_ones_are_nowhere_but_on_the_page(tmp_path: Path) -> None:
    world = World(tmp_path, "max_age: 30d\n", BlockedShown.HIDE)
    world.tick(seconds=1)
    assert world.answer("names") == {"names": ["Go"]}
    assert world.answer("image_names") == {"image_names": [NEW]}
    assert list(world.answer("manifests")["manifests"]) == ["Go"]
    assert world.kept.catalog.manifest("Java") is None
    assert [each.name for each in world.kept.catalog.entries] == ["Go", "Java"]
    assert list(world.kept.catalog.hidden) == ["Java"]


def test_warnings_block_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, "superseded: warn\nrequire_tag: warn\n")
    assert world.permitted("acme/go") == {"permitted?": True}
    world.write("policy.yml", "require_tag: deny\n")
    world.tick()
    assert world.permitted("acme/go")["blocked"]["rule"] == "image-untagged"


def test_no_image_has_a_malformed_name(world: World) -> None:
    for name in ("", "A b", "acme/java:é", "acme/java@sha256:1"):
        with pytest.raises(RequestError) as caught:
            world.policing.permitted(name)
        assert (caught.value.status, caught.value.message) == (500, f"image_name:{name}:malformed")


def test_a_manifest_cannot_block_itself_twice(tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text("require_tag: deny\n")
    policing = Policing(PolicySource(str(tmp_path / "policy.yml")), asked, print)
    found = policing.begin(kept(point("0", "A", image_name="acme/a", blocked="by me")))
    one = found.catalog.manifest("A")
    assert one is not None
    assert one.body.count(b'"blocked"') == 1


def test_a_broken_policy_is_none_to_begin_with(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        PolicySource(str(tmp_path / "policy.yml"))
