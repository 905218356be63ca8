"""Where images are read by default: from their registries, and from an engine what only it has.

Pulling many small images through an engine costs ten times what reading them from registries costs. So those
are asked first, and the engine for what they do not have or cannot be reached for: an image that was packed
here, a registry that only the engine's configuration knows.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import TypeVar

from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.model.images import BaseImage, Description
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import StartPoint
from lsp_assembler.model.tree import Tree
from lsp_assembler.parallel import in_background
from lsp_assembler.stores.interface import ImageSource, Progress, UnpulledError, no_progress
from lsp_assembler.stores.notes import Notes

_ELSEWHERE = ("not-found", "unauthorized", "unavailable", "timeout")
_SECONDS_TO_LIST = 2.0  # that a run waits at its end for an engine to say which images it has

Found = TypeVar("Found")

Listing = Mapping[str, Collection[str]]
"""What an engine has: by canonical name, the digests that it knows the image by; {} if no engine answers."""


class AutoSource(ImageSource):
    """The registries, with an engine behind them.

    Args:
        registries: asked first.
        engine: opens the engine when it is first needed; raises FetchError where none answers, and
            InvalidInputError where what the environment says of it cannot be used: then there is none, too.
        listing: asks an engine what it has, to tell where that is another image than the registry's.
        notes: told what came from the engine, and, when this is closed, what differs there.
    """

    name = "auto"

    def __init__(
        self,
        registries: ImageSource,
        engine: Callable[[], ImageSource],
        listing: Callable[[], Listing],
        notes: Notes,
    ) -> None:
        self.jobs = registries.jobs
        self.is_shared = registries.is_shared
        self._registries = registries
        self._open = engine
        self._list = listing
        self._listing: Future[Listing] | None = None
        self._notes = notes
        self._opening = threading.Lock()
        self._noting = threading.Lock()
        self._from_engine = set[str]()
        self._read: dict[Reference, str] = {}
        self._place = ""

    @property
    def place(self) -> str:
        """See ImageSource.place."""
        return self._place or self._registries.place

    def expect(self, references: Sequence[Reference]) -> None:
        """See ImageSource.expect."""
        self._registries.expect(references)

    def fetch(self, reference: Reference, progress: Progress = no_progress) -> StartPoint:
        """See ImageSource.fetch."""
        self._begin_listing()
        found = self._first(reference, lambda source: source.fetch(reference, progress))
        self._read[reference] = found.digest
        return found

    def read(self, reference: Reference, folder: str) -> Tree:
        """See ImageSource.read."""
        return self._first(reference, lambda source: source.read(reference, folder))

    def digest(self, reference: Reference) -> str | None:
        """See ImageSource.digest."""

        def known(source: ImageSource) -> str:
            # What no registry has may have been made here: the engine says so when it is to be used.
            return source.digest(reference) or source.describe(reference).digest

        try:
            return self._first(reference, known)
        except FetchError as error:
            if error.kind == "not-found":
                return None
            raise

    def knows(self, reference: Reference) -> bool:
        """See ImageSource.knows; what is only asked for is not told of."""
        if self._registries.knows(reference):
            return True
        try:
            return self._engine.knows(reference)
        except (FetchError, InvalidInputError):
            return False

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """See ImageSource.tags."""
        found = self._first(repository, lambda source: source.tags(repository))
        if str(repository) in self._from_engine:
            self._place = self._engine.place
        return found

    def describe(self, reference: Reference) -> Description:
        """See ImageSource.describe."""
        return self._first(reference, lambda source: source.describe(reference))

    def base(self, reference: Reference) -> BaseImage:
        """See ImageSource.base."""
        return self._first(reference, lambda source: source.base(reference))

    def close(self) -> None:
        """Note which images differ in the engine; whoever opened the sources closes them."""
        for name in self._others():
            self._notes.differs(name)

    def _begin_listing(self) -> None:
        """Ask the engine in the background, as soon as there is something to compare it with."""
        with self._noting:
            self._listing = self._listing or in_background(self._list)

    def _first(self, reference: Reference, ask: Callable[[ImageSource], Found]) -> Found:
        """What the registries say, else what the engine says; if neither helps, what the registries said."""
        try:
            return ask(self._registries)
        except FetchError as error:
            if error.kind not in _ELSEWHERE:
                raise
            try:
                found = ask(self._engine)
            except UnpulledError:
                raise UnpulledError.of(error) from None
            except FetchError:
                raise error from None
            except InvalidInputError as unusable:  # only who set it up so can know what it would have had
                note = f"The Docker Engine was not asked: {unusable.message}."
                remedy = f"{error.remedy} {note}".strip()
                raise FetchError(error.message, remedy, kind=error.kind, cause=error.cause) from None
            self._from_engine.add(str(reference))
            self._notes.from_engine(str(reference))
            return found

    @property
    def _engine(self) -> ImageSource:
        with self._opening:  # of many that need it at once, one opens it
            return self._opened

    @cached_property
    def _opened(self) -> ImageSource:
        return self._open()

    def _others(self) -> list[str]:
        """The images that were read from a registry while the engine has another one of that name."""
        try:
            listing = self._listing.result(_SECONDS_TO_LIST) if self._read and self._listing else {}
        except TimeoutError:
            return []
        return [
            str(reference)
            for reference, digest in self._read.items()
            if str(reference) not in self._from_engine
            and digest not in listing.get(reference.canonical, {digest})
        ]
