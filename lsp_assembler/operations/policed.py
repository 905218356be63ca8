"""Language images before a policy: what there is to know of them is found out, then the rules judge."""

from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.finding import Failure, Finding
from lsp_assembler.model.manifest import Manifest
from lsp_assembler.model.policy import LanguageImage
from lsp_assembler.operations.by_policy import ByPolicy
from lsp_assembler.operations.facts import Facts, known_for
from lsp_assembler.rules.policy import violations


def apply_policy(assembly: Assembly, by: ByPolicy) -> Assembly:
    """The assembly with a further finding for each rule of a policy that a manifest's language image breaks.

    An image of which a registry does not say what the policy needs to know is a failure of its source. A
    malformed image_name is passed over: a rule has told of it already.
    """
    named = list(assembly.language_images)
    images = {image.canonical: image for _, _, image in named}
    known = known_for(by.policy, list(images.values()), by.today, lambda: _facts(by))
    answers = dict(zip(images, known, strict=True))
    findings: list[Finding] = []
    failed: dict[int, Outcome] = {}
    for outcome, manifest, image in named:
        answer = answers[image.canonical]
        if isinstance(answer, FetchError):
            failed.setdefault(outcome.source.index, _failed(outcome, answer))
        else:
            findings += _findings(outcome, manifest, replace(answer, reference=image), by)
    outcomes = tuple(failed.get(outcome.source.index, outcome) for outcome in assembly.outcomes)
    return replace(assembly, outcomes=outcomes, findings=(*assembly.findings, *findings))


def _facts(by: ByPolicy) -> Facts:
    stores = by.stores
    return Facts(stores.language_images, stores.settled, stores.registries, by.jobs)


def _findings(outcome: Outcome, manifest: Manifest, image: LanguageImage, by: ByPolicy) -> list[Finding]:
    path, line = outcome.place_of_image_name(manifest)
    return [
        Finding(
            each.rule,
            None,
            each.severity,
            outcome.source.index,
            path,
            f'image_name is "{image.reference}"; {each.message}',
            line,
        )
        for each in violations(by.policy, image, by.today)
    ]


def _failed(outcome: Outcome, error: FetchError) -> Outcome:
    message = f"{outcome.source.text}: the policy cannot be applied to its language image {error}"
    return Outcome(outcome.source, outcome.seconds, failure=Failure(error.kind, message))
