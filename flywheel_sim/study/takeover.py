"""In which month a loop takes over, across what a scenario states as uncertain, and which assumption moves that month most."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.words import called, capital, moment, name_in_words, percent
from flywheel_sim.engines.ode import LONGEST_STEP
from flywheel_sim.errors import RunError, StateError
from flywheel_sim.program import written
from flywheel_sim.records import Record
from flywheel_sim.result.series import undefined_to_none
from flywheel_sim.study.given import Sampled, sampler_of
from flywheel_sim.study.loops import takeover
from flywheel_sim.study.momentum import chosen
from flywheel_sim.study.sampling import MOST_DRAWS, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from flywheel_sim.analysis.loops import Takeover
    from flywheel_sim.study.study import Study

    Array = NDArray[np.float64]

__all__ = ["Mover", "Takeovers", "rank_correlation", "takeovers"]

DRAWS = 256
QUANTILES = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
FEWEST = 10  # draws from which an interval says anything
NORMAL = 1.959964  # 95 % of a normal distribution are within so many standard deviations


class Mover(Record):
    """How the month of a takeover goes with an uncertain parameter.

    Attributes:
        name: of the parameter, with its label if it has one.
        title: the same in words.
        note: what it is.
        correlation: Spearman's rank correlation with the month, from -1 (the more of it, the earlier) to 1 (the later).
        low: the lower end of its interval of 95 %; NaN with fewer draws than can tell.
        high: the upper end.
    """

    name: str
    title: str
    note: str
    correlation: float
    low: float
    high: float

    def as_json(self) -> dict[str, Any]:
        """Everything in it; what is undefined is None."""
        numbers = {name: undefined_to_none(getattr(self, name)) for name in ("correlation", "low", "high")}
        return {"name": self.name, "title": self.title, "note": self.note, **numbers}


class Takeovers(Record):
    """When a declared loop takes over in many draws: has a larger share than any other declared loop, for a month at least.

    Attributes:
        loop: its name.
        strategy: whose runs these are.
        months: ``p05``, ``p50`` and ``p95`` of the month in those draws in which it does; NaN where it never does.
        never: the share of draws in which it never does, of those that did not fail.
        draws: how many did not fail.
        failed: how many did.
        moved_by: the uncertain parameters, the one that goes most with the month first. In the ranks, a draw in which the
            loop never takes over comes after all in which it does; no month is made up for it.
        exhaustive: whether all loops of the model were looked at; if not, the strongest of the typical run.
        sentence: what that means.
    """

    loop: str
    strategy: str
    months: Mapping[str, float]
    never: float
    draws: int
    failed: int
    moved_by: tuple[Mover, ...]
    exhaustive: bool
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Everything in it; what is undefined is None."""
        plain = ("loop", "strategy", "never", "draws", "failed", "exhaustive", "sentence")
        return {
            **{name: getattr(self, name) for name in plain},
            "months": {name: undefined_to_none(month) for name, month in self.months.items()},
            "moved_by": [one.as_json() for one in self.moved_by],
        }


def takeovers(
    study: Study, loop: str, strategy: str | None = None, *, draws: int = DRAWS, seed: int = 0, threads: int | None = None
) -> Takeovers:
    """In which month a declared loop takes over, in each of many draws, and what moves that month.

    Args:
        study: the scenario with its model.
        loop: the name of a declared loop that runs in the strategy.
        strategy: its name; the best that is not the baseline unless said.
        draws: how many, of what the scenario states as uncertain.
        seed: of the draws.
        threads: how many to use; as many as there are processors unless said.

    Raises:
        UsageError: for what cannot be meant.
        StateError: if the typical run fails.
        RunError: if every draw fails.
    """
    whole_number("draws", draws, 1, MOST_DRAWS)
    whole_number("seed", seed, 0)
    name = chosen(study, strategy)
    typical, step = study.inputs(name), study.stepped(name, "rk4", None).dt or LONGEST_STEP
    given = Sampled(study, draws, seed, "sobol")
    try:
        found = takeover(given, name, loop, typical, dt=step, threads=threads or os.cpu_count() or 1)
    except StateError as error:
        raise error.of_strategy(name) from None
    sound = ~found.failed
    if not sound.any():
        raise RunError(f"{called(name)} fails in all of {draws:,} draws", fix="narrow what is uncertain")
    moved_by = tuple(sorted(movers(given, name, found, sound), key=lambda one: -abs(one.correlation)))
    months = dict(zip(QUANTILES, found.quantiles(*QUANTILES.values()), strict=True))
    made = Takeovers(loop, name, months, found.never, int(sound.sum()), int(found.failed.sum()), moved_by, found.exhaustive, "")
    return Takeovers(**{one: getattr(made, one) for one in made.__match_args__} | {"sentence": in_words(made, study.declaration.time_unit)})


def movers(given: Sampled, strategy: str, found: Takeover, sound: NDArray[np.bool_]) -> Iterator[Mover]:
    """The uncertain parameters of a strategy, each with how the month goes with it; those that do not differ left out."""
    sampler = sampler_of(given)
    parameters = sampler.parameters(strategy, 0, given.count)
    slots: dict[int, list[int]] = {}
    for slot, axis, _ in sampler.plan(strategy).drawn:
        slots.setdefault(axis, []).append(slot)
    late = np.where(np.isnan(found.month), math.inf, found.month)[sound]  # never is later than any month, and no month
    for several in slots.values():
        correlation = rank_correlation(parameters[several[0]][sound], late)
        if math.isnan(correlation):
            continue
        name, label = given.lowered.layout.parameters[several[0]]
        label = label if len(several) == 1 else None  # one number for all labels
        title = name_in_words(name) + (f" of {name_in_words(label)}" if label else "")
        note = given.lowered.declaration.parameters[name].note
        yield Mover(written(name, label), title, note, correlation, *interval(correlation, int(sound.sum())))


def rank_correlation(first: Array, second: Array) -> float:
    """Spearman's: the correlation of ranks, those who tie sharing theirs; NaN where one of the two does not vary.

    Args:
        first: of shape (draws,).
        second: likewise; infinity ranks last.
    """
    if len(first) < 2:
        return math.nan
    ranks = [ranked(one) for one in (first, second)]
    deviations = [one - one.mean() for one in ranks]
    sizes = [math.sqrt(float(one @ one)) for one in deviations]
    if not all(sizes):
        return math.nan
    return float(np.clip(deviations[0] @ deviations[1] / (sizes[0] * sizes[1]), -1.0, 1.0))


def ranked(values: Array) -> Array:
    """The rank of each, from 1; of those who tie the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    made: Array = (last - (counts - 1) / 2)[places]
    return made


def interval(correlation: float, draws: int) -> tuple[float, float]:
    """The interval of 95 % of a rank correlation, by Fisher's z with the variance of Bonett and Wright (2000)."""
    if draws < FEWEST:
        return math.nan, math.nan
    if abs(correlation) == 1:
        return correlation, correlation
    middle = math.atanh(correlation)
    error = math.sqrt((1 + correlation**2 / 2) / (draws - 3))
    return math.tanh(middle - NORMAL * error), math.tanh(middle + NORMAL * error)


# In words


def in_words(found: Takeovers, time_unit: str) -> str:
    """What was found, as a few sentences."""
    return " ".join(said(found, time_unit))


def said(found: Takeovers, time_unit: str) -> Iterator[str]:
    loop = f"the {name_in_words(found.loop)} loop of {called(found.strategy)}"
    draws = f"{found.draws:,} draw{'' if found.draws == 1 else 's'}"
    if found.never == 1:
        yield f"{capital(loop)} takes over in none of {draws}: another declared loop always has the larger share."
    else:
        low, middle, high = (at(found.months[name], time_unit) for name in ("p05", "p50", "p95"))
        spread = "" if low == middle == high else f" (5 to 95 %: {low} to {high})"
        begins = "is ahead of the others from the start" if found.months["p50"] <= 0 else f"takes over from the others in {middle}"
        if found.never:
            yield f"{capital(loop)} never takes over in {percent(found.never)} of {draws}; where it does, it {begins} in the median{spread}."
        else:
            yield f"{capital(loop)} {begins} in the median of {draws}{spread}."
        yield from mover_said(found)
    if found.failed:
        yield f"{found.failed:,} more failed and are left out."
    if not found.exhaustive:
        yield "Of its ways round, the strongest of the typical run were looked at."


def at(month: float, time_unit: str) -> str:
    """``month 12``, or ``the start``."""
    return "the start" if month <= 0 else moment(month, time_unit)


def mover_said(found: Takeovers) -> Iterator[str]:
    """Which parameter moves the month most, if that can be told."""
    if not found.moved_by:
        return
    most = found.moved_by[0]
    if math.isnan(most.low):
        yield "So few draws do not tell which assumption moves that month most."
    elif most.low * most.high <= 0:
        yield "No uncertain assumption clearly moves that month."
    else:
        what = f"{most.title} ({most.note})" if most.note else most.title
        way = "later" if most.correlation > 0 else "earlier"
        last = "; draws in which it never does rank last" if found.never else ""
        yield (
            f"{capital(what)} moves that month most: the more of it, the {way} "
            f"(rank correlation {most.correlation:.2f}, 95 % interval {most.low:.2f} to {most.high:.2f}{last})."
        )
