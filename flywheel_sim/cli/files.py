"""Writing files, each whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from flywheel_sim.errors import OutputError, UsageError
from flywheel_sim.result import columns_of, undefined_to_none
from flywheel_sim.scenario.fault import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flywheel_sim.result import Result
    from flywheel_sim.study import Study

__all__ = ["write_all", "write_whole"]

Content = str | bytes


def write_all(folder: str, study: Study, result: Result, *, command: str) -> list[str]:
    """Write series, metrics, the scenario used and the charts into a folder.

    Nothing appears under its name before everything has been written, so that a full disk leaves what was there.

    Args:
        folder: made if it is not there.
        study: that was run.
        result: of the run.
        command: that reproduces it, for the footer of the charts.

    Returns:
        The names written.

    Raises:
        UsageError: if the folder is a file.
        OutputError: if something cannot be written.
    """
    from flywheel_sim.charts import pictures

    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise UsageError(f"{plain(folder)} is a file, not a folder", fix="name a folder for --out")
    contents: dict[str, Content] = {
        "series.csv": series_table(result),
        "metrics.json": metrics_object(result),
        "scenario.toml": study.scenario.text,
        **pictures(study, result, command=command),
    }
    made = not place.exists()
    try:
        place.mkdir(parents=True, exist_ok=True)
        replace_all({place / name: content for name, content in contents.items()})
    except OSError as error:
        if made:
            remove_quietly(place.rmdir)
        raise OutputError(
            f"{plain(folder)} cannot be written: {error.strerror or error}", fix="make room, or name another folder"
        ) from None
    return sorted(contents)


def write_whole(path: Path, content: Content) -> None:
    """Write one file, whole or not at all.

    Raises:
        OutputError: if it cannot be written.
    """
    try:
        replace_all({path: content})
    except OSError as error:
        raise OutputError(f"{plain(str(path))} cannot be written: {error.strerror or error}") from None


def replace_all(contents: Mapping[Path, Content]) -> None:
    """Write every file under another name, and only then give each its own."""
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            parts[path] = path.with_name(f".{path.name}.{os.getpid()}.part")
            with parts[path].open("wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            remove_quietly(lambda part=part: part.unlink(missing_ok=True))  # type: ignore[misc]


def remove_quietly(remove: Callable[[], None]) -> None:
    try:
        remove()
    except OSError:
        return  # there is a better error on its way already


def series_table(result: Result) -> str:
    """Every series as comma-separated values: one row per strategy and saved time. Undefined values are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [column for column, _ in columns_of(result.longest)]
    writer.writerow(["strategy", result.about.time_unit, *columns])
    for name, run in result.runs.items():
        values = [values for _, values in columns_of(run)]
        for index, time in enumerate(run.times):
            row = (undefined_to_none(column[index]) for column in values)
            writer.writerow([guarded(name), f"{time:g}", *("" if value is None else repr(value) for value in row)])
    return text.getvalue()


def guarded(text: str) -> str:
    """Text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def metrics_object(result: Result) -> str:
    """The result as JSON, without its series."""
    found = result.as_json()
    for strategy in found["strategies"].values():
        del strategy["series"]
    return json.dumps(found, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
