"""The clocks that accounts wait on, and all that moves them.

Every clock keeps the running integral of its hazard. Whoever comes draws an exponential number, and goes when the
integral has grown by it; the clock knows only whose turn is first.
"""

from __future__ import annotations

import math
from contextlib import suppress
from heapq import heappop
from typing import TYPE_CHECKING, Any

import simpy

from flywheel_sim.engines.events.draws import ARRIVALS, CAUSES, CHOICES, STAYS, WAITS, exponentials, uniforms
from flywheel_sim.engines.events.path import compile_curves, reached, through
from flywheel_sim.engines.events.printed import Curve, Function
from flywheel_sim.engines.events.queue import Places
from flywheel_sim.engines.events.reading import NONE, Clock, Passage, read
from flywheel_sim.engines.events.record import Recorder
from flywheel_sim.engines.events.saving import Saving
from flywheel_sim.program import OUTSIDE, Inputs, Lowered
from flywheel_sim.program.diagnosis import broken_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.engines.events.legs import Stretch
    from flywheel_sim.engines.events.path import Growth
    from flywheel_sim.engines.tableau import Tableau

__all__ = ["Clocks", "Member", "is_waiting"]

# (threshold, account), and for those who wait for a place the request.
Member = tuple[Any, ...]
# A move, made ready: from, to, which clock to enter, which steady gauges change and what gives their speeds, which integrals
# jump, whether it is written down, whether nothing else is to be done at it, and all about it.
Turn = tuple[int, int, int, tuple[int, ...], Function, tuple[tuple[int, float], ...], bool, bool, Passage]


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
        self.time = self.held = self.step_end = 0.0
        # Gauges: hazards of clocks, then integrals. A time d after `since` each has grown by speed d + second d² + third d³.
        gauges = len(self.clocks) + len(self.program.integrals)
        self.level, self.since, self.speed = [0.0] * gauges, [0.0] * gauges, [0.0] * gauges
        self.second, self.third = [0.0] * gauges, [0.0] * gauges
        self.curved = [False] * gauges  # whether it goes on smoothly
        self.due = [math.inf] * (len(self.clocks) + 1)  # when the first member of each goes, as far as is known; the last is nobody
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
        streams = {clock.source: uniforms(*draws, CHOICES, clock.source) for clock in self.clocks}
        self.choices = [streams[clock.source] for clock in self.clocks]
        self.causes = [uniforms(*draws, CAUSES, number) for number in range(len(self.program.moves))]
        self.counts: list[float] = []
        # By how much each move made in this step tilts integrals, the growth of each from a time on.
        self.tilts: dict[int, tuple[float, list[Growth]]] = {}
        self.along: list[Curve] = []  # of the continuous states, from `origin` on
        self.origin = 0.0
        self.stretch: Stretch | None = None
        self.functions: tuple[Any, ...] = ()
        self.turns: dict[int, Turn] = {}
        self.parts: list[Function | None] = []  # of each clock, what gives the hazard of each way, where there is more than one

    def enter(self, stretch: Stretch) -> None:
        """A stretch of the run: parameters may have jumped, so that every speed is new."""
        time = self.time
        self.lie(self.here())
        for gauge in range(len(self.level)):
            self.level[gauge], self.since[gauge] = self.read(gauge), time
            self.speed[gauge] = self.second[gauge] = self.third[gauge] = 0.0
        reading = read(self.lowered, stretch.moving)
        self.reading, self.stretch = reading, stretch
        self.curved = [gauge in set(reading.smooth) for gauge in range(len(self.level))]
        self.due = [math.inf] * len(self.due)
        self.smooth_clocks = [gauge for gauge in reading.smooth if gauge < len(self.clocks)]
        self.curves = compile_curves(self.method, len(reading.continuous), len(reading.smooth))
        self.held = stretch.inside(time)
        try:
            self.functions = reading.make(stretch.parameters, self.inputs.switches, stretch.slopes, stretch.start)
            speeds = self.functions[reading.steady_speeds](time, self.held, self.counts, self.along, 0.0)
        except (ArithmeticError, ValueError):
            raise self.broken() from None
        self.turns = {number: self.turn(passage) for number, passage in reading.passages.items()}
        self.parts = [None if clock.parts == NONE else self.functions[clock.parts] for clock in reading.clocks]
        self.change_speeds(reading.steady, speeds)

    def turn(self, passage: Passage) -> Turn:
        """A move, made ready."""
        entry = NONE if passage.destination == OUTSIDE else self.clock_of[passage.destination]
        if passage.destination in self.queue_of:
            entry = NONE
        jumps = tuple((len(self.clocks) + index, amount) for kind, index, amount in passage.fixed if kind == "integral")
        shifts = passage.varying or any(kind == "state" for kind, _, _ in passage.fixed)
        simple = not (shifts or passage.bends or passage.turned or passage.tilted or passage.spoils or passage.places or passage.heads)
        functions = self.functions
        told = self.recorder is not None and not passage.inner
        return passage.source, passage.destination, entry, passage.gauges, functions[passage.speeds], jumps, told, simple, passage

    # What goes on smoothly

    def lie(self, numbers: Sequence[float]) -> None:
        """The continuous states, at rest."""
        self.along, self.origin = [(number, 0.0, 0.0, 0.0) for number in numbers], self.time
        self.tilts.clear()

    def bend(self) -> None:
        """Set out anew, from now to the end of the step, along what goes on smoothly."""
        time, length = self.time, self.step_end - self.time
        slopes = self.functions[self.reading.slopes]
        along, growths = self.curves(slopes, time, length, self.held, self.counts, self.here())
        self.along, self.origin = list(along), time
        self.tilts.clear()
        for gauge, growth in zip(self.reading.smooth, growths, strict=True):
            self.follow(gauge, growth)

    def turn_off(self, passage: Passage) -> None:
        """Let some smooth gauges go on otherwise, where what they rest on goes on as it did."""
        length = self.step_end - self.time
        starts, middles, ends = self.three(passage.hazards, self.counts)
        for gauge, start, middle, end in zip(passage.turned, starts, middles, ends, strict=True):
            self.follow(gauge, through(start, middle, end, length=length))

    def tilt(self, way: int, passage: Passage) -> None:
        """Let some smooth integrals grow faster or more slowly from now on, by the same as at the last such move in this step."""
        level, since, speed, second, third, time = self.level, self.since, self.speed, self.second, self.third, self.time
        if way not in self.tilts:
            before, length = list(self.counts), self.step_end - time
            for state, one in ((passage.source, 1.0), (passage.destination, -1.0)):
                if state != OUTSIDE:
                    before[state] += one
            changes = [
                [new - old for new, old in zip(after, earlier, strict=True)]
                for after, earlier in zip(self.three(passage.tilts, self.counts), self.three(passage.tilts, before), strict=True)
            ]
            self.tilts[way] = time, [through(*change, length=length) for change in zip(*changes, strict=True)]
        start, growths = self.tilts[way]
        away = time - start
        for gauge, (a, b, c) in zip(passage.tilted, growths, strict=True):
            gone = time - since[gauge]
            linear, square, cube = speed[gauge], second[gauge], third[gauge]
            level[gauge] += gone * (linear + gone * (square + gone * cube))
            since[gauge] = time
            speed[gauge] = linear + gone * (2 * square + gone * 3 * cube) + a + away * (2 * b + away * 3 * c)
            second[gauge] = square + gone * 3 * cube + b + away * 3 * c
            third[gauge] = cube + c

    def three(self, function: int, counts: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
        """What a function gives now, at the end of the step, and in the middle between."""
        time, away, length, function_of = self.time, self.time - self.origin, self.step_end - self.time, self.functions[function]
        half, held, along = length / 2, self.held, self.along
        return (
            function_of(time, held, counts, along, away),
            function_of(time + half, held, counts, along, away + half),
            function_of(time + length, held, counts, along, away + length),
        )

    def follow(self, gauge: int, growth: Growth) -> None:
        """A smooth gauge grows so from now on."""
        time = self.time
        self.level[gauge], self.since[gauge] = self.read(gauge), time
        self.speed[gauge], self.second[gauge], self.third[gauge] = growth
        if gauge < len(self.clocks):
            if not 0.0 <= growth[0] < math.inf:
                self.doubtful(growth[0])
            self.aim(gauge)

    def first(self, number: int) -> list[Member]:
        """The members of a clock, whose first is one who is still there."""
        members = self.members[number]
        if self.clocks[number].waiting:
            while members and not is_waiting(members[0]):
                heappop(members)
        return members

    def aim(self, number: int) -> None:
        """Find out when the first member of a clock goes; for a hazard that goes on smoothly, if it does within the step."""
        members, since = self.members[number] if self.plain[number] else self.first(number), self.since[number]
        if not members:
            self.due[number] = math.inf
            return
        more, speed = members[0][0] - self.level[number], self.speed[number]
        if self.curved[number]:
            self.due[number] = since + reached(more, (speed, self.second[number], self.third[number]), self.step_end - since)
        else:
            self.due[number] = since + more / speed if speed else math.inf

    def change_speeds(self, gauges: tuple[int, ...], speeds: tuple[float, ...]) -> None:
        """Steady gauges that have just been read go on at other speeds."""
        for gauge, new in zip(gauges, speeds, strict=True):
            self.speed[gauge] = new
            if gauge < len(self.clocks):
                if not 0.0 <= new < math.inf:
                    self.speed[gauge] = self.doubtful(new)  # 0, where only rounding made it less
                self.aim(gauge)

    def read(self, gauge: int) -> float:
        """A gauge, now."""
        gone = self.time - self.since[gauge]
        return self.level[gauge] + gone * (self.speed[gauge] + gone * (self.second[gauge] + gone * self.third[gauge]))

    def here(self) -> list[float]:
        """The continuous states, now."""
        gone = self.time - self.origin
        return [number + gone * (a + gone * (b + gone * c)) for number, a, b, c in self.along]

    def states(self) -> list[float]:
        """All states, now."""
        found = list(self.counts)
        for state, number in zip(self.reading.continuous, self.here(), strict=False):
            found[state] = number
        return found

    def broken(self) -> Exception:
        """What went wrong, by name: a number or a value that is none now, or else what changes too fast to go on."""
        assert self.stretch is not None
        numbers, states = self.here(), self.states()
        for state, number in zip(self.reading.continuous, numbers, strict=True):
            if not math.isfinite(number):
                return broken_state(self.lowered, self.inputs, self.time, state, number)
        if numbers and self.saving.values_at(self.time, states, self.stretch) is not None:
            with suppress(ArithmeticError, ValueError):
                slopes = self.functions[self.reading.slopes](self.time, self.held, self.counts, numbers)
                haste = [abs(slope) / (abs(number) or 1.0) for slope, number in zip(slopes, numbers, strict=False)]
                fastest = haste.index(max(haste))
                return broken_state(self.lowered, self.inputs, self.time, self.reading.continuous[fastest], numbers[fastest])
        return self.saving.broken(self.time, states, self.stretch)

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
