"""LSP images that are good, and ones that are bad in one way each, under the names that the cases use."""

import tarfile

from tests.integration.support import labels, member, publish, raw_layer, start_point
from tests.services import Image, Registry, layer

_MEGABYTE = 1_000_000


def fill(registry: Registry) -> None:
    """Put the whole gallery into a registry."""
    for name in ("a", "b", "c"):
        publish(registry, f"good/{name}", f"Good {name}")
    publish(registry, "bad/tab-size", "Bad tab", tab_size=9)
    publish(registry, "bad/same-name", "Good a")
    publish(registry, "bad/untagged", "Untagged", image_name="cyberdojofoundation/java_junit")
    _put(registry, "bad/manifest", {"start_point/manifest.json": b"{,}"})
    _put(registry, "bad/no-start-point", {"usr/bin/java": b"#!"})
    _put(registry, "bad/huge", {**start_point("Huge"), "start_point/huge.bin": bytes(17 * _MEGABYTE)})
    _put(registry, "bad/long-path", {**start_point("Long"), f"start_point/{'x' * 200}/{'y' * 200}": b""})
    _put(registry, "bad/many-files", {**start_point("Many"), **_files(100)})
    _put(registry, "bad/strays", {**start_point("Strays"), "etc/motd": b"hello"})
    language = {f"usr/lib/{number}.jar": bytes(5 * _MEGABYTE) for number in range(4)}
    registry.put_image("language/java_junit", "4edf92a", Image((layer(language),)))
    _put_raw(registry, "bad/symbolic-link", member("start_point/link", tarfile.SYMTYPE, "/etc/passwd"))
    _put_raw(registry, "bad/named-pipe", member("start_point/pipe", tarfile.FIFOTYPE))
    device = member("start_point/null", tarfile.CHRTYPE)
    device.devmajor, device.devminor = 1, 3
    _put_raw(registry, "bad/device", device)
    registry.put_image("bad/no-tar", "LSP", Image((b"this is no tar",)))


def _put(registry: Registry, repository: str, files: dict[str, bytes | tuple[bytes, int]]) -> None:
    registry.put_image(repository, "LSP", Image((layer(files),), labels(repository)))


def _put_raw(registry: Registry, repository: str, extra: tarfile.TarInfo) -> None:
    registry.put_image(repository, "LSP", Image((raw_layer(extra),), labels(repository)))


def _files(count: int) -> dict[str, bytes | tuple[bytes, int]]:
    return {f"start_point/{number}.txt": b"" for number in range(count)}
