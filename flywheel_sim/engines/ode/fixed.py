"""Fixed steps with an explicit Runge-Kutta method, printed as plain Python for the size of the model.

Printing the step out, one line per number of the state, is what makes it a third faster than a loop over
lists; the method itself stays a table (:mod:`flywheel_sim.engines.tableau`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.emit import Rates, compile_function, tuple_of

if TYPE_CHECKING:
    from flywheel_sim.engines.tableau import Tableau

__all__ = ["advance", "print_step"]

Point = tuple[float, ...]
Step = Callable[[Rates, float, float, Point], Point]


def advance(method: Tableau, rates: Rates, point: Point, states: int, start: float, end: float, longest: float) -> Point:
    """Step from ``start`` to ``end`` in equal steps no longer than ``longest``.

    Args:
        method: the table of the method.
        rates: the derivative of states and integrals.
        point: the states, then the integrals, at ``start``.
        states: how many of them are states.
        start: a time.
        end: a later time; a change of schedule lies at an end, never between.
        longest: the longest step.

    Returns:
        The states and integrals at ``end``.
    """
    step = compile_step(method, states, len(point) - states)
    steps = max(1, math.ceil((end - start) / longest - 1e-9))
    h = (end - start) / steps
    for number in range(steps):
        point = step(rates, start + number * h, h, point)
    return point


@lru_cache(maxsize=32)
def compile_step(method: Tableau, states: int, integrals: int) -> Step:
    step: Step = compile_function(print_step(method, states, integrals))
    return step


def print_step(method: Tableau, states: int, integrals: int) -> str:
    """The text of one step: ``step(rates, t, h, point)`` returns the point a step later.

    Args:
        method: the table of the method.
        states: how many numbers the slopes depend on.
        integrals: how many more numbers are only summed up.
    """
    both = range(states + integrals)
    lines = ["def step(rates, t, h, point):", f"    {tuple_of(f'y{i}' for i in both)} = point"]
    for stage, (node, row) in enumerate(zip(method.nodes, method.rows, strict=True)):
        lines += [f"    h{stage}_{other} = {weight!r} * h" for other, weight in enumerate(row) if weight]
        shifts = [other for other, weight in enumerate(row) if weight]
        inputs = (" + ".join([f"y{i}", *(f"h{stage}_{other} * k{other}_{i}" for other in shifts)]) for i in range(states))
        lines.append(f"    {tuple_of(f'k{stage}_{i}' for i in both)} = rates(t + {node!r} * h, t, {tuple_of(inputs)})")
    lines += [f"    w{stage} = {weight!r} * h" for stage, weight in enumerate(method.weights)]
    outputs = (f"y{i} + ({' + '.join(f'w{stage} * k{stage}_{i}' for stage in range(len(method.weights)))})" for i in both)
    lines.append(f"    return {tuple_of(outputs)}")
    return "\n".join(lines)
