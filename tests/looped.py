"""Models whose feedback loops, or the scores of whose links, are known."""

from types import new_class

from flywheel_sim import Model, aux, constant, dimension, flow, loop, outside, param, stock

month = constant(1, "month")


class Weighed(Model):
    """z = 2x + y."""

    x = stock(5, "1")
    y = stock(4, "1")
    z = aux(2 * x + y, "1")
    gain = flow(outside >> x, rate=z / month)
    add = flow(outside >> y, rate=z / month)


class Quotient(Model):
    """z = (w + x) / y."""

    w = stock(7, "1")
    x = stock(2, "1")
    y = stock(3, "1")
    z = aux((w + x) / y, "1")
    gain = flow(outside >> w, rate=z / month)
    add = flow(outside >> x, rate=z / month)
    raise_it = flow(outside >> y, rate=z / month)


class Bath(Model):
    """A stock with one flow in and one out, each as large as another stock."""

    tap = stock(5, "1")
    drain = stock(4, "1")
    water = stock(1, "1")
    pour = flow(outside >> water, rate=tap / month)
    lose = flow(water >> outside, rate=drain / month)


class Contagion(Model):
    """The Bass model with word of mouth alone."""

    market = param(1_000_000, "account")
    contact = param(100, "1/month")
    fraction = param(0.015, "1")
    potential = stock(market - 1, "account")
    adopters = stock(1, "account")
    adopt = flow(potential >> adopters, rate=contact * fraction * adopters * potential / market)


class Logistic(Model):
    """Growth towards a limit."""

    fastest = param(0.12, "1/month")
    limit = param(1_000, "1")
    size = stock(5, "1")
    room = aux(1 - size / limit, "1")
    grow = flow(outside >> size, rate=fastest * size * room)


class Pair(Model):
    """Two stocks, each with a drain, in one loop through both."""

    first = stock(10, "1")
    second = stock(1, "1")
    feed_first = flow(outside >> first, rate=0.3 * second / month)
    feed_second = flow(outside >> second, rate=0.2 * first / month)
    drain_first = flow(first >> outside, hazard=0.1 / month)
    drain_second = flow(second >> outside, hazard=0.05 / month)


class Chain(Model):
    """Three stocks in a ring, what leaves one being what feeds the next."""

    first = stock(9, "1")
    second = stock(2, "1")
    third = stock(1, "1")
    on = flow(first >> second, hazard=0.3 / month)
    further = flow(second >> third, hazard=0.2 / month)
    back = flow(third >> first, hazard=0.1 / month)


class ArmsRace(Model):
    """Three who arm against one another: two loops through all three stocks and flows, in opposite directions."""

    a = stock(50, "1")
    b = stock(100, "1")
    c = stock(150, "1")
    arm_a = flow(outside >> a, rate=(0.9 * b + 0.4 * c) / (5 * month))
    arm_b = flow(outside >> b, rate=(1.1 * a + 0.3 * c) / (5 * month))
    arm_c = flow(outside >> c, rate=(1.0 * a + 0.2 * b) / (5 * month))
    rust_a = flow(a >> outside, hazard=0.2 / month)
    rust_b = flow(b >> outside, hazard=0.2 / month)
    rust_c = flow(c >> outside, hazard=0.2 / month)


class Told(Model):
    """Word of mouth with everything declared: a loop that can be off, one that balances, and a drain on its own."""

    counts = "account"
    word = loop("R1", "customers bring customers")
    saturation = loop("B1", "fewer are left")
    market = param(1_000, "account")
    talk = param(0.1, "1/month")
    strangers = stock(market - 10, "account")
    customers = stock(10, "account")
    fame = stock(80, "1")
    left = aux(saturation.gate(strangers / market), "1")
    call = aux(word.gate(talk * left, off=0), "1/month")
    adopt = flow(strangers >> customers, by=customers, hazard=call)
    fade = flow(fame >> outside, hazard=0.1 / month)


class Inside(Model):
    """A gate that cannot be closed, within the equation of a flow."""

    counts = "account"
    saturation = loop("B1", "fewer are left")
    strangers = stock(900, "account")
    customers = stock(10, "account")
    adopt = flow(strangers >> customers, by=customers, hazard=saturation.gate(strangers) * constant(0.0002, "1/account/month"))


class Level(Model):
    """What flows in flows out: at rest from the first day."""

    water = stock(10, "1")
    pour = flow(outside >> water, rate=constant(2, "1/month"))
    drain = flow(water >> outside, hazard=0.2 / month)


class Kindred(Model):
    """Two kinds that do alike, and two stages."""

    counts = "account"
    kind = dimension("cold", "warm")
    market = stock(900, "account")
    leads = stock(kind(cold=5, warm=7), "account")
    users = stock(20, "account", stages=2)
    luck = aux(kind(cold=0.02, warm=0.05) * market / constant(900, "account*month"), "1/month")
    find = flow(market >> leads, by=users, hazard=luck)
    join = flow(leads >> users, hazard=0.3 / month)
    leave = flow(users >> market, hazard=0.1 / month)


class Plain(Model):
    """The same with one kind."""

    counts = "account"
    market = stock(900, "account")
    leads = stock(12, "account")
    users = stock(20, "account", stages=2)
    find = flow(market >> leads, by=users, hazard=0.07 * market / constant(900, "account*month"))
    join = flow(leads >> users, hazard=0.3 / month)
    leave = flow(users >> market, hazard=0.1 / month)


class Alike(Model):
    """An equation that is a flow by itself, and two flows that are one equation: each still has a name of its own."""

    size = stock(10, "1")
    other = stock(3, "1")
    pace = aux(0.1 * size / month, "1/month")
    grow = flow(outside >> size, rate=pace)
    give = flow(outside >> other, rate=0.2 * size / month)
    take = flow(size >> outside, rate=0.2 * size / month)


def ring(size, chords):
    """A model of many stocks, each feeding the next, with further links between some of them."""
    members = {f"s{number}": stock(number + 1, "1") for number in range(size)}
    stocks = list(members.values())
    for number, here in enumerate(stocks):
        members[f"f{number}"] = flow(outside >> here, rate=0.1 * stocks[number - 1] / month)
    for number, (cause, effect) in enumerate(chords):
        members[f"g{number}"] = flow(outside >> stocks[effect], rate=(0.01 + 0.001 * number) * stocks[cause] / month)

    def fill(body):
        for name, member in members.items():
            body[name] = member

    return new_class("Ring", (Model,), {}, fill)
