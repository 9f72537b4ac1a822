"""A program read one individual at a time: what goes on smoothly, and what jumps when somebody moves.

The rate of a move between counted stocks says how often somebody moves. Where a stock of money, say, or an integral
rests on such a rate in proportion (each customer won pays so much more), it is not the rate that counts but those who
moved: at each of their moves it jumps by what stands before the rate. Where it rests on the rate in any other way,
and in hazards, the rate stays what it is: how often, at present. A sum is read part by part.

Either reading is right in the mean; where somebody's money is counted, the jumps are what happens. Every engine of
individuals reads this, so that all have one law.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.expressions import Apply, Expression, Gate, Number, Slot, children
from flywheel_sim.program.program import OUTSIDE, Program
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
        self.by_rate = {program.moves[number].rate: number for number in self.moves}  # each has a rate of its own: lowering sees to it
        self.known: dict[int, Terms] = {}
        self.resting: dict[Expression, bool] = {}

    def counting(self) -> Counting:
        slopes: dict[int, Terms] = {}
        for number, move in enumerate(self.program.moves):
            if number not in set(self.moves):
                terms = self.terms(Slot("value", move.rate))
                if move.destination != OUTSIDE:
                    slopes[move.destination] = joined("+", slopes.get(move.destination, {}), terms)
                if move.source != OUTSIDE:
                    slopes[move.source] = joined("-", slopes.get(move.source, {}), terms)
        crossing = self.program.crossing.values()
        integrands = {
            index: self.terms(Slot("value", value)) for index, value in enumerate(self.program.integrals) if index not in crossing
        }
        jumps: dict[int, list[Jump]] = {}
        for kind, all_terms in (("state", slopes), ("integral", integrands)):
            for index, terms in all_terms.items():
                for rate, amount in terms.items():
                    if rate is not None and not is_naught(amount):
                        jumps.setdefault(self.by_rate[rate], []).append(Jump(kind, index, amount))
        for unit, index in self.program.crossing.items():
            self.cross(unit, index, jumps)
        return Counting(
            self.states,
            self.moves,
            {index: terms[None] for index, terms in slopes.items() if not is_naught(terms.get(None))},
            {index: terms[None] for index, terms in integrands.items() if not is_naught(terms.get(None))},
            {number: tuple(found) for number, found in jumps.items()},
        )

    def cross(self, unit: str, index: int, jumps: dict[int, list[Jump]]) -> None:
        """What came from outside less what went there is counted one by one, however the sum is written."""
        members = set(self.program.counted[unit])
        for number in self.moves:
            move = self.program.moves[number]
            came, went = move.destination in members, move.source in members
            if came != went:
                jumps.setdefault(number, []).append(Jump("integral", index, Number(1.0 if came else -1.0)))

    def terms(self, node: Expression) -> Terms:
        """An expression as terms; what is no sum of multiples of rates is all rest."""
        if not self.rests_on_rates(node):
            return {None: node}
        match node:
            case Slot():
                return self.value(node)
            case Apply("+" | "-" as sign, (left, right)):
                return joined(sign, self.terms(left), self.terms(right))
            case Apply("negative", (one,)):
                return each(self.terms(one), negated)
            case Apply("*", (left, right)) if not self.rests_on_rates(right):
                return each(self.terms(left), lambda part: product(part, right))
            case Apply("*", (left, right)) if not self.rests_on_rates(left):
                return each(self.terms(right), lambda part: product(left, part))
            case Apply("/", (above, below)) if not self.rests_on_rates(below):
                return each(self.terms(above), lambda part: Apply("/", (part, below)))
            case Apply("ratio", (above, below, empty)) if not self.rests_on_rates(below):
                return either(self.terms(above), self.terms(empty), lambda one, other: Apply("ratio", (one, below, other)))
            case Apply("where", (condition, then, otherwise)) if not self.rests_on_rates(condition):
                return either(self.terms(then), self.terms(otherwise), lambda one, other: Apply("where", (condition, one, other)))
            case Gate(off=Expression() as off):
                return either(self.terms(node.signal), self.terms(off), lambda one, other: Gate(node.switch, one, other))
            case _:
                return {None: node}

    def value(self, slot: Slot) -> Terms:
        if slot.index in self.by_rate:
            return {slot.index: Number(1.0)}
        if slot.index not in self.known:
            terms = self.terms(self.program.values[slot.index])
            self.known[slot.index] = terms if terms.keys() - {None} else {None: slot}
        return self.known[slot.index]

    def rests_on_rates(self, node: Expression) -> bool:
        """Whether a node uses the rate of a counted move, directly or through values."""
        if node not in self.resting:
            if isinstance(node, Slot):
                deep = node.kind == "value"
                self.resting[node] = deep and (node.index in self.by_rate or self.rests_on_rates(self.program.values[node.index]))
            else:
                self.resting[node] = any(map(self.rests_on_rates, children(node)))
        return self.resting[node]


def each(terms: Terms, change: Callable[[Expression], Expression]) -> Terms:
    return {rate: change(part) for rate, part in terms.items()}


def either(left: Terms, right: Terms, choose: Callable[[Expression, Expression], Expression]) -> Terms:
    """A choice between two, term by term; what is 0 either way is no term."""
    nothing = Number(0.0)
    pairs = {rate: (left.get(rate, nothing), right.get(rate, nothing)) for rate in {**left, **right}}
    return {rate: choose(*pair) for rate, pair in pairs.items() if not all(map(is_naught, pair))}


def joined(sign: str, left: Terms, right: Terms) -> Terms:
    """The sum or difference of two, term by term."""
    return {rate: summed(sign, left.get(rate), right.get(rate)) for rate in {**left, **right}}


def summed(sign: str, left: Expression | None, right: Expression | None) -> Expression:
    if right is None:
        assert left is not None
        return left
    if left is None:
        return right if sign == "+" else negated(right)
    if isinstance(left, Number) and isinstance(right, Number):
        return Number(left.value + right.value if sign == "+" else left.value - right.value)
    return Apply(sign, (left, right))


def product(left: Expression, right: Expression) -> Expression:
    """A product in the order written, without factors of 1."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Number) and one.value == 1.0:
            return other
    return Apply("*", (left, right))


def negated(node: Expression) -> Expression:
    return Number(-node.value) if isinstance(node, Number) else Apply("negative", (node,))


def is_naught(node: Expression | None) -> bool:
    return node is None or (isinstance(node, Number) and node.value == 0.0)
