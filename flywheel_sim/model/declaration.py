"""A complete model as one frozen record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from flywheel_sim.expressions import Dimension, Expression, Gate
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Claim, Metric, Parameter, Switch
from flywheel_sim.model.text import write
from flywheel_sim.model.transfers import Transfers
from flywheel_sim.units import Unit

__all__ = ["Declaration"]

Kind = TypeVar("Kind")


@dataclass(frozen=True, eq=False)
class Declaration:
    """Everything a model says, checked.

    Attributes:
        name: of the class.
        note: its docstring.
        time_unit: the word for its unit of time.
        counts: the units whose stocks count whole individuals.
        symbols: every declared name with what it names, in order.
        names: what each declared node is called.
        units: the unit of every named expression.
        shapes: the labels of every named expression, None for a plain one.
        scales: how many of its declared unit one of what a metric measures is (30.4 days to the month).
        transfers: its flows as single arrows.
        headline: what a comparison looks at unless told otherwise.
        panel: the metrics worth a small chart each.
        outlay: the metric of money spent so far, if the model has one.
        balance: the metric of money gained less money spent so far, if the model has one.
        diagram: a sketch of where its stocks stand.
        claims: sentences that experiments can test.
    """

    name: str
    note: str
    time_unit: str
    counts: tuple[str, ...]
    symbols: Mapping[str, object]
    names: Mapping[object, str]
    units: Mapping[str, Unit]
    shapes: Mapping[str, Dimension | None]
    scales: Mapping[Metric, float]
    transfers: Transfers
    headline: Expression | None
    panel: tuple[Expression, ...]
    outlay: Expression | None
    balance: Expression | None
    diagram: str
    claims: tuple[Claim, ...]

    def of_kind(self, kind: type[Kind]) -> dict[str, Kind]:
        """The symbols of one kind, by name, in the order declared."""
        return {name: symbol for name, symbol in self.symbols.items() if isinstance(symbol, kind)}

    @property
    def parameters(self) -> dict[str, Parameter]:
        """What can be set: parameters, levers and the split."""
        return self.of_kind(Parameter)

    @property
    def split(self) -> str | None:
        """The name of the lever of shares, if there is one."""
        return next((name for name, parameter in self.parameters.items() if parameter.role == "split"), None)

    @property
    def metrics(self) -> dict[str, Expression]:
        """The headline, if it is not itself a metric, and every metric, by name."""
        first = {} if self.headline is None else {self.names[self.headline]: self.headline}
        return first | self.of_kind(Metric)

    @property
    def switches(self) -> dict[str, Switch]:
        """The loops and frictions that a strategy can go without."""
        gated = {gate.switch for gate in self.gates() if gate.off is not None}
        return {name: switch for name, switch in self.of_kind(Switch).items() if switch in gated}

    def gates(self) -> Iterator[Gate]:
        """Every gate of the model."""
        for symbol in self.symbols.values():
            if isinstance(symbol, Gate):
                yield symbol
            for node in descend(symbol, self.names):
                if isinstance(node, Gate) and node not in self.names:
                    yield node

    def write(self, node: object, *, top: bool = False) -> str:
        """The text of an expression, in this model's names."""
        return write(node, self.names, top=top)
