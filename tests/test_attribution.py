"""What each difference contributes: shared out as Shapley says, in versions of a run that are worked out by hand."""

import itertools
import json
import math

import numpy as np
import pytest

import flywheel_sim as fw
from flywheel_sim import Model, dimension, flow, friction, lever, loop, metric, outside, param, split, stock, total
from flywheel_sim.analysis.shapley import coalitions_of, exact_shares, orders_of, shares_by_order, standard_error
from flywheel_sim.errors import RunError, UsageError
from flywheel_sim.study import attribution as room
from flywheel_sim.study.attribution import attribution, attributions
from flywheel_sim.study.differences import versions_of
from flywheel_sim.study.pair import pair_of
from flywheel_sim.study.sampling import sampler_for

# Shares of any worth


def all_orders_averaged(worth, players):
    """The definition: what a player adds, on average over all orders."""
    shares = [0.0] * players
    for order in itertools.permutations(range(players)):
        coalition = 0
        for player in order:
            shares[player] += worth[coalition | 1 << player] - worth[coalition]
            coalition |= 1 << player
    return [share / math.factorial(players) for share in shares]


@pytest.mark.parametrize("players", [1, 2, 3, 6])
def test_shares_are_averages_over_all_orders(players):
    worth = np.random.default_rng(players).normal(size=(2, 3, 1 << players))
    found = exact_shares(worth, players)
    assert found.shape == (2, 3, players)
    for place in np.ndindex(2, 3):
        assert found[place] == pytest.approx(all_orders_averaged(worth[place], players), abs=1e-12)


def test_nobody_shares_nothing():
    assert exact_shares(np.array([[4.0]]), 0).shape == (1, 0)


def test_orders_come_with_their_reverses():
    orders = orders_of(5, 3, 0)
    assert len(orders) == 6
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    assert orders[1::2] == [order[::-1] for order in orders[::2]]
    assert orders_of(5, 3, 0) == orders
    assert orders_of(5, 3, 1) != orders


def test_all_orders_give_what_is_exact():
    worth = np.random.default_rng(4).normal(size=(1, 16))
    orders = list(itertools.permutations(range(4)))
    assert coalitions_of(orders) == list(range(16))
    added = shares_by_order(worth, range(16), orders)
    assert added.sum(axis=-1) == pytest.approx(np.full((1, 24), worth[0, -1] - worth[0, 0]))
    assert added.mean(axis=-2) == pytest.approx(exact_shares(worth, 4))


def test_sampled_shares_are_as_far_off_as_they_say():
    """Over many seeds the error in units of the standard error has a mean square near 1."""
    players = 7
    worth = np.random.default_rng(0).normal(size=1 << players).cumsum()
    exact = exact_shares(worth, players)
    off = []
    for seed in range(60):
        orders = orders_of(players, 40, seed)
        added = shares_by_order(worth, range(1 << players), orders)
        off.append((added.mean(axis=-2) - exact) / standard_error(added))
    assert 0.8 < np.mean(np.square(off)) < 1.25  # 420 numbers, a few of them correlated: some 0.1 of noise


# A model whose every version is known in closed form

channel = dimension("ads", "events", "care", "friends")


class Race(Model):
    """Customers are found for money and by customers, and leave; care keeps them."""

    budget = lever(100, "$/month", (0, 1000), "what is spent")
    spread = split(channel(ads=0.5, events=0.5), "on what")
    reach = param(channel(ads=0.02, events=0.03, care=0.01, friends=0.015), "account/$", note="who is found for it")
    word = param(0.021, "1/month", (0.01, 0.03), "whom a customer brings")
    churn = param(0.05, "1/month", (0.02, 0.1), "how fast they leave")
    left = loop("R1", "one half of the talk")
    right = loop("R2", "the other half")
    idle = friction("F1", "what changes nothing")
    customers = stock(10, "account")
    find = flow(outside >> customers, rate=total(budget * spread * reach))
    talk = flow(outside >> customers, by=customers, hazard=left.gate(word, off=0) + right.gate(word, off=0))
    leave = flow(customers >> outside, hazard=idle.gate(churn, off=churn) * (1 - spread["care"]))
    crowd = metric(customers / spread["friends"], "account", "customers for a friend")
    headline = customers


LABELS = ("ads", "events", "care", "friends")
REACH = {"ads": 0.02, "events": 0.03, "care": 0.01, "friends": 0.015}
PLAIN = {"ads": 0.6, "events": 0.4, "care": 0.0, "friends": 0.0}
RICH = {"ads": 0.2, "events": 0.3, "care": 0.35, "friends": 0.15}
LATE = {"ads": 0.1, "events": 0.5, "care": 0.2, "friends": 0.2}
FILE = """
title = "Race"
model = "race"
months = 12
[values]
VALUES
[strategies.plain]
off = ["left", "right"]
split = { ads = 0.6, events = 0.4 }
[strategies.rich]
off = ["idle"]
set = { budget = 120, churn = 0.04 }
split = { ads = 0.2, events = 0.3, care = 0.35, friends = 0.15 }
"""
MOVES = """
[[strategies.rich.moves]]
lever = "budget"
kind = "step"
at = 4
to = 60
[[strategies.rich.moves]]
lever = "split"
kind = "step"
at = 7
to = { ads = 0.1, events = 0.5, care = 0.2, friends = 0.2 }
"""
NAMES = ("left", "right", "idle", "budget", "spread[care]", "spread[friends]", "everything else")


def study_of(text, tmp_path, values=""):
    path = tmp_path / "race.toml"
    path.write_text(text.replace("VALUES", values))
    return fw.load(path, Race)


def paid_for(target, made):
    """The shares when those made have grown from the plain ones towards a target, and the others have paid in proportion."""
    gains = {one: target[one] - PLAIN[one] for one in LABELS if target[one] > PLAIN[one]}
    part = sum(gains[one] for one in gains if one in made) / sum(gains.values())
    return {
        one: (target[one] if one in made else PLAIN[one]) if one in gains else PLAIN[one] - part * (PLAIN[one] - target[one])
        for one in LABELS
    }


def customers(made, *, moves=False, word=0.021, months=12):
    """The closed form, piece by piece: growth at a rate, and what comes in evenly."""
    churn = 0.04 if "everything else" in made else 0.05
    shares_made = {one for one in LABELS if f"spread[{one}]" in made}
    count = 10.0
    for start, stop in itertools.pairwise(sorted({min(edge, months) for edge in (0, 4, 7, 12)})):
        budget = (60 if moves and start >= 4 else 120) if "budget" in made else 100
        shares = paid_for(LATE if moves and start >= 7 else RICH, shares_made)
        found = budget * sum(shares[one] * REACH[one] for one in LABELS)
        rate = word * (("left" in made) + ("right" in made)) - churn * (1 - shares["care"])
        factor = math.exp(rate * (stop - start))
        count = count * factor + found * (factor - 1) / rate
    return count


def by_hand(**options):
    """What every difference contributes, by the definition; and what both strategies end with."""
    names = (*NAMES, "spread[events]") if options.get("moves") else NAMES  # which first loses and then gains
    made = [{name for place, name in enumerate(names) if coalition >> place & 1} for coalition in range(1 << len(names))]
    worth = [customers(one, **options) for one in made]
    return dict(zip(names, all_orders_averaged(worth, len(names)), strict=True)), worth[0], worth[-1]


def values_of(found):
    return {one.name: one.value for one in found.contributions}


@pytest.mark.parametrize("moves", [False, True], ids=["still", "moving"])
def test_contributions_are_what_the_definition_gives(moves, tmp_path):
    found = attribution(study_of(FILE + MOVES * moves, tmp_path))
    expected, start, end = by_hand(moves=moves)
    assert values_of(found) == pytest.approx(expected, rel=1e-6, abs=1e-7)  # RK4 in quarters of a month
    assert (found.start, found.end) == pytest.approx((start, end), rel=1e-7)
    assert (found.baseline, found.challenger, found.by, found.month) == ("plain", "rich", "customers", 12.0)
    assert (found.exact, found.runs, found.draws, found.failed) == (True, 256 if moves else 128, None, 0)
    values = [one.value for one in found.contributions]
    assert [abs(one) for one in values] == sorted(map(abs, values), reverse=True)
    assert sum(values) == pytest.approx(found.end - found.start, rel=1e-9)
    assert all(one.error == 0 and math.isnan(one.low) and math.isnan(one.high) for one in found.contributions)


def test_what_does_nothing_contributes_nothing_and_twins_the_same(tmp_path):
    found = values_of(attribution(study_of(FILE + MOVES, tmp_path)))
    assert found["idle"] == 0
    assert found["left"] == pytest.approx(found["right"], rel=1e-12)
    assert found["left"] > 0.5


def test_differences_in_words(tmp_path):
    still = {one.name: (one.kind, one.title) for one in attribution(study_of(FILE, tmp_path)).contributions}
    assert still == {
        "left": ("loop", "loop: left"),
        "right": ("loop", "loop: right"),
        "idle": ("friction", "friction: idle off"),
        "budget": ("lever", "lever: budget $100/month to $120/month"),
        "spread[care]": ("lever", "lever: care share 0 % to 35 %"),
        "spread[friends]": ("lever", "lever: friends share 0 % to 15 %"),
        "everything else": ("rest", "everything else: churn"),
    }
    moving = attribution(study_of(FILE + MOVES, tmp_path))
    titles = {one.name: one.title for one in moving.contributions}
    assert titles["budget"] == "lever: budget $100/month to $120/month, as it moves"
    assert titles["spread[care]"] == "lever: care share 0 % to 35 %, as it moves"
    assert moving.notes == ("A share of the split that grows takes from those that shrink, pro rata (in points: ads 40, events 10).",)


def test_another_month_and_several_series(tmp_path):
    study = study_of(FILE + MOVES, tmp_path)
    expected, start, end = by_hand(moves=True, months=5)
    early, won = attributions(study, "rich", by=("customers", "find"), month=5)
    assert values_of(early) == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert (early.month, early.start, early.end) == pytest.approx((5, start, end))
    assert (won.start, won.end) == pytest.approx((100 * 0.024, 60 * (0.2 * 0.02 + 0.3 * 0.03 + 0.35 * 0.01 + 0.15 * 0.015)))
    assert sum(values_of(won).values()) == pytest.approx(won.end - won.start, rel=1e-9)
    assert early.runs == won.runs == 256


def test_shares_are_together_one_in_every_version(tmp_path):
    versions = versions_of(pair_of(study_of(FILE + MOVES, tmp_path)))
    split_slots = [slot for slot, (name, _) in enumerate(versions.lowered.layout.parameters) if name == "spread"]
    given = versions.given(range(1 << len(versions.differences)))
    assert len(given) == 256
    for inputs in given:
        for time in (0.0, 5.0, 8.0):
            shares = [inputs.course(time)[0][slot] for slot in split_slots]
            assert sum(shares) == pytest.approx(1, abs=1e-12)
            assert min(shares) >= 0
    assert given[0].parameters == versions.pair.study.inputs("plain").parameters
    assert given[-1].parameters == versions.pair.study.inputs("rich").parameters
    assert given[-1].switches == versions.pair.study.inputs("rich").switches


def test_a_split_that_moves_in_a_ramp_is_one_difference(tmp_path):
    ramp = MOVES.replace('kind = "step"\nat = 7', 'kind = "ramp"\nover = 3\nat = 7')
    study = study_of(FILE + ramp, tmp_path)
    found = attribution(study)
    titles = {one.name: one.title for one in found.contributions}
    assert titles["spread"] == "lever: split, as it moves"
    assert not [name for name in titles if name.startswith("spread[")]
    assert found.notes == ()
    assert found.end == pytest.approx(study.run()["rich"].value("customers"), rel=1e-6)
    assert sum(values_of(found).values()) == pytest.approx(found.end - found.start, rel=1e-9)


def test_a_lever_that_both_move(tmp_path):
    """One in a ramp, the other in a step amid it: each goes on as it would by itself."""
    ramp = '[strategies.plain]\nmoves = [{ lever = "budget", kind = "ramp", at = 2, over = "4 months", to = 300 }]'
    study = study_of(FILE.replace("[strategies.plain]", ramp) + MOVES, tmp_path)
    found, result = attribution(study), study.run()
    assert found.start == pytest.approx(result["plain"].value("customers"), rel=1e-6)
    assert found.end == pytest.approx(result["rich"].value("customers"), rel=1e-6)
    assert values_of(found)["budget"] < -10


def test_strategies_that_are_alike(tmp_path):
    found = attribution(study_of(FILE + '[strategies.twin]\nlike = "plain"\n', tmp_path), "twin")
    assert found.contributions == ()
    assert found.start == found.end


def test_the_best_other_strategy_is_explained_unless_said(tmp_path):
    study = study_of(FILE + '[strategies.idler]\nlike = "plain"\noff = ["idle", "left", "right"]\n', tmp_path)
    assert attribution(study).challenger == "rich"
    assert values_of(attribution(study, "idler")) == {"idle": 0}


def test_to_the_end_of_the_shorter_run(tmp_path):
    study = study_of(FILE.replace("[strategies.rich]", "[strategies.rich]\nmonths = 9"), tmp_path)
    expected, *_ = by_hand(months=9)
    found = attribution(study)
    assert found.month == 9
    assert values_of(found) == pytest.approx(expected, rel=1e-6, abs=1e-7)


# Many differences: orders are sampled


def test_sampled_contributions_are_within_their_error(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MOST_EXACT", 7)
    found = attribution(study_of(FILE + MOVES, tmp_path), seed=3)
    expected, start, end = by_hand(moves=True)
    assert not found.exact
    assert found.runs < 256
    assert sum(values_of(found).values()) == pytest.approx(end - start, rel=1e-6)
    errors = {one.name: one.error for one in found.contributions}
    assert errors["idle"] == 0
    assert errors["budget"] > 0
    for name, value in values_of(found).items():
        assert abs(value - expected[name]) <= 4 * errors[name] + 1e-6
        assert errors[name] < 0.5


# Draws

UNCERTAIN = "word = { low = 0.01, typical = 0.021, high = 0.04 }"


def test_draws_are_explained_one_by_one(tmp_path):
    study = study_of(FILE, tmp_path, UNCERTAIN)
    found = attribution(study, draws=5, seed=2)
    sampler = sampler_for(study, 5, 2)
    words = sampler.parameters("plain", 0, 5)[sampler.lowered.layout.parameters.index(("word", None))]
    assert np.ptp(words) > 0.005
    every = [by_hand(word=word) for word in words]
    for one in found.contributions:
        values = [shares[one.name] for shares, _, _ in every]
        assert one.value == pytest.approx(np.mean(values), rel=1e-6, abs=1e-7)
        assert (one.low, one.high) == pytest.approx(np.quantile(values, (0.05, 0.95)), rel=1e-6, abs=1e-7)
        assert one.error == 0
    assert (found.start, found.end) == pytest.approx(np.mean([ends[1:] for ends in every], axis=0), rel=1e-6)
    assert (found.exact, found.draws, found.runs) == (True, 5, 5 * 128)


def test_no_more_runs_than_there_may_be(tmp_path, monkeypatch):
    study = study_of(FILE + MOVES, tmp_path, UNCERTAIN)
    exact = values_of(attribution(study, draws=20))
    monkeypatch.setattr(room, "MOST_RUNS", 20 * 150)
    found = attribution(study, draws=20)
    assert (found.exact, found.draws) == (False, 20)
    assert found.runs <= 20 * 150 + 256
    assert sum(values_of(found).values()) == pytest.approx(found.end - found.start, rel=1e-9)
    for one in found.contributions:
        assert abs(one.value - exact[one.name]) <= 5 * one.error + 1e-9
        assert one.error < 0.02  # what the orders get wrong where all is typical is taken off
    monkeypatch.setattr(room, "MOST_RUNS", 128 * 6)
    few = attribution(study, draws=20)
    assert few.draws < 20
    assert few.runs <= 128 * 6 + 256
    assert f"{few.draws} of 20 draws were used" in few.notes[1]


def test_draws_in_which_nothing_is_defined_are_left_out(tmp_path, monkeypatch):
    study = study_of(FILE, tmp_path, UNCERTAIN)
    whole = room.run_variants

    def broken(lowered, variants, *rest, **options):
        found = whole(lowered, variants, *rest, **options)
        found[:, :, 0] = math.nan  # the first draw of the first version
        return found

    monkeypatch.setattr(room, "run_variants", broken)
    found = attribution(study, draws=4)
    assert (found.draws, found.failed) == (3, 1)
    assert sum(values_of(found).values()) == pytest.approx(found.end - found.start, rel=1e-9)


# What cannot be meant


def test_what_cannot_be_explained(tmp_path):
    study = study_of(FILE, tmp_path, UNCERTAIN)
    for options, told in (
        ({"challenger": "ritch"}, "did you mean 'rich'"),
        ({"challenger": "plain"}, "beside the baseline"),
        ({"by": "customer"}, "did you mean 'customers'"),
        ({"month": 13}, "month=13"),
        ({"month": 0}, "month=0"),
        ({"month": "5"}, "month='5'"),
        ({"draws": 0}, "draws=0"),
        ({"seed": -1}, "seed=-1"),
    ):
        with pytest.raises(UsageError, match=told):
            attribution(study, **options)
    with pytest.raises(RunError, match="crowd is undefined at 12 in a version between plain and rich"):
        attribution(study, by="crowd")
    with pytest.raises(RunError, match="crowd is undefined at 12 in every draw"):
        attribution(study, by="crowd", draws=2)
    alone = study_of(FILE.split("[strategies.rich]", maxsplit=1)[0], tmp_path)
    with pytest.raises(UsageError, match="here is one"):
        attribution(alone)


def test_as_json(tmp_path):
    found = attribution(study_of(FILE, tmp_path)).as_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["contributions"][0]["low"] is None
    assert {"baseline", "challenger", "by", "month", "start", "end", "contributions", "exact", "runs"} <= found.keys()


# A shipped scenario


def test_the_whole_of_a_shipped_scenario():
    study = fw.load("scenarios/leaky-bucket.toml")
    result = study.run()
    for found in attributions(study, by=("customers", "cash")):
        ends = [result[name].value(found.by) for name in (found.baseline, found.challenger)]
        assert [found.start, found.end] == pytest.approx(ends, rel=1e-5)  # steps end where either strategy moves
        assert sum(values_of(found).values()) == pytest.approx(found.end - found.start, rel=1e-9)
        assert len(found.contributions) == 8
