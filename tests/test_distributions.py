"""Distributions: quantiles that undo the share below, means that are exact, tails, limits, and what needs no SciPy."""

import math
import pickle
import subprocess
import sys
from statistics import NormalDist

import numpy as np
import pytest
from scipy import special

from flywheel_sim.distributions import (
    Beta,
    Discrete,
    Lognormal,
    Normal,
    Pert,
    Triangular,
    Uniform,
    pearson,
    triangle,
    widest_beta,
)
from flywheel_sim.errors import UsageError

STANDARD = NormalDist()
TAILS = np.logspace(-12, -1, 200)
SHARES = np.concatenate([TAILS, np.linspace(0.1, 0.9, 201)[1:-1], 1 - TAILS[::-1]])
MIDDLES = (np.arange(1 << 14) + 0.5) / (1 << 14)  # of as many equal shares

WHOLE = [
    Pert(1, 2, 6),
    Pert(0, 0, 1),
    Pert(-3, 4, 4),
    Triangular(1, 2, 6),
    Triangular(0, 0, 1),
    Triangular(-3, 4, 4),
    Uniform(-2, 7),
    Normal(0.06, 0.02),
    Lognormal(3, 1.5),
    Beta(0.06, 0.02),
    Beta(3, 0.5, 1, 9),
    Beta(0.3, 0.25),  # steep at 0
]
CUT = [
    Normal(0.06, 0.02).truncated(0.03, 0.07),
    Normal(0, 1).truncated(0, math.inf),
    Normal(0.5, 100).truncated(0, 1),
    Lognormal(3, 1.5).truncated(1, 4),
    Pert(1, 2, 6).truncated(1.5, 3),
    Triangular(1, 2, 6).truncated(-math.inf, 3),
    Uniform(-2, 7).truncated(0, 1),
    Beta(0.06, 0.02).truncated(0.05, 1),
]


def called(distribution):
    return repr(distribution).replace("(…)", "")


each = pytest.mark.parametrize("distribution", WHOLE + CUT, ids=called)


@each
def test_a_quantile_undoes_the_share_below(distribution):
    values = distribution.quantile(SHARES)
    assert distribution.cumulative(values) == pytest.approx(SHARES, abs=1e-11)  # the error of a beta's curve
    low, high = distribution.ends
    assert np.all(np.diff(values) >= 0)
    assert np.all(np.diff(values)[100:-100] > 0)
    assert low <= values[0]
    assert values[-1] <= high
    assert np.all(np.isfinite(values))


@each
def test_the_same_share_gives_the_same_bits_in_any_company(distribution):
    together = distribution.quantile(SHARES)
    for cut in (slice(0, 1), slice(3, 4), slice(5, 18), slice(1, None), slice(None, None, 7)):
        assert distribution.quantile(SHARES[cut]).tobytes() == together[cut].tobytes()


@each
def test_nothing_below_the_least_and_all_up_to_the_greatest(distribution):
    low, high = distribution.ends
    assert distribution.cumulative(np.array([low - 1, low, high, high + 1])) == pytest.approx([0, 0, 1, 1], abs=1e-15)


def mean_of(distribution):
    """The exact mean."""
    match distribution:
        case Pert(low, typical, high):
            return (low + 4 * typical + high) / 6
        case Triangular(low, typical, high):
            return (low + typical + high) / 3
        case Uniform(low, high):
            return (low + high) / 2
        case Lognormal(median, factor):
            return median * math.exp(math.log(factor) ** 2 / 2)
        case _:
            return distribution.mean


@pytest.mark.parametrize("distribution", WHOLE, ids=called)
def test_means_are_exact(distribution):
    values = distribution.quantile(MIDDLES)
    assert values.mean() == pytest.approx(mean_of(distribution), abs=5e-5 * values.std())  # what lies in the ends of the tails


def means_within():
    """Exact means of distributions within limits."""
    density, share = STANDARD.pdf, STANDARD.cdf
    yield Normal(5, 2).truncated(4, 8), 5 + 2 * (density(-0.5) - density(1.5)) / (share(1.5) - share(-0.5))
    yield Normal(0, 1).truncated(0, math.inf), math.sqrt(2 / math.pi)
    wide = math.log(1.5)
    low, high = math.log(1 / 3) / wide, math.log(4 / 3) / wide
    within = (share(high - wide) - share(low - wide)) / (share(high) - share(low))
    yield Lognormal(3, 1.5).truncated(1, 4), 3 * math.exp(wide**2 / 2) * within
    yield Uniform(-2, 7).truncated(0, 1), 0.5
    yield Triangular(0, 0, 1).truncated(0, 0.5), (1 / 2 * 0.25 - 1 / 3 * 0.125) / (0.5 - 0.125)
    first, second = 3 * 0.06 / 0.94, 3.0  # shapes of a mean of 0.06
    beta = Beta(0.06, math.sqrt(0.06 * 0.94 / (first + second + 1)))
    above = special.betaincc(first + 1, second, 0.01) / special.betaincc(first, second, 0.01)
    yield beta.truncated(0.01, 1), 0.06 * above
    pert = Pert(0, 0, 1)  # density 5 (1 - x)**4
    yield pert.truncated(0, 0.5), (1 / 6 - 0.5**5 * 0.5 - 0.5**6 / 6) / (1 - 0.5**5)


@pytest.mark.parametrize(("distribution", "mean"), list(means_within()), ids=lambda one: called(one) if hasattr(one, "ends") else "")
def test_means_within_limits_are_exact(distribution, mean):
    values = distribution.quantile(MIDDLES)
    assert values.mean() == pytest.approx(mean, abs=2e-5 * values.std())


@pytest.mark.parametrize(("distribution", "deviation"), [(Normal(5, 2), 2), (Beta(0.06, 0.02), 0.02), (Beta(3, 0.5, 1, 9), 0.5), (Uniform(0, 1), math.sqrt(1 / 12))], ids=called)  # fmt: skip
def test_deviations_are_those_stated(distribution, deviation):
    assert distribution.quantile(MIDDLES).std() == pytest.approx(deviation, rel=1e-3)


def test_two_thirds_of_a_lognormal_lie_within_the_factor():
    values = Lognormal(3, 1.5).quantile(MIDDLES)
    assert np.mean((values > 3 / 1.5) & (values < 3 * 1.5)) == pytest.approx(0.6827, abs=1e-4)
    assert np.median(values) == pytest.approx(3, rel=1e-3)


# Betas, which are read from a curve


@pytest.mark.parametrize(
    ("first", "second"), [(1, 1), (1, 5), (5, 1), (1.5, 4.5), (3, 3), (8.4, 131), (1e3, 1e3), (1e4, 3e7), (2.5e7, 2.5e7)]
)
def test_the_curve_of_a_beta_is_within_what_it_says(first, second):
    mean = first / (first + second)
    deviation = math.sqrt(mean * (1 - mean) / (first + second + 1))
    shares = np.concatenate([np.logspace(-16, -1, 500), MIDDLES, 1 - np.logspace(-15.5, -1, 500)])
    exact = special.betaincinv(*Beta(mean, deviation).shapes, shares)
    error = np.abs(Beta(mean, deviation).quantile(shares) - exact)
    assert error.max() < 1e-11  # of the width
    assert error.max() < 2e-10 * deviation


@pytest.mark.parametrize(("first", "second"), [(0.05, 0.05), (0.3, 900), (0.99, 3), (40, 1e-3)])
def test_a_beta_that_is_steep_at_an_end_is_solved_for(first, second):
    mean = first / (first + second)
    steep = Beta(mean, math.sqrt(mean * (1 - mean) / (first + second + 1)))
    assert np.array_equal(steep.quantile(SHARES), special.betaincinv(*steep.shapes, SHARES))


def test_a_beta_has_the_shapes_of_its_mean_and_deviation():
    assert Beta(0.5, math.sqrt(1 / 12)).shapes == pytest.approx((1, 1))
    assert Beta(2, 1, 1, 5).shapes == pytest.approx((0.25 * 2, 0.75 * 2))
    assert Pert(0, 1, 4).shapes == pytest.approx((2, 4))
    assert Pert(2, 2, 2).shapes == (1, 1)
    assert widest_beta(0.06, 0, 1) == pytest.approx(math.sqrt(0.06 * 0.94))
    assert Beta(0.06, 0.999 * widest_beta(0.06, 0, 1)).shapes[0] > 0
    assert widest_beta(5, 0, 1) == 0


# One of some values


def test_one_of_some_values():
    three = Discrete((30.0, 10.0, 20.0), (1, 2, 0))
    assert three.quantile(np.array([1e-12, 0.3, 0.66, 0.67, 1 - 1e-12])).tolist() == [10, 10, 10, 30, 30]
    assert three.cumulative(np.array([9, 10, 20, 30, 40])) == pytest.approx([0, 2 / 3, 2 / 3, 1, 1])
    assert (three.typical, three.between, three.ends) == (10, (10, 30), (10, 30))
    assert Discrete((1, 2, 3), (1, 1, 1)).typical == 2
    assert Discrete((1, 2), (1, 1)).typical == 1
    assert Discrete((1, 2), (1e308, 1e308)).quantile(np.array([0.4, 0.6])).tolist() == [1, 2]
    assert np.mean(Discrete((1, 5), (3, 1)).quantile(MIDDLES)) == 2
    assert three.truncated(15, 40).quantile(SHARES).tolist() == [30.0] * len(SHARES)
    with pytest.raises(UsageError, match="nothing of"):
        three.truncated(15, 25)


# Limits


@pytest.mark.parametrize(
    ("distribution", "limits"),
    [
        *((one, one.ends) for one in [*WHOLE, *CUT, Discrete((1.0, 2.0), (1.0, 1.0))]),
        *((one, (-math.inf, math.inf)) for one in [*WHOLE, *CUT]),
        (Pert(1, 2, 6), (0, 6)),
    ],
    ids=lambda one: called(one) if hasattr(one, "ends") else "",
)
def test_limits_that_cut_nothing_change_nothing(distribution, limits):
    assert distribution.truncated(*limits) is distribution


def test_limits_that_no_draw_comes_near_change_no_bit():
    """The share beyond them is nought or one, to the last bit."""
    narrow = Normal(2000, 10)
    cut = narrow.truncated(0, math.inf)
    assert cut is not narrow
    assert cut.quantile(SHARES).tobytes() == narrow.quantile(SHARES).tobytes()


def test_within_limits_the_share_is_conditional():
    whole = Normal(5, 2)
    cut = whole.truncated(4, 8)
    below, above = whole.cumulative(np.array([4, 8]))
    assert (whole.cumulative(cut.quantile(SHARES)) - below) / (above - below) == pytest.approx(SHARES, abs=1e-12)
    again = cut.truncated(4.5, 20)
    assert (again.whole, again.ends) == (whole, (4.5, 8))
    assert again.quantile(SHARES).tobytes() == whole.truncated(4.5, 8).quantile(SHARES).tobytes()


def test_a_value_within_limits_has_its_typical_and_its_range_there():
    cut = Normal(0.06, 0.04).truncated(0, 0.1)
    assert (cut.typical, cut.between, cut.ends) == (0.06, (0, 0.1), (0, 0.1))
    assert Lognormal(2, 1.5).truncated(3, 9).typical == 3
    with pytest.raises(UsageError, match="nothing of"):
        Uniform(0, 1).truncated(2, 3)
    with pytest.raises(UsageError, match="nothing of"):
        Normal(0, 1).truncated(3, 2)


def test_a_value_without_a_choice_is_that_value():
    for distribution in (Pert(3, 3, 3), Triangular(3, 3, 3), Uniform(3, 3), Discrete((3.0,), (1.0,))):
        assert distribution.quantile(SHARES).tolist() == [3.0] * len(SHARES)
        assert distribution.cumulative(np.array([2.9, 3, 3.1])).tolist() == [0, 1, 1]
        assert (distribution.typical, distribution.between) == (3, (3, 3))


# What a run without draws asks


@pytest.mark.parametrize(
    ("distribution", "typical", "between"),
    [
        (Pert(1, 2, 6), 2, (1, 6)),
        (Triangular(1, 2, 6), 2, (1, 6)),
        (Uniform(1, 6), 3.5, (1, 6)),
        (Normal(5, 2), 5, (5 + 2 * STANDARD.inv_cdf(0.05), 5 + 2 * STANDARD.inv_cdf(0.95))),
        (Lognormal(3, 1.5), 3, (3 * 1.5 ** STANDARD.inv_cdf(0.05), 3 * 1.5 ** STANDARD.inv_cdf(0.95))),
    ],
    ids=called,
)
def test_the_typical_value_and_how_far_it_goes(distribution, typical, between):
    assert distribution.typical == typical
    assert distribution.between == pytest.approx(between, rel=1e-14)


@pytest.mark.parametrize("deviation", [1e-4, 1e-3, 0.02, 0.1, 0.2])
def test_how_far_a_beta_goes_is_found_without_scipy(deviation):
    for mean in (0.06, 0.5, 0.9):
        found = Beta(mean, deviation)
        low, high = special.betaincinv(*found.shapes, [0.05, 0.95])
        assert found.between == pytest.approx((min(low, mean), max(high, mean)), abs=max(2e-9, 0.01 * deviation * (deviation < 0.005)))
        assert Beta(10 + 10 * mean, 10 * deviation, 10, 20).between == pytest.approx([10 + 10 * end for end in found.between], rel=1e-6)


def test_a_range_holds_the_typical_value():
    """The mean of a beta that is steep at an end can lie beyond 95 % of it."""
    for mean, deviation in ((0.02, 0.13), (0.98, 0.13), (1e-4, 0.009), (0.5, 0.4999)):
        low, high = Beta(mean, deviation).between
        assert 0 <= low <= mean <= high <= 1


def test_no_scipy_is_needed_until_there_are_draws():
    script = (
        "import sys; from flywheel_sim.distributions import *\n"
        "for one in [Pert(1,2,6), Triangular(1,2,6), Uniform(1,6), Normal(5,2), Lognormal(3,1.5), Beta(.06,.02), Beta(.5,1e-4), Discrete((1,2),(1,1))]:\n"
        "    cut = one.truncated(0, 1) if one.typical <= 1 else one.truncated(1, 5)\n"
        "    assert cut.between[0] <= cut.typical <= cut.between[1]\n"
        "triangle(2, {(0, 1): 0.5})\n"
        "sys.exit(('scipy' in sys.modules or 'numpy' in sys.modules) * 7)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("distribution", [*CUT, Discrete((1.0, 2.0), (1.0, 3.0))], ids=called)
def test_a_distribution_can_be_sent_to_another_process(distribution):
    sent = pickle.loads(pickle.dumps(distribution))  # noqa: S301  made here
    assert sent.quantile(SHARES).tobytes() == distribution.quantile(SHARES).tobytes()


# Values that go together


def test_the_triangle_is_the_root_of_the_matrix():
    ranks = {(0, 1): -0.4, (1, 2): 0.7, (0, 3): 0.2, (3, 4): -0.9}
    rows = triangle(6, ranks)
    root = np.array([[row.get(column, 0) for column in range(6)] for row in rows])
    matrix = np.eye(6)
    for (one, other), rank in ranks.items():
        matrix[one, other] = matrix[other, one] = pearson(rank)
    assert root @ root.T == pytest.approx(matrix, abs=1e-15)
    assert rows[5] == {5: 1.0}
    assert rows[0] == {0: 1.0}


def test_the_triangle_ends_where_correlations_contradict_each_other():
    apart = {(0, 1): 0.9, (1, 2): 0.9}
    assert len(triangle(3, apart)) == 2
    assert len(triangle(3, {**apart, (0, 2): 0.8})) == 3
    assert len(triangle(3, {**apart, (0, 2): -0.8})) == 2
    assert len(triangle(2, {(0, 1): 1.0})) == 1
    many = {(number, number + 1): 0.4 for number in range(199)}
    assert len(triangle(200, many)) == 200


def test_ranks_become_correlations_of_normal_variables():
    assert (pearson(0), pearson(1), pearson(-1)) == pytest.approx((0, 1, -1))
    assert pearson(0.5) == pytest.approx(2 * math.sin(math.pi / 12))
