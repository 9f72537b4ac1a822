"""A program printed as single events: one replication at a time, by Gillespie's direct method, by leaps, or paired.

Individuals move one by one, each kind of move a channel with a propensity; what jumps with them
(:mod:`flywheel_sim.program.counting`) jumps then; everything else goes on as equations, in steps of a method of Runge and
Kutta. Within a step the propensities lie on the straight line between its start and its end, and a waiting time ends
where the hazard along that line has added up to an exponential number. After an event both ends are taken again, for the
values that rest on what has changed alone; a jump of what also goes on as an equation shifts its whole line. What the
events do to the slopes of the equations is made up for at the end of the step, by the trapezium rule. All of it is of
second order in the step; where propensities change at events alone there is no step, and the method is exact.

A leap is Gillespie's with the step of Cao, Gillespie and Petzold (Journal of Chemical Physics 124, 044109, 2006) and
propensities taken half-way: so short that no propensity is expected to change by more than a share of itself. A jump
counts as many times as the move was made, at what it is half-way. Paired, every kind of move has random numbers of its own
(:mod:`flywheel_sim.emit.llvm.chance_paired`), along the same lines.

The text is made of slots, operators and numbers alone. Its one function is ``@run``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.chance_draws import ENDS, Single, draw_functions
from flywheel_sim.emit.llvm.chance_events import (
    BROKEN,
    COUNTERS,
    FIRED,
    LENGTH,
    LIMIT,
    OVER,
    TOO_MANY,
    UNDEFINED,
    WAIT,
    WORK,
    flush,
    keep_sums,
    propensity,
)
from flywheel_sim.emit.llvm.chance_leaps import event_functions
from flywheel_sim.emit.llvm.chance_paired import paired_functions
from flywheel_sim.emit.llvm.chance_parts import Parts, Reading, Room
from flywheel_sim.emit.llvm.lines import intrinsics
from flywheel_sim.emit.llvm.maths import definitions
from flywheel_sim.emit.llvm.tiers import FIXED, TIMED
from flywheel_sim.records import Record

if TYPE_CHECKING:
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

FAILED, EXPLODED, STOPPED = UNDEFINED, TOO_MANY, 3  # how a replication ends that does not come to its end

PAUSE = 2**18  # events after which a replication asks whether to stop
BETWEEN = 100  # single events after a leap that would not pay
OUTDOORS = 1e300  # individuals outside


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
def print_chance(program: Program, steps: Steps, moving: frozenset[int] = frozenset(), *, paired: bool = False) -> ChanceKernel:
    """Print a program as single events.

    Args:
        program: the slots.
        steps: the method for what goes on as equations.
        moving: parameters that change within a step.
        paired: whether every channel has random numbers of its own; a kernel knows one way alone, for it is large.
    """
    return Printer(Room(Parts(program, moving), tuple(sorted(moving)), len(program.values)), steps, paired=paired).kernel()


class Printer:
    """Writes the functions.

    Args:
        room: the rows.
        steps: the method for what goes on as equations.
        paired: whether every channel has random numbers of its own.
    """

    def __init__(self, room: Room, steps: Steps, *, paired: bool) -> None:
        self.room = room
        self.parts = room.parts
        self.steps = steps
        self.paired = paired

    def kernel(self) -> ChanceKernel:
        functions = [self.begin(), self.settle(), self.instant(), self.refresh(), self.advance(), self.finish(), self.save(), self.mark()]
        events = paired_functions(self.room) if self.paired else event_functions(self.room)
        text = "\n".join([intrinsics(ENDS), definitions(ENDS), draw_functions(), *functions, events, self.run()]) + "\n"
        return ChanceKernel(text, self.room.moving, self.parts.exact, len(self.room.rows))

    # Equations

    def begin(self) -> str:
        """``@begin(w, initial)``: every state at time 0, and every integral."""
        f, room = Single(), self.room
        for state in range(room.states):
            f.store(f.spread(f.number_at("%initial", state)), room.row(f, "at", state))
        f.store(f.number(OUTDOORS), room.row(f, "at", room.states))
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
        """``@instant(w, t0, t1, s)``: what rests on the time and on states that no event changes, at both ends of a step around ``s``."""
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
        """``@refresh(w)``: what rests on states that events change: propensities, the rates of all else, and what is read elsewhere."""
        f, room = Single(), self.room
        reading = Reading(room, f, self.parts.needed)
        for value in sorted(self.parts.kept):
            f.store(reading.value(value), room.row(f, "value", value))
        for number, (kind, index) in enumerate(room.numbers):
            f.store(reading.value((self.parts.slopes if kind == "state" else self.parts.smooth)[index]), room.row(f, "rate", number))
        chances = {channel: propensity(room, f, reading, channel) for channel in range(room.channels)}
        f.store(keep_sums(room, f, chances), room.row(f, "total"))
        return f.text("define internal void @refresh(ptr noalias %w) noinline")

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
        bent = {number for number, (kind, index) in enumerate(room.numbers) if kind == "state" and index in self.parts.jumping}
        for number in bent:  # what they come to lies at the end of their line
            reached = f.end(f.load(room.row(f, "at", room.numbers[number][1])), 1)
            f.store(f.subtract(f.spread(reached), f.load(room.row(f, "point", number))), room.row(f, "added", number))
        with f.only_if(f.value("icmp ne i64 %happened, 0")):
            if room.numbers and not self.parts.exact:
                f.line("call void @refresh(ptr %w)")
                for number in range(len(room.numbers)):
                    left = f.op("fsub", "%h", f.get(room.row(f, "since", number))) if number in bent else "%h"
                    change = f.subtract(f.load(room.row(f, "rate", number)), f.load(room.row(f, "before", number)))
                    change = f.spread(f.op("fmul", f.op("fmul", left, 0.5), f.end(change, 1)))
                    f.store(f.add(f.load(room.row(f, "added", number)), change), room.row(f, "added", number))
        naught = "0.0"
        for number, (kind, index) in enumerate(room.numbers):
            if self.parts.exact:
                flush(room, f, number, "%h")
                reached = f.load(room.row(f, "point", number))
            else:
                reached = f.add(f.load(room.row(f, "point", number)), f.load(room.row(f, "added", number)))
                f.store(reached, room.row(f, "point", number))
            if self.parts.exact or number in bent:
                f.store(f.number(0.0), room.row(f, "since", number))
            if kind == "state":
                f.store(reached, room.row(f, "at", index))
            naught = f.op("fadd", naught, f.op("fmul", f.end(reached, 0), 0.0))
        for state in sorted(self.parts.jumping - self.parts.slopes.keys()):
            naught = f.op("fadd", naught, f.op("fmul", f.get(room.row(f, "at", state)), 0.0))
        finite = f.value(f"fcmp oeq double {naught}, 0.0")
        return f.text("define internal i1 @finish(ptr noalias %w, double %h, i64 %happened)", f"ret i1 {finite}")

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

    # The way through a run

    def run(self) -> str:
        """``@run(...)``: replication by replication, leg by leg, step by step."""
        f = Single()
        self.numbers, self.counters, self.words = f.memory("[3 x double]"), f.memory(f"[{COUNTERS} x i64]"), f.memory("[4 x i64]")
        with f.loop("%first", "%last") as replication:
            self.ended = f.fresh("ended")
            self.status, self.when = f.whole_place("%status", replication), f.place("%when", replication)
            given = f.whole_place("%words", f.times(replication, 4))
            for word in range(4):
                f.put_whole(f.whole_at(given, word), f.whole_place(self.words, word))
            for counter in range(COUNTERS):
                f.put_whole(0, self.counter(f, counter))
            f.line("call void @begin(ptr %w, ptr %initial)")
            if self.paired:
                f.line(f"call void @first(ptr %w, ptr {self.words})")
            else:
                f.put(f.waiting(self.words), f.place(self.numbers, WAIT))
            with f.loop(0, "%legs") as leg:
                self.leg(f, leg, replication)
            f.go(self.ended)
            f.label(self.ended)
            f.put_whole(f.get_whole(self.counter(f, FIRED)), f.whole_place("%happened", replication))
            how = f.get_whole(self.status)
            f.leave_if(f.value(f"icmp uge i64 {how}, {EXPLODED}"), "ret void")
        head = ", ".join(f"{kind} %{name}" for name, kind in ARGUMENTS.items())
        return f.text(f"define void @run({head})")

    def counter(self, f: Single, counter: int) -> str:
        return f.whole_place(self.counters, counter)

    def end(self, f: Single, status: str | int, when: str) -> None:
        """The replication ends before its time."""
        f.put_whole(status, self.status)
        f.put(when, self.when)
        f.go(self.ended)

    def leg(self, f: Single, leg: str, replication: str) -> None:
        room = self.room
        numbers, wholes = f.times(leg, 3), f.times(leg, 4)
        start, step, inside = (f.number_at("%leg_numbers", f.sum(numbers, place)) for place in range(3))
        steps, bends, mark, save = (f.whole_at("%leg_wholes", f.sum(wholes, place)) for place in range(4))
        with f.only_if(f.value(f"icmp ne i64 {bends}, 0")):
            parameters = f.place("%parameters", f.times(leg, room.program.parameters))
            slopes = f.place("%slopes", f.times(leg, len(room.moving)))
            f.line(f"call void @settle(ptr %w, ptr {parameters}, ptr {slopes}, ptr %switches, double {start})")
        with f.only_if(f.value(f"icmp sge i64 {mark}, 0")):
            row = f.times(f.times(mark, len(room.program.integrals)), "%stride")
            f.line(f"call void @mark(ptr %w, ptr {f.place('%integrals', f.sum(row, replication))}, i64 %stride)")
        with f.only_if(f.value(f"icmp sge i64 {save}, 0")):
            places = []
            for name, count in (("states", room.states), ("values", room.values)):
                row = f.times(f.times(save, count), "%stride")
                places.append(f.place(f"%{name}", f.sum(row, replication)))
            given = f"double {start}, double {inside}, ptr {places[0]}, ptr {places[1]}, i64 %stride"
            sound = f.value(f"call i1 @save(ptr %w, {given})")
            self.unless(f, sound, FAILED, start)
        with f.loop(0, steps) as number:
            self.step(f, start, step, number)

    def unless(self, f: Single, truth: str, status: str | int, when: str) -> None:
        """The replication ends here unless a truth holds."""
        out, on = f.fresh("fault"), f.fresh("on")
        f.branch(truth, on, out)
        f.label(out)
        self.end(f, status, when)
        f.label(on)

    def step(self, f: Single, start: str, step: str, number: str) -> None:
        """One step: where the equations lead, the events within it, and what these did to the equations."""
        now = f.op("fadd", start, f.op("fmul", f.value(f"sitofp i64 {number} to double"), step))
        middle = f.op("fadd", now, f.op("fmul", step, 0.5))
        f.line(f"call void @advance(ptr %w, double {now}, double {step}, double {middle})")
        f.put(0.0, f.place(self.numbers, OVER))
        f.put(step, f.place(self.numbers, LENGTH))
        before = f.get_whole(self.counter(f, FIRED))
        with f.again() as (_, done):
            self.go_on(f, now)
            over = f.test("olt", f.get(f.place(self.numbers, OVER)), step)
            more = f.fresh("more")
            f.branch(over, more, done)
            f.label(more)
        happened = f.value(f"sub i64 {f.get_whole(self.counter(f, FIRED))}, {before}")
        finite = f.value(f"call i1 @finish(ptr %w, double {step}, i64 {happened})")
        self.unless(f, finite, FAILED, f.op("fadd", now, step))

    def go_on(self, f: Single, now: str) -> None:
        """A leap where it pays, else single events for a while."""
        given = f"(ptr %w, ptr {self.words}, ptr {self.numbers}, ptr {self.counters})"
        work = f.get_whole(self.counter(f, WORK))
        pause = f.value(f"select i1 {f.value('icmp ne i64 %leaping, 0')}, i64 {BETWEEN}, i64 {PAUSE}")
        limit = f.sum(work, pause)
        limit = f.value(f"select i1 {f.value(f'icmp slt i64 {limit}, %most')}, i64 {limit}, i64 %most")
        f.put_whole(limit, self.counter(f, LIMIT))
        if self.paired:
            f.line(f"call void @paired{given}")
        else:
            self.leap_or_events(f, given)
        reached = f.op("fadd", now, f.get(f.place(self.numbers, OVER)))
        broken = f.get_whole(self.counter(f, BROKEN))
        self.unless(f, f.value(f"icmp eq i64 {broken}, 0"), broken, reached)
        bounded = f.value(f"icmp slt i64 {f.get_whole(self.counter(f, WORK))}, %most")
        self.unless(f, bounded, EXPLODED, reached)
        going = f.value(f"icmp eq i64 {f.value('load volatile i64, ptr %flag, align 8')}, 0")
        self.unless(f, going, STOPPED, reached)

    def leap_or_events(self, f: Single, given: str) -> None:
        worth, alone, together = f.fresh("worth"), f.fresh("alone"), f.fresh("together")
        f.branch(f.value("icmp ne i64 %leaping, 0"), worth, alone)
        f.label(worth)
        leapt = f.value(f"call i64 @leap{given}")
        f.branch(f.value(f"icmp ne i64 {leapt}, 0"), together, alone)
        f.label(alone)
        f.line(f"call void @events{given}")
        f.go(together)
        f.label(together)
