"""What must hold of an LTF checkout before it is packed, beyond what holds of every start point.

These rules look at what the author wrote, before docker/image_name.json and the commit's tag are filled in.
Most demands on a manifest are those on every start point, which judge the result: see docs/packing.md.
"""

from collections.abc import Iterator

from lsp_assembler.model.checkout import Checkout
from lsp_assembler.model.manifest import manifest_paths
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.start_point import MANIFEST, START_POINT, StartPointType
from lsp_assembler.model.versions import is_lsp_tag
from lsp_assembler.rules.rule import Problem, Rule
from lsp_assembler.text import listed, quoted


def start_point_folder(checkout: Checkout) -> Iterator[Problem]:
    """All manifests are in the folder start_point, which is all that an LSP image holds."""
    outside = [path for path in manifest_paths(checkout.tree.files) if not path.startswith(f"{START_POINT}/")]
    if outside:
        yield Problem(f"it has {listed(outside)}, but no folder {START_POINT}; only that folder is packed")


def languages_manifest(checkout: Checkout) -> Iterator[Problem]:
    """The manifest of a language is start_point/manifest.json: only there its image_name gets a tag."""
    below = [path for path in manifest_paths(checkout.tree.files) if path.startswith(f"{START_POINT}/")]
    if checkout.type is StartPointType.LANGUAGES and below and MANIFEST not in below:
        yield Problem(f"it has {listed(below)}; a language must have {quoted(MANIFEST)}")


def lsp_name(checkout: Checkout) -> Iterator[Problem]:
    """The checkout says what its LSP image is called: in docker/image_name.json, else in its manifest.

    Exercises have no image_name, so docker/image_name.json has to say it. Where start_point/manifest.json
    of another type lacks image_name, required-keys says so.
    """
    files = checkout.tree.files
    told = checkout.docker_name is not None or not manifest_paths(files)
    if told or (checkout.type is not StartPointType.EXERCISES and MANIFEST in files):
        return
    yield Problem('it does not name its image; add docker/image_name.json with {"image_name": "NAME"}')


def image_name_not_lsp(checkout: Checkout) -> Iterator[Problem]:
    """image_name is that of a language image: the tags LSP and LSP-… are those of LSP images."""
    name = _language_image(checkout)
    if name and _is_lsp(name):
        message = f"image_name is {quoted(str(name))}, an LSP image; it must be the language image"
        yield Problem(message, _line(checkout))


def docker_name_not_lsp(checkout: Checkout) -> Iterator[Problem]:
    """docker/image_name.json names a language image: the tags LSP and LSP-… are those of LSP images."""
    name = checkout.docker_name
    if checkout.type is StartPointType.LANGUAGES and name and _is_lsp(name):
        fact = f"docker/image_name.json names {quoted(str(name))}, an LSP image"
        yield Problem(f"{fact}; it must name the language image, e.g. {quoted(str(name.with_tag('')))}")


def untracked_files(checkout: Checkout) -> Iterator[Problem]:
    """No file is unknown to git once there is a commit: CI reads what is committed, and nothing else."""
    for path in checkout.untracked:
        yield Problem(f"{quoted(path)} is not committed, so CI will not see it; git add it")


def image_name_agrees(checkout: Checkout) -> Iterator[Problem]:
    """manifest.json and docker/image_name.json name the same image, tags apart."""
    name, docker_name = _language_image(checkout), checkout.docker_name
    if checkout.type is not StartPointType.LANGUAGES or name is None or docker_name is None:
        return
    if repository_of(name) != repository_of(docker_name):
        wins = "; the LSP image is named after that" if name.tag or name.digest else ", which wins"
        message = (
            f"image_name is {quoted(str(name))}, but docker/image_name.json says {quoted(str(docker_name))}"
        )
        yield Problem(f"{message}{wins}; make them the same", _line(checkout))


def _language_image(checkout: Checkout) -> Reference | None:
    return checkout.manifest.language_image if checkout.manifest else None


def _is_lsp(name: Reference) -> bool:
    return not name.digest and is_lsp_tag(name.tag)


def _line(checkout: Checkout) -> int | None:
    return checkout.manifest.line_of("image_name") if checkout.manifest else None


ON_IMAGE: tuple[Rule[Checkout], ...] = (
    Rule("start-point-folder", None, "error", start_point_folder),
    Rule("languages-manifest", None, "error", languages_manifest),
    Rule("lsp-name", None, "error", lsp_name),
)
"""About the checkout as what an LSP image is made of."""

ON_FILES: tuple[Rule[Checkout], ...] = (
    Rule("image-name-not-lsp", None, "error", docker_name_not_lsp),
    Rule("uncommitted-file", None, "warning", untracked_files),
)
"""About its other files, whatever is to become of it."""

ON_MANIFEST: tuple[Rule[Checkout], ...] = (
    Rule("image-name-not-lsp", None, "error", image_name_not_lsp),
    Rule("image-name-agrees", None, "warning", image_name_agrees),
)
"""About start_point/manifest.json; their findings come after those of the others."""
