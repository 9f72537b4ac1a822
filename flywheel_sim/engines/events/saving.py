"""What is kept of a run at its saved times, and whether it is possible."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.emit import compile_python
from flywheel_sim.program import Inputs, Lowered, Trace, key
from flywheel_sim.program.diagnosis import broken_equation, broken_flow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.engines.events.legs import Stretch

__all__ = ["Saving"]

# Rounding leaves a rate this far below zero at most, relative to the largest.
ROUNDING = 1e-12

Row = tuple[float, ...]


class Saving:
    """Keeps states, values and integrals.

    Args:
        lowered: the program that runs.
        inputs: what it is given.
        times: when to save.
        windows: how far back trailing measures look.
    """

    def __init__(self, lowered: Lowered, inputs: Inputs, times: tuple[float, ...], windows: tuple[float, ...]) -> None:
        self.lowered = lowered
        self.inputs = inputs
        self.times = times
        self.saved = {key(time) for time in times}
        self.marks = self.saved | {key(time - window) for time in times for window in windows if time > window}
        self.states: dict[float, Row] = {}
        self.values: dict[float, Row] = {}
        self.integrals: dict[float, Row] = {}

    def keep(self, time: float, states: Sequence[float], integrals: Sequence[float], stretch: Stretch) -> None:
        """Keep what there is, where a time is a saved one or one that is looked back to."""
        if time not in self.marks:
            return
        self.integrals[time] = tuple(integrals)
        if time in self.saved:
            self.states[time] = tuple(states)
            self.values[time] = self.all_values(time, states, stretch)

    def all_values(self, time: float, states: Sequence[float], stretch: Stretch) -> Row:
        """Every value.

        Raises:
            StateError: if one cannot be computed, or a flow runs backwards.
        """
        values = self.values_at(time, states, stretch)
        if values is None:
            raise self.broken(time, states, stretch)
        moves = self.lowered.program.moves
        scale = max((abs(values[move.rate]) for move in moves), default=0.0)
        for move in moves:
            if values[move.rate] < -ROUNDING * scale:
                raise broken_flow(self.lowered, self.inputs, time, move, values[move.rate])
        return values

    def values_at(self, time: float, states: Sequence[float], stretch: Stretch) -> Row | None:
        """Every value, None if one cannot be computed or is not finite."""
        try:
            made = compile_python(self.lowered.program, stretch.moving)(
                stretch.parameters, self.inputs.switches, stretch.slopes, stretch.start
            )
            values = made(time, stretch.inside(time), states, full=True)
        except (ArithmeticError, ValueError):
            return None
        return values if math.isfinite(sum(values)) else None

    def broken(self, time: float, states: Sequence[float], stretch: Stretch) -> Exception:
        """What went wrong, by name."""
        return broken_equation(self.lowered, self.inputs, stretch.at(time), states, time, stretch.inside(time))

    def trace(self, method: str, dt: float) -> Trace:
        """The run, slot by slot."""
        order = [key(time) for time in self.times]
        return Trace(
            inputs=self.inputs,
            times=self.times,
            states=tuple(self.states[time] for time in order),
            values=tuple(self.values[time] for time in order),
            integrals=self.integrals,
            conservation=self.conservation(),
            method=method,
            dt=dt,
        )

    def conservation(self) -> float:
        """The largest imbalance of any counted unit, relative to its peak: whole numbers, so 0 unless accounts are lost."""
        worst = 0.0
        for unit, counted in self.lowered.program.counted.items():
            crossing = self.lowered.program.crossing.get(unit)
            totals = {time: math.fsum(row[index] for index in counted) for time, row in self.states.items()}
            start = next(iter(totals.values()))
            for time, total in totals.items():
                came = 0.0 if crossing is None else self.integrals[time][crossing]
                worst = max(worst, abs(total - start - came) / max(*totals.values(), start, 1.0))
        return worst
