"""The variables of a model, and which of them each one is computed from.

Variables are what the modeller named: stocks, flows and equations, each at its labels and stages. What has no name
(a hazard, a step on the way to a flow) is part of the equation that uses it. A flow that runs along several arrows,
out of a group or out of every stage, is one variable for each: every stock must know its own.

Merged, a stock with stages is one variable, and so are the labels of stocks of whole individuals (cold and referred
leads) and the flows between them. Equations that differ between such labels are then part of those that use them.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.analysis.loops.marked import lower_with_gates
from flywheel_sim.expressions import Expression, Gate, Slot, children
from flywheel_sim.model.symbols import Flow, Stock
from flywheel_sim.program import OUTSIDE, Move, written
from flywheel_sim.program.lower import add
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flywheel_sim.model import Declaration
    from flywheel_sim.program import Program

__all__ = ["Graph", "Stream", "Variable", "graph_of", "uses_of"]


class Variable(Record):
    """Something that a modeller named.

    Attributes:
        name: with its label and stage.
        equation: over slots; for a stock, the sum of its numbers.
    """

    name: str
    equation: Expression


class Stream(Record):
    """A flow at one end: what it adds to a stock, or takes from it.

    Attributes:
        flow: the number of its variable.
        stock: the number of that of the stock.
        sign: 1 into it, -1 out of it.
    """

    flow: int
    stock: int
    sign: int


class Graph(Record):
    """A model as variables and links.

    Attributes:
        program: the model, its gates left standing.
        switches: which loops and frictions run.
        variables: the stocks first.
        stocks: how many stocks there are.
        of_state: the number of the variable that each number of the state belongs to.
        of_slot: the number of the variable that a value slot belongs to.
        streams: the links from flows to stocks.
        links: every link as the numbers of two variables, cause first: those of equations, then those of streams.
    """

    program: Program
    switches: tuple[bool, ...]
    variables: tuple[Variable, ...]
    stocks: int
    of_state: tuple[int, ...]
    of_slot: dict[int, int]
    streams: tuple[Stream, ...]
    links: tuple[tuple[int, int], ...]


@lru_cache(maxsize=64)
def graph_of(declaration: Declaration, switches: tuple[bool, ...], *, merge: bool = False) -> Graph:
    """The variables and links of a model.

    Args:
        declaration: the model.
        switches: which loops and frictions run; what a closed gate keeps out is no cause.
        merge: whether stages, and the labels that whole individuals have, are taken together.
    """
    return Builder(declaration, switches, merge=merge).graph()


class Builder:
    def __init__(self, declaration: Declaration, switches: tuple[bool, ...], *, merge: bool) -> None:
        self.declaration = declaration
        self.switches = switches
        self.merge = merge
        self.lowered = lower_with_gates(declaration)
        counted = (name for name, stock in declaration.of_kind(Stock).items() if str(stock.unit) in declaration.counts)
        shapes = (declaration.shapes[name] for name in counted)
        self.merged = {shape.root for shape in shapes if shape is not None} if merge else set()
        self.variables: list[Variable] = []
        self.taken: set[str] = set()
        self.of_slot: dict[int, int] = {}

    def graph(self) -> Graph:
        program = self.lowered.program
        of_state = self.stocks()
        stocks = len(self.variables)
        self.equations()
        streams = self.streams(of_state)
        uses = uses_of(program, of_state, self.of_slot, lambda gate: (gate.signal if is_open(gate, self.switches) else gate.off,))
        equations = [
            (cause, effect) for effect in range(stocks, len(self.variables)) for cause in sorted(uses(self.variables[effect].equation))
        ]
        links = (*equations, *((stream.flow, stream.stock) for stream in streams))
        return Graph(program, self.switches, tuple(self.variables), stocks, of_state, self.of_slot, streams, links)

    def add(self, name: str, equation: Expression) -> int:
        others = (f"{name} ({number})" for number in itertools.count(2))
        free = next(one for one in itertools.chain([name], others) if one not in self.taken)
        self.taken.add(free)
        self.variables.append(Variable(free, equation))
        return len(self.variables) - 1

    def is_merged(self, name: str) -> bool:
        """Whether the labels of a name are taken together."""
        shape = self.declaration.shapes.get(name)
        return shape is not None and shape.root in self.merged

    def stocks(self) -> tuple[int, ...]:
        """The stocks; which of them each number of the state belongs to."""
        places: dict[str, list[int]] = {}
        for cell, state in self.lowered.cells.items():
            stock = self.declaration.names[cell.stock]
            whole = written(stock, None if self.is_merged(stock) else cell.label)
            places.setdefault(whole if self.merge else self.lowered.layout.states[state], []).append(state)
        found = {}
        for name, states in places.items():
            found.update(dict.fromkeys(states, self.add(name, add(Slot("state", state) for state in states))))
        return tuple(found[state] for state in range(len(found)))

    def equations(self) -> None:
        """The named equations that are no flow."""
        first: dict[int, tuple[str, str | None]] = {}
        for place, column in self.lowered.layout.columns.items():
            if column.kind == "value":
                first.setdefault(column.slots[0], place)
        plain = {slot: place for slot, place in first.items() if not isinstance(self.declaration.symbols.get(place[0]), Flow)}
        for slot, (name, label) in sorted(plain.items()):
            if not self.is_merged(name):  # what differs from label to label, and is no number of heads, has no total
                self.of_slot[slot] = self.add(written(name, label), self.lowered.program.values[slot])

    def streams(self, of_state: tuple[int, ...]) -> tuple[Stream, ...]:
        """The flows, one variable for each pair of stocks they run between, and their links to these."""
        arrows: dict[tuple[str, int, int], list[int]] = {}
        for move in self.lowered.program.moves:
            source = OUTSIDE if move.source == OUTSIDE else of_state[move.source]
            destination = OUTSIDE if move.destination == OUTSIDE else of_state[move.destination]
            if source != destination:
                arrows.setdefault((self.flow_name(move), source, destination), []).append(move.rate)
        names = [name for name, _, _ in arrows]
        streams = []
        for (name, source, destination), rates in arrows.items():
            alone = names.count(name) == 1 or source == OUTSIDE
            whole = add(self.lowered.program.values[rate] for rate in rates)
            number = self.add(name if alone else f"{name} from {self.variables[source].name}", whole)
            self.of_slot |= dict.fromkeys(rates, number)  # lowering gives each move a rate of its own
            streams += [Stream(number, stock, sign) for stock, sign in ((source, -1), (destination, 1)) if stock != OUTSIDE]
        return tuple(streams)

    def flow_name(self, move: Move) -> str:
        layout = self.lowered.layout
        if move.flow == OUTSIDE:  # within a chain of stages
            return f"{layout.states[move.source]} to {layout.states[move.destination].rpartition(', ')[2]}"
        name, label = layout.flows[move.flow]
        return written(name, None if self.is_merged(name) else label)


def is_open(gate: Gate, switches: tuple[bool, ...]) -> bool:
    """Whether the signal goes through: always, for a balancing loop."""
    return gate.off is None or switches[gate.switch.index]


def uses_of(
    program: Program, of_state: Sequence[int], of_slot: Mapping[int, int], through: Callable[[Gate], Iterable[Expression | None]]
) -> Callable[[Expression], frozenset[int]]:
    """A function that gives the variables an expression uses, directly or through what has no name.

    Args:
        program: the slots.
        of_state: the number of the variable that each number of the state belongs to.
        of_slot: the number of the variable that a value slot belongs to.
        through: what a gate lets through.
    """
    known: dict[Expression, frozenset[int]] = {}

    def uses(node: Expression) -> frozenset[int]:
        if node not in known:
            known[node] = find(node)
        return known[node]

    def find(node: Expression) -> frozenset[int]:
        match node:
            case Slot(kind="state"):
                return frozenset((of_state[node.index],))
            case Slot(kind="value"):
                return frozenset((of_slot[node.index],)) if node.index in of_slot else uses(program.values[node.index])
            case Gate():
                return frozenset().union(*(uses(part) for part in through(node) if part is not None))
            case _:
                return frozenset().union(*map(uses, children(node)))

    return uses
