"""Draws: the same bits however they are shared out, even and independent, paired over strategies, correlated as said."""

import math
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from scipy.stats.qmc import Sobol

import flywheel_sim as fw
from flywheel_sim.distributions import Beta, Lognormal, Normal, Pert, Triangular, Uniform
from flywheel_sim.errors import UsageError
from flywheel_sim.scenario import read_scenario
from flywheel_sim.study.inputs import inputs_for
from flywheel_sim.study.sampling import METHODS, MOST_DIMENSIONS, MOST_DRAWS, SCRAMBLES, Sampler, Source, sampler_for, scrambles

HEAD = 'title = "Test"\nmodel = "growth"\nmonths = 60\n'
MANY = 1 << 14

both = pytest.mark.parametrize("method", METHODS)


def study(body, head=HEAD):
    return fw.Study(*read_scenario(head + body, "x.toml"))


def rows(found, *names):
    """The parameters of a sample by name."""
    return [found[sampler_slots().index(name)] for name in names]


def sampler_slots():
    return list(study("[strategies.a]\n").lowered.layout.parameters)


# Numbers between 0 and 1


@both
@settings(max_examples=40)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=8), st.sampled_from([1, 3, 4, 7]), st.integers(0, 2))
def test_a_draw_is_the_same_however_the_range_is_cut(method, cuts, dimensions, seed):
    source = Source(dimensions, 300, seed, method)
    whole = source.uniform(0, 300).copy()
    assert whole.shape == (dimensions, 300)
    for start, stop in zip(cuts, [*cuts[1:], 300], strict=True):
        if start <= stop:
            assert source.uniform(start, stop).tobytes() == np.ascontiguousarray(whole[:, start:stop]).tobytes()


@both
def test_a_draw_is_the_same_far_on_and_on_the_way_back(method):
    source = Source(5, MOST_DRAWS, 3, method)
    far = 8 * 50_000 + 3
    there = source.uniform(far, far + 20).copy()
    source.uniform(0, 5)
    assert source.uniform(far + 7, far + 9).tobytes() == np.ascontiguousarray(there[:, 7:9]).tobytes()
    assert len(np.unique(there)) == there.size


@both
def test_a_draw_is_the_same_in_every_thread(method):
    source = Source(6, 10_000, 0, method)
    alone = source.uniform(0, 10_000).copy()
    found, engines = {}, [scrambles(6, 0)]

    def make(number):
        engines.append(scrambles(6, 0))
        for start in range(number * 1_000, 10_000, 4_000):
            found[start] = source.uniform(start, start + 1_000).copy()

    threads = [threading.Thread(target=make, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.concatenate([found[start] for start in range(0, 10_000, 1_000)], axis=1).tobytes() == alone.tobytes()
    assert len({id(engine) for each in engines for engine in each}) == 5 * SCRAMBLES, "no engine goes on in two threads"


@both
@pytest.mark.parametrize("draws", [1, 2, 7, 8, 9, 100, 1_000])
def test_any_number_of_draws_lies_inside_without_a_warning(method, draws):
    found = Source(2, draws, 11, method).uniform(0, draws)
    assert found.shape == (2, draws)
    assert np.all((found > 0) & (found < 1))
    assert not found.flags.writeable, "the next who asks gets the same"


@both
def test_another_seed_gives_other_draws_and_nought_is_a_seed(method):
    made = {seed: Source(3, 50, seed, method).uniform(0, 50).copy() for seed in (0, 1, 2, 2**70)}
    assert len({found.tobytes() for found in made.values()}) == 4
    assert made[0].tobytes() == Source(3, 50, 0, method).uniform(0, 50).tobytes()
    assert Source(3, 50, 0, "sobol").uniform(0, 50).tobytes() != Source(3, 50, 0, "random").uniform(0, 50).tobytes()


def test_draws_are_the_points_of_eight_scrambled_sequences():
    source = Source(3, 8 * 64, 5, "sobol")
    found = source.uniform(0, 8 * 64)
    for number in range(SCRAMBLES):
        own = Sobol(3, scramble=True, rng=np.random.default_rng(np.random.SeedSequence(5, spawn_key=(1, number))))
        assert np.array_equal(own.random(64) + 2.0**-31, found[:, number::SCRAMBLES].T)


def test_each_scramble_is_even():
    found = Source(4, 8 * 256, 0, "sobol").uniform(0, 8 * 256)
    parts = [found[:, number::SCRAMBLES] for number in range(SCRAMBLES)]
    assert len({part.tobytes() for part in parts}) == SCRAMBLES
    for axis in (axis for part in parts for axis in part):
        assert sorted(np.floor(axis * 256).astype(int)) == list(range(256)), "one point in each of as many equal parts"


def test_scrambles_are_independent():
    """What the spread of eight says of the error of their mean is right, over many seeds."""
    means = []
    for seed in range(100):
        values = np.exp(Source(2, 8 * 16, seed, "sobol").uniform(0, 8 * 16).sum(axis=0))
        means.append([values[number::SCRAMBLES].mean() for number in range(SCRAMBLES)])
    errors = np.array(means) - (math.e - 1) ** 2
    said = errors.var(axis=1, ddof=1).mean() / SCRAMBLES
    assert np.mean(errors.mean(axis=1) ** 2) == pytest.approx(said, rel=0.5)  # of 100 squares: 3.5 deviations
    assert np.abs(np.corrcoef(errors.T) - np.eye(SCRAMBLES)).max() < 0.4


def test_sobol_draws_come_nearer_than_random_ones():
    """The error of a mean over 8 independent samples, at 64 times as many draws: random draws come 8 times as near."""

    def error(method, draws):
        found = Source(5, draws, 7, method).uniform(0, draws)
        values = np.exp(found.sum(axis=0))
        return abs(values.mean() / (math.e - 1) ** 5 - 1)

    assert error("sobol", 1 << 15) < 1e-4
    assert error("sobol", 1 << 15) < error("sobol", 1 << 9) / 16
    assert error("random", 1 << 15) > 3e-4


def test_pseudorandom_draws_are_even_and_not_in_step():
    found = Source(7, 20_000, 1, "random").uniform(0, 20_000)
    assert found.mean(axis=1) == pytest.approx(0.5, abs=4 * math.sqrt(1 / 12 / 20_000))
    assert found.var(axis=1) == pytest.approx(1 / 12, rel=0.03)
    assert np.abs(np.corrcoef(found) - np.eye(7)).max() < 0.03
    assert np.corrcoef(found[0, 1:], found[0, :-1])[0, 1] == pytest.approx(0, abs=0.03)
    assert len(np.unique(found)) == found.size


@both
def test_draws_that_there_are_not(method):
    source = Source(2, 100, 0, method)
    assert source.uniform(100, 100).shape == (2, 0)
    for start, stop in ((0, 101), (-1, 5), (7, 6)):
        with pytest.raises(UsageError, match="there are 100"):
            source.uniform(start, stop)
    assert Source(0, 100, 0, method).uniform(3, 9).shape == (0, 6)


# Distributions, drawn


@pytest.mark.parametrize(
    ("distribution", "mean"),
    [
        (Pert(1, 2, 6), 2.5),
        (Triangular(1, 2, 6), 3),
        (Uniform(1, 6), 3.5),
        (Normal(5, 2), 5),
        (Lognormal(3, 1.5), 3 * math.exp(math.log(1.5) ** 2 / 2)),
        (Beta(0.06, 0.02), 0.06),
        (Normal(0, 1).truncated(0, math.inf), math.sqrt(2 / math.pi)),
        (Uniform(-2, 7).truncated(0, 1), 0.5),
    ],
    ids=lambda one: repr(one).replace("(…)", "") if hasattr(one, "ends") else "",
)
def test_means_of_draws_are_exact(distribution, mean):
    """Random draws would come within 0.008 deviations of it."""
    values = distribution.quantile(Source(1, MANY, 0, "sobol").uniform(0, MANY)[0])
    assert values.mean() == pytest.approx(mean, abs=3e-4 * values.std())


# The draws of a scenario

BUSINESS = """
[values]
price = { low = "$20k/year", typical = "$25k/year", high = "$40k/year" }
churn = { mean = "12 %/year", deviation = "4 %/year", distribution = "normal" }
fit.cold = { mean = 0.06, deviation = 0.02, distribution = "beta" }
fit.referred = 0.5
half = { low = "$80k", typical = "$90k", high = "$120k" }
asks = { median = 0.02, factor = 1.4, distribution = "lognormal" }
margin = { mean = 0.95, deviation = 0.1, distribution = "normal" }
"""
TWO = """
[strategies.one]
set = { budget = { low = "$100k/month", typical = "$150k/month", high = "$300k/month" }, rigidity = 0.3 }
[strategies.other]
set = { budget = "$150k/month", price = { low = "$30k/year", high = "$50k/year", distribution = "uniform" }, fit.referred = { low = 0.4, typical = 0.5, high = 0.6 } }
"""


def test_what_is_uncertain_is_drawn_and_all_else_is_typical():
    found = study(BUSINESS + TWO)
    sampler = sampler_for(found, 500, 4)
    slots = found.lowered.layout.parameters
    labels = [(name, label) for name, label in slots if name == "half"]
    expected = {("price", None), ("churn", None), ("fit", "cold"), ("fit", "referred"), ("asks", None), ("margin", None), ("budget", None), *labels}  # fmt: skip
    assert set(sampler.names) == expected
    assert list(sampler.names) == [name for name in slots if name in expected], "in the order of the slots"
    for strategy in ("one", "other"):
        made = sampler.parameters(strategy, 0, 500)
        typical = found.inputs(strategy).parameters
        assert made.shape == (len(slots), 500)
        for slot, name in enumerate(slots):
            value = found.scenario.strategies[strategy].settings.get(name)
            if value is None or value.distribution is None:
                assert set(made[slot]) == {typical[slot]}
            else:
                low, high = found.declaration.parameters[name[0]].limits
                assert len(np.unique(made[slot])) > 400
                assert low <= made[slot].min()
                assert made[slot].max() <= high
    assert sampler.parameters("one", 0, 500)[slots.index(("margin", None))].max() <= 1
    with pytest.raises(UsageError, match="there is no strategy 'on'"):
        sampler.parameters("on", 0, 5)
    with pytest.raises(UsageError, match="there is no strategy 'oen'"):
        sampler.bends("oen", 0, 5)


def test_means_of_a_scenario_are_those_it_states():
    sampler = sampler_for(study(BUSINESS + TWO), MANY)
    (price,) = rows(sampler.parameters("one", 0, MANY), ("price", None))
    assert price.mean() == pytest.approx((20_000 + 4 * 25_000 + 40_000) / 6 / 12, rel=1e-5)
    cold, churn = rows(sampler.parameters("one", 0, MANY), ("fit", "cold"), ("churn", None))
    assert (cold.mean(), cold.std()) == pytest.approx((0.06, 0.02), rel=1e-3)
    assert np.median(churn) == pytest.approx(-math.log(0.88) / 12, rel=1e-2)


def test_strategies_share_their_draws():
    sampler = sampler_for(study(BUSINESS + TWO), 800)
    one, other = (sampler.parameters(strategy, 0, 800) for strategy in ("one", "other"))
    for name in [("churn", None), ("fit", "cold"), ("asks", None), ("margin", None), ("half", "ads")]:
        assert rows(one, name)[0].tobytes() == rows(other, name)[0].tobytes()
    here, there = rows(one, ("price", None))[0], rows(other, ("price", None))[0]
    assert here.max() < 3400 < there.max()
    assert np.argsort(here).tolist() == np.argsort(there).tolist(), "another distribution of the same name"


def test_one_value_for_all_labels_is_one_draw():
    body = """
[values]
fit = { low = 0.05, typical = 0.1, high = 0.2 }
half.ads = { low = "$80k", typical = "$90k", high = "$120k" }
half.practice = { low = "$80k", typical = "$90k", high = "$120k" }
[strategies.a]
[strategies.b]
set = { fit.cold = { low = 0.05, typical = 0.1, high = 0.2 } }
"""
    sampler = sampler_for(study(body), 300)
    assert sampler.source.dimensions == 4
    found = sampler.parameters("a", 0, 300)
    cold, referred, ads, practice = rows(found, ("fit", "cold"), ("fit", "referred"), ("half", "ads"), ("half", "practice"))
    assert cold.tobytes() == referred.tobytes()
    assert abs(spearmanr(ads, practice).statistic) < 0.2
    own, shared = rows(sampler.parameters("b", 0, 300), ("fit", "cold"), ("fit", "referred"))
    assert shared.tobytes() == referred.tobytes()
    assert abs(spearmanr(own, shared).statistic) < 0.2, "what b states for one label is a draw of its own"


@both
def test_the_parameters_of_a_draw_are_the_same_in_any_company(method):
    sampler = sampler_for(study(BUSINESS + TWO + CORRELATED), 200, 9, method)
    whole = sampler.parameters("one", 0, 200)
    for start, stop in ((0, 1), (1, 2), (3, 50), (50, 133), (133, 200), (7, 8)):
        assert sampler.parameters("one", start, stop).tobytes() == np.ascontiguousarray(whole[:, start:stop]).tobytes()
    sent = pickle.loads(pickle.dumps(sampler))  # noqa: S301  made here
    assert sent.parameters("one", 3, 50).tobytes() == np.ascontiguousarray(whole[:, 3:50]).tobytes()


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"draws": 0}, "draws=0"),
        ({"draws": MOST_DRAWS + 1}, "draws="),
        ({"draws": 1.5}, "draws=1.5"),
        ({"draws": True}, "draws=True"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": None}, "seed=None"),
        ({"method": "sobel"}, "no way 'sobel' to draw"),
    ],
)
def test_what_cannot_be_drawn(options, cause):
    with pytest.raises(UsageError, match=cause) as caught:
        sampler_for(study(BUSINESS + TWO), **({"draws": 10} | options))
    assert caught.value.fix


def test_more_dimensions_than_there_are_numbers_for(monkeypatch):
    assert MOST_DIMENSIONS == Sobol.MAXDIM
    monkeypatch.setattr("flywheel_sim.study.sampling.MOST_DIMENSIONS", 4)
    with pytest.raises(UsageError, match="8 uncertain values are more than the 4"):
        sampler_for(study(BUSINESS + TWO), 10)


def test_a_scenario_without_uncertain_values_has_one_future():
    sampler = sampler_for(study("[strategies.a]\n"), 10)
    assert sampler.names == ()
    assert np.ptp(sampler.parameters("a", 0, 10), axis=1).max() == 0


# Correlations

CORRELATED = """
[[correlations]]
of = ["churn", "price"]
rank = -0.4
[[correlations]]
of = ["price", "fit.cold"]
rank = 0.7
[[correlations]]
of = ["half", "margin"]
rank = -0.9
"""


@both
def test_ranks_are_correlated_as_stated(method):
    sampler = sampler_for(study(BUSINESS + TWO + CORRELATED), MANY, 0, method)
    found = sampler.parameters("one", 0, MANY)
    tight = 5e-3 if method == "sobol" else 0.03
    names = [("churn", None), ("price", None), ("fit", "cold"), ("half", "ads"), ("margin", None), ("asks", None)]
    ranks = spearmanr(np.array(rows(found, *names)), axis=1).statistic
    expected = np.eye(6)
    for one, other, rank in ((0, 1, -0.4), (1, 2, 0.7), (3, 4, -0.9)):
        expected[one, other] = expected[other, one] = rank
    assert ranks == pytest.approx(expected, abs=tight)


@both
def test_what_is_not_correlated_keeps_its_draws_to_the_bit(method):
    plain, mixed = (sampler_for(study(BUSINESS + TWO + more), 400, 0, method) for more in ("", CORRELATED))
    before, after = plain.parameters("one", 0, 400), mixed.parameters("one", 0, 400)
    for name in [("asks", None), ("budget", None)]:
        assert rows(before, name)[0].tobytes() == rows(after, name)[0].tobytes()
    for name in [("price", None), ("fit", "cold"), ("margin", None)]:
        assert rows(before, name)[0].tobytes() != rows(after, name)[0].tobytes()


def test_correlation_leaves_each_value_its_distribution():
    sampler = sampler_for(study(BUSINESS + TWO + CORRELATED), MANY)
    price, cold = rows(sampler.parameters("one", 0, MANY), ("price", None), ("fit", "cold"))
    assert price.mean() == pytest.approx((20_000 + 4 * 25_000 + 40_000) / 6 / 12, rel=1e-4)
    assert (cold.mean(), cold.std()) == pytest.approx((0.06, 0.02), rel=3e-3)


def test_correlated_numbers_stay_inside():
    """However far out they come: here far further than any correlations make them."""
    sampler = sampler_for(study(BUSINESS + TWO + CORRELATED), MANY)
    wild = Sampler(sampler.lowered, sampler.source, sampler.names, sampler.plans, (0, 1), ({0: 30.0}, {0: -3.0, 1: 3.0}))
    found = wild.uniform(0, MANY)
    assert np.all((found > 0) & (found < 1))
    assert np.all(np.isfinite(wild.parameters("one", 0, MANY)))


def test_what_every_strategy_sets_goes_with_nothing():
    body = '[values]\nprice = { low = 1000, typical = 2000, high = 3000 }\nasks = { low = 0.01, typical = 0.02, high = 0.03 }\n[strategies.a]\nset = { price = 2000 }\n[[correlations]]\nof = ["asks", "price"]\nrank = 0.9\n'
    found = study(body)
    assert len(found.scenario.correlations) == 1
    sampler = sampler_for(found, 50)
    assert (sampler.names, sampler.mixed) == ((("asks", None),), ())


# Moves

MOVES = """
[[strategies.one.moves]]
lever = "budget"
kind = "ramp"
at = 6
over = 3
to = 200_000
[[strategies.one.moves]]
lever = "rigidity"
kind = "pulse"
at = 2
for = 2
to = 0.9
[[strategies.one.moves]]
lever = "budget"
kind = "pulse"
at = 20
for = 4
to = 0
[[strategies.one.moves]]
lever = "split"
kind = "step"
at = 30
to = { ads = 1 }
[strategies.early]
set = { budget = { low = "$100k/month", typical = "$150k/month", high = "$300k/month" } }
moves = [{ lever = "budget", kind = "pulse", at = 3, for = 2, to = 0 }]
"""


@pytest.mark.parametrize("strategy", ["one", "early", "other"])
def test_moves_start_from_what_is_drawn_and_go_back_to_it(strategy):
    found = study(BUSINESS + TWO.replace("[strategies.other]", MOVES + "[strategies.other]"))
    sampler = sampler_for(found, 40, 2)
    made = sampler.parameters(strategy, 10, 30)
    bends = sampler.bends(strategy, 10, 30)
    scenario = found.scenario.strategies[strategy]
    for draw in range(20):
        settings = dict(zip(found.lowered.layout.parameters, made[:, draw].tolist(), strict=True))
        alone = inputs_for(found.lowered, settings, scenario.off, scenario.moves).bends
        assert len(alone) == len(bends) == {"one": 14, "early": 2, "other": 0}[strategy]
        for bend, (time, slot, value, slope) in zip(alone, bends, strict=True):
            assert (bend.time, bend.parameter) == (time, slot)
            assert bend.value == (value if np.ndim(value) == 0 else value[draw])
            assert bend.slope == (slope if np.ndim(slope) == 0 else slope[draw])
    if strategy == "one":
        drawn = made[found.lowered.layout.parameters.index(("budget", None))]
        (ramp,) = [(value, slope) for time, _, value, slope in bends if time == 6]
        assert ramp[0].tobytes() == drawn.tobytes()
        assert ramp[1] == pytest.approx((200_000 - drawn) / 3)
