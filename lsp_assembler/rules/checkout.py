"""What must hold of an LTF checkout before it is packed, beyond what holds of every start point.

These rules look at what the author wrote, before docker/image_name.json and the commit's tag are filled in.
Most demands on a manifest are those of lsp_assembler.rules, which judges the result: see docs/packing.md.
Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_assembler.model.finding import Finding, Severity
from lsp_assembler.model.manifest import Manifest, ManifestSyntaxError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import START_POINT, StartPointType
from lsp_assembler.model.tree import Tree
from lsp_assembler.rules.collection import manifest_paths
from lsp_assembler.rules.rule import Problem, Rule, listed, quoted

MANIFEST = f"{START_POINT}/manifest.json"
_LSP_TAG = "LSP"


@dataclass(frozen=True, slots=True)
class Checkout:
    """An LTF checkout as its author wrote it.

    Args:
        tree: the files that count, relative to the checkout, e.g. "start_point/manifest.json".
        docker_name: what docker/image_name.json says; None where there is no such file.
    """

    tree: Tree
    docker_name: Reference | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A checkout, the type that it is packed as, and its manifest; None where json or has-manifest told."""

    type: StartPointType
    checkout: Checkout
    manifest: Manifest | None

    @property
    def image_name(self) -> Reference | None:
        """The manifest's image_name; None where there is none that is well-formed."""
        value = self.manifest.data.get("image_name") if self.manifest else None
        try:
            return Reference.parse(value) if isinstance(value, str) else None
        except ValueError:
            return None

    @property
    def line(self) -> int | None:
        """The line of image_name in the manifest."""
        return self.manifest.line_of("image_name") if self.manifest else None


def start_point_folder(subject: Subject) -> Iterator[Problem]:
    """All manifests are in the folder start_point, which is all that an LSP image holds."""
    outside = [
        path for path in manifest_paths(subject.checkout.tree) if not path.startswith(f"{START_POINT}/")
    ]
    if outside:
        yield Problem(f"it has {listed(outside)}, but no folder {START_POINT}; only that folder is packed")


def languages_manifest(subject: Subject) -> Iterator[Problem]:
    """The manifest of a language is start_point/manifest.json: only there its image_name gets a tag."""
    paths = manifest_paths(subject.checkout.tree)
    below = [path for path in paths if path.startswith(f"{START_POINT}/")]
    if subject.type is StartPointType.LANGUAGES and below and MANIFEST not in below:
        yield Problem(f"it has {listed(below)}; a language must have {quoted(MANIFEST)}")


def lsp_name(subject: Subject) -> Iterator[Problem]:
    """The checkout says what its LSP image is called: in docker/image_name.json, else in its manifest.

    Exercises have no image_name, so docker/image_name.json has to say it. Where start_point/manifest.json
    of another type lacks image_name, required-keys says so.
    """
    tree = subject.checkout.tree
    told = subject.checkout.docker_name is not None or not manifest_paths(tree)
    if told or (subject.type is not StartPointType.EXERCISES and MANIFEST in tree.files):
        return
    yield Problem('it does not name its image; add docker/image_name.json with {"image_name": "NAME"}')


def image_name_not_lsp(subject: Subject) -> Iterator[Problem]:
    """image_name is that of a language image: the tags LSP and LSP-… are those of LSP images."""
    name = subject.image_name
    if name and not name.digest and (name.tag == _LSP_TAG or name.tag.startswith(f"{_LSP_TAG}-")):
        message = f"image_name is {quoted(str(name))}, an LSP image; it must be the language image"
        yield Problem(message, subject.line)


def image_name_agrees(subject: Subject) -> Iterator[Problem]:
    """manifest.json and docker/image_name.json name the same image, tags apart."""
    name, docker_name = subject.image_name, subject.checkout.docker_name
    if subject.type is not StartPointType.LANGUAGES or name is None or docker_name is None:
        return
    if name.with_tag("").canonical != docker_name.with_tag("").canonical:
        message = (
            f"image_name is {quoted(str(name))}, but docker/image_name.json says {quoted(str(docker_name))}"
        )
        yield Problem(f"{message}; they should name the same image", subject.line)


RULES: tuple[tuple[Rule[Subject], Severity], ...] = (
    (Rule("start-point-folder", None, start_point_folder), "error"),
    (Rule("languages-manifest", None, languages_manifest), "error"),
    (Rule("lsp-name", None, lsp_name), "error"),
    (Rule("image-name-not-lsp", None, image_name_not_lsp), "error"),
    (Rule("image-name-agrees", None, image_name_agrees), "warning"),
)
"""Every rule of this module, in the order of their findings."""


def check(type_: StartPointType, checkouts: Sequence[tuple[int, Checkout]]) -> tuple[Finding, ...]:
    """Every finding of every checkout.

    Args:
        checkouts: each with its index, in index order; those that could not be read are absent.

    Returns:
        The findings in index order; those with a line are about start_point/manifest.json.
    """
    return tuple(finding for index, checkout in checkouts for finding in _findings(type_, checkout, index))


def _findings(type_: StartPointType, checkout: Checkout, index: int) -> Iterator[Finding]:
    subject = Subject(type_, checkout, _manifest(checkout.tree))
    for rule, severity in RULES:
        for problem in rule.check(subject):
            manifest = MANIFEST if problem.line else None
            yield Finding(rule.id, None, severity, index, manifest, problem.message, problem.line)


def _manifest(tree: Tree) -> Manifest | None:
    try:
        return Manifest.parse(MANIFEST, tree)
    except (KeyError, ManifestSyntaxError):
        return None
