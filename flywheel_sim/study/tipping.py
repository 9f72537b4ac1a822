"""For which values of a parameter two strategies tie, and the map of who wins over two parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.tipping import (
    Axis,
    RegimeMap,
    Tipping,
    dips,
    in_words,
    map_in_words,
    nearest_on,
    tie_lines,
    turns,
)
from flywheel_sim.analysis.words import called
from flywheel_sim.errors import UsageError
from flywheel_sim.program import written
from flywheel_sim.study.pair import pair_of
from flywheel_sim.study.race import Race
from flywheel_sim.study.sampling import whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.study.race import Side
    from flywheel_sim.study.study import Study

__all__ = ["MOST_POINTS", "regime_map", "tipping"]

POINTS, POINTS_OF_ALL = 33, 17  # of a scan along one parameter, and along each of all
FINER = 8  # parts into which a round cuts what is left
PRECISION = 1e-4  # of the range: how narrow it is in the end
MOST_POINTS = 200  # along a side of a map


def tipping(
    study: Study,
    name: str | None = None,
    challenger: str | None = None,
    *,
    by: str | None = None,
    low: float | None = None,
    high: float | None = None,
    threads: int | None = None,
) -> tuple[Tipping, ...]:
    """The values of a parameter at which the baseline and another strategy end with the same.

    The range is scanned, looked at more closely where the lead dips, and every change of the lead is narrowed down to
    1e-4 of the range, both sides of it run. What changes hands and back within less than a scan can see is not found.

    Args:
        study: the scenario with its model.
        name: of a parameter, or of a lever that both strategies set alike; ``fit[referred]`` or ``fit.referred`` for one label,
            without it one answer for each. None for every parameter of the business that has a plausible range.
        challenger: the other strategy; the best that is not the baseline unless said.
        by: a series; the one that decides who is ahead unless said. It is read at the end of the shorter of the two runs.
        low: where to begin, in the parameter's unit; where its plausible range does unless said.
        high: where to end.
        threads: how many to use; as many as there are processors unless said.

    Returns:
        One for each label of the parameter that is named; or of all parameters those with a tie, the nearest first.

    Raises:
        UsageError: for what cannot be meant.
        StateError: if one of the strategies fails as the scenario has it.
    """
    race = Race(pair_of(study, challenger), by or study.by, threads)
    if name is None:
        if low is not None or high is not None:
            raise UsageError("low and high are of one parameter", fix="name it")
        found = Lookout(race).all_tipping()
        return tuple(sorted((one for one in found if one.ties), key=lambda one: one.distance))
    return tuple(Lookout(race).along([race.side(slot, low, high) for slot in race.slots_named(name)], POINTS))


def regime_map(
    study: Study,
    across: str | None = None,
    up: str | None = None,
    challenger: str | None = None,
    *,
    by: str | None = None,
    size: int = 41,
    threads: int | None = None,
) -> RegimeMap:
    """Who wins where, over two parameters and their plausible ranges, all else as the scenario has it.

    Args:
        study: the scenario with its model.
        across: a parameter, as :func:`tipping` takes it, with one label; the one whose tie is nearest unless said.
        up: another; the one whose tie is nearest of those that are left unless said.
        challenger: the other strategy; the best that is not the baseline unless said.
        by: a series; the one that decides who is ahead unless said.
        size: points along each side, 2 to :data:`MOST_POINTS`.
        threads: how many to use; as many as there are processors unless said.

    Raises:
        UsageError: for what cannot be meant.
        StateError: if one of the strategies fails as the scenario has it.
    """
    whole_number("size", size, 2, MOST_POINTS)
    race = Race(pair_of(study, challenger), by or study.by, threads)
    slots = Lookout(race).sides_asked(across, up)
    first, second = (axis_of(race.side(slot)) for slot in slots)
    xs, ys = ([axis.at(number, size) for number in range(size)] for axis in (first, second))
    own = tuple(zip(slots, (first.own, second.own), strict=True))
    flat = race.gaps([*(((slots[0], x), (slots[1], y)) for y in ys for x in xs), own])
    gaps = tuple(tuple(flat[row * size : (row + 1) * size]) for row in range(size))
    border = tie_lines(xs, ys, gaps)
    here = race.winner(flat[-1])
    share = part_of_map([[race.winner(gap) == here for gap in row] for row in gaps])
    near = nearest_on(border, (first.own, second.own), (first.high - first.low, second.high - second.low))
    writers = race.writer(slots[0]), race.writer(slots[1])
    sentence = map_in_words(here, share, (first, second), near, writers)
    return RegimeMap(first, second, gaps, border, *near, sentence, race.pair.baseline, race.pair.challenger, race.by, here, share)


def part_of_map(places: Sequence[Sequence[bool]]) -> float:
    """The part of a map that some points of its grid stand for: those on its edges for half as much, in its corners a quarter."""
    last = len(places) - 1

    def weight(number: int) -> float:
        return 0.5 if number in {0, last} else 1.0

    return sum(weight(row) * weight(column) for row, line in enumerate(places) for column, held in enumerate(line) if held) / last**2


def axis_of(side: Side) -> Axis:
    return Axis(side.name, side.title, side.note, side.unit, side.low, side.high, side.own)


class Scan:
    """What is known along a parameter: points and gaps, more of them round by round."""

    def __init__(self, side: Side, points: int) -> None:
        self.side = side
        step = (side.high - side.low) / (points - 1)
        evenly = {side.low + step * number for number in range(points - 1)} | {side.high}
        inside = {side.own} if side.low < side.own < side.high else set()
        self.wanted = evenly | inside
        self.gaps: dict[float, float] = {}

    def learn(self, gaps: Sequence[float]) -> None:
        self.gaps.update(zip(sorted(self.wanted), gaps, strict=True))
        self.gaps = dict(sorted(self.gaps.items()))
        self.wanted = set()

    def look_closer(self, intervals: Sequence[tuple[float, float]]) -> None:
        """Ask for points within intervals."""
        for low, high in intervals:
            self.wanted |= {low + (high - low) * part / FINER for part in range(1, FINER)}
        self.wanted -= self.gaps.keys()

    def narrow(self) -> None:
        """Ask for points wherever it is not known well enough where the lead changes hands."""
        width = PRECISION * (self.side.high - self.side.low)
        self.look_closer(
            [(turn.low, turn.high) for turn in turns(list(self.gaps), list(self.gaps.values())) if turn.high - turn.low > width]
        )

    def dip(self) -> None:
        self.look_closer(dips(list(self.gaps), list(self.gaps.values())))


class Lookout:
    """Looks along parameters for ties.

    Args:
        race: the strategies.
    """

    def __init__(self, race: Race) -> None:
        self.race = race

    def sides_asked(self, across: str | None, up: str | None) -> tuple[int, int]:
        """The parameters of a map: those that are named, and otherwise those whose ties are nearest."""
        slots: list[int | None] = []
        for name in (across, up):
            named = [] if name is None else self.race.slots_named(name)
            if len(named) > 1:
                labels = ", ".join(written(*self.race.lowered.layout.parameters[slot]) for slot in named)
                raise UsageError(f"{name} has labels, and a side of the map is one of them", fix=f"name one of {labels}")
            slots.append(named[0] if named else None)
        if None in slots:
            order = self.nearest_first()
            slots = [slot if slot is not None else next((one for one in order if one not in slots), None) for slot in (slots[0], slots[1])]
            if slots[0] == slots[1] and across is None and up is None:
                slots[1] = next((one for one in order if one != slots[0]), None)
        first, second = slots
        if first is None or second is None:
            raise UsageError("there are no two parameters with a plausible range", fix="name two that have one")
        if first == second:
            raise UsageError("a map has two different sides", fix="name another parameter")
        return first, second

    def nearest_first(self) -> list[int]:
        """The slots of all parameters: those with the nearest tie first, then those that bring the lead nearest to one."""
        scans = self.scanned(self.race.shared(), POINTS_OF_ALL)

        def rank(scan: Scan) -> tuple[float, float]:
            found = self.told(scan)
            least = min((abs(gap) for gap in scan.gaps.values() if not math.isnan(gap)), default=math.inf)
            return (found.distance if found.ties else math.inf), least

        return [scan.side.slot for scan in sorted(scans, key=rank)]

    def scanned(self, sides: Sequence[Side], points: int) -> list[Scan]:
        """Parameters looked along, all of them in the same batches."""
        scans = [Scan(side, points) for side in sides]
        self.fill(scans)
        for scan in scans:
            scan.dip()
        while True:
            self.fill(scans)
            for scan in scans:
                scan.narrow()
            if not any(scan.wanted for scan in scans):
                return scans

    def fill(self, scans: Sequence[Scan]) -> None:
        """Run what they ask for."""
        wanted = [(scan, sorted(scan.wanted)) for scan in scans if scan.wanted]
        gaps = iter(self.race.gaps([((scan.side.slot, value),) for scan, values in wanted for value in values]))
        for scan, values in wanted:
            scan.learn([next(gaps) for _ in values])

    # In words

    def all_tipping(self) -> list[Tipping]:
        return self.along(self.race.shared(), POINTS_OF_ALL)

    def along(self, sides: Sequence[Side], points: int) -> list[Tipping]:
        return [self.told(scan) for scan in self.scanned(sides, points)]

    def told(self, scan: Scan) -> Tipping:
        """What a scan has found."""
        side = scan.side
        found = turns(list(scan.gaps), list(scan.gaps.values()))
        ties = tuple(turn.value for turn in found if turn.tie)
        edges = tuple(turn.value for turn in found)
        first = next(iter(scan.gaps.values()))
        winners = (self.race.winner(first), *(self.race.winner(float(turn.after)) for turn in found))
        others = f"{called(self.race.names[0])} and {called(self.race.names[1])} are level"
        if all(math.isnan(gap) for gap in scan.gaps.values()):
            others = "nobody can tell who wins"
        return Tipping(
            name=side.name,
            title=side.title,
            note=side.note,
            unit=side.unit,
            value=side.own,
            low=side.low,
            high=side.high,
            ties=ties,
            winners=winners,
            sentence=in_words(
                f"{side.title} ({side.note})" if side.note else side.title,
                side.own,
                (side.low, side.high),
                edges,
                winners,
                self.race.writer(side.slot),
                others,
            ),
            distance=min((abs(tie - side.own) / (side.high - side.low) for tie in ties), default=math.nan),
            edges=edges,
            baseline=self.race.names[0],
            challenger=self.race.names[1],
            by=self.race.by,
        )
