"""The start in whole individuals: nobody is lost, and every group and stock is as near as can be."""

import pytest
from models import lowered_of

import flywheel_sim as fw
from flywheel_sim.library import Growth
from flywheel_sim.program.diagnosis import walk_values
from flywheel_sim.program.whole import largest_remainder, whole_start
from flywheel_sim.study.inputs import inputs_for, settings_from


@pytest.mark.parametrize(
    ("shares", "total", "whole"),
    [
        ((2.5, 2.5), None, [3, 2]),
        ((0.4, 0.4, 0.2), None, [1, 0, 0]),
        ((24.75, 24.75, 16.5), None, [25, 25, 16]),
        ((24.75, 24.75, 16.5), 65, [25, 24, 16]),
        ((2.9999999999, 1.0000000001), None, [3, 1]),
        ((0.2, 0.7, 0.6), 1, [0, 1, 0]),
        ((0.1, 0.2), None, [0, 0]),
        ((), None, []),
    ],
)
def test_rounding_by_largest_remainder(shares, total, whole):
    assert largest_remainder(shares, total) == whole


class Split(fw.Model):
    """Members who are glad or not, and others, in parts of which none is whole."""

    counts = "member"
    kind = fw.dimension("a", "b", "c")
    leaving = fw.param(0.1, "1/month")
    members = fw.param(8, "member", (1, 20))
    rest = fw.param(3.2, "member", (1, 20))

    glad = fw.stock(0.55 * members, "member")
    sad = fw.stock(0.45 * members, "member")
    both = fw.group(glad, sad)
    others = fw.stock(kind(a=rest * 0.45, b=rest * 0.35, c=rest * 0.20), "member")
    queue = fw.stock(2.6, "member", stages=3)

    part = fw.flow(glad >> sad, hazard=leaving)
    leave = fw.flow(sad >> fw.outside, hazard=leaving)
    go = fw.flow(others >> fw.outside, hazard=leaving)
    move = fw.flow(queue >> fw.outside, hazard=leaving)
    headline = both


def start_of(lowered, **values):
    inputs = inputs_for(lowered, settings_from(lowered, values), ())
    walk = walk_values(lowered.program, inputs, inputs.parameters, (), 0.0, 0.0)
    return [float(walk(node)) for node in lowered.program.initial]


@pytest.mark.parametrize("rest", [3.2, 3.8, 1.0, 0.3])
def test_groups_and_stocks_are_as_near_as_can_be(rest):
    lowered = lowered_of(Split)
    states = start_of(lowered, rest=rest)
    whole = whole_start(lowered, states)
    assert all(value == round(value) for value in whole)
    assert sum(whole) == round(sum(states))
    totals = {}
    for cell, state in lowered.cells.items():
        totals.setdefault(lowered.declaration.names[cell.stock], []).append(state)
    for states_of in [totals["glad"] + totals["sad"], totals["others"], totals["queue"]]:
        assert abs(sum(whole[state] for state in states_of) - sum(states[state] for state in states_of)) < 1
    assert sum(whole[state] for state in totals["glad"] + totals["sad"]) == 8
    for state, value in enumerate(whole):
        assert abs(value - states[state]) < 2


@pytest.mark.parametrize("customers", [7, 8, 9, 10, 11, 12, 20])
def test_as_many_customers_as_were_stated(customers):
    lowered = lowered_of(Growth)
    states = start_of(lowered, start_customers=customers)
    whole = whole_start(lowered, states)
    members = lowered.layout.columns["customers", None].slots
    assert sum(whole[state] for state in members) == customers
    assert sum(whole[state] for state in lowered.program.counted["account"]) == round(
        sum(states[state] for state in lowered.program.counted["account"])
    )
