"""A complete model as one frozen record."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from flywheel_sim.model.symbols import Claim, Metric, Parameter, Switch
from flywheel_sim.model.text import write
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flywheel_sim.expressions import Dimension, Expression
    from flywheel_sim.model.transfers import Transfers
    from flywheel_sim.units import Unit

__all__ = ["Declaration"]

Kind = TypeVar("Kind")


class Declaration(Record):
    """Everything a model says, checked.

    Attributes:
        name: of the class.
        note: its docstring.
        time_unit: the word for its unit of time.
        counts: the units whose stocks count whole individuals.
        symbols: every declared name with what it names, in order.
        names: what each declared node is called.
        switches: the loops and frictions that a strategy can go without.
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
        places: ``file:line`` of every name.
    """

    name: str
    note: str
    time_unit: str
    counts: tuple[str, ...]
    symbols: Mapping[str, object]
    names: Mapping[object, str]
    switches: Mapping[str, Switch]
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
    places: Mapping[str, str]

    def of_kind(self, kind: type[Kind]) -> dict[str, Kind]:
        """The symbols of one kind, by name, in the order declared."""
        return {name: symbol for name, symbol in self.symbols.items() if isinstance(symbol, kind)}

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """What can be set: parameters, levers and the split."""
        return self.of_kind(Parameter)

    @cached_property
    def split(self) -> str | None:
        """The name of the lever of shares, if there is one."""
        return next((name for name, parameter in self.parameters.items() if parameter.role == "split"), None)

    @cached_property
    def metrics(self) -> dict[str, Expression]:
        """The headline, if it is not itself a metric, and every metric, by name."""
        first = {} if self.headline is None else {self.names[self.headline]: self.headline}
        return first | self.of_kind(Metric)

    def write(self, node: object, *, top: bool = False) -> str:
        """The text of an expression, in this model's names."""
        return write(node, self.names, top=top)
