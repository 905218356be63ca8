"""What is served now, and what came of reading its source again."""

import time
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.model.finding import Severity
from lsp_assembler.model.result import Result
from lsp_assembler.operations.serve import Taken
from lsp_assembler.service.blocked import Blocked
from lsp_assembler.service.catalog import Catalog, catalog_of
from lsp_assembler.service.errors import bug_words


class Problem(Struct, frozen=True):
    """Something that is wrong with a source, e.g. "error", "examples/c" and "tab_size is 9; …"."""

    severity: Severity
    source: str
    message: str


class Policed(Struct, frozen=True):
    """What a policy makes of language images.

    Args:
        blocked: by language image, as manifests spell it.
        unknown: why not enough is known of an image to judge it, likewise.
        refused: why the policy file as it is now does not count, in lines; "" where it does.
        failures: how often the file was read again and was broken.
    """

    blocked: Mapping[str, Blocked]
    unknown: Mapping[str, str]
    refused: str = ""
    failures: int = 0


class Kept(Struct, frozen=True):
    """What is served, swapped as a whole.

    Args:
        taken_up: when the catalog was last known to be what the source holds, in seconds since 1970.
        problems: what was found in the source when it was last read.
        refused: why the source as it is now is not served, in lines; "" where it is.
        refreshes: how often the source was read again.
        failures: how often of these it was not taken up.
        policed: None where there is no policy.
    """

    catalog: Catalog
    taken_up: float = 0.0
    problems: tuple[Problem, ...] = ()
    refused: str = ""
    refreshes: int = 0
    failures: int = 0
    policed: Policed | None = None


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
        return Kept(catalog, time.time(), problems_of(taken.result)), taken

    def again(self, before: Kept) -> tuple[Kept, Result | None]:
        """What is to be served after reading the source once more, and what checking it came to.

        Never raises: the thread that calls it must live on.
        """
        refreshes = before.refreshes + 1
        failed = replace(before, refreshes=refreshes, failures=before.failures + 1)
        try:
            kept, taken = self.read()
        except LspAssemblerError as error:
            return replace(failed, problems=(), refused=str(error)), None
        except Exception as bug:  # noqa: BLE001  # what is served must not grow old without a word
            return replace(failed, problems=(), refused=bug_words(bug)), None
        if kept is None:
            problems = problems_of(taken.result)
            return replace(failed, problems=problems, refused=_refused(taken.result, problems)), taken.result
        catalog = before.catalog if kept.catalog == before.catalog else kept.catalog
        again = replace(kept, catalog=catalog, refreshes=refreshes, failures=before.failures)
        return again, taken.result


def problems_of(result: Result | None) -> tuple[Problem, ...]:
    """What checking found, in the order of the sources."""
    if result is None:
        return ()
    found = []
    for outcome, findings in result.assembly.by_source():
        source = outcome.source.text
        if outcome.failure:
            found.append(Problem("error", source, outcome.failure.message.removeprefix(f"{source}: ")))
        for each in findings:
            place = f" ({each.manifest}, line {each.manifest_line})" if each.manifest_line else ""
            found.append(Problem(each.severity, source, f"{each.message}{place}"))
    return tuple(found)


def _refused(result: Result | None, problems: tuple[Problem, ...]) -> str:
    """Why nothing was taken up, in lines, each with its source."""
    lines = [f"{each.source}: {each.message}" for each in problems if each.severity == "error"]
    if result and result.error:
        lines.append(result.error)
    return "\n".join(lines)
