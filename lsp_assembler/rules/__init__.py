"""What makes a start point valid, as rules and one engine: see docs/rules.md. Pure; threads may share it.

A rule is a small function whose docstring is its documentation. Nothing in this room reads a file or asks
the network: what a rule needs to know is in its subject.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.model.checkout import Checkout
from lsp_assembler.model.finding import Finding, ManifestPlace, Severity
from lsp_assembler.model.manifest import Manifest, UnreadableManifest
from lsp_assembler.model.start_point import MANIFEST, StartPoint, StartPointType
from lsp_assembler.rules import checkout, language_images, policy, tables
from lsp_assembler.rules.language_images import Mention
from lsp_assembler.rules.manifests import MOST_NAMESAKES, Namesakes
from lsp_assembler.rules.rule import MOST, Judge, Rule
from lsp_assembler.rules.tables import Table
from lsp_assembler.text import visible

__all__ = ["Documentation", "check", "check_checkouts", "check_language_images", "documentation"]

_STOPS: dict[int | None, int] = {16: 0, 17: 1, 18: 1}
"""Where cyber-dojo's own checker stops, in which order; 2 for all other codes."""

_MANY = 10_000  # findings of a run, after which each rule has one for each start point


class Documentation(Struct, frozen=True):
    """What is to be said of a rule, e.g. "tab-size", (41,), "error", "tab_size is an integer 1..8; …"."""

    id: str
    codes: tuple[int, ...]
    severity: Severity
    wants: str


def check(
    type_: StartPointType,
    start_points: Iterable[tuple[int, StartPoint]],
    called: Callable[[int], str] = "start point {}".format,
) -> tuple[Finding, ...]:
    """Every finding of every start point; the first error's code is that of cyber-dojo's own checker.

    Args:
        type_: languages, custom or exercises.
        start_points: each with its index, in index order; those that could not be fetched are absent. Each is
            checked as soon as it comes.
        called: how a message about another start point names it to people, by its index.

    Returns:
        Codes 16; then 17 and 18; then all other errors in index order; then shared display_names, one for
        each manifest that has one; then warnings in index order. Where a start point breaks one rule very
        often, the last finding of that rule says how many more there are.
    """
    table = tables.TABLES[type_]
    findings: list[Finding] = []
    by_name: defaultdict[str, list[tuple[int, Manifest]]] = defaultdict(list)
    for index, start_point in start_points:
        findings += _findings(table, start_point, Judge(index, MOST if len(findings) < _MANY else 1))
        for manifest in start_point.manifests:
            if manifest.display_name is not None:
                by_name[manifest.display_name].append((index, manifest.outline()))
    findings += _shared_names(table.unique, by_name.values(), called)
    return tuple(sorted(findings, key=lambda each: (each.severity == "warning", _STOPS.get(each.code, 2))))


def check_checkouts(
    checkouts: Sequence[tuple[int, Checkout]], unpacked: Collection[int] = ()
) -> tuple[Finding, ...]:
    """What speaks against packing these checkouts, each with its index, in their order.

    Args:
        unpacked: the indices of those that become no LSP image of their own: these need no name, and no
            folder that is all that such an image holds.
    """
    return tuple(
        finding
        for index, subject in checkouts
        for finding in _of_checkout(subject, Judge(index), to_pack=index not in unpacked)
    )


def check_language_images(mentions: Sequence[tuple[int, Mention]]) -> tuple[Finding, ...]:
    """A finding for each manifest whose language image is not known to be there, in their order."""
    findings: list[Finding] = []
    for index, found in groupby(mentions, key=itemgetter(0)):
        judge = Judge(index)
        for _, mention in found:
            findings += judge.run((language_images.RULE,), mention, mention.path)
        findings += judge.rest()
    return tuple(findings)


def documentation() -> tuple[Documentation, ...]:
    """What is to be said of every rule; one that has a code for each type is told once."""
    found: dict[str, Documentation] = {}
    rules = (
        *tables.RULES,
        *checkout.ON_IMAGE,
        *checkout.ON_MANIFEST,
        *checkout.ON_FILES,
        language_images.RULE,
        *policy.ALL_RULES,
    )
    for rule in rules:
        known = found.get(rule.id) or Documentation(rule.id, (), rule.severity, rule.doc)
        new = () if rule.code is None or rule.code in known.codes else (rule.code,)
        found[rule.id] = replace(known, codes=(*known.codes, *new))
    return tuple(found.values())


def _of_checkout(subject: Checkout, judge: Judge, *, to_pack: bool) -> Iterator[Finding]:
    if to_pack:
        yield from judge.run(checkout.ON_IMAGE, subject)
    yield from judge.run(checkout.ON_FILES, subject)
    yield from judge.run(checkout.ON_MANIFEST, subject, MANIFEST)
    yield from judge.rest()


def _findings(table: Table, start_point: StartPoint, judge: Judge) -> Iterator[Finding]:
    yield from judge.run((tables.HAS_MANIFEST, tables.LSP_IMAGE_ONLY), start_point)
    rules = (tables.DUPLICATE_KEYS, *table.rules)
    for manifest in start_point.all_manifests:
        if isinstance(manifest, UnreadableManifest):
            yield from judge.run((tables.JSON,), manifest, manifest.path)
        else:
            yield from judge.run(rules, manifest, manifest.path)
    yield from judge.run((tables.GIT_LFS_POINTER, tables.UNLISTED_FILES), start_point)
    yield from judge.rest()


def _shared_names(
    rule: Rule[Namesakes], groups: Iterable[Sequence[tuple[int, Manifest]]], called: Callable[[int], str]
) -> Iterator[Finding]:
    """A finding for each manifest of every group of more than one."""
    judges: dict[int, Judge] = {}
    for sharing in groups:
        for index, manifest in sharing if len(sharing) > 1 else ():
            first = [each for each in sharing[: MOST_NAMESAKES + 1] if each[1] is not manifest]
            others = first[:MOST_NAMESAKES]
            names = [_named(index, *each, called) for each in others]
            places = tuple(ManifestPlace(number, other.path) for number, other in others)
            judge = judges.setdefault(index, Judge(index))
            for finding in judge.run((rule,), Namesakes(manifest, names, len(sharing) - 1), manifest.path):
                yield replace(finding, others=places)
    for judge in judges.values():
        yield from judge.rest()


def _named(here: int, index: int, manifest: Manifest, called: Callable[[int], str]) -> str:
    """How a finding of the start point `here` names another manifest."""
    if index == here:
        return visible(manifest.path)
    return called(index) if manifest.path == MANIFEST else f"{visible(manifest.path)} of {called(index)}"
