"""What a program is to individuals: the clocks they wait on, what each clock rests on, and what each move touches.

Everything here follows from the program alone, before any number is known; it is worked out once for each program.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.engines.events.printed import Make, compile_functions
from flywheel_sim.engines.events.queue import Queue, queues
from flywheel_sim.engines.events.shares import degree, per_head
from flywheel_sim.expressions import Apply, Expression, Number, Slot
from flywheel_sim.program import OUTSIDE, Lowered, Program
from flywheel_sim.program.counting import Counting, counting
from flywheel_sim.program.diagnosis import slots
from flywheel_sim.records import Record, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["NONE", "Clock", "Passage", "Reading", "read"]

NONE = -1

# What a value rests on: the kind and number of slots that are no values.
Roots = frozenset[tuple[str, int]]


class Clock(Record):
    """What the members of a stock wait on together, or those who come from outside.

    Its hazard, for one head, is that of all ways taken together. Each member leaves when the integral of the hazard
    has grown by what the member drew when it came; which way it takes is drawn then, in proportion.

    Attributes:
        source: the state its members are in, -1 for outside.
        ways: the moves that they may make.
        waiting: whether it is for those who still wait for a place with a staff that has a queue.
        slot: the value that is its hazard.
        parts: the function that gives the hazard of each way, -1 where there is one way only.
    """

    source: int
    ways: tuple[int, ...]
    waiting: bool
    slot: int
    parts: int


class Passage(Record):
    """One move, as an individual makes it.

    Attributes:
        source: the state it leaves, -1 for outside.
        destination: the state it enters, -1 for outside.
        inner: whether it leads from one stage of a stock to the next.
        heads: for moves that others cause, the states whose members do.
        gauges: the steady gauges that it changes.
        speeds: the function that gives those.
        bends: whether it changes how any continuous state goes on.
        turned: where it does not, the smooth gauges that it changes.
        hazards: the function that gives those.
        tilted: of the smooth integrals, those that it changes by the same each time, apart from them.
        tilts: the function that gives those.
        spoils: the moves that no longer change theirs by the same once this one has been made.
        fixed: what it adds to continuous states and integrals, where that is a number: kind, index and amount.
        varying: the same, where the amount is computed just before.
        amounts: the function that gives those.
        places: whether it changes how many a staff with a queue can serve.
    """

    source: int
    destination: int
    inner: bool
    heads: tuple[int, ...]
    gauges: tuple[int, ...]
    speeds: int
    bends: bool
    turned: tuple[int, ...]
    hazards: int
    tilted: tuple[int, ...]
    tilts: int
    spoils: tuple[int, ...]
    fixed: tuple[tuple[str, int, float], ...]
    varying: tuple[tuple[str, int], ...]
    amounts: int
    places: bool


class Reading(Record):
    """A program, ready for individuals.

    A gauge is an integral that grows as time passes: first come the hazards of the clocks, then the integrals of
    the program. A steady gauge grows at a speed that changes only when somebody moves; the others go on smoothly,
    with the states that are not counted, along the steps of the equations.

    Attributes:
        counted: the states whose members are individuals.
        continuous: the other states.
        clocks: all.
        passages: for each counted move.
        queues: the staff that serve first come first.
        steady: the gauges whose speeds follow from counts alone.
        smooth: the gauges that go on smoothly.
        still: whether nothing at all goes on smoothly.
        make: gives the printed functions, for parameters.
        steady_speeds: the function that gives the speeds of all steady gauges.
        slopes: the function that gives the slopes of the continuous states, then the speeds of smooth gauges; unlike
            the others it takes the continuous states as numbers, not as curves.
        places: the function that gives the places of each queue.
    """

    counted: tuple[int, ...]
    continuous: tuple[int, ...]
    clocks: tuple[Clock, ...]
    passages: Mapping[int, Passage]
    queues: tuple[Queue, ...]
    steady: tuple[int, ...]
    smooth: tuple[int, ...]
    still: bool
    make: Make
    steady_speeds: int
    slopes: int
    places: int


@lru_cache(maxsize=64)
def read(lowered: Lowered, moving: frozenset[int] = frozenset()) -> Reading:
    """Read a program.

    Args:
        lowered: the program.
        moving: parameters that change in a ramp.

    Raises:
        ModelError: if a staff with a queue serves more than one stock, or one with stages.
    """
    return Reader(lowered, moving).reading()


class Reader:
    def __init__(self, lowered: Lowered, moving: frozenset[int]) -> None:
        self.lowered = lowered
        self.program = lowered.program
        self.moving = moving
        self.counting: Counting = counting(lowered.program)
        self.counted = frozenset(self.counting.states)
        self.continuous = tuple(index for index in range(len(self.program.initial)) if index not in self.counted)
        self.values = list(self.program.values)
        self.roots: list[Roots] = []
        self.functions: dict[tuple[int, ...], int] = {}
        self.queues = queues(lowered)
        for value in self.values:
            self.roots.append(self.roots_of(value))

    def reading(self) -> Reading:
        clocks = tuple(self.clocks())
        integrands = [self.slot(self.counting.integrands.get(index, Number(0.0))) for index in range(len(self.program.integrals))]
        slopes = [self.slot(self.counting.slopes.get(state, Number(0.0))) for state in self.continuous]
        speeds = [*(clock.slot for clock in clocks), *integrands]
        smooth = tuple(gauge for gauge, slot in enumerate(speeds) if self.drifts(slot))
        steady = tuple(gauge for gauge in range(len(speeds)) if gauge not in set(smooth))
        along = [*slopes, *(speeds[gauge] for gauge in smooth)]
        places = [self.slot(queue.places) for queue in self.queues]
        still = not smooth and not self.counting.slopes and not any(map(self.drifts, places))
        clocked = len(clocks)
        passages = {number: self.passage(number, speeds, smooth, slopes, places, clocked) for number in self.counting.moves}
        passages = {number: replace(passage, spoils=self.spoils(passage, passages, speeds)) for number, passage in passages.items()}
        steady_speeds = self.function(speeds[gauge] for gauge in steady)
        places_number = self.function(places)
        program: Program = replace(self.program, values=tuple(self.values), moves=(), integrals=())
        return Reading(
            counted=self.counting.states,
            continuous=self.continuous,
            clocks=clocks,
            passages=passages,
            queues=self.queues,
            steady=steady,
            smooth=smooth,
            still=still,
            make=compile_functions(program, self.moving, tuple(self.functions), tuple(along), self.continuous),
            steady_speeds=steady_speeds,
            slopes=len(self.functions),
            places=places_number,
        )

    # Values beside those of the program

    def slot(self, node: Expression) -> int:
        """The number of the value that holds a node, made if there is none."""
        if isinstance(node, Slot) and node.kind == "value":
            return node.index
        self.values.append(node)
        self.roots.append(self.roots_of(node))
        return len(self.values) - 1

    def roots_of(self, node: Expression) -> Roots:
        found: set[tuple[str, int]] = set()
        for slot in slots(node):
            found |= self.roots[slot.index] if slot.kind == "value" else {(slot.kind, slot.index)}
        return frozenset(found)

    def drifts(self, slot: int) -> bool:
        """Whether a value changes while nobody moves."""
        for kind, index in self.roots[slot]:
            if (
                kind in {"time", "start"}
                or (kind == "parameter" and index in self.moving)
                or (kind == "state" and index not in self.counted)
            ):
                return True
        return False

    def rests_on(self, slot: int, states: Iterable[int]) -> bool:
        return any(("state", state) in self.roots[slot] for state in states)

    def function(self, wanted: Iterable[int]) -> int:
        """The number of the function that gives some values."""
        return self.functions.setdefault(tuple(wanted), len(self.functions))

    # Clocks

    def clocks(self) -> Iterable[Clock]:
        ways: dict[int, list[int]] = {}
        for number in self.counting.moves:
            ways.setdefault(self.program.moves[number].source, []).append(number)
        queued = {queue.state: queue for queue in self.queues}
        for state in self.counting.states:
            if state in queued:
                served = queued[state].served
                yield self.clock(state, tuple(number for number in ways[state] if number not in served), waiting=True)
                yield self.clock(state, tuple(ways[state]), queued[state])
            elif state in ways:
                yield self.clock(state, tuple(ways[state]))
        for number in ways.get(OUTSIDE, ()):
            yield self.clock(OUTSIDE, (number,))

    def clock(self, source: int, ways: tuple[int, ...], queue: Queue | None = None, *, waiting: bool = False) -> Clock:
        parts = [self.slot(self.per_head(number, queue)) for number in ways]
        total: Expression = Slot("value", parts[0]) if parts else Number(0.0)
        for part in parts[1:]:
            total = Apply("+", (total, Slot("value", part)))
        return Clock(source, ways, waiting, self.slot(total), self.function(parts) if len(ways) > 1 else NONE)

    def per_head(self, number: int, queue: Queue | None) -> Expression:
        """The hazard of a move for one head of its source; from outside, its rate."""
        move = self.program.moves[number]
        rate = Slot("value", move.rate)
        if move.source == OUTSIDE:
            return rate
        if move.hazard == OUTSIDE or move.by:  # it falls on all heads alike
            share = per_head(rate, move.source, self.values)
            return Apply("ratio", (rate, Slot("state", move.source), Number(0.0))) if share is None else share
        hazard = Slot("value", move.hazard)
        if queue is not None and number in queue.served:  # whoever is served is served at full pace
            return Apply("ratio", (hazard, queue.pace, Number(0.0)))
        return hazard

    # Moves

    def passage(
        self, number: int, speeds: list[int], smooth: tuple[int, ...], slopes: list[int], places: list[int], clocks: int
    ) -> Passage:
        move = self.program.moves[number]
        jumps = self.counting.jumps.get(number, ())
        fixed = tuple((jump.kind, jump.index, jump.amount.value) for jump in jumps if isinstance(jump.amount, Number))
        varying = [jump for jump in jumps if not isinstance(jump.amount, Number)]
        shifted = self.shifted(number)
        bends = any(self.rests_on(slot, shifted) for slot in slopes)
        touched = [gauge for gauge, slot in enumerate(speeds) if self.rests_on(slot, shifted)]
        gauges = tuple(gauge for gauge in touched if gauge not in smooth)
        others = [] if bends else [gauge for gauge in touched if gauge in smooth]
        alike = not any(jump.kind == "state" for jump in jumps)
        tilted = tuple(
            gauge for gauge in others if alike and gauge >= clocks and degree(Slot("value", speeds[gauge]), shifted, self.values) == 1
        )
        turned = tuple(gauge for gauge in others if gauge not in tilted)
        return Passage(
            source=move.source,
            destination=move.destination,
            inner=move.flow == OUTSIDE,
            heads=move.heads if move.by and self.counted.issuperset(move.heads) else (),
            gauges=gauges,
            speeds=self.function(speeds[gauge] for gauge in gauges),
            bends=bends,
            turned=turned,
            hazards=self.function(speeds[gauge] for gauge in turned),
            tilted=tilted,
            tilts=self.function(speeds[gauge] for gauge in tilted),
            spoils=(),
            fixed=fixed,
            varying=tuple((jump.kind, jump.index) for jump in varying),
            amounts=self.function(self.slot(jump.amount) for jump in varying),
            places=any(self.rests_on(slot, shifted) for slot in places),
        )

    def shifted(self, number: int) -> list[int]:
        """The states that a move changes at once."""
        move = self.program.moves[number]
        jumped = [jump.index for jump in self.counting.jumps.get(number, ()) if jump.kind == "state"]
        return [*(state for state in (move.source, move.destination) if state in self.counted), *jumped]

    def spoils(self, passage: Passage, passages: Mapping[int, Passage], speeds: list[int]) -> tuple[int, ...]:
        """The moves whose tilts rest on what a move changes, beside what they change themselves."""
        number = next(number for number, one in passages.items() if one is passage)
        found = []
        for other, tilting in passages.items():
            foreign = set(self.shifted(number)) - set(self.shifted(other))
            if any(self.rests_on(speeds[gauge], foreign) for gauge in tilting.tilted):
                found.append(other)
        return tuple(found)
