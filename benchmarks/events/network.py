"""A funnel and a flywheel of ten kinds of events, and no more."""

from flywheel_sim import Model, flow, param, stock

__all__ = ["Network"]


class Network(Model):
    """Advocates bring the next prospects; those who are lost can be won again."""

    time_unit, counts = "month", "account"

    market = param(20_000, "account")
    ads = param(0.01, "1/month")
    word = param(0.15, "1/month")
    fade = param(0.3, "1/month")
    engage = param(0.5, "1/month")
    close = param(0.4, "1/month")
    lose = param(0.6, "1/month")
    delight = param(0.1, "1/month")
    sour = param(0.05, "1/month")
    churn = param(0.02, "1/month")
    back = param(0.03, "1/month")

    strangers = stock(market - 50, "account")
    prospects = stock(0, "account")
    offers = stock(0, "account")
    customers = stock(40, "account")
    advocates = stock(10, "account")
    lost = stock(0, "account")

    advertise = flow(strangers >> prospects, hazard=ads)
    tell = flow(strangers >> prospects, by=advocates, hazard=word * strangers / market)
    cool = flow(prospects >> strangers, hazard=fade)
    offer = flow(prospects >> offers, hazard=engage)
    win = flow(offers >> customers, hazard=close)
    fail = flow(offers >> lost, hazard=lose)
    charm = flow(customers >> advocates, hazard=delight)
    annoy = flow(advocates >> customers, hazard=sour)
    leave = flow(customers >> lost, hazard=churn)
    win_back = flow(lost >> strangers, hazard=back)

    headline = customers
