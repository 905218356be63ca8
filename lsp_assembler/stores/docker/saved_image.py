"""What `docker save` makes of an image: a tar of layers, with a manifest.json that tells their order. Pure.

Every engine since Docker 1.10 writes that manifest.json, newer ones beside an OCI layout; the layers may be
compressed there.
"""

import json
import tarfile
from collections.abc import Callable

from lsp_assembler.oci.image_reader import plain
from lsp_assembler.oci.layers import Readable
from lsp_assembler.oci.tar import members


class SavedImageError(ValueError):
    """An archive that is not what we know of `docker save`."""


def saved_layers(read: Callable[[int], bytes], max_bytes: int) -> list[Readable]:
    """The uncompressed layers of the one image in an archive, lowest first.

    Args:
        read: gives up to so many bytes of the archive; b"" at its end.
        max_bytes: of all its files together.

    Raises:
        SavedImageError: the archive is too large, or is no archive of one image.
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
        (image,) = json.loads(files["manifest.json"])
        return [plain(files[name]) for name in image["Layers"]]
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise SavedImageError(str(error)) from error
