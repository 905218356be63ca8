"""`audit`: judge the language images of what is built or listed by a policy."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FINDINGS, FetchError, InvalidInputError
from lsp_assembler.model.finding import Failure
from lsp_assembler.model.policy import Excused, LanguageImage, Policy, Violation
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.by_policy import today
from lsp_assembler.operations.facts import Facts, Wanted
from lsp_assembler.operations.inspection import with_room
from lsp_assembler.operations.listing import of_plan
from lsp_assembler.operations.mentions import Mention, in_folder, in_image, in_lock, in_plan
from lsp_assembler.operations.named_source import NamedSource, is_path, named_source
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.request import DEFAULT_FILE, ReadRequest
from lsp_assembler.rules.policy import excused, violations
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec


class AuditRequest(ReadRequest, frozen=True, kw_only=True):
    """What to audit, and by what.

    Args:
        source: a start-points image, or the path of an images.yml, a lock file, or a folder of index dirs; a
            folder is "." or has a "/".
        policy: a file with a policy; None for the one of images.yml: the source, the one beside a lock file,
            else ./images.yml.
        strict: whether warnings are errors.
    """

    source: str = str(DEFAULT_FILE)
    policy: Path | None = None
    strict: bool = False


class Audited(Struct, frozen=True):
    """One language image; exactly one of image and failure is set.

    Args:
        name: as the first manifest has it that names it.
        mentions: every start point that names it.
        violations: the rules that it breaks.
        excused: those that it breaks, and may for a while.
        failure: why it is not known.
    """

    name: str
    mentions: tuple[Mention, ...]
    image: LanguageImage | None = None
    violations: tuple[Violation, ...] = ()
    excused: tuple[Excused, ...] = ()
    failure: Failure | None = None

    @property
    def is_denied(self) -> bool:
        """Whether it must not be used."""
        return any(each.severity == "error" for each in self.violations)

    def strictly(self) -> "Audited":
        """The same with every warning an error."""
        return replace(self, violations=tuple(replace(each, severity="error") for each in self.violations))


class AuditResult(Struct, frozen=True):
    """What an audit came to.

    Args:
        source: as the request names it.
        policy_file: where the policy stands.
        today: the day that it was judged for, in UTC.
        images: in the order in which they are first named.
    """

    source: str
    policy_file: str
    policy: Policy
    today: date
    images: tuple[Audited, ...]

    @property
    def exit_status(self) -> int:
        """0, or the status of what is wrong: that an image is not known comes before one that is denied."""
        if any(each.failure for each in self.images):
            return FetchError.exit_status
        return FINDINGS if any(each.is_denied for each in self.images) else 0


def audit(request: AuditRequest, observer: Observer = SILENT) -> AuditResult:
    """Ask the registries what is known of every language image, and judge it. Nothing is built or changed.

    Raises:
        InvalidInputError: the request, images.yml or the policy is wrong, or there is no policy.
        LockError: the lock file is invalid.
        FetchError: a store cannot be reached, or what is to be audited cannot be read.
    """
    spec = StoreSpec.source(request.from_store)
    source = _source(request.source)
    policy, policy_path = _policy(request, source)
    registries = source.file.registries if source.file else {}
    # What is to be audited may be an image of many start points.
    options = request.stores if source.planned else with_room(request.stores)
    day = today()
    with Stores(options, request.environ, observer.notice, registries) as stores:
        mentions = _mentions(source, lambda: stores.reader(spec), request.jobs)
        images = [image for image in (_reference(each.image) for each in mentions) if image]
        stores.warn_of_rate_limit(StoreSpec("registry"), images)
        facts = Facts(stores.language_images, stores.settled, stores.registries, request.jobs)
        audited = _audited(mentions, policy, facts, day)
    if request.strict:
        audited = tuple(each.strictly() for each in audited)
    return AuditResult(request.source, policy_path, policy, day, audited)


def _source(text: str) -> NamedSource:
    """Find out what a source is.

    Raises:
        InvalidInputError: it is a path that leads nowhere, or an images.yml is wrong.
    """
    if is_path(text) and not Path(text).exists():
        raise InvalidInputError(
            f"{text}: it does not exist; expected an images.yml, a lock file, a folder or an image",
            "Check the path.",
        )
    return named_source(text)


def _policy(request: AuditRequest, source: NamedSource) -> tuple[Policy, str]:
    """The policy that counts, and where it stands.

    Raises:
        InvalidInputError: it is invalid, or there is none.
    """
    found = source.policy(request.policy)
    if found is None:
        raise InvalidInputError(
            f"{request.source}: there is no policy to judge it by",
            f"Add one to {source.path} under 'policy:', or name a file with --policy.",
        )
    return found, str(request.policy or source.path)


def _mentions(source: NamedSource, reader: Callable[[], ImageSource], jobs: int | None) -> Sequence[Mention]:
    path = Path(source.text)
    if source.planned:
        return in_plan(source.planned, of_plan(source.planned, reader(), jobs))
    if path.is_dir() and ("/" in source.text or source.text in (".", "..")):  # as everywhere
        return in_folder(path)
    return in_lock(path) if source.is_file else in_image(reader(), source.text)


def _audited(mentions: Sequence[Mention], policy: Policy, facts: Facts, day: date) -> tuple[Audited, ...]:
    """Each language image once, in the order in which they are first named."""
    references = {mention.image: _reference(mention.image) for mention in mentions}
    grouped: defaultdict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        reference = references[mention.image]
        grouped[reference.canonical if reference else mention.image].append(mention)
    asked = {each.canonical: each for each in references.values() if each}
    wanted = Wanted(tags=policy.needs_tags, attestations=True)
    answers = dict(zip(asked, facts.of(list(asked.values()), wanted, day), strict=True))

    def judged(key: str, found: Sequence[Mention]) -> Audited:
        answer = answers.get(key)
        if isinstance(answer, LanguageImage):
            broken, may = violations(policy, answer, day), excused(policy, answer, day)
            return Audited(found[0].image, tuple(found), answer, broken, may)
        name = found[0].image
        error = answer or FetchError(f"{name}: it is not a well-formed image name", kind="not-found")
        return Audited(name, tuple(found), failure=Failure(error.kind, str(error)))

    return tuple(judged(key, found) for key, found in grouped.items())


def _reference(text: str) -> Reference | None:
    try:
        return Reference.parse(text)
    except ValueError:
        return None
