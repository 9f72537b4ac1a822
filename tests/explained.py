"""A small shop that explanations and plans are tested on: two loops, two levers, a split, money, and a tie in churn."""

import flywheel_sim as fw
from flywheel_sim import Model, constant, dimension, flow, lever, loop, metric, outside, param, split, sqrt, stock
from flywheel_sim.measures import gain, into, so_far, trailing
from flywheel_sim.scenario import read_scenario

outlet = dimension("ads", "care")
dollar, month = constant(1, "$/month"), constant(1, "month")


class Shop(Model):
    """Customers come for advertising and by word of mouth, and leave less where they are cared for."""

    budget = lever(10_000, "$/month", (2_000, 50_000), "what is spent", force=True)
    spread = split(outlet(ads=0.9, care=0.1), "on what")
    price = lever(100, "$/account/month", (50, 200), "what is paid")
    reach = param(0.3, "account/month", (0.1, 0.6), "won by a first dollar")
    word = param(0.03, "1/month", (0.0, 0.06), "whom a customer brings")
    churn = param(0.10, "1/month", (0.02, 0.30), "how fast they leave")
    comfort = param(0.6, "1", (0.2, 0.9), "leaving that endless care prevents", limits=(0, 1))
    talk = loop("R1", "customers bring customers")
    habit = loop("R2", "many customers make it a habit to stay")
    customers = stock(100, "account")
    care = (budget * spread["care"]) / (budget * spread["care"] + constant(2_000, "$/month"))
    draw = flow(outside >> customers, rate=reach * sqrt((budget * spread["ads"]) / dollar))
    tell = flow(outside >> customers, by=customers, hazard=talk.gate(word, off=0))
    held = habit.gate(customers / (customers + constant(400, "account")), off=0)
    leave = flow(customers >> outside, hazard=churn * (1 - comfort * care) * (1 - 0.3 * held))
    won = metric(trailing(into(customers), constant(3, "month")), "account/month", "won a month")
    told_share = metric(trailing(tell, constant(3, "month")) / won, "1", "of them by word of mouth", percent=True)
    loop_gain = metric(gain(), "1", "whom a customer brings in all", beside=told_share)
    total_spend = metric(so_far(budget), "$", better=None)
    cash = metric(so_far(price * customers - budget), "$")
    headline = customers
    panel = (won, loop_gain)
    outlay, balance = total_spend, cash


class Bare(Model):
    """Nothing pushes, nothing is split and no range is known: little can be told of it."""

    speed = param(0.1, "1/month", None, "how fast it grows")
    size = stock(1, "1", "how large it is")
    grow = flow(outside >> size, rate=speed * size)
    headline = size


SHOP = """
title = "A shop & its <customers>"
model = "growth"
months = 12
baseline = "plain"
[values]
churn = { low = 0.05, typical = 0.10, high = 0.20 }
word = { low = 0.01, typical = 0.03, high = 0.05 }
[strategies.plain]
off = ["talk", "habit"]
split = { ads = 0.9, care = 0.1 }
[strategies.rich]
set = { price = 90 }
split = { ads = 0.5, care = 0.5 }
[strategies.middling]
split = { ads = 0.8, care = 0.2 }
"""
ALONE = """
title = "One way"
model = "growth"
months = 12
[strategies.only]
"""


def shop(text=SHOP, model=Shop):
    """A study of it."""
    return fw.Study(*read_scenario(text, "shop.toml", model))
