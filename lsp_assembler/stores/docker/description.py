"""What an engine says of an image, in the shape that the rest of this package relies on."""

from typing import Any

import docker.errors


def described(answer: Any) -> dict[str, Any]:
    """An engine's description of an image, with what may be null or absent filled in.

    What is no image for containers, e.g. an artifact, has no configuration.

    Raises:
        docker.errors.DockerException: it is no description of an image.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("Id"), str):
        raise docker.errors.DockerException("the engine does not describe the image")
    config = _member(answer, "Config", {})
    labels = {name: value for name, value in _member(config, "Labels", {}).items() if isinstance(value, str)}
    return {
        **answer,
        "Config": {**config, "Labels": labels, "Env": _member(config, "Env", [])},
        "RepoDigests": [digest for digest in _member(answer, "RepoDigests", []) if isinstance(digest, str)],
        "Size": _member(answer, "Size", 0),
    }


def _member(answer: dict[str, Any], name: str, default: Any) -> Any:
    """A member of an object, if it is of the same type as the default; else that."""
    value = answer.get(name)
    return value if isinstance(value, type(default)) else default
