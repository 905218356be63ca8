"""Every error a user can meet, each with the exit status it ends the run with.

The statuses are the contract of docs/exit-status.md. Nothing else in the package calls sys.exit: an
error is raised where it is noticed, and caught once, in cli/main.py.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

FINDINGS = 1
INTERNAL = 70
INTERRUPTED = 130

FailureKind = Literal[
    "not-found",  # the registry or engine has no such image
    "no-start-point",  # the image is there, its /start_point is not
    "unauthorized",  # the registry wants a login, or refuses the one it got
    "unavailable",  # the engine or the registry does not answer, or answers nonsense
    "timeout",  # bytes stopped coming
    "disk-full",  # the engine's disk
    "unsafe",  # a link, a device, an absolute path, a path with ..
    "corrupt",  # content that is not what its digest or format says
    "too-large",  # more bytes than --max-bytes, more layers than any image has, or too much together
    "too-many-entries",  # more files and directories than --max-entries
    "path-too-long",  # a path longer than --max-path
    "unreadable",  # a file or directory on disk that cannot be read
]


class LspAssemblerError(Exception):
    """Root of all errors with a meaning for the user.

    Args:
        message: subject, fact and expectation, e.g. "images.yml: not found; expected a list of images", or
            several of these. Each is one line: a line break in it, which can only come from a stranger's
            name, is spelled out, and so is whatever else is unseen.
        remedy: what the user can do about it, a full sentence, or "" where nothing helps.
    """

    exit_status: ClassVar[int]

    def __init__(self, message: str | Sequence[str], remedy: str = "") -> None:
        from lsp_assembler.text import visible  # the process listens to signals before that

        self.message = "\n".join(map(visible, [message] if isinstance(message, str) else message))
        self.remedy = visible(remedy)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n  {self.remedy}" if self.remedy else self.message


class InvalidInputError(LspAssemblerError):
    """Wrong usage, or an invalid images.yml or Dockerfile.template.

    A run whose output cannot be written ends with the same status.
    """

    exit_status = 2


class FetchError(LspAssemblerError):
    """An image, or a directory in place of one, could not be read.

    Args:
        cause: what is behind it, where other images fail for the same reason in other words, e.g. "the
            engine's disk is full"; "" where their words are the same, or nobody else is concerned.
    """

    exit_status = 3

    def __init__(
        self, message: str | Sequence[str], remedy: str = "", *, kind: FailureKind, cause: str = ""
    ) -> None:
        super().__init__(message, remedy)
        self.kind: FailureKind = kind
        self.cause = cause


class LockError(LspAssemblerError):
    """The lock file is missing, stale, or contradicted by a registry."""

    exit_status = 4


class PublishError(LspAssemblerError):
    """An image could not be built, packed or published."""

    exit_status = 5
