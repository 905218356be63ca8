"""`prepull`: bring every language image that start points name to a node, before a learner asks for it."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from lsp_assembler.config.hosts import Settings
from lsp_assembler.errors import FetchError, LockError
from lsp_assembler.model.readiness import PULLS
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.operations.missing import Missing, Tally, ask_what_is_missing
from lsp_assembler.operations.named_images import named_images
from lsp_assembler.operations.observer import SILENT, Observer, Pending, Watch
from lsp_assembler.operations.request import ReadRequest
from lsp_assembler.operations.serve import ServeRequest, Taken, take
from lsp_assembler.operations.superseded import Old, removed, superseded
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.docker.node import Node, Room
from lsp_assembler.stores.open import Stores

_COUNTED = 2  # times that Docker Hub counts an image which is asked about before it is pulled

State = Literal["there", "missing", "pulled", "failed"]


class PrepullRequest(ReadRequest, frozen=True, kw_only=True):
    """What to pull, and how.

    Args:
        sources, type, locked, lock_file: as for `serve`.
        jobs: how many images are pulled at once; None for PULLS.
        dry_run: whether to change nothing, and say only what would be done.
        prune: whether to remove, at the end, images of the same repositories that no start point names.
        confirmed: whether to do so without asking the observer.
    """

    sources: Sequence[str]
    type: StartPointType | None = None
    locked: bool = False
    lock_file: Path | None = None
    dry_run: bool = False
    prune: bool = False
    confirmed: bool = False


class PulledImage(Struct, frozen=True):
    """What came of one language image.

    Args:
        bytes: to download when the run began, without the layers that an image before it lacks as well; 0 of
            one that was there, None where nobody can say.
        problem: why it failed, or, of one that is missing or pulled, why its bytes are not known.
    """

    name: Reference
    state: State
    bytes: int | None
    problem: FetchError | None = None


class PrepullResult(Struct, frozen=True):
    """What a run came to.

    Args:
        images: in the order of the start points, each once.
        unread: why there may be further images that nobody knows of.
        engine: where it answers.
        platform: e.g. "linux/amd64".
        pending: what was to be done when the run began.
        old: what --prune found; None where it did not look.
    """

    images: tuple[PulledImage, ...]
    unread: tuple[str, ...]
    engine: str
    platform: str
    pending: Pending
    old: tuple[Old, ...] | None
    seconds: float
    dry_run: bool

    def count(self, state: State) -> int:
        """How many images are in a state."""
        return sum(image.state == state for image in self.images)

    @property
    def failures(self) -> list[PulledImage]:
        """The images that could not be pulled or, in a dry run, asked about."""
        return [image for image in self.images if image.problem and image.state in ("failed", "missing")]

    @property
    def exit_status(self) -> int:
        """0, or the status of what could not be read or pulled."""
        return FetchError.exit_status if self.failures or self.unread else 0


def prepull(request: PrepullRequest, observer: Observer = SILENT) -> PrepullResult:
    """Pull every language image that a source names and the engine lacks. One that fails never hides another.

    An image whose tag may move, such as :latest, is pulled in any case: the engine then takes what is new.

    Raises:
        InvalidInputError: the request or the source is wrong.
        LockError: the lock file is missing, stale or invalid, or a tag moved that must not.
        FetchError: no engine answers, the source cannot be read at all, or there is not enough room.
    """
    began = time.monotonic()
    node = Node(request.environ, request.stores.stall_timeout)
    try:
        taken = take(_to_serve(request), observer)
        if taken.result and taken.result.error:
            raise LockError(taken.result.error.splitlines())
        named = named_images(taken.served.start_points)
        unread = (*_unread(taken), *named.problems)
        images, pending = _supply(node, named.images, taken.registries, request, observer)
        old = None
        if request.prune and (unread or any(image.state == "failed" for image in images)):
            observer.notice("nothing is removed: not all images are known, or there")
        elif request.prune:
            old = _prune(node, named.images, request, observer)
        platform = "/".join(node.platform())
    finally:
        node.close()
    seconds = time.monotonic() - began
    return PrepullResult(images, unread, node.endpoint, platform, pending, old, seconds, request.dry_run)


def _supply(
    node: Node,
    images: Sequence[Reference],
    registries: Settings,
    request: PrepullRequest,
    observer: Observer,
) -> tuple[tuple[PulledImage, ...], Pending]:
    """Ask what is missing, and pull it unless this is a dry run; what came of each image, and what was to do.

    Raises:
        FetchError: there is not enough room, or the engine does not answer.
    """
    have = node.names()
    wanted = [image for image in images if image.moves or image.canonical not in have]
    with Stores(request.stores, request.environ, observer.notice, registries) as stores:
        spared = () if request.dry_run else _to_spare(stores, wanted, observer)
        missing = _missing(stores, wanted, spared, node)
    room = node.room()
    pending = _pending(wanted, len(images), missing, room)
    problems: Mapping[Reference, FetchError] = missing.unknown
    if not request.dry_run:
        _refuse_what_cannot_fit(missing, room)
        with observer.pulling(pending) as watch:
            problems = _pull(node, wanted, Tally(missing), request.jobs or PULLS, watch)
    return tuple(_outcome(image, wanted, missing, problems, request) for image in images), pending


def _to_serve(request: PrepullRequest) -> ServeRequest:
    return ServeRequest(
        sources=request.sources,
        type=request.type,
        locked=request.locked,
        lock_file=request.lock_file,
        from_store=request.from_store,
        stores=request.stores,
        environ=request.environ,
    )


def _unread(taken: Taken) -> list[str]:
    """Why start points could not be read; that some break rules is for `check` to say."""
    if taken.result is None:
        return []
    return [failure.message for each in taken.result.assembly.failures if (failure := each.failure)]


def _to_spare(stores: Stores, images: Sequence[Reference], observer: Observer) -> Sequence[Reference]:
    """The images of Docker Hub, where asking how large they are would use up what it hands out."""
    hub, left = stores.rate_limit(images)
    if left is None or left >= _COUNTED * len(hub):
        return ()
    observer.notice(
        f"Docker Hub hands out {left} more images for now, and {len(hub)} are to be pulled: it is not asked "
        "how large they are (log in with 'docker login' to raise the limit)"
    )
    return hub


def _missing(stores: Stores, images: Sequence[Reference], spared: Sequence[Reference], node: Node) -> Missing:
    """What the registries say, but of the images that are spared."""
    asked = [image for image in images if image not in spared]
    found = Missing({}, {})
    if asked:
        found = ask_what_is_missing(stores.registries, asked, node.platform(), node.layers())
    unasked = dict.fromkeys(spared, FetchError("Docker Hub was not asked", kind="unavailable"))
    return Missing(found.layers, {**found.unknown, **unasked})


def _pending(wanted: Sequence[Reference], of: int, missing: Missing, room: Room) -> Pending:
    names = tuple(map(str, wanted))
    return Pending(names, of, missing.bytes, len(missing.unknown), room.path, room.free)


def _refuse_what_cannot_fit(missing: Missing, room: Room) -> None:
    """Fail before anything is pulled if not even the compressed bytes have room.

    Raises:
        FetchError: so it is.
    """
    if room.free is not None and missing.bytes > room.free:
        raise FetchError(
            f"{room.path}: {room.free:,} bytes are free there; at least {missing.bytes:,} are needed",
            "Free some space: 'docker system df' shows what takes it. Or give the engine a larger disk.",
            kind="disk-full",
        )


def _pull(
    node: Node, images: Sequence[Reference], tally: Tally, jobs: int, watch: Watch
) -> dict[Reference, FetchError]:
    """Pull images; why some could not be, by image."""

    def pull(position: int) -> FetchError | None:
        image = images[position]
        watch(position, "pulling", tally.bytes)
        try:
            node.pull(image, lambda layer, size: watch(position, "pulling", tally.heard(layer, size)))
        except FetchError as error:
            watch(position, "failed", tally.bytes)
            return error
        watch(position, "pulled", tally.bytes)
        return None

    outcomes = in_parallel(pull, range(len(images)), jobs)
    return {image: error for image, error in zip(images, outcomes, strict=True) if error}


def _outcome(
    image: Reference,
    wanted: Sequence[Reference],
    missing: Missing,
    problems: Mapping[Reference, FetchError],
    request: PrepullRequest,
) -> PulledImage:
    if image not in wanted:
        return PulledImage(image, "there", 0)
    state: State = "missing" if request.dry_run else "failed" if image in problems else "pulled"
    return PulledImage(image, state, missing.bytes_of(image), problems.get(image))


def _prune(
    node: Node, images: Sequence[Reference], request: PrepullRequest, observer: Observer
) -> tuple[Old, ...]:
    found = superseded(images, node.images(), node.used())
    names = [old.name for old in found if not old.kept]
    if request.dry_run or not names:
        return found
    if request.confirmed or observer.agrees_to_remove(names):
        return removed(node, found)
    return tuple(old if old.kept else Old(old.name, "you did not agree") for old in found)
