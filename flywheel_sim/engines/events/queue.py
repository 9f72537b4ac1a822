"""Staff that serve first come first: a resource of SimPy whose places may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

from flywheel_sim.errors import ModelError
from flywheel_sim.expressions import Apply, Expression, Slot
from flywheel_sim.model.symbols import Staff
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from flywheel_sim.program import Lowered

__all__ = ["Places", "Queue", "queues"]


class Queue(Record):
    """A staff with a queue, in a program.

    Attributes:
        name: of the staff.
        state: whom it serves.
        served: the moves that it serves.
        pace: the value of its pace, which those moves' hazards hold.
        places: how many it can serve at once.
    """

    name: str
    state: int
    served: frozenset[int]
    pace: Slot
    places: Expression


class Places(simpy.Resource):
    """Places that accounts take in the order in which they came; there may be more or fewer of them later."""

    def __init__(self, environment: simpy.Environment) -> None:
        super().__init__(environment)
        self._capacity = 0

    def resize(self, places: int) -> None:
        """Have so many from now on. Nobody who is being served is sent away."""
        if places != self._capacity:
            self._capacity = places
            for _ in range(min(places - len(self.users), len(self.put_queue))):  # each call gives away one place
                self._trigger_put(None)


def queues(lowered: Lowered) -> tuple[Queue, ...]:
    """The staff of a program that serve first come first.

    Raises:
        ModelError: if one of them serves more than one stock, or one with stages or labels.
    """
    found = []
    for name, staff in lowered.declaration.symbols.items():
        if isinstance(staff, Staff) and staff.queue:
            transfers = lowered.declaration.transfers
            cells = list(transfers.served[staff])
            if len(cells) != 1:
                raise ModelError(
                    f"{lowered.declaration.name}: the staff {name} has a queue, and serves more than one stock, label or stage",
                    place=lowered.declaration.places.get(name, ""),
                    fix="give each a staff of its own, or leave out queue=True, so that all are served alike",
                )
            served = {
                number for number, transfer in enumerate(transfers.list) if transfer.flow is not None and transfer.flow.served_by is staff
            }
            (pace,) = lowered.layout.columns[f"{name}.pace", None].slots
            found.append(
                Queue(name, lowered.cells[cells[0]], frozenset(served), Slot("value", pace), places_of(lowered.program.values[pace]))
            )
    return tuple(found)


def places_of(pace: Expression) -> Expression:
    """How many a staff can serve, from the equation of its pace: minimum(1, ratio(places, who is there, 1))."""
    match pace:
        case Apply("minimum", (_, Apply("ratio", (places, _, _)))):
            return places
        case _:
            raise TypeError("the pace of a staff has another form")
