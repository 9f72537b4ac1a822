"""The marketplace: against a program written separately, loop by loop, and what makes it spin or collapse."""

import math
import operator

import numpy as np
import pytest
from models import drawn_parameters, lowered_of

import flywheel_sim as fw
from flywheel_sim.engines.ode import run
from flywheel_sim.library import Marketplace, find
from flywheel_sim.model import declaration
from flywheel_sim.model.symbols import Stock
from flywheel_sim.program import Inputs

LOOPS = ("selection", "prices", "sales", "talk")
OUTLETS = ("advertising", "buyer_subsidy", "seller_subsidy", "vetting")
SIDES = {"all_buyers": ("others", "buyers"), "all_sellers": ("outsiders", "newcomers", "proven")}


def spread(**shares):
    """Shares of the budget, the rest for advertising."""
    return dict.fromkeys(OUTLETS, 0.0) | {"advertising": 1 - sum(shares.values())} | shares


SPREADS = {"funnel": spread(), "flywheel": spread(buyer_subsidy=0.10, seller_subsidy=0.20, vetting=0.12)}


def simulated(off=(), until=60, dt=1 / 4, **values):
    return fw.simulate(Marketplace, {"spread": SPREADS["flywheel"], **values}, off=off, until=until, dt=dt)["run"]


def test_it_is_in_the_library():
    assert find("marketplace") is Marketplace
    assert declaration(Marketplace).counts == ("buyer", "seller")


# Without its loops it is a shop with a fixed assortment, written again


def by_hand(p, months, dt):
    """Advertising draws buyers, sellers come for the buyers of the first day; the stocks at every month, by Runge-Kutta."""
    choice = p["start_sellers"] / (p["start_sellers"] + p["enough"])
    asked = 1 - p["squeeze"] * p["start_sellers"] / (p["start_sellers"] + p["rivals"])
    margin = max(0, 1 - p["take_rate"] - p["cost"] / asked)
    ads, treat, fund, vetted = (p["budget"] * p["spread"][name] for name in OUTLETS)
    places = vetted / p["vetting_cost"] * p["vetting_time"]

    def rates(state):
        buyers, newcomers, proven = state
        sellers = newcomers + proven
        trust = 1 - p["harm"] * newcomers / sellers
        found = choice * trust
        deepest = p["deepest"]
        rebate = deepest * treat / (treat + deepest * p["basket"] * buyers * found) if treat else 0
        paid = asked * (1 - rebate)
        drawn = p["reached"] * ads / (ads + p["advertising_half"]) * found / paid ** p["taste"] * (1 - buyers / p["all_buyers"])
        income = p["basket"] * p["start_buyers"] * trust * choice / sellers * margin
        income += p["living"] * fund / (fund + p["living"] * sellers)
        earning = income / (income + p["living"])
        pace = min(1, places / newcomers) if newcomers else 1
        judged = newcomers * (pace / p["vetting_time"] + 1 / p["proving_time"])
        stop = p["exiting"] * (1 - earning)
        return np.array(
            [
                drawn - buyers * (p["tiring"] + p["quitting"] * (1 - found)),
                p["entering"] * earning * (p["all_sellers"] - sellers) - judged - stop * newcomers,
                judged * (1 - p["unfit"]) - stop * proven,
            ]
        )

    now = np.array([p["start_buyers"], 0.0, p["start_sellers"]])
    seen = [now]
    for _ in range(months):
        for _ in range(round(1 / dt)):
            first = rates(now)
            second = rates(now + dt / 2 * first)
            third = rates(now + dt / 2 * second)
            now = now + dt / 6 * (first + 2 * second + 2 * third + rates(now + dt * third))
        seen.append(now)
    return np.array(seen).T


@pytest.mark.parametrize("strategy", SPREADS)
@pytest.mark.parametrize("crowded", [False, True], ids=["as declared", "more newcomers than can be vetted"])
def test_without_its_loops_it_is_a_shop_written_separately(strategy, crowded):
    values = {"spread": SPREADS[strategy], "take_rate": 0.12} | ({"vetting_cost": 400, "living": 200} if crowded else {})
    found = simulated(LOOPS, dt=1 / 8, **values)
    defaults = {name: one.default[None] for name, one in declaration(Marketplace).parameters.items() if name != "spread"}
    expected = by_hand(defaults | values, 60, 1 / 8)
    for name, series in zip(("buyers", "newcomers", "proven"), expected, strict=True):
        # Relative to the peak: the two add the same numbers up in another order, in 480 steps.
        np.testing.assert_allclose(found[name], series, rtol=0, atol=1e-12 * series.max(), err_msg=name)
    if strategy == "flywheel":
        assert (min(found["vetting.pace"]) < 0.9) == crowded  # the case is one


# Each loop moves what it is meant to move, and only while it runs


MEANT = [
    ("selection", "variety", operator.gt),
    ("selection", "annual_churn", operator.lt),
    ("prices", "price", operator.lt),
    ("prices", "new_buyers", operator.gt),
    ("sales", "active_sellers", operator.gt),
    ("sales", "variety", operator.gt),
    ("talk", "told_share", operator.gt),
    ("talk", "loop_gain", operator.gt),
    ("talk", "buyers", operator.gt),
]


@pytest.fixture(scope="module")
def everything():
    return simulated()


@pytest.mark.parametrize(("loop", "series", "moves"), MEANT, ids=[f"{one[0]}: {one[1]}" for one in MEANT])
def test_a_loop_moves_what_it_is_meant_to_move(loop, series, moves, everything):
    without = simulated([loop])
    assert moves(everything[series][-1], without[series][-1] * (1.005 if moves is operator.gt else 0.995))


STILL = {
    "selection": ("choice", 200 / 1_000),
    "prices": ("asked", 1 - 0.15 * 200 / 1_200),
    "sales": ("present", 5_000),
    "talk": ("tell", 0),
}


@pytest.mark.parametrize("loop", STILL)
def test_a_loop_that_is_off_moves_nothing_although_all_others_run(loop):
    series, value = STILL[loop]
    found = simulated([loop])[series]
    np.testing.assert_allclose(found, value, rtol=1e-15)
    assert np.ptp(found) == 0


def test_without_the_loop_of_sales_sellers_do_not_notice_buyers():
    few, many = (simulated(["sales"], reached=reached) for reached in (3_000, 60_000))
    assert many["buyers"][-1] > 3 * few["buyers"][-1]
    np.testing.assert_array_equal(many["sellers"], few["sellers"])


def test_more_buyers_bring_sellers_more_sellers_selection_and_lower_prices():
    small, large = (simulated(start_buyers=buyers, until=12) for buyers in (2_000, 20_000))
    for series, moves in {"sellers": operator.gt, "choice": operator.gt, "asked": operator.lt}.items():
        assert moves(large[series][-1], small[series][-1]), series


@pytest.mark.parametrize("loop", ["crowding", "saturation"])
def test_the_balancing_loops_cannot_be_switched_off(loop):
    with pytest.raises(fw.UsageError, match=f"'{loop}' cannot be switched off"):
        simulated([loop], until=1)


# What a lever does


def test_unvetted_sellers_lower_quality_and_the_market_pays_for_it(everything):
    unvetted = simulated(spread=spread(buyer_subsidy=0.10, seller_subsidy=0.20))
    assert unvetted["trust"][0] == everything["trust"][0] == 1  # nobody is a newcomer yet
    assert unvetted["newcomers"][-1] / unvetted["sellers"][-1] > 3 * everything["newcomers"][-1] / everything["sellers"][-1]
    assert unvetted["quality"][-1] < everything["quality"][-1] - 0.1
    assert unvetted["buyers"][-1] < 0.7 * everything["buyers"][-1]
    np.testing.assert_array_equal(simulated(spread=SPREADS["funnel"], harm=0)["trust"], 1)


def test_a_subsidy_moves_its_own_side_first():
    nothing, to_buyers, to_sellers = (
        simulated(until=1, spread=spread(**one)) for one in ({}, {"buyer_subsidy": 0.3}, {"seller_subsidy": 0.3})
    )
    assert to_buyers["paid"][0] < nothing["paid"][0] == to_sellers["paid"][0]
    assert to_sellers["earning"][0] > nothing["earning"][0] == to_buyers["earning"][0]


def test_subsidies_have_an_end_however_few_there_are_to_take_them():
    alone = simulated(until=1, start_buyers=0, start_sellers=0, budget=2_000_000)
    assert alone["paid"][0] >= 0.5 * alone["asked"][0]
    assert alone["guarantee"][0] <= 800


def test_a_lower_take_rate_brings_sellers_and_one_too_high_starves_them():
    takes = [simulated(take_rate=take) for take in (0.05, 0.15, 0.25, 0.45)]
    sellers = [one["sellers"][-1] for one in takes]
    assert sellers == sorted(sellers, reverse=True)
    assert not np.any(takes[-1]["margin"])  # the price does not even cover what is sold
    assert takes[-1]["buyers"][-1] < 0.2 * takes[0]["buyers"][-1]
    revenue = [one["revenue"][-1] for one in takes]
    assert max(revenue) not in (revenue[0], revenue[-1])  # both too little and too much lose money


def test_money_is_the_take_less_handling_and_spending():
    found = fw.simulate(Marketplace, {"spread": SPREADS["flywheel"]}, until=36, every=1 / 64, dt=1 / 64)["run"]
    earned = (0.15 - 0.03) * 50 * found["buyers"] * found["choice"] * found["trust"]
    by_trapezium = np.sum((earned[1:] + earned[:-1]) / 2) / 64 - 36 * 250_000
    assert found["cash"][-1] == pytest.approx(by_trapezium, rel=1e-6)
    assert found["total_spend"][-1] == pytest.approx(36 * 250_000, rel=1e-12)


# Critical mass


def left_to_itself(buyers, sellers, vetting=25_000):
    """Where buyers are after fifty years, when nothing is paid for but vetting: near the border all goes slowly."""
    values = {"budget": vetting, "spread": spread(vetting=1), "start_buyers": buyers, "start_sellers": sellers}
    return fw.simulate(Marketplace, values, until=600, every=600, dt=1 / 2)["run"]["buyers"][-1]


def border(lives, low, high):
    """The number below which it collapses, by bisection to a hundredth."""
    assert not lives(low)
    assert lives(high)
    while high - low > 0.01 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if lives(middle) else (middle, high)
    return low, high


SPINNING = 100_000


def test_below_the_critical_number_of_buyers_it_collapses_and_above_it_grows():
    low, high = border(lambda buyers: left_to_itself(buyers, 1_600) > SPINNING, 2_000, 200_000)
    assert left_to_itself(low, 1_600) < 0.01 * low
    assert left_to_itself(high, 1_600) > 3 * high


def test_below_the_critical_number_of_sellers_it_collapses_and_above_it_grows():
    low, high = border(lambda sellers: left_to_itself(50_000, sellers) > SPINNING, 200, 8_000)
    assert left_to_itself(50_000, low) < 5_000
    assert left_to_itself(50_000, high) > 150_000


def test_more_of_one_side_makes_up_for_less_of_the_other():
    few, many = (
        border(lambda buyers, sellers=sellers: left_to_itself(buyers, sellers) > SPINNING, 2_000, 200_000)[1] for sellers in (400, 3_200)
    )
    assert many < 0.8 * few


def test_without_vetting_no_place_of_that_size_stands_alone():
    assert left_to_itself(100_000, 1_600) > SPINNING
    assert left_to_itself(100_000, 1_600, vetting=0) < 500


def test_sellers_leave_when_nobody_buys():
    found = simulated(budget=0, start_buyers=0, start_sellers=1_000)
    assert np.all(np.diff(found["sellers"]) < 0)
    assert found["sellers"][-1] < 0.01 * 1_000


# Loop gain


def test_the_loop_gain_is_nothing_in_the_empty_market_and_above_one_when_it_spins(everything):
    empty = simulated(until=1, budget=0, start_buyers=10, start_sellers=1)
    assert 0 < empty["loop_gain"][0] < 0.01
    assert everything["loop_gain"][0] < 1 < everything["loop_gain"][-1]
    assert not np.any(simulated(["talk"])["loop_gain"])


def test_it_is_one_where_as_many_are_won_by_buyers_as_leave(everything):
    np.testing.assert_allclose(everything["loop_gain"], everything["tell"] / everything["leave"], rtol=1e-12)
    alone = simulated(budget=0, start_buyers=400_000, start_sellers=3_000)
    grows = np.gradient(alone["buyers"]) > 0
    assert np.mean(grows == (alone["loop_gain"] > 1)) > 0.95  # differences are off by a month where it turns


# What is promised of every run


def test_both_sides_are_conserved_under_120_random_parameter_sets():
    """Inside the plausible ranges, any loops off: each side kept, none negative, everything finite."""
    lowered = lowered_of(Marketplace)
    generator = np.random.default_rng(5)
    slots = {
        name: column.slots[0] for (name, _), column in lowered.layout.columns.items() if column.kind == "state" and len(column.slots) == 1
    }
    for draw in range(120):
        switches = tuple(bool(one) for one in generator.integers(0, 2, len(lowered.layout.switches)))
        inputs = Inputs(drawn_parameters(lowered, generator), switches)
        trace = run(lowered, inputs, [0.0, 6.0, 24.0, 60.0], dt=1 / 8)
        assert trace.conservation <= 1e-12, draw
        for states, values in zip(trace.states, trace.values, strict=True):
            assert all(map(math.isfinite, (*states, *values))), draw
            for whole, stocks in SIDES.items():
                members = [states[slots[name]] for name in stocks]
                everybody = inputs.parameters[lowered.layout.parameters.index((whole, None))]
                assert min(members) >= 0, (draw, stocks)
                assert abs(sum(members) - everybody) <= 1e-12 * everybody, (draw, whole)


EXTREMES = {
    "no budget": {"budget": 0},
    "a budget a hundred times as large": {"budget": 25_000_000},
    "nobody there yet": {"start_buyers": 0, "start_sellers": 0},
    "buyers without a seller": {"start_sellers": 0},
    "sellers without a buyer": {"start_buyers": 0, "start_sellers": 2_000},
    "everybody buys and sells": {"start_buyers": 1_000_000, "start_sellers": 20_000},
    "all talk": {"telling": 5},
    "everything taken": {"take_rate": 1},
    "every newcomer unfit and harmful": {"unfit": 1, "harm": 1},
    "the fiercest competition": {"squeeze": 0.6, "rivals": 1, "taste": 5},
    "all for sellers": {"spread": spread(seller_subsidy=1)},
    "all for buyers": {"spread": spread(buyer_subsidy=1)},
}


@pytest.mark.parametrize("case", EXTREMES)
@pytest.mark.parametrize("off", [(), LOOPS], ids=["loops", "no loops"])
def test_extremes_stay_possible(case, off):
    found = fw.simulate(Marketplace, {"spread": SPREADS["flywheel"], **EXTREMES[case]}, off=off, until=60)
    assert found.about.conservation <= 1e-12
    for name in declaration(Marketplace).of_kind(Stock):
        assert np.min(found["run"][name]) >= 0, name
        assert np.all(np.isfinite(found["run"][name])), name


def test_a_market_of_almost_no_sellers_is_like_one_of_none():
    """What a seller could make is defined where there is none, so that nothing jumps when the first one comes."""
    none, hardly = (simulated(start_sellers=sellers) for sellers in (0, 1e-6))
    np.testing.assert_allclose(none["buyers"], hardly["buyers"], rtol=1e-6)


# The shipped scenario


@pytest.fixture(scope="module")
def study():
    return fw.load("scenarios/marketplace.toml")


@pytest.fixture(scope="module")
def result(study):
    return study.run()


def test_it_reads_without_a_warning_and_compares_like_with_like(study, result):
    assert study.scenario.warnings == ()
    assert tuple(study.scenario.strategies) == ("funnel", "natural", "flywheel")
    assert set(study.scenario.strategies["funnel"].off) == set(LOOPS)
    assert not study.scenario.strategies["natural"].off
    assert len({run["total_spend"][-1] for run in result.runs.values()}) == 1


def test_its_verdict_is_worth_telling(result):
    for words in ("The flywheel wins over natural", "buyers against", "Both spend $15.0M", "in cash against -$", "hangs most on"):
        assert words in result.verdict
    ends = {name: run["buyers"][-1] for name, run in result.runs.items()}
    assert ends["funnel"] < ends["natural"] < ends["flywheel"]
    assert result.metrics["natural"]["cash"] < 0 < result.metrics["flywheel"]["cash"]


def test_only_the_flywheel_spins(result):
    assert max(result["natural"]["loop_gain"]) < 1 < max(result["flywheel"]["loop_gain"])


def test_what_the_scenario_file_says_about_it_is_so(study, result):
    """Two thirds by vetting alone; subsidies that stay cost buyers and money, and either side will do; what the take rate costs."""
    natural, flywheel = (result.metrics[name] for name in ("natural", "flywheel"))

    def changed(**changes):
        return study.with_strategy("flywheel", **changes).run().metrics["flywheel"]

    def for_a_year(**subsidies):
        later = [{"lever": "split", "kind": "step", "at": 12, "to": spread(vetting=0.12)}]
        return {"split": spread(vetting=0.12, **subsidies), "moves": later}

    vetting = changed(**for_a_year(), set={"take_rate": 0.15})
    assert 0.6 < (vetting["buyers"] - natural["buyers"]) / (flywheel["buyers"] - natural["buyers"]) < 0.7
    kept_up = changed(moves=[])
    assert kept_up["buyers"] < flywheel["buyers"]
    assert kept_up["cash"] < flywheel["cash"]
    one, other = (changed(**for_a_year(**{side: 0.30})) for side in ("buyer_subsidy", "seller_subsidy"))
    assert one["buyers"] == pytest.approx(other["buyers"], rel=0.02)
    dearer = changed(set={"take_rate": 0.15})
    assert flywheel["buyers"] - dearer["buyers"] == pytest.approx(24_000, abs=500)
    assert dearer["cash"] - flywheel["cash"] == pytest.approx(4e6, rel=0.05)
    assert changed(off=list(LOOPS))["buyers"] == pytest.approx(15_000, abs=500)


def test_adaptive_and_fine_steps_agree(study):
    adaptive, fixed = study.run(method="adaptive"), study.run(dt=1 / 32)
    for strategy, exact in adaptive.runs.items():
        for name in declaration(Marketplace).of_kind(Stock):
            peak = exact[name].max()
            np.testing.assert_allclose(fixed[strategy][name], exact[name], rtol=0, atol=1e-6 * peak, err_msg=f"{strategy}: {name}")
