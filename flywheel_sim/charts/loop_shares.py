"""From the scores of loops to their shares over time, without drawing anything."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import Format, capital, duration, moment, name_in_words, percent
from flywheel_sim.charts.axis import time_axis, value_axis
from flywheel_sim.charts.chart import Line, Plot, Style
from flywheel_sim.charts.finding import called
from flywheel_sim.charts.footer import footer
from flywheel_sim.charts.style import COLOURS, DASHES, ROLES
from flywheel_sim.charts.text import clean, shortened
from flywheel_sim.charts.why import LoopSharesChart, Reign
from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.records import Record, replace
from flywheel_sim.study.loop_words import mingled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flywheel_sim.analysis.loops import LoopScores
    from flywheel_sim.charts.chart import Axis
    from flywheel_sim.result import About

__all__ = ["loop_shares"]

MOST_LINES = 8
LONGEST = 32  # name in a title
NOTICED = 0.02  # a loop whose share never reaches this is named, not drawn
NEAR = 0.9  # of the share of the strongest: a loop that has as much is told with it
HOLD = 0.02  # of the time: a loop that is the strongest for less does not reign
SHARES = Format("percent", "")
RIBBON = 0.17  # of the height of what is drawn: above it stands which loop is the strongest
# The strongest loop in blue, the next in vermilion, then as other strategies are drawn.
LOOKS = (ROLES["flywheel"], ROLES["funnel"], *(Style(colour, DASHES[place % len(DASHES)]) for place, colour in enumerate(COLOURS)))


class Loop(Record):
    """One loop that may be shown.

    Attributes:
        name: as it was declared or found.
        shares: signed, of each interval; NaN where no loop is at work.
        alone: whether no other loop contests it, so that its share says nothing.
    """

    name: str
    shares: tuple[float, ...]
    alone: bool

    @property
    def height(self) -> float:
        """The mean of its absolute share."""
        known = [abs(share) for share in self.shares if math.isfinite(share)]
        return math.fsum(known) / len(known) if known else 0.0


def loop_shares(
    scores: LoopScores, *, about: About, only: Sequence[str] | None = None, strategy: str = "", command: str = ""
) -> LoopSharesChart:
    """How much each loop does over time: its signed share, above zero where it reinforces and below where it balances.

    Args:
        scores: of a run.
        about: of the result it belongs to, for the footer.
        only: the loops to show, by the name by which they are declared or were found; those the model declares unless
            said, or the strongest that were found where it declares none.
        strategy: whose run it is, for the words.
        command: that makes the chart again, for the footer.

    Raises:
        UsageError: if there is no such loop, or none at all.
    """
    unit = clean(about.time_unit)
    asked = chosen(scores, only)
    shown = [one for one in asked if only is not None or max(map(abs, finite_of(one)), default=0.0) >= NOTICED]
    shown = sorted(shown, key=lambda one: -one.height)[:MOST_LINES] or asked[:1]
    times = tuple(float(time) for time in scores.time)
    end = times[-1] + (times[-1] - times[-2] if len(times) > 1 else 1.0)
    lines = tuple(line(one, LOOKS[place % len(LOOKS)], times, end, place) for place, one in enumerate(shown))
    values = [value for one in lines for value in one.values]
    apart = only is not None or not scores.declared or not mingled(scores)
    reigns = reigns_of(lines, (*times, end), unit) if apart else ()
    up = value_axis("Share of what all loops do (above 0 it reinforces, below it balances)", values, SHARES, 7)
    plot = Plot(
        series="share",
        title="Shares of loops",
        note="",
        across=time_axis(end, unit, 10),
        up=with_room(up) if reigns else up,
        lines=lines,
    )
    return LoopSharesChart(
        title(reigns, lines, strategy, unit), subtitle(scores, asked, shown, end, strategy, unit), footer(about, command), plot, reigns
    )


def with_room(axis: Axis) -> Axis:
    """An axis with room above for who is the strongest when; it has no labels there."""
    return replace(axis, high=axis.high + RIBBON * (axis.high - axis.low))


def finite_of(one: Loop) -> list[float]:
    return [share for share in one.shares if math.isfinite(share)]


def chosen(scores: LoopScores, only: Sequence[str] | None) -> list[Loop]:
    """The loops to show, with gaps where no loop is at work."""
    found = {
        name: Loop(name, with_gaps(scores, scores.share[place]), bool(scores.uncontested[place])) for place, name in enumerate(scores.names)
    }
    declared = {name: Loop(name, with_gaps(scores, row), alone=False) for name, row in scores.declared.items()}
    known = {**found, **declared}
    if only is not None:
        for name in only:
            if name not in known:
                raise UsageError(f"there is no loop {name!r}", fix=nearest(name, [*declared, *found], "the loops are"))
        return [known[name] for name in dict.fromkeys(only)]
    loops = list(declared.values())
    if not loops:  # shares are comparable within one component only
        sizes = [component for component, alone in zip(scores.component, scores.uncontested, strict=True) if not alone]
        largest = max(sizes, key=sizes.count, default=None)
        inside = [name for name, component in zip(scores.names, scores.component, strict=True) if component == largest]
        loops = sorted((found[name] for name in inside or found), key=lambda one: -one.height)[:MOST_LINES]
    if not loops:
        raise UsageError("no loop was found: there is nothing to show", fix="look at a model in which something feeds back on itself")
    return loops


def with_gaps(scores: LoopScores, row: Iterable[float]) -> tuple[float, ...]:
    return tuple(math.nan if rest else float(share) for share, rest in zip(row, scores.at_rest, strict=True))


def line(one: Loop, style: Style, times: tuple[float, ...], end: float, rank: int) -> Line:
    """A loop over time; each share holds through its interval, the last one to the end."""
    last = one.shares[-1]
    label = "at rest" if math.isnan(last) else "alone" if one.alone else percent(last)
    return Line(capital(shortened(name_in_words(clean(one.name)))), style, (*times, end), (*one.shares, last), label, rank)


# Who is the strongest when


def reigns_of(lines: Sequence[Line], times: tuple[float, ...], unit: str) -> tuple[Reign, ...]:
    """The strongest loop of each interval, as stretches; what is too short is left to the loop before it."""
    leaders = [leader([one.values[place] for one in lines]) for place in range(len(times) - 1)]
    stretches: list[tuple[int | None, float, float]] = []
    for (start, end), one in zip(pairwise(times), leaders, strict=True):
        if stretches and stretches[-1][0] == one:
            stretches[-1] = (one, stretches[-1][1], end)
        else:
            stretches.append((one, start, end))
    least = HOLD * times[-1]
    merged: list[tuple[int | None, float, float]] = []
    for one, start, end in stretches:
        short = end - start < least
        if merged and (short or merged[-1][0] == one):
            merged[-1] = (merged[-1][0], merged[-1][1], end)
        elif merged and merged[-1][2] - merged[-1][1] < least:  # a short one at the very start is left to what follows
            merged[-1] = (one, merged[-1][1], end)
        else:
            merged.append((one, start, end))
    return tuple(
        Reign(
            "" if one is None else lines[one].name,
            ROLES["natural"] if one is None else lines[one].style,
            start,
            end,
            moment(start, unit) if place else "",
        )
        for place, (one, start, end) in enumerate(merged)
    )


def leader(shares: Sequence[float]) -> int | None:
    """Whose share is largest, whatever its sign; None where nothing is at work."""
    known = [(abs(share), -place) for place, share in enumerate(shares) if math.isfinite(share) and share]
    return -max(known)[1] if known else None


# Words


def title(reigns: Sequence[Reign], lines: Sequence[Line], strategy: str, unit: str) -> str:
    """Which loop is the strongest, and when it takes over."""
    whose = f" of {called(strategy)}" if strategy else ""
    if not reigns:
        return capital(f"the loops{whose} overlap so much that shares do not tell which of them leads")
    working = [one for one in reigns if one.name]
    if not working:
        return capital(f"no loop{whose} is at work: nothing changes, or all changes evenly")
    last = reigns[-1]
    if not last.name:
        return capital(f"{low(working[-1].name)} is the last loop{whose} at work: from {moment(last.start, unit)} on nothing changes")
    share = next(one.label for one in lines if one.name == last.name)
    if len(lines) == 1:
        return capital(f"{low(last.name)}{whose} does {share} of what all loops do at the end")
    share += rival(lines, last)
    if len(reigns) == 1:
        return capital(f"{low(last.name)} is the strongest loop{whose} throughout, with {share} at the end")
    when = moment(last.start, unit)
    if len(reigns) == 2 and reigns[0].name:
        return capital(f"{low(reigns[0].name)} is the strongest loop{whose} until {when}, then {low(last.name)} takes over")
    changes = len(reigns) - 1
    if changes == 1:
        return capital(f"{low(last.name)} is the strongest loop{whose} from {when} on, with {share} at the end")
    often = "twice" if changes == 2 else f"{changes} times"
    return capital(f"the strongest loop{whose} changes {often}: from {when} on it is {low(last.name)}, with {share} at the end")


def rival(lines: Sequence[Line], last: Reign) -> str:
    """Who is nearly as strong at the end, if anybody is."""
    ends = {one.name: abs(one.values[-1]) for one in lines if math.isfinite(one.values[-1])}
    mine = ends.pop(last.name, 0.0)
    near = max(ends, key=lambda name: ends[name], default="")
    return (
        f", next to {low(near)} with {next(one.label for one in lines if one.name == near)}" if near and ends[near] >= NEAR * mine else ""
    )


def low(name: str) -> str:
    """A name within a sentence, which has no room for a long one; the tag of a loop keeps its capital."""
    name = shortened(name, LONGEST)
    return name if name[1:2].isdigit() else name[:1].lower() + name[1:]


def subtitle(scores: LoopScores, asked: Sequence[Loop], shown: Sequence[Loop], end: float, strategy: str, unit: str) -> str:
    """What is plotted, what is left out, and what shares do not say."""
    whose = f"{capital(called(strategy))}: " if strategy else ""
    share = "signed share of what all loops of the model do together, interval by interval"
    parts = [f"{whose}{share}, over {duration(end, unit)}" if whose else capital(f"{share}, over {duration(end, unit)}")]
    names = {one.name for one in shown}
    left = [one for one in asked if one.name not in names]
    small = [name_in_words(clean(one.name)) for one in left if max(map(abs, finite_of(one)), default=0.0) < NOTICED]
    if small:
        parts.append(f"never as much as {percent(NOTICED).replace('.0', '')}: {', '.join(small)}")
    if len(left) > len(small):
        parts.append(f"{len(left) - len(small)} more not shown")
    overlap = [float(one) for one, rest in zip(scores.overlap, scores.at_rest, strict=True) if not rest and math.isfinite(one)]
    if any(one.name in scores.declared for one in shown) and overlap and max(overlap) > NOTICED:
        parts.append(
            f"a way round through two of these loops counts for both ({percent(math.fsum(overlap) / len(overlap))} of all on average)"
        )
    if any(one.alone for one in shown):
        parts.append("no other loop contests one that is alone: its share says nothing")
    components = {component for name, component in zip(scores.names, scores.component, strict=True) if name in names}
    if len(components) > 1:
        parts.append("shares of loops that have nothing in common are not comparable")
    if not scores.exhaustive:
        parts.append(f"from the {len(scores.names):,} strongest ways round that were found, not from all")
    return "; ".join(parts)
