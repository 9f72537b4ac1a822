"""The search for a plan: evolution over all there can be, then a climb from the best."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.study.plans import Plans, Space, statistic, together, water_filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from flywheel_sim.study.plans import Field, Outcome

    Array = NDArray[np.float64]
    Cost = Callable[[Plans], Array]

__all__ = ["Search", "best_of"]

# Costs are relative to what today's plan gives: those of plans that break the floor of cash begin where others end, and
# those that fail or have no value come last.
WORST, FAILED = 1e6, 1e9
GENERATIONS = (40, 80)  # over splits that do not change, and over all
POPULATIONS = ((24, 64), (40, 128))  # the smallest and largest
RUNS, CLIMBING_RUNS = 60_000, 250_000  # where there are draws: as many as are worth while
CLIMB, ASCENTS = 160, 2  # steps at most, in so many ascents
PENALTY = 50.0  # for cash below its floor, in a climb
NUDGE = 1e-4  # of the budget, for slopes
MARGIN = 2e-3  # of cash: steps are longer here than where the plan is judged
STRAYS = 0.5  # of the first population: the rest lies around the best that does not change


class Search:
    """A search on the way.

    Args:
        field: where plans are tried.
        cash_floor: below which cash must not fall; None for none.
        start: today's plan.
        seed: of chance.
        generations: of both evolutions; as many as are worth while unless said.
    """

    def __init__(self, field: Field, cash_floor: float | None, start: Plans, seed: int, generations: int | None) -> None:
        self.field, self.start, self.generations = field, start, generations
        self.space = field.space
        self.generator = np.random.default_rng([seed, 0])
        self.sign, self.of = field.goal.sign, field.goal.of
        today = field.today()
        self.was = float(self.told(today)[0])
        self.size = abs(self.was) or 1.0
        self.cash_size = 1.0
        self.floor = -math.inf
        if cash_floor is not None:
            self.cash_size = max(abs(cash_floor), float(np.abs(today.lowest).max()), 1.0)
            self.floor = cash_floor + MARGIN * self.cash_size
        self.highest_cash = -math.inf

    def told(self, outcome: Outcome) -> Array:
        """How good plans are: higher is better."""
        return self.sign * statistic(outcome.values, self.of, self.sign)

    def cost(self, plans: Plans) -> Array:
        """What the search makes small."""
        outcome = self.field.run(plans)
        lowest = outcome.lowest.min(axis=1)
        self.highest_cash = max(self.highest_cash, float(np.fmax.reduce(lowest, initial=-math.inf)))
        found = np.clip((self.was - self.told(outcome)) / self.size, -WORST, WORST)
        short = np.maximum(self.floor - lowest, 0.0) / self.cash_size
        found = np.where(short > 0, WORST * (1 + np.minimum(short, 100.0)), found)
        return np.where(np.isnan(found), FAILED, found)

    def candidates(self) -> Plans:
        """The plans worth judging: what evolution finds, what is climbed to from there, and today's."""
        constant = self.space.constant()
        steady = Plans(
            self.start.shares.mean(axis=1, keepdims=True),
            None if self.start.spend is None else self.start.spend.mean(axis=1, keepdims=True),
        )
        first = self.evolved(constant, constant.cube(constant.exact(steady)), 0, lambda plans: self.cost(self.space.repeated(plans)))
        level = self.space.repeated(first)
        found = [self.start, level]
        if self.space.periods > 1:
            found.append(self.evolved(self.space, self.space.cube(together([level, self.start])), 1, self.cost))
        starts = together(found)
        costs = self.cost(starts)
        # With draws a climb is dear: one, from the best.
        order = np.argsort(costs)[: 1 if self.field.given.count > 1 else 2]
        climbed = [self.climbed(starts[place : place + 1]) for place in order]
        safe = starts[int(order[0]) : int(order[0]) + 1]
        return self.space.exact(together([starts, *(self.inward(one, safe) for one in climbed)]))

    # Evolution

    def evolved(self, space: Space, known: Array, stage: int, cost: Cost) -> Plans:
        """The best plan that differential evolution finds from some known ones."""
        from scipy.optimize import differential_evolution

        least, most = POPULATIONS[stage]
        count = min(max(least, (4, 1)[stage] * space.dimensions), most)
        population = self.generator.random((count, space.dimensions))
        near = round(count * (1 - STRAYS))
        mixed = self.generator.random((near, 1)) ** 2
        population[:near] = (1 - mixed) * known[0] + mixed * population[:near]
        population[: len(known)] = known
        generations = self.generations
        if generations is None:
            generations = min(GENERATIONS[stage], max(4, RUNS // (count * self.field.given.count)))
        if generations == 0:
            points = known[np.argsort(cost(space.plans(known)))[:1]]
            return space.plans(points)
        found = differential_evolution(
            lambda points: cost(space.plans(points.T)),
            [(0.0, 1.0)] * space.dimensions,
            maxiter=generations,
            init=population,
            vectorized=True,
            updating="deferred",
            polish=False,
            tol=1e-7,
            mutation=(0.4, 0.9),
            recombination=0.8,
            rng=self.generator,
        )
        return space.plans(found.x[np.newaxis])

    # Climbing

    def climbed(self, start: Plans) -> Plans:
        """Where a quasi-Newton method comes to, slopes found by one batch of runs a step."""
        from scipy.optimize import minimize

        climb = Climb(self, start)
        if climb.infeasible:
            return start
        steps = CLIMB if self.field.given.count == 1 else min(CLIMB, max(8, CLIMBING_RUNS // (climb.size * self.field.given.count)))
        point = climb.point(start)
        for _ in range(ASCENTS):
            found = minimize(
                climb.cost,
                point,
                jac=True,
                method="L-BFGS-B",
                bounds=[(0.0, 1.0)] * len(point),
                options={"maxiter": steps // ASCENTS, "maxfun": 2 * steps // ASCENTS, "ftol": 1e-12, "gtol": 1e-9, "maxcor": 20},
            )
            # What was learnt of the slopes is dropped, and shares are together 1 again: so kinks on the way do not hold it up.
            point = climb.point(self.space.exact(climb.plans(found.x[np.newaxis])))
        end = self.space.exact(climb.plans(point[np.newaxis]))
        return end if self.cost(end)[0] <= self.cost(start)[0] else start

    def inward(self, plan: Plans, safe: Plans) -> Plans:
        """A plan drawn step by step to one that keeps above the floor of cash, as it may itself be a little below."""
        if self.floor == -math.inf:
            return plan
        return together([mixed(plan, safe, part) for part in (0.0, 0.01, 0.03, 0.1, 0.3)])


def mixed(first: Plans, second: Plans, part: float) -> Plans:
    """A plan between two."""
    spend = None if first.spend is None or second.spend is None else (1 - part) * first.spend + part * second.spend
    return Plans((1 - part) * first.shares + part * second.shares, spend)


class Climb:
    """The search as smooth optimisation sees it: a row of numbers from 0 to 1, weights of shares and then money.

    Args:
        search: of which it is a part.
        start: where it begins.
    """

    def __init__(self, search: Search, start: Plans) -> None:
        self.search, self.space = search, search.space
        self.inner = self.space.periods * len(self.space.outlets)
        self.size = self.space.dimensions + 1
        first = float(search.cost(start)[0])
        self.infeasible = not first < WORST
        # Costs are of the size of what is to be gained, so that "no better" means the same in every problem.
        self.scale = 1.0 / max(abs(first), 0.01)

    def point(self, plans: Plans) -> Array:
        weights: Array = (plans.shares[0] - self.space.floors).reshape(-1)
        if plans.spend is None or self.space.bounds is None:
            return weights
        low, high = self.space.bounds
        return np.concatenate([weights, (plans.spend[0] - low) / max(high - low, 1e-300)])

    def plans(self, points: Array) -> Plans:
        weights = points[:, : self.inner].reshape(len(points), self.space.periods, -1)
        shares = water_filled(weights, self.space.floors, self.space.caps)
        if self.space.bounds is None:
            return Plans(shares)
        low, high = self.space.bounds
        return Plans(shares, low + points[:, self.inner :] * (high - low))

    def cost(self, point: Array) -> tuple[float, Array]:
        """The cost at a point, what cash falls short of its floor included, and its slopes."""
        search = self.search
        outcome = search.field.run(self.plans(np.vstack([point, point + NUDGE * np.eye(len(point))])))
        costs = self.scale * (search.was - search.told(outcome)) / search.size
        if search.floor > -math.inf:
            short = np.maximum(search.floor + MARGIN * search.cash_size - outcome.lowest.min(axis=1), 0.0) / search.cash_size
            costs = costs + PENALTY * short + (PENALTY * short) ** 2
        if np.isnan(costs[0]):
            return WORST, np.zeros(len(point))  # runs fail there: the method turns back
        slopes = (costs[1:] - costs[0]) / NUDGE
        return float(costs[0]), np.where(np.isnan(slopes), 0.0, slopes)


def best_of(told: Array, lowest: Array, cash_floor: float | None) -> int | None:
    """The number of the best plan of those that keep cash above its floor; None where there is none.

    Args:
        told: how good each is; NaN where that is undefined.
        lowest: the least cash in any draw at any time.
        cash_floor: below which cash must not fall; None for none.
    """
    sound = ~np.isnan(told)
    if cash_floor is not None:
        sound &= lowest >= cash_floor
    return int(np.where(sound, told, -math.inf).argmax()) if sound.any() else None
