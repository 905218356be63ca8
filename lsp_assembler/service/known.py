"""What is known of language images: asked for beside the requests, and kept while registries fail."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from datetime import date

from msgspec import Struct

from lsp_assembler.errors import FetchError, LspAssemblerError
from lsp_assembler.model.policy import LanguageImage
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.operations.facts import Wanted
from lsp_assembler.parallel import in_background
from lsp_assembler.rules.policy import day_of
from lsp_assembler.service.errors import bug_words
from lsp_assembler.text import plural

_Answers = Sequence[LanguageImage | FetchError]
Ask = Callable[[Sequence[Reference], Wanted, date], _Answers]

AGAIN = 6 * 3600
"""Seconds after which registries are asked about every image again."""
SOONER = 300
"""Seconds after which they are asked again about what failed; twice as many after each further failure."""
_MOST = 1000  # images that no start point names
_NOT_ASKED = "no registry has been asked yet"
_NEVER_ASKED = "no start point names an image of this repository, so no registry is asked"


class _Fact(Struct, frozen=True):
    """What registries said, and whether they were asked for newer tags, too."""

    image: LanguageImage
    tags: bool


class Known:
    """What registries have said so far. One thread calls `renew`; any thread may call the rest.

    Args:
        ask: asks registries; takes its time, and may raise LspAssemblerError.
        say: told what an operator should know, in a line.
    """

    def __init__(self, ask: Ask, say: Callable[[str], None]) -> None:
        self._ask = ask
        self._say = say
        self._lock = threading.Lock()
        self._named: dict[str, Reference] = {}
        self._others: dict[str, Reference] = {}
        self._facts: dict[str, _Fact] = {}
        self._failed: dict[str, FetchError] = {}
        self._under_way: Future[tuple[list[Reference], bool, _Answers]] | None = None
        self._again = 0.0  # when to ask about everything
        self._retry = 0.0  # when to ask about what failed
        self._pause = SOONER
        self._is_troubled = False  # and this was said

    def expect(self, images: Iterable[Reference]) -> None:
        """Say which images start points name from now on."""
        with self._lock:
            self._named = {image.canonical: image for image in images}

    def of(self, image: Reference, *, tags: bool) -> tuple[LanguageImage, str]:
        """What is known of an image, and why that is not enough; "" if it is.

        Of an image that no start point names, registries are asked from now on, too, if others of the same
        repository are named: exercises name images for years. So no client makes us ask elsewhere.

        Args:
            tags: whether newer tags have to be known.
        """
        key = image.canonical
        with self._lock:
            fact, failure = self._facts.get(key), self._failed.get(key)
            if key not in self._named and key not in self._others:
                repositories = map(repository_of, self._named.values())
                if len(self._others) >= _MOST or repository_of(image) not in repositories:
                    return LanguageImage(image), _NEVER_ASKED
                self._others[key] = image
        if fact and (fact.tags or not tags):
            return fact.image, ""
        why = failure.message.removeprefix(f"{image}: ") if failure else _NOT_ASKED
        return fact.image if fact else LanguageImage(image), why

    def renew(self, now: float, *, tags: bool) -> bool:
        """Take in what was answered since the last time, and ask for what is due. Does not wait.

        Args:
            now: in seconds since 1970.
            tags: as in `of`.

        Returns:
            whether something is known that was not, or the other way round.
        """
        changed = self._taken(now)
        due = [] if self._under_way else self._due(now, tags=tags)
        if due:
            self._under_way = in_background(lambda: (due, tags, self._answers(due, now, tags=tags)))
        return changed

    def wait(self, seconds: float) -> None:
        """Wait for the answers to what is being asked, at most for so long."""
        if self._under_way:
            wait([self._under_way], seconds)

    def _due(self, now: float, *, tags: bool) -> list[Reference]:
        is_time = not self._again - AGAIN <= now < self._again  # or the clock went back
        with self._lock:
            if is_time:  # those that others made up give way
                self._others = {key: each for key, each in self._others.items() if key in self._facts}
            images = self._named | self._others
        if is_time:
            self._again = now + AGAIN
            return list(images.values())
        facts, failed = self._facts, self._failed
        known = {key for key in images if key in facts and (facts[key].tags or not tags)}
        due = {key for key in images if key not in known and key not in failed}
        if now >= self._retry:
            due |= {key for key, error in failed.items() if key in images and error.kind != "not-found"}
        return [image for key, image in images.items() if key in due]

    def _answers(self, images: Sequence[Reference], now: float, *, tags: bool) -> _Answers:
        day = day_of(int(now)) or date.min
        try:
            return self._ask(images, Wanted(tags=tags), day)
        except LspAssemblerError as error:
            failure = FetchError(error.message, error.remedy, kind="unavailable")
        except Exception as bug:  # noqa: BLE001  # what is known must not grow old without a word
            failure = FetchError(bug_words(bug), kind="unavailable")
        return [failure] * len(images)

    def _taken(self, now: float) -> bool:
        if not self._under_way or not self._under_way.done():
            return False
        asked, tags, answers = self._under_way.result()
        self._under_way = None
        before = self._facts, self._failed
        facts, failed = dict(self._facts), dict(self._failed)
        for image, answer in zip(asked, answers, strict=True):
            if isinstance(answer, FetchError):
                failed[image.canonical] = answer
            else:
                facts[image.canonical] = _Fact(answer, tags)
                failed.pop(image.canonical, None)
        with self._lock:
            wanted = self._named | self._others
            self._facts = {key: fact for key, fact in facts.items() if key in wanted}
            self._failed = {key: error for key, error in failed.items() if key in wanted}
        self._plan_retry(now)
        self._report()
        return before != (self._facts, self._failed)

    def _plan_retry(self, now: float) -> None:
        if not self._failed:
            self._pause = SOONER
        elif now >= self._retry:
            self._retry = now + self._pause
            self._pause = min(2 * self._pause, AGAIN)

    def _report(self) -> None:
        """Say when it begins to fail, and when all is known."""
        failed = [error for key, error in self._failed.items() if key in self._named]
        images = plural(len(self._named), "language image")
        if failed and not self._is_troubled:
            self._say(
                f"policy: registries did not answer for {len(failed)} of {images}: {failed[0].message}; "
                "what was known before still counts; trying until it works"
            )
        elif self._is_troubled and not failed:
            self._say(f"policy: registries have answered for all {images}")
        self._is_troubled = bool(failed)
