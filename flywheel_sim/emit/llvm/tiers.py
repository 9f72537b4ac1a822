"""What has to be computed how often: once a run, once an instant, or at every evaluation.

An expression that rests on parameters alone is computed once for each draw, one that rests on the time too once for
each instant at which the slopes are taken, and only what rests on the state at every evaluation. Parts of an
expression that are settled earlier than the whole are computed beforehand and kept in rows. In a product, all the
factors that are settled meet, so that ``state / time * share`` becomes ``state`` times one number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.expressions import Apply, Expression, Gate, Number, Slot, Table, children

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flywheel_sim.program import Program

__all__ = ["FIXED", "STATE", "TIMED", "Tiers"]

FIXED, TIMED, STATE = 0, 1, 2
OF_SLOT = {"switch": FIXED, "time": TIMED, "start": TIMED, "state": STATE, "integral": STATE}


class Tiers:
    """The values of a program by tier, each with its settled parts taken out.

    Args:
        program: the slots.
        moving: parameters that change within a step.

    Attributes:
        lines: what to compute once a run and once an instant, in order: a row, and its expression over slots and earlier rows.
        evaluated: the values that rest on the state, each with its expression over slots and rows.
    """

    def __init__(self, program: Program, moving: frozenset[int]) -> None:
        self.program = program
        self.moving = moving
        self.tiers: dict[Expression, int] = {}
        self.value_tiers: list[int] = []
        self.lines: dict[int, list[tuple[Slot, Expression]]] = {FIXED: [], TIMED: []}
        self.settled: dict[object, Slot] = {}
        self.evaluated: dict[int, Expression] = {}
        self.count = 0
        for value in program.values:
            self.value_tiers.append(self.tier(value))
        for index, value in enumerate(program.values):
            self.take(index, value)

    def take(self, index: int, value: Expression) -> None:
        tier = self.value_tiers[index]
        written = self.without_settled(value)
        if tier == STATE:
            self.evaluated[index] = written
        else:
            self.keep(tier, written, Slot("value", index))

    def tier(self, node: Expression) -> int:
        """How often a node has to be computed."""
        known = self.tiers.get(node)
        if known is None:
            if isinstance(node, Slot):
                known = self.tier_of_slot(node)
            elif isinstance(node, Number | Apply | Table | Gate):
                known = max(map(self.tier, children(node)), default=FIXED)
            else:
                known = STATE  # measures
            self.tiers[node] = known
        return known

    def tier_of_slot(self, node: Slot) -> int:
        match node.kind:
            case "parameter":
                return TIMED if node.index in self.moving else FIXED
            case "value":
                return self.value_tiers[node.index]
            case "row":
                raise AssertionError("rows are noted when they are made")
            case kind:
                return OF_SLOT[kind]

    # Taking out what is settled

    def without_settled(self, node: Expression) -> Expression:
        """A node with every part that is settled earlier than the whole replaced by its row."""
        match node:
            case Apply("*" | "/"):
                return self.product(node)
            case Apply():
                return Apply(node.function, tuple(self.operand(part, node) for part in node.arguments))
            case Table():
                return Table(self.operand(node.argument, node), node.across, node.up, node.unit)
            case Gate(off=Expression() as off):
                return Gate(node.switch, self.operand(node.signal, node), self.operand(off, node))
            case _:
                return node

    def operand(self, part: Expression, whole: Expression) -> Expression:
        """A part of a whole: in a row of its own where it is settled earlier."""
        written = self.without_settled(part)
        return self.kept(written) if self.tier(part) < self.tier(whole) else written

    def kept(self, node: Expression) -> Expression:
        """The row of a settled node, which is made where there is none; a plain slot or number is itself."""
        if isinstance(node, Slot | Number):
            return node
        key = likeness(node)
        if key not in self.settled:
            self.settled[key] = Slot("row", self.count)
            self.count += 1
            self.keep(self.tier(node), node, self.settled[key])
        return self.settled[key]

    def keep(self, tier: int, node: Expression, row: Slot) -> None:
        self.tiers[row] = tier
        self.lines[tier].append((row, node))

    def product(self, node: Expression) -> Expression:
        """A chain of products and quotients, the factors of each tier together, the settled ones in one row."""
        top = self.tier(node)
        chain = list(factors(node))
        result: Expression | None = None
        for tier in range(top):
            of_tier = [(self.without_settled(part), above) for part, above in chain if self.tier(part) == tier]
            if of_tier:
                if result is not None:
                    of_tier.insert(0, (result, True))
                result = self.kept(multiplied(of_tier))
        own = [(self.without_settled(part), above) for part, above in chain if self.tier(part) == top]
        return multiplied(([(result, True)] if result is not None else []) + own)


def factors(node: Expression, *, above: bool = True) -> Iterable[tuple[Expression, bool]]:
    """The factors of a chain of products and quotients, and whether each stands above the line."""
    match node:
        case Apply("*", (left, right)):
            yield from factors(left, above=above)
            yield from factors(right, above=above)
        case Apply("/", (left, right)):
            yield from factors(left, above=above)
            yield from factors(right, above=not above)
        case _:
            yield node, above


def multiplied(parts: list[tuple[Expression, bool]]) -> Expression:
    """The product of what stands above the line, over the product of what stands below."""
    upper = [part for part, above in parts if above]
    lower = [part for part, above in parts if not above]
    top = chained(upper) if upper else Number(1.0)
    return Apply("/", (top, chained(lower))) if lower else top


def chained(parts: list[Expression]) -> Expression:
    product = parts[0]
    for part in parts[1:]:
        product = Apply("*", (product, part))
    return product


def likeness(node: Expression) -> object:
    """A key that two expressions share if they are the same tree."""
    match node:
        case Number():
            return node.value
        case Slot():
            return (node.kind, node.index)
        case Apply():
            return (node.function, *map(likeness, node.arguments))
        case Table():
            return ("table", likeness(node.argument), node.across, node.up)
        case Gate(off=Expression() as off):
            return ("gate", likeness(node.switch), likeness(node.signal), likeness(off))
        case _:
            return node
