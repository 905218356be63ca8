"""A stand-in for cyberdojo/start-points-base: a shell, an init, and an /app/up.sh that says what it serves.

The real base image is a Ruby web service of some 100 MB that a test must not download. This one has
the same shape, as far as assembling is concerned: the same paths, working directory and SHA variable.
"""

from pathlib import Path

import docker

from tests.services.image import Image, layer

BASE_NAME = "cyberdojo/start-points-base:df28e04"
BASE_SHA = "df28e04cc6f9b9a5e0d7a1e5a3a0b5a4c1f2d3e4"

_BUSYBOX = Path("/bin/busybox")
_APPLETS = ("cat", "echo", "env", "ls", "sh", "sleep", "tail", "wc")
_TINI = b"""#!/bin/sh
# Runs what stands after "-g --", in place of itself.
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
"""
_UP = b"""#!/bin/sh
echo "A stand-in: the real image would serve these ${IMAGE_TYPE} start points on port ${PORT}:"
cat /app/repos/shas.txt
"""


def base_image_missing() -> str:
    """Why the stand-in could not run here, e.g. "/bin/busybox not installed"; "" if it can."""
    return "" if _BUSYBOX.exists() else f"{_BUSYBOX} not installed"


def base_image_layer() -> bytes:
    """Its only layer, an uncompressed tar that is the same every time.

    Without /bin/busybox it has no shell: good enough to build on, not to run.
    """
    files = {"app/up.sh": (_UP, 0o755), "sbin/tini": (_TINI, 0o755)}
    if base_image_missing():
        return layer(files)
    files["bin/busybox"] = (_BUSYBOX.read_bytes(), 0o755)
    return layer(files, {f"bin/{applet}": "busybox" for applet in _APPLETS})


def base_image_config() -> dict[str, object]:
    """Its environment and working directory, as the configuration of an image spells them."""
    return {"Env": ["PATH=/bin:/sbin", f"SHA={BASE_SHA}"], "WorkingDir": "/app"}


def import_base_image(client: docker.DockerClient, name: str = BASE_NAME) -> None:
    """Give an engine the stand-in under this name; it has the same id in every engine."""
    image = Image((base_image_layer(),), config=base_image_config())
    client.images.load(image.archive(name))
