"""What reading and checking a list of start points came to."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FINDINGS, FetchError
from lsp_assembler.model.finding import Failure, Finding
from lsp_assembler.model.manifest import Manifest
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST, Source, StartPoint, StartPointType


class Outcome(Struct, frozen=True):
    """What became of one source: exactly one of start_point and failure is set.

    Args:
        completed_from: the file in which the image_name of start_point/manifest.json stands, where a checkout
            has it in another one, e.g. "docker/image_name.json".
    """

    source: Source
    seconds: float
    start_point: StartPoint | None = None
    failure: Failure | None = None
    completed_from: str | None = None

    def place_of_image_name(self, manifest: Manifest) -> tuple[str, int | None]:
        """Where the image_name of one of its manifests stands: the path, and the line if it is known."""
        if self.completed_from and manifest.path == MANIFEST:
            return self.completed_from, None
        return manifest.path, manifest.line_of("image_name")


class Assembly(Struct, frozen=True):
    """The result of a run: every source's outcome and every finding, in the order of images.yml.

    Args:
        type: languages, custom or exercises.
        outcomes: one for each source; outcomes[i].source.index == i.
        findings: errors that cyber-dojo's own checker stops at first, then in index order.
        seconds: how long each step took, e.g. {"fetch": 0.31, "check": 0.02}.
    """

    type: StartPointType
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    seconds: Mapping[str, float]

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes without a start point."""
        return tuple(outcome for outcome in self.outcomes if outcome.failure)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that forbid publishing."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def language_images(self) -> Iterator[tuple[Outcome, Manifest, Reference]]:
        """Every manifest that names a language image; of a malformed image_name a rule tells."""
        for outcome in self.outcomes:
            for manifest in outcome.start_point.manifests if outcome.start_point else ():
                if image := manifest.language_image:
                    yield outcome, manifest, image

    def by_source(self) -> Iterator[tuple[Outcome, list[Finding]]]:
        """Every outcome with the findings of its source, in their order."""
        found: dict[int, list[Finding]] = {}
        for finding in self.findings:
            found.setdefault(finding.index, []).append(finding)
        return ((outcome, found.get(outcome.source.index, [])) for outcome in self.outcomes)

    def strictly(self) -> "Assembly":
        """The same with every warning an error."""
        findings = tuple(replace(finding, severity="error") for finding in self.findings)
        return replace(self, findings=findings)

    @property
    def exit_status(self) -> int:
        """0, or the status of what went wrong: a failed fetch comes before a finding."""
        if self.failures:
            return FetchError.exit_status
        return FINDINGS if self.errors else 0
