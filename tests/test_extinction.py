"""A referral tree that may die out although each customer brings more than one: by luck, before it has begun to grow.

The chance of that is the smallest root of q = g(q), where g is the generating function of how many each one brings (Harris
1963): 1/R where that number is geometric, and what q = exp(R (q - 1)) says where it is Poisson. Each share of lines that died
out is held against it within 4 standard errors, with fixed seeds; there are some 20 of them.
"""

import math

import numpy as np
import pytest
from models import lowered_of

from flywheel_sim import Model, constant, flow, lever, outside, param, stock, where
from flywheel_sim.engines.chance import Chances
from flywheel_sim.engines.events import run
from flywheel_sim.program import Bend, Inputs

NEAR = 4.0  # standard errors
SURE = 60.0  # a hazard at which the chance that somebody is still there after a month is e^-60

# How many each brings, the chance that all dies out, after how many generations that has nearly been decided, and how many are safe.
POISSON = [(1.1, 0.8239, 24, 40), (1.5, 0.41719, 12, 15), (2.0, 0.20319, 8, 10), (3.0, 0.05952, 5, 6)]


class Generations(Model):
    """Everybody brings others for exactly a month, and then leaves: offspring is Poisson. Those who were brought do the same after that.

    Whoever is brought by the even is odd. What a month is for, the schedule says. Where so many are brought that they
    are safe, no more are.
    """

    safe = param(40, "account", (1, 1_000))
    bringing_odd = lever(0, "1/month", (0, 5))
    bringing_even = lever(0, "1/month", (0, 5))
    retiring_odd = lever(0, "1/month", (0, SURE))
    retiring_even = lever(0, "1/month", (0, SURE))
    even = stock(1, "account")
    odd = stock(0, "account")
    bring_odd = flow(outside >> odd, by=even, hazard=where(odd < safe, bringing_odd, 0))
    retire_even = flow(even >> outside, hazard=retiring_even)
    bring_even = flow(outside >> even, by=odd, hazard=where(even < safe, bringing_even, 0))
    retire_odd = flow(odd >> outside, hazard=retiring_odd)
    headline = even


class Line(Model):
    """Each brings others for as long as it stays, which is exponential: offspring is geometric. A line is safe when it is long."""

    reach = param(2, "1", (0, 5), "others that each brings in its time")
    safe = param(40, "account", (1, 1_000), "so many, and nothing happens any more")
    customers = stock(1, "account")
    bring = flow(outside >> customers, by=customers, hazard=where(customers < safe, reach, 0) * constant(1, "1/month"))
    leave = flow(customers >> outside, hazard=where(customers < safe, 1, 0) * constant(1, "1/month"))
    headline = customers


def by_events(lowered, inputs, until, replications):
    rows = [run(lowered, inputs, [0.0, until], seed=7, replication=number, log=False).trace.states[-1] for number in range(replications)]
    return np.array(rows).T


def by_chance(lowered, inputs, until, replications):
    return Chances(lowered, inputs, [0.0, until]).run(7, 0, replications).states[-1]


ENGINES = {"events": (by_events, 200), "chance": (by_chance, 10_000)}


def errors_away(gone, expected):
    """How far a share lies from what it should be, in standard errors."""
    return abs(gone.mean() - expected) / math.sqrt(expected * (1 - expected) / gone.size)


def poisson_extinct(reach, generations):
    """The chance that nobody is left after so many generations."""
    chance = 0.0
    for _ in range(generations):
        chance = math.exp(reach * (chance - 1))
    return chance


def generations_inputs(lowered, reach, generations, safe):
    """A month to bring and a month to retire for each generation, the even and the odd by turns."""
    slots = {name: index for index, (name, _) in enumerate(lowered.layout.parameters)}
    turns = {"bringing_odd": reach, "retiring_even": SURE, "bringing_even": reach, "retiring_odd": SURE}
    bends = [
        Bend(float(month), slots[name], hazard if name == list(turns)[month % 4] else 0.0, 0.0)
        for month in range(2 * generations)
        for name, hazard in turns.items()
    ]
    return Inputs(tuple(float(safe) if name == "safe" else 0.0 for name in slots), (), tuple(bends))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("reach", "extinct", "generations", "safe"), POISSON)
def test_poisson_offspring(reach, extinct, generations, safe, engine):
    exact = poisson_extinct(reach, generations)
    assert poisson_extinct(reach, 1_000) == pytest.approx(extinct, abs=5e-5)
    assert exact == pytest.approx(extinct, abs=1.5e-2)  # so few more die out later
    assert extinct**safe < 5e-4  # and so few from so many, which is as near as it can be told
    lowered = lowered_of(Generations)
    sample, replications = ENGINES[engine]
    even, odd = sample(lowered, generations_inputs(lowered, reach, generations, safe), 2.0 * generations, replications)
    left, retired = (odd, even) if generations % 2 else (even, odd)
    assert (retired == 0).all()
    assert left.max() == safe
    assert errors_away(left == 0, exact) < NEAR
    assert errors_away(left == 0, extinct) < NEAR + abs(exact - extinct) / math.sqrt(extinct * (1 - extinct) / replications)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reach", [1.1, 1.5, 2.0, 3.0])
def test_geometric_offspring(reach, engine):
    """A gambler's ruin: from 1, before so many are there, (q - q^m) / (1 - q^m), which for many is q = 1/R."""
    many, q = math.ceil(4 / math.log(reach)), 1 / reach
    exact = (q - q**many) / (1 - q**many)
    assert exact == pytest.approx(1 / reach, abs=1.5e-2)
    lowered = lowered_of(Line)
    slots = {name: lowered.layout.parameters.index((name, None)) for name in ("reach", "safe")}
    parameters = [0.0] * len(slots)
    parameters[slots["reach"]], parameters[slots["safe"]] = reach, float(many)
    sample, replications = ENGINES[engine]
    (customers,) = sample(lowered, Inputs(tuple(parameters), ()), 400.0, replications)
    assert set(np.unique(customers)) == {0.0, float(many)}  # all lines have come to an end
    assert errors_away(customers == 0, exact) < NEAR
