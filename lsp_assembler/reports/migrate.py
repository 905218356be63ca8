"""What `migrate` says of a list: where images.yml went, and what could not be mapped."""

from lsp_assembler.operations.migrate import MigrateResult
from lsp_assembler.text import plural, visible


def text(done: MigrateResult) -> str:
    """images.yml itself, or the file that it was written to."""
    found = done.migration
    if done.output is not None:
        guessed = f", {found.guessed:,} of them named by a pattern" if found.guessed else ""
        return (
            f"{visible(str(done.output))}: written, with {plural(found.images, 'image')}{guessed}\n"
            "Next: 'lsp-assembler check --from registry' tells which of these names are not there.\n"
        )
    return found.text if found.images else ""


def problems(done: MigrateResult) -> str:
    """Everything that could not be mapped, and what to do; "" if all could be."""
    found = done.migration
    if not found.unmapped:
        return ""
    file = visible(str(done.file))
    lines = [f"{file}:{each.line}: {each.text}\n  {each.why}" for each in found.unmapped]
    total = found.images + len(found.unmapped)
    kept = "the rest is written, with these as comments" if found.images else "nothing is written"
    lines.append(
        f"error: {file}: {len(found.unmapped)} of {total} entries not mapped; {kept}\n"
        "  Say which image each is: --manifests DIR for a folder of checkouts or manifests,\n"
        "  --map REPO=IMAGE for one, --packed NAME, or --map '*=ghcr.io/ORG/{repo_}' if all are alike;\n"
        "  or correct its line."
    )
    return "\n".join(lines)
