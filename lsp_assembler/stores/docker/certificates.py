"""The certificates that an engine is spoken to with, checked before they are used."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from docker.tls import TLSConfig
from msgspec import Struct

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.files.presence import is_there
from lsp_assembler.text import visible

_CA, _CERTIFICATE, _KEY = "ca.pem", "cert.pem", "key.pem"


class Certificates(Struct, frozen=True):
    """A folder with ca.pem, whom to trust, and cert.pem and key.pem, who we are.

    Args:
        source: what asks for them, e.g. "DOCKER_TLS_VERIFY".
        remedy: what to do where they cannot be used.
        verifies: whether the engine must have a certificate of that authority.
    """

    folder: Path
    source: str
    remedy: str
    verifies: bool

    def check(self) -> None:
        """See that all is there and can be read; nobody is asked for the password of a key.

        Raises:
            InvalidInputError: something is missing or malformed.
        """
        present = [name for name in (_CA, _CERTIFICATE, _KEY) if is_there(self.folder / name)]
        needed = [_CA] if self.verifies else []
        if not present or _CERTIFICATE in present or _KEY in present:
            needed += [_CERTIFICATE, _KEY]
        for name in needed:
            if name not in present:
                raise self._wrong(f"there is no {self.folder / name}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        name = _CA
        try:
            if _CA in present:
                context.load_verify_locations(self.folder / _CA)
            name = _KEY
            if _KEY in present:
                (self.folder / _KEY).open("rb").close()
            name = _CERTIFICATE
            if _CERTIFICATE in present:
                context.load_cert_chain(self.folder / _CERTIFICATE, self.folder / _KEY, lambda: "")
        except ssl.SSLError as error:
            fact = (error.reason or "not in PEM format").replace("_", " ").lower()
            also = f" with {_KEY}" if name == _CERTIFICATE else ""
            raise self._wrong(f"{self.folder / name}{also} cannot be used ({fact})") from error
        except OSError as error:
            raise self._wrong(f"{self.folder / name} cannot be read ({error.strerror})") from error

    def configuration(self) -> TLSConfig:
        """The same for the Docker SDK."""
        own = [str(self.folder / name) for name in (_CERTIFICATE, _KEY)]
        ca = self.folder / _CA
        return TLSConfig(
            client_cert=(own[0], own[1]) if Path(own[0]).exists() else None,
            ca_cert=str(ca) if ca.exists() else None,
            verify=self.verifies,
        )

    def _wrong(self, fact: str) -> InvalidInputError:
        return InvalidInputError(f"{self.source}: {visible(fact)}", self.remedy)


def of_environment(environ: Mapping[str, str], folder: Path) -> Certificates | None:
    """What DOCKER_TLS_VERIFY and DOCKER_CERT_PATH ask for; None where they are not set.

    Args:
        folder: where they are if DOCKER_CERT_PATH does not say.
    """
    verifies, path = bool(environ.get("DOCKER_TLS_VERIFY")), environ.get("DOCKER_CERT_PATH")
    if not verifies and not path:
        return None
    variable = "DOCKER_CERT_PATH" if path else "DOCKER_TLS_VERIFY"
    remedy = f"Set DOCKER_CERT_PATH to the folder with {_CA}, {_CERTIFICATE} and {_KEY}, or unset {variable}."
    return Certificates(Path(path) if path else folder, variable, remedy, verifies)


def of_context(folder: Path, source: str, *, verifies: bool) -> Certificates | None:
    """What a context has; None where it has none.

    Args:
        source: e.g. "Docker context 'office'".
    """
    if not any(is_there(folder / name) for name in (_CA, _CERTIFICATE, _KEY)):
        return None
    remedy = "Correct it with 'docker context update', or choose another one with DOCKER_CONTEXT."
    return Certificates(folder, source, remedy, verifies)
