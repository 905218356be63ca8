"""Which certificates are trusted, and that nothing stays open for them."""

from pathlib import Path

import pytest

from lsp_assembler.registry.errors import RequestError
from lsp_assembler.registry.http.certificates import trusted


def test_own_certificates_are_trusted_besides_those_of_a_bundle(tmp_path: Path) -> None:
    own, bundle = tmp_path / "own.pem", tmp_path / "bundle.pem"
    own.write_text("own\n")
    bundle.write_text("others\n")
    before = set(Path("/dev/fd").iterdir())
    trust = trusted(str(own), {"SSL_CERT_FILE": str(bundle)})
    content = Path(trust.file).read_bytes() if trust.file else trust.bundle
    assert content == b"own\n\nothers\n"
    trust.close()
    assert set(Path("/dev/fd").iterdir()) == before


def test_own_certificates_stand_beside_a_folder(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("own\n")
    trust = trusted(str(own), {"SSL_CERT_DIR": "/certificates"})
    assert (trust.file, trust.folder, trust.bundle) == (str(own), "/certificates", b"")


def test_own_certificates_do_where_the_bundle_cannot_be_read(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("own\n")
    trust = trusted(str(own), {"SSL_CERT_FILE": str(tmp_path / "none.pem")})
    assert (trust.file, trust.bundle) == (str(own), b"")


def test_own_certificates_have_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"none\.pem cannot be read \(No such file or directory\)"):
        trusted(str(tmp_path / "none.pem"), {})
