"""A program read one individual at a time: what goes on smoothly, and what jumps when somebody moves.

The rate of a move between counted stocks says how often somebody moves. Where a stock of money, say, or an integral
rests on such a rate in proportion (each customer won pays so much more), it is not the rate that counts but those who
moved: at each of their moves it jumps by what stands before the rate. Where it rests on the rate in any other way,
and in hazards, the rate stays what it is: how often, at present.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.expressions import Apply, Expression, Gate, Number, Slot, children
from flywheel_sim.program.program import OUTSIDE, Program
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Counting", "Jump", "counting"]


class Jump(Record):
    """What one individual adds to a number on the way.

    Attributes:
        kind: ``state`` or ``integral``.
        index: which of them.
        amount: over parameters, switches, states, the time and values, as they are just before.
    """

    kind: str
    index: int
    amount: Expression


class Counting(Record):
    """A program, counted.

    Attributes:
        states: those whose members are individuals.
        moves: those that individuals make.
        slopes: for each other state that goes on smoothly, how fast.
        integrands: for each integral that does, how fast.
        jumps: for each move, what jumps with it, if anything does.
    """

    states: tuple[int, ...]
    moves: tuple[int, ...]
    slopes: Mapping[int, Expression]
    integrands: Mapping[int, Expression]
    jumps: Mapping[int, tuple[Jump, ...]]


@lru_cache(maxsize=32)
def counting(program: Program) -> Counting:
    """Tell apart what individuals do from what goes on smoothly between their moves."""
    return Reading(program).counting()


# An expression as a sum: what stands before the rate of each counted move, and, under None, all the rest.
Terms = dict[int | None, Expression]


class Reading:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.states = tuple(sorted({state for members in program.counted.values() for state in members}))
        inside = set(self.states)
        self.moves = tuple(number for number, move in enumerate(program.moves) if {move.source, move.destination} & inside)
        self.by_rate: dict[int, list[int]] = {}
        for number in self.moves:
            self.by_rate.setdefault(program.moves[number].rate, []).append(number)
        self.known: dict[int, Terms | None] = {}
        self.resting: dict[Expression, bool] = {}

    def counting(self) -> Counting:
        slopes: dict[int, Terms] = {}
        for number, move in enumerate(self.program.moves):
            if number not in set(self.moves):
                terms = self.terms_of(Slot("value", move.rate))
                if move.destination != OUTSIDE:
                    slopes[move.destination] = plus(slopes.get(move.destination, {}), terms)
                if move.source != OUTSIDE:
                    slopes[move.source] = minus(slopes.get(move.source, {}), terms)
        integrands = {index: self.terms_of(Slot("value", value)) for index, value in enumerate(self.program.integrals)}
        jumps: dict[int, list[Jump]] = {}
        for kind, all_terms in (("state", slopes), ("integral", integrands)):
            for index, terms in all_terms.items():
                if kind == "state" or index not in self.program.crossing.values():
                    self.spread(kind, index, terms, jumps)
        for unit, index in self.program.crossing.items():
            integrands[index] = {}
            self.cross(unit, index, jumps)
        return Counting(
            self.states,
            self.moves,
            {index: terms[None] for index, terms in slopes.items() if None in terms},
            {index: terms[None] for index, terms in integrands.items() if None in terms},
            {number: tuple(found) for number, found in jumps.items()},
        )

    def spread(self, kind: str, index: int, terms: Terms, jumps: dict[int, list[Jump]]) -> None:
        """Give each move its jump. Moves that share the slot of their rate cannot be told apart: each adds its part."""
        for rate, amount in terms.items():
            if rate is not None:
                sharing = self.by_rate[rate]
                part = amount if len(sharing) == 1 else Apply("/", (amount, Number(float(len(sharing)))))
                for number in sharing:
                    jumps.setdefault(number, []).append(Jump(kind, index, part))

    def cross(self, unit: str, index: int, jumps: dict[int, list[Jump]]) -> None:
        """What came from outside less what went there is counted one by one, whatever slots are shared."""
        members = set(self.program.counted[unit])
        for number in self.moves:
            move = self.program.moves[number]
            came, went = move.destination in members, move.source in members
            if came != went:
                jumps.setdefault(number, []).append(Jump("integral", index, Number(1.0 if came else -1.0)))

    def terms_of(self, node: Expression) -> Terms:
        """An expression as terms; as it stands where it is no sum of multiples of rates."""
        terms = self.terms(node)
        return {None: node} if terms is None else terms

    def terms(self, node: Expression) -> Terms | None:
        """An expression as terms, None where it cannot be written so."""
        if isinstance(node, Slot) and node.kind == "value":
            return self.value(node)
        if not self.rests_on_rates(node):
            return {None: node}
        match node:
            case Apply("+", (left, right)):
                return self.both(left, right, plus)
            case Apply("-", (left, right)):
                return self.both(left, right, minus)
            case Apply("negative", (one,)):
                return self.each(one, lambda part: Apply("negative", (part,)))
            case Apply("*", (left, right)) if not self.rests_on_rates(right):
                return self.each(left, lambda part: product(part, right))
            case Apply("*", (left, right)) if not self.rests_on_rates(left):
                return self.each(right, lambda part: product(left, part))
            case Apply("/", (above, below)) if not self.rests_on_rates(below):
                return self.each(above, lambda part: Apply("/", (part, below)))
            case Apply("ratio", (above, below, empty)) if not self.rests_on_rates(below):
                return self.either(above, empty, lambda one, other: Apply("ratio", (one, below, other)))
            case Apply("where", (condition, then, otherwise)) if not self.rests_on_rates(condition):
                return self.either(then, otherwise, lambda one, other: Apply("where", (condition, one, other)))
            case Gate(off=Expression() as off):
                return self.either(node.signal, off, lambda one, other: Gate(node.switch, one, other))
            case _:
                return None

    def value(self, slot: Slot) -> Terms | None:
        if slot.index in self.by_rate:
            return {slot.index: Number(1.0)}
        if not self.rests_on_rates(slot):
            return {None: slot}
        if slot.index not in self.known:
            self.known[slot.index] = self.terms(self.program.values[slot.index])
        return self.known[slot.index]

    def both(self, left: Expression, right: Expression, joined: Callable[[Terms, Terms], Terms]) -> Terms | None:
        one, other = self.terms(left), self.terms(right)
        return None if one is None or other is None else joined(one, other)

    def each(self, node: Expression, change: Callable[[Expression], Expression]) -> Terms | None:
        terms = self.terms(node)
        return None if terms is None else {rate: change(part) for rate, part in terms.items()}

    def either(self, left: Expression, right: Expression, choose: Callable[[Expression, Expression], Expression]) -> Terms | None:
        one, other = self.terms(left), self.terms(right)
        if one is None or other is None:
            return None
        nothing = Number(0.0)
        return {rate: choose(one.get(rate, nothing), other.get(rate, nothing)) for rate in {**one, **other}}

    def rests_on_rates(self, node: Expression) -> bool:
        """Whether a node uses the rate of a counted move, directly or through values."""
        if node not in self.resting:
            if isinstance(node, Slot):
                deep = node.kind == "value"
                self.resting[node] = deep and (node.index in self.by_rate or self.value_rests(node.index))
            else:
                self.resting[node] = any(map(self.rests_on_rates, children(node)))
        return self.resting[node]

    def value_rests(self, index: int) -> bool:
        return self.rests_on_rates(self.program.values[index])


def product(left: Expression, right: Expression) -> Expression:
    """A product in the order written, without factors of 1."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Number) and one.value == 1.0:
            return other
    return Apply("*", (left, right))


def plus(left: Terms, right: Terms) -> Terms:
    return {rate: summed("+", left, right, rate) for rate in unite(left, right)}


def minus(left: Terms, right: Terms) -> Terms:
    return {rate: summed("-", left, right, rate) for rate in unite(left, right)}


def unite(left: Terms, right: Terms) -> Iterable[int | None]:
    return {**left, **right}


def summed(sign: str, left: Terms, right: Terms, rate: int | None) -> Expression:
    if rate not in right:
        return left[rate]
    if rate not in left:
        return right[rate] if sign == "+" else Apply("negative", (right[rate],))
    return Apply(sign, (left[rate], right[rate]))
