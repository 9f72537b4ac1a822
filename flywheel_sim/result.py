"""Results: labelled series with units and provenance, and nothing of how they were computed.

Series are kept as they come and become NumPy arrays when somebody asks for one, so that a run that only prints
a verdict never loads NumPy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import OutputError, UsageError, nearest
from flywheel_sim.files import write_files
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["About", "Result", "Run", "Series", "undefined_to_none"]

FORMAT = 1


class Series(Record):
    """What is known of a series before it is read.

    Attributes:
        name: as declared.
        labels: one for each of its rows; (None,) for a plain series.
        kind: ``metric``, ``stock``, ``group``, ``flow``, ``equation`` or ``pace``.
        unit: of its values.
        note: what it is, in words.
        better: ``higher``, ``lower`` or None.
        beside: the series without which this one misleads.
        percent: whether people read it in percent.
    """

    name: str
    labels: tuple[str | None, ...]
    kind: str
    unit: str
    note: str = ""
    better: str | None = None
    beside: str | None = None
    percent: bool = False


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
        count = len(self.times)
        if not -count <= index < count:
            raise UsageError(f"there is no saved time number {index}", fix=f"use 0 to {count - 1}, or -1 for the end")
        return self.read(name, label, index % count)

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
    def metrics(self) -> dict[str, float | None]:
        """Every metric at the end; None where it is not defined."""
        return {name: undefined_to_none(self.value(name)) for name in self.metric_names}

    @property
    def metric_names(self) -> list[str]:
        """The headline and the metrics of the model."""
        return [name for name, series in self.series.items() if series.kind == "metric"]

    def __repr__(self) -> str:
        return f"<run of {self.name!r}: {len(self.series)} series over {len(self.times)} times>"


class About(Record):
    """Where a result comes from.

    Attributes:
        title: of the scenario.
        model: its name.
        months: the horizon, in the model's time unit.
        engine: what computed it.
        method: how time was stepped.
        dt: the longest step, None where the method chose its own.
        draws: how many.
        seed: of the draws.
        version: of this package.
        conservation: the largest imbalance of accounts, relative to their number.
        step_error: what halving the step is estimated to change in the metrics, relatively; None if not asked.
        time_unit: of the times.
        currency: how money is written.
        file: the scenario file.
        changes: what moves during the run, in words.
    """

    title: str
    model: str
    months: float
    engine: str
    method: str
    dt: float | None
    draws: int
    seed: int
    version: str
    conservation: float
    step_error: float | None = None
    time_unit: str = "month"
    currency: str = "$"
    file: str = ""
    changes: tuple[str, ...] = ()


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
    def metrics(self) -> dict[str, dict[str, float | None]]:
        """Every metric at the end, by strategy."""
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
            "strategies": {name: {"metrics": run.metrics, "series": series_of(run)} for name, run in self.runs.items()},
            "comparison": self.comparison,
            "comparisons": list(self.comparisons),
            "checks": {
                "conservation": undefined_to_none(self.about.conservation),
                "step": self.about.dt,
                "step_error": None if self.about.step_error is None else undefined_to_none(self.about.step_error),
            },
        }

    # Tables

    def to_dataframe(self) -> pd.DataFrame:
        """One row per strategy and saved time, one column per series and label (needs pandas)."""
        pandas = needed("pandas", "to_dataframe")
        frames = []
        for name, run in self.runs.items():
            columns = {"strategy": name, self.about.time_unit: run.times} | dict(columns_of(run))
            frames.append(pandas.DataFrame(columns))
        return pandas.concat(frames, ignore_index=True)

    def to_xarray(self) -> xr.Dataset:
        """A dataset over strategy and time, with units (needs xarray). Shorter runs end in NaN."""
        import numpy as np

        xarray = needed("xarray", "to_xarray")
        length = len(self.longest.times)
        variables = {}
        for name, series in self.longest.series.items():
            for label in series.labels:
                rows = [run.values(name, label) for run in self.runs.values()]
                filled = np.array([row + [math.nan] * (length - len(row)) for row in rows])
                variables[column_name(name, label)] = (("strategy", "time"), filled, {"units": series.unit, "long_name": series.note})
        coordinates = {"strategy": list(self.runs), "time": ("time", self.time, {"units": self.about.time_unit})}
        dataset: xr.Dataset = xarray.Dataset(variables, coords=coordinates, attrs={"title": self.about.title, "model": self.about.model})
        return dataset

    # Files

    def save(self, path: str | Path) -> None:
        """Write everything to one file, whole or not at all. :meth:`load` reads it back, bit for bit.

        Raises:
            OutputError: if it cannot be written.
        """
        import io
        import json
        from pathlib import Path

        import numpy as np

        arrays: dict[str, Any] = {}
        described = []
        for number, run in enumerate(self.runs.values()):
            arrays[f"run {number}"] = np.array([run.times, *(values for _, values in columns_of(run))])
            described.append({"name": run.name, "note": run.note, "series": [vars_of(series) for series in run.series.values()]})
        about = {
            "format": FORMAT,
            "about": vars_of(self.about),
            "runs": described,
            "comparison": self.comparison,
            "comparisons": list(self.comparisons),
        }
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)
        try:
            write_files({Path(path): content.getvalue()})
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(f"{path} cannot be written: {reason}", fix="make room, or name another file") from None

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """Read what :meth:`save` wrote. Nothing in the file is ever executed.

        Raises:
            UsageError: if it cannot be read, is damaged, or is no such file.
        """
        import json
        from pathlib import Path

        import numpy as np

        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                about = json.loads(arrays["about"].tobytes())
                if about["format"] == FORMAT:
                    runs = {one["name"]: run_from(one, arrays[f"run {number}"]) for number, one in enumerate(about["runs"])}
                    return cls(
                        About(**about["about"] | {"changes": tuple(about["about"].get("changes", ()))}),
                        runs,
                        about["comparison"],
                        tuple(about["comparisons"]),
                    )
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}", fix="name a file that result.save(path) wrote") from None
        except Exception:  # noqa: BLE001  what the bytes of a damaged or foreign file make its readers raise has no end
            raise UsageError(f"{path} is no saved result, or is damaged", fix="save it again with result.save(path)") from None
        raise UsageError(f"{path} was saved in format {about['format']}, this version reads {FORMAT}", fix="run the study again")

    # Showing

    def __repr__(self) -> str:
        lines = [self.about.title, self.verdict, f"strategies: {', '.join(self.runs)}"]
        return "\n".join(filter(None, lines))

    def _repr_html_(self) -> str:
        import html

        names = self.longest.metric_names
        head = "".join(f"<th>{html.escape(name)}</th>" for name in ("", "unit", *self.runs))
        rows = []
        for name in names:
            series = self.longest.about(name)
            cells = "".join(f"<td>{shown(run.value(name), series)}</td>" for run in self.runs.values())
            rows.append(
                f"<tr><td style='text-align:left' title='{html.escape(series.note)}'>{html.escape(name)}</td><td>{html.escape(series.unit)}</td>{cells}</tr>"
            )
        title, verdict = html.escape(self.about.title), html.escape(self.verdict)
        return f"<div><h4>{title}</h4><p>{verdict}</p><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


def shown(value: float, series: Series) -> str:
    """A value as a table of a notebook shows it."""
    if not math.isfinite(value):
        return "–"
    if series.percent:
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def undefined_to_none(value: float) -> float | None:
    """NaN and infinity, which JSON cannot hold, as None."""
    return value if math.isfinite(value) else None


def series_of(run: Run) -> dict[str, list[float | None]]:
    """The series that the command prints: time, metrics, stocks and groups."""
    found: dict[str, list[float | None]] = {"time": list(run.times)}
    for column, values in columns_of(run, {"metric", "stock", "group"}):
        found[column] = [undefined_to_none(value) for value in values]
    return found


def columns_of(run: Run, kinds: set[str] | None = None) -> Iterator[tuple[str, list[float]]]:
    """Every series, label by label, under the name a table gives it."""
    for name, series in run.series.items():
        if kinds is None or series.kind in kinds:
            for label in series.labels:
                yield column_name(name, label), run.values(name, label)


def column_name(name: str, label: str | None) -> str:
    return f"{name}[{label}]" if label else name


def run_from(described: Mapping[str, Any], rows: Array) -> Run:
    """A run from what :meth:`Result.save` wrote of it: its times, and then a row for each series and label.

    Raises:
        ValueError: if that does not fit together.
    """
    series = {item["name"]: Series(**(item | {"labels": tuple(item["labels"])})) for item in described["series"]}
    keys = [(name, one_label) for name, item in series.items() for one_label in item.labels]
    if rows.dtype != float or rows.ndim != 2 or not rows.size:
        raise ValueError("these are no series of numbers")
    times, *columns = rows.tolist()
    return Run(described["name"], described["note"], times, series, reader(dict(zip(keys, columns, strict=True))))


def reader(columns: Mapping[tuple[str, str | None], Sequence[float]]) -> Callable[[str, str | None, int], float]:
    """What a :class:`Run` reads its values with, from a column for each series and label."""
    return lambda name, label, index: columns[name, label][index]


def vars_of(record: object) -> dict[str, Any]:
    return dict(vars(record))


def needed(module: str, method: str) -> Any:
    """A module that is an extra, or a clear word on how to get it."""
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise UsageError(f"{method} needs {module}, which is not installed", fix="pip install flywheel-sim[tables]") from None
