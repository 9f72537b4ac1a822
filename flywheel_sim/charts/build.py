"""From a result to charts, without drawing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.analysis.compare import Comparison, best, compare
from flywheel_sim.analysis.words import amount, capital, duration, format_of, moment, name_in_words
from flywheel_sim.charts.axis import time_axis, value_axis
from flywheel_sim.charts.chart import Crossing, Line, Overlay, Panel, Plot
from flywheel_sim.charts.finding import alone, by_the_medians, called, overlay_title, panel_title, tally
from flywheel_sim.charts.footer import footer
from flywheel_sim.charts.style import styles
from flywheel_sim.charts.text import clean, measured, shortened, unit_in_words
from flywheel_sim.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.result import Result, Run, Series

__all__ = ["View", "overlay", "panel"]

MOST_PLOTS = 12
MOST_CHANGES = 2


def overlay(result: Result, by: str | None = None, *, command: str = "", unlike: Sequence[str] = ()) -> Overlay:
    """One series of every strategy over time, and who leads.

    Args:
        result: of a run.
        by: the series; what the result was judged by unless told otherwise.
        command: that makes the chart again, for the footer.
        unlike: parameters other than levers in which baseline and challenger differ, for the subtitle.

    Raises:
        UsageError: if there is no such series, or it has labels.
    """
    view = View(result)
    series = view.series(by if by is not None else view.by)
    comparison = view.compared(series.name)
    if comparison is None:
        title = alone(view.baseline, series, format_of(series, view.currency), view.time_unit)
    else:
        style, others = format_of(series, view.currency), view.others(series.name, comparison)
        title = overlay_title(comparison, style, view.time_unit, others, judged=series.name == view.by or series.better is not None)
    if result.has_futures:
        title = by_the_medians(title)
    elif view.once():
        title = f"In one run of luck, {title[:1].lower()}{title[1:]}"
    plot = view.plot(series, comparison, across=10, up=7)
    return Overlay(title, view.subtitle(f"{view.what(series)}{view.medians}", comparison, unlike), view.footer(command), plot)


def panel(result: Result, names: Sequence[str] | None = None, *, command: str = "", unlike: Sequence[str] = ()) -> Panel:
    """Several series of every strategy over time, each in a small plot.

    Args:
        result: of a run.
        names: the series, at most twelve; the first six metrics of which more or less is better unless told
            otherwise. :func:`~flywheel_sim.charts.declared_panel` names those that a study's model declares.
        command: that makes the chart again, for the footer.
        unlike: parameters other than levers in which baseline and challenger differ, for the subtitle.

    Raises:
        UsageError: if there is no such series, it has labels, or there is none at all.
    """
    view = View(result)
    chosen = [view.series(name) for name in (judged_metrics(view) if names is None else names)][:MOST_PLOTS]
    if not chosen:
        raise UsageError(
            f"{clean(result.about.model)} has no metrics for a panel", fix="name some series: charts.panel(result, names=[...])"
        )
    comparison = view.compared(view.by)
    if comparison is None:
        title = alone(view.baseline, chosen[0], format_of(chosen[0], view.currency), view.time_unit)
    else:
        outcomes = tally([compare(comparison.baseline, comparison.challenger, series.name) for series in chosen])
        title = panel_title(comparison.challenger.name, comparison.baseline.name, outcomes)
    if result.has_futures:
        title = by_the_medians(title)
    elif view.once():
        title = f"In one run of luck, {title[:1].lower()}{title[1:]}"
    plots = tuple(view.plot(series, None, across=5, up=5) for series in chosen)
    return Panel(
        title,
        view.subtitle(f"Each measure over {view.horizon}, with its value at the end{view.medians}", comparison, unlike),
        view.footer(command),
        plots,
    )


def judged_metrics(view: View) -> list[str]:
    """The first metrics of which more or less is better, but for the headline, which has a chart of its own."""
    run = view.result.longest
    return [name for name in run.metric_names if run.about(name).better is not None and name != view.by][:6]


def first_plain(run: Run) -> str:
    """The headline of a run that was compared with nothing: its first metric, else its first series without labels."""
    return next((name for name in (*run.metric_names, *run) if run.about(name).labels == (None,)), next(iter(run)))


class View:
    """A result, as charts look at it."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.about = result.about
        self.currency = clean(result.about.currency)
        self.time_unit = clean(result.about.time_unit)
        declared = result.comparison
        self.baseline = result[declared["baseline"]] if declared else next(iter(result.runs.values()))
        self.challenger = declared["challenger"] if declared else None
        self.by: str = declared["by"] if declared else first_plain(result.longest)
        self.horizon = duration(result.longest.times[-1], self.time_unit)
        self.futures = result.about.draws - result.about.failed if result.has_futures else 0
        self.medians = f": medians of {self.futures:,} futures" if self.futures else ""
        self.styles = styles(result.runs, self.baseline.name if len(result.runs) > 1 else None, self.challenger)

    def series(self, name: str) -> Series:
        """A series that one line can show."""
        found = self.result.longest.about(name)
        if found.labels != (None,):
            raise UsageError(f"{name} has a value for each of {', '.join(map(str, found.labels))}", fix="choose a series without labels")
        return found

    # Comparing

    def compared(self, by: str) -> Comparison | None:
        """The baseline and the best of the others, by any series."""
        others = [run for run in self.result.runs.values() if run is not self.baseline]
        return compare(self.baseline, best(others, by), by) if others else None

    def others(self, by: str, comparison: Comparison) -> list[Comparison]:
        """The baseline and each of the rest."""
        pair = (comparison.baseline, comparison.challenger)
        return [compare(self.baseline, run, by) for run in self.result.runs.values() if run not in pair]

    # Drawing nothing yet

    def plot(self, series: Series, comparison: Comparison | None, *, across: int, up: int) -> Plot:
        lines = tuple(self.line(run, series) for run in self.result.runs.values())
        style = format_of(series, self.currency)
        values = [value for line in lines for value in line.values]
        return Plot(
            series=series.name,
            title=capital(name_in_words(series.name)),
            note=self.note(series),
            across=time_axis(self.result.longest.times[-1], self.time_unit, across),
            up=value_axis(measured(series, self.currency), values, style, up),
            lines=lines,
            crossing=None if comparison is None else self.crossing(comparison),
        )

    def line(self, run: Run, series: Series) -> Line:
        first = {self.baseline.name: 1, self.challenger: 0}
        values = tuple(run.values(series.name))
        label = format_of(series, self.currency).value(values[-1])
        if len(run.times) < len(self.result.longest.times):
            label += f" in {moment(run.times[-1], self.time_unit)}"
        return Line(capital(shortened(run.name)), self.styles[run.name], run.times, values, label, first.get(run.name, 2))

    def note(self, series: Series) -> str:
        """The unit, or what it is where there is none; and which way is better where that is not up."""
        words = [unit_in_words(series, self.currency) or clean(series.note), "lower is better" if series.better == "lower" else ""]
        return "; ".join(filter(None, words))

    def crossing(self, comparison: Comparison) -> Crossing | None:
        """Where the winner passes the loser; nothing where it leads from the start, or there is no winner."""
        time = comparison.crossover or comparison.until
        if not time or comparison.level:
            return None
        times, values = comparison.baseline.times, comparison.baseline.values(comparison.by)
        after = next(index for index, saved in enumerate(times) if saved >= time)
        share = (time - times[after - 1]) / (times[after] - times[after - 1])
        value = values[after - 1] + share * (values[after] - values[after - 1])
        return Crossing(time, value, moment(time, self.time_unit)) if value == value else None  # noqa: PLR0124  NaN is not itself

    # Words around the plots

    def what(self, series: Series) -> str:
        """What is plotted."""
        return f"{capital(name_in_words(series.name))}{f' ({clean(series.note)})' if series.note else ''} over {self.horizon}"

    def subtitle(self, what: str, comparison: Comparison | None, unlike: Sequence[str]) -> str:
        parts = [self.once(), what]
        if comparison is not None and comparison.months < self.result.longest.times[-1]:
            parts.append(f"compared at {moment(comparison.months, self.time_unit)}")
        parts.append(self.spending())
        moving = [clean(text) for text in self.about.changes]
        parts += moving if len(moving) <= MOST_CHANGES else [f"{len(moving)} moves of levers on the way"]
        if unlike:
            parts.append(f"not alike in {', '.join(map(name_in_words, unlike))}")
        return "; ".join(filter(None, parts))

    def once(self) -> str:
        """Said where it is one run of luck, which tells nothing about another."""
        return f"One run of luck (seed {self.about.seed}), and no forecast" if self.about.engine != "ode" and not self.futures else ""

    def spending(self) -> str:
        """Who spends how much until the comparison."""
        spent: dict[str, float] = {}
        for one in self.result.comparisons:
            spent |= {name: value for name, value in one.get("spent", {}).items() if value is not None}
        texts = {name: amount(value, self.currency) for name, value in spent.items()}
        if not texts:
            return ""
        if len(set(texts.values())) == 1:
            return f"{'both spend' if len(texts) == 2 else 'every strategy spends'} {next(iter(texts.values()))}"
        if len(texts) > 3:
            return f"spending {amount(min(spent.values()), self.currency)} to {amount(max(spent.values()), self.currency)}"
        return ", ".join(f"{called(name)} spends {text}" for name, text in texts.items())

    def footer(self, command: str) -> tuple[str, ...]:
        """Where it comes from, and how to make it again."""
        return footer(self.about, command)
