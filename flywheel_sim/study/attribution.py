"""Why one strategy ends elsewhere than another: what each difference between the two contributes, by Shapley values.

A version of the run has some of the differences as the challenger has them and the others as the baseline has them.
What a difference contributes is what it adds, on average over all orders in which the differences may be made one after
the other: so that contributions add up to the whole difference, and what acts only together is shared evenly.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.shapley import coalitions_of, exact_shares, orders_of, shares_by_order, standard_error
from flywheel_sim.errors import RunError
from flywheel_sim.records import Record
from flywheel_sim.result.series import undefined_to_none
from flywheel_sim.study.differences import Difference, Versions, versions_of
from flywheel_sim.study.pair import Pair, pair_of
from flywheel_sim.study.sampling import MOST_DRAWS, whole_number
from flywheel_sim.study.variants import run_variants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from flywheel_sim.study.study import Study

    Array = NDArray[np.float64]

__all__ = ["MOST_EXACT", "MOST_RUNS", "Attribution", "Contribution", "attribution", "attributions"]

MOST_EXACT = 14  # differences of which every combination is run, 16,384 in all; of more, orders are sampled
MOST_RUNS = 1 << 16  # of versions in draws
FEWEST_PAIRS = 8  # of sampled orders, by which their error can be told
AT_ONCE = 8192  # versions made ready together, so that memory stays flat
LOW, HIGH = 0.05, 0.95


class Contribution(Record):
    """What one difference contributes.

    Attributes:
        name: of the loop, friction or lever, a share of the split with its label; ``everything else`` for the rest.
        title: the same in words, with what changes: ``loop: referral``, ``lever: practice share 0 % to 14 %``.
        kind: ``loop``, ``friction``, ``lever`` or ``rest``.
        value: what it adds, in the unit of the series; the mean where there are draws.
        low: 5 % of draws have less; NaN where there are none.
        high: 5 % of draws have more; NaN where there are none.
        error: the standard error of the value that comes from sampling orders; 0 where every combination was run.
    """

    name: str
    title: str
    kind: str
    value: float
    low: float
    high: float
    error: float

    def as_json(self) -> dict[str, Any]:
        """Everything in it; what is undefined is None."""
        numbers = {name: undefined_to_none(getattr(self, name)) for name in ("value", "low", "high", "error")}
        return {"name": self.name, "title": self.title, "kind": self.kind, **numbers}


class Attribution(Record):
    """The way from the baseline to the challenger, difference by difference.

    Attributes:
        baseline: the name of a strategy.
        challenger: of another.
        by: the series that is explained.
        month: when it is read.
        start: what the baseline has then; the mean where there are draws.
        end: what the challenger has then, likewise.
        contributions: the largest first, whatever its sign; together the end less the start.
        exact: whether every combination of differences was run; else orders were sampled.
        runs: how many versions were run.
        draws: how many draws were used, those that failed not among them; None where all is typical.
        failed: how many draws were left out because a version failed, or the series was undefined in it.
        notes: what to know, as sentences.
    """

    baseline: str
    challenger: str
    by: str
    month: float
    start: float
    end: float
    contributions: tuple[Contribution, ...]
    exact: bool
    runs: int
    draws: int | None = None
    failed: int = 0
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Everything in it."""
        return {
            "baseline": self.baseline,
            "challenger": self.challenger,
            "by": self.by,
            "month": self.month,
            "start": self.start,
            "end": self.end,
            "contributions": [one.as_json() for one in self.contributions],
            "exact": self.exact,
            "runs": self.runs,
            "draws": self.draws,
            "failed": self.failed,
            "notes": list(self.notes),
        }


def attribution(
    study: Study,
    challenger: str | None = None,
    *,
    by: str | None = None,
    month: float | None = None,
    draws: int | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Attribution:
    """Share out the difference between two strategies among what differs between them.

    Differences are every loop and friction that only one of them runs; every lever that they set or move differently; and
    one for all other parameters. A share of the split that the challenger has more of takes what it gains from the shares
    that lose, in proportion to what they lose, so that shares are together 1 in every version.

    Args:
        study: the scenario with its model.
        challenger: a strategy; the best that is not the baseline unless said.
        by: a series; the one that decides who is ahead unless said.
        month: when it is read; the end of the shorter of the two runs unless said.
        draws: in how many futures; None for one, all typical. Fewer are used where all would need more than
            :data:`MOST_RUNS` runs.
        seed: of the draws, and of the orders where these are sampled.
        threads: how many to use; as many as there are processors unless said.

    Raises:
        UsageError: for what cannot be meant.
        RunError: where a version fails, or the series is undefined in one.
    """
    return attributions(study, challenger, by=(by or study.by,), month=month, draws=draws, seed=seed, threads=threads)[0]


def attributions(
    study: Study,
    challenger: str | None = None,
    *,
    by: Sequence[str],
    month: float | None = None,
    draws: int | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> tuple[Attribution, ...]:
    """The same for several series at once, from the same runs.

    Args:
        study: the scenario with its model.
        challenger: a strategy; the best that is not the baseline unless said.
        by: the series.
        month: when they are read.
        draws: in how many futures.
        seed: of draws and orders.
        threads: how many to use.

    Raises:
        UsageError: for what cannot be meant.
        RunError: where a version fails, or one of the series is undefined in one.
    """
    whole_number("seed", seed, 0)
    if draws is not None:
        whole_number("draws", draws, 1, MOST_DRAWS)
    pair = pair_of(study, challenger)
    read = Reading(pair, tuple(by), pair.month(month), threads)
    typical = versions_of(pair)
    if draws is None:
        return read.without_draws(typical, seed)
    return read.with_draws(typical, draws, seed)


class Shared(Record):
    """A difference shared out, for several series.

    Attributes:
        start: of shape (series, draws).
        end: likewise.
        shares: of shape (series, draws, differences).
        error: of the mean over draws, of shape (series, differences).
        exact: whether every combination was run.
    """

    start: Array
    end: Array
    shares: Array
    error: Array
    exact: bool


class Reading:
    """The runs behind attributions.

    Args:
        pair: the strategies.
        by: the series to read.
        month: when.
        threads: how many to use.
    """

    def __init__(self, pair: Pair, by: tuple[str, ...], month: float, threads: int | None) -> None:
        self.pair = pair
        self.by = by
        self.month = month
        self.threads = threads
        self.runs = 0

    # Ways to share out

    def without_draws(self, typical: Versions, seed: int) -> tuple[Attribution, ...]:
        """Of the one run in which all is typical."""
        players = len(typical.differences)
        if players <= MOST_EXACT:
            found = self.exactly(typical)
        else:
            found = self.by_orders(typical, orders_of(players, pairs_within(1 << MOST_EXACT, players), seed))
        return self.told(found, typical, None)

    def with_draws(self, typical: Versions, draws: int, seed: int) -> tuple[Attribution, ...]:
        """Of every draw."""
        used = min(draws, MOST_RUNS // fewest_versions(len(typical.differences)))
        versions = versions_of(self.pair, used, seed)
        players = len(versions.differences)  # a lever may differ in draws alone
        notes = []
        if used < draws:
            notes.append(f"{used:,} of {draws:,} draws were used, because all would need more than {MOST_RUNS:,} runs.")
        if used << players <= MOST_RUNS:
            return self.told(self.exactly(versions), versions, used, notes)
        orders = orders_of(players, pairs_within(MOST_RUNS // used, players), seed)
        known = players <= MOST_EXACT and names_of(versions) == names_of(typical)
        found = self.by_orders(versions, orders, typical if known else None)
        return self.told(found, versions, used, notes)

    def exactly(self, versions: Versions) -> Shared:
        """Every combination run."""
        players = len(versions.differences)
        worth = self.worth(versions, range(1 << players))
        shares = exact_shares(worth, players)
        return Shared(worth[..., 0], worth[..., -1], shares, np.zeros((len(self.by), players)), exact=True)

    def by_orders(self, versions: Versions, orders: Sequence[tuple[int, ...]], typical: Versions | None = None) -> Shared:
        """The combinations that form along some orders.

        Args:
            versions: what is run.
            orders: of its differences.
            typical: the same where all is typical, if every combination is to be run there: what the orders get wrong
                there is then taken off everywhere (a control variate; nothing is taken off the whole).
        """
        coalitions = coalitions_of(orders)
        worth = self.worth(versions, coalitions)
        added = shares_by_order(worth, coalitions, orders)
        if typical is not None:
            every = range(1 << len(typical.differences))
            there = self.worth(typical, every)
            added += exact_shares(there, len(typical.differences))[..., np.newaxis, :] - shares_by_order(there, every, orders)
        return Shared(worth[..., 0], worth[..., -1], added.mean(axis=-2), standard_error(mean_of_draws(added)), exact=False)

    # Runs

    def worth(self, versions: Versions, coalitions: Sequence[int]) -> Array:
        """Each series in each draw of each version, of shape (series, draws, coalitions)."""
        made = np.empty((len(self.by), versions.draws, len(coalitions)))
        for places in self.portions(versions, coalitions):
            given = versions.given([coalitions[place] for place in places])
            self.runs += len(given)
            times = (0.0, self.month)
            found = run_variants(self.pair.study.lowered, given, times, self.by, dt=self.pair.dt, threads=self.threads)
            made[..., places] = found[:, 1].reshape(len(self.by), len(places), versions.draws).swapaxes(1, 2)
        return made

    def portions(self, versions: Versions, coalitions: Sequence[int]) -> Iterator[list[int]]:
        """The places of coalitions in portions, those with the same loops running next to each other."""
        order = sorted(range(len(coalitions)), key=lambda place: versions.switched(coalitions[place]))
        size = max(1, AT_ONCE // versions.draws)
        for first in range(0, len(order), size):
            yield order[first : first + size]

    # In words

    def told(self, found: Shared, versions: Versions, draws: int | None, notes: Sequence[str] = ()) -> tuple[Attribution, ...]:
        """An attribution for each series."""
        return tuple(self.one(place, found, versions, draws, notes) for place in range(len(self.by)))

    def one(self, place: int, found: Shared, versions: Versions, draws: int | None, notes: Sequence[str]) -> Attribution:
        start, end, shares = found.start[place], found.end[place], found.shares[place]
        sound = np.isfinite(start) & np.isfinite(end) & np.isfinite(shares).all(axis=-1)
        if not sound.any():
            where = f"a version between {self.pair.baseline} and {self.pair.challenger}" if draws is None else "every draw"
            fix = "explain another series, or a later month"
            raise RunError(f"{self.by[place]} is undefined at {self.month:g} in {where}", fix=fix)
        failed = int((~sound).sum())
        shares = shares[sound]
        means = shares.mean(axis=0)
        low, high = (np.full(len(means), math.nan),) * 2 if draws is None else np.quantile(shares, (LOW, HIGH), axis=0)
        error = found.error[place]
        made = [
            contribution(one, float(means[number]), float(low[number]), float(high[number]), float(error[number]))
            for number, one in enumerate(versions.differences)
        ]
        return Attribution(
            self.pair.baseline,
            self.pair.challenger,
            self.by[place],
            self.month,
            float(start[sound].mean()),
            float(end[sound].mean()),
            tuple(sorted(made, key=lambda one: -abs(one.value))),
            found.exact,
            self.runs,
            None if draws is None else int(sound.sum()),
            failed,
            (*versions.notes, *notes),
        )


def contribution(of: Difference, value: float, low: float, high: float, error: float) -> Contribution:
    return Contribution(of.name, of.title, of.kind, value, low, high, error)


def mean_of_draws(added: Array) -> Array:
    """The mean over those draws in which everything is defined, of shape (series, orders, differences)."""
    sound: NDArray[np.bool_] = np.asarray(np.isfinite(added).all(axis=(-2, -1)))
    total = np.where(sound[..., np.newaxis, np.newaxis], added, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(sound.sum(axis=1), 1)[:, np.newaxis, np.newaxis])


def names_of(versions: Versions) -> list[str]:
    return [one.name for one in versions.differences]


def fewest_versions(players: int) -> int:
    """How many versions of a draw must be run at least."""
    return min(1 << players, 2 + 2 * FEWEST_PAIRS * max(0, players - 1))


def pairs_within(runs: int, players: int) -> int:
    """How many orders and their reverses can be followed with so many runs: both begin and end alike."""
    return max(FEWEST_PAIRS, (runs - 2) // (2 * (players - 1)))
