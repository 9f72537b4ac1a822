"""All strategies of a study, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.records import Record
from flywheel_sim.result.futures import Futures
from flywheel_sim.result.series import undefined_to_none

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

    from flywheel_sim.result.about import About, Failure
    from flywheel_sim.result.run import Run

    Array = NDArray[np.float64]

__all__ = ["Result"]


class Result(Record):
    """All strategies of a study, run.

    Attributes:
        about: where it comes from.
        runs: by the name of the strategy.
        comparison: of the baseline with the best of the others; None where there is nothing to compare.
        comparisons: of the baseline with each of the others.
    """

    about: About
    runs: Mapping[str, Run]
    comparison: Mapping[str, Any] | None = None
    comparisons: tuple[Mapping[str, Any], ...] = ()

    def __getitem__(self, strategy: str) -> Run:
        if strategy not in self.runs:
            raise UsageError(f"there is no strategy {strategy!r}", fix=nearest(str(strategy), self.runs, "the strategies are"))
        return self.runs[strategy]

    def __iter__(self) -> Iterator[str]:
        return iter(self.runs)

    @property
    def longest(self) -> Run:
        """The run with the longest horizon."""
        return max(self.runs.values(), key=lambda run: len(run.times))

    @property
    def time(self) -> Array:
        """The saved times of the longest run."""
        return self.longest.time

    @property
    def has_futures(self) -> bool:
        """Whether it describes many futures, and not one."""
        return any(isinstance(run, Futures) for run in self.runs.values())

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """Every metric at the end, by strategy; of many futures 5, 50 and 95 % of each."""
        return {name: run.metrics for name, run in self.runs.items()}

    @property
    def verdict(self) -> str:
        """Who wins, when and by how much, in a few sentences."""
        return str(self.comparison["verdict"]) if self.comparison else ""

    def as_json(self) -> dict[str, Any]:
        """The result as the one object that the command prints with ``--json``."""
        return {
            "scenario": self.about.title,
            "model": self.about.model,
            "months": self.about.months,
            "engine": self.about.engine,
            "draws": self.about.draws,
            "seed": self.about.seed,
            "strategies": {name: run.as_json() for name, run in self.runs.items()},
            "comparison": self.comparison,
            "comparisons": list(self.comparisons),
            "checks": self.checks(),
        }

    def checks(self) -> dict[str, Any]:
        """How far the numbers can be trusted."""
        about = self.about
        found = {
            "conservation": undefined_to_none(about.conservation),
            "step": about.dt,
            "step_error": None if about.step_error is None else undefined_to_none(about.step_error),
        }
        if not self.has_futures:
            return found
        return found | {
            "tolerance": about.tolerance,
            "sampling": about.sampling,
            "uncertain": list(about.uncertain),
            "quantile_error": undefined_to_none(about.quantile_error),
            "processor": about.processor,
            "failed_draws": about.failed,
            "failures": [told(one) for one in about.failures],
            "undefined": {name: shares for name, run in self.runs.items() if (shares := undefined_at_end(run))},
        }

    # Tables

    def to_dataframe(self) -> pd.DataFrame:
        """One row per strategy and saved time, one column per series and label (needs pandas).

        Of many futures one row per strategy, draw and saved time where the draws were kept, and else one per
        strategy and saved time with columns ``NAME.p05``, ``NAME.p50`` and ``NAME.p95``.
        """
        from flywheel_sim.result.tables import dataframe

        return dataframe(self)

    def to_xarray(self) -> xr.Dataset:
        """A dataset over strategy and time, with units (needs xarray). Shorter runs end in NaN.

        Of many futures also over ``draw`` where the draws were kept, and else over ``quantile``.
        """
        from flywheel_sim.result.tables import dataset

        return dataset(self)

    # Files

    def save(self, path: str | Path) -> None:
        """Write everything to one file, whole or not at all. :meth:`load` reads it back, bit for bit.

        Raises:
            OutputError: if it cannot be written.
        """
        from flywheel_sim.result.saved import save

        save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """Read what :meth:`save` wrote. Nothing in the file is ever executed.

        Raises:
            UsageError: if it cannot be read, is damaged, or is no such file.
        """
        from flywheel_sim.result.saved import load

        return load(path)

    # Showing

    def __repr__(self) -> str:
        from flywheel_sim.result.show import text_lines

        return text_lines(self)

    def _repr_html_(self) -> str:
        from flywheel_sim.result.show import html_page

        return html_page(self)


def told(failure: Failure) -> dict[str, Any]:
    """A failure as JSON can hold it."""
    found = dict(vars(failure))
    drawn = {name: undefined_to_none(value) for name, value in found["values"].items()}
    return found | {"month": undefined_to_none(failure.month), "values": drawn}


def undefined_at_end(run: Run) -> dict[str, float]:
    """The metrics that some futures do not have at the end, each with their share."""
    if not isinstance(run, Futures):
        return {}
    shares = {name: run.share_undefined(name)[-1] for name in run.metric_names}
    return {name: share for name, share in shares.items() if share > 0}
