"""The step chosen by error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.analysis.metrics import windows
from flywheel_sim.engines.ode import LONGEST_STEP, run
from flywheel_sim.errors import StateError
from flywheel_sim.program import Inputs, Lowered, Trace, key
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SHORTEST_STEP", "TOLERANCE", "Stepped", "run_in_steps"]

TOLERANCE = 2e-6
SHORTEST_STEP = 1 / 64
# Twice the step makes at least four times the error of RK4, wherever a limit (a full staff) is met on the way, and at
# least one and a half times that of Euler (in short steps 16 and 2 times). What halving the step has moved is the
# difference: the error left is at most this part of it.
LEFT = {"rk4": 1 / (4 - 1), "euler": 1 / (1.5 - 1)}


class Stepped(Record):
    """A run, its step, and the error of that step.

    Attributes:
        trace: of the run.
        dt: the step, None where the method chose its own.
        error: the estimated error of the stock or running total that has most, relative to its peak; None where
            the step was given, or only the shortest was possible and there is nothing to compare it with.
    """

    trace: Trace
    dt: float | None
    error: float | None


def run_in_steps(lowered: Lowered, inputs: Inputs, times: Sequence[float], *, method: str = "rk4", dt: float | None = None) -> Stepped:
    """Run, with the longest step that is short enough where none is given.

    Steps are powers of two, from 1/4 of the model's time unit down to 1/64. The first one is taken at which the
    estimated error at the horizon of every stock and every running total is within :data:`TOLERANCE` of its peak.

    Raises:
        StateError: if the run fails at every step.
    """
    back = windows(lowered, inputs)
    if dt is not None or method == "adaptive":
        trace = run(lowered, inputs, times, windows=back, method=method, dt=LONGEST_STEP if dt is None else dt)
        return Stepped(trace, trace.dt, None)
    coarse: Trace | None = None
    step = 2 * LONGEST_STEP
    while True:
        saved = times if step <= LONGEST_STEP else (times[0], times[-1])  # the first is only there to be compared with
        try:
            fine = run(lowered, inputs, saved, windows=back, method=method, dt=step)
        except StateError:
            if step <= SHORTEST_STEP:
                raise
            fine = None
        if fine is not None and step <= LONGEST_STEP:
            error = None if coarse is None else LEFT[method] * difference(coarse, fine)
            if step <= SHORTEST_STEP or (error is not None and error <= TOLERANCE):
                return Stepped(fine, step, error)
        coarse, step = fine, step / 2


def difference(coarse: Trace, fine: Trace) -> float:
    """The most that any stock or running total differs at the end of two runs, relative to its peak."""
    peaks = [max(map(abs, column)) for column in zip(*fine.states, strict=True)]
    totals = [max(map(abs, column)) for column in zip(*fine.integrals.values(), strict=True)]
    end = key(fine.times[-1])
    ends = zip((*coarse.states[-1], *coarse.integrals[end]), (*fine.states[-1], *fine.integrals[end]), (*peaks, *totals), strict=True)
    return max((abs(a - b) / peak for a, b, peak in ends if peak), default=0.0)
