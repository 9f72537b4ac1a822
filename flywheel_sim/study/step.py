"""The step chosen by error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.engines.ode import LONGEST_STEP, run
from flywheel_sim.errors import StateError
from flywheel_sim.program import Inputs, Lowered

__all__ = ["SHORTEST_STEP", "TOLERANCE", "Stepped", "run_in_steps"]

TOLERANCE = 1e-6
SHORTEST_STEP = 1 / 64
# Twice the step makes at least four times the error, wherever a limit (a full staff) is met on the way; so the
# error left is at most a third of what halving the step has moved.
LEFT = 3.0


@dataclass(frozen=True, eq=False)
class Stepped:
    """A run, its step, and the error of that step.

    Attributes:
        reader: of the run.
        dt: the step, None where the method chose its own.
        error: the estimated error of the metric that has most, relative to it; None where the step was given.
    """

    reader: Reader
    dt: float | None
    error: float | None


def run_in_steps(lowered: Lowered, inputs: Inputs, times: Sequence[float], *, method: str = "rk4", dt: float | None = None) -> Stepped:
    """Run, with the longest step that is short enough where none is given.

    Steps are powers of two, from 1/4 of the model's time unit down to 1/64. The first one is taken at which the
    estimated error of every metric at the horizon, and of every stock there relative to its peak, is within
    :data:`TOLERANCE`.

    Raises:
        StateError: if the run fails at every step.
    """
    back = windows(lowered, inputs)
    if dt is not None or method == "adaptive":
        record = run(lowered, inputs, times, windows=back, method=method, dt=dt or LONGEST_STEP)
        return Stepped(Reader(lowered, record), record.dt, None)
    coarse: Reader | None = None
    step = 2 * LONGEST_STEP
    while True:
        try:
            fine = Reader(lowered, run(lowered, inputs, times, windows=back, method=method, dt=step))
        except StateError:
            if step <= SHORTEST_STEP:
                raise
            fine = None
        if fine is not None and step <= LONGEST_STEP:
            error = difference(coarse, fine) / LEFT if coarse is not None else math.inf
            if error <= TOLERANCE or step <= SHORTEST_STEP:
                return Stepped(fine, step, error)
        coarse, step = fine, step / 2


def difference(coarse: Reader, fine: Reader) -> float:
    """The most that any metric, or any stock relative to its peak, differs at the end of two runs."""
    worst = 0.0
    for name in fine.metrics:
        a, b = coarse.at(name, None, -1), fine.at(name, None, -1)
        if math.isfinite(a) and math.isfinite(b) and a != b:
            worst = max(worst, abs(a - b) / max(abs(a), abs(b)))
    for state, (a, b) in enumerate(zip(coarse.record.states[-1], fine.record.states[-1], strict=True)):
        peak = max(abs(row[state]) for row in fine.record.states)
        if peak:
            worst = max(worst, abs(a - b) / peak)
    return worst
