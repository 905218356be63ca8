"""Certificates for fakes that speak TLS."""

import subprocess
from pathlib import Path
from shutil import which

import pytest


def make_certificate(folder: Path, name: str = "fake") -> Path:
    """A certificate for 127.0.0.0/8's first addresses that nobody has signed, and its key, in one file."""
    if which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate, both = (folder / name for name in ("key.pem", "certificate.pem", "both.pem"))
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={name}",
    ]
    names = "subjectAltName=IP:127.0.0.1,IP:127.0.0.2,DNS:localhost"
    command += ["-subj", f"/CN={name}", "-addext", names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    return both
