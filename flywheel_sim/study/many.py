"""Results of many futures: what was gathered from draws, as labelled series, and compared draw by draw."""

from __future__ import annotations

import contextlib
import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.compare import best, compare
from flywheel_sim.analysis.futures import Odds, quantile_intervals, win_interval
from flywheel_sim.analysis.luck import Luck, all_luck, split
from flywheel_sim.batch import Notice, Store
from flywheel_sim.engines.ode import run as run_equations
from flywheel_sim.errors import StateError, UsageError
from flywheel_sim.native import processor
from flywheel_sim.program import written
from flywheel_sim.records import Record, replace
from flywheel_sim.result import QUANTILES, About, Failure, Futures, Result
from flywheel_sim.result.about import MOST_FAILURES
from flywheel_sim.study.describe import changes
from flywheel_sim.study.futures import TOLERANCE, Work, gather, ready, ready_for_luck, refuse_too_much
from flywheel_sim.study.given import Sampled, sampler_of
from flywheel_sim.study.outputs import outputs_of
from flywheel_sim.study.replicas import replication
from flywheel_sim.study.sampling import MOST_DRAWS, whole_number
from flywheel_sim.study.tally import Contest, in_order
from flywheel_sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from flywheel_sim.analysis.compare import Comparison
    from flywheel_sim.program import Inputs
    from flywheel_sim.study.futures import Gathered
    from flywheel_sim.study.outputs import Outputs
    from flywheel_sim.study.study import Study
    from flywheel_sim.study.tally import Tally

    Array = NDArray[np.float64]

__all__ = ["Options", "Prepared", "error_of_first", "failures_of", "futures_of", "prepare", "quantile_error", "result_of", "run_draws"]

KEEP = ("all", "quantiles")
EACH = 2  # replications of every draw, so that luck and ignorance can be told apart
EXPLAINED = 10  # failed draws that are run again by themselves, to say what happened in them
TOLD = {"p05": 0.05, "p50": 0.5, "p95": 0.95}


class Options(Record):
    """How many futures of a study are run.

    Attributes:
        draws: how many.
        seed: of the draws.
        sampling: ``sobol`` or ``random``.
        method: of the steps.
        dt: the longest step; None to choose it by error.
        keep: ``all`` or ``quantiles``.
        threads: how many to use; None for as many as there are processors.
        marginal: whether second runs are asked for, which there are none of.
        kinds: of series to save; None for all.
        engine: ``ode``, ``events`` or ``chance``.
    """

    draws: int
    seed: int
    sampling: str
    method: str
    dt: float | None
    keep: str
    threads: int | None
    marginal: bool = False
    kinds: frozenset[str] | None = None
    engine: str = "ode"


class Prepared(Record):
    """A study whose draws are ready to be run.

    Attributes:
        study: the scenario with its model.
        options: how it is run.
        given: its draws.
        work: the same, with the step that was chosen.
        moved: what halving the step moves a metric by at most; None where the step was given.
    """

    study: Study
    options: Options
    given: Sampled
    work: Work
    moved: float | None

    def about(self) -> dict[str, Any]:
        """What decides every bit of the outcome, for a folder that keeps chunks of it."""
        scenario, options = self.study.scenario, self.options
        return {
            "scenario": scenario.title,
            "what the scenario says": hashlib.sha256(repr(scenario.data).encode()).hexdigest()[:16],
            "model": scenario.model,
            "version": __version__,
            "engine": options.engine,
            "method": self.work.method,
            "step": self.work.dt,
            "step_error": self.moved,
            "tolerance": tolerance_of(options),
            "seed": options.seed,
            "sampling": options.sampling,
            "processor": processor(),
            "draws": options.draws,
        }


def prepare(study: Study, options: Options) -> Prepared:
    """Choose the step of a study's draws.

    Raises:
        UsageError: for what cannot be meant.
    """
    whole_number("draws", options.draws, 1, MOST_DRAWS)
    if options.threads is not None:
        whole_number("threads", options.threads, 1)
    if options.keep not in KEEP:
        raise UsageError(f"keep={options.keep!r} is none of what can be kept", fix=f"use {' or '.join(map(repr, KEEP))}")
    if options.method == "adaptive" and options.engine == "ode":
        raise UsageError("many draws are run in fixed steps", fix="use method='rk4', or leave method out")
    if options.marginal:
        raise UsageError("what one further customer costs is not computed for draws", fix="leave marginal out, or draws")
    given = sampled(study, options)
    places = outputs_of(study.lowered, options.kinds)
    if options.keep == "all":
        refuse_too_much(len(places.saved), given.times(), options.draws)
    contest, by = None, places.places[study.by, None]
    if len(study.scenario.strategies) > 1:
        lower = places.series[study.by].better == "lower"
        contest = Contest(study.scenario.baseline, by, lower, places.metrics)
    how: dict[str, Any] = {"kinds": options.kinds, "method": options.method, "dt": options.dt, "threads": options.threads}
    if options.engine == "ode":
        made = ready(given, contest, **how)
    else:
        made = ready_for_luck(given, contest, engine=options.engine, seed=options.seed, each=given.each, by=by, **how)
    return Prepared(study, options, given, made.work, made.moved)


def sampled(study: Study, options: Options) -> Sampled:
    """The draws of a study: of single accounts two for each draw of what is uncertain."""
    given = Sampled(study, options.draws, options.seed, options.sampling)
    return given if options.engine == "ode" or not sampler_of(given).names else replace(given, each=EACH)


def tolerance_of(options: Options) -> float | None:
    """The step error that was asked for."""
    return TOLERANCE if options.dt is None and options.engine == "ode" else None


def run_draws(
    study: Study,
    options: Options,
    *,
    folder: str | Path | None = None,
    executor: Callable[[], Executor] | None = None,
    notice: Callable[[Notice], None] | None = None,
) -> Result:
    """Run every strategy in many futures and compare each with the baseline, future by future.

    Args:
        study: the scenario with its model.
        options: how it is run.
        folder: where chunks of the run are kept.
        executor: makes what runs chunks elsewhere.
        notice: is told how far it is.

    Raises:
        UsageError: for what cannot be meant.
        StateError: if every draw failed.
        Interrupted: on Ctrl-C.
    """
    if options.keep == "all" and (folder is not None or executor is not None):
        raise UsageError("chunks hold what is gathered from draws, not every draw", fix="use keep='quantiles'")
    if executor is not None and options.threads is None:
        options = replace(options, threads=1)  # its workers are as many as its owner wants
    prepared = prepare(study, options)
    with contextlib.ExitStack() as stack:
        opened = None if folder is None else stack.enter_context(Store.open(Path(folder), prepared.about()))
        gathered = gather(prepared.work, keep=options.keep == "all", store=opened, executor=executor, notice=notice)
        if opened is not None and opened.damaged and notice is not None:
            notice(Notice(options.draws, options.draws, f"damaged, and redone: {', '.join(opened.damaged)}"))
    return result_of(prepared, gathered)


def result_of(prepared: Prepared, gathered: Gathered) -> Result:
    """What was gathered, as a result with its verdict."""
    study, options, work, tally = prepared.study, prepared.options, prepared.work, gathered.tally
    if tally.failed == tally.draws:
        raise error_of_first(work, tally)
    scenario = study.scenario
    runs = futures_of(work, gathered, {name: strategy.note for name, strategy in scenario.strategies.items()})
    about = About(
        title=scenario.title,
        model=scenario.model,
        months=scenario.months,
        engine=work.engine,
        method=work.method,
        dt=work.dt,
        draws=options.draws,
        seed=options.seed,
        version=__version__,
        conservation=tally.imbalance,
        step_error=prepared.moved,
        time_unit=study.declaration.time_unit,
        currency=scenario.currency,
        file=scenario.file,
        changes=changes(scenario, study.declaration),
        uncertain=tuple(written(*name) for name in sampler_of(prepared.given).names),
        sampling=options.sampling,
        quantile_error=quantile_error(tally),
        processor=processor(),
        failed=tally.failed,
        failures=failures_of(work, tally),
        tolerance=tolerance_of(options),
        each=work.shape.each,
    )
    comparisons = compared(work, tally, runs, study.by, study.money())
    if not comparisons:
        return Result(about, runs)
    challenger = best([run for name, run in runs.items() if name != scenario.baseline], study.by)
    judged = {}
    for one in comparisons:
        others = [run for run in runs.values() if run is not challenger]
        runner_up = best(others, study.by) if one.challenger is challenger else None
        hangs_on = study.typical_hangs_on(one) if one.challenger is challenger else None
        judged[one.challenger.name] = study.judged(one, hangs_on, runner_up)
    return Result(about, runs, judged[challenger.name], tuple(judged.values()))


def futures_of(work: Work, gathered: Gathered, notes: Mapping[str, str]) -> dict[str, Futures]:
    """Every strategy in all draws, as labelled series."""
    outputs = outputs_of(work.given.lowered, work.kinds)
    tally = gathered.tally
    sound = max(tally.draws - tally.failed, 1)
    lucks, _ = lucks_of(work, tally)
    made = {}
    for name, times in work.shape.times.items():
        summary = tally.series[name]
        shape = (len(times), work.shape.outputs)
        quantiles = summary.quantiles(QUANTILES).reshape(-1, *shape).transpose(0, 2, 1)
        if work.engine != "ode" and summary.error:
            quantiles[:, outputs.counts] = np.round(quantiles[:, outputs.counts])  # bins do not know that accounts are whole
        undefined = ((summary.undefined - tally.failed) / sound).reshape(shape).T
        kept = None if gathered.kept is None else gathered.kept[name]
        made[name] = Futures(
            name,
            notes.get(name, ""),
            times,
            outputs.series,
            outputs.places,
            quantiles,
            kept,
            undefined,
            intervals=intervals_of(tally, name, outputs, quantiles),
            drawn=None if kept is None else drawn_in(work, name),
            luck=lucks.get(name),
            paths=paths_of(work, tally, name),
        )
    return made


def paths_of(work: Work, tally: Tally, name: str) -> dict[str, Array]:
    """What is followed of a strategy in the first draws, of shape (n, time), by the name of the series."""
    rows, followed = in_order(tally.paths), work.shape.followed
    if rows is None or followed is None:
        return {}
    first = 0
    for strategy, times in work.shape.times.items():
        if strategy == name:
            names = {number: series for (series, _), number in outputs_of(work.given.lowered, work.kinds).places.items()}
            return {names[followed]: rows[first : first + len(times)].T.copy()}
        first += len(times)
    return {}


def lucks_of(work: Work, tally: Tally) -> tuple[dict[str, dict[str, Any]], dict[str, Luck]]:
    """How much of the spread is luck: of the metrics of each strategy at the end, and of the lead of each challenger."""
    shape = work.shape
    if shape.each == 1:
        return {}, {} if work.engine == "ode" else dict.fromkeys(shape.challengers(), all_luck())
    rows = in_order(tally.twins)
    if rows is None:
        return {}, {}
    whole = rows.shape[1] // EACH * EACH
    pairs = iter(rows[:, :whole].reshape(len(rows), -1, EACH))
    names = {number: name for (name, _), number in outputs_of(work.given.lowered, work.kinds).places.items()}
    lucks: dict[str, dict[str, Any]] = {}
    for strategy in shape.times:
        splits = {names[number]: split(next(pairs)) for number in shape.metrics}
        lucks[strategy] = {name: one.as_json() for name, one in splits.items() if one is not None}
    leads = {challenger: split(next(pairs)) for challenger in shape.challengers()}
    return lucks, {challenger: one for challenger, one in leads.items() if one is not None}


def intervals_of(tally: Tally, name: str, outputs: Outputs, quantiles: Array) -> dict[str, dict[str, tuple[float, float]]]:
    """In which the quantiles of each metric at the end lie, told by the scrambles; only of those that all of them have."""
    parts = [part.quantiles(list(TOLD.values())) for part in tally.ends.get(name, ()) if part.draws]
    metrics = outputs.metrics if parts else ()
    names = {number: metric for (metric, _), number in outputs.places.items()}
    rows = [QUANTILES.index(probability) for probability in TOLD.values()]
    found = {}
    for place, number in enumerate(metrics):
        whole = quantiles[rows, number, -1]
        ends = quantile_intervals([part[:, place] for part in parts], whole, tally.draws - tally.failed)
        if ends is not None and all(math.isfinite(low) for low, _ in ends):
            found[names[number]] = dict(zip(TOLD, ends, strict=True))
    return found


def drawn_in(work: Work, name: str) -> dict[str, Array]:
    """What was drawn for a strategy, by name."""
    given = work.given
    slots = sorted(given.drawn(name))
    parameters = given.draws(name, 0, given.count).parameters if slots else None
    return {} if parameters is None else {written(*given.lowered.layout.parameters[slot]): parameters[slot] for slot in slots}


def quantile_error(tally: Tally) -> float:
    """The bound of the relative error of all quantiles."""
    return max((summary.error for summary in tally.summaries()), default=0.0)


def compared(work: Work, tally: Tally, runs: Mapping[str, Futures], by: str, money: Mapping[str, str | None]) -> list[Comparison]:
    """The baseline against each of the others, draw by draw."""
    contest = work.shape.contest
    if contest is None:
        return []
    baseline = runs[contest.baseline]
    _, lucks = lucks_of(work, tally)
    return [
        compare(
            baseline,
            runs[name],
            by,
            odds=odds_of(tally, name, baseline.metric_names, lucks.get(name)),
            outlay=money["outlay"],
            balance=money["balance"],
        )
        for name in work.shape.challengers()
    ]


def odds_of(tally: Tally, name: str, metrics: list[str], luck: Luck | None) -> Odds:
    """Who is ahead in how many futures."""
    counts, pair = tally.counts[name], tally.pairs[name]
    quantiles = pair.quantiles(list(TOLD.values()))
    cells = [dict(zip(TOLD, column, strict=True)) for column in quantiles.T.tolist()]
    draws, won = int(counts.compared.sum()), int(counts.won.sum())
    shares = [won / compared for compared, won in zip(counts.compared.tolist(), counts.won.tolist(), strict=True) if compared]
    return Odds(
        draws=draws,
        win=won / draws if draws else math.nan,
        win_interval=win_interval(shares, draws),
        crossover=cells[1] if won else None,
        never=1.0 - won / draws if draws else math.nan,
        lead=cells[0],
        ratios=dict(zip(metrics, cells[2:], strict=True)),
        level=int(counts.level.sum()) / draws if draws else 0.0,
        failed=tally.failed,
        undefined=tally.draws - tally.failed - draws,
        luck=luck,
    )


def failures_of(work: Work, tally: Tally) -> tuple[Failure, ...]:
    """The first of the draws that failed, with what was drawn in them; the very first with what happened."""
    lowered = work.given.lowered
    found: dict[int, list[tuple[float, str]]] = {}
    for draw, name, month in tally.failures:
        found.setdefault(draw, []).append((month, name))
    made = []
    for number, (draw, failing) in enumerate(sorted(found.items())[:MOST_FAILURES]):
        month, name = min(failing)
        at_once = [strategy for strategy in work.shape.times if (month, strategy) in failing]
        draws = work.given.draws(name, draw, draw + 1)
        values = {written(*lowered.layout.parameters[slot]): float(draws.parameters[slot, 0]) for slot in sorted(work.given.drawn(name))}
        reason = reason_of(work, name, draws.one(0), draw) if number < EXPLAINED else ""
        made.append(
            Failure(
                draw,
                ", ".join(at_once),
                month,
                values,
                reason or f"{lowered.declaration.time_unit} {month:g}: a number left what is possible",
            )
        )
    return tuple(made)


def reason_of(work: Work, name: str, inputs: Inputs, draw: int) -> str:
    """What is said of one draw by itself; nothing where no fault is seen in it."""
    try:
        alone(work, name, inputs, draw)
    except StateError as error:
        return error.cause
    return ""


def alone(work: Work, name: str, inputs: Inputs, draw: int) -> None:
    """One draw by itself.

    Raises:
        StateError: that says what went wrong.
    """
    lowered, times = work.given.lowered, work.shape.times[name]
    if work.engine == "ode":
        run_equations(lowered, inputs, times, method=work.method, dt=work.dt)
    else:
        replication(work.engine, lowered, inputs, times, method=work.method, dt=work.dt, seed=work.seed, number=draw)


def error_of_first(work: Work, tally: Tally) -> StateError:
    """The error to raise where every draw failed."""
    draw, name, month = min(tally.failures)
    try:
        alone(work, name, work.given.draws(name, draw, draw + 1).one(0), draw)
    except StateError as error:
        return error.of_strategy(name) if name != "run" else error
    return StateError(
        f"every draw failed, the first in {work.given.lowered.declaration.time_unit} {month:g}",
        month=month,
        name=name,
        parameter="",
        detail="",
        fix="look at the ranges of what is uncertain",
    )
