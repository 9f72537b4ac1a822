"""Who is ahead in how many futures: two strategies held against each other draw by draw.

Strategies share their draws, so that every number here is a difference within one future. The quantiles of such a
difference say more than those of the two strategies apart: what helps or hurts both cancels out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.records import Record
from flywheel_sim.result import Futures, undefined_to_none

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from flywheel_sim.analysis.compare import Comparison
    from flywheel_sim.analysis.luck import Luck
    from flywheel_sim.result import Run

    Array = NDArray[np.float64]
    Numbers = NDArray[np.int64]

__all__ = ["FEWEST", "SCRAMBLES", "Odds", "crossover_of_draws", "ends", "odds_from", "odds_of_draws", "quantile_intervals", "win_interval"]

SCRAMBLES = 8
FEWEST = 64  # draws below which the scrambles have too few each to say anything
STUDENT = 2.364624251  # the 97.5 % quantile of Student's t with one degree of freedom less than there are scrambles
NORMAL = 1.959963985  # and of the normal distribution
TOLD = {"p05": 0.05, "p50": 0.5, "p95": 0.95}

Quantiles = dict[str, float]  # p05, p50 and p95; NaN where there is none


class Odds(Record):
    """What becomes of one comparison in many futures, at the month of the comparison.

    Attributes:
        draws: the number of futures compared: those that did not fail, and in which both strategies have a value.
        win: the share of them in which the challenger is ahead.
        win_interval: in which that share lies with 95 %, from independent scrambles; None where they cannot tell.
        crossover: quantiles of the month from which on the challenger leads, of the futures that it wins; None where it wins none.
        never: the share of futures in which the challenger is not ahead; 1 - ``win``.
        lead: quantiles of how far the challenger is ahead in the same future, negative where it is behind.
        ratios: quantiles of its metrics over the baseline's in the same future; NaN where none can be said.
        level: the share of futures in which the two are the same to the last digit: neither of them wins those.
        failed: futures left out because one of the two failed in them.
        undefined: futures left out because one of the two has no value in them.
        luck: how much of the spread of the lead is luck; None where there is none, or it cannot be told.
    """

    draws: int
    win: float
    win_interval: tuple[float, float] | None
    crossover: Mapping[str, float] | None
    never: float
    lead: Mapping[str, float]
    ratios: Mapping[str, Mapping[str, float]]
    level: float = 0.0
    failed: int = 0
    undefined: int = 0
    luck: Luck | None = None

    @property
    def loss(self) -> float:
        """The share of futures in which the baseline is ahead."""
        return max(0.0, 1.0 - self.win - self.level)

    @property
    def interval(self) -> tuple[float, float]:
        """In which the share of futures won lies with 95 %: from the scrambles, or as if the draws were independent."""
        return self.win_interval or wilson(self.win, self.draws)

    @property
    def open(self) -> bool:
        """Whether so many draws cannot tell which of the two wins more often: the interval covers a half."""
        low, high = self.interval
        return not self.draws or low <= (1.0 - self.level) / 2 <= high

    def as_json(self) -> dict[str, Any]:
        """What the command prints of it, in place of what one future has there."""
        crossing = self.crossover or dict.fromkeys(TOLD, math.nan)
        return {
            "futures": self.draws,
            "win_probability": undefined_to_none(self.win),
            "win_interval": None if self.win_interval is None else list(self.win_interval),
            "crossover_month": {**shown(crossing), "never": undefined_to_none(self.never)},
            "lead": shown(self.lead),
            "ratio_at_end": {name: shown(ratio) for name, ratio in self.ratios.items()},
            "level_probability": undefined_to_none(self.level),
            "left_out": {"failed": self.failed, "undefined": self.undefined},
            **({} if self.luck is None else {"luck": self.luck.as_json()}),
        }


def odds_from(told: Mapping[str, Any]) -> Odds | None:
    """The odds again from what :meth:`Odds.as_json` told of them; None where that was of one future."""
    if "win_probability" not in told:
        return None
    interval, crossing = told["win_interval"], told["crossover_month"]
    return Odds(
        draws=told["futures"],
        win=number(told["win_probability"]),
        win_interval=None if interval is None else (interval[0], interval[1]),
        crossover=None if crossing["p50"] is None else numbers(crossing),
        never=number(crossing["never"]),
        lead=numbers(told["lead"]),
        ratios={name: numbers(ratio) for name, ratio in told["ratio_at_end"].items()},
        level=number(told["level_probability"]),
        luck=luck_from(told["luck"]) if "luck" in told else None,
        **told["left_out"],
    )


def luck_from(told: Mapping[str, Any]) -> Luck:
    """The split again from what it told."""
    from flywheel_sim.analysis.luck import Luck

    parts = {name: number(value) for name, value in told.items() if name != "pairs"}
    return Luck(**parts, pairs=told["pairs"])


def number(told: float | None) -> float:
    return math.nan if told is None else told


def numbers(told: Mapping[str, float | None]) -> Quantiles:
    return {key: number(told[key]) for key in TOLD}


def shown(quantiles: Mapping[str, float]) -> dict[str, float | None]:
    return {key: undefined_to_none(quantiles[key]) for key in TOLD}


def crossover_of_draws(times: Sequence[float], below: Array, above: Array) -> Array:
    """For every draw the time after which ``above`` leads until the end: :func:`~flywheel_sim.analysis.compare.crossover` at once.

    Args:
        times: the saved times.
        below: of shape (n, times).
        above: likewise; where less is better, both with their signs changed.

    Returns:
        One time for each draw: 0 if it leads from the start, NaN if it does not lead at the end.
    """
    import numpy as np

    with np.errstate(all="ignore"):  # what is infinite or undefined leads nobody, and is no fault here
        gaps = above - below
        leads = gaps > 0
        saved = np.array(times)
        last = saved.size - 1 - np.argmax(~leads[:, ::-1], axis=1)  # the last time without a lead; the end where there is none such
        after = np.minimum(last + 1, saved.size - 1)
        draws = np.arange(len(gaps))
        behind, ahead = gaps[draws, last], gaps[draws, after]
        share = -behind / (ahead - behind)
        found = np.where(np.isnan(behind), saved[after], saved[last] + share * (saved[after] - saved[last]))
    from_start = leads.all(axis=1) | ((last == 0) & ~(behind < 0))
    crossing: Array = np.where(leads[:, -1], np.where(from_start, 0.0, found), math.nan)
    return crossing


def odds_of_draws(
    times: Sequence[float],
    below: Array,
    above: Array,
    *,
    better: str = "higher",
    metrics: Mapping[str, tuple[Array, Array]] | None = None,
    scrambles: Numbers | None = None,
    failed: int = 0,
) -> Odds:
    """Odds from draws at hand.

    Args:
        times: the saved times, up to the comparison's.
        below: what decides, of the baseline, of shape (n, times); draws that failed are left out before.
        above: likewise of the challenger.
        better: whether ``higher`` or ``lower`` is ahead.
        metrics: of the baseline and of the challenger at the end, each of shape (n,), by name.
        scrambles: which of the independent scrambles each draw is of, from 0 to 7.
        failed: how many draws failed.
    """
    import numpy as np

    sign = -1.0 if better == "lower" else 1.0
    with np.errstate(invalid="ignore"):  # what both have none of ends undefined
        gap = sign * (above[:, -1] - below[:, -1])
    defined = ~np.isnan(gap)
    gap = gap[defined]
    draws = int(defined.sum())
    won = gap > 0
    crossing = crossover_of_draws(times, sign * below[defined], sign * above[defined])
    win = float(won.mean()) if draws else math.nan
    shares = [] if scrambles is None else [float(won[scrambles[defined] == one].mean()) for one in np.unique(scrambles[defined])]
    return Odds(
        draws=draws,
        win=win,
        win_interval=win_interval(shares, draws),
        crossover=quantiles_of(crossing[won]) if won.any() else None,
        never=1.0 - win,
        lead=quantiles_of(gap),
        ratios={name: quantiles_of(ratio_of_draws(*pair)[defined]) for name, pair in (metrics or {}).items()},
        level=float((gap == 0).mean()) if draws else 0.0,
        failed=failed,
        undefined=len(defined) - draws,
    )


def ratio_of_draws(below: Array, above: Array) -> Array:
    """Challenger over baseline, NaN where that cannot be said."""
    import numpy as np

    ratio: Array = np.full(len(below), math.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


def quantiles_of(values: Array) -> Quantiles:
    """5, 50 and 95 % of those that are defined; NaN where none is."""
    import numpy as np

    defined = values[~np.isnan(values)]
    if not defined.size:
        return dict.fromkeys(TOLD, math.nan)
    with np.errstate(invalid="ignore"):  # between infinity and infinity there is nothing
        return dict(zip(TOLD, np.quantile(defined, list(TOLD.values())).tolist(), strict=True))


def win_interval(shares: Sequence[float], draws: int) -> tuple[float, float] | None:
    """In which the share of futures won lies with 95 %, from the shares in each of the independent scrambles.

    Where the scrambles all agree that it is all or nothing, what so many independent draws could have missed counts: the
    share that leaves a chance of 2.5 % of it (Clopper and Pearson 1934).

    Args:
        shares: of the futures won, one for each scramble, all of about as many draws.
        draws: in all.

    Returns:
        None where there are fewer than 64 draws, or not all scrambles.
    """
    if draws < FEWEST or len(shares) != SCRAMBLES:
        return None
    mean = math.fsum(shares) / SCRAMBLES
    missed = 1.0 - 0.025 ** (1.0 / draws)
    if mean in {0.0, 1.0}:
        return (0.0, missed) if mean == 0.0 else (1.0 - missed, 1.0)
    spread = math.sqrt(math.fsum((share - mean) ** 2 for share in shares) / (SCRAMBLES - 1))
    width = max(STUDENT * spread / math.sqrt(SCRAMBLES), 1.0 / draws)  # shares that agree by chance are no certainty
    return max(0.0, mean - width), min(1.0, mean + width)


def quantile_intervals(parts: Sequence[Array], whole: Array, draws: int) -> list[tuple[float, float]] | None:
    """In which quantiles lie with 95 %, from those of the independent scrambles.

    Args:
        parts: the quantiles of each scramble, all of about as many draws.
        whole: those of all draws.
        draws: in all.

    Returns:
        For each the two ends, not a number where some scramble has none; None where there are fewer than 64 draws, or not
        all scrambles.
    """
    import numpy as np

    if draws < FEWEST or len(parts) != SCRAMBLES:
        return None
    width = STUDENT * np.std(np.array(parts), axis=0, ddof=1) / math.sqrt(SCRAMBLES)
    return list(zip((whole - width).tolist(), (whole + width).tolist(), strict=True))


def wilson(share: float, draws: int) -> tuple[float, float]:
    """The 95 % interval of a share among independent draws (Wilson 1927)."""
    if not draws:
        return 0.0, 1.0
    square = NORMAL**2 / draws
    centre = (share + square / 2) / (1 + square)
    width = NORMAL / (1 + square) * math.sqrt(share * (1 - share) / draws + square / (4 * draws))
    return max(0.0, centre - width), min(1.0, centre + width)


def ends(comparison: Comparison, run: Run, name: str | None = None) -> tuple[float, float, float]:
    """5, 50 and 95 % of a series of one of the runs when they are compared; thrice the same where it has one future."""
    series = name or comparison.by
    if not isinstance(run, Futures):
        value = comparison.end(run, series)
        return value, value, value
    low, middle, high = (run.quantile(series, probability)[comparison.index] for probability in TOLD.values())
    return low, middle, high
