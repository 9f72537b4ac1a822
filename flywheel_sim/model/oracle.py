"""The oracle: a model's declared equations walked node by node, with nothing lowered, ordered or compiled.

It is slow and plain on purpose. Every faster form of a model is tested against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.expressions import COMPARISONS, Apply, Expression, Gate, Time, Walk
from flywheel_sim.model.symbols import Auxiliary, Cell, Edge, Flow, Group, Pace, Parameter, Part, Stock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flywheel_sim.model.declaration import Declaration

__all__ = ["Oracle"]

Name = tuple[str, str | None]


class Oracle:
    """A model at one instant.

    Args:
        model: what it declares.
        parameters: every parameter, by name and label.
        off: the loops and frictions that do not run.
        cells: every number of the state.
        time: now.
        start: of the step that is being made, for conditions on time.
    """

    def __init__(
        self,
        model: Declaration,
        parameters: Mapping[Name, float],
        off: Collection[str],
        cells: Mapping[Cell, float],
        time: float = 0.0,
        start: float | None = None,
    ) -> None:
        self.model = model
        self.parameters = parameters
        self.off = off
        self.cells = cells
        self.time = time
        self.start = time if start is None else start
        self.walk = Walk(self.read)

    def value(self, node: Expression) -> Any:
        """The value of anything declared: a number, or one for each label."""
        return self.walk(node)

    def derivatives(self) -> dict[Cell, float]:
        """How fast every number of the state changes."""
        change = dict.fromkeys(self.cells, 0.0)
        for transfer in self.model.transfers.list:
            rate = self.walk(transfer.rate)
            if transfer.source is not None:
                change[transfer.source] -= rate
            if transfer.destination is not None:
                change[transfer.destination] += rate
        return change

    def initial(self, cell: Cell) -> float:
        """The value of a number of the state at time 0."""
        start = cell.stock.initial
        whole = self.walk(start)
        value: float = whole.get(cell.label, 0.0) if isinstance(whole, dict) else whole
        return value / cell.stock.stages

    def read(self, node: Expression) -> Any:
        """What a declared node stands for."""
        transfers = self.model.transfers
        match node:
            case Parameter():
                name = self.model.names[node]
                by_label = {label: self.parameters[name, label] for label in node.default}
                return by_label if node.dimension else by_label[None]
            case Cell():
                return self.cells[node]
            case Stock():
                shape = transfers.shape(node)
                sums = {
                    label: sum(self.cells[cell] for cell in transfers.cells[node, label]) for label in (shape.labels if shape else (None,))
                }
                return sums if shape else sums[None]
            case Group():
                return sum(self.cells[cell] for cell in transfers.cells_of(node))
            case Flow():
                sums = {label: sum(self.walk(arrow.rate) for arrow in arrows) for label, arrows in transfers.of_flow[node].items()}
                return sums if transfers.shape(node) else sums[None]
            case Edge():
                return sum(self.walk(transfer.rate) for transfer in transfers.across(node.group, node.direction))
            case Auxiliary() | Part():
                return self.walk(node.expression)
            case Pace():
                return self.walk(transfers.pace(node.staff))
            case Gate(off=Expression() as off):
                return self.walk(off if self.model.names[node.switch] in self.off else node.signal)
            case Time():
                return self.time
            case Apply(function) if function in COMPARISONS and self.time != self.start:
                return Oracle(self.model, self.parameters, self.off, self.cells, self.start).walk(node)
            case _:
                return None
