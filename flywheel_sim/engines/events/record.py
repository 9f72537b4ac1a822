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
        labels = [cells[state].label for state in range(len(cells))]
        self.labels = ["", *dict.fromkeys(label for label in labels if label)]
        self.label_of = [self.labels.index(label) if label else NOBODY for label in labels]  # of each state, -1 for none
        self.label_of.append(NOBODY)  # of outside
        self.accounts, self.kind, self.origins, self.why = array("q"), array("l"), array("l"), array("q")
        self.times, self.waited = array("d"), array("d")
        self.origin: list[int] = []  # of each account
        self.entered: list[float] = []  # when each account came where it is

    def start(self, accounts: range, state: int) -> None:
        """Accounts that are there at the beginning."""
        label, many = max(self.label_of[state], 0), len(accounts)
        self.origin.extend([label] * many)
        self.entered.extend([0.0] * many)
        self.accounts.extend(accounts)
        self.kind.extend([self.first_start + state] * many)
        self.origins.extend([label] * many)
        self.times.extend([0.0] * many)
        self.waited.extend([0.0] * many)
        self.why.extend([NOBODY] * many)

    def move(self, account: int, number: int, destination: int, time: float, why: int) -> None:
        """A move of an account, perhaps its first."""
        entered = self.entered
        if account == len(entered):
            entered.append(time)
            self.origin.append(0)
        label = self.label_of[destination]
        if label != NOBODY:
            self.origin[account] = label
        self.accounts.append(account)
        self.kind.append(number)
        self.origins.append(self.origin[account])
        self.times.append(time)
        self.waited.append(time - entered[account])
        self.why.append(why)
        entered[account] = time

    def serve(self, account: int, queue: int, time: float) -> None:
        """An account that begins to be served."""
        self.accounts.append(account)
        self.kind.append(self.first_queue + queue)
        self.origins.append(self.origin[account])
        self.times.append(time)
        self.waited.append(time - self.entered[account])
        self.why.append(NOBODY)

    def log(self) -> Log:
        """All of it, in words."""
        activities, sources, destinations = ([kind[part] for kind in self.kinds] for part in range(3))
        return Log(
            account=self.accounts.tolist(),
            origin=[self.labels[label] for label in self.origins],
            activity=[activities[kind] for kind in self.kind],
            from_stock=[sources[kind] for kind in self.kind],
            to_stock=[destinations[kind] for kind in self.kind],
            time=self.times.tolist(),
            waited=self.waited.tolist(),
            why=self.why.tolist(),
        )
