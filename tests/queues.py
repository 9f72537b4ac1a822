"""Small models of single accounts whose laws are known."""

from flywheel_sim import Model, aux, constant, dimension, flow, group, lever, outside, param, ratio, staff, stock, where
from flywheel_sim.measures import into, out_of, so_far, trailing
from flywheel_sim.model import metric


class Desk(Model):
    """M/M/c: they come at random, and are served first come first."""

    arriving = param(1, "account/month", (0, 10))
    places = param(2, "account", (0, 20))
    serving = param(1, "1/month", (0, 5))
    desk = staff(places, queue=True)
    line = stock(0, "account", "waiting or being served")
    arrive = flow(outside >> line, rate=arriving)
    finish = flow(line >> outside, hazard=serving, served_by=desk)
    present = metric(so_far(line), "account*month")
    headline = line


class Impatient(Model):
    """The same, and some go before they have been served."""

    arriving = param(3, "account/month", (0, 10))
    places = param(2, "account", (0, 20))
    desk = staff(places, queue=True)
    line = stock(3, "account")
    served = stock(0, "account")
    lost = stock(0, "account")
    arrive = flow(outside >> line, rate=arriving)
    finish = flow(line >> served, hazard=constant(1, "1/month"), served_by=desk)
    give_up = flow(line >> lost, hazard=constant(0.5, "1/month"))
    talk = flow(outside >> line, by=line, hazard=constant(0.1, "1/month"))
    headline = served


class Learning(Model):
    """What converts grows all the time: 0.12 a month at first, and 0.6 of that more each month."""

    learned = param(0.6, "item/month", (0, 2))
    skill = stock(1, "item")
    leads = stock(20_000, "account")
    won = stock(0, "account")
    learn = flow(outside >> skill, rate=learned)
    convert = flow(leads >> won, hazard=constant(0.12, "1/item/month") * skill)
    headline = won


class Entangled(Model):
    """Accounts drive a continuous stock that drives their hazards: everything is changed at every move."""

    arriving = lever(3, "account/month", (0, 10))
    learned = param(0.3, "item/account/month", (0, 2))
    skill = stock(1, "item")
    leads = stock(15, "account")
    users = stock(5, "account")
    arrive = flow(outside >> leads, rate=arriving)
    learn = flow(outside >> skill, rate=learned * users)
    forget = flow(skill >> outside, hazard=constant(0.4, "1/month"))
    convert = flow(leads >> users, hazard=constant(0.5, "1/month") * skill / (skill + constant(2, "item")))
    leave = flow(users >> outside, hazard=constant(0.2, "1/month") / (1 + skill / constant(3, "item")))
    practised = metric(so_far(skill), "item*month")
    headline = users


class Paying(Model):
    """Each customer pays the same: what is paid is the price times how many there are, whoever comes and goes."""

    price = param(7, "$/account/month")
    won_a_month = param(4, "account/month")
    share_earned = param(1, "1")
    customers = stock(10, "account")
    recurring = stock(70, "$/month")
    cash = stock(0, "$")
    win = flow(outside >> customers, rate=won_a_month)
    leave = flow(customers >> outside, hazard=constant(0.3, "1/month"))
    paying = aux(ratio(recurring, customers, empty=price), "$/account/month")
    sign = flow(outside >> recurring, rate=price * win)
    cancel = flow(recurring >> outside, rate=leave * paying)
    earn = flow(outside >> cash, rate=share_earned * recurring)
    won = metric(so_far(into(customers)), "account")
    lost = metric(so_far(out_of(customers)), "account")
    recently = metric(trailing(win - leave, constant(3, "month")), "account/month")
    headline = customers


class Family(Model):
    """A linear birth and death process: the number that each brings before it goes is geometric, with mean R."""

    bringing = param(1.5, "1/month", (0, 5))
    members = stock(1, "account")
    bring = flow(outside >> members, by=members, hazard=where(members < constant(20, "account"), bringing, 0))
    go = flow(members >> outside, hazard=constant(1, "1/month"))
    headline = members


class Explosion(Model):
    """Each brings more the more there are: without end in finite time."""

    fame = param(0.05, "1/account/month", (0, 1))
    members = stock(20, "account")
    bring = flow(outside >> members, by=members, hazard=fame * members)
    headline = members


class Staged(Model):
    """A chain of stages with two ways out, one of them open at any stage."""

    leads = stock(4_000, "account", stages=3)
    won = stock(0, "account")
    lost = stock(0, "account")
    win = flow(leads >> won, hazard=constant(0.3, "1/month"))
    lose = flow(leads >> lost, hazard=constant(0.2, "1/month"))
    waiting = metric(so_far(leads), "account*month")
    headline = won


kind = dimension("cold", "referred")


class Rationed(Model):
    """So many a month are taken, whoever they are; the others stay."""

    taken_a_month = param(4, "account/month", (0, 50))
    here = stock(kind(cold=30, referred=10), "account")
    both = group(here)
    gone = stock(0, "account")
    take = flow(both >> gone, rate=taken_a_month)
    headline = gone


class Subscribing(Model):
    """What customers pay jumps with each of them, grows of itself, and brings the next: all that can feed on all."""

    price = param(10, "$/account/month", (1, 100))
    start = param(60, "account", (1, 1e7))
    first = param(8, "account", (0, 1e7))
    heard = param(100, "$/month", (1, 1e9), "payments that make half the noise")
    ease = param(0.4, "1/month", (0, 2))
    growing = param(0.05, "1/month", (0, 1))
    leads = stock(start, "account")
    customers = stock(first, "account")
    gone = stock(0, "account")
    recurring = stock(price * first, "$/month")
    cash = stock(0, "$")
    noise = aux(recurring / (recurring + heard), "1")
    paying = aux(ratio(recurring, customers, empty=price), "$/account/month")
    win = flow(leads >> customers, hazard=ease * noise)
    leave = flow(customers >> gone, hazard=constant(0.2, "1/month"))
    sign = flow(outside >> recurring, rate=price * win)
    expand = flow(outside >> recurring, hazard=growing, by=recurring)
    cancel = flow(recurring >> outside, rate=leave * paying)
    earn = flow(outside >> cash, rate=constant(1, "1") * recurring)
    won = metric(so_far(win), "account")
    left = metric(so_far(leave), "account")
    headline = customers


class Renewing(Model):
    """All that is no account moves by jumps alone, of a size that each of them changes, and slows the next."""

    value = param(3, "$/account", (1, 100))
    here = stock(40, "account")
    gone = stock(0, "account")
    fund = stock(200, "$")
    leave = flow(here >> gone, hazard=constant(0.2, "1/month") * (fund / constant(200, "$")))
    come_back = flow(gone >> here, hazard=constant(0.1, "1/month"))
    refund = flow(fund >> outside, rate=leave * ratio(fund, here, empty=value))
    earn = flow(outside >> fund, rate=value * come_back)
    held = metric(so_far(fund), "$*month")
    returned = metric(so_far(come_back), "account")
    headline = here


class Twins(Model):
    """Two ways out that are as fast: who takes one does not take the other."""

    here = stock(30, "account")
    left = stock(0, "account")
    right = stock(0, "account")
    one = flow(here >> left, hazard=constant(0.3, "1/month"))
    other = flow(here >> right, hazard=constant(0.3, "1/month"))
    first = metric(so_far(one), "account")
    second = metric(so_far(other), "account")
    both = metric(so_far(one + other), "account")
    headline = here
