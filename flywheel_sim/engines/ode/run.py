"""Integrate a program from time 0 over its saved times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flywheel_sim.emit import Rates, compile_python
from flywheel_sim.engines.ode.fixed import advance
from flywheel_sim.engines.ode.tableau import METHODS
from flywheel_sim.errors import UsageError
from flywheel_sim.program import Inputs, Lowered, Program, key
from flywheel_sim.program.diagnosis import broken_equation, broken_flow, broken_state, walk_values
from flywheel_sim.program.record import Record

__all__ = ["LONGEST_STEP", "run"]

LONGEST_STEP = 1 / 4
# Rounding leaves a stock that runs empty this far below zero at most, relative to all there is.
ROUNDING = 1e-12

Point = tuple[float, ...]


def run(
    lowered: Lowered,
    inputs: Inputs,
    times: Sequence[float],
    *,
    windows: Iterable[float] = (),
    method: str = "rk4",
    dt: float = LONGEST_STEP,
) -> Record:
    """Integrate.

    Args:
        lowered: the program and what its slots were called.
        inputs: the parameters, which switches are on, and how parameters move.
        times: when to save, increasing, the first 0.
        windows: how far back trailing measures look from each saved time.
        method: ``euler`` or ``rk4`` in fixed steps, or ``adaptive``.
        dt: the longest step; a step ends at every saved time and every change of schedule.

    Raises:
        UsageError: for an unknown method or a step that is not positive.
        StateError: when a number leaves what is possible.
    """
    if method != "adaptive" and method not in METHODS:
        raise UsageError(f"there is no method {method!r}", fix=f"use one of {', '.join(METHODS)}, adaptive")
    if not (dt > 0 and math.isfinite(dt)):
        raise UsageError(f"dt={dt} is no step", fix="use a positive number, such as 1/8, or None to let the error choose")
    return Integration(lowered, inputs, times, tuple(windows), method, dt).record()


@dataclass(frozen=True)
class Stretch:
    """A stretch of time in which no parameter jumps and no condition on time flips."""

    start: float
    end: float
    parameters: tuple[float, ...]
    slopes: tuple[float, ...]

    def at(self, time: float) -> list[float]:
        """The parameters at a time of this stretch."""
        return [value + slope * (time - self.start) for value, slope in zip(self.parameters, self.slopes, strict=True)]


class Integration:
    def __init__(self, lowered: Lowered, inputs: Inputs, times: Sequence[float], windows: tuple[float, ...], method: str, dt: float) -> None:
        self.lowered = lowered
        self.program: Program = lowered.program
        self.inputs = inputs
        self.times = tuple(times)
        self.method = method
        self.dt = dt
        self.count = len(self.program.initial)
        back = {key(time - window) for time in times for window in windows if time > window}
        self.marks = back | {key(time) for time in times}
        self.integrals: dict[float, Point] = {}
        self.states: dict[float, Point] = {}
        self.values: dict[float, Point] = {}

    def record(self) -> Record:
        point = self.start()
        saved = {key(time) for time in self.times}
        for stretch in self.stretches():
            rates = self.compiled(stretch)
            stops = sorted({stretch.start, stretch.end} | {mark for mark in self.marks if stretch.start < mark < stretch.end})
            for now, following in zip(stops, stops[1:], strict=False):
                if now in self.marks:
                    self.save(now, point, rates, stretch, full=now in saved)
                point = self.onward(rates, point, stretch, now, following)
        self.save(stretch.end, point, rates, stretch, full=True)
        order = [key(time) for time in self.times]
        return Record(
            inputs=self.inputs,
            times=self.times,
            states=tuple(self.states[time] for time in order),
            values=tuple(self.values[time] for time in order),
            integrals=self.integrals,
            conservation=self.conservation(),
            method=self.method,
            dt=None if self.method == "adaptive" else self.dt,
        )

    def start(self) -> Point:
        """The initial states, and every integral 0."""
        walk = walk_values(self.program, self.inputs, self.inputs.parameters, (), 0.0, 0.0)
        states = tuple(float(walk(expression)) for expression in self.program.initial)
        for index, value in enumerate(states):
            if not math.isfinite(value) or (value < 0 and any(index in counted for counted in self.program.counted.values())):
                raise broken_state(self.lowered, self.inputs, 0.0, index, value)
        return states + (0.0,) * len(self.program.integrals)

    # Time

    def stretches(self) -> Iterable[Stretch]:
        """The run, cut at every change of schedule and wherever a condition on time may flip."""
        end = key(self.times[-1])
        walk = walk_values(self.program, self.inputs, self.inputs.parameters, (), 0.0, 0.0)
        breaks = {key(float(walk(time))) for time in self.program.breaks}
        cuts = sorted(cut for cut in breaks | {key(bend.time) for bend in self.inputs.bends} if 0 < cut < end)
        for start, stop in zip([0.0, *cuts], [*cuts, end], strict=True):
            values, slopes = self.inputs.course(start)
            yield Stretch(start, stop, values, slopes)

    def compiled(self, stretch: Stretch) -> Rates:
        moving = frozenset(index for index, slope in enumerate(stretch.slopes) if slope)
        make = compile_python(self.program, moving)
        try:
            return make(stretch.parameters, self.inputs.switches, stretch.slopes, stretch.start)
        except (ArithmeticError, ValueError):
            raise self.broken(stretch.start, self.start(), stretch) from None

    def onward(self, rates: Rates, point: Point, stretch: Stretch, now: float, following: float) -> Point:
        """The point at the next stop."""
        try:
            reached = self.leap(rates, point, now, following)
        except (ArithmeticError, ValueError):
            reached = None
        if reached is None or not self.possible(reached):
            raise self.find_fault(rates, point, stretch, now, following)
        return reached

    def leap(self, rates: Rates, point: Point, now: float, following: float) -> Point:
        if self.method == "adaptive":
            from flywheel_sim.engines.ode.adaptive import advance_adaptively

            return advance_adaptively(rates, point, self.count, now, following)
        return advance(METHODS[self.method], rates, point, self.count, now, following, self.dt)

    # Whether numbers are possible

    def possible(self, point: Point) -> bool:
        """Everything finite, and no counted stock below zero by more than rounding."""
        return math.isfinite(sum(point)) and self.below_zero(point) is None

    def below_zero(self, point: Point) -> int | None:
        for counted in self.program.counted.values():
            if counted and min(point[index] for index in counted) < 0:
                scale = sum(abs(point[index]) for index in counted)
                for index in counted:
                    if point[index] < -ROUNDING * scale:
                        return index
        return None

    def find_fault(self, rates: Rates, point: Point, stretch: Stretch, now: float, following: float) -> Exception:
        """Step through a stretch that failed, one step at a time, to tell when and what."""
        steps = max(1, math.ceil((following - now) / self.dt - 1e-9))
        times = [now + (following - now) * number / steps for number in range(steps + 1)]
        for time, later in zip(times, times[1:], strict=False):
            try:
                reached = self.leap(rates, point, time, later)
            except (ArithmeticError, ValueError):
                return self.broken(time, point, stretch)
            index = self.below_zero(reached)
            if index is not None:
                return broken_state(self.lowered, self.inputs, later, index, reached[index])
            if not math.isfinite(sum(reached)):
                return self.broken(later, reached, stretch)
            point = reached
        return self.broken(following, point, stretch)

    def broken(self, time: float, point: Point, stretch: Stretch) -> Exception:
        return broken_equation(self.lowered, self.inputs, stretch.at(time), point[: self.count], time)

    # Saving

    def save(self, time: float, point: Point, rates: Rates, stretch: Stretch, *, full: bool) -> None:
        self.integrals[time] = point[self.count :]
        if not full:
            return
        states = point[: self.count]
        try:
            values = rates(time, time, states, True)
        except (ArithmeticError, ValueError):
            raise self.broken(time, point, stretch) from None
        if not math.isfinite(sum(values)):
            raise self.broken(time, point, stretch)
        self.refuse_backward_flows(time, values)
        self.states[time], self.values[time] = states, values

    def refuse_backward_flows(self, time: float, values: Point) -> None:
        for move in self.program.moves:
            rate = values[move.rate]
            if rate < 0 and rate < -ROUNDING * max(abs(values[other.rate]) for other in self.program.moves):
                raise broken_flow(self.lowered, self.inputs, time, move.flow, rate)

    def conservation(self) -> float:
        """The largest imbalance of any counted unit: what is there, less what was and what came from outside."""
        worst = 0.0
        for unit, counted in self.program.counted.items():
            totals = [math.fsum(row[index] for index in counted) for row in self.states.values()]
            crossing = self.program.crossing.get(unit)
            came = [0.0 if crossing is None else self.integrals[time][crossing] for time in self.states]
            peak = max(map(abs, totals), default=0.0)
            if peak:
                worst = max(worst, *(abs(total - totals[0] - net) / peak for total, net in zip(totals, came, strict=True)))
        return worst
