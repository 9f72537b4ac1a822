"""Results as files: arrays of numbers, and one of the bytes of a JSON object that says what they are."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.errors import OutputError, UsageError
from flywheel_sim.files import write_files
from flywheel_sim.result.about import About, Failure
from flywheel_sim.result.futures import Futures
from flywheel_sim.result.result import Result
from flywheel_sim.result.run import Run, reader
from flywheel_sim.result.series import Series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["load", "save"]

FORMAT = 2  # 1 had no futures, and is read as well
READ = (1, 2)


def save(result: Result, path: str | Path) -> None:
    """Write a result to one file, whole or not at all; see :meth:`Result.save`."""
    arrays: dict[str, Any] = {}
    described = []
    for number, run in enumerate(result.runs.values()):
        words: dict[str, Any] = {"name": run.name, "note": run.note, "series": [vars_of(series) for series in run.series.values()]}
        if isinstance(run, Futures):
            words["places"] = [[name, label, row] for (name, label), row in run.places.items()]
            arrays |= {f"times {number}": run.time, f"quantiles {number}": run.quantiles, f"undefined {number}": run.undefined}
            words["intervals"], words["luck"] = run.intervals, run.luck
            words["drawn"], words["paths"] = list(run.drawn), list(run.paths)
            arrays |= {f"path {number} {place}": path for place, path in enumerate(run.paths.values())}
            if run.drawn:
                arrays[f"drawn {number}"] = np.array(list(run.drawn.values()))
            if run.kept is not None:
                arrays[f"kept {number}"] = run.kept
        else:
            arrays[f"run {number}"] = np.array([run.times, *(values for _, _, values in run.columns())])
        described.append(words)
    about = {
        "format": FORMAT,
        "about": vars_of(result.about) | {"failures": [vars_of(one) for one in result.about.failures]},
        "runs": described,
        "comparison": result.comparison,
        "comparisons": list(result.comparisons),
    }
    arrays["about"] = np.frombuffer(json.dumps(about, default=dict).encode(), np.uint8)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    try:
        write_files({Path(path): content.getvalue()})
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} cannot be written: {reason}", fix="make room, or name another file") from None


def load(path: str | Path) -> Result:
    """Read what :func:`save` wrote; see :meth:`Result.load`."""
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            if about["format"] in READ:
                runs = {one["name"]: run_from(one, arrays, number) for number, one in enumerate(about["runs"])}
                return Result(about_from(about["about"]), runs, about["comparison"], tuple(about["comparisons"]))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}", fix="name a file that result.save(path) wrote") from None
    except Exception:  # noqa: BLE001  what the bytes of a damaged or foreign file make its readers raise has no end
        raise UsageError(f"{path} is no saved result, or is damaged", fix="save it again with result.save(path)") from None
    raise UsageError(f"{path} was saved in format {about['format']}, this version reads {FORMAT}", fix="run the study again")


def about_from(words: Mapping[str, Any]) -> About:
    """Where a result comes from; what an older format did not know has its default."""
    lists: dict[str, Any] = {name: tuple(words.get(name, ())) for name in ("changes", "uncertain")}
    failures = tuple(Failure(**one) for one in words.get("failures", ()))
    return About(**{**words, **lists, "failures": failures})


def run_from(words: Mapping[str, Any], arrays: Mapping[str, Array], number: int) -> Run:
    """One strategy from what :func:`save` wrote of it.

    Raises:
        ValueError: if that does not fit together.
    """
    series = {item["name"]: Series(**(item | {"labels": tuple(item["labels"])})) for item in words["series"]}
    if "places" in words:
        places = {(name, label): row for name, label, row in words["places"]}
        times, quantiles, undefined = (numbers(arrays[f"{what} {number}"]) for what in ("times", "quantiles", "undefined"))
        kept = numbers(arrays[f"kept {number}"]) if f"kept {number}" in arrays else None
        intervals = {name: {key: (low, high) for key, (low, high) in one.items()} for name, one in words.get("intervals", {}).items()}
        drawn = dict(zip(words["drawn"], numbers(arrays[f"drawn {number}"]), strict=True)) if words.get("drawn") else {}
        return Futures(
            words["name"],
            words["note"],
            times.tolist(),
            series,
            places,
            quantiles,
            kept,
            undefined,
            intervals=intervals,
            drawn=drawn,
            luck=words.get("luck"),
            paths={name: numbers(arrays[f"path {number} {place}"]) for place, name in enumerate(words.get("paths", ()))},
        )
    keys = [(name, label) for name, item in series.items() for label in item.labels]
    rows = numbers(arrays[f"run {number}"])
    if rows.ndim != 2:
        raise ValueError("these are no series of numbers")
    times, *columns = rows.tolist()
    return Run(words["name"], words["note"], times, series, reader(dict(zip(keys, columns, strict=True))))


def numbers(array: Array) -> Array:
    """An array of floating-point numbers with something in it.

    Raises:
        ValueError: for any other.
    """
    if array.dtype != float or not array.size:
        raise ValueError("these are no numbers")
    return array


def vars_of(record: object) -> dict[str, Any]:
    """The fields of a record."""
    return dict(vars(record))
