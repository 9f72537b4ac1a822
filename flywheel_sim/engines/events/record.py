"""The log while it is being written: numbers only, in columns, with the words put in at the end."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from flywheel_sim.engines.events.log import NOBODY, OUTSIDE_NAME, START, Log
from flywheel_sim.program import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.engines.events.queue import Queue
    from flywheel_sim.program import Lowered

__all__ = ["Recorder"]


class Recorder:
    """Writes down who did what when.

    Args:
        lowered: what the slots were called.
        queues: the staff that serve first come first.
    """

    def __init__(self, lowered: Lowered, queues: Sequence[Queue]) -> None:
        names = lowered.declaration.names
        cells = {state: cell for cell, state in lowered.cells.items()}
        stocks = [names[cells[state].stock] for state in range(len(cells))]
        flows = [lowered.layout.flows[move.flow][0] if move.flow != OUTSIDE else "" for move in lowered.program.moves]
        place = [*stocks, OUTSIDE_NAME]  # the number of outside is -1
        self.kinds = [(flow, place[move.source], place[move.destination]) for flow, move in zip(flows, lowered.program.moves, strict=True)]
        self.first_start = len(self.kinds)
        self.kinds += [(START, OUTSIDE_NAME, stock) for stock in stocks]
        self.first_queue = len(self.kinds)
        self.kinds += [(queue.name, stocks[queue.state], stocks[queue.state]) for queue in queues]
        labels = [*(cells[state].label or "" for state in range(len(cells))), ""]
        # The label that an account carries after a row of each kind, "" where it keeps the one it had.
        self.label_after = [*(labels[move.destination] for move in lowered.program.moves), *labels[:-1], *("" for _ in queues)]
        # One row each: who, what, when, and because of whom.
        self.accounts, self.kind, self.times, self.why = array("q"), array("l"), array("d"), array("q")

    def start(self, accounts: range, state: int) -> None:
        """Accounts that are there at the beginning."""
        many = len(accounts)
        self.accounts.extend(accounts)
        self.kind.extend([self.first_start + state] * many)
        self.times.extend([0.0] * many)
        self.why.extend([NOBODY] * many)

    def move(self, account: int, number: int, time: float, why: int) -> None:
        """A move of an account, perhaps its first."""
        self.accounts.append(account)
        self.kind.append(number)
        self.times.append(time)
        self.why.append(why)

    def serve(self, account: int, queue: int, time: float) -> None:
        """An account that begins to be served."""
        self.move(account, self.first_queue + queue, time, NOBODY)

    def log(self) -> Log:
        """All of it, in words."""
        activities, sources, destinations = ([kind[part] for kind in self.kinds] for part in range(3))
        origins, waited = self.followed()
        return Log(
            account=self.accounts.tolist(),
            origin=origins,
            activity=[activities[kind] for kind in self.kind],
            from_stock=[sources[kind] for kind in self.kind],
            to_stock=[destinations[kind] for kind in self.kind],
            time=self.times.tolist(),
            waited=waited,
            why=self.why.tolist(),
        )

    def followed(self) -> tuple[list[str], list[float]]:
        """Every account followed from row to row: the label it carried last, and how long it had been where it was."""
        label_after, first_queue = self.label_after, self.first_queue
        carried: list[str] = []  # by each account: they come in the order of their numbers
        entered: list[float] = []
        origins, waited = [], []
        for account, kind, time in zip(self.accounts, self.kind, self.times, strict=True):
            if account == len(entered):
                entered.append(time)
                carried.append("")
            label = label_after[kind]
            if label:
                carried[account] = label
            origins.append(carried[account])
            waited.append(time - entered[account])
            if kind < first_queue:
                entered[account] = time
        return origins, waited
