"""What is known of a series before it is read, and how tables and JSON call it and its values."""

from __future__ import annotations

import math

from flywheel_sim.records import Record

__all__ = ["Series", "column_name", "undefined_to_none"]


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


def undefined_to_none(value: float) -> float | None:
    """NaN and infinity, which JSON cannot hold, as None."""
    return value if math.isfinite(value) else None


def column_name(name: str, label: str | None) -> str:
    """A series, or one label of it, as tables call it: ``win[cold]``."""
    return f"{name}[{label}]" if label else name
