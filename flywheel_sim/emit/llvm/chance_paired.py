"""Events within a step, every channel by its own random numbers, so that runs that differ in what they are given can be compared.

The modified next reaction method (Anderson, Journal of Chemical Physics 127, 214107, 2007): a channel fires where its hazard
has added up to the next exponential number of a list that is its own. The lists rest on the replication and the channel alone
(common reaction paths: Rathinam, Sheppard and Khammash, Journal of Chemical Physics 132, 034103, 2010), so that in another
strategy the same move meets the same luck in the same order, and the difference of the two varies less than if each had its own.

What is left of a channel's hazard is brought up to date where its propensity is taken anew and at the end of a step, never at
the events of channels that it does not rest on: what is independent stays the same to the last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.chance_draws import ENDS, Single
from flywheel_sim.emit.llvm.chance_events import BROKEN, FIRED, HEAD, LENGTH, LIMIT, OVER, UNDEFINED, WORK, fire, follow
from flywheel_sim.emit.llvm.chance_leaps import table
from flywheel_sim.emit.llvm.chance_parts import TOGETHER

if TYPE_CHECKING:
    from flywheel_sim.emit.llvm.chance_parts import Block, Room

__all__ = ["paired_functions"]

# Steele, Lea and Flood 2014: what turns numbers in a row into words without a pattern
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB

NEVER, NOWHERE = math.inf, -math.inf  # when a channel fires that does not within the step, and one whose hazard is no number


def paired_functions(room: Room) -> str:
    """``@paired(w, g, m, k)`` and ``@first(w, g)``, with the tables that they walk over."""
    lists = [table(f"again{number}", list(block.channels)) for number, block in enumerate(room.parts.blocks)]
    return "\n".join(
        ["declare i64 @llvm.cttz.i64(i64, i1)", *lists, next_function(room), first(room), due(room), lower(room), Paired(room).text()]
    )


def place_of(room: Room, f: Single, kind: str, channel: str | int) -> str:
    """Where something of a channel lies."""
    return f.place(room.row(f, kind), channel)


def scattered(f: Single, word: str) -> str:
    """Every bit of a word made to rest on all its bits (the finalizer of SplitMix64)."""
    for by, factor in ((30, FIRST), (27, SECOND), (31, 1)):
        word = f.value(f"xor i64 {word}, {f.value(f'lshr i64 {word}, {by}')}")
        word = f.times(word, signed(factor)) if factor > 1 else word
    return word


def signed(word: int) -> int:
    return word - 2**64 if word >= 2**63 else word


def next_function(room: Room) -> str:
    """``@next(w, g, channel)``: the next number of a channel is what is left of its hazard: found by counting, not by a state."""
    f = Single()
    count = f.value(f"getelementptr i64, ptr {room.row(f, 'drawn')}, i64 %channel")
    drawn = f.sum(f.get_whole(count), 1)
    f.put_whole(drawn, count)
    own = scattered(f, f.sum(f.whole_at("%g", 0), f.times("%channel", signed(GOLDEN))))
    word = scattered(f, f.sum(own, f.times(drawn, signed(GOLDEN))))
    word = scattered(f, f.value(f"xor i64 {word}, {f.whole_at('%g', 1)}"))
    exponential = f.value(f"fneg double {f.log(f.op('fsub', 1.0, f.unit(word)))}")
    f.put(exponential, place_of(room, f, "left", "%channel"))
    return f.text("define internal void @next(ptr noalias %w, ptr noalias %g, i64 %channel) noinline")


def first(room: Room) -> str:
    """``@first(w, g)``: every channel's first number, at the beginning of a replication."""
    f = Single()
    with f.loop(0, room.channels) as channel:
        f.put_whole(0, f.value(f"getelementptr i64, ptr {room.row(f, 'drawn')}, i64 {channel}"))
        f.line(f"call void @next(ptr %w, ptr %g, i64 {channel})")
    with f.loop(0, together(room)) as channel:  # those that there are not never fire
        f.put(NEVER, place_of(room, f, "due", channel))
    return f.text("define internal void @first(ptr noalias %w, ptr noalias %g)")


def together(room: Room) -> int:
    """How many numbers the times take at which channels are due."""
    return -(-max(1, room.channels) // TOGETHER) * TOGETHER


def due(room: Room) -> str:
    """``@due(w, channel, length, inverse)``: when within the step a channel's hazard reaches what is left."""
    f = Single()
    chance = f.load(f.vector_at(room.row(f, "chance"), "%channel"))
    since, left = f.get(place_of(room, f, "from", "%channel")), f.get(place_of(room, f, "left", "%channel"))
    found = place_of(room, f, "due", "%channel")
    now = f.along(chance, None if room.parts.exact else f.op("fmul", since, "%inverse"))
    mean = now if room.parts.exact else f.op("fmul", f.op("fadd", now, f.end(chance, 1)), 0.5)
    rest = f.op("fmul", mean, f.op("fsub", "%length", since))
    f.put(f.pick(f.test("olt", rest, math.inf), NEVER, NOWHERE), found)
    with f.only_if(f.value(f"and i1 {f.test('olt', left, rest)}, {f.test('olt', rest, math.inf)}")):
        f.put(f.least(f.op("fadd", since, ahead(f, room, chance, now, left)), "%length"), found)
    return f.text("define internal void @due(ptr noalias %w, i64 %channel, double %length, double %inverse) alwaysinline")


def ahead(f: Single, room: Room, chance: str, now: str, left: str) -> str:
    """How long it is until a hazard along a straight line reaches what is left."""
    if room.parts.exact:
        return f.op("fdiv", left, now)
    # now * x + bend * x² / 2 = left, solved in the way that loses no digits
    bend = f.op("fmul", f.op("fsub", f.end(chance, 1), f.end(chance, 0)), "%inverse")
    under = f.op("fadd", f.op("fmul", now, now), f.op("fmul", 2.0, f.op("fmul", bend, left)))
    under = f.pick(f.test("ogt", under, 0.0), under, 0.0)
    return f.op("fdiv", f.op("fmul", 2.0, left), f.op("fadd", now, f.root(under)))


def lower(room: Room) -> str:
    """``@lower(w, channel, now, inverse)``: what is left of a channel's hazard, brought up to a time within the step."""
    f = Single()
    chance = f.load(f.vector_at(room.row(f, "chance"), "%channel"))
    since, left = place_of(room, f, "from", "%channel"), place_of(room, f, "left", "%channel")
    before = f.get(since)
    if room.parts.exact:
        mean = f.along(chance, None)
    else:
        half = f.op("fmul", f.op("fmul", f.op("fadd", before, "%now"), 0.5), "%inverse")
        mean = f.along(chance, half)
    rest = f.op("fsub", f.get(left), f.op("fmul", mean, f.op("fsub", "%now", before)))
    f.put(f.pick(f.test("ogt", rest, 0.0), rest, 0.0), left)  # rounding may take a little too much
    f.put("%now", since)
    return f.text("define internal void @lower(ptr noalias %w, i64 %channel, double %now, double %inverse) alwaysinline")


class Paired:
    """Writes ``@paired``: single events until the step is over, or until it is time to ask whether to go on.

    Args:
        room: the rows.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.parts = room.parts
        self.f = Single()
        self.over, self.fired, self.which = self.f.memory("double"), self.f.memory("i64"), self.f.memory("i64")

    def text(self) -> str:
        f, room = self.f, self.room
        f.put(f.get(f.place("%m", OVER)), self.over)
        f.put_whole(0, self.fired)
        self.length = f.get(f.place("%m", LENGTH))
        self.inverse = f.op("fdiv", 1.0, self.length)
        most = f.value(f"sub i64 {f.whole_at('%k', LIMIT)}, {f.whole_at('%k', WORK)}")
        self.top, self.out, self.next = f.fresh("top"), f.fresh("out"), f.fresh("next")
        with f.only_if(f.test("oeq", f.get(self.over), 0.0)), f.loop(0, room.channels) as channel:
            f.put(0.0, place_of(room, f, "from", channel))
            self.call_due(channel)
        f.go(self.top)
        f.label(self.top)
        self.earliest()
        f.label(self.next)
        which = f.get_whole(self.which)
        self.call_due(which)  # its own propensity may rest on nothing that has changed
        fired = f.sum(f.get_whole(self.fired), 1)
        f.put_whole(fired, self.fired)
        # At the very end of the step nothing more may wait: what is left has yet to be brought up to it.
        on = f.value(f"or i1 {f.value(f'icmp slt i64 {fired}, {most}')}, {f.test('oge', f.get(self.over), self.length)}")
        f.branch(on, self.top, self.out)
        f.label(self.out)
        f.put(f.get(self.over), f.place("%m", OVER))
        for counter in (FIRED, WORK):
            place = f.whole_place("%k", counter)
            f.put_whole(f.sum(f.get_whole(place), f.get_whole(self.fired)), place)
        return f.text(f"define internal void @paired({HEAD})")

    def call_due(self, channel: str) -> None:
        self.f.line(f"call void @due(ptr %w, i64 {channel}, double {self.length}, double {self.inverse})")

    def call_lower(self, channel: str, now: str) -> None:
        self.f.line(f"call void @lower(ptr %w, i64 {channel}, double {now}, double {self.inverse})")

    def earliest(self) -> None:
        """The channel that is due first fires; where none is within the step, the step is over."""
        f, room = self.f, self.room
        time = self.least()
        broken = f.whole_place("%k", BROKEN)
        f.put_whole(0, broken)
        none, some, event, fault = (f.fresh(word) for word in ("none", "some", "event", "fault"))
        f.branch(f.test("olt", time, NEVER), some, none)
        f.label(none)
        with f.loop(0, room.channels) as channel:
            self.call_lower(channel, self.length)
        f.put(self.length, self.over)
        f.go(self.out)
        f.label(some)
        f.branch(f.test("oeq", time, NOWHERE), fault, event)
        f.label(fault)
        f.put(self.length, self.over)
        f.put_whole(UNDEFINED, broken)
        f.go(self.out)
        f.label(event)
        f.put(time, self.over)
        which = f.get_whole(self.which)
        f.line(f"call void @next(ptr %w, ptr %g, i64 {which})")
        f.put(time, place_of(room, f, "from", which))
        share = None if self.parts.exact else f.op("fmul", time, self.inverse)
        fires = [f.fresh("fire") for _ in range(room.channels)]
        f.line(f"switch i64 {which}, label %{self.out} [{' '.join(f'i64 {number}, label %{fire}' for number, fire in enumerate(fires))}]")
        follows = {number: f.fresh("follow") for number in range(len(self.parts.blocks))}
        for number, place in enumerate(fires):
            f.label(place)
            fire(room, f, number, time, self.length, share)
            f.go(follows[self.parts.block_of[number]])
        for number, block in enumerate(self.parts.blocks):
            f.label(follows[number])
            self.follow(number, block, time)
            f.go(self.next)

    def least(self) -> str:
        """When the first channel is due, which is kept in ``which``: over vectors, for there may be many channels."""
        f, room = self.f, self.room
        vector, count = f"<{TOGETHER} x double>", together(room)
        times = room.row(f, "due")
        loaded = [f.value(f"load {vector}, ptr {f.place(times, first)}, align {8 * ENDS}") for first in range(0, count, TOGETHER)]
        least = loaded
        while len(least) > 1:  # in pairs: short ways are quick
            paired = [self.smaller(vector, a, b) for a, b in zip(least[::2], least[1::2], strict=False)]
            least = paired + least[len(least) - len(least) % 2 :]
        found, width = least[0], TOGETHER
        while width > 1:
            half = f"<{width // 2} x double>"
            low, high = (
                f.value(
                    f"shufflevector <{width} x double> {found}, <{width} x double> poison, "
                    f"<{width // 2} x i32> <{', '.join(f'i32 {lane}' for lane in lanes)}>"
                )
                for lanes in (range(width // 2), range(width // 2, width))
            )
            found, width = self.smaller(half, low, high), width // 2
        time = f.value(f"extractelement <1 x double> {found}, i32 0")
        self.find(vector, loaded, time)
        return time

    def smaller(self, vector: str, a: str, b: str) -> str:
        truth = self.f.value(f"fcmp olt {vector} {a}, {b}")
        return self.f.value(f"select <{vector[1:].split(maxsplit=1)[0]} x i1> {truth}, {vector} {a}, {vector} {b}")

    def find(self, vector: str, loaded: list[str], time: str) -> None:
        """The first channel that is due at a time."""
        f = self.f
        first = f.value(f"insertelement {vector} poison, double {time}, i32 0")
        wanted = f.value(f"shufflevector {vector} {first}, {vector} poison, <{TOGETHER} x i32> zeroinitializer")
        which = "0"
        for number, times in reversed(list(enumerate(loaded))):
            same = f.value(f"bitcast <{TOGETHER} x i1> {f.value(f'fcmp oeq {vector} {times}, {wanted}')} to i{TOGETHER}")
            lane = f.value(f"call i64 @llvm.cttz.i64(i64 {f.value(f'zext i{TOGETHER} {same} to i64')}, i1 false)")
            here = f.value(f"icmp ne i{TOGETHER} {same}, 0")
            which = f.value(f"select i1 {here}, i64 {f.sum(lane, number * TOGETHER)}, i64 {which}")
        f.put_whole(which, self.which)

    def follow(self, number: int, block: Block, now: str) -> None:
        """What follows from an event: the hazards until now, the propensities from now on, and when their channels are due."""
        f, room = self.f, self.room
        with f.loop(0, len(block.channels)) as place:
            self.call_lower(f.whole_at(f"@again{number}", place), now)
        for channel, made in follow(room, f, block, now).items():
            f.store(made, room.row(f, "chance", channel))
        with f.loop(0, len(block.channels)) as place:
            self.call_due(f.whole_at(f"@again{number}", place))
