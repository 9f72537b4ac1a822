"""The assumption that a verdict hangs on, against brute force: every assumption run at both ends, for both strategies."""

import math
from pathlib import Path

import pytest

import flywheel_sim as fw
from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.analysis.sensitivity import hangs_on
from flywheel_sim.engines.ode import run
from flywheel_sim.errors import StateError
from flywheel_sim.program import written
from flywheel_sim.records import replace
from flywheel_sim.study import study as study_room

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
# To run every assumption at both ends takes seconds for each scenario: the first three, and one in which a budget ramps.
COSTLY = ("saas", "early-stage", "funnel-wins", "leaky-bucket")
STEP = 0.25  # of every run here; RK4 is good to some 1e-5 of a lead at it


class Case:
    """What a study asks about the assumptions behind its first comparison."""

    def __init__(self, path, monkeypatch):
        asked = []

        def listen(lowered, pair, by, horizon, assumptions, **details):
            asked.append((lowered, pair, by, horizon, assumptions))
            return hangs_on(lowered, pair, by, horizon, assumptions, **details)

        monkeypatch.setattr(study_room, "hangs_on", listen)
        fw.load(path).run()
        assert len(asked) == 1  # asked for the challenger alone
        self.lowered, self.pair, self.by, self.horizon, self.assumptions = asked[0]

    def ends(self, inputs):
        """A reader of the end of a run."""
        return Reader(self.lowered, run(self.lowered, inputs, (0.0, self.horizon), windows=windows(self.lowered, inputs), dt=STEP))

    def both(self, pair, series):
        """What both strategies end with."""
        readers = [self.ends(inputs) for inputs in pair]
        return {by: tuple(reader.at(by, None, -1) for reader in readers) for by in series}


def at(inputs, slot, value):
    return replace(inputs, parameters=(*inputs.parameters[:slot], value, *inputs.parameters[slot + 1 :]))


SERIES = {"customers": 1.0, "cash": 1.0}


@pytest.fixture(scope="module")
def everything_run():
    """The lead at both ends of every assumption, by scenario: worked out once."""
    return {}


@pytest.fixture(params=COSTLY)
def case(request, monkeypatch, everything_run):
    made = Case(SCENARIOS / f"{request.param}.toml", monkeypatch)
    if request.param not in everything_run:
        found = {}
        for one in made.assumptions:
            for end in (one.low, one.high):
                try:
                    found[one.slot, end] = made.both([at(inputs, one.slot, end) for inputs in made.pair], SERIES)
                except StateError:
                    continue
        everything_run[request.param] = found
    made.brute_force = everything_run[request.param]
    return made


def lead_of(ends, by):
    """How far the challenger is ahead: of the larger of both, but for cash, which passes through 0."""
    first, second = ends
    return SERIES[by] * (second - first) / (max(abs(first), abs(second)) if by != "cash" else 1)


@pytest.mark.parametrize("by", SERIES)
def test_it_is_the_worst_assumption_or_nearly(case, by):
    stands = case.both(case.pair, SERIES)[by]
    lead = lead_of(stands, by)
    found = hangs_on(
        case.lowered, case.pair, by, case.horizon, case.assumptions, ends=stands, relative=by != "cash", sign=SERIES[by], dt=STEP
    )
    leads = {key: lead_of(there[by], by) for key, there in case.brute_force.items()}
    lost = {key: math.copysign(1, lead) * (lead - there) for key, there in leads.items()}
    worst = max(lost, key=lost.get)
    name = written(*case.lowered.layout.parameters[worst[0]])
    told = math.copysign(1, lead) * (lead - lead_of((found.baseline, found.challenger), by))
    assert told >= 0.9 * lost[worst], f"it says {found.name} at {found.value}; {name} at {worst[1]} takes {lost[worst]:.4g}, not {told:.4g}"
    assert found.flips == any(there * lead < 0 for there in leads.values())


def test_what_it_says_of_its_assumption_is_so(case):
    stands = case.both(case.pair, SERIES)[case.by]
    found = hangs_on(case.lowered, case.pair, case.by, case.horizon, case.assumptions, ends=stands, relative=True, sign=1.0, dt=STEP)
    slot = [written(name, label) for name, label in case.lowered.layout.parameters].index(found.name)
    # Its own runs take coarser steps, good to some 1e-3.
    assert (found.baseline, found.challenger) == pytest.approx(case.brute_force[slot, found.value][case.by], rel=5e-3)
    assert found.flips == ((found.challenger - found.baseline) * (stands[1] - stands[0]) < 0)
    assert found.note == case.lowered.declaration.parameters[found.name.split("[")[0]].note


def test_only_what_both_share_and_nobody_decides_is_an_assumption(case):
    layout, declaration = case.lowered.layout, case.lowered.declaration
    assert len(case.assumptions) > 50
    for one in case.assumptions:
        name, _ = layout.parameters[one.slot]
        assert declaration.parameters[name].role == "parameter"
        assert case.pair[0].parameters[one.slot] == case.pair[1].parameters[one.slot] == one.value
        assert one.low < one.high


def test_without_assumptions_it_hangs_on_nothing(case):
    assert hangs_on(case.lowered, case.pair, case.by, case.horizon, [], ends=(1.0, 2.0), relative=True, sign=1.0, dt=STEP) is None


def test_a_range_is_the_scenarios_or_the_models_or_the_models_in_proportion():
    study = fw.load("scenarios/saas.toml")
    assert study.between("funnel", "usual_win", None) == (0.15, 0.35)  # stated
    assert study.between("funnel", "ads_leads", None) == (300, 1_500)  # the model's, around 680
    assert study.with_values(ads_leads=900).between("funnel", "ads_leads", None) == (300, 1_500)
    low, high = study.with_values(ads_leads=60).between("funnel", "ads_leads", None)
    assert (low, high) == pytest.approx((300 * 60 / 680, 1_500 * 60 / 680))
    assert study.with_values(margin=0.1).between("funnel", "margin", None)[1] < 0.2
    assert study.with_values(informed=0.9).between("funnel", "informed", None)[1] <= 0.95  # no further than its limits
    assert study.between("funnel", "start_deals", None) is None
