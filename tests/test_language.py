"""What is declared comes out as it must: stocks, flows, stages, labels, groups and staff, against closed forms.

Runs take fine steps of RK4, whose error here is some 1e-10 of the numbers: tolerances of 1e-9 (relative) leave
room for that and nothing else.
"""

import re

import numpy as np
import pytest
from models import Decay, Referral, erlang_survival, given_or_refused, run_of, unheated, warmth

import flywheel_sim as fw
from flywheel_sim import Model, constant, dimension, flow, group, outside, param, stock
from flywheel_sim.measures import lifetime

CLOSE = 1e-9
origin = dimension("cold", "referred")


# The example of the design


def test_the_example_of_the_design_runs_and_conserves():
    result = fw.simulate(Referral, until=60)
    run = result["run"]
    assert list(result.time) == list(range(61))
    assert run["customers"][0] == 10
    assert run["strangers"][0] == 9_990
    assert result.about.conservation < 1e-13  # rounding of 240 steps
    np.testing.assert_allclose(run["strangers"] + run["customers"], 10_000, rtol=1e-13)


def test_the_example_grows_as_the_logistic_curve():
    # c' = b c (m - c) / m - d c is logistic: rate b - d, ceiling m (1 - d/b).
    bringing, leaving, market, start = 0.05, 0.02, 10_000, 10
    rate, ceiling = bringing - leaving, market * (1 - leaving / bringing)
    run = run_of(Referral, until=240)
    expected = ceiling / (1 + (ceiling / start - 1) * np.exp(-rate * run.time))
    np.testing.assert_allclose(run["customers"], expected, rtol=CLOSE)


def test_the_example_without_its_loop_decays():
    run = run_of(Referral, off=("word_of_mouth",), until=60)
    np.testing.assert_allclose(run["customers"], 10 * np.exp(-0.02 * run.time), rtol=CLOSE)
    assert not run["adopt"].any()


def test_the_example_prints_readably():
    page = repr(Referral)
    words = re.sub(" +", " ", page)
    for line in (
        "Referral: Advocates bring the next customers.",
        "time in months; whole individuals: account",
        "word_of_mouth.gate(contact * strangers / market, off=0) per head of customers",
        "strangers → customers",
        "customers bring customers",
        "can be switched off",
        "introductions a customer makes",
        "market - 10",
    ):
        assert line in words
    assert page.index("STOCKS") < page.index("FLOWS") < page.index("LOOPS AND FRICTIONS") < page.index("PARAMETERS")
    assert max(map(len, page.splitlines())) < 200


def test_the_page_for_a_notebook_says_the_same_and_holds_no_markup_of_the_model():
    class Marked(Model):
        """A <b>bold</b> claim."""

        here = stock(1, "account", "<script>alert(1)</script>")
        leave = flow(here >> outside, hazard=0.1 / constant(1, "month"))

    page = Marked._repr_html_()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "A &lt;b&gt;bold" in page


# Flows


def test_a_hazard_is_per_head_of_the_source():
    run = run_of(Decay)
    np.testing.assert_allclose(run["here"], 100 * np.exp(-0.1 * run.time), rtol=CLOSE)
    np.testing.assert_allclose(run["leave"], 0.1 * run["here"], rtol=1e-15)
    np.testing.assert_allclose(run["here"] + run["gone"], 100, rtol=1e-13)


def test_a_rate_is_a_total():
    class Rain(Model):
        falling = param(3, "$/month")
        puddle = stock(2, "$")
        fall = flow(outside >> puddle, rate=falling)

    run = run_of(Rain)
    np.testing.assert_allclose(run["puddle"], 2 + 3 * run.time, rtol=CLOSE)


def test_by_names_whose_members_cause_a_flow():
    class Births(Model):
        bearing = param(0.2, "1/month")
        writing = param(0.5, "item/account/month")
        parents = stock(4, "account")
        children = stock(0, "account")
        books = stock(0, "item")
        bear = flow(outside >> children, by=parents, hazard=bearing)
        write = flow(outside >> books, by=parents, hazard=writing)

    run = run_of(Births)
    assert (run["parents"] == 4).all()
    np.testing.assert_allclose(run["children"], 0.2 * 4 * run.time, rtol=CLOSE)
    np.testing.assert_allclose(run["books"], 0.5 * 4 * run.time, rtol=CLOSE)


def test_by_a_label_a_group_and_label_by_label():
    class Births(Model):
        bearing = param(origin(cold=0.1, referred=0.3), "1/month")
        plain = param(0.1, "1/month")
        parents = stock(origin(cold=2, referred=5), "account")
        others = stock(7, "account")
        everybody = group(parents, others)
        own = stock(origin(cold=0, referred=0), "account")
        of_label = stock(0, "account")
        of_group = stock(0, "account")
        bear_own = flow(outside >> own, by=parents, hazard=bearing)
        bear_one = flow(outside >> of_label, by=parents["referred"], hazard=plain)
        bear_all = flow(outside >> of_group, by=everybody, hazard=plain)

    run = run_of(Births, until=10)
    np.testing.assert_allclose(run["own"][:, -1], [0.1 * 2 * 10, 0.3 * 5 * 10], rtol=CLOSE)
    np.testing.assert_allclose(run["of_label"][-1], 0.1 * 5 * 10, rtol=CLOSE)
    np.testing.assert_allclose(run["of_group"][-1], 0.1 * 14 * 10, rtol=CLOSE)


def test_by_a_part_of_the_labels_is_refused_or_works_where_the_part_has_members():
    """Labels that the part leaves out have nobody to cause them: that is for the class to say, not for a crash."""

    def model():
        class Births(Model):
            bearing = param(0.1, "1/month")
            parents = stock(unheated(cold=2, warm=3), "account")
            own = stock(warmth(cold=0, warm=0, hot=0), "account")
            bear = flow(outside >> own, by=parents, hazard=bearing)

        return run_of(Births, until=10)["own"][:, -1]

    found = given_or_refused(model)
    if isinstance(found, fw.ModelError):
        assert "hot" in found.cause
    else:
        np.testing.assert_allclose(found, [0.1 * 2 * 10, 0.1 * 3 * 10, 0], rtol=CLOSE)


def test_competing_hazards_share_in_proportion():
    class Ways(Model):
        staying = param(0.3, "1/month")
        going = param(0.1, "1/month")
        start = stock(100, "account")
        stayed = stock(0, "account")
        went = stock(0, "account")
        stay = flow(start >> stayed, hazard=staying)
        go = flow(start >> went, hazard=going)

    run = run_of(Ways)
    left = 100 * (1 - np.exp(-0.4 * run.time))
    np.testing.assert_allclose(run["stayed"][1:], 0.75 * left[1:], rtol=CLOSE)
    np.testing.assert_allclose(run["went"][1:], 0.25 * left[1:], rtol=CLOSE)


# Stages


def chain_of(stages_wanted):
    class Chain(Model):
        leaving = param(0.25, "1/month")
        arriving = param(10, "account/month")
        waiting = stock(0, "account", stages=stages_wanted)
        done = stock(0, "account")
        arrive = flow(outside >> waiting, rate=arriving)
        leave = flow(waiting >> done, hazard=leaving)

    return Chain


@pytest.mark.parametrize("stages", [1, 2, 3, 7])
def test_the_time_in_stages_is_erlang(stages):
    # Arrivals at one rate from time 0 on: what leaves now is that rate times the chance of being through by now.
    run = run_of(chain_of(stages), until=40, dt=1 / 128)  # seven stages pass at 1.75 a month: a finer step
    through = 1 - np.array([erlang_survival(month, stages, 0.25) for month in run.time])
    np.testing.assert_allclose(run["leave"], 10 * through, rtol=0, atol=10 * CLOSE)


def simpson(values, width):
    return width / 3 * (values[0] + values[-1] + 4 * values[1:-1:2].sum() + 2 * values[2:-1:2].sum())


@pytest.mark.parametrize("stages", [1, 2, 3, 7])
def test_the_mean_and_the_variance_of_the_time_in_stages(stages):
    # Mean 1/h, variance 1/(k h^2), from what is not through yet; at month 240 the rest is below 1e-20 of it.
    width = 1 / 16
    run = run_of(chain_of(stages), until=240, every=width)
    waiting = 1 - run["leave"] / 10
    mean = simpson(waiting, width)
    variance = 2 * simpson(run.time * waiting, width) - mean**2
    # Simpson's rule and RK4 in these steps are good to some 1e-8; at k = 1 the start of the curve is sharpest.
    assert mean == pytest.approx(4, rel=1e-6)
    assert variance == pytest.approx(16 / stages, rel=1e-5)


def test_a_start_in_stages_lies_evenly_in_all_of_them():
    class Chain(Model):
        leaving = param(0.5, "1/month")
        waiting = stock(12, "account", stages=4)
        leave = flow(waiting >> outside, hazard=leaving)

    run = run_of(Chain, every=1 / 4, dt=1 / 128)
    assert run["waiting"][0] == 12
    assert run["leave"][0] == pytest.approx(4 * 0.5 * 3, rel=1e-15)
    # Evenly spread, one in four starts in each stage: the share still there is the mean of four Erlang curves.
    left = [np.mean([erlang_survival(month, k, 0.5 * 4 / k) for k in (1, 2, 3, 4)]) for month in run.time]
    np.testing.assert_allclose(run["waiting"], 12 * np.array(left), rtol=1e-8)  # at the end 1 % is left: the error of all


def test_ways_out_of_stages_leave_together_and_share_in_proportion():
    class Fork(Model):
        winning = param(0.1, "1/month")
        losing = param(0.3, "1/month")
        arriving = param(8, "account/month")
        deals = stock(0, "account", stages=3)
        won = stock(0, "account")
        lost = stock(0, "account")
        arrive = flow(outside >> deals, rate=arriving)
        win = flow(deals >> won, hazard=winning)
        lose = flow(deals >> lost, hazard=losing)
        stay = fw.metric(lifetime(deals), "month")

    run = run_of(Fork, until=30)
    through = 1 - np.array([erlang_survival(month, 3, 0.4) for month in run.time])
    np.testing.assert_allclose(run["win"], 8 * 0.25 * through, rtol=0, atol=8e-8)
    np.testing.assert_allclose(run["lose"], 3 * run["win"], rtol=1e-13)
    np.testing.assert_allclose(run["stay"], 2.5, rtol=1e-13)


def test_anytime_leaves_from_every_stage_at_its_own_hazard():
    class Impatient(Model):
        deciding = param(0.4, "1/month")
        balking = param(0.2, "1/month")
        arriving = param(9, "account/month")
        deals = stock(0, "account", stages=3)
        decided = stock(0, "account")
        balked = stock(0, "account")
        arrive = flow(outside >> deals, rate=arriving)
        decide = flow(deals >> decided, hazard=deciding)
        balk = flow(deals >> balked, hazard=balking, anytime=True)

    run = run_of(Impatient, until=60)
    # In the long run each stage passes on the share 1.2 / (1.2 + 0.2): three of them in a row reach a decision.
    passed = (1.2 / 1.4) ** 3
    assert run["decide"][-1] == pytest.approx(9 * passed, rel=1e-9)
    assert run["balk"][-1] == pytest.approx(9 * (1 - passed), rel=1e-9)
    np.testing.assert_allclose(run["balk"], 0.2 * run["deals"], rtol=1e-13)


def test_a_rate_out_of_stages_falls_on_all_heads_alike():
    class Drained(Model):
        deciding = param(0.4, "1/month")
        draining = param(2, "account/month")
        deals = stock(30, "account", stages=3)
        decide = flow(deals >> outside, hazard=deciding)
        drain = flow(deals >> outside, rate=draining, anytime=True)

    run = run_of(Drained, until=2)
    np.testing.assert_allclose(run["drain"], 2, rtol=1e-13)


@pytest.mark.parametrize("stages", [1, 2])
def test_a_rate_for_each_label_is_that_rate_at_each_label_with_stages_or_without(stages):
    amounts = origin(cold=1, referred=2)

    class Drained(Model):
        deciding = param(0.1, "1/month")
        deals = stock(origin(cold=10, referred=30), "account", stages=stages)
        decide = flow(deals >> outside, hazard=deciding)
        drain = flow(deals >> outside, rate=amounts * constant(1, "account/month"), anytime=True)

    run = run_of(Drained, until=1)
    np.testing.assert_allclose(run["drain"], [[1, 1], [2, 2]], rtol=1e-13)


def test_stocks_that_nothing_moves_stay():
    class Still(Model):
        here = stock(origin(cold=3, referred=4), "account")

    run = run_of(Still)
    assert (run["here"] == [[3], [4]]).all()
