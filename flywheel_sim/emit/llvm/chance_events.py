"""Events within a step, one by one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.chance_draws import Single
from flywheel_sim.emit.llvm.chance_parts import Reading
from flywheel_sim.emit.llvm.lines import written
from flywheel_sim.expressions import Slot
from flywheel_sim.program import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flywheel_sim.emit.llvm.chance_parts import Block, Room, Worth

__all__ = [
    "BROKEN",
    "COUNTERS",
    "FIRED",
    "HEAD",
    "LENGTH",
    "LIMIT",
    "OVER",
    "TOO_MANY",
    "UNDEFINED",
    "WAIT",
    "WORK",
    "Events",
    "add_jump",
    "amounts_of",
    "bend",
    "fire",
    "flush",
    "follow",
    "keep_sums",
    "propensity",
    "smooth_numbers",
]

# What goes along with a replication: numbers at ``%m``, whole numbers at ``%k``.
OVER, WAIT, LENGTH = range(3)  # how much of the step is over, the hazard until the next event, the length of the step
FIRED, WORK, LIMIT, BROKEN = range(4)  # events; single events and leaps; of these, until when to go on; whether a number broke
COUNTERS = 4
UNDEFINED, TOO_MANY = 1, 2  # how a number breaks

HEAD = "ptr noalias %w, ptr noalias %g, ptr noalias %m, ptr noalias %k"


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


def amounts_of(room: Room, f: Single, worths: Iterable[Worth]) -> list[tuple[str, bool]]:
    """What events add, as things are now, and whether it is given at both ends of the step: a number is the same all along."""
    slots = {worth.amount.index for worth in worths if isinstance(worth.amount, Slot)}
    reading = Reading(room, f, room.parts.below(slots))
    return [
        (reading.value(worth.amount.index), True) if isinstance(worth.amount, Slot) else (written(worth.amount.value), False)
        for worth in worths
    ]


def add_jump(room: Room, f: Single, worth: Worth, more: str, share: str | None) -> None:
    """Add to an integral, or to a state; one that goes on as an equation too is left level, for :func:`bend` to find its line."""
    if worth.kind == "integral":
        place = room.row(f, "jump", worth.index)
        f.put(f.op("fadd", f.get(place), more), place)
    else:
        place = room.row(f, "at", worth.index)
        f.store(f.spread(f.op("fadd", f.along(f.load(place), share), more)), place)


def bend(room: Room, f: Single, worths: Iterable[Worth], over: str, length: str, share: str | None) -> None:
    """States that have jumped and go on as equations too get another line: from where they are now, at the slope they have now.

    Who leaves as the last takes all there is: what grew by itself must not go on as if they were there.
    """
    slopes, places = room.parts.slopes, {number: place for place, number in enumerate(room.numbers)}
    states = sorted({worth.index for worth in worths if worth.kind == "state"} & slopes.keys())
    reading = Reading(room, f, room.parts.below({slopes[state] for state in states}))
    found = {state: f.along(reading.value(slopes[state]), share) for state in states}
    left = f.op("fsub", length, over) if states else ""
    for state, slope in found.items():
        row, number = room.row(f, "at", state), places["state", state]
        now = f.get(row)
        start, end = f.op("fsub", now, f.op("fmul", slope, over)), f.op("fadd", now, f.op("fmul", slope, left))
        f.store(f.value(f"insertelement {f.vector} {f.spread(start)}, double {end}, i32 1"), row)
        f.store(f.spread(slope), room.row(f, "before", number))
        f.put(over, room.row(f, "since", number))


def fire(room: Room, f: Single, number: int, over: str, length: str, share: str | None) -> None:
    """What an event of a channel changes itself.

    Args:
        room: the rows.
        f: the lines.
        number: of the channel.
        over: how much of the step is over.
        length: how long it is.
        share: how much of it that is; None where nothing changes along it.
    """
    channel, worths = room.parts.channels[number], room.parts.worths[number]
    amounts = [f.along(amount, share) if vector else amount for amount, vector in amounts_of(room, f, worths)]
    for worth, amount in zip(worths, amounts, strict=True):
        add_jump(room, f, worth, amount, share)
    for state, change in ((channel.source, -1.0), (channel.destination, 1.0)):
        if state != OUTSIDE:
            place = room.row(f, "at", state)
            f.store(f.add(f.load(place), f.number(change)), place)
    bend(room, f, worths, over, length, share)


def follow(room: Room, f: Single, block: Block, over: str) -> dict[int, str]:
    """What follows from an event: only what rests on the changed counts is computed again; gives back the propensities."""
    smooth = smooth_numbers(room, block.smooth)
    for number in smooth:
        flush(room, f, number, over)
    reading = Reading(room, f, block.values)
    for value in block.values:
        if value in room.parts.kept:
            f.store(reading.value(value), room.row(f, "value", value))
    for number in smooth:
        f.store(reading.value(room.parts.smooth[room.numbers[number][1]]), room.row(f, "rate", number))
    return {channel: propensity(room, f, reading, channel) for channel in block.channels}


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
        follows = {number: f.fresh("follow") for number in range(len(self.parts.blocks))}
        for place, members in zip(places, room.groups, strict=True):
            f.label(place)
            if single:
                self.fire(members[0], share, follows)
                continue
            fires = [f.fresh("fire") for _ in members]
            self.chain(fires, f.get(self.rest), [("chance", channel) for channel in members], choose, share)
            for fire, channel in zip(fires, members, strict=True):
                f.label(fire)
                self.fire(channel, share, follows)
        for number, block in enumerate(self.parts.blocks):
            f.label(follows[number])
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

    def fire(self, number: int, share: str | None, follows: dict[int, str]) -> None:
        """What an event changes itself, and where to go then."""
        fire(self.room, self.f, number, self.f.get(self.over), self.length, share)
        self.f.go(follows[self.parts.block_of[number]])

    def follow(self, block: Block) -> None:
        """What follows from it: only what rests on the changed counts is computed again."""
        made = follow(self.room, self.f, block, self.f.get(self.over))
        if block.channels:
            self.f.store(keep_sums(self.room, self.f, made), self.total)
