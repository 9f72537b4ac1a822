"""A program printed as plain Python over floats.

The text is made of slots, operators and numbers alone: no name and no text of a user is in it. It defines

``make(p, w, slope, origin)``
    takes the parameters, which switches are on, and how fast each moving parameter changes from which time
    on, computes all that rests on them alone, and returns

``rates(t, s, y, full=False)``
    which gives, at time ``t`` of a step that started at ``s``, the derivative of every state and then every
    integral; or, with ``full``, every value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Protocol

from flywheel_sim.expressions import (
    Apply,
    Expression,
    Gate,
    Number,
    Slot,
    Table,
    children,
    interpolate,
    slope_of,
)

if TYPE_CHECKING:
    from flywheel_sim.program import Program

__all__ = ["Rates", "compile_function", "compile_python", "print_python", "tuple_of"]


class Rates(Protocol):
    """The derivative of every state and then every integral; or, with ``full``, every value."""

    def __call__(self, time: float, start: float, states: Sequence[float], *, full: bool = False) -> tuple[float, ...]:
        """At ``time``, in a step that started at ``start``."""
        ...


Make = Callable[[Sequence[float], Sequence[bool], Sequence[float], float], Rates]

OPERATORS = {"<": 1, "<=": 1, ">": 1, ">=": 1, "+": 2, "-": 2, "*": 3, "/": 3}
CALLS = {"**": "power", "exp": "exp", "log": "log", "sqrt": "sqrt", "minimum": "min", "maximum": "max"}
NAMESPACE = {
    "power": math.pow,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "min": min,
    "max": max,
    "interpolate": interpolate,
    "slope_of": slope_of,
}
# What can fail on numbers: in a branch that is not taken it must not be computed at all.
FAILING = {"/", "**", "exp", "log", "sqrt"}
PREFIX = {"parameter": "p", "switch": "w", "state": "y", "value": "v"}
ATOM, CHOICE = 9, 0


@lru_cache(maxsize=32)
def compile_python(program: Program, moving: frozenset[int] = frozenset()) -> Make:
    """The ``make`` of a program.

    Args:
        program: what to compile.
        moving: parameters that change within a step.
    """
    make: Make = compile_function(print_python(program, moving))
    return make


def compile_function(text: str) -> Any:
    """The one function that a printed text defines. Texts are made of slots and numbers, never of a user's words."""
    code = compile(text, "<printed>", "exec")
    function = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
    return FunctionType(function, dict(NAMESPACE))


def print_python(program: Program, moving: frozenset[int] = frozenset()) -> str:
    """The text of a program as Python."""
    return Printer(program, moving).text()


class Printer:
    def __init__(self, program: Program, moving: frozenset[int]) -> None:
        self.program = program
        self.moving = moving
        self.fixed: dict[int, bool] = {}  # whether a value rests on parameters alone
        self.resting: dict[Expression, bool] = {}  # the same for every node
        self.hoisted: dict[Expression, str] = {}
        self.before: list[str] = []  # lines of make, before rates
        self.temporary = 0
        self.branches = 0  # how many branches the node that is being printed lies in
        for index, value in enumerate(program.values):
            self.fixed[index] = self.is_fixed(value)

    def text(self) -> str:
        needed = self.needed(self.program.integrals)
        inside: list[str] = []
        later: list[str] = []
        for index, value in enumerate(self.program.values):
            if self.fixed[index]:
                self.before.append(f"v{index} = {self.write(value)}")
            else:
                (inside if index in needed else later).append(f"v{index} = {self.write(value)}")
        everything = tuple_of(f"v{index}" for index in range(len(self.program.values)))
        derivatives = tuple_of([*self.derivatives(), *(f"v{index}" for index in self.program.integrals)])
        body = [
            f"{tuple_of(f'y{index}' for index in range(len(self.program.initial)))} = y",
            *(f"p{index} = p[{index}] + slope[{index}] * (t - origin)" for index in sorted(self.moving)),
            *inside,
            "if full:",
            *(f"    {line}" for line in later),
            f"    return {everything}",
            f"return {derivatives}",
        ]
        used = sorted(set(range(self.program.parameters)) - self.moving)
        return "\n".join(
            [
                "def make(p, w, slope, origin):",
                *(f"    p{index} = p[{index}]" for index in used),
                *(f"    w{index} = w[{index}]" for index in range(self.program.switches)),
                *(f"    {line}" for line in self.before),
                "    def rates(t, s, y, *, full=False):",
                *(f"        {line}" for line in body),
                "    return rates",
            ]
        )

    def needed(self, integrals: Iterable[int]) -> set[int]:
        """The values that derivatives and some integrals rest on."""
        found: set[int] = set()
        stack = [*(move.rate for move in self.program.moves), *integrals]
        while stack:
            index = stack.pop()
            if index not in found:
                found.add(index)
                stack.extend(values_in(self.program.values[index]))
        return found

    def derivatives(self) -> Iterable[str]:
        for state in range(len(self.program.initial)):
            terms = []
            for move in self.program.moves:
                if move.destination == state:
                    terms.append(f"+ v{move.rate}")
                elif move.source == state:
                    terms.append(f"- v{move.rate}")
            yield " ".join(terms).removeprefix("+ ") or "0.0"

    def is_fixed(self, node: Expression) -> bool:
        """Whether a node rests on parameters and switches alone."""
        known = self.resting.get(node)
        if known is None:
            if isinstance(node, Slot):
                known = self.fixed[node.index] if node.kind == "value" else self.is_set(node)
            else:
                known = all(map(self.is_fixed, children(node)))
            self.resting[node] = known
        return known

    def is_set(self, node: Slot) -> bool:
        return node.kind == "switch" or (node.kind == "parameter" and node.index not in self.moving)

    # Expressions

    def write(self, node: Expression, around: int = CHOICE) -> str:
        """A node in full; what rests on parameters alone inside a moving one is computed beforehand."""
        text, binds = self.compose(node)
        return f"({text})" if binds < around or (binds == CHOICE and around > CHOICE) else text

    def is_settled(self, node: Expression) -> bool:
        """Whether a node can be computed beforehand: fixed, and no branch it lies in could keep it from failing."""
        return self.is_fixed(node) and (node in self.hoisted or not self.branches or not can_fail(node))

    def branch_part(self, node: Expression) -> str:
        """A node as what is taken under a condition only."""
        self.branches += 1
        text = self.part(node, 1)
        self.branches -= 1
        return text

    def part(self, node: Expression, around: int = CHOICE) -> str:
        """A node as an operand."""
        if isinstance(node, Apply | Table | Gate) and self.is_settled(node):
            if node not in self.hoisted:
                self.hoisted[node] = f"c{len(self.hoisted)}"
                self.before.append(f"{self.hoisted[node]} = {self.write(node)}")
            return self.hoisted[node]
        return self.write(node, around)

    def compose(self, node: Expression) -> tuple[str, int]:
        match node:
            case Number():
                return repr(node.value), ATOM if node.value >= 0 else 2
            case Slot(kind="time"):
                return "t", ATOM
            case Slot(kind="start"):
                return "s", ATOM
            case Slot():
                return f"{PREFIX[node.kind]}{node.index}", ATOM
            case Apply(function, (left, right)) if function in OPERATORS:
                binds = OPERATORS[function]
                return f"{self.part(left, binds)} {function} {self.part(right, binds + 1)}", binds
            case Apply("negative", (inner,)):
                return f"-{self.part(inner, ATOM)}", 4
            case Apply("where", (condition, then, otherwise)):
                return f"{self.branch_part(then)} if {self.part(condition, 1)} else {self.branch_part(otherwise)}", CHOICE
            case Apply("ratio", (numerator, denominator, empty)):
                return self.ratio(numerator, denominator, empty), CHOICE
            case Apply(function, arguments) if function in CALLS:
                return f"{CALLS[function]}({', '.join(map(self.part, arguments))})", ATOM
            case Gate(off=Expression() as off):
                return f"{self.branch_part(node.signal)} if {self.part(node.switch, 1)} else {self.branch_part(off)}", CHOICE
            case Table():
                return f"interpolate({self.part(node.argument)}, {node.across!r}, {node.up!r})", ATOM
            case _:
                raise TypeError(f"the Python printer does not know {type(node).__name__}")

    def ratio(self, numerator: Expression, denominator: Expression, empty: Expression) -> str:
        """Division that looks first whether there is something to divide by, computing it once."""
        below = self.part(denominator, ATOM)
        test = below
        if not below.isidentifier():
            self.temporary += 1
            test, below = f"(d{self.temporary} := {below})", f"d{self.temporary}"
        return f"{self.part(numerator, 3)} / {below} if {test} else {self.branch_part(empty)}"


def tuple_of(parts: Iterable[str]) -> str:
    """The text of a tuple, of nothing too."""
    return f"({''.join(f'{part}, ' for part in parts)})"


def can_fail(node: Expression) -> bool:
    """Whether computing a node may raise an error."""
    return (isinstance(node, Apply) and node.function in FAILING) or any(map(can_fail, children(node)))


def values_in(node: Expression) -> Iterable[int]:
    """The numbers of the values a node uses."""
    if isinstance(node, Slot) and node.kind == "value":
        yield node.index
    for child in children(node):
        yield from values_in(child)
