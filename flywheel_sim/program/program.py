"""A program: a model with its names, units and labels gone, ready to be printed or walked.

Everything is a numbered slot. Parameters and switches are set before a run; states are integrated; values are
computed from all of these, each from earlier ones. :class:`Layout` remembers what the slots were called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flywheel_sim.expressions import Expression

__all__ = ["OUTSIDE", "Bend", "Column", "Inputs", "Layout", "Move", "Program", "key", "written"]

OUTSIDE = -1


class Move(Record):
    """One arrow between two states.

    Attributes:
        source: the state it leaves, -1 for outside.
        destination: the state it enters, -1 for outside.
        rate: the value that goes along it, a unit of time.
        hazard: the value of that rate per head, -1 where the rate is in total.
        heads: the states whose heads count.
        by: whether the heads are others than the source (births).
        flow: the number of the flow it belongs to, -1 inside a chain of stages.
    """

    source: int
    destination: int
    rate: int
    hazard: int
    heads: tuple[int, ...]
    by: bool
    flow: int


class Program(Record):
    """A lowered model.

    Attributes:
        parameters: how many parameters there are.
        switches: how many loops and frictions can be off.
        initial: each state at time 0, over parameters.
        values: each value, over parameters, switches, states, the time and earlier values.
        moves: the stoichiometry: which value leaves which state for which.
        integrals: the values that are integrated beside the states.
        breaks: times, over parameters, at which a condition on time may flip.
        counted: for each counted unit, the states in it.
        crossing: for each counted unit that comes from or goes to outside, the integral of what came less what
            went.
    """

    parameters: int
    switches: int
    initial: tuple[Expression, ...]
    values: tuple[Expression, ...]
    moves: tuple[Move, ...]
    integrals: tuple[int, ...]
    breaks: tuple[Expression, ...]
    counted: Mapping[str, tuple[int, ...]]
    crossing: Mapping[str, int]


class Column(Record):
    """Where a named series lies: the states or values that add up to it."""

    kind: str
    slots: tuple[int, ...]


class Layout(Record):
    """What the slots of a program were called.

    Attributes:
        parameters: name and label of each parameter slot.
        switches: name of each switch slot.
        states: name of each state, for messages.
        values: name of each value, for messages; parts of a flow have the name of their flow.
        flows: name and label of each flow, by its number.
        columns: each named series; a name with labels has one column per label.
    """

    parameters: tuple[tuple[str, str | None], ...]
    switches: tuple[str, ...]
    states: tuple[str, ...]
    values: tuple[str, ...]
    flows: tuple[tuple[str, str | None], ...]
    columns: Mapping[tuple[str, str | None], Column]


class Bend(Record):
    """From ``time`` on, a parameter is ``value`` and changes by ``slope`` a unit of time."""

    time: float
    parameter: int
    value: float
    slope: float


def written(name: str, label: str | None) -> str:
    """A name at one of its labels, as people write it."""
    return f"{name}[{label}]" if label else name


def key(time: float) -> float:
    """A time as a key: two that differ by rounding alone are one."""
    return round(time, 9)


class Inputs(Record):
    """What a run is given.

    Attributes:
        parameters: their values before any bend.
        switches: which loops and frictions run.
        bends: how parameters move, in the order of time.
    """

    parameters: tuple[float, ...]
    switches: tuple[bool, ...]
    bends: tuple[Bend, ...] = ()

    def course(self, time: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Every parameter at a time, and how fast each changes from then on."""
        values, slopes = list(self.parameters), [0.0] * len(self.parameters)
        for bend in self.bends:
            if key(bend.time) <= key(time):
                values[bend.parameter] = bend.value + bend.slope * (time - bend.time)
                slopes[bend.parameter] = bend.slope
        return tuple(values), tuple(slopes)
