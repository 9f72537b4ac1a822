"""Stretches: the pieces of a run in which no parameter jumps and no condition on time flips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.emit import Rates, compile_python
from flywheel_sim.program import Inputs, Program, key
from flywheel_sim.program.diagnosis import walk_values
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Stretch", "initial_states", "stretches"]


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

    def rates(self, program: Program) -> Rates:
        """The derivative of the program during this stretch."""
        return compile_python(program, self.moving)(self.parameters, self.switches, self.slopes, self.start)


def stretches(program: Program, inputs: Inputs, end: float) -> Iterator[Stretch]:
    """A run from 0 to ``end``, cut at every change of schedule and wherever a condition on time may flip."""
    walk = walk_values(program, inputs, inputs.parameters, (), 0.0, 0.0)
    breaks = {key(float(walk(time))) for time in program.breaks}
    cuts = sorted(cut for cut in breaks | {key(bend.time) for bend in inputs.bends} if 0 < cut < key(end))
    for start, stop in zip([0.0, *cuts], [*cuts, key(end)], strict=True):
        values, slopes = inputs.course(start)
        yield Stretch(start, stop, values, slopes, inputs.switches)


def initial_states(program: Program, inputs: Inputs) -> tuple[float, ...]:
    """Every state at time 0."""
    walk = walk_values(program, inputs, inputs.parameters, (), 0.0, 0.0)
    return tuple(float(walk(expression)) for expression in program.initial)
