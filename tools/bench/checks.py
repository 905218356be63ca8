"""Whether a run did its work: every start point is there, with every file and every byte."""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.services.image import MANIFEST_TYPES
from tools.bench.stage import Stage


def complete(found: Mapping[str, bytes], expected: Sequence[Mapping[str, bytes]]) -> int:
    """How many start points are there with every file and every byte.

    Args:
        found: content by path, e.g. {"0/start_point/manifest.json": b"{…"}; more files do no harm.
        expected: content by path for each index, e.g. ({"start_point/manifest.json": b"{…"},).
    """
    return sum(
        all(found.get(f"{index}/{path}") == content for path, content in files.items())
        for index, files in enumerate(expected)
    )


def start_points_fault(found: Mapping[str, bytes], stage: Stage) -> str:
    """What is missing from what a run produced, e.g. "produced 83 of 84 start points"; "" if nothing is."""
    good = complete(found, stage.expected)
    return "" if good == len(stage.expected) else f"produced {good} of {len(stage.expected)} start points"


def files_below(folder: Path) -> dict[str, bytes]:
    """All files below a folder, content by path relative to it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def files_in_engine(stage: Stage, name: str, folder: str) -> dict[str, bytes]:
    """All files below a folder of an image in the engine, e.g. "app/repos/", by path relative to it."""
    engine = stage.client.api
    container = engine.create_container(name, ["never-started"])["Id"]
    try:
        archive = b"".join(engine.export(container))
    finally:
        engine.remove_container(container)
    return files_in_tar(archive, folder)


def files_in_registry(stage: Stage, name: str, folder: str) -> dict[str, bytes]:
    """All files in the top layer of an image in the registry; arguments as for `files_in_engine`."""
    top = layers(stage, name)[-1]
    return files_in_tar(ask(stage, name, f"blobs/{top}"), folder)


def files_in_skopeo_folders(folder: Path) -> dict[str, bytes]:
    """All files of the images that `skopeo copy … dir:` put below a folder, as "INDEX/PATH"."""
    found: dict[str, bytes] = {}
    for image in folder.iterdir():
        for layer in json.loads((image / "manifest.json").read_bytes())["layers"]:
            content = (image / layer["digest"].removeprefix("sha256:")).read_bytes()
            found |= {f"{image.name}/{path}": body for path, body in files_in_tar(content, "").items()}
    return found


def files_in_tar(archive: bytes, folder: str) -> dict[str, bytes]:
    """All files below a folder of a tar, compressed or not, content by path relative to the folder."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for entry in tar:
            content = tar.extractfile(entry) if entry.isfile() else None
            if content and entry.name.startswith(folder):
                found[entry.name.removeprefix(folder)] = content.read()
    return found


def layers(stage: Stage, name: str) -> list[str]:
    """The digests of the layers of an image in the registry, the lowest first.

    Raises:
        ServiceError: it is not there.
    """
    body = json.loads(ask(stage, name, f"manifests/{stage.place(name)[1]}"))
    return [layer["digest"] for layer in body["layers"]]


def ask(stage: Stage, name: str, path: str) -> bytes:
    """What the registry answers, asked without a link in between.

    Args:
        name: of an image, e.g. "127.0.0.1:41234/cyber-dojo-languages/java_junit:LSP".
        path: within its repository, e.g. "manifests/LSP".

    Raises:
        ServiceError: it does not answer with 200.
    """
    accept = {"Accept": ", ".join(MANIFEST_TYPES)}
    return stage.registry.request("GET", f"/v2/{stage.place(name)[0]}/{path}", headers=accept).data
