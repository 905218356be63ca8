"""Small plots of durations over versions, as SVG. Pure; all that strangers put into them are numbers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from markupsafe import Markup

from lsp_assembler.model.language import Durations, Language

_COLOURS = ("red", "amber", "green")
_WIDTH, _HEIGHT = 400, 130
_SPARK_WIDTH, _SPARK_HEIGHT = 96, 20
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 10, 24
_DOT = 2.5
_STEPS = (1, 2, 5, 10)

_Point = tuple[float, float]


def sparkline(language: Language) -> Markup:
    """The green durations of all versions in one small line, the oldest at the left; "" where there are none.

    It shows again what stands beside it, so whoever cannot see it misses nothing.
    """
    values = [each.green for each in reversed(language.versions)]
    known = [value for value in values if value is not None]
    if not known:
        return Markup()
    lowest, highest = min(known), max(known)
    room = (highest - lowest) or 1

    def place(position: int, value: float) -> _Point:
        x = 2 + position * (_SPARK_WIDTH - 4) / max(1, len(values) - 1)
        return x, 2 + (highest - value) / room * (_SPARK_HEIGHT - 4)

    lines = "".join(_lines(values, place))
    return Markup(  # noqa: S704  # numbers only
        f'<svg class=spark viewBox="0 0 {_SPARK_WIDTH} {_SPARK_HEIGHT}" aria-hidden=true>'
        f"<g class=green>{lines}</g></svg>"
    )


def plot(language: Language) -> Markup:
    """The durations of all versions in three lines, from 0 seconds up; "" where there are none."""
    found = [each.durations for each in reversed(language.versions)]
    known = [seconds for each in found if each for seconds in (each.red, each.amber, each.green)]
    if not known:
        return Markup()
    top = _round_up(max(known))

    def place(position: int, value: float) -> _Point:
        x = _LEFT + position * (_WIDTH - _LEFT - _RIGHT) / max(1, len(found) - 1)
        return x, _TOP + (1 - value / top) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [_axis(top, place)]
    for colour in _COLOURS:
        lines = "".join(_lines([_seconds(each, colour) for each in found], place))
        parts.append(f"<g class={colour}>{lines}</g>")
    label = f"Seconds of a test run over {len(found)} versions, from 0 to {top:g}"
    return Markup(  # noqa: S704  # numbers only
        f'<svg class=plot viewBox="0 0 {_WIDTH} {_HEIGHT}" role=img aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _axis(top: float, place: Callable[[int, float], _Point]) -> str:
    parts = []
    for value in (0, top / 2, top):
        _, y = place(0, value)
        parts.append(f'<path d="M{_LEFT} {y:.0f}H{_WIDTH - _RIGHT}"/>')
        parts.append(f"<text x={_LEFT - 6} y={y + 4:.0f} text-anchor=end>{value:g} s</text>")
    below = _HEIGHT - 6
    parts.append(f"<text x={_LEFT} y={below}>oldest</text>")
    parts.append(f"<text x={_WIDTH - _RIGHT} y={below} text-anchor=end>newest</text>")
    return f"<g class=axis>{''.join(parts)}</g>"


def _lines(values: Sequence[float | None], place: Callable[[int, float], _Point]) -> Iterator[str]:
    """A line through the values, in pieces where some are not known; one that stands alone is a dot."""
    for is_known, group in groupby(enumerate(values), key=lambda each: each[1] is not None):
        points = [place(position, value) for position, value in group if value is not None]
        if is_known and len(points) > 1:
            yield f'<path d="M{_joined(points)}"/>'
        elif is_known:
            ((x, y),) = points
            yield f"<circle cx={_short(x)} cy={_short(y)} r={_DOT} />"


def _joined(points: Iterable[_Point]) -> str:
    return "L".join(f"{_short(x)} {_short(y)}" for x, y in points)


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _seconds(durations: Durations | None, colour: str) -> float | None:
    return float(getattr(durations, colour)) if durations else None


def _round_up(value: float) -> float:
    """The next number that is easy to read: 1, 2 or 5 with any number of zeros before or after it."""
    power = 0.001
    while power * _STEPS[-1] < value:
        power *= 10
    return next(step * power for step in _STEPS if step * power >= value or step == _STEPS[-1])
