"""A certificate authority that nobody knows yet, and a certificate that it signed for servers on loopback."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.services.process import ServiceError

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_DAYS = ("-days", "30")
_NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost"


@dataclass(frozen=True)
class Certificates:
    """Files in PEM.

    Args:
        ca: what a client has to trust.
        certificate: of a server at 127.0.0.1 or localhost, signed by the authority.
        key: the private key to it.
    """

    ca: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Make an authority and a certificate in a folder, which must be there.

    Raises:
        ServiceError: openssl fails.
    """
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    authority, request = folder / "ca.key", folder / "server.csr"
    names = folder / "names"
    names.write_text(_NAMES)
    _openssl("req", "-x509", *_KEY, *_DAYS, "-keyout", authority, "-out", made.ca, "-subj", "/CN=Tests only")
    _openssl("req", "-new", *_KEY, "-keyout", made.key, "-out", request, "-subj", "/CN=127.0.0.1")
    signer = ("-CA", made.ca, "-CAkey", authority, "-CAcreateserial")
    _openssl("x509", "-req", "-in", request, *signer, *_DAYS, "-extfile", names, "-out", made.certificate)
    return made


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"openssl {arguments[0]} ended with status {done.returncode}:\n{done.stderr}")
