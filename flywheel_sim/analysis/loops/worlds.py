"""Every variable at both ends of many short intervals, and what one of them would be if a single other had changed.

The tree walk over arrays: an axis of intervals, and behind it perhaps one of draws. A *world* may have the gate of
one loop closed, at the same states: then a signal that can be gated off has its value of being off, and nothing moves
the signal of a balancing loop.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.loops.graph import Graph, is_open, uses_of
from flywheel_sim.expressions import Expression, Gate, Slot, Walk
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Instants", "World"]


def ratio_of(numerator: Any, denominator: Any, empty: Any) -> Any:
    there = np.not_equal(denominator, 0)
    return np.where(there, np.divide(numerator, np.where(there, denominator, 1.0)), empty)


# What each operator and function computes on arrays; the keys are those of FUNCTIONS in expressions.
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "negative": np.negative,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "minimum": lambda *parts: reduce(np.minimum, parts),
    "maximum": lambda *parts: reduce(np.maximum, parts),
    "where": np.where,
    "ratio": ratio_of,
}


class Instants(Record):
    """Given numbers at one end of every interval.

    Attributes:
        parameters: each a number, or an array that spreads over the shape of a state.
        states: of shape (numbers of the state, intervals), or with a last axis of draws.
        time: spreads over the shape of a state.
        start: a time within the step that begins then, for conditions on time.
    """

    parameters: Sequence[Any]
    states: Array
    time: Any
    start: Any


class World:
    """A model over many intervals, perhaps with the gate of one loop closed.

    Args:
        graph: the model.
        here: the beginnings of the intervals.
        there: their ends.
        closed: the loop whose gates are closed, and the number of its switch if it has one.
    """

    def __init__(self, graph: Graph, here: Instants, there: Instants, closed: tuple[object, ...] = ()) -> None:
        self.graph = graph
        self.closed = closed
        self.shape = here.states.shape[1:]
        self.uses = uses_of(graph.program, graph.of_state, graph.of_slot, self.through)
        self.walk = self.walk_at(here)
        self.later = self.walk_at(there)
        self.states_later = there.states
        with np.errstate(all="ignore"):
            self.before = [self.whole(self.walk(variable.equation)) for variable in graph.variables]
            self.after = [self.whole(self.later(variable.equation)) for variable in graph.variables]

    def changed(self, cause: int, effect: int) -> Array:
        """The change of one variable over each interval if only another had changed, all else being as at its beginning."""
        with np.errstate(all="ignore"):
            walk = Walk(lambda node: self.read_changed(node, cause, walk), FUNCTIONS, np.interp)
            made: Array = self.whole(walk(self.graph.variables[effect].equation)) - self.before[effect]
        return made

    def whole(self, value: Any) -> Array:
        return np.broadcast_to(np.asarray(value, dtype=float), self.shape)

    # Gates

    def is_closed(self, gate: Gate) -> bool:
        return (gate.switch if gate.off is None else gate.switch.index) in self.closed

    def chosen(self, gate: Gate) -> Expression:
        """What a gate lets through that does not keep its signal as it was."""
        if is_open(gate, self.graph.switches) and not (gate.off is not None and self.is_closed(gate)):
            return gate.signal
        assert gate.off is not None
        return gate.off

    def through(self, gate: Gate) -> Iterable[Expression]:
        """What can change behind a gate."""
        return () if gate.off is None and self.is_closed(gate) else (self.chosen(gate),)

    # Walks

    def walk_at(self, instants: Instants) -> Walk:
        """The walk at one end of every interval."""
        program = self.graph.program

        def read(node: Expression) -> Any:
            match node:
                case Slot(kind="parameter"):
                    return instants.parameters[node.index]
                case Slot(kind="state"):
                    return instants.states[node.index]
                case Slot(kind="value"):
                    return walk(program.values[node.index])
                case Slot(kind="time"):
                    return instants.time
                case Slot():
                    return instants.start
                case Gate():
                    return walk(self.chosen(node))
                case _:
                    return None

        walk = Walk(read, FUNCTIONS, np.interp)
        return walk

    def read_changed(self, node: Expression, cause: int, walk: Callable[[Expression], Any]) -> Any:
        """Whatever the cause has no part in is as it was at the beginning."""
        if cause not in self.uses(node):
            return self.walk(node)
        match node:
            case Slot(kind="state"):
                return self.states_later[node.index]
            case Slot():
                read = self.later if node.index in self.graph.of_slot else walk
                return read(self.graph.program.values[node.index])
            case Gate():
                return walk(self.chosen(node))
            case _:
                return None
