"""What a run of `build`, `check` or `pack` came to: the one value that its reports are made from."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.finding import Failure
from lsp_assembler.model.images import BuiltImage


class Result(Struct, frozen=True):
    """All that a run of `build` or `check` came to.

    Args:
        assembly: its seconds may also hold "build" and "total".
        exit_status: what the process ends with; 0 exactly when nothing is wrong.
        image: what was built; None for a check, and where anything went wrong.
        error: what stopped the run as a whole, in lines of text, e.g. a refused push; None else.
        base_failure: why the base image could not be read; `error` tells of it, too.
        images_file: the path of images.yml as the user wrote it; None where there is no such file.
        command: which command ran; "watch" is a check that is made again on each save.
    """

    assembly: Assembly
    exit_status: int
    image: BuiltImage | None = None
    error: str | None = None
    base_failure: Failure | None = None
    images_file: str | None = None
    command: Literal["build", "check", "pack", "watch"] = "build"

    def with_total(self, seconds: float) -> "Result":
        """The same, with how long the whole run took."""
        timed = replace(self.assembly, seconds={**self.assembly.seconds, "total": seconds})
        return replace(self, assembly=timed)
