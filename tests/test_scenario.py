"""Scenario files that are sound: what they mean, what they warn of, their schema and their templates."""

import json
import math
import re

import numpy as np
import pytest

import flywheel_sim as fw
from flywheel_sim.errors import ScenarioError, UsageError
from flywheel_sim.library import MODELS, Growth, find
from flywheel_sim.model import declaration
from flywheel_sim.scenario import load_scenario, read_scenario
from flywheel_sim.scenario.edit import edited

HEAD = 'title = "Test"\nmodel = "growth"\nmonths = 60\n'
YEAR = 12


def read(body, head=HEAD):
    return read_scenario(head + body, "x.toml")[0]


def faults(body, head=HEAD):
    with pytest.raises(ScenarioError) as caught:
        read(body, head)
    return caught.value.faults


# What a file means


def test_the_scenario_of_the_contract():
    scenario = read("""
currency = "$"
baseline = "funnel"
compare = { by = "customers" }

[values]
price = "$25,000/year"
churn = { low = "5 %/year", typical = "12 %/year", high = "20 %/year" }
fit.referred = { low = "10 %", typical = "50 %", high = "70 %" }

[strategies.funnel]
note  = "Buy leads, close them, move on"
off   = ["referral", "proof", "practice", "reactivation", "reinvestment"]
set   = { budget = "$150k/month", rigidity = 0.5, shared_marketing = 0.4, shared_sales = 0.4, shared_success = 0.4 }
split = { ads = 0.42, attract = 0.08, sellers = 0.50 }

[strategies.natural]
note = "The same spending; customers talk anyway"
like = "funnel"
off  = []

[strategies.flywheel]
set   = { budget = "$150k/month", rigidity = 0.5, shared_marketing = 0.6, shared_sales = 0.6, shared_success = 0.6 }
split = { ads = 0.17, attract = 0.07, engage = 0.06, sellers = 0.39, delight = 0.06, practice = 0.14, programme = 0.07, alignment = 0.04 }
[[strategies.flywheel.moves]]
lever = "budget"
kind  = "step"
at    = 24
to    = "$0/month"
""")
    assert (scenario.title, scenario.model, scenario.months, scenario.baseline, scenario.by) == (
        "Test",
        "growth",
        60,
        "funnel",
        "customers",
    )
    assert scenario.warnings == ()
    assert scenario.values["price", None].typical == pytest.approx(25_000 / YEAR)
    assert scenario.values["price", None].between is None
    churn = scenario.values["churn", None]
    assert (churn.between[0], churn.typical, churn.between[1]) == pytest.approx([-math.log(1 - p) / YEAR for p in (0.05, 0.12, 0.2)])
    assert scenario.values["fit", "referred"].between == (0.1, 0.7)
    assert ("fit", "cold") not in scenario.values
    funnel, natural, flywheel = scenario.strategies.values()
    assert (funnel.name, natural.name, flywheel.name) == ("funnel", "natural", "flywheel")
    assert funnel.off == ("referral", "proof", "practice", "reactivation", "reinvestment")
    assert natural.off == flywheel.off == ()
    assert natural.note == "The same spending; customers talk anyway"
    assert natural.settings.keys() == funnel.settings.keys()
    assert all(natural.settings[name].typical == funnel.settings[name].typical for name in funnel.settings)
    assert funnel.settings["budget", None].typical == 150_000
    assert funnel.settings["price", None] is scenario.values["price", None]
    assert flywheel.settings["spread", "practice"].typical == 0.14
    assert math.fsum(flywheel.settings["spread", outlet].typical for outlet in ["ads", "attract", "engage", "sellers", "delight", "practice", "programme", "alignment"]) == pytest.approx(1)  # fmt: skip
    (move,) = flywheel.moves
    assert (move.lever, move.kind, move.at, move.to, move.length) == ("budget", "step", 24, {None: 0.0}, 0)


def test_what_is_not_said():
    scenario = read("[strategies.b]\n[strategies.a]\n")
    assert (scenario.currency, scenario.baseline, scenario.by, scenario.note, scenario.values) == ("$", "b", None, "", {})
    assert [(one.off, one.moves, one.settings, one.months, one.note) for one in scenario.strategies.values()] == [((), (), {}, 60, "")] * 2


def test_the_ways_of_toml_are_one():
    inline = read("values = { fit = { cold = 0.05 }, price = 2000 }\nstrategies = { a = { set = { budget = 100000 }, months = 12 } }\n")
    tables = read("[values]\nfit.cold = 0.05\nprice = 2_000.0\n[strategies.a]\nmonths = 12\n[strategies.a.set]\nbudget = 1e5\n")
    quoted = read('["values"]\n"price" = 0x7d0\n"fit"."cold" = "5 %"\n[strategies."a"]\nmonths = 1_2\nset."budget" = "$100k/month"\n')
    for one in (inline, tables, quoted):
        assert {name: value.typical for name, value in one.strategies["a"].settings.items()} == {
            ("fit", "cold"): 0.05,
            ("price", None): 2000.0,
            ("budget", None): 100_000.0,
        }
        assert one.strategies["a"].months == 12


def test_one_value_for_all_labels_or_one_for_each():
    scenario = read(
        '[values]\nfit = "10 %"\nhalf = { ads = "$90k", practice = { low = "$1", typical = "$2", high = "$3" } }\n[strategies.a]\n'
    )
    assert {label: value.typical for (name, label), value in scenario.values.items() if name == "fit"} == {"cold": 0.1, "referred": 0.1}
    assert {label: value.typical for (name, label), value in scenario.values.items() if name == "half"} == {"ads": 90_000, "practice": 2}
    for_all = read("[values]\nfit = { low = 0.05, typical = 0.1, high = 0.2 }\n[strategies.a]\n")
    assert [for_all.values["fit", label].between for label in ("cold", "referred")] == [(0.05, 0.2)] * 2


def test_like_takes_over_what_is_not_said():
    scenario = read("""
[values]
price = 2000
fit.cold = 0.05
[strategies.third]
like = "second"
set = { rigidity = 0.1, fit.cold = 0.07 }
split = { ads = 1 }
[strategies.second]
like = "first"
months = 24
off = ["proof"]
set = { price = 3000, fit.referred = 0.4 }
[strategies.first]
note = "its own"
months = 36
off = ["referral"]
set = { budget = 100_000, rigidity = 0.9 }
split = { ads = 0.5, sellers = 0.5 }
moves = [{ lever = "budget", kind = "step", at = 30, to = 50_000 }]
""")
    third, second, first = scenario.strategies.values()
    assert (third.months, second.months, first.months) == (24, 24, 36)
    assert (third.off, second.off, first.off) == (("proof",), ("proof",), ("referral",))
    assert (third.note, first.note) == ("", "its own")
    assert [one.settings["rigidity", None].typical for one in (third, second, first)] == [0.1, 0.9, 0.9]
    assert [one.settings["price", None].typical for one in (third, second, first)] == [3000, 3000, 2000]
    assert [one.settings["fit", "cold"].typical for one in (third, second, first)] == [0.07, 0.05, 0.05]
    assert [("fit", "referred") in one.settings for one in (third, second, first)] == [True, True, False]
    assert [one.settings["spread", "ads"].typical for one in (third, second, first)] == [1, 0.5, 0.5]
    assert third.settings["spread", "sellers"].typical == 0
    assert [len(one.moves) for one in (third, second, first)] == [1, 1, 1], "a move past a shorter horizon does no harm"


def test_an_empty_list_replaces_moves():
    scenario = read("""
[strategies.a]
moves = [{ lever = "budget", kind = "step", at = 30, to = 50_000 }]
[strategies.b]
like = "a"
moves = []
""")
    assert [len(one.moves) for one in scenario.strategies.values()] == [1, 0]


def test_moves_are_in_the_order_of_time():
    scenario = read("""
[[strategies.a.moves]]
lever = "budget"
kind = "pulse"
at = "2 years"
for = "3 months"
to = "$300k/month"
[[strategies.a.moves]]
lever = "split"
kind = "ramp"
at = 6.5
over = 12
to = { ads = "20 %", sellers = 0.8 }
note = "why"
[[strategies.a.moves]]
lever = "budget"
kind = "ramp"
at = 0
over = "2 years"
to = 100_000
[[strategies.a.moves]]
lever = "spread"
kind = "step"
at = "18.5 months"
to = { ads = 1 }
[[strategies.a.moves]]
lever = "budget"
kind = "step"
at = 59.99
to = 0
""")
    moves = scenario.strategies["a"].moves
    assert [(move.lever, move.kind, move.at, move.length) for move in moves] == [
        ("budget", "ramp", 0, 24),
        ("spread", "ramp", 6.5, 12),
        ("spread", "step", 18.5, 0),
        ("budget", "pulse", 24, 3),
        ("budget", "step", 59.99, 0),
    ]
    assert moves[1].to == {
        "ads": 0.2,
        "sellers": 0.8,
        **dict.fromkeys(["attract", "engage", "delight", "practice", "programme", "alignment"], 0),
    }
    assert moves[3].to == {None: 300_000}


@pytest.mark.parametrize(
    "title", ["[bold]red[/bold]", "<b>&amp;</b>", "a\tb", "10\N{NO-BREAK SPACE}000 €", "👩\N{ZERO WIDTH JOINER}💻 at work", "Ünïcode 漢字"]
)
def test_a_title_is_kept_as_it_is(title):
    assert (
        read_scenario(f"title = {json.dumps(title, ensure_ascii=False)}\nmodel = 'growth'\nmonths = 6\n[strategies.a]\n")[0].title == title
    )


@pytest.mark.parametrize(("currency", "price"), [("€", "€25,000/year"), ("€", "25.000,00"), ("kr", "kr 25k a year"), ("CHF", "25'000 CHF/year"), ("R$", "R$ 25k/year"), ("EUR", "25k €/year")])  # fmt: skip
def test_money_is_in_the_currency_of_the_file(currency, price):
    body = f'currency = "{currency}"\n[values]\nprice = "{price}"\n[strategies.a]\nset = {{ budget = "150k {currency}/month" }}\n'
    if "," in price and "." in price:
        assert faults(body) == ("'price': '25.000,00' cannot be read as one number",)
        return
    scenario = read(body)
    assert scenario.currency == currency
    assert scenario.values["price", None].typical == pytest.approx(25_000 / YEAR)
    assert scenario.strategies["a"].settings["budget", None].typical == 150_000


@pytest.mark.parametrize("currency", ["k", "M", "bn", "%", "1", "a1", " ", "/", "'", "day", "-"])
def test_what_is_no_currency(currency):
    assert any("is no currency" in fault for fault in faults(f'currency = "{currency}"\n[strategies.a]\n'))


def test_a_loop_named_twice_is_off_once():
    assert read('[strategies.a]\noff = ["proof", "referral", "proof", "sales_to_success"]\n').strategies["a"].off == (
        "proof",
        "referral",
        "sales_to_success",
    )


@pytest.mark.parametrize("by", ["customers", "cash", "lost_to_sales", "advocates", "strangers", "recurring", "loop_gain", "graveyard"])
def test_what_can_decide_who_is_ahead(by):
    assert read(f'compare = {{ by = "{by}" }}\n[strategies.a]\n').by == by


def test_whatever_can_decide_can_be_run():
    """What the reader lets pass as ``compare.by`` is a series of every run."""
    from flywheel_sim.scenario.interpret import comparable

    for name in MODELS:
        run = fw.simulate(find(name), until=1)["run"]
        for by in comparable(declaration(find(name))):
            assert run.about(by).labels == (None,)


class Village(fw.Model):
    """People come and go."""

    time_unit, counts = "year", "person"

    coming = fw.param(3, "1/year", (1, 9), "people who come")
    going = fw.lever(0.1, "1/year", (0, 1), "people who go")
    people = fw.stock(10, "person", "who live here")
    come = fw.flow(fw.outside >> people, rate=coming * fw.constant(1, "person"))
    go = fw.flow(people >> fw.outside, hazard=going)
    headline = people


def test_a_model_of_your_own(tmp_path):
    file = tmp_path / "village.toml"
    file.write_text(
        'title = "V"\nmodel = "village"\nmonths = 6\n[values]\ncoming = "6/year"\n[strategies.a]\nset = { going = "5 %/year" }\n'
    )
    with pytest.raises(ScenarioError, match="there is no model 'village'"):
        load_scenario(file)
    scenario, model = load_scenario(file, Village)
    assert model is Village
    assert scenario.strategies["a"].settings["going", None].typical == pytest.approx(-math.log(0.95))
    assert scenario.values["coming", None].typical == 6
    assert fw.load(file, Village).run()["a"]["people"][0] == 10
    with pytest.raises(ScenarioError, match="the model Village has no split"):
        read_scenario(file.read_text() + "split = { a = 1 }\n", model=Village)
    moved = file.read_text() + '[[strategies.a.moves]]\nlever = "going"\nkind = "step"\nat = "18 months"\nto = 0.2\n'
    assert read_scenario(moved, model=Village)[0].strategies["a"].moves[0].at == 1.5


# Warnings


@pytest.mark.parametrize(
    ("body", "place", "words", "remedy"),
    [
        ("[values]\nprice = 25000\n[strategies.a]", "5:9", "'price' is $25,000/month; plausible is $800/month to $4,200/month", 'a bare number is in $/month; to say another, write it like "$25,000/year"'),
        ('[values]\nprice = "$1,000,000/year"\n[strategies.a]', "5:9", "'price' is $1,000,000/year; plausible is $9,600/year to $50,400/year", "check the number"),
        ('[values]\nchurn = "60 %/year"\n[strategies.a]', "5:9", "'churn' is 60 %/year; plausible is 4.69 %/year to 30.2 %/year", "check the number"),
        ("[values]\nmargin = 0.2\n[strategies.a]", "5:10", "'margin' is 0.2; plausible is 0.7 to 0.85", "check the number"),
        ('[values]\nmargin = "20 %"\n[strategies.a]', "5:10", "'margin' is 20 %; plausible is 70 % to 85 %", "check the number"),
        ("[values]\nfit = 0.3\n[strategies.a]", "5:7", "'fit' at 'cold' is 0.3; plausible is 0.025 to 0.13", "check the number"),
        ("[values]\nfit.cold = 0.9\n[strategies.a]", "5:12", "'fit' at 'cold' is 0.9; plausible is 0.025 to 0.13", "check the number"),
        ('[values]\ndeciding_time = "2 years"\n[strategies.a]', "5:17", "'deciding_time' is 2 years; plausible is 0.0583 years to 0.417 years", "check the number"),
        ("[values]\nmarket = 4000\n[strategies.a]", "5:10", "'market' is 4,000; plausible is 5,000 to 100,000", "check the number; if it is meant, leave it"),
        ('[strategies.a]\nset = { budget = "$150/month" }', "5:18", "'budget' is $150/month; plausible is $20,000/month to $1,000,000/month", "check the number"),
        ("[strategies.a]\nset = { price = 100 }", "5:17", "'price' is $100/month; plausible is", "a bare number is in $/month"),
        ('[strategies.a]\nmoves = [{ lever = "budget", kind = "step", at = 3, to = "$15/month" }]', "5:58", "'budget' is $15/month; plausible is", "check the number"),
        ('currency = "€"\n[values]\nprice = "€60k/year"\n[strategies.a]', "6:9", "'price' is €60,000/year; plausible is €9,600/year to €50,400/year", "check the number"),
    ],
)  # fmt: skip
def test_an_implausible_value_warns_and_is_used(body, place, words, remedy):
    scenario = read(body + "\n")
    (warning,) = scenario.warnings
    assert warning.startswith(f"warning: {words}")
    assert f"--> x.toml:{place}\n" in warning
    assert f"= help: {remedy}" in warning
    assert "nothing was run" not in warning
    assert re.search(r"\| +\^+\n", warning)


@pytest.mark.parametrize(
    "body",
    [
        "[values]\nprice = { low = 1, typical = 25000, high = 1e6 }\n[strategies.a]",
        "[values]\nfit.cold = { low = 0, typical = 0.9, high = 1 }\n[strategies.a]",
        "[values]\nstart_prospects = 1\n[strategies.a]",
        "[strategies.a]\nset = { budget = 0 }",
        '[strategies.a]\nmoves = [{ lever = "budget", kind = "step", at = 3, to = "$0/month" }]',
        "[values]\nprice = 800\nmargin = 0.85\n[strategies.a]",
    ],
)
def test_what_is_no_cause_for_a_warning(body):
    """An uncertain value, one without a plausible range, a lever at 0, the ends of a range."""
    assert read(body + "\n").warnings == ()


def test_warnings_stand_in_the_order_of_the_file_and_among_the_faults():
    scenario = read("[values]\nprice = 25000\nmargin = 0.1\n[strategies.a]\n")
    assert [re.search(r"x\.toml:(\d+)", warning)[1] for warning in scenario.warnings] == ["5", "6"]
    with pytest.raises(ScenarioError) as caught:
        read("[values]\nprice = 25000\nmargn = 0.1\n[strategies.a]\n")
    assert re.findall(r"^(\w+): ", str(caught.value), re.MULTILINE) == ["warning", "error"]
    assert caught.value.faults == ("the model has no parameter 'margn'",)


def test_the_shipped_scenarios_warn_of_nothing(shipped):
    scenario, model = load_scenario(shipped)
    assert scenario.warnings == ()
    assert model is find(scenario.model)
    assert scenario.text == shipped.read_text("utf-8")
    assert scenario.file == str(shipped)


def test_money_that_only_some_strategies_speak_of_is_warned_about():
    body = '[strategies.a]\nset = { budget = "$40k/month" }\nsplit = { ads = 1 }\n[strategies.b]\noff = ["referral"]\n'
    lacking = [warning.splitlines()[0] for warning in read(body).warnings]
    assert lacking == [
        "warning: 'b' says no 'budget', which other strategies do: it gets the model's, $150,000/month",
        "warning: 'b' says no split, which other strategies do: it gets the model's, ads 0.42, attract 0.08, sellers 0.5",
    ]
    assert read(body + 'like = "a"\n').warnings == ()
    assert read("[strategies.a]\n[strategies.b]\n").warnings == ()


# Changed from Python


def study(body="[values]\nprice = 2000\n[strategies.a]\nset = { budget = 100_000 }\nsplit = { ads = 1 }\n[strategies.b]\n"):
    return fw.Study(*read_scenario(HEAD + body, "x.toml"))


@pytest.mark.parametrize(
    "value", [3000, 3000.0, np.float64(3000), np.int64(3000), np.float32(3000), "$36k/year", {"low": 1000, "typical": 3000, "high": 4000}]
)
def test_values_as_python_has_them(value):
    changed = study().with_values(price=value)
    assert changed.scenario.values["price", None].typical == pytest.approx(3000)
    assert all(one.settings["price", None].typical == pytest.approx(3000) for one in changed.scenario.strategies.values())
    assert study().scenario.values["price", None].typical == 2000


def test_tables_are_joined_and_a_split_is_replaced():
    changed = study().with_strategy(
        "a", set={"rigidity": 0.2}, split={"sellers": 1}, off=("proof",), moves=({"lever": "budget", "kind": "step", "at": 3, "to": 0},)
    )
    strategy = changed.scenario.strategies["a"]
    assert {name: value.typical for name, value in strategy.settings.items() if name[0] in {"budget", "rigidity"}} == {
        ("budget", None): 100_000,
        ("rigidity", None): 0.2,
    }
    assert (strategy.settings["spread", "ads"].typical, strategy.settings["spread", "sellers"].typical) == (0, 1)
    assert strategy.off == ("proof",)
    assert len(strategy.moves) == 1
    added = study().with_strategy("c", like="a", months=12)
    assert list(added.scenario.strategies) == ["a", "b", "c"]
    assert added.scenario.strategies["c"].settings["budget", None].typical == 100_000


@pytest.mark.parametrize(
    ("change", "cause", "fix"),
    [
        (lambda one: one.with_values(prize=3), "the model has no parameter 'prize'", "did you mean 'price'?"),
        (lambda one: one.with_values(price="$3"), "'price': '$3' is in $, not in $/account/month", '"$25,000/year"'),
        (lambda one: one.with_values(price=np.nan), "which is no number to plan with", '"$25,000/year"'),
        (lambda one: one.with_values(price=None), "must be a number or a quantity", '"$25,000/year"'),
        (lambda one: one.with_values(market=1000), "would start with -516 strangers", "change market or"),
        (lambda one: one.with_strategy("../x"), "'../x' cannot be the name of a strategy", "letters, digits"),
        (lambda one: one.with_strategy("A"), "'A' and 'a' are too alike", "names that differ"),
        (lambda one: one.with_strategy("a", sett={}), "unknown key 'strategies.a.sett'", "did you mean 'set'?"),
        (lambda one: one.with_strategy("a", like="x"), "there is no strategy 'x' to start from", "the strategies are b"),
        (lambda one: one.with_strategy("a", split={"ads": 0.5}), "the shares are together 0.5, not 1", "0.5 is missing"),
    ],
)
def test_what_cannot_be_meant_from_python(change, cause, fix):
    with pytest.raises(UsageError) as caught:
        change(study())
    assert not isinstance(caught.value, ScenarioError)
    assert cause in caught.value.cause
    assert fix in caught.value.fix


def test_every_fault_from_python_is_told():
    with pytest.raises(UsageError) as caught:
        study().with_values(prize=3, churn="12 %")
    assert caught.value.cause == "the model has no parameter 'prize'\nalso: 'churn': '12 %' does not say per what time"


def test_a_misspelt_strategy_is_not_added():
    with pytest.raises(UsageError) as caught:
        fw.load("scenarios/saas.toml").with_strategy("flywhel", set={"budget": "$1M/month"})
    assert caught.value.fix == "did you mean 'flywheel'? To add one, give like='flywheel' too"
    added = fw.load("scenarios/saas.toml").with_strategy("flywheels", like="flywheel", set={"budget": "$1M/month"})
    assert list(added.scenario.strategies) == ["funnel", "natural", "flywheel", "flywheels"]
    assert "other" in fw.load("scenarios/saas.toml").with_strategy("other", split={"ads": 1}).scenario.strategies


def test_one_label_may_be_named_as_in_a_file():
    changed = fw.load("scenarios/saas.toml").with_values(**{"fit.cold": 0.05, "fit.referred": 0.4})
    settings = changed.scenario.strategies["funnel"].settings
    assert (settings["fit", "cold"].typical, settings["fit", "referred"].typical) == (0.05, 0.4)


def test_a_change_can_warn():
    changed = edited(study().scenario, declaration(Growth), {"values": {"price": 25_000}})
    (warning,) = (one for one in changed.warnings if "price" in one)
    assert warning == "warning: 'price' is $25,000/month; plausible is $800/month to $4,200/month"
