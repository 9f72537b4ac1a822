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
from typing import TYPE_CHECKING

from flywheel_sim.emit import compile_function, tuple_of
from flywheel_sim.engines.tableau import EULER, RK4

if TYPE_CHECKING:
    from flywheel_sim.engines.events.printed import Function
    from flywheel_sim.engines.tableau import Tableau

__all__ = ["Path", "compile_curves"]

# For each method, of each stage: what its weight grows by with θ, θ² and θ³.
GROWTH = {
    EULER.name: ((1.0, 0.0, 0.0),),
    RK4.name: ((1.0, -3 / 2, 2 / 3), (0.0, 1.0, -2 / 3), (0.0, 1.0, -2 / 3), (0.0, -1 / 2, 2 / 3)),
}
TRIES = 60  # halvings at most: the last bit of a number from 0 to 1
CLOSE = 1e-14  # of a step

# What a number grows by along a step of length h: h (a θ + b θ² + c θ³). The a is its slope at the start.
Curve = tuple[float, float, float]
Curves = Callable[["Function", float, float, float, Sequence[float], Sequence[float]], tuple[Curve, ...]]


@lru_cache(maxsize=64)
def compile_curves(method: Tableau, states: int, others: int) -> Curves:
    """What gives the curve of every number along a step.

    Args:
        method: the table of the method.
        states: how many numbers the slopes depend on.
        others: how many more numbers are only summed up.

    Returns:
        A function of the slopes, a time, the length of the step, the start of the step that conditions on time
        hold for, the counts, and the numbers.
    """
    made: Curves = compile_function(print_curves(method, states, others))
    return made


def print_curves(method: Tableau, states: int, others: int) -> str:
    """The text of ``curves(rates, t, h, s, y, n)``."""
    everything = range(states + others)
    lines = ["def curves(rates, t, h, s, y, n):", *(f"    n{i} = n[{i}]" for i in range(states))]
    for stage, (node, row) in enumerate(zip(method.nodes, method.rows, strict=True)):
        shifts = [(other, weight) for other, weight in enumerate(row) if weight]
        lines += [f"    h{stage}_{other} = {weight!r} * h" for other, weight in shifts]
        here = (" + ".join([f"n{i}", *(f"h{stage}_{other} * k{other}_{i}" for other, _ in shifts)]) for i in range(states))
        lines.append(f"    {tuple_of(f'k{stage}_{i}' for i in everything)} = rates(t + {node!r} * h, s, y, {tuple_of(here)})")
    growth = GROWTH[method.name]
    powers = [[(stage, weights[power]) for stage, weights in enumerate(growth) if weights[power]] for power in range(3)]
    rows = (tuple_of(" + ".join(f"{weight!r} * k{stage}_{i}" for stage, weight in terms) or "0.0" for terms in powers) for i in everything)
    lines.append(f"    return {tuple_of(rows)}")
    return "\n".join(lines)


class Path:
    """A step from ``start`` on.

    Args:
        start: a time.
        length: of the step.
        numbers: at the start.
        curves: of each.
    """

    def __init__(self, start: float, length: float, numbers: list[float], curves: tuple[Curve, ...]) -> None:
        self.start, self.length, self.numbers, self.curves = start, length, numbers, curves

    def at(self, time: float) -> list[float]:
        """All numbers at a time along the step."""
        if not time > self.start:
            return list(self.numbers)
        part = (time - self.start) / self.length
        gone = self.length * part
        return [number + gone * (a + part * (b + part * c)) for number, (a, b, c) in zip(self.numbers, self.curves, strict=True)]

    def one(self, index: int, time: float) -> float:
        """One number at a time along the step."""
        if not time > self.start:
            return self.numbers[index]
        part = (time - self.start) / self.length
        a, b, c = self.curves[index]
        return self.numbers[index] + self.length * part * (a + part * (b + part * c))

    def reaches(self, index: int, level: float, before: float) -> float:
        """When a number that only grows reaches a level; infinite, if not along this step and before a time."""
        more = level - self.numbers[index]
        if more <= 0:
            return self.start
        a, b, c = self.curves[index]
        high = min((before - self.start) / self.length, 1.0) if self.length else 0.0
        more = more / self.length if high else math.inf
        if not high * (a + high * (b + high * c)) >= more:
            return math.inf
        low = 0.0
        part = min(more / a, high) if a > 0 else high / 2
        for _ in range(TRIES):
            excess = part * (a + part * (b + part * c)) - more
            low, high = (low, part) if excess >= 0 else (part, high)
            slope = a + part * (2 * b + part * 3 * c)
            following = part - excess / slope if slope > 0 else low
            if abs(following - part) <= CLOSE:
                break
            part = following if low < following < high else (low + high) / 2
        return self.start + part * self.length
