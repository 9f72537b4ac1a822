"""Who is ahead, from when on, and what it cost: two runs held against each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.records import Record
from flywheel_sim.result import Run, undefined_to_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.analysis.futures import Odds

__all__ = ["LEVEL", "Comparison", "best", "compare", "crossover"]

# Two ends closer than this share of the larger are called level: no strategist would act on less.
LEVEL = 0.01


class Comparison(Record):
    """A baseline and a challenger at the end of the shorter of their runs.

    Of many futures the two runs give their medians, and ``odds`` says who is ahead in how many of them.

    Attributes:
        by: the series that decides.
        better: whether ``higher`` or ``lower`` is ahead.
        baseline: a run.
        challenger: another.
        months: when they are compared.
        index: the number of that saved time.
        crossover: the month after which the challenger leads until the end; None where it does not lead then.
        until: where the challenger is behind at the end, the month until which it led; None where it never did.
        balance: the series of money gained less money spent, if the model has one.
        outlay: the series of money spent, if the model has one.
        odds: what becomes of it in many futures; None where there is one.
    """

    by: str
    better: str
    baseline: Run
    challenger: Run
    months: float
    index: int
    crossover: float | None
    until: float | None
    balance: str | None
    outlay: str | None
    odds: Odds | None = None

    def end(self, run: Run, name: str | None = None) -> float:
        """A series of one of the runs when they are compared."""
        return run.value(name or self.by, self.index)

    @property
    def ends(self) -> tuple[float, float]:
        """What the baseline and the challenger end with."""
        return self.end(self.baseline), self.end(self.challenger)

    @property
    def lead(self) -> float:
        """How far the challenger is ahead at the end, negative where it is behind."""
        gap = self.end(self.challenger) - self.end(self.baseline)
        return -gap if self.better == "lower" else gap

    @property
    def level(self) -> bool:
        """Whether the two are as good as equal: of many futures, in nine of ten of them."""
        if self.odds is None:
            return level(*self.ends)
        widest = max(abs(self.odds.lead["p05"]), abs(self.odds.lead["p95"]))
        return widest <= LEVEL * max(map(abs, self.ends))

    @property
    def ahead(self) -> Run | None:
        """Who is ahead at the end, or in more than half of many futures; None where that is nobody or nobody can tell."""
        if self.level:
            return None
        if self.odds is None:
            return self.challenger if self.lead > 0 else self.baseline
        return None if self.odds.open else self.challenger if self.odds.win > self.odds.loss else self.baseline

    @property
    def ratios(self) -> dict[str, float | None]:
        """The challenger's metrics over the baseline's, None where one has none or the baseline's is not positive."""
        found = {}
        for name in self.baseline.metric_names:
            below, above = self.end(self.baseline, name), self.end(self.challenger, name)
            found[name] = undefined_to_none(above / below) if below > 0 else None
        return found

    def cash_crossover(self) -> float | None:
        """The month after which the challenger has more money until the end."""
        return self.cash_ahead(self.challenger, self.baseline)

    def cash_ahead(self, first: Run, second: Run) -> float | None:
        """The month after which the first of two runs has more money than the second until the end."""
        if self.balance is None:
            return None
        below, above = (run.values(self.balance)[: self.index + 1] for run in (second, first))
        return crossover(first.times[: self.index + 1], below, above)

    def break_even(self, run: Run) -> float | None:
        """The month after which a run has earned back what it spent, until the end."""
        if self.balance is None:
            return None
        values = run.values(self.balance)[: self.index + 1]
        return crossover(run.times[: self.index + 1], [0.0] * len(values), values)

    def as_json(self) -> dict[str, Any]:
        """What the command prints of it, but for the verdict; money is of the medians where there are many futures."""
        pair = (self.baseline, self.challenger)
        found = {
            "by": self.by,
            "baseline": self.baseline.name,
            "challenger": self.challenger.name,
            "ahead": None if self.ahead is None else self.ahead.name,
            "months": self.months,
            "crossover_month": self.crossover,
            "ratio_at_end": self.ratios,
            "cash_crossover_month": self.cash_crossover(),
            "break_even_month": {run.name: self.break_even(run) for run in pair},
            "spent": {run.name: undefined_to_none(self.end(run, self.outlay)) for run in pair} if self.outlay else {},
        }
        return found if self.odds is None else found | self.odds.as_json()


def compare(
    baseline: Run, challenger: Run, by: str, *, outlay: str | None = None, balance: str | None = None, odds: Odds | None = None
) -> Comparison:
    """Hold two runs against each other at the end of the shorter.

    Args:
        baseline: a run.
        challenger: another, saved at the same times as far as both go.
        by: the series that decides.
        outlay: the series of money spent, if there is one.
        balance: the series of money gained less money spent, if there is one.
        odds: what becomes of it in many futures, of which the runs give the medians.
    """
    index = min(len(baseline.times), len(challenger.times)) - 1
    times = baseline.times[: index + 1]
    better = baseline.about(by).better or "higher"
    sign = -1.0 if better == "lower" else 1.0
    below, above = ([sign * value for value in run.values(by)[: index + 1]] for run in (baseline, challenger))
    ahead = crossover(times, below, above)
    led = crossover(times, above, below) if ahead is None else None
    return Comparison(by, better, baseline, challenger, times[-1], index, ahead, led or None, balance, outlay, odds)


def best(runs: Sequence[Run], by: str) -> Run:
    """The run with most of ``by`` at its end (least, where less is better); the first of equals."""
    lower = runs[0].about(by).better == "lower"

    def rank(run: Run) -> float:
        value = run.value(by)
        return -math.inf if math.isnan(value) else -value if lower else value

    return max(runs, key=rank)


def crossover(times: Sequence[float], below: Sequence[float], above: Sequence[float]) -> float | None:
    """The time after which ``above`` leads until the end; 0 if it leads from the start, None if it does not at the end.

    Between two saved times the gap is taken to change evenly. A start from the same value is no crossing.
    """
    gaps = [high - low for low, high in zip(below, above, strict=True)]
    if not gaps[-1] > 0:
        return None
    behind = [index for index, gap in enumerate(gaps) if not gap > 0]
    if not behind or (behind[-1] == 0 and not gaps[0] < 0):
        return 0.0
    last = behind[-1]
    if math.isnan(gaps[last]):
        return times[last + 1]
    share = -gaps[last] / (gaps[last + 1] - gaps[last])
    return times[last] + share * (times[last + 1] - times[last])


def level(first: float, second: float) -> bool:
    """Whether two numbers differ by less than anybody would act on."""
    return abs(first - second) <= LEVEL * max(abs(first), abs(second))
