"""Names of images in the Docker Engine: given all together or not at all, and what they stand for."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import docker
import docker.errors

from lsp_assembler.model.images import BuiltImage, Conflict
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import digest_of
from lsp_assembler.oci.image import Image


def id_of(client: docker.APIClient, name: Reference) -> str:
    """The id of the image that has a name, e.g. "sha256:9f86…"; "" if there is none.

    Raises:
        docker.errors.DockerException: the engine does not say.
    """
    try:
        return str(client.inspect_image(str(name))["Id"])
    except docker.errors.ImageNotFound:
        return ""


def give_names(client: docker.APIClient, pairs: Sequence[tuple[str, Reference]]) -> None:
    """Give each image, by its id, its name; if one cannot be given, all names are what they were.

    Raises:
        docker.errors.DockerException: the engine refuses.
    """
    done: list[tuple[Reference, str]] = []
    try:
        for image_id, name in pairs:
            done.append((name, id_of(client, name)))
            client.tag(image_id, name.name, name.tag or "latest", force=True)
    except BaseException:  # also where a signal ends the run between two names
        for name, before in reversed(done):
            if before:
                client.tag(before, name.name, name.tag or "latest", force=True)
            elif id_of(client, name):
                client.remove_image(str(name), noprune=True)
        raise


def named(client: docker.APIClient, image_id: str, names: Sequence[Reference]) -> BuiltImage:
    """Give an image all its names, or, if one cannot be given, none.

    Args:
        image_id: or any name that the engine has just given it.

    Raises:
        docker.errors.DockerException: the engine refuses.
    """
    image = client.inspect_image(image_id)
    give_names(client, [(image["Id"], name) for name in names])
    platform = f"{image['Os']}/{image['Architecture']}"
    return BuiltImage(tuple(str(name) for name in names), image["Id"], (platform,))


def conflict(existing: Mapping[str, Any], image: Image) -> Conflict | None:
    """What an LSP image would take a name from; None if that is the same image.

    Its layers and labels tell, for not every engine goes by the same digest.

    Args:
        existing: the engine's description of what has the name.
    """
    config = json.loads(image.config)
    same_layers = existing["RootFS"].get("Layers") == config["rootfs"]["diff_ids"]
    if same_layers and (existing["Config"].get("Labels") or {}) == config["config"]["Labels"]:
        return None
    return Conflict(str(existing["Id"]), digest_of(image.config))
