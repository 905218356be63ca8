"""An Assembly and a base image -> the Recipe of the final image: index dirs, texts, labels, Dockerfile."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from lsp_assembler.dockerfile import template
from lsp_assembler.lockfile.file import lock_of, render
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.dates import epoch_of, timestamp
from lsp_assembler.model.images import BaseImage, Recipe
from lsp_assembler.model.labels import (
    BASE_DIGEST_LABEL,
    BASE_NAME_LABEL,
    CREATED_LABEL,
    REVISION_LABEL,
    SOURCE_LABEL,
    VERSION_LABEL,
)
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import SHA, START_POINT, URL, Source, StartPoint
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.operations.build_spec import BuildSpec


def recipe(assembly: Assembly, base: BaseImage, spec: BuildSpec) -> Recipe:
    """Everything a store needs. Pure: equal input, equal recipe.

    Args:
        assembly: without failures.
    """
    dockerfile = template.render(spec.template, _values(assembly, base, spec), _labels(assembly, base, spec))
    made = context(assembly, base)
    attest = partial(spec.attest, assembly, base) if spec.attest else None
    return Recipe(assembly.type, base, dockerfile, made, spec.epoch or 0, spec.template_name, attest)


def created(assembly: Assembly, spec: BuildSpec) -> int:
    """The date of the image, in seconds since 1970: what SOURCE_DATE_EPOCH says, else of its newest part."""
    dates = [epoch_of(point.created) or 0 for _, point in _start_points(assembly)]
    return max(dates, default=0) if spec.epoch is None else spec.epoch


def context(assembly: Assembly, base: BaseImage) -> Tree:
    """What goes to /app/repos: the index dirs, shas.txt, image.type and images.lock.

    Args:
        assembly: without failures.
    """
    start_points = _start_points(assembly)
    shas = "".join(
        f"{source.index} \t {sha_of(point)} \t {url_of(source, point)}\n" for source, point in start_points
    )
    texts = {"image.type": f"{assembly.type}\n", "images.lock": _lock(assembly, base), "shas.txt": shas}
    return Tree.of({name: _file(text) for name, text in texts.items()}).joined(
        *(_index_dir(source, point) for source, point in start_points)
    )


def _index_dir(source: Source, point: StartPoint) -> Tree:
    folder = f"{source.index}/{START_POINT}"
    texts = Tree.of(
        {
            f"{folder}/{SHA}": _file(f"{sha_of(point)}\n"),
            f"{folder}/{URL}": _file(f"{url_of(source, point)}\n"),
        }
    )
    return point.tree.under(str(source.index)).joined(texts)


def _lock(assembly: Assembly, base: BaseImage) -> str:
    """What was assembled, by digest: enough to assemble the same again."""
    return render(lock_of(assembly, base))


def _values(assembly: Assembly, base: BaseImage, spec: BuildSpec) -> Mapping[str, str]:
    reference = Reference.parse(base.name)
    return {
        "base": base.reference or base.name,
        "type": assembly.type,
        "port": str(spec.port),
        "base_image": reference.name,
        "base_sha": base.env.get("SHA", ""),
        "base_tag": reference.tag,
        "base_digest": base.digest,
    }


def _labels(assembly: Assembly, base: BaseImage, spec: BuildSpec) -> Mapping[str, str]:
    """The OCI labels; one that nothing is known for is left out, for an empty one would say less."""
    tag = spec.names[0].tag
    labels = {
        CREATED_LABEL: timestamp(created(assembly, spec)),
        REVISION_LABEL: spec.provenance.revision,
        SOURCE_LABEL: spec.provenance.source,
        VERSION_LABEL: "" if tag == "latest" else tag,
        BASE_NAME_LABEL: base.name,
        BASE_DIGEST_LABEL: base.digest,
    }
    return {name: value for name, value in labels.items() if value}


def _start_points(assembly: Assembly) -> list[tuple[Source, StartPoint]]:
    return [(outcome.source, outcome.start_point) for outcome in assembly.outcomes if outcome.start_point]


def sha_of(point: StartPoint) -> str:
    """The commit of a start point, in one word; its digest where nobody knows."""
    return _word(point.revision or point.digest)


def url_of(source: Source, point: StartPoint) -> str:
    """Where a start point is from, in one word; the name of its source where nobody knows."""
    return _word(point.url or source.text)


def _word(text: str) -> str:
    """One word, as the service splits shas.txt at white space: what would split it is percent-encoded."""
    if text.isprintable() and " " not in text:
        return text
    return "".join(
        char if char.isprintable() and not char.isspace() else quote(char, errors="replace") for char in text
    )


def _file(text: str) -> File:
    return File(text.encode("utf-8", "backslashreplace"))  # half a character, in JSON, stays what it was
