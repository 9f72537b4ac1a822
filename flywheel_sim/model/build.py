"""From a class body to a checked declaration: the checks, in the order in which they can be understood.

Each message names the equation, its place and the fix, and the first one stops: what comes after a wrong
equation is seldom worth reading.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

from flywheel_sim.errors import ModelError, UnitError
from flywheel_sim.expressions import (
    Dimension,
    Expression,
    Gate,
    Labelled,
    Time,
    lift,
)
from flywheel_sim.model.check import Check, name_of, refuse_condition, unit_fix
from flywheel_sim.model.declaration import Declaration
from flywheel_sim.model.measures import Gain, Measure
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import (
    Auxiliary,
    Cell,
    Claim,
    Edge,
    Flow,
    Group,
    Metric,
    Pace,
    Parameter,
    Staff,
    Stock,
    Switch,
)
from flywheel_sim.model.text import write
from flywheel_sim.model.transfers import Transfers
from flywheel_sim.units import ONE, TIME_WORDS, Unit, conversion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["SETTINGS", "build"]

# Names in a class body that say something about the model instead of declaring a part of it.
SETTINGS = frozenset({"time_unit", "counts", "headline", "panel", "diagram", "claims", "outlay", "balance"})

Kind = TypeVar("Kind")


def build(model: str, body: Mapping[str, object], places: Mapping[str, str]) -> Declaration:
    """Make and check a declaration.

    Args:
        model: the name of the class.
        body: its namespace.
        places: ``file:line`` of each name.

    Raises:
        ModelError: at the first thing that cannot be meant.
    """
    return Build(model, body, places).declaration()


class Build:
    def __init__(self, model: str, body: Mapping[str, object], places: Mapping[str, str]) -> None:
        self.model = model
        self.body = body
        self.places = places
        self.symbols = {
            name: value for name, value in body.items() if name not in SETTINGS and isinstance(value, Expression | Switch | Staff)
        }
        self.names: dict[object, str] = {value: name for name, value in self.symbols.items()}
        self.time_unit = str(body.get("time_unit", "month"))
        if self.time_unit not in TIME_WORDS:
            raise self.fault("time_unit", f' = "{self.time_unit}" is no word for time', f"use one of {', '.join(TIME_WORDS)}")
        # What each symbol is made of, down to other symbols: walked once, looked at often.
        self.parts = {name: tuple(descend(symbol, self.names)) for name, symbol in self.symbols.items()}
        self.check = Check(self.time_unit)
        self.initial = Check(self.time_unit, initial=True)
        self.measuring: dict[Expression, bool] = {}
        self.measured = Check(self.time_unit, measures=True)

    def declaration(self) -> Declaration:
        self.names_are_fit()
        self.everything_is_named()
        self.equations_agree()
        transfers = self.take_apart()
        scales = self.metrics_agree()
        self.everything_is_used()
        self.levers_are_fit()
        units, shapes = self.units_and_shapes()
        return Declaration(
            name=self.model,
            note=str(self.body.get("__doc__") or "").strip(),
            time_unit=self.time_unit,
            counts=self.counts(),
            symbols=self.symbols,
            names=self.names,
            switches=self.switches(),
            units=units,
            shapes=shapes,
            scales=scales,
            transfers=transfers,
            headline=self.setting("headline"),
            panel=self.panel(),
            outlay=self.setting("outlay"),
            balance=self.setting("balance"),
            diagram=str(self.body.get("diagram", "")),
            claims=self.claims(),
            places=self.places,
        )

    # Telling what is wrong

    @contextlib.contextmanager
    def blame(self, name: str, equation: object = None) -> Iterator[None]:
        """Name the equation in whatever is found wrong inside."""
        try:
            yield
        except ModelError as error:
            top = equation is self.symbols.get(name)
            detail = error.detail or (f"{name} = {write(equation, self.names, top=top)}" if equation is not None else "")
            raise type(error)(
                f"{self.model}.{name}: {error.cause}", place=self.places.get(name, ""), detail=detail, fix=error.fix
            ) from None

    def fault(self, word: str, cause: str, fix: str) -> ModelError:
        """What is wrong with a setting of the class."""
        return ModelError(f"{self.model}.{word}{cause}", place=self.places.get(word, ""), fix=fix)

    def of_kind(self, kind: type[Kind]) -> list[tuple[str, Kind]]:
        return [(name, symbol) for name, symbol in self.symbols.items() if isinstance(symbol, kind)]

    def route(self, flow: Flow) -> str:
        return f"{write(flow.source, self.names)} >> {write(flow.destination, self.names)}"

    # Names

    def names_are_fit(self) -> None:
        for name in self.symbols:
            if name.startswith("_") or name in {"time", "outside"}:
                with self.blame(name):
                    raise ModelError(
                        f"{name!r} cannot be a name in a model", fix="use a word of its own that does not start with an underscore"
                    )

    def everything_is_named(self) -> None:
        """What is declared without a name would be lost; what is used without one could not be reported."""
        for name, stock in self.of_kind(Stock):
            for flow in stock.flows:
                if flow not in self.names:
                    with self.blame(name):
                        raise ModelError(
                            f"the flow {self.route(flow)} has no name in this model, so it would be lost",
                            fix=f"write some_name = flow({self.route(flow)}, ...)",
                        )
        for name, parts in self.parts.items():
            for node in parts:
                if node not in self.names:
                    with self.blame(name):
                        self.is_named(node)

    def is_named(self, node: Expression) -> None:
        kind = type(node).__name__.lower()
        if isinstance(node, Parameter | Stock | Flow | Auxiliary | Metric):
            what = f"{kind} ({node.note or 'without a note'})"
            raise ModelError(
                f"it uses a {what} that has no name in this model",
                fix="give it a name in this class; a model cannot use the parts of another",
            )
        staff = node.staff if isinstance(node, Pace) else None
        if staff is not None and staff not in self.names:
            raise ModelError(
                "it goes at the pace of a staff that has no name in this model", fix="write some_name = staff(...) first, and use that name"
            )
        if isinstance(node, Gate) and node.switch not in self.names:
            label = node.switch.label
            raise ModelError(
                f"the loop {label} has no name in this model", fix=f'write some_name = loop("{label}", ...) first, and use that name'
            )

    # Units and labels

    def equations_agree(self) -> None:
        for name, symbol in self.symbols.items():
            if isinstance(symbol, Stock):
                self.initial_agrees(name, symbol)
            elif isinstance(symbol, Flow):
                with self.blame(name):
                    self.flow_agrees(symbol)
            elif isinstance(symbol, Staff):
                with self.blame(name, symbol.places):
                    self.check.unit(symbol.places)
                    if self.check.shape(symbol.places) is not None:
                        raise ModelError("the places of a staff are one number", fix="add them up with total(...)")
            elif isinstance(symbol, Auxiliary):
                with self.blame(name, symbol.expression):
                    self.check.shape(symbol)
                    found = self.check.unit(symbol.expression)
                    fix = "" if found is None else unit_fix(found, symbol.unit, symbol.expression)
                    expect(found, symbol.unit, "declared in {wanted}, but its equation is in {found}", fix)
                    refuse_condition(symbol.expression)
            elif isinstance(symbol, Expression) and not self.is_measured(symbol):
                with self.blame(name, symbol):
                    self.check.shape(symbol)
                    self.check.unit(symbol)
                    refuse_condition(symbol)

    def is_measured(self, symbol: Expression) -> bool:
        """Whether an expression speaks of a finished run, so that only metrics can use it."""
        if symbol not in self.measuring:
            parts = self.parts[self.names[symbol]]
            measures = any(isinstance(node, Measure | Metric) for node in (symbol, *parts))
            self.measuring[symbol] = measures or any(node in self.names and self.is_measured(node) for node in parts)
        return self.measuring[symbol]

    def initial_agrees(self, name: str, stock: Stock) -> None:
        with self.blame(name, stock.initial):
            values = [lift(value) for value in stock.initial.values.values()] if isinstance(stock.initial, Labelled) else [stock.initial]
            for value in values:
                self.initial.shape(value)
                expect(self.initial.unit(value), stock.unit, "a stock in {wanted} cannot start with {found}")
                if any(isinstance(node, Stock | Flow | Group | Edge | Pace | Time | Measure) for node in (value, *descend(value))):
                    raise ModelError(
                        "an initial value is made of parameters and numbers only", fix="use what is known before the run starts"
                    )
            self.check.shape(stock)

    def flow_agrees(self, flow: Flow) -> None:
        ends = [end for end in (flow.source, flow.destination) if isinstance(end, Expression)]
        units = [self.check.unit(end) or ONE for end in ends]
        route = self.route(flow)
        if len(set(units)) > 1:
            raise UnitError(
                f"{route} joins {units[0]} and {units[1]}",
                fix="a flow moves one thing: give both ends the same unit, or use outside for one",
            )
        wanted = units[0] / self.check.time
        per = ""
        if flow.hazard is not None:
            heads = flow.by if flow.by is not None else ends[0]
            unit = self.check.unit(heads) or ONE
            wanted, per = wanted / unit, f" (per head of {write(heads, self.names)})"
        word, equation = ("hazard", flow.hazard) if flow.hazard is not None else ("rate", flow.rate)
        assert equation is not None
        with self.equation(word, equation):
            self.check.shape(equation)
            found = self.check.unit(equation)
            fix = "" if found is None else self.other_word(flow, found, wanted) or unit_fix(found, wanted, equation)
            expect(found, wanted, f"the {word} of {route} must be in {{wanted}}{per}, but is in {{found}}", fix)
            refuse_condition(equation)
        self.check.shape(flow)
        if flow.served_by is not None:
            pool, places = self.names.get(flow.served_by, "its staff"), self.check.unit(flow.served_by.places)
            expect(places, units[0], f"the places of {pool} must be in {{wanted}}, as what they serve, but are in {{found}}")

    def other_word(self, flow: Flow, found: Unit, wanted: Unit) -> str:
        """The remedy where a total was given per head, or the other way round."""
        heads = flow.source if flow.by is None else flow.by
        per_head = (self.check.unit(heads) if isinstance(heads, Expression) else None) or ONE
        who = write(heads, self.names)
        if flow.hazard is not None and found == wanted * per_head:
            instead = "hazard=" if flow.by is None else "hazard= and by="
            return f"this is a total: write rate= instead of {instead}, or divide it by something in {per_head}"
        if flow.rate is not None and found == wanted / per_head and per_head != ONE:
            return f"this is per head of {who}: write hazard= instead of rate=, or multiply it by {who}"
        return ""

    @contextlib.contextmanager
    def equation(self, word: str, equation: Expression) -> Iterator[None]:
        """Show an equation in whatever is found wrong with it."""
        try:
            yield
        except ModelError as error:
            raise type(error)(error.cause, detail=f"{word} = {write(equation, self.names)}", fix=error.fix) from None

    def take_apart(self) -> Transfers:
        for name, staff in self.of_kind(Staff):
            if not any(flow.served_by is staff for _, flow in self.of_kind(Flow)):
                with self.blame(name):
                    raise ModelError("this staff serves nothing", fix=f"give a flow served_by={name}, or leave the staff out")
        transfers = Transfers([stock for _, stock in self.of_kind(Stock)], self.check.shape)
        for name, parts in self.parts.items():
            for group in (node for node in (self.symbols[name], *parts) if isinstance(node, Group)):
                with self.blame(name):
                    self.counts_once(group, transfers)
        for name, flow in self.of_kind(Flow):
            with self.blame(name):
                self.goes_elsewhere(flow, transfers)
                transfers.add(flow)
        for name, stock in self.of_kind(Stock):
            with self.blame(name):
                transfers.advance(stock)
        return transfers

    def counts_once(self, group: Group, transfers: Transfers) -> None:
        seen: set[Cell] = set()
        for member in group.members:
            cells = transfers.cells_of(member)
            if not seen.isdisjoint(cells):
                raise ModelError(f"this group names {write(member, self.names)} twice", fix="name each stock, and each label of it, once")
            seen.update(cells)

    def goes_elsewhere(self, flow: Flow, transfers: Transfers) -> None:
        if not set(transfers.cells_of(flow.source)).isdisjoint(transfers.cells_of(flow.destination)):
            there = write(flow.destination, self.names)
            raise ModelError(
                f"{self.route(flow)} goes nowhere for those who are in {there} already",
                fix="make source and destination two different stocks, or two labels of one",
            )

    def metrics_agree(self) -> dict[Metric, float]:
        """How many of its declared unit one of what each metric measures is."""
        scales = {}
        for name, symbol in self.of_kind(Metric):
            with self.blame(name, symbol.expression):
                units = self.units_of_stocks()
                if any(isinstance(part, Gain) for part in self.parts[name]) and not set(self.counts()) & set(units):
                    raise ModelError(
                        f"gain() follows individuals, and no stock is in {', '.join(self.counts())}",
                        fix=f"write counts = ... at the top of the class, with the unit that counts individuals: {', '.join(units)}",
                    )
                shape = self.measured.shape(symbol.expression)
                if shape is not None:
                    raise ModelError(
                        f"a metric is one number, this is one each for {', '.join(shape.labels)}",
                        fix="add them up with total(...) or pick one",
                    )
                found = self.measured.unit(symbol.expression)
                scale = 1.0 if found is None else conversion(found, symbol.unit)
                if scale is None:
                    expect(found, symbol.unit, "declared in {wanted}, but measured in {found}")
                refuse_condition(symbol.expression)
                scales[symbol] = scale or 1.0
        return scales

    # The whole

    def everything_is_used(self) -> None:
        nodes = [node for parts in self.parts.values() for node in parts]
        gates = [node for node in (*nodes, *self.symbols.values()) if isinstance(node, Gate)]
        used: set[object] = {*nodes, *(gate.switch for gate in gates)}
        for name, symbol in self.symbols.items():
            if symbol in used or not isinstance(symbol, Parameter | Switch):
                continue
            with self.blame(name):
                if isinstance(symbol, Parameter):
                    raise ModelError(
                        "nothing uses this parameter", fix="use it in an equation or take it out: a number that changes nothing misleads"
                    )
                raise ModelError("it gates nothing", fix=f"write {name}.gate(signal, off=value) where it acts, or take it out")
        if not self.of_kind(Stock):
            raise ModelError(
                f"{self.model} declares no stock, so there is nothing to simulate",
                place=self.places.get("__qualname__", ""),
                fix='write some_name = stock(0, "account") for what accumulates, and a flow into it',
            )

    def levers_are_fit(self) -> None:
        for name, parameter in self.of_kind(Parameter):
            if parameter.role == "lever" and parameter.dimension is not None:
                with self.blame(name):
                    raise ModelError(
                        f"a lever is one number, this is one each for {', '.join(parameter.dimension.labels)}",
                        fix="declare a lever for each label, or use param(...) if no strategy sets it",
                    )
        splits = [name for name, parameter in self.of_kind(Parameter) if parameter.role == "split"]
        if len(splits) > 1:
            with self.blame(splits[1]):
                raise ModelError(f"a model has one split, and {splits[0]} is it", fix="use levers for the other shares")

    def switches(self) -> dict[str, Switch]:
        """The loops and frictions with a value for when they do not run."""
        nodes = {node for name, parts in self.parts.items() for node in (*parts, self.symbols[name])}
        gated = {node.switch for node in nodes if isinstance(node, Gate) and node.off is not None}
        return {name: switch for name, switch in self.of_kind(Switch) if switch in gated}

    def units_and_shapes(self) -> tuple[dict[str, Unit], dict[str, Dimension | None]]:
        units: dict[str, Unit] = {}
        shapes: dict[str, Dimension | None] = {}
        for name, symbol in self.of_kind(Expression):
            check = self.measured if isinstance(symbol, Metric) or self.is_measured(symbol) else self.check
            units[name] = check.unit(symbol) or ONE
            shapes[name] = check.shape(symbol)
        return units, shapes

    def units_of_stocks(self) -> list[str]:
        return sorted({str(stock.unit) for _, stock in self.of_kind(Stock)})

    def counts(self) -> tuple[str, ...]:
        stated = self.body.get("counts")
        if stated is None:
            return ("account",)
        counts = (stated,) if isinstance(stated, str) else tuple(map(str, stated)) if isinstance(stated, tuple | list) else ()
        units = self.units_of_stocks()
        for unit in counts or (str(stated),):
            if unit not in units:
                raise self.fault("counts", f' = "{unit}", but no stock is in {unit}', f"the stocks are in {', '.join(units)}")
        return counts

    def setting(self, word: str) -> Expression | None:
        node = self.body.get(word)
        return None if node is None else self.one_number(word, node)

    def panel(self) -> tuple[Expression, ...]:
        stated = self.body.get("panel", ())
        return tuple(self.one_number("panel", node) for node in (stated if isinstance(stated, tuple | list) else (stated,)))

    def claims(self) -> tuple[Claim, ...]:
        stated = self.body.get("claims", ())
        claims = tuple(stated) if isinstance(stated, tuple | list) else (stated,)
        if not all(isinstance(claim, Claim) for claim in claims):
            raise self.fault("claims", " holds something that is no claim", "make each with claim(number, sentence, test)")
        return claims

    def one_number(self, word: str, node: object) -> Expression:
        if isinstance(node, Metric | Stock | Group | Auxiliary | Flow) and node in self.names:
            check = self.measured if isinstance(node, Metric) else self.check
            if check.shape(node) is None:
                return node
        bare = ", without quotation marks" if isinstance(node, str) else ""
        raise self.fault(word, " must be one number that has a name in this model", f"write {word} = some_metric, a stock or a group{bare}")


def expect(found: Unit | None, wanted: Unit, message: str, fix: str = "") -> None:
    """Refuse a unit that is not the one wanted; 0 fits any."""
    if found is not None and found != wanted:
        raise UnitError(message.format(wanted=name_of(wanted), found=name_of(found)), fix=fix or unit_fix(found, wanted))
