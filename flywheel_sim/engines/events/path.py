"""One step of what goes on smoothly, kept so that it can be read anywhere along the step.

A method's slopes k_i give, beside the end of the step, a polynomial through it: y(start + θh) = y + h Σ_i b_i(θ) k_i.
For RK4 it is the continuous extension of third order (Zennaro 1986), whose error along the step is of the fourth
power of the step; at θ = 1 it is the step itself. The polynomials of all numbers are printed out as plain Python,
which is several times as fast as loops over lists; the methods stay tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flywheel_sim.emit import compile_function, tuple_of
from flywheel_sim.engines.tableau import EULER, RK4

if TYPE_CHECKING:
    from flywheel_sim.engines.events.printed import Curve
    from flywheel_sim.engines.tableau import Tableau

__all__ = ["Curves", "Growth", "compile_curves", "reached", "through"]

# For each method, of each stage: what its weight grows by with θ, θ² and θ³.
WEIGHTS = {
    EULER.name: ((1.0, 0.0, 0.0),),
    RK4.name: ((1.0, -3 / 2, 2 / 3), (0.0, 1.0, -2 / 3), (0.0, 1.0, -2 / 3), (0.0, -1 / 2, 2 / 3)),
}
TRIES = 60  # halvings at most: the last bit of a number from 0 to 1
CLOSE = 1e-14  # of a step

# What a number has grown by after a time d: a d + b d² + c d³. The a is its slope at the start.
Growth = tuple[float, float, float]
Curves = Callable[
    [Callable[..., Any], float, float, float, Sequence[float], Sequence[float]], tuple[tuple["Curve", ...], tuple[Growth, ...]]
]


@lru_cache(maxsize=64)
def compile_curves(method: Tableau, states: int, others: int) -> Curves:
    """What gives the curve of every number along a step.

    Args:
        method: the table of the method.
        states: how many numbers the slopes depend on.
        others: how many more numbers are only summed up.

    Returns:
        A function of the slopes, a time, the length of the step, the start of the step that conditions on time
        hold for, the counts, and the states' numbers. It gives the curves of the states, and the growth of the others.
    """
    made: Curves = compile_function(print_curves(method, states, others))
    return made


def print_curves(method: Tableau, states: int, others: int) -> str:
    """The text of ``curves(rates, t, h, s, y, n)``."""
    everything = range(states + others)
    lines = ["def curves(rates, t, h, s, y, n):", *([f"    {tuple_of(f'n{i}' for i in range(states))} = n"] if states else [])]
    for stage, (node, row) in enumerate(zip(method.nodes, method.rows, strict=True)):
        shifts = [(other, weight) for other, weight in enumerate(row) if weight]
        lines += [f"    h{stage}_{other} = {weight!r} * h" for other, weight in shifts]
        here = (" + ".join([f"n{i}", *(f"h{stage}_{other} * k{other}_{i}" for other, _ in shifts)]) for i in range(states))
        lines.append(f"    {tuple_of(f'k{stage}_{i}' for i in everything)} = rates(t + {node!r} * h, s, y, {tuple_of(here)})")
    lines += ["    i = 1.0 / h if h else 0.0", "    j = i * i"]
    weights = WEIGHTS[method.name]
    powers = [[(stage, weight[power]) for stage, weight in enumerate(weights) if weight[power]] for power in range(3)]
    rows = []
    for i in everything:
        parts = [" + ".join(f"{weight!r} * k{stage}_{i}" for stage, weight in terms) or "0.0" for terms in powers]
        rows.append(f"{f'n{i}, ' if i < states else ''}{parts[0]}, i * ({parts[1]}), j * ({parts[2]})")
    lines.append(f"    return {tuple_of(f'({row})' for row in rows[:states])}, {tuple_of(f'({row})' for row in rows[states:])}")
    return "\n".join(lines)


def through(start: float, middle: float, end: float, *, length: float) -> Growth:
    """What a number grows by whose slope is a parabola through three values, at the start, the middle and the end."""
    if not length:
        return start, 0.0, 0.0
    bend = 2 * (start - 2 * middle + end) / length
    return start, ((end - start) / length - bend) / 2, bend / (3 * length)


def reached(more: float, growth: Growth, length: float) -> float:
    """When a number that only grows has grown by so much; infinite, if not within a time."""
    if more <= 0:
        return 0.0
    a, b, c = growth
    if not length * (a + length * (b + length * c)) >= more:
        return math.inf
    low, high, close = 0.0, length, CLOSE * length
    part = min(more / a, high) if a > 0 else high / 2
    for _ in range(TRIES):
        excess = part * (a + part * (b + part * c)) - more
        if excess >= 0:
            high = part
        else:
            low = part
        slope = a + part * (2 * b + part * 3 * c)
        following = part - excess / slope if slope > 0 else low
        if -close <= following - part <= close:
            break
        part = following if low < following < high else (low + high) / 2
    return part
