"""One strategy in many futures: each a draw of what is uncertain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError
from flywheel_sim.result.run import PRINTED, Run
from flywheel_sim.result.series import column_name, undefined_to_none

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from flywheel_sim.result.series import Series

    Array = NDArray[np.float64]

__all__ = ["QUANTILES", "SHOWN", "Futures"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MEDIAN = QUANTILES.index(0.5)
SHOWN = {"p05": QUANTILES.index(0.05), "p50": MEDIAN, "p95": QUANTILES.index(0.95)}  # of these, tables and JSON tell


class Futures(Run):
    """One strategy in many futures.

    It reads like a run: ``value()`` and ``values()`` give the median of the futures. ``run["customers"]`` has every
    draw where the draws were kept, with shape (n, time), and else 5, 50 and 95 %, with shape (3, time); a series
    with labels has one of these for each. Quantiles are over the draws in which the series is defined.

    Args:
        name: of the strategy.
        note: in words.
        times: the saved times.
        series: what there is, by name.
        places: the row of each series and label in the arrays.
        quantiles: for each of ``QUANTILES``, row and saved time; NaN where no draw has a value.
        kept: for each row, saved time and draw, NaN where undefined or failed; None where the draws were not kept.
        undefined: for each row and saved time, the share of the draws in which it is not defined.
        intervals: in which the quantiles of a metric at the end lie with 95 %, from independent parts of the draws: by
            metric and then ``p05``, ``p50`` and ``p95``; none where the draws are too few to tell.
        drawn: what was drawn, by name: a number for each draw; none where the draws were not kept.
        luck: how much of the spread of a metric at the end is luck, by metric: ``share`` of the variance, with ``low``
            and ``high`` in which it lies with 95 %, and the standard deviations ``luck`` and ``ignorance``; none where that
            cannot be told.
        paths: of the series that decides, the first draws of luck, of shape (n, time), NaN where a draw failed; none
            where there is no luck.

    Raises:
        ValueError: if the arrays do not fit together.
    """

    def __init__(
        self,
        name: str,
        note: str,
        times: Sequence[float],
        series: Mapping[str, Series],
        places: Mapping[tuple[str, str | None], int],
        quantiles: Array,
        kept: Array | None,
        undefined: Array,
        *,
        intervals: Mapping[str, Mapping[str, tuple[float, float]]] | None = None,
        drawn: Mapping[str, Array] | None = None,
        luck: Mapping[str, Mapping[str, Any]] | None = None,
        paths: Mapping[str, Array] | None = None,
    ) -> None:
        super().__init__(name, note, times, series, self.median)
        self.places = places
        self.quantiles = quantiles
        self.kept = kept
        self.undefined = undefined
        self.intervals = intervals or {}
        self.drawn = drawn or {}
        self.luck = luck or {}
        self.paths = paths or {}
        shape = (max(places.values(), default=-1) + 1, len(self.times))
        if set(self.pairs()) != set(places) or min(places.values(), default=0) < 0:
            raise ValueError("every series and label needs a row, and no other")
        if quantiles.shape != (len(QUANTILES), *shape) or undefined.shape != shape:
            raise ValueError(f"quantiles of shape {quantiles.shape}, undefined {undefined.shape}: not {shape} for rows and times")
        if kept is not None and (kept.ndim != 3 or kept.shape[:2] != shape or not kept.shape[2]):
            raise ValueError(f"kept draws of shape {kept.shape}: not {shape} and a number of draws")

    def median(self, name: str, label: str | None, index: int) -> float:
        """What :meth:`value` reads."""
        return float(self.quantiles[MEDIAN, self.places[name, label], index])

    def quantile(self, name: str, probability: float, label: str | None = None) -> list[float]:
        """A quantile of a series at every saved time; NaN where no draw has a value.

        Args:
            name: of the series.
            probability: 0.05, 0.25, 0.5, 0.75 or 0.95.
            label: where the series has labels.

        Raises:
            UsageError: for another probability, or a series or label that there is not.
        """
        if probability not in QUANTILES:
            fix = f"use {', '.join(f'{one:g}' for one in QUANTILES)}; for others keep the draws: keep='all'"
            raise UsageError(f"there is no quantile {probability!r}", fix=fix)
        self.check(name, label)
        found: list[float] = self.quantiles[QUANTILES.index(probability), self.places[name, label]].tolist()
        return found

    def share_undefined(self, name: str, label: str | None = None) -> list[float]:
        """The share of the draws in which a series is not defined, at every saved time.

        Raises:
            UsageError: for a series or label that there is not.
        """
        self.check(name, label)
        found: list[float] = self.undefined[self.places[name, label]].tolist()
        return found

    def draws(self, name: str, label: str | None = None) -> Array:
        """Every draw of a series, with shape (n, time).

        Raises:
            UsageError: where the draws were not kept, or for a series or label that there is not.
        """
        self.check(name, label)
        if self.kept is None:
            raise UsageError("the draws were not kept, only their quantiles", fix="run again with keep='all'")
        found: Array = self.kept[self.places[name, label]].T.copy()
        return found

    def some_draws(self, name: str) -> Array:
        """Every draw of a series without labels, with shape (n, time), or as many of the first as were kept of it.

        Raises:
            UsageError: where none was kept, or there is no such series.
        """
        self.check(name, None)
        return self.paths[name] if self.kept is None and name in self.paths else self.draws(name)

    def __getitem__(self, key: str | tuple[str, str]) -> Array:
        import numpy as np

        if isinstance(key, tuple):
            return self.rows(*key)
        labels = self.about(key).labels
        rows = [self.rows(key, label) for label in labels]
        return rows[0] if labels == (None,) else np.array(rows)

    def rows(self, name: str, label: str | None) -> Array:
        """Every draw of a series, or 5, 50 and 95 % where the draws were not kept."""
        self.check(name, label)
        if self.kept is not None:
            return self.draws(name, label)
        found: Array = self.quantiles[list(SHOWN.values()), self.places[name, label]]
        return found

    @property
    def metrics(self) -> dict[str, Any]:
        """For every metric 5, 50 and 95 % at the end; None where it is not defined."""
        found: dict[str, Any] = {}
        for name in self.metric_names:
            ends = self.quantiles[:, self.places[name, None], -1].tolist()
            found[name] = {key: undefined_to_none(ends[place]) for key, place in SHOWN.items()}
        return found

    def as_json(self) -> dict[str, Any]:
        """What the command prints of it."""
        told = {name: {key: list(ends) for key, ends in interval.items()} for name, interval in self.intervals.items()}
        found = {**super().as_json(), "intervals": told}
        return found | {"luck": {name: dict(one) for name, one in self.luck.items()}} if self.luck else found

    def columns(self) -> Iterator[tuple[str, str, list[float]]]:
        """Every column that a table has of it: three for each series and label, 5, 50 and 95 %."""
        for name, label in self.pairs():
            for key, place in SHOWN.items():
                yield name, f"{column_name(name, label)}.{key}", self.quantiles[place, self.places[name, label]].tolist()

    def printed(self) -> dict[str, Any]:
        """The series that the command prints: time as it is; of metrics, stocks and groups 5, 50 and 95 %."""
        found: dict[str, Any] = {"time": list(self.times)}
        for name, label in self.pairs():
            if self.series[name].kind in PRINTED:
                rows = self.quantiles[:, self.places[name, label]].tolist()
                found[column_name(name, label)] = {key: [undefined_to_none(value) for value in rows[place]] for key, place in SHOWN.items()}
        return found

    def __repr__(self) -> str:
        many = "futures" if self.kept is None else f"{self.kept.shape[2]:,} futures"
        return f"<{many} of {self.name!r}: {len(self.series)} series over {len(self.times)} times>"
