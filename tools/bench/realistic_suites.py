"""Reading from a registry as public ones are: TLS, HTTP/2, tokens from a second host, blobs from a third."""

from dataclasses import replace

from tests.services.image import MANIFEST_TYPES
from tests.services.link import Speed
from tools.bench.assembling import CHECK, check_fault, cold_assembler
from tools.bench.checks import ask, layers
from tools.bench.contender import Contender, Goal, Suite
from tools.bench.registry_suites import CRANE, curl_fault, extraction, for_shell
from tools.bench.stage import Setting, Stage

_CA = "ca.pem"
_OURS = "lsp-assembler"
_CURL = "curl -qsS --fail-early -Z --parallel-max 128 -K urls.txt >fetched.txt"
_GET_ALL = ("http2", "fail", f"cacert={_CA}", 'write-out="%{size_download}\\n"')
_ACCEPT = f'header="Accept: {", ".join(MANIFEST_TYPES)}"'


def _for_crane(stage: Stage) -> None:
    for_shell(stage)
    show_ca(stage)


def _for_curl(stage: Stage) -> None:
    """A list of final URLs for curl, a token for all of them, and the sizes that they have to have."""
    show_ca(stage)
    if (stage.folder / "urls.txt").exists():
        return
    manifests, blobs, sizes, scopes = [], [], [], []
    for image in stage.images:
        repository, tag = stage.place(image)
        layer = layers(stage, image)[0]
        manifests += [f"url=https://{stage.host}/v2/{repository}/manifests/{tag}", "output=/dev/null"]
        blobs += [f"url={stage.realistic.blob_url(layer)}", "output=/dev/null"]
        sizes += [str(len(ask(stage, image, path))) for path in (f"manifests/{tag}", f"blobs/{layer}")]
        scopes.append(f"repository:{repository}:pull")
    bearer = f'header="Authorization: Bearer {stage.realistic.token(*scopes)}"'
    stage.write("urls.txt", [*_GET_ALL, bearer, _ACCEPT, *manifests, "next", *_GET_ALL, *blobs])
    stage.write("sizes.txt", sorted(sizes))


def show_ca(stage: Stage) -> None:
    """Put the authority where the programs find it that are told by their command."""
    (stage.folder / _CA).write_bytes(stage.realistic.ca.read_bytes())


def _crane(processes: int) -> Contender:
    return replace(
        CRANE,
        name=f"crane-{processes}",
        what=f"`crane export IMAGE - \\| tar -x` by `xargs -P {processes}`",
        command=("bash", "-c", f"export SSL_CERT_FILE={_CA}; {extraction(processes)}"),
        prepare=_for_crane,
    )


_CONTENDERS = (
    _crane(16),
    _crane(32),
    Contender(
        "curl",
        "the floor: `curl -Z` to `/dev/null`, with a token and the final addresses of all that it fetches",
        ("sh", "-c", _CURL),
        _for_curl,
        curl_fault,
        ("curl",),
    ),
    Contender(_OURS, "`lsp-assembler check --from registry`", CHECK, cold_assembler, check_fault, (_OURS,)),
)
_SPARING = (Goal(_OURS, 4, unit="connections"), Goal(_OURS, 0.35, unit="s of CPU"))

REALISTIC = Suite(
    "realistic",
    "A registry as public ones are, at 50 ms and 100 Mbit/s",
    "crane-16",
    _CONTENDERS,
    (Goal(_OURS, 0.15, of="crane-16"), Goal(_OURS, 0.25, of="crane-32"), *_SPARING),
    Setting(speed=Speed(rtt=0.05, megabits=100), realistic=True),
)

REALISTIC_NEAR = Suite(
    "realistic-near",
    "The same registry without a slow link",
    "crane-16",
    _CONTENDERS,
    _SPARING,
    Setting(realistic=True),
)
