"""Stretches: the pieces of a run in which no parameter jumps and no condition on time flips."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from flywheel_sim.emit import Rates, compile_python
from flywheel_sim.program.diagnosis import walk_values
from flywheel_sim.program.schedule import changes
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flywheel_sim.program import Inputs, Program

__all__ = ["AWAY", "Stretch", "initial_states", "stretches"]

# A little more than the half of what :func:`key` rounds to.
AWAY = 6e-10


class Stretch(Record):
    """One piece of a run.

    Attributes:
        start: a time.
        end: a later time.
        parameters: their values at the start.
        slopes: how fast each changes.
        switches: which loops and frictions run.
    """

    start: float
    end: float
    parameters: tuple[float, ...]
    slopes: tuple[float, ...]
    switches: tuple[bool, ...]

    @property
    def moving(self) -> frozenset[int]:
        """The parameters that change within it."""
        return frozenset(index for index, slope in enumerate(self.slopes) if slope)

    def at(self, time: float) -> list[float]:
        """The parameters at a time of this stretch."""
        return [value + slope * (time - self.start) for value, slope in zip(self.parameters, self.slopes, strict=True)]

    def inside(self, time: float) -> float:
        """A time, moved away from the ends of the stretch, where :func:`key` leaves open on which side of a flip it is."""
        return min(max(time, self.start + AWAY), self.end - AWAY)

    def rates(self, program: Program) -> Rates:
        """The derivative of the program during this stretch: conditions on time are everywhere what they are inside."""
        made = compile_python(program, self.moving)(self.parameters, self.switches, self.slopes, self.start)
        if not program.breaks:
            return made

        def held(time: float, start: float, states: Sequence[float], *, full: bool = False) -> tuple[float, ...]:
            return made(time, self.inside(start), states, full=full)

        return held


def stretches(program: Program, inputs: Inputs, end: float) -> Iterator[Stretch]:
    """A run from 0 to ``end``, cut at every change of schedule and wherever a condition on time flips."""
    for start, stop in itertools.pairwise(changes(program, inputs, end)):
        yield Stretch(start, stop, *inputs.course(start), inputs.switches)


def initial_states(program: Program, inputs: Inputs) -> tuple[float, ...]:
    """Every state at time 0."""
    walk = walk_values(program, inputs, inputs.parameters, (), 0.0, 0.0)
    return tuple(float(walk(expression)) for expression in program.initial)
