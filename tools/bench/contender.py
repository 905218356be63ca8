"""What is measured: contenders, the suites that set them against each other, and the goals."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tools.bench.stage import Setting, Stage

Unit = Literal["s", "s of CPU", "ms an image", "MB", "KB an image", "connections", "requests"]
"""Of figures that are no ratios: the median time, of the clock or of the processors, in all or for each
image; the largest peak of memory, in all or for each image; the most connections to any host of a realistic
registry in any run; the median number of requests to all its hosts."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the work.

    Args:
        name: for tables and `--only`, e.g. "buildkit".
        what: what it does, in a few words of Markdown.
        command: run in the stage's folder, in the stage's environment; this alone is timed.
        prepare: brings the stage into the state that a run starts from. Not timed.
        fault: what is wrong with what a run produced, e.g. "produced 83 of 84 start points"; "" if
            nothing is. Not timed. A run with a fault does not count.
        needs: programs without which it is listed as "not found", e.g. ("crane", "tar").
        engine: whether it needs a Docker Engine.
        measured: a good run with other figures than those of the process, where it measured by itself.
    """

    name: str
    what: str
    command: tuple[str, ...]
    prepare: Callable[[Stage], None]
    fault: Callable[[Stage], str]
    needs: tuple[str, ...]
    engine: bool = False
    measured: "Callable[[Stage, Run], Run]" = lambda _, run: run


@dataclass(frozen=True, slots=True)
class Goal:
    """What a contender is to reach.

    Args:
        contender: whose figure it is, e.g. "lsp-assembler".
        at_most: the limit, which is itself good enough.
        of: the contender that the median is divided by; "" if the goal is no ratio.
        above: the contender whose median is subtracted, so that the limit is of seconds more than that.
        unit: of a goal that compares with nobody.
    """

    contender: str
    at_most: float
    of: str = ""
    above: str = ""
    unit: Unit = "s"


@dataclass(frozen=True, slots=True)
class Suite:
    """Contenders that share a table.

    Args:
        name: names the table in docs/benchmarks.md, and for `--suite`, e.g. "engine-cold".
        title: stands above the table.
        reference: the contender that the last column is relative to; "" for a column of time and memory
            for each image instead.
        setting: what the contenders work on.
        runs: how many runs of each contender, whatever the user says; None leaves it to the user.
    """

    name: str
    title: str
    reference: str
    contenders: tuple[Contender, ...]
    goals: tuple[Goal, ...] = ()
    setting: Setting = field(default_factory=Setting)
    runs: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One good run.

    Args:
        peak: the most memory that one of its processes had, in bytes.
        cpu: seconds that all its processes together kept processors busy.
        connections: to the host that it had most of them to; 0 unless the registry is a realistic one.
        requests: to all hosts; 0 unless the registry is a realistic one.
    """

    seconds: float
    peak: int = 0
    cpu: float = 0.0
    connections: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a contender.

    Args:
        runs: all of them good ones.
        trouble: why it is out of the race, e.g. "not found: crane"; "" if it finished.
    """

    contender: Contender
    runs: tuple[Run, ...] = ()
    trouble: str = ""
