"""What a lead or a metric rests on: each assumption by itself (a tornado), and all at once (Sobol indices)."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.futures import crossover_of_draws
from flywheel_sim.analysis.sobol import MOST_DRAWS, sobol_of
from flywheel_sim.engines.ode import LONGEST_STEP
from flywheel_sim.records import Record, replace
from flywheel_sim.result.series import undefined_to_none
from flywheel_sim.study.assumptions import Assumed, Drawing, assumed, drawing_of
from flywheel_sim.study.pair import Pair, pair_of
from flywheel_sim.study.sampling import whole_number
from flywheel_sim.study.variants import run_variants

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from flywheel_sim.program import Inputs
    from flywheel_sim.study.study import Study

    Array = NDArray[np.float64]

__all__ = ["Bar", "Index", "Sobol", "Tornado", "sobol", "tornado"]

LEAD, CROSSOVER = "lead", "crossover"
MOST_POINTS = 1000
AT_ONCE = 8192  # runs made ready together, so that memory stays flat
TURN = 0.01  # of its swing: an outcome that turns back by less is called monotone
ROUNDING = 1e-9  # of the greatest outcome: what differs by less is the same
NEAR_LOW, NEAR_HIGH = 0.05, 0.95  # where factors are tried to see which move the outcome most


# One assumption at a time


class Bar(Record):
    """What one assumption does to an outcome, all others as they stand.

    Attributes:
        name: of the parameter, with its label if it has one.
        title: the same in words.
        unit: of its values.
        low: the lower end of its plausible range.
        high: the upper end.
        at_low: the outcome there; NaN where it is undefined or the run fails.
        at_high: the outcome at the upper end.
        least: the least outcome anywhere in the range.
        most: the greatest.
        monotone: whether it only rises or only falls along the range, but for 1 % of its swing.
        flips: of a lead, whether the other strategy is ahead somewhere in the range.
    """

    name: str
    title: str
    unit: str
    low: float
    high: float
    at_low: float
    at_high: float
    least: float
    most: float
    monotone: bool
    flips: bool

    @property
    def swing(self) -> float:
        """How far it moves the outcome; NaN where that is undefined."""
        return self.most - self.least

    def as_json(self) -> dict[str, Any]:
        """Everything in it; what is undefined is None."""
        return jsonable(self)


class Tornado(Record):
    """What each assumption does to an outcome.

    Attributes:
        of: ``lead``, or the series of one strategy.
        by: the series that is read.
        baseline: what the challenger is compared with; None where there is one strategy.
        challenger: the name of a strategy.
        month: when it is read.
        base: the outcome as things stand.
        bars: of the widest swing first.
        runs: how many runs were made.
    """

    of: str
    by: str
    baseline: str | None
    challenger: str
    month: float
    base: float
    bars: tuple[Bar, ...]
    runs: int

    def as_json(self) -> dict[str, Any]:
        """Everything in it."""
        return jsonable(self) | {"bars": [one.as_json() for one in self.bars]}


def tornado(
    study: Study, challenger: str | None = None, *, by: str | None = None, of: str = LEAD, points: int = 5, threads: int | None = None
) -> Tornado:
    """Move each assumption through its plausible range and see what becomes of a lead or a metric.

    An assumption is a parameter other than a lever that both strategies share and that has a range: the scenario's own where
    it states one, else the model's. One value stated for all labels is one assumption.

    Args:
        study: the scenario with its model.
        challenger: a strategy; the best that is not the baseline unless said.
        by: the series by which a lead is measured; the one that decides who is ahead unless said.
        of: ``lead``: how far the challenger is ahead of the baseline; or a series, of the challenger alone.
        points: how many values inside the range are tried beside its ends and the value as it stands.
        threads: how many to use; as many as there are processors unless said.

    Raises:
        UsageError: for what cannot be meant.
        StateError: if a strategy fails as things stand.
    """
    whole_number("points", points, 0, MOST_POINTS)
    outcome = Outcome.of(study, challenger, of, by, threads)
    assumptions = assumed(outcome.pair)
    shares = [number / (points + 1) for number in range(points + 2)]
    changes: list[dict[int, float]] = [{}, *(one.at(share) for one in assumptions for share in shares)]
    found = outcome.read({name: [changed(study.inputs(name), change) for change in changes] for name in outcome.strategies})
    base, values = float(found[0]), found[1:].reshape(len(assumptions), len(shares))
    bars = [bar(one, shares, row.tolist(), base, lead=of == LEAD) for one, row in zip(assumptions, values, strict=True)]
    bars.sort(key=lambda one: -math.inf if math.isnan(one.swing) else one.swing, reverse=True)
    return Tornado(of, outcome.by, outcome.baseline, outcome.pair.challenger, outcome.month, base, tuple(bars), outcome.runs)


def changed(inputs: Inputs, change: dict[int, float]) -> Inputs:
    if not change:
        return inputs
    return replace(inputs, parameters=tuple(change.get(slot, value) for slot, value in enumerate(inputs.parameters)))


def bar(one: Assumed, shares: Sequence[float], values: Sequence[float], base: float, *, lead: bool) -> Bar:
    """What becomes of the outcome along the range of an assumption."""
    low, high = one.low[0], one.high[0]
    along = [(low + (high - low) * share, value) for share, value in zip(shares, values, strict=True)]
    along.append((one.value[0], base))
    course = [value for _, value in sorted(along, key=lambda point: point[0]) if not math.isnan(value)]
    least, most = (min(course), max(course)) if course else (math.nan, math.nan)
    flips = lead and (base > 0 > least or base < 0 < most)
    steady = max(TURN * (most - least), ROUNDING * max(map(abs, course), default=0.0))
    monotone = furthest_rise(course) <= steady or furthest_rise(course[::-1]) <= steady
    return Bar(one.name, one.title, one.unit, low, high, values[0], values[-1], least, most, monotone, flips)


def furthest_rise(course: Sequence[float]) -> float:
    """The most by which a value is above an earlier one."""
    return max((value - low for value, low in zip(course, itertools.accumulate(course, min), strict=True)), default=0.0)


# All assumptions at once


class Index(Record):
    """How much of the variance of an outcome goes with one factor.

    Attributes:
        name: of the parameter; of several that are correlated, joined by ``with``.
        title: the same in words.
        first: the share of the variance that would be gone if the factor were known; may come out a little below 0.
        first_low: the lower end of its bootstrap interval of 95 %.
        first_high: the upper end.
        total: the share that would be left if all but the factor were known: what it does alone and together with others.
        total_low: the lower end of its interval.
        total_high: the upper end.
    """

    name: str
    title: str
    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float

    def as_json(self) -> dict[str, Any]:
        """Everything in it."""
        return jsonable(self)


class Sobol(Record):
    """What the variance of an outcome goes back to.

    Attributes:
        of: ``lead``, ``crossover`` or the series of one strategy.
        by: the series that is read.
        over: ``uncertain`` or ``between``.
        baseline: what the strategy is compared with; None where there is one.
        strategy: whose outcome it is.
        month: when it is read, or the last month in which a crossover may be.
        draws: of each of the two matrices.
        runs: how many runs of a strategy were made.
        mean: of the outcome.
        deviation: its standard deviation.
        never: of a crossover, the share of draws in which the strategy does not lead at the end; else None.
        indices: of the largest total first.
        notes: what to know, as sentences.
    """

    of: str
    by: str
    over: str
    baseline: str | None
    strategy: str
    month: float
    draws: int
    runs: int
    mean: float
    deviation: float
    never: float | None
    indices: tuple[Index, ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Everything in it."""
        return jsonable(self) | {"indices": [one.as_json() for one in self.indices], "notes": list(self.notes)}


def sobol(
    study: Study,
    *,
    of: str = LEAD,
    strategy: str | None = None,
    by: str | None = None,
    draws: int = 1024,
    seed: int = 0,
    over: str = "uncertain",
    most: int = 12,
    threads: int | None = None,
) -> Sobol:
    """Share out the variance of an outcome among the assumptions that it comes from.

    Sobol indices need factors that are independent: values that the scenario states as correlated are one factor, and what
    is told is what they do together.

    Args:
        study: the scenario with its model.
        of: ``lead``: how far a strategy is ahead of the baseline; ``crossover``: the month after which it leads until the
            end, which is taken to be the horizon where it never does; or a series, of the strategy alone.
        strategy: the best that is not the baseline unless said.
        by: the series that decides who is ahead; the study's own unless said.
        draws: a power of 2. Each strategy is run draws * (factors + 2) times.
        seed: of the draws.
        over: what varies: ``uncertain``, what the scenario states so, drawn from its distributions; or ``between``, every
            assumption that strategies share, anywhere in its plausible range.
        most: of how many factors indices are computed, those that move the outcome most; all vary.
        threads: how many to use; as many as there are processors unless said.

    Raises:
        UsageError: for what cannot be meant.
        RunError: if the outcome is undefined in more than half of the draws.
    """
    whole_number("draws", draws, 1, MOST_DRAWS)
    whole_number("seed", seed, 0)
    whole_number("most", most, 1)
    outcome = Outcome.of(study, strategy, of, by, threads)
    drawing = drawing_of(outcome.pair, over)

    def function(numbers: Array) -> Array:
        portions = np.array_split(numbers, math.ceil(numbers.shape[1] / AT_ONCE), axis=1)
        return np.concatenate([outcome.read({name: drawing.given(name, some) for name in outcome.strategies}) for some in portions])

    factors = drawing.factors
    notes = []
    if len(factors) > most:
        notes.append(f"{len(factors)} assumptions vary; the {most} that move the outcome most, each by itself, are shown.")
        moved = swings(drawing, function)
        factors = tuple(factors[place] for place in sorted(np.argsort(-moved, kind="stable")[:most]))
    outcome.crossings, outcome.never = 0, 0
    found = sobol_of(function, drawing.dimensions, draws, seed=seed, factors=[one.axes for one in factors])
    if found.left_out:
        notes.append(f"{found.left_out} of {draws:,} draws were replaced, because the outcome was undefined in one of their runs.")
    never = outcome.never / outcome.crossings if of == CROSSOVER else None
    if never:
        notes.append(f"Where {outcome.pair.challenger} never leads until the end, the crossover is taken to be {outcome.month:g}.")
    if found.deviation == 0:
        notes.append("The outcome does not vary.")
    rows = np.array([found.first, found.first_low, found.first_high, found.total, found.total_low, found.total_high]).T.tolist()
    indices = [Index(one.name, one.title, *row) for one, row in zip(factors, rows, strict=True)]
    indices.sort(key=lambda one: -one.total)
    return Sobol(
        of,
        outcome.by,
        over,
        outcome.baseline,
        outcome.pair.challenger,
        outcome.month,
        draws,
        outcome.runs,
        found.mean,
        found.deviation,
        never,
        tuple(indices),
        tuple(notes),
    )


def swings(drawing: Drawing, function: Callable[[Array], Array]) -> Array:
    """How far each factor moves an outcome from near its low end to near its high end, all else in the middle."""
    points = np.full((drawing.dimensions, 2 * len(drawing.factors)), 0.5)
    for number, one in enumerate(drawing.factors):
        points[list(one.axes), 2 * number] = NEAR_LOW
        points[list(one.axes), 2 * number + 1] = NEAR_HIGH
    found = function(points).reshape(-1, 2)
    moved = np.abs(found[:, 1] - found[:, 0])
    return np.where(np.isnan(moved), math.inf, moved)  # what breaks the outcome matters


# The outcome


class Outcome:
    """What is asked about runs: a lead, a crossover, or a series of one strategy.

    Args:
        pair: the strategies; the same twice where one is looked at.
        what: ``lead``, ``crossover`` or the series.
        by: the series that is read.
        threads: how many to use.
    """

    def __init__(self, pair: Pair, what: str, by: str, threads: int | None) -> None:
        self.pair = pair
        self.what = what
        self.by = by
        self.threads = threads
        self.month = float(pair.months)
        self.runs = 0
        self.crossings = 0
        self.never = 0

    @classmethod
    def of(cls, study: Study, strategy: str | None, what: str, by: str | None, threads: int | None) -> Outcome:
        """What is asked about a study.

        Raises:
            UsageError: for a strategy that there is not.
            StateError: if a strategy fails as things stand.
        """
        if what in {LEAD, CROSSOVER}:
            return cls(pair_of(study, strategy), what, by or study.by, threads)
        alone = len(study.scenario.strategies) == 1
        name = strategy or (study.scenario.baseline if alone else pair_of(study).challenger)
        study.inputs(name)  # refuses a name that there is not
        stepped = study.all_stepped("rk4", None, [name])
        return cls(Pair(study, name, name, stepped[name].dt or LONGEST_STEP), what, what, threads)

    @property
    def baseline(self) -> str | None:
        """What the strategy is compared with."""
        return None if self.pair.baseline == self.pair.challenger else self.pair.baseline

    @property
    def strategies(self) -> tuple[str, ...]:
        """Those that must be run."""
        return tuple(dict.fromkeys((self.pair.baseline, self.pair.challenger)))

    def read(self, given: dict[str, list[Inputs]]) -> Array:
        """The outcome of runs of every strategy, run by run; NaN where it is undefined."""
        times = tuple(float(month) for month in range(self.pair.months + 1)) if self.what == CROSSOVER else (0.0, self.month)
        values = {}
        for name, inputs in given.items():
            self.runs += len(inputs)
            made = run_variants(self.pair.study.lowered, inputs, times, (self.by,), dt=self.pair.dt, threads=self.threads)
            values[name] = self.pair.sign(self.by) * made[0] if self.baseline else made[0]
        challenger: Array = values[self.pair.challenger]
        if self.baseline is None:
            return np.asarray(challenger[-1])
        baseline = values[self.pair.baseline]
        if self.what == LEAD:
            return np.asarray(challenger[-1] - baseline[-1])
        known = np.isfinite(challenger[-1]) & np.isfinite(baseline[-1])
        found = crossover_of_draws(times, baseline.T, challenger.T)
        self.crossings += int(known.sum())
        self.never += int((known & np.isnan(found)).sum())
        return np.where(known & np.isnan(found), self.month, np.where(known, found, math.nan))


def jsonable(record: Record) -> dict[str, Any]:
    """The fields of a record, its numbers as JSON can hold them."""
    told = {name: getattr(record, name) for name in record.__match_args__}
    return {name: undefined_to_none(value) if isinstance(value, float) else value for name, value in told.items()}
