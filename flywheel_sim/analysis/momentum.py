"""Momentum: how large and how fast a wheel is, what slows it, what pushes it, and how far it rolls when the push stops.

All of it is measured. The coast test stops all spending in a month and counts who is won all the same; the holding force
is the least spending that keeps a month's speed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.ways import stands_still, ways
from flywheel_sim.errors import UsageError
from flywheel_sim.expressions import Apply, Expression, Number, Slot, Total
from flywheel_sim.model.symbols import Flow
from flywheel_sim.program import OUTSIDE, Lowered, Move, Program, key
from flywheel_sim.program.metrics import added
from flywheel_sim.records import Record, replace
from flywheel_sim.result.series import undefined_to_none

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "Coast",
    "Holding",
    "Marks",
    "Measured",
    "Momentum",
    "amplifier",
    "crossing",
    "evenly",
    "half_life",
    "headline_of",
    "holding_ranges",
    "is_driven",
    "measures_of",
    "saved_times",
    "way_to",
]

Numbers = tuple[float, ...]
ROUNDING = 1e-9  # of the speed to be kept: as much as this is missing by rounding alone


class Measured(Record):
    """A number about a wheel.

    Attributes:
        name: by which it is called.
        value: NaN where it is not defined.
        unit: of the value.
        meaning: what it says, in a sentence.
    """

    name: str
    value: float
    unit: str
    meaning: str

    def as_json(self) -> dict[str, Any]:
        """The same with null for what is not defined."""
        return {"name": self.name, "value": undefined_to_none(self.value), "unit": self.unit, "meaning": self.meaning}


class Coast(Record):
    """What becomes of a wheel that is no longer pushed, for each month in which the push may stop.

    Whoever was on the way when the push stopped is told apart by a mark that all carry who set out later: on every arrow the
    marked go in proportion to their part of the stock they leave, as all in a stock are alike.

    Attributes:
        months: in which all spending stops.
        won: accounts won in the coast.
        pipeline: of them, those who were on the way when the spending stopped and came through without starting over.
        normal: accounts won in the same months had nothing stopped.
        share: won over normal.
        half_life: time until the speed is half of what it is right after the stop; NaN where it is not within the coast.
        size_half_life: time until the size is half of what it is at the stop; NaN likewise.
        at_once: the share of the speed that goes with the spending itself, without any delay.
    """

    months: Numbers
    won: Numbers
    pipeline: Numbers
    normal: Numbers
    share: Numbers
    half_life: Numbers
    size_half_life: Numbers
    at_once: Numbers

    def as_json(self) -> dict[str, Any]:
        """Each as a list, with null for what is not defined."""
        return lists_of(self)


class Holding(Record):
    """The least constant spending that keeps the speed of a month, for some months.

    Attributes:
        months: whose speed is to be kept.
        force: the least spending that does; NaN where none up to twice the spending of that month does, or there is no speed.
        spend: what is spent in that month; where that is nothing, the most that is ever spent.
        share: force over spend.
        several: whether the spendings that keep the speed lie in several ranges: more than the least is then not always enough.
            Ranges narrower than a sixteenth of the spending may be missed.
    """

    months: Numbers
    force: Numbers
    spend: Numbers
    share: Numbers
    several: tuple[bool, ...]

    def as_json(self) -> dict[str, Any]:
        """Each as a list, with null for what is not defined."""
        return lists_of(self)


class Momentum(Record):
    """The momentum of one strategy.

    Attributes:
        strategy: its name.
        time_unit: of all times.
        headline: the series whose accounts are won.
        unit: in which they are counted.
        force_unit: of spending: that of the levers that push, or 1, a share of what they are set to, where their units differ.
        levers: the names of the levers that push.
        months: at which everything is measured.
        horizon: the last of them; the runs go on beyond it, as they are scheduled, for as long as the coast.
        coast_months: how long a coast is.
        hold_months: for how long the speed is to be kept, in the mean.
        measures: each number at the last month.
        size: of the headline, at each month.
        speed: accounts won a unit of time, at each month.
        own_speed: of them, those brought by others or by a loop that spending does not pay for.
        gain: the loop gain K, at each month.
        amplifier: 1 / (1 - K), NaN where K is 1 or more.
        beside: the metric without which K misleads; empty where the model has none.
        beside_values: that metric, at each month.
        coast: what becomes of it without any push.
        holding: the least push that keeps its speed.
    """

    strategy: str
    time_unit: str
    headline: str
    unit: str
    force_unit: str
    levers: tuple[str, ...]
    months: Numbers
    horizon: float
    coast_months: float
    hold_months: float
    measures: tuple[Measured, ...]
    size: Numbers
    speed: Numbers
    own_speed: Numbers
    gain: Numbers
    amplifier: Numbers
    beside: str
    beside_values: Numbers
    coast: Coast
    holding: Holding

    def measure(self, name: str) -> Measured:
        """One of the measures; a ``KeyError`` where there is none of that name."""
        return {one.name: one for one in self.measures}[name]

    def as_json(self) -> dict[str, Any]:
        """Plain lists and numbers, with null for what is not defined."""
        return lists_of(self)


def lists_of(record: Record) -> dict[str, Any]:
    return {name: plain(getattr(record, name)) for name in record.__match_args__}


def plain(value: object) -> Any:
    match value:
        case tuple():
            return [plain(one) for one in value]
        case float():
            return undefined_to_none(value)
        case Measured() | Coast() | Holding():
            return value.as_json()
        case _:
            return value


# Numbers


def amplifier(gain: float) -> float:
    """How many accounts come of each one that is pushed in, itself included: 1 / (1 - K); NaN where they never stop coming."""
    return 1.0 / (1.0 - gain) if gain < 1.0 else math.nan


def half_life(times: Sequence[float], values: Sequence[float]) -> float:
    """The time until a series is first half of what it begins with; NaN where it never is, or begins with nothing.

    Between saved times it is taken to fall by the same part in equal times, which is exact for what dies away at one rate.

    Args:
        times: increasing.
        values: at these times.
    """
    half = values[0] / 2
    if not half > 0:
        return math.nan
    for index, value in enumerate(values):
        if math.isnan(value):
            return math.nan
        if value <= half:
            before, since, way = values[index - 1], times[index - 1], times[index] - times[index - 1]
            part = math.log(before / half) / math.log(before / value) if value > 0 else (before - half) / (before - value)
            return since + part * way - times[0]
    return math.nan


def holding_ranges(surplus: Sequence[float], speed: float) -> list[tuple[int, int]]:
    """The ranges of a scan in which the speed is kept, as the numbers of their first and last points.

    Args:
        surplus: mean speed less the speed to be kept, at each point; NaN where the run failed.
        speed: to be kept.
    """
    ranges: list[tuple[int, int]] = []
    for index, one in enumerate(surplus):
        if one >= -ROUNDING * speed:
            if ranges and ranges[-1][1] == index - 1:
                ranges[-1] = (ranges[-1][0], index)
            else:
                ranges.append((index, index))
    return ranges


def crossing(shares: Sequence[float], surplus: Sequence[float], first: int) -> float:
    """Where the speed begins to be kept, on a straight line from the point before the first at which it is."""
    if not first:
        return shares[0]
    below, above = surplus[first - 1], surplus[first]
    part = min(-below / (above - below), 1.0) if above > below else 1.0  # below is NaN where the run failed
    return shares[first - 1] + part * (shares[first] - shares[first - 1])


# Times


def evenly(horizon: float, every: float) -> list[float]:
    """0, every, twice every, ... and the horizon."""
    count = math.ceil(horizon / every - 1e-9)
    return [number * every for number in range(count)] + [horizon]


def saved_times(months: Iterable[float], lengths: Sequence[float]) -> list[float]:
    """Every whole month up to the last that is needed, the months themselves, and those so much later."""
    found = {key(month + length) for month in months for length in (0.0, *lengths)} | {0.0}
    return sorted(found | {float(month) for month in range(math.ceil(max(found)))})


# What the numbers mean


def measures_of(found: Iterable[tuple[str, float, str]], *, unit: str, time_unit: str, coast: float, hold: float) -> tuple[Measured, ...]:
    """Numbers with what they mean.

    Args:
        found: name, value and unit of each.
        unit: in which accounts are counted.
        time_unit: of all times.
        coast: how long a coast is.
        hold: for how long a speed is kept.
    """
    meanings = {
        "size": f"How many {unit}s the wheel holds.",
        "speed": f"How many {unit}s are won a {time_unit}.",
        "own_speed": f"How many of the {unit}s won a {time_unit} others brought, or a loop that spending does not pay for brought back.",
        "losses": f"How many of the {unit}s it holds leave a {time_unit}.",
        "lost_to_frictions": f"How many {unit}s are lost a {time_unit} because work is handed on badly.",
        "way": f"How many {time_unit}s it takes from setting out to being won, for those who are, as things are now.",
        "delay": f"How many of these {time_unit}s there would not be without frictions.",
        "force": f"What is spent a {time_unit} to push it.",
        "gain": f"How many {unit}s each {unit} brings over its life (the loop gain K), as things are now.",
        "amplifier": f"How many {unit}s come in the end of each one that is pushed in, itself included: 1 / (1 - K).",
        "beside": "The share without which the loop gain misleads.",
        "coast_won": f"How many {unit}s would be won in the next {coast:g} {time_unit}s if all spending stopped now.",
        "coast_pipeline": "How many of those are on the way already, so that stopping now only brings them in.",
        "coast_share": f"What part that is of the {unit}s that would be won in the same time if nothing stopped.",
        "coast_half_life": f"In how many {time_unit}s of coasting the speed has halved.",
        "holding_force": f"The least constant spending that keeps today's speed over the next {hold:g} {time_unit}s, split as today.",
        "holding_share": "What part that is of today's spending, or where that is nothing of the most that is ever spent.",
    }
    return tuple(Measured(name, value, measured_in, meanings[name]) for name, value, measured_in in found)


# Who is won, and who is on the way


def headline_of(lowered: Lowered, by: str) -> tuple[str, frozenset[int]]:
    """The stock or group whose accounts are won, and its states."""
    declaration = lowered.declaration
    for node in (declaration.symbols.get(by), declaration.headline):
        if isinstance(node, Expression):
            cells = declaration.transfers.cells_of(node.of if isinstance(node, Total) else node)
            if cells:
                return declaration.names[node], frozenset(lowered.cells[cell] for cell in cells)
    raise UsageError(
        f"{declaration.name} has no headline into which anybody could be won",
        fix="give the model one that is a stock or a group: headline = customers",
    )


def way_to(lowered: Lowered, name: str, inside: frozenset[int]) -> tuple[int, ...]:
    """The states on the way to the headline, without the untouched market.

    The untouched market is where accounts are that others bring, as for the loop gain. Where nobody is brought, it is
    the stock in which the way begins, unless accounts come to that from outside.
    """
    program, declaration = lowered.program, lowered.declaration
    counted = next((states for states in program.counted.values() if inside <= set(states)), ())
    if not counted:
        return ()
    found = ways(lowered, name)
    stock_of = {state: declaration.names[cell.stock] for cell, state in lowered.cells.items()}
    here = {stock_of[state] for state in counted} - found.off - found.goal
    order = [stock for stock in found.order if stock in here]
    ahead = {state for state in counted if stock_of[state] in order}
    untouched = {stock_of[move.source] for move in program.moves if move.by and move.source in ahead and move.destination in ahead | inside}
    if not untouched and order and not any(move.source == OUTSIDE and stock_of.get(move.destination) == order[0] for move in program.moves):
        untouched = {order[0]}
    return tuple(state for state in counted if state in ahead and stock_of[state] not in untouched)


def is_driven(lowered: Lowered, move: Move) -> bool:
    """Whether accounts go along an arrow because others bring them, or because a loop runs that can be switched off."""
    if move.flow == OUTSIDE:
        return False
    flow = lowered.declaration.symbols[lowered.layout.flows[move.flow][0]]
    assert isinstance(flow, Flow)
    counted = {state for states in lowered.program.counted.values() for state in states}
    brought = move.by and not counted.isdisjoint(move.heads)
    return brought or stands_still(flow.rate if flow.hazard is None else flow.hazard)


class Marks:
    """A program that is being given marks: beside each state on the way, how many in it carry the mark.

    Args:
        program: as it is.
        inside: the states of the headline.
        way: the states in which accounts can carry a mark.
    """

    def __init__(self, program: Program, inside: frozenset[int], way: Sequence[int]) -> None:
        self.plain, self.inside, self.way = program, inside, way
        self.initial, self.values, self.moves = list(program.initial), list(program.values), list(program.moves)

    def program(self, parameters: int) -> Program:
        """The whole; of its integrals, only what crosses to outside is kept, by which accounts are checked."""
        crossing = {unit: number for number, unit in enumerate(self.plain.crossing)}
        return replace(
            self.plain,
            parameters=parameters,
            initial=tuple(self.initial),
            values=tuple(self.values),
            moves=tuple(self.moves),
            integrals=tuple(self.plain.integrals[integral] for integral in self.plain.crossing.values()),
            crossing=crossing,
        )

    def arrivals(self, counts: Callable[[Move], bool]) -> Expression:
        """How many are won a unit of time."""
        return self.slot([Slot("value", move.rate) for move in self.plain.moves if move.destination in self.inside and counts(move)])

    def carried(self, entering: Callable[[Move], Expression | None], marks: Callable[[Move], bool]) -> Expression:
        """Mark accounts, and tell how many of those who are won a unit of time carry the mark.

        Args:
            entering: how many of those who set out along an arrow get a mark, a unit of time; None for nobody.
            marks: whether all who go on along an arrow get one.
        """
        marked = {state: self.state() for state in self.way}
        won: list[Expression] = []
        for move in self.plain.moves:
            source, destination = marked.get(move.source, OUTSIDE), marked.get(move.destination, OUTSIDE)
            wins = move.destination in self.inside and move.source not in self.inside
            if source == OUTSIDE:
                arriving = entering(move) if wins or destination != OUTSIDE else None
                leaving: Expression | None = None
            else:
                leaving = self.slot([self.hazard(move) * Slot("state", source)])
                arriving = Slot("value", move.rate) if marks(move) else leaving
            if leaving is not None:
                self.move(source, OUTSIDE, leaving)
            if arriving is not None and destination != OUTSIDE:
                self.move(OUTSIDE, destination, arriving)
            if arriving is not None and wins:
                won.append(arriving)
        return self.slot(won)

    def hazard(self, move: Move) -> Expression:
        """The hazard of an arrow for each account of its source."""
        if move.hazard >= 0 and not move.by:
            return Slot("value", move.hazard)
        return Apply("ratio", (Slot("value", move.rate), Slot("state", move.source), Number(0.0)))

    def counter(self, rate: Expression) -> Expression:
        """The integral of a rate, as a state."""
        state = self.state()
        self.move(OUTSIDE, state, rate)
        return Slot("state", state)

    def state(self) -> int:
        self.initial.append(Number(0.0))
        return len(self.initial) - 1

    def slot(self, parts: list[Expression]) -> Expression:
        self.values.append(added(parts))
        return Slot("value", len(self.values) - 1)

    def move(self, source: int, destination: int, rate: Expression) -> None:
        if not isinstance(rate, Slot) or rate.kind != "value":
            rate = self.slot([rate])
        assert isinstance(rate, Slot)
        self.moves.append(Move(source, destination, rate.index, OUTSIDE, (), by=False, flow=OUTSIDE))
