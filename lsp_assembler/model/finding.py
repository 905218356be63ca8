"""What is wrong with a start point, or why there is none."""

from typing import Literal

from msgspec import Struct

from lsp_assembler.errors import FailureKind

Severity = Literal["error", "warning"]


class Finding(Struct, frozen=True):
    """A rule that one start point breaks.

    Args:
        rule: the rule's id, e.g. "tab-size".
        code: the number that cyber-dojo's own checker gives it; None for rules beyond that checker.
        index: of the start point.
        manifest: path of the manifest in its index dir, e.g. "start_point/manifest.json"; None where
            the finding is about the start point as a whole.
        message: what is wrong and what would be right, e.g. "tab_size is 9; it must be an integer 1..8".
        manifest_line: the line in the manifest, from 1, where it is known.
    """

    rule: str
    code: int | None
    severity: Severity
    index: int
    manifest: str | None
    message: str
    manifest_line: int | None = None


class Failure(Struct, frozen=True):
    """Why a source gave no start point: an error of one source, as a value of the run's result."""

    kind: FailureKind
    message: str
