"""Events within a step: one by one, or many in a leap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.chance_draws import MANY, Single
from flywheel_sim.emit.llvm.chance_parts import Reading
from flywheel_sim.expressions import Number
from flywheel_sim.program import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flywheel_sim.emit.llvm.chance_parts import Block, Room

__all__ = [
    "BROKEN",
    "COUNTERS",
    "FIRED",
    "LENGTH",
    "LIMIT",
    "OVER",
    "TOO_MANY",
    "UNDEFINED",
    "WAIT",
    "WORK",
    "event_functions",
    "flush",
    "keep_sums",
    "propensity",
]

# What goes along with a replication: numbers at ``%m``, whole numbers at ``%k``.
OVER, WAIT, LENGTH = range(3)  # how much of the step is over, the hazard until the next event, the length of the step
FIRED, WORK, LIMIT, BROKEN = range(4)  # events; single events and leaps; of these, until when to go on; whether a number broke
COUNTERS = 4
UNDEFINED, TOO_MANY = 1, 2  # how a number breaks

# Leaps
SHARE = 0.03  # by which a propensity may be expected to change in a leap
ORDER = 2.0  # of a propensity in the count that changes it
CRITICAL = 10.0  # individuals below which they leave one event at a time
WORTH = 10.0  # events that a leap must hold

HEAD = "ptr noalias %w, ptr noalias %g, ptr noalias %m, ptr noalias %k"


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
    """The counts that some propensity rests on."""
    parts = room.parts
    found = {channel.source for channel in parts.channels if channel.guarded}
    return sorted(found.union(*(parts.counts_below.get(channel.rate, frozenset()) for channel in parts.channels)))


def table(name: str, wholes: list[int]) -> str:
    return f"@{name} = private constant [{len(wholes)} x i64] [{', '.join(f'i64 {whole}' for whole in wholes)}]"


def add_up(f: Single, values: list[str]) -> str:
    """The sum of some values, in pairs: short ways are quick."""
    while len(values) > 1:
        paired = [f.add(a, b) for a, b in zip(values[::2], values[1::2], strict=False)]
        values = paired + values[len(values) - len(values) % 2 :]
    return values[0] if values else f.number(0.0)


def propensity(room: Room, f: Single, reading: Reading, number: int) -> str:
    """How often a channel fires: never negative, and never while nobody is there."""
    channel = room.parts.channels[number]
    zero = f.number(0.0)
    rate = reading.value(channel.rate)
    made = f.choose(f.compare("olt", rate, zero), zero, rate)
    if channel.guarded:
        made = f.choose(f.compare("ogt", reading.slot("state", channel.source), zero), made, zero)
    return made


def keep_sums(room: Room, f: Single, made: dict[int, str]) -> str:
    """Keep some propensities and the sums of their groups; gives back the sum of all."""
    for channel, value in made.items():
        f.store(value, room.row(f, "chance", channel))
    total: list[str] = []
    for group, members in enumerate(room.groups):
        if len(members) == 1:
            total.append(made.get(group) or f.load(room.row(f, "chance", group)))
        elif made.keys() & set(members):
            total.append(add_up(f, [made.get(channel) or f.load(room.row(f, "chance", channel)) for channel in members]))
            f.store(total[-1], room.row(f, "group", group))
        else:
            total.append(f.load(room.row(f, "group", group)))
    return add_up(f, total)


def flush(room: Room, f: Single, number: int, now: str) -> None:
    """Bring an integral up to a time within the step, at the rate that held until then."""
    point, since = room.row(f, "point", number), room.row(f, "since", number)
    gone = f.op("fsub", now, f.get(since))
    f.put(f.op("fadd", f.get(point), f.op("fmul", f.get(room.row(f, "rate", number)), gone)), point)
    f.put(now, since)


def smooth_numbers(room: Room, integrals: Iterable[int]) -> list[int]:
    """The places of smooth integrals among what is stepped."""
    return [room.numbers.index(("integral", integral)) for integral in integrals]


class Events:
    """Writes ``@events``: single events until the step is over, or until it is time to ask whether to go on.

    Args:
        room: the rows.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.parts = room.parts
        self.f = Single()
        f = self.f
        self.over, self.wait, self.total = f.memory("double"), f.memory("double"), f.memory(f.vector)
        self.fired, self.rest = f.memory("i64"), f.memory("double")
        self.generator = f.memory("[4 x i64]")

    def text(self) -> str:
        f, room = self.f, self.room
        carried = ((self.over, f.place("%m", OVER)), (self.wait, f.place("%m", WAIT)))
        for mine, given in carried:
            f.put(f.get(given), mine)
        words = [(f.whole_place(self.generator, word), f.whole_place("%g", word)) for word in range(4)]
        for mine, given in words:
            f.put_whole(f.get_whole(given), mine)
        f.put_whole(0, self.fired)
        f.store(f.load(room.row(f, "total")), self.total)
        self.length = f.get(f.place("%m", LENGTH))
        self.inverse = f.op("fdiv", 1.0, self.length)
        self.most = f.value(f"sub i64 {f.whole_at('%k', LIMIT)}, {f.whole_at('%k', WORK)}")
        self.top, self.out, self.next = f.fresh("top"), f.fresh("out"), f.fresh("next")
        f.go(self.top)
        f.label(self.top)
        self.waiting()
        f.label(self.next)
        fired = f.value(f"add i64 {f.get_whole(self.fired)}, 1")
        f.put_whole(fired, self.fired)
        f.branch(f.value(f"icmp slt i64 {fired}, {self.most}"), self.top, self.out)
        f.label(self.out)
        for mine, given in carried:
            f.put(f.get(mine), given)
        for mine, given in words:
            f.put_whole(f.get_whole(mine), given)
        f.store(f.load(self.total), room.row(f, "total"))
        for counter in (FIRED, WORK):
            place = f.whole_place("%k", counter)
            f.put_whole(f.sum(f.get_whole(place), f.get_whole(self.fired)), place)
        return f.text(f"define internal void @events({HEAD})")

    def share(self) -> str | None:
        """How much of the step is over, as a share; None where nothing changes along it."""
        return None if self.parts.exact else self.f.op("fmul", self.f.get(self.over), self.inverse)

    def waiting(self) -> None:
        """The hazard adds up along the step until it reaches what was drawn, or the step is over."""
        f = self.f
        total = f.load(self.total)
        over, wait = f.get(self.over), f.get(self.wait)
        now = f.along(total, self.share())
        left = f.op("fsub", self.length, over)
        mean = now if self.parts.exact else f.op("fmul", f.op("fadd", now, f.end(total, 1)), 0.5)
        rest = f.op("fmul", mean, left)
        sound = f.test("olt", rest, math.inf)
        event, none = f.fresh("event"), f.fresh("none")
        f.branch(f.value(f"and i1 {sound}, {f.test('olt', wait, rest)}"), event, none)
        f.label(none)
        f.put(self.length, self.over)
        f.put(f.op("fsub", wait, rest), self.wait)
        broken = f.whole_place("%k", BROKEN)
        f.put_whole(f.value(f"select i1 {sound}, i64 0, i64 {UNDEFINED}"), broken)
        f.go(self.out)
        f.label(event)
        if self.parts.exact:
            ahead = f.op("fdiv", wait, now)
        else:  # now * x + bend * x² / 2 = wait, solved in the way that loses no digits
            bend = f.op("fmul", f.op("fsub", f.end(total, 1), f.end(total, 0)), self.inverse)
            under = f.op("fadd", f.op("fmul", now, now), f.op("fmul", 2.0, f.op("fmul", bend, wait)))
            under = f.pick(f.test("ogt", under, 0.0), under, 0.0)
            ahead = f.op("fdiv", f.op("fmul", 2.0, wait), f.op("fadd", now, f.root(under)))
        reached = f.op("fadd", over, ahead)
        f.put(reached if self.parts.exact else f.least(reached, self.length), self.over)
        f.put(f.waiting(self.generator), self.wait)
        self.choice()

    def choice(self) -> None:
        """Which channel it was: where the sums of propensities, one after the other, pass a share of the total."""
        f, room = self.f, self.room
        choose = f.fresh("choose")
        f.go(choose)
        f.label(choose)  # again, if rounding leaves the last sum short of the total
        share = self.share()
        wanted = f.op("fmul", f.uniform(self.generator), f.along(f.load(self.total), share))
        places = [f.fresh("group") for _ in room.groups]
        single = len(room.groups) == room.channels
        self.chain(places, wanted, [("chance" if single else "group", group) for group in range(len(room.groups))], choose, share)
        follow = {number: f.fresh("follow") for number in range(len(self.parts.blocks))}
        for place, members in zip(places, room.groups, strict=True):
            f.label(place)
            if single:
                self.fire(members[0], share, follow)
                continue
            fires = [f.fresh("fire") for _ in members]
            self.chain(fires, f.get(self.rest), [("chance", channel) for channel in members], choose, share)
            for fire, channel in zip(fires, members, strict=True):
                f.label(fire)
                self.fire(channel, share, follow)
        for number, block in enumerate(self.parts.blocks):
            f.label(follow[number])
            self.follow(block)
            f.go(self.next)

    def chain(self, places: list[str], wanted: str, rows: list[tuple[str, int]], otherwise: str, share: str | None) -> None:
        """Go to the first place at which the sum exceeds what is wanted; what is wanted beyond the sum before is kept."""
        f, room = self.f, self.room
        before: str | float = 0.0
        for number, (place, row) in enumerate(zip(places, rows, strict=True)):
            address = room.row(f, *row)
            mass = f.get(address) if share is None else f.along(f.load(address), share)
            after = mass if number == 0 else f.op("fadd", before, mass)
            further = f.fresh("further")
            if rows[0][0] == "group":
                f.put(f.op("fsub", wanted, before), self.rest)
            f.branch(f.test("olt", wanted, after), place, further)
            f.label(further)
            before = after
        f.go(otherwise)

    def fire(self, number: int, share: str | None, follow: dict[int, str]) -> None:
        """What an event changes itself."""
        f, room = self.f, self.room
        channel = self.parts.channels[number]
        for integral, worth in self.parts.jumps[number]:
            place = room.row(f, "jump", integral)
            more = worth.value if isinstance(worth, Number) else f.along(Reading(room, f).value(worth.index), share)
            f.put(f.op("fadd", f.get(place), more), place)
        for state, change in ((channel.source, -1.0), (channel.destination, 1.0)):
            if state != OUTSIDE:
                place = room.row(f, "at", state)
                f.store(f.add(f.load(place), f.number(change)), place)
        f.go(follow[self.parts.block_of[number]])

    def follow(self, block: Block) -> None:
        """What follows from it: only what rests on the changed counts is computed again."""
        f, room = self.f, self.room
        smooth = smooth_numbers(room, block.smooth)
        for number in smooth:
            flush(room, f, number, f.get(self.over))
        reading = Reading(room, f, block.values)
        for value in block.values:
            if value in self.parts.kept:
                f.store(reading.value(value), room.row(f, "value", value))
        for number in smooth:
            f.store(reading.value(self.parts.smooth[room.numbers[number][1]]), room.row(f, "rate", number))
        if block.channels:
            f.store(keep_sums(room, f, {channel: propensity(room, f, reading, channel) for channel in block.channels}), self.total)


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
        memory = self.f.memory
        self.drift, self.spread, self.old, self.new = (memory(f"[{states} x double]") for _ in range(4))
        self.many, self.few, self.times = (memory(f"[{channels} x double]") for _ in range(3))
        self.sum, self.critical, self.longest = (memory("double") for _ in range(3))

    def text(self) -> str:
        f, room = self.f, self.room
        self.over = f.get(f.place("%m", OVER))
        self.length = f.get(f.place("%m", LENGTH))
        self.measure()
        self.limit()
        left = f.op("fsub", self.length, self.over)
        enough = f.op("fdiv", WORTH, f.get(self.sum))
        f.leave_if(f.test("ult", f.least(f.get(self.longest), left), enough), "ret i64 0")
        for number in smooth_numbers(room, self.parts.smooth) if self.parts.exact else ():
            flush(room, f, number, self.over)
        critical = f.get(self.critical)
        alone = f.pick(f.test("ogt", critical, 0.0), f.op("fdiv", f.waiting("%g"), critical), math.inf)
        with f.again() as (top, done):
            length = f.least(f.get(self.longest), left)
            last = f.test("olt", alone, length)
            length = f.least(length, alone)
            self.draw(length)
            self.one_critical(last)
            self.move(length, top, done)
        self.settle(length)
        return f.text(f"define internal i64 @leap({HEAD}) noinline", "ret i64 1")

    def measure(self) -> None:
        """How often each channel fires, and how much each count is expected to change and to vary, but for critical channels."""
        f, room = self.f, self.room
        f.put(0.0, self.sum)
        f.put(0.0, self.critical)
        with f.loop(0, room.states + 1) as state:
            f.put(0.0, f.place(self.drift, state))
            f.put(0.0, f.place(self.spread, state))
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

    def chance(self, channel: str, share: str | None) -> str:
        f, room = self.f, self.room
        first = room.row(f, "chance") if room.channels else "%w"
        return f.along(f.load(f.vector_at(first, channel)), share)

    def raise_by(self, place: str, more: str) -> None:
        self.f.put(self.f.op("fadd", self.f.get(place), more), place)

    def limit(self) -> None:
        """The longest leap in which no count that matters is expected to change, or to vary, by more than a share of it."""
        f, room = self.f, self.room
        f.put(math.inf, self.longest)
        with f.loop(0, len(felt(room))) as number:
            state = f.whole_at("@felt", number)
            may = f.op("fmul", SHARE / ORDER, f.get(f.vector_at("%w", state)))
            may = f.pick(f.test("olt", may, 1.0), 1.0, may)
            by_drift = f.op("fdiv", may, f.size(f.get(f.place(self.drift, state))))
            by_spread = f.op("fdiv", f.op("fmul", may, may), f.get(f.place(self.spread, state)))
            f.put(f.least(f.get(self.longest), f.least(by_drift, by_spread)), self.longest)

    def draw(self, length: str) -> None:
        """How often each channel fires in a leap: Poisson numbers, at the propensities expected half-way."""
        f, room = self.f, self.room
        half = f.op("fmul", 0.5, length)
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

    def settle(self, length: str) -> None:
        """All that follows from the leap."""
        f, room = self.f, self.room
        now = f.op("fadd", self.over, length)
        half_way = None if self.parts.exact else f.op("fdiv", f.op("fsub", now, f.op("fmul", 0.5, length)), self.length)
        for number, jumps in self.parts.jumps.items():
            for integral, worth in jumps:
                times = f.get(f.place(self.times, number))
                more = worth.value if isinstance(worth, Number) else f.along(Reading(room, f).value(worth.index), half_way)
                self.raise_by(room.row(f, "jump", integral), f.op("fmul", times, more))
        smooth = smooth_numbers(room, self.parts.smooth) if self.parts.exact else []
        before = [f.get(room.row(f, "rate", number)) for number in smooth]
        f.line("call void @refresh(ptr %w)")
        f.put(now, f.place("%m", OVER))
        for number, rate in zip(smooth, before, strict=True):
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
