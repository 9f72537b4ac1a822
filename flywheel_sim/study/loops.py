"""The feedback loops of any model, scored along a run."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis.loops import (
    LoopScores,
    Takeover,
    course,
    declared_shares,
    find_in,
    month_of_takeover,
    score_loops,
)
from flywheel_sim.engines.ode import LONGEST_STEP, run
from flywheel_sim.errors import UsageError
from flywheel_sim.expressions import Expression, Slot
from flywheel_sim.program.schedule import changes, parameters_in
from flywheel_sim.study.inputs import inputs_for, settings_from
from flywheel_sim.study.simulate import duration, known_switches, lowered_model
from flywheel_sim.study.step import run_in_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flywheel_sim.model import ModelKind
    from flywheel_sim.program import Inputs, Lowered
    from flywheel_sim.study.futures import Given

__all__ = ["LoopScores", "Takeover", "integration_grid", "loop_scores", "loops_in", "takeover"]

MOST_INTERVALS = 100_000
MOST_NUMBERS = 10_000_000  # of loops times intervals times draws that are scored together


def loop_scores(
    model: ModelKind,
    values: Mapping[str, object] | None = None,
    off: Iterable[str] = (),
    until: float = 60,
    dt: float | None = None,
    method: str = "rk4",
    *,
    merge: bool = False,
) -> LoopScores:
    """Find the feedback loops of a model and tell how strong each is, interval by interval of its integration grid.

    Args:
        model: the class.
        values: parameters and levers by name, as for ``simulate``.
        off: loops and frictions that do not run.
        until: the horizon, in the model's time unit.
        dt: the longest step; None chooses it by error.
        method: ``rk4``, ``euler`` or ``adaptive``; with the last, intervals are as long as ``dt``, or 1/4.
        merge: whether a stock with stages is one variable, and so are the labels that whole individuals have.

    Raises:
        UsageError: for a name or value that cannot be meant.
        StateError: when a number leaves what is possible.
    """
    lowered = lowered_model(model)
    inputs = inputs_for(lowered, settings_from(lowered, values or {}), known_switches(lowered, off))
    return loops_in(lowered, inputs, duration("until", until), dt=dt, method=method, merge=merge)


def loops_in(
    lowered: Lowered, inputs: Inputs, until: float, *, dt: float | None = None, method: str = "rk4", merge: bool = False
) -> LoopScores:
    """The same for a program and what it is given, such as a strategy of a scenario.

    Args:
        lowered: the program and what its slots were called.
        inputs: the parameters, which switches are on, and how parameters move.
        until: the horizon.
        dt: the longest step; None chooses it by error.
        method: as for ``loop_scores``.
        merge: likewise.
    """
    if dt is None:
        dt = run_in_steps(lowered, inputs, (0.0, until), method=method).dt or LONGEST_STEP
    grid = integration_grid(lowered, inputs, until, duration("dt", dt))
    trace = run(lowered, inputs, grid, method=method, dt=dt)
    return score_loops(lowered.declaration, inputs, grid, np.array(trace.states), merge=merge)


def takeover(
    given: Given,
    strategy: str,
    loop: str,
    typical: Inputs,
    *,
    above: float | None = None,
    hold: float = 1.0,
    dt: float = LONGEST_STEP,
    method: str = "rk4",
    merge: bool = True,
    threads: int = 1,
) -> Takeover:
    """In which month a declared loop takes over, in each of many draws.

    The loops are found in the typical run and scored in every draw.

    Args:
        given: the draws.
        strategy: of these.
        loop: the name of a declared loop.
        typical: what the run is given in which loops are looked for.
        above: the share that the loop must have; None for more than the absolute share of any other declared loop.
        hold: how long it must keep that, in the model's time unit.
        dt: the longest step.
        method: ``rk4`` or ``euler``.
        merge: as for ``loop_scores``.
        threads: how many to use for the runs.

    Raises:
        UsageError: for a loop that is not declared or does not run.
        StateError: when the typical run fails.
    """
    from flywheel_sim.emit.llvm.workspace import Output
    from flywheel_sim.engines.ensemble import Ensemble

    lowered = given.lowered
    until = given.times()[strategy][-1]
    drawn = given.drawn(strategy)
    shared = [flip for flip in lowered.program.breaks if not parameters_in(flip) & drawn]
    grid = integration_grid(lowered, typical, until, duration("dt", dt), shared)
    trace = run(lowered, typical, grid, method=method, dt=dt)
    loops, _ = find_in(lowered.declaration, typical, grid, np.array(trace.states), merge=merge)
    outputs = tuple(Output(Slot("state", state), defined=True) for state in range(len(lowered.program.initial)))
    batch = max(8, MOST_NUMBERS // (len(grid) * max(len(loops.links), 10 * len(loops.graph.links))))
    ensemble = Ensemble(lowered, given.draws(strategy, 0, min(batch, given.count)), grid, outputs, method=method, dt=dt, drawn=drawn)
    months, failures = [], []
    for start in range(0, given.count, batch):
        draws = given.draws(strategy, start, min(start + batch, given.count))
        futures = ensemble.run(draws, threads=threads)
        here, there = course(list(draws.parameters), draws.bends, grid, futures.values)
        shares = declared_shares(loops, here, there)
        failed = ~np.isnan(futures.failed)
        month = month_of_takeover(shares, np.asarray(grid[:-1]), loop, above=above, hold=hold)
        months.append(np.where(failed, np.nan, month))
        failures.append(failed)
    month, failed = np.concatenate(months), np.concatenate(failures)
    never = float(np.isnan(month[~failed]).mean()) if (~failed).any() else math.nan
    return Takeover(loop, month, failed, never, loops.exhaustive)


def integration_grid(lowered: Lowered, inputs: Inputs, until: float, dt: float, flips: Iterable[Expression] | None = None) -> list[float]:
    """Every instant from 0 to the horizon between which a step is made: equal steps from one change of schedule to the next.

    Args:
        lowered: the program and what its slots were called.
        inputs: what it is given.
        until: the horizon.
        dt: the longest step.
        flips: the conditions on time that a step must land on; all unless said.

    Raises:
        UsageError: if there are too many.
    """
    if until / dt > MOST_INTERVALS:
        raise UsageError(f"{until / dt:.3g} intervals are more than {MOST_INTERVALS}", fix="use a larger dt or a nearer horizon")
    grid = [0.0]
    for start, stop in itertools.pairwise(changes(lowered.program, inputs, until, flips)):
        steps = max(1, math.ceil((stop - start) / dt - 1e-9))
        grid += [start + (stop - start) * number / steps for number in range(1, steps)]
        grid.append(stop)
    return grid
