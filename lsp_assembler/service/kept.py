"""What is served now, and what came of reading its source again."""

import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.model.result import Result
from lsp_assembler.operations.serve import Taken
from lsp_assembler.service.catalog import Catalog, catalog_of


class Kept(Struct, frozen=True):
    """What is served, swapped as a whole.

    Args:
        taken_up: when the catalog was last known to be what the source holds, in seconds since 1970.
        result: what checking the source last came to; None for an image or a folder.
        problem: why the source as it is now was not taken up; "" where it was.
        refreshes: how often the source was read again.
        failures: how often of these it was not taken up.
    """

    catalog: Catalog
    taken_up: float = 0.0
    result: Result | None = None
    problem: str = ""
    refreshes: int = 0
    failures: int = 0


class Source(Struct, frozen=True):
    """Where catalogs come from.

    Args:
        take: reads the source; raises LspAssemblerError.
        strict_api: as in `catalog_of`.
        partial: whether to take up what can be served of a source that breaks rules: its author wants to
            see it.
    """

    take: Callable[[], Taken]
    strict_api: bool = False
    partial: bool = False

    def read(self) -> tuple[Kept | None, Taken]:
        """What is to be served, None where the source breaks rules or images of it cannot be read.

        Raises:
            LspAssemblerError: the source cannot be read at all.
        """
        taken = self.take()
        if taken.result and taken.result.exit_status and not self.partial:
            return None, taken
        catalog = catalog_of(taken.served, strict_api=self.strict_api, partial=self.partial)
        return Kept(catalog, time.time(), taken.result), taken

    def again(self, before: Kept) -> Kept:
        """What is to be served after reading the source once more. Never raises what means something."""
        refreshes = before.refreshes + 1
        try:
            kept, taken = self.read()
        except LspAssemblerError as error:
            problem, result = str(error), before.result
        else:
            if kept:
                catalog = before.catalog if kept.catalog == before.catalog else kept.catalog
                return replace(kept, catalog=catalog, refreshes=refreshes, failures=before.failures)
            problem, result = _problem(taken.result), taken.result
        return replace(
            before, result=result, problem=problem, refreshes=refreshes, failures=before.failures + 1
        )


def _problem(result: Result | None) -> str:
    """What is wrong, in lines, each with its source."""
    if result is None:
        return ""
    assembly = result.assembly
    names = [each.source.text for each in assembly.outcomes]
    lines = [each.failure.message for each in assembly.failures if each.failure]
    lines += [f"{names[finding.index]}: {finding.message}" for finding in assembly.errors]
    return "\n".join(lines) or result.error or ""
