"""Any model run over arrays of draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.errors import UsageError
from flywheel_sim.model.setting import write_range
from flywheel_sim.native import processor
from flywheel_sim.program import written
from flywheel_sim.result import About, Result
from flywheel_sim.study.futures import TOLERANCE, gather, ready, ready_for_luck, refuse_too_much
from flywheel_sim.study.given import Listed
from flywheel_sim.study.inputs import TOGETHER, inputs_for, is_array, parts_of, settings_from, values_within
from flywheel_sim.study.many import error_of_first, failures_of, futures_of, quantile_error
from flywheel_sim.study.outputs import outputs_of
from flywheel_sim.study.sampling import MOST_DRAWS, whole_number
from flywheel_sim.units import write_number
from flywheel_sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flywheel_sim.model.symbols import Parameter
    from flywheel_sim.program import Lowered

    Array = NDArray[np.float64]

__all__ = ["simulate_draws"]

KEEP = ("all", "quantiles")


def simulate_draws(
    lowered: Lowered,
    values: Mapping[str, object],
    off: tuple[str, ...],
    times: Sequence[float],
    *,
    dt: float | None,
    method: str,
    draws: int | None,
    seed: int,
    keep: str,
    threads: int | None,
    engine: str = "ode",
) -> Result:
    """Run a model with values of which some are arrays, one number for each draw.

    Raises:
        UsageError: for arrays of unlike lengths, or anything else that cannot be meant.
        StateError: if every draw failed.
    """
    if keep not in KEEP:
        raise UsageError(f"keep={keep!r} is none of what can be kept", fix=f"use {' or '.join(map(repr, KEEP))}")
    if threads is not None:
        whole_number("threads", threads, 1)
    if method == "adaptive" and engine == "ode":
        raise UsageError("many draws are run in fixed steps", fix="use method='rk4', or leave method out")
    if dt is not None and not 0 < dt < np.inf:
        raise UsageError(f"dt={dt} is no step", fix="use a positive number, such as 1/8, or None to let the error choose")
    count = count_of(values, draws)
    if keep == "all":
        refuse_too_much(len(outputs_of(lowered).saved), {"run": times}, count)
    given = listed(lowered, values, off, count, tuple(times))
    if engine == "ode":
        made = ready(given, None, kinds=None, method=method, dt=dt, threads=threads)
    else:
        made = ready_for_luck(given, None, kinds=None, engine=engine, method=method, dt=dt, threads=threads, seed=int(seed))
    gathered = gather(made.work, keep=keep == "all")
    tally = gathered.tally
    if tally.failed == tally.draws:
        raise error_of_first(made.work, tally)
    until = times[-1]
    about = About(
        title=lowered.declaration.name,
        model=lowered.declaration.name.lower(),
        months=int(until) if until == int(until) else float(until),
        engine=engine,
        method=made.work.method,
        dt=made.work.dt,
        draws=count,
        seed=int(seed),
        version=__version__,
        conservation=tally.imbalance,
        step_error=made.moved,
        time_unit=lowered.declaration.time_unit,
        uncertain=tuple(written(*lowered.layout.parameters[slot]) for slot in sorted(given.drawn("run"))),
        quantile_error=quantile_error(tally),
        processor=processor(),
        failed=tally.failed,
        failures=failures_of(made.work, tally),
        tolerance=TOLERANCE if dt is None and engine == "ode" else None,
    )
    return Result(about, futures_of(made.work, gathered, {}))


def count_of(values: Mapping[str, object], draws: int | None) -> int:
    """How many draws the arrays have, all as many.

    Raises:
        UsageError: if they do not, or not as many as asked for.
    """
    counts = {len(as_array(value)) for value in values_within(values) if is_array(value)}
    if len(counts) > 1:
        raise UsageError(
            f"the arrays have unlike numbers of draws: {', '.join(map(str, sorted(counts)))}", fix="give one number for each draw in all"
        )
    count = next(iter(counts), None)
    if draws is not None:
        whole_number("draws", draws, 1, MOST_DRAWS)
        if count is not None and count != draws:
            raise UsageError(f"draws={draws}, and the arrays have {count}", fix="leave draws out")
        count = draws
    assert count is not None
    if not count:
        raise UsageError("the arrays are empty", fix="give one number for each draw")
    return count


def as_array(value: object) -> Array:
    """A list or an array as numbers.

    Raises:
        UsageError: if it is none, or of more than one dimension.
    """
    try:
        made: Array = np.asarray(value, float)
    except (TypeError, ValueError):
        raise UsageError(f"{value!r} is no array of numbers", fix="give one number for each draw") from None
    if made.ndim != 1:
        raise UsageError(f"an array of shape {made.shape} is none of draws", fix="give one number for each draw, in one dimension")
    return made


def listed(lowered: Lowered, values: Mapping[str, object], off: tuple[str, ...], count: int, times: tuple[float, ...]) -> Listed:
    """What every draw is given.

    Raises:
        UsageError: for an unknown name or label, or a number that is not possible.
    """
    first = inputs_for(lowered, settings_from(lowered, {name: first_of(value) for name, value in values.items()}), off)
    places = {place: slot for slot, place in enumerate(lowered.layout.parameters)}
    arrays: dict[int, Array] = {}
    for name, value in values.items():
        base, rest = parts_of(name)
        parameter = lowered.declaration.parameters[base]
        by_label = value if isinstance(value, Mapping) else dict.fromkeys([rest] if rest else parameter.default, value)
        for label, one in by_label.items():
            if is_array(one):
                arrays[places[base, label]] = checked(as_array(one), base, label, parameter)
    whole_splits(lowered, first.parameters, arrays)
    return Listed(lowered, count, first.parameters, arrays, first.switches, times)


def first_of(value: object) -> object:
    """A value with every array in it as its first number."""
    if isinstance(value, Mapping):
        return {label: first_of(one) for label, one in value.items()}
    return float(as_array(value)[0]) if is_array(value) else value


def checked(array: Array, name: str, label: str | None, parameter: Parameter) -> Array:
    """An array within the limits of its parameter.

    Raises:
        UsageError: for the first number outside them.
    """
    low, high = parameter.limits
    outside = np.flatnonzero(~(np.isfinite(array) & (array >= low) & (array <= high)))
    if outside.size:
        number = float(array[outside[0]])
        told = write_number(number) if np.isfinite(number) else str(number)
        raise UsageError(
            f"{written(name, label)} is {told} in draw {outside[0]}, outside its limits", fix=f"use {write_range((low, high))}"
        )
    return array


def whole_splits(lowered: Lowered, typical: Sequence[float], arrays: Mapping[int, Array]) -> None:
    """See that the shares of the split are together 1 in every draw.

    Raises:
        UsageError: for the first draw in which they are not.
    """
    shares = [slot for slot, (name, _) in enumerate(lowered.layout.parameters) if name == lowered.declaration.split]
    if not set(shares) & set(arrays):
        return  # they are, in the one draw that there is of them
    together: Array = np.zeros(1)
    for slot in shares:
        together = together + arrays.get(slot, typical[slot])
    wrong = np.flatnonzero(np.abs(together - 1) > TOGETHER)
    if wrong.size:
        name = lowered.declaration.split
        raise UsageError(
            f"the shares of {name} are together {together[wrong[0]]:.6g} in draw {wrong[0]}, not 1", fix="name every share that is not 0"
        )
