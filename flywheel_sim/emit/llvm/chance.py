"""A program printed as single events: one replication at a time, by Gillespie's direct method or by leaps.

Individuals move one by one, each kind of move a channel with a propensity; everything else goes on as equations, in steps
of a method of Runge and Kutta. Within a step the propensities lie on the straight line between its start and its end, and
a waiting time ends where the hazard along that line has added up to an exponential number; after an event both ends are
taken again, for the values that rest on what has changed alone. What the events do to the equations is made up for at
the end of the step, by the trapezium rule. All of it is of second order in the step; where propensities change at events
alone there is no step, and the method is exact.

A leap is Gillespie's with the step of Cao, Gillespie and Petzold (Journal of Chemical Physics 124, 044109, 2006) and
propensities taken half-way: so short that no propensity is expected to change by more than a share of itself.

The text is made of slots, operators and numbers alone. Its one function is ``@run``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.chance_draws import ENDS, Single, draw_functions
from flywheel_sim.emit.llvm.chance_parts import Parts
from flywheel_sim.emit.llvm.expressions import Writer
from flywheel_sim.emit.llvm.lines import intrinsics, written
from flywheel_sim.emit.llvm.maths import definitions
from flywheel_sim.emit.llvm.tiers import FIXED, TIMED
from flywheel_sim.expressions import Expression, Number, Slot
from flywheel_sim.program import OUTSIDE
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flywheel_sim.emit.llvm.chance_parts import Block
    from flywheel_sim.emit.llvm.workspace import Steps
    from flywheel_sim.program import Program

__all__ = ["ARGUMENTS", "EXPLODED", "FAILED", "STOPPED", "ChanceKernel", "print_chance"]

# What ``@run`` takes, in order.
ARGUMENTS = {
    "parameters": "ptr",  # numbers, [legs][parameters]: at the start of the leg
    "slopes": "ptr",  # numbers, [legs][moving]: how fast those change
    "switches": "ptr",  # numbers, 1 where a loop or friction runs
    "initial": "ptr",  # numbers, [states]
    "legs": "i64",
    "leg_numbers": "ptr",  # numbers, [legs][3]: the start, the step, a time inside the step that is saved
    "leg_wholes": "ptr",  # whole numbers, [legs][4]: steps, whether parameters bend, mark or -1, save or -1
    "first": "i64",  # replication of the batch
    "last": "i64",
    "stride": "i64",  # replications of the batch
    "words": "ptr",  # whole numbers, [replications][4]: the generator of each
    "states": "ptr",  # numbers, [saves][states][replications]
    "values": "ptr",  # numbers, [saves][values][replications]
    "integrals": "ptr",  # numbers, [marks][integrals][replications]
    "happened": "ptr",  # whole numbers, [replications]: events
    "status": "ptr",  # whole numbers, [replications]: how each ended
    "when": "ptr",  # numbers, [replications]: when it ended
    "most": "i64",  # events of a replication, or leaps, after which it has exploded
    "leaping": "i64",  # whether leaps are taken where they pay
    "flag": "ptr",  # a whole number: 1 to stop
    "w": "ptr",  # the workspace: numbers, [rows][2], at an address that is a multiple of 128
}

FAILED, EXPLODED, STOPPED = 1, 2, 3  # how a replication ends that does not come to its end

PAUSE = 2**18  # events after which a replication asks whether to stop
GROUPED = 16  # channels up to which one is looked for among all, not first among groups

# Leaps
SHARE = 0.03  # by which a propensity may be expected to change in a leap
ORDER = 2.0  # of a propensity in the count that changes it
CRITICAL = 10.0  # individuals below which a channel fires one event at a time
WORTH = 10.0  # events that a leap must hold
BETWEEN = 100  # single events after a leap that did not pay
MANY = 1e300  # individuals outside


class ChanceKernel(Record):
    """The text of a kernel and the shape of what it is given.

    Attributes:
        text: for LLVM; its function is ``@run``.
        moving: the parameters that may change within a step.
        exact: whether it needs no steps.
        rows: how many pairs of numbers a replication works in.
    """

    text: str
    moving: tuple[int, ...]
    exact: bool
    rows: int


@lru_cache(maxsize=16)
def print_chance(program: Program, steps: Steps, moving: frozenset[int] = frozenset()) -> ChanceKernel:
    """Print a program as single events.

    Args:
        program: the slots.
        steps: the method for what goes on as equations.
        moving: parameters that change within a step.
    """
    return Printer(Room(Parts(program, moving), tuple(sorted(moving)), len(program.values)), steps).kernel()


class Room:
    """Where everything lies in the rows of a replication, each two numbers: at the start of a step and at its end.

    Args:
        parts: the program taken apart.
        moving: parameters that change within a step.
        values: how many values are saved.
    """

    def __init__(self, parts: Parts, moving: tuple[int, ...], values: int) -> None:
        self.parts = parts
        self.program = parts.program
        self.moving = moving
        self.values = values
        self.states = len(self.program.initial)
        self.channels = len(parts.channels)
        # What is stepped: the states that are no counts, then the smooth integrals.
        self.numbers = (*(("state", state) for state in parts.others), *(("integral", number) for number in parts.smooth))
        size = 1 if self.channels <= GROUPED else math.ceil(math.sqrt(self.channels))
        self.groups = [range(first, min(first + size, self.channels)) for first in range(0, self.channels, size)]
        self.rows: dict[tuple[str, int], int] = {}
        self.take("at", self.states + 1)  # the last is outside
        self.take("parameter", self.program.parameters)
        self.take("slope", len(moving))
        self.take("origin", 1)
        self.take("switch", self.program.switches)
        for tier in (FIXED, TIMED):
            for row, _ in parts.tiers.lines[tier]:
                self.rows[row.kind, row.index] = len(self.rows)
        for parameter in moving:
            self.rows["moved", parameter] = len(self.rows)
        for value in sorted(parts.kept):
            self.rows["value", value] = len(self.rows)
        self.take("chance", self.channels)
        self.take("group", len(self.groups))
        self.take("total", 1)
        for kind in ("point", "added", "rate", "before", "since"):
            self.take(kind, len(self.numbers))
        self.take("jump", len(self.program.integrals))

    def take(self, kind: str, count: int) -> None:
        for index in range(count):
            self.rows[kind, index] = len(self.rows)

    def row(self, f: Single, kind: str, index: int = 0) -> str:
        """The address of a row."""
        return f.place("%w", self.rows[kind, index] * ENDS)


class Reading:
    """Slots within one straight piece of a function: from rows, or computed.

    Args:
        room: the rows.
        f: the lines.
        here: the values that rest on counts and are computed here; others lie in rows.
        time: both ends of the step.
        start: a time inside it.
    """

    def __init__(self, room: Room, f: Single, here: Iterable[int] = (), *, time: str = "", start: str = "") -> None:
        self.room = room
        self.f = f
        self.here = frozenset(here)
        self.times = {"time": time, "start": start}
        self.known: dict[tuple[str, int], str] = {}
        self.write = Writer(f, self.read)

    def read(self, node: Expression) -> str:
        assert isinstance(node, Slot)
        return self.slot(node.kind, node.index)

    def value(self, index: int) -> str:
        return self.slot("value", index)

    def slot(self, kind: str, index: int) -> str:
        if (kind, index) not in self.known:
            self.known[kind, index] = self.found(kind, index)
        return self.known[kind, index]

    def found(self, kind: str, index: int) -> str:
        if kind in self.times:
            return self.times[kind]
        if kind == "value" and index in self.here:
            return self.write(self.room.parts.tiers.evaluated[index])
        place = "at" if kind == "state" else "moved" if kind == "parameter" and index in self.room.moving else kind
        return self.f.load(self.room.row(self.f, place, index))


class Printer:
    """Writes the functions.

    Args:
        room: the rows.
        steps: the method for what goes on as equations.
    """

    def __init__(self, room: Room, steps: Steps) -> None:
        self.room = room
        self.parts = room.parts
        self.steps = steps

    def kernel(self) -> ChanceKernel:
        functions = [self.begin(), self.settle(), self.instant(), self.refresh(), self.advance(), self.finish(), self.save(), self.mark()]
        functions += [self.events(), self.leap(), self.run()]
        tables = [
            table("sources", [self.room.states if one.source == OUTSIDE else one.source for one in self.parts.channels]),
            table("destinations", [self.room.states if one.destination == OUTSIDE else one.destination for one in self.parts.channels]),
            table("felt", sorted({state for block in self.parts.blocks if block.channels for state in block.states})),
        ]
        text = "\n".join([intrinsics(ENDS), definitions(ENDS), draw_functions(), *tables, *functions]) + "\n"
        return ChanceKernel(text, self.room.moving, self.parts.exact, len(self.room.rows))

    # Equations

    def begin(self) -> str:
        """``@begin(w, initial)``: every state at time 0, and every integral."""
        f, room = Single(), self.room
        for state in range(room.states):
            f.store(f.spread(f.number_at("%initial", state)), room.row(f, "at", state))
        f.store(f.number(MANY), room.row(f, "at", room.states))
        for number, (kind, index) in enumerate(room.numbers):
            start = f.load(room.row(f, "at", index)) if kind == "state" else f.number(0.0)
            f.store(start, room.row(f, "point", number))
            f.store(f.number(0.0), room.row(f, "since", number))
        for integral in range(len(room.program.integrals)):
            f.store(f.number(0.0), room.row(f, "jump", integral))
        return f.text("define internal void @begin(ptr noalias %w, ptr noalias %initial)")

    def settle(self) -> str:
        """``@settle(w, parameters, slopes, switches, origin)``: what rests on the parameters alone, from a time on."""
        f, room = Single(), self.room
        for kind, count in (("parameter", room.program.parameters), ("slope", len(room.moving)), ("switch", room.program.switches)):
            for index in range(count):
                f.store(f.spread(f.number_at(f"%{kind}", index)), room.row(f, kind, index))
        f.store(f.spread("%now"), room.row(f, "origin"))
        reading = Reading(room, f)
        for row, expression in self.parts.tiers.lines[FIXED]:
            made = reading.known[row.kind, row.index] = reading.write(expression)
            f.store(made, room.row(f, row.kind, row.index))
        head = "ptr noalias %w, ptr noalias %parameter, ptr noalias %slope, ptr noalias %switch, double %now"
        return f.text(f"define internal void @settle({head})")

    def instant(self) -> str:
        """``@instant(w, t0, t1, s)``: what rests on the time and on states that are no counts, at both ends of a step around ``s``."""
        f, room = Single(), self.room
        time = f.value(f"insertelement {f.vector} {f.spread('%t0')}, double %t1, i32 1")
        reading = Reading(room, f, time=time, start=f.spread("%s"))
        for place, parameter in enumerate(room.moving):
            since = f.subtract(time, f.load(room.row(f, "origin")))
            moved = f.fma(f.load(room.row(f, "slope", place)), since, f.load(room.row(f, "parameter", parameter)))
            reading.known["parameter", parameter] = moved
            f.store(moved, room.row(f, "moved", parameter))
        for row, expression in self.parts.tiers.lines[TIMED]:
            made = reading.known[row.kind, row.index] = reading.write(expression)
            f.store(made, room.row(f, row.kind, row.index))
        return f.text("define internal void @instant(ptr noalias %w, double %t0, double %t1, double %s) noinline")

    def refresh(self) -> str:
        """``@refresh(w)``: what rests on counts: propensities, the rates of all else, and what is read elsewhere."""
        f, room = Single(), self.room
        reading = Reading(room, f, self.parts.needed)
        for value in sorted(self.parts.kept):
            f.store(reading.value(value), room.row(f, "value", value))
        for number, (kind, index) in enumerate(room.numbers):
            f.store(self.slope(f, reading, index) if kind == "state" else reading.value(self.parts.smooth[index]), room.row(f, "rate", number))
        self.sums(f, {channel: self.propensity(f, reading, channel) for channel in range(room.channels)}, room.row(f, "total"))
        return f.text("define internal void @refresh(ptr noalias %w) noinline")

    def slope(self, f: Single, reading: Reading, state: int) -> str:
        total = ""
        for move in self.parts.moves:
            if move.source == state:
                rate = reading.value(move.rate)
                total = f.subtract(total, rate) if total else f.negate(rate)
            if move.destination == state:
                rate = reading.value(move.rate)
                total = f.add(total, rate) if total else rate
        return total or f.number(0.0)

    def propensity(self, f: Single, reading: Reading, number: int) -> str:
        """How often a channel fires: never negative, and never while nobody is there."""
        channel = self.parts.channels[number]
        zero = f.number(0.0)
        rate = reading.value(channel.rate)
        made = f.choose(f.compare("olt", rate, zero), zero, rate)
        if channel.guarded:
            made = f.choose(f.compare("ogt", reading.slot("state", channel.source), zero), made, zero)
        return made

    def sums(self, f: Single, made: dict[int, str], into: str) -> None:
        """Keep propensities, the sums of their groups, and the sum of all."""
        room = self.room
        for channel, value in made.items():
            f.store(value, room.row(f, "chance", channel))
        total: list[str] = []
        for group, members in enumerate(room.groups):
            if len(members) == 1:
                total.append(made.get(group) or f.load(room.row(f, "chance", group)))
            elif made.keys() & set(members):
                total.append(added(f, [made.get(channel) or f.load(room.row(f, "chance", channel)) for channel in members]))
                f.store(total[-1], room.row(f, "group", group))
            else:
                total.append(f.load(room.row(f, "group", group)))
        f.store(added(f, total), into)

    def advance(self) -> str:
        """``@advance(w, t, h, s)``: where the equations lead if no event happens, and all that events need at both ends of the step."""
        f, room = Single(), self.room
        following = f.op("fadd", "%t", "%h")
        if not self.parts.exact:
            self.predict(f)
        f.line(f"call void @instant(ptr %w, double %t, double {following}, double %s)")
        f.line("call void @refresh(ptr %w)")
        for number in range(len(room.numbers)):
            f.store(f.load(room.row(f, "rate", number)), room.row(f, "before", number))
        return f.text("define internal void @advance(ptr noalias %w, double %t, double %h, double %s)")

    def predict(self, f: Single) -> None:
        room = self.room
        for node, ahead, weight in zip(self.steps.nodes, self.steps.ahead, self.steps.weights, strict=True):
            time = f.op("fadd", "%t", f.op("fmul", "%h", node))
            f.line(f"call void @instant(ptr %w, double {time}, double {time}, double %s)")
            f.line("call void @refresh(ptr %w)")
            share, reach = (f.spread(f.op("fmul", "%h", part)) for part in (weight, ahead))
            for number, (kind, index) in enumerate(room.numbers):
                rate = f.load(room.row(f, "rate", number))
                before = f.number(0.0) if node == 0 else f.load(room.row(f, "added", number))
                f.store(f.fma(rate, share, before), room.row(f, "added", number))
                if kind == "state" and ahead:
                    f.store(f.fma(rate, reach, f.load(room.row(f, "point", number))), room.row(f, "at", index))
        for number, (kind, index) in enumerate(room.numbers):
            if kind == "state":
                point = f.load(room.row(f, "point", number))
                reached = f.end(f.add(point, f.load(room.row(f, "added", number))), 1)
                f.store(f.value(f"insertelement {f.vector} {point}, double {reached}, i32 1"), room.row(f, "at", index))

    def finish(self) -> str:
        """``@finish(w, h, happened)``: the step is taken; gives back whether every number is finite."""
        f, room = Single(), self.room
        naught = "0.0"
        with f.only_if(f.value("icmp ne i64 %happened, 0")):
            if room.numbers and not self.parts.exact:
                f.line("call void @refresh(ptr %w)")
                half = f.spread(f.op("fmul", "%h", 0.5))
                for number in range(len(room.numbers)):
                    change = f.subtract(f.load(room.row(f, "rate", number)), f.load(room.row(f, "before", number)))
                    change = f.spread(f.end(change, 1))
                    f.store(f.fma(half, change, f.load(room.row(f, "added", number))), room.row(f, "added", number))
        for number, (kind, index) in enumerate(room.numbers):
            if self.parts.exact:
                self.flush(f, number, "%h")
                reached = f.load(room.row(f, "point", number))
                f.store(f.number(0.0), room.row(f, "since", number))
            else:
                reached = f.add(f.load(room.row(f, "point", number)), f.load(room.row(f, "added", number)))
                f.store(reached, room.row(f, "point", number))
            if kind == "state":
                f.store(reached, room.row(f, "at", index))
            naught = f.op("fadd", naught, f.op("fmul", f.end(reached, 0), 0.0))
        finite = f.value(f"fcmp oeq double {naught}, 0.0")
        return f.text("define internal i1 @finish(ptr noalias %w, double %h, i64 %happened)", f"ret i1 {finite}")

    def flush(self, f: Single, number: int, now: str) -> None:
        """An integral is brought up to a time within the step, at the rate that held until then."""
        room = self.room
        point, since = room.row(f, "point", number), room.row(f, "since", number)
        gone = f.op("fsub", now, f.get(since))
        f.put(f.op("fadd", f.get(point), f.op("fmul", f.get(room.row(f, "rate", number)), gone)), point)
        f.put(now, since)

    def save(self) -> str:
        """``@save(w, t, s, states, values, stride)``: every state and value; gives back whether all are finite."""
        f, room = Single(), self.room
        f.line("call void @instant(ptr %w, double %t, double %t, double %s)")
        reading = Reading(room, f, self.parts.tiers.evaluated)
        naught = "0.0"
        for kind, count in (("state", room.states), ("value", room.values)):
            for index in range(count):
                number = f.end(reading.slot(kind, index), 0)
                f.put(number, f.place(f"%{kind}s", f.times("%stride", index)))
                naught = f.op("fadd", naught, f.op("fmul", number, 0.0))
        finite = f.value(f"fcmp oeq double {naught}, 0.0")
        head = "ptr noalias %w, double %t, double %s, ptr noalias %states, ptr noalias %values, i64 %stride"
        return f.text(f"define internal i1 @save({head}) noinline", f"ret i1 {finite}")

    def mark(self) -> str:
        """``@mark(w, into, stride)``: every integral."""
        f, room = Single(), self.room
        smooth = {index: number for number, (kind, index) in enumerate(room.numbers) if kind == "integral"}
        for integral in range(len(room.program.integrals)):
            made = f.get(room.row(f, "jump", integral))
            if integral in smooth:
                made = f.op("fadd", made, f.get(room.row(f, "point", smooth[integral])))
            f.put(made, f.place("%into", f.times("%stride", integral)))
        return f.text("define internal void @mark(ptr noalias %w, ptr noalias %into, i64 %stride)")
