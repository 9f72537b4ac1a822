"""What a program is as single events: channels, what each changes, what has to be computed again after it, and where all lies."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.chance_draws import ENDS
from flywheel_sim.emit.llvm.expressions import Writer
from flywheel_sim.emit.llvm.tiers import FIXED, STATE, TIMED, Tiers
from flywheel_sim.expressions import Apply, Expression, Gate, Number, Slot, children
from flywheel_sim.program import OUTSIDE
from flywheel_sim.records import Record, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flywheel_sim.emit.llvm.chance_draws import Single
    from flywheel_sim.program import Move, Program

__all__ = ["Block", "Channel", "Integrand", "Parts", "Reading", "Room", "counted_states", "integrands"]

GROUPED = 16  # channels up to which one is looked for among all, not first among groups


class Channel(Record):
    """A kind of event: one individual moves.

    Attributes:
        source: the state it leaves, -1 for outside.
        destination: the state it enters, -1 for outside.
        rate: the value that is its propensity.
        guarded: whether the propensity must be kept at 0 while nobody is in the source: a rate in total knows nothing of it.
    """

    source: int
    destination: int
    rate: int
    guarded: bool


class Integrand(Record):
    """What is integrated, parted into what flows and what jumps.

    Attributes:
        smooth: what is integrated over time, None for nothing.
        jumps: by the rate of a channel, what each of its events adds.
    """

    smooth: Expression | None
    jumps: Mapping[int, Expression]


class Block(Record):
    """What follows from a change of some counts.

    Attributes:
        states: that change.
        values: to compute again, in order.
        channels: whose propensities are to be taken again.
        smooth: the integrands that are to be taken again.
    """

    states: frozenset[int]
    values: tuple[int, ...]
    channels: tuple[int, ...]
    smooth: tuple[int, ...]


def counted_states(program: Program) -> frozenset[int]:
    """The states that are whole numbers of individuals."""
    return frozenset(state for members in program.counted.values() for state in members)


def slots(node: Expression) -> Iterator[Slot]:
    if isinstance(node, Slot):
        yield node
    if isinstance(node, Gate):
        yield node.switch
    for child in children(node):
        yield from slots(child)


# Integrals. What has gone along a flow of individuals is how many went, not how many were to be expected: that is what the
# accounts balance with, and what people count.


def integrands(program: Program, rates: Mapping[int, int]) -> tuple[Integrand, ...]:
    """Each integrand, parted.

    Args:
        program: the slots.
        rates: the values that are propensities, and of how many channels each.
    """
    known: dict[int, Integrand] = {}

    def parted(node: Expression) -> Integrand:
        match node:
            case Slot(kind="value") if node.index in rates:
                return Integrand(None, {node.index: Number(1 / rates[node.index])})
            case Slot(kind="value"):
                if node.index not in known:
                    inner = parted(program.values[node.index])
                    known[node.index] = inner if inner.jumps else Integrand(node, {})
                return known[node.index]
            case Apply("+" | "-", (left, right)):
                return together(node, parted(left), parted(right))
            case Apply("negative", (inner,)):
                return each(node, parted(inner), lambda part: Apply("negative", (part,)))
            case Apply("*", (left, right)):
                first, second = parted(left), parted(right)
                if first.jumps and not second.jumps:
                    return each(node, first, lambda part: Apply("*", (part, right)))
                if second.jumps and not first.jumps:
                    return each(node, second, lambda part: Apply("*", (left, part)))
            case Apply("/", (left, right)) if not parted(right).jumps:
                return each(node, parted(left), lambda part: Apply("/", (part, right)))
            case Apply("where", (condition, then, otherwise)):
                return chosen(node, parted(then), parted(otherwise), lambda a, b: Apply("where", (condition, a, b)))
            case Gate(off=Expression() as off):
                return chosen(node, parted(node.signal), parted(off), lambda a, b: Gate(node.switch, a, b))
        return Integrand(node, {})

    return tuple(parted(Slot("value", index)) for index in program.integrals)


def together(node: Apply, left: Integrand, right: Integrand) -> Integrand:
    """A sum or difference of two that are parted."""
    if not (left.jumps or right.jumps):
        return Integrand(node, {})

    def joined(a: Expression | None, b: Expression | None) -> Expression | None:
        if b is None:
            return a
        if a is None:
            return b if node.function == "+" else Apply("negative", (b,))
        return Apply(node.function, (a, b))

    jumps = {rate: joined(left.jumps.get(rate), right.jumps.get(rate)) for rate in {**left.jumps, **right.jumps}}
    return Integrand(joined(left.smooth, right.smooth), {rate: jump for rate, jump in jumps.items() if jump is not None})


def each(node: Expression, parts: Integrand, change: object) -> Integrand:
    """Each part changed alike; the node itself where nothing jumps."""
    if not parts.jumps:
        return Integrand(node, {})
    assert callable(change)
    smooth = None if parts.smooth is None else change(parts.smooth)
    return Integrand(smooth, {rate: change(jump) for rate, jump in parts.jumps.items()})


def chosen(node: Expression, then: Integrand, otherwise: Integrand, choose: object) -> Integrand:
    """A choice between two, part by part; the node itself where nothing jumps."""
    if not (then.jumps or otherwise.jumps):
        return Integrand(node, {})
    assert callable(choose)
    nothing = Number(0.0)
    smooth = None
    if then.smooth is not None or otherwise.smooth is not None:
        smooth = choose(nothing if then.smooth is None else then.smooth, nothing if otherwise.smooth is None else otherwise.smooth)
    rates = {**then.jumps, **otherwise.jumps}
    return Integrand(smooth, {rate: choose(then.jumps.get(rate, nothing), otherwise.jumps.get(rate, nothing)) for rate in rates})


# What rests on what


class ByCounts(Tiers):
    """Tiers for events: what rests on counts may change at every event, what rests on other states or the time changes along a step."""

    def tier_of_slot(self, node: Slot) -> int:
        if node.kind == "state":
            return STATE if node.index in counted_states(self.program) else TIMED
        return super().tier_of_slot(node)


class Parts:
    """A program taken apart for single events.

    Args:
        program: the slots.
        moving: parameters that change within a step.

    Attributes:
        counted: the states that are whole numbers.
        others: the states that go on as equations.
        channels: the kinds of events.
        moves: those that change the other states, as rates.
        program: the same with a value for each smooth part of an integrand, and for each jump.
        tiers: what is computed how often.
        smooth: by the number of an integral, the value that is integrated smoothly.
        jumps: by channel, the integrals that its events change, each with a number or the slot of a value.
        exact: whether propensities and integrands change at events alone, so that no step is needed.
        blocks: what follows from each change.
        block_of: the block of each channel.
        needed: the values that rest on counts and that a step needs.
        kept: those that are read where they are not computed.
    """

    def __init__(self, program: Program, moving: frozenset[int]) -> None:
        self.counted = counted_states(program)
        self.others = tuple(state for state in range(len(program.initial)) if state not in self.counted)
        moves = [move for move in program.moves if {move.source, move.destination} & self.counted]
        self.channels = tuple(Channel(move.source, move.destination, move.rate, self.is_guarded(move)) for move in moves)
        self.moves = tuple(move for move in program.moves if not {move.source, move.destination} & self.counted)
        self.take_integrals(program)
        self.tiers = ByCounts(self.program, moving)
        timed = any(slot.kind == "time" for value in self.program.values for slot in slots(value))
        self.exact = not (self.others or timed or moving)
        self.take_blocks()

    def is_guarded(self, move: Move) -> bool:
        return move.source in self.counted and (move.by or move.hazard == OUTSIDE or move.heads != (move.source,))

    def take_integrals(self, program: Program) -> None:
        shares = Counter(channel.rate for channel in self.channels)
        added = list(program.values)
        self.smooth: dict[int, int] = {}
        self.jumps: dict[int, list[tuple[int, Number | Slot]]] = {number: [] for number in range(len(self.channels))}

        def slot_of(node: Expression) -> Slot:
            if isinstance(node, Slot) and node.kind == "value":
                return node
            added.append(node)
            return Slot("value", len(added) - 1)

        for number, integrand in enumerate(integrands(program, shares)):
            if integrand.smooth is not None:
                self.smooth[number] = slot_of(integrand.smooth).index
            for rate, jump in integrand.jumps.items():
                constant = constant_of(jump)
                worth = slot_of(jump) if constant is None else constant
                for place, channel in enumerate(self.channels):
                    if channel.rate == rate:
                        self.jumps[place].append((number, worth))
        self.program = replace(program, values=tuple(added))

    def take_blocks(self) -> None:
        evaluated = self.tiers.evaluated
        direct = {value: [slot.index for slot in slots(node) if slot.kind == "value"] for value, node in evaluated.items()}
        counts: dict[int, frozenset[int]] = {}  # the counts that each value rests on
        for value, node in evaluated.items():
            own = {slot.index for slot in slots(node) if slot.kind == "state"} & self.counted
            counts[value] = frozenset(own).union(*(counts.get(index, frozenset()) for index in direct[value]))
        self.counts_below = counts
        hot = self.below({channel.rate for channel in self.channels} | self.worths() | (set(self.smooth.values()) if self.exact else set()))
        rates = {move.rate for move in self.moves}
        self.needed = tuple(sorted(hot | self.below(rates | set(self.smooth.values()))))
        blocks: dict[frozenset[int], Block] = {}
        for channel in self.channels:
            states = frozenset({channel.source, channel.destination}) & self.counted
            blocks[states] = self.block(states, hot)
        self.blocks = tuple(blocks.values())
        order = {states: number for number, states in enumerate(blocks)}
        self.block_of = tuple(order[frozenset({channel.source, channel.destination}) & self.counted] for channel in self.channels)
        self.kept = self.worths() & evaluated.keys()
        for block in self.blocks:
            again = set(block.values)
            read = {index for value in block.values for index in direct[value]} | {self.channels[place].rate for place in block.channels}
            self.kept |= (read - again) & evaluated.keys()

    def worths(self) -> set[int]:
        """The values that say what an event adds to an integral."""
        return {worth.index for jumps in self.jumps.values() for _, worth in jumps if isinstance(worth, Slot)}

    def below(self, values: set[int]) -> set[int]:
        """Those of some values, and of all that they are computed from, that rest on counts."""
        found: set[int] = set()
        queue = [value for value in values if value in self.tiers.evaluated]
        while queue:
            value = queue.pop()
            if value not in found:
                found.add(value)
                node = self.tiers.evaluated[value]
                queue += [slot.index for slot in slots(node) if slot.kind == "value" and slot.index in self.tiers.evaluated]
        return found

    def block(self, states: frozenset[int], hot: set[int]) -> Block:
        values = tuple(value for value in self.tiers.evaluated if value in hot and self.counts_below[value] & states)
        channels = tuple(
            place for place, channel in enumerate(self.channels) if channel.rate in values or (channel.guarded and channel.source in states)
        )
        smooth = tuple(number for number, value in self.smooth.items() if value in values) if self.exact else ()
        return Block(states, values, channels, smooth)


def constant_of(node: Expression) -> Number | None:
    """The number that an expression of numbers is."""
    match node:
        case Number():
            return node
        case Apply("negative", (inner,)) if (of := constant_of(inner)) is not None:
            return Number(-of.value)
        case Apply("+" | "-", (left, right)):
            first, second = constant_of(left), constant_of(right)
            if first is not None and second is not None:
                return Number(first.value + second.value if node.function == "+" else first.value - second.value)
    return None


# Rows


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
