"""Which nodes lie below which, for every kind of node a model is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.expressions import Expression, Gate, Number, children
from flywheel_sim.model.measures import (
    Lifetime,
    Marginal,
    Passage,
    SoFar,
    Survival,
    Trailing,
)
from flywheel_sim.model.symbols import (
    Auxiliary,
    Edge,
    Flow,
    Group,
    Metric,
    Pace,
    Part,
    Staff,
    Stock,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["below", "descend"]


def below(node: object) -> tuple[Expression, ...]:
    """The nodes directly below a node, or below a staff."""
    match node:
        case Stock():
            return (node.initial,)
        case Auxiliary() | Metric() | Part():
            return (node.expression,)
        case Flow():
            parts = (node.source, node.destination, node.hazard, node.rate, node.by)
            served = () if node.served_by is None else (Pace(node.served_by),)
            return (*(part for part in parts if isinstance(part, Expression)), *served)
        case Group():
            return node.members
        case Pace():
            return below(node.staff)
        case Staff():
            return (node.places, *(() if node.loop is None else (Gate(node.loop, Number(1.0), None),)))
        case Edge():
            return (node.group,)
        case SoFar():
            return (node.of,)
        case Trailing():
            return (node.of, node.window)
        case Lifetime():
            return (node.group, node.discount)
        case Survival():
            return (node.group, node.time)
        case Passage():
            return (*node.stocks, node.by)
        case Marginal():
            return (node.cost, node.result, node.lever)
        case Expression():
            return children(node)
        case _:
            return ()


def descend(root: object, named: Collection[object] = ()) -> Iterator[Expression]:
    """Every node below ``root``, each once, not going below those that have a name of their own."""
    seen: set[Expression] = set()
    stack = list(below(root))
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        yield node
        if node not in named:
            stack.extend(below(node))
