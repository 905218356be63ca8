"""Image names: the one grammar for images.yml, manifests and the command line."""

import ipaddress
import re

from msgspec import Struct

from lsp_assembler.model.address import without_secrets

_HOST_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_HOST = re.compile(
    rf"(?:{_HOST_LABEL}(?:\.{_HOST_LABEL})*|\[(?P<ipv6>[0-9a-fA-F:.]+)\])(?::(?P<port>[0-9]+))?"
)
_REST = re.compile(
    rf"(?P<repository>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?"
)
_DOCKER_HUB = ("docker.io", "index.docker.io")
MAX_PORT = 65535
_LONGEST = 100  # digits of a port that are worth reading


class PortError(ValueError):
    """An image name that is well-formed, but no server can listen on its port."""


class Reference(Struct, frozen=True):
    """A well-formed image name, taken apart but spelled as its author spelled it.

    `Reference.parse("localhost:5000/java_junit:LSP")` has host "localhost:5000", repository
    "java_junit", tag "LSP" and digest "". A part that is not there is "".
    """

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Take apart the name of an image that a registry could have.

        Args:
            text: e.g. "cyberdojofoundation/java_junit:LSP" or "[::1]:5000/java_junit:LSP".

        Raises:
            ValueError: the name is malformed; the message quotes it.
            PortError: its port is not one of 1 to 65535; likewise.
        """
        reference = cls.spelled(text)
        host = _HOST.fullmatch(reference.host)
        if host and host["port"] and not _is_port(host["port"]):
            raise PortError(f"'{text}' has the wrong port; it must be a number from 1 to {MAX_PORT}")
        return reference

    @classmethod
    def spelled(cls, text: str) -> "Reference":
        """Take apart a name that has only to be spelled well: the same, whatever its port.

        Raises:
            ValueError: the name is malformed; the message quotes it.
        """
        first, slash, rest = text.partition("/")
        host, remainder = (first, rest) if slash and _names_a_host(first) else ("", text)
        matched = _REST.fullmatch(remainder)
        if matched is None or (host and not _is_host(host)):
            raise ValueError(f"'{without_secrets(text)}' is not a well-formed image name")
        return cls(host, matched["repository"], matched["tag"] or "", matched["digest"] or "")

    @property
    def name(self) -> str:
        """The name without tag and digest, e.g. "localhost:5000/java_junit"."""
        return f"{self.host}/{self.repository}" if self.host else self.repository

    @property
    def registry(self) -> str:
        """The registry's host; a name without one lives on Docker Hub, "docker.io"."""
        return "docker.io" if self.host in ("", *_DOCKER_HUB) else self.host

    @property
    def path(self) -> str:
        """The repository inside its registry, e.g. "library/busybox" for "busybox"."""
        official = self.registry == "docker.io" and "/" not in self.repository
        return f"library/{self.repository}" if official else self.repository

    @property
    def canonical(self) -> str:
        """The one full spelling, e.g. "docker.io/library/busybox:latest" for "busybox".

        Two names are the same image exactly when their canonical spellings are equal.
        """
        if self.digest:
            return f"{self.registry}/{self.path}@{self.digest.lower()}"
        return f"{self.registry}/{self.path}:{self.tag or 'latest'}"

    @property
    def moves(self) -> bool:
        """Whether the image behind this name may change: :LSP, :latest, or no tag at all."""
        return not self.digest and self.tag in ("", "latest", "LSP")

    def with_tag(self, tag: str) -> "Reference":
        """The same repository under another tag, without a digest."""
        return Reference(self.host, self.repository, tag)

    def with_digest(self, digest: str) -> "Reference":
        """The same repository, by digest."""
        return Reference(self.host, self.repository, "", digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


def repository_of(image: Reference) -> str:
    """Where all tags of an image are, in one spelling, e.g. "docker.io/library/busybox" for "busybox:1"."""
    return f"{image.registry}/{image.path}"


def _names_a_host(first: str) -> bool:
    """Whether what stands before the first slash is a host, by the rule every Docker client follows."""
    return "." in first or ":" in first or first == "localhost"


def _is_host(text: str) -> bool:
    matched = _HOST.fullmatch(text)
    if matched is None:
        return False
    try:
        return matched["ipv6"] is None or bool(ipaddress.IPv6Address(matched["ipv6"]))
    except ValueError:
        return False


def _is_port(digits: str) -> bool:
    return len(digits) < _LONGEST and 1 <= int(digits) <= MAX_PORT
