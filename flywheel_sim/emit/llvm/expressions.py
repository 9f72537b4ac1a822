"""Expressions written as lines for LLVM."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.expressions import COMPARISONS, Apply, Expression, Gate, Number, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from flywheel_sim.emit.llvm.lines import Lines

__all__ = ["Writer"]

PREDICATES = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge"}
CALLS = {"exp": "exp", "log": "log", "**": "power"}
WHOLE_POWERS = 4  # up to which a power is written as a product


class Writer:
    """Writes expressions into a function, each node once.

    Args:
        lines: of the function.
        read: gives the value of a slot, and of any node that this writer does not know.
        guarded: whether what divides by 0 is undefined (a metric), not infinite (an equation, which then fails).
    """

    def __init__(self, lines: Lines, read: Callable[[Expression], str], *, guarded: bool = False) -> None:
        self.lines = lines
        self.read = read
        self.guarded = guarded
        self.known: dict[Expression, str] = {}

    def __call__(self, node: Expression) -> str:
        """The value of a node."""
        if node not in self.known:
            self.known[node] = self.write(node)
        return self.known[node]

    def write(self, node: Expression) -> str:
        lines = self.lines
        match node:
            case Number():
                return lines.number(node.value)
            case Apply("+", (left, right)):
                return lines.add(self(left), self(right))
            case Apply("-", (left, right)):
                return lines.subtract(self(left), self(right))
            case Apply("*", (left, right)):
                return lines.multiply(self(left), self(right))
            case Apply("/", (left, right)):
                return self.quotient(left, right)
            case Apply("negative", (inner,)):
                return lines.negate(self(inner))
            case Apply("**", (base, exponent)):
                return self.power(base, exponent)
            case Apply("sqrt", (inner,)):
                return lines.sqrt(self(inner))
            case Apply("minimum", arguments):
                return self.first_in_order("olt", arguments)
            case Apply("maximum", arguments):
                return self.first_in_order("ogt", arguments)
            case Apply("where", (condition, then, otherwise)):
                return lines.choose(self.truth(condition), self(then), self(otherwise))
            case Apply("ratio", (numerator, denominator, empty)):
                below = self(denominator)
                some = lines.compare("une", below, lines.number(0.0))
                return lines.choose(some, lines.divide(self(numerator), below), self(empty))
            case Apply(function) if function in COMPARISONS:
                return lines.choose(self.truth(node), lines.number(1.0), lines.number(0.0))
            case Apply(function, (inner,)) if function in CALLS:
                return lines.call(CALLS[function], self(inner))
            case Gate(off=Expression() as off):
                return lines.choose(self.truth(node.switch), self(node.signal), self(off))
            case Table():
                return self.curve(node)
            case _:
                return self.read(node)

    def truth(self, node: Expression) -> str:
        """A condition, for each draw."""
        match node:
            case Apply(function, (left, right)) if function in COMPARISONS:
                return self.lines.compare(PREDICATES[function], self(left), self(right))
            case _:
                return self.lines.compare("une", self(node), self.lines.number(0.0))

    def first_in_order(self, predicate: str, arguments: tuple[Expression, ...]) -> str:
        """The least or the greatest, as Python's ``min`` and ``max`` find it: another one only where it compares so."""
        found = self(arguments[0])
        for argument in arguments[1:]:
            other = self(argument)
            found = self.lines.choose(self.lines.compare(predicate, other, found), other, found)
        return found

    def quotient(self, left: Expression, right: Expression) -> str:
        above, below = self(left), self(right)
        made = self.lines.divide(above, below)
        if not self.guarded or isinstance(right, Number):
            return made
        some = self.lines.compare("une", below, self.lines.number(0.0))
        return self.lines.choose(some, made, self.lines.number(math.nan))

    def power(self, base: Expression, exponent: Expression) -> str:
        lines, of = self.lines, self(base)
        match exponent:
            case Number(value) if value in {float(whole) for whole in range(1, WHOLE_POWERS + 1)}:
                made = of
                for _ in range(int(value) - 1):
                    made = lines.multiply(made, of)
                return made
            case Number(-1.0):
                return lines.divide(lines.number(1.0), of)
            case Number(0.5):
                return lines.sqrt(of)
            case _:
                return lines.call(CALLS["**"], of, self(exponent))

    def curve(self, node: Table) -> str:
        """The line through the points, level outside them; what is not a number stays so."""
        lines, x = self.lines, self(node.argument)
        made = lines.choose(lines.compare("uno", x, x), x, lines.number(node.up[0]))
        for place in range(len(node.across) - 1):
            left, right = node.across[place : place + 2]
            low, high = node.up[place : place + 2]
            way = lines.divide(lines.subtract(x, lines.number(left)), lines.number(right - left))
            there = lines.add(lines.multiply(way, lines.number(high - low)), lines.number(low))
            made = lines.choose(lines.compare("ogt", x, lines.number(left)), there, made)
        return lines.choose(lines.compare("oge", x, lines.number(node.across[-1])), lines.number(node.up[-1]), made)
