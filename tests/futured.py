"""Results with many futures, made up: arrays of draws by strategy, and what is told of them."""

import math

import numpy as np
from charted import CUSTOMERS

from flywheel_sim.analysis.compare import best, compare
from flywheel_sim.analysis.futures import odds_of_draws
from flywheel_sim.analysis.verdict import verdict
from flywheel_sim.result import QUANTILES, About, Futures, Result, Series

SPENT = Series("spent", (None,), "metric", "$", "growth spending to date")
NAN = math.nan


def futures(name, series, draws, *, keep=True, note=""):
    """One strategy in many futures: for every series, or series and label, an array of shape (n, times)."""
    keys = [(one.name, label) for one in series for label in one.labels]
    arrays = np.array([np.asarray(block, float).T for block in draws])
    with np.errstate(all="ignore"):
        defined = ~np.isnan(arrays)
        quantiles = np.full((len(QUANTILES), *arrays.shape[:2]), NAN)
        for row, time in np.argwhere(defined.any(axis=2)):
            quantiles[:, row, time] = np.quantile(arrays[row, time][defined[row, time]], QUANTILES)
    times = [float(index) for index in range(arrays.shape[1])]
    places = {key: row for row, key in enumerate(keys)}
    return Futures(
        name, note, times, {one.name: one for one in series}, places, quantiles, arrays if keep else None, 1 - defined.mean(axis=2)
    )


def odds_between(baseline, challenger, by, *, scrambles=True, failed=0):
    """The odds of two strategies whose draws were kept."""
    index = min(len(baseline.times), len(challenger.times))
    below, above = (run.draws(by)[:, :index] for run in (baseline, challenger))
    metrics = {name: (baseline.draws(name)[:, index - 1], challenger.draws(name)[:, index - 1]) for name in baseline.metric_names}
    better = baseline.about(by).better or "higher"
    which = np.arange(len(below)) % 8 if scrambles else None
    return odds_of_draws(baseline.times[:index], below, above, better=better, metrics=metrics, scrambles=which, failed=failed)


def made_futures(strategies, *series, keep=True, spent=None, failed=0, uncertain=("churn", "fit[referred]", "usual_win"), **about):
    """A result with the draws given: for each strategy an array of shape (n, times), or one for each of ``series``."""
    series = series or (CUSTOMERS,)
    blocks = {name: one if isinstance(one, list) else [one] for name, one in strategies.items()}
    whole = {name: futures(name, series, one) for name, one in blocks.items()}
    by = series[0].name
    words = {"title": "A test", "currency": "$", "time_unit": "month", "file": "folder/test.toml"} | about
    baseline, *others = whole.values()
    judged = {}
    for run in others:
        comparison = compare(baseline, run, by, odds=odds_between(baseline, run, by, failed=failed))
        money = {"spent": {one.name: spent[one.name] for one in (baseline, run)}} if spent else {}
        text = verdict(comparison, time_unit=words["time_unit"], currency=words["currency"])
        judged[run.name] = {**comparison.as_json(), **money, "verdict": text}
    runs = whole if keep else {name: futures(name, series, one, keep=False) for name, one in blocks.items()}
    draws = len(blocks[baseline.name][0]) + failed
    months = max(run.times[-1] for run in runs.values())
    told = About(
        model="test", months=months, engine="ode", method="rk4", dt=0.25, draws=draws, seed=7, version="1.2.3", conservation=0.0,
        sampling="sobol", processor="test", failed=failed, uncertain=uncertain, **words,
    )  # fmt: skip
    return Result(told, runs, judged[best(others, by).name] if others else None, tuple(judged.values()))


def fanned(start, end, width, *, n=400, months=60, seed=1, shared=0.7, skew=0.0):
    """Draws that fan out from one start to around one end, partly by what all strategies share."""
    common, own = np.random.default_rng(1).normal(size=n), np.random.default_rng(seed).normal(size=n)
    deviation = math.sqrt(shared) * common + math.sqrt(1 - shared) * own
    ends = end + width * (np.expm1(skew * deviation) / skew if skew else deviation)
    return start + np.linspace(0, 1, months + 1) * (ends[:, None] - start)
