"""Results as tables of pandas and xarray."""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.errors import UsageError
from flywheel_sim.result.futures import QUANTILES, Futures
from flywheel_sim.result.run import columns_of
from flywheel_sim.result.series import column_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import xarray as xr

    from flywheel_sim.result.result import Result
    from flywheel_sim.result.run import Run

__all__ = ["dataframe", "dataset"]


def dataframe(result: Result) -> pd.DataFrame:
    """A result in long form; see :meth:`Result.to_dataframe`."""
    pandas = needed("pandas", "to_dataframe")
    unit = result.about.time_unit
    frames = []
    for name, run in result.runs.items():
        if isinstance(run, Futures) and run.kept is not None:
            count, length = run.kept.shape[2], len(run.times)
            index = {"draw": np.repeat(np.arange(count), length), unit: np.tile(run.time, count)}
            columns = {column_name(*key): run.draws(*key).ravel() for key in run.pairs()}
        else:
            index, columns = {unit: run.time}, {column: np.array(values) for column, values in columns_of(run)}
        frames.append(pandas.DataFrame({"strategy": name} | index | columns))
    return pandas.concat(frames, ignore_index=True)


def dataset(result: Result) -> xr.Dataset:
    """A result over strategy, draw or quantile if it has many futures, and time; see :meth:`Result.to_xarray`."""
    xarray = needed("xarray", "to_xarray")
    runs, longest = result.runs, result.longest
    every = [run for run in runs.values() if isinstance(run, Futures)]
    coordinates: dict[str, Any] = {"strategy": list(runs), "time": ("time", result.time, {"units": result.about.time_unit})}
    over: tuple[str, ...] = ("strategy", "time")
    kept = bool(every) and all(run.kept is not None for run in every)
    if every:
        over = ("strategy", "draw" if kept else "quantile", "time")
        coordinates |= {"draw": np.arange(len(every[0].draws(*next(every[0].pairs()))))} if kept else {"quantile": list(QUANTILES)}
    variables = {}
    for name, label in longest.pairs():
        blocks = [block(run, name, label, kept=kept) for run in runs.values()]
        series = longest.about(name)
        words: Mapping[str, str] = {"units": series.unit, "long_name": series.note}
        variables[column_name(name, label)] = (over, np.array([filled(one, len(longest.times)) for one in blocks]), words)
    attributes = {"title": result.about.title, "model": result.about.model}
    made: xr.Dataset = xarray.Dataset(variables, coords=coordinates, attrs=attributes)
    return made


def block(run: Run, name: str, label: str | None, *, kept: bool) -> Any:
    """A series of one strategy, with time last."""
    if not isinstance(run, Futures):
        return np.array(run.values(name, label))
    return run.draws(name, label) if kept else run.quantiles[:, run.places[name, label]]


def filled(values: Any, length: int) -> Any:
    """Values with NaN at the end of their last axis, up to a length."""
    room = np.full((*values.shape[:-1], length), math.nan)
    room[..., : values.shape[-1]] = values
    return room


def needed(module: str, method: str) -> Any:
    """A module that is an extra, or a clear word on how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UsageError(f"{method} needs {module}, which is not installed", fix="pip install flywheel-sim[tables]") from None
