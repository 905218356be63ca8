"""Contenders that need no Docker Engine, against one that does, straight from the registry and slowly."""

import json
import os

from tests.services.link import Speed
from tools.bench.assembling import BUILD, assembled_fault, cold_assembler
from tools.bench.checks import ask, files_below, files_in_skopeo_folders, layers, start_points_fault
from tools.bench.contender import Contender, Goal, Suite
from tools.bench.engine_suite import BUILDKIT
from tools.bench.stage import Setting, Stage

_OUTPUT = "out"
_EACH = f"mkdir {_OUTPUT}; xargs -P 16 -n 2 bash -euo pipefail -c"
_CRANE = f"""{_EACH} 'mkdir {_OUTPUT}/"$0"; crane export "$1" - | tar -xC {_OUTPUT}/"$0"' <images.txt"""
_SKOPEO = (
    f"{_EACH} 'skopeo copy --quiet --insecure-policy --src-tls-verify=false "
    f'docker://"$1" dir:{_OUTPUT}/"$0"\' <images.txt'
)
_CURL = (
    "curl -qsS --fail --fail-early -Z --parallel-immediate --parallel-max 32 -K urls.txt "
    "-w '%{size_download}\\n' -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' >fetched.txt"
)


def _cold(stage: Stage) -> None:
    stage.empty_cache()
    stage.remove(_OUTPUT)
    os.sync()


def _for_shell(stage: Stage) -> None:
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


def _fetched_fault(stage: Stage) -> str:
    return start_points_fault(files_below(stage.folder / _OUTPUT), stage)


def _skopeo_fault(stage: Stage) -> str:
    return start_points_fault(files_in_skopeo_folders(stage.folder / _OUTPUT), stage)


def _curl_fault(stage: Stage) -> str:
    """Nothing is kept, so only the sizes can be compared; curl says what they were."""
    sizes = sorted((stage.folder / "fetched.txt").read_text().split())
    expected = (stage.folder / "sizes.txt").read_text().split()
    return "" if sizes == expected else f"fetched {len(sizes)} of {len(expected)} files, or not all of them"


_CONTENDERS = (
    BUILDKIT,
    Contender(
        "crane",
        "`crane export IMAGE - \\| tar -x` by `xargs -P 16`; builds nothing",
        ("bash", "-c", _CRANE),
        _for_shell,
        _fetched_fault,
        ("crane", "bash", "tar", "xargs"),
    ),
    Contender(
        "vendir",
        "`vendir sync`; builds nothing",
        ("vendir", "sync"),
        _for_vendir,
        _fetched_fault,
        ("vendir",),
    ),
    Contender(
        "skopeo",
        "`skopeo copy docker://IMAGE dir:…` by `xargs -P 16`; unpacks and builds nothing",
        ("bash", "-c", _SKOPEO),
        _for_shell,
        _skopeo_fault,
        ("skopeo", "bash", "xargs"),
    ),
    Contender(
        "curl",
        "the floor: `curl -Z --parallel-immediate --parallel-max 32` to `/dev/null`",
        ("sh", "-c", _CURL),
        _for_curl,
        _curl_fault,
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


def _goals(of_buildkit: float, of_crane: float) -> tuple[Goal, ...]:
    return (
        Goal("lsp-assembler", of_buildkit, of=BUILDKIT.name),
        Goal("lsp-assembler", of_crane, of="crane"),
    )


LOOPBACK = Suite("loopback", "Without a Docker Engine, cold", BUILDKIT.name, _CONTENDERS, _goals(0.10, 0.9))

SLOW_LINK = Suite(
    "slow-link",
    "The same at 50 ms and 100 Mbit/s",
    BUILDKIT.name,
    _CONTENDERS,
    _goals(0.15, 0.5),
    Setting(speed=Speed(rtt=0.05, megabits=100)),
)
