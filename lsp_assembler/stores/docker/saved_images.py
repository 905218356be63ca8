"""What `docker save` makes of images: a tar of layers, with a manifest.json that tells their order. Pure.

Every engine since Docker 1.10 writes that manifest.json, newer ones beside an OCI layout; the layers may be
compressed there.
"""

import json
import re
import tarfile
from collections.abc import Callable, Mapping, Sequence

from lsp_assembler.oci.tar import members

_ID = re.compile(r"(?:blobs/sha256/)?([0-9a-f]{64})(?:\.json)?")


class SavedImageError(ValueError):
    """An archive that is not what we know of `docker save`."""


def saved_images(read: Callable[[int], bytes], max_bytes: int) -> Mapping[str, Sequence[bytes]]:
    """The images in an archive: by the digest of its configuration, the layers of each, lowest first.

    That digest is the image's id for every engine but those that keep images in containerd.

    Args:
        read: gives up to so many bytes of the archive; b"" at its end.
        max_bytes: of all its files together.

    Returns:
        e.g. {"sha256:9f86…": [b"…"]}; the layers may be compressed.

    Raises:
        SavedImageError: the archive is too large, or is no archive of images.
    """
    files: dict[str, bytes] = {}
    left = max_bytes
    try:
        for member in members(read):
            if member.type in (tarfile.REGTYPE, tarfile.AREGTYPE):
                left -= member.size
                if left < 0:
                    raise SavedImageError(f"it holds more than {max_bytes} bytes")
                files[member.name] = member.content()
        return {
            _id(image["Config"]): [files[name] for name in image["Layers"]]
            for image in json.loads(files["manifest.json"])
        }
    except (tarfile.TarError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SavedImageError(str(error)) from error


def _id(config: str) -> str:
    matched = _ID.fullmatch(config)
    if not matched:
        raise SavedImageError(f"the name of a configuration is {config!a}")
    return f"sha256:{matched[1]}"
