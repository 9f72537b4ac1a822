"""How equations rest on counts: what is in proportion to one, and what is a straight line in some.

A rate that is in proportion to the number of those it falls on has a hazard that does not rest on that number: when one of
many strangers goes, nothing changes for the others. An integrand that is a straight line in some counts changes, whenever one of
those does, by the same as the last time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.expressions import Apply, Expression, Gate, Number, Slot, children

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

__all__ = ["degree", "per_head"]

BENT = 2  # the degree of whatever is no straight line


def per_head(node: Expression, state: int, values: Sequence[Expression]) -> Expression | None:
    """An expression divided by a state, where it is plainly a multiple of it; None where not.

    Args:
        node: over slots.
        state: the slot to divide by.
        values: what the slots of values hold.
    """

    def divided(part: Expression) -> Expression | None:
        return per_head(part, state, values)

    match node:
        case Slot(kind="state") if node.index == state:
            return Number(1.0)
        case Slot(kind="value"):
            return divided(values[node.index])
        case Number(value=0.0):
            return node
        case Apply("*", (left, right)):
            part = divided(left)
            return both(left if part is None else part, divided(right) if part is None else right, times)
        case Apply("/", (above, below)):
            return both(divided(above), below, lambda found, under: Apply("/", (found, under)))
        case Apply("negative", (one,)):
            return both(divided(one), one, lambda found, _: Apply("negative", (found,)))
        case Apply("+" | "-", (left, right)):
            return both(divided(left), divided(right), lambda one, other: Apply(node.function, (one, other)))
        case Apply("where", (condition, then, otherwise)):
            return both(divided(then), divided(otherwise), lambda one, other: Apply("where", (condition, one, other)))
        case Gate(off=Expression() as off):
            return both(divided(node.signal), divided(off), lambda one, other: Gate(node.switch, one, other))
        case _:
            return None


def both(one: Expression | None, other: Expression | None, make: Callable[[Expression, Expression], Expression]) -> Expression | None:
    """What is made of two, where there are both."""
    return None if one is None or other is None else make(one, other)


def times(left: Expression, right: Expression) -> Expression:
    return Apply("*", (left, right))


def degree(node: Expression, states: Collection[int], values: Sequence[Expression]) -> int:
    """0 where an expression does not rest on any of some states, 1 where it is a straight line in them, 2 for all else."""
    known: dict[int, int] = {}

    def of(part: Expression) -> int:
        match part:
            case Slot(kind="state"):
                return int(part.index in states)
            case Slot(kind="value"):
                if part.index not in known:
                    known[part.index] = of(values[part.index])
                return known[part.index]
            case Apply("+" | "-" | "negative"):
                return max(map(of, part.arguments))
            case Apply("*", (left, right)):
                return min(of(left) + of(right), BENT)
            case Apply("/", (above, below)):
                return BENT if of(below) else of(above)
            case Apply("where", (condition, then, otherwise)):
                return BENT if of(condition) else max(of(then), of(otherwise))
            case Gate(off=Expression() as off):
                return max(of(part.signal), of(off))
            case _:
                return BENT if any(map(of, children(part))) else 0

    return of(node)
