"""How long accounts stayed in each stock, and how much of that they waited for staff: one log, read once."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from flywheel_sim.analysis.metrics import Reader
from flywheel_sim.analysis.ways import OUTSIDE_NAME
from flywheel_sim.model.symbols import Staff
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flywheel_sim.engines.events import Log
    from flywheel_sim.program import Lowered, Trace

__all__ = ["START", "Stays", "served_stocks", "stays_of"]

START = "start"  # as the log calls the row of an account that is there at the beginning

Place = tuple[str, str | None]  # a stock, at one of its labels


class Stays(Record):
    """What one log says of each stock. From one label of a stock to another is no move.

    Attributes:
        came: how many accounts came into each stock; those there at the start did not.
        went: how many left, by stock left, stock entered and flow.
        time: by stock, how long those who left had been in it, added up.
        waited: by stock, how much of that they waited for staff, added up.
    """

    came: Mapping[str, int]
    went: Mapping[tuple[str, str, str], int]
    time: Mapping[str, float]
    waited: Mapping[str, float]


class Pool:
    """A staff that is shared, along one log: how long whoever has been with it all the time would have waited.

    Between two moves the number of those served stands still, so that 1 - min(1, places / number) is integrated exactly
    for places that lie on straight lines between the saved times.

    Args:
        times: the saved times.
        places: at each of them.
    """

    def __init__(self, times: Sequence[float], places: Sequence[float]) -> None:
        self.times, self.places = times, places
        self.now, self.free, self.piece = times[0], places[0], 1
        self.heads, self.waited = 0, 0.0

    def at(self, time: float) -> float:
        """The integral of 1 - pace up to a time, not before the last one asked for."""
        while self.piece < len(self.times) and self.times[self.piece] <= time:
            self.go_on(self.times[self.piece], self.places[self.piece])
            self.piece += 1
        if time > self.now and self.piece < len(self.times):
            start, end = self.times[self.piece - 1], self.times[self.piece]
            low, high = self.places[self.piece - 1], self.places[self.piece]
            self.go_on(time, low + (high - low) * (time - start) / (end - start))
        return self.waited

    def go_on(self, time: float, places: float) -> None:
        if self.heads:
            before, after = 1 - self.free / self.heads, 1 - places / self.heads
            if before > 0 or after > 0:
                low, high = sorted((before, after))
                share = high if low >= 0 else high / (high - low)  # of the time that there are too few places, times twice the mean
                mean = (low + high) / 2 if low >= 0 else share * high / 2
                self.waited += mean * (time - self.now)
        self.now, self.free = time, places


class Walker:
    """Reads one log from its beginning to its end.

    Args:
        lowered: the model.
        trace: of the same replication.
    """

    def __init__(self, lowered: Lowered, trace: Trace) -> None:
        names = lowered.declaration.names
        self.labelled = {names[cell.stock] for cell in lowered.cells if cell.label is not None}
        self.queues: dict[str, str] = {}  # the stock that each staff with a queue serves
        self.pools: dict[Place, list[Pool]] = {}
        reader = Reader(lowered, trace)
        for name, staff in lowered.declaration.of_kind(Staff).items():
            cells = lowered.declaration.transfers.served[staff]
            if staff.queue:
                self.queues[name] = names[next(iter(cells)).stock]
                continue
            pool = Pool(trace.times, [float(reader.instant(index).walk(staff.places)) for index in range(len(trace.times))])
            for place in dict.fromkeys((names[cell.stock], cell.label) for cell in cells):
                self.pools.setdefault(place, []).append(pool)
        self.since: dict[int, float] = {}
        self.place: dict[int, Place] = {}
        self.owed: dict[int, list[float]] = {}  # what the pools of its place stood at when it came there
        self.waits: dict[int, float] = {}  # how long it has waited where it is
        self.served: set[int] = set()  # who has come to the head of a queue

    def stays(self, log: Log) -> Stays:
        came: Counter[str] = Counter()
        went: Counter[tuple[str, str, str]] = Counter()
        time_in: defaultdict[str, float] = defaultdict(float)
        waited_in: defaultdict[str, float] = defaultdict(float)
        queued, since = set(self.queues.values()), self.since
        rows = zip(log.account, log.origin, log.activity, log.from_stock, log.to_stock, log.time, log.waited, strict=True)
        for account, origin, activity, source, destination, time, waited in rows:
            if source == destination:
                if self.queues.get(activity) == source:
                    self.waits[account] = waited
                    self.served.add(account)
                else:  # from one label to another
                    self.leave(account, time)
                    self.enter(account, source, origin, time)
                continue
            if source != OUTSIDE_NAME:
                stay = time - since.pop(account)
                self.leave(account, time)
                wait = self.waits.pop(account, 0.0)
                if source in queued and account not in self.served:  # it never came to be served
                    wait = stay
                self.served.discard(account)
                went[source, destination, activity] += 1
                time_in[source] += stay
                waited_in[source] += wait
            if destination != OUTSIDE_NAME:
                since[account] = time
                self.enter(account, destination, origin, time)
                if activity != START:
                    came[destination] += 1
        return Stays(came, went, time_in, waited_in)

    def enter(self, account: int, stock: str, origin: str, time: float) -> None:
        """Be counted by those who serve here."""
        if not self.pools:
            return
        place = self.place[account] = (stock, origin if stock in self.labelled else None)
        pools = self.pools.get(place)
        if pools:
            self.owed[account] = [pool.at(time) for pool in pools]
            for pool in pools:
                pool.heads += 1

    def leave(self, account: int, time: float) -> None:
        """No longer be counted, having waited. Whom several staff serve waits for the slowest of them."""
        if not self.pools:
            return
        pools = self.pools.get(self.place.pop(account))
        if pools:
            owed = self.owed.pop(account)
            longest = max(pool.at(time) - before for pool, before in zip(pools, owed, strict=True))
            self.waits[account] = self.waits.get(account, 0.0) + longest
            for pool in pools:
                pool.heads -= 1


def stays_of(lowered: Lowered, log: Log, trace: Trace) -> Stays:
    """Read a log.

    Args:
        lowered: the model.
        log: of a replication.
        trace: of the same: how many places shared staff had at the saved times.
    """
    return Walker(lowered, trace).stays(log)


def served_stocks(lowered: Lowered) -> frozenset[str]:
    """The stocks that any staff serves."""
    declaration = lowered.declaration
    return frozenset(
        declaration.names[cell.stock] for staff in declaration.of_kind(Staff).values() for cell in declaration.transfers.served[staff]
    )
