"""Uncertain values and correlations in a scenario: every form, labels that look like its keys, changes from Python."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

import flywheel_sim as fw
from flywheel_sim.distributions import Beta, Discrete, Lognormal, Normal, Pert, Triangular, Truncated, Uniform
from flywheel_sim.errors import ScenarioError, UsageError
from flywheel_sim.scenario import read_scenario

HEAD = 'title = "Test"\nmodel = "growth"\nmonths = 60\n'
YEAR = 12


def read(body, head=HEAD, model=None):
    return read_scenario(head + body, "x.toml", model)[0]


def value(line, name=None, label=None):
    """What a line of [values] states."""
    scenario = read(f"[values]\n{line}\n[strategies.a]\n")
    assert scenario.warnings == (), "its author has said how far it may go"
    return scenario.values[name or line.split(" ")[0].split(".")[0], label]


def fields(record):
    return tuple(getattr(record, name) for name in record.__match_args__)


@pytest.mark.parametrize(
    ("line", "kind", "numbers"),
    [
        ('price = { low = "$12k/year", typical = "$24k/year", high = "$60k/year" }', Pert, (1000, 2000, 5000)),
        ('price = { low = 1000, typical = 2000, high = 5000, distribution = "pert" }', Pert, (1000, 2000, 5000)),
        ('price = { low = 1000, typical = 2000, high = 5000, distribution = "triangular" }', Triangular, (1000, 2000, 5000)),
        ('price = { high = "$60k/year", low = "$12k/year", distribution = "uniform" }', Uniform, (1000, 5000)),
        ('price = { median = "$24k/year", factor = 1.5, distribution = "lognormal" }', Lognormal, (2000, 1.5)),
        ('price = { mean = 2000, deviation = 500, low = 1000, high = "$60k/year", distribution = "beta" }', Beta, (2000, 500, 1000, 5000)),
        ('margin = { mean = 0.6, deviation = "5 %", distribution = "beta" }', Beta, (0.6, 0.05, 0, 1)),
        ('margin = { mean = 0.6, deviation = "5 %", high = 0.9, distribution = "beta" }', Beta, (0.6, 0.05, 0, 0.9)),
        ('price = { values = ["$12k/year", 2000], weights = [2, 1.5], distribution = "discrete" }', Discrete, ((1000, 2000), (2, 1.5))),
        ('price = { values = [1000], distribution = "discrete" }', Discrete, ((1000,), (1,))),
    ],
)
def test_every_form(line, kind, numbers):
    found = value(line)
    assert type(found.distribution) is kind
    for field, number in zip(fields(found.distribution), numbers, strict=True):
        assert field == pytest.approx(number)
    assert (found.typical, found.between) == (found.distribution.typical, found.distribution.between)
    assert found.draw == (line.split(" ")[0], None)


def test_a_distribution_without_ends_is_cut_at_the_limits():
    for line, kind in (
        ('margin = { mean = 0.9, deviation = 0.2, distribution = "normal" }', Normal),
        ('margin = { median = 0.9, factor = 1.5, distribution = "lognormal" }', Lognormal),
    ):
        found = value(line)
        assert type(found.distribution) is Truncated
        assert type(found.distribution.whole) is kind
        assert found.distribution.ends == (0, 1)
        assert found.typical == 0.9
        assert found.between[0] < 0.9 < found.between[1] == 1


def test_a_percentage_that_is_gone_after_a_year():
    def hazard(share):
        return -math.log(1 - share) / YEAR

    normal = value('churn = { mean = "12 %/year", deviation = "4 %/year", distribution = "normal" }').distribution.whole
    assert fields(normal) == pytest.approx((hazard(0.12), (hazard(0.16) - hazard(0.08)) / 2))
    monthly = value('churn = { mean = "1 %/month", deviation = "0.5 %/month", distribution = "normal" }').distribution.whole
    assert monthly.deviation == pytest.approx((math.log(0.995) - math.log(0.985)) / 2)
    plain = value('churn = { mean = "0.12/year", deviation = "0.005/month", distribution = "normal" }').distribution.whole
    assert fields(plain) == pytest.approx((0.01, 0.005))
    beta = value('churn = { mean = "12 %/year", deviation = "4 %/year", low = "1 %/year", high = "50 %/year", distribution = "beta" }')
    assert fields(beta.distribution) == pytest.approx((hazard(0.12), (hazard(0.16) - hazard(0.08)) / 2, hazard(0.01), hazard(0.5)))
    lognormal = value('churn = { median = "12 %/year", factor = 1.5, distribution = "lognormal" }').distribution
    assert lognormal.median == pytest.approx(hazard(0.12)), "the factor is one of the hazard"
    low = value('churn = { mean = "2 %/year", deviation = "4 %/year", distribution = "normal" }').distribution.whole
    assert low.deviation == pytest.approx((hazard(0.06) - hazard(-0.02)) / 2)


def test_levers_may_be_uncertain_too():
    scenario = read('[strategies.a]\nset = { budget = { low = 1e5, high = 3e5, distribution = "uniform" } }\n[strategies.b]\nlike = "a"\n')
    assert all(one.settings["budget", None].typical == 2e5 for one in scenario.strategies.values())
    assert scenario.strategies["b"].settings["budget", None].draw == ("budget", None)


def test_one_value_for_all_labels_is_one_draw():
    scenario = read('[values]\nfit = { mean = 0.1, deviation = 0.02, distribution = "beta" }\nhalf.ads = { low = 1, typical = 2, high = 3 }\nhalf.practice = 5\n[strategies.a]\n')  # fmt: skip
    assert {name: found.draw for name, found in scenario.values.items()} == {
        ("fit", "cold"): ("fit", None),
        ("fit", "referred"): ("fit", None),
        ("half", "ads"): ("half", "ads"),
        ("half", "practice"): None,
    }
    assert scenario.values["half", "practice"].distribution is None


# Labels that are called like the keys of uncertain values

statistic = fw.dimension("mean", "deviation", "values", "distribution")


class Odd(fw.Model):
    """Somebody's labels are words of ours."""

    time_unit, counts = "month", "person"

    chance = fw.share(statistic(mean=0.1, deviation=0.2, values=0.3, distribution=0.4), (0, 1), "of leaving")
    people = fw.stock(statistic(mean=1, deviation=1, values=1, distribution=1), "person", "here")
    leave = fw.flow(people >> fw.outside, hazard=chance * fw.constant(1, "1/month"))
    everybody = fw.group(people, note="all of them")
    headline = everybody


def test_labels_called_like_keys():
    def states(table):
        scenario = read(f"[values]\nchance = {table}\n[strategies.a]\n", model=Odd)
        return {label: (found.typical, found.distribution is not None) for (_, label), found in scenario.values.items()}

    everywhere = dict.fromkeys(statistic.labels)
    assert states("{ mean = 0.5, deviation = 0.6 }") == {"mean": (0.5, False), "deviation": (0.6, False)}
    assert states("{ values = 0.5, distribution = 0.6 }") == {"values": (0.5, False), "distribution": (0.6, False)}
    assert states("{ low = 0.1, typical = 0.2, high = 0.3 }") == dict.fromkeys(everywhere, (0.2, True))
    assert states('{ low = 0.1, high = 0.3, distribution = "uniform" }') == dict.fromkeys(everywhere, (0.2, True))
    assert states('{ median = 0.2, factor = 2, distribution = "lognormal" }') == dict.fromkeys(everywhere, (0.2, True))
    assert states('{ mean = 0.2, deviation = 0.1, distribution = "beta" }') == dict.fromkeys(everywhere, (0.2, True))
    assert states('{ mean = { mean = 0.2, deviation = 0.1, distribution = "beta" } }') == {"mean": (0.2, True)}
    with pytest.raises(ScenarioError, match="has no label 'factor'"):
        states("{ mean = 0.5, factor = 2 }")


# Correlations

THREE = """
[values]
churn = { low = "5 %/year", typical = "12 %/year", high = "20 %/year" }
fit = { mean = 0.1, deviation = 0.02, distribution = "beta" }
half.ads = { low = 80_000, typical = 90_000, high = 95_000 }
[strategies.a]
set = { fit.referred = { mean = 0.5, deviation = 0.1, distribution = "beta" } }
"""


def correlated(*pairs):
    return THREE + "".join(f'[[correlations]]\nof = ["{one}", "{other}"]\nrank = {rank}\n' for one, other, rank in pairs)


def test_correlations_are_named_as_values_are():
    assert read(THREE).correlations == ()
    scenario = read(correlated(("churn", "fit", -0.4), ("half.ads", "churn", 0.2), ("fit.referred", "fit", 0)))
    assert [fields(one) for one in scenario.correlations] == [
        (("churn", None), ("fit", None), -0.4),
        (("half", "ads"), ("churn", None), 0.2),
        (("fit", "referred"), ("fit", None), 0),
    ]
    assert read("correlations = []\n" + THREE).correlations == ()


def test_correlations_that_hold_together_though_some_of_them_would_not():
    pairs = [("churn", "fit", 0.9), ("fit", "half.ads", 0.9)]
    with pytest.raises(ScenarioError, match=r"correlations of 'half\.ads' cannot hold together"):
        read(correlated(*pairs))
    assert len(read(correlated(*pairs, ("churn", "half.ads", 0.8))).correlations) == 3


def test_what_the_remedy_for_contradictions_says_is_enough():
    pairs = [("churn", "fit", 0.9), ("fit", "half.ads", -0.95), ("churn", "half.ads", 0.9)]
    with pytest.raises(ScenarioError) as caught:
        read(correlated(*pairs))
    share = float(str(caught.value).split("bring them nearer to 0 (")[1].split(" ")[0])
    assert 0 < share < 1
    assert read(correlated(*((one, other, rank * share) for one, other, rank in pairs)))
    with pytest.raises(ScenarioError):
        read(correlated(*((one, other, rank * (share + 0.05)) for one, other, rank in pairs)))


# Changed from Python


def study(body=THREE):
    return fw.Study(*read_scenario(HEAD + body, "x.toml"))


@pytest.mark.parametrize(
    "table",
    [
        {"mean": 0.01, "deviation": 0.002, "distribution": "normal"},
        {"low": 0.005, "high": 0.015, "distribution": "uniform"},
        {"values": (0.01, 0.02), "weights": [2, 1], "distribution": "discrete"},
        {"low": 0.001, "typical": 0.01, "high": 0.02},
    ],
)
def test_a_whole_uncertain_value_replaces_the_one_before(table):
    for before in (study(), study().with_values(churn={"median": 0.02, "factor": 2, "distribution": "lognormal"})):
        assert before.with_values(churn=table).scenario.values["churn", None].typical == pytest.approx(0.01)
    labels = study().with_values(half=table | ({"deviation": 0.001} if "mean" in table else {}))
    assert labels.scenario.values["half", "practice"].typical == pytest.approx(0.01)


def test_a_part_of_an_uncertain_value_changes_that_part():
    changed = study().with_values(churn={"typical": 0.012}).scenario.values["churn", None]
    before = study().scenario.values["churn", None]
    assert (changed.typical, changed.between) == (0.012, before.between)
    certain = study().with_values(churn=0.01).scenario.values["churn", None]
    assert (certain.distribution, certain.draw) == (None, None)
    table = study().with_values(**{"fit.cold": {"mean": 0.2, "deviation": 0.1, "distribution": "beta"}, "half.ads": 5})
    assert table.scenario.values["half", "ads"].typical == 5


def test_a_value_that_is_given_for_certain_goes_with_nothing():
    both = study(correlated(("churn", "fit", -0.4)))
    assert len(both.scenario.correlations) == 1
    assert both.with_values(churn=0.01).scenario.correlations == ()
    assert len(both.with_values(price=20_000 / 12).scenario.correlations) == 1
    assert len(both.with_values(churn={"typical": 0.012}).scenario.correlations) == 1
    with pytest.raises(UsageError, match="is not uncertain"):
        study(correlated(("churn", "price", -0.4)))


# What it costs


def test_a_scenario_with_every_form_is_checked_and_run_without_scipy(tmp_path):
    """A run without draws needs the typical values and the ranges alone."""
    (tmp_path / "x.toml").write_text(
        HEAD
        + """
[values]
price = { low = 1000, typical = 2000, high = 5000, distribution = "triangular" }
churn = { mean = "12 %/year", deviation = "4 %/year", distribution = "normal" }
fit.cold = { mean = 0.06, deviation = 0.02, distribution = "beta" }
asks = { median = 0.02, factor = 1.4, distribution = "lognormal" }
margin = { values = [0.7, 0.8], distribution = "discrete" }
[strategies.a]
off = ["referral"]
[strategies.b]
[[correlations]]
of = ["churn", "price"]
rank = 0.5
"""
    )
    script = (
        "import sys; from flywheel_sim.cli import main; code = main([sys.argv[1], 'x.toml'])\n"
        "sys.exit(code or 7 * any(name in sys.modules for name in ('numpy', 'scipy')))"
    )
    for command in ("check", "run"):
        assert subprocess.run([sys.executable, "-c", script, command], cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_what_an_assumption_of_a_verdict_may_be_is_what_its_distribution_says():
    found = study().with_values(margin={"mean": 0.8, "deviation": 0.05, "distribution": "normal"})
    assert found.between("a", "margin", None) == pytest.approx((0.8 - 1.645 * 0.05, 0.8 + 1.645 * 0.05), abs=1e-4)


def test_many_correlations_are_checked():
    """A chain of labels, each correlated with the next."""
    labels = fw.dimension(*(f"l{number}" for number in range(150)))

    class Wide(fw.Model):
        """Many labels."""

        time_unit, counts = "month", "person"
        chance = fw.share(labels(**dict.fromkeys(labels.labels, 0.1)), (0, 1), "of leaving")
        people = fw.stock(labels(**dict.fromkeys(labels.labels, 1)), "person", "here")
        leave = fw.flow(people >> fw.outside, hazard=chance * fw.constant(1, "1/month"))
        everybody = fw.group(people, note="all of them")
        headline = everybody

    body = "[values]\n" + "".join(f"chance.{label} = {{ low = 0, typical = 0.1, high = 0.2 }}\n" for label in labels.labels)
    body += "[strategies.a]\n"
    for one, other in zip(labels.labels, labels.labels[1:], strict=False):
        body += f'[[correlations]]\nof = ["chance.{one}", "chance.{other}"]\nrank = 0.4\n'
    assert len(read(body, model=Wide).correlations) == 149
    with pytest.raises(ScenarioError, match="cannot hold together"):
        read(body.replace("rank = 0.4", "rank = 0.9"), model=Wide)


def test_the_page_about_scenarios_shows_values_that_can_be_read():
    page = (Path(__file__).resolve().parent.parent / "docs" / "scenario.md").read_text("utf-8")
    (block,) = re.findall(r"```toml\n(\[values\]\n.*?)```", page, re.DOTALL)
    scenario = read(block + "[strategies.a]\n")
    assert scenario.warnings == ()
    kinds = {type(getattr(found.distribution, "whole", found.distribution)) for found in scenario.values.values()}
    assert kinds == {Pert, Triangular, Uniform, Normal, Lognormal, Beta, Discrete}
    assert len(scenario.correlations) == 1
