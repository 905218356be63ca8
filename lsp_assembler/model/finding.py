"""What is wrong with a start point, or why there is none."""

from typing import Literal

from msgspec import Struct

from lsp_assembler.errors import FailureKind

Severity = Literal["error", "warning"]


class ManifestPlace(Struct, frozen=True):
    """Where a manifest is: the index of its start point, and its path, e.g. "start_point/manifest.json"."""

    index: int
    path: str


class Finding(Struct, frozen=True):
    """A rule that one start point breaks.

    Args:
        rule: the rule's id, e.g. "tab-size".
        code: the number that cyber-dojo's own checker gives it; None for rules beyond that checker.
        index: of the start point.
        manifest: path of the manifest in its index dir, e.g. "start_point/manifest.json"; of a checkout that
            names its language image there, "docker/image_name.json"; None where the finding is about the
            start point as a whole.
        message: what is wrong and what would be right, e.g. "tab_size is 9; it must be an integer 1..8".
        manifest_line: the line in the manifest, from 1, where it is known.
        cause: what is behind it where that is not this start point's own fault, and others may suffer from
            the same, e.g. "the language image cannot be verified: cannot resolve host ghcr.io"; else "".
        others: the manifests that take part in it, e.g. have the same display_name.
    """

    rule: str
    code: int | None
    severity: Severity
    index: int
    manifest: str | None
    message: str
    manifest_line: int | None = None
    cause: str = ""
    others: tuple[ManifestPlace, ...] = ()


class Failure(Struct, frozen=True):
    """Why a source gave no start point: an error of one source, as a value of the run's result.

    Args:
        cause: that of the FetchError.
    """

    kind: FailureKind
    message: str
    cause: str = ""
