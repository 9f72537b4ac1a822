"""Run a program one individual at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.engines.events.simulation import Simulation
from flywheel_sim.engines.tableau import METHODS
from flywheel_sim.errors import UsageError
from flywheel_sim.program.schedule import refuse_ramps_of_flips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flywheel_sim.engines.events.log import Journey
    from flywheel_sim.program import Inputs, Lowered

__all__ = ["MOST_EVENTS", "run"]

MOST_EVENTS = 10_000_000  # a minute or two
MOST_STEPS = 10_000_000


def run(
    lowered: Lowered,
    inputs: Inputs,
    times: Sequence[float],
    *,
    windows: Iterable[float] = (),
    dt: float = 1 / 8,
    method: str = "rk4",
    seed: int,
    replication: int = 0,
    log: bool = True,
    most_events: int = MOST_EVENTS,
    advance: Callable[[int], None] | None = None,
) -> Journey:
    """Simulate every individual.

    Stocks in the counted units are whole individuals; all else goes on as equations, on steps that land on every
    change of schedule, saved time and mark. The hazard of whatever rests on counts and parameters alone is exact.
    What rests on continuous stocks or on the time follows them along each step, cut at each move that changes them,
    with the error of the method: for ``rk4`` of the fourth power of the step.

    Args:
        lowered: the program and what its slots were called.
        inputs: the parameters, which switches are on, and how parameters move.
        times: when to save, increasing, the first 0.
        windows: how far back trailing measures look from each saved time.
        dt: the longest step of what is not counted.
        method: of that: ``euler`` or ``rk4``.
        seed: of all random numbers, from 0 on.
        replication: its number: each has random numbers of its own.
        log: whether to keep the log of journeys.
        most_events: how many moves are too many.
        advance: told every now and then how many moves were made since it was last told.

    Raises:
        UsageError: for an unknown method, a step that is not positive or far too short, what is no seed, or a ramp of what
            sets when a condition flips.
        ModelError: if a staff with a queue serves more than one stock, or one with stages.
        StateError: when a number leaves what is possible, or there are too many moves.
    """
    if method not in METHODS:
        raise UsageError(f"there is no method {method!r} for single accounts", fix=f"use one of {', '.join(METHODS)}")
    if not (dt > 0 and math.isfinite(dt)):
        raise UsageError(f"dt={dt} is no step", fix="use a positive number, such as 1/8")
    if times[-1] / dt > MOST_STEPS:
        raise UsageError(f"{times[-1] / dt:.3g} steps are more than {MOST_STEPS}", fix="use a larger dt or a nearer horizon")
    for name, value in (("seed", seed), ("replication", replication)):
        if not hasattr(value, "__index__") or value < 0:
            raise UsageError(f"{name}={value!r} is no {name}", fix="use a whole number from 0 on")
    refuse_ramps_of_flips(lowered, (bend.parameter for bend in inputs.bends if bend.slope))
    simulation = Simulation(
        lowered,
        inputs,
        tuple(times),
        tuple(windows),
        dt=dt,
        method=METHODS[method],
        draws=(int(seed), int(replication)),
        most_events=most_events,
        log=log,
        advance=advance,
    )
    return simulation.journey()
