"""The policy of a service: judges language images from memory, for who asks and for what is served."""

import contextlib
import time
from collections.abc import Callable, Mapping
from datetime import date

from msgspec import Struct
from msgspec.structs import asdict, replace

from lsp_assembler.model.policy import LanguageImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.rules.policy import day_of, violations
from lsp_assembler.service.answer import Answer
from lsp_assembler.service.blocked import Blocked, BlockedShown
from lsp_assembler.service.errors import argument
from lsp_assembler.service.kept import Kept, Policed
from lsp_assembler.service.known import Ask, Known
from lsp_assembler.service.manifests import rendered
from lsp_assembler.service.marked import marked
from lsp_assembler.service.policy_source import PolicySource
from lsp_assembler.text import plural, quoted

_LONGEST_START = 10.0  # seconds for which the start waits for registries
_MOST_TOLD = 10
_PERMITTED = Answer(rendered({"permitted?": True}))


class Judged(Struct, frozen=True):
    """A language image before the policy.

    Args:
        blocked: None where it may be used.
        unknown: why more is not known of it, e.g. "no registry has been asked yet"; "" if enough is.
    """

    blocked: Blocked | None
    unknown: str


class Policing:
    """Applies a policy to what is served. Threads may share it, but for `tick`.

    Args:
        source: the policy.
        ask: asks registries about language images.
        say: told what an operator should know, in lines.
        shown: how to show what is blocked.
        clock: the time in seconds since 1970.
    """

    def __init__(
        self,
        source: PolicySource,
        ask: Ask,
        say: Callable[[str], None],
        shown: BlockedShown = BlockedShown.MARK,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._known = Known(ask, say)
        self._say = say
        self._hide = shown is BlockedShown.HIDE
        self._clock = clock
        self._day: date | None = None
        self._told: Mapping[str, Blocked] = {}

    def begin(self, kept: Kept) -> Kept:
        """Ask registries about what is served, and wait for them a little: they may be down.

        Returns:
            what `applied` says.
        """
        self._known.expect(_images(kept).values())
        self.tick()
        self._known.wait(_LONGEST_START)
        self.tick()
        return self.applied(kept)

    def tick(self) -> bool:
        """Look at the clock, the policy's files and what registries have answered.

        Returns:
            whether what `applied` says may be another now.
        """
        day, before = self._today(), self._source.refused
        changed = day != self._day
        self._day = day
        if self._source.renew():
            changed = True
            self._report(before)
        policy = self._source.policy
        if policy.needs_dates or policy.needs_digests:
            changed |= self._known.renew(self._clock(), tags=policy.needs_tags)
        return changed

    def applied(self, kept: Kept) -> Kept:
        """What a source holds as the policy lets it be shown today; says what has changed.

        Args:
            kept: with a catalog in which nothing is blocked.
        """
        images = _images(kept)
        self._known.expect(images.values())
        judged = {name: self._judged(image) for name, image in images.items()}
        blocked = {name: each.blocked for name, each in judged.items() if each.blocked}
        unknown = {name: each.unknown for name, each in judged.items() if each.unknown}
        catalog = marked(kept.catalog, blocked, hide=self._hide)
        catalog.answers["manifests"].answer({b"accept-encoding": b"gzip"})  # made here, and not for a request
        self._tell(catalog.blocked, len(catalog.entries))
        policed = Policed(blocked, unknown, self._source.refused, self._source.failures)
        return replace(kept, catalog=catalog, policed=policed)

    def permitted(self, name: str) -> Answer:
        """Whether a language image may be used now, be it of a start point or not.

        Args:
            name: e.g. "cyberdojofoundation/java_junit:4edf92a".

        Raises:
            RequestError: no image can have that name.
        """
        try:
            judged = self._judged(Reference.parse(name))
        except ValueError as error:
            raise argument(f"image_name:{name}:malformed") from error
        if judged.blocked:
            return Answer(rendered({"permitted?": False, "blocked": asdict(judged.blocked)}))
        if judged.unknown:
            return Answer(rendered({"permitted?": True, "unknown": judged.unknown}))
        return _PERMITTED

    def _today(self) -> date:
        return day_of(int(self._clock())) or date.min

    def _judged(self, reference: Reference) -> Judged:
        policy = self._source.policy
        image, unknown = LanguageImage(reference), ""
        if policy.needs_dates or policy.needs_digests:
            image, unknown = self._known.of(reference, tags=policy.needs_tags)
            image = replace(image, reference=reference)
        found = violations(policy, image, self._today())
        first = next((each for each in found if each.severity == "error"), None)
        return Judged(Blocked(first.rule, first.message) if first else None, unknown)

    def _report(self, before: str) -> None:
        path, refused = self._source.path, self._source.refused
        if not refused:
            self._say(f"policy: {path} counts {'again' if before else 'as it is now'}")
        elif refused != before:
            self._say(f"policy: {path} does not count as it is now; the last good one does\n{refused}")

    def _tell(self, blocked: Mapping[str, Blocked], of: int) -> None:
        """Say which start points are blocked, or not any more."""
        before, self._told = self._told, blocked
        lines = [
            f"policy: {quoted(name)} is blocked: {each.reason} ({each.rule})"
            for name, each in blocked.items()
            if name not in before or before[name].rule != each.rule
        ]
        lines += [f"policy: {quoted(name)} is not blocked any more" for name in before if name not in blocked]
        if lines:
            more = [f"policy: {len(lines) - _MOST_TOLD} more changes"] if len(lines) > _MOST_TOLD else []
            count = f"policy: blocked now: {len(blocked)} of {plural(of, 'start point')}"
            self._say("\n".join([*lines[:_MOST_TOLD], *more, count]))


def _images(kept: Kept) -> dict[str, Reference]:
    """The language images that start points name, as they spell them; a malformed name is passed over."""
    found = {}
    for name in kept.catalog.image_names:
        with contextlib.suppress(ValueError):
            found[name] = Reference.parse(name)
    return found
