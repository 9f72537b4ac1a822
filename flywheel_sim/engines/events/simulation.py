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
from flywheel_sim.errors import StateError, UsageError
from flywheel_sim.program import OUTSIDE, Inputs, Lowered, written
from flywheel_sim.program.diagnosis import broken_start, walk_values
from flywheel_sim.program.whole import whole_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import simpy

    from flywheel_sim.engines.tableau import Tableau

__all__ = ["Simulation"]

ROUNDING = 1e-12  # of what was taken, below which what is left is nothing
MOST_ACCOUNTS = 5_000_000  # some gigabytes
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
        states = whole_start(self.lowered, states)
        everybody = sum(states[state] for state in self.reading.counted)
        if everybody > MOST_ACCOUNTS:
            raise UsageError(
                f"{everybody:,.0f} accounts are more than the {MOST_ACCOUNTS:,} that can be followed one by one",
                fix="use engine='chance', which counts them, or a smaller market",
            )
        self.counts = states
        self.lie([states[state] for state in self.reading.continuous])
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
            else:
                self.members[number].extend(in_order(newcomers, self.stays[number]))
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
            self.bend()
        self.resize()
        self.arm()

    def end_step(self) -> None:
        self.time = self.step_end
        if not self.reading.still and not math.isfinite(sum(self.here()) + sum(map(self.read, self.reading.smooth))):
            raise self.broken()
        if self.step_end == self.leg.end:
            self.next_leg()
        else:
            self.begin_step()

    def arm(self) -> None:
        """Set the alarm for what comes next."""
        when = min(*self.due, self.step_end)
        self.alarm = alarm = Timeout(self.environment, max(when - self.environment.now, 0.0))
        alarm.callbacks.append(self.ring)

    def ring(self, alarm: simpy.Event) -> None:
        """The time has come. As long as SimPy has nothing else to do in between, one move follows upon the other."""
        if alarm is not self.alarm:  # it was set anew since
            return
        try:
            if self.go():
                self.end_step()
            else:
                self.arm()
        except (ArithmeticError, ValueError):
            raise self.broken() from None

    # Moving

    def go(self) -> bool:  # noqa: PLR0915  what is done at every move stands here in full: a call costs as much as three lines
        """Move one account after another, until SimPy has something else to do before the next; true at the end of the step."""
        counts, level, since, speed, second, third = self.counts, self.level, self.since, self.speed, self.second, self.third
        all_members, due, stays, choices, turns, moved = self.members, self.due, self.stays, self.choices, self.turns, self.moved
        clocks, plain, curved, all_parts = self.clocks, self.plain, self.curved, self.parts
        last, end, held, time = len(clocks), self.step_end, self.held, self.time
        pending = self.environment.peek if self.places else None
        write = None if self.recorder is None else self.recorder.move
        busy = False
        while True:
            when = min(due)
            if busy and pending is not None and pending() <= min(when, end):
                return False
            if when > end:
                return True
            busy = True
            number = due.index(when)
            if when > time:
                self.time = time = when
            # Which way, in proportion to the hazards
            parts, ways = all_parts[number], clocks[number].ways
            if parts is None:
                way = ways[0]
            else:
                hazards = parts(time, held, counts, self.along, time - self.origin)
                if min(hazards) < 0.0:
                    hazards = tuple(max(hazard, self.doubtful(hazard)) if hazard < 0.0 else hazard for hazard in hazards)
                left = next(choices[number]) * sum(hazards)
                for way, hazard in zip(ways, hazards, strict=True):  # noqa: B007  the way is what is looked for
                    left -= hazard
                    if left < 0.0:
                        break
                else:  # rounding has used up all
                    way = max(zip(hazards, ways, strict=True))[1]
            source, destination, entry, gauges, speeds, jumps, told, simple, passage = turns[way]
            # Who, and what that changes
            members = all_members[number]
            why = NOBODY if simple or not passage.heads else self.pick(way, passage)
            account = heappop(members)[1] if plain[number] else self.take(number, clocks[number])
            for gauge, amount in jumps:
                level[gauge] += amount
            if not simple and (passage.varying or passage.fixed):
                self.jump_all(passage)
            if source != OUTSIDE:
                counts[source] -= 1.0
            if destination != OUTSIDE:
                counts[destination] += 1.0
            if gauges:
                for gauge, new in zip(gauges, speeds(time, held, counts, (), 0.0), strict=True):
                    level[gauge] = now = level[gauge] + speed[gauge] * (time - since[gauge])
                    since[gauge] = time
                    if gauge < last:
                        if not 0.0 <= new < math.inf:
                            new = self.doubtful(new)  # noqa: PLW2901  0, where only rounding made it less
                        there = all_members[gauge] if plain[gauge] else self.first(gauge)
                        due[gauge] = time + (there[0][0] - now) / new if new and there else math.inf
                    speed[gauge] = new
            if not simple:
                if passage.bends:
                    self.bend()
                else:
                    for spoiled in passage.spoils:
                        self.tilts.pop(spoiled, None)
                    if passage.turned:
                        self.turn_off(passage)
                    if passage.tilted:
                        self.tilt(way, passage)
            if curved[number]:
                self.aim(number)
            elif number not in gauges:
                there, hazard = members if plain[number] else self.first(number), speed[number]
                due[number] = since[number] + (there[0][0] - level[number]) / hazard if hazard and there else math.inf
            # Where to
            if entry != NONE:
                there, gone, hazard = all_members[entry], time - since[entry], speed[entry]
                if curved[entry]:
                    now = level[entry] + gone * (hazard + gone * (second[entry] + gone * third[entry]))
                    heappush(there, (now + next(stays[entry]), account))
                    if there[0][1] == account:
                        self.aim(entry)
                else:
                    now = level[entry] + gone * hazard
                    heappush(there, (now + next(stays[entry]), account))
                    if hazard and there[0][1] == account:
                        due[entry] = time + (there[0][0] - now) / hazard
            elif destination != OUTSIDE:
                self.admit(account, destination)
            if not simple and passage.places:
                self.resize()
            if write is not None and told:
                write(account, way, time, why)
            moved[way] += 1
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
        else:
            members = self.members[number]
            heappush(members, (self.read(number) + next(self.stays[number]), account))
            if members[0][1] == account:
                self.aim(number)

    def jump_all(self, passage: Passage) -> None:
        """What a move adds to continuous states, and whatever else follows from how things are just before it."""
        amounts: tuple[float, ...] = ()
        if passage.varying:
            amounts = self.functions[passage.amounts](self.time, self.held, self.counts, self.along, self.time - self.origin)
        for kind, index, amount in passage.fixed:
            if kind == "state":
                self.jump(kind, index, amount)
        for (kind, index), amount in zip(passage.varying, amounts, strict=True):
            self.jump(kind, index, amount)

    def jump(self, kind: str, index: int, amount: float) -> None:
        """What an individual adds to a continuous state or an integral."""
        if kind == "state":
            place = self.reading.continuous.index(index)
            number, a, b, c = self.along[place]
            gone = self.time - self.origin
            left = number + gone * (a + gone * (b + gone * c)) + amount
            nothing = abs(left) <= ROUNDING * abs(amount)  # who leaves as the last takes all there is, to the last bit
            self.along[place] = (0.0, 0.0, 0.0, 0.0) if nothing else (number + amount, a, b, c)
        else:
            self.level[len(self.clocks) + index] += amount

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
            places = self.functions[self.reading.places](self.time, self.held, self.counts, self.along, self.time - self.origin)
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


def in_order(accounts: range, stays: Iterator[float]) -> Iterator[tuple[float, int]]:
    """How long each of some accounts stays, and which it is: the first to go first."""
    import numpy as np

    drawn = np.fromiter(stays, float, len(accounts))
    order = np.argsort(drawn, kind="stable")
    return zip(drawn[order].tolist(), (order + accounts.start).tolist(), strict=True)
