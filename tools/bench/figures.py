"""Outcomes -> the figures that tables and goals are made of. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, median_high

from tools.bench.contender import Outcome, Run, Unit


@dataclass(frozen=True, slots=True)
class Figures:
    """What a race says of its contenders.

    Args:
        images: how many LSP images each of them had to do with.
    """

    outcomes: tuple[Outcome, ...]
    images: int

    def runs(self, name: str) -> Sequence[Run]:
        """The runs of a contender, [] if it has none."""
        return [run for each in self.outcomes if each.contender.name == name for run in each.runs]

    def seconds(self, name: str) -> Sequence[float]:
        """Of all runs of a contender, [] if it has none."""
        return [run.seconds for run in self.runs(name)]

    def ratio(self, name: str, of: str) -> float | None:
        """The median of one contender divided by that of another, None where one has no runs."""
        mine, other = self.seconds(name), self.seconds(of)
        return median(mine) / median(other) if mine and other else None

    def difference(self, name: str, above: str) -> float | None:
        """By how many seconds the first median is above the second, None where one has no runs."""
        mine, other = self.seconds(name), self.seconds(above)
        return median(mine) - median(other) if mine and other else None

    def measure(self, name: str, unit: Unit) -> float | None:
        """A contender's figure, None without runs; what each unit means is said where it is defined."""
        runs = self.runs(name)
        return _MEASURES[unit](runs, self.images) if runs else None


_MEASURES: Mapping[Unit, Callable[[Sequence[Run], int], float]] = {
    "s": lambda runs, _: median(run.seconds for run in runs),
    "s of CPU": lambda runs, _: median(run.cpu for run in runs),
    "ms an image": lambda runs, images: median(run.seconds for run in runs) * 1000 / images,
    "MB": lambda runs, _: max(run.peak for run in runs) / 1e6,
    "KB an image": lambda runs, images: max(run.peak for run in runs) / 1000 / images,
    "connections": lambda runs, _: max(run.connections for run in runs),
    "requests": lambda runs, _: median_high(run.requests for run in runs),
}
