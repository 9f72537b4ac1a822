"""The log of journeys as a table, in the columns that tools of process mining expect, and as files.

A table is columns of one length by name, so that a million rows cost little more than their numbers.
"""

from __future__ import annotations

import csv
import importlib
import io
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.stays import START
from flywheel_sim.errors import UsageError
from flywheel_sim.result.tables import needed
from flywheel_sim.scenario.fault import plain, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flywheel_sim.analysis.ways import Ways
    from flywheel_sim.engines.events import Log

__all__ = ["COLUMNS", "FIRST_DAY", "Table", "csv_bytes", "event_rows", "guarded", "joined", "parquet_bytes"]

COLUMNS = ("case_id", "activity", "timestamp", "origin", "from", "to", "time", "waited", "caused_by", "outcome")
NUMBERS = {"time", "waited"}
OWN = NUMBERS | {"timestamp"}  # nobody's text
FIRST_DAY = date(2026, 1, 1)
YEAR = 365.2425
DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": YEAR / 12, "quarter": YEAR / 4, "year": YEAR}
NOBODY = -1  # as the log says of moves that no account caused

Table = dict[str, list[Any]]


def event_rows(log: Log, found: Ways, *, strategy: str, replication: int = 0, start: date = FIRST_DAY, time_unit: str = "month") -> Table:
    """A log as a table of :data:`COLUMNS`, one row for each of its rows.

    ``case_id`` is the account as ``strategy/replication/number``, ``timestamp`` ISO 8601 in microseconds, ``time`` and
    ``waited`` are in the model's time unit, ``caused_by`` is the case that brought it or empty, and ``outcome`` is
    ``won`` where the headline is entered from outside it, ``churned`` where it is left, ``lost`` where the way to it is,
    else empty.

    Args:
        log: of one replication.
        found: the ways of the model.
        strategy: that was run.
        replication: its number.
        start: the day that time 0 stands for, at midnight, or the moment.
        time_unit: of the model.

    Raises:
        UsageError: if the time unit is none of the calendar, or the last moment beyond the year 9999.
    """
    if time_unit not in DAYS:
        raise UsageError(f"a {short(time_unit)} is no time of the calendar", fix=f"let time_unit of the model be one of {', '.join(DAYS)}")
    first, days = start if isinstance(start, datetime) else datetime.combine(start, clock()), DAYS[time_unit]
    cases = {number: f"{strategy}/{replication}/{number}" for number in set(log.account)}
    outcomes = {
        (activity, source, destination): "" if activity == START else found.outcome(source, destination)
        for activity, source, destination in set(zip(log.activity, log.from_stock, log.to_stock, strict=True))
    }
    try:
        stamps = [(first + timedelta(days=days * time)).isoformat(timespec="microseconds") for time in log.time]
    except OverflowError:
        raise UsageError(
            f"{max(log.time):g} {time_unit}s after {first.date()} is beyond the calendar", fix="let it start earlier"
        ) from None
    columns = (
        [cases[number] for number in log.account],
        list(log.activity),
        stamps,
        list(log.origin),
        list(log.from_stock),
        list(log.to_stock),
        list(log.time),
        list(log.waited),
        ["" if number == NOBODY else cases[number] for number in log.why],
        [outcomes[move] for move in zip(log.activity, log.from_stock, log.to_stock, strict=True)],
    )
    return dict(zip(COLUMNS, columns, strict=True))


def joined(tables: Iterable[Mapping[str, Sequence[Any]]]) -> Table:
    """Tables with the same columns, one below the other."""
    whole: Table = {}
    for table in tables:
        for name, column in table.items():
            whole.setdefault(name, []).extend(column)
    return whole


def guarded(text: str) -> str:
    """Text on one line that a spreadsheet will not take for a formula."""
    text = plain(text)
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} else text


def csv_bytes(table: Mapping[str, Sequence[Any]]) -> bytes:
    """A table as comma-separated values, with text guarded against being taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(guarded, table))
    writer.writerows(zip(*(column if name in OWN else guarded_all(column) for name, column in table.items()), strict=True))
    return text.getvalue().encode()


def guarded_all(column: Sequence[str]) -> list[str]:
    """A column of text, guarded; what stands there often is looked at once."""
    safe = {text: guarded(text) for text in set(column)}
    return [safe[text] for text in column]


def parquet_bytes(table: Mapping[str, Sequence[Any]]) -> bytes:
    """A table as a Parquet file, with times as such (needs pyarrow). Text is as it is: nothing there is taken for a formula.

    Raises:
        UsageError: if pyarrow is not installed.
    """
    arrow = needed("pyarrow", "Parquet")
    parquet = importlib.import_module("pyarrow.parquet")
    columns = {name: arrow.array(column, arrow.float64() if name in NUMBERS else arrow.string()) for name, column in table.items()}
    columns["timestamp"] = columns["timestamp"].cast(arrow.timestamp("us"))
    content = io.BytesIO()
    parquet.write_table(arrow.table(columns), content)
    return content.getvalue()
