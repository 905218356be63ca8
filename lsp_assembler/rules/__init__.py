"""What makes a start point valid, as rules and one engine: see docs/rules.md. Pure; threads may share it.

A rule is a small function whose docstring is its documentation. Nothing in this room reads a file or asks
the network: what a rule needs to know is in its subject.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.model.checkout import Checkout
from lsp_assembler.model.finding import Finding, Severity
from lsp_assembler.model.manifest import Manifest, UnreadableManifest
from lsp_assembler.model.start_point import MANIFEST, StartPoint, StartPointType
from lsp_assembler.rules import checkout, language_images, tables
from lsp_assembler.rules.language_images import Mention
from lsp_assembler.rules.manifests import Namesakes
from lsp_assembler.rules.rule import Rule, run
from lsp_assembler.rules.tables import Table

__all__ = ["Documentation", "check", "check_checkouts", "check_language_images", "documentation"]

_STOPS: dict[int | None, int] = {16: 0, 17: 1, 18: 1}
"""Where cyber-dojo's own checker stops, in which order; 2 for all other codes."""


class Documentation(Struct, frozen=True):
    """What is to be said of a rule, e.g. "tab-size", (41,), "error", "tab_size is an integer 1..8; …"."""

    id: str
    codes: tuple[int, ...]
    severity: Severity
    wants: str


def check(type_: StartPointType, start_points: Iterable[tuple[int, StartPoint]]) -> tuple[Finding, ...]:
    """Every finding of every start point; the first error's code is that of cyber-dojo's own checker.

    Args:
        type_: languages, custom or exercises.
        start_points: each with its index, in index order; those that could not be fetched are absent. Each is
            checked as soon as it comes.

    Returns:
        Codes 16; then 17 and 18; then all other errors in index order; then shared display_names, one for
        each manifest that has one; then warnings in index order.
    """
    table = tables.TABLES[type_]
    findings: list[Finding] = []
    manifests: list[tuple[int, Manifest]] = []
    for index, start_point in start_points:
        findings += _findings(table, start_point, index)
        manifests += ((index, manifest) for manifest in start_point.manifests)
    findings += _shared_names(table.unique, manifests)
    return tuple(sorted(findings, key=lambda each: (each.severity == "warning", _STOPS.get(each.code, 2))))


def check_checkouts(checkouts: Sequence[tuple[int, Checkout]]) -> tuple[Finding, ...]:
    """What speaks against packing these checkouts, each with its index, in their order."""
    return tuple(
        finding
        for index, subject in checkouts
        for rules, manifest in ((checkout.ON_FILES, None), (checkout.ON_MANIFEST, MANIFEST))
        for finding in run(rules, subject, index, manifest)
    )


def check_language_images(mentions: Sequence[tuple[int, Mention]]) -> tuple[Finding, ...]:
    """A finding for each manifest whose language image is not known to be there, in their order."""
    return tuple(
        finding
        for index, mention in mentions
        for finding in run((language_images.RULE,), mention, index, mention.manifest.path)
    )


def documentation() -> tuple[Documentation, ...]:
    """What is to be said of every rule; one that has a code for each type is told once."""
    found: dict[str, Documentation] = {}
    for rule in (*tables.RULES, *checkout.ON_FILES, *checkout.ON_MANIFEST, language_images.RULE):
        known = found.get(rule.id) or Documentation(rule.id, (), rule.severity, rule.doc)
        new = () if rule.code is None or rule.code in known.codes else (rule.code,)
        found[rule.id] = replace(known, codes=(*known.codes, *new))
    return tuple(found.values())


def _findings(table: Table, start_point: StartPoint, index: int) -> Iterator[Finding]:
    yield from run((tables.HAS_MANIFEST, tables.LSP_IMAGE_ONLY), start_point, index)
    rules = (tables.DUPLICATE_KEYS, *(table.once_packed if start_point.is_packed else ()), *table.rules)
    for manifest in start_point.all_manifests:
        if isinstance(manifest, UnreadableManifest):
            yield from run((tables.JSON,), manifest, index, manifest.path)
        else:
            yield from run(rules, manifest, index, manifest.path)
    yield from run((tables.GIT_LFS_POINTER, tables.UNLISTED_FILES), start_point, index)


def _shared_names(rule: Rule[Namesakes], manifests: Iterable[tuple[int, Manifest]]) -> Iterator[Finding]:
    by_name: defaultdict[str, list[tuple[int, Manifest]]] = defaultdict(list)
    for index, manifest in manifests:
        if manifest.display_name is not None:
            by_name[manifest.display_name].append((index, manifest))
    for sharing in by_name.values():
        if len(sharing) > 1:
            places = [f"{index}/{manifest.path}" for index, manifest in sharing]
            for index, manifest in sharing:
                yield from run((rule,), Namesakes(manifest, places), index, manifest.path)
