"""What makes a start point valid: see docs/rules.md. Pure, but for one thread at a time (ruby_regexp.py)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from lsp_assembler.model.finding import Finding, Severity
from lsp_assembler.model.manifest import Manifest, ManifestSyntaxError
from lsp_assembler.model.start_point import StartPoint, StartPointType
from lsp_assembler.rules import tables
from lsp_assembler.rules.advice import Contents
from lsp_assembler.rules.collection import Namesakes, manifest_paths
from lsp_assembler.rules.rule import Rule

__all__ = ["check", "documentation"]

_Subject = TypeVar("_Subject")


def check(type_: StartPointType, start_points: Sequence[tuple[int, StartPoint]]) -> tuple[Finding, ...]:
    """Every finding of every start point; the first error's code is that of cyber-dojo's own checker.

    Args:
        type_: languages, custom or exercises.
        start_points: each with its index, in index order; those that could not be fetched are absent.

    Returns:
        Codes 16; then 17 and 18; then all other errors in index order; then shared display_names, one for
        each manifest that has one; then warnings in index order.
    """
    table = tables.TABLES[type_]
    missing: list[Finding] = []
    unreadable: list[Finding] = []
    errors: list[Finding] = []
    warnings: list[Finding] = []
    everywhere: list[tuple[int, Manifest]] = []
    for index, start_point in start_points:
        missing += _findings(tables.HAS_MANIFEST, start_point, index)
        warnings += _findings(tables.LSP_IMAGE_ONLY, start_point, index)
        advice = (*(table.warnings_once_packed if start_point.is_packed else ()), *table.warnings)
        paths = manifest_paths(start_point.tree)
        manifests: list[Manifest] = []
        for path in paths:
            try:
                manifest = Manifest.parse(path, start_point.tree)
            except ManifestSyntaxError as error:
                unreadable += _findings(tables.JSON, error, index, path)
                continue
            manifests.append(manifest)
            unreadable += _findings(tables.DUPLICATE_KEYS, manifest, index, path)
            errors += (f for rule in table.errors for f in _findings(rule, manifest, index, path))
            warnings += (f for rule in advice for f in _findings(rule, manifest, index, path))
        if manifests and len(manifests) == len(paths):
            warnings += _findings(tables.UNLISTED_FILES, Contents(start_point, manifests), index)
        everywhere += ((index, manifest) for manifest in manifests)
    shared = _shared_names(table.unique, everywhere)
    return (*missing, *unreadable, *errors, *shared, *warnings)


def documentation() -> tuple[tuple[str, tuple[int | None, ...], str], ...]:
    """Every rule as (id, its codes, what it wants), e.g. ("tab-size", (41,), "tab_size is an …")."""
    rules: dict[str, tuple[list[int | None], str]] = {}
    for rule_id, code, doc in _all_rules():
        codes, _ = rules.setdefault(rule_id, ([], doc))
        if code not in codes:
            codes.append(code)
    return tuple((rule_id, tuple(codes), doc) for rule_id, (codes, doc) in rules.items())


def _all_rules() -> Iterator[tuple[str, int | None, str]]:
    yield tables.HAS_MANIFEST.id, tables.HAS_MANIFEST.code, tables.HAS_MANIFEST.doc
    yield tables.JSON.id, tables.JSON.code, tables.JSON.doc
    yield tables.DUPLICATE_KEYS.id, tables.DUPLICATE_KEYS.code, tables.DUPLICATE_KEYS.doc
    for table in tables.TABLES.values():
        yield from ((rule.id, rule.code, rule.doc) for rule in table.errors)
        yield table.unique.id, table.unique.code, table.unique.doc
    yield from ((rule.id, rule.code, rule.doc) for rule in tables.LANGUAGES.warnings_once_packed)
    yield from ((rule.id, rule.code, rule.doc) for rule in tables.LANGUAGES.warnings)
    yield tables.LSP_IMAGE_ONLY.id, None, tables.LSP_IMAGE_ONLY.doc
    yield tables.UNLISTED_FILES.id, None, tables.UNLISTED_FILES.doc


def _findings(
    rule: Rule[_Subject], subject: _Subject, index: int, manifest: str | None = None
) -> Iterator[Finding]:
    severity: Severity = "warning" if rule.code is None else "error"
    for problem in rule.check(subject):
        yield Finding(rule.id, rule.code, severity, index, manifest, problem.message, problem.line)


def _shared_names(rule: Rule[Namesakes], everywhere: Iterable[tuple[int, Manifest]]) -> Iterator[Finding]:
    by_name: defaultdict[str, list[tuple[int, Manifest]]] = defaultdict(list)
    for index, manifest in everywhere:
        name = manifest.data.get("display_name")
        if isinstance(name, str):
            by_name[name].append((index, manifest))
    for sharing in by_name.values():
        if len(sharing) > 1:
            places = [f"{index}/{manifest.path}" for index, manifest in sharing]
            for index, manifest in sharing:
                yield from _findings(rule, Namesakes(manifest, places), index, manifest.path)
