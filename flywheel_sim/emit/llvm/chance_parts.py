"""What a program is as single events: channels, what each changes, what has to be computed again after it, and where all lies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.chance_draws import ENDS
from flywheel_sim.emit.llvm.expressions import Writer
from flywheel_sim.emit.llvm.tiers import FIXED, STATE, TIMED, Tiers, likeness
from flywheel_sim.expressions import Expression, Gate, Number, Slot, children
from flywheel_sim.program import OUTSIDE
from flywheel_sim.program.counting import counting
from flywheel_sim.records import Record, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flywheel_sim.emit.llvm.chance_draws import Single
    from flywheel_sim.program import Move, Program
    from flywheel_sim.program.counting import Counting

__all__ = ["TOGETHER", "Block", "Channel", "Parts", "Reading", "Room", "Worth"]

TOGETHER = 8  # channels that are looked through at a time
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


class Worth(Record):
    """What one event adds to a state that is no count, or to an integral.

    Attributes:
        kind: ``state`` or ``integral``.
        index: which of them.
        amount: a number, or the slot of a value, which is that just before the event.
    """

    kind: str
    index: int
    amount: Number | Slot


class Block(Record):
    """What follows from a change of some states.

    Attributes:
        states: that change at events.
        values: to compute again, in order.
        channels: whose propensities are to be taken again.
        smooth: the integrands that are to be taken again.
    """

    states: frozenset[int]
    values: tuple[int, ...]
    channels: tuple[int, ...]
    smooth: tuple[int, ...]


def slots(node: Expression) -> Iterator[Slot]:
    if isinstance(node, Slot):
        yield node
    if isinstance(node, Gate):
        yield node.switch
    for child in children(node):
        yield from slots(child)


# What rests on what


class ByEvents(Tiers):
    """Tiers for events: what rests on states that events change may be new after each; what else changes does so along a step.

    Args:
        program: the slots.
        moving: parameters that change within a step.
        lively: the states that events change.
    """

    def __init__(self, program: Program, moving: frozenset[int], lively: frozenset[int]) -> None:
        self.lively = lively
        super().__init__(program, moving)

    def tier_of_slot(self, node: Slot) -> int:
        if node.kind == "state":
            return STATE if node.index in self.lively else TIMED
        return super().tier_of_slot(node)


class Parts:
    """A program taken apart for single events, as :mod:`flywheel_sim.program.counting` reads it.

    Args:
        program: the slots.
        moving: parameters that change within a step.

    Attributes:
        counted: the states that are whole numbers.
        jumping: the other states that events change.
        lively: both of these.
        channels: the kinds of events.
        program: the same with a value for each slope, each smooth integrand, and each amount that is no number.
        tiers: what is computed how often.
        slopes: by the number of a state that goes on as an equation, the value that is its slope.
        smooth: by the number of an integral, the value that is integrated smoothly.
        worths: by channel, what its events add beside the individual itself.
        exact: whether propensities and integrands change at events alone, so that no step is needed.
        blocks: what follows from each change.
        block_of: the block of each channel.
        needed: the values that rest on lively states and that a step needs.
        kept: those that are read where they are not computed.
    """

    def __init__(self, program: Program, moving: frozenset[int]) -> None:
        counted = counting(program)
        self.counted = frozenset(counted.states)
        self.jumping = frozenset(jump.index for jumps in counted.jumps.values() for jump in jumps if jump.kind == "state")
        self.lively = self.counted | self.jumping
        moves = [program.moves[number] for number in counted.moves]
        self.channels = tuple(Channel(move.source, move.destination, move.rate, self.is_guarded(move)) for move in moves)
        self.take_values(program, counted)
        self.tiers = ByEvents(self.program, moving, self.lively)
        timed = any(slot.kind == "time" for value in self.program.values for slot in slots(value))
        self.exact = not (self.slopes or timed or moving)
        self.take_blocks()

    def is_guarded(self, move: Move) -> bool:
        return move.source in self.counted and (move.by or move.hazard == OUTSIDE or move.heads != (move.source,))

    def take_values(self, program: Program, counted: Counting) -> None:
        added = list(program.values)

        def slot_of(node: Expression) -> Slot:
            if isinstance(node, Slot) and node.kind == "value":
                return node
            added.append(node)
            return Slot("value", len(added) - 1)

        self.slopes = {state: slot_of(counted.slopes[state]).index for state in sorted(counted.slopes)}
        self.smooth = {integral: slot_of(counted.integrands[integral]).index for integral in sorted(counted.integrands)}
        amounts: dict[object, Slot] = {}  # often the same for many channels

        def amount_of(node: Expression) -> Number | Slot:
            if isinstance(node, Number):
                return node
            key = likeness(node)
            if key not in amounts:
                amounts[key] = slot_of(node)
            return amounts[key]

        jumps = [counted.jumps.get(number, ()) for number in counted.moves]
        self.worths = tuple(tuple(Worth(jump.kind, jump.index, amount_of(jump.amount)) for jump in found) for found in jumps)
        self.program = replace(program, values=tuple(added))

    def take_blocks(self) -> None:
        evaluated = self.tiers.evaluated
        direct = {value: [slot.index for slot in slots(node) if slot.kind == "value"] for value, node in evaluated.items()}
        below: dict[int, frozenset[int]] = {}  # the lively states that each value rests on
        for value, node in evaluated.items():
            own = {slot.index for slot in slots(node) if slot.kind == "state"} & self.lively
            below[value] = frozenset(own).union(*(below.get(index, frozenset()) for index in direct[value]))
        self.lively_below = below
        hot = self.below({channel.rate for channel in self.channels} | (set(self.smooth.values()) if self.exact else set()))
        self.needed = tuple(sorted(hot | self.below({*self.slopes.values(), *self.smooth.values()})))
        blocks: dict[frozenset[int], Block] = {}
        changes = [self.changed(number) for number in range(len(self.channels))]
        for states in changes:
            blocks[states] = self.block(states, hot)
        self.blocks = tuple(blocks.values())
        order = {states: number for number, states in enumerate(blocks)}
        self.block_of = tuple(order[states] for states in changes)
        self.kept: set[int] = set()
        for block in self.blocks:
            again = set(block.values)
            read = {index for value in block.values for index in direct[value]} | {self.channels[place].rate for place in block.channels}
            self.kept |= (read - again) & evaluated.keys()

    def changed(self, number: int) -> frozenset[int]:
        """The states that an event changes."""
        channel = self.channels[number]
        jumps = {worth.index for worth in self.worths[number] if worth.kind == "state"}
        return (frozenset({channel.source, channel.destination}) & self.counted) | jumps

    def below(self, values: set[int]) -> set[int]:
        """Those of some values, and of all that they are computed from, that rest on lively states."""
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
        values = tuple(value for value in self.tiers.evaluated if value in hot and self.lively_below[value] & states)
        channels = tuple(
            place for place, channel in enumerate(self.channels) if channel.rate in values or (channel.guarded and channel.source in states)
        )
        smooth = tuple(number for number, value in self.smooth.items() if value in values) if self.exact else ()
        return Block(states, values, channels, smooth)


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
        # What is stepped: the states that go on as equations, then the smooth integrals.
        self.numbers = (*(("state", state) for state in parts.slopes), *(("integral", number) for number in parts.smooth))
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
        for kind in ("left", "from", "due", "drawn"):  # tables: one number for each channel, in vectors
            self.take(kind, -(-max(1, self.channels) // TOGETHER) * TOGETHER // ENDS)

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
        here: the values that rest on lively states and are computed here; others lie in rows.
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
