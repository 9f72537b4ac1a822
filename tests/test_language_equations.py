"""What equations are made of: conditions, gates, curves, time, levers, units; each against numbers worked out by hand.

A named equation is exact at every saved time, so that most tolerances are a few roundings (1e-14, relative).
"""

import numpy as np
import pytest
from models import given_or_refused, run_of

import flywheel_sim as fw
from flywheel_sim import (
    Model,
    aux,
    constant,
    dimension,
    exp,
    flow,
    friction,
    log,
    loop,
    maximum,
    minimum,
    outside,
    param,
    ratio,
    sqrt,
    stock,
    table,
    time,
    where,
)
from flywheel_sim.errors import ModelError
from flywheel_sim.model import declaration

origin = dimension("cold", "referred")
EXACT = 1e-14


class Clock(Model):
    """A number that follows the time, to try equations on: it is ``time`` itself at every saved time."""

    pace = param(1, "1/month")
    power = param(1.5, "1")
    nothing = param(0, "1")
    clock = stock(0, "1")
    tick = flow(outside >> clock, rate=pace)

    squared = aux(clock**2, "1")
    rooted = aux(sqrt(clock), "1")
    powered = aux((clock + 1) ** power, "1")
    grown = aux(exp(clock / 10), "1")
    logged = aux(log(clock + 1), "1")
    least = aux(minimum(clock, 3, 5 - clock / 4), "1")
    most = aux(maximum(clock, 3, 5 - clock / 4), "1")
    turned = aux(-clock + 2, "1")
    curve = aux(table(clock, {2: 10, 4: 20, 8: 0}), "1")
    chosen = aux(where(clock < 3, 7, clock), "1")
    equal = aux(where(clock <= 3, 1, 0) + where(clock >= 3, 10, 0) + where(clock > 3, 100, 0), "1")
    guarded = aux(ratio(6, clock, empty=-1), "1")
    left_to_right = aux(20 - clock - 3 / 2 / 4, "1")
    bracketed = aux(20 - (clock - 3) / (2 / 4), "1")
    tower = aux(2 ** (clock / 4) ** 2, "1")
    unnamed = clock * 2
    named_twice = aux(unnamed + unnamed * nothing, "1")


TIMES = np.arange(13.0)
EXPECTED = {
    "squared": TIMES**2,
    "rooted": np.sqrt(TIMES),
    "powered": (TIMES + 1) ** 1.5,
    "grown": np.exp(TIMES / 10),
    "logged": np.log(TIMES + 1),
    "least": np.minimum(np.minimum(TIMES, 3), 5 - TIMES / 4),
    "most": np.maximum(np.maximum(TIMES, 3), 5 - TIMES / 4),
    "turned": 2 - TIMES,
    "curve": np.interp(TIMES, [2, 4, 8], [10, 20, 0]),
    "chosen": np.where(TIMES < 3, 7, TIMES),
    "equal": np.where(TIMES < 3, 1, np.where(TIMES > 3, 110, 11)),
    "guarded": np.array([-1, *(6 / TIMES[1:])]),
    "left_to_right": 20 - TIMES - 0.375,
    "bracketed": 20 - (TIMES - 3) / 0.5,
    "tower": 2 ** ((TIMES / 4) ** 2),
    "unnamed": 2 * TIMES,
    "named_twice": 2 * TIMES,
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_an_equation_computes(name):
    run = run_of(Clock, method="euler")
    assert run["clock"].tolist() == TIMES.tolist()  # Euler's steps of 1/32 add up exactly
    np.testing.assert_allclose(run[name], EXPECTED[name], rtol=EXACT, atol=1e-15)


def test_every_equation_of_the_clock_is_tried():
    assert set(EXPECTED) == {name for name, series in run_of(Clock).series.items() if series.kind == "equation"}


# Gates


class Gated(Model):
    """A signal behind each kind of switch."""

    open_value = param(0.25, "1")
    strength = param(3, "1")
    amplify = loop("R1", "amplifies")
    crowding = loop("B1", "balances")
    hamper = friction("F1", "hampers")
    here = stock(8, "account")
    nobody = stock(0, "account")
    leave = flow(here >> outside, hazard=0.1 / constant(1, "month"))
    amplified = aux(amplify.gate(strength * 2, off=open_value), "1")
    amplified_too = aux(1 + amplify.gate(here / constant(8, "account"), off=0), "1")
    balanced = aux(crowding.gate(strength), "1")
    hampered = aux(hamper.gate(strength, off=1), "1")
    behind = aux(amplify.gate(here / nobody, off=5), "1")
    behind_fixed = aux(amplify.gate(here / constant(8, "account") * (1 / (strength - 3)), off=6), "1")


def test_a_switch_that_is_off_gives_the_open_value():
    on = run_of(Gated, values={"strength": 4}, off="amplify")
    assert on["amplified"][0] == 0.25
    assert on["amplified_too"][0] == 1
    assert on["balanced"][0] == 4
    assert on["hampered"][0] == 4
    off = run_of(Gated, values={"strength": 4}, off=("hamper", "amplify"))
    assert off["hampered"][0] == 1


def test_a_switch_that_is_on_gives_the_signal():
    class Plain(Model):
        strength = param(3, "1")
        amplify = loop("R1")
        here = stock(8, "account")
        leave = flow(here >> outside, hazard=0.1 / constant(1, "month"))
        amplified = aux(amplify.gate(strength * 2, off=0), "1")

    assert run_of(Plain)["amplified"][0] == 6


def test_what_is_gated_off_is_never_computed():
    run = run_of(Gated, values={"strength": 4}, off="amplify")
    assert (run["behind"] == 5).all()  # 8 / 0 behind it


def test_what_is_gated_off_is_never_computed_even_where_only_parameters_are_in_it():
    run = run_of(Gated, values={"strength": 3}, off="amplify")
    assert (run["behind_fixed"] == 6).all()  # 1 / (3 - 3) behind it


def test_a_branch_that_is_not_taken_is_never_computed():
    class Branch(Model):
        waiting = param(0, "month")
        usual = param(0.1, "1/month")
        here = stock(8, "account")
        hazard = aux(where(waiting > 0, 1 / waiting, usual), "1/month")
        leave = flow(here >> outside, hazard=hazard)

    np.testing.assert_allclose(run_of(Branch)["hazard"], 0.1, rtol=0)
    np.testing.assert_allclose(run_of(Branch, values={"waiting": 5})["hazard"], 0.2, rtol=EXACT)


def test_what_overflows_or_divides_by_nothing_in_a_branch_that_is_not_taken_is_never_computed_beforehand():
    class Branch(Model):
        power = param(1000, "1")
        nothing = param(0, "1")
        here_at_first = param(8, "account")
        here = stock(here_at_first, "account")
        none = stock(0, "account")
        leave = flow(here >> outside, hazard=0.1 / constant(1, "month"))
        divided = aux(ratio(none, here, empty=1 / nothing), "1")
        overflow = aux(where(here > constant(9, "account"), exp(power) * here, here), "account")

    run = run_of(Branch)
    assert (run["overflow"] == run["here"]).all()
    assert not run["divided"].any()
    with pytest.raises(fw.StateError, match="overflow cannot be computed"):  # and no other is blamed
        run_of(Branch, values={"here_at_first": 10})


def test_a_balancing_loop_cannot_be_switched_off():
    assert "crowding" not in declaration(Gated).switches
    with pytest.raises(fw.UsageError) as caught:
        run_of(Gated, off="crowding")
    assert "'crowding' cannot be switched off" in caught.value.cause
    assert "amplify, hamper" in caught.value.fix


def test_a_friction_is_listed_like_a_loop_and_is_none():
    found = declaration(Gated)
    assert list(found.switches) == ["amplify", "hamper"]
    assert "hamper" not in found.of_kind(type(Gated.__declaration__.symbols["amplify"]))


# Time


class Opening(Model):
    """A door that opens at a time off every grid, and closes at another."""

    opens = param(3.3, "month", (0, 20))
    stays = param(2.4, "month", (0, 20))
    through = param(5, "account/month")
    inside = stock(0, "account")
    enter = flow(outside >> inside, rate=where(time >= opens, where(time < opens + stays, through, 0), 0))


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize("step", [1, 1 / 4, 1 / 3])
def test_steps_land_where_a_condition_on_time_flips(method, step):
    run = run_of(Opening, method=method, dt=step)
    open_for = np.clip(run.time - 3.3, 0, 2.4)
    np.testing.assert_allclose(run["inside"], 5 * open_for, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["euler", "rk4", "adaptive"])
@pytest.mark.parametrize("opens", [10 / 3, 2 / 7, 3])
@pytest.mark.parametrize("condition", [lambda opens: time < opens, lambda opens: time <= opens])
def test_a_flip_is_met_wherever_it_lies(method, opens, condition):
    """Times are told apart to 1e-9, so that a flip may be off by half of that, not by a step."""

    class Door(Model):
        closes = param(3, "month", (0, 20))
        inside = stock(0, "account")
        enter = flow(outside >> inside, rate=where(condition(closes), constant(5, "account/month"), 0))

    run = run_of(Door, values={"closes": opens}, method=method, dt=1 / 4)
    np.testing.assert_allclose(run["inside"], 5 * np.clip(run.time, 0, opens), rtol=0, atol=5 * 0.5e-9 + 1e-12)


def test_a_condition_on_time_holds_for_the_whole_step_that_ends_at_its_flip():
    run = run_of(Opening, values={"opens": 3, "stays": 2}, dt=1, method="euler")
    # At the flip itself, what is saved is what holds from then on.
    assert run["enter"].tolist() == [0, 0, 0, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0]
    assert run["inside"].tolist() == [0, 0, 0, 0, 5, 10, 10, 10, 10, 10, 10, 10, 10]


def test_chosen_steps_land_where_a_condition_on_time_flips():
    # Nothing is left to choose a step for: pieces of a straight line. A step across the flip would cost some 1e-9.
    run = run_of(Opening, method="adaptive", dt=None)
    open_for = np.clip(run.time - 3.3, 0, 2.4)
    np.testing.assert_allclose(run["inside"], 5 * open_for, rtol=0, atol=1e-11)


def test_a_condition_on_time_under_a_name_is_held_too_or_refused():
    """A step that straddles the flip is first order: 1e-2 here instead of 1e-12."""

    def model():
        class Named(Model):
            opens = param(3.3, "month", (0, 20))
            open_since = aux(time - opens, "month")
            inside = stock(0, "account")
            enter = flow(outside >> inside, rate=where(open_since >= 0, constant(5, "account/month"), 0))

        return run_of(Named, dt=1 / 4)

    run = given_or_refused(model)
    if isinstance(run, ModelError):
        assert "time" in str(run)
    else:
        np.testing.assert_allclose(run["inside"], 5 * np.clip(run.time - 3.3, 0, None), rtol=0, atol=1e-12)


def test_time_in_an_equation_moves_within_a_step():
    class Ramp(Model):
        filling = aux(constant(2, "$/month^2") * time, "$/month")
        fund = stock(0, "$")
        fill = flow(outside >> fund, rate=filling)

    np.testing.assert_allclose(run_of(Ramp, dt=1)["fund"], TIMES**2, rtol=1e-13)
