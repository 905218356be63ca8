"""What every store can do, and the values that cross that line."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import CREATED_LABEL, StartPoint, StartPointType, Tree
from lsp_assembler.oci.image import Image

SCRATCH = "scratch"
"""The base image that is no image: nothing at all."""

Progress = Callable[[str, int], None]
"""Called from worker threads as (state, bytes so far), e.g. ("pulling", 1536)."""


def no_progress(_state: str, _size: int) -> None:
    """A Progress that nobody watches."""


class Pull(StrEnum):
    """When an image is pulled: always, if it is missing, or never."""

    ALWAYS = "always"
    MISSING = "missing"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class BaseImage:
    """The image that a start-points image is built on.

    Args:
        name: as the user wrote it, e.g. "cyberdojo/start-points-base:df28e04".
        digest: e.g. "sha256:9f86…".
        env: its environment, e.g. {"SHA": "df28e04…"}.
        platforms: the digest of each platform's manifest, e.g. {"linux/arm64": "sha256:9f86…"}; {} where the
            store cannot tell.
    """

    name: str
    digest: str
    env: Mapping[str, str]
    platforms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image that now stands under its names.

    Args:
        names: e.g. ("cyberdojo/languages-start-points:latest",).
        digest: what identifies it in its store, e.g. "sha256:9f86…".
        platforms: e.g. ("linux/amd64", "linux/arm64").
    """

    names: tuple[str, ...]
    digest: str
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """What an image says of itself, without its files.

    Args:
        digest: as `Store.digest` gives it, e.g. "sha256:9f86…".
        labels: e.g. {"org.opencontainers.image.revision": "4edf92a8…"}.
        made: when it was built, in RFC 3339, where it says so; a label may name another date.
    """

    digest: str
    labels: Mapping[str, str]
    made: str | None = None

    @property
    def created(self) -> str | None:
        """Its date: of the label, else when it was built."""
        return self.labels.get(CREATED_LABEL) or self.made or None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A name that is taken.

    Args:
        existing: the digest of what it stands for, e.g. "sha256:9f86…".
        wanted: the digest of what was to be published under it.
    """

    existing: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a store needs to build a start-points image.

    Args:
        type: languages, custom or exercises.
        base: what `Store.base` returned.
        dockerfile: the rendered Dockerfile.template.
        context: the index dirs, shas.txt, image.type and images.lock, relative to /app/repos.
        epoch: the mtime of every file, in seconds since 1970.
        template_name: how messages call what the Dockerfile was rendered from.
    """

    type: StartPointType
    base: BaseImage
    dockerfile: str
    context: Tree
    epoch: int = 0
    template_name: str = "Dockerfile.template"


class Store(ABC):
    """A place that images are read from and published to.

    All methods may be called from several threads at once, except `close`.
    """

    name: str
    """As `--from` and `--to` spell it, e.g. "docker"."""

    jobs: int = 16
    """How many images are read at once, unless the user says otherwise."""

    @property
    def place(self) -> str:
        """As sentences call it, e.g. "the engine", "the registry" or "oci:build/lsp"."""
        return {"docker": "the engine", "registry": "the registry"}.get(self.name, self.name)

    @abstractmethod
    def fetch(self, reference: Reference, progress: Progress = no_progress) -> StartPoint:
        """Read /start_point of an image.

        Raises:
            FetchError: it cannot be had, or it breaks the limits of what is accepted.
        """

    @abstractmethod
    def read(self, reference: Reference, folder: str) -> Tree:
        """Read one folder of an image, e.g. "app/repos"; the paths are relative to the folder.

        Raises:
            FetchError: as for `fetch`.
        """

    @abstractmethod
    def digest(self, reference: Reference) -> str | None:
        """What a name stands for now, e.g. "sha256:9f86…", fetching as little as can be.

        Returns:
            None where there is no such image.

        Raises:
            FetchError: neither the one nor the other can be said.
        """

    @abstractmethod
    def tags(self, repository: Reference) -> tuple[str, ...]:
        """All tags of a repository, e.g. ("LSP", "LSP-4edf92a"); at least one, in no particular order.

        Args:
            repository: its tag and digest do not count.

        Raises:
            FetchError: they cannot be listed; kind "not-found" where there is no such repository.
        """

    @abstractmethod
    def describe(self, reference: Reference) -> Description:
        """What an image says of itself; where the store is a registry, its layers are not fetched.

        Raises:
            FetchError: it cannot be had.
        """

    @abstractmethod
    def base(self, reference: Reference) -> BaseImage:
        """Make the base image ready to build on.

        Raises:
            FetchError: it cannot be had.
        """

    def look_ahead(self, names: Sequence[Reference]) -> None:  # noqa: B027  # to do nothing is right, too
        """Told which names `build` will be asked for, while there is time; it may never be asked.

        Changes nothing that can be seen from outside, and raises nothing.
        """

    @abstractmethod
    def build(self, recipe: Recipe, names: Sequence[Reference]) -> BuiltImage:
        """Build and publish under all names, or, failing, under none.

        Raises:
            PublishError: it cannot be built or published.
        """

    @abstractmethod
    def publish(self, image: Image, names: Sequence[Reference]) -> BuiltImage:
        """Publish an LSP image under all names, or, failing, under none.

        Raises:
            PublishError: it cannot be published.
        """

    @abstractmethod
    def conflict(self, image: Image, name: Reference) -> Conflict | None:
        """What stands in the way of publishing an LSP image under a name that must not move.

        Returns:
            None where the name is free, or stands for just this image.

        Raises:
            FetchError: neither the one nor the other can be said.
        """

    @abstractmethod
    def tag(self, pairs: Sequence[tuple[Reference, Reference]]) -> None:
        """Give images of this store further names, or, failing, none; a name that it has had moves.

        Args:
            pairs: an image and its further name each, e.g. java_junit:latest and java_junit:4edf92a.

        Raises:
            PublishError: an image is not there, or a name cannot be given.
        """

    @abstractmethod
    def close(self) -> None:
        """Leave nothing behind: stop what is under way and remove every throwaway container.

        May be called while other threads still work; their calls then fail.
        """


def no_start_point(reference: Reference) -> FetchError:
    """What every store says of an image that is no LSP image."""
    return FetchError(
        f"{reference}: it has no /start_point; expected an LSP image, which holds just that folder",
        "Check the name: an LSP image has the tag LSP, or one that begins with LSP-.",
        kind="no-start-point",
    )


def no_tags(repository: Reference, store: Store) -> FetchError:
    """What every store says of a repository in which it knows no tag."""
    return FetchError(
        f"{repository.name}: {store.place} has no image of this name; expected a repository with tags",
        "Check the name, or look in another store with --from.",
        kind="not-found",
    )
