"""Which stores a command works with: spelled by the user, opened once, closed together."""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import typer

from lsp_assembler.errors import FetchError, InvalidInputError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.layers import Limits
from lsp_assembler.registry.hosts import HostSettings, Settings
from lsp_assembler.stores.interface import Pull, Store

if TYPE_CHECKING:  # these are slow to import, and no command needs them all
    from lsp_assembler.oci.content_store import ContentStore
    from lsp_assembler.registry.client import RegistryClient
    from lsp_assembler.stores.docker.engine import DockerEngine

_WITHOUT_PATH = ("auto", "docker", "registry")
_WITH_PATH = ("oci", "oci-archive")
_LIMITED = "docker.io"
_MAX_CACHE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Spelling:
    """A store as the user named it, e.g. kind "oci" and path "build/lsp"."""

    kind: str
    path: str = ""

    @classmethod
    def parse(cls, option: str, text: str) -> Self:
        """Take --from or --to apart.

        Raises:
            InvalidInputError: there is no such store.
        """
        kind, colon, path = text.partition(":")
        if (kind in _WITHOUT_PATH and not colon) or (kind in _WITH_PATH and path):
            return cls(kind, path)
        raise InvalidInputError(
            f"{option}: there is no store '{text}'; expected auto, docker, registry, "
            "oci:DIR or oci-archive:FILE",
            "Correct the option, or leave it out.",
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.path}" if self.path else self.kind


@dataclass(frozen=True, slots=True)
class Access:
    """How stores are used.

    Args:
        registries: what images.yml says about single registries, by host.
        insecure: hosts that speak plain http, of --insecure; None for none.
        cached: whether what registries sent is kept from run to run.
        offline: whether nothing is asked of any registry.
        platforms: to build for without an engine; () for all of the base's.
    """

    pull: Pull = Pull.ALWAYS
    stall_timeout: float = 120.0
    limits: Limits = field(default_factory=Limits)
    registries: Settings = field(default_factory=dict)
    insecure: Sequence[str] | None = None
    cached: bool = True
    offline: bool = False
    platforms: tuple[str, ...] = ()


class Stores:
    """Opens stores when they are asked for, each once; as a context it closes them all."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._open = contextlib.ExitStack()
        self._layouts: dict[Spelling, ContentStore] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def reader(self, spelling: Spelling) -> Store:
        """Where images are read.

        Raises:
            FetchError: it cannot be reached.
        """
        spelling = self._chosen(spelling)
        if spelling.kind == "docker":
            return self._engine
        contents = self._contents(spelling)
        return self._layered(spelling, contents, contents)

    def publisher(self, spelling: Spelling) -> Store:
        """Where LSP images go.

        Raises:
            PublishError: it cannot be reached.
        """
        try:
            return self.reader(spelling)
        except FetchError as error:
            raise PublishError(error.message, error.remedy) from error

    def builder(self, spelling: Spelling, reader: Spelling) -> Store:
        """Where start-points images go; a base is read where `reader` reads, unless that is an engine.

        Raises:
            FetchError: it cannot be reached.
            InvalidInputError: platforms are asked for, and it is an engine.
            PublishError: what is there is no archive that could be added to.
        """
        spelling, reader = self._chosen(spelling), self._chosen(reader)
        if spelling.kind == "docker":
            if self._access.platforms:
                raise InvalidInputError(
                    "--platform: an engine builds for its own; expected no --platform with --to docker",
                    "Leave it out, or build with --to registry or --to oci:DIR.",
                )
            return self._engine
        bases = self._cached_registries if reader.kind == "docker" else self._contents(reader)
        try:
            target = self._contents(spelling)
        except FetchError as error:
            raise PublishError(error.message, error.remedy) from error
        return self._layered(spelling, target, bases)

    def warn_of_rate_limit(self, spelling: Spelling, references: Sequence[Reference]) -> None:
        """Say so before starting if Docker Hub is not going to hand out that many images for now.

        Args:
            references: what is about to be read; one HEAD, which Docker Hub does not count, tells its limit.
        """
        limited = [reference for reference in references if reference.registry == _LIMITED]
        if not limited or self._chosen(spelling).kind != "registry" or self._access.offline:
            return
        client = self.registries
        with contextlib.suppress(FetchError):  # reading that image will tell what is wrong with it
            client.digest(limited[0])
        remaining = client.remaining_pulls(_LIMITED)
        if remaining is not None and remaining < len(limited):
            typer.echo(
                f"warning: Docker Hub hands out {remaining} more images for now, "
                f"and {len(limited)} are wanted; "
                "log in with 'docker login' to raise the limit",
                err=True,
            )

    def _chosen(self, spelling: Spelling) -> Spelling:
        """What `auto` stands for: the engine if one answers, else the registries."""
        return spelling if spelling.kind != "auto" else self._automatic

    @cached_property
    def _automatic(self) -> Spelling:
        try:
            where = self._engine.endpoint
        except FetchError:
            typer.echo("store: registry (no Docker Engine answers)", err=True)
            return Spelling("registry")
        typer.echo(f"store: docker ({where})", err=True)
        return Spelling("docker")

    @cached_property
    def _engine(self) -> "DockerEngine":
        from lsp_assembler.stores.docker.engine import DockerEngine, EngineOptions

        access = self._access
        engine = DockerEngine(EngineOptions(access.pull, access.stall_timeout, access.limits))
        return self._open.enter_context(contextlib.closing(engine))

    @cached_property
    def registries(self) -> "RegistryClient":
        """All registries, without a cache: for questions that only they can answer."""
        from lsp_assembler.registry.client import RegistryClient
        from lsp_assembler.registry.credentials import Credentials
        from lsp_assembler.registry.options import ClientOptions

        access = self._access
        settings = {
            **access.registries,
            **{host: HostSettings(insecure=True) for host in access.insecure or ()},
        }
        options = ClientOptions(read_timeout=access.stall_timeout)
        client = RegistryClient(
            settings,
            Credentials(os.environ),
            options,
            lambda notice: typer.echo(notice, err=True),
            environ=os.environ,
        )
        return self._open.enter_context(contextlib.closing(client))

    @cached_property
    def _cached_registries(self) -> "ContentStore":
        if not self._access.cached and not self._access.offline:
            return self.registries
        import platformdirs

        from lsp_assembler.stores.daemonless.cache import Cache
        from lsp_assembler.stores.daemonless.cached import CachedContents

        cache = Cache(platformdirs.user_cache_path("lsp-assembler"), _MAX_CACHE)
        contents = CachedContents(self.registries, cache, offline=self._access.offline)
        return self._open.enter_context(contextlib.closing(contents))

    def _contents(self, spelling: Spelling) -> "ContentStore":
        if spelling.kind == "registry":
            return self._cached_registries
        from lsp_assembler.stores.daemonless.archive import OciArchive
        from lsp_assembler.stores.daemonless.layout import OciLayout

        if spelling not in self._layouts:
            layout = OciLayout if spelling.kind == "oci" else OciArchive
            opened = layout(Path(spelling.path), str(spelling))
            self._layouts[spelling] = self._open.enter_context(contextlib.closing(opened))
        return self._layouts[spelling]

    def _layered(self, spelling: Spelling, contents: "ContentStore", bases: "ContentStore") -> Store:
        from lsp_assembler.stores.daemonless.store import LayeredStore

        return LayeredStore(str(spelling), contents, bases, self._access.limits, self._access.platforms)
