"""The steps of a run: they land on every change of schedule, saved time and mark."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from flywheel_sim.program.schedule import changes
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flywheel_sim.program import Inputs, Program

__all__ = ["Leg", "Stretch", "legs"]

# A little more than the half of what :func:`flywheel_sim.program.key` rounds to.
AWAY = 6e-10


class Stretch(Record):
    """A piece of a run in which no parameter jumps and no condition on time flips.

    Attributes:
        start: a time.
        end: a later time.
        parameters: their values at the start.
        slopes: how fast each changes.
    """

    start: float
    end: float
    parameters: tuple[float, ...]
    slopes: tuple[float, ...]

    @property
    def moving(self) -> frozenset[int]:
        """The parameters that change within it."""
        return frozenset(index for index, slope in enumerate(self.slopes) if slope)

    def at(self, time: float) -> list[float]:
        """The parameters at a time of it."""
        return [value + slope * (time - self.start) for value, slope in zip(self.parameters, self.slopes, strict=True)]

    def inside(self, time: float) -> float:
        """A time, moved away from its ends, where conditions on time may be on either side."""
        return min(max(time, self.start + AWAY), self.end - AWAY)


class Leg(Record):
    """Equal steps between two stops.

    Attributes:
        stretch: in which it lies.
        start: a time at which something may be saved or change.
        end: the next such time.
        steps: how many.
    """

    stretch: Stretch
    start: float
    end: float
    steps: int


def legs(program: Program, inputs: Inputs, end: float, marks: Iterable[float], dt: float) -> Iterator[Leg]:
    """A run from 0 to ``end``.

    Args:
        program: what runs.
        inputs: what it is given.
        end: the horizon.
        marks: times to stop at.
        dt: the longest step.
    """
    marks = tuple(marks)
    for start, stop in itertools.pairwise(changes(program, inputs, end)):
        stretch = Stretch(start, stop, *inputs.course(start))
        stops = sorted({start, stop, *(mark for mark in marks if start < mark < stop)})
        for now, following in itertools.pairwise(stops):
            yield Leg(stretch, now, following, max(1, math.ceil((following - now) / dt - 1e-9)))
