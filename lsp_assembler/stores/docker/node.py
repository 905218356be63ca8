"""The images of an engine, as a node that runs them: what it has, how much fits, pulling, removing."""

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import docker.errors
from msgspec import Struct

from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.image_reader import chain_ids
from lsp_assembler.stores.docker.connection import Connection
from lsp_assembler.stores.docker.description import described
from lsp_assembler.stores.docker.errors import TROUBLE, cause, engine_error, events, fetch_error
from lsp_assembler.stores.docker.lifelines import Lifelines

_ARRIVED = ("Verifying Checksum", "Download complete", "Extracting", "Pull complete", "Already exists")
_CONTAINERD = "io.containerd."  # how an engine names a driver that keeps images outside its data root

Heard = Callable[[str, int | None], None]
"""Called as (first characters of a layer's digest, bytes of it so far; None for all of them)."""


class Room(Struct, frozen=True):
    """Where an engine keeps images.

    Args:
        path: as the engine names it, e.g. "/var/lib/docker"; "" where it does not say.
        free: bytes; None where that is not known, e.g. of an engine on another machine.
    """

    path: str
    free: int | None = None


class NodeImage(Struct, frozen=True):
    """An image that the node has.

    Args:
        names: with tags, as the engine spells them, e.g. ("acme/elm:4edf92a",).
        digests: names with digests, likewise.
        size: unpacked, in bytes.
    """

    id: str
    names: tuple[str, ...]
    digests: tuple[str, ...]
    size: int


class Node:
    """The images of the engine that the environment points at. Threads may share it.

    Args:
        environ: the environment's variables: DOCKER_HOST, DOCKER_CONTEXT, and where logins are.
        stall_timeout: seconds without a byte from the engine after which a call fails; of all pulls together.

    Raises:
        FetchError: no engine answers.
        InvalidInputError: what the environment says of the engine cannot be used.
    """

    def __init__(self, environ: Mapping[str, str], stall_timeout: float) -> None:
        self._connection = Connection(environ, stall_timeout)
        self._lifelines = Lifelines(stall_timeout)

    @property
    def endpoint(self) -> str:
        """Where the engine answers, e.g. "unix:///var/run/docker.sock"."""
        return self._connection.endpoint

    def images(self) -> list[NodeImage]:
        """All images, in the engine's order.

        Raises:
            FetchError: the engine does not say.
        """
        try:
            return [
                NodeImage(
                    image["Id"],
                    tuple(_well_formed(image.get("RepoTags") or ())),
                    tuple(_well_formed(image["RepoDigests"])),
                    image["Size"],
                )
                for image in map(described, self._connection.client.images())
            ]
        except TROUBLE as error:
            raise engine_error(error) from error

    def names(self) -> dict[str, str]:
        """The ids of all images by canonical name, with tag and with digest.

        Raises:
            FetchError: the engine does not say.
        """
        return {
            Reference.parse(name).canonical: image.id
            for image in self.images()
            for name in (*image.names, *image.digests)
        }

    def platform(self) -> tuple[str, str]:
        """For which platform the engine pulls, e.g. ("linux", "amd64").

        Raises:
            FetchError: the engine does not say.
        """
        try:
            version = self._connection.client.version()
            return str(version["Os"]).lower(), str(version["Arch"])
        except TROUBLE as error:
            raise engine_error(error) from error

    def room(self) -> Room:
        """Where images go, and how much fits there, if this is the engine's own machine.

        Raises:
            FetchError: the engine does not say.
        """
        try:
            info = self._connection.client.info()
            path = str(info.get("DockerRootDir") or "")
            elsewhere = _CONTAINERD in str(info.get("DriverStatus"))
            is_here = self.endpoint.startswith("unix:") and info.get("Name") == socket.gethostname()
        except TROUBLE as error:
            raise engine_error(error) from error
        if is_here and path and not elsewhere:
            with contextlib.suppress(OSError):
                disk = os.statvfs(Path(path))
                return Room(path, disk.f_bavail * disk.f_frsize)
        return Room(path)

    def layers(self) -> set[str]:
        """The chain ids of all layers that need not be pulled again.

        A chain id names a layer together with all that are below it: only so can a layer be used again. The
        layers of an image that came from no registry do not count: the engine does not know them by the
        digests that registries have.

        Raises:
            FetchError: the engine does not say.
        """
        chains: set[str] = set()
        for image in self.images():
            if not image.digests:
                continue
            try:
                layers = (self._connection.client.inspect_image(image.id).get("RootFS") or {}).get("Layers")
                chains.update(chain_ids([str(layer) for layer in layers or ()]))
            except docker.errors.ImageNotFound:
                continue  # it was removed meanwhile
            except TROUBLE as error:
                raise engine_error(error) from error
        return chains

    def pull(self, reference: Reference, heard: Heard) -> None:
        """Pull an image.

        Raises:
            FetchError: it cannot be pulled, or it was abandoned.
        """
        try:
            for event in events(self._connection.pull(reference, self._lifelines)):
                self._lifelines.heard()
                layer, status = str(event.get("id", "")), event.get("status")
                current = (event.get("progressDetail") or {}).get("current")
                if status in _ARRIVED:
                    heard(layer, None)
                elif status == "Downloading" and isinstance(current, int):
                    heard(layer, current)
        except TROUBLE as error:
            raise fetch_error(reference, error) from error
        finally:
            self._connection.hang_up()

    def used(self) -> set[str]:
        """The ids of images that containers are made of, running or not.

        Raises:
            FetchError: the engine does not say.
        """
        try:
            containers = self._connection.client.containers(all=True)
            return {str(container["ImageID"]) for container in containers}
        except TROUBLE as error:
            raise engine_error(error) from error

    def remove(self, name: str) -> str:
        """Take a name away, and with its last name the image.

        Returns:
            why not, in the engine's words; "" if it is gone, whoever removed it.
        """
        try:
            self._connection.client.remove_image(name)
        except docker.errors.ImageNotFound:
            return ""
        except TROUBLE as error:
            return cause(error)[1]
        return ""

    def close(self) -> None:
        """Abandon the pulls under way; may be called while other threads still wait for them."""
        self._lifelines.cut()
        self._connection.hang_up()
        self._connection.close()


def _well_formed(names: tuple[str, ...]) -> list[str]:
    """Without such as the <none>:<none> of older engines."""
    found = []
    for name in names:
        with contextlib.suppress(ValueError):
            Reference.parse(name)
            found.append(name)
    return found
