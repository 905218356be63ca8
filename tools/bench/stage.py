"""What contenders work on: a registry with start points, a Docker Engine if need be, a folder of inputs."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import docker

from tests.corpus import CorpusStartPoint
from tests.services import (
    BASE_NAME,
    DockerEngine,
    Image,
    RealisticRegistry,
    Registry,
    base_image_config,
    base_image_layer,
)
from tests.services.link import SlowLink, Speed
from tests.services.process import ServiceError
from tests.services.traffic import Request

_PUBLISHERS = 8
_CACHE = "cache"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a suite works on.

    Args:
        images: how many LSP images there are, from the corpus, over and over; 0 for each of it once.
        speed: of the link to the registry; None for the loopback interface as it is.
        realistic: whether the registry is as public ones are, with TLS, tokens and redirects.
    """

    images: int = 0
    speed: Speed | None = None
    realistic: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """What is there while contenders run.

    Args:
        folder: the contenders' working directory. It holds their inputs and takes their output.
        environment: of the contenders.
        engine: a client of the private engine, if there is one.
        registry: where the images are, plain and without a link in between.
        host: host and port that the contenders use, which is a link's if there is one.
        images: the names of the LSP images.
        expected: what has to come out of each image, content by path.
        front: what contenders see instead of the registry, in a realistic setting.
    """

    folder: Path
    environment: Mapping[str, str]
    engine: docker.DockerClient | None
    registry: Registry
    host: str
    images: tuple[str, ...]
    expected: tuple[Mapping[str, bytes], ...]
    front: RealisticRegistry | None = None

    @property
    def base(self) -> str:
        """The name of the base image."""
        return f"{self.host}/{BASE_NAME}"

    @property
    def client(self) -> docker.DockerClient:
        """A client of the private engine.

        Raises:
            ServiceError: there is none.
        """
        if self.engine is None:
            raise ServiceError("there is no Docker Engine on this stage")
        return self.engine

    @property
    def realistic(self) -> RealisticRegistry:
        """What contenders see instead of the registry.

        Raises:
            ServiceError: they see the registry itself.
        """
        if self.front is None:
            raise ServiceError("there is no realistic registry on this stage")
        return self.front

    @property
    def settings(self) -> str:
        """What images.yml has to say of the registry, "" if nothing."""
        return self.front.settings if self.front else ""

    def requests(self) -> tuple[Request, ...]:
        """All requests that a realistic registry had so far; none of them are known from a plain one."""
        return self.front.requests() if self.front else ()

    def place(self, name: str) -> tuple[str, str]:
        """Repository and tag of an image in the registry, e.g. ("cyberdojo/start-points-base", "df28e04")."""
        repository, _, tag = name.removeprefix(f"{self.host}/").partition(":")
        return repository, tag

    def which(self, program: str) -> str | None:
        """Where the contenders find a program, None if they do not."""
        return shutil.which(program, path=self.environment["PATH"])

    def write(self, name: str, lines: Sequence[str]) -> None:
        """Write an input of a contender, e.g. "images.yml"."""
        (self.folder / name).write_text("".join(f"{line}\n" for line in lines))

    def remove(self, name: str) -> None:
        """Remove a folder of the working directory, if it is there."""
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def empty_cache(self) -> None:
        """Leave nothing of what programs keep from run to run below XDG_CACHE_HOME."""
        self.remove(_CACHE)

    def empty_engine(self) -> None:
        """Leave no container, no image and no build cache in the engine.

        Raises:
            ServiceError: something is still there, so the next run would not be a cold one.
        """
        self.client.containers.prune()
        self.client.images.prune(filters={"dangling": False})
        self.client.api.prune_builds(all=True)
        usage = self.client.df()
        left = [kind for kind in ("Containers", "Images", "BuildCache") if usage.get(kind)]
        if left:
            raise ServiceError(f"the engine still has {' and '.join(left)} after it was emptied")


@contextlib.contextmanager
def set_stage(
    start_points: Sequence[CorpusStartPoint],
    programs: Mapping[str, Path],
    setting: Setting,
    *,
    with_engine: bool = True,
) -> Iterator[Stage]:
    """Start everything; stop and remove it when the context ends.

    Args:
        programs: what the contenders find first on their PATH, e.g. {"lsp-assembler": Path(…)}.
        setting: which registry there is, and how far away; the start points are there already.

    Raises:
        ServiceError: a server does not start.
    """
    with contextlib.ExitStack() as stack:
        registry, host, front = _open_registry(stack, setting)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lsp-bench-")))
        engine = stack.enter_context(DockerEngine()) if with_engine else None
        client = stack.enter_context(contextlib.closing(engine.client())) if engine else None
        environment = _environment(folder, engine.url if engine else "", programs)
        names = _publish(start_points, registry)
        images = tuple(host + name.removeprefix(registry.host) for name in names)
        expected = tuple(
            {path: content for path, (content, _) in start_point.files.items()}
            for start_point in start_points
        )
        yield Stage(folder, environment, client, registry, host, images, expected, front)


def _open_registry(
    stack: contextlib.ExitStack, setting: Setting
) -> tuple[Registry, str, RealisticRegistry | None]:
    """The registry itself, the host by which contenders know it, and what they see instead of it."""
    if setting.realistic:
        front = stack.enter_context(RealisticRegistry(speed=setting.speed))
        return front.behind, front.host, front
    registry = stack.enter_context(Registry())
    if not setting.speed:
        return registry, registry.host, None
    link = stack.enter_context(SlowLink([int(registry.host.rpartition(":")[2])], setting.speed))
    return registry, f"127.0.0.1:{link.ports[0]}", None


def _publish(start_points: Sequence[CorpusStartPoint], registry: Registry) -> list[str]:
    """Put all LSP images and the base image into the registry; returns the names of the former."""
    repository, _, tag = BASE_NAME.partition(":")
    registry.put_image(repository, tag, Image((base_image_layer(),), config=base_image_config()))
    with ThreadPoolExecutor(_PUBLISHERS) as publishers:
        return list(publishers.map(partial(CorpusStartPoint.publish, registry=registry), start_points))


def _environment(folder: Path, engine: str, programs: Mapping[str, Path]) -> dict[str, str]:
    """The environment of the contenders; nothing of the user's own Docker settings is in it.

    Args:
        engine: what DOCKER_HOST becomes; "" if there is no engine, and so no `docker` either.
    """
    tools, config = folder / "bin", folder / "docker"
    tools.mkdir()
    config.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    environment = {**kept, "DOCKER_CONFIG": str(config), "XDG_CACHE_HOME": str(folder / _CACHE)}
    if engine:
        environment["DOCKER_HOST"] = engine
    client = _docker_client(environment) if engine else None
    for name, program in {**programs, **({"docker": client} if client else {})}.items():
        (tools / name).symlink_to(program)
    return {**environment, "PATH": f"{tools}:{environment.get('PATH', os.defpath)}"}


def _docker_client(environment: Mapping[str, str]) -> Path | None:
    """The first docker on the PATH that can build with BuildKit; newer ones cannot without a plug-in."""
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    for client in dict.fromkeys(Path(folder or ".").resolve() / "docker" for folder in folders):
        if not os.access(client, os.X_OK):
            continue
        probe = subprocess.run(
            [client, "build", "--quiet", "-"],
            input=b"FROM scratch\nLABEL bench=probe\n",
            env={**environment, "DOCKER_BUILDKIT": "1"},
            check=False,
            capture_output=True,
        )
        if probe.returncode == 0:
            return client
    return None
