"""lsp-assembler against itself: with a warm cache, with many images, and doing next to nothing."""

import secrets

from tests.services import Image, layer
from tools.bench.assembling import (
    BUILD,
    CHECK,
    assembled,
    assembled_fault,
    check_fault,
    cold_assembler,
    says,
    warm_assembler,
)
from tools.bench.contender import Contender, Goal, Suite
from tools.bench.registry_suites import CRANE, HEADS
from tools.bench.stage import Setting, Stage

_NEEDS = ("lsp-assembler",)
_CHANGED = "start_point/changed.txt"
_MANY = 2000


def _one_changed(stage: Stage) -> None:
    """The state after a first run, and then the first start point got a file that it never had."""
    warm_assembler(stage)
    news = secrets.token_hex(16)
    stage.write("news.txt", [news])
    image = Image((layer({**stage.expected[0], _CHANGED: news.encode()}),))
    stage.registry.put_image(*stage.place(stage.images[0]), image)


def _one_changed_fault(stage: Stage) -> str:
    news = (stage.folder / "news.txt").read_bytes().strip()
    if assembled(stage).get(f"0/{_CHANGED}") != news:
        return "the change of the first start point is not in the image"
    return assembled_fault(stage)


WARM = Suite(
    "warm",
    "Again, with what the cache holds",
    "cold",
    (
        Contender(
            "cold", "`lsp-assembler build`, the first time", BUILD, cold_assembler, assembled_fault, _NEEDS
        ),
        Contender("warm", "again, nothing changed", BUILD, warm_assembler, assembled_fault, _NEEDS),
        Contender("one-changed", "again, one image changed", BUILD, _one_changed, _one_changed_fault, _NEEDS),
        CRANE,
        HEADS,
    ),
    (
        Goal("warm", 0.45, of=CRANE.name),
        Goal("warm", 1.0, of=HEADS.name),
        Goal("one-changed", 0.06, above="warm"),
    ),
)

SCALE = Suite(
    "scale",
    f"{_MANY} images, cold",
    "",
    (
        Contender(
            "check", "`lsp-assembler check --from registry`", CHECK, cold_assembler, check_fault, _NEEDS
        ),
        Contender(
            "build",
            "`lsp-assembler build --from registry --to registry`",
            BUILD,
            cold_assembler,
            assembled_fault,
            _NEEDS,
        ),
    ),
    tuple(
        goal
        for name in ("check", "build")
        for goal in (Goal(name, 3, unit="ms an image"), Goal(name, 60, unit="KB an image"))
    ),
    Setting(images=_MANY),
    runs=3,
)

START_UP = Suite(
    "start-up",
    "Doing next to nothing",
    "--help",
    (
        Contender(
            "--help",
            "`lsp-assembler --help`",
            ("lsp-assembler", "--help"),
            lambda _: None,
            lambda stage: says(stage, "Usage: lsp-assembler"),
            _NEEDS,
        ),
        Contender(
            "--version",
            "`lsp-assembler --version`",
            ("lsp-assembler", "--version"),
            lambda _: None,
            lambda stage: says(stage, "lsp-assembler"),
            _NEEDS,
        ),
    ),
    (Goal("--help", 0.15), Goal("--version", 0.15)),
    runs=11,
)
