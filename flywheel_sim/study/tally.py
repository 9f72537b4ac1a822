"""What is gathered from draws, piece by piece: quantiles of every series, who is ahead in how many futures, what failed.

Everything is counts, extremes and lists by the number of the draw, so that pieces merge in any order to the same bits.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.futures import SCRAMBLES, crossover_of_draws, ratio_of_draws
from flywheel_sim.records import Record
from flywheel_sim.result.about import MOST_FAILURES
from flywheel_sim.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Contest", "Shape", "Tally", "in_order", "kind_of"]

EXACT = 64 * 2**20  # bytes of values that are kept as they are
TWINS = 2**16  # draws whose metrics are kept one by one, to tell luck from ignorance: enough to tell them apart to a few per cent
FOLLOWED = 2**12  # draws that are kept over time in what decides: enough to show them, and how many have not got anywhere


class Contest(Record):
    """How strategies are held against each other in every draw.

    Attributes:
        baseline: the name of a strategy.
        by: the number of the output that decides.
        lower: whether less of it is better.
        metrics: the numbers of the outputs that are metrics.
    """

    baseline: str
    by: int
    lower: bool
    metrics: tuple[int, ...]


class Shape(Record):
    """What draws hand in.

    Attributes:
        times: the saved times of each strategy.
        outputs: how many numbers there are at each.
        scales: of each output of each strategy, its greatest magnitude in a few draws.
        contest: how they are compared; None where there is nothing to compare.
        each: how many draws in a row are given the same, and differ by luck alone.
        metrics: the numbers of the outputs that are metrics.
        followed: the number of the output that is kept over time in the first draws; None for none.
    """

    times: Mapping[str, tuple[float, ...]]
    outputs: int
    scales: Mapping[str, Array]
    contest: Contest | None
    each: int = 1
    metrics: tuple[int, ...] = ()
    followed: int | None = None

    def last(self, strategy: str) -> int:
        """The number of the saved time at which a strategy is compared with the baseline."""
        assert self.contest is not None
        return min(len(self.times[strategy]), len(self.times[self.contest.baseline])) - 1

    def challengers(self) -> list[str]:
        """The strategies that are compared with the baseline."""
        return [] if self.contest is None else [name for name in self.times if name != self.contest.baseline]


class Counts:
    """Who is ahead how often, by scramble.

    Attributes:
        compared: draws in which both have a value.
        won: those in which the challenger is ahead.
        level: those in which the two are the same.
    """

    def __init__(self) -> None:
        self.compared, self.won, self.level = np.zeros((3, SCRAMBLES), np.int64)

    def rows(self) -> tuple[Any, ...]:
        return self.compared, self.won, self.level


class Tally:
    """The tally of some draws.

    Args:
        shape: of what they hand in.

    Attributes:
        draws: how many there are.
        series: for each strategy, a cell for each saved time and output.
        pairs: for each challenger, a cell for its lead, the month from which on it leads, and its metrics over the baseline's.
        ends: for each strategy and scramble, a cell for each metric at the end.
        counts: for each challenger.
        failed: how many draws failed.
        failures: the first of them: number, strategy and month.
        imbalance: the largest of the accounts.
        twins: where draws in a row are given the same, of the first of them by the number of the draw: the metrics of each
            strategy at its end, then the lead of each challenger; of shape (rows, draws).
        paths: of the first draws by number, what is followed: of each strategy at each saved time; of shape (rows, draws).
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.draws = 0
        self.failed = 0
        self.failures: list[tuple[int, str, float]] = []
        self.imbalance = 0.0
        self.twins: dict[int, Array] = {}
        self.paths: dict[int, Array] = {}
        metrics = shape.contest.metrics if shape.contest else ()
        scales = {name: np.tile(scale, len(shape.times[name])) for name, scale in shape.scales.items()}
        every = sum(map(len, scales.values()))
        self.series = {name: Summary(len(scale), scale, EXACT * len(scale) // every) for name, scale in scales.items()}
        small = EXACT * (2 + len(metrics)) // every
        self.pairs = {name: Summary(2 + len(metrics), self.scales_of_pair(name), small) for name in shape.challengers()}
        self.counts = {name: Counts() for name in shape.challengers()}
        self.ends: dict[str, list[Summary]] = {}
        if metrics:
            for name, scale in shape.scales.items():
                self.ends[name] = [Summary(len(metrics), scale[list(metrics)], small) for _ in range(SCRAMBLES)]

    def scales_of_pair(self, challenger: str) -> Array:
        """The scales of what is compared: those of what decides, of the horizon, and 1 for every ratio."""
        contest, scales = self.shape.contest, self.shape.scales
        assert contest is not None
        by = max(scales[name][contest.by] for name in (contest.baseline, challenger))
        return np.array([by, self.shape.times[challenger][-1], *(1.0 for _ in contest.metrics)])

    def add(self, start: int, values: Mapping[str, Array], failed: Mapping[str, Array], imbalances: Iterable[Array]) -> None:
        """Take in draws.

        Args:
            start: the number of the first.
            values: of each strategy, of shape (times, outputs, draws); overwritten where a draw failed.
            failed: when each draw failed in each strategy, NaN where it did not.
            imbalances: of the accounts of each draw.
        """
        count = len(next(iter(failed.values())))
        bad = self.note_failures(start, failed)
        self.draws += count
        for imbalance in imbalances:
            self.imbalance = max(self.imbalance, float(imbalance[~bad].max(initial=0.0)))
        for name, block in values.items():
            if bad.any():
                block[:, :, bad] = math.nan
            self.series[name].add(np.ascontiguousarray(block.reshape(-1, count)), start)
        if self.shape.each > 1 and start < TWINS:
            self.twins[start] = np.concatenate([*(block[-1, list(self.shape.metrics)] for block in values.values()), *self.leads(values)])
        if self.shape.followed is not None and start < FOLLOWED:
            self.paths[start] = np.concatenate([block[:, self.shape.followed] for block in values.values()])
        contest = self.shape.contest
        if contest is None:
            return
        given = (start + np.arange(count)) // self.shape.each  # draws that are given the same are of one scramble
        scramble = given % SCRAMBLES
        for name, block in values.items():
            at_end = block[-1, list(contest.metrics)]
            for number, summary in enumerate(self.ends.get(name, ())):
                if (chosen := scramble == number).any():
                    first = start + int(chosen.argmax())
                    place = first // (self.shape.each * SCRAMBLES) * self.shape.each + first % self.shape.each
                    summary.add(np.ascontiguousarray(at_end[:, chosen]), place)
        for name in self.pairs:
            self.compare(name, start, values[contest.baseline], values[name], scramble)

    def leads(self, values: Mapping[str, Array]) -> list[Array]:
        """How far each challenger is ahead in each draw, as one row."""
        contest = self.shape.contest
        if contest is None:
            return []
        sign = -1.0 if contest.lower else 1.0
        found = []
        for name in self.shape.challengers():
            last = self.shape.last(name)
            found.append(sign * (values[name][last, [contest.by]] - values[contest.baseline][last, [contest.by]]))
        return found

    def note_failures(self, start: int, failed: Mapping[str, Array]) -> NDArray[np.bool_]:
        """Which draws failed in any of the strategies."""
        bad = np.zeros(len(next(iter(failed.values()))), bool)
        for name, months in failed.items():
            for draw in np.flatnonzero(~np.isnan(months)):
                if len(self.failures) < MOST_FAILURES * len(failed):
                    self.failures.append((start + int(draw), name, float(months[draw])))
            bad |= ~np.isnan(months)
        self.failed += int(bad.sum())
        return bad

    def compare(self, name: str, start: int, baseline: Array, challenger: Array, scramble: NDArray[np.int64]) -> None:
        """Hold a strategy against the baseline in each of some draws."""
        contest = self.shape.contest
        assert contest is not None
        last = self.shape.last(name)
        sign = -1.0 if contest.lower else 1.0
        below, above = (sign * block[: last + 1, contest.by].T for block in (baseline, challenger))
        lead = above[:, -1] - below[:, -1]
        crossing = crossover_of_draws(self.shape.times[name][: last + 1], below, above)
        ratios = [ratio_of_draws(baseline[last, metric], challenger[last, metric]) for metric in contest.metrics]
        self.pairs[name].add(np.array([lead, crossing, *ratios]), start)
        for number in range(SCRAMBLES):
            ours = lead[scramble == number]
            for total, more in zip(self.counts[name].rows(), (~np.isnan(ours), ours > 0, ours == 0), strict=True):
                total[number] += more.sum()

    def merge(self, other: Tally) -> None:
        """Add the draws of another tally of the same shape."""
        self.draws += other.draws
        self.failed += other.failed
        self.failures = sorted(self.failures + other.failures)[: MOST_FAILURES * len(self.series)]
        self.imbalance = max(self.imbalance, other.imbalance)
        self.twins |= other.twins
        self.paths |= other.paths
        for mine, theirs in zip(self.summaries(), other.summaries(), strict=True):
            mine.merge(theirs)
        for name, counts in self.counts.items():
            for total, more in zip(counts.rows(), other.counts[name].rows(), strict=True):
                np.add(total, more, out=total)

    def summaries(self) -> Iterator[Summary]:
        yield from self.series.values()
        yield from self.pairs.values()
        for scrambles in self.ends.values():
            yield from scrambles

    def to_bytes(self, kind: str) -> bytes:
        """All of it, and the kind of processor it was computed on."""
        parts = [summary.to_bytes() for summary in self.summaries()]
        lists = [sorted(found.items()) for found in (self.twins, self.paths)]
        parts += [rows.astype("<f8").tobytes() for found in lists for _, rows in found]
        head = {
            "kind": kind,
            "draws": self.draws,
            "failed": self.failed,
            "failures": self.failures,
            "imbalance": self.imbalance,
            "counts": {name: [row.tolist() for row in counts.rows()] for name, counts in self.counts.items()},
            "lists": [[[start, *rows.shape] for start, rows in found] for found in lists],
            "sizes": [len(part) for part in parts],
        }
        return b"\n".join([json.dumps(head).encode(), b"".join(parts)])

    @classmethod
    def from_bytes(cls, shape: Shape, data: bytes) -> Tally:
        """What :meth:`to_bytes` wrote.

        Raises:
            ValueError: if it is damaged.
        """
        line, _, rest = data.partition(b"\n")
        head = json.loads(line)
        made = cls.__new__(cls)
        made.shape = shape
        made.draws, made.failed, made.imbalance = head["draws"], head["failed"], head["imbalance"]
        made.failures = [(draw, name, month) for draw, name, month in head["failures"]]
        parts = iter(cut(rest, head["sizes"]))
        made.series = {name: Summary.from_bytes(next(parts)) for name in shape.times}
        made.pairs = {name: Summary.from_bytes(next(parts)) for name in shape.challengers()}
        contested = shape.contest is not None and shape.contest.metrics
        made.ends = {name: [Summary.from_bytes(next(parts)) for _ in range(SCRAMBLES)] for name in shape.times} if contested else {}
        made.twins, made.paths = (
            {start: np.frombuffer(next(parts), "<f8").reshape(extent) for start, *extent in found} for found in head["lists"]
        )
        made.counts = {}
        for name, rows in head["counts"].items():
            made.counts[name] = Counts()
            for total, row in zip(made.counts[name].rows(), rows, strict=True):
                total[:] = row
        return made


def in_order(found: Mapping[int, Array]) -> Array | None:
    """All draws of what was kept by the number of the first, one after the other; None where there are none."""
    return np.concatenate([rows for _, rows in sorted(found.items())], axis=1) if found else None


def cut(data: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """Pieces of given sizes, one after the other."""
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size


def kind_of(data: bytes) -> str:
    """The kind of processor that the bytes of a tally were computed on."""
    return str(json.loads(data.partition(b"\n")[0])["kind"])
