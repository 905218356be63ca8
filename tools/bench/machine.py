"""What a measurement was made on, without a word that names the machine itself."""

import os
import platform
from pathlib import Path

import docker


def describe(engine: docker.DockerClient | None) -> str:
    """E.g. "AMD EPYC 7763, 2 cores, 8 GiB, Linux 6.1.0, Python 3.11.2, dockerd 20.10.24 (overlay2)".

    Args:
        engine: that was measured, if one was.
    """
    memory = int(_field("/proc/meminfo", "MemTotal").removesuffix(" kB")) / 1024**2
    facts = [
        _field("/proc/cpuinfo", "model name") or platform.machine(),
        f"{os.cpu_count()} cores",
        f"{memory:.0f} GiB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
    ]
    if engine:
        known = engine.info()
        facts.append(f"dockerd {known['ServerVersion']} ({known['Driver']})")
    return ", ".join(facts)


def load() -> str:
    """How busy it was in the last minute, e.g. "load average 0.12"."""
    return f"load average {os.getloadavg()[0]:.2f}"


def _field(file: str, name: str) -> str:
    """The first value of this name in a file of "name : value" lines; "" if there is none."""
    for line in Path(file).read_text(errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
