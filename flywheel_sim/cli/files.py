"""``flywheel run --out``: what is in the folder, and how it gets there."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from flywheel_sim.analysis.event_table import guarded
from flywheel_sim.errors import OutputError, UsageError
from flywheel_sim.files import write_files
from flywheel_sim.result import columns_of, undefined_to_none
from flywheel_sim.scenario.fault import plain, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flywheel_sim.result import Result
    from flywheel_sim.study import Study

__all__ = ["write_all"]

RECORD = "metrics.json"


def write_all(folder: str, study: Study, result: Result, *, command: str) -> list[str]:
    """Write series, metrics, the scenario used and the charts into a folder.

    Nothing appears under its name before everything has been written, so that a full disk leaves what was there.

    Args:
        folder: made if it is not there.
        study: that was run.
        result: of the run.
        command: that reproduces it, for the footer of the charts.

    Returns:
        The names written. What an earlier run wrote there under other names is taken away.

    Raises:
        UsageError: if the folder is a file, or holds files of these names that were not written by a run, or changed since.
        OutputError: if something cannot be written.
    """
    from flywheel_sim.charts import pictures

    place = Path(folder)
    try:
        if not folder or (place.exists() and not place.is_dir()):
            raise UsageError(f"{short(folder)} is no folder", fix="name a folder for --out")
        texts = {"series.csv": series_table(result), "scenario.toml": study.scenario.text}
        contents = {name: text.encode() for name, text in texts.items()} | pictures(study, result, command=command)
        if result.about.engine == "events":
            from flywheel_sim.cli.journeys import journey_files

            contents |= journey_files(study, result, command=command)
        refuse_files_of_others(place, contents)
        outdated = outdated_files(place, contents)
        contents[RECORD] = metrics_object(result, contents).encode()
        with folder_for(place):
            write_files({place / name: content for name, content in contents.items()})
        for path in outdated:
            path.unlink(missing_ok=True)
    except OSError as error:
        fix = "make room, or name another folder"
        raise OutputError(f"{plain(folder)} cannot be written: {error.strerror or error}", fix=fix) from None
    return sorted(contents)


def refuse_files_of_others(place: Path, contents: Mapping[str, bytes]) -> None:
    """Nothing is overwritten but what an earlier run wrote and nobody has changed since: its metrics.json tells."""
    recorded = written_before(place / RECORD)
    there = [name for name in (*contents, RECORD) if (place / name).is_file()]
    lost = []
    for name in there:
        if name == RECORD:
            changed = recorded is None
        else:
            found = (place / name).read_bytes()
            changed = found != contents[name] and fingerprint(found) != (recorded or {}).get(name)
        if changed:
            lost.append(name)
    if lost:
        raise UsageError(
            f"{short(str(place))} holds {' and '.join(lost)}, which no run wrote or somebody has changed since",
            fix="move it away, or name another folder",
        )


def outdated_files(place: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """What an earlier run wrote, nobody has changed since, and this run does not write: a chart of it would tell of another run."""
    recorded = written_before(place / RECORD) or {}
    paths = [(place / name, known) for name, known in recorded.items() if name not in contents and Path(name).name == name]
    return [path for path, known in paths if path.is_file() and fingerprint(path.read_bytes()) == known]


def written_before(record: Path) -> dict[str, str] | None:
    """The fingerprints of the files that an earlier run wrote; None where the record is none."""
    try:
        found = json.loads(record.read_bytes())["files"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return found if isinstance(found, dict) else None


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def folder_for(place: Path) -> Iterator[None]:
    """A folder to write into, with those around it; what was made for this goes again if the writing fails."""
    missing = [folder for folder in (place, *place.parents) if not folder.exists()]
    try:
        place.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in missing:
            with contextlib.suppress(OSError):  # it was never made, or is in use by now
                folder.rmdir()
        raise


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


def metrics_object(result: Result, contents: Mapping[str, bytes]) -> str:
    """The result as JSON, without its series, and with a record of the files that were written beside it."""
    found = {**result.as_json(), "files": {name: fingerprint(content) for name, content in contents.items()}}
    for strategy in found["strategies"].values():
        del strategy["series"]
    return json.dumps(found, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
