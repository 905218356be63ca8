"""Language images before a policy: what there is to know of them is found out, then the rules judge."""

from collections.abc import Sequence

from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.finding import Failure, Finding
from lsp_assembler.model.manifest import Manifest
from lsp_assembler.model.policy import LanguageImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.by_policy import ByPolicy
from lsp_assembler.operations.facts import Facts, Wanted
from lsp_assembler.rules.policy import violations


def apply_policy(assembly: Assembly, by: ByPolicy) -> Assembly:
    """The assembly with a further finding for each rule of a policy that a manifest's language image breaks.

    An image of which a registry does not say what the policy needs to know is a failure of its source. A
    malformed image_name is passed over: a rule has told of it already.
    """
    named = [
        (outcome, manifest, manifest.language_image)
        for outcome in assembly.outcomes
        if outcome.start_point
        for manifest in outcome.start_point.manifests
    ]
    images = {image.canonical: image for _, _, image in named if image}
    answers = dict(zip(images, _known(list(images.values()), by), strict=True))
    findings: list[Finding] = []
    failed: dict[int, Outcome] = {}
    for outcome, manifest, image in named:
        answer = answers[image.canonical] if image else None
        if isinstance(answer, FetchError):
            failed.setdefault(outcome.source.index, _failed(outcome, answer))
        elif image and answer:
            findings += _findings(outcome.source.index, manifest, replace(answer, reference=image), by)
    outcomes = tuple(failed.get(outcome.source.index, outcome) for outcome in assembly.outcomes)
    return replace(assembly, outcomes=outcomes, findings=(*assembly.findings, *findings))


def _known(images: Sequence[Reference], by: ByPolicy) -> list[LanguageImage | FetchError]:
    """As much of each image as the policy needs to know."""
    if not (by.policy.needs_dates or by.policy.needs_digests):
        return [LanguageImage(image) for image in images]
    facts = Facts(by.stores.language_images, by.stores.registries, by.jobs)
    return facts.of(images, Wanted(by.policy.needs_dates, by.policy.needs_tags), by.today)


def _findings(index: int, manifest: Manifest, image: LanguageImage, by: ByPolicy) -> list[Finding]:
    return [
        Finding(
            each.rule,
            None,
            each.severity,
            index,
            manifest.path,
            f'image_name is "{image.reference}"; {each.message}',
            manifest.line_of("image_name"),
        )
        for each in violations(by.policy, image, by.today)
    ]


def _failed(outcome: Outcome, error: FetchError) -> Outcome:
    message = f"{outcome.source.text}: the policy cannot be applied to its language image {error}"
    return Outcome(outcome.source, outcome.seconds, failure=Failure(error.kind, message))
