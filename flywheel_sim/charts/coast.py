"""From the momentum of strategies to how far they coast and what holds their speed, without drawing anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import Format, amount, capital, duration, moment, name_in_words, percent
from flywheel_sim.charts.axis import time_axis, value_axis
from flywheel_sim.charts.chart import Line, Plot, Thread
from flywheel_sim.charts.finding import called
from flywheel_sim.charts.footer import footer
from flywheel_sim.charts.outcome import Outcome
from flywheel_sim.charts.style import styles
from flywheel_sim.charts.text import clean, shortened
from flywheel_sim.charts.why import CoastChart, HoldingChart
from flywheel_sim.errors import UsageError
from flywheel_sim.records import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flywheel_sim.analysis.momentum import Momentum
    from flywheel_sim.charts.chart import Axis, Style
    from flywheel_sim.result import About

__all__ = ["coast", "holding"]

MOST = 6  # strategies
SHARES = Format("percent", "")
FELL = 0.05  # of the spending: what it once needed less than at the end is worth a word
MOST_FORCE = 2  # times its spending: as much as is looked for
RUNS_ON = 1.0  # a loop gain from which on a wheel grows by itself


def coast(momentum: Momentum | Iterable[Momentum], *, about: About, command: str = "") -> CoastChart:
    """Who is still won after all spending stops, for each month in which it may stop; those already on their way apart.

    Args:
        momentum: of one strategy or several, the baseline first.
        about: of the result they belong to, for the footer.
        command: that makes the chart again, for the footer.

    Raises:
        UsageError: if there is none.
    """
    several = listed(momentum)
    first = several[0]
    looks, unit = looks_of(several), clean(first.time_unit)
    outcome = Outcome(clean(first.headline), None, about.currency)
    lines = tuple(
        line(one, looks[one.strategy], one.coast.months, one.coast.won, coast_label(one, outcome), place)
        for place, one in enumerate(reversed(several))
    )
    values = [value for one in several for value in (*one.coast.won, *one.coast.pipeline)]
    what = f"{capital(outcome.words)} won in the {duration(first.coast_months, unit)} after all spending stops"
    plot = Plot(
        series="coast",
        title="Coast",
        note="",
        across=stops(several, unit, f"{capital(unit)} in which all spending stops"),
        up=value_axis(what, values, outcome.style, 7),
        lines=lines,
    )
    threads = tuple(
        Thread(one.name, one.style, whose.coast.months, whose.coast.pipeline)
        for one, whose in zip(lines, reversed(several), strict=True)
        if any(share > 0 for share in whose.coast.pipeline)
    )
    label = "of these, already on their way when the spending stops" if threads else ""
    return CoastChart(
        coast_title(several, outcome, unit), coast_subtitle(several, outcome, unit), footer(about, command), plot, threads, label
    )


def holding(momentum: Momentum | Iterable[Momentum], *, about: About, command: str = "") -> HoldingChart:
    """How much of its spending a strategy needs to keep the speed of a month, and how that changes.

    Args:
        momentum: of one strategy or several, the baseline first.
        about: of the result they belong to, for the footer.
        command: that makes the chart again, for the footer.

    Raises:
        UsageError: if there is none.
    """
    several = listed(momentum)
    first = several[0]
    looks, unit = looks_of(several), clean(first.time_unit)
    lines = tuple(
        line(one, looks[one.strategy], one.holding.months, one.holding.share, holding_label(one, about), place)
        for place, one in enumerate(reversed(several))
    )
    values = [1.0, *(value for one in several for value in one.holding.share)]
    plot = Plot(
        series="holding",
        title="Holding force",
        note="",
        across=stops(several, unit, f"{capital(unit)} whose speed is to be kept"),
        up=value_axis(
            f"Least spending that keeps the speed for {duration(first.hold_months, unit)} (share of the spending)", values, SHARES, 7
        ),
        lines=lines,
    )
    points = tuple(
        (month, share)
        for one in several
        for month, share, more in zip(one.holding.months, one.holding.share, one.holding.several, strict=True)
        if more and math.isfinite(share)
    )
    label = "ring: somewhat more than that would not keep it" if points else ""
    return HoldingChart(
        holding_title(several, unit),
        holding_subtitle(several, unit),
        footer(about, command),
        plot,
        points,
        label,
        "as much as is spent",
    )


def listed(momentum: Momentum | Iterable[Momentum]) -> list[Momentum]:
    """The strategies; one may be given alone."""
    from flywheel_sim.analysis.momentum import Momentum

    several = [momentum] if isinstance(momentum, Momentum) else list(momentum)
    if not several:
        raise UsageError("there is no momentum to show", fix="give one or more: charts.coast(study.momentum(), about=result.about)")
    return several[:MOST]


def looks_of(several: Sequence[Momentum]) -> Mapping[str, Style]:
    """How each is drawn: as in all other charts."""
    names = [one.strategy for one in several]
    return styles(names, names[0] if len(names) > 1 else None, names[-1] if len(names) > 1 else None)


def line(one: Momentum, style: Style, months: tuple[float, ...], values: tuple[float, ...], label: str, rank: int) -> Line:
    return Line(capital(shortened(one.strategy)), style, months, values, label, rank)


def stops(several: Sequence[Momentum], unit: str, label: str) -> Axis:
    """Time, by what happens in a month."""
    axis = time_axis(max(one.horizon for one in several), unit, 10)
    return replace(axis, label=label)


def coast_label(one: Momentum, outcome: Outcome) -> str:
    """``77 (36 %)``: accounts, and what part that is of those who would be won without a stop."""
    share = one.coast.share[-1]
    return f"{outcome.value(one.coast.won[-1])}{f' ({percent(share)})' if math.isfinite(share) else ''}"


def holding_label(one: Momentum, about: About) -> str:
    """``99 % ($148k/month)``."""
    share, force = one.holding.share[-1], one.holding.force[-1]
    if math.isnan(share):
        return "none found"
    money = f" ({amount(force, clean(about.currency))}{one.force_unit.removeprefix('$')})" if one.force_unit.startswith("$") else ""
    return f"{percent(share)}{money}"


# Words


def best_and_base(several: Sequence[Momentum], value: Callable[[Momentum], float]) -> list[Momentum]:
    """The one that is told first, and what it is told against: the last that was given, and the first."""
    known = [one for one in several if math.isfinite(value(one))]
    return [known[-1], known[0]] if len(known) > 1 else known


def coast_title(several: Sequence[Momentum], outcome: Outcome, unit: str) -> str:
    """How many are won without any push after the last month, and in the end of what."""
    told = best_and_base(several, lambda one: one.coast.won[-1])
    when = moment(several[-1].horizon, unit)
    if not told:
        return f"Nobody can tell what is won after a stop in {when}: the runs fail"
    one = told[0]
    won, length = outcome.value(one.coast.won[-1]), duration(one.coast_months, unit)
    text = f"stopped in {moment(one.horizon, unit)}, {called(one.strategy)} still wins {won} {outcome.words} in {length}"
    if len(told) > 1:
        other = told[1]
        return capital(f"{text}, {called(other.strategy)} {outcome.value(other.coast.won[-1])}")
    share = one.coast.share[-1]
    return capital(f"{text}{f', {percent(share)} of what it would have won' if math.isfinite(share) else ''}")


def coast_subtitle(several: Sequence[Momentum], outcome: Outcome, unit: str) -> str:
    """What is plotted, and what else tells how far a wheel rolls."""
    thin = "; thin: those of them on their way when the spending stops" if any(any(one.coast.pipeline) for one in several) else ""
    parts = [f"{capital(outcome.words)} won while coasting (in brackets: of those won without a stop){thin}"]
    told = best_and_base(several, lambda one: one.coast.won[-1])
    halves = [f"{brief(one)} after {half(one.coast.half_life[-1], one, unit)}" for one in told]
    if halves:
        parts.append(f"the speed halves: {', '.join(halves)}")
    gains = [f"{brief(one)} {one.gain[-1]:.2f}{beside(one)}" for one in told if math.isfinite(one.gain[-1])]
    if gains:
        runs_on = " (from 1 on it grows by itself)" if any(one.gain[-1] >= RUNS_ON for one in told) else ""
        parts.append(f"loop gain at the end{runs_on}: {', '.join(gains)}")
    return "; ".join(parts)


def brief(one: Momentum) -> str:
    """A strategy where there is little room."""
    return called(shortened(one.strategy, 24))


def half(value: float, one: Momentum, unit: str) -> str:
    return duration(round(value, 1), unit) if math.isfinite(value) else f"more than {duration(one.coast_months, unit)}"


def beside(one: Momentum) -> str:
    """The metric without which a loop gain misleads."""
    if not one.beside or not one.beside_values or math.isnan(one.beside_values[-1]):
        return ""
    return f" with {name_in_words(clean(one.beside))} {percent(one.beside_values[-1])}"


def holding_title(several: Sequence[Momentum], unit: str) -> str:
    """What part of its spending the strategy needs in the last month, what part the other needs, and when it needed least."""
    told = best_and_base(several, lambda one: one.holding.share[-1])
    month = moment(several[-1].horizon, unit)
    if not told:
        who = " and ".join(called(one.strategy) for one in several)
        return capital(f"no spending up to {MOST_FORCE} times that of {month} keeps the speed of {who}")
    one = told[0]
    share = one.holding.share[-1]
    text = f"to keep its speed from {month} on, {called(one.strategy)} needs {needs(share)}"
    if len(told) > 1:
        text += f" and {called(told[1].strategy)} {percent(told[1].holding.share[-1])}"
    least, when = min((value, month) for value, month in zip(one.holding.share, one.holding.months, strict=True) if math.isfinite(value))
    if share - least >= FELL:
        text += f"; it was least in {moment(when, unit)}{f' for {called(one.strategy)}' if len(told) > 1 else ''}, {percent(least)}"
    return capital(text)


def needs(share: float) -> str:
    return "no spending at all" if share == 0 else f"{percent(share)} of its spending"


def holding_subtitle(several: Sequence[Momentum], unit: str) -> str:
    """What is plotted, and where there is nothing to plot."""
    length = duration(several[0].hold_months, unit)
    parts = [
        f"Least constant spending, split as in that {unit}, that keeps the {unit}'s speed over the next {length} in the mean, over what is spent then"
    ]
    for one in several:
        gaps = [month for month, share in zip(one.holding.months, one.holding.share, strict=True) if math.isnan(share)]
        if gaps:
            which = (
                f"{unit} {', '.join(f'{month:g}' for month in gaps)}"
                if len(gaps) <= 4
                else f"{len(gaps)} of {len(one.holding.months)} {unit}s"
            )
            parts.append(f"for {brief(one)} nothing up to {MOST_FORCE} times that keeps the speed of {which}")
    return "; ".join(parts)
