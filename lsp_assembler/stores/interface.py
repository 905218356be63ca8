"""What every store can do, and the values that cross that line."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import StrEnum

from lsp_assembler.errors import FetchError
from lsp_assembler.model.images import BaseImage, BuiltImage, Conflict, Description, Recipe
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import StartPoint
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.image import Image

Progress = Callable[[str, int], None]
"""Called from worker threads as (state, bytes so far), e.g. ("pulling", 1536)."""


def no_progress(_state: str, _size: int) -> None:
    """A Progress that nobody watches."""


class Pull(StrEnum):
    """When an image is pulled: always, if it is missing, or never."""

    ALWAYS = "always"
    MISSING = "missing"
    NEVER = "never"


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
