"""What the tests of the stores without a daemon share: images of any shape, and looks at what was made."""

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.support import Entry, Tool
from tests.need import need
from tests.services import Image, Registry, layer
from tests.services.image import descriptor, digest_of
from tests.services.process import missing

OCI = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
TEMPLATE = """\
FROM $base
LABEL org.cyber-dojo.start-point="$type" \\
      $labels
COPY . /app/repos
ENV IMAGE_TYPE="$type" \\
    PORT="$port"
EXPOSE $port 53/udp
USER nobody:nogroup
WORKDIR /app
STOPSIGNAL SIGINT
ENTRYPOINT [ "/sbin/tini", "-g", "--" ]
CMD [ "./up.sh" ]
"""
"""Every kind of instruction that both halves can follow."""


@dataclass(frozen=True)
class Raw:
    """An image whose every byte is up to the test.

    Args:
        layers: media type (the part after "layer.v1.tar", e.g. "+gzip") and blob of each.
        diff_ids: as the configuration has them; one made-up one for each layer if None.
        config: the whole configuration, in place of one that is sound.
    """

    layers: Sequence[tuple[str, bytes]]
    runtime: Any = field(default_factory=dict)
    diff_ids: Any = None
    config: bytes | None = None
    architecture: str = "amd64"

    @property
    def config_blob(self) -> bytes:
        if self.config is not None:
            return self.config
        diff_ids = [digest_of(blob) for _, blob in self.layers] if self.diff_ids is None else self.diff_ids
        body = {
            "architecture": self.architecture,
            "os": "linux",
            "config": self.runtime,
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }
        return json.dumps(body).encode()

    @property
    def manifest(self) -> bytes:
        body = {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": descriptor(OCI_CONFIG, self.config_blob),
            "layers": [descriptor(f"{OCI_LAYER}{suffix}", blob) for suffix, blob in self.layers],
        }
        return json.dumps(body).encode()


def put_raw(registry: Registry, repository: str, raw: Raw, tag: str = "LSP") -> str:
    """Publish such an image; returns its name."""
    for blob in (raw.config_blob, *(blob for _, blob in raw.layers)):
        registry.put_blob(repository, blob)
    registry.put_manifest(repository, tag, OCI, raw.manifest)
    return f"{registry.host}/{repository}:{tag}"


def put_index(
    registry: Registry, repository: str, entries: Sequence[tuple[Raw, Mapping[str, str]]], tag: str = "1"
) -> str:
    """Publish an index of such images, each with its platform; returns its name."""
    for raw, _ in entries:
        put_raw(registry, repository, raw, digest_of(raw.manifest))
    manifests = [
        {**descriptor(OCI, raw.manifest), **({"platform": platform} if platform else {})}
        for raw, platform in entries
    ]
    body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
    registry.put_manifest(repository, tag, OCI_INDEX, json.dumps(body).encode())
    return f"{registry.host}/{repository}:{tag}"


def document(registry: Registry, repository: str, reference: str) -> Any:
    """A manifest or an index of a registry."""
    accept = {"Accept": f"{OCI}, {OCI_INDEX}"}
    return registry.request("GET", f"/v2/{repository}/manifests/{reference}", headers=accept).json()


def blob(registry: Registry, repository: str, digest: str) -> bytes:
    """A blob of a registry."""
    return registry.request("GET", f"/v2/{repository}/blobs/{digest}").data


def layout_blob(folder: Path, digest: str) -> bytes:
    """A blob of a layout, which must have its digest."""
    data = (folder / "blobs" / digest.replace(":", "/")).read_bytes()
    assert digest_of(data) == digest
    return data


def layout_index(folder: Path) -> dict[str, Any]:
    """The entries of a layout's index.json by name."""
    index = json.loads((folder / "index.json").read_bytes())
    assert json.loads((folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    return {entry["annotations"]["org.opencontainers.image.ref.name"]: entry for entry in index["manifests"]}


def assert_whole(folder: Path) -> None:
    """Everything that a layout's names lead to is there and has its digest; no temporary file is."""
    if not folder.exists():
        return
    assert [path.name for path in folder.rglob(".lsp-assembler.*")] == []
    if (folder / "index.json").exists():
        for entry in layout_index(folder).values():
            _assert_whole(folder, json.loads(layout_blob(folder, entry["digest"])))


def _assert_whole(folder: Path, body: Any) -> None:
    for entry in body.get("manifests", ()):
        _assert_whole(folder, json.loads(layout_blob(folder, entry["digest"])))
    for entry in (*body.get("layers", ()), *filter(None, [body.get("config")])):
        assert len(layout_blob(folder, entry["digest"])) == entry["size"]


def entries_of(data: Any) -> Iterator[tuple[str, Entry]]:
    """Path and all else of each member of an open tar."""
    for member in data:
        stream = data.extractfile(member) if member.isreg() else None
        content = stream.read() if stream else None
        yield member.name, Entry(content, member.mode & 0o7777, member.uid, member.gid, int(member.mtime))


def built(tool: Tool, *arguments: object, **environment: str) -> str:
    """Build, which must succeed; the digest that the tool reports."""
    run = tool.run("build", "--format", "json", *arguments, **environment)
    assert run.status == 0, run.output
    return str(run.json["image"]["digest"])


def skopeo(*arguments: object) -> str:
    """Run skopeo, which must succeed; what it prints."""
    need(missing("skopeo"))
    command = ["skopeo", *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def base_image(architecture: str = "amd64", *, content: bytes = b"base", oci: bool = True) -> Image:
    """A small base image that is its own for each architecture."""
    files = layer({"app/up.sh": (b"#!/bin/sh\n", 0o755), "etc/arch": content + architecture.encode()})
    config = {"Env": ["PATH=/bin", "SHA=df28e04cc6f9b9a5e0d7a1e5a3a0b5a4c1f2d3e4"], "WorkingDir": "/app"}
    return Image((files,), config=config, format="oci" if oci else "docker", architecture=architecture)


def members(archive: bytes | Path) -> dict[str, Entry]:
    """What a tar holds."""
    with tarfile.open(archive) if isinstance(archive, Path) else _opened(archive) as tar:
        return dict(entries_of(tar))


def _opened(data: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(data))
