"""From a result of many runs to the chance of stalling, without drawing anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.stall import stall as stall_of
from flywheel_sim.analysis.words import Format, capital, countable, duration, likelihood, name_in_words, of_futures
from flywheel_sim.charts.axis import time_axis
from flywheel_sim.charts.build import View
from flywheel_sim.charts.chart import Axis, Line, Plot, Range, StallChart
from flywheel_sim.charts.finding import called
from flywheel_sim.charts.text import clean, shortened, tick_labels
from flywheel_sim.errors import UsageError
from flywheel_sim.records import Record
from flywheel_sim.result import Futures

if TYPE_CHECKING:
    from flywheel_sim.analysis.stall import Stall
    from flywheel_sim.result import Result, Run, Series

__all__ = ["Many", "stall"]

MOST_RANGES = 4  # beyond which only those that are compared have theirs shown: more would hide one another
SHARES = Format("percent", "")
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


class Many:
    """Many runs, as words need them: runs where individuals move by chance, futures where equations run over draws."""

    def __init__(self, view: View) -> None:
        about = view.about
        self.luck = about.engine != "ode"
        self.word = "run" if self.luck else "future"
        self.uncertain = len(about.uncertain)
        self.failed = about.failed

    def of(self, share: float, count: int) -> str:
        """``23 % of 200 runs``."""
        return of_futures(share, count).replace("future", self.word)

    def count(self, count: int) -> str:
        """``200 runs``."""
        return f"{count:,} {self.word}{'' if count == 1 else 's'}"

    def by_what(self) -> str:
        """What makes one run unlike another."""
        unsure = f"{self.uncertain} uncertain assumption{'' if self.uncertain == 1 else 's'}" if self.uncertain else ""
        chance = "chance" if self.luck else ""
        return " and ".join(filter(None, (chance, unsure))) or "nothing"

    def left_out(self) -> str:
        return f"{self.failed:,} failed and left out" if self.failed else ""


class Stalled(Record):
    """One strategy and how often it stalls.

    Attributes:
        run: the strategy.
        found: the shares over time.
    """

    run: Run
    found: Stall

    @property
    def end(self) -> tuple[float, float, float]:
        """The share at the end, and where its interval begins and ends."""
        return self.found.share[-1], self.found.low[-1], self.found.high[-1]


def stall(result: Result, by: str | None = None, *, command: str = "") -> StallChart:
    """The share of many runs in which a series is no better than at its start, over time, with its 95 % interval.

    Args:
        result: of a run with draws of which some were kept.
        by: the series; what the result was judged by unless told otherwise.
        command: that makes the chart again, for the footer.

    Raises:
        UsageError: if there is but one run, the draws were not kept, there is no such series, or it has labels.
    """
    view = View(result)
    series = view.series(by if by is not None else view.by)
    if not result.has_futures:
        raise UsageError("one run has no chance of stalling", fix="run with draws: study.run(engine='chance', draws=200, keep='all')")
    sign = -1.0 if series.better == "lower" else 1.0
    strategies = [
        Stalled(run, stall_of(sign * run.some_draws(series.name), each=result.about.each))
        for run in result.runs.values()
        if isinstance(run, Futures)
    ]
    many, time_unit = Many(view), view.time_unit
    lines = tuple(line(view, one) for one in strategies)
    pair = {view.baseline.name, view.challenger}
    ranges = tuple(
        Range(shown.name, shown.style, one.run.times, one.found.low, one.found.high)
        for shown, one in zip(lines, strategies, strict=True)
        if len(lines) <= MOST_RANGES or one.run.name in pair
    )
    still = no_better(series)
    plot = Plot(
        series=series.name,
        title=capital(name_in_words(series.name)),
        note=still,
        across=time_axis(result.longest.times[-1], time_unit, 10),
        up=Axis(f"{capital(many.word)}s with {still} than at the start", 0.0, 1.0, TICKS, tick_labels(TICKS, SHARES)),
        lines=lines,
    )
    return StallChart(
        title(view, strategies, many, still), subtitle(view, series, strategies, many, still), view.footer(command), plot, ranges
    )


def line(view: View, one: Stalled) -> Line:
    """A line whose label tells the share at its end and the interval of that."""
    share, low, high = one.end
    label = f"{bare(share)} % ({bare(low)} – {bare(high)})" if one.found.replications else "not defined"
    rank = {view.baseline.name: 1, view.challenger: 0}.get(one.run.name, 2)
    return Line(capital(shortened(one.run.name)), view.styles[one.run.name], one.run.times, one.found.share, label, rank)


def bare(share: float) -> str:
    """Percent without the sign."""
    return f"{100 * share:.0f}" if share in {0.0, 1.0} or 0.01 <= share <= 0.99 else f"{100 * share:.1f}"


# Words


def no_better(series: Series) -> str:
    """``no more customers``, ``no more cash``, ``no lower annual churn``."""
    name = name_in_words(series.name)
    lower = series.better == "lower"
    if countable(series):
        return f"no {'fewer' if lower else 'more'} {name}"
    return f"no {'less' if lower else 'more'} {name}" if series.unit == "$" else f"no {'lower' if lower else 'higher'} {name}"


def title(view: View, strategies: list[Stalled], many: Many, still: str) -> str:
    """In how many runs the challenger stalls, and in how many the baseline."""
    names = (view.challenger, view.baseline.name)
    pair = [one for name in names for one in strategies if one.run.name == name]
    after = f"after {duration(view.result.longest.times[-1], view.time_unit)}"
    meaning = f"{still} {after} than at the start"
    without = [one for one in pair if not one.found.replications or math.isnan(one.end[0])]
    if without or not pair:
        return capital(f"{' and '.join(called(one.run.name) for one in without)}: not defined {after}")
    first, runs = pair[0], pair[0].found.replications
    one = called(first.run.name)
    if len(pair) == 1:
        return capital(f"{one} stalls in {many.of(first.end[0], runs)}: {meaning}")
    second = pair[1]
    other = called(second.run.name)
    if first.end[0] == second.end[0] and first.end[0] in {0.0, 1.0}:
        if first.end[0]:
            return capital(f"{one} and {other} both stall in {many.of(1.0, runs)}: {meaning}")
        return capital(f"neither {one} nor {other} stalls in any of {many.count(runs)}: both always have {gained(still)} {after}")
    text = f"{one} stalls in {many.of(first.end[0], runs)}, {other} in {again(second, runs)}"
    return capital(f"{text}{'' if apart(first, second) else ', too close to tell apart'}: {meaning}")


def again(one: Stalled, runs: int) -> str:
    """The share of the second strategy, as short as a reader of the first can take it: ``41 %``, ``12``, ``none``."""
    share, count = one.end[0], one.found.replications
    if share in {0.0, 1.0}:
        return "none" if share == 0.0 else "all"
    if count != runs:
        return f"{round(share * count)} of {count:,}"
    return str(round(share * count)) if count < 100 else likelihood(share, count)


def gained(still: str) -> str:
    """The other side of it: ``more customers``."""
    return f"a {still.removeprefix('no ')}" if still.startswith(("no higher", "no lower")) else still.removeprefix("no ")


def apart(first: Stalled, second: Stalled) -> bool:
    """Whether two shares differ by more than chance would make them (Newcombe 1998, from both intervals).

    It takes the runs of the two to be independent. They share their seeds, which makes the truth surer than that.
    """
    (one, _, high), (other, bottom, _) = sorted((first.end, second.end))
    return other - one > math.hypot(high - one, other - bottom)


def subtitle(view: View, series: Series, strategies: list[Stalled], many: Many, still: str) -> str:
    """What is plotted: of how many runs, and what makes one unlike another."""
    count = max((one.found.replications for one in strategies), default=0)
    note = f" ({clean(series.note)})" if series.note else ""
    parts = [
        f"Share of {many.count(count)} with {still}{note} than at the start, over {view.horizon}",
        "bands: where it lies with 95 %",
        f"{many.word}s differ by {many.by_what()}",
        many.left_out(),
    ]
    return "; ".join(filter(None, parts))
