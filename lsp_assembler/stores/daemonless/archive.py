"""An OCI image layout in one tar file, which `docker load`, `podman load` and skopeo read, too."""

import contextlib
import re
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import IO, Any

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.files.runs import sweep, temporary_path
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.image import encode
from lsp_assembler.oci.image_reader import any_manifest
from lsp_assembler.stores.daemonless.layout import OciLayout
from lsp_assembler.stores.daemonless.names import name_of

_MEMBER = re.compile(r"(?:\./)?(oci-layout|index\.json|blobs/sha(?:256/[0-9a-f]{64}|512/[0-9a-f]{128}))")
_CHUNK = 1024 * 1024
_DOCKER_LISTING = "manifest.json"  # an older `docker load` knows only this


class OciArchive(OciLayout):
    """The contents of one archive: unpacked to a temporary layout, and packed again when names have moved.

    Args:
        file: made when something is first published.
        label: how messages call it, e.g. "oci-archive:lsp.tar".

    Raises:
        FetchError: the file is there, and is no archive.
    """

    def __init__(self, file: Path, label: str) -> None:
        self._file = file
        self._unpacked = _temporary_folder()
        super().__init__(self._unpacked, label)
        try:
            if file.exists():
                self._open()
        except BaseException as error:
            self.close()
            if not isinstance(error, (OSError, tarfile.TarError)):
                raise
            raise FetchError(
                f"{label}: cannot read it ({error}); expected an OCI image layout in a tar file",
                "Check the path.",
                kind="unreadable",
            ) from error

    def _open(self) -> None:
        """Unpack the file; one with something else in it is not ours to overwrite, either."""
        others = _unpack(self._file, self._unpacked)
        if (self._unpacked / "index.json").is_file():
            return
        fact, remedy = "there is no index.json in it", "Check the path."
        if _DOCKER_LISTING in others:
            fact = "it is in the format of older engines' 'docker save', without an index.json"
            remedy = "Convert it: 'skopeo copy docker-archive:FILE oci-archive:NEW:NAME:TAG'."
        raise FetchError(
            f"{self._label}: {fact}; expected an OCI image layout in a tar file", remedy, kind="unreadable"
        )

    def commit(self) -> None:
        """See Contents.commit; until then the file is as it was."""
        self._pack()

    def close(self) -> None:
        """See Contents.close."""
        super().close()
        shutil.rmtree(self._unpacked, ignore_errors=True)

    def _pack(self) -> None:
        """Write the archive: equal layouts give equal bytes."""
        try:
            self._write(self._unpacked / _DOCKER_LISTING, (encode(self._docker_listing()),))
            with self._staging.replacing(self._file.absolute()) as stream:
                _write_tar(stream, self._unpacked)
        except OSError as error:
            raise PublishError(
                f"{self._label}: cannot write it ({error.strerror or error})",
                "Check the path and the free space, or choose another with --to.",
            ) from error

    def _docker_listing(self) -> list[dict[str, Any]]:
        """What `docker save` would list, for one platform of each image with a name."""
        images: dict[str, dict[str, Any]] = {}
        for reference in map(Reference.parse, filter(None, map(name_of, self._index()))):
            if reference.digest:
                continue  # to Docker that is no name
            with contextlib.suppress(FetchError):  # what others put there may be incomplete, or no image
                manifest = any_manifest(self, reference, self.manifest(reference))
                layers = [_blob(layer.digest) for layer in manifest.layers]
                listed = {"Config": _blob(manifest.config.digest), "RepoTags": [], "Layers": layers}
                images.setdefault(manifest.digest, listed)["RepoTags"].append(_familiar(reference))
        return list(images.values())


def _familiar(reference: Reference) -> str:
    """The name as Docker shows it: without what goes without saying."""
    return str(reference).removeprefix("docker.io/").removeprefix("library/")


def _temporary_folder() -> Path:
    parent = Path(tempfile.gettempdir())
    sweep(parent)
    folder = temporary_path(parent)
    folder.mkdir(mode=0o700)
    return folder


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _unpack(file: Path, directory: Path) -> set[str]:
    """Copy the files of a layout, and nothing else, out of a tar. They are verified when they are read.

    Returns:
        the names of other files that tell what it is.
    """
    others = set[str]()
    with tarfile.open(file, "r:") as tar, file.open("rb") as content:
        for member in tar:
            matched = _MEMBER.fullmatch(member.name)
            if member.name.removeprefix("./") == _DOCKER_LISTING:
                others.add(_DOCKER_LISTING)
            if matched and member.isreg() and not member.sparse:
                path = directory / matched[1]
                path.parent.mkdir(parents=True, exist_ok=True)
                content.seek(member.offset_data)
                with path.open("wb") as target:
                    _copy(content, target, member.size)
    return others


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size > 0 and (chunk := source.read(min(size, _CHUNK))):
        target.write(chunk)
        size -= len(chunk)


def _write_tar(stream: IO[bytes], directory: Path) -> None:
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            member = tarfile.TarInfo(path.relative_to(directory).as_posix())
            member.size = path.stat().st_size
            with path.open("rb") as content:
                tar.addfile(member, content)
