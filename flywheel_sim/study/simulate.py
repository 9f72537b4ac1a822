"""Any model, run from Python."""

from __future__ import annotations

import math
from functools import lru_cache
from numbers import Real
from typing import TYPE_CHECKING

from flywheel_sim.analysis.metrics import Reader
from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.model import ModelKind, declaration
from flywheel_sim.program import Lowered, lower
from flywheel_sim.result import About, Result
from flywheel_sim.study.inputs import inputs_for, is_array, settings_from, values_within
from flywheel_sim.study.series import labelled
from flywheel_sim.study.step import Stepped, run_in_steps
from flywheel_sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ENGINES", "known_engine", "lowered_model", "saved_times", "simulate"]

ENGINES = ("ode", "events", "chance")
MOST_SAVED = 100_000


@lru_cache(maxsize=32)
def lowered_model(model: ModelKind) -> Lowered:
    """A model as a program, made once."""
    return lower(declaration(model))


def simulate(
    model: ModelKind,
    values: Mapping[str, object] | None = None,
    off: Iterable[str] = (),
    until: float = 60,
    dt: float | None = None,
    method: str = "rk4",
    every: float = 1.0,
    engine: str = "ode",
    draws: int | None = None,
    seed: int = 0,
    keep: str = "all",
    threads: int | None = None,
) -> Result:
    """Run a model.

    Args:
        model: the class.
        values: parameters and levers by name, in their declared unit or as text with a unit; the others are as
            declared. One with labels takes a dictionary by label. A value may be an array of n draws.
        off: loops and frictions that do not run.
        until: the horizon, in the model's time unit.
        dt: the longest step; None chooses it by error.
        method: ``rk4``, ``euler`` or ``adaptive``; of ``chance`` also ``direct``, every event by itself, ``leap``, or
            ``paired``, each kind of move by random numbers of its own.
        every: the time between saved values; 0 and ``until`` are always saved.
        engine: ``ode``, equations; ``events``, every account by itself; or ``chance``, the same law on counts, compiled.
        draws: how many; as many as the arrays have unless said. Draws of values that are no arrays are all alike, but for
            the luck that ``events`` and ``chance`` have: there every draw is a replication.
        seed: of luck; kept with the result.
        keep: of draws, ``all`` or only ``quantiles``.
        threads: how many to use for draws; as many as there are processors unless said.

    Returns:
        A result with one strategy, ``run``, in which are all stocks, flows, equations and metrics: over time; with draws
        of shape (n, time), or (3, time) for 5, 50 and 95 % where only quantiles are kept.

    Raises:
        UsageError: for a name or value that cannot be meant.
        StateError: when a number leaves what is possible, naming the month, the stock and the likely parameter.
    """
    known_engine(engine, seed)
    lowered = lowered_model(model)
    switches = known_switches(lowered, off)
    if draws is not None or any(map(is_array, values_within(values or {}))):
        from flywheel_sim.study.arrays import simulate_draws

        times = saved_times(until, every)
        return simulate_draws(
            lowered,
            values or {},
            switches,
            times,
            dt=dt,
            method=method,
            draws=draws,
            seed=seed,
            keep=keep,
            threads=threads,
            engine=engine,
        )
    inputs = inputs_for(lowered, settings_from(lowered, values or {}), switches)
    times = saved_times(until, every)
    if engine == "ode":
        stepped = run_in_steps(lowered, inputs, times, method=method, dt=dt)
    else:
        from flywheel_sim.study.replicas import replicated

        (stepped,) = replicated(engine, lowered, [inputs], [times], method=method, dt=dt, seed=seed)
    about = about_run(lowered, stepped, title=lowered.declaration.name, until=until, seed=seed, engine=engine)
    return Result(about, {"run": labelled("run", "", Reader(lowered, stepped.trace))})


def known_switches(lowered: Lowered, off: Iterable[str]) -> tuple[str, ...]:
    names = (off,) if isinstance(off, str) else tuple(off)
    for name in names:
        if name not in lowered.layout.switches:
            switches = lowered.layout.switches
            raise UsageError(
                f"{name!r} cannot be switched off in {lowered.declaration.name}",
                fix=nearest(str(name), switches, "what can be switched off is") if switches else "nothing can, in this model",
            )
    return names


def known_engine(engine: str, seed: int) -> None:
    """Refuse an engine that there is none of, and what is no seed.

    Raises:
        UsageError: for any of them.
    """
    if engine not in ENGINES:
        raise UsageError(f"there is no engine {engine!r}", fix=f"use {', '.join(ENGINES)}")
    if not hasattr(seed, "__index__") or seed < 0:
        raise UsageError(f"seed={seed!r} is no seed", fix="use a whole number from 0 on")


def saved_times(until: float, every: float) -> list[float]:
    """0, every, twice every, ... and ``until``."""
    until, every = duration("until", until), duration("every", every)
    count = math.floor(until / every + 1e-9)
    if count > MOST_SAVED:
        raise UsageError(f"{count} saved times are more than {MOST_SAVED}", fix="use a larger every=")
    times = [number * every for number in range(count + 1)]
    if until - times[-1] > 1e-9 * until:
        times.append(until)
    else:
        times[-1] = until
    return times


def duration(name: str, value: object) -> float:
    """A time above 0, NumPy's numbers included."""
    if isinstance(value, Real) and 0 < float(value) < math.inf:
        return float(value)
    raise UsageError(f"{name}={value!r} is no time", fix="use a number above 0")


def about_run(lowered: Lowered, stepped: Stepped, *, title: str, until: float, seed: int, engine: str) -> About:
    trace = stepped.trace
    return About(
        title=title,
        model=lowered.declaration.name.lower(),
        months=int(until) if until == int(until) else float(until),
        engine=engine,
        method=trace.method,
        dt=trace.dt,
        draws=1,
        seed=int(seed),
        version=__version__,
        conservation=trace.conservation,
        step_error=stepped.error,
        time_unit=lowered.declaration.time_unit,
    )
