"""Lowering: a declaration becomes a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.errors import ModelError
from flywheel_sim.expressions import (
    COMPARISONS,
    Apply,
    Dimension,
    Expression,
    Gate,
    Labelled,
    Number,
    Pick,
    Quantity,
    Slot,
    Table,
    Time,
    Total,
    children,
    lift,
)
from flywheel_sim.model.measures import Measure, SoFar, Trailing
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import (
    Auxiliary,
    Cell,
    Edge,
    Flow,
    Group,
    Metric,
    Pace,
    Parameter,
    Part,
    Staff,
    Stock,
)
from flywheel_sim.program.flips import follows_time, when_equal
from flywheel_sim.program.program import OUTSIDE, Column, Layout, Move, Program, written
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flywheel_sim.model import Declaration

__all__ = ["Lowered", "lower"]

Key = tuple[Expression, str | None]


class Lowered(Record):
    """A program, what its slots were called, and where the integrals of its measures lie.

    Attributes:
        declaration: the model it was lowered from.
        program: the slots.
        layout: their names.
        integrals: which integral each measured expression is, at each of its labels.
        cells: which state each number of the state is.
        parts: which value each step on the way to a flow is.
    """

    declaration: Declaration
    program: Program
    layout: Layout
    integrals: dict[Key, int]
    cells: dict[Cell, int]
    parts: dict[Part, int]


def lower(declaration: Declaration) -> Lowered:
    """Expand labels, stages and groups; number everything.

    Raises:
        ModelError: if equations define each other in a circle, or a condition on time is not a simple one.
    """
    return Lower(declaration).lowered()


class Lower:
    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.names = declaration.names
        self.transfers = declaration.transfers
        self.parameters: dict[Key, int] = {}
        for parameter in declaration.parameters.values():
            for label in parameter.default:
                self.parameters[parameter, label] = len(self.parameters)
        self.switches = {switch: index for index, switch in enumerate(declaration.switches.values())}
        cells = (cell for chain in self.transfers.cells.values() for cell in chain)
        self.states: dict[Cell, int] = {cell: index for index, cell in enumerate(cells)}
        self.values: list[Expression] = []
        self.value_names: list[str] = []
        self.assigned: dict[object, Slot] = {}
        self.known: dict[Key, Slot] = {}
        self.open: dict[Key, str] = {}  # what is being lowered, to notice circles
        self.breaks: list[Expression] = []
        self.memo: dict[Key, Expression] = {}
        self.rates = {transfer.rate for transfer in self.transfers.list}
        self.paces: dict[Staff, Part] = {}
        self.resting: dict[tuple[str, Expression], bool] = {}

    def lowered(self) -> Lowered:
        for name, symbol in self.declaration.symbols.items():
            if isinstance(symbol, Staff):
                self.slot(self.pace(symbol), None, f"{name}.pace")
            elif isinstance(symbol, Expression) and self.is_computed(symbol):
                for label in self.labels(symbol):
                    self.slot(symbol, label, name)
        moves = tuple(self.moves())
        integrals, integral_of = self.measured()
        crossing, integrals = self.crossing(moves, integrals)
        program = Program(
            parameters=len(self.parameters),
            switches=len(self.switches),
            initial=tuple(self.initial(cell) for cell in self.states),
            values=tuple(self.values),
            moves=moves,
            integrals=integrals,
            breaks=tuple(self.breaks),
            counted={unit: self.counted(unit) for unit in self.declaration.counts},
            crossing=crossing,
        )
        parts = {node: slot.index for (node, _), slot in self.known.items() if isinstance(node, Part)}
        return Lowered(self.declaration, program, self.layout(), integral_of, self.states, parts)

    def is_computed(self, symbol: Expression) -> bool:
        """Whether a symbol is computed while the model runs: a flow, or an equation that asks no measure."""
        if isinstance(symbol, Parameter | Stock | Group | Metric | Measure):
            return False
        return isinstance(symbol, Auxiliary | Flow) or not any(isinstance(node, Measure | Metric) for node in descend(symbol))

    def labels(self, symbol: Expression) -> tuple[str | None, ...]:
        shape = self.declaration.shapes[self.names[symbol]]
        return (None,) if shape is None else shape.labels

    # Expressions

    def at(self, node: Expression, label: str | None) -> Expression:
        """A node at one label, over slots."""
        key = (node, label)
        if key not in self.memo:
            self.memo[key] = self.expand(node, label)
        return self.memo[key]

    def expand(self, node: Expression, label: str | None) -> Expression:
        match node:
            case Number():
                return node
            case Quantity():
                return Number(node.value)
            case Time():
                return Slot("time", 0)
            case Parameter():
                return Slot("parameter", self.parameters[node, label if node.dimension else None])
            case Cell():
                return Slot("state", self.states[node])
            case Stock():
                return add(Slot("state", self.states[cell]) for cell in self.transfers.cells[node, label if self.shape(node) else None])
            case Group():
                return add(Slot("state", self.states[cell]) for cell in self.transfers.cells_of(node))
            case Pick():
                return self.at(node.of, node.label)
            case Total():
                shape = self.shape(node.of)
                assert shape is not None
                return add(self.at(node.of, one) for one in shape.labels)
            case Part() | Auxiliary() | Flow():
                return self.slot(node, label if self.shape(node) is not None else None, self.names.get(node, ""))
            case Pace():
                return self.slot(self.pace(node.staff), None, f"{self.names[node.staff]}.pace")
            case Edge():
                crossing = self.transfers.across(node.group, node.direction)
                return add(self.slot(transfer.rate, None, self.names.get(transfer.flow, "")) for transfer in crossing)
            case Measure() | Metric():
                raise TypeError("a measure is not part of the running model")
            case _ if node in self.names:
                return self.slot(node, label if self.shape(node) is not None else None, self.names[node])
            case _:
                return self.inline(node, label)

    def inline(self, node: Expression, label: str | None) -> Expression:
        """What an unnamed expression becomes where it stands."""
        match node:
            case Apply(function) if function in COMPARISONS:
                return self.condition(node, label)
            case Apply("*", (Labelled() as factors, other)) if factors.values.get(label or "") == 1:
                return self.at(other, label)  # origin(cold=1, ...) * x is x itself, to the bit
            case Apply():
                return Apply(node.function, tuple(self.at(argument, label) for argument in node.arguments))
            case Table():
                return Table(self.at(node.argument, label), node.across, node.up, node.unit)
            case Labelled():
                return self.at(lift(node.values[label]), None)  # type: ignore[index]
            case Gate(off=None):
                return self.at(node.signal, label)
            case Gate(off=Expression() as off):
                return Gate(Slot("switch", self.switches[node.switch]), self.at(node.signal, label), self.at(off, label))
            case _:
                raise TypeError(f"lowering does not know {type(node).__name__}")

    def pace(self, staff: Staff) -> Expression:
        """One node for the pace of each staff, so that it has one slot."""
        if staff not in self.paces:
            self.paces[staff] = Part(self.transfers.pace(staff))
        return self.paces[staff]

    def shape(self, node: Expression) -> Dimension | None:
        return self.transfers.shape(node)

    def slot(self, node: Expression, label: str | None, name: str) -> Slot:
        """The value slot of a named expression or part, made when first needed."""
        key = (node, label)
        if key in self.known:
            return self.known[key]
        if key in self.open:
            circle = list(dict.fromkeys([*list(self.open.values())[list(self.open).index(key) :], name]))
            circle.append(circle[0])
            raise ModelError(
                f"{self.declaration.name}: equations define each other in a circle: {' → '.join(filter(None, circle))}",
                place=next(filter(None, map(self.declaration.places.get, circle)), ""),
                fix="let one of them be a stock, which remembers",
            )
        name = name or next(reversed(self.open.values()), "")  # a part goes by the name of what it is part of
        self.open[key] = name
        made = self.definition(node, label)
        del self.open[key]
        if node in self.rates:
            made = self.own(made, written(name, label))
        elif not (isinstance(made, Slot) and (made.kind == "value" or (made.kind == "state" and not isinstance(node, Part)))):
            made = self.assign(made, written(name, label))
        self.known[key] = made
        return made

    def definition(self, node: Expression, label: str | None) -> Expression:
        match node:
            case Part():
                return self.at(node.expression, None)
            case Auxiliary():
                return self.at(node.expression, label)
            case Flow():
                return add(self.slot(transfer.rate, None, self.names[node]) for transfer in self.transfers.of_flow[node][label])
            case Quantity():
                return Number(node.value)
            case Time() | Pick() | Total():
                return self.expand(node, label)
            case _:
                return self.inline(node, label)

    def assign(self, expression: Expression, name: str) -> Slot:
        """A value slot for an expression: the one that is there already if it computes the same."""
        key = likeness(expression)
        if key not in self.assigned:
            self.assigned[key] = self.append(expression, name)
        return self.assigned[key]

    def own(self, expression: Expression, name: str) -> Slot:
        """A value slot that nothing else has: who moves along one flow is not who moves along another that is as fast."""
        return self.append(self.assigned.get(likeness(expression), expression), name)

    def append(self, expression: Expression, name: str) -> Slot:
        self.values.append(expression)
        self.value_names.append(name)
        return Slot("value", len(self.values) - 1)

    # Conditions on time

    def condition(self, node: Apply, label: str | None) -> Expression:
        """A comparison: the time in it is that of the step's start, and steps land where one on time alone flips."""
        left, right = (self.at_start(self.at(argument, label)) for argument in node.arguments)
        lowered = Apply(node.function, (left, right))
        if (follows_time(left) or follows_time(right)) and not self.rests_on("state", lowered):
            self.breaks.append(self.flip(node, left, right))
        return lowered

    def at_start(self, node: Expression) -> Expression:
        """An expression as at the start of the step, values that follow the time written out."""
        if not self.rests_on("time", node):
            return node
        if isinstance(node, Slot):
            return Slot("start", 0) if node.kind == "time" else self.at_start(self.values[node.index])
        return rebuilt(node, self.at_start)

    def rests_on(self, kind: str, node: Expression) -> bool:
        """Whether an expression uses the time, or the state, directly or through values."""
        if (kind, node) not in self.resting:
            below = (self.values[node.index],) if isinstance(node, Slot) and node.kind == "value" else children(node)
            used = isinstance(node, Slot) and node.kind == kind
            self.resting[kind, node] = used or any(self.rests_on(kind, part) for part in below)
        return self.resting[kind, node]

    def flip(self, node: Apply, left: Expression, right: Expression) -> Expression:
        """When a condition on time flips, over parameters."""
        found = when_equal(left, right)
        when = None if found is None else self.parameters_only(found)
        if when is None or any(isinstance(part, Slot) and part.kind == "start" for part in inner(when)):
            raise ModelError(
                f"{self.declaration.name}: the condition {self.declaration.write(node)} hides when it flips",
                fix="compare time itself with parameters: time < start + length",
            )
        return when

    def parameters_only(self, node: Expression) -> Expression:
        """An expression with the values it names written out, down to parameters."""
        if isinstance(node, Slot) and node.kind == "value":
            return self.parameters_only(self.values[node.index])
        return rebuilt(node, self.parameters_only)

    # The parts of the program

    def initial(self, cell: Cell) -> Expression:
        start = cell.stock.initial
        if isinstance(start, Labelled) and cell.label not in start.values:
            return Number(0.0)
        whole = self.parameters_only(self.at(start, cell.label))
        return Apply("/", (whole, Number(float(cell.stock.stages)))) if cell.stock.stages > 1 else whole

    def moves(self) -> Iterator[Move]:
        numbers = {flow_label: index for index, flow_label in enumerate(self.flow_labels())}
        for transfer in self.transfers.list:
            name = self.names[transfer.flow if transfer.flow is not None else transfer.source.stock]  # type: ignore[union-attr]
            hazard = self.value_of(transfer.hazard, name) if transfer.hazard is not None else OUTSIDE
            yield Move(
                source=self.states[transfer.source] if transfer.source is not None else OUTSIDE,
                destination=self.states[transfer.destination] if transfer.destination is not None else OUTSIDE,
                rate=self.value_of(transfer.rate, name),
                hazard=hazard,
                heads=tuple(self.states[cell] for cell in transfer.heads),
                by=transfer.flow is not None and transfer.flow.by is not None,
                flow=numbers[transfer.flow, transfer.label] if transfer.flow is not None else OUTSIDE,
            )

    def value_of(self, node: Part, name: str) -> int:
        """The number of the value slot that holds a part of a flow."""
        return self.slot(node, None, name).index

    def measured(self) -> tuple[tuple[int, ...], dict[Key, int]]:
        """One integral for each expression that a measure looks back over."""
        slots: list[int] = []
        integral_of: dict[Key, int] = {}
        for name, metric in self.declaration.of_kind(Metric).items():
            for node in descend(metric, self.names):
                if isinstance(node, SoFar | Trailing):
                    shape = self.shape(node.of)
                    for label in (None,) if shape is None else shape.labels:
                        made = self.at(node.of, label)
                        if not (isinstance(made, Slot) and made.kind == "value"):
                            made = self.assign(made, name)
                        if made.index not in slots:
                            slots.append(made.index)
                        integral_of[node.of, label] = slots.index(made.index)
        return tuple(slots), integral_of

    def counted(self, unit: str) -> tuple[int, ...]:
        return tuple(index for cell, index in self.states.items() if str(cell.stock.unit) == unit)

    def crossing(self, moves: tuple[Move, ...], integrals: tuple[int, ...]) -> tuple[dict[str, int], tuple[int, ...]]:
        """An integral of what comes from outside less what goes there, for each counted unit where something does."""
        crossing: dict[str, int] = {}
        for unit in self.declaration.counts:
            states = self.counted(unit)
            came = [move.rate for move in moves if move.source == OUTSIDE and move.destination in states]
            went = [move.rate for move in moves if move.destination == OUTSIDE and move.source in states]
            if came or went:
                net = add(Slot("value", rate) for rate in came)
                for rate in went:
                    net = Apply("-", (net, Slot("value", rate)))
                crossing[unit] = len(integrals)
                integrals = (*integrals, self.assign(net, f"{unit} from outside").index)
        return crossing, integrals

    def flow_labels(self) -> list[tuple[Flow, str | None]]:
        return [(flow, label) for flow, labels in self.transfers.of_flow.items() for label in labels]

    def layout(self) -> Layout:
        columns: dict[tuple[str, str | None], Column] = {}
        for name, symbol in self.declaration.symbols.items():
            if isinstance(symbol, Stock):
                for label in self.labels(symbol):
                    columns[name, label] = Column("state", tuple(self.states[cell] for cell in self.transfers.cells[symbol, label]))
            elif isinstance(symbol, Group):
                columns[name, None] = Column("state", tuple(self.states[cell] for cell in self.transfers.cells_of(symbol)))
            elif isinstance(symbol, Staff):
                made = self.known[self.paces[symbol], None]
                columns[f"{name}.pace", None] = Column("value", (made.index,))
            elif isinstance(symbol, Expression) and self.is_computed(symbol):
                for label in self.labels(symbol):
                    made = self.known[symbol, label]
                    columns[name, label] = Column(made.kind, (made.index,))
        return Layout(
            parameters=tuple((self.names[parameter], label) for parameter, label in self.parameters),
            switches=tuple(self.names[switch] for switch in self.switches),
            states=tuple(self.declaration.write(cell) for cell in self.states),
            values=tuple(self.value_names),
            flows=tuple((self.names[flow], label) for flow, label in self.flow_labels()),
            columns=columns,
        )


def add(parts: Iterator[Expression]) -> Expression:
    """The sum, first to last; 0 of nothing."""
    total: Expression | None = None
    for part in parts:
        total = part if total is None else Apply("+", (total, part))
    return Number(0.0) if total is None else total


def inner(node: Expression) -> Iterator[Expression]:
    yield node
    for child in children(node):
        yield from inner(child)


def rebuilt(node: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """A lowered node with each node directly below it changed."""
    match node:
        case Apply():
            return Apply(node.function, tuple(map(change, node.arguments)))
        case Table():
            return Table(change(node.argument), node.across, node.up, node.unit)
        case Gate(off=Expression() as off):
            return Gate(node.switch, change(node.signal), change(off))
        case _:
            return node


def likeness(node: Expression) -> object:
    """A key that two lowered expressions share if and only if they are the same tree."""
    match node:
        case Number():
            return node.value
        case Slot():
            return (node.kind, node.index)
        case Apply():
            return (node.function, *map(likeness, node.arguments))
        case _:
            return node
