"""Contenders that need no Docker Engine, against one that does, straight from the registry and slowly."""

import json
import os

from tests.services.image import MANIFEST_TYPES
from tests.services.link import Speed
from tools.bench.assembling import BUILD, assembled_fault, cold_assembler
from tools.bench.checks import ask, files_below, files_in_skopeo_folders, layers, start_points_fault
from tools.bench.contender import Contender, Goal, Suite
from tools.bench.engine_suite import BUILDKIT
from tools.bench.stage import Setting, Stage

_OUTPUT = "out"
_EACH = f"mkdir {_OUTPUT}; xargs -P %d -n 2 bash -euo pipefail -c"
_SKOPEO = (
    f"{_EACH % 16} 'skopeo copy --quiet --insecure-policy --src-tls-verify=false "
    f'docker://"$1" dir:{_OUTPUT}/"$0"\' <images.txt'
)
_PARALLEL = "curl -qsS --fail --fail-early -Z --parallel-immediate --parallel-max 32"
_ACCEPT = f"-H 'Accept: {', '.join(MANIFEST_TYPES)}'"
_CURL = f"{_PARALLEL} -K urls.txt -w '%{{size_download}}\\n' {_ACCEPT} >fetched.txt"
_HEADS = f"{_PARALLEL} -I -K heads.txt -w '%{{http_code}}\\n' {_ACCEPT} >statuses.txt"
_ASKED = 2  # times that HEADS asks for each manifest


def extraction(processes: int) -> str:
    """A script by which so many cranes at a time fetch and unpack the images of images.txt."""
    each = f"""mkdir {_OUTPUT}/"$0"; crane export "$1" - | tar -xC {_OUTPUT}/"$0\""""
    return f"{_EACH % processes} '{each}' <images.txt"


def _cold(stage: Stage) -> None:
    stage.empty_cache()
    stage.remove(_OUTPUT)
    os.sync()


def for_shell(stage: Stage) -> None:
    """No output yet, and a list of indexes and names."""
    _cold(stage)
    stage.write("images.txt", [f"{index} {image}" for index, image in enumerate(stage.images)])


def _for_vendir(stage: Stage) -> None:
    _cold(stage)
    contents = [{"path": str(index), "image": {"url": image}} for index, image in enumerate(stage.images)]
    config = {
        "apiVersion": "vendir.k14s.io/v1alpha1",
        "kind": "Config",
        "directories": [{"path": _OUTPUT, "contents": contents}],
    }
    stage.write("vendir.yml", [json.dumps(config)])  # JSON is YAML


def _for_curl(stage: Stage) -> None:
    """A list of URLs for curl, and of the sizes that they have to have."""
    _cold(stage)
    if (stage.folder / "urls.txt").exists():
        return
    urls, sizes = [], []
    for image in stage.images:
        repository, tag = stage.place(image)
        for path in (f"manifests/{tag}", f"blobs/{layers(stage, image)[0]}"):
            urls.append(f"http://{stage.host}/v2/{repository}/{path}")
            sizes.append(str(len(ask(stage, image, path))))
    stage.write("urls.txt", [line for url in urls for line in (f"url={url}", "output=/dev/null")])
    stage.write("sizes.txt", sorted(sizes))


def fetched_fault(stage: Stage) -> str:
    """What is wrong with the folders that a script made; "" if nothing is."""
    return start_points_fault(files_below(stage.folder / _OUTPUT), stage)


def _skopeo_fault(stage: Stage) -> str:
    return start_points_fault(files_in_skopeo_folders(stage.folder / _OUTPUT), stage)


def _for_heads(stage: Stage) -> None:
    _cold(stage)
    places = (stage.place(image) for image in stage.images)
    urls = [f"http://{stage.host}/v2/{repository}/manifests/{tag}" for repository, tag in places]
    stage.write("heads.txt", [line for url in urls * _ASKED for line in (f"url={url}", "output=/dev/null")])


def _heads_fault(stage: Stage) -> str:
    good = (stage.folder / "statuses.txt").read_text().split().count("200")
    expected = len(stage.images) * _ASKED
    return "" if good == expected else f"{good} of {expected} answers were good"


def curl_fault(stage: Stage) -> str:
    """Nothing is kept, so only the sizes can be compared; curl says what they were."""
    sizes = sorted((stage.folder / "fetched.txt").read_text().split())
    expected = (stage.folder / "sizes.txt").read_text().split()
    return "" if sizes == expected else f"fetched {len(sizes)} of {len(expected)} files, or not all of them"


CRANE = Contender(
    "crane",
    "`crane export IMAGE - \\| tar -x` by `xargs -P 16`; builds nothing",
    ("bash", "-c", extraction(16)),
    for_shell,
    fetched_fault,
    ("crane", "bash", "tar", "xargs"),
)

HEADS = Contender(
    "heads",
    "`curl -Z` that asks for each manifest twice, by HEAD; the floor of asking whether anything changed",
    ("sh", "-c", _HEADS),
    _for_heads,
    _heads_fault,
    ("curl",),
)

_CONTENDERS = (
    BUILDKIT,
    CRANE,
    Contender(
        "vendir",
        "`vendir sync`; builds nothing",
        ("vendir", "sync"),
        _for_vendir,
        fetched_fault,
        ("vendir",),
    ),
    Contender(
        "skopeo",
        "`skopeo copy docker://IMAGE dir:…` by `xargs -P 16`; unpacks and builds nothing",
        ("bash", "-c", _SKOPEO),
        for_shell,
        _skopeo_fault,
        ("skopeo", "bash", "xargs"),
    ),
    Contender(
        "curl",
        "the floor: `curl -Z --parallel-immediate --parallel-max 32` to `/dev/null`",
        ("sh", "-c", _CURL),
        _for_curl,
        curl_fault,
        ("curl",),
    ),
    Contender(
        "lsp-assembler",
        "`lsp-assembler build --from registry --to registry`",
        BUILD,
        cold_assembler,
        assembled_fault,
        ("lsp-assembler",),
    ),
)


LOOPBACK = Suite(
    "loopback",
    "Without a Docker Engine, cold",
    BUILDKIT.name,
    _CONTENDERS,
    (
        Goal("lsp-assembler", 0.10, of=BUILDKIT.name),
        Goal("lsp-assembler", 0.55, of=CRANE.name),
        Goal("lsp-assembler", 2.3, of="curl"),
    ),
)

SLOW_LINK = Suite(
    "slow-link",
    "The same at 50 ms and 100 Mbit/s",
    BUILDKIT.name,
    _CONTENDERS,
    (Goal("lsp-assembler", 0.15, of=BUILDKIT.name), Goal("lsp-assembler", 0.35, of=CRANE.name)),
    Setting(speed=Speed(rtt=0.05, megabits=100)),
)
