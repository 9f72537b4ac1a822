"""Slips of somebody who writes a first model: in flows, stages, staff and labels."""

import pytest
from models import unheated, warmth
from slips import Slips, check_message

from flywheel_sim import (
    Model,
    aux,
    constant,
    dimension,
    flow,
    group,
    metric,
    outside,
    param,
    staff,
    stock,
    total,
)
from flywheel_sim.errors import UnitError

origin = dimension("cold", "referred")
month = constant(1, "month")
slips = Slips()


# Flows


@slips.at_once("a flow needs both its ends", "outside")
def flow_without_an_end():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(here, hazard=0.1 / month)


@slips.at_once("a flow needs either hazard= or rate=", "per head")
def flow_without_hazard_or_rate():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(here >> outside)


@slips.at_once("a flow needs either hazard= or rate=", "one of the two")
def flow_with_hazard_and_rate():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(here >> outside, hazard=0.1 / month, rate=constant(1, "account/month"))


@slips.at_once("by= and served_by= go with hazard=", "instead of rate=")
def rate_with_by():
    class Slip(Model):
        here = stock(10, "account")
        born = flow(outside >> here, by=here, rate=constant(1, "account/month"))


@slips.at_once("outside has no heads", "rate=")
def hazard_from_outside():
    class Slip(Model):
        here = stock(10, "account")
        come = flow(outside >> here, hazard=0.1 / month)


@slips.at_once("moves nothing", "name a stock")
def flow_from_outside_to_outside():
    flow(outside >> outside, rate=1)


@slips.at_once("a flow runs between stocks", "make both ends a stock")
def flow_to_a_number():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(here >> 5, hazard=0.1 / month)


@slips.at_once("one source and one destination", "one flow for each arrow")
def flow_with_three_ends():
    class Slip(Model):
        here = stock(10, "account")
        there = stock(10, "account")
        move = flow(here >> there >> outside, hazard=0.1 / month)


@slips.named("here >> here goes nowhere", "two different stocks")
def flow_to_itself():
    class Slip(Model):
        here = stock(10, "account")
        stay = flow(here >> here, hazard=0.1 / month)


@slips.at_once("a flow cannot end in a group", "name the member")
def flow_into_a_group():
    class Slip(Model):
        here = stock(10, "account")
        there = stock(10, "account")
        both = group(here, there)
        come = flow(outside >> both, rate=constant(1, "account/month"))


@slips.named("a stock with stages=3 is left only from its last stage, but nothing leaves it", "add a flow out of it")
def stages_that_nothing_leaves():
    class Slip(Model):
        here = stock(10, "account", stages=3)
        come = flow(outside >> here, rate=constant(1, "account/month"))


@slips.named("a rate out of a stock with stages", "anytime=True")
def rate_out_of_stages():
    class Slip(Model):
        here = stock(10, "account", stages=3)
        leave = flow(here >> outside, rate=constant(1, "account/month"))


@slips.named("members elsewhere", "stages")
def births_out_of_stages():
    class Slip(Model):
        here = stock(10, "account", stages=3)
        there = stock(10, "account")
        leave = flow(here >> outside, hazard=0.1 / month)
        move = flow(here >> there, by=there, hazard=0.1 / month)


@slips.named("members elsewhere", "out of a group", "from one stock")
def births_out_of_a_group():
    class Slip(Model):
        here = stock(10, "account")
        there = stock(10, "account")
        both = group(here, there)
        move = flow(both >> outside, by=there, hazard=0.1 / month)


@slips.at_once("by= names the stock or group", "by=customers", "test_slips_flows.py:")
def births_by_a_parameter():
    class Slip(Model):
        parents = param(10, "account")
        here = stock(10, "account")
        come = flow(outside >> here, by=parents, hazard=0.1 / month)


@slips.at_once("friction= takes a friction, not 'F1'", "some_name = friction(...)")
def friction_by_its_label():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(here >> outside, hazard=0.1 / month, friction="F1")


@slips.at_once("stages=2.5 is not possible", "whole number")
def half_a_stage():
    stock(10, "account", stages=2.5)


@slips.named("this staff serves nothing", "served_by=desk")
def staff_that_serves_nothing():
    class Slip(Model):
        here = stock(10, "account")
        desk = staff(constant(5, "account"))
        leave = flow(here >> outside, hazard=0.1 / month)


@slips.named("the places of desk must be in account", "are in person", error=UnitError)
def staff_counted_in_people():
    class Slip(Model):
        here = stock(10, "account")
        crew = stock(2, "person")
        desk = staff(crew)
        leave = flow(here >> outside, hazard=0.1 / month, served_by=desk)


@slips.named("leads[cold]", "twice")
def label_named_twice():
    class Slip(Model):
        leads = stock(origin(cold=1), "account")
        both = group(leads, leads["cold"])
        leave = flow(both >> outside, hazard=0.1 / month)


@slips.named("unrelated labels", "cold, referred", "cold, warm, hot")
def group_with_unrelated_labels():
    class Slip(Model):
        leads = stock(origin(cold=1), "account")
        others = stock(1, "account")
        trials = stock(warmth(cold=1), "account")
        both = group(others, leads)
        move = flow(both >> trials, hazard=0.1 / month)


@slips.named("here", "twice")
def member_named_twice():
    """A group that counts a stock twice would lose it twice."""

    class Slip(Model):
        here = stock(10, "account")
        both = group(here, here)
        leave = flow(both >> outside, hazard=0.1 / month)


# Labels


@slips.at_once("a default is missing for referred", "referred=...")
def label_left_out():
    param(origin(cold=1), "1")


@slips.at_once("there is no label 'warm'", "cold, referred")
def label_that_is_not_there():
    origin(warm=1)


@slips.named("there is no label 'warm'", "cold, referred")
def picked_label_that_is_not_there():
    class Slip(Model):
        leads = stock(origin(cold=1), "account")
        warm = aux(leads["warm"], "account")


@slips.named("no [", "leave the label out")
def label_of_a_plain_value():
    class Slip(Model):
        here = stock(1, "account")
        cold = aux(here["cold"], "account")


@slips.named("unrelated labels", "cold, referred", "cold, warm, hot", "total(x)")
def unrelated_dimensions():
    class Slip(Model):
        leads = stock(origin(cold=1), "account")
        trials = stock(warmth(cold=1), "account")
        both = aux(leads + trials, "account")


@slips.named("total adds up labels, and this has none", "leave total out")
def total_of_a_plain_value():
    class Slip(Model):
        here = stock(1, "account")
        much = aux(total(here), "account")


@slips.named("no value for hot", "cold, warm")
def equation_that_lacks_a_label_of_its_flow():
    class Slip(Model):
        leads = stock(warmth(cold=1), "account")
        ease = param(unheated(cold=1, warm=1), "1/month")
        leave = flow(leads >> outside, hazard=ease)


@slips.named("a value each for cold, referred", "its ends have no labels", "total(...)")
def equation_with_labels_for_a_plain_flow():
    class Slip(Model):
        here = stock(1, "account")
        ease = param(origin(cold=1, referred=1), "1/month")
        leave = flow(here >> outside, hazard=ease)


@slips.named("a metric is one number", "total(...)")
def metric_with_labels():
    class Slip(Model):
        leads = stock(origin(cold=1), "account")
        much = metric(leads, "account")


@pytest.mark.parametrize(("make", "words", "error", "is_named"), slips.cases)
def test_the_message_says_what_is_wrong_where_and_what_to_write(make, words, error, is_named):
    check_message(make, words, error, is_named)
