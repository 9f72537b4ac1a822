"""The momentum of a strategy: the coast test for every month and the holding force, in a few compiled batches."""

from __future__ import annotations

import math
import os
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis import journey
from flywheel_sim.analysis.compare import best
from flywheel_sim.analysis.metrics import Reader
from flywheel_sim.analysis.momentum import (
    Coast,
    Holding,
    Marks,
    Momentum,
    amplifier,
    crossing,
    evenly,
    half_life,
    headline_of,
    holding_ranges,
    is_driven,
    measures_of,
    saved_times,
    way_to,
)
from flywheel_sim.emit import compile_python
from flywheel_sim.emit.llvm.workspace import Output
from flywheel_sim.engines.ensemble import Ensemble
from flywheel_sim.engines.ode import LONGEST_STEP
from flywheel_sim.engines.ode.stretch import stretches
from flywheel_sim.errors import StateError, UsageError
from flywheel_sim.expressions import Slot
from flywheel_sim.model.measures import Gain
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Flow, Friction, Metric
from flywheel_sim.program import Bend, Inputs, Lowered, key
from flywheel_sim.program.metrics import added
from flywheel_sim.records import Record, replace
from flywheel_sim.study.series import labelled
from flywheel_sim.study.simulate import duration
from flywheel_sim.study.step import run_in_steps
from flywheel_sim.study.variants import draws_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from flywheel_sim.program import Trace
    from flywheel_sim.study.study import Study

    Array = NDArray[np.float64]

__all__ = ["momentum", "momentum_in"]

HOLD_EVERY, MOST_HELD = 6.0, 20  # between the months whose holding force is looked for, and how many there are at most
MOST_COASTS = 1_000
MOST_FORCE = 2.0  # times today's
SCANNED = 32  # intervals of that range
FINER, ROUNDS = 8, 3  # each round looks at so many parts of the interval in which the least lies


def momentum(study: Study, strategy: str | None = None, *, coast_months: float = 36, hold_months: float = 12, every: float = 1) -> Momentum:
    """Measure the momentum of a strategy at every month of its run.

    Runs go on beyond the horizon of the scenario for as long as a coast is, with everything as it is then scheduled.

    Args:
        study: a scenario with its model.
        strategy: its name; the best that is not the baseline unless said.
        coast_months: how long a coast is, in the model's time unit.
        hold_months: for how long the speed is to be kept.
        every: the time between the months at which the push is stopped; 0 and the horizon are always among them.

    Raises:
        UsageError: for a strategy or time that there is not, or a model without a lever that pushes or accounts to be won.
        StateError: when a number leaves what is possible.
    """
    name = chosen(study, strategy)
    inputs, horizon = study.inputs(name), study.times(study.scenario.strategies[name])[-1]
    try:
        lengths = {"coast_months": coast_months, "hold_months": hold_months, "every": every}
        return momentum_in(study.lowered, inputs, horizon, by=study.by, strategy=name, **lengths)
    except StateError as error:
        raise error.of_strategy(name) from None


def chosen(study: Study, strategy: str | None) -> str:
    """The strategy that is asked for: the best that is not the baseline unless said."""
    if strategy is not None:
        return strategy
    strategies = list(study.scenario.strategies)
    others = [name for name in strategies if name != study.scenario.baseline] or strategies
    if len(others) == 1:
        return others[0]
    stepped = study.all_stepped("rk4", None, others)
    return best([labelled(name, "", Reader(study.lowered, one.trace)) for name, one in stepped.items()], study.by).name


def momentum_in(
    lowered: Lowered,
    inputs: Inputs,
    horizon: float,
    *,
    by: str = "",
    strategy: str = "run",
    coast_months: float = 36,
    hold_months: float = 12,
    every: float = 1,
    dt: float | None = None,
) -> Momentum:
    """The same for a program and what it is given.

    Args:
        lowered: the program and what its slots were called.
        inputs: the parameters, which switches are on, and how parameters move.
        horizon: the last month.
        by: the stock or group whose accounts are won; the model's headline unless it names one.
        strategy: what to call it.
        coast_months: how long a coast is.
        hold_months: for how long the speed is to be kept.
        every: the time between the months at which the push is stopped.
        dt: the longest step; None chooses it by error.

    Raises:
        UsageError: for a time that cannot be meant, or a model without a lever that pushes or accounts to be won.
        StateError: when a number leaves what is possible.
    """
    lengths = {"coast_months": coast_months, "hold_months": hold_months, "every": every}
    coast_months, hold_months, every = (duration(name, value) for name, value in lengths.items())
    if horizon / every > MOST_COASTS:
        raise UsageError(f"{horizon / every:.6g} coasts are more than {MOST_COASTS}", fix="use a larger every=")
    wheel, push = wheel_of(lowered, by), Push(lowered, inputs)
    months = evenly(horizon, every)
    stepped = run_in_steps(lowered, inputs, months, dt=dt)
    trace, step = stepped.trace, stepped.dt or LONGEST_STEP
    coast, normal = coasted(wheel, push, months, coast_months, step)
    holding = held(wheel, push, evenly(horizon, max(HOLD_EVERY, horizon / MOST_HELD)), hold_months, step)
    gains = tuple(journey.gain(lowered.program, *rows) for rows in zip(trace.states, trace.values, strict=True))
    beside = beside_of(lowered)
    reader = Reader(lowered, trace)
    size, speed, own = (tuple(row.tolist()) for row in normal)
    unit, time_unit = str(lowered.declaration.units[wheel.name]), lowered.declaration.time_unit
    shares = tuple(reader.column(beside)) if beside else ()
    amplifiers = tuple(map(amplifier, gains))
    rate = f"{unit}/{time_unit}"
    measured = [
        ("size", size[-1], unit),
        ("speed", speed[-1], rate),
        ("own_speed", own[-1], rate),
        *((name, value, time_unit if name in {"way", "delay"} else rate) for name, value in losses_and_delays(wheel, trace)),
        ("force", push.spent(horizon), push.unit),
        ("gain", gains[-1], "1"),
        ("amplifier", amplifiers[-1], "1"),
        *([("beside", shares[-1], "1")] if shares else []),
        ("coast_won", coast.won[-1], unit),
        ("coast_pipeline", coast.pipeline[-1], unit),
        ("coast_share", coast.share[-1], "1"),
        ("coast_half_life", coast.half_life[-1], time_unit),
        ("holding_force", holding.force[-1], push.unit),
        ("holding_share", holding.share[-1], "1"),
    ]
    return Momentum(
        strategy=strategy,
        time_unit=time_unit,
        headline=wheel.name,
        unit=unit,
        force_unit=push.unit,
        levers=push.names,
        months=tuple(months),
        horizon=horizon,
        coast_months=coast_months,
        hold_months=hold_months,
        measures=measures_of(measured, unit=unit, time_unit=time_unit, coast=coast_months, hold=hold_months),
        size=size,
        speed=speed,
        own_speed=own,
        gain=gains,
        amplifier=amplifiers,
        beside=beside,
        beside_values=shares,
        coast=coast,
        holding=holding,
    )


def beside_of(lowered: Lowered) -> str:
    """The metric that the loop gain is shown beside; empty where there is none."""
    names = lowered.declaration.names
    for metric in lowered.declaration.of_kind(Metric).values():
        if metric.beside is not None and any(isinstance(node, Gain) for node in descend(metric, names)):
            return names[metric.beside]
    return ""


# Who is won


class Wheel(Record):
    """A model that counts who is won, and marks accounts on their way.

    Attributes:
        plain: the model itself.
        lowered: the same with counters and marks.
        outputs: size, speed, own speed, won so far, and won so far of those who set out while ``marking`` was 1.
        name: the headline.
        inside: the states of the headline.
        way: the states of accounts that have set out and are not won yet.
        marking: the parameter that is 1 while those who set out are marked.
    """

    plain: Lowered
    lowered: Lowered
    outputs: tuple[Output, ...]
    name: str
    inside: frozenset[int]
    way: tuple[int, ...]
    marking: int

    def run(self, variants: Sequence[Inputs], times: Sequence[float], dt: float) -> Array:
        """Versions of a run, of shape (outputs, times, variants); NaN throughout where one failed."""
        draws = draws_of([replace(one, parameters=(*one.parameters, 0.0)) for one in variants])
        ensemble = Ensemble(self.lowered, draws, times, self.outputs, dt=dt)
        made = ensemble.run(draws, threads=min(os.cpu_count() or 1, 1 + len(variants) // 64))
        made.values[:, :, ~np.isnan(made.failed)] = math.nan
        return made.values.transpose(1, 0, 2)


@lru_cache(maxsize=16)
def wheel_of(lowered: Lowered, by: str) -> Wheel:
    """A model with counters and marks: a larger program, which moves the accounts as before.

    Raises:
        UsageError: if nobody can be won, as the headline is no stock and no group.
    """
    name, inside = headline_of(lowered, by)
    way = way_to(lowered, name, inside)
    marking = lowered.program.parameters
    marks = Marks(lowered.program, inside, way)
    driven = frozenset(move for move in lowered.program.moves if is_driven(lowered, move))
    switch = Slot("parameter", marking)
    won = marks.arrivals(lambda move: move.source not in inside)
    own = marks.carried(lambda move: Slot("value", move.rate) if move in driven else None, driven.__contains__)
    new = marks.carried(lambda move: switch * Slot("value", move.rate), lambda _: False)
    counters = [marks.counter(won), marks.counter(new)]
    program = marks.program(parameters=marking + 1)
    layout = replace(lowered.layout, parameters=(*lowered.layout.parameters, ("", None)))
    wanted = [added([Slot("state", state) for state in sorted(inside)]), won, own, *counters]
    outputs = tuple(Output(one, defined=True) for one in wanted)
    return Wheel(lowered, replace(lowered, program=program, layout=layout), outputs, name, inside, way, marking)


# What pushes


class Push:
    """What pushes a strategy, and the same strategy pushed otherwise.

    Args:
        lowered: the model.
        inputs: what the strategy is given.

    Raises:
        UsageError: if the model has no lever that pushes.
    """

    def __init__(self, lowered: Lowered, inputs: Inputs) -> None:
        parameters = lowered.declaration.parameters
        self.inputs = inputs
        self.names = tuple(name for name, parameter in parameters.items() if parameter.force)
        if not self.names:
            raise UsageError(
                f"no lever of {lowered.declaration.name} pushes: there is nothing to stop",
                fix="mark what a strategy spends: budget = lever(..., force=True)",
            )
        units = {str(parameters[name].unit) for name in self.names}
        self.alike = len(units) == 1
        self.unit = units.pop() if self.alike else "1"
        places = lowered.layout.parameters
        self.slots = [slot for slot, (name, _) in enumerate(places) if name in self.names]
        self.split = [slot for slot, (name, _) in enumerate(places) if parameters[name].role == "split"]

    def level(self, month: float) -> dict[int, float]:
        """What the levers are set to in a month; where that is nothing, the most they ever are."""
        found = self.at(month)
        if any(found.values()):
            return found
        return max((self.at(time) for time in (0.0, *(bend.time for bend in self.inputs.bends))), key=lambda level: sum(level.values()))

    def at(self, month: float) -> dict[int, float]:
        """What they are set to in a month."""
        values, _ = self.inputs.course(month)
        return {slot: values[slot] for slot in self.slots}

    def spent(self, month: float, level: dict[int, float] | None = None) -> float:
        """What that is together; 1, all of it, where the units of the levers differ."""
        level = self.at(month) if level is None else level
        return math.fsum(level.values()) if self.alike else float(any(level.values()))

    def stopped(self, month: float) -> Inputs:
        """The strategy without any push from a month on."""
        return self.moved(month, dict.fromkeys(self.slots, 0.0))

    def held(self, month: float, share: float) -> Inputs:
        """The strategy with a share of a month's push from then on, split as in that month."""
        values, _ = self.inputs.course(month)
        moving = {bend.parameter for bend in self.inputs.bends}
        split = {slot: values[slot] for slot in self.split if slot in moving}
        return self.moved(month, {slot: share * value for slot, value in self.level(month).items()} | split)

    def moved(self, month: float, to: dict[int, float]) -> Inputs:
        """Some parameters at constant values from a month on, whatever they were to do then."""
        kept = [bend for bend in self.inputs.bends if bend.parameter not in to or key(bend.time) < key(month)]
        bends = [*kept, *(Bend(month, slot, value, 0.0) for slot, value in to.items())]
        return replace(self.inputs, bends=tuple(sorted(bends, key=lambda bend: bend.time)))


# Coasting and holding

SIZE, SPEED, OWN, WON, NEW = range(5)  # the outputs of a wheel


def coasted(wheel: Wheel, push: Push, months: Sequence[float], length: float, dt: float) -> tuple[Coast, Array]:
    """The coast test at every month in one batch, and size, speed and own speed at these months if nothing stops."""
    times = saved_times(months, [length])
    variants = [push.inputs]
    for month in months:
        stopped = push.stopped(month)
        mark = Bend(month, wheel.marking, 1.0, 0.0)
        variants.append(replace(stopped, bends=tuple(sorted([*stopped.bends, mark], key=lambda bend: bend.time))))
    found = wheel.run(variants, times, dt)
    place = {time: number for number, time in enumerate(times)}
    starts, ends = ([place[key(month + later)] for month in months] for later in (0.0, length))
    columns = range(1, len(variants))
    won = found[WON, ends, columns] - found[WON, starts, columns]
    normal = found[WON, ends, 0] - found[WON, starts, 0]
    halves: dict[int, list[float]] = {SIZE: [], SPEED: []}
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
        for output, found_half in halves.items():
            found_half.append(half_life(times[start : end + 1], found[output, start : end + 1, number].tolist()))
    at_once = 1.0 - divided(found[SPEED, starts, columns], found[SPEED, starts, 0])
    coast = Coast(
        months=tuple(months),
        won=tuple(won.tolist()),
        pipeline=tuple((won - found[NEW, ends, columns] if wheel.way else 0.0 * won).tolist()),
        normal=tuple(normal.tolist()),
        share=tuple(divided(won, normal).tolist()),
        half_life=tuple(halves[SPEED]),
        size_half_life=tuple(halves[SIZE]),
        at_once=tuple(at_once.tolist()),
    )
    return coast, found[[SIZE, SPEED, OWN]][:, starts, 0]


def held(wheel: Wheel, push: Push, months: Sequence[float], length: float, dt: float) -> Holding:
    """The least constant push that keeps the speed of each month, one batch for every round of the search."""
    times = saved_times(months, [length])
    place = {time: number for number, time in enumerate(times)}
    starts, ends = ([place[key(month + later)] for month in months] for later in (0.0, length))
    speeds = wheel.run([push.inputs], times, dt)[SPEED, starts, 0]

    def surplus(shares: Sequence[Array]) -> list[Array]:
        """How far the mean speed is above that to be kept, at some shares of each month's push."""
        variants = [push.held(month, float(share)) for month, some in zip(months, shares, strict=True) for share in some]
        counts = [len(some) for some in shares]
        won = wheel.run(variants, times, dt)[WON] if variants else np.empty((len(times), 0))
        parts = np.split(won, np.cumsum(counts)[:-1], axis=1)
        return [
            (part[end] - part[start]) / length - speed for part, start, end, speed in zip(parts, starts, ends, speeds.tolist(), strict=True)
        ]

    settled = np.empty(0)
    shares = [np.linspace(0.0, MOST_FORCE, SCANNED + 1) if speed > 0 else settled for speed in speeds]
    several, least = [False] * len(months), [math.nan] * len(months)
    for turn in range(ROUNDS + 1):
        for number, (some, above) in enumerate(zip(shares, surplus(shares), strict=True)):
            ranges = holding_ranges(above.tolist(), float(speeds[number])) if len(some) else []
            shares[number] = settled
            if ranges:
                first, _ = ranges[0]
                least[number] = crossing(some.tolist(), above.tolist(), first)
                several[number] = several[number] or (turn == 0 and len(ranges) > 1)
                if first:
                    shares[number] = np.linspace(some[first - 1], some[first], FINER + 1)
    spend = [push.spent(month, push.level(month)) for month in months]
    force = [share * spent for share, spent in zip(least, spend, strict=True)]
    return Holding(tuple(months), tuple(force), tuple(spend), tuple(least), tuple(several))


def divided(above: Array, below: Array) -> Array:
    """A quotient, NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full_like(above, math.nan), where=below != 0)


# Friction


def losses_and_delays(wheel: Wheel, trace: Trace) -> Iterable[tuple[str, float]]:
    """What the wheel loses at the end of a run, and how long its way is; of frictions only where the model has them."""
    program, declaration = wheel.plain.program, wheel.plain.declaration
    values = trace.values[-1]
    yield (
        "losses",
        math.fsum(values[move.rate] for move in program.moves if move.source in wheel.inside and move.destination not in wheel.inside),
    )
    frictions = {name for name, switch in declaration.switches.items() if isinstance(switch, Friction)}
    counted = {state for states in program.counted.values() if wheel.inside <= set(states) for state in states}
    tagged = {
        number
        for number, (name, _) in enumerate(wheel.plain.layout.flows)
        if isinstance(flow := declaration.symbols[name], Flow) and flow.friction is not None
    }
    if tagged:
        yield "lost_to_frictions", math.fsum(values[move.rate] for move in program.moves if move.flow in tagged and move.source in counted)
    if wheel.way:
        now = way_time(wheel, trace.states[-1], values)
        yield "way", now
        if frictions:
            smooth = values_without(wheel.plain, trace, frictions)
            yield "delay", now - way_time(wheel, trace.states[-1], smooth)


def way_time(wheel: Wheel, states: Sequence[float], values: Sequence[float]) -> float:
    """The mean time from setting out to being won, of those who are."""
    moves = wheel.plain.program.moves
    wins = frozenset(move.flow for move in moves if move.source in wheel.way and move.destination in wheel.inside)
    return journey.passage(wheel.plain.program, states, values, wheel.way, wins)


def values_without(lowered: Lowered, trace: Trace, switches: set[str]) -> Sequence[float]:
    """Every value at the end of a run, as it would be with some switches off and everybody where they are."""
    time, inputs = trace.times[-1], trace.inputs
    runs = tuple(on and name not in switches for name, on in zip(lowered.layout.switches, inputs.switches, strict=True))
    stretch = list(stretches(lowered.program, replace(inputs, switches=runs), time))[-1]
    make = compile_python(lowered.program, stretch.moving)
    rates = make(stretch.parameters, runs, stretch.slopes, stretch.start)
    return rates(time, stretch.inside(time), trace.states[-1], full=True)
