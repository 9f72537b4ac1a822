"""Versions of a run made together are what each is alone."""

import math

import numpy as np
import pytest
from models import lowered_of
from test_ensemble import Fragile

import flywheel_sim as fw
from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.engines.ode import run
from flywheel_sim.errors import UsageError
from flywheel_sim.library import Bass, Growth
from flywheel_sim.program import Bend
from flywheel_sim.records import replace
from flywheel_sim.study.inputs import inputs_for, settings_from
from flywheel_sim.study.variants import run_variants

TIMES = [0.0, 1.0, 2.0, 3.0, 4.0]


def given(lowered, off=(), bends=(), **values):
    return replace(inputs_for(lowered, settings_from(lowered, values), off), bends=bends)


def slot_of(lowered, name):
    return lowered.layout.parameters.index((name, None))


@pytest.fixture(scope="module")
def lowered():
    return lowered_of(Growth)


def test_variants_are_what_each_is_alone(lowered):
    budget, rigidity = slot_of(lowered, "budget"), slot_of(lowered, "rigidity")
    variants = [
        given(lowered),
        given(lowered, off=("referral", "proof")),
        given(lowered, bends=(Bend(1.5, budget, 0.0, 0.0),)),
        given(lowered, churn=0.02, bends=(Bend(0.5, budget, 1e5, 2e4), Bend(2.0, rigidity, 0.9, 0.0))),
        given(lowered, off=("referral", "proof"), bends=(Bend(1.5, rigidity, 0.1, 0.1), Bend(2.5, rigidity, 0.2, 0.0))),
    ]
    names = ["customers", "cash", "acquisition_cost", "new_customers", "prospects[referred]"]
    found = run_variants(lowered, variants, TIMES, names, dt=1 / 16)
    assert found.shape == (len(names), 5, 5)
    for number, variant in enumerate(variants):
        trace = run(lowered, variant, TIMES, windows=windows(lowered, variant), method="rk4", dt=1 / 16)
        reader = Reader(lowered, trace)
        for place, name in enumerate(names):
            base, _, label = name.rstrip("]").partition("[")
            alone = [reader.at(base, label or None, index) for index in range(5)]
            assert found[place, :, number] == pytest.approx(alone, rel=1e-6, nan_ok=True)  # others' moves end steps of its own


def test_a_variant_that_fails_is_nan_alone():
    lowered = lowered_of(Fragile)
    plain = given(lowered)
    broken = replace(plain, parameters=tuple(math.nan if place == 0 else value for place, value in enumerate(plain.parameters)))
    series = next(iter(lowered.layout.columns))[0]
    found = run_variants(lowered, [plain, broken, plain], TIMES, [series], dt=0.25)
    assert np.isnan(found[:, :, 1]).all()
    assert found[:, :, 0].tolist() == found[:, :, 2].tolist()
    assert np.isfinite(found[:, :, 0]).any()


def test_no_more_than_some_at_once(monkeypatch):
    monkeypatch.setattr("flywheel_sim.study.variants.MOST_AT_ONCE", 3)
    lowered = lowered_of(Bass)
    reach = [0.01 * number for number in range(7)]
    found = run_variants(lowered, [given(lowered, innovation=one) for one in reach], TIMES, ["adopters"], dt=0.25)
    for number, one in enumerate(reach):
        assert found[0, :, number] == pytest.approx(fw.simulate(Bass, values={"innovation": one}, until=4, dt=0.25)["run"]["adopters"])


def test_a_series_that_there_is_not():
    lowered = lowered_of(Bass)
    with pytest.raises(UsageError, match="no series 'adopter'"):
        run_variants(lowered, [given(lowered)], TIMES, ["adopter"], dt=0.25)
