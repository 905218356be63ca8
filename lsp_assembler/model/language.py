"""An LTF and all versions that it ever had, as reports show them: dates, sizes, durations. Pure."""

from collections.abc import Callable
from functools import cached_property
from typing import Literal

from msgspec import Struct

MONTH = 30
"""How many days ago the version was the newest that the present one is compared with."""

Judgement = Literal["allowed", "warning", "denied", "unknown"]
"""What a policy makes of a language image: it breaks no rule; only rules that warn; nobody can tell."""


class Durations(Struct, frozen=True):
    """How long the tests of a start point take in each of their three states, in seconds."""

    red: float
    amber: float
    green: float


class Judged(Struct, frozen=True):
    """What a policy makes of a language image.

    Args:
        reasons: the rules that it breaks, or why nobody can tell, a line each.
    """

    judgement: Judgement
    reasons: tuple[str, ...] = ()


class LanguageImageSize(Struct, frozen=True):
    """How large a language image is.

    Args:
        compressed: its layers as a registry stores them, in bytes.
        platform: e.g. "linux/amd64"; "" where the image does not say.
    """

    compressed: int
    platform: str = ""


class LanguageVersion(Struct, frozen=True):
    """One version of an LTF: an LSP image, and the language image that it names.

    Args:
        tag: e.g. "LSP-4edf92a"; where an image in use has no such tag (any more), how it is named.
        in_use: whether it is one that the report is about.
        digest: of the LSP image; "" where it is not known.
        created: of the LSP image, in RFC 3339, where it says so.
        age: in whole days of UTC; None where the date is not known, or cannot be true.
        revision: the commit it was packed from; "" where it does not say.
        source: the web address of its repository, or "".
        title: what learners call it, e.g. "Java 21, JUnit 5", or "".
        image_name: the language image, e.g. "cyberdojofoundation/java_junit:4edf92a", or "".
        durations: None where nobody knows.
        judged: None without a policy.
        problem: why the LSP image is not known, or "".
        image_problem: why the language image is not known, or "".
    """

    tag: str
    in_use: bool = False
    digest: str = ""
    created: str | None = None
    age: int | None = None
    revision: str = ""
    source: str = ""
    title: str = ""
    image_name: str = ""
    size: LanguageImageSize | None = None
    durations: Durations | None = None
    judged: Judged | None = None
    problem: str = ""
    image_problem: str = ""

    @property
    def compressed(self) -> int | None:
        """The size of the language image in bytes."""
        return self.size.compressed if self.size else None

    @property
    def green(self) -> float | None:
        """The seconds of a test run that passes."""
        return self.durations.green if self.durations else None


class Language(Struct, frozen=True, dict=True):
    """An LTF, e.g. Java with JUnit.

    Args:
        repository: of its LSP images, e.g. "cyberdojofoundation/java_junit".
        versions: the newest first.
        problem: why they are not known, or "".
    """

    repository: str
    versions: tuple[LanguageVersion, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        """The last part of its repository, e.g. "java_junit"."""
        return self.repository.rpartition("/")[2]

    @property
    def title(self) -> str:
        """What learners call the version in use; else its name."""
        return (self.current.title if self.current else "") or self.name

    @cached_property
    def current(self) -> LanguageVersion | None:
        """The newest version in use."""
        return next((each for each in self.versions if each.in_use), None)

    @cached_property
    def month_ago(self) -> LanguageVersion | None:
        """The version that was the newest a month ago; the current one, if that is so old."""
        current = self.current
        if current and current.age is not None and current.age >= MONTH:
            return current
        older = (each for each in self.versions if each.age is not None and each.age >= MONTH)
        return min(older, key=lambda each: each.age or 0, default=None)

    @cached_property
    def slower(self) -> float | None:
        """By how many percent a test run that passes takes longer than a month ago; None for no telling."""
        return self._growth(lambda version: version.green)

    @cached_property
    def grown(self) -> float | None:
        """By how many percent the language image is larger than a month ago; None for no telling."""
        return self._growth(lambda version: version.compressed)

    def _growth(self, figure: Callable[[LanguageVersion], float | None]) -> float | None:
        if not self.current or not self.month_ago or self.current.age is None:
            return None
        new, old = figure(self.current), figure(self.month_ago)
        return None if new is None or not old else 100 * (new - old) / old


class Service(Struct, frozen=True):
    """An image that runs as a service.

    Args:
        name: as it is listed, e.g. "cyberdojo/languages-start-points:df28e04".
        is_subject: whether it is the one that the report is about.
        created: in RFC 3339, where it says so.
        age: in whole days of UTC; None where the date is not known, or cannot be true.
        base_name, base_digest: what it was built on, where it says so, or "".
        is_absent: whether the image that the report is about has not been published yet.
        problem: why nothing is known of it, or "".
    """

    name: str
    is_subject: bool = False
    is_absent: bool = False
    digest: str = ""
    created: str | None = None
    age: int | None = None
    revision: str = ""
    source: str = ""
    base_name: str = ""
    base_digest: str = ""
    platforms: tuple[str, ...] = ()
    problem: str = ""
