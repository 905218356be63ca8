"""Rules about language images, each as strict as a policy makes it. Pure: what day it is, is handed in.

Cheap enough to be asked anew on every request of a service: age moves on while an image does not.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct

from lsp_assembler.model.finding import Severity
from lsp_assembler.model.policy import Denial, Excused, Exemption, LanguageImage, Policy, Verdict, Violation
from lsp_assembler.rules.rule import Problem, Rule
from lsp_assembler.text import plural, visible

_FIRST = date(2013, 1, 1)
"""No image is older: Docker is of that year. Builds that want equal bytes put 1970 or 1980, or year 1."""


class Case(Struct, frozen=True):
    """A language image before a policy.

    Args:
        today: in UTC.
    """

    policy: Policy
    image: LanguageImage
    today: date

    @property
    def created(self) -> date | None:
        """The day on which the image was made, in UTC, if it says so and that can be true."""
        return possible_day(self.image.created, self.today)


def day_of(epoch: int | None) -> date | None:
    """The day in UTC of seconds since 1970; None for None.

    `day_of(951_782_399)` is date(2000, 2, 28), one second later date(2000, 2, 29).
    """
    return None if epoch is None else (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=epoch)).date()


def possible_day(epoch: int | None, today: date) -> date | None:
    """The same of an image's date, if that can be true; clocks differ, so it may be tomorrow."""
    day = day_of(epoch)
    return day if day and _FIRST <= day <= today + timedelta(days=1) else None


def age(epoch: int | None, today: date) -> int | None:
    """How old an image of that date is, in whole days of UTC; None where that cannot be told."""
    day = possible_day(epoch, today)
    return max(0, (today - day).days) if day else None


def violations(policy: Policy, image: LanguageImage, today: date) -> tuple[Violation, ...]:
    """Every rule of a policy that a language image breaks, and may not, in the order of docs/rules.md.

    Args:
        image: as much as the policy needs to know of it: see `Policy.needs_dates` and its neighbours.
        today: in UTC.
    """
    found: list[Violation] = []
    for broken in _broken(policy, image, today):
        if not broken.is_excused(today):
            found += [Violation(broken.rule, broken.severity, message) for message in broken.messages]
            lapsed = EXEMPTION_EXPIRED.check(broken.exemptions)
            found += [
                Violation(EXEMPTION_EXPIRED.id, EXEMPTION_EXPIRED.severity, each.message) for each in lapsed
            ]
    return tuple(found)


def excused(policy: Policy, image: LanguageImage, today: date) -> tuple[Excused, ...]:
    """Every rule that a language image breaks, but may today, with the exemption that ends last.

    The arguments are those of `violations`.
    """
    return tuple(
        Excused(broken.rule, message, broken.last.until, broken.last.reason)
        for broken in _broken(policy, image, today)
        if broken.is_excused(today)
        for message in broken.messages
    )


class _Broken(Struct, frozen=True):
    """A rule that an image breaks, in one or more ways, and its exemptions from it, ended or not."""

    rule: str
    severity: Severity
    messages: tuple[str, ...]
    exemptions: tuple[Exemption, ...]

    @property
    def last(self) -> Exemption:
        """The exemption that ends last, of those that there are."""
        return max(self.exemptions, key=lambda each: each.until)

    def is_excused(self, today: date) -> bool:
        return bool(self.exemptions) and today <= self.last.until


def _broken(policy: Policy, image: LanguageImage, today: date) -> Iterator[_Broken]:
    case = Case(policy, image, today)
    for rule in RULES:
        severity = _severity(rule, policy)
        messages = tuple(each.message for each in rule.check(case)) if severity else ()
        if severity and messages:
            exemptions = (
                each for each in policy.exempt if each.rule == rule.id and each.images.covers(image)
            )
            yield _Broken(rule.id, severity, messages, tuple(exemptions))


def too_old(case: Case) -> Iterator[Problem]:
    """The language image is at most `max_age` old, in whole days of UTC."""
    if case.created and case.policy.max_age is not None:
        age = (case.today - case.created).days
        if age > case.policy.max_age:
            allowed = plural(case.policy.max_age, "day")
            yield Problem(
                f"it is {plural(age, 'day')} old (created {case.created}); the policy allows {allowed}"
            )


def superseded(case: Case) -> Iterator[Problem]:
    """No tag of the same repository that never moves is newer."""
    newer = case.image.newer
    if newer:
        yield Problem(f"its newest tag is {visible(newer.tag)} (created {newer.created}); name that one")


def untagged(case: Case) -> Iterator[Problem]:
    """The language image is named by a digest, or by a tag other than `latest`."""
    if case.image.tag == "latest" and not case.image.reference.digest:
        fact = "its tag latest moves" if case.image.reference.tag else "it has no tag"
        yield Problem(f"{fact}; name a tag that never moves, such as the first 7 characters of a commit")


def denied(case: Case) -> Iterator[Problem]:
    """Nobody denies the language image, neither in the list of denied images nor in an OpenVEX document."""
    last: dict[str | int, Denial] = {}
    for position, denial in enumerate(case.policy.denials_of(case.image)):
        last[denial.about or position] = denial
    for denial in last.values():
        if denial.denies and (denial.until is None or case.today <= denial.until):
            until = f" until {denial.until}" if denial.until else ""
            more = f" (see {visible(denial.reference)})" if denial.reference else ""
            yield Problem(f"it is denied{until}: {visible(denial.reason)}{more}")


def date_unknown(case: Case) -> Iterator[Problem]:
    """The language image says when it was made, as far as that counts: a date before 2013 cannot be true."""
    if case.policy.needs_dates and not case.created:
        day = day_of(case.image.created)
        if day is None:
            fact = "it does not say when it was created"
        elif day < _FIRST:
            fact = f"it says that it was created on {day}, as builds do that leave the date out"
        else:
            fact = f"it says that it was created on {day}, which is in the future"
        yield Problem(f"{fact}; its age is not known")


def exemption_in_force(exemptions: Sequence[Exemption]) -> Iterator[Problem]:
    """An exemption of the language image from a rule that it breaks has not ended."""
    if exemptions:
        last = max(exemptions, key=lambda each: each.until)
        fact = f"its exemption from {last.rule} ended on {last.until} ({visible(last.reason)})"
        yield Problem(f"{fact}; renew it, or remove it")


_DATE_UNKNOWN: Rule[Case] = Rule("image-date-unknown", None, "warning", date_unknown)
_DENIED: Rule[Case] = Rule("image-denied", None, "error", denied)
_SUPERSEDED: Rule[Case] = Rule("image-superseded", None, "warning", superseded)
_TOO_OLD: Rule[Case] = Rule("image-too-old", None, "error", too_old)
_UNTAGGED: Rule[Case] = Rule("image-untagged", None, "error", untagged)
EXEMPTION_EXPIRED: Rule[Sequence[Exemption]] = Rule("exemption-expired", None, "warning", exemption_in_force)
RULES: tuple[Rule[Case], ...] = (_DENIED, _TOO_OLD, _SUPERSEDED, _UNTAGGED, _DATE_UNKNOWN)
ALL_RULES: tuple[Rule[Any], ...] = (*RULES, EXEMPTION_EXPIRED)
"""Every rule about language images, in the order of docs/rules.md."""


def _severity(rule: Rule[Case], policy: Policy) -> Severity | None:
    """How much a rule counts; None for not at all. A policy chooses it for two of them."""
    chosen: dict[str, Verdict] = {_SUPERSEDED.id: policy.superseded, _UNTAGGED.id: policy.require_tag}
    if rule.id not in chosen:
        return rule.severity
    severities: dict[Verdict, Severity | None] = {"allow": None, "warn": "warning", "deny": "error"}
    return severities[chosen[rule.id]]
