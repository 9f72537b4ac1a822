"""Slips of somebody who writes a first model: in units, names and conditions."""

import math

import pytest
from models import Referral
from slips import Slips, check_message

from flywheel_sim import (
    Model,
    aux,
    constant,
    dimension,
    exp,
    flow,
    loop,
    metric,
    minimum,
    outside,
    param,
    ratio,
    stock,
    time,
    where,
)
from flywheel_sim.errors import UnitError
from flywheel_sim.model import declaration
from flywheel_sim.model.kind import NotDeclaredError

origin = dimension("cold", "referred")
month = constant(1, "month")
slips = Slips()


# Units


@slips.named("the hazard of here >> outside must be in 1/month", "per head of here", "hazard = fee", error=UnitError)
def hazard_in_the_wrong_unit():
    class Slip(Model):
        fee = param(5, "$/month")
        here = stock(10, "account")
        leave = flow(here >> outside, hazard=fee)


@slips.named("the rate of here >> outside must be in account/month", "plain number", "rate = 5", error=UnitError)
def rate_without_a_unit():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(here >> outside, rate=5)


@slips.named("this is a total", "rate= instead of hazard=", "divide it by something in account", error=UnitError)
def total_as_a_hazard():
    class Slip(Model):
        leaving = param(5, "account/month")
        here = stock(10, "account")
        leave = flow(here >> outside, hazard=leaving)


@slips.named("this is per head of here", "hazard= instead of rate=", "multiply it by here", error=UnitError)
def hazard_as_a_total():
    class Slip(Model):
        leaving = param(0.5, "1/month")
        here = stock(10, "account")
        leave = flow(here >> outside, rate=leaving)


@slips.named("a plain number", 'constant(0.1, "1/month")', error=UnitError)
def hazard_as_a_bare_number():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(here >> outside, hazard=0.1)


@slips.named("it divides by 0", "ratio(a, b, empty=c)", "here / 0")
def division_by_nothing():
    class Slip(Model):
        here = stock(10, "account")
        many = aux(here / 0, "account")


@slips.named("1/year is 0.0833333 1/month", error=UnitError)
def hazard_by_the_year():
    class Slip(Model):
        churn = param(0.1, "1/year")
        here = stock(10, "account")
        leave = flow(here >> outside, hazard=churn)


@slips.named("declared in $/month", "$/account/month", "income = price", error=UnitError)
def auxiliary_in_the_wrong_unit():
    class Slip(Model):
        price = param(5, "$/account/month")
        income = aux(price, "$/month")


@slips.named("cannot add account and $", "customers + price", error=UnitError)
def apples_and_pears_added():
    class Slip(Model):
        price = param(5, "$")
        customers = stock(10, "account")
        nonsense = aux(customers + price, "account")


@slips.named("cannot add account and a plain number", 'constant(10, "account")', error=UnitError)
def literal_added_to_a_quantity():
    class Slip(Model):
        customers = stock(10, "account")
        more = aux(customers + 10, "account")


@slips.named("cannot compare month and a plain number", 'constant(12, "month")', error=UnitError)
def time_compared_with_a_bare_number():
    class Slip(Model):
        here = stock(10, "account")
        late = aux(where(time > 12, 1, 0) * here, "account")


@slips.named("exp takes a number without a unit, not account", error=UnitError)
def exponential_of_a_quantity():
    class Slip(Model):
        here = stock(10, "account")
        grown = aux(exp(here), "1")


@slips.named("an exponent has no unit", error=UnitError)
def exponent_with_a_unit():
    class Slip(Model):
        here = stock(10, "account")
        grown = aux(2**here, "1")


@slips.named("cannot take the minimum of account and 1/month", error=UnitError)
def minimum_of_unlike_things():
    class Slip(Model):
        churn = param(0.1, "1/month")
        here = stock(10, "account")
        least = aux(minimum(here, churn), "account")


@slips.named("the ratio is in 1, but its value when empty in account", error=UnitError)
def ratio_whose_empty_value_has_another_unit():
    class Slip(Model):
        here = stock(10, "account")
        all_of = stock(10, "account")
        part = aux(ratio(here, all_of, empty=here), "1")


@slips.named("a >> b joins account and $", "give both ends the same unit", error=UnitError)
def flow_between_unlike_stocks():
    class Slip(Model):
        a = stock(1, "account")
        b = stock(1, "$")
        move = flow(a >> b, hazard=0.1 / month)


@slips.named("a stock in account cannot start with $", "here = price", error=UnitError)
def start_in_the_wrong_unit():
    class Slip(Model):
        price = param(5, "$")
        here = stock(price, "account")


@slips.named("declared in month, but measured in account", "much = here", error=UnitError)
def metric_in_the_wrong_unit():
    class Slip(Model):
        here = stock(1, "account")
        much = metric(here, "month")


@slips.at_once("'account per month' is not a unit", '"$/account/month"', error=UnitError)
def unit_in_words():
    param(1, "account per month")


@slips.at_once("missing 1 required positional argument: 'unit'", "stock(initial, unit, note=..., stages=...)", "test_slips.py:")
def unit_forgotten():
    stock(10)


@slips.at_once("(0, 1) is not a unit", "as text", error=UnitError)
def range_in_place_of_the_unit():
    param(0.5, (0, 1), "share")


# Names


@slips.at_once("Slip: chrun is not declared so far", "did you mean churn?", "test_slips.py:", error=NotDeclaredError)
def name_that_nothing_has():
    class Slip(Model):
        churn = param(0.1, "1/month")
        here = stock(10, "account")
        leave = flow(here >> outside, hazard=chrun)  # noqa: F821  the slip


@slips.named("churn is declared twice", "the first stands at", "another name")
def one_name_for_two_things():
    class Slip(Model):
        churn = param(0.1, "1/month")
        churn = param(0.2, "1/month")  # noqa: PIE794  the slip


@slips.named("customers is a second name for accounts", "use accounts", "aux(accounts, unit)")
def two_names_for_one_thing():
    class Slip(Model):
        accounts = stock(10, "account")
        customers = accounts


@slips.named("nothing uses this parameter", "take it out")
def parameter_that_nothing_uses():
    class Slip(Model):
        churn = param(0.1, "1/month")
        here = stock(10, "account")


@slips.named("the flow here >> outside has no name", "some_name = flow(here >> outside")
def flow_without_a_name():
    class Slip(Model):
        here = stock(10, "account")
        flow(here >> outside, hazard=0.1 / month)


@slips.named("it uses a stock (the start) that has no name", "give it a name")
def stock_without_a_name():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(stock(5, "account", "the start") >> here, hazard=0.1 / month)


@slips.named("the loop R1 has no name", 'some_name = loop("R1"')
def loop_without_a_name():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(here >> outside, hazard=loop("R1").gate(0.1 / month, off=0))


@slips.named("that has no name in this model", "cannot use the parts of another")
def part_of_another_model():
    class Slip(Model):
        here = stock(10, "account")
        leave = flow(here >> outside, hazard=declaration(Referral).symbols["churn"])


@slips.named("'_hidden' cannot be a name", "does not start with an underscore")
def name_with_an_underscore():
    class Slip(Model):
        _hidden = stock(10, "account")


@slips.named("balance", "another name")
def part_called_like_a_setting():
    """``balance`` says which metric is the money; as the name of a stock the stock would be lost."""

    class Slip(Model):
        balance = stock(10, "$")
        grow = flow(outside >> balance, rate=constant(1, "$/month"))


# Conditions


@slips.at_once("no truth value", "where(condition, then, otherwise)")
def python_if():
    class Slip(Model):
        here = stock(10, "account")
        if here:
            more = aux(here, "account")


@slips.at_once("no value while the model is being written", "exp, log and sqrt of flywheel_sim", "test_slips.py:")
def function_of_another_library():
    class Slip(Model):
        here = stock(10, "account")
        less = aux(math.exp(here), "1")


@slips.at_once("no truth value", "minimum/maximum")
def python_min():
    class Slip(Model):
        here = stock(10, "account")
        less = aux(min(here, 5), "account")


@slips.at_once("no truth value", "where")
def chained_comparison():
    class Slip(Model):
        here = stock(10, "account")
        some = aux(where(0 < here < constant(5, "account"), 1, 0), "1")


@slips.at_once("where needs a condition", "there is no ==")
def equality():
    class Slip(Model):
        here = stock(10, "account")
        some = aux(where(here == 5, 1, 0), "1")


@slips.named("a condition is not a number", "where(condition, then, otherwise)")
def condition_used_as_a_number():
    class Slip(Model):
        here = stock(10, "account")
        many = aux(here > constant(5, "account"), "1")


@slips.named("a condition is not a number", "where(condition, then, otherwise)")
def condition_multiplied():
    class Slip(Model):
        here = stock(10, "account")
        many = aux(here * (here > constant(5, "account")), "account")


@slips.named("where needs a condition", "< <= > or >=")
def where_without_a_condition():
    class Slip(Model):
        here = stock(10, "account")
        some = aux(where(here, 1, 0), "1")


@pytest.mark.parametrize(("make", "words", "error", "is_named"), slips.cases)
def test_the_message_says_what_is_wrong_where_and_what_to_write(make, words, error, is_named):
    check_message(make, words, error, is_named)
