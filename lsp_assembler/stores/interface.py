"""What every store can do, and the values that cross that line."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

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
    """When an engine pulls an image: to have the newest, always, if it is missing, or never.

    Where pulling fails, NEWER makes do with what the engine has, and ALWAYS does not.
    """

    NEWER = "newer"
    ALWAYS = "always"
    MISSING = "missing"
    NEVER = "never"


class Prepared(Struct, frozen=True):
    """A base image, ready to be built on.

    Args:
        base: what it is.
        build: builds a recipe on it and publishes the image under the names that were given to
            `Store.prepare`, or, failing, under none; raises PublishError, or InvalidInputError where the
            store cannot do what the Dockerfile asks for.
    """

    base: BaseImage
    build: Callable[[Recipe], BuiltImage]


class ImageSource(ABC):
    """A place that images are read from.

    All methods may be called from several threads at once, except `close`.
    """

    name: str
    """As `--from` spells it, e.g. "docker"."""

    jobs: int = 16
    """How many images are read at once, unless the user says otherwise."""

    is_shared: bool = False
    """Whether others read from here: what is published is there for all of them at once."""

    @property
    def place(self) -> str:
        """As sentences call it, e.g. "the engine", "the registry" or "oci:build/lsp"."""
        return self.name

    def expect(self, references: Sequence[Reference]) -> None:  # noqa: B027  # most stores need no notice
        """Told which images are going to be read, to ask for all of them together what needs asking."""

    @abstractmethod
    def fetch(self, reference: Reference, progress: Progress = no_progress) -> StartPoint:
        """Read /start_point of an image.

        Raises:
            FetchError: it cannot be read, or it breaks the limits of what is accepted.
        """

    @abstractmethod
    def read(self, reference: Reference, folder: str) -> Tree:
        """Read one folder of an image, e.g. "app/repos"; the paths are relative to the folder.

        Raises:
            FetchError: as for `fetch`.
        """

    @abstractmethod
    def digest(self, reference: Reference) -> str | None:
        """What a name stands for now, e.g. "sha256:9f86…", fetching as little as possible.

        Returns:
            None where there is no such image.

        Raises:
            FetchError: nobody can say.
        """

    def knows(self, reference: Reference) -> bool:
        """Whether there surely is an image of this name, for a hint: False also where nobody can say."""
        try:
            return self.digest(reference) is not None
        except FetchError:
            return False

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
        """What an image says of itself; a registry is not asked for its layers.

        Raises:
            FetchError: it cannot be read.
        """

    @abstractmethod
    def base(self, reference: Reference) -> BaseImage:
        """What a base image is; "scratch" is no image at all.

        Raises:
            FetchError: it cannot be read.
        """

    @abstractmethod
    def close(self) -> None:
        """Leave nothing behind: stop what is under way and remove every throwaway container.

        May be called while other threads still work; their calls then fail.
        """


class Store(ImageSource):
    """A place that images are read from and published to."""

    tags_across_repositories: bool = True
    """Whether `tag` can give an image a name in another repository than its own."""

    @abstractmethod
    def prepare(self, base: Reference, names: Sequence[Reference]) -> Prepared:
        """Get a base image ready to build on.

        Args:
            base: by tag or by digest; "scratch" for none.
            names: what the built image will be called, at least one; the store may use the time until then
                to look them up.

        Raises:
            FetchError: it cannot be read.
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
            FetchError: nobody can say.
        """

    @abstractmethod
    def tag(self, pairs: Sequence[tuple[Reference, Reference]]) -> None:
        """Give images of this store further names, or, failing, none; a name that exists moves.

        Args:
            pairs: an image and its further name each, e.g. java_junit:latest and java_junit:4edf92a.

        Raises:
            PublishError: an image is not there, or a name cannot be given.
        """


class UnpulledError(FetchError):
    """An engine may not use the image that it has, as it is to pull always, and pulling failed."""

    @classmethod
    def of(cls, error: FetchError) -> "UnpulledError":
        """The same error, with what else the user should know."""
        return cls(
            f"{error.message}; the engine has an image of that name",
            f"{error.remedy} Or use the image that the engine has, with --pull missing.",
            kind=error.kind,
        )


def no_start_point(reference: Reference) -> FetchError:
    """What every store says of an image that is no LSP image."""
    return FetchError(
        f"{reference}: it has no /start_point; expected an LSP image, which holds only that folder",
        "Check the name: an LSP image has the tag LSP, or one that begins with LSP-.",
        kind="no-start-point",
    )


def no_tags(repository: Reference, store: ImageSource) -> FetchError:
    """What every store says of a repository in which it knows no tag."""
    return FetchError(
        f"{repository.name}: {store.place} has no image of this name",
        "Check the name, or look in another store with --from.",
        kind="not-found",
    )
