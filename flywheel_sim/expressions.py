"""Expressions: what equations are made of, and the plain tree walk that evaluates them.

An expression is a tree of frozen nodes. Arithmetic on nodes makes nodes; nothing is computed or
rearranged, so that every target prints what the modeller wrote, in the order it was written. Nodes compare
by identity: two equal-looking trees are two equations.

The tree walk (:class:`Walk`) is the slow, readable meaning of an expression. Everything that is emitted for
speed is tested against it.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from flywheel_sim.errors import ModelError
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flywheel_sim.units import Unit

__all__ = [
    "ARITHMETIC",
    "COMPARISONS",
    "FUNCTIONS",
    "Apply",
    "Dimension",
    "Expression",
    "Gate",
    "Labelled",
    "Number",
    "Operand",
    "Outside",
    "Pick",
    "Quantity",
    "Route",
    "Slot",
    "Table",
    "Time",
    "Total",
    "Walk",
    "children",
    "interpolate",
    "lift",
    "line_of_author",
    "slope_of",
]

type_names = {str: "text", tuple: "a tuple", list: "a list", dict: "a dictionary", type(None): "None"}


class Expression(Record):
    """A node: a frozen record that compares by identity."""

    __array_ufunc__: ClassVar[None] = None  # NumPy must hand arithmetic over to us, not spread an array over a node

    def __add__(self, other: Operand) -> Expression:
        return Apply("+", (self, lift(other)))

    def __radd__(self, other: Operand) -> Expression:
        return Apply("+", (lift(other), self))

    def __sub__(self, other: Operand) -> Expression:
        return Apply("-", (self, lift(other)))

    def __rsub__(self, other: Operand) -> Expression:
        return Apply("-", (lift(other), self))

    def __mul__(self, other: Operand) -> Expression:
        return Apply("*", (self, lift(other)))

    def __rmul__(self, other: Operand) -> Expression:
        return Apply("*", (lift(other), self))

    def __truediv__(self, other: Operand) -> Expression:
        return Apply("/", (self, lift(other)))

    def __rtruediv__(self, other: Operand) -> Expression:
        return Apply("/", (lift(other), self))

    def __pow__(self, other: Operand) -> Expression:
        return Apply("**", (self, lift(other)))

    def __rpow__(self, other: Operand) -> Expression:
        return Apply("**", (lift(other), self))

    def __neg__(self) -> Expression:
        return Apply("negative", (self,))

    def __pos__(self) -> Expression:
        return self

    def __lt__(self, other: Operand) -> Expression:
        return Apply("<", (self, lift(other)))

    def __le__(self, other: Operand) -> Expression:
        return Apply("<=", (self, lift(other)))

    def __gt__(self, other: Operand) -> Expression:
        return Apply(">", (self, lift(other)))

    def __ge__(self, other: Operand) -> Expression:
        return Apply(">=", (self, lift(other)))

    def __getitem__(self, label: str) -> Expression:
        return Pick(self, label)

    def __rshift__(self, destination: object) -> Route:
        return Route(self, destination)

    def __iter__(self) -> NoReturn:
        raise ModelError(
            "an expression is not a sequence", place=line_of_author(), fix='pick a label with x["label"], or add labels up with total(x)'
        )

    def __bool__(self) -> NoReturn:
        raise ModelError(
            "an expression has no truth value while the model is being written",
            place=line_of_author(),
            fix="use where(condition, then, otherwise) instead of if, one where inside another instead of and, "
            "and minimum/maximum instead of min/max",
        )

    def __float__(self) -> NoReturn:
        raise ModelError(
            "an expression has no value while the model is being written",
            place=line_of_author(),
            fix="use exp, log and sqrt of flywheel_sim instead of those of math",
        )


Operand = Expression | float


class Route:
    """``source >> destination``: the two ends of a flow."""

    def __init__(self, source: object, destination: object) -> None:
        self.source = source
        self.destination = destination

    def __rshift__(self, destination: object) -> NoReturn:
        raise ModelError("a flow has one source and one destination", place=line_of_author(), fix="declare one flow for each arrow")


class Outside:
    """The source or sink of whatever comes or goes, in any unit."""

    def __rshift__(self, destination: object) -> Route:
        return Route(self, destination)

    def __repr__(self) -> str:
        return "outside"


def lift(value: object) -> Expression:
    """A plain number as a node; a node as itself.

    Raises:
        ModelError: if it is neither, or a number that is not finite.
    """
    if isinstance(value, Expression):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ModelError(f"{value} is not a number an equation can hold", place=line_of_author(), fix="use a finite number")
        return Number(float(value))
    kind = type_names.get(type(value), type(value).__name__)
    fix = "use a number, or a name that is declared above, without quotation marks"
    if isinstance(value, dict):
        fix = "for a value per label write plan(basic=1, gold=2), with plan = dimension(...)"
    cause = f"an equation is made of numbers and declared names, not of {kind} ({value!r})"
    raise ModelError(cause, place=line_of_author(), fix=fix)


def line_of_author() -> str:
    """``file:line`` of what is being run outside the language: where the author of a model stands."""
    frame = sys._getframe(1)  # noqa: SLF001  nothing else tells where a name that is not yet given stands
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(("flywheel_sim.expressions", "flywheel_sim.model.")):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


class Number(Expression):
    """A literal: dimensionless, except 0, which has any unit."""

    value: float


class Quantity(Expression):
    """A number with a unit that nobody sets."""

    value: float
    unit: Unit


class Time(Expression):
    """The time since the start. A condition on it holds for a whole step, as at the step's start."""


class Apply(Expression):
    """An operator or function of :data:`FUNCTIONS`, applied to its arguments in the order written."""

    function: str
    arguments: tuple[Expression, ...]


class Table(Expression):
    """A curve through points: straight between them, level outside."""

    argument: Expression
    across: tuple[float, ...]
    up: tuple[float, ...]
    unit: Unit


class Labelled(Expression):
    """A value per label of a dimension. Labels that were not named are absent."""

    dimension: Dimension
    values: Mapping[str, Any]


class Pick(Expression):
    """The value at one label."""

    of: Expression
    label: str


class Total(Expression):
    """The sum over all labels."""

    of: Expression


class Gate(Expression):
    """A signal that a loop or friction carries: ``signal`` while ``switch`` runs, else ``off``.

    ``off`` is None for a balancing loop, which is part of the world and always runs.
    """

    switch: Any
    signal: Expression
    off: Expression | None


class Slot(Expression):
    """A numbered place in a lowered program: of a parameter, switch, state, value, or the time."""

    kind: str
    index: int


class Dimension:
    """A list of labels over which stocks, flows and values can be arrayed.

    Calling it gives a value per label: ``origin(cold=1, referred=2)``.

    Args:
        labels: at least one, each a Python name.
        whole: the dimension this one is a part of.
    """

    def __init__(self, labels: tuple[str, ...], whole: Dimension | None = None) -> None:
        reserved = {"low", "typical", "high"}  # a scenario writes uncertain values with these
        for label in labels:
            if not isinstance(label, str) or not label.isidentifier() or label in reserved:
                raise ModelError(
                    f"{label!r} cannot be a label",
                    place=line_of_author(),
                    fix="use words of letters, digits and underscores, none of low, typical, high",
                )
        if not labels or len(set(labels)) != len(labels):
            raise ModelError(f"the labels {labels} are not distinct", place=line_of_author(), fix="name each label once, and at least one")
        self.labels = labels
        self.root: Dimension = whole.root if whole else self

    def __call__(self, **values: object) -> Labelled:
        for label in values:
            if label not in self.labels:
                raise ModelError(f"there is no label {label!r}", place=line_of_author(), fix=f"the labels are {', '.join(self.labels)}")
        return Labelled(self, {label: values[label] for label in self.labels if label in values})

    def without(self, *labels: str) -> Dimension:
        """The part of this dimension that leaves out some labels."""
        for label in labels:
            if label not in self.labels:
                raise ModelError(
                    f"there is no label {label!r} to leave out", place=line_of_author(), fix=f"the labels are {', '.join(self.labels)}"
                )
        return Dimension(tuple(label for label in self.labels if label not in labels), self)

    def __repr__(self) -> str:
        return f"dimension({', '.join(map(repr, self.labels))})"

    def meet(self, other: Dimension) -> Dimension | None:
        """Where two dimensions meet label by label: the part of the two that lies in the other, else None."""
        if self.root is not other.root:
            return None
        if set(self.labels) <= set(other.labels):
            return self
        return other if set(other.labels) <= set(self.labels) else None


ARITHMETIC = {"+", "-", "*", "/", "**", "negative"}
COMPARISONS = {"<", "<=", ">", ">="}


def ratio_of(numerator: float, denominator: float, empty: float) -> float:
    return numerator / denominator if denominator else empty


# What each operator and function computes on plain numbers. Renderers keep a table with the same keys.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": math.pow,
    "negative": lambda a: -a,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "minimum": min,
    "maximum": max,
    "where": lambda condition, then, otherwise: then if condition else otherwise,
    "ratio": ratio_of,
}


def interpolate(x: float, across: tuple[float, ...], up: tuple[float, ...]) -> float:
    """The height at ``x`` of the line through the points, level outside them."""
    if x <= across[0]:
        return up[0]
    if x >= across[-1]:
        return up[-1]
    right = bisect_right(across, x)
    left = right - 1
    return up[left] + (up[right] - up[left]) * ((x - across[left]) / (across[right] - across[left]))


def slope_of(x: float, across: tuple[float, ...], up: tuple[float, ...]) -> float:
    """The slope of that line at ``x``: to the right of a corner, 0 outside."""
    if not across[0] <= x < across[-1]:
        return 0.0
    right = bisect_right(across, x)
    return (up[right] - up[right - 1]) / (across[right] - across[right - 1])


def children(node: Expression) -> tuple[Expression, ...]:
    """The nodes directly below a node of this module; other kinds of node have none here."""
    match node:
        case Apply():
            return node.arguments
        case Table():
            return (node.argument,)
        case Pick() | Total():
            return (node.of,)
        case Labelled():
            return tuple(value for value in node.values.values() if isinstance(value, Expression))
        case Gate():
            return (node.signal,) if node.off is None else (node.signal, node.off)
        case _:
            return ()


# A value is a number (or an array of them, over time or draws), or one such per label.
Value = Any


class Walk:
    """The plain tree walk: the value of an expression, computed node by node.

    Args:
        read: gives the value of whatever this walk does not itself understand (names, measures), or of any
            node it wants to answer for; returns None to let the walk go on.
        functions: what each operator computes; :data:`FUNCTIONS` on plain numbers.
        tabulate: how a curve is read.
    """

    def __init__(
        self,
        read: Callable[[Expression], Value | None],
        functions: Mapping[str, Callable[..., Any]] = FUNCTIONS,
        tabulate: Callable[..., Any] = interpolate,
    ) -> None:
        self.read = read
        self.functions = functions
        self.tabulate = tabulate
        self.known: dict[Expression, Value] = {}

    def __call__(self, node: Expression) -> Value:
        """The value of a node: a number, or a dictionary by label where the node is arrayed."""
        if node not in self.known:
            value = self.read(node)
            self.known[node] = self.compute(node) if value is None else value
        return self.known[node]

    def compute(self, node: Expression) -> Value:
        match node:
            case Number() | Quantity():
                return node.value
            case Apply("where", (condition, then, otherwise)):
                return self.choose(self(condition), then, otherwise)
            case Apply():
                return spread(self.functions[node.function], *map(self, node.arguments))
            case Table():
                return spread(lambda x: self.tabulate(x, node.across, node.up), self(node.argument))
            case Labelled():
                return {label: self(lift(value)) for label, value in node.values.items()}
            case Pick():
                return self(node.of)[node.label]
            case Total():
                return sum(self(node.of).values())
            case Gate(off=None):
                return self(node.signal)
            case _:
                raise TypeError(f"the tree walk does not know {type(node).__name__}")

    def choose(self, condition: Value, then: Expression, otherwise: Expression) -> Value:
        """Only the branch that holds is computed, where the condition is a single truth."""
        if isinstance(condition, bool):
            return self(then) if condition else self(otherwise)
        return spread(self.functions["where"], condition, self(then), self(otherwise))


def spread(function: Callable[..., Any], *arguments: Value) -> Value:
    """Apply a function to plain values, or label by label over those labels that all arrayed values have."""
    arrayed = [argument for argument in arguments if isinstance(argument, dict)]
    if not arrayed:
        return function(*arguments)
    labels = [label for label in arrayed[0] if all(label in other for other in arrayed)]
    return {label: function(*(a[label] if isinstance(a, dict) else a for a in arguments)) for label in labels}
