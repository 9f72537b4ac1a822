"""Versions of a run made together: inputs that differ in parameters, moves and switches, as few compiled batches."""

from __future__ import annotations

import math
import os
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.engines.ensemble import Drawn, Draws, Ensemble
from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.program import key
from flywheel_sim.study.outputs import outputs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flywheel_sim.emit.llvm.workspace import Output
    from flywheel_sim.program import Inputs, Lowered

    Array = NDArray[np.float64]

__all__ = ["MOST_AT_ONCE", "run_variants"]

MOST_AT_ONCE = 4096  # variants of a batch, so that its memory stays flat


def run_variants(
    lowered: Lowered,
    variants: Sequence[Inputs],
    times: Sequence[float],
    names: Sequence[str],
    *,
    dt: float,
    method: str = "rk4",
    threads: int | None = None,
) -> Array:
    """Run versions of a model.

    All that have the same switches share one grid: where one of them moves a parameter, a step ends in all.

    Args:
        lowered: the model.
        variants: what each is given.
        times: when to save, increasing, the first 0; the last is the horizon.
        names: the series to save, without labels or written with one: ``win`` or ``win[cold]``.
        dt: the longest step.
        method: ``rk4`` or ``euler``.
        threads: how many to use; as many as there are processors unless said.

    Returns:
        Of shape (names, times, variants); NaN where a metric is undefined, and throughout where a variant failed.

    Raises:
        UsageError: if there is no such series.
    """
    outputs = outputs_named(lowered, tuple(names))
    found: Array = np.full((len(names), len(times), len(variants)), math.nan)
    groups: dict[tuple[bool, ...], list[int]] = {}
    for number, variant in enumerate(variants):
        groups.setdefault(variant.switches, []).append(number)
    for numbers in groups.values():
        for first in range(0, len(numbers), MOST_AT_ONCE):
            some = numbers[first : first + MOST_AT_ONCE]
            draws = draws_of([variants[number] for number in some])
            ensemble = Ensemble(lowered, draws, times, outputs, method=method, dt=dt)
            made = ensemble.run(draws, threads=min(threads or os.cpu_count() or 1, 1 + len(some) // 64))
            made.values[:, :, ~np.isnan(made.failed)] = math.nan
            found[:, :, some] = made.values.transpose(1, 0, 2)
    return found


@lru_cache(maxsize=32)
def outputs_named(lowered: Lowered, names: tuple[str, ...]) -> tuple[Output, ...]:
    """What to save of a model, the same object for the same names, so that its kernel is printed once."""
    outputs = outputs_of(lowered)
    places = {f"{name}[{label}]" if label else name: number for (name, label), number in outputs.places.items()}
    for name in names:
        if name not in places:
            raise UsageError(f"there is no series {name!r}", fix=nearest(name, places, "the series are"))
    return tuple(outputs.saved[places[name]] for name in names)


def draws_of(variants: Sequence[Inputs]) -> Draws:
    """Variants with the same switches as draws: who does not move a parameter where another does keeps on as before."""
    parameters = np.array([variant.parameters for variant in variants]).T
    places = sorted({(key(bend.time), bend.parameter) for variant in variants for bend in variant.bends})
    bends = []
    courses: dict[float, list[tuple[tuple[float, ...], tuple[float, ...]]]] = {}
    for time, parameter in places:
        if time not in courses:
            courses[time] = [variant.course(time) for variant in variants]
        value, slope = np.array([[values[parameter], slopes[parameter]] for values, slopes in courses[time]]).T
        bends.append(Drawn(time, parameter, value, slope))
    return Draws(parameters, variants[0].switches, tuple(bends))
