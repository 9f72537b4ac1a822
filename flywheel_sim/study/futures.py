"""Many futures: a study or a model run over draws of what is uncertain, by equations or one account at a time."""

from __future__ import annotations

import math
import os
import pickle
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from flywheel_sim.batch import chunks_of, current_watch, run_chunks
from flywheel_sim.engines.ensemble import Draws, Ensemble, Futures
from flywheel_sim.engines.ode import LONGEST_STEP
from flywheel_sim.errors import RunError, UsageError
from flywheel_sim.native import processor
from flywheel_sim.records import Record
from flywheel_sim.study.outputs import outputs_of
from flywheel_sim.study.replicas import Replicas, method_for_comparing, method_of, step_for
from flywheel_sim.study.step import SHORTEST_STEP
from flywheel_sim.study.tally import Contest, Shape, Tally, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from flywheel_sim.batch import Notice, Store
    from flywheel_sim.program import Lowered

    Array = NDArray[np.float64]

__all__ = [
    "MOST_KEPT",
    "PILOT",
    "TOLERANCE",
    "Gathered",
    "Given",
    "Work",
    "gather",
    "ready",
    "ready_for_luck",
    "refuse_too_much",
]

BATCH = 256  # draws that a thread runs at a time: what they give fits the second-level cache or nearly so
BATCH_OF_LUCK = {"chance": 32, "events": 4}  # some seconds' work at most; even, so that what is given the same is run together
CHUNK_OF_LUCK = {"chance": 256, "events": 4}  # the smallest
PILOT_OF_LUCK = 8  # replications by which the scales are taken
PILOT = 64  # draws by which the step is chosen and the scales are taken
TOLERANCE = 1e-4  # what halving the step may move a metric by, relative to its peak in the same draw
MOST_KEPT = 4 * 2**30  # bytes of draws that are kept


class Given(Protocol):
    """What is run: each strategy's draws, by number."""

    @property
    def lowered(self) -> Lowered:
        """The model."""
        ...

    @property
    def count(self) -> int:
        """How many draws there are."""
        ...

    def times(self) -> Mapping[str, tuple[float, ...]]:
        """When each strategy is saved."""
        ...

    def drawn(self, strategy: str) -> frozenset[int]:
        """The parameters that may differ between its draws."""
        ...

    def draws(self, strategy: str, start: int, stop: int) -> Draws:
        """What it is given in some draws."""
        ...


class Work(Record):
    """Draws to be run, as what can be sent to another process.

    Attributes:
        given: what is run.
        kinds: of series to save; None for all.
        method: of the steps.
        dt: the longest step.
        shape: of what the draws hand in.
        threads: to use for one chunk.
        engine: ``ode``, ``events`` or ``chance``.
        seed: of luck, where there is any.
    """

    given: Given
    kinds: frozenset[str] | None
    method: str
    dt: float
    shape: Shape
    threads: int = 1
    engine: str = "ode"
    seed: int = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return revived, (packed(self),)

    def __call__(self, start: int, stop: int) -> bytes:
        """The tally of a range of draws, as bytes."""
        return self.tally(start, stop).to_bytes(processor())

    def tally(self, start: int, stop: int, kept: Mapping[str, Array] | None = None) -> Tally:
        """The tally of a range of draws, run in batches on several threads.

        Args:
            start: the number of the first.
            stop: of the one after the last.
            kept: where to put every draw, of shape (outputs, times, draws), by strategy.
        """
        watch = current_watch()
        halt = threading.Event()
        size = BATCH if self.engine == "ode" else BATCH_OF_LUCK[self.engine]
        batches = iter(range(start, stop, size))
        lock = threading.Lock()
        tallies: list[Tally] = []
        errors: list[BaseException] = []
        runners = runners_of(self)

        def run() -> None:
            mine = Tally(self.shape)
            tallies.append(mine)
            try:
                while not halt.is_set():
                    with lock:
                        first = next(batches, None)
                    if first is None:
                        return
                    last = min(first + size, stop)
                    self.batch(runners, first, last, mine, kept)
                    watch.advance(last - first)
            except BaseException as error:  # noqa: BLE001  it is raised again where the threads have ended
                errors.append(error)
                halt.set()

        helpers = max(0, min(self.threads, -(-(stop - start) // size)) - 1)
        others = [threading.Thread(target=run) for _ in range(helpers)]
        for other in others:
            other.start()
        run()
        for other in others:
            other.join()
        if errors:
            raise errors[0]
        total = tallies[0]
        for other_tally in tallies[1:]:
            total.merge(other_tally)
        return total

    def batch(self, runners: Mapping[str, Runner], start: int, stop: int, tally: Tally, kept: Mapping[str, Array] | None) -> None:
        """Run a few draws of every strategy and take them in."""
        values, failed, imbalances = {}, {}, []
        for name, runner in runners.items():
            found = runner(self.given.draws(name, start, stop), start)
            values[name], failed[name] = found.values, found.failed
            imbalances.append(found.imbalance)
        tally.add(start, values, failed, imbalances)
        if kept is not None:
            for name, block in values.items():
                kept[name][:, :, start:stop] = block.transpose(1, 0, 2)


@lru_cache(maxsize=4)
def packed(work: Work) -> bytes:
    """Work on its way to another process."""
    return pickle.dumps(vars(work))


@lru_cache(maxsize=4)
def revived(fields: bytes) -> Work:
    """Work that came from another process: the same object for every chunk of it, so that kernels are made ready once."""
    return Work(**pickle.loads(fields))  # noqa: S301  within a pickle already, of the process that wants the work done


Runner = Callable[[Draws, int], Futures]  # what draws are given, and the number of the first of them


@lru_cache(maxsize=4)
def runners_of(work: Work) -> dict[str, Runner]:
    """What runs the draws of each strategy."""
    if work.engine == "ode":
        return {name: by_draws(ensemble) for name, ensemble in ensembles(work.given, work.kinds, work.method, work.dt).items()}
    replicas = luck_of(work.given, work.kinds, work.engine, work.method, work.dt, work.seed)
    return {name: one.run for name, one in replicas.items()}


def by_draws(ensemble: Ensemble) -> Runner:
    """What runs draws whose numbers do not matter."""
    return lambda draws, _: ensemble.run(draws)


def luck_of(given: Given, kinds: frozenset[str] | None, engine: str, method: str, dt: float, seed: int) -> dict[str, Replicas]:
    """What runs each strategy one account at a time. All have the same luck, as far as they draw alike."""
    outputs = outputs_of(given.lowered, kinds)
    some = min(PILOT, given.count)
    return {
        name: Replicas(
            engine,
            given.lowered,
            given.draws(name, 0, some),
            times,
            outputs.saved,
            method=method,
            dt=dt,
            drawn=given.drawn(name),
            seed=seed,
        )
        for name, times in given.times().items()
    }


def ensembles(given: Given, kinds: frozenset[str] | None, method: str, dt: float) -> dict[str, Ensemble]:
    """An ensemble for each strategy."""
    outputs = outputs_of(given.lowered, kinds)
    some = min(PILOT, given.count)
    return {
        name: Ensemble(given.lowered, given.draws(name, 0, some), times, outputs.saved, method=method, dt=dt, drawn=given.drawn(name))
        for name, times in given.times().items()
    }


class Ready(Record):
    """Work whose step has been chosen.

    Attributes:
        work: to be done.
        moved: the most that halving the step has moved a metric in the first draws, relative to its peak; None where
            the step was given.
    """

    work: Work
    moved: float | None


def ready(
    given: Given, contest: Contest | None, *, kinds: frozenset[str] | None, method: str, dt: float | None, threads: int | None
) -> Ready:
    """Choose the step by the first draws, and take the scale of every series from them.

    Args:
        given: what is run.
        contest: how strategies are compared.
        kinds: of series to save; None for all.
        method: ``rk4`` or ``euler``.
        dt: the longest step; None for the longest power of two, from 1/4 to 1/64, at which halving it moves no metric by
            more than :data:`TOLERANCE`.
        threads: how many to use; as many as there are processors unless said.
    """
    some = min(PILOT, given.count)
    outputs = outputs_of(given.lowered, kinds)
    watched = list(outputs.metrics or range(len(outputs.saved)))

    def tried(step: float) -> dict[str, Array]:
        found = {}
        for name, ensemble in ensembles(given, kinds, method, step).items():
            made = ensemble.run(given.draws(name, 0, some))
            made.values[:, :, ~np.isnan(made.failed)] = math.nan
            found[name] = made.values
        return found

    step, moved = (LONGEST_STEP if dt is None else dt), None
    values = tried(step)
    while dt is None:
        finer = tried(step / 2)
        moved = max(difference(values[name][:, watched], finer[name][:, watched]) for name in values)
        if moved <= TOLERANCE or step <= SHORTEST_STEP:
            break
        step, values = step / 2, finer
    shape = Shape(dict(given.times()), len(outputs.saved), scales_of(values), contest)
    return Ready(Work(given, kinds, method, step, shape, threads or os.cpu_count() or 1), moved)


def scales_of(values: Mapping[str, Array]) -> dict[str, Array]:
    """Of each output of each strategy, its greatest magnitude."""
    return {name: np.abs(with_zero(block)).max(axis=(0, 2)) for name, block in values.items()}


def ready_for_luck(
    given: Given,
    contest: Contest | None,
    *,
    kinds: frozenset[str] | None,
    engine: str,
    method: str,
    dt: float | None,
    threads: int | None,
    seed: int,
    each: int = 1,
    by: int | None = None,
) -> Ready:
    """Choose the step of what is not counted by the first draw, and take the scale of every series from a few replications.

    Where strategies are compared and no method of ``chance`` is asked for, it is ``paired``, so that they have their luck in
    common; unless in the first draw any of them starts with 100,000 individuals or more, which leaps are for.

    Args:
        given: what is run.
        contest: how strategies are compared.
        kinds: of series to save; None for all.
        engine: ``events`` or ``chance``.
        method: one that the engine has.
        dt: the longest step; None to choose it.
        threads: how many to use; None for as many as there are processors where threads can share the work.
        seed: of luck.
        each: how many draws in a row are given the same.
        by: the number of the output that is followed in the first draws, if any.

    Raises:
        UsageError: for a method that the engine has not.
    """
    called = method_of(engine, method)
    outputs = outputs_of(given.lowered, kinds)
    times = given.times()
    firsts = [given.draws(name, 0, 1).one(0) for name in times]
    if contest is not None:
        called = method_for_comparing(called, given.lowered, firsts)
    if dt is None:
        dt = step_for(given.lowered, firsts, max(times.values(), key=len))
    some = min(PILOT_OF_LUCK if engine == "chance" else 1, given.count)
    replicas = luck_of(given, kinds, engine, called, dt, seed)
    values = {name: one.run(given.draws(name, 0, some), 0).values for name, one in replicas.items()}
    used = {one.method_used for one in replicas.values()}
    called = used.pop() if len(used) == 1 else called
    shape = Shape(dict(times), len(outputs.saved), scales_of(values), contest, each, outputs.metrics, by)
    alone = engine == "events"  # its threads would wait for each other
    return Ready(Work(given, kinds, called, dt, shape, 1 if alone else threads or os.cpu_count() or 1, engine, seed), None)


def with_zero(block: Array) -> Array:
    """Values with what is undefined or infinite as 0."""
    return np.where(np.isfinite(block), block, 0.0)


def difference(coarse: Array, fine: Array) -> float:
    """The most that any series differs in any draw, relative to its peak there; infinite where only one of the two has failed."""
    both = ~(np.isnan(coarse) | np.isnan(fine))
    if (np.isnan(coarse).all(axis=(0, 1)) != np.isnan(fine).all(axis=(0, 1))).any():
        return math.inf
    peaks = np.where(both, np.abs(fine), 0.0).max(axis=0)
    gaps = np.where(both, np.abs(coarse - np.where(both, fine, 0.0)), 0.0).max(axis=0)
    return float(np.divide(gaps, peaks, out=np.zeros_like(gaps), where=peaks > 0).max(initial=0.0))


class Gathered(Record):
    """What all draws gave.

    Attributes:
        tally: of all.
        kept: every draw by strategy, of shape (outputs, times, draws), where that was asked for.
    """

    tally: Tally
    kept: Mapping[str, Array] | None


def gather(
    work: Work,
    *,
    keep: bool = False,
    store: Store | None = None,
    executor: Callable[[], Executor] | None = None,
    notice: Callable[[Notice], None] | None = None,
) -> Gathered:
    """Run all draws.

    Args:
        work: to be done.
        keep: whether to keep every draw, not only what is gathered from them.
        store: where chunks of draws are kept, so that the run can go on if it is stopped.
        executor: that runs chunks elsewhere.
        notice: is told how far it is.

    Raises:
        Interrupted: on Ctrl-C.
        UsageError: if what is to be kept is too much.
        RunError: if a chunk comes from another kind of processor.
    """
    draws = work.given.count
    if not keep and (store is not None or executor is not None):
        total = Tally(work.shape)
        here = processor()

        def check(content: bytes) -> None:
            kind = kind_of(content)
            if kind != here:
                raise RunError(
                    f"a chunk was computed on another kind of processor ({kind}) than this ({here})", fix="use one kind of machine"
                )

        run_chunks(
            work,
            chunks_of(draws) if work.engine == "ode" else chunks_of(draws, CHUNK_OF_LUCK[work.engine]),
            executor=executor,
            store=store,
            notice=notice,
            take=lambda content: total.merge(Tally.from_bytes(work.shape, content)),
            check=check,
        )
        return Gathered(total, None)
    kept = room(work, draws) if keep else None
    made: list[Tally] = []

    def at_once(start: int, stop: int) -> bytes:
        made.append(work.tally(start, stop, kept))
        return b""

    run_chunks(at_once, [(0, draws)], executor=None, store=None, notice=notice, take=lambda _: None)
    return Gathered(made[0], kept)


def refuse_too_much(outputs: int, times: Mapping[str, Sequence[float]], draws: int) -> None:
    """See that every draw can be kept.

    Args:
        outputs: how many numbers are saved at a time.
        times: when each strategy is saved.
        draws: how many there are.

    Raises:
        UsageError: if that is too much.
    """
    needed = sum(8 * outputs * len(saved) * draws for saved in times.values())
    if needed > MOST_KEPT:
        raise UsageError(
            f"all series of {draws:,} draws take {needed / 2**30:.1f} GiB, more than {MOST_KEPT / 2**30:.0f}",
            fix="use keep='quantiles', or fewer draws",
        )


def room(work: Work, draws: int) -> dict[str, Any]:
    """Room for every draw."""
    shape = work.shape
    refuse_too_much(shape.outputs, shape.times, draws)
    return {name: np.empty((shape.outputs, len(times), draws)) for name, times in shape.times.items()}
