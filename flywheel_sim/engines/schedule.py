"""The one grid that all draws share: legs of equal steps between the times at which something happens."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from flywheel_sim.program import key
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Leg", "Schedule", "schedule"]


class Leg(Record):
    """A stretch of equal steps, and what happens before its first.

    Attributes:
        start: a time.
        step: the length of a step.
        steps: how many; 0 at the horizon.
        inside: a time inside a step at the start, for conditions on time: at the horizon, of the last step.
        bends: from which to which bend parameters change at the start.
        mark: where to keep the integrals; -1 for nowhere.
        save: the number of the saved time; -1 for none.
    """

    start: float
    step: float
    steps: int
    inside: float
    bends: tuple[int, int]
    mark: int
    save: int


class Schedule(Record):
    """A run's grid.

    Attributes:
        legs: in the order of time.
        marks: how many times integrals are kept at.
        lookbacks: for each saved time and window, the mark to look back to.
        spans: how long ago that is, 0 at the start.
    """

    legs: tuple[Leg, ...]
    marks: int
    lookbacks: tuple[tuple[int, ...], ...]
    spans: tuple[tuple[float, ...], ...]


def schedule(changes: Iterable[float], bends: Sequence[float], times: Sequence[float], windows: Sequence[float], dt: float) -> Schedule:
    """Lay out a run.

    Args:
        changes: when anything changes, 0 and the horizon among them.
        bends: when each bend of a parameter begins, in the order of time.
        times: when to save, increasing; the last is the horizon.
        windows: how far back trailing measures look.
        dt: the longest step.
    """
    saves = {key(time): number for number, time in enumerate(times)}
    back = {(number, window): key(max(time - window, 0.0)) for number, time in enumerate(times) for window in windows}
    marks = {time: number for number, time in enumerate(sorted(set(back.values())))}
    stops = sorted({*changes, *saves, *marks})
    legs = []
    bent = 0
    step = 0.0
    for now, following in itertools.pairwise([*stops, stops[-1]]):
        steps = max(1, math.ceil((following - now) / dt - 1e-9)) if following > now else 0
        inside = now - step / 2
        if steps:
            step = (following - now) / steps
            inside = now + step / 2
        first = bent
        while steps and bent < len(bends) and key(bends[bent]) <= now:  # what begins at the horizon changes nothing
            bent += 1
        legs.append(Leg(now, step, steps, inside, (first, bent), marks.get(now, -1), saves.get(now, -1)))
    lookbacks = tuple(tuple(marks[back[number, window]] for window in windows) for number in range(len(times)))
    spans = tuple(tuple(time - max(time - window, 0.0) for window in windows) for time in times)
    return Schedule(tuple(legs), len(marks), lookbacks, spans)
