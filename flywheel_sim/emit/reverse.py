"""A program printed in reverse: from what each rate is worth to what each state and parameter is worth.

For a scalar J and the derivative f(t, y, p) of a program, the pullback of a weight λ on f is λᵀ ∂f/∂y and
λᵀ ∂f/∂p. It costs a few evaluations of f whatever the number of parameters, which is what makes it possible
to ask every assumption of a model how much the outcome hangs on it.

The text defines ``make(p, w, slope, origin)``, which returns the leaves, which are the numbers that rest on
parameters alone and that moving equations use, and ``pull(t, s, y, a)``: ``a`` weighs every derivative and then
every integral; the result weighs every state and then every leaf.

Where one of two values is taken (``minimum``, ``maximum``), the weight goes to the one that is taken. Asked to be
*soft*, it is shared by how near the two are: a limit that is not met yet, but nearly, counts too. That is no
derivative any more, but a better guess of what a large change would do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.emit.python import ATOM, CALLS, OPERATORS, Printer, compile_function, tuple_of
from flywheel_sim.expressions import (
    Apply,
    Expression,
    Gate,
    Number,
    Slot,
    Table,
    children,
)
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from flywheel_sim.program import Program

__all__ = ["Pull", "Reverse", "compile_reverse"]

Pull = Callable[[float, float, Sequence[float], Sequence[float]], tuple[float, ...]]
Choice = tuple[str, Expression, Expression]


# Which arguments, and which results, the derivative of each function looks at.
NEEDS_ARGUMENT = {"*": (0, 1), "/": (1,), "**": (0, 1), "log": (0,)}
NEEDS_RESULT = {"/", "**", "exp", "sqrt"}
# With this power, a limit half as far again away as the value that is taken still gets a quarter of the weight.
SOFTNESS = 3.0


class Reverse(Record):
    """A program in reverse.

    Attributes:
        bare: which leaves are parameters themselves: the place of the leaf, by parameter.
        behind: the parameters that other leaves are computed from.
        make: ``make(p, w, slope, origin)`` gives the leaves and ``pull(t, s, y, a)``.
    """

    bare: Mapping[int, int]
    behind: frozenset[int]
    make: Callable[[Sequence[float], Sequence[bool], Sequence[float], float], tuple[tuple[float, ...], Pull]]


@lru_cache(maxsize=16)
def compile_reverse(program: Program, moving: frozenset[int], integrals: frozenset[int], *, soft: bool = False) -> Reverse:
    """The pullback of a program.

    Args:
        program: what to reverse.
        moving: parameters that change within a step; nothing is pulled back to them.
        integrals: those that can have a weight; the others must be given 0.
        soft: whether limits that are near count too.
    """
    printer = ReversePrinter(program, moving, integrals, soft=soft)
    make = compile_function(printer.text())
    return Reverse(printer.bare(), printer.behind(), make)


class ReversePrinter(Printer):
    """Prints the values forward, keeping every intermediate result, then hands weights back from last to first."""

    def __init__(self, program: Program, moving: frozenset[int], integrals: frozenset[int], *, soft: bool = False) -> None:
        super().__init__(program, moving)
        self.weighed = integrals
        self.soft = soft
        self.lines: list[str] = []
        self.kept: dict[Expression, str] = {}  # the variable that holds an intermediate result
        self.choices: dict[Expression, Choice | None] = {}
        self.inside: dict[tuple[Expression, Expression], dict[Expression, str]] = {}  # what is kept inside a branch
        self.leaves: dict[str, None] = {}
        self.numbers = 0

    def text(self) -> str:
        needed = self.needed(self.program.integrals[number] for number in self.weighed)
        values = [index for index in sorted(needed) if not self.fixed[index]]
        for index, value in enumerate(self.program.values):
            if index in needed and self.fixed[index]:
                self.before.append(f"v{index} = {self.write(value)}")
        for index in values:
            self.assign(f"v{index}", self.program.values[index])
        forward, self.lines = self.lines, []
        seeds = self.seeds(sorted(needed))
        for index, weight in seeds.items():
            if self.fixed[index] and weight:
                self.receive(Slot("value", index), weight)
        for index in reversed(values):
            self.back(self.program.values[index], f"a_v{index}")
        count = len(self.program.initial)
        gains = [*(f"g_y{index}" for index in range(count)), *(f"g_{leaf}" for leaf in self.leaves)]
        body = [
            f"{tuple_of(f'y{index}' for index in range(count))} = y",
            f"{tuple_of(f'a{index}' for index in range(count + len(self.program.integrals)))} = a",
            *(f"p{index} = p[{index}] + slope[{index}] * (t - origin)" for index in sorted(self.moving)),
            *forward,
            *(f"a_v{index} = {seeds[index] or '0.0'}" for index in values),
            " = ".join([*gains, "0.0"]),
            *self.lines,
            f"return {tuple_of(gains)}",
        ]
        used = sorted(set(range(self.program.parameters)) - self.moving)
        head = [
            *(f"    p{index} = p[{index}]" for index in used),
            *(f"    w{index} = w[{index}]" for index in range(self.program.switches)),
            *(f"    {line}" for line in self.before),
        ]
        inside = (f"        {line}" for line in body)
        return "\n".join(
            ["def make(p, w, slope, origin):", *head, "    def pull(t, s, y, a):", *inside, f"    return {tuple_of(self.leaves)}, pull"]
        )

    def bare(self) -> dict[int, int]:
        return {int(leaf[1:]): place for place, leaf in enumerate(self.leaves) if leaf.startswith("p")}

    def behind(self) -> frozenset[int]:
        hoisted = {name: node for node, name in self.hoisted.items()}
        roots = [
            hoisted[leaf] if leaf.startswith("c") else self.program.values[int(leaf[1:])]
            for leaf in self.leaves
            if not leaf.startswith("p")
        ]
        found: set[int] = set()
        while roots:
            node = roots.pop()
            if isinstance(node, Slot) and node.kind == "parameter":
                found.add(node.index)
            roots.extend([self.program.values[node.index]] if isinstance(node, Slot) and node.kind == "value" else children(node))
        return frozenset(found)

    def seeds(self, values: Sequence[int]) -> dict[int, str]:
        """What each value is worth at once: as a rate between states, and as an integral; no text where nothing."""
        worth: dict[int, list[str]] = {index: [] for index in values}
        for move in self.program.moves:
            terms = [f"+ a{move.destination}"] if move.destination >= 0 else []
            terms += [f"- a{move.source}"] if move.source >= 0 else []
            if move.rate in worth:
                worth[move.rate] += terms
        for number, index in enumerate(self.program.integrals):
            if number in self.weighed and index in worth:
                worth[index].append(f"+ a{len(self.program.initial) + number}")
        return {index: " ".join(terms).removeprefix("+ ") for index, terms in worth.items()}

    # Forward, one variable for each result that will be needed again

    def variable(self, letter: str) -> str:
        self.numbers += 1
        return f"{letter}{self.numbers}"

    def known(self, node: Expression) -> bool:
        """Whether a node needs no line of its own: a number, a slot, or what is computed beforehand."""
        return isinstance(node, Number | Slot) or self.is_settled(node)

    def assign(self, name: str, node: Expression) -> None:
        """A line that gives a variable the value of a node."""
        choice = None if self.known(node) else self.choice(node)
        if choice is not None:
            self.branch(node, choice, lambda chosen: self.lines.append(f"{name} = {self.forward(chosen)}"))
        else:
            self.lines.append(f"{name} = {self.forward(node) if self.known(node) or node in self.kept else self.formula(node)}")
        self.kept[node] = name

    def forward(self, node: Expression, *, keep: bool = False) -> str:
        """The text of a node's value, in a variable if it is needed again on the way back."""
        if self.known(node):
            return self.part(node, ATOM)
        if node not in self.kept:
            again = keep or not isinstance(node, Apply) or node.function in NEEDS_RESULT or self.choice(node) is not None
            if not again:
                return f"({self.formula(node)})"
            self.assign(self.variable("t"), node)
        return self.kept[node]

    def formula(self, node: Expression) -> str:
        if isinstance(node, Table):
            return f"interpolate({self.forward(node.argument, keep=True)}, {node.across!r}, {node.up!r})"
        if not isinstance(node, Apply):
            raise TypeError(f"the reverse printer does not know {type(node).__name__}")
        needed = NEEDS_ARGUMENT.get(node.function, ())
        texts = [self.forward(argument, keep=place in needed) for place, argument in enumerate(node.arguments)]
        if node.function in OPERATORS:
            return f"{texts[0]} {node.function} {texts[1]}"
        return f"-{texts[0]}" if node.function == "negative" else f"{CALLS[node.function]}({', '.join(texts)})"

    def choice(self, node: Expression) -> Choice | None:
        """For a node that is one of two others: the test, which is decided beforehand, and the two."""
        if node not in self.choices:
            self.choices[node] = self.find_choice(node)
        return self.choices[node]

    def find_choice(self, node: Expression) -> Choice | None:
        match node:
            case Gate(off=Expression() as off):
                return self.part(node.switch), node.signal, off
            case Apply("where", (condition, then, otherwise)):
                return self.forward(condition), then, otherwise
            case Apply("ratio", (numerator, denominator, empty)):
                return self.forward(denominator, keep=True), Apply("/", (numerator, denominator)), empty
            case Apply("minimum" | "maximum" as function, (first, *others)):
                rest = others[0] if len(others) == 1 else Apply(function, tuple(others))
                sign = "<=" if function == "minimum" else ">="
                test = self.variable("b")
                self.lines.append(f"{test} = {self.forward(first, keep=True)} {sign} {self.forward(rest, keep=True)}")
                return test, first, rest
            case _:
                return None

    def branch(self, node: Expression, choice: Choice, write: Callable[[Expression], None]) -> None:
        """Lines for the one of two nodes that the test chooses; what they keep is known only there."""
        test, *nodes = choice
        outer, kept = self.lines, self.kept
        self.branches += 1
        for word, chosen in zip((f"if {test}:", "else:"), nodes, strict=True):
            self.lines, self.kept = [], self.inside.setdefault((node, chosen), dict(kept))
            write(chosen)
            outer += [word, *(f"    {line}" for line in self.lines or ["pass"])]
        self.branches -= 1
        self.lines, self.kept = outer, kept

    # Backward: hand the weight of a result on to what it was made from

    def back(self, node: Expression, weight: str) -> None:
        if isinstance(node, Number):
            return
        if self.known(node):
            self.receive(node, weight)
            return
        if not weight.isidentifier():
            self.lines.append(f"{(name := self.variable('r'))} = {weight}")
            weight = name
        choice = self.choices.get(node)
        if choice is not None and self.soft and isinstance(node, Apply) and node.function in {"minimum", "maximum"}:
            self.share_softly(node, choice, weight)
            return
        if choice is not None:
            self.branch(node, choice, lambda chosen: self.back(chosen, weight))
            return
        if isinstance(node, Table):
            self.back(node.argument, f"{weight} * slope_of({self.forward(node.argument, keep=True)}, {node.across!r}, {node.up!r})")
            return
        assert isinstance(node, Apply)
        for argument, share in zip(node.arguments, self.shares(node, weight), strict=True):
            self.back(argument, share)

    def share_softly(self, node: Apply, choice: Choice, weight: str) -> None:
        """Hand a weight to both of two values, more to the one that is taken and less the further off the other is."""
        _, first, rest = choice
        texts = [f"max({self.forward(one, keep=True)}, 1e-9)" for one in (first, rest)]
        below, above = texts if node.function == "minimum" else reversed(texts)
        share = self.variable("s")
        self.lines.append(f"{share} = 1.0 / (1.0 + power({below} / {above}, {SOFTNESS}))")
        self.back(first, f"{weight} * {share}")
        self.back(rest, f"{weight} * (1.0 - {share})")

    def receive(self, node: Expression, weight: str) -> None:
        """Add a weight to a state, an earlier value, or a number that rests on parameters alone."""
        text = self.part(node, ATOM)
        if isinstance(node, Slot) and node.kind == "state":
            self.lines.append(f"g_{text} += {weight}")
        elif isinstance(node, Slot) and node.kind == "value" and not self.fixed[node.index]:
            self.lines.append(f"a_{text} += {weight}")
        elif self.is_fixed(node) and text[0] in "pvc":
            self.leaves[text] = None
            self.lines.append(f"g_{text} += {weight}")

    def shares(self, node: Apply, weight: str) -> tuple[str, ...]:
        """What each argument gets: the weight times the derivative by that argument."""
        needed = NEEDS_ARGUMENT.get(node.function, ())
        texts = [self.forward(argument, keep=True) if place in needed else "" for place, argument in enumerate(node.arguments)]
        result = self.kept.get(node, "")
        match node.function:
            case "+":
                return (weight, weight)
            case "-":
                return (weight, f"-{weight}")
            case "negative":
                return (f"-{weight}",)
            case "*":
                return (f"{weight} * {texts[1]}", f"{weight} * {texts[0]}")
            case "/":
                return (f"{weight} / {texts[1]}", f"-{weight} * {result} / {texts[1]}")
            case "**":
                by_base = f"{weight} * {texts[1]} * power({texts[0]}, {texts[1]} - 1.0)"
                by_exponent = f"{weight} * {result} * (log({texts[0]}) if {texts[0]} > 0.0 else 0.0)"
                return (by_base, by_exponent)
            case "exp":
                return (f"{weight} * {result}",)
            case "log":
                return (f"{weight} / {texts[0]}",)
            case "sqrt":
                return (f"0.5 * {weight} / {result}",)
            case _:
                return tuple("0.0" for _ in node.arguments)  # a comparison: it does not change by little
