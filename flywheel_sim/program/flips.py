"""When a condition on time flips."""

from __future__ import annotations

from flywheel_sim.expressions import COMPARISONS, Apply, Expression, Slot, children

__all__ = ["follows_time", "when_equal"]


def follows_time(node: Expression) -> bool:
    """Whether a lowered expression holds the step's start, other than in a comparison: that has a flip of its own."""
    if isinstance(node, Apply) and node.function in COMPARISONS:
        return False
    return (isinstance(node, Slot) and node.kind == "start") or any(map(follows_time, children(node)))


def when_equal(left: Expression, right: Expression) -> Expression | None:
    """The time at which two sides are equal: one of them the time, perhaps shifted or divided; None for anything else."""
    timed, plain = (left, right) if follows_time(left) else (right, left)
    while isinstance(timed, Apply) and len(timed.arguments) == 2:
        first, second = timed.arguments
        match timed.function, follows_time(first), follows_time(second):
            case "+", True, False:
                timed, plain = first, Apply("-", (plain, second))
            case "+", False, True:
                timed, plain = second, Apply("-", (plain, first))
            case "-", True, False:
                timed, plain = first, Apply("+", (plain, second))
            case "-", False, True:
                timed, plain = second, Apply("-", (first, plain))
            case "/", True, False:
                timed, plain = first, Apply("*", (plain, second))
            case _:
                return None
    return plain if isinstance(timed, Slot) and not follows_time(plain) else None
