"""Do the language images exist? A manifest that names one that was never published breaks its sessions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.finding import Finding
from lsp_assembler.model.manifest import Manifest, ManifestSyntaxError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import Tree
from lsp_assembler.parallel import in_parallel
from lsp_assembler.rules.collection import manifest_paths

RULE = "image-exists"

Digest = Callable[[Reference], str | None]
"""The digest behind a name, None where there is no such image; raises FetchError. Called from threads."""


@dataclass(frozen=True, slots=True)
class _Mention:
    """A manifest that names a language image."""

    index: int
    manifest: str
    line: int | None
    reference: Reference


def verify_images(assembly: Assembly, digest: Digest, jobs: int) -> Assembly:
    """The assembly with a further finding for each manifest whose language image is not there.

    Args:
        digest: asks the registry; each image is asked for once.
        jobs: how many are asked for at the same time.
    """
    mentions = list(_mentions(assembly))
    names = {mention.reference.canonical: mention.reference for mention in mentions}

    def problem(reference: Reference) -> str:
        try:
            return "" if digest(reference) else "its registry has no such image; publish it first"
        except FetchError as error:
            return f"it cannot be verified ({error.message})"

    problems = dict(zip(names, in_parallel(problem, names.values(), jobs), strict=True))
    missing = tuple(
        Finding(
            RULE,
            None,
            "error",
            mention.index,
            mention.manifest,
            f'image_name is "{mention.reference}"; {problems[mention.reference.canonical]}',
            mention.line,
        )
        for mention in mentions
        if problems[mention.reference.canonical]
    )
    return replace(assembly, findings=(*assembly.findings, *missing))


def _mentions(assembly: Assembly) -> Iterator[_Mention]:
    """Every well-formed image_name; of one that is not, a rule has told already."""
    for outcome in assembly.outcomes:
        tree = outcome.start_point.tree if outcome.start_point else Tree.of({})
        for path in manifest_paths(tree):
            try:
                manifest = Manifest.parse(path, tree)
                reference = Reference.parse(manifest.data.get("image_name") or "")
            except (ManifestSyntaxError, ValueError, TypeError):
                continue
            yield _Mention(outcome.source.index, path, manifest.line_of("image_name"), reference)
