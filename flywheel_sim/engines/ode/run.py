"""Integrate a program from time 0 over its saved times."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from flywheel_sim.engines.ode.fixed import advance
from flywheel_sim.engines.ode.stretch import Stretch, initial_states, stretches
from flywheel_sim.engines.tableau import METHODS
from flywheel_sim.errors import UsageError
from flywheel_sim.program import Inputs, Lowered, Program, Trace, key
from flywheel_sim.program.diagnosis import (
    broken_equation,
    broken_flow,
    broken_start,
    broken_state,
)
from flywheel_sim.program.schedule import refuse_ramps_of_flips

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flywheel_sim.emit import Rates

__all__ = ["LONGEST_STEP", "run"]

LONGEST_STEP = 1 / 4
MOST_STEPS = 10_000_000  # minutes, for a small model
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
) -> Trace:
    """Integrate.

    Args:
        lowered: the program and what its slots were called.
        inputs: the parameters, which switches are on, and how parameters move.
        times: when to save, increasing, the first 0.
        windows: how far back trailing measures look from each saved time.
        method: ``euler`` or ``rk4`` in fixed steps, or ``adaptive``.
        dt: the longest step; a step ends at every saved time and every change of schedule.

    Raises:
        UsageError: for an unknown method, a step that is not positive or far too short, or a ramp of what sets when a condition flips.
        StateError: when a number leaves what is possible.
    """
    if method != "adaptive" and method not in METHODS:
        raise UsageError(f"there is no method {method!r}", fix=f"use one of {', '.join(METHODS)}, adaptive")
    if not (dt > 0 and math.isfinite(dt)):
        raise UsageError(f"dt={dt} is no step", fix="use a positive number, such as 1/8, or None to let the error choose")
    if method != "adaptive" and times[-1] / dt > MOST_STEPS:
        raise UsageError(f"{times[-1] / dt:.3g} steps are more than {MOST_STEPS}", fix="use a larger dt or a nearer horizon")
    refuse_ramps_of_flips(lowered, (bend.parameter for bend in inputs.bends if bend.slope))
    return Integration(lowered, inputs, times, tuple(windows), method, dt).trace()


class Integration:
    def __init__(
        self, lowered: Lowered, inputs: Inputs, times: Sequence[float], windows: tuple[float, ...], method: str, dt: float
    ) -> None:
        self.lowered = lowered
        self.program: Program = lowered.program
        self.inputs = inputs
        self.times = tuple(times)
        self.method = method
        self.dt = dt
        self.count = len(self.program.initial)
        back = {key(time - window) for time in times for window in windows if time > window}
        self.marks = back | {key(time) for time in times}
        self.rate_slots = tuple(dict.fromkeys(move.rate for move in self.program.moves))
        self.integrals: dict[float, Point] = {}
        self.states: dict[float, Point] = {}
        self.values: dict[float, Point] = {}

    def trace(self) -> Trace:
        point = self.start()
        saved = {key(time) for time in self.times}
        for stretch in stretches(self.program, self.inputs, self.times[-1]):
            rates = self.compiled(stretch, point)
            stops = sorted({stretch.start, stretch.end} | {mark for mark in self.marks if stretch.start < mark < stretch.end})
            for now, following in itertools.pairwise(stops):
                if now in self.marks:
                    self.save(now, point, rates, stretch, full=now in saved)
                point = self.onward(rates, point, stretch, now, following)
        self.save(stretch.end, point, rates, stretch, full=True)
        order = [key(time) for time in self.times]
        return Trace(
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
        try:
            point = initial_states(self.program, self.inputs)
        except (ArithmeticError, ValueError):
            point = (math.nan,)
        if not math.isfinite(sum(point)) or any(point[index] < 0 for counted in self.program.counted.values() for index in counted):
            fault = broken_start(self.lowered, self.inputs)
            assert fault is not None
            raise fault
        return point + (0.0,) * len(self.program.integrals)

    # Time

    def compiled(self, stretch: Stretch, point: Point) -> Rates:
        try:
            return stretch.rates(self.program)
        except (ArithmeticError, ValueError):
            raise self.broken(stretch, stretch.start, stretch.start, point) from None

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
        last: tuple[float, float, Sequence[float]] = (now, now, point)

        def noted(time: float, start: float, states: Sequence[float], *, full: bool = False) -> Point:
            nonlocal last
            last = (time, start, states)
            return rates(time, start, states, full=full)

        for time, later in itertools.pairwise(times):
            try:
                reached = self.leap(noted, point, time, later)
            except (ArithmeticError, ValueError):
                return self.broken(stretch, *last)
            index = self.below_zero(reached)
            if index is not None:
                return broken_state(self.lowered, self.inputs, later, index, reached[index])
            if not math.isfinite(sum(reached)):
                return self.broken(stretch, later, time, reached)
            point = reached
        return self.broken(stretch, following, following, point)

    def broken(self, stretch: Stretch, time: float, start: float, point: Sequence[float]) -> Exception:
        return broken_equation(self.lowered, self.inputs, stretch.at(time), point[: self.count], time, stretch.inside(start))

    # Saving

    def save(self, time: float, point: Point, rates: Rates, stretch: Stretch, *, full: bool) -> None:
        self.integrals[time] = point[self.count :]
        if not full:
            return
        states = point[: self.count]
        try:
            values = rates(time, time, states, full=True)
        except (ArithmeticError, ValueError):
            raise self.broken(stretch, time, time, point) from None
        if not math.isfinite(sum(values)):
            raise self.broken(stretch, time, time, point)
        self.refuse_backward_flows(time, values)
        self.states[time], self.values[time] = states, values

    def refuse_backward_flows(self, time: float, values: Point) -> None:
        rates = [values[slot] for slot in self.rate_slots]
        if min(rates, default=0.0) >= 0:
            return
        scale = max(map(abs, rates))
        for move in self.program.moves:
            if values[move.rate] < -ROUNDING * scale:
                raise broken_flow(self.lowered, self.inputs, time, move, values[move.rate])

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
