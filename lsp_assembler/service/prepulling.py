"""One pull of all language images, beside the requests, and what probes are told meanwhile.

Probes read a value from memory, so any number of them start nothing and wait for nothing. One thread works in
rounds: it asks the engine what it has, pulls what is missing, and sleeps; shortly after a failure, long when
all is there. Whatever was true before, such as before a restart, the next round finds out.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from lsp_assembler.errors import FetchError, LspAssemblerError
from lsp_assembler.model.readiness import PULLS, Readiness, Required
from lsp_assembler.model.reference import Reference
from lsp_assembler.parallel import in_parallel
from lsp_assembler.service.access_log import Level
from lsp_assembler.service.marker import digest_of_set, is_marked, mark
from lsp_assembler.stores.docker.node import Node
from lsp_assembler.text import plural


class Say(Protocol):
    """Tells an operator something, in one line; called from a thread."""

    def __call__(self, text: str, level: Level = Level.INFO, /) -> None:
        """Say it."""


class PrepullOptions(Struct, frozen=True):
    """How language images are pulled.

    Args:
        marker: the file that notes that all are there; None for none.
        required: how many readiness needs.
        jobs: how many are pulled at once.
        stall_timeout: seconds without a byte from the engine after which pulls have failed.
        first_backoff: seconds between a failure and the next try; they double with each try.
        longest_backoff: the most of them.
        recheck: seconds between two looks at what the engine has, while all is there.
    """

    marker: Path | None = None
    required: Required = Required.ALL
    jobs: int = PULLS
    stall_timeout: float = 120.0
    first_backoff: float = 1.0
    longest_backoff: float = 60.0
    recheck: float = 300.0


class Prepulling:
    """Keeps the engine's node supplied with the language images that are wanted. Threads may share it.

    Args:
        environ: the environment's variables: where the engine and logins are.
        say: told what an operator should know.
    """

    def __init__(self, options: PrepullOptions, environ: Mapping[str, str], say: Say) -> None:
        self._options = options
        self._environ = environ
        self._say = say
        self._changed = threading.Condition()
        self._wanted: tuple[Reference, ...] = ()
        self._there: set[Reference] = set()
        self._failed: dict[Reference, str] = {}
        self._readiness = Readiness(ready=False)
        self._node: Node | None = None
        self._is_closed = False
        self._is_troubled = False  # and this was said
        self._remedy = ""  # what an operator can do about it
        self._is_complete = False  # likewise
        self._thread = threading.Thread(target=self._run, name="prepull", daemon=True)

    def readiness(self) -> Readiness:
        """What probes are told; from memory, and once ready always ready."""
        return self._readiness

    def want(self, names: Sequence[str]) -> None:
        """Say which images are wanted from now on; what is under way is finished, and nothing else of before.

        Where the marker file names this very set, the service is ready at once, and the engine is asked
        afterwards: images that somebody removed since are pulled beside the requests.
        """
        images = self._well_formed(names)
        with self._changed:
            self._wanted = images
            self._is_complete = False
            self._failed = {image: why for image, why in self._failed.items() if image in self._wanted}
            marker = self._options.marker
            if marker and not self._there and is_marked(marker, digest_of_set(images)):
                self._there = set(self._wanted)
            self._update()
            if self._thread.ident is None:
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Stop at once; what is under way is abandoned, and the engine forgets it."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            node = self._node
        if node:
            node.close()

    def join(self) -> None:
        """Wait until it has stopped, once it was closed."""
        self._thread.join()

    def _well_formed(self, names: Sequence[str]) -> tuple[Reference, ...]:
        """The images of these names, each once; of a name that is malformed, the operator is told."""
        images: dict[str, Reference] = {}
        for name in names:
            try:
                image = Reference.parse(name)
                images.setdefault(image.canonical, image)
            except ValueError as error:
                self._say(f"not pulled: {error}", Level.WARNING)
        return tuple(images.values())

    def _update(self) -> None:
        """Renew what probes are told. The lock is held."""
        there = self._there.intersection(self._wanted)
        enough = {
            Required.ALL: len(there) == len(self._wanted),
            Required.ANY: bool(there) or not self._wanted,
            Required.NONE: True,
        }[self._options.required]
        failed = {str(image): self._failed[image] for image in self._wanted if image in self._failed}
        is_ready = self._readiness.ready or enough
        missing = frozenset(str(image) for image in self._wanted if image not in there)
        self._readiness = Readiness(is_ready, len(there), len(self._wanted), failed, missing)

    def _run(self) -> None:
        backoff = self._options.first_backoff
        while not self._is_closed:
            wanted = self._wanted
            try:
                trouble = self._round(wanted)
            except Exception as error:  # noqa: BLE001  # whatever it is, the node must get its images
                trouble = f"{type(error).__name__}: {error}"
            self._report(wanted, trouble)
            if trouble:
                pause, backoff = backoff, min(2 * backoff, self._options.longest_backoff)
            else:
                pause, backoff = self._options.recheck, self._options.first_backoff
            if self._sleep(wanted, pause):
                backoff = self._options.first_backoff
        self._forget_node()

    def _sleep(self, wanted: Sequence[Reference], seconds: float) -> bool:
        """Whether other images are wanted before the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_closed or self._wanted is not wanted, seconds)

    def _round(self, wanted: Sequence[Reference]) -> str:
        """Pull what is missing.

        Returns:
            why something still is, in one line; "" if nothing is.
        """
        self._remedy = ""
        try:
            node = self._opened()
            have = node.names()
        except LspAssemblerError as error:
            self._forget_node()
            self._note_failures(dict.fromkeys(wanted, error.message))
            self._remedy = error.remedy
            return error.message
        self._take_stock(wanted, have)
        missing = [image for image in wanted if image not in self._there]
        in_parallel(lambda image: self._pull(node, image), missing, self._options.jobs)
        failures = [image for image in wanted if image in self._failed]
        if not failures:
            return ""
        why = f"{failures[0]}: {self._failed[failures[0]]}"
        return f"{len(failures)} of {plural(len(wanted), 'language image')} cannot be pulled: {why}"

    def _opened(self) -> Node:
        if self._node is None:
            node = Node(self._environ, self._options.stall_timeout)
            with self._changed:
                self._node = node
        return self._node

    def _forget_node(self) -> None:
        """The next round looks for the engine anew: it may be another one then, of another version."""
        with self._changed:
            node, self._node = self._node, None
        if node:
            node.close()

    def _take_stock(self, wanted: Sequence[Reference], have: Collection[str]) -> None:
        """Note what the engine has, and say what is to be pulled."""
        there = {image for image in wanted if image.canonical in have}
        with self._changed:
            gone = self._there.intersection(wanted) - there
            self._there = there
            self._update()
        self._note_failures({image: why for image, why in self._failed.items() if image not in there})
        missing = len(wanted) - len(there)
        if gone:
            self._is_complete = False
            names, verb = ", ".join(sorted(map(str, gone))), "is" if len(gone) == 1 else "are"
            self._say(
                f"{len(gone)} of {plural(len(wanted), 'language image')} {verb} gone, pulling again: {names}",
                Level.WARNING,
            )
        elif missing and not self._is_troubled:
            self._is_complete = False
            self._say(f"pulling {missing} of {plural(len(wanted), 'language image')}")

    def _pull(self, node: Node, image: Reference) -> None:
        """Pull one image, unless nobody wants it any more."""
        if self._is_closed or image not in self._wanted:
            return
        try:
            node.pull(image, lambda _layer, _size: None)
        except FetchError as error:
            self._note_failures({**self._failed, image: error.message.removeprefix(f"{image}: ")})
            return
        with self._changed:
            self._failed = {other: why for other, why in self._failed.items() if other != image}
            self._there.add(image)
            self._update()

    def _note_failures(self, failures: Mapping[Reference, str]) -> None:
        with self._changed:
            self._failed = {image: why for image, why in failures.items() if image not in self._there}
            self._update()

    def _report(self, wanted: Sequence[Reference], trouble: str) -> None:
        """Say when it begins to fail, and when all is there; then leave the marker, too."""
        if self._is_closed or wanted is not self._wanted:
            return
        if trouble:
            if not self._is_troubled:
                remedy = f". {self._remedy}" if self._remedy else ""
                self._say(f"{trouble}; trying until it works{remedy}", Level.WARNING)
            self._is_troubled, self._is_complete = True, False
        elif not self._is_complete:
            self._is_troubled, self._is_complete = False, True
            self._say(_all_there(len(wanted)))
            if self._options.marker and (problem := mark(self._options.marker, digest_of_set(wanted))):
                self._say(
                    f"{problem}: the next start waits until the engine has been asked; "
                    "name a file that can be written with --marker, or leave that out",
                    Level.WARNING,
                )


def _all_there(count: int) -> str:
    return f"all {count} language images are there" if count > 1 else "the language image is there"
