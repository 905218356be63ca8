"""What a language image must be like to be used, and what is known of one: see docs/policy.md. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Literal

from msgspec import Struct

from lsp_assembler.model.finding import Severity
from lsp_assembler.model.reference import Reference, repository_of

Verdict = Literal["allow", "warn", "deny"]
"""What a policy makes of an image that is not as it should be."""

RuleId = Literal["image-too-old", "image-superseded", "image-untagged", "image-denied", "image-date-unknown"]
"""A rule that an image can be exempted from."""


class Attestation(Struct, frozen=True):
    """What was published along with an image about how it was made or what is in it.

    Args:
        kind: "SBOM", "provenance", or what else it calls itself.
        created: the day, in UTC, that it names; None where it names none, or is too large to be read.
    """

    kind: str
    created: date | None = None


class NewerTag(Struct, frozen=True):
    """A tag that never moves, of an image made later.

    Args:
        created: the day, in UTC.
    """

    tag: str
    created: date


class LanguageImage(Struct, frozen=True, dict=True):
    """All that is known of a language image.

    Args:
        reference: how it is named, e.g. that of "cyberdojofoundation/java_junit:4edf92a".
        digests: of what the name stands for, then of the manifest of each platform; () where nobody asked.
        created: when it was made, in seconds since 1970; None where it does not say, or nobody asked.
        newer: the newest tag of its repository, if that is newer; None where there is none, or nobody asked.
    """

    reference: Reference
    digests: tuple[str, ...] = ()
    created: int | None = None
    newer: NewerTag | None = None
    attestations: tuple[Attestation, ...] = ()

    @cached_property
    def repository(self) -> str:
        """See `repository_of`."""
        return repository_of(self.reference)

    @property
    def tag(self) -> str:
        """The tag that it is named by, spelled or not; "" where only a digest is."""
        return self.reference.tag or ("" if self.reference.digest else "latest")


class Images(Struct, frozen=True):
    """The images that an entry of a policy is about.

    Args:
        repository: as `repository_of` spells it; "" where only a digest is known.
        tag: "" for all tags.
        digest: in lower case; where there is one, it alone decides: it names the same content everywhere.
    """

    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def named(cls, reference: Reference) -> "Images":
        """Those that a name stands for; without tag and digest it stands for every tag."""
        return cls(repository_of(reference), reference.tag, reference.digest.lower())

    def covers(self, image: LanguageImage) -> bool:
        """Whether an image is one of them."""
        if self.digest:
            return self.digest in image.digests or self.digest == image.reference.digest.lower()
        return self.repository == image.repository and self.tag in ("", image.tag)


class Denial(Struct, frozen=True):
    """What somebody says about images: that they must not be used, or that a reason not to holds no more.

    Args:
        reason: e.g. "CVE-2026-1234: update to 4edf92b".
        until: the last day, in UTC, on which it holds; None for ever.
        reference: where to read more, or "".
        about: what it is said about, e.g. "CVE-2026-1234"; what is said later of the same counts; "" where
            nothing is said of it elsewhere.
        denies: whether the images must not be used.
    """

    images: Images
    reason: str
    until: date | None = None
    reference: str = ""
    about: str = ""
    denies: bool = True


class Exemption(Struct, frozen=True):
    """Images that may break a rule for a while.

    Args:
        until: the last day, in UTC, on which they may.
    """

    images: Images
    rule: RuleId
    reason: str
    until: date


class Excused(Struct, frozen=True):
    """A rule of the policy that a language image breaks, and may for a while.

    Args:
        rule, message: as in Violation.
        until: the last day, in UTC, on which it may.
        reason: why, e.g. "it is frozen until the exams are over".
    """

    rule: str
    message: str
    until: date
    reason: str


class Policy(Struct, frozen=True, dict=True):
    """What is asked of every language image; what is not named is not asked. Threads may share it.

    Args:
        max_age: in days; None for any age.
        superseded: what comes of an image where there is a newer tag.
        require_tag: what comes of an image that has no tag, or one that moves.
        denials: the earliest first.
    """

    max_age: int | None = None
    superseded: Verdict = "allow"
    require_tag: Verdict = "allow"
    denials: tuple[Denial, ...] = ()
    exempt: tuple[Exemption, ...] = ()

    @property
    def needs_dates(self) -> bool:
        """Whether it can only be applied by who knows when images were made."""
        return self.max_age is not None or self.needs_tags

    @property
    def needs_tags(self) -> bool:
        """Whether it can only be applied by who knows the other tags of images."""
        return self.superseded != "allow"

    @property
    def needs_digests(self) -> bool:
        """Whether it can only be applied by who knows the digests of images."""
        named = (*(each.images for each in self.denials), *(each.images for each in self.exempt))
        return any(images.digest for images in named)

    def denials_of(self, image: LanguageImage) -> list[Denial]:
        """All that is said about an image, the earliest first; what is said of others costs no time."""
        by_repository, by_digest = self._positions
        digests = {*image.digests, image.reference.digest.lower()}
        found = {position for digest in digests for position in by_digest.get(digest, ())}
        found.update(by_repository.get(image.repository, ()))
        return [each for each in map(self.denials.__getitem__, sorted(found)) if each.images.covers(image)]

    @cached_property
    def _positions(self) -> tuple[Mapping[str, list[int]], Mapping[str, list[int]]]:
        by_repository: defaultdict[str, list[int]] = defaultdict(list)
        by_digest: defaultdict[str, list[int]] = defaultdict(list)
        for position, each in enumerate(self.denials):
            images = each.images
            (by_digest[images.digest] if images.digest else by_repository[images.repository]).append(position)
        return dict(by_repository), dict(by_digest)


class Violation(Struct, frozen=True):
    """A rule of the policy that a language image breaks.

    Args:
        rule: its id, e.g. "image-too-old".
        severity: an error forbids to use the image.
        message: without a subject, e.g. "it is 400 days old (created 2025-10-22); …".
    """

    rule: str
    severity: Severity
    message: str
