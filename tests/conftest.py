"""Fixtures of the whole suite: real servers, started when a test first asks for one, one set per worker.

Where a machine cannot run them, the tests that ask for them are skipped and say why; with
LSP_REQUIRE_SERVICES=1, as in CI, they fail instead.
"""

import os
import signal
import threading
from collections.abc import Iterator

import docker
import pytest
from hypothesis import HealthCheck, settings

from tests import ROOT
from tests.corpus import CorpusStartPoint, corpus_folder, load_corpus
from tests.need import need
from tests.services import (
    BASE_NAME,
    DockerEngine,
    Image,
    Login,
    RealisticRegistry,
    Registry,
    base_image_config,
    base_image_layer,
    base_image_missing,
    engine_missing,
    import_base_image,
    realistic_missing,
    registry_missing,
)

# A busy machine is no bug. What else a profile says, e.g. the one that Hypothesis chooses in CI, stays.
settings.register_profile("any pace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any pace")


def pytest_configure() -> None:
    """Let SIGTERM end the session as Ctrl-C does, so that it stops its servers and removes their folders.

    And let git read this very checkout, which in a container often belongs to another user.
    """
    os.environ |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": str(ROOT),
    }
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    """A private Docker Engine; its `url` is what DOCKER_HOST is set to."""
    need(engine_missing())
    with DockerEngine() as engine:
        yield engine


@pytest.fixture(scope="session")
def docker_client(engine: DockerEngine) -> Iterator[docker.DockerClient]:
    """A client of the private engine."""
    client = engine.client()
    yield client
    client.close()


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    """A private registry that lets everybody pull and push."""
    need(registry_missing())
    with Registry() as registry:
        yield registry


@pytest.fixture(scope="session")
def login() -> Login:
    """Who may use `private_registry`."""
    return Login()


@pytest.fixture(scope="session")
def private_registry(login: Login) -> Iterator[Registry]:
    """A private registry that wants a login."""
    need(registry_missing())
    with Registry(login) as registry:
        yield registry


@pytest.fixture(scope="session")
def realistic() -> Iterator[RealisticRegistry]:
    """A registry with TLS, HTTP/2, tokens from a second host and blobs from a third."""
    need(realistic_missing())
    with RealisticRegistry() as realistic:
        yield realistic


@pytest.fixture(scope="session")
def engine_base(docker_client: docker.DockerClient) -> str:
    """The name of the stand-in base image in the private engine."""
    need(base_image_missing())
    import_base_image(docker_client)
    return BASE_NAME


@pytest.fixture(scope="session")
def registry_base(registry: Registry) -> str:
    """The name of the stand-in base image in the private registry, for amd64 and arm64."""
    need(base_image_missing())
    repository, _, tag = BASE_NAME.partition(":")
    layers, config = (base_image_layer(),), base_image_config()
    architectures = ("amd64", "arm64")
    images = tuple(Image(layers, config=config, architecture=each) for each in architectures)
    registry.put_images(repository, tag, images)
    return f"{registry.host}/{BASE_NAME}"


@pytest.fixture(scope="session")
def corpus() -> tuple[CorpusStartPoint, ...]:
    """The start points of all languages that cyber-dojo has."""
    folder = corpus_folder()
    if folder is None:
        pytest.skip("the corpus is absent; LSP_CORPUS can name its folder")
    return tuple(load_corpus(folder))


@pytest.fixture(scope="session")
def corpus_images(corpus: tuple[CorpusStartPoint, ...], registry: Registry) -> tuple[str, ...]:
    """The names of the corpus's LSP images in the private registry."""
    return tuple(start_point.publish(registry) for start_point in corpus)
