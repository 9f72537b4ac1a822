"""From a result of many runs to single runs over the smooth curve, without drawing anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import capital, countable, duration, format_of, name_in_words
from flywheel_sim.charts.axis import value_axis
from flywheel_sim.charts.build import View
from flywheel_sim.charts.chart import Band, ReplicationsChart, Spread, Thread
from flywheel_sim.charts.finding import called
from flywheel_sim.charts.stall import Many, no_better
from flywheel_sim.charts.text import measured
from flywheel_sim.errors import UsageError
from flywheel_sim.records import Record, replace
from flywheel_sim.result import QUANTILES, Futures

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from flywheel_sim.analysis.words import Format
    from flywheel_sim.charts.chart import Axis, Line
    from flywheel_sim.result import Result, Run, Series

    Array = NDArray[np.float64]

__all__ = ["MOST_THREADS", "replications"]

MOST_THREADS = 40  # single runs of a strategy that are drawn
BINS = 30  # at most, between the ends of the axis
WORTH_SAYING = 0.05  # the share of runs that end no better than they began, from which on the title is about them


class Counted:
    """How the values of a series are written: individuals without fractions from ten on, all else as usual."""

    def __init__(self, series: Series, usual: Format) -> None:
        self.usual = usual
        self.whole = usual.kind == "number" and countable(series) and "/" not in series.unit

    def value(self, value: float) -> str:
        """One value, for a label."""
        whole = self.whole and (9.95 <= abs(value) < 99.5 or value in range(10))
        return f"{value:.0f}" if whole else self.usual.value(value)


class Ends(Record):
    """Where one strategy ends.

    Attributes:
        run: the strategy.
        quantiles: 5, 25, 50, 75 and 95 % at the end; NaN where undefined.
        values: of every run that is defined there; None where they were not kept.
        still: the share of the runs that end no better than they began; None where they were not kept.
        smooth: what the equations say; NaN where they were not asked.
    """

    run: Futures
    quantiles: tuple[float, ...]
    values: tuple[float, ...] | None
    still: float | None
    smooth: float


def replications(result: Result, by: str | None = None, *, smooth: Result | None = None, command: str = "") -> ReplicationsChart:
    """A series over time in many runs that differ by chance: single runs, the band of 5 to 95 %, and the median.

    Args:
        result: of a run with draws; single runs are shown where they were kept.
        by: the series; what the result was judged by unless told otherwise.
        smooth: the same strategies run once by the equations, for the curve that chance departs from.
        command: that makes the chart again, for the footer.

    Raises:
        UsageError: if there is but one run, no such series in either result, or it has labels.
    """
    view = View(result)
    series = view.series(by if by is not None else view.by)
    if not result.has_futures:
        raise UsageError("one run does not scatter", fix="run with draws: study.run(engine='chance', draws=200, keep='all')")
    style = Counted(series, format_of(series, view.currency))
    pair = [name for name in (view.baseline.name, view.challenger) if name is not None]
    shown = [run for name in pair for run in result.runs.values() if run.name == name and isinstance(run, Futures)]
    ends = [ends_of(run, series, smooth) for run in shown]
    plot = view.plot(series, None, across=10, up=7)
    looks = {run.name: line for run, line in zip(result.runs.values(), plot.lines, strict=True)}
    bands = tuple(
        Band(looks[run.name].name, looks[run.name].style, run.times, tuple(tuple(run.quantile(series.name, one)) for one in QUANTILES))
        for run in shown
    )
    threads = tuple(thread for run in shown for thread in threads_of(run, series, looks[run.name]))
    curves = () if smooth is None else tuple(curve(smooth[run.name], series, looks[run.name]) for run in shown if run.name in smooth.runs)
    rows = [one.values for some in (plot.lines, threads, curves) for one in some] + [row for band in bands for row in band.quantiles]
    values = [value for row in rows for value in row]
    up = value_axis(measured(series, view.currency), values, style.usual, 7)
    lines = tuple(ranged(line, run, series, style) for line, run in zip(plot.lines, result.runs.values(), strict=True))
    many = Many(view)
    return ReplicationsChart(
        title(view, ends, series, style, many),
        subtitle(view, series, shown, many, threads=bool(threads), curves=bool(curves)),
        view.footer(command),
        replace(plot, up=up, lines=lines),
        bands,
        threads,
        curves,
        tuple(spread(one, looks[one.run.name], up) for one in ends),
        start_of(shown, series),
    )


def ends_of(run: Futures, series: Series, smooth: Result | None) -> Ends:
    """Where one strategy ends, and where the equations see it then."""
    quantiles = tuple(run.quantile(series.name, one)[-1] for one in QUANTILES)
    promised = math.nan
    if smooth is not None and run.name in smooth.runs:
        other = smooth[run.name]
        promised = other.value(series.name, other.times.index(run.times[-1])) if run.times[-1] in other.times else math.nan
    draws = kept_of(run, series)
    if draws is None:
        return Ends(run, quantiles, None, None, promised)
    pairs = [(first, last) for first, last in draws[:, [0, -1]].tolist() if math.isfinite(first) and math.isfinite(last)]
    lower = series.better == "lower"
    still = sum(last >= first if lower else last <= first for first, last in pairs) / len(pairs) if pairs else None
    return Ends(run, quantiles, tuple(value for value in draws[:, -1].tolist() if math.isfinite(value)), still, promised)


def kept_of(run: Futures, series: Series) -> Array | None:
    """The single runs that are there, of shape (n, time)."""
    return run.some_draws(series.name) if run.kept is not None or series.name in run.paths else None


def threads_of(run: Futures, series: Series, line: Line) -> list[Thread]:
    """The first few runs that do not fail: they are in no order, so that the first are as good as any."""
    draws = kept_of(run, series)
    if draws is None:
        return []
    rows = (tuple(row) for row in draws[: 2 * MOST_THREADS].tolist())
    sound = [row for row in rows if any(map(math.isfinite, row))]
    return [Thread(line.name, line.style, run.times, row) for row in sound[:MOST_THREADS]]


def curve(run: Run, series: Series, line: Line) -> Line:
    """What the equations say of one strategy."""
    return replace(line, times=run.times, values=tuple(run.values(series.name)), label="")


def ranged(line: Line, run: Run, series: Series, style: Counted) -> Line:
    """A line whose label tells the range of its end."""
    if not isinstance(run, Futures):
        return line
    low, middle, high = (run.quantile(series.name, one)[-1] for one in (0.05, 0.5, 0.95))
    if not math.isfinite(low + high):
        return line
    text = f"{style.value(middle)} ({style.value(low)} {'to' if low < 0 else '–'} {style.value(high)})"
    return replace(line, label=text + line.label.removeprefix(style.usual.value(line.values[-1])))


def spread(ends: Ends, line: Line, up: Axis) -> Spread:
    """How the runs of one strategy scatter at the end, in bins that whole numbers fill evenly."""
    edges: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    if ends.values:
        edges = bins(ends.values, up)
        counts = [0] * (len(edges) - 1)
        width = edges[1] - edges[0]
        for value in ends.values:
            counts[min(max(math.floor((value - edges[0]) / width), 0), len(counts) - 1)] += 1
        shares = tuple(count / len(ends.values) for count in counts)
    return Spread(line.name, line.style, edges, shares, ends.quantiles, ends.smooth)


def bins(values: Sequence[float], up: Axis) -> tuple[float, ...]:
    """Edges from one end of the axis to the other: halfway between whole numbers where all values are whole."""
    whole = all(value == round(value) for value in values)
    width = (up.high - up.low) / BINS
    low = up.low
    if whole:
        width = max(1, math.ceil(width))
        low = math.floor(up.low) - 0.5
    count = max(1, math.ceil((up.high - low) / width - 1e-9))
    return tuple(low + number * width for number in range(count + 1))


def start_of(runs: Sequence[Futures], series: Series) -> float:
    """What all runs of all strategies begin with; NaN where they do not begin alike."""
    starts = {run.quantile(series.name, one)[0] for run in runs for one in (0.05, 0.5, 0.95)}
    return starts.pop() if len(starts) == 1 else math.nan


# Words


def title(view: View, ends: Sequence[Ends], series: Series, style: Counted, many: Many) -> str:
    """How far the runs of the challenger scatter, and what the smooth curve hides of that."""
    if not ends:
        return capital(f"{name_in_words(series.name)}: nothing to show")
    one = ends[-1]
    who, horizon = called(one.run.name), duration(one.run.times[-1], view.time_unit)
    low, high = one.quantiles[1], one.quantiles[3]
    if not math.isfinite(low + high):
        return capital(f"{name_in_words(series.name)}: not defined for {who} after {horizon}")
    count = view.futures if one.values is None else len(one.values)
    promise = "" if math.isnan(one.smooth) else style.value(one.smooth)
    if one.still is not None and one.still >= WORTH_SAYING:
        text = f"{who} has {no_better(series)} after {horizon} than at the start in {many.of(one.still, count)}"
        rest = f"the smooth curve promises {promise}, half of the {many.word}s end with {between(style, low, high)}"
        return capital(f"{text}; {rest if promise else rest.partition(', ')[2]}")
    scatter = f"half of {many.count(count)} end with {held(series, style, low, high)}"
    if low == high:
        scatter = f"at least half of {many.count(count)} end with {held(series, style, low, high)}"
    if not promise:
        return capital(f"{who}: {scatter} after {horizon}")
    return capital(
        f"the smooth curve promises {who} {thing(series, promise)} after {horizon}; {scatter.partition(' end')[0]} end with {between(style, low, high)}"
    )


def thing(series: Series, value: str) -> str:
    """``34 customers``, ``cash of $1.2M``."""
    name = name_in_words(series.name)
    return f"{value} {name}" if countable(series) else f"{name} of {value}"


def held(series: Series, style: Counted, low: float, high: float) -> str:
    return thing(series, between(style, low, high))


def between(style: Counted, low: float, high: float) -> str:
    """``21 to 41``; one number where both read alike."""
    one, other = style.value(low), style.value(high)
    return one if one == other else f"{one} to {other}"


def subtitle(view: View, series: Series, shown: Sequence[Run], many: Many, *, threads: bool, curves: bool) -> str:
    """What is plotted, and what makes one run unlike another."""
    parts = [f"{view.what(series)}: median of {many.count(view.futures)} and the band of 90 % (in brackets)"]
    if len(view.result.runs) > len(shown):
        parts[0] += f" for {' and '.join(called(run.name) for run in shown)}"
    if threads:
        first = "every run" if view.futures <= MOST_THREADS else f"the first {MOST_THREADS}"
        parts.append(f"thin: {first if many.luck else first.replace('run', many.word)}")
    if curves:
        parts.append("long dashes: the smooth curve of the equations")
    if threads:
        parts.append("right: where all end")
    return "; ".join(filter(None, (*parts, f"{many.word}s differ by {many.by_what()}", many.left_out())))
