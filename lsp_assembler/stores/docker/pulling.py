"""The images that an engine has: pulled before they are used, as the pull option says."""

import contextlib
from collections.abc import Callable
from typing import Any

import docker.errors

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.stores.docker.connection import Connection
from lsp_assembler.stores.docker.description import described
from lsp_assembler.stores.docker.errors import TROUBLE, cause, events, fetch_error
from lsp_assembler.stores.interface import Progress, Pull, UnpulledError
from lsp_assembler.text import visible


class Puller:
    """Describes images, and pulls them first if need be. Threads may share it.

    Args:
        unpulled: told the name of each image that could not be pulled and is used as the engine has it, and
            why.
    """

    def __init__(self, connection: Connection, pull: Pull, unpulled: Callable[[str, str], None]) -> None:
        self._connection = connection
        self._pull = pull
        self._unpulled = unpulled
        self._silent: set[str] = set()

    def inspect(self, name: str) -> dict[str, Any]:
        """The engine's description of an image, by name or id; nothing is pulled.

        Raises:
            docker.errors.ImageNotFound: there is none.
            docker.errors.DockerException: the engine does not say.
        """
        return described(self._connection.client.inspect_image(name))

    def image(self, reference: Reference, progress: Progress) -> dict[str, Any]:
        """The engine's description of an image, pulled before if need be.

        Raises:
            FetchError: there is no such image, or it cannot be pulled.
        """
        own = self._sufficient(reference)
        if own:
            return own
        if self._pull is Pull.NEVER:
            raise FetchError(
                f"{reference}: the engine has no such image, and --pull never forbids pulling it",
                "Pull or pack it first, or choose --pull missing.",
                kind="not-found",
            )
        try:
            self._fetch(reference, progress)
            return self.inspect(str(reference))
        except TROUBLE as error:
            return self._instead(reference, error)

    def digest(self, reference: Reference) -> str | None:
        """What a name stands for; the registry is asked by the engine, unless the pull option says not to.

        Returns:
            None where there is no such image: if a registry is asked and says so, what the engine has does
            not count.

        Raises:
            FetchError: nobody can say.
        """
        own = self._sufficient(reference)
        if own or self._pull is Pull.NEVER:
            return digest_of(own, reference) if own else None
        try:
            return self._in_registry(reference)
        except TROUBLE as error:
            if fetch_error(reference, error).kind == "not-found":  # that is an answer
                return None
            return digest_of(self._instead(reference, error), reference)

    def knows(self, reference: Reference) -> bool:
        """Whether the engine surely has an image, or could pull it."""
        try:
            if self._own(reference):
                return True
            is_worth_asking = self._pull is not Pull.NEVER and reference.registry not in self._silent
            return is_worth_asking and bool(self._in_registry(reference))
        except TROUBLE:
            return False

    def _in_registry(self, reference: Reference) -> str:
        login = self._connection.login(reference)
        answer = self._connection.client.inspect_distribution(str(reference), login)
        return str(answer["Descriptor"]["digest"])

    def _sufficient(self, reference: Reference) -> dict[str, Any] | None:
        """What the engine has, where that will do without asking a registry; None else."""
        is_fixed = bool(reference.digest) or reference.registry in self._silent
        if self._pull is Pull.ALWAYS or (self._pull is Pull.NEWER and not is_fixed):
            return None
        try:
            found = self._own(reference)
        except TROUBLE as error:
            raise fetch_error(reference, error) from error
        if found and not reference.digest and self._pull is Pull.NEWER:
            self._unpulled(str(reference), f"{reference.registry} does not answer")
        return found

    def _own(self, reference: Reference) -> dict[str, Any] | None:
        try:
            return self.inspect(str(reference))
        except docker.errors.ImageNotFound:
            return None

    def _instead(self, reference: Reference, error: Exception) -> dict[str, Any]:
        """What the engine has of an image that it cannot pull."""
        failure = fetch_error(reference, error)
        try:
            own = self._own(reference)
        except TROUBLE:  # it is the engine that is in trouble: what it said first tells more
            own = None
        if own is None:
            raise failure from error
        if self._pull is not Pull.NEWER:
            raise UnpulledError.of(failure) from error
        kind, words = cause(error)
        if kind == "timeout":  # nobody need wait so long again
            self._silent.add(reference.registry)
        self._unpulled(str(reference), visible(words))
        return own

    def _fetch(self, reference: Reference, progress: Progress) -> None:
        progress("pulling", 0)
        layers: dict[str, int] = {}
        for event in events(self._connection.pull(reference)):
            current = (event.get("progressDetail") or {}).get("current")
            if event.get("status") == "Downloading" and isinstance(current, int):
                layers[event.get("id", "")] = current
                progress("pulling", sum(layers.values()))


def digest_of(image: dict[str, Any], reference: Reference) -> str:
    """The digest that the registry knows an image by; of one that was made here, its id."""
    for known in image["RepoDigests"]:
        name, _, digest = known.partition("@")
        with contextlib.suppress(ValueError):
            if repository_of(Reference.parse(name)) == repository_of(reference):
                return str(digest)
    return str(image["Id"])
