# fmt: off
# A model is a table of equations, and tables are read down their columns.
"""marketplace: buyers bring sellers, sellers bring selection and lower prices, and those bring buyers.

Two sides, each of them conserved: whoever might buy either buys here or does not, and whoever might sell is an
outsider, a newcomer or a proven seller. The same loops run backwards where one side is too small: sellers leave
when buyers are few, and buyers leave when there is little to choose from.
"""

from __future__ import annotations

from flywheel_sim.measures import gain, into, lifetime, out_of, so_far, trailing
from flywheel_sim.model import (
    Model,
    aux,
    constant,
    dimension,
    exp,
    flow,
    group,
    lever,
    loop,
    maximum,
    metric,
    param,
    ratio,
    share,
    split,
    staff,
    stock,
)

outlet = dimension("advertising", "buyer_subsidy", "seller_subsidy", "vetting")


class Marketplace(Model):
    """Two sides, each waiting for the other, and a place in between that lives on a share of what they trade."""

    time_unit, counts = "month", ("buyer", "seller")

    # What a strategy sets

    budget = lever(250_000, "$/month", (0, 2_000_000), "growth spending a month", force=True)
    spread = split(outlet(advertising=1), "what the budget buys")
    take_rate = lever(0.15, "1", (0, 0.30), "share of every sale that the place keeps", source="Gurley 2013: eBay kept just under 10 % in 2011", limits=(0, 1))

    # The loops that a shop with a fixed assortment goes without, and those the world keeps

    selection = loop("R1", "more sellers, more to choose from, more buyers")
    prices = loop("R2", "more sellers, more competition, lower prices, more buyers")
    sales = loop("R3", "more buyers, a better living for sellers, more sellers")
    talk = loop("R4", "buyers tell their friends")
    crowding = loop("B1", "more sellers share the same buyers")
    saturation = loop("B2", "the more buy here, the fewer are left to win")

    # The two sides, and where everybody is at the start

    all_buyers = param(1_000_000, "buyer", (100_000, 5_000_000), "people who might buy", limits=(1, None))
    all_sellers = param(20_000, "seller", (2_000, 100_000), "people who might sell")
    start_buyers = param(5_000, "buyer", (0, 50_000), "buyers on the first day")
    start_sellers = param(200, "seller", (0, 2_000), "sellers on the first day, all of them proven")

    others = stock(all_buyers - start_buyers, "buyer", "people who might buy here and do not")
    buyers = stock(start_buyers, "buyer", "people who buy here")
    outsiders = stock(all_sellers - start_sellers, "seller", "people who might sell here and do not")
    newcomers = stock(0, "seller", "sellers of whom nobody knows yet how good they are")
    proven = stock(start_sellers, "seller", "sellers who were vetted, or whose sales have shown it")
    sellers = group(newcomers, proven, note="all who sell here")

    # What buyers find, and what they pay for it

    enough = param(800, "seller", (200, 3_000), "sellers with whom half of all searches succeed", limits=(1, None))
    rivals = param(1_000, "seller", (100, 5_000), "sellers with whom half of the possible price cut has come", limits=(1, None))
    squeeze = share(0.15, (0, 0.35), "price cut under full competition", "Brynjolfsson & Smith 2000: 9-16 % lower where sellers are many", limits=(0, 0.6))
    harm = share(0.35, (0.1, 0.7), "purchases from newcomers that disappoint", "assumption; Akerlof 1970 for the sign")
    basket = param(50, "$/buyer/month", (10, 200), "what a buyer spends when everything searched for is found")
    deepest = share(0.5, (0.2, 0.8), "deepest rebate that buyers are given", limits=(0.01, 0.99))
    taste = param(2, "1", (0, 4), "buyers' answer to price: new buyers lost for a price 1 % higher, in %", "Bijmolt, van Heerde & Pieters 2005: 2.62 for sales, an upper bound", limits=(0, 5))

    choice = aux(selection.gate(sellers / (sellers + enough), off=start_sellers / (start_sellers + enough)), "1", "searches that find an offer")
    trust = aux(1 - harm * ratio(newcomers, sellers, empty=0), "1", "purchases that do not disappoint")
    found = aux(choice * trust, "1", "searches that end well")
    rivalry = aux(prices.gate(sellers / (sellers + rivals), off=start_sellers / (start_sellers + rivals)), "1", "how hard sellers compete")
    asked = aux(1 - squeeze * rivalry, "1", "what sellers ask, against the price without competition")
    merchandise = aux(basket * buyers * found, "$/month", "what is traded")
    treat = aux(budget * spread["buyer_subsidy"], "$/month", "rebates offered to buyers")
    rebate = aux(deepest * ratio(treat, treat + deepest * merchandise, empty=0), "1", "part of the price that the place pays, at most the deepest")
    paid = aux(asked * (1 - rebate), "1", "what buyers pay, against the price without competition")
    pull = aux(found * paid ** -taste, "1", "how strongly the place draws those who hear of it")

    # Buyers come when they are told, and leave when they do not find

    reached = param(15_000, "buyer/month", (7_500, 30_000), "buyers that endless advertising would win for a perfect place")
    advertising_half = param(300_000, "$/month", (150_000, 600_000), "advertising with half of that effect", limits=(1, None))
    telling = param(0.07, "1/month", (0.02, 0.15), "friends that a buyer wins for a perfect place", "assumption: twice the imitation of the mean Bass fit, Sultan, Farley & Lehmann 1990")
    tiring = param(0.02, "1/month", (0.005, 0.05), "buyers who leave although all is well")
    quitting = param(0.08, "1/month", (0.02, 0.25), "and more of those who never find anything")

    untouched = aux(saturation.gate(others / all_buyers), "1", "people who do not buy here yet")
    shown = aux(budget * spread["advertising"], "$/month", "spent on advertising")
    draw = flow(others >> buyers, rate=reached * shown / (shown + advertising_half) * pull * untouched, note="advertising wins buyers, each further dollar fewer")
    tell = flow(others >> buyers, by=buyers, hazard=talk.gate(telling * pull * untouched, off=0), note="buyers win buyers")
    leave = flow(buyers >> others, hazard=tiring + quitting * (1 - found), note="buyers who do not find stop searching")

    # Sellers come and stay while there is a living in it

    cost = share(0.60, (0.4, 0.8), "cost of what is sold, of the price without competition")
    living = param(800, "$/seller/month", (200, 4_000), "income with which half of those who sell would go on", limits=(1, None))
    entering = param(0.03, "1/month", (0.005, 0.1), "outsiders who try it where the living is sure")
    exiting = param(0.10, "1/month", (0.03, 0.3), "sellers who give up where there is no living")

    margin = aux(maximum(0, 1 - take_rate - cost / asked), "1", "what a seller keeps of a sale")
    present = aux(sales.gate(buyers, off=start_buyers), "buyer", "buyers that sellers see")
    each = aux(ratio(choice, crowding.gate(sellers), empty=1 / enough), "1/seller", "part of all searches that ends with one seller")
    takings = aux(basket * present * trust * each * margin, "$/seller/month", "what selling here brings a seller")
    fund = aux(budget * spread["seller_subsidy"], "$/month", "income guaranteed to sellers")
    guarantee = aux(living * ratio(fund, fund + living * sellers, empty=0), "$/seller/month", "what a seller gets of it, at most a living")
    earning = aux((takings + guarantee) / (takings + guarantee + living), "1", "chance that a seller makes a living")
    enter = flow(outsiders >> newcomers, hazard=entering * earning, note="outsiders try it when those inside make a living")
    stop = flow(sellers >> outsiders, hazard=exiting * (1 - earning), note="sellers without a living give up")

    # Newcomers are vetted, or prove themselves slowly at the cost of buyers

    unfit = share(0.25, (0.05, 0.5), "newcomers who should not be selling")
    proving_time = param(9, "month", (3, 24), "until sales have shown who is fit", limits=(0.1, None))
    vetting_time = param(0.5, "month", (0.1, 2), "to vet one newcomer", limits=(0.05, None))
    vetting_cost = param(150, "$/seller", (50, 400), "vetting one newcomer", limits=(1, None))

    vetting = staff(budget * spread["vetting"] / vetting_cost * vetting_time, note="newcomers that can be vetted at once")
    vet = flow(newcomers >> proven, hazard=(1 - unfit) / vetting_time, served_by=vetting, note="the fit are vetted")
    refuse = flow(newcomers >> outsiders, hazard=unfit / vetting_time, served_by=vetting, note="the unfit are refused")
    prove = flow(newcomers >> proven, hazard=(1 - unfit) / proving_time, note="the fit prove themselves")
    expose = flow(newcomers >> outsiders, hazard=unfit / proving_time, note="the unfit are found out")

    # What a strategy is judged by; means are over the trailing year

    handling = share(0.03, (0.01, 0.08), "of every sale, to pay for its payment and support", "assumption: cards cost about 3 %")
    discount = param(0.10 / 12, "1/month", (0.05 / 12, 0.15 / 12), "what a later dollar loses")
    year = constant(12, "month")
    kept = aux((take_rate - handling) * merchandise, "$/month", "take less handling")

    gross_merchandise_value = metric(trailing(merchandise, year), "$/month", "what is traded a month")
    revenue = metric(trailing(take_rate * merchandise, year), "$/month", "what the place takes of it a month")
    spend = metric(trailing(budget, year), "$/month", "growth spending a month", better=None)
    total_spend = metric(so_far(budget), "$", "growth spending to date", better=None)
    cash = metric(so_far(kept - budget), "$", "take less handling and growth spending, to date")
    active_sellers = metric(sellers, "seller", "all who sell here")
    new_buyers = metric(trailing(into(buyers), year), "buyer/month", "buyers won a month")
    acquisition_cost = metric(spend / new_buyers, "$/buyer", "growth spending for each new buyer", better="lower")
    lifetime_value = metric(lifetime(buyers, discount=discount) * (take_rate - handling) * basket * found, "$/buyer", "discounted take, less handling, from a new buyer")
    value_to_cost = metric(lifetime_value / acquisition_cost, "1", "lifetime value over acquisition cost")
    told_share = metric(trailing(tell, year) / new_buyers, "1", "new buyers won by buyers", percent=True)
    loop_gain = metric(gain(), "1", "buyers that each buyer wins before leaving", beside=told_share)
    annual_churn = metric(1 - exp(-year * trailing(out_of(buyers), year) / trailing(buyers, year)), "1", "chance that a buyer leaves within a year", better="lower", percent=True)
    fill_rate = metric(trailing(found, year), "1", "searches that end well", percent=True)
    variety = metric(trailing(choice, year), "1", "searches that find an offer: selection", percent=True)
    quality = metric(trailing(trust, year), "1", "purchases that do not disappoint", percent=True)
    price = metric(trailing(paid, year), "1", "what buyers pay, of the price without competition", better="lower", percent=True)
    seller_income = metric(trailing(takings + guarantee, year), "$/seller/month", "what a seller makes here a month, subsidy included")

    headline = buyers
    panel = (active_sellers, fill_rate, price, acquisition_cost, loop_gain, cash)
    outlay, balance = total_spend, cash
    diagram = """
        others      buyers
        outsiders   newcomers   proven
    """
