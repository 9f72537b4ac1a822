"""What equations are made of, besides arithmetic on names."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from flywheel_sim.errors import ModelError
from flywheel_sim.expressions import Apply, Dimension, Expression, Operand, Outside, Quantity, Table, Time, Total, lift
from flywheel_sim.model.setting import plain
from flywheel_sim.model.word import read_unit, word

__all__ = [
    "constant",
    "dimension",
    "exp",
    "log",
    "maximum",
    "minimum",
    "outside",
    "ratio",
    "sqrt",
    "table",
    "time",
    "total",
    "where",
]

time = Time()
outside = Outside()


@word
def constant(value: float, unit: str) -> Quantity:
    """A number with a unit that nobody sets."""
    return Quantity(plain(value), read_unit(unit))


@word
def dimension(*labels: str) -> Dimension:
    """A list of labels over which stocks, flows and values can be arrayed."""
    return Dimension(labels)


@word
def table(x: Operand, points: Mapping[float, float] | Iterable[tuple[float, float]], unit: str = "1") -> Expression:
    """A curve through points: straight between them, level outside.

    Args:
        x: where to read it.
        points: pairs of x (in the unit of ``x``) and height (in ``unit``), x increasing.
        unit: of the height.
    """
    pairs = [(plain(across), plain(up)) for across, up in (points.items() if isinstance(points, Mapping) else points)]
    if len(pairs) < 2 or any(left[0] >= right[0] for left, right in itertools.pairwise(pairs)):
        raise ModelError("a table needs at least two points with increasing x", fix="write table(x, {0: 1.0, 12: 1.5, 24: 1.8})")
    return Table(lift(x), tuple(x for x, _ in pairs), tuple(y for _, y in pairs), read_unit(unit))


@word
def exp(x: Operand) -> Expression:
    """Euler's number to the power of ``x``."""
    return Apply("exp", (lift(x),))


@word
def log(x: Operand) -> Expression:
    """The natural logarithm."""
    return Apply("log", (lift(x),))


@word
def sqrt(x: Operand) -> Expression:
    """The square root."""
    return Apply("sqrt", (lift(x),))


@word
def minimum(*values: Operand) -> Expression:
    """The least of its arguments."""
    return Apply("minimum", at_least_two("minimum", values))


@word
def maximum(*values: Operand) -> Expression:
    """The greatest of its arguments."""
    return Apply("maximum", at_least_two("maximum", values))


def at_least_two(word: str, values: tuple[Operand, ...]) -> tuple[Expression, ...]:
    if len(values) < 2:
        raise ModelError(f"{word} compares at least two values", fix=f"write {word}(this, that)")
    return tuple(map(lift, values))


@word
def where(condition: Expression, then: Operand, otherwise: Operand) -> Expression:
    """``then`` where the condition holds, else ``otherwise``."""
    if not isinstance(condition, Expression):
        raise ModelError(
            "where needs a condition made with < <= > or >=", fix="compare two expressions; there is no == between measured numbers"
        )
    return Apply("where", (condition, lift(then), lift(otherwise)))


@word
def ratio(numerator: Operand, denominator: Operand, *, empty: Operand) -> Expression:
    """``numerator / denominator``, and ``empty`` where the denominator is 0."""
    return Apply("ratio", (lift(numerator), lift(denominator), lift(empty)))


@word
def total(x: Expression) -> Expression:
    """The sum over all labels."""
    return Total(lift(x))
