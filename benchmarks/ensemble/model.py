# fmt: off
# A model is a table of equations, and tables are read down their columns.
"""The model that everything in this benchmark computes: 14 stocks and 42 parameters, all of them uncertain."""

from flywheel_sim import Model, aux, exp, flow, group, log, loop, minimum, outside, param, share, staff, stock, time, where

UNTIL = 60
DT = 1 / 16


class Wheel(Model):
    """Money and advocates bring prospects, a team of limited size serves them, practice keeps them, proof convinces the next."""

    time_unit, counts = "month", "account"

    market             = param(20_000, "account", (10_000, 40_000), "accounts within reach")
    start_customers    = param(100, "account", (40, 200), "customers on the first day")
    budget_before      = param(120_000, "$/month", (60_000, 200_000), "growth spending until it is changed")
    budget_after       = param(160_000, "$/month", (60_000, 300_000), "and from then on")
    switch             = param(18, "month", (6, 36), "when it is changed")
    reinvest           = share(0.10, (0, 0.25), "gross margin put back")
    ads_share          = share(0.45, (0.25, 0.60), "of spending, for advertising")
    content_share      = share(0.25, (0.10, 0.40), "of spending, for content; practice gets what is left")
    ads_scale          = param(50_000, "$/month", (20_000, 90_000), "advertising that gives the leads below", limits=(1, None))
    ads_power          = param(0.7, "1", (0.45, 0.95), "how the leads grow with advertising")
    leads_at_scale     = param(250, "account/month", (120, 400), "leads at that much advertising")
    content_half       = param(400_000, "$", (150_000, 900_000), "content with half the effect", limits=(1, None))
    content_half_life  = param(12, "month", (6, 24), "of content", limits=(0.1, None))
    inbound            = param(0.012, "1/month", (0.004, 0.03), "strangers that endless content brings")
    talking            = param(0.05, "1/month", (0.01, 0.12), "strangers who follow an introduction, if everybody is introduced")
    circle             = param(6, "1", (2, 12), "strangers whom an advocate reaches")
    qualifying         = param(0.9, "1/month", (0.5, 1.6), "leads followed up")
    dropping           = param(0.5, "1/month", (0.2, 1.0), "leads that come to nothing")
    seats              = param(900, "account", (300, 2_500), "leads and deals that the team can carry")
    deciding           = param(0.55, "1/month", (0.3, 1.0), "deals decided")
    usual_odds         = param(0.28, "1", (0.15, 0.5), "odds of winning a deal")
    proof_gain         = param(0.9, "1", (0.3, 1.6), "what endless proof adds to their logarithm")
    proof_half         = param(80, "item", (30, 200), "proof with half that effect", limits=(1, None))
    proof_half_life    = param(12, "month", (6, 24), "of proof", limits=(0.1, None))
    acts               = param(0.03, "item/account/month", (0.01, 0.08), "proof that an advocate gives")
    put_off            = param(1.2, "1", (0, 3), "what a customer base of detractors takes off it")
    settling           = param(0.35, "1/month", (0.2, 0.6), "newcomers who make up their mind")
    usual_delight      = share(0.30, (0.15, 0.45), "who become advocates without any practice; with endless practice twice as many")
    practice_half      = param(500_000, "$", (200_000, 1_000_000), "practice with half the effect", limits=(1, None))
    practice_half_life = param(18, "month", (9, 36), "of practice", limits=(0.1, None))
    learning           = param(40, "$/account/month", (0, 120), "practice that comes from serving a customer")
    usual_churn        = param(0.02, "1/month", (0.008, 0.04), "customers lost without any practice")
    loyalty            = param(0.8, "1", (0.2, 1.6), "how much of that endless practice takes away, as a logarithm")
    doubt              = param(1.5, "1", (0.8, 2.5), "how much faster newcomers leave")
    haste              = param(3, "1", (1.5, 5), "how much faster detractors leave")
    souring            = param(0.03, "1/month", (0.01, 0.06), "customers who become detractors without any practice")
    soothing           = param(0.15, "1/month", (0.05, 0.3), "detractors won back by endless practice")
    calming            = param(0.02, "1/month", (0.005, 0.05), "advocates who fall silent")
    reawakening        = param(0.02, "1/month", (0.005, 0.05), "lost deals and former customers who look again")
    price              = param(2_000, "$/account/month", (1_000, 3_500), "what a customer pays")
    margin             = share(0.78, (0.65, 0.88), "gross margin")
    discount           = param(0.008, "1/month", (0.002, 0.015), "of money that comes later")

    referral = loop("R1", "advocates introduce strangers")
    proving  = loop("R2", "advocates give proof, and proof wins deals")

    strangers  = stock(market - 2 * start_customers, "account", "not in touch")
    prospects  = stock(0.7 * start_customers, "account", "being followed up")
    evaluating = stock(0.3 * start_customers, "account", "weighing an offer")
    newcomers  = stock(0.1 * start_customers, "account", "customers who have not made up their mind")
    passives   = stock(0.5 * start_customers, "account", "content and silent")
    advocates  = stock(0.3 * start_customers, "account", "delighted")
    detractors = stock(0.1 * start_customers, "account", "disappointed")
    lost       = stock(0, "account", "leads and deals that came to nothing")
    churned    = stock(0, "account", "former customers")
    content    = stock(60_000, "$", "what was spent on it and has not faded")
    practice   = stock(30_000, "$", "what was spent on it and learnt, and has not faded")
    proof      = stock(5, "item", "cases and reviews in use")
    cash       = stock(0, "$", "margin less spending")
    worth      = stock(0, "$", "margin, discounted")
    customers  = group(newcomers, passives, advocates, detractors)

    # Money
    earned        = aux(margin * price * customers, "$/month")
    spending      = aux(where(time < switch, budget_before, budget_after) + reinvest * earned, "$/month")
    earn          = flow(outside >> cash, rate=earned)
    spend         = flow(cash >> outside, rate=spending)
    value         = flow(outside >> worth, rate=earned * exp(-discount * time))
    write         = flow(outside >> content, rate=content_share * spending)
    fade          = flow(content >> outside, hazard=log(2) / content_half_life)
    train         = flow(outside >> practice, rate=(1 - ads_share - content_share) * spending + learning * customers)
    forget        = flow(practice >> outside, hazard=log(2) / practice_half_life)

    # Attract
    leads         = aux(leads_at_scale * (ads_share * spending / ads_scale) ** ads_power, "account/month")
    reach         = aux(content / (content + content_half), "1")
    advertise     = flow(strangers >> prospects, hazard=leads / market)
    read          = flow(strangers >> prospects, hazard=inbound * reach)
    introduced    = aux(talking * (1 - exp(-circle * advocates / market)), "1/month")
    introduce     = flow(strangers >> prospects, hazard=referral.gate(introduced, off=0))

    # Engage
    team          = staff(seats)
    certainty     = aux(proving.gate(proof_gain * proof / (proof + proof_half), off=0) - put_off * detractors / customers, "1")
    odds          = aux(usual_odds * exp(certainty), "1")
    winning       = aux(odds / (1 + odds), "1")
    qualify       = flow(prospects >> evaluating, hazard=qualifying, served_by=team)
    drop          = flow(prospects >> lost, hazard=dropping)
    close         = flow(evaluating >> newcomers, hazard=deciding * winning, served_by=team)
    refuse        = flow(evaluating >> lost, hazard=deciding * (1 - winning), served_by=team)
    look_again    = flow(lost >> prospects, hazard=reawakening)
    come_back     = flow(churned >> prospects, hazard=reawakening)

    # Delight
    skill         = aux(practice / (practice + practice_half), "1")
    delighted     = aux(minimum(1, usual_delight * (1 + skill)), "1")
    churn         = aux(usual_churn * exp(-loyalty * skill), "1/month")
    delight       = flow(newcomers >> advocates, hazard=settling * delighted)
    satisfy       = flow(newcomers >> passives, hazard=settling * (1 - delighted))
    calm          = flow(advocates >> passives, hazard=calming)
    sour          = flow(passives >> detractors, hazard=souring * (1 - skill))
    soothe        = flow(detractors >> passives, hazard=soothing * skill)
    leave_new     = flow(newcomers >> churned, hazard=doubt * churn)
    leave         = flow(passives >> churned, hazard=churn)
    leave_gladly  = flow(advocates >> churned, hazard=0.5 * churn)
    leave_angry   = flow(detractors >> churned, hazard=haste * churn)
    publish       = flow(outside >> proof, rate=acts * advocates)
    age           = flow(proof >> outside, hazard=log(2) / proof_half_life)

    headline = customers
