"""From a result with many futures to its fan chart, without drawing anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.compare import compare
from flywheel_sim.analysis.futures import odds_from, odds_of_draws
from flywheel_sim.analysis.verdict import undefined
from flywheel_sim.analysis.words import capital, countable, duration, format_of, name_in_words, of_futures
from flywheel_sim.charts.axis import value_axis
from flywheel_sim.charts.build import View
from flywheel_sim.charts.chart import Band, Fan
from flywheel_sim.charts.finding import by_the_medians, called, overlay_title
from flywheel_sim.charts.text import clean, measured, shortened
from flywheel_sim.errors import UsageError
from flywheel_sim.records import replace
from flywheel_sim.result import QUANTILES, Futures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.analysis.compare import Comparison
    from flywheel_sim.analysis.futures import Odds
    from flywheel_sim.analysis.words import Format
    from flywheel_sim.charts.chart import Line
    from flywheel_sim.result import Result, Run, Series

__all__ = ["fan", "fan_title"]

MOST_NAMED, LONGEST_NAMES = 4, 60  # of what is uncertain, in all so many characters


def fan(result: Result, by: str | None = None, *, command: str = "", unlike: Sequence[str] = ()) -> Fan:
    """One series over time in many futures: the medians of all strategies, bands around the two that are compared.

    Args:
        result: of a run with draws.
        by: the series; what the result was judged by unless told otherwise.
        command: that makes the chart again, for the footer.
        unlike: parameters other than levers in which baseline and challenger differ, for the subtitle.

    Raises:
        UsageError: if there is but one future, no such series, or it has labels.
    """
    view = View(result)
    series = view.series(by if by is not None else view.by)
    if not result.has_futures:
        raise UsageError("one future has no fan", fix="run with draws: study.run(draws=1000)")
    comparison = judged(view, series.name)
    style = format_of(series, view.currency)
    runs = [view.baseline] if comparison is None else [comparison.baseline, comparison.challenger]
    if comparison is None:
        title = alone(view.baseline, series, style, view)
    else:
        title = fan_title(comparison, style, view.time_unit, judged=series.name == view.by or series.better is not None)
    bands = tuple(band(view, run, series.name) for run in runs if isinstance(run, Futures))
    plot = view.plot(series, None, across=10, up=7)
    shown = [value for one in (*(line.values for line in plot.lines), *(row for band in bands for row in band.quantiles)) for value in one]
    axis = value_axis(measured(series, view.currency), shown, style, 7)
    lines = tuple(ranged(line, run, series, style) for line, run in zip(plot.lines, result.runs.values(), strict=True))
    subtitle = view.subtitle(what(view, series, comparison, runs), comparison, unlike)
    return Fan(title, subtitle, view.footer(command), replace(plot, up=axis, lines=lines), bands)


def judged(view: View, by: str) -> Comparison | None:
    """The baseline and the best of the others, with their odds where these can be told."""
    found = view.compared(by)
    if found is None:
        return None
    if by == view.by:
        told = next(one for one in view.result.comparisons if one["challenger"] == view.challenger)
        return compare(found.baseline, view.result[told["challenger"]], by, odds=odds_from(told))
    return replace(found, odds=odds_at_hand(found))


def odds_at_hand(comparison: Comparison) -> Odds | None:
    """The odds by a series that the result was not judged by; None where the draws were not kept."""
    runs = (comparison.baseline, comparison.challenger)
    kept = [run.draws(comparison.by)[:, : comparison.index + 1] for run in runs if isinstance(run, Futures) and run.kept is not None]
    if len(kept) < len(runs):
        return None
    return odds_of_draws(comparison.baseline.times[: comparison.index + 1], *kept, better=comparison.better)


def band(view: View, run: Futures, name: str) -> Band:
    """How far a series of one strategy ranges."""
    rows = tuple(tuple(run.quantile(name, probability)) for probability in QUANTILES)
    return Band(capital(shortened(run.name)), view.styles[run.name], run.times, rows)


def ranged(line: Line, run: Run, series: Series, style: Format) -> Line:
    """A line whose label tells the range of its end."""
    if not isinstance(run, Futures):
        return line
    ends = [run.quantile(series.name, probability)[-1] for probability in (0.05, 0.5, 0.95)]
    low, middle, high = map(style.value, ends)
    text = middle if low == middle == high else f"{middle} ({low} {'to' if ends[0] < 0 else '–'} {high})"
    return replace(line, label=text + line.label.removeprefix(style.value(line.values[-1])))


# Words


def fan_title(comparison: Comparison, style: Format, time_unit: str, *, judged: bool = True) -> str:
    """In how many futures who ends with more.

    Args:
        comparison: of two strategies, with its odds; of the medians alone where it has none.
        style: how the values are written.
        time_unit: the model's.
        judged: whether more (or less) of it is better; where it is not, nobody leads.
    """
    odds = comparison.odds
    if odds is None:
        title = overlay_title(comparison, style, time_unit, judged=judged)
        return by_the_medians(title)
    if not odds.draws:
        return capital(undefined(comparison, time_unit))
    first, second = comparison.challenger, comparison.baseline
    if comparison.ahead is second:
        first, second = second, first
    one, other = called(first.name), called(second.name)
    after = f"after {duration(comparison.months, time_unit)}"
    if comparison.level:
        return capital(f"{one} and {other} are level {after} in nine of ten of {odds.draws:,} futures")
    better = more(first.about(comparison.by), lower=comparison.better == "lower")
    if comparison.ahead is None:
        return capital(f"It is open whether {one} or {other} has {better} {after}: in {of_futures(odds.win, odds.draws)} it is {one}")
    share = odds.win if first is comparison.challenger else odds.loss
    return capital(f"{one} has {better} than {other} {after} in {of_futures(share, odds.draws)}")


def more(series: Series, *, lower: bool) -> str:
    """``more customers``, ``more cash``, ``a lower annual churn``."""
    name = name_in_words(series.name)
    if countable(series):
        return f"{'fewer' if lower else 'more'} {name}"
    return f"{'less' if lower else 'more'} {name}" if series.unit == "$" else f"a {'lower' if lower else 'higher'} {name}"


def alone(run: Run, series: Series, style: Format, view: View) -> str:
    """What becomes of a series where there is only one strategy."""
    name = name_in_words(series.name)
    values = [run.quantile(series.name, probability)[-1] for probability in (0.05, 0.95)] if isinstance(run, Futures) else []
    if not all(map(math.isfinite, values)):
        return f"{capital(name)}: not defined {after_all(run, view)}"
    low, high = map(style.value, values)
    verb = "are" if series.name.endswith("s") and not series.name.endswith("ss") else "is"
    where = f"at {low}" if low == high else f"between {low} and {style.in_sentence(values[1])}"
    return capital(f"{after_all(run, view)} {name} {verb} {where} in 90 % of {view.futures:,} futures")


def after_all(run: Run, view: View) -> str:
    return f"after {duration(run.times[-1], view.time_unit)}"


def what(view: View, series: Series, comparison: Comparison | None, banded: Sequence[Run]) -> str:
    """What is plotted: which bands, of how many futures, and what is uncertain in them."""
    about = view.about
    count = view.futures if comparison is None or comparison.odds is None else comparison.odds.draws
    whose = f" for {' and '.join(called(run.name) for run in banded)}" if len(view.result.runs) > len(banded) else ""
    parts = [f"{view.what(series)}: median of {count:,} futures, with bands of 50 % (dark) and 90 % (light, in brackets){whose}"]
    uncertain = [name_in_words(clean(name)) for name in about.uncertain]
    if uncertain:
        some = " and ".join(filter(None, (", ".join(uncertain[:-1]), uncertain[-1])))
        named = len(uncertain) == 1 or (len(uncertain) <= MOST_NAMED and len(some) <= LONGEST_NAMES)
        parts.append(f"uncertain: {shortened(some, LONGEST_NAMES)}" if named else f"{len(uncertain)} uncertain assumptions")
    if about.failed:
        parts.append(f"{about.failed:,} failed and left out")
    return "; ".join(parts)
