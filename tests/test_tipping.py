"""Where two strategies tie: values and lines known in closed form, and both sides of the border run."""

import itertools
import math

import pytest

import flywheel_sim as fw
from flywheel_sim import Model, constant, dimension, flow, lever, metric, outside, param, sqrt, stock
from flywheel_sim.analysis.tipping import dips, in_words, nearest_on, tie_lines, turns
from flywheel_sim.errors import UsageError
from flywheel_sim.scenario import read_scenario
from flywheel_sim.study.tipping import regime_map, tipping

month = constant(1, "month")
side = dimension("left", "right")


class Field(Model):
    """What is grown in a month, with care and without: both in closed form, so that ties are too."""

    care = lever(0, "1", (0, 1), "how much is done by hand", limits=(0, 1))
    glass = lever(0, "1", (0, 1), "how much is under glass", limits=(0, 1))
    heat = param(0.3, "1", (0, 1), "how warm it is", limits=(0, 1))
    wet = param(0.2, "1", (0, 1), "how wet it is", limits=(0, 1))
    soil = param(side(left=0.1, right=0.1), "1", side(left=(0, 1), right=(0, 0.2)), "what the soil gives")
    luck = param(1, "1", (0.5, 2), "the same for both")
    unknown = param(0.5, "1", None, "with no range")
    hump = param(0, "1", None, "how much warmth helps by hand, and too much harms")
    dip = param(0, "1", None, "what little a narrow band of warmth takes away")
    slope = param(0, "1", None, "what warmth and wet give together")
    ring = param(0, "1", None, "what the distance from the middle takes")
    grown = stock(0, "1", "what is grown")
    by_hand = (
        hump * (heat * (1 - heat) - 3 / 16)
        + dip * ((heat - 0.515) ** 2 - 1e-4)
        + slope * (heat + wet + soil["left"] + glass - 1)
        + ring * (1 / 16 - (heat - 0.5) ** 2 - (wet - 0.5) ** 2)
        + 0 * unknown
        + 0 * soil["right"]
    )
    grow = flow(outside >> grown, rate=luck * (1 + care * by_hand) / month)
    waste = metric(10 - grown, "1", "what is not grown", better="lower")
    root = metric(grown + (sqrt(heat - 0.2) - sqrt(heat - 0.2)), "1", "only where it is warm")
    headline = grown


def field(by="grown", months=2, **values):
    stated = "\n".join(f"{name} = {value}" for name, value in values.items())
    text = f"""
        title = "Two ways to farm"
        model = "field"
        months = {months}
        baseline = "plain"
        compare = {{ by = "{by}" }}
        [values]
        {stated}
        [strategies.plain]
        [strategies.hand]
        set = {{ care = 1 }}
    """
    return fw.Study(*read_scenario(text, "x.toml", Field))


def gap(study, by=None):
    result = study.run()
    baseline = study.scenario.baseline
    other = next(name for name in result.runs if name != baseline)
    return float(result[other][by or study.by][-1] - result[baseline][by or study.by][-1])


# Ties


def test_a_model_with_two_ties():
    (found,) = tipping(field(hump=1), "heat")
    assert found.ties == pytest.approx((0.25, 0.75), abs=1e-4)
    assert found.winners == ("plain", "hand", "plain")
    assert found.edges == found.ties
    assert (found.value, found.low, found.high) == (0.3, 0, 1)
    assert found.distance == pytest.approx(0.05, abs=1e-4)
    assert found.sentence == "Hand still wins while heat (how warm it is) is between 25 % and 75 %; here it is 30 %."
    assert (found.name, found.unit, found.baseline, found.challenger, found.by) == ("heat", "1", "plain", "hand", "grown")


def test_a_model_with_none():
    (found,) = tipping(field(hump=1), "heat", low=0.3, high=0.7)
    assert found.ties == found.edges == ()
    assert found.winners == ("hand",)
    assert math.isnan(found.distance)
    assert found.as_json()["distance"] is None
    assert found.sentence.startswith("Hand wins whatever heat (how warm it is) is between 30 % and 70 %")
    assert tipping(field(hump=1, heat=0.5), "luck")[0].winners == ("hand",)  # what helps both alike turns nothing


def test_ties_closer_together_than_the_points_of_a_scan():
    (found,) = tipping(field(dip=1), "heat")
    assert found.ties == pytest.approx((0.505, 0.525), abs=1e-4)
    assert found.winners == ("hand", "plain", "hand")


def test_a_tie_met_exactly_by_a_point():
    study = field(slope=1)  # heat + 0.2 + 0.1 = 1 where heat is 0.7
    (found,) = tipping(study, "heat", low=0.4, high=1.0)
    assert found.ties == pytest.approx((0.7,), abs=1e-6)
    assert found.winners == ("plain", "hand")
    (exact,) = tipping(field(slope=1, wet=0.4), "heat")  # 0.5, the middle of the range
    assert exact.ties == (0.5,)


@pytest.mark.parametrize("value", [0.3, 0.6, 0.9])
def test_both_sides_of_a_tie_are_what_it_says(value):
    study = field(hump=1, heat=value)
    (found,) = tipping(study, "heat")
    for tie, (before, after) in zip(found.ties, itertools.pairwise(found.winners), strict=True):
        for nudge, winner in ((-2e-4, before), (2e-4, after)):
            lead = gap(study.with_values(heat=tie + nudge))
            assert ("hand" if lead > 0 else "plain") == winner
        assert abs(gap(study.with_values(heat=tie))) < 1e-4


def test_less_is_better():
    (more,), (less,) = (tipping(field(by=by, slope=1), "heat") for by in ("grown", "waste"))
    assert more.winners == less.winners == ("plain", "hand")
    assert less.ties == pytest.approx(more.ties)
    assert less.by == "waste"


def test_stretches_without_a_value():
    (found,) = tipping(field(by="root", slope=1, heat=0.3), "heat")
    assert found.winners == ("", "plain", "hand")
    assert found.edges == pytest.approx((0.2, 0.7), abs=1e-4)
    assert found.ties == pytest.approx((0.7,), abs=1e-4)
    (nowhere,) = tipping(field(by="root", slope=1, heat=0.3), "heat", low=0.0, high=0.1)
    assert nowhere.winners == ("",)
    assert nowhere.sentence.startswith("Nobody can tell who wins")


def test_strategies_that_never_differ():
    (found,) = tipping(field(), "heat")
    assert found.winners == ("",)
    assert found.ties == ()
    assert found.sentence.startswith("Plain and hand are level")


UNEVEN = {"heat": "{ low = 0, typical = 0.3, high = 0.8 }", "soil.left": "{ low = 0, typical = 0.1, high = 0.6 }"}


def test_every_parameter_the_nearest_tie_first():
    found = tipping(field(slope=1, **UNEVEN))
    assert [one.name for one in found] == ["wet", "heat", "soil[left]"]
    assert [one.ties[0] for one in found] == pytest.approx([0.6, 0.7, 0.5], abs=1e-4)
    assert [one.distance for one in found] == pytest.approx([0.4, 0.5, 2 / 3], abs=1e-3)


def test_one_answer_for_each_label():
    left, right = tipping(field(slope=1, heat=0.6), "soil")
    assert (left.name, right.name) == ("soil[left]", "soil[right]")
    assert left.title == "soil of left"
    assert left.ties == pytest.approx((0.2,), abs=1e-4)
    assert right.ties == ()
    assert tipping(field(slope=1, heat=0.6), "soil.left")[0].ties == left.ties


def test_the_range_that_a_scenario_states():
    (found,) = tipping(field(slope=1, heat="{ low = 0.6, typical = 0.65, high = 0.8 }"), "heat")
    assert (found.low, found.high) == (0.6, 0.8)
    assert found.distance == pytest.approx(0.05 / 0.2, abs=1e-3)


def test_a_lever_that_both_set_and_move_alike():
    """For half a month all is under glass, then as much as before: -0.4 * 2 + 0.5 + 1.5 glass is 0 where glass is 0.2."""
    study = field(slope=1)
    for name in ("plain", "hand"):
        study = study.with_strategy(name, moves=[{"lever": "glass", "kind": "pulse", "at": 0.5, "to": 1, "for": 0.5}])
    (found,) = tipping(study, "glass")
    assert found.ties == pytest.approx((0.2,), abs=1e-4)
    with pytest.raises(UsageError, match="glass is not the same in plain and hand"):
        tipping(study.with_strategy("hand", moves=[]), "glass")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("heta", {}, "no parameter 'heta'.*\n.*did you mean 'heat'"),
        ("soil[middle]", {}, "soil has no label 'middle'"),
        ("heat[left]", {}, "heat has no label 'left'"),
        ("care", {}, "care is not the same in plain and hand"),
        ("unknown", {}, "no plausible range of unknown"),
        ("heat", {"low": 0.8, "high": 0.2}, "is no range"),
        ("heat", {"low": -1}, "outside the limits"),
        (None, {"low": 1}, "of one parameter"),
        ("heat", {"challenger": "nobody"}, "no strategy 'nobody'"),
        ("heat", {"by": "nothing"}, "no series 'nothing'"),
    ],
)
def test_what_cannot_be_meant(name, options, message):
    with pytest.raises(UsageError, match=message):
        tipping(field(slope=1), name, **options)


def test_a_split_does_not_move_share_by_share():
    with pytest.raises(UsageError, match="spread is a split"):
        tipping(fw.load("scenarios/saas.toml"), "spread[ads]")


def test_shipped_ties_are_confirmed_by_both_sides():
    """Each side run by itself, in steps chosen by error."""
    study = fw.load("scenarios/funnel-wins.toml")
    found = tipping(study)
    assert len(found) >= 3
    assert [one.distance for one in found] == sorted(one.distance for one in found)
    for one in found[:3]:
        width = one.high - one.low
        for tie, winners in zip(one.ties, itertools.pairwise(one.winners), strict=True):
            for nudge, winner in zip((-1e-3, 1e-3), winners, strict=True):
                key = one.name.replace("[", ".").rstrip("]")
                lead = gap(study.with_values(**{key: tie + nudge * width}))
                assert ("flywheel" if lead > 0 else "funnel") == winner, (one.name, tie)


# The map


def test_a_straight_border():
    found = regime_map(field(slope=1, soil="{ left = 0, right = 0 }"), "heat", "wet", size=21)
    (line,) = found.border
    assert all(x + y == pytest.approx(1, abs=1e-9) for x, y in line)
    assert found.distance == pytest.approx(0.5 / math.sqrt(2), abs=1e-6)  # from (0.3, 0.2) straight to the line
    assert found.nearest == pytest.approx((0.55, 0.45), abs=1e-6)
    assert found.winner == "plain"
    assert found.gaps[3][5] == pytest.approx(2 * (5 / 20 + 3 / 20 - 1))  # two months; rows go up, columns across
    assert (len(found.gaps), len(found.gaps[0])) == (21, 21)
    assert (found.across.name, found.across.own, found.up.name, found.up.own) == ("heat", 0.3, "wet", 0.2)
    assert found.share == pytest.approx(0.5, abs=0.03)
    head, tail = found.sentence.split(f"{found.share:.0%}".replace("%", " %"))
    assert head == "Plain wins at heat 30 % and wet 20 %, and on "
    assert tail == " of the map; the border is nearest at heat 55 % and wet 45 %, 35 % of the ranges away."


def test_a_border_that_closes():
    found = regime_map(field(ring=1, heat=0.5, wet=0.5), "heat", "wet")
    (line,) = found.border
    assert line[0] == line[-1]
    assert all(math.hypot(x - 0.5, y - 0.5) == pytest.approx(0.25, abs=1e-3) for x, y in line)
    assert found.winner == "hand"
    assert found.share == pytest.approx(math.pi / 16, abs=0.01)
    assert found.distance == pytest.approx(0.25, abs=1e-3)


def test_a_map_without_a_border():
    found = regime_map(field(slope=1, heat=0.9, wet=0.9), "luck", "soil[right]", size=3)
    assert found.border == ()
    assert found.nearest is None
    assert found.as_json()["distance"] is None
    assert found.sentence == "Hand wins whatever luck and soil of right are within their ranges."


def test_a_map_with_stretches_without_a_value():
    found = regime_map(field(by="root", slope=1, soil="{ left = 0, right = 0 }"), "heat", "wet", size=21)
    assert math.isnan(found.gaps[0][0])
    assert found.as_json()["gaps"][0][0] is None
    (line,) = found.border
    assert min(x for x, _ in line) >= 0.2


def test_sides_that_nobody_names_have_the_nearest_ties():
    study = field(slope=1, **UNEVEN)
    for named, sides in [({}, ("wet", "heat")), ({"up": "wet"}, ("heat", "wet")), ({"across": "luck"}, ("luck", "wet"))]:
        found = regime_map(study, **named, size=3)
        assert (found.across.name, found.up.name) == sides


@pytest.mark.parametrize(
    ("across", "up", "size", "message"),
    [
        ("heat", "heat", 3, "two different sides"),
        ("soil", "heat", 3, "name one of soil.left., soil.right."),
        ("heat", "wet", 1, "size=1"),
        ("heat", "unknown", 3, "no plausible range of unknown"),
    ],
)
def test_maps_that_cannot_be_meant(across, up, size, message):
    with pytest.raises(UsageError, match=message):
        regime_map(field(slope=1), across, up, size=size)


# The parts


def test_turns():
    found = turns([0, 1, 2, 3], [-1, 3, 0, -2])
    assert [(turn.value, turn.tie, turn.before, turn.after) for turn in found] == [(0.25, True, -1, 1), (2, True, 1, -1)]
    assert turns([0, 1, 2], [1, 0, 1]) == []  # touches, and does not change hands
    assert turns([0, 1, 2], [0, 1, 1]) == []  # level only where it begins
    level = turns([0, 1, 2, 3], [-1, 0, 0, 1])
    assert [(turn.value, turn.tie, turn.before, turn.after) for turn in level] == [(1, False, -1, 0), (2, False, 0, 1)]
    hole = turns([0, 1, 2], [-1, math.nan, 1])
    assert [(turn.tie, turn.before, turn.after) for turn in hole] == [(False, -1, 0), (False, 0, 1)]


def test_dips():
    assert dips([0, 1, 2, 3, 4], [5, 4, 0.1, 4, 5]) == [(1, 3)]
    assert dips([0, 1, 2], [5, 4, 5]) == []
    assert dips([0, 1, 2], [-3, -0.2, -3]) == [(0, 2)]
    assert dips([0, 1, 2], [3, -0.2, 3]) == []


def test_lines_through_a_saddle_and_beside_a_hole():
    high, low = [1, -1], [-1, 1]
    saddle = tie_lines([0, 1], [0, 1], [high, low])
    assert sorted(map(len, saddle)) == [2, 2]
    joined = tie_lines([0, 1], [0, 1], [[3, -1], [-1, 3]])  # the mean is above 0: the low corners are cut off
    assert {frozenset(line) for line in joined} == {frozenset({(0.75, 0), (1, 0.25)}), frozenset({(0, 0.75), (0.25, 1)})}
    apart = tie_lines([0, 1], [0, 1], [[1, -3], [-3, 1]])
    assert {frozenset(line) for line in apart} == {frozenset({(0.25, 0), (0, 0.25)}), frozenset({(1, 0.75), (0.75, 1)})}
    assert tie_lines([0, 1], [0, 1], [[math.nan, -1], [1, 1]]) == ()
    assert tie_lines([0, 1, 2], [0, 1], [[-1, 1, math.nan], [-1, 1, 1]]) == (((0.5, 0), (0.5, 1)),)


def test_the_nearest_point_of_lines():
    lines = (((0.0, 0.0), (10.0, 0.0)), ((0.0, 4.0), (10.0, 4.0)))
    assert nearest_on(lines, (5.0, 3.0), (10.0, 4.0)) == (0.25, (5.0, 4.0))
    assert nearest_on(lines, (12.0, 0.0), (10.0, 4.0)) == (pytest.approx(0.2), (10.0, 0.0))
    assert math.isnan(nearest_on((), (0.0, 0.0), (1.0, 1.0))[0])


def test_many_ties_in_words():
    text = in_words("heat", 0.5, (0.0, 1.0), (0.2, 0.4, 0.6), ("a", "b", "a", "b"), "{:g}".format, "")
    assert text == (
        "A still wins while heat is between 0.4 and 0.6; here it is 0.5; over the whole range, "
        "a wins where heat is below 0.2, b from 0.2 to 0.4, a from 0.4 to 0.6, b above 0.6."
    )
    beyond = in_words("heat", 2.0, (0.0, 1.0), (0.5,), ("a", "b"), "{:g}".format, "")
    assert beyond == "A wins where heat is below 0.5, b above 0.5; here it is 2."
    assert in_words("heat", 0.2, (0.0, 1.0), (0.5,), ("funnel", "b"), "{:g}".format, "") == (
        "The funnel still wins until heat rises above 0.5; here it is 0.2."
    )
