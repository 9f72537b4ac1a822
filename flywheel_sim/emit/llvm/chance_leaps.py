"""Events within a step, many in a leap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.chance_draws import MANY, Single
from flywheel_sim.emit.llvm.chance_events import (
    BROKEN,
    FIRED,
    HEAD,
    LENGTH,
    OVER,
    TOO_MANY,
    WORK,
    Events,
    add_jump,
    amounts_of,
    bend,
    flush,
    smooth_numbers,
)
from flywheel_sim.emit.llvm.lines import written
from flywheel_sim.emit.llvm.tiers import likeness
from flywheel_sim.expressions import Slot
from flywheel_sim.program import OUTSIDE

if TYPE_CHECKING:
    from flywheel_sim.emit.llvm.chance_parts import Room, Worth

__all__ = ["event_functions"]

SHARE = 0.03  # by which a propensity may be expected to change in a leap
ORDER = 2.0  # of a propensity in the count that changes it
CRITICAL = 10.0  # individuals below which they leave one event at a time
PAYS = 10.0  # events that a leap must hold
NO_JUMP = 1e-100  # what stands for the largest jump of what does not jump: its square is a number still


def event_functions(room: Room) -> str:
    """``@events(w, g, m, k)`` and ``@leap(w, g, m, k)``, with the tables that leaps walk over."""
    channels, outside = room.parts.channels, room.states
    tables = {
        "sources": [outside if channel.source == OUTSIDE else channel.source for channel in channels],
        "destinations": [outside if channel.destination == OUTSIDE else channel.destination for channel in channels],
        "felt": felt(room),
    }
    return "\n".join([*(table(name, wholes) for name, wholes in tables.items()), Events(room).text(), Leap(room).text()])


def felt(room: Room) -> list[int]:
    """The states that events change and that some propensity rests on."""
    parts = room.parts
    found = {channel.source for channel in parts.channels if channel.guarded}
    return sorted(found.union(*(parts.lively_below.get(channel.rate, frozenset()) for channel in parts.channels)))


def table(name: str, wholes: list[int]) -> str:
    return f"@{name} = private constant [{len(wholes)} x i64] [{', '.join(f'i64 {whole}' for whole in wholes)}]"


class Leap:
    """Writes ``@leap``: many events at once; gives back 0, and does nothing, where single events are as quick.

    Args:
        room: the rows.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.parts = room.parts
        self.f = Single()
        states, channels = room.states + 1, max(1, room.channels)
        self.smooth = smooth_numbers(room, self.parts.smooth) if self.parts.exact else []
        memory = self.f.memory
        self.drift, self.spread, self.units, self.old, self.new = (memory(f"[{states} x double]") for _ in range(5))
        self.many, self.few, self.times = (memory(f"[{channels} x double]") for _ in range(3))
        self.sum, self.critical, self.longest = (memory("double") for _ in range(3))
        self.whole_lines = {state: memory(self.f.vector) for state in sorted(self.parts.jumping)}
        alike: dict[object, tuple[Worth, list[int]]] = {}  # what events of several channels add, with the channels
        for number, worths in enumerate(self.parts.worths):
            for worth in worths:
                alike.setdefault((worth.kind, worth.index, likeness(worth.amount)), (worth, []))[1].append(number)
        self.worths = list(alike.values())
        self.amounts = {worth.amount.index: memory("double") for worth, _ in self.worths if isinstance(worth.amount, Slot)}

    def text(self) -> str:
        f, room = self.f, self.room
        self.over = f.get(f.place("%m", OVER))
        self.length = f.get(f.place("%m", LENGTH))
        self.measure()
        self.limit()
        left = f.op("fsub", self.length, self.over)
        enough = f.op("fdiv", PAYS, f.get(self.sum))
        f.leave_if(f.test("ult", f.least(f.get(self.longest), left), enough), "ret i64 0")
        for number in self.smooth:
            flush(room, f, number, self.over)
        before = {number: f.get(room.row(f, "rate", number)) for number in self.smooth}
        critical = f.get(self.critical)
        alone = f.pick(f.test("ogt", critical, 0.0), f.op("fdiv", f.waiting("%g"), critical), math.inf)
        with f.again() as (top, done):
            length = f.least(f.get(self.longest), left)
            last = f.test("olt", alone, length)
            length = f.least(length, alone)
            self.draw(length)
            self.one_critical(last)
            self.move(length, top, done)
        self.settle(length, before)
        return f.text(f"define internal i64 @leap({HEAD}) noinline", "ret i64 1")

    def measure(self) -> None:
        """How often each channel fires, and how much each count is expected to change and to vary, but for critical channels."""
        f, room = self.f, self.room
        f.put(0.0, self.sum)
        f.put(0.0, self.critical)
        with f.loop(0, room.states + 1) as state:
            f.put(0.0, f.place(self.drift, state))
            f.put(0.0, f.place(self.spread, state))
            f.put(1.0, f.place(self.units, state))
        share = None if self.parts.exact else f.op("fdiv", self.over, self.length)
        with f.loop(0, room.channels) as channel:
            chance = self.chance(channel, share)
            source, destination = f.whole_at("@sources", channel), f.whole_at("@destinations", channel)
            there = f.get(f.vector_at("%w", source))
            few = f.pick(f.test("olt", there, CRITICAL), chance, 0.0)
            many = f.op("fsub", chance, few)
            f.put(many, f.place(self.many, channel))
            f.put(few, f.place(self.few, channel))
            self.raise_by(self.sum, chance)
            self.raise_by(self.critical, few)
            for state, change in ((source, f.value(f"fneg double {many}")), (destination, many)):
                self.raise_by(f.place(self.drift, state), change)
                self.raise_by(f.place(self.spread, state), many)
        self.measure_jumps(share)

    def measure_jumps(self, share: str | None) -> None:
        """How much the other states that jump are expected to change; of those that matter, to vary too, and the largest jump."""
        f = self.f
        matter = self.whole_lines.keys() & set(felt(self.room))
        for state in sorted(matter):
            f.put(NO_JUMP, f.place(self.units, state))
        jumps = [(worth, numbers) for worth, numbers in self.worths if worth.kind == "state"]
        amounts = amounts_of(self.room, f, [worth for worth, _ in jumps])
        for (worth, numbers), (amount, vector) in zip(jumps, amounts, strict=True):
            one = f.along(amount, share) if vector else amount
            more = f.op("fmul", self.together(self.many, numbers), one)
            self.raise_by(f.place(self.drift, worth.index), more)
            if worth.index in matter:
                self.raise_by(f.place(self.spread, worth.index), f.op("fmul", more, one))
                unit, size = f.place(self.units, worth.index), f.size(one)
                largest = f.get(unit)
                f.put(f.pick(f.test("ogt", size, largest), size, largest), unit)

    def together(self, table: str, numbers: list[int]) -> str:
        """The sum of some channels' entries."""
        f = self.f
        entries = [f.get(f.place(table, number)) for number in numbers]
        while len(entries) > 1:  # in pairs: short ways are quick
            entries = [*(f.op("fadd", a, b) for a, b in zip(entries[::2], entries[1::2], strict=False)), *entries[len(entries) // 2 * 2 :]]
        return entries[0]

    def chance(self, channel: str, share: str | None) -> str:
        f, room = self.f, self.room
        first = room.row(f, "chance") if room.channels else "%w"
        return f.along(f.load(f.vector_at(first, channel)), share)

    def raise_by(self, place: str, more: str) -> None:
        self.f.put(self.f.op("fadd", self.f.get(place), more), place)

    def limit(self) -> None:
        """The longest leap in which no state that matters is expected to change, or to vary, by more than a share of it, or one event's part."""
        f, room = self.f, self.room
        f.put(math.inf, self.longest)
        with f.loop(0, len(felt(room))) as number:
            state = f.whole_at("@felt", number)
            may = f.op("fmul", SHARE / ORDER, f.size(f.get(f.vector_at("%w", state))))
            unit = f.get(f.place(self.units, state))
            may = f.pick(f.test("olt", may, unit), unit, may)
            by_drift = f.op("fdiv", may, f.size(f.get(f.place(self.drift, state))))
            by_spread = f.op("fdiv", f.op("fmul", may, may), f.get(f.place(self.spread, state)))
            f.put(f.least(f.get(self.longest), f.least(by_drift, by_spread)), self.longest)

    def draw(self, length: str) -> None:
        """How often each channel fires in a leap: Poisson numbers, at the propensities expected half-way; what jumps is as it is there."""
        f, room = self.f, self.room
        half = f.op("fmul", 0.5, length)
        for jumping, line in self.whole_lines.items():
            f.store(f.load(room.row(f, "at", jumping)), line)
        with f.loop(0, room.states) as state:
            place = f.vector_at("%w", state)
            value = f.load(place)
            f.put(f.end(value, 0), f.place(self.old, state))
            drifted = f.spread(f.op("fmul", half, f.get(f.place(self.drift, state))))
            f.store(f.add(value, drifted), place)
        f.line("call void @refresh(ptr %w)")
        share = None if self.parts.exact else f.op("fdiv", f.op("fadd", self.over, half), self.length)
        with f.loop(0, room.channels) as channel:
            some = f.test("ogt", f.get(f.place(self.many, channel)), 0.0)
            mean = f.pick(some, f.op("fmul", self.chance(channel, share), length), 0.0)
            f.put(f.value(f"call double @poisson(ptr %g, double {mean})"), f.place(self.times, channel))
        worths = {worth.amount.index: worth for worth, _ in self.worths if isinstance(worth.amount, Slot)}
        for index, (amount, _) in zip(worths, amounts_of(room, f, worths.values()), strict=True):
            f.put(f.along(amount, share), self.amounts[index])
        for jumping, line in self.whole_lines.items():
            f.store(f.load(line), room.row(f, "at", jumping))

    def one_critical(self, happens: str) -> None:
        """One event of the critical channels, where the leap ends with one."""
        f, room = self.f, self.room
        with f.only_if(happens):
            wanted, chosen = f.memory("double"), f.memory("i64")
            f.put(f.op("fmul", f.uniform("%g"), f.get(self.critical)), wanted)
            f.put_whole(0, chosen)
            with f.loop(0, room.channels) as channel:
                few, left = f.get(f.place(self.few, channel)), f.get(wanted)
                here = f.value(
                    f"and i1 {f.test('ogt', few, 0.0)}, {f.test('oge', left, 0.0)}"
                )  # the last such one, if rounding asks for more
                f.put_whole(f.value(f"select i1 {here}, i64 {channel}, i64 {f.get_whole(chosen)}"), chosen)
                f.put(f.op("fsub", left, few), wanted)
            self.raise_by(f.place(self.times, f.get_whole(chosen)), "1.0")

    def move(self, length: str, top: str, done: str) -> None:
        """The counts after the leap; where one would be negative, nothing has happened and a leap half as long is tried."""
        f, room = self.f, self.room
        with f.loop(0, room.states) as state:
            f.put(f.get(f.place(self.old, state)), f.place(self.new, state))
        with f.loop(0, room.channels) as channel:
            times = f.get(f.place(self.times, channel))
            self.raise_by(f.place(self.new, f.whole_at("@sources", channel)), f.value(f"fneg double {times}"))
            self.raise_by(f.place(self.new, f.whole_at("@destinations", channel)), times)
        least = f.memory("double")
        f.put(0.0, least)
        for number in sorted(self.parts.counted):
            f.put(f.least(f.get(least), f.get(f.place(self.new, number))), least)
        possible, halve = f.fresh("possible"), f.fresh("halve")
        f.branch(f.test("olt", f.get(least), 0.0), halve, possible)
        f.label(halve)
        self.put_counts(self.old)
        f.put(f.op("fmul", 0.5, length), self.longest)
        f.go(top)
        f.label(possible)
        self.put_counts(self.new)
        f.go(done)
        f.label(f.fresh("never"))

    def put_counts(self, counts: str) -> None:
        """Write counts into their rows; the other states are as they were."""
        f, room = self.f, self.room
        for state in sorted(self.parts.counted):
            f.store(f.spread(f.get(f.place(counts, state))), room.row(f, "at", state))

    def settle(self, length: str, before: dict[int, str]) -> None:
        """All that follows from the leap.

        Args:
            length: how long it was.
            before: the rates of smooth integrals at its beginning.
        """
        f, room = self.f, self.room
        now = f.op("fadd", self.over, length)
        share = None if self.parts.exact else f.op("fdiv", now, self.length)
        for worth, numbers in self.worths:
            amount = f.get(self.amounts[worth.amount.index]) if isinstance(worth.amount, Slot) else written(worth.amount.value)
            add_jump(room, f, worth, f.op("fmul", self.together(self.times, numbers), amount), share)
        bend(room, f, [worth for worth, _ in self.worths], now, self.length, share)
        f.line("call void @refresh(ptr %w)")
        f.put(now, f.place("%m", OVER))
        for number, rate in before.items():
            mean = f.op("fmul", 0.5, f.op("fadd", rate, f.get(room.row(f, "rate", number))))
            self.raise_by(room.row(f, "point", number), f.op("fmul", mean, length))
            f.put(now, room.row(f, "since", number))
        total = f.memory("double")
        f.put(0.0, total)
        with f.loop(0, room.channels) as channel:
            self.raise_by(total, f.get(f.place(self.times, channel)))
        whole = f.test("olt", f.get(total), MANY)
        f.put_whole(f.value(f"select i1 {whole}, i64 0, i64 {TOO_MANY}"), f.whole_place("%k", BROKEN))
        fired, work = f.whole_place("%k", FIRED), f.whole_place("%k", WORK)
        times = f.value(f"fptosi double {f.pick(whole, f.get(total), 0.0)} to i64")
        f.put_whole(f.sum(f.get_whole(fired), times), fired)
        f.put_whole(f.sum(f.get_whole(work), 1), work)
