"""`report`: every LTF with all its versions, and the services, as a page or a table can show them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.config.images_file import load
from lsp_assembler.errors import FetchError
from lsp_assembler.model.language import Judged, Language, LanguageImageSize, LanguageVersion, Service
from lsp_assembler.model.policy import LanguageImage, Policy
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations import history, history_of_report
from lsp_assembler.operations.by_policy import today
from lsp_assembler.operations.facts import JOBS, Facts, known_for
from lsp_assembler.operations.history_changes import BuildChanges
from lsp_assembler.operations.inspection import with_room
from lsp_assembler.operations.language_versions import LanguageVersions
from lsp_assembler.operations.listing import of_image
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.recorded_durations import Recorded, recorded_in
from lsp_assembler.operations.report_source import entries_of, report_source, service_of
from lsp_assembler.operations.request import DEFAULT_FILE, ReadRequest
from lsp_assembler.operations.running_services import services_of
from lsp_assembler.parallel import in_background
from lsp_assembler.rules.policy import violations
from lsp_assembler.stores.daemonless.cached import to_be_asked
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec


class ReportRequest(ReadRequest, frozen=True, kw_only=True):
    """What to report on.

    Args:
        source: a start-points image, or the path of an images.yml or a lock file.
        services: a list of further images that run as services, written as an images.yml is.
        data: a folder with a file NAME/durations.json for each LTF, for images that do not say themselves.
        policy: a file with a policy; None for the one of images.yml, if it has one.
        history: a file with a line about each build.
        adds: whether a source that is an image is added to it.
        listed_in: the images.yml that goes with a lock file; None for the one beside it.
        from_store: where the source and the services are read; versions are always those of the registries.
    """

    source: str = str(DEFAULT_FILE)
    services: Path | None = None
    data: Path | None = None
    policy: Path | None = None
    history: Path | None = None
    adds: bool = True
    listed_in: Path | None = None


class ReportResult(Struct, frozen=True):
    """What there is. Nothing in it changes, so threads may share it.

    Args:
        source: as the request names it.
        today: the day of all ages, in UTC.
        services: the one that the report is about first.
        languages: in the order of the source.
        is_judged: whether there is a policy.
        builds: what each build of the history changed, the oldest first; None without a history.
    """

    source: str
    today: date
    services: tuple[Service, ...]
    languages: tuple[Language, ...]
    is_judged: bool = False
    builds: tuple[BuildChanges, ...] | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """Why something is not known, a message each; that an old language image was removed is none."""
        found = [each.problem for each in self.services]
        for language in self.languages:
            found.append(language.problem)
            for version in language.versions:
                found += [version.problem, *(_problems_in_use(version) if version.in_use else ())]
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def exit_status(self) -> int:
        """0, or that of what could not be read."""
        return FetchError.exit_status if self.problems else 0


def _problems_in_use(version: LanguageVersion) -> tuple[str, ...]:
    """Why the language image of a version in use is not known, or cannot be judged."""
    is_unknown = version.judged is not None and version.judged.judgement == "unknown"
    reasons = version.judged.reasons if version.judged and is_unknown else ()
    return version.image_problem, *(reasons if not version.image_problem else ())


def report(request: ReportRequest, observer: Observer = SILENT) -> ReportResult:
    """Ask the registries for all versions of every LTF, all at once. What cannot be read is in the result.

    A tag that never moves is looked up once: later runs find it in the cache.

    Raises:
        InvalidInputError: the request, images.yml or a file that it names is wrong.
        LockError: the lock file is invalid.
        FetchError: a store cannot be reached, or a source that is an image cannot be read.
    """
    spec = StoreSpec.source(request.from_store)
    source = report_source(request.source, request.listed_in)
    if request.history and request.adds:
        history.check(request.history)
    policy = source.policy(request.policy)
    recorded = recorded_in(request.data) if request.data else ()
    services = load(str(request.services), is_named=True) if request.services else None
    registries = {
        **(services.registries if services else {}),
        **(source.file.registries if source.file else {}),
    }
    options = request.stores if source.is_file else with_room(request.stores)
    day = today()
    with Stores(options, request.environ, observer.notice, registries) as stores:
        entries = entries_of(source, lambda: stores.reader(spec))
        names = [each.text for each in services.images] if services else []
        reader = stores.reader(spec)
        running = in_background(lambda: services_of(reader, service_of(source), names, request.jobs, day))
        versions = LanguageVersions(stores.settled, stores.registries, request.jobs or JOBS, day)
        repositories = versions.repositories(entries)
        lsp_images = [each.reference.with_tag(tag) for each in repositories for tag in each.tags]
        # Each of them names a language image, which is to be asked for as well.
        stores.warn_of_rate_limit(StoreSpec("registry"), 2 * to_be_asked(stores.settled, lsp_images))
        languages = versions.versions(repositories)
        images = _images(languages)
        sizes = dict(zip(images, versions.sizes(list(images.values())), strict=True))
        facts = partial(Facts, stores.settled, stores.settled, stores.registries, request.jobs)
        judged = _judged(images, policy, facts, day) if policy else {}
        found = running.result()
        is_new = request.history and request.adds and not source.is_file
        built = of_image(reader, request.source) if is_new else ()
    completed = tuple(_completed(each, recorded, sizes, judged) for each in languages)
    builds = None
    if request.history:
        latest = history_of_report.of_image(found[0], built, completed, request.environ) if built else None
        builds = history_of_report.builds_of(request.history, latest)
    return ReportResult(request.source, day, found, completed, policy is not None, builds)


def _images(languages: Sequence[Language]) -> dict[str, Reference]:
    """The language images of all versions, each once, by the name that a version has for it."""
    found: dict[str, Reference] = {}
    for language in languages:
        for version in language.versions:
            try:
                found.setdefault(version.image_name, Reference.parse(version.image_name))
            except ValueError:
                continue
    return found


def _judged(
    images: Mapping[str, Reference], policy: Policy, facts: Callable[[], Facts], day: date
) -> dict[str, Judged]:
    """What the policy makes of each language image."""
    known = known_for(policy, list(images.values()), day, facts)
    return {name: _judgement(policy, each, day) for name, each in zip(images, known, strict=True)}


def _judgement(policy: Policy, image: LanguageImage | FetchError, day: date) -> Judged:
    if isinstance(image, FetchError):
        return Judged("unknown", (image.message,))
    found = violations(policy, image, day)
    reasons = tuple(f"{each.rule}: {each.message}" for each in found)
    if any(each.severity == "error" for each in found):
        return Judged("denied", reasons)
    return Judged("warning" if found else "allowed", reasons)


def _completed(
    language: Language,
    recorded: Sequence[Recorded],
    sizes: Mapping[str, LanguageImageSize | FetchError],
    judged: Mapping[str, Judged],
) -> Language:
    """The same with what is known of its language images, and with durations from elsewhere."""

    def completed(version: LanguageVersion) -> LanguageVersion:
        size = sizes.get(version.image_name)
        known = next((each for each in recorded if each.is_of(language.name, version)), None)
        return replace(
            version,
            size=size if isinstance(size, LanguageImageSize) else None,
            image_problem=_image_problem(version, size),
            durations=version.durations or (known and known.durations),
            judged=judged.get(version.image_name),
        )

    return replace(language, versions=tuple(map(completed, language.versions)))


def _image_problem(version: LanguageVersion, size: LanguageImageSize | FetchError | None) -> str:
    if isinstance(size, FetchError):
        return str(size)
    if size is None and version.image_name:
        return f"{version.image_name}: it is not a well-formed image name"
    return ""
