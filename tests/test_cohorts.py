"""A cohort of the growth model is not one exponential: classes of loyalty pass close to two published retention curves.

Fader and Hardie's curves: percent of a cohort retained after 0 to 12 years. The fitted values were found by least squares
over the yearly points, with friction and every reinforcing loop off; dislike stands at the bound that the search was given.
"""

import numpy as np
import pytest
from models import lowered_of

from flywheel_sim.analysis import journey
from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.engines.ode import run
from flywheel_sim.library import Growth
from flywheel_sim.study.inputs import inputs_for, settings_from

CURVES = {
    "regular": [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3],
    "high-end": [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4],
}
FITTED = {
    "regular": {
        "churn": 0.0093, "churn_newcomers": 0.888, "churn_advocates": 0.129, "churn_detractors": 10.14, "liking": 1.516, "disliking": 3,
    },
    "high-end": {
        "churn": 0.0042, "churn_newcomers": 0.962, "churn_advocates": 0.028, "churn_detractors": 6.75, "liking": 1.213, "disliking": 3,
    },
}  # fmt: skip
OFF = (
    "referral", "proof", "practice", "reactivation", "reinvestment", "marketing_to_sales", "sales_to_success", "success_to_marketing",
)  # fmt: skip
YEARS = np.arange(13)


def retained(values):
    """Percent of those who enter in the first month who are still customers, year by year."""
    lowered = lowered_of(Growth)
    inputs = inputs_for(lowered, settings_from(lowered, values), OFF)
    trace = run(lowered, inputs, [0.0, 1.0], windows=windows(lowered, inputs), dt=1 / 4)
    now = Reader(lowered, trace).instant(1)
    customers = now.slots(lowered.declaration.symbols["customers"])
    return np.array([100 * journey.survival(now.program, now.states, now.values, customers, 12.0 * year) for year in YEARS])


@pytest.mark.parametrize("curve", CURVES)
def test_classes_of_loyalty_pass_within_three_points_of_a_published_cohort(curve):
    assert np.abs(retained(FITTED[curve]) - CURVES[curve])[1:].max() < 3


@pytest.mark.parametrize("curve", CURVES)
def test_no_single_rate_of_churn_does(curve):
    exponentials = 100 * np.exp(-np.outer(np.linspace(0.001, 1, 2_000), YEARS))
    assert np.abs(exponentials - CURVES[curve])[:, 1:].max(axis=1).min() > 5


def test_by_default_too_the_longer_they_have_stayed_the_fewer_leave():
    left = retained({})
    yearly = 1 - left[1:] / left[:-1]
    assert np.all(np.diff(yearly) < 0)
    assert yearly[0] > 1.2 * yearly[-1]
