"""``flywheel run --draws``: many futures, kept as they come, with how far it is on a terminal."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flywheel_sim.batch import Notice, Progress
from flywheel_sim.program import written
from flywheel_sim.scenario.fault import plain
from flywheel_sim.study.given import sampler_of
from flywheel_sim.study.many import Options, run_draws, sampled

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from flywheel_sim.cli.run import RunOptions
    from flywheel_sim.result import Result
    from flywheel_sim.study import Study

__all__ = ["run_futures"]

PRINTED = frozenset({"metric", "stock", "group"})
CHUNKS = "chunks"


def run_futures(study: Study, options: RunOptions) -> Result:
    """Run a study in many futures; what is done is kept in the folder for ``--out``."""
    gc.enable()  # a long run makes more than it holds
    assert options.draws is not None
    asked = Options(
        options.draws,
        options.seed,
        options.sampling,
        method="rk4",
        dt=None,
        keep="quantiles",
        threads=options.threads,
        marginal=options.marginal,
        kinds=PRINTED,
        engine=options.engine,
    )
    warn_of_certainty(study, asked)
    with Progress() as progress:

        def notice(one: Notice) -> None:
            if one.said:
                progress.close()
                click.echo(plain(one.said), err=True)
            progress.update(one.done, one.total)

        folder = None if options.out is None else Path(options.out) / CHUNKS
        return run_draws(study, asked, folder=folder, executor=executor_for(options), notice=notice)


def warn_of_certainty(study: Study, asked: Options) -> None:
    """Say so where every future would be the same."""
    if asked.engine == "ode" and not sampler_of(sampled(study, asked)).names:
        parameters = study.lowered.layout.parameters
        example = next((written(*name) for name in parameters if study.between(study.scenario.baseline, *name)), "churn")
        click.echo(
            "warning: nothing in this scenario is uncertain, so every future is the same\n"
            f"  help: state what is, such as {example} = {{ low = ..., typical = ..., high = ... }} in [values]\n",
            err=True,
        )


def executor_for(options: RunOptions) -> Callable[[], Executor] | None:
    """What runs draws elsewhere, where that was asked for."""
    if options.on is None and options.workers is None:
        processes = options.threads or os.cpu_count() or 1
        if options.engine != "events" or processes == 1:
            return None
        from flywheel_sim.batch import process_executor

        return lambda: process_executor(processes)  # its accounts move in Python, of which a process runs one thread at a time
    from flywheel_sim.batch import dask_executor

    return lambda: dask_executor(options.on, options.workers)
