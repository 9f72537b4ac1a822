"""Flows whose rate or hazard is a plain stock, and flows that are as fast as each other or as something else."""

import math

import numpy as np
import pytest
from models import MODELS, lowered_of, run_of
from queues import Twins
from test_events import given

import flywheel_sim as fw
from flywheel_sim import Model, aux, constant, flow, metric, outside, param, stock
from flywheel_sim.engines import events
from flywheel_sim.engines.chance import Chances
from flywheel_sim.expressions import Slot
from flywheel_sim.library import Marketplace
from flywheel_sim.measures import so_far
from flywheel_sim.program.counting import counting


class Plain(Model):
    """A hazard that is a stock, and a rate that is one."""

    ease = stock(0.1, "1/month")
    intake = stock(3, "account/month")
    here = stock(20, "account")
    gain = flow(outside >> ease, rate=constant(0.02, "1/month/month"))
    leave = flow(here >> outside, hazard=ease)
    come = flow(outside >> here, rate=intake)
    came = metric(so_far(come), "account")
    headline = here


def test_a_stock_as_rate_or_hazard_has_a_value_of_its_own():
    lowered = lowered_of(Plain)
    program = lowered.program
    states = {name: number for number, name in enumerate(lowered.layout.states)}
    leave, come = (
        next(move for move in program.moves if move.flow >= 0 and lowered.layout.flows[move.flow][0] == name) for name in ("leave", "come")
    )
    for number, name in ((leave.hazard, "ease"), (come.rate, "intake")):
        value = program.values[number]
        assert isinstance(value, Slot)
        assert (value.kind, value.index) == ("state", states[name])
    assert set(lowered.parts.values()) <= set(range(len(program.values)))
    assert lowered.layout.columns["come", None].kind == "value"


def test_it_is_what_the_stock_is():
    until = 5.0
    run = run_of(Plain, until=until, every=until)
    assert run["leave"] == pytest.approx(run["here"] * run["ease"], rel=1e-12)
    assert run["come"] == pytest.approx([3, 3], rel=1e-12)
    # h' = 3 - (0.1 + t/50) h
    times = np.linspace(0, until, 2_001)
    hazard = 0.1 * times + times**2 / 100
    here = math.exp(-hazard[-1]) * (20 + np.trapezoid(3 * np.exp(hazard), times))
    assert run["here"][-1] == pytest.approx(here, rel=1e-6)
    lowered, inputs = given(Plain)
    counts = Chances(lowered, inputs, [0.0, until]).run(1, 0, 2_000).states[-1, 2]
    single = [events.run(lowered, inputs, [0.0, until], seed=2, replication=number, log=False).trace.states[-1][2] for number in range(200)]
    for sample in (counts, np.array(single)):
        assert abs(sample.mean() - here) < 4 * sample.std() / math.sqrt(len(sample))


@pytest.mark.parametrize("model", [*MODELS, Marketplace, Plain, Twins], ids=lambda model: model.__name__)
def test_each_move_has_a_rate_of_its_own(model):
    program = lowered_of(model).program
    rates = [move.rate for move in program.moves]
    assert len(set(rates)) == len(rates)


class Alike(Model):
    """A rate that an equation, a flow of accounts and one of money have in common."""

    usual = param(4, "account/month")
    effort = aux(usual * 1.5, "account/month")
    customers = stock(0, "account")
    others = stock(0, "account")
    money = stock(0, "$")
    win = flow(outside >> customers, rate=effort)
    gain = flow(outside >> others, rate=usual * 1.5)
    plan = flow(outside >> money, rate=constant(1, "$/account") * effort)
    pay = flow(outside >> money, rate=constant(1, "$/account") * win)
    planned = metric(so_far(effort), "account")
    won = metric(so_far(win), "account")
    gained = metric(so_far(gain), "account")
    headline = customers


def test_who_came_is_counted_for_flows_and_not_for_what_is_as_fast():
    lowered, inputs = given(Alike)
    found = counting(lowered.program)
    money = lowered.layout.states.index("money")
    assert [[(jump.kind, jump.index) for jump in found.jumps[move]].count(("state", money)) for move in found.moves] == [1, 0]
    assert money in found.slopes
    replications = Chances(lowered, inputs, [0.0, 3.0]).run(3, 0, 30)
    traces = [events.run(lowered, inputs, [0.0, 3.0], seed=4, replication=number, log=False).trace for number in range(30)]
    single = np.array([trace.states[-1] for trace in traces]).T, np.array([trace.integrals[3.0] for trace in traces]).T
    for states, integrals in ((replications.states[-1], replications.integrals[-1]), single):
        customers, others, paid = states
        planned, won, gained = (
            integrals[lowered.integrals[lowered.declaration.metrics[name].expression.of, None]] for name in ("planned", "won", "gained")
        )
        assert planned == pytest.approx(np.full(30, 18.0), rel=1e-12)
        assert (won == customers).all()
        assert (gained == others).all()
        assert (won != gained).any()
        assert paid == pytest.approx(18.0 + customers, rel=1e-12)


def test_every_engine_of_equations_takes_them():
    for method in ("euler", "rk4", "adaptive"):
        assert fw.simulate(Plain, until=2, method=method)["run"]["come"] == pytest.approx([3, 3, 3])
    many = fw.simulate(Plain, until=2, draws=3)["run"]
    assert many["here"][0] == pytest.approx(fw.simulate(Plain, until=2)["run"]["here"], rel=1e-9)
