"""Which assumption the lead of one strategy over another hangs on most.

The lead is measured as a share of the larger of the two where that makes sense: what shrinks the whole business
shrinks the gap without shrinking the lead. What it gains or loses with every assumption is found at once, by running both strategies backwards
(:mod:`flywheel_sim.engines.ode.adjoint`), limits that are near included. That ranks the assumptions by how far each
would pull the lead down at either end of its plausible range, taken as a straight line or in steps of the value,
whichever is less: effects mostly level off. The first few are then run there, both strategies, first in rough steps and
the worst of them again in sure ones; only what was run is told.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING

from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.engines.ode import run
from flywheel_sim.engines.ode.adjoint import gradient
from flywheel_sim.engines.tableau import METHODS
from flywheel_sim.errors import StateError
from flywheel_sim.program import Inputs, Lowered, Trace, key, written
from flywheel_sim.records import Record, replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Assumption", "HangsOn", "gap", "hangs_on"]

# How many are tried in rough steps, and how many of those in sure ones. On the shipped scenarios the worst of all, or
# one nearly as bad, is among the first, and the order among them is good to a per cent or two.
TRIED, SURE = 12, 1
NUDGE = 1e-6


class Steps(Record):
    """How a run is stepped.

    Attributes:
        method: ``euler``, good to a per cent or two in half months, or ``rk4``, good to some 1e-3 in whole ones.
        dt: the step.
    """

    method: str
    dt: float


class Assumption(Record):
    """A parameter, where it stands and how low and high it may be."""

    slot: int
    value: float
    low: float
    high: float


class HangsOn(Record):
    """The assumption that the lead hangs on most.

    Attributes:
        name: of the parameter, with its label if it has one.
        note: what it is, in words.
        value: the end of its plausible range at which the lead is least.
        unit: of the value.
        baseline: what the baseline ends with there.
        challenger: what the challenger ends with there.
        flips: whether the other strategy is ahead there.
    """

    name: str
    note: str
    value: float
    unit: str
    baseline: float
    challenger: float
    flips: bool


def hangs_on(
    lowered: Lowered,
    pair: tuple[Inputs, Inputs],
    by: str,
    horizon: float,
    assumptions: Sequence[Assumption],
    *,
    ends: tuple[float, float],
    relative: bool,
    sign: float,
    dt: float,
) -> HangsOn | None:
    """The assumption at whose worse end the lead that there is shrinks or turns most.

    Args:
        lowered: the model.
        pair: what the baseline and the challenger are given.
        by: the series that decides.
        horizon: when it is read.
        assumptions: those that both strategies share.
        ends: of the baseline and the challenger, as things stand.
        relative: whether the lead is measured as a share of the larger of the two; only where both are positive.
        sign: -1 where less is better, else 1.
        dt: the step of the runs that are judged.

    Returns:
        None if there are no assumptions, or none of them changes anything.
    """
    rough = Steps("euler", min(1.0, 4 * dt))
    sure = Steps("rk4", min(1.0, 4 * dt))
    try:
        slopes = [slope(lowered, inputs, by, horizon, [one.slot for one in assumptions], rough) for inputs in pair]
    except (StateError, ArithmeticError, ValueError):
        return None
    relative = relative and min(ends) > 0
    lead = sign * gap(*ends, relative=relative)
    favoured = 1.0 if lead >= 0 else -1.0
    scales = ends if relative else (1.0, 1.0)
    pull = {slot: sign * favoured * (slopes[1][slot] / scales[1] - slopes[0][slot] / scales[0]) for slot in slopes[0]}

    def there(item: tuple[Assumption, float], steps: Steps) -> tuple[float, tuple[float, float]]:
        """The lead of the one who is ahead now, with an assumption at an end of its range, and what both then end with."""
        one, end = item
        try:
            first, second = (outcome(lowered, moved(inputs, one.slot, end), by, horizon, steps) for inputs in pair)
        except StateError:
            return math.inf, ends
        left = sign * favoured * gap(first, second, relative=relative)
        return (math.inf if math.isnan(left) else left), (first, second)

    tried = sorted(candidates(assumptions, pull), key=lambda item: there(item, rough)[0])
    found = [(*there(item, sure), item) for item in tried[:SURE]]
    left, (first, second), (one, end) = min(found, key=operator.itemgetter(0), default=(math.inf, ends, (None, 0.0)))
    if one is None or not left < favoured * lead:
        return None
    name, label = lowered.layout.parameters[one.slot]
    declared = lowered.declaration.parameters[name]
    return HangsOn(written(name, label), declared.note, end, str(declared.unit), first, second, flips=left < 0)


def gap(first: float, second: float, *, relative: bool) -> float:
    """How far the second is above the first: of the larger of both where that can be said."""
    size = max(abs(first), abs(second)) if relative else 1.0
    return (second - first) / size if size else 0.0


def candidates(assumptions: Sequence[Assumption], slopes: Mapping[int, float]) -> list[tuple[Assumption, float]]:
    """The assumptions worth running, each with the end of its range that should pull the lead down."""

    def pull(item: tuple[Assumption, float]) -> float:
        one, end = item
        return max(slopes[one.slot] * (end - one.value), slopes[one.slot] * reach(one.value, end))  # both are below 0, or neither is

    ends = [(one, end) for one in assumptions for end in (one.low, one.high) if end != one.value]
    return sorted(ends, key=pull)[:TRIED]


def reach(value: float, end: float) -> float:
    """How far an end is from a value, in steps of the value where both are positive: effects mostly level off."""
    return value * math.log(end / value) if value > 0 and end > 0 else end - value


def moved(inputs: Inputs, slot: int, value: float) -> Inputs:
    return replace(inputs, parameters=(*inputs.parameters[:slot], value, *inputs.parameters[slot + 1 :]))


def trace_of(lowered: Lowered, inputs: Inputs, horizon: float, steps: Steps) -> Trace:
    return run(lowered, inputs, (0.0, horizon), windows=windows(lowered, inputs), method=steps.method, dt=steps.dt)


def outcome(lowered: Lowered, inputs: Inputs, by: str, horizon: float, steps: Steps) -> float:
    return Reader(lowered, trace_of(lowered, inputs, horizon, steps)).at(by, None, -1)


def slope(lowered: Lowered, inputs: Inputs, by: str, horizon: float, slots: Sequence[int], steps: Steps) -> Mapping[int, float]:
    """The derivative of an outcome by some parameters."""
    column = lowered.layout.columns.get((by, None))
    if column is not None and column.kind == "state":
        states = [1.0 if index in column.slots else 0.0 for index in range(len(lowered.program.initial))]
        return gradient(lowered.program, inputs, horizon, states, {}, slots, method=METHODS[steps.method], dt=steps.dt, soft=True)
    return Worth(lowered, inputs, by, horizon, steps).gradient(slots)


class Worth:
    """What states, integrals and parameters at the end are worth to a metric, by differences.

    A metric looks at the end of a run, and back over integrals; its own arithmetic is cheap to repeat.
    """

    def __init__(self, lowered: Lowered, inputs: Inputs, by: str, horizon: float, steps: Steps) -> None:
        self.lowered = lowered
        self.inputs = inputs
        self.by = by
        self.horizon = horizon
        self.steps = steps
        self.trace = trace_of(lowered, inputs, horizon, steps)
        self.base = self.read(self.trace)

    def read(self, trace: Trace) -> float:
        return Reader(self.lowered, trace).at(self.by, None, -1)

    def gradient(self, slots: Sequence[int]) -> dict[int, float]:
        found = gradient(
            self.lowered.program,
            self.inputs,
            self.horizon,
            self.by_state(),
            self.by_integral(),
            slots,
            method=METHODS[self.steps.method],
            dt=self.steps.dt,
            soft=True,
        )
        for slot in slots:
            found[slot] += self.directly(slot)
        return found

    def by_state(self) -> list[float]:
        states = self.trace.states[-1]
        worth = []
        for index, value in enumerate(states):
            nudged = (*states[:index], value + nudge(value), *states[index + 1 :])
            worth.append((self.read(self.at_end(self.inputs, nudged)) - self.base) / nudge(value))
        return worth

    def by_integral(self) -> dict[float, list[float]]:
        found = {}
        for time, row in self.trace.integrals.items():
            if time == 0:
                continue
            worth = []
            for index, value in enumerate(row):
                nudged = {**self.trace.integrals, time: (*row[:index], value + nudge(value), *row[index + 1 :])}
                worth.append((self.read(replace(self.trace, integrals=nudged)) - self.base) / nudge(value))
            found[key(time)] = worth
        return found

    def directly(self, slot: int) -> float:
        """What a parameter is worth where the metric uses it, all states held."""
        value = self.inputs.parameters[slot]
        nudged = moved(self.inputs, slot, value + nudge(value))
        return (self.read(self.at_end(nudged, self.trace.states[-1])) - self.base) / nudge(value)

    def at_end(self, inputs: Inputs, states: tuple[float, ...]) -> Trace:
        """The trace with another end: its values follow from states and parameters."""
        from flywheel_sim.engines.ode.stretch import stretches

        *_, last = stretches(self.lowered.program, inputs, self.horizon)
        values = last.rates(self.lowered.program)(self.horizon, self.horizon, states, full=True)
        return replace(self.trace, inputs=inputs, states=(*self.trace.states[:-1], states), values=(*self.trace.values[:-1], values))


def nudge(value: float) -> float:
    return NUDGE * (abs(value) or 1.0)
