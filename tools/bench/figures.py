"""Outcomes -> the figures that tables and goals are made of. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tools.bench.contender import Outcome, Unit


@dataclass(frozen=True, slots=True)
class Figures:
    """What a race says of its contenders.

    Args:
        images: how many LSP images each of them had to do with.
    """

    outcomes: tuple[Outcome, ...]
    images: int

    def seconds(self, name: str) -> Sequence[float]:
        """Of all runs of a contender, [] if it has none."""
        return [run.seconds for each in self.outcomes if each.contender.name == name for run in each.runs]

    def ratio(self, name: str, of: str) -> float | None:
        """The median of one contender divided by that of another, None where one has no runs."""
        mine, other = self.seconds(name), self.seconds(of)
        return median(mine) / median(other) if mine and other else None

    def measure(self, name: str, unit: Unit) -> float | None:
        """A contender's median time, in all or for each image, or its peak memory; None without runs."""
        seconds = self.seconds(name)
        if not seconds:
            return None
        if unit == "MB":
            return (
                max(run.peak for each in self.outcomes if each.contender.name == name for run in each.runs)
                / 1e6
            )
        return median(seconds) * 1000 / self.images if unit == "ms an image" else median(seconds)
