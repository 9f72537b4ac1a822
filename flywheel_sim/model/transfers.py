"""Flows taken apart into single arrows: from one number of the state to another.

A flow over labels, out of a group or out of a chain of stages is several arrows. Every reading of a model
(equations, events, loop analysis) starts from this one list.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from flywheel_sim.errors import ModelError
from flywheel_sim.expressions import (
    Apply,
    Dimension,
    Expression,
    Gate,
    Number,
    Outside,
    Pick,
    Total,
)
from flywheel_sim.model.symbols import Cell, End, Flow, Group, Pace, Part, Staff, Stock
from flywheel_sim.records import Record

__all__ = ["Transfer", "Transfers"]

Shape = Callable[[Expression], Dimension | None]


class Transfer(Record):
    """One arrow.

    Attributes:
        flow: the flow it belongs to, or None where a chain moves on to its next stage.
        label: the label of the flow it belongs to, if the flow has labels.
        source: where it leaves, None for outside.
        destination: where it arrives, None for outside.
        rate: how much goes along it, a unit of time.
        hazard: that rate per head, or None where the rate is given in total.
        heads: the numbers of the state whose heads count: the source, or the members that cause it.
    """

    flow: Flow | None
    label: str | None
    source: Cell | None
    destination: Cell | None
    rate: Part
    hazard: Part | None
    heads: tuple[Cell, ...]


class Transfers:
    """All arrows of a model, and the numbers of the state they run between.

    Args:
        stocks: in the order declared; flows are added one by one.
        shape: the labels of any expression.
    """

    def __init__(self, stocks: Iterable[Stock], shape: Shape) -> None:
        self.shape = shape
        self.cells: dict[tuple[Stock, str | None], tuple[Cell, ...]] = {}
        for stock in stocks:
            for label in labels_of(shape(stock)):
                self.cells[stock, label] = tuple(Cell(stock, label, stage) for stage in range(stock.stages))
        self.served: dict[Staff, list[Expression]] = {}
        self.of_flow: dict[Flow, dict[str | None, list[Transfer]]] = {}
        self.list: list[Transfer] = []
        self.hazards: dict[tuple[Flow, str | None, int], Part] = {}

    def add(self, flow: Flow) -> None:
        """Take a flow apart."""
        if flow.served_by is not None and isinstance(flow.source, Expression):
            served = self.served.setdefault(flow.served_by, [])
            if flow.source not in served:
                served.append(flow.source)
        self.of_flow[flow] = {label: self.arrows(flow, label) for label in labels_of(self.shape(flow))}
        for transfers in self.of_flow[flow].values():
            self.list.extend(transfers)

    def advance(self, stock: Stock) -> None:
        """The arrows along a chain of stages, once all ways out of it are known."""
        for label in labels_of(self.shape(stock)):
            chain = self.cells[stock, label]
            if len(chain) > 1:
                self.list.extend(self.onward(chain))

    # What expressions stand for

    def pace(self, staff: Staff) -> Expression:
        """min(1, places / accounts in the stocks it serves), behind the loop of the staff if it has one."""
        work: Expression | None = None
        for end in self.served.get(staff, []):
            one = Total(end) if self.shape(end) is not None else end
            work = one if work is None else Apply("+", (work, one))
        assert work is not None  # a staff that serves nothing is refused when the class is made
        pace = Apply("minimum", (Number(1.0), Apply("ratio", (staff.places, work, Number(1.0)))))
        return Gate(staff.loop, pace, None) if staff.loop else pace

    def cells_of(self, end: End) -> tuple[Cell, ...]:
        """The numbers of the state that a stock, a label of one, or a group stands for."""
        match end:
            case Stock():
                return tuple(cell for (stock, _), chain in self.cells.items() if stock is end for cell in chain)
            case Pick(of=Stock() as stock, label=label):
                return self.cells[stock, label]
            case Group():
                return tuple(cell for member in end.members for cell in self.cells_of(member))
            case _:
                return ()

    def across(self, group: Expression, direction: str) -> list[Transfer]:
        """The arrows across the edge of a stock or group: ``into`` or ``out_of`` it."""
        inside = set(self.cells_of(group))
        crossing = []
        for transfer in self.list:
            enters, leaves = transfer.destination in inside, transfer.source in inside
            if enters != leaves and (enters if direction == "into" else leaves):
                crossing.append(transfer)
        return crossing

    # Taking flows apart

    def arrows(self, flow: Flow, label: str | None) -> list[Transfer]:
        destination = self.entry(flow.destination, label)
        if isinstance(flow.source, Outside):
            chains: list[tuple[Cell, ...]] = [()]
        elif isinstance(flow.source, Group):
            chains = [self.cells[cell.stock, cell.label] for cell in self.cells_of(flow.source) if cell.stage == 0]
        else:
            chains = [self.chain(flow.source, label)]
        made: list[Transfer] = []
        for chain in chains:
            if not chain:
                made.append(self.arrow(flow, label, None, destination, 1))
            elif flow.anytime:
                made.extend(self.arrow(flow, label, cell, destination, 1) for cell in chain)
            else:
                made.append(self.arrow(flow, label, chain[-1], destination, len(chain)))
        return made

    def arrow(self, flow: Flow, label: str | None, source: Cell | None, destination: Cell | None, times: int) -> Transfer:
        """One arrow; ``times`` is by how much the last of a chain of stages is faster than the whole."""
        if flow.rate is not None:
            rate = self.at(flow.rate, label)
            several = isinstance(flow.source, Group) or (source is not None and source.stock.stages > 1)
            if several:  # in total: it falls on all heads alike
                if not flow.anytime and not isinstance(flow.source, Group):
                    raise ModelError("a rate out of a stock with stages needs to know from which", fix="add anytime=True, or give hazard=")
                heads = Total(flow.source) if self.shape(flow.source) is not None else flow.source  # type: ignore[arg-type]
                rate = Apply("*", (rate, Apply("ratio", (source, heads, Number(0.0)))))  # type: ignore[arg-type]
            return Transfer(flow, label, source, destination, Part(rate), None, ())
        hazard = self.hazard(flow, label, times)
        if flow.by is None:
            assert source is not None
            return Transfer(flow, label, source, destination, Part(Apply("*", (hazard, source))), hazard, (source,))
        if source is not None and source.stock.stages > 1:
            raise ModelError(
                "members elsewhere (by=) cannot move accounts out of a stock with stages", fix="take them from a stock without stages"
            )
        by = flow.by
        if self.shape(by) is not None:
            by = Pick(by, label) if label and meets(self.shape(by), self.shape(flow)) else Total(by)
        heads_of = by.of if isinstance(by, Total) else by
        return Transfer(flow, label, source, destination, Part(Apply("*", (hazard, by))), hazard, self.cells_of(heads_of))

    def hazard(self, flow: Flow, label: str | None, times: int) -> Part:
        """The hazard of a flow at one label: one and the same for all arrows that share it."""
        if (flow, label, times) not in self.hazards:
            assert flow.hazard is not None
            hazard = self.at(flow.hazard, label)
            if flow.served_by is not None:
                hazard = Apply("*", (Pace(flow.served_by), hazard))
            self.hazards[flow, label, times] = Part(hazard if times == 1 else Apply("*", (Number(float(times)), hazard)))
        return self.hazards[flow, label, times]

    def onward(self, chain: tuple[Cell, ...]) -> list[Transfer]:
        """Each stage passes on as fast as the last is left, all ways out together."""
        ways_out = [
            transfer.hazard
            for transfer in self.list
            if transfer.source is chain[-1] and transfer.flow is not None and not transfer.flow.anytime and transfer.hazard is not None
        ]
        if not ways_out:
            raise ModelError(
                f"a stock with stages={len(chain)} is left only from its last stage, but nothing leaves it",
                fix="add a flow out of it (hazard=, not anytime), or drop stages=",
            )
        together: Expression = ways_out[0]
        for hazard in ways_out[1:]:
            together = Apply("+", (together, hazard))
        hazard = Part(together)
        return [
            Transfer(None, source.label, source, following, Part(Apply("*", (hazard, source))), hazard, (source,))
            for source, following in itertools.pairwise(chain)
        ]

    def entry(self, end: End, label: str | None) -> Cell | None:
        """The number of the state in which arrivals start: the first stage."""
        return None if isinstance(end, Outside) else self.chain(end, label)[0]

    def chain(self, end: Expression, label: str | None) -> tuple[Cell, ...]:
        if isinstance(end, Pick):
            return self.cells[end.of, end.label]  # type: ignore[index]
        return self.cells[end, label if self.shape(end) is not None else None]  # type: ignore[index]

    def at(self, expression: Expression, label: str | None) -> Expression:
        """An equation at one label of its flow."""
        shape = self.shape(expression)
        if shape is None:
            return expression
        if label is None:
            raise ModelError(
                f"its equation has a value each for {', '.join(shape.labels)}, but its ends have no labels",
                fix="add them up with total(...)",
            )
        if label not in shape.labels:
            raise ModelError(f"its equation has no value for {label}", fix=f"its labels are {', '.join(shape.labels)}")
        return Pick(expression, label)


def labels_of(shape: Dimension | None) -> tuple[str | None, ...]:
    return (None,) if shape is None else shape.labels


def meets(left: Dimension | None, right: Dimension | None) -> bool:
    return left is not None and right is not None and left.meet(right) is not None
