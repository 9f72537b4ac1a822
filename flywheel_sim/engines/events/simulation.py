"""The run itself: the account whose turn is next moves, step by step of what goes on smoothly.

When somebody moves, the clocks whose hazards that
changes are read, given their new speeds, and aimed anew. SimPy keeps the time, and the places of staff with queues.
"""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from simpy.events import Timeout

from flywheel_sim.engines.events.clocks import Clocks, is_waiting
from flywheel_sim.engines.events.legs import legs
from flywheel_sim.engines.events.log import NOBODY, Journey
from flywheel_sim.engines.events.reading import NONE, Clock, Passage
from flywheel_sim.engines.events.whole import largest_remainder
from flywheel_sim.errors import StateError
from flywheel_sim.program import OUTSIDE, Inputs, Lowered, written
from flywheel_sim.program.diagnosis import broken_start, walk_values

if TYPE_CHECKING:
    from collections.abc import Callable

    import simpy

    from flywheel_sim.engines.tableau import Tableau

__all__ = ["Simulation"]

FUZZ = 1e-9  # what rounding may have left a number of places below a whole one
OFTEN = 4096  # moves between two reports of how many there were


class Simulation(Clocks):
    """One replication. All arguments are those of :func:`flywheel_sim.engines.events.run`."""

    def __init__(
        self,
        lowered: Lowered,
        inputs: Inputs,
        times: tuple[float, ...],
        windows: tuple[float, ...],
        *,
        dt: float,
        method: Tableau,
        draws: tuple[int, int],
        most_events: int,
        log: bool,
        advance: Callable[[int], None] | None,
    ) -> None:
        super().__init__(lowered, inputs, times, windows, method=method, draws=draws, log=log)
        self.dt, self.most_events, self.advance = dt, most_events, advance
        self.legs = legs(self.program, inputs, times[-1], self.saving.marks, dt)
        self.done = self.environment.event()
        self.alarm: Timeout | None = None
        self.events = self.accounts = 0
        self.report = min(OFTEN, most_events + 1)
        self.moved = [0] * len(self.program.moves)

    def journey(self) -> Journey:
        """Run it to the end."""
        self.begin()
        self.environment.run(until=self.done)
        if self.advance is not None:
            self.advance(self.events % OFTEN)
        log = None if self.recorder is None else self.recorder.log()
        return Journey(self.saving.trace(self.method.name, self.dt), log, self.events)

    def begin(self) -> None:
        """Everybody who is there at the start, in whole numbers."""
        try:
            walk = walk_values(self.program, self.inputs, self.inputs.parameters, (), 0.0, 0.0)
            states = [float(walk(expression)) for expression in self.program.initial]
        except (ArithmeticError, ValueError):
            states = [math.nan]
        if not math.isfinite(sum(states)) or any(states[state] < 0 for state in self.reading.counted):
            fault = broken_start(self.lowered, self.inputs)
            assert fault is not None
            raise fault
        for counted in self.program.counted.values():
            for state, whole in zip(counted, largest_remainder([states[state] for state in counted]), strict=True):
                states[state] = float(whole)
        self.counts = states
        self.numbers = [states[state] for state in self.reading.continuous]
        for clock, members, stays in zip(self.clocks, self.members, self.stays, strict=True):
            if clock.source == OUTSIDE:
                members.append((next(stays), NOBODY))
        for state in self.reading.counted:
            newcomers = range(self.accounts, self.accounts + int(states[state]))
            self.accounts = newcomers.stop
            if self.recorder is not None:
                self.recorder.start(newcomers, state)
            number = self.clock_of[state]
            if state in self.queue_of or number == NONE:
                for account in newcomers:
                    self.admit(account, state)
            else:  # in any order of thresholds: the first is found, the others need none
                self.members[number].extend(sorted((stay, account) for account, stay in zip(newcomers, self.stays[number], strict=False)))
        self.next_leg()

    def next_leg(self) -> None:
        """Go on from a stop to the next."""
        leg = next(self.legs, None)
        if leg is not None and leg.stretch is not self.stretch:
            self.enter(leg.stretch)
        assert self.stretch is not None
        integrals = range(len(self.clocks), len(self.level))
        self.saving.keep(self.time, self.states(), [self.read(gauge) for gauge in integrals], self.stretch)
        if leg is None:
            self.done.succeed()
            return
        self.leg, self.step = leg, 0
        self.begin_step()

    # Steps

    def begin_step(self) -> None:
        leg = self.leg
        if self.reading.still:
            self.step_end = leg.end
        else:
            length = (leg.end - leg.start) / leg.steps
            self.step += 1
            self.step_end = leg.end if self.step == leg.steps else leg.start + self.step * length
            self.held = leg.stretch.inside(self.time)
            self.bend(self.numbers)
        self.resize()
        self.arm()

    def end_step(self) -> None:
        self.time = self.step_end
        if self.path is not None:
            self.numbers, self.path = self.path.at(self.time), None
            if not math.isfinite(sum(self.numbers)):
                raise self.broken()
        if self.step_end == self.leg.end:
            self.next_leg()
        else:
            self.begin_step()

    def arm(self) -> None:
        """Set the alarm for what comes next."""
        self.look()
        environment = self.environment
        self.alarm = alarm = Timeout(environment, max(self.when - environment.now, 0.0))
        alarm.callbacks.append(self.ring)

    def ring(self, alarm: simpy.Event) -> None:
        """The time has come. As long as SimPy has nothing else to do in between, one move follows upon the other."""
        if alarm is not self.alarm:  # it was set anew since
            return
        try:
            if self.reading.still and self.due and not self.places:
                self.hurry()
                self.next = NONE
            while self.next != NONE:
                self.happen(self.next)
                self.look()
                if self.environment.peek() <= self.when:
                    break
            else:
                self.end_step()
                return
            self.arm()
        except (ArithmeticError, ValueError):
            raise self.broken() from None

    # Moving

    def happen(self, number: int) -> None:
        """The first member of a clock makes its move. What is done at every move stands here in full, for speed."""
        time = self.time = self.when
        counts, clock, level, since, speed = self.counts, self.clocks[number], self.level, self.since, self.speed
        members, plain = self.members[number], self.plain[number]
        numbers = None if self.path is None or self.place[number] == NONE else self.path.at(time)
        way = clock.ways[0] if clock.parts == NONE else self.choose(clock, numbers)
        passage = self.passages[way]
        source, destination, gauges = passage.source, passage.destination, passage.gauges
        why = self.pick(way, passage) if passage.heads else NOBODY
        account = heappop(members)[1] if plain else self.take(number, clock)
        if passage.bends:
            numbers = numbers or self.here()
            self.jump_all(passage, numbers)
        elif passage.fixed or passage.varying:
            self.jump_all(passage, self.numbers if self.path is None else self.path.numbers)
        for gauge in gauges:
            level[gauge] += speed[gauge] * (time - since[gauge])
            since[gauge] = time
        if source != OUTSIDE:
            counts[source] -= 1.0
        if destination != OUTSIDE:
            counts[destination] += 1.0
        if passage.bends:
            assert numbers is not None
            self.bend(numbers)
        if gauges:
            self.change_speeds(gauges, self.functions[passage.speeds](time, self.held, counts, ()))
        if number not in gauges:
            self.aim(number)
        if destination != OUTSIDE:
            self.admit(account, destination)
        if passage.places:
            self.resize()
        if self.recorder is not None and not passage.inner:
            self.recorder.move(account, way, destination, time, why)
        self.moved[way] += 1
        self.events += 1
        if self.events >= self.report:
            self.told()

    def hurry(self) -> None:
        """All moves to the end of the step where nothing goes on smoothly and there are no queues: the same, several times as fast."""
        counts, level, since, speed, due = self.counts, self.level, self.since, self.speed, self.due
        all_members, stays, turns, functions = self.members, self.stays, self.turns, self.functions
        recorder, held, end, time, clocks = self.recorder, self.held, self.step_end, self.time, len(self.clocks)
        while (when := min(due)) <= end:
            number = due.index(when)
            if when > time:
                self.time = time = when
            clock = self.clocks[number]
            way = clock.ways[0] if clock.parts == NONE else self.choose(clock, None)
            source, destination, entry, gauges, speeds, jumps, passage = turns[way]
            why = self.pick(way, passage) if passage.heads else NOBODY
            members = all_members[number]
            account = heappop(members)[1] if source != OUTSIDE else self.take(number, clock)
            if jumps:
                for gauge, amount in jumps:
                    level[gauge] += amount
            elif passage.fixed or passage.varying:
                self.jump_all(passage, self.numbers)
            if source != OUTSIDE:
                counts[source] -= 1.0
            if destination != OUTSIDE:
                counts[destination] += 1.0
            if gauges:
                for gauge, new in zip(gauges, functions[speeds](time, held, counts, ()), strict=True):
                    now = level[gauge] + speed[gauge] * (time - since[gauge])
                    level[gauge], since[gauge] = now, time
                    if not 0.0 <= new < math.inf and gauge < clocks:
                        new = self.doubtful(new)  # noqa: PLW2901  0, where only rounding made it less
                    speed[gauge] = new
                    if gauge < clocks:
                        there = all_members[gauge]
                        due[gauge] = time + (there[0][0] - now) / new if new and there else math.inf
            if number not in gauges:
                hazard = speed[number]
                due[number] = since[number] + (members[0][0] - level[number]) / hazard if hazard and members else math.inf
            if entry != NONE:
                there, hazard = all_members[entry], speed[entry]
                now = level[entry] + hazard * (time - since[entry])
                heappush(there, (now + next(stays[entry]), account))
                if hazard and there[0][1] == account:
                    due[entry] = time + (there[0][0] - now) / hazard
            elif destination != OUTSIDE:
                self.groups[destination][0].append((math.inf, account))
            if recorder is not None and not passage.inner:
                recorder.move(account, way, destination, time, why)
            self.moved[way] += 1
            self.events += 1
            if self.events >= self.report:
                self.told()

    def told(self) -> None:
        """Say how far it is, and see that it comes to an end."""
        if self.events > self.most_events:
            raise self.too_many()
        if not self.events % OFTEN and self.advance is not None:
            self.advance(OFTEN)
        self.report = min(self.events - self.events % OFTEN + OFTEN, self.most_events + 1)

    def choose(self, clock: Clock, numbers: list[float] | None) -> int:
        """Which way, in proportion to the hazards."""
        parts = self.functions[clock.parts](self.time, self.held, self.counts, numbers or ())
        if min(parts) < 0.0:
            parts = tuple(max(part, self.doubtful(part)) if part < 0.0 else part for part in parts)
        left = next(self.choices[clock.source]) * sum(parts)
        for way, part in zip(clock.ways, parts, strict=True):
            left -= part
            if left < 0.0:
                return way
        return max(zip(parts, clock.ways, strict=True))[1]  # rounding has used up all

    def pick(self, way: int, passage: Passage) -> int:
        """Who caused it: any one of its heads alike."""
        groups = [members for state in passage.heads for members in self.groups[state]]
        total, draws = sum(map(len, groups)), self.causes[way]
        alive = any(self.counts[state] for state in passage.heads)
        while alive:
            place = int(next(draws) * total)
            for members in groups:
                if place < len(members):
                    if is_waiting(members[place]):
                        return int(members[place][1])
                    break
                place -= len(members)
        return NOBODY

    def take(self, number: int, clock: Clock) -> int:
        """The account that goes, out of where it is."""
        members = self.members[number]
        if clock.source == OUTSIDE:
            members[0] = (self.read(number) + next(self.stays[number]), NOBODY)
            account = self.accounts
            self.accounts += 1
            return account
        member = heappop(members)
        account = int(member[1])
        if clock.source in self.queue_of:
            if clock.waiting:
                member[2].cancel()
            else:
                self.places[self.queue_of[clock.source]].release(self.requests.pop(account))
        return account

    def admit(self, account: int, state: int) -> None:
        """An account comes into a state."""
        if state in self.queue_of:
            number = self.waiting_clock[state]
            request = self.places[self.queue_of[state]].request()
            heappush(self.members[number], (self.read(number) + next(self.stays[number]), account, request))
            request.callbacks.append(lambda _: self.serve(account, state, request))
            self.aim(number)
            return
        number = self.clock_of[state]
        if number == NONE:
            self.groups[state][0].append((math.inf, account))
        elif self.place[number] != NONE:
            heappush(self.members[number], (self.read(number) + next(self.stays[number]), account))
        else:
            members, speed = self.members[number], self.speed[number]
            now = self.level[number] + speed * (self.time - self.since[number])
            heappush(members, (now + next(self.stays[number]), account))
            if members[0][1] == account and speed:
                self.due[number] = self.time + (members[0][0] - now) / speed

    def jump_all(self, passage: Passage, numbers: list[float]) -> None:
        """All that a move adds, as things are just before it, to the numbers of what goes on smoothly and to steady integrals."""
        amounts: tuple[float, ...] = ()
        if passage.varying:
            amounts = self.functions[passage.amounts](self.time, self.held, self.counts, self.here())
        for kind, index, amount in passage.fixed:
            self.jump(kind, index, amount, numbers)
        for (kind, index), amount in zip(passage.varying, amounts, strict=True):
            self.jump(kind, index, amount, numbers)

    def jump(self, kind: str, index: int, amount: float, numbers: list[float]) -> None:
        """What an individual adds to a continuous state or an integral."""
        if kind == "state":
            numbers[self.reading.continuous.index(index)] += amount
            return
        gauge = len(self.clocks) + index
        if self.place[gauge] == NONE:
            self.level[gauge] += amount
        else:
            numbers[self.place[gauge]] += amount

    # Queues

    def serve(self, account: int, state: int, request: Any) -> None:
        """A place has become free for somebody who waited."""
        number, queue = self.clock_of[state], self.queue_of[state]
        self.requests[account] = request
        heappush(self.members[number], (self.read(number) + next(self.stays[number]), account))
        if self.recorder is not None:
            self.recorder.serve(account, queue, self.time)
        self.aim(number)
        self.aim(self.waiting_clock[state])
        self.arm()

    def resize(self) -> None:
        """How many places each queue has now: whole ones."""
        if self.places:
            places = self.functions[self.reading.places](self.time, self.held, self.counts, self.here())
            for resource, number in zip(self.places, places, strict=True):
                resource.resize(max(math.floor(number + FUZZ), 0))

    def too_many(self) -> StateError:
        most = max(range(len(self.moved)), key=self.moved.__getitem__)
        flow = self.program.moves[most].flow
        name = written(*self.lowered.layout.flows[flow]) if flow != OUTSIDE else self.lowered.layout.values[self.program.moves[most].rate]
        return StateError(
            f"{self.lowered.declaration.time_unit} {self.time:.4g}: more than {self.most_events:,} moves of single accounts, "
            f"{self.moved[most]:,} of them along {name}",
            month=self.time,
            name=name,
            fix="a hazard that grows without bound does this: let something slow it down, or start with fewer accounts",
        )
