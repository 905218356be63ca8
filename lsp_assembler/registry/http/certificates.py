"""Which certificates are trusted: the system's, those of SSL_CERT_FILE and SSL_CERT_DIR, and a host's own."""

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from lsp_assembler.registry.errors import RequestError, printable

# Asked in this order. A folder with a link for each certificate costs nothing until one is looked for, a
# bundle is parsed whole; Python's ssl knows the place for certain, but takes longer to import than all that.
_FOLDER = "/etc/ssl/certs"
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)


class Trust(Struct, frozen=True):
    """What libcurl is told: a bundle as a file, or as bytes in its place, and a folder; "" for none.

    Args:
        memory: what has to stay open for as long as the file is used.
    """

    file: str = ""
    folder: str = ""
    bundle: bytes = b""
    memory: BinaryIO | None = None

    def close(self) -> None:
        """Let go of what is in memory; no connection is made with it any more."""
        if self.memory:
            self.memory.close()


def trusted(ca: str, environ: Mapping[str, str]) -> Trust:
    """The certificates to trust.

    Args:
        ca: path of a PEM file to trust besides the system's, or "".
        environ: SSL_CERT_FILE and SSL_CERT_DIR stand in place of the system's own, as OpenSSL has it.

    Raises:
        RequestError: `ca` cannot be read.
    """
    file, folder = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    if not file and not folder:
        file, folder = _of_system()
    if not ca:
        return Trust(file, folder)
    try:
        own = Path(ca).read_bytes()
    except (OSError, ValueError) as error:  # a name with a null character in it is a ValueError
        fact = f"the certificates in {printable(ca)} cannot be read ({getattr(error, 'strerror', error)})"
        raise RequestError("unavailable", fact, "Correct the host's ca in the settings.") from None
    if not file:
        return Trust(ca, folder)
    try:
        bundle = own + b"\n" + Path(file).read_bytes()
    except OSError:
        return Trust(ca, folder)  # the host's own will do
    return _in_memory(bundle, folder) or Trust("", folder, bundle)


def _in_memory(bundle: bytes, folder: str) -> Trust | None:
    """A bundle as a file that is in memory only; None where the system has no such files.

    Libcurl copies and compares bytes for every request, but only the name of a file.
    """
    if not hasattr(os, "memfd_create"):
        return None
    memory = os.fdopen(os.memfd_create("certificates"), "wb")
    memory.write(bundle)
    memory.flush()
    name = f"/proc/self/fd/{memory.fileno()}"
    if Path(name).exists():
        return Trust(name, folder, memory=memory)
    memory.close()
    return None


def _of_system() -> tuple[str, str]:
    """The file and the folder of the system; one of them is "", or both where there are none."""
    with contextlib.suppress(OSError):  # it may not be ours to read
        if any(_HASHED.fullmatch(path.name) for path in Path(_FOLDER).iterdir()):
            return "", _FOLDER
    for path in filter(os.path.isfile, _FILES):
        return path, ""
    import ssl

    paths = ssl.get_default_verify_paths()
    return paths.cafile or "", paths.capath or ""
