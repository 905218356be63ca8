"""`inspect`: what a start-points image serves."""

from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FINDINGS, FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.inspection import REPOS, Served, is_exercises, served, with_room
from lsp_assembler.operations.language_images import Lookup, look_up
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import reference
from lsp_assembler.operations.request import ReadRequest
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec


class InspectRequest(ReadRequest, frozen=True, kw_only=True):
    """What to inspect, and how.

    Args:
        image: a start-points image, e.g. "cyberdojo/languages-start-points:4edf92a".
        verify_images: whether to ask the registries if every language image exists.
        stores: its limits do not count: an image holds many start points.
    """

    image: str
    verify_images: bool = False


class InspectResult(Struct, frozen=True):
    """What an image serves.

    Args:
        image: as the request names it.
        start_points: sorted by display_name.
        has_images: False for exercises, which have no language images.
        problems: what is wrong with which language image, e.g. "org/a:1: its registry has no such image".
    """

    image: str
    start_points: tuple[Served, ...]
    has_images: bool
    problems: tuple[str, ...] = ()

    @property
    def language_images(self) -> list[str]:
        """Their names, sorted, each once."""
        named = {each.image_name for each in self.start_points if each.image_name}
        return sorted(named) if self.has_images else []

    @property
    def exit_status(self) -> int:
        """1 if there are problems, else 0."""
        return FINDINGS if self.problems else 0

    @property
    def document(self) -> dict[str, dict[str, str | None]]:
        """The words of the service's own `inspect`: each display_name with its url, sha and image_name.

        E.g. {"Java 21, JUnit 5": {"url": "https://…", "sha": "edf2565…", "image_name": "…:edf2565"}}.
        """
        found: dict[str, dict[str, str | None]] = {}
        for each in self.start_points:
            image_name = {"image_name": each.image_name} if self.has_images else {}
            found[each.display_name] = {"url": each.url, "sha": each.sha, **image_name}
        return found


def inspect(request: InspectRequest, observer: Observer = SILENT) -> InspectResult:
    """What an image serves, and if wanted, whether the language images are there.

    Raises:
        InvalidInputError: the request is wrong.
        FetchError: the image cannot be read, or is no start-points image.
    """
    spec = StoreSpec.source(request.from_store)
    name = reference(request.image, "inspect")
    options = with_room(request.stores)
    with Stores(options, request.environ, observer.notice) as stores:
        reader = stores.reader(spec)
        repos = reader.read(name, REPOS)
        found = InspectResult(request.image, served(repos, request.image), not is_exercises(repos))
        if not request.verify_images:
            return found
        return replace(found, problems=_problems(found, stores.registries, request.jobs or reader.jobs))


def _problems(found: InspectResult, lookup: Lookup, jobs: int) -> tuple[str, ...]:
    """What is wrong with the language images, in their order."""
    references: dict[str, Reference] = {}
    for name in found.language_images:
        with suppress(ValueError):
            references[name] = Reference.parse(name)
    answers = look_up(references.values(), lookup, jobs)
    problems = []
    for name in found.language_images:
        if name not in references:
            problems.append(f"{name}: it is not an image name")
            continue
        answer = answers[references[name].canonical]
        if isinstance(answer, FetchError):
            problems.append(f"{name}: it cannot be verified ({answer.message})")
        elif answer is None:
            problems.append(f"{name}: its registry has no such image; publish it")
    return tuple(problems)
