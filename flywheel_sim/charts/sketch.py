"""From a model and a run of it to a diagram, without drawing anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import amount, called, capital, moment, name_in_words, number
from flywheel_sim.charts.build import View
from flywheel_sim.charts.diagram import Box, Diagram, Influence, LoopNote, Outline, Pipe
from flywheel_sim.charts.text import clean, shortened
from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.expressions import Gate, Outside
from flywheel_sim.model import ModelKind, declaration
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import End, Flow, Group, Loop, Stock, Switch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flywheel_sim.model import Declaration
    from flywheel_sim.result import Result, Run
    from flywheel_sim.study import Study

__all__ = ["diagram"]

MOST_NAMED = 2  # flows of one pipe that its label names


def diagram(
    source: Study | ModelKind, result: Result, strategy: str | None = None, month: float | None = None, *, command: str = ""
) -> Diagram:
    """Stocks, flows and loops of a model, with values at a month.

    Stocks stand where the model's ``diagram`` puts them: lines of names, in which a name's first character is its
    place. Flows between the same two places that the same loops carry are one arrow, and those out of every member
    of a group to one place are an arrow out of the group.

    Args:
        source: the study that was run, or the model that was simulated.
        result: of the run.
        strategy: whose values; the challenger, or the only one, unless told otherwise.
        month: a saved time, in the model's time unit; the end unless told otherwise.
        command: that makes the chart again, for the footer.

    Raises:
        UsageError: if there is no such strategy or saved time, the model has no sketch, or the sketch names a stock
            that there is not, or one twice.
    """
    model = declaration(source) if isinstance(source, ModelKind) else source.declaration
    if strategy is None:
        strategy = result.comparison["challenger"] if result.comparison else next(iter(result.runs))
    run = result[strategy]
    scenario = None if isinstance(source, ModelKind) else source.scenario
    off = frozenset(scenario.strategies[strategy].off) if scenario is not None and strategy in scenario.strategies else None
    places = sketched(model)
    missing = [name for name in (*places, *model.of_kind(Flow)) if name not in run]
    if missing:
        raise UsageError(
            f"the result has no series {missing[0]!r}: it is of the model {clean(result.about.model)}, not of {model.name}",
            fix="pass the study or the model that was run",
        )
    return Sketch(model, run, saved(run, month, result), places, off, result).diagram(command)


def saved(run: Run, month: float | None, result: Result) -> int:
    """The number of a saved time."""
    if month is None:
        return len(run.times) - 1
    found = [index for index, time in enumerate(run.times) if math.isclose(time, month, abs_tol=1e-9)]
    if not found:
        unit = clean(result.about.time_unit)
        raise UsageError(
            f"{unit} {month:g} was not saved", fix=f"name a saved time from {unit} {run.times[0]:g} to {unit} {run.times[-1]:g}"
        )
    return found[0]


def sketched(model: Declaration) -> dict[str, tuple[int, int]]:
    """The row and column of every stock in the model's sketch, in reading order.

    Raises:
        UsageError: if there is no sketch, or it names what is no stock, or a stock twice.
    """
    stocks = model.of_kind(Stock)
    found: dict[str, tuple[int, int]] = {}
    for row, line in enumerate(model.diagram.expandtabs().splitlines()):
        column = 0
        for name in line.split():
            column = line.index(name, column)
            if name not in stocks:
                raise UsageError(
                    f"the diagram of {model.name} names {name!r}, which is no stock", fix=nearest(name, stocks, "its stocks are")
                )
            if name in found:
                raise UsageError(f"the diagram of {model.name} names {name} twice", fix="leave one of them out: a stock has one place")
            found[name] = (row, column)
            column += len(name)
    if not found:
        raise UsageError(
            f"{model.name} does not say where its stocks stand",
            fix=f'write diagram = """ lines of their names """ in the model, or have Graphviz place them: dot_text({model.name})',
        )
    return found


class Sketch:
    """A model and a run of it, on the way to a diagram."""

    def __init__(
        self, model: Declaration, run: Run, index: int, places: Mapping[str, tuple[int, int]], off: frozenset[str] | None, result: Result
    ) -> None:
        self.model, self.run, self.index, self.places, self.off, self.result = model, run, index, places, off, result
        self.currency = clean(result.about.currency)
        units = dict.fromkeys(str(stock.unit) for stock in model.of_kind(Stock).values())
        self.counted = [unit for unit in units if unit in model.counts] or list(units)  # where nobody is counted, all is the story
        self.carried = {name: self.loops_of(flow) for name, flow in model.of_kind(Flow).items()}
        self.tags = {name: self.tags_of(name, flow) for name, flow in model.of_kind(Flow).items()}
        self.groups = self.outlined()

    def diagram(self, command: str) -> Diagram:
        pipes, left_out = self.pipes()
        stocks = tuple(name for name in self.model.of_kind(Stock) if name not in self.places)
        title, subtitle = self.words(left_out + stocks)
        return Diagram(
            title=title,
            subtitle=subtitle,
            footer=View(self.result).footer(command),
            time=self.run.times[self.index],
            boxes=tuple(map(self.box, self.places)),
            outlines=tuple(self.outline(name, members) for name, members in self.groups.items()),
            pipes=pipes,
            influences=self.influences(),
            loops=self.loops(),
            left_out=left_out + stocks,
        )

    # Values

    def value(self, name: str) -> float:
        """Of a series at the time of the diagram, its labels added up."""
        return sum(self.run.value(name, self.index, label) for label in self.run.about(name).labels)

    def written(self, value: float, unit: str) -> str:
        if not math.isfinite(value):
            return "–"
        if unit.startswith("$"):
            return amount(value, self.currency) + unit.removeprefix("$")
        return whole(value)

    # Stocks and groups

    def box(self, name: str) -> Box:
        stock, (row, column) = self.model.of_kind(Stock)[name], self.places[name]
        unit, value = str(stock.unit), self.value(name)
        label = self.written(value, unit)
        counted = unit in self.counted
        if not unit.startswith("$") and unit != "1" and (not counted or (len(self.counted) > 1 and f"{unit}s" != name)):
            label += f" {plural(value, unit)}"
        return Box(name, name_in_words(name), value, label, unit, counted, column, row)

    def outline(self, name: str, members: tuple[str, ...]) -> Outline:
        value = self.value(name)
        return Outline(name, name_in_words(name), value, self.written(value, str(self.model.units[name])), members)

    def outlined(self) -> dict[str, tuple[str, ...]]:
        """The groups that an outline can show: all members placed, nobody else among them, no other group's member."""
        found: dict[str, tuple[str, ...]] = {}
        for name, group in self.model.of_kind(Group).items():
            members = tuple(dict.fromkeys(self.model.names[cell.stock] for cell in self.model.transfers.cells_of(group)))
            taken = {one for others in found.values() for one in others}
            if len(members) > 1 and all(one in self.places and one not in taken for one in members) and self.together(members):
                found[name] = members
        return found

    def together(self, members: tuple[str, ...]) -> bool:
        """Whether the rectangle around some stocks holds no other."""
        rows, columns = zip(*(self.places[name] for name in members), strict=True)
        return not any(
            min(rows) <= row <= max(rows) and min(columns) <= column <= max(columns)
            for name, (row, column) in self.places.items()
            if name not in members
        )

    def place_of(self, end: End) -> str | None:
        """The name of the box or outline that stands for the end of a flow; None where it is not drawn."""
        if isinstance(end, Group):
            name = self.model.names.get(end, "")
            return name if name in self.groups else None
        cells = self.model.transfers.cells_of(end)  # none of outside
        name = self.model.names[cells[0].stock] if cells else ""
        return name if name in self.places else None

    # Flows

    def pipes(self) -> tuple[tuple[Pipe, ...], tuple[str, ...]]:
        """What moves between the places, and the flows that cannot be drawn."""
        found: dict[tuple[str | None, str | None, tuple[str, ...]], list[str]] = {}
        ends: dict[str, tuple[str | None, str | None]] = {}
        left_out: list[str] = []
        for name, flow in self.model.of_kind(Flow).items():
            pair = (self.place_of(flow.source), self.place_of(flow.destination))
            hidden = any(
                place is None and not isinstance(end, Outside) for place, end in zip(pair, (flow.source, flow.destination), strict=True)
            )
            if hidden or pair[0] == pair[1]:
                left_out.append(name)
            else:
                ends[name] = (pair[0], pair[1])
        for group, members in self.groups.items():
            for destination in dict.fromkeys(end for _, end in ends.values()):
                leaving = [name for name, (source, end) in ends.items() if source in members and end == destination]
                if destination not in members and {ends[name][0] for name in leaving} == set(members):
                    ends |= dict.fromkeys(leaving, (group, destination))
        for name, (source, destination) in ends.items():
            gathered = source in self.groups and source != self.model.names.get(self.model.of_kind(Flow)[name].source)
            found.setdefault((source, destination, () if gathered else self.carried[name]), []).append(name)
        return tuple(self.pipe(source, end, tuple(names)) for (source, end, _), names in found.items()), tuple(left_out)

    def pipe(self, source: str | None, destination: str | None, names: tuple[str, ...]) -> Pipe:
        rate = sum(map(self.value, names))
        unit = str(self.model.units[names[0]])
        called_so = ", ".join(map(name_in_words, names)) if len(names) <= MOST_NAMED else ""
        place = source or destination or ""
        stocks = str(self.model.of_kind(Stock)[self.groups.get(place, (place,))[0]].unit)
        tags = tuple(tag for tag in self.tags[names[0]] if all(tag in self.tags[name] for name in names))
        rated = amount(rate, self.currency) if unit.startswith("$") and math.isfinite(rate) else brief(rate)
        return Pipe(source, destination, names, rate, stocks, called_so, rated, tags, stocks in self.counted)

    def influences(self) -> tuple[Influence, ...]:
        """Who causes a flow that does not leave them, as far as a loop that runs carries it."""
        found = []
        for name, flow in self.model.of_kind(Flow).items():
            place = None if flow.by is None else self.place_of(flow.by)
            loops = tuple(loop for loop in self.carried[name] if self.own(loop, flow))
            if place is not None and loops and place != self.place_of(flow.source):
                tags = tuple(clean(self.model.switches[loop].label) for loop in loops)
                found.append(Influence(place, name, tags, ", ".join(map(name_in_words, loops)), any(map(self.running, loops))))
        return tuple(found)

    def own(self, loop: str, flow: Flow) -> bool:
        """Whether a loop is of those who cause a flow, and not a condition of every flow from there."""
        return not any(
            loop in self.carried[name]
            for name, other in self.model.of_kind(Flow).items()
            if other.by is None and other.source is flow.source
        )

    # Loops

    def running(self, name: str) -> bool:
        return self.off is None or name not in self.off

    def loops_of(self, flow: Flow) -> tuple[str, ...]:
        """The loops that can be switched off and act on a flow by equations alone, not by way of a stock."""
        gates = {node.switch for node in descend(flow) if isinstance(node, Gate)}
        return tuple(name for name, switch in self.model.switches.items() if isinstance(switch, Loop) and switch in gates)

    def tags_of(self, name: str, flow: Flow) -> tuple[str, ...]:
        """Of the loops that run and carry a flow, and of the friction that it is."""
        loops = sorted(self.model.switches[loop].label for loop in self.carried[name] if self.running(loop))
        friction = [
            switch.label for switch_name, switch in self.model.switches.items() if switch is flow.friction and self.running(switch_name)
        ]
        return tuple(map(clean, (*loops, *friction)))

    def loops(self) -> tuple[LoopNote, ...]:
        found = []
        for name, switch in self.model.of_kind(Switch).items():
            switchable = name in self.model.switches
            kind = "friction" if not isinstance(switch, Loop) else "reinforcing" if switchable else "balancing"
            runs = True if not switchable else None if self.off is None else name not in self.off
            found.append(LoopNote(clean(switch.label), name_in_words(name), clean(switch.note), kind, runs))
        return tuple(found)

    # Words

    def words(self, left_out: tuple[str, ...]) -> tuple[str, str]:
        """Title and subtitle."""
        unit = clean(self.result.about.time_unit)
        time = self.run.times[self.index]
        when = "at the start" if time == 0 else f"in {moment(time, unit)}"
        many = len(self.result.runs) > 1
        start = f"{capital(called(shortened(self.run.name)))} {when}" if many else capital(when)
        what = " and ".join(f"{clean(one)}s" for one in self.counted)
        subtitle = f"Boxes hold {what}; arrows move them, the wider the more, with the number a {unit}"
        if any(str(self.model.of_kind(Stock)[name].unit) not in self.counted for name in self.places):
            subtitle += "; in grey, what else accumulates"
        if left_out:
            subtitle += f"; not drawn: {', '.join(map(name_in_words, left_out))}"
        return f"{start}: {self.finding(unit)}", subtitle

    def finding(self, unit: str) -> str:
        """The headline, and who comes to it and goes."""
        first = (*self.run.metric_names, *self.places)[0]
        headline = self.model.symbols[first] if self.model.headline is None else self.model.headline
        name = first if self.model.headline is None else self.model.names[headline]
        said, value, measured = name_in_words(name), self.value(name), self.run.about(name).unit
        held = self.written(value, measured)
        if not isinstance(headline, Group | Stock):
            return f"{said} {held}"
        unit_said = "" if measured.startswith("$") or measured == "1" else f" {plural(value, measured)}"
        held = f"{held} {said}" if said.endswith("s") else f"{said} {held}{unit_said}"
        come, go = self.across(headline)
        return held if come is None or go is None else f"{held}; {brief(come)} come and {brief(go)} go a {unit}"

    def across(self, place: Group | Stock) -> tuple[float | None, float | None]:
        """What comes to a stock or group and what leaves it; None where a flow also touches others."""
        inside = {cell.stock for cell in self.model.transfers.cells_of(place)}
        rates = {"into": 0.0, "out_of": 0.0}
        for name, flow in self.model.of_kind(Flow).items():
            sources, ends = ({cell.stock for cell in self.model.transfers.cells_of(end)} for end in (flow.source, flow.destination))
            if sources & inside and not sources <= inside:
                return None, None
            if bool(sources & inside) != bool(ends & inside):
                rates["out_of" if sources & inside else "into"] += self.value(name)
        return rates["into"], rates["out_of"]


def brief(value: float) -> str:
    """A rate to two digits: enough for a label, and steady from month to month."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 9.95:
        return number(value) if size >= 99.5 else f"{value:.0f}"
    return f"{value:.1f}" if size >= 0.995 else "0" if value == 0 else f"{value:.2f}" if size >= 0.095 else f"{value:.1g}"


def whole(value: float) -> str:
    """What a stock holds: whole numbers, from ten on."""
    return number(value) if abs(value) >= 99.5 else f"{value:.0f}" if abs(value) >= 9.95 or value == 0 else f"{value:.1f}"


def plural(value: float, unit: str) -> str:
    return unit if whole(value) == "1" else {"person": "people"}.get(unit, f"{unit}s")
