"""One step of what goes on smoothly, kept so that it can be read anywhere along the step.

A method's slopes k_i give, beside the end of the step, a polynomial through it: y(start + θh) = y + h Σ_i b_i(θ) k_i.
For RK4 it is the continuous extension of third order (Zennaro 1986), whose error along the step is of the fourth
power of the step; at θ = 1 it is the step itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.engines.tableau import EULER, RK4

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.engines.events.printed import Function
    from flywheel_sim.engines.tableau import Tableau

__all__ = ["Path"]

# For each method, of each stage: how its weight grows with θ, θ² and θ³.
GROWTH = {
    EULER.name: ((1.0, 0.0, 0.0),),
    RK4.name: ((1.0, -3 / 2, 2 / 3), (0.0, 1.0, -2 / 3), (0.0, 1.0, -2 / 3), (0.0, -1 / 2, 2 / 3)),
}
TRIES = 60  # halvings at most: the last bit of a number from 0 to 1
CLOSE = 1e-15  # of a step


class Path:
    """A step from ``start`` on.

    Args:
        method: the table of the method.
        slopes: the function that gives the slope of each number.
        start: a time.
        length: of the step.
        held: the start of the step in which this one lies, for conditions on time.
        counts: all states, of which the counted stay as they are.
        numbers: the numbers at the start: first the states that the slopes rest on.
        states: how many those are.
    """

    def __init__(
        self,
        method: Tableau,
        slopes: Function,
        start: float,
        length: float,
        held: float,
        counts: Sequence[float],
        numbers: list[float],
        states: int,
    ) -> None:
        self.start, self.length, self.numbers = start, length, numbers
        made: list[tuple[float, ...]] = []
        for node, row in zip(method.nodes, method.rows, strict=True):
            here: Sequence[float] = numbers[:states]
            for weight, slope in zip(row, made, strict=True):
                if weight:
                    shift = weight * length
                    here = [one + shift * other for one, other in zip(here, slope, strict=False)]
            made.append(slopes(start + node * length, held, counts, here))
        self.made = made
        self.growth = GROWTH[method.name]

    def at(self, time: float) -> list[float]:
        """All numbers at a time along the step."""
        found = self.numbers
        if time > self.start:
            part = (time - self.start) / self.length
            for (one, two, three), slope in zip(self.growth, self.made, strict=True):
                weight = self.length * part * (one + part * (two + part * three))
                found = [number + weight * more for number, more in zip(found, slope, strict=True)]
        return list(found)

    def one(self, index: int, time: float) -> float:
        """One number at a time along the step."""
        found = self.numbers[index]
        if time > self.start:
            part = (time - self.start) / self.length
            for (one, two, three), slope in zip(self.growth, self.made, strict=True):
                found += self.length * part * (one + part * (two + part * three)) * slope[index]
        return found

    def reaches(self, index: int, level: float) -> float:
        """When a number that only grows reaches a level; never, if not along this step."""
        more = level - self.numbers[index]
        if more <= 0:
            return self.start
        one = two = three = 0.0
        for (first, second, third), slope in zip(self.growth, self.made, strict=True):
            one, two, three = one + first * slope[index], two + second * slope[index], three + third * slope[index]
        if not self.length * (one + two + three) >= more:
            return math.inf
        more /= self.length
        low, high = 0.0, 1.0
        part = min(more / one, 0.5) if one > 0 else 0.5
        for _ in range(TRIES):
            excess = part * (one + part * (two + part * three)) - more
            low, high = (low, part) if excess >= 0 else (part, high)
            slope_here = one + part * (2 * two + part * 3 * three)
            following = part - excess / slope_here if slope_here > 0 else low
            if abs(following - part) <= CLOSE:
                break
            if not low < following < high:
                following = (low + high) / 2
            part = following
        return self.start + part * self.length
