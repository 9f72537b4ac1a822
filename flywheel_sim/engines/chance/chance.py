"""Replications of a run in which individuals move one by one."""

from __future__ import annotations

import ctypes
import math
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.emit.llvm.chance import ARGUMENTS, EXPLODED, FAILED, print_chance
from flywheel_sim.emit.llvm.workspace import Steps
from flywheel_sim.engines.schedule import schedule
from flywheel_sim.engines.tableau import RK4
from flywheel_sim.errors import RunError, UsageError
from flywheel_sim.native import compile_native
from flywheel_sim.program import Inputs, Trace, key
from flywheel_sim.program.counting import counting
from flywheel_sim.program.diagnosis import broken_start, walk_values
from flywheel_sim.program.schedule import changes, refuse_ramps_of_flips
from flywheel_sim.program.whole import whole_start
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flywheel_sim.program import Lowered

__all__ = ["Chances", "Replications", "few_at_start"]

Array = np.ndarray[Any, np.dtype[Any]]

STEPS = Steps(RK4.nodes, (*(row[-1] for row in RK4.rows[1:]), 0.0), RK4.weights)  # one object, so that a kernel is printed once
METHODS = ("direct", "leap", "paired", "auto")
MANY = 100_000  # individuals from which on "auto" leaps
ROUNDING = 1e-12  # how far below zero a rate may lie by rounding, relative to the largest
MOST_STEPS = 10_000_000
PIECES = 8  # that each thread takes in turn, so that none waits long for another
HEARTBEAT = 0.1  # seconds after which the main thread looks whether it is to stop
ALIGNMENT = 128

# Steele, Lea and Flood 2014: what turns numbers in a row into words without a pattern
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Replications(Record):
    """What becomes of replications; those that failed hold NaN from then on.

    Attributes:
        inputs: what every one was given.
        times: the saved times.
        states: of shape (saved times, states, replications).
        values: of shape (saved times, values, replications).
        integrals: of shape (marks, integrals, replications); of what individuals went, how many did.
        marks: the times at which integrals are kept: the saved ones, and those that trailing measures look back to.
        events: how many happened in each replication.
        failed: when a number left what is possible, NaN where none did.
        conservation: how far the counts of each are out of balance, relative to their peak.
        method: how individuals moved: ``direct``, ``leap`` or ``paired``.
        dt: the longest step of the equations.
    """

    inputs: Inputs
    times: tuple[float, ...]
    states: Array
    values: Array
    integrals: Array
    marks: tuple[float, ...]
    events: Array
    failed: Array
    conservation: Array
    method: str
    dt: float

    def trace(self, replication: int) -> Trace:
        """One of them."""
        return Trace(
            inputs=self.inputs,
            times=self.times,
            states=rows(self.states[:, :, replication]),
            values=rows(self.values[:, :, replication]),
            integrals=dict(zip(self.marks, rows(self.integrals[:, :, replication]), strict=True)),
            conservation=float(self.conservation[replication]),
            method=self.method,
            dt=self.dt,
        )


def rows(table: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, table.tolist()))


class Chances:
    """Replications of a run, made ready: the kernel compiled, the grid laid out.

    Individuals move as a Markov process; what rests on their moves in proportion jumps with them, as
    :mod:`flywheel_sim.program.counting` reads it; all else goes on as equations. It is the law of the engine of single
    accounts. With ``direct`` every event is drawn: exactly where all that changes changes at events. Where hazards rest on
    stocks that go on as equations, or on the time, they are integrated along the step by the trapezium rule: the integral
    is off by some (r dt)² / 12 of itself where the hazard changes by a share r of itself a unit of time, and so, at most,
    are the means of what it drives: with dt = 1/8 and r = 1 by 1.3e-3, with r = 0.2 by 5e-5. What events do to the
    equations is off by as much in the mean.

    With ``leap`` many events are drawn at once wherever a leap holds ten or more, each so short that no state on which a
    propensity rests is expected to change, or to vary, by more than 1.5 % or one individual (of a stock that jumps: its
    largest jump); fewer than ten individuals leave one by one.

    With ``paired`` every event is drawn too, by the same law, but each kind of move goes through random numbers of its own,
    which rest on the seed, the replication and the move alone: runs of one model that are given different values have as much
    of their luck in common as can be, so that their difference tells most about what they were given.

    Args:
        lowered: the program and what its slots were called.
        inputs: the parameters, which switches are on, and how parameters move.
        times: when to save, increasing, the first 0; the last is the horizon.
        windows: how far back trailing measures look from each saved time.
        dt: the longest step of the equations; a step ends at every saved time and every change of schedule.
        method: ``direct``, ``leap``, ``paired``, or ``auto``: leaps from 100,000 individuals on, else ``direct``.
        most_events: of one replication, single ones and leaps, beyond which it has exploded.

    Raises:
        UsageError: for another method, a step that is none or far too short, or a ramp of what sets when a condition flips.
        StateError: where a stock cannot start.
    """

    def __init__(
        self,
        lowered: Lowered,
        inputs: Inputs,
        times: Sequence[float],
        *,
        windows: Iterable[float] = (),
        dt: float = 1 / 8,
        method: str = "direct",
        most_events: int = 10**9,
    ) -> None:
        if method not in METHODS:
            raise UsageError(f"there is no method {method!r} for single accounts", fix=f"use {', '.join(METHODS)}")
        if not (dt > 0 and math.isfinite(dt)):
            raise UsageError(f"dt={dt} is no step", fix="use a positive number, such as 1/8")
        if times[-1] / dt > MOST_STEPS:
            raise UsageError(f"{times[-1] / dt:.3g} steps are more than {MOST_STEPS}", fix="use a larger dt or a nearer horizon")
        moving = frozenset(bend.parameter for bend in inputs.bends if bend.slope)
        refuse_ramps_of_flips(lowered, moving)
        fault = broken_start(lowered, inputs)
        if fault is not None:
            raise fault
        self.lowered, self.inputs, self.times, self.dt, self.most = lowered, inputs, tuple(times), dt, most_events
        program = lowered.program
        self.initial = np.array(start(lowered, inputs))
        self.method = method if method != "auto" else "leap" if counted(lowered, self.initial) >= MANY else "direct"
        self.kernel = print_chance(program, STEPS, moving, paired=self.method == "paired")
        self.call = machine_code(self.kernel.text)
        back = [0.0, *windows]  # integrals are kept at every saved time too
        self.marks = tuple(sorted({key(max(time - window, 0.0)) for time in times for window in back}))
        stops = changes(program, inputs, times[-1])
        plan = schedule(stops, [bend.time for bend in inputs.bends], times, back, math.inf if self.kernel.exact else dt)
        self.legs = plan.legs
        courses = [inputs.course(leg.start) for leg in self.legs]
        self.leg_numbers = np.array([(leg.start, leg.step, leg.inside) for leg in self.legs])
        bent = [number == 0 or leg.bends[0] < leg.bends[1] for number, leg in enumerate(self.legs)]
        self.leg_wholes = np.array(
            [(leg.steps, bend, leg.mark, leg.save) for leg, bend in zip(self.legs, bent, strict=True)], dtype=np.int64
        )
        self.parameters = np.array([values for values, _ in courses])
        self.slopes = np.array([[slopes[index] for index in self.kernel.moving] for _, slopes in courses])
        self.switches = np.array(inputs.switches, dtype=float)

    def run(self, seed: int, start: int, stop: int, *, threads: int = 1) -> Replications:
        """Run some replications.

        Args:
            seed: of all; the same seed and number give the same replication, whatever else is run with it.
            start: the first replication.
            stop: the one after the last.
            threads: how many to use.

        Raises:
            RunError: where a replication explodes.
        """
        program, count = self.lowered.program, stop - start
        states = np.full((len(self.times), len(program.initial), count), math.nan)
        values = np.full((len(self.times), len(program.values), count), math.nan)
        integrals = np.full((len(self.marks), len(program.integrals), count), math.nan)
        happened, status, when = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64), np.full(count, math.nan)
        words = generators(seed, start, stop)
        flag = np.zeros(1, dtype=np.int64)
        given = {
            "parameters": self.parameters,
            "slopes": self.slopes,
            "switches": self.switches,
            "initial": self.initial,
            "legs": len(self.legs),
            "leg_numbers": self.leg_numbers,
            "leg_wholes": self.leg_wholes,
            "stride": count,
            "words": words,
            "states": states,
            "values": values,
            "integrals": integrals,
            "happened": happened,
            "status": status,
            "when": when,
            "most": self.most,
            "leaping": int(self.method == "leap"),
            "flag": flag,
        }
        self.share_out(given, flag, count, threads)
        if (status == EXPLODED).any():
            raise self.explosion(start, int(np.argmax(status == EXPLODED)), happened, when)
        failed = np.where(status == FAILED, when, math.nan)
        backward = self.backward(values)
        failed = np.where(np.isnan(failed) | (backward < failed), backward, failed)
        conservation = self.conservation(states, integrals)
        return Replications(
            self.inputs, self.times, states, values, integrals, self.marks, happened, failed, conservation, self.method, self.dt
        )

    def share_out(self, given: dict[str, Any], flag: Array, count: int, threads: int) -> None:
        """Run replications piece by piece; whoever waits can be interrupted."""
        size = max(1, math.ceil(count / (PIECES * threads)))
        pieces = iter(range(0, count, size))
        lock = threading.Lock()

        def work() -> None:
            room = aligned(2 * self.kernel.rows)
            while not flag[0]:
                with lock:
                    first = next(pieces, None)
                if first is None:
                    return
                mine = given | {"first": first, "last": min(first + size, count), "w": room}
                self.call(*(mine[name] if kind == "i64" else mine[name].ctypes.data for name, kind in ARGUMENTS.items()))
                if (given["status"][first : first + size] == EXPLODED).any():
                    flag[0] = 1

        workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
        try:
            for worker in workers:
                worker.start()
            for worker in workers:
                while worker.is_alive():
                    worker.join(HEARTBEAT)
        finally:
            flag[0] = 1
            for worker in workers:
                worker.join()

    def explosion(self, start: int, place: int, happened: Array, when: Array) -> RunError:
        unit = self.lowered.declaration.time_unit
        return RunError(
            f"replication {start + place} had {happened[place]:,} events by {unit} {when[place]:.4g}: the model grows without bound",
            fix="bound the growth, as by what is left of a market, or start with fewer individuals"
            + ("" if self.method == "leap" else ", or use method='leap' if so many are meant"),
        )

    def backward(self, values: Array) -> Array:
        """The first saved time at which a flow of each replication runs backwards, NaN where none does."""
        slots = sorted({move.rate for move in self.lowered.program.moves})
        if not slots:
            return np.full(values.shape[2], math.nan)
        rates = values[:, slots]
        bad = rates.min(axis=1) < -ROUNDING * np.abs(rates).max(axis=1)
        times = np.where(bad, np.array(self.times)[:, np.newaxis], math.inf).min(axis=0)
        return np.where(np.isinf(times), math.nan, times)

    def conservation(self, states: Array, integrals: Array) -> Array:
        """How far the accounts of each replication are out of balance: what is there, less what was and what came from outside."""
        program = self.lowered.program
        worst = np.zeros(states.shape[2])
        saved = [self.marks.index(key(time)) for time in self.times]
        for unit, members in program.counted.items():
            total = states[:, list(members)].sum(axis=1)
            crossing = program.crossing.get(unit)
            came = 0.0 if crossing is None else integrals[saved, crossing]
            off = np.fmax.reduce(np.abs(total - total[0] - came), axis=0)
            peak = np.fmax.reduce(np.abs(total), axis=0)
            worst = np.fmax(worst, np.divide(off, peak, out=np.zeros_like(off), where=peak > 0))
        return worst


def counted(lowered: Lowered, states: Array) -> float:
    """How many individuals there are in some states."""
    return float(states[list(counting(lowered.program).states)].sum())


def few_at_start(lowered: Lowered, inputs: Inputs) -> bool:
    """Whether there are so few individuals at time 0 that ``auto`` does not leap.

    Raises:
        StateError: where a stock cannot start.
    """
    fault = broken_start(lowered, inputs)
    if fault is not None:
        raise fault
    return counted(lowered, np.array(start(lowered, inputs))) < MANY


def start(lowered: Lowered, inputs: Inputs) -> list[float]:
    """Every state at time 0, counted ones whole."""
    walk = walk_values(lowered.program, inputs, inputs.parameters, (), 0.0, 0.0)
    return whole_start(lowered, [float(walk(node)) for node in lowered.program.initial])


def generators(seed: int, start: int, stop: int) -> Array:
    """Four words for the generator of each replication: they rest on the seed and its number alone."""
    keys = np.random.SeedSequence(seed).generate_state(4, np.uint64)
    numbers = np.arange(start, stop, dtype=np.uint64)[:, np.newaxis]
    return np.ascontiguousarray(scattered(scattered(numbers * GOLDEN + keys) ^ np.roll(keys, 1)))


def scattered(words: Array) -> Array:
    """Every bit of a word made to rest on all its bits (the finalizer of SplitMix64)."""
    words = (words ^ (words >> np.uint64(30))) * FIRST
    words = (words ^ (words >> np.uint64(27))) * SECOND
    mixed: Array = words ^ (words >> np.uint64(31))
    return mixed


def aligned(numbers: int) -> Array:
    """Room for numbers at an address that vectors can be loaded from."""
    room = np.zeros(numbers + ALIGNMENT // 8)
    skip = -room.ctypes.data % ALIGNMENT // 8
    return room[skip : skip + numbers]


@lru_cache(maxsize=16)
def machine_code(text: str) -> Callable[..., None]:
    types = [ctypes.c_void_p if kind == "ptr" else ctypes.c_int64 for kind in ARGUMENTS.values()]
    return compile_native(text).function("run", *types)
