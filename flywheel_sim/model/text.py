"""Expressions as their authors would write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.expressions import (
    Apply,
    Expression,
    Gate,
    Labelled,
    Number,
    Outside,
    Pick,
    Quantity,
    Table,
    Time,
    Total,
    lift,
)
from flywheel_sim.model.measures import (
    Gain,
    Lifetime,
    Marginal,
    Passage,
    SoFar,
    Survival,
    Trailing,
)
from flywheel_sim.model.symbols import Auxiliary, Cell, Edge, Flow, Group, Metric, Pace, Part, Stock
from flywheel_sim.units import write_number

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["write"]

# How tightly each operator binds, loosest first.
BINDS = {"<": 1, "<=": 1, ">": 1, ">=": 1, "+": 2, "-": 2, "*": 3, "/": 3, "negative": 4, "**": 5}
ATOM = 9


def write(node: object, names: Mapping[object, str], *, top: bool = False) -> str:
    """The text of an expression.

    Args:
        node: the expression, or one end of a flow.
        names: what declared nodes are called.
        top: write out the node itself even where it has a name (the right-hand side of its own equation).
    """
    return Writer(names).text(node, 0, top=top)


class Writer:
    def __init__(self, names: Mapping[object, str]) -> None:
        self.names = names

    def text(self, node: object, around: int = 0, *, top: bool = False) -> str:
        if not top and node in self.names:
            return self.names[node]
        written, binds = self.compose(node)
        return f"({written})" if binds < around else written

    def compose(self, node: object) -> tuple[str, int]:
        """The text of a node, and how tightly it holds together."""
        match node:
            case Outside():
                return "outside", ATOM
            case Number():
                return write_number(node.value), ATOM if node.value >= 0 else BINDS["negative"]
            case Quantity():
                return f"{write_number(node.value)} {node.unit}", BINDS["*"]
            case Time():
                return "time", ATOM
            case Apply(function, arguments) if function in BINDS:
                return self.operator(function, arguments), BINDS[function]
            case Apply("ratio", (numerator, denominator, empty)):
                return self.call("ratio", numerator, denominator, empty=empty), ATOM
            case Apply():
                return self.call(node.function, *node.arguments), ATOM
            case Table():
                points = ", ".join(f"{write_number(x)}: {write_number(y)}" for x, y in zip(node.across, node.up, strict=True))
                return f"table({self.text(node.argument)}, {{{points}}})", ATOM
            case Labelled():
                inside = ", ".join(f"{label}={self.text(lift(value))}" for label, value in node.values.items())
                return f"({inside})", ATOM
            case Pick():
                return f"{self.text(node.of, ATOM)}[{node.label}]", ATOM
            case Total():
                return self.call("total", node.of), ATOM
            case Gate():
                switch = self.names.get(node.switch, node.switch.label)
                return f"{switch}.{self.call('gate', node.signal, off=node.off)}", ATOM
            case _:
                return self.declared(node), ATOM

    def declared(self, node: object) -> str:
        match node:
            case Auxiliary() | Part() | Metric():
                return self.text(node.expression)
            case Stock():
                return self.call("stock", node.initial)
            case Group():
                return self.call("group", *node.members)
            case Flow():
                return f"flow({self.text(node.source)} >> {self.text(node.destination)}, {self.speed(node)})"
            case Pace():
                return f"{self.names.get(node.staff, 'staff')}.pace"
            case Edge():
                return self.call(node.direction, node.group)
            case Cell():
                label = f"[{node.label}]" if node.label else ""
                stage = f", stage {node.stage + 1}" if node.stock.stages > 1 else ""
                return f"{self.text(node.stock)}{label}{stage}"
            case SoFar():
                return self.call("so_far", node.of)
            case Trailing():
                return self.call("trailing", node.of, node.window)
            case Lifetime():
                return self.call("lifetime", node.group, discount=node.discount)
            case Survival():
                return self.call("survival", node.group, node.time)
            case Passage():
                return self.call("passage", *node.stocks, by=node.by)
            case Gain():
                return "gain()"
            case Marginal():
                return self.call("marginal", node.cost, node.result, node.lever)
            case _:
                return f"a nameless {type(node).__name__.lower()}"

    def speed(self, node: Flow) -> str:
        by = "" if node.by is None else f", by={self.text(node.by)}"
        return f"rate={self.text(node.rate)}" if node.hazard is None else f"hazard={self.text(node.hazard)}{by}"

    def operator(self, sign: str, arguments: tuple[Expression, ...]) -> str:
        binds = BINDS[sign]
        if sign == "negative":
            return f"-{self.text(arguments[0], binds)}"
        left, right = arguments
        # a - (b - c) keeps its brackets, a - b - c needs none; for ** it is the other way round.
        left_binds, right_binds = (binds + 1, binds) if sign == "**" else (binds, binds + 1)
        return f"{self.text(left, left_binds)} {sign} {self.text(right, right_binds)}"

    def call(self, word: str, *arguments: object, **named: object) -> str:
        inside = [self.text(argument) for argument in arguments]
        inside += [f"{key}={self.text(value)}" for key, value in named.items() if value is not None]
        return f"{word}({', '.join(inside)})"
