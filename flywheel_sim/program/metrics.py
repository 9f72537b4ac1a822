"""Metrics lowered: what a run is judged by, as expressions over slots and over a few measured nodes.

The reader of single runs (:mod:`flywheel_sim.analysis.metrics`) asks the declaration and is the oracle for this;
what is printed for a target is this.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flywheel_sim.expressions import FUNCTIONS, Apply, Expression, Gate, Number, Slot, Time, Walk, lift, spread
from flywheel_sim.model.measures import Gain, Lifetime, Marginal, Measure, Passage, SoFar, Survival, Trailing
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Cell, Edge, Flow, Metric, Pace, Parameter, Part, Switch
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flywheel_sim.program.lower import Lowered
    from flywheel_sim.program.program import Column

__all__ = ["LoopGain", "Mean", "Measured", "Stay", "Still", "Way", "added", "lower_metrics"]


class Mean(Expression):
    """The mean of a value over a trailing window; the value itself at time 0.

    Attributes:
        integral: of the value.
        now: the value.
        window: the number of the window.
    """

    integral: int
    now: Expression
    window: int


class Stay(Expression):
    """The expected discounted time in some states of those who enter them now."""

    inside: tuple[int, ...]
    discount: Expression


class Still(Expression):
    """The share of those who enter some states now who are in them after a time."""

    inside: tuple[int, ...]
    time: Expression


class Way(Expression):
    """The mean time in some states of those who enter them now and leave by some flows."""

    inside: tuple[int, ...]
    flows: frozenset[int]


class LoopGain(Expression):
    """The loop gain: the spectral radius of F V^-1."""


class Measured(Record):
    """The metrics of a program.

    Attributes:
        metrics: each by its name, in the unit it is declared in.
        windows: how far back the trailing measures look, over parameters.
    """

    metrics: Mapping[str, Expression]
    windows: tuple[Expression, ...]


@lru_cache(maxsize=32)
def lower_metrics(lowered: Lowered) -> Measured:
    """Every metric of a model but those that need a second run."""
    walk = Lowering(lowered)
    names = lowered.declaration.names
    metrics = {
        name: walk.metric(metric)
        for name, metric in lowered.declaration.of_kind(Metric).items()
        if not any(isinstance(node, Marginal) for node in descend(metric, names))
    }
    return Measured(metrics, tuple(walk.windows.values()))


def applied(function: str) -> Callable[..., Expression]:
    return lambda *arguments: Apply(function, tuple(map(lift, arguments)))


# The tree walk with these does not compute: it writes down what is to be computed.
SYMBOLIC = {name: applied(name) for name in FUNCTIONS}


def added(parts: list[Expression]) -> Expression:
    """The sum, first to last."""
    total: Expression = parts[0] if parts else Number(0.0)
    for part in parts[1:]:
        total = Apply("+", (total, part))
    return total


class Lowering:
    """The walk over declared metrics, label by label."""

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.declaration = lowered.declaration
        self.names = lowered.declaration.names
        self.columns = lowered.layout.columns
        self.windows: dict[Expression, Expression] = {}
        self.walk = Walk(self.read, SYMBOLIC)

    def metric(self, metric: Metric) -> Expression:
        """A metric, in the unit it is declared in."""
        scale = self.declaration.scales[metric]
        found = lift(self.walk(metric.expression))
        return found if scale == 1 else Apply("*", (found, Number(scale)))

    def read(self, node: Expression) -> Any:
        """What the tree walk cannot know of itself."""
        name = self.names.get(node)
        if name is not None and (column := self.columns.get((name, None))) is not None:
            return slots_of(column)
        match node:
            case Parameter():
                return self.parameter(node)
            case Measure():
                return self.measure(node)
            case Metric():
                return self.metric(node)
            case Edge():
                crossing = self.declaration.transfers.across(node.group, node.direction)
                return added([Slot("value", self.lowered.parts[transfer.rate]) for transfer in crossing])
            case Pace():
                return slots_of(self.columns[f"{self.names[node.staff]}.pace", None])
            case Cell():
                return Slot("state", self.lowered.cells[node])
            case Part():
                return Slot("value", self.lowered.parts[node])
            case Time():
                return Slot("time", 0)
            case Gate(switch=Switch() as switch, off=Expression() as off):
                slot = Slot("switch", self.lowered.layout.switches.index(self.names[switch]))
                return spread(lambda on, without: Gate(slot, lift(on), lift(without)), self.walk(node.signal), self.walk(off))
            case _ if name is not None:
                return self.by_label(name)
            case _:
                return None

    def by_label(self, name: str) -> Any:
        """A named series, by label; None where the name has no series (a measured one)."""
        shape = self.declaration.shapes.get(name)
        if shape is None or (name, shape.labels[0]) not in self.columns:
            return None
        return {label: slots_of(self.columns[name, label]) for label in shape.labels}

    def parameter(self, node: Parameter) -> Any:
        name, places = self.names[node], self.lowered.layout.parameters
        if node.dimension is None:
            return Slot("parameter", places.index((name, None)))
        return {label: Slot("parameter", places.index((name, label))) for label in node.dimension.labels}

    def measure(self, node: Measure) -> Any:
        match node:
            case SoFar():
                return self.integrals(node.of, lambda integral, _: Slot("integral", integral))
            case Trailing():
                self.windows.setdefault(node.window, lift(self.walk(node.window)))
                window = list(self.windows).index(node.window)
                return self.integrals(node.of, lambda integral, now: Mean(integral, lift(now), window))
            case Lifetime():
                return Stay(self.slots(node.group), lift(self.walk(node.discount)))
            case Survival():
                return Still(self.slots(node.group), lift(self.walk(node.time)))
            case Passage():
                return Way(tuple(slot for stock in node.stocks for slot in self.slots(stock)), self.flow_numbers(node.by))
            case Gain():
                return LoopGain()
            case _:
                raise TypeError(f"no lowering of {type(node).__name__}")

    def integrals(self, of: Expression, made: Callable[[int, Any], Expression]) -> Any:
        """A node for each integral that an expression has: one, or one per label."""
        shape = self.declaration.transfers.shape(of)
        now = self.walk(of)
        if shape is None:
            return made(self.lowered.integrals[of, None], now)
        return {label: made(self.lowered.integrals[of, label], now[label]) for label in shape.labels}

    def slots(self, group: Expression) -> tuple[int, ...]:
        return tuple(self.lowered.cells[cell] for cell in self.declaration.transfers.cells_of(group))

    def flow_numbers(self, flow: Expression) -> frozenset[int]:
        assert isinstance(flow, Flow)
        name = self.names[flow]
        return frozenset(number for number, (written, _) in enumerate(self.lowered.layout.flows) if written == name)


def slots_of(column: Column) -> Expression:
    """What a column of slots adds up to."""
    return added([Slot(column.kind, slot) for slot in column.slots])
