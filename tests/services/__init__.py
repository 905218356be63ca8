"""Real servers on the loopback interface, for the tests, the benchmark and the demo.

Each is a context manager with a folder of its own under /tmp, and stops by process id what it started:

    with DockerEngine() as engine, Registry() as registry:
        digest = registry.put_image("java_junit", "LSP", Image((layer({"start_point/a": b"a"}),)))
        engine.client().images.pull(f"{registry.host}/java_junit", "LSP")

`Registry` is plain; `RealisticRegistry` is as public ones are. `engine_missing()`, `registry_missing()`,
`realistic_missing()` and `base_image_missing()` say what a machine lacks to run them.
"""

from tests.services.base_image import (
    BASE_NAME,
    base_image_config,
    base_image_layer,
    base_image_missing,
    import_base_image,
)
from tests.services.docker_engine import DockerEngine, engine_missing
from tests.services.gate import Gate
from tests.services.image import Image, layer
from tests.services.realistic import RealisticRegistry, realistic_missing
from tests.services.registry import Login, Registry, registry_missing

__all__ = [
    "BASE_NAME",
    "DockerEngine",
    "Gate",
    "Image",
    "Login",
    "RealisticRegistry",
    "Registry",
    "base_image_config",
    "base_image_layer",
    "base_image_missing",
    "engine_missing",
    "import_base_image",
    "layer",
    "realistic_missing",
    "registry_missing",
]
