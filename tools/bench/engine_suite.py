"""Contenders that have a Docker Engine at hand, each from nothing: no image, no build cache."""

import os

from tools.bench.checks import files_below, files_in_engine, start_points_fault
from tools.bench.contender import Contender, Goal, Suite
from tools.bench.stage import Stage

_OUTPUT = "out"
_BUILT = "bench/buildkit:1"
_ASSEMBLED = "bench/lsp-assembler:1"

# What a shell script does with one image: an index and a name.
_TAKE = f"""
set -eu
take() {{
    docker pull --quiet "$2" >/dev/null
    container=$(docker create "$2" never-started)
    mkdir {_OUTPUT}/"$1"
    docker cp "$container:/start_point" {_OUTPUT}/"$1"
    docker rm "$container" >/dev/null
}}
mkdir {_OUTPUT}
"""
_LOOP = _TAKE + 'while read -r index image; do take "$index" "$image"; done <images.txt'
_XARGS = _TAKE + "export -f take; xargs -P 16 -n 2 bash -euc 'take \"$@\"' take <images.txt"


def _cold(stage: Stage) -> None:
    """An engine that knows nothing, no output, and no other contender's bytes still on their way to disk."""
    stage.empty_engine()
    stage.empty_cache()
    stage.remove(_OUTPUT)
    os.sync()


def _for_buildkit(stage: Stage) -> None:
    _cold(stage)
    copies = (
        f"COPY --from={image} /start_point /{index}/start_point" for index, image in enumerate(stage.images)
    )
    (stage.folder / "context").mkdir(exist_ok=True)
    stage.write("Dockerfile", [f"FROM {stage.base}", *copies])


def _for_assembler(stage: Stage) -> None:
    _cold(stage)
    head = (f"name: {_ASSEMBLED}", f"base: {stage.base}", "images:")
    stage.write("images.yml", [*head, *(f"  - {image}" for image in stage.images)])


def _for_shell(stage: Stage) -> None:
    _cold(stage)
    stage.write("images.txt", [f"{index} {image}" for index, image in enumerate(stage.images)])


def _shell_fault(stage: Stage) -> str:
    return start_points_fault(files_below(stage.folder / _OUTPUT), stage)


def _buildkit_fault(stage: Stage) -> str:
    return start_points_fault(files_in_engine(stage, _BUILT, ""), stage)


def _assembler_fault(stage: Stage) -> str:
    return start_points_fault(files_in_engine(stage, _ASSEMBLED, "app/repos/"), stage)


BUILDKIT = Contender(
    "buildkit",
    "`docker build` by BuildKit: a `COPY --from=IMAGE` for each image",
    ("env", "DOCKER_BUILDKIT=1", "docker", "build", "-f", "Dockerfile", "-t", _BUILT, "context"),
    _for_buildkit,
    _buildkit_fault,
    ("docker",),
    engine=True,
)

ENGINE_COLD = Suite(
    "engine-cold",
    "With a Docker Engine, cold",
    BUILDKIT.name,
    (
        Contender(
            "loop",
            "`docker pull`, `create`, `cp`, `rm`, image after image; builds nothing",
            ("bash", "-c", _LOOP),
            _for_shell,
            _shell_fault,
            ("docker", "bash"),
            engine=True,
        ),
        Contender(
            "xargs",
            "the same by `xargs -P 16`; builds nothing",
            ("bash", "-c", _XARGS),
            _for_shell,
            _shell_fault,
            ("docker", "bash", "xargs"),
            engine=True,
        ),
        BUILDKIT,
        Contender(
            "lsp-assembler",
            "`lsp-assembler build`, without options",
            ("lsp-assembler", "build"),
            _for_assembler,
            _assembler_fault,
            ("lsp-assembler",),
            engine=True,
        ),
        Contender(
            "from-docker",
            "`lsp-assembler build --from docker --to docker`",
            ("lsp-assembler", "build", "--from", "docker", "--to", "docker"),
            _for_assembler,
            _assembler_fault,
            ("lsp-assembler",),
            engine=True,
        ),
    ),
    (Goal("lsp-assembler", 0.20, of=BUILDKIT.name), Goal("from-docker", 0.62, of=BUILDKIT.name)),
)
