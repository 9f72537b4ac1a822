"""Waiting: Erlang's formula where accounts queue for places, and Little's law wherever they stay.

Each mean is held against what it should be at a level of 6e-5, that is 4 standard errors of a normal number. Accounts of
one replication wait for one another, so that the error comes from independent replications, and its measure is
Student's. There are some 40 such numbers, and the seeds are fixed.
"""

import math
from collections import Counter

import numpy as np
import pytest
from models import lowered_of
from queues import Desk
from scipy import stats

import flywheel_sim as fw
from flywheel_sim import Model, constant, flow, metric, outside, param, stock
from flywheel_sim.engines.chance import Chances
from flywheel_sim.engines.events import run
from flywheel_sim.expressions import Apply, Number, Slot
from flywheel_sim.measures import so_far
from flywheel_sim.program import key
from flywheel_sim.program.diagnosis import walk_values
from flywheel_sim.records import replace
from flywheel_sim.study.inputs import inputs_for, settings_from

NEAR = 4.0  # standard errors

# Places, load, and the chance of waiting (Erlang 1917; the values are those of his formula C).
ERLANG = [(2, 1, 1 / 3), (3, 2, 4 / 9), (5, 4, 0.554113), (10, 6, 0.101299), (10, 8, 0.409180)]


def given(model, **values):
    """A model as a program, and what its run is given."""
    lowered = lowered_of(model)
    return lowered, inputs_for(lowered, settings_from(lowered, values), ())


def errors_away(above, below, expected):
    """How far a ratio of two totals over replications lies from what it should be, in standard errors of a normal number."""
    above, below = np.asarray(above, dtype=float), np.broadcast_to(below, np.shape(above)).astype(float)
    residuals = above - expected * below
    error = residuals.std(ddof=1) / math.sqrt(residuals.size)
    return stats.norm.isf(stats.t.sf(abs(residuals.mean()) / error, residuals.size - 1))


# Erlang C


def starting_with(lowered, number):
    """A desk at which so many are already there: near its steady state, so that little of that needs to be waited for."""
    return replace(lowered, program=replace(lowered.program, initial=(Number(float(number)),)))


@pytest.mark.parametrize(("places", "load", "waits"), ERLANG)
def test_erlang_c_account_by_account(places, load, waits):
    lowered, inputs = given(Desk, arriving=load, places=places)
    desk = starting_with(lowered, load)
    served, waiting, waited = [], [], []
    for number in range(20):
        log = run(desk, inputs, [0.0, 180.0], seed=places * load, replication=number).log
        waits_of = [one for one, activity, time in zip(log.waited, log.activity, log.time, strict=True) if activity == "desk" and time > 40]
        served.append(len(waits_of))
        waiting.append(sum(one > 0 for one in waits_of))
        waited.append(sum(waits_of))
    assert sum(served) == pytest.approx(20 * 140 * load, rel=0.1)
    assert errors_away(waiting, served, waits) < NEAR
    assert errors_away(waited, served, waits / (places - load)) < NEAR


@pytest.mark.parametrize("method", ["direct", "leap", "paired"])
@pytest.mark.parametrize(("places", "load", "waits"), ERLANG)
def test_erlang_c_in_counts(places, load, waits, method):
    """Whoever comes at random finds what there is at any time; how many wait is how often they come times how long they wait."""
    lowered, inputs = given(Desk, arriving=load, places=places)
    found = Chances(starting_with(lowered, load), inputs, [0.0, 100.0], method=method).run(places * load, 0, 4_000)
    line = found.states[-1, 0]
    assert errors_away(line >= places, 1.0, waits) < NEAR
    assert errors_away(np.maximum(line - places, 0.0), 1.0, load * waits / (places - load)) < NEAR


# Little's law


MANY, ENOUGH = 150_000, 50_000  # where more accounts than that are there at the start, a run begins with so many
SPANS = (0.5, 2.0, 8.0, 32.0)  # months, of which the first that holds so many moves is looked at
MOVES = 50


def with_time_in(lowered):
    """The same program that also integrates the number in every stock of accounts, label by label; and where those integrals lie."""
    program, names = lowered.program, lowered.declaration.names
    counted = {state for members in program.counted.values() for state in members}
    values, integrals, places = list(program.values), list(program.integrals), {}
    cells = {}
    for cell, state in lowered.cells.items():
        if state in counted:
            cells.setdefault((names[cell.stock], cell.label or ""), []).append(Slot("state", state))
    for place, slots in cells.items():
        number = slots[0]
        for slot in slots[1:]:  # the stages of a stock are one place
            number = Apply("+", (number, slot))
        places[place] = len(integrals)
        integrals.append(len(values))
        values.append(number)
    return replace(lowered, program=replace(program, values=tuple(values), integrals=tuple(integrals))), places


def with_fewer(lowered, inputs):
    """The same program, where there are very many accounts at the start with a part of each stock: what holds on every path holds there too."""
    walk = walk_values(lowered.program, inputs, inputs.parameters, (), 0.0, 0.0)
    there = sum(float(walk(lowered.program.initial[state])) for members in lowered.program.counted.values() for state in members)
    if there <= MANY:
        return lowered
    initial = tuple(Apply("*", (Number(ENOUGH / there), node)) for node in lowered.program.initial)
    return replace(lowered, program=replace(lowered.program, initial=initial))


def time_spent(log, until, labelled):
    """How long accounts were in each place, all together, and how many came into it; from the log alone."""
    spent, came, place = Counter(), Counter(), {}
    rows = zip(log.account, log.origin, log.from_stock, log.to_stock, log.time, log.waited, strict=True)
    for account, origin, source, destination, time, waited in rows:
        if source == destination:  # whoever begins to be served stays where it is
            continue
        if account in place:
            assert place[account][0][0] == source
            spent[place.pop(account)[0]] += waited
        if destination != "outside":
            place[account] = (destination, origin if destination in labelled else ""), time
            came[place[account][0]] += 1
    for where, since in place.values():
        spent[where] += until - since
    return spent, came


def test_littles_law_on_every_stage(shipped):
    """The number in a place, integrated by the engine, is who came times how long each stayed within the window: on every path, to rounding."""
    study = fw.load(shipped)
    lowered, places = with_time_in(study.lowered)
    labelled = {stock for stock, label in places if label}
    for strategy in study.scenario.strategies:
        inputs = study.inputs(strategy)
        fewer = with_fewer(lowered, inputs)
        for until in SPANS:
            journey = run(fewer, inputs, [0.0, until], seed=3)
            if journey.events >= MOVES:
                break
        assert journey.events >= MOVES
        spent, came = time_spent(journey.log, until, labelled)
        integrals = journey.trace.integrals[key(until)]
        assert set(spent) <= set(places)
        for place, integral in places.items():
            assert integrals[integral] == pytest.approx(spent[place], rel=1e-9, abs=1e-9), (strategy, place)
        assert sum(count > 0 for count in came.values()) >= min(4, len(places))


class Practice(Model):
    """They come at random, are advised in three stages, and then some stay as clients: all in the steady state at the start."""

    arriving = param(6, "account/month", (0, 10))
    asking = stock(12, "account", "stay for 2 months on average", stages=3)
    clients = stock(18, "account", "a half of those; stay for 6 months")
    arrive = flow(outside >> asking, rate=arriving)
    accept = flow(asking >> clients, hazard=constant(0.25, "1/month"))
    decline = flow(asking >> outside, hazard=constant(0.25, "1/month"))
    leave = flow(clients >> outside, hazard=constant(1 / 6, "1/month"))
    asked = metric(so_far(asking), "account*month")
    stayed = metric(so_far(clients), "account*month")
    headline = clients


def test_littles_law_in_the_long_run():
    """How many there are, how many come and how long they stay, each by itself what it should be."""
    lowered, inputs = given(Practice)
    until, expected = 80.0, {"asking": (12.0, 6.0, 2.0), "clients": (18.0, 3.0, 6.0)}
    integrals = {
        name: lowered.integrals[metric.expression.of, None] for name, metric in (("asking", Practice.asked), ("clients", Practice.stayed))
    }
    found = {name: [] for name in expected}
    for number in range(24):
        journey = run(lowered, inputs, [0.0, until], seed=4, replication=number)
        log = journey.log
        for name, rows in found.items():
            entered = {account for account, to, at in zip(log.account, log.to_stock, log.time, strict=True) if to == name and 0 < at < 40}
            stays = [
                one for one, account, out in zip(log.waited, log.account, log.from_stock, strict=True) if out == name and account in entered
            ]
            assert len(stays) >= 0.95 * len(entered)  # after 40 months e^-6.7 of them are still there
            came = sum(to == name and at > 0 for to, at in zip(log.to_stock, log.time, strict=True))
            rows.append((journey.trace.integrals[until][integrals[name]], came, sum(stays), len(stays)))
    for name, rows in found.items():
        number, rate, stay = expected[name]
        present, came, stayed, left = np.array(rows).T
        assert errors_away(present, until, number) < NEAR
        assert errors_away(came, until, rate) < NEAR
        assert errors_away(stayed, left, stay) < NEAR
