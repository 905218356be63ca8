"""Figures -> table rows, verdicts, Markdown, and the page that keeps them. Pure."""

from dataclasses import dataclass
from statistics import median

from tools.bench.contender import Goal, Outcome, Suite, Unit
from tools.bench.figures import Figures

_NOTHING = "-"
_TRAFFIC: tuple[Unit, ...] = ("s of CPU", "connections", "requests")


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text; the first `texts` columns are words, the others numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 2


def table(suite: Suite, figures: Figures) -> Table:
    """A row for each contender: medians, extremes, the ratio or what an image costs, and the traffic."""
    further = (f"of {suite.reference}",) if suite.reference else ("ms an image", "peak MB")
    head = ("contender", "what it does", "median s", "fastest s", "slowest s", *further)
    if suite.setting.realistic:
        head = (*head, *_TRAFFIC)
    rows = (_row(suite, outcome, figures) for outcome in figures.outcomes)
    return Table(head, tuple(row + (_NOTHING,) * (len(head) - len(row)) for row in rows))


def verdicts(suite: Suite, figures: Figures) -> tuple[str, ...]:
    """A line for each goal, e.g. "lsp-assembler: at most 0.1 of buildkit: met with 0.07"."""
    return tuple(_verdict(goal, figures) for goal in suite.goals)


def markdown(cells: Table) -> str:
    """The table as Markdown."""
    rule = ("---",) * cells.texts + ("---:",) * (len(cells.head) - cells.texts)
    return "\n".join(f"| {' | '.join(row)} |" for row in (cells.head, rule, *cells.rows))


def rewritten(page: str, name: str, text: str) -> str:
    """The page with the part of this name replaced.

    Args:
        name: as in the marker lines "<!-- begin NAME -->" and "<!-- end NAME -->".

    Raises:
        ValueError: the page does not have each marker once, in this order.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, begun, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended or page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(
            f"the page has no part '{name}'; expected one '{begin}' and after it one '{end}'. "
            "Put these two lines where the table belongs."
        )
    return f"{before}{begin}\n{text}\n{end}{after}"


def _row(suite: Suite, outcome: Outcome, figures: Figures) -> tuple[str, ...]:
    """The cells of a contender, as far as there are any."""
    name, what = outcome.contender.name, outcome.contender.what
    seconds = figures.seconds(name)
    if not seconds:
        return (name, what, outcome.trouble)
    numbers: tuple[float | None, ...] = (median(seconds), min(seconds), max(seconds))
    if suite.reference:
        numbers = (*numbers, figures.ratio(name, suite.reference))
    else:
        numbers = (*numbers, figures.measure(name, "ms an image"), figures.measure(name, "MB"))
    if suite.setting.realistic:
        numbers = (*numbers, *(figures.measure(name, unit) for unit in _TRAFFIC))
    return (name, what, *map(_shown, numbers))


def _shown(number: float | None) -> str:
    """What is counted has no decimals."""
    if number is None:
        return _NOTHING
    return str(number) if isinstance(number, int) else f"{number:.2f}"


def _verdict(goal: Goal, figures: Figures) -> str:
    if goal.of:
        figure, unit = figures.ratio(goal.contender, goal.of), f"of {goal.of}"
    elif goal.above:
        figure, unit = figures.difference(goal.contender, goal.above), f"s above {goal.above}"
    else:
        figure, unit = figures.measure(goal.contender, goal.unit), goal.unit
    aim = f"{goal.contender}: at most {goal.at_most:g} {unit}"
    if figure is None:
        return f"{aim}: not measured"
    return f"{aim}: {'met' if figure <= goal.at_most else 'missed'} with {_shown(figure)}"
