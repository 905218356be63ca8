"""What is known of language images, and when registries are asked."""

from collections.abc import Sequence
from datetime import date

from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.model.policy import LanguageImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.facts import Wanted
from lsp_assembler.service.known import AGAIN, SOONER, Known

A, B = Reference.parse("acme/a:1a2b3c4"), Reference.parse("acme/b:1a2b3c4")
OLDER, ELSEWHERE = Reference.parse("acme/a:0000000"), Reference.parse("evil.example/a:1a2b3c4")
DOWN = FetchError("acme: down", kind="unavailable")
GONE = FetchError("acme/b:1a2b3c4: there is no such image", kind="not-found")


class Registries:
    """Answers as a test says; notes what was asked."""

    def __init__(self) -> None:
        self.answers: dict[Reference, FetchError] = {}
        self.error: Exception | None = None
        self.asked: list[str] = []
        self.created = 1

    def __call__(
        self, images: Sequence[Reference], wanted: Wanted, _: date
    ) -> list[LanguageImage | FetchError]:
        self.asked = [f"{image.repository}:{image.tag}{' tags' * wanted.tags}" for image in images]
        if self.error:
            raise self.error
        return [self.answers.get(image) or LanguageImage(image, (), self.created) for image in images]


class World:
    """What is known, with registries."""

    def __init__(self, *images: Reference) -> None:
        self.registries = Registries()
        self.said: list[str] = []
        self.known = Known(self.registries, self.said.append)
        self.known.expect(images)

    def asked(self, now: float, *, tags: bool = False) -> list[str]:
        """What is asked at a time; the answers are there afterwards."""
        self.registries.asked = []
        self.known.renew(now, tags=tags)
        self.known.wait(60)
        self.known.renew(now, tags=tags)
        return self.registries.asked

    def of(self, image: Reference, *, tags: bool = False) -> tuple[int | None, str]:
        found, why = self.known.of(image, tags=tags)
        return found.created, why


def test_all_are_asked_for_at_once_and_again_after_hours() -> None:
    world = World(A, B)
    assert world.of(A) == (None, "no registry has been asked yet")
    assert world.asked(1000) == ["acme/a:1a2b3c4", "acme/b:1a2b3c4"]
    assert world.of(A) == (1, "")
    assert world.asked(999 + AGAIN) == []
    world.registries.created = 2
    assert world.asked(1000 + AGAIN) == ["acme/a:1a2b3c4", "acme/b:1a2b3c4"]
    assert world.of(A) == (2, "")
    assert world.asked(5) == ["acme/a:1a2b3c4", "acme/b:1a2b3c4"]  # the clock went back


def test_what_is_new_is_asked_for_at_once() -> None:
    world = World(A)
    world.asked(0)
    world.known.expect([A, B])
    assert world.asked(1) == ["acme/b:1a2b3c4"]
    assert world.asked(2, tags=True) == ["acme/a:1a2b3c4 tags", "acme/b:1a2b3c4 tags"]
    assert world.asked(3) == []


def test_until_newer_tags_are_known_the_rest_still_counts() -> None:
    world = World(A)
    world.asked(0)
    assert world.of(A, tags=True) == (1, "no registry has been asked yet")


def test_failures_keep_what_is_known_and_are_asked_for_again_less_and_less_often() -> None:
    world = World(A, B)
    world.asked(0)
    world.registries.answers = {A: DOWN, B: GONE}
    world.asked(AGAIN)
    assert (world.of(A), world.of(B)) == ((1, ""), (1, ""))
    assert world.asked(AGAIN + SOONER - 1) == []
    assert world.asked(AGAIN + SOONER) == ["acme/a:1a2b3c4"]
    assert world.asked(AGAIN + 3 * SOONER - 1) == []
    assert len(world.said) == 1
    world.registries.answers = {}
    assert world.asked(AGAIN + 3 * SOONER) == ["acme/a:1a2b3c4"]
    assert len(world.said) == 1
    world.asked(2 * AGAIN)
    assert world.said[1:] == ["policy: registries have answered for all 2 language images"]


def test_whatever_goes_wrong_is_a_failure_of_all() -> None:
    world = World(A)
    for error, why in (
        (InvalidInputError("images.yml: broken"), "images.yml: broken"),
        (ZeroDivisionError("0"), "a bug in lsp-assembler: ZeroDivisionError: 0"),
    ):
        world.registries.error = error
        world.asked(0 if why.startswith("images") else AGAIN)
        assert world.of(A) == (None, why)


def test_others_are_asked_for_only_where_start_points_name_images() -> None:
    world = World(A)
    world.asked(0)
    assert world.of(ELSEWHERE)[1].startswith("no start point names an image of this repository")
    assert world.of(OLDER) == (None, "no registry has been asked yet")
    assert world.asked(1) == ["acme/a:0000000"]
    assert world.of(OLDER) == (1, "")


def test_clients_cannot_make_it_ask_without_end() -> None:
    world = World(A)
    world.asked(0)
    made_up = [A.with_tag(f"{number:07x}") for number in range(2000)]
    world.registries.answers = dict.fromkeys(made_up, GONE)
    for image in made_up:
        world.of(image)
    assert len(world.asked(1)) == 1000
    for image in made_up:
        world.of(image)
    assert world.asked(SOONER + 1) == []
    assert world.asked(AGAIN) == ["acme/a:1a2b3c4"]
    assert world.said == []
