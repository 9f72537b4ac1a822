"""The clocks that accounts wait on, and all that moves them.

Every clock keeps the running integral of its hazard. Whoever comes draws an exponential number, and goes when the
integral has grown by it; the clock knows only whose turn is first.
"""

from __future__ import annotations

import math
from heapq import heappop
from typing import TYPE_CHECKING, Any

import simpy

from flywheel_sim.engines.events.draws import ARRIVALS, CAUSES, CHOICES, STAYS, WAITS, exponentials, uniforms
from flywheel_sim.engines.events.path import Path, compile_curves
from flywheel_sim.engines.events.queue import Places
from flywheel_sim.engines.events.reading import NONE, Clock, Passage, read
from flywheel_sim.engines.events.record import Recorder
from flywheel_sim.engines.events.saving import Saving
from flywheel_sim.program import OUTSIDE, Inputs, Lowered

if TYPE_CHECKING:
    from flywheel_sim.engines.events.legs import Stretch
    from flywheel_sim.engines.events.printed import Function
    from flywheel_sim.engines.tableau import Tableau

__all__ = ["Clocks", "Member", "is_waiting"]

# (threshold, account), and for those who wait for a place the request.
Member = tuple[Any, ...]
# A move, ready for a hurry: from, to, which clock to enter, which gauges change by which function, steady integrals that jump.
Turn = tuple[int, int, int, tuple[int, ...], int, tuple[tuple[int, float], ...], Passage]


class Clocks:
    """The state of one replication between two moves.

    Args:
        lowered: the program that runs.
        inputs: what it is given.
        times: when to save.
        windows: how far back trailing measures look.
        method: of the steps of what goes on smoothly.
        draws: the seed and the number of the replication.
        log: whether to keep the log.
    """

    def __init__(
        self,
        lowered: Lowered,
        inputs: Inputs,
        times: tuple[float, ...],
        windows: tuple[float, ...],
        *,
        method: Tableau,
        draws: tuple[int, int],
        log: bool,
    ) -> None:
        self.lowered, self.inputs, self.program = lowered, inputs, lowered.program
        self.method = method
        self.saving = Saving(lowered, inputs, times, windows)
        self.reading = read(lowered)
        self.clocks: tuple[Clock, ...] = self.reading.clocks
        self.recorder = Recorder(lowered, self.reading.queues) if log else None
        self.environment = simpy.Environment()
        self.when, self.next = 0.0, NONE  # when something happens next, and to which clock; -1 for the end of the step
        self.time = self.held = self.step_end = 0.0
        # Gauges: hazards of clocks, then integrals.
        gauges = len(self.clocks) + len(self.program.integrals)
        self.level, self.since, self.speed = [0.0] * gauges, [0.0] * gauges, [0.0] * gauges
        self.place = [NONE] * gauges  # of each smooth gauge among the numbers of the path
        self.due = [math.inf] * len(self.clocks)
        # Members: of each clock, and of the states that nobody ever leaves.
        self.members: list[list[Member]] = [[] for _ in self.clocks]
        self.clock_of = [NONE] * len(self.program.initial)
        self.groups: list[list[list[Member]]] = [[] for _ in self.program.initial]
        self.waiting_clock = {clock.source: number for number, clock in enumerate(self.clocks) if clock.waiting}
        for number, clock in enumerate(self.clocks):
            if clock.source != OUTSIDE:
                self.groups[clock.source].append(self.members[number])
                if not clock.waiting:
                    self.clock_of[clock.source] = number
        for state in self.reading.counted:
            self.groups[state] = self.groups[state] or [[]]
        self.queue_of = {queue.state: number for number, queue in enumerate(self.reading.queues)}
        # Whose members are in one stock, without a queue.
        self.plain = [clock.source != OUTSIDE and clock.source not in self.queue_of for clock in self.clocks]
        self.places = [Places(self.environment) for _ in self.reading.queues]
        self.requests: dict[int, Any] = {}  # of those who are being served
        self.stays = [
            exponentials(*draws, ARRIVALS, clock.ways[0])
            if clock.source == OUTSIDE
            else exponentials(*draws, WAITS if clock.waiting else STAYS, clock.source)
            for clock in self.clocks
        ]
        self.choices = {clock.source: uniforms(*draws, CHOICES, clock.source) for clock in self.clocks}
        self.causes = [uniforms(*draws, CAUSES, number) for number in range(len(self.program.moves))]
        self.counts: list[float] = []
        self.numbers: list[float] = []
        self.path: Path | None = None
        self.stretch: Stretch | None = None
        self.functions: tuple[Function, ...] = ()

    def enter(self, stretch: Stretch) -> None:
        """A stretch of the run: parameters may have jumped, so that every speed is new."""
        time = self.time
        for gauge in range(len(self.level)):
            self.level[gauge], self.since[gauge] = self.read(gauge), time
        reading = read(self.lowered, stretch.moving)
        self.numbers = [*self.numbers[: len(reading.continuous)], *(self.level[gauge] for gauge in reading.smooth)]
        self.reading, self.stretch, self.path = reading, stretch, None
        self.place = [NONE] * len(self.level)
        for number, gauge in enumerate(reading.smooth):
            self.place[gauge], self.speed[gauge] = len(reading.continuous) + number, 0.0
            if gauge < len(self.clocks):
                self.due[gauge] = math.inf
        self.passages: dict[int, Passage] = dict(reading.passages)
        self.turns = {number: self.turn(passage) for number, passage in reading.passages.items()}
        self.smooth_clocks = [gauge for gauge in reading.smooth if gauge < len(self.clocks)]
        self.curves = compile_curves(self.method, len(reading.continuous), len(reading.smooth))
        self.held = stretch.inside(time)
        try:
            self.functions = reading.make(stretch.parameters, self.inputs.switches, stretch.slopes, stretch.start)
            speeds = self.functions[reading.steady_speeds](time, self.held, self.counts, self.numbers)
        except (ArithmeticError, ValueError):
            raise self.broken() from None
        for gauge, speed in zip(reading.steady, speeds, strict=True):
            self.speed[gauge] = speed
            if gauge < len(self.clocks):
                if not 0.0 <= speed < math.inf:
                    self.speed[gauge] = self.doubtful(speed)
                self.aim(gauge)

    def turn(self, passage: Passage) -> Turn:
        """A move, ready for a hurry."""
        entry = NONE if passage.destination == OUTSIDE else self.clock_of[passage.destination]
        simple = not passage.varying and all(kind == "integral" for kind, _, _ in passage.fixed)
        jumps = tuple((len(self.clocks) + index, amount) for _, index, amount in passage.fixed) if simple else ()
        return passage.source, passage.destination, entry, passage.gauges, passage.speeds, jumps, passage

    def bend(self, numbers: list[float]) -> None:
        """Set out anew, from now to the end of the step, along what goes on smoothly."""
        time, reading = self.time, self.reading
        length = self.step_end - time
        curves = self.curves(self.functions[reading.slopes], time, length, self.held, self.counts, numbers)
        self.path = Path(time, length, numbers, curves)
        for gauge in self.smooth_clocks:
            if not 0.0 <= curves[self.place[gauge]][0] < math.inf:
                self.doubtful(curves[self.place[gauge]][0])

    def look(self) -> None:
        """See whose turn is first, or whether the step ends before."""
        when = min(self.due, default=math.inf)
        self.next = self.due.index(when) if when <= self.step_end else NONE
        when = max(min(when, self.step_end), self.time)
        if self.path is not None:  # the hazards that go on smoothly are followed no further than need be
            for clock in self.smooth_clocks:
                members = self.first(clock)
                if members:
                    reached = self.path.reaches(self.place[clock], members[0][0], when)
                    if reached < when or (reached == when and self.next == NONE):
                        self.next, when = clock, reached
        self.when = when

    def first(self, number: int) -> list[Member]:
        """The members of a clock, whose first is one who is still there."""
        members = self.members[number]
        if self.clocks[number].waiting:
            while members and not is_waiting(members[0]):
                heappop(members)
        return members

    def aim(self, number: int) -> None:
        """Find out when the first member of a clock goes, if its hazard is steady."""
        if self.place[number] == NONE:
            members, speed = self.members[number] if self.plain[number] else self.first(number), self.speed[number]
            ahead = (members[0][0] - self.level[number]) / speed if members and speed else math.inf
            self.due[number] = self.since[number] + ahead

    def change_speeds(self, gauges: tuple[int, ...], speeds: tuple[float, ...]) -> None:
        """Steady gauges that have just been read go on at other speeds."""
        clocks, due, speed = len(self.clocks), self.due, self.speed
        for gauge, new in zip(gauges, speeds, strict=True):
            speed[gauge] = new
            if gauge < clocks:
                if not 0.0 <= new < math.inf:
                    speed[gauge] = new = self.doubtful(new)  # noqa: PLW2901  0, where only rounding made it less
                members = self.members[gauge] if self.plain[gauge] else self.first(gauge)
                due[gauge] = self.since[gauge] + (members[0][0] - self.level[gauge]) / new if members and new else math.inf

    def read(self, gauge: int) -> float:
        """A gauge, now."""
        place = self.place[gauge]
        if place == NONE:
            return self.level[gauge] + self.speed[gauge] * (self.time - self.since[gauge])
        return self.numbers[place] if self.path is None else self.path.one(place, self.time)

    def here(self) -> list[float]:
        """What goes on smoothly, now."""
        return self.numbers if self.path is None else self.path.at(self.time)

    def states(self) -> list[float]:
        """All states, now."""
        found = list(self.counts)
        for state, number in zip(self.reading.continuous, self.here(), strict=False):
            found[state] = number
        return found

    def broken(self) -> Exception:
        assert self.stretch is not None
        return self.saving.broken(self.time, self.states(), self.stretch)

    def doubtful(self, hazard: float) -> float:
        """A hazard below 0 or without bound: 0 where only rounding made it so.

        Raises:
            StateError: where it did not.
        """
        assert self.stretch is not None
        self.saving.all_values(self.time, self.states(), self.stretch)
        if not -math.inf < hazard < math.inf:
            raise self.broken()
        return 0.0


def is_waiting(member: Member) -> bool:
    """Whether an account is where its entry says: who waited for a place and got one has another entry there."""
    return len(member) == 2 or not member[2].triggered
