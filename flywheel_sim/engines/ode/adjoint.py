"""The gradient of one outcome by every parameter, by running the fixed steps backwards.

What a state at the end is worth is known. Each step hands that worth back to the states it started from and to
the parameters it used (the discrete adjoint of the Runge-Kutta method, Hager 2000). The cost is that of a few
runs, whatever the number of parameters.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

from flywheel_sim.emit.python import compile_python
from flywheel_sim.emit.reverse import Pull, Reverse, compile_reverse
from flywheel_sim.engines.ode.stretch import AWAY, Stretch, initial_states, stretches
from flywheel_sim.engines.tableau import RK4, Tableau
from flywheel_sim.program import Inputs, Program, key
from flywheel_sim.program.schedule import flip_time, parameters_in
from flywheel_sim.records import Record, replace

__all__ = ["gradient"]

# The relative change by which numbers that rest on parameters alone are differenced.
NUDGE = 1e-6

Row = Sequence[float]


class Stage(Record):
    """One evaluation of the derivative: at which time, in a step that started when, and at which point."""

    time: float
    start: float
    point: list[float]


class Step(Record):
    """One step that was made: its length and its stages."""

    length: float
    stages: list[Stage]


def gradient(
    program: Program,
    inputs: Inputs,
    horizon: float,
    states: Row,
    integrals: Mapping[float, Row],
    wanted: Iterable[int],
    *,
    dt: float,
    method: Tableau = RK4,
    soft: bool = False,
) -> dict[int, float]:
    """How much an outcome changes with each parameter.

    Args:
        program: what is run.
        inputs: what it is given.
        horizon: when the outcome is read.
        states: what each state is worth to it at the horizon.
        integrals: what each integral is worth to it, at the horizon and at earlier times.
        wanted: the parameters to differentiate by; each at its value before any move.
        dt: the longest step.
        method: of the steps.
        soft: whether limits that are near, but not met, count too (:mod:`flywheel_sim.emit.reverse`).

    Returns:
        The derivative by each wanted parameter.
    """
    wanted = tuple(wanted)
    marks = {key(time) for time in integrals} | {key(horizon)}
    made = forward(program, inputs, horizon, marks, dt, method)
    found = dict.fromkeys(wanted, 0.0)
    worth = list(states)
    summed = [0.0] * len(program.integrals)
    weighed = frozenset(index for row in integrals.values() for index, value in enumerate(row) if value)
    for stretch, legs in reversed(made):
        reverse = compile_reverse(program, stretch.moving, weighed, soft=soft)
        base, pull = reverse.make(stretch.parameters, stretch.switches, stretch.slopes, stretch.start)
        leaves: list[float] = []
        for end, steps in reversed(legs):
            if end in integrals:
                summed = [a + b for a, b in zip(summed, integrals[end], strict=True)]
            for step in reversed(steps):
                worth, used = back(method, step, worth, summed, pull)
                leaves = [a + b for a, b in zip(leaves, used, strict=True)] if leaves else used
        # A parameter that has moved is no more what it was before any move.
        unmoved = [index for index in wanted if all(bend.parameter != index or key(bend.time) > stretch.start for bend in inputs.bends)]
        for index, value in by_parameter(reverse, stretch, base, leaves, unmoved).items():
            found[index] += value
        for index, value in by_flip(program, inputs, stretch, legs[0][1][0].stages[0].point, (*worth, *summed), unmoved).items():
            found[index] += value
    for index, value in by_start(program, inputs, worth, wanted).items():
        found[index] += value
    return found


Legs = list[tuple[float, list[Step]]]


def forward(program: Program, inputs: Inputs, horizon: float, marks: set[float], dt: float, method: Tableau) -> list[tuple[Stretch, Legs]]:
    """Run, keeping the point of every evaluation."""
    point = list(initial_states(program, inputs))
    made = []
    for stretch in stretches(program, inputs, horizon):
        rates = stretch.rates(program)
        stops = sorted({stretch.start, stretch.end} | {mark for mark in marks if stretch.start < mark < stretch.end})
        legs: Legs = []
        for now, following in itertools.pairwise(stops):
            count = max(1, math.ceil((following - now) / dt - 1e-9))
            length = (following - now) / count
            steps = []
            for number in range(count):
                start = now + number * length
                stages: list[Stage] = []
                slopes: list[Row] = []
                for node, row in zip(method.nodes, method.rows, strict=True):
                    stages.append(Stage(start + node * length, stretch.inside(start), shifted(point, length, row, slopes)))
                    slopes.append(rates(stages[-1].time, start, stages[-1].point))
                point = shifted(point, length, method.weights, slopes)
                steps.append(Step(length, stages))
            legs.append((following, steps))
        made.append((stretch, legs))
    return made


def shifted(point: Row, length: float, weights: Row, slopes: Sequence[Row]) -> list[float]:
    """``point + length * sum(weight * slope)``."""
    result = list(point)
    for weight, slope in zip(weights, slopes, strict=True):
        if weight:
            scale = weight * length
            result = [value + scale * change for value, change in zip(result, slope, strict=False)]
    return result


def back(method: Tableau, step: Step, worth: Row, summed: Row, pull: Pull) -> tuple[list[float], list[float]]:
    """What the states before a step are worth, and what the step adds to the worth of each leaf."""
    size = len(worth)
    pulled: list[tuple[float, ...]] = [() for _ in step.stages]
    for number in reversed(range(len(step.stages))):
        scale = step.length * method.weights[number]
        weight = [scale * value for value in worth]
        for later in range(number + 1, len(step.stages)):
            if method.rows[later][number]:
                factor = step.length * method.rows[later][number]
                weight = [value + factor * other for value, other in zip(weight, pulled[later], strict=False)]
        stage = step.stages[number]
        pulled[number] = pull(stage.time, stage.start, stage.point, (*weight, *(scale * value for value in summed)))
    together: list[float] = list(map(sum, zip(*pulled, strict=True)))
    return [value + more for value, more in zip(worth, together, strict=False)], together[size:]


def by_parameter(reverse: Reverse, stretch: Stretch, base: Row, worth: Row, wanted: Sequence[int]) -> dict[int, float]:
    """From what the leaves are worth to what the parameters are worth."""
    found = {index: worth[reverse.bare[index]] if index in reverse.bare else 0.0 for index in wanted}
    for index in reverse.behind.intersection(wanted):
        nudged = list(stretch.parameters)
        nudged[index] += nudge(nudged[index])
        moved, _ = reverse.make(nudged, stretch.switches, stretch.slopes, stretch.start)
        found[index] = sum(w * (b - a) for w, a, b in zip(worth, base, moved, strict=True) if a != b) / nudge(stretch.parameters[index])
    return found


def by_flip(program: Program, inputs: Inputs, stretch: Stretch, point: Row, worth: Row, wanted: Sequence[int]) -> dict[int, float]:
    """What the parameters are worth through the time at which a condition on time flips, where that begins a stretch.

    A flip that comes later leaves what was before it to go on for so long. Where several conditions flip at once,
    all of the change is put down to the first.
    """
    flips = (flip for flip in program.breaks if key(flip_time(program, inputs, flip, stretch.parameters)) == stretch.start)
    flip = next(flips, None)
    if flip is None or stretch.start == 0:
        return {}
    rates = compile_python(program, stretch.moving)(stretch.parameters, stretch.switches, stretch.slopes, stretch.start)
    before, after = (rates(stretch.start, stretch.start + side, point[: len(program.initial)]) for side in (-AWAY, AWAY))
    change = sum(value * (b - a) for value, a, b in zip(worth, after, before, strict=True))
    found = {}
    for index in parameters_in(flip).intersection(wanted):
        nudged = list(stretch.parameters)
        nudged[index] += nudge(nudged[index])
        later = flip_time(program, inputs, flip, nudged) - flip_time(program, inputs, flip, stretch.parameters)
        found[index] = change * later / nudge(stretch.parameters[index])
    return found


def by_start(program: Program, inputs: Inputs, worth: Row, wanted: Sequence[int]) -> dict[int, float]:
    """What the parameters are worth through the initial states."""
    base = initial_states(program, inputs)
    used = {slot for expression in program.initial for slot in parameters_in(expression)}
    found = {}
    for index in used.intersection(wanted):
        values = list(inputs.parameters)
        values[index] += nudge(values[index])
        moved = initial_states(program, replace(inputs, parameters=tuple(values)))
        found[index] = sum(w * (b - a) for w, a, b in zip(worth, base, moved, strict=True)) / nudge(inputs.parameters[index])
    return found


def nudge(value: float) -> float:
    return NUDGE * (abs(value) or 1.0)
