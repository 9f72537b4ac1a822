"""From a map of who wins to its chart, without drawing anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.tipping import tie_lines
from flywheel_sim.analysis.words import Format, capital, percent, with_unit
from flywheel_sim.charts.axis import nice_ticks
from flywheel_sim.charts.chart import Axis
from flywheel_sim.charts.finding import called
from flywheel_sim.charts.footer import footer
from flywheel_sim.charts.outcome import Outcome, finite
from flywheel_sim.charts.style import styles
from flywheel_sim.charts.text import clean, shortened, tick_labels
from flywheel_sim.charts.why import Contour, RegimeChart, Region

if TYPE_CHECKING:
    from flywheel_sim.analysis import tipping
    from flywheel_sim.analysis.tipping import RegimeMap
    from flywheel_sim.result import About, Series

__all__ = ["regime"]

LEVELS = 7  # steps between lines of equal lead, at most
MONEY = "$"


def regime(map: RegimeMap, *, about: About, series: Series | None = None, command: str = "") -> RegimeChart:  # noqa: A002  that is what it is
    """Who wins where over two parameters, the line on which both tie, and how far the scenario is from it.

    Args:
        map: who is ahead by how much, over a grid.
        about: of the result it belongs to, for the footer.
        series: what is known of the series that decides, for how it is written; plain numbers where nothing is.
        command: that makes the chart again, for the footer.
    """
    outcome, currency = Outcome(map.by, series, about.currency), clean(about.currency)
    looks = styles((map.baseline, map.challenger), map.baseline, map.challenger)
    known = finite(gap for row in map.gaps for gap in row)
    regions = tuple(
        Region(f"{capital(called(shortened(name)))} wins", looks[name], sign)
        for name, sign in ((map.baseline, -1.0), (map.challenger, 1.0))
        if any(sign * gap > 0 for gap in known)
    )
    own = tuple(min(max(axis.own, axis.low), axis.high) for axis in (map.across, map.up))
    outside = any(not axis.low <= axis.own <= axis.high for axis in (map.across, map.up))
    nearest = map.nearest if map.nearest is not None and map.distance > 0 else None
    return RegimeChart(
        title(map, currency),
        subtitle(map, outcome),
        footer(about, command),
        side(map.across, currency),
        side(map.up, currency),
        map.gaps,
        regions,
        contours(map, outcome),
        (own[0], own[1]),
        "as the scenario has it, outside the map" if outside else "as the scenario has it",
        nearest,
        "" if nearest is None else f"tie at {at(map, nearest, currency)}",
        "nobody can tell: a run fails, or has no value" if len(known) < sum(len(row) for row in map.gaps) else "",
    )


def side(axis: tipping.Axis, currency: str) -> Axis:
    """One parameter along an edge of the map."""
    ticks = tuple(tick for tick in nice_ticks(axis.low, axis.high, 8) if axis.low - 1e-9 <= tick <= axis.high * (1 + 1e-9) + 1e-9)
    head, *below = clean(axis.unit).split("/")
    money = head == MONEY
    style = Format("money" if money else "number", currency)
    first = "" if head == "1" else currency if money else f"{head}s"
    unit = " ".join(filter(None, (first, *(f"per {word}" for word in below))))
    name = capital(shortened(clean(axis.title)))
    note = f": {shortened(clean(axis.note), 60)}" if axis.note else ""
    return Axis(f"{name}{f' ({unit})' if unit else ''}{note}", axis.low, axis.high, ticks, tick_labels(ticks, style))


def contours(map: RegimeMap, outcome: Outcome) -> tuple[Contour, ...]:  # noqa: A002
    """The tie lines, and some lines of equal lead."""
    known = finite(gap for row in map.gaps for gap in row)
    found = [Contour(0.0, "tie", map.border)] if map.border else []
    if not known or max(known) <= min(known):
        return tuple(found)
    rows, columns = len(map.gaps), len(map.gaps[0])
    xs, ys = [map.across.at(place, columns) for place in range(columns)], [map.up.at(place, rows) for place in range(rows)]
    levels = [level for level in nice_ticks(min(known), max(known), LEVELS) if level and min(known) < level < max(known)]
    for level, label in zip(levels, tick_labels(levels, outcome.style), strict=True):
        lines = tie_lines(xs, ys, [[gap - level for gap in row] for row in map.gaps])
        if lines:
            found.append(Contour(level, f"{'+' if level > 0 else ''}{label}", lines))
    return tuple(found)


# Words


def value_of(axis: tipping.Axis, value: float, currency: str) -> str:
    return with_unit(value, clean(axis.unit), currency)


def at(map: RegimeMap, point: tuple[float, float], currency: str) -> str:  # noqa: A002
    """``churn 0.02/month and price $9.0k``."""
    pairs = zip((map.across, map.up), point, strict=True)
    return " and ".join(f"{shortened(clean(axis.title))} {value_of(axis, value, currency)}" for axis, value in pairs)


def title(map: RegimeMap, currency: str) -> str:  # noqa: A002
    """Who wins here and on how much of the map, and where the border is nearest."""
    both = " and ".join(shortened(clean(axis.title)) for axis in (map.across, map.up))
    if not finite(gap for row in map.gaps for gap in row):
        return capital(f"nobody can tell who wins, whatever {both} are within their ranges")
    if map.nearest is None:
        if not map.winner:
            return capital(f"{called(map.baseline)} and {called(map.challenger)} are level, whatever {both} are within their ranges")
        if map.share < 1:
            return capital(f"{called(map.winner)} wins wherever the runs do not fail, whatever {both} are within their ranges")
        return capital(f"{called(map.winner)} wins whatever {both} are within their ranges")
    where = at(map, map.nearest, currency)
    if not map.winner:
        return capital(f"{called(map.baseline)} and {called(map.challenger)} tie at {where}")
    return capital(f"{called(map.winner)} wins here and on {percent(map.share)} of the map; the border is nearest at {where}")


def subtitle(map: RegimeMap, outcome: Outcome) -> str:  # noqa: A002
    """What is plotted, and how far the border is."""
    less = ("fewer" if outcome.countable else "less") if outcome.lower else "more"
    parts = [
        f"Who ends with {less} {outcome.words}, over the plausible ranges of two assumptions, all else as the scenario has it",
    ]
    if map.border:
        parts.append("thick line: both tie")
    parts.append(f"thin lines: how far {called(shortened(map.challenger))} is ahead")
    if math.isfinite(map.distance) and map.distance > 0:
        parts.append(f"the border is {percent(map.distance)} of the ranges away")
    return "; ".join(parts)
