"""What `build --attest` publishes along with an image: its SBOM and its provenance."""

import importlib.util
from collections.abc import Mapping

from lsp_assembler import HOME
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.dates import timestamp
from lsp_assembler.model.images import Artifact, BaseImage, BuiltImage
from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.operations.attestations import PREDICATE
from lsp_assembler.operations.build import BuildRequest
from lsp_assembler.operations.build_spec import Attest, BuildSpec
from lsp_assembler.operations.plan import Plan, base_of
from lsp_assembler.operations.recipe import created
from lsp_assembler.stores.spelling import StoreSpec


def attester(request: BuildRequest, planned: Plan, spec: BuildSpec) -> Attest:
    """What makes the attestations, once there is an image.

    Raises:
        InvalidInputError: the image goes to an engine, or the packages for it are not installed.
    """
    target = StoreSpec.target(request.to_store)
    if target is None or target.kind == "docker":
        raise InvalidInputError(
            "--attest: an engine keeps nothing beside an image, so attestations cannot go there",
            "Say --to registry, --to oci:DIR or --to oci-archive:FILE, or leave out --attest.",
        )
    if importlib.util.find_spec("cyclonedx") is None:
        raise InvalidInputError(
            "--attest: the Python package cyclonedx-python-lib is not installed; it comes with "
            "the extra 'attest'",
            "Install lsp-assembler again as you did, with '[attest]' after its name or folder.",
        )
    from lsp_assembler.operations import sbom, slsa

    asked = slsa.Asked(_parameters(request, planned, spec), _workflow(request.environ) or HOME)

    def attest(assembly: Assembly, base: BaseImage, image: BuiltImage) -> tuple[Artifact, ...]:
        epoch = created(assembly, spec)
        dated = {CREATED_LABEL: timestamp(epoch)}
        return (
            Artifact(sbom.TYPE, sbom.sbom(assembly, base, image, epoch), dated),
            Artifact(
                slsa.TYPE,
                slsa.provenance(asked, assembly, base, image, spec),
                {**dated, PREDICATE: slsa.PREDICATE},
            ),
        )

    return attest


def _parameters(request: BuildRequest, planned: Plan, spec: BuildSpec) -> Mapping[str, object]:
    """What decides what the image is, as the user asked for it."""
    return {
        "type": planned.type.value,
        "names": [str(name) for name in spec.names],
        "base": str(base_of(planned, request.base)),
        "sources": [source.text for source in planned.sources],
        "port": spec.port,
        "platforms": list(request.platforms),
        "locked": request.locked,
    }


def _workflow(environ: Mapping[str, str]) -> str:
    """The workflow on GitHub that builds, by the name that its certificates have as well; "" for any other.

    It is the same in every run of the workflow.
    """
    server, workflow = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_WORKFLOW_REF")
    return f"{server}/{workflow}" if server and workflow else ""
