"""One strategy, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.result.series import column_name, undefined_to_none

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from flywheel_sim.result.series import Series

    Array = NDArray[np.float64]

__all__ = ["PRINTED", "Run", "columns_of", "reader"]

PRINTED = frozenset({"metric", "stock", "group"})  # the kinds of series that the command prints


class Run:
    """One strategy, run.

    ``run["customers"]`` is a series over ``run.time``; a series with labels has one row for each, and
    ``run["win", "referred"]`` is one of them.

    Args:
        name: of the strategy.
        note: in words.
        times: the saved times.
        series: what there is, by name.
        read: gives one value: of a name, at a label, at the number of a saved time. NaN where undefined.
    """

    def __init__(
        self, name: str, note: str, times: Sequence[float], series: Mapping[str, Series], read: Callable[[str, str | None, int], float]
    ) -> None:
        self.name = name
        self.note = note
        self.times = tuple(times)
        self.series = series
        self.read = read

    def value(self, name: str, index: int = -1, label: str | None = None) -> float:
        """One value of a series, at the end unless told otherwise; NaN where it is not defined.

        Raises:
            UsageError: for a series, label or saved time that there is not.
        """
        self.check(name, label)
        return self.read(name, label, self.saved(index))

    def values(self, name: str, label: str | None = None) -> list[float]:
        """A series as a plain list.

        Raises:
            UsageError: for a series or label that there is not.
        """
        self.check(name, label)
        return [self.read(name, label, index) for index in range(len(self.times))]

    def about(self, name: str) -> Series:
        """What is known of a series.

        Raises:
            UsageError: if there is none of that name.
        """
        if name not in self.series:
            raise UsageError(f"there is no series {name!r}", fix=nearest(str(name), self.series, "the series are"))
        return self.series[name]

    def check(self, name: str, label: str | None) -> None:
        """See that there is such a series, and that it has such a label."""
        labels = self.about(name).labels
        if label not in labels:
            fix = "it has no labels: leave the label out" if labels == (None,) else nearest(str(label), map(str, labels), "its labels are")
            raise UsageError(f"{name} has no label {label!r}", fix=fix)

    def saved(self, index: int) -> int:
        """The number of a saved time, counted from the end where negative."""
        count = len(self.times)
        if not -count <= index < count:
            raise UsageError(f"there is no saved time number {index}", fix=f"use 0 to {count - 1}, or -1 for the end")
        return index % count

    @property
    def time(self) -> Array:
        """The saved times."""
        import numpy as np

        return np.array(self.times)

    def __getitem__(self, key: str | tuple[str, str]) -> Array:
        import numpy as np

        if isinstance(key, tuple):
            return np.array(self.values(*key))
        labels = self.about(key).labels
        rows = [self.values(key, label) for label in labels]
        return np.array(rows[0] if labels == (None,) else rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self.series)

    def __contains__(self, name: object) -> bool:
        return name in self.series

    @property
    def metrics(self) -> dict[str, Any]:
        """Every metric at the end; None where it is not defined."""
        return {name: undefined_to_none(self.value(name)) for name in self.metric_names}

    @property
    def metric_names(self) -> list[str]:
        """The headline and the metrics of the model."""
        return [name for name, series in self.series.items() if series.kind == "metric"]

    def columns(self) -> Iterator[tuple[str, str, list[float]]]:
        """Every column that a table has of this run: the name of its series, its own, and its values."""
        for name, label in self.pairs():
            yield name, column_name(name, label), self.values(name, label)

    def as_json(self) -> dict[str, Any]:
        """What the command prints of it."""
        return {"metrics": self.metrics, "series": self.printed()}

    def printed(self) -> dict[str, Any]:
        """The series that the command prints: time, metrics, stocks and groups."""
        found: dict[str, Any] = {"time": list(self.times)}
        for name, label in self.pairs():
            if self.series[name].kind in PRINTED:
                found[column_name(name, label)] = [undefined_to_none(value) for value in self.values(name, label)]
        return found

    def pairs(self) -> Iterator[tuple[str, str | None]]:
        """Every series, label by label."""
        for name, series in self.series.items():
            for label in series.labels:
                yield name, label

    def __repr__(self) -> str:
        return f"<run of {self.name!r}: {len(self.series)} series over {len(self.times)} times>"


def columns_of(run: Run, kinds: set[str] | None = None) -> Iterator[tuple[str, list[float]]]:
    """Every column that a table has of a run, under its name; of many futures three for each series: 5, 50 and 95 %."""
    for name, column, values in run.columns():
        if kinds is None or run.series[name].kind in kinds:
            yield column, values


def reader(columns: Mapping[tuple[str, str | None], Sequence[float]]) -> Callable[[str, str | None, int], float]:
    """What a :class:`Run` reads its values with, from a column for each series and label."""
    return lambda name, label, index: columns[name, label][index]
