# fmt: off
"""bass: how a product spreads through a market that hears of it from advertising and from those who have it."""

from flywheel_sim.measures import gain, into, so_far, trailing
from flywheel_sim.model import (
    Model,
    constant,
    flow,
    lever,
    loop,
    metric,
    param,
    ratio,
    stock,
)


class Bass(Model):
    """Those who have it tell those who do not; some give it up and can be won again."""

    time_unit, counts = "month", "account"

    advertising = lever(1.0, "1", (0, 3), "advertising, as a multiple of today's", force=True)

    word_of_mouth = loop("R1", "adopters talk to those who have not adopted")

    market     = param(10_000, "account", (1_000, 1_000_000), "accounts that could ever adopt", limits=(1, None))
    start      = param(0, "account", (0, 1_000), "adopters on the first day")
    innovation = param(0.03 / 12, "1/month", (0.005 / 12, 0.1 / 12), "who adopt because of advertising", "Sultan, Farley & Lehmann 1990: 0.03 a year, mean of many fits")
    imitation  = param(0.38 / 12, "1/month", (0.1 / 12, 0.8 / 12), "who adopt because an adopter told them", "Sultan, Farley & Lehmann 1990: 0.38 a year, mean of many fits")
    discarding = param(0, "1/month", (0, 0.02), "adopters who give it up", "the classic model has none")

    potential = stock(market - start, "account", "have not adopted")
    adopters  = stock(start, "account", "have adopted and kept it")

    try_out = flow(potential >> adopters, hazard=innovation * advertising, note="advertising reaches those who have not adopted")
    imitate = flow(potential >> adopters, by=adopters, hazard=word_of_mouth.gate(imitation * potential / market, off=0),
                   note="adopters convince those they meet")
    discard = flow(adopters >> potential, hazard=discarding, note="some give it up and can be won again")

    year = constant(12, "month")
    new_adopters  = metric(trailing(into(adopters), year), "account/month", "accounts that adopt a month")
    ever_adopted  = metric(so_far(into(adopters)), "account", "adoptions to date")
    by_word       = metric(so_far(imitate) / ever_adopted, "1", "adoptions to date that came by word of mouth", percent=True)
    penetration   = metric(ratio(adopters, market, empty=0), "1", "share of the market that has it", percent=True)
    loop_gain     = metric(gain(), "1", "adopters that each adopter brings before giving up", beside=by_word)

    headline = adopters
    panel    = (new_adopters, by_word, penetration)
    diagram  = """
        potential           adopters
    """
