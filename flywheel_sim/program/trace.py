"""What an engine hands back: the slots of a program at every saved time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flywheel_sim.program.program import Inputs

__all__ = ["Trace"]

Row = tuple[float, ...]


class Trace(Record):
    """One run, slot by slot.

    Attributes:
        inputs: what the run was given.
        times: the saved times, the first 0.
        states: every state at every saved time.
        values: every value at every saved time; at a jump, what holds from then on.
        integrals: every integral at every saved time, and at those a trailing measure looks back to.
        conservation: the largest imbalance of any counted unit, relative to its peak.
        method: how the time was stepped.
        dt: the longest step, None where the method chose its own.
    """

    inputs: Inputs
    times: tuple[float, ...]
    states: tuple[Row, ...]
    values: tuple[Row, ...]
    integrals: Mapping[float, Row]
    conservation: float
    method: str
    dt: float | None
