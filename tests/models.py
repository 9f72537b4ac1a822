"""Small models whose results are known in closed form, and draws of what they can be given."""

import math

import flywheel_sim as fw
from flywheel_sim import (
    Model,
    aux,
    constant,
    dimension,
    exp,
    flow,
    friction,
    group,
    lever,
    log,
    loop,
    maximum,
    metric,
    minimum,
    outside,
    param,
    ratio,
    share,
    split,
    sqrt,
    staff,
    stock,
    table,
    time,
    total,
    where,
)
from flywheel_sim.library import Bass, Growth
from flywheel_sim.measures import gain, into, lifetime, out_of, passage, so_far, survival, trailing
from flywheel_sim.model import declaration
from flywheel_sim.program import Inputs, lower

# A step short enough that RK4 is as good as exact for the rates of these models (below 1 a month): its error is some 1e-10.
FINE = 1 / 32


def run_of(model, **options):
    """The one run of a model, in fine steps unless told otherwise."""
    return fw.simulate(model, **({"dt": FINE, "until": 12} | options))["run"]


def lowered_of(model):
    """A model as a program."""
    return lower(declaration(model))


def given_or_refused(make):
    """What ``make`` gives, or the model error with which it refuses."""
    try:
        return make()
    except fw.ModelError as error:
        return error


def erlang_survival(time_spent, stages, hazard):
    """The share still there after a time, where ``stages`` steps of the same chance take 1/hazard together."""
    passed = stages * hazard * time_spent
    return math.exp(-passed) * sum(passed**step / math.factorial(step) for step in range(stages))


class Referral(Model):
    """Advocates bring the next customers."""

    time_unit, counts = "month", "account"

    market = param(10_000, "account", (1_000, 100_000), "reachable accounts")
    contact = param(0.05, "1/month", (0, 0.2), "introductions a customer makes")
    churn = param(0.02, "1/month", (0, 0.1), "customers lost")
    strangers = stock(market - 10, "account", "not yet in touch")
    customers = stock(10, "account", "have bought and not left")

    word_of_mouth = loop("R1", "customers bring customers")

    adopt = flow(strangers >> customers, by=customers, hazard=word_of_mouth.gate(contact * strangers / market, off=0))
    leave = flow(customers >> strangers, hazard=churn)
    headline = customers


class Decay(Model):
    """Everybody leaves at one hazard: what is left is exponential."""

    leaving = param(0.1, "1/month", (0, 0.5), "how fast they leave")
    here = stock(100, "account", "still here")
    gone = stock(0, "account", "left")
    leave = flow(here >> gone, hazard=leaving)
    headline = here


class Driven(Model):
    """One number that a lever drives and time wears off: linear, so that steps and ramps have closed forms."""

    drive = lever(3, "$/month", (0, 10), "what goes in", force=True)
    wearing = param(0.2, "1/month", (0, 1), "how fast it wears off")
    level = stock(5, "$", "what is there")
    put_in = flow(outside >> level, rate=drive)
    wear = flow(level >> outside, hazard=wearing)
    spent = metric(so_far(drive), "$", better=None)
    recent = metric(trailing(drive, constant(3, "month")), "$/month")
    headline = level


class Advocacy(Model):
    """The linear referral loop: C' = a + bC - dC, so that K = b/d."""

    arriving = param(4, "account/month", (0, 10), "customers who come of themselves")
    bringing = param(0.03, "1/month", (0, 0.2), "customers a customer brings")
    leaving = param(0.05, "1/month", (0, 0.2), "how fast they leave")
    customers = stock(20, "account")
    arrive = flow(outside >> customers, rate=arriving)
    bring = flow(outside >> customers, by=customers, hazard=bringing)
    leave = flow(customers >> outside, hazard=leaving)
    loop_gain = metric(gain(), "1")
    won = metric(so_far(into(customers)), "account")
    headline = customers


class Kinds(Model):
    """Two kinds of customer: a mixture of two exponential lifetimes."""

    origin = dimension("cold", "referred")
    arriving = param(origin(cold=3, referred=1), "account/month")
    leaving = param(origin(cold=0.2, referred=0.05), "1/month")
    wait = param(6, "month")
    here = stock(origin(cold=0, referred=0), "account")
    arrive = flow(outside >> here, rate=arriving)
    leave = flow(here >> outside, hazard=leaving)
    stay = metric(lifetime(here), "month")
    valued = metric(lifetime(here, discount=constant(0.01, "1/month")), "month")
    still = metric(survival(here, wait), "1")
    still_days = metric(lifetime(here), "day")


warmth = dimension("cold", "warm", "hot")
unheated = warmth.without("hot")


class Assorted(Model):
    """One of everything the language has, for comparing readings of it; its numbers mean nothing."""

    time_unit, counts = "month", ("account", "person")

    effort = lever(2, "account/month", (0.5, 4), "leads bought a month", force=True)
    mix = split(warmth(cold=0.5, warm=0.3, hot=0.2), "which leads are bought")
    market = param(400, "account", (100, 900))
    ease = param(warmth(cold=0.1, warm=0.2, hot=0.3), "1/month", (0.01, 0.9))
    stay = param(unheated(cold=2, warm=3), "month", (1, 9))
    word = param(0.04, "1/month", (0, 0.2))
    power = param(1.3, "1", (0.5, 2.5))
    opening = param(5.5, "month", (1, 20))
    impatience = param(0.2, "1/month", (0, 0.6))
    leaving = param(0.03, "1/month", (0.001, 0.2))
    lost_share = share(0.3, (0, 0.9))

    referral = loop("R1", "users bring users")
    growing = loop("R2", "money hires people")
    crowding = loop("B1", "the market fills")
    handover = friction("F1", "trials are mislaid")

    pool = stock(market - 30, "account", "untouched")
    leads = stock(warmth(cold=10, warm=6, hot=2), "account")
    trials = stock(unheated(cold=0.01 * market), "account", stages=3)
    users = stock(8, "account")
    gone = stock(0, "account")
    crew = stock(3, "person")
    fund = stock(100, "$")
    base = group(users, trials, note="who uses it")

    untouched = aux(crowding.gate(pool / market), "1")
    fullness = 1 - untouched
    season = aux(1 + 0.2 * exp(-time / constant(12, "month")) - log(1 + time / constant(60, "month")) / 9, "1")
    curve = aux(table(users, {0: 1, 20: 1.5, 40: 1.2}), "1")
    fame = aux(sqrt(1 + users / constant(50, "account")) * (1 + fullness) ** power, "1")
    fame_less = aux(referral.gate(fame, off=1) * (-lost_share + 2), "1")
    warm_up = aux(warmth(cold=1, warm=lost_share + 1, hot=curve), "1")
    talk = aux(where(users > constant(20, "account"), word * 2, word), "1/month")
    crowd = aux(maximum(fullness, 0.1, ratio(users, total(leads), empty=2)), "1")
    desk = staff(constant(4, "account/person") * crew, loop=crowding)

    find = flow(pool >> leads, rate=effort * mix * untouched * season)
    praise = flow(pool >> leads["hot"], by=users, hazard=referral.gate(talk * untouched * fame, off=0))
    try_out = flow(leads >> trials, hazard=ease * warm_up)
    hurry = flow(leads["hot"] >> users, hazard=ease["hot"] * minimum(curve, fame, 2))
    convert = flow(trials >> users, hazard=fame_less / stay, served_by=desk)
    refuse = flow(trials >> gone, hazard=0.5 / stay, served_by=desk)
    walk_off = flow(trials >> gone, hazard=handover.gate(impatience * (1 - desk.pace), off=0), anytime=True, friction=handover)
    leave = flow(base >> gone, hazard=leaving * crowd)
    ration = flow(base >> pool, rate=minimum(1, total(leads) / constant(40, "account")) * constant(0.2, "account/month"), anytime=True)
    forget = flow(gone >> pool, rate=gone / constant(9, "month"))
    hire = flow(
        outside >> crew,
        rate=growing.gate(where(time < opening, 0, fund / constant(400, "$*month/person")), off=0.1 * crew / constant(1, "month")),
    )
    depart = flow(crew >> outside, hazard=0.1 / constant(1, "month"))
    earn = flow(outside >> fund, rate=constant(10, "$/account") * (into(base) + out_of(users)))
    spend = flow(fund >> outside, hazard=where(time >= 2 * opening, leaving, 2 * leaving))

    won = metric(so_far(convert["cold"] + hurry), "account")
    usual = metric(trailing(total(convert), constant(6, "month")), "account/month")
    life = metric(lifetime(base), "day")
    way = metric(passage(trials, by=convert), "month")
    loop_gain = metric(gain(), "1")
    headline = users


MODELS = (Referral, Decay, Driven, Advocacy, Kinds, Assorted, Bass, Growth)


# Draws, seeded by the caller


def drawn_parameters(lowered, generator):
    """Every parameter inside its plausible range, or within a half of its default; shares of a split together 1."""
    values = []
    for name, label in lowered.layout.parameters:
        declared = lowered.declaration.parameters[name]
        default, between = declared.default[label], declared.between[label]
        low, high = between if between is not None else sorted((0.5 * default, 1.5 * default))
        values.append(float(generator.uniform(low, high)))
    split_slots = [slot for slot, (name, _) in enumerate(lowered.layout.parameters) if name == lowered.declaration.split]
    if split_slots:
        for slot, part in zip(split_slots, generator.dirichlet([1.0] * len(split_slots)), strict=True):
            values[slot] = float(part)
    return tuple(values)


def drawn_inputs(lowered, generator):
    """Parameters, and any loops and frictions off."""
    switches = tuple(bool(one) for one in generator.integers(0, 2, len(lowered.layout.switches)))
    return Inputs(drawn_parameters(lowered, generator), switches)


def drawn_states(lowered, generator):
    """Every number of the state between 0 and 50, a few of them 0."""
    size = len(lowered.program.initial)
    return tuple(float(value) for value in generator.uniform(0, 50, size) * (generator.random(size) > 0.1))
