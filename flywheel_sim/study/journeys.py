"""Replications of a strategy, account by account, with the log of every journey."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.event_table import FIRST_DAY, Table, csv_bytes, event_rows, joined, parquet_bytes
from flywheel_sim.analysis.family import Families, bringing_stocks, families
from flywheel_sim.analysis.journeys import JourneyMap, journey_map
from flywheel_sim.analysis.metrics import windows
from flywheel_sim.analysis.ways import ways
from flywheel_sim.analysis.words import duration
from flywheel_sim.engines.events import Journey, Log, run
from flywheel_sim.errors import OutputError, StateError, UsageError, nearest
from flywheel_sim.files import write_files
from flywheel_sim.model.symbols import Friction
from flywheel_sim.records import Record, replace
from flywheel_sim.result.tables import needed
from flywheel_sim.scenario.fault import short

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from flywheel_sim.program import Inputs, Trace
    from flywheel_sim.study.study import Study

__all__ = ["Journeys", "journeys"]


def journeys(
    study: Study, strategy: str | None = None, *, replications: int = 1, seed: int = 0, dt: float | None = None, first: int = 0
) -> Journeys:
    """Run a strategy account by account, and keep what happened to each.

    What the scenario states as uncertain is typical.

    Args:
        study: a scenario with its model.
        strategy: its name; unless said the first that is not the baseline, if there is another.
        replications: how many.
        seed: of all random numbers.
        dt: the longest step of what is not counted; None chooses it as a run of the study does, by error and 1/8 at most.
        first: the number of the first replication.

    Raises:
        UsageError: for what cannot be meant.
        StateError: when a number leaves what is possible, or there are too many moves.
    """
    name = strategy if strategy is not None else default_strategy(study)
    inputs = study.inputs(name)
    for word, value, least in (("replications", replications, 1), ("first", first, 0)):
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
            raise UsageError(f"{word}={short(value)} cannot be", fix=f"use a whole number from {least} on")
    step = chosen_step(study) if dt is None else dt
    made = [replicate(study, name, inputs, seed, first + number, step, log=True) for number in range(replications)]
    logs = tuple(one.log for one in made if one.log is not None)
    return Journeys(study, name, logs, tuple(one.trace for one in made), seed, first, step)


def chosen_step(study: Study) -> float:
    """The step that a run of the study takes, one for all strategies, so that replications here are the same as there."""
    from flywheel_sim.study.replicas import step_for

    strategies = study.scenario.strategies
    return step_for(study.lowered, map(study.inputs, strategies), max(map(study.times, strategies.values()), key=len))


def default_strategy(study: Study) -> str:
    """The first strategy that is not the baseline, if there is one."""
    return next((name for name in study.scenario.strategies if name != study.scenario.baseline), study.scenario.baseline)


def replicate(study: Study, strategy: str, inputs: Inputs, seed: int, number: int, dt: float, *, log: bool) -> Journey:
    """One replication."""
    times = study.times(study.scenario.strategies[strategy])
    try:
        return run(study.lowered, inputs, times, windows=windows(study.lowered, inputs), dt=dt, seed=seed, replication=number, log=log)
    except StateError as error:
        raise error.of_strategy(strategy) from None


class Journeys(Record):
    """Replications of one strategy, account by account.

    Attributes:
        study: the scenario with its model.
        strategy: that was run.
        logs: what happened to whom, by replication.
        traces: the same runs, slot by slot.
        seed: of all random numbers.
        first: the number of the first replication.
        dt: the longest step of what is not counted.
    """

    study: Study
    strategy: str
    logs: tuple[Log, ...]
    traces: tuple[Trace, ...]
    seed: int
    first: int
    dt: float

    def table(self, start: date = FIRST_DAY) -> Table:
        """All logs as one table, by column; see :func:`flywheel_sim.analysis.event_table.event_rows`.

        Args:
            start: the day that time 0 stands for.
        """
        found = ways(self.study.lowered, self.study.by)
        unit = self.study.declaration.time_unit
        return joined(
            event_rows(log, found, strategy=self.strategy, replication=number, start=start, time_unit=unit)
            for number, log in enumerate(self.logs, self.first)
        )

    def to_dataframe(self, start: date = FIRST_DAY) -> pd.DataFrame:
        """One row per row of the logs (needs pandas).

        Raises:
            UsageError: if pandas is not installed.
        """
        pandas = needed("pandas", "to_dataframe")
        table: dict[str, Any] = dict(self.table(start))
        table["timestamp"] = pandas.to_datetime(pandas.Series(table["timestamp"], dtype=object), format="ISO8601")
        made: pd.DataFrame = pandas.DataFrame(table)
        return made

    def save(self, path: str | Path, start: date = FIRST_DAY) -> None:
        """Write the table to a file, whole or not at all: ``.csv`` or, with pyarrow, ``.parquet``.

        Raises:
            UsageError: for another ending, or if pyarrow is not installed.
            OutputError: if it cannot be written.
        """
        place = Path(path)
        writer = {".csv": csv_bytes, ".parquet": parquet_bytes}.get(place.suffix.lower())
        if writer is None:
            raise UsageError(f"{short(place.name)} says not what kind of file to write", fix="let its name end in .csv or .parquet")
        content = writer(self.table(start))
        try:
            write_files({place: content})
        except OSError as error:
            raise OutputError(f"{short(str(path))} cannot be written: {error.strerror or error}") from None

    def map(self, *, frictions: bool = True) -> JourneyMap:
        """What accounts met on their way.

        Args:
            frictions: whether to run each friction off as well, with the same random numbers, to see what it costs.

        Raises:
            StateError: when such a run fails.
        """
        lowered = self.study.lowered
        without = {name: self.without(name) for name in self.study.declaration.of_kind(Friction)} if frictions else {}
        return journey_map(lowered, self.logs, self.traces, strategy=self.strategy, headline=self.study.by, without=without)

    def families(self) -> tuple[Families, ...]:
        """Who brought whom, by replication."""
        bringing = bringing_stocks(self.study.lowered)
        return tuple(families(log, bringing) for log in self.logs)

    def __repr__(self) -> str:
        unit, months = self.study.declaration.time_unit, self.traces[0].times[-1]
        many = f"{len(self.logs)} replication{'' if len(self.logs) == 1 else 's'}"
        rows = sum(map(len, self.logs))
        return f"Journeys of {short(self.strategy)}: {many} of {duration(months, unit)} from seed {self.seed}, {rows:,} rows"

    def without(self, friction: str) -> tuple[Trace, ...]:
        """The same replications without a friction; they themselves where it is off already."""
        inputs = self.study.inputs(self.strategy)
        if friction not in self.study.lowered.layout.switches:
            raise UsageError(f"there is no friction {friction!r}", fix=nearest(friction, self.study.lowered.layout.switches, "there are"))
        slot = self.study.lowered.layout.switches.index(friction)
        if not inputs.switches[slot]:
            return self.traces
        off = replace(inputs, switches=tuple(runs and number != slot for number, runs in enumerate(inputs.switches)))
        numbers = range(self.first, self.first + len(self.logs))
        return tuple(replicate(self.study, self.strategy, off, self.seed, number, self.dt, log=False).trace for number in numbers)
