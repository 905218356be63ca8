"""What refers to an image: for people, in a few lines each, and for programs, in full."""

from collections.abc import Iterator, Mapping
from typing import Any

from lsp_assembler.operations.attested import Attested, Statement
from lsp_assembler.text import json_text, plural, shortened, visible

_LONGEST = 200  # characters of what a stranger's document says


def text(found: Attested) -> str:
    """For people: what there is, of what date, and what it comes to."""
    title = f"{visible(found.image)} ({found.digest})\n"
    if not found.statements:
        return f"{title}\nNothing refers to it: it has no SBOM, provenance or signature beside it.\n"
    return title + "".join(f"\n{line}\n" for line in map(_block, found.statements))


def render_json(found: Attested) -> str:
    """For programs: one JSON object with every document in it; what does not apply is null."""
    return json_text(
        {
            "image": found.image,
            "digest": found.digest,
            "attestations": [
                {
                    "kind": each.kind or None,
                    "type": each.type or None,
                    "predicate_type": each.predicate or None,
                    "digest": each.digest,
                    "created": each.created or None,
                    "document": each.document,
                }
                for each in found.statements
            ],
        }
    )


def _block(statement: Statement) -> str:
    kind = statement.kind or "other"
    head = " ".join(filter(None, (kind, statement.created and f"of {statement.created}")))
    lines = [head, statement.predicate or statement.type, *_gist(statement), statement.digest]
    shown = [visible(shortened(line, _LONGEST)) for line in lines if line]
    return "\n  ".join(shown)


def _gist(statement: Statement) -> Iterator[str]:
    """What a document comes to, as far as it has the form of its kind."""
    document = statement.document
    components = _at(document, "components")
    if isinstance(components, list):
        version = _at(document, "specVersion")
        yield f"CycloneDX {version}: {plural(len(components), 'component')}"
    builder = _at(document, "predicate", "runDetails", "builder", "id")
    if isinstance(builder, str):
        yield f"built by {builder}"
    dependencies = _at(document, "predicate", "buildDefinition", "resolvedDependencies")
    if isinstance(dependencies, list):
        yield f"from {plural(len(dependencies), 'source')}, each with its digest"


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
