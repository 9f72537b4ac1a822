"""What happened to whom: the log of journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from flywheel_sim.program import Trace

__all__ = ["NOBODY", "OUTSIDE_NAME", "START", "Journey", "Log"]

NOBODY = -1
START = "start"
OUTSIDE_NAME = "outside"


class Log(Record):
    """Every move of every account, in the order of time: columns of one length.

    An account that is there at the beginning has a row of activity ``start``. One that begins to be served by a staff
    with a queue has a row with the name of the staff, from its stock to the same stock. Passing from one stage of a
    stock to the next has no row.

    Attributes:
        account: its number, from 0 on, in the order in which they came.
        origin: the label that it carried last, or "".
        activity: the name of the flow, ``start``, or the name of the staff.
        from_stock: the stock it left, or "outside".
        to_stock: the stock it entered, or "outside".
        time: when, in the model's time unit.
        waited: how long it had been in the stock it left; where service begins, how long it had been in the queue.
        why: of flows with ``by=``, the account that caused it; else -1.
    """

    account: list[int]
    origin: list[str]
    activity: list[str]
    from_stock: list[str]
    to_stock: list[str]
    time: list[float]
    waited: list[float]
    why: list[int]

    def __len__(self) -> int:
        return len(self.account)


class Journey(Record):
    """One replication.

    Attributes:
        trace: what the engines of equations hand back too. Integrals of flows of accounts count those who moved;
            values are rates, as always.
        log: what happened to whom, None if not asked for.
        events: how many moves there were, those from stage to stage among them.
    """

    trace: Trace
    log: Log | None
    events: int
