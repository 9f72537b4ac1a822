"""Slips of somebody who writes a first model: in ranges, loops, measures and the settings of the class."""

import pytest
from slips import Slips, check_message

import flywheel_sim as fw
from flywheel_sim import (
    Model,
    aux,
    claim,
    constant,
    dimension,
    flow,
    friction,
    lever,
    loop,
    maximum,
    metric,
    outside,
    param,
    share,
    split,
    sqrt,
    stock,
    table,
    time,
)
from flywheel_sim.errors import UnitError
from flywheel_sim.library import Growth
from flywheel_sim.measures import gain, lifetime, marginal, out_of, passage, so_far, trailing
from flywheel_sim.model import declaration

origin = dimension("cold", "referred")
month = constant(1, "month")
slips = Slips()


# Ranges, shares, loops, measures


@slips.at_once("the default 5 is outside its own plausible range 0 to 1", "widen the range")
def default_outside_its_range():
    param(5, "1", (0, 1))


@slips.at_once("the default 1.5 is outside its limits 0 to 1")
def default_outside_its_limits():
    share(1.5)


@slips.at_once("runs backwards", "lower end first")
def range_that_runs_backwards():
    param(5, "1", (9, 1))


@slips.at_once("the plausible range is missing for referred", "referred=(low, high)")
def range_that_lacks_a_label():
    param(origin(cold=1, referred=1), "1", origin(cold=(0, 2)))


@slips.at_once("together 0.9, not 1", "add up to 1")
def shares_that_do_not_add_up():
    split(origin(cold=0.5, referred=0.4))


@slips.named("a model has one split, and mix is it", "levers")
def two_splits():
    class Slip(Model):
        mix = split(origin(cold=0.5, referred=0.5))
        other = split(origin(cold=0.5, referred=0.5))
        leads = stock(origin(cold=1), "account")
        come = flow(outside >> leads, rate=mix * other * constant(1, "account/month"))


@slips.named("one number", "lever")
def lever_with_labels():
    """A strategy sets and moves a lever as one number; only the split has labels."""

    class Slip(Model):
        effort = lever(origin(cold=1, referred=2), "account/month")
        leads = stock(origin(cold=1), "account")
        come = flow(outside >> leads, rate=effort)


@slips.named("it gates nothing", "word.gate(signal, off=value)")
def loop_that_gates_nothing():
    class Slip(Model):
        word = loop("R1", "customers talk")
        here = stock(1, "account")


@slips.at_once("a friction needs the value of a world without it", "off=0")
def friction_without_an_open_value():
    friction("F1").gate(1)


@slips.named("looks back over a run, so it can stand only in a metric", "metric(...)")
def measure_outside_a_metric():
    class Slip(Model):
        here = stock(1, "account")
        ever = aux(so_far(here), "account*month")


@slips.named("metric")
def flow_that_asks_a_metric():
    class Slip(Model):
        churn = param(0.1, "1/month")
        doubled = metric(churn * 2, "1/month")
        here = stock(1, "account")
        leave = flow(here >> outside, hazard=doubled)


@slips.named("not over another measure", "inside it")
def measure_of_a_measure():
    class Slip(Model):
        here = stock(1, "account")
        ever = metric(so_far(so_far(here)), "account*month^2")


@slips.named("the window must be in month", 'constant(12, "month")', error=UnitError)
def window_without_a_unit():
    class Slip(Model):
        here = stock(1, "account")
        usual = metric(trailing(here, 12), "account")


@slips.at_once("lifetime speaks of a stock or a group", "lifetime(stock)")
def lifetime_of_a_flow():
    class Slip(Model):
        here = stock(1, "account")
        leave = flow(here >> outside, hazard=0.1 / month)
        life = metric(lifetime(leave), "month")


@slips.at_once("passage needs the flow by which they leave", "by=flow")
def passage_by_a_stock():
    class Slip(Model):
        here = stock(1, "account")
        way = metric(passage(here, by=here), "month")


@slips.at_once("marginal needs a lever", "lever(...)")
def marginal_by_a_parameter():
    marginal(1, 1, param(1, "1"))


@slips.at_once("better='more' is not possible", "higher")
def better_in_other_words():
    metric(1, "1", better="more")


@slips.at_once("at least two points with increasing x", "table(x")
def table_with_one_point():
    table(time, {0: 1})


@slips.at_once("at least two")
def minimum_of_one_thing():
    maximum(1)


@slips.at_once("not of text ('0.1')")
def number_as_text():
    param("0.1", "1/month")


@slips.at_once("a default is a plain number", "aux(...)")
def default_that_is_an_equation():
    param(time * 2, "month")


@slips.named("an initial value is made of parameters and numbers only", "before the run starts")
def start_that_follows_a_stock():
    class Slip(Model):
        here = stock(1, "account")
        there = stock(here * 2, "account")


# Settings of the class


@slips.named("Slip.headline must be one number that has a name", "headline = some_metric")
def headline_that_is_no_name():
    class Slip(Model):
        here = stock(1, "account")
        headline = here * 2


@slips.named('Slip.counts = "person", but no stock is in person', "account")
def counts_that_no_stock_is_in():
    class Slip(Model):
        counts = "person"
        here = stock(1, "account")


@slips.named('Slip.time_unit = "fortnight" is no word for time', "day, week, month")
def time_unit_that_is_none():
    class Slip(Model):
        time_unit = "fortnight"
        here = stock(1, "account")


@slips.named("gain() follows individuals, and no stock is in account", "counts = ...", "person")
def gain_of_what_is_not_counted():
    class Slip(Model):
        here = stock(1, "person")
        bear = flow(outside >> here, by=here, hazard=0.1 / month)
        loop_gain = metric(gain(), "1")


@slips.named("claims", "claim(number, sentence, test)")
def claim_in_bare_words():
    class Slip(Model):
        here = stock(1, "account")
        claims = (claim(1, "it grows", None), "it shrinks")


@slips.named("claims", "claim(number, sentence, test)")
def claim_without_a_tuple():
    class Slip(Model):
        here = stock(1, "account")
        claims = "it grows"


@slips.named("headline must be one number", "without quotation marks")
def headline_as_text():
    class Slip(Model):
        here = stock(1, "account")
        headline = "here"


@slips.at_once("Slip cannot be derived: a model is final", "Model as its only base")
def model_from_a_model():
    class Slip(Growth):
        pass


@slips.at_once("Growth is declared, not called", "simulate(Growth")
def model_that_is_called():
    Growth()


@slips.at_once("Growth.customers cannot be changed: a model is final", "values=")
def model_that_is_changed():
    Growth.customers = 5


@slips.at_once("is no declared model", "subclass of Model")
def something_that_is_no_model():
    fw.simulate(int)


@slips.at_once("stock")
def model_without_a_stock():
    class Slip(Model):
        churn = param(0.1, "1/month")
        much = metric(churn, "1/month")

    fw.simulate(Slip, until=1)


@slips.at_once("an expression is not a sequence", "total(x)")
def loop_over_labels():
    class Slip(Model):
        leads = stock(origin(cold=1), "account")
        every = aux(sum(leads), "account")


@pytest.mark.parametrize(("make", "words", "error", "is_named"), slips.cases)
def test_the_message_says_what_is_wrong_where_and_what_to_write(make, words, error, is_named):
    check_message(make, words, error, is_named)


# What looks like a slip and is none


def test_nothing_has_any_unit_and_a_metric_may_be_without_births():
    class Fine(Model):
        nothing = param(0, "1/month")
        here = stock(0, "account")
        leave = flow(here >> outside, hazard=nothing + 0)
        half = aux(sqrt(here * here), "account")
        births = metric(gain(), "1")
        losses = aux(out_of(here), "account/month")

    assert list(declaration(Fine).metrics) == ["births"]


def test_a_class_body_can_use_names_from_around_it_and_annotations():
    outer = 2

    class Fine(Model):
        start: float = outer * 3
        here = stock(start, "account")
        most = max(outer, 3)

    assert fw.simulate(Fine, until=1)["run"]["here"].tolist() == [6, 6]
