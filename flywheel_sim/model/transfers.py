"""Flows taken apart into single arrows: from one number of the state to another.

A flow over labels, out of a group or out of a chain of stages is several arrows. Every reading of a model
(equations, events, loop analysis) starts from this one list.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import reduce

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
        self.served: dict[Staff, dict[Cell, None]] = {}  # a set in order: whoever two flows serve is counted once
        self.of_flow: dict[Flow, dict[str | None, list[Transfer]]] = {}
        self.list: list[Transfer] = []
        self.hazards: dict[tuple[Flow, str | None, int], Part] = {}

    def add(self, flow: Flow) -> None:
        """Take a flow apart."""
        self.of_flow[flow] = {label: self.arrows(flow, label) for label in labels_of(self.shape(flow))}
        for transfers in self.of_flow[flow].values():
            self.list.extend(transfers)
            if flow.served_by is not None:
                sources = [transfer.source for transfer in transfers if transfer.source is not None]
                whole = (cell for source in sources for cell in self.cells[source.stock, source.label])
                self.served.setdefault(flow.served_by, {}).update(dict.fromkeys(whole))

    def advance(self, stock: Stock) -> None:
        """The arrows along a chain of stages, once all ways out of it are known."""
        for label in labels_of(self.shape(stock)):
            chain = self.cells[stock, label]
            if len(chain) > 1:
                self.list.extend(self.onward(chain))

    # What expressions stand for

    def pace(self, staff: Staff) -> Expression:
        """min(1, places / accounts in the stocks it serves), behind the loop of the staff if it has one."""
        work = add_up(self.served[staff])  # a staff that serves nothing is refused when the class is made
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
        chains = self.chains(flow.source, label)
        heads = tuple(itertools.chain(*chains))
        made: list[Transfer] = []
        for chain in chains:
            if not chain:
                made.append(self.arrow(flow, label, None, destination, 1, heads))
            elif flow.anytime:
                made.extend(self.arrow(flow, label, cell, destination, 1, heads) for cell in chain)
            else:
                made.append(self.arrow(flow, label, chain[-1], destination, len(chain), heads))
        return made

    def chains(self, source: End, label: str | None) -> list[tuple[Cell, ...]]:
        """What a flow leaves at one of its labels. The members of a group keep to their labels, if the flow has any."""
        if isinstance(source, Outside):
            return [()]
        if not isinstance(source, Group):
            return [self.chain(source, label)]
        made = []
        for member in source.members:
            labels = labels_of(self.shape(member))
            made += [self.chain(member, one) for one in labels if one is None or label is None or one == label]
        return made

    def arrow(
        self, flow: Flow, label: str | None, source: Cell | None, destination: Cell | None, times: int, heads: tuple[Cell, ...]
    ) -> Transfer:
        """One arrow.

        Args:
            flow: the flow it belongs to.
            label: of the flow.
            source: where it leaves.
            destination: where it arrives.
            times: by how much the last of a chain of stages is faster than the whole.
            heads: all that the flow leaves at this label.
        """
        if flow.rate is not None:
            rate = self.at(flow.rate, label)
            if source is not None and len(heads) > 1:  # in total: it falls on all heads alike
                if source.stock.stages > 1 and not flow.anytime:
                    raise ModelError("a rate out of a stock with stages needs to know from which", fix="add anytime=True, or give hazard=")
                rate = Apply("*", (rate, Apply("ratio", (source, add_up(heads), Number(0.0)))))
            return Transfer(flow, label, source, destination, Part(rate), None, ())
        hazard = self.hazard(flow, label, times)
        if flow.by is None:
            assert source is not None
            return Transfer(flow, label, source, destination, Part(Apply("*", (hazard, source))), hazard, (source,))
        if len(heads) > 1:
            raise ModelError(
                "members elsewhere (by=) cannot move accounts out of a stock with stages or out of a group",
                fix="take them from one stock without stages",
            )
        by = flow.by
        if self.shape(by) is not None:
            by = self.at(by, label, "by=") if meets(self.shape(by), self.shape(flow)) else Total(by)
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
        hazard = Part(add_up(ways_out))
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

    def at(self, expression: Expression, label: str | None, what: str = "its equation") -> Expression:
        """An equation at one label of its flow."""
        shape = self.shape(expression)
        if shape is None:
            return expression
        if label is None:
            raise ModelError(
                f"{what} has a value each for {', '.join(shape.labels)}, but its ends have no labels",
                fix='add them up with total(...), or pick one with x["label"]',
            )
        if label not in shape.labels:
            raise ModelError(f"{what} has no value for {label}", fix=f"its labels are {', '.join(shape.labels)}")
        return Pick(expression, label)


def add_up(parts: Iterable[Expression]) -> Expression:
    """The sum of at least one part."""
    return reduce(lambda left, right: Apply("+", (left, right)), parts)


def labels_of(shape: Dimension | None) -> tuple[str | None, ...]:
    return (None,) if shape is None else shape.labels


def meets(left: Dimension | None, right: Dimension | None) -> bool:
    return left is not None and right is not None and left.meet(right) is not None
