"""Plans for a budget, many at once: what plans there can be, and what each of them gives."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.engines.ensemble import Drawn, Draws, Ensemble
from flywheel_sim.records import Record
from flywheel_sim.study.variants import outputs_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flywheel_sim.analysis.plans import Goal
    from flywheel_sim.program import Lowered

    Array = NDArray[np.float64]

__all__ = ["Field", "Outcome", "Plans", "Space", "statistic", "water_filled"]

AT_ONCE = 8192  # runs made together, so that memory stays flat
LARGEST_WEIGHT = 1 - 1e-12
GRAIN = 1e-3  # of the budget: plans are written no finer
SLIP = 1e-9  # of a share: by so much a plan may miss a bound before it is put right


class Plans(Record):
    """Some plans.

    Attributes:
        shares: of shape (plans, periods, outlets), together 1 in each period.
        spend: what the lever of the money is set to, of shape (plans, periods); None where it stays as it is.
    """

    shares: Array
    spend: Array | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.shares)

    def __getitem__(self, which: slice) -> Plans:
        return Plans(self.shares[which], None if self.spend is None else self.spend[which])


def together(some: Sequence[Plans]) -> Plans:
    """Plans put one after the other."""
    spends = [one.spend for one in some if one.spend is not None]
    return Plans(np.concatenate([one.shares for one in some]), np.concatenate(spends) if spends else None)


def water_filled(weights: Array, floors: Array, caps: Array) -> Array:
    """Shares that are together 1, none below its floor or above its cap.

    Every share gets its floor; the rest is poured in proportion to the weights, and what a cap turns away goes on to the
    others: share = min(cap, floor + level * weight), with the one level at which all is poured. Every plan there can be
    is reached, weights from an exponential distribution give all plans between floors alike, and no plan ever breaks a bound.

    Args:
        weights: of shape (..., outlets), 0 or more.
        floors: of shape (outlets,), together at most 1.
        caps: likewise, together at least 1.
    """
    room = caps - floors
    weights = np.where(room > 0, np.maximum(weights, 0.0), 0.0)
    # Where nothing asks for what is left, all ask alike.
    weights = weights + np.where(room > 0, 1e-12 * np.maximum(weights.max(axis=-1, keepdims=True), 1.0), 0.0)
    rest = 1.0 - floors.sum()
    if rest <= 0:
        return np.broadcast_to(floors, weights.shape).copy()
    full = np.divide(room, weights, out=np.full(weights.shape, math.inf), where=weights > 0)  # the level at which each is full
    order = np.argsort(full, axis=-1)
    sorted_full = np.take_along_axis(full, order, -1)
    by_room = np.take_along_axis(np.broadcast_to(room, weights.shape), order, -1)
    by_weight = np.take_along_axis(weights, order, -1)
    before = np.cumsum(by_room, axis=-1) - by_room
    open_weight = np.cumsum(by_weight[..., ::-1], axis=-1)[..., ::-1]
    levels = np.divide(rest - before, open_weight, out=np.full(weights.shape, math.inf), where=open_weight > 0)
    fits = levels <= sorted_full * (1 + 1e-12)
    place = np.where(fits.any(axis=-1), fits.argmax(axis=-1), weights.shape[-1] - 1)
    level = np.take_along_axis(levels, place[..., np.newaxis], -1)
    found: Array = np.minimum(caps, floors + level * weights)
    return found


class Space(Record):
    """All plans there can be.

    A plan is a point in the unit cube: one number for each outlet and period, and one for the money of each period where
    that is free. A number u is the weight -log(1 - u), and weights become shares by :func:`water_filled`.

    Attributes:
        outlets: the labels of the split.
        starts: when periods begin.
        floors: the least share of each outlet.
        caps: the largest.
        bounds: the least and most that the lever of the money is set to; None where it stays as it is.
    """

    outlets: tuple[str, ...]
    starts: tuple[float, ...]
    floors: Array
    caps: Array
    bounds: tuple[float, float] | None

    @property
    def periods(self) -> int:
        return len(self.starts)

    @property
    def dimensions(self) -> int:
        """Of the cube."""
        return self.periods * (len(self.outlets) + (self.bounds is not None))

    def plans(self, cube: Array) -> Plans:
        """Points of the cube, of shape (plans, dimensions), as plans."""
        inner = self.periods * len(self.outlets)
        weights = -np.log1p(-np.clip(cube[:, :inner], 0.0, 1.0) * LARGEST_WEIGHT)
        shares = water_filled(weights.reshape(len(cube), self.periods, -1), self.floors, self.caps)
        if self.bounds is None:
            return Plans(shares)
        low, high = self.bounds
        return Plans(shares, np.clip(low + np.clip(cube[:, inner:], 0.0, 1.0) * (high - low), low, high))

    def cube(self, plans: Plans) -> Array:
        """Plans as points of the cube."""
        rest = max(1.0 - self.floors.sum(), 1e-12)
        weights = len(self.outlets) * np.maximum(plans.shares - self.floors, 0.0) / rest
        points: Array = (-np.expm1(-weights) / LARGEST_WEIGHT).reshape(plans.count, -1)
        if self.bounds is not None and plans.spend is not None:
            low, high = self.bounds
            points = np.hstack([points, (plans.spend - low) / max(high - low, 1e-300)])
        return np.minimum(np.maximum(points, 0.0), 1.0)

    def exact(self, plans: Plans) -> Plans:
        """The nearest plans that keep every bound to the last digit, what is next to nothing above a floor left out."""
        above = plans.shares - self.floors
        shares = water_filled(np.where(above > 1e-6, above, 0.0), self.floors, self.caps)
        shares = np.where(shares - self.floors < SLIP, self.floors, shares)
        spend = None if plans.spend is None or self.bounds is None else np.clip(plans.spend, *self.bounds)
        return Plans(shares, spend)

    def rounded(self, plans: Plans) -> Plans:
        """Plans in tenths of a per cent, and money in three digits, as people write them; what a bound holds stays there."""
        down = np.maximum(np.floor(plans.shares / GRAIN + 1e-6) * GRAIN, self.floors)
        down = np.where(plans.shares >= self.caps - SLIP, self.caps, down)
        # What rounding down leaves goes, a grain each, to those that lost most.
        order = np.argsort(down - plans.shares, axis=-1, kind="stable")
        left = 1.0 - down.sum(axis=-1)
        for place in range(down.shape[-1]):
            which = order[..., place : place + 1]
            room = np.take_along_axis(self.caps - down, which, -1)[..., 0]
            given = np.clip(np.minimum(room, GRAIN), 0.0, np.maximum(left, 0.0))
            np.put_along_axis(down, which, np.take_along_axis(down, which, -1) + given[..., np.newaxis], -1)
            left = left - given
        shares: Array = np.minimum(np.maximum(np.round(down, 9), self.floors), self.caps)
        if plans.spend is None or self.bounds is None:
            return Plans(shares)
        digits = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(plans.spend), 1e-300))) - 2)
        return Plans(shares, np.clip(np.round(plans.spend / digits) * digits, *self.bounds))

    def random(self, count: int, generator: np.random.Generator) -> Plans:
        """Random plans, period by period, spread evenly over all splits between floors."""
        return self.plans(generator.random((count, self.dimensions)))

    def constant(self) -> Space:
        """The plans that do not change over time, as one period."""
        return Space(self.outlets, self.starts[:1], self.floors, self.caps, self.bounds)

    def repeated(self, plans: Plans) -> Plans:
        """Plans of one period in every period."""
        return Plans(
            np.repeat(plans.shares, self.periods, axis=1), None if plans.spend is None else np.repeat(plans.spend, self.periods, axis=1)
        )


class Outcome(Record):
    """What plans give in each draw.

    Attributes:
        values: of shape (plans, draws); NaN where a run fails or the value is undefined.
        lowest: the least cash at any saved time, likewise.
        spent: money spent up to the start of each period and the end, of shape (plans, draws, periods + 1); empty where
            the model does not say, or it was not asked for.
    """

    values: Array
    lowest: Array
    spent: Array


class Field:
    """Where plans are tried: one strategy, in some draws.

    Args:
        lowered: the model.
        given: what the strategy is given in each draw, as it is.
        space: the plans.
        slots: of the outlets' shares.
        money: the slot of the lever of the money, where plans set it.
        goal: what is read.
        balance: the series of cash, where cash has a floor.
        outlay: the series of money spent, if the model has one.
        months: the horizon.
        dt: the longest step.
        threads: how many to use.
    """

    def __init__(
        self,
        lowered: Lowered,
        given: Draws,
        space: Space,
        slots: Sequence[int],
        money: int | None,
        goal: Goal,
        balance: str | None,
        outlay: str | None,
        months: int,
        dt: float,
        threads: int | None,
    ) -> None:
        self.lowered, self.given, self.space, self.goal = lowered, given, space, goal
        self.slots, self.money = tuple(slots), money
        self.balance, self.outlay, self.months, self.dt = balance, outlay, months, dt
        self.threads = threads or os.cpu_count() or 1
        self.evaluations = 0
        self.ensembles: dict[tuple[str, bool], Ensemble] = {}
        decided = {*self.slots, *(() if money is None else (money,))}
        self.kept = tuple(bend for bend in given.bends if bend.parameter not in decided)

    def draws(self, plans: Plans, more: tuple[int, Array] | None = None) -> Draws:
        """What runs of plans are given: the first plan in every draw, the second in every draw, ..."""
        count, each = plans.count, self.given.count
        parameters = np.tile(self.given.parameters, count)
        kept = [bend for bend in self.kept if more is None or bend.parameter != more[0]]
        bends = [Drawn(bend.time, bend.parameter, np.tile(bend.value, count), np.tile(bend.slope, count)) for bend in kept]
        still = np.zeros(count * each)
        columns = [(slot, plans.shares[:, :, place]) for place, slot in enumerate(self.slots)]
        if self.money is not None and plans.spend is not None:
            columns.append((self.money, plans.spend if more is None else plans.spend + more[1]))
        for slot, column in columns:
            parameters[slot] = np.repeat(column[:, 0], each)
            bends += [
                Drawn(start, slot, np.repeat(column[:, place], each), still) for place, start in enumerate(self.space.starts) if place
            ]
        if more is not None and self.money is None:
            slot, extra = more
            parameters[slot] += np.repeat(extra[:, 0], each)
            bends += self.raised(slot, extra)
        return Draws(parameters, self.given.switches, tuple(sorted(bends, key=lambda bend: bend.time)))

    def raised(self, slot: int, extra: Array) -> list[Drawn]:
        """How a lever moves of itself, with something on top in each period, of shape (plans, periods)."""
        count, each = len(extra), self.given.count
        own = [bend for bend in self.given.bends if bend.parameter == slot]
        found = []
        for time in sorted({*(bend.time for bend in own), *self.space.starts[1:]}):
            value, slope = self.given.parameters[slot], np.zeros(each)
            for bend in own:
                if bend.time <= time:
                    value, slope = bend.value + bend.slope * (time - bend.time), bend.slope
            period = sum(start <= time for start in self.space.starts) - 1
            found.append(Drawn(time, slot, np.tile(value, count) + np.repeat(extra[:, period], each), np.tile(slope, count)))
        return found

    def today(self, *, spent: bool = False) -> Outcome:
        """What the strategy gives as it is."""
        return self.made(self.given, "today", spent=spent)

    def run(self, plans: Plans, *, spent: bool = False, more: tuple[int, Array] | None = None) -> Outcome:
        """What plans give.

        Args:
            plans: in a few or in many.
            spent: whether to tell what is spent.
            more: the slot of a lever of money, and what is added to it in each plan and period.
        """
        size = max(1, AT_ONCE // self.given.count)
        some = []
        for first in range(0, plans.count, size):
            part = slice(first, first + size)
            draws = self.draws(plans[part], None if more is None else (more[0], more[1][part]))
            some.append(self.made(draws, "plans" if more is None else "more", spent=spent))
        return Outcome(*(np.concatenate([getattr(one, name) for one in some]) for name in ("values", "lowest", "spent")))

    def made(self, draws: Draws, kind: str, *, spent: bool) -> Outcome:
        names = [*self.goal.series, *([self.balance] if self.balance else []), *([self.outlay] if self.outlay and spent else [])]
        times = self.times(spent=spent)
        if (kind, spent) not in self.ensembles:
            # One kernel and one grid serve all plans: whatever a plan may decide counts as different between runs.
            decided = self.slots if self.money is None else (*self.slots, self.money)
            drawn = self.given.drawn() if kind == "today" else self.given.drawn() | {*decided}
            if kind == "more":
                drawn |= {bend.parameter for bend in draws.bends}
            outputs = outputs_named(self.lowered, tuple(names))
            self.ensembles[kind, spent] = Ensemble(self.lowered, draws, times, outputs, dt=self.dt, drawn=drawn)
        made = self.ensembles[kind, spent].run(draws, threads=min(self.threads, 1 + draws.count // 64))
        self.evaluations += draws.count
        made.values[:, :, ~np.isnan(made.failed)] = math.nan
        found = made.values.reshape(len(times), len(names), -1, self.given.count)
        parts = len(self.goal.series)
        ends = found[-1, :parts]
        values = ends[0] + ends[1] * ends[2] if parts == 3 else ends[0]
        # At the start there is no cash, whatever the plan.
        lowest = found[1:, parts].min(axis=0) if self.balance else np.full(values.shape, math.inf)
        paid = np.empty((*values.shape, 0))
        if self.outlay and spent:
            places = [times.index(start) for start in (*self.space.starts, float(self.months))]
            paid = np.moveaxis(found[places, -1], 0, -1)
        return Outcome(values, lowest, paid)

    def times(self, *, spent: bool) -> tuple[float, ...]:
        """When runs are saved: every month where cash has a floor, else no more often than needed."""
        if self.balance is not None:
            return tuple(float(month) for month in range(self.months + 1))
        return (*self.space.starts, float(self.months)) if spent else (0.0, float(self.months))


def statistic(values: Array, of: str, sign: float) -> Array:
    """What is told of draws.

    Args:
        values: of shape (plans, draws).
        of: ``typical`` (the first draw), ``mean``, ``p05`` (a quantile) or ``cvar10`` (the mean of the worst 10 %).
        sign: -1 where less is better, else 1.

    Returns:
        Of shape (plans,); NaN where a draw has no value.
    """
    if of == "typical":
        return values[:, 0]
    if of == "mean":
        return np.asarray(values.mean(axis=1))
    if of.startswith("cvar"):
        worst = sign * np.sort(sign * values, axis=1)
        # A part of a draw counts in part, so that few draws give no steps.
        whole = int(of[4:]) / 100 * values.shape[1]
        weights = np.clip(whole - np.arange(values.shape[1]), 0.0, 1.0)
        weights[0] = max(weights[0], 1e-12)
        used = np.where(weights > 0, worst, 0.0)
        missing = np.isnan(values).any(axis=1)
        return np.where(missing, math.nan, (used * weights).sum(axis=1) / weights.sum())
    return np.asarray(np.quantile(values, int(of[1:]) / 100, axis=1))
