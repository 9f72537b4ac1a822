"""Runs of single accounts: one of them, or many replications as draws."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.metrics import windows
from flywheel_sim.engines import chance, events
from flywheel_sim.engines.ensemble import Futures, Readout
from flywheel_sim.errors import StateError, UsageError
from flywheel_sim.study.step import Stepped, run_in_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from flywheel_sim.emit.llvm.workspace import Output
    from flywheel_sim.engines.ensemble import Draws
    from flywheel_sim.program import Inputs, Lowered, Trace

    Array = NDArray[np.float64]

__all__ = ["LONGEST", "Replicas", "method_for_comparing", "method_of", "replicated", "replication", "step_for"]

LONGEST = 1 / 8  # of the steps of what is not counted


def method_of(engine: str, method: str) -> str:
    """What an engine of single accounts makes of the name of a method.

    Raises:
        UsageError: if it has no such method.
    """
    of_chance = {"rk4": "auto", "direct": "direct", "leap": "leap", "paired": "paired"}
    methods = {"events": {"rk4": "rk4", "euler": "euler"}, "chance": of_chance}[engine]
    if method not in methods:
        raise UsageError(f"there is no method {method!r} for the engine {engine}", fix=f"use {', '.join(methods)}")
    return methods[method]


def method_for_comparing(called: str, lowered: Lowered, all_inputs: Iterable[Inputs]) -> str:
    """What ``auto`` becomes where runs are compared: ``paired``, so that they have their luck in common, unless any would leap.

    Args:
        called: the method, as the engine calls it.
        lowered: the model.
        all_inputs: what each is given.

    Raises:
        StateError: where a stock cannot start.
    """
    return "paired" if called == "auto" and all(chance.few_at_start(lowered, inputs) for inputs in all_inputs) else called


def step_for(lowered: Lowered, all_inputs: Iterable[Inputs], times: Sequence[float]) -> float:
    """The longest step of what is not counted: as the equations choose it by error, and 1/8 at most."""
    shortest = LONGEST
    for inputs in all_inputs:
        try:
            chosen = run_in_steps(lowered, inputs, times).dt
        except StateError:  # what fails on average need not fail by luck
            continue
        shortest = min(shortest, chosen or LONGEST)
    return shortest


def replication(
    engine: str, lowered: Lowered, inputs: Inputs, times: Sequence[float], *, method: str, dt: float, seed: int, number: int = 0
) -> Trace:
    """One run of single accounts.

    Args:
        engine: ``events`` or ``chance``.
        lowered: the model.
        inputs: what it is given.
        times: when to save.
        method: as the engine calls it.
        dt: the longest step of what is not counted.
        seed: of its luck.
        number: of the replication.

    Raises:
        StateError: when a number leaves what is possible.
        RunError: if the model explodes.
    """
    back = windows(lowered, inputs)
    if engine == "events":
        journey = events.run(lowered, inputs, times, windows=back, dt=dt, method=method, seed=seed, replication=number, log=False)
        return journey.trace
    chances = chance.Chances(lowered, inputs, times, windows=back, dt=dt, method=method)
    found = chances.run(seed, number, number + 1)
    if not math.isnan(found.failed[0]):
        raise broken(lowered, float(found.failed[0]))
    return found.trace(0)


def replicated(
    engine: str,
    lowered: Lowered,
    all_inputs: Sequence[Inputs],
    all_times: Sequence[Sequence[float]],
    *,
    method: str,
    dt: float | None,
    seed: int,
    compared: bool = False,
) -> list[Stepped]:
    """One run of single accounts for each of some inputs, all with the same luck and the same step.

    Args:
        engine: ``events`` or ``chance``.
        lowered: the model.
        all_inputs: what each is given.
        all_times: when each is saved.
        method: one that the engine has.
        dt: the longest step; None to choose it.
        seed: of their luck.
        compared: whether they are strategies that are compared: see :func:`method_for_comparing`.

    Raises:
        StateError: when a number leaves what is possible.
        UsageError: for a method that the engine has not.
    """
    called = method_of(engine, method)
    if compared:
        called = method_for_comparing(called, lowered, all_inputs)
    if dt is None:
        dt = step_for(lowered, all_inputs, max(all_times, key=len))
    return [
        Stepped(replication(engine, lowered, inputs, times, method=called, dt=dt, seed=seed), dt, None)
        for inputs, times in zip(all_inputs, all_times, strict=True)
    ]


def broken(lowered: Lowered, month: float) -> StateError:
    unit = lowered.declaration.time_unit
    return StateError(
        f"{unit} {month:g}: a number left what is possible",
        month=month,
        name=lowered.declaration.name,
        parameter="",
        detail="",
        fix="run it with engine='events', which says which number",
    )


class Replicas:
    """A strategy run one account at a time: every draw is a replication.

    The same seed and number give the same replication, whatever else is run with it.

    Args:
        engine: ``events`` or ``chance``.
        lowered: the model.
        sample: some draws.
        times: when to save.
        outputs: what to save.
        method: as the engine calls it.
        dt: the longest step of what is not counted.
        drawn: the parameters that may differ between draws.
        seed: of their luck.
    """

    def __init__(
        self,
        engine: str,
        lowered: Lowered,
        sample: Draws,
        times: Sequence[float],
        outputs: Sequence[Output],
        *,
        method: str,
        dt: float,
        drawn: frozenset[int],
        seed: int,
    ) -> None:
        self.lowered, self.times, self.method, self.dt, self.seed = lowered, tuple(times), method, dt, seed
        self.readout = Readout(lowered, sample, times, outputs, drawn=drawn)
        self.replicate: Callable[[Inputs, int, Room], None] = self.by_events if engine == "events" else self.by_chance
        self.ready: tuple[object, chance.Chances] | None = None  # for what was run last, and what that was

    @property
    def method_used(self) -> str:
        """By what the last of them were run."""
        return self.method if self.ready is None else self.ready[1].method

    def run(self, draws: Draws, first: int) -> Futures:
        """Run some replications.

        Args:
            draws: what they are given.
            first: the number of the first of them.

        Raises:
            RunError: if the model explodes.
        """
        room = Room(self, draws.count)
        for start, stop in alike(draws):
            self.replicate(draws.one(start), first + start, room.part(start, stop))
        found = self.readout.read(draws, room.states, room.integrals)
        failed = np.fmin(found.failed, room.failed)
        return Futures(found.values, failed, found.imbalance)

    def by_events(self, inputs: Inputs, first: int, room: Room) -> None:
        for place in range(len(room.failed)):
            try:
                trace = events.run(
                    self.lowered,
                    inputs,
                    self.times,
                    windows=self.readout.windows,
                    dt=self.dt,
                    method=self.method,
                    seed=self.seed,
                    replication=first + place,
                    log=False,
                ).trace
            except StateError as error:
                room.failed[place] = error.month
                continue
            room.states[:, :, place] = trace.states
            room.integrals[:, :, place] = [trace.integrals[mark] for mark in self.readout.marks]

    def by_chance(self, inputs: Inputs, first: int, room: Room) -> None:
        ready = self.ready
        same = (inputs.parameters, [(bend.value, bend.slope) for bend in inputs.bends])  # of one strategy, all else is alike
        if ready is None or ready[0] != same:
            made = chance.Chances(self.lowered, inputs, self.times, windows=self.readout.windows, dt=self.dt, method=self.method)
            self.ready = ready = (same, made)
        found = ready[1].run(self.seed, first, first + len(room.failed))
        assert found.marks == self.readout.marks
        room.states[:], room.integrals[:], room.failed[:] = found.states, found.integrals, found.failed


class Room:
    """Where replications are put.

    Args:
        replicas: of which they are.
        count: how many.

    Attributes:
        states: of shape (saved times, states, replications).
        integrals: of shape (marks, integrals, replications).
        failed: when each failed, NaN where it did not.
    """

    def __init__(self, replicas: Replicas, count: int) -> None:
        program = replicas.lowered.program
        self.states: Array = np.full((len(replicas.times), len(program.initial), count), math.nan)
        self.integrals: Array = np.full((len(replicas.readout.marks), len(program.integrals), count), math.nan)
        self.failed: Array = np.full(count, math.nan)

    def part(self, start: int, stop: int) -> Room:
        """Some of it."""
        made = Room.__new__(Room)
        made.states, made.integrals = self.states[:, :, start:stop], self.integrals[:, :, start:stop]
        made.failed = self.failed[start:stop]
        return made


def alike(draws: Draws) -> Iterator[tuple[int, int]]:
    """Draws in a row that are given the same: from where to where."""
    rows = [draws.parameters, *(np.stack([bend.value, bend.slope]) for bend in draws.bends)]
    table: np.ndarray[Any, Any] = np.concatenate(rows)
    new = np.flatnonzero((table[:, 1:] != table[:, :-1]).any(axis=0)) + 1
    edges = [0, *new.tolist(), draws.count]
    yield from itertools.pairwise(edges)
