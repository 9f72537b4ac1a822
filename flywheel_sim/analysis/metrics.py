"""The value of anything a model declares, metrics included, at any saved time of a run.

Values that are not defined (a cost per customer where nobody was won) are NaN here and null on paper.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis import journey
from flywheel_sim.expressions import FUNCTIONS, Expression, Gate, Time, Walk
from flywheel_sim.model.measures import (
    Gain,
    Lifetime,
    Marginal,
    Measure,
    Passage,
    SoFar,
    Survival,
    Trailing,
)
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import (
    Cell,
    Edge,
    Flow,
    Metric,
    Pace,
    Parameter,
    Part,
    Switch,
)
from flywheel_sim.program import Column, Inputs, Lowered, Trace, key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flywheel_sim.model import Declaration

__all__ = ["Reader", "windows"]


def undefined_as_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*arguments: float) -> Any:
        try:
            return function(*arguments)
        except (ArithmeticError, ValueError):
            return math.nan

    return guarded


GUARDED = {name: undefined_as_nan(function) for name, function in FUNCTIONS.items()}


def windows(lowered: Lowered, inputs: Inputs) -> tuple[float, ...]:
    """How far back the trailing measures of a model look, in its time unit."""
    names, places = lowered.declaration.names, lowered.layout.parameters

    def read(node: Expression) -> Any:
        return inputs.parameters[places.index((names[node], None))] if isinstance(node, Parameter) else None

    return tuple(sorted({float(Walk(read)(window)) for window in windows_of(lowered.declaration)}))


@lru_cache(maxsize=32)
def windows_of(declaration: Declaration) -> frozenset[Expression]:
    """The windows of the trailing measures, each once."""
    measured = (node for metric in declaration.of_kind(Metric).values() for node in descend(metric, declaration.names))
    return frozenset(node.window for node in measured if isinstance(node, Trailing))


class Reader:
    """Reads a run.

    Args:
        lowered: the program that ran.
        trace: what the engine handed back.
        marginal: the same run with a lever 1 % higher, by the name of the lever, where that was asked for.
    """

    def __init__(self, lowered: Lowered, trace: Trace, marginal: Mapping[str, Reader] | None = None) -> None:
        self.lowered = lowered
        self.declaration = lowered.declaration
        self.trace = trace
        self.marginal = marginal or {}
        self.metrics = self.declaration.of_kind(Metric)
        self.instants: dict[int, Instant] = {}

    def at(self, name: str, label: str | None, index: int) -> float:
        """The value of a named series at one saved time."""
        column = self.lowered.layout.columns.get((name, label))
        return self.value(column, index) if column is not None else self.instant(index).metric(self.metrics[name])

    def value(self, column: Column, index: int) -> float:
        """What a column of slots adds up to at one saved time."""
        row = (self.trace.states if column.kind == "state" else self.trace.values)[index]
        return row[column.slots[0]] if len(column.slots) == 1 else math.fsum(row[slot] for slot in column.slots)

    def column(self, name: str, label: str | None = None) -> list[float]:
        """A named series at every saved time."""
        return [self.at(name, label, index) for index in range(len(self.trace.times))]

    def instant(self, index: int) -> Instant:
        """The run at one saved time, counted from the end where negative."""
        index %= len(self.trace.times)
        if index not in self.instants:
            self.instants[index] = Instant(self, index)
        return self.instants[index]


class Instant:
    """One saved time of a run, at which any declared expression can be read."""

    def __init__(self, reader: Reader, index: int) -> None:
        self.reader = reader
        self.index = index
        self.lowered = reader.lowered
        self.program = reader.lowered.program
        self.trace = reader.trace
        self.time = reader.trace.times[index]
        self.states = reader.trace.states[index]
        self.values = reader.trace.values[index]
        self.names = reader.declaration.names
        self.columns = reader.lowered.layout.columns
        self.walk = Walk(self.read, GUARDED)

    @cached_property
    def parameters(self) -> tuple[float, ...]:
        """Every parameter at this time."""
        values, _ = self.trace.inputs.course(self.time)
        return values

    def metric(self, metric: Metric) -> float:
        """A metric, in the unit it is declared in."""
        return float(self.walk(metric.expression)) * self.reader.declaration.scales[metric]

    def read(self, node: Expression) -> Any:
        """What the tree walk cannot know of itself."""
        name = self.names.get(node)
        if name is not None and (column := self.columns.get((name, None))) is not None:
            return self.reader.value(column, self.index)
        match node:
            case Parameter():
                return self.parameter(node)
            case Measure():
                return self.measure(node)
            case Metric():
                return self.metric(node)
            case Edge():
                crossing = self.reader.declaration.transfers.across(node.group, node.direction)
                return math.fsum(self.values[self.lowered.parts[transfer.rate]] for transfer in crossing)
            case Pace():
                return self.column(f"{self.reader.declaration.names[node.staff]}.pace")
            case Cell():
                return self.states[self.lowered.cells[node]]
            case Part():
                return self.values[self.lowered.parts[node]]
            case Time():
                return self.time
            case Gate(switch=Switch() as switch, off=Expression() as off):
                runs = self.trace.inputs.switches[self.lowered.layout.switches.index(self.reader.declaration.names[switch])]
                return self.walk(node.signal if runs else off)
            case _ if node in self.reader.declaration.names:
                return self.column(self.reader.declaration.names[node])
            case _:
                return None

    def column(self, name: str) -> Any:
        """A named series now, by label where it has labels; None where the name has no series (a measured one)."""
        columns = self.lowered.layout.columns
        if (name, None) in columns:
            return self.reader.at(name, None, self.index)
        shape = self.reader.declaration.shapes.get(name)
        if shape is None or (name, shape.labels[0]) not in columns:
            return None
        return {label: self.reader.at(name, label, self.index) for label in shape.labels}

    def parameter(self, node: Parameter) -> Any:
        name = self.reader.declaration.names[node]
        places = self.lowered.layout.parameters
        if node.dimension is None:
            return self.parameters[places.index((name, None))]
        return {label: self.parameters[places.index((name, label))] for label in node.dimension.labels}

    # Measures

    def measure(self, node: Measure) -> Any:
        match node:
            case SoFar():
                return self.by_label(node.of, lambda integral: self.integral(integral, self.time))
            case Trailing():
                window = float(self.walk(node.window))
                if self.time == 0:
                    return self.walk(node.of)
                return self.by_label(node.of, lambda integral: self.mean(integral, window))
            case Lifetime():
                return journey.lifetime(self.program, self.states, self.values, self.slots(node.group), float(self.walk(node.discount)))
            case Survival():
                return journey.survival(self.program, self.states, self.values, self.slots(node.group), float(self.walk(node.time)))
            case Passage():
                inside = [slot for stock in node.stocks for slot in self.slots(stock)]
                return journey.passage(self.program, self.states, self.values, inside, self.flow_numbers(node.by))
            case Gain():
                return journey.gain(self.program, self.states, self.values)
            case Marginal():
                return self.further(node)
            case _:
                raise TypeError(f"no reading of {type(node).__name__}")

    def by_label(self, of: Expression, value: Callable[[int], float]) -> Any:
        """A value for each integral that an expression has: one, or one per label."""
        shape = self.reader.declaration.transfers.shape(of)
        if shape is None:
            return value(self.lowered.integrals[of, None])
        return {label: value(self.lowered.integrals[of, label]) for label in shape.labels}

    def integral(self, integral: int, time: float) -> float:
        return self.trace.integrals[key(time)][integral]

    def mean(self, integral: int, window: float) -> float:
        since = max(self.time - window, 0.0)
        return (self.integral(integral, self.time) - self.integral(integral, since)) / (self.time - since)

    def slots(self, group: Expression) -> list[int]:
        return [self.lowered.cells[cell] for cell in self.reader.declaration.transfers.cells_of(group)]

    def flow_numbers(self, flow: Expression) -> frozenset[int]:
        assert isinstance(flow, Flow)
        name = self.reader.declaration.names[flow]
        return frozenset(number for number, (written, _) in enumerate(self.lowered.layout.flows) if written == name)

    def further(self, node: Marginal) -> float:
        other = self.reader.marginal.get(self.reader.declaration.names[node.lever])
        if other is None:
            return math.nan
        then = other.instant(self.index)
        more = float(then.walk(node.cost)) - float(self.walk(node.cost))
        won = float(then.walk(node.result)) - float(self.walk(node.result))
        return more / won if won else math.nan
