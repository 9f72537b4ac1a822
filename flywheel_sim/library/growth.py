# fmt: off
# A model is a table of equations, and tables are read down their columns.
"""growth: attract, engage and delight, and what delighted customers give back.

A funnel and a flywheel are two settings of this one model: the same accounts, the same frictions, the same
money, with the reinforcing loops off or on and the budget split one way or the other. Accounts are conserved:
each of them is in exactly one stock at any time.
"""

from flywheel_sim.measures import gain, into, lifetime, marginal, out_of, passage, so_far, survival, trailing
from flywheel_sim.model import (
    Model,
    aux,
    constant,
    dimension,
    exp,
    factor,
    flow,
    friction,
    group,
    lever,
    log,
    loop,
    metric,
    minimum,
    outside,
    param,
    ratio,
    share,
    split,
    staff,
    stock,
    total,
)

origin = dimension("cold", "referred")
outlet = dimension("ads", "attract", "engage", "sellers", "delight", "practice", "programme", "alignment")
ability = outlet.without("sellers")
deed = dimension("case_studies", "reviews", "mentions")


class Growth(Model):
    """Strangers become prospects, deals and customers; the delighted among them bring and convince the next."""

    time_unit, counts = "month", "account"

    # What a strategy sets

    budget = lever(150_000, "$/month", (20_000, 1_000_000), "growth spending a month", force=True)
    spread = split(outlet(ads=0.42, attract=0.08, sellers=0.50), "what the budget buys")
    reinvest = lever(0, "1", (0, 0.5), "share of gross margin added to the budget", limits=(0, 1))
    rigidity = lever(0.5, "1", (0, 1), "informed buyers who must sit through discovery all the same", limits=(0, 1))
    shared_marketing = lever(0.4, "1", (0, 1), "marketing's pay: 0 by number of leads, 1 by how well they fit", limits=(0, 1))
    shared_sales = lever(0.4, "1", (0, 1), "sales' pay: 0 by closed revenue, 1 by satisfaction at 90 days", limits=(0, 1))
    shared_success = lever(0.4, "1", (0, 1), "success' pay: 0 by retention, 1 by referrals and expansion", limits=(0, 1))

    # The loops a funnel goes without, the loops the world keeps, and the three handoffs

    referral = loop("R1", "advocates introduce strangers, some of whom become advocates")
    proof = loop("R2", "advocates give proof in public, and proof wins customers")
    practice = loop("R3", "serving customers teaches how to serve them")
    reactivation = loop("R4", "lost and churned accounts are won back")
    reinvestment = loop("R5", "margin becomes budget")
    saturation = loop("B1", "the more have been reached, the fewer are left to reach")
    staff_load = loop("B2", "more deals and customers than the staff can carry slow everything down")
    negative_word = loop("B3", "detractors put buyers off")
    marketing_to_sales = friction("F1", "good leads mislaid and delayed between marketing and sales")
    sales_to_success = friction("F2", "newcomers dropped and delayed between sales and success")
    success_to_marketing = friction("F3", "introductions and stories that success never passes on")

    # The market, and where every account is at the start

    market = param(20_000, "account", (5_000, 100_000), "accounts within reach")
    start_customers = param(100, "account", (20, 500), "customers on the first day")
    start_prospects = param(1_350, "account", None, "leads on the first day", "set to those of a steady funnel at the default budget", limits=(0, None))
    start_deals = param(66, "account", None, "open deals on the first day", "set to those of a steady funnel at the default budget", limits=(0, None))

    strangers = stock(market - start_prospects - start_deals - start_customers, "account", "not in touch")
    prospects = stock(origin(cold=start_prospects), "account", "leads being qualified")
    discovery = stock(origin(cold=0.25 * start_deals), "account", "in first conversations")
    deals = stock(origin(cold=0.75 * start_deals), "account", "weighing an offer", stages=2)
    newcomers = stock(origin(cold=0.10 * start_customers), "account", "customers in their first 90 days")
    passives = stock(0.45 * start_customers, "account", "customers who are content and silent")
    advocates = stock(0.33 * start_customers, "account", "customers who are delighted and say so")
    detractors = stock(0.12 * start_customers, "account", "customers who are disappointed and say so")
    lost = stock(0, "account", "deals that came to nothing")
    churned = stock(0, "account", "customers who left")
    customers = group(newcomers, passives, advocates, detractors, note="all who have bought and not left")
    graveyard = group(lost, churned, note="known to us, and neither customers nor talking")

    # Money becomes abilities, with diminishing returns; time erodes them

    price = param(25_000 / 12, "$/account/month", (800, 4_200), "what a new customer pays", "Pacific Crest 2016: contracts of 10/25/50 k$ a year")
    margin = share(0.79, (0.70, 0.85), "gross margin, success managers paid", "benchmark surveys: 70/79/85 %")
    half = param(
        ability(ads=90_000, attract=300_000, engage=250_000, delight=400_000, practice=700_000, programme=80_000, alignment=120_000),
        "$",
        factor(4),
        "investment that gives half the effect",
    )
    half_life = param(
        ability(ads=1, attract=12, engage=12, delight=12, practice=18, programme=9, alignment=12),
        "month",
        factor(2),
        "time in which half of it is gone",
        "assumption; ads: carry-over 0.5 (Sethuraman 2011)",
        limits=(0.05, None),
    )
    start_investment = param(
        ability(ads=91_000, attract=150_000, engage=0, delight=0, practice=60_000, programme=0, alignment=0),
        "$",
        None,
        "left from before the first day",
        "set near that of a steady funnel at the default budget",
        limits=(0, None),
    )
    learning = param(40, "$/account/month", (0, 150), "what serving one customer teaches, as money spent on practice")

    investment = stock(start_investment, "$", "spending whose effect has not yet worn off")
    recurring = stock(price * start_customers, "$/month", "what customers pay")
    spending = aux(budget + reinvestment.gate(reinvest * margin * recurring, off=0), "$/month", "the budget, and margin put back")
    level = aux(investment / (investment + half), "1", "every ability helps, each further dollar a little less")
    invest = flow(outside >> investment, rate=spending * spread, note="each outlet gets its share of spending")
    learn = flow(
        outside >> investment["practice"],
        rate=practice.gate(learning * customers, off=0),
        note="serving customers builds practice without being paid for",
    )
    wear_off = flow(investment >> outside, hazard=log(2) / half_life, note="content ages, habits fade")

    # Handoffs: each loses accounts and time in proportion to what alignment has not closed

    mislaid = share(0.15, (0, 0.4), "good leads lost to sales without any alignment")
    delayed = param(0.4, "1", (0, 1), "extra time to qualify a lead without any alignment")
    dropped = share(0.05, (0, 0.15), "newcomers lost at the start without any alignment")
    slowed = param(0.4, "1", (0, 1), "extra time to settle in without any alignment")
    unheard = share(0.30, (0, 0.8), "introductions and stories not passed on without any alignment")
    unnoticed = param(0.4, "1", (0, 1), "extra time until delight is noticed without any alignment")

    gap = aux(1 - level["alignment"], "1", "what shared data and goals have not closed")
    sales_gap = aux(marketing_to_sales.gate(gap, off=0), "1", "the gap between marketing and sales")
    success_gap = aux(sales_to_success.gate(gap, off=0), "1", "the gap between sales and success")
    story_gap = aux(success_to_marketing.gate(gap, off=0), "1", "the gap between success and marketing")
    heard = aux(1 - unheard * story_gap, "1", "share of introductions and stories that success passes on")

    # Incentives: what a team paid by its own number gives, and what that costs the others

    volume = param(0.30, "1", (0.1, 0.6), "leads added when marketing is paid by their number")
    misfit = param(0.30, "1", (0.1, 0.8), "odds of winning lost to leads that do not fit")
    regret = param(0.15, "1", (0, 0.4), "satisfaction lost to customers who do not fit")
    pressing = param(0.20, "1", (0.05, 0.4), "odds of winning gained when sales is paid by revenue")
    overselling = param(0.60, "1", (0.2, 1), "satisfaction lost to promises not kept")
    holding = param(0.15, "1", (0, 0.3), "churn held back when success is paid by retention")
    silence = param(0.60, "1", (0.2, 1.5), "advocacy that nobody then asks for")
    timidity = param(0.20, "1", (0, 0.5), "expansion that nobody then proposes")

    own_marketing = aux(1 - shared_marketing, "1", "how far marketing is paid by its own number")
    own_sales = aux(1 - shared_sales, "1", "how far sales is paid by its own number")
    own_success = aux(1 - shared_success, "1", "how far success is paid by its own number")

    # What advocates do: introductions, and proof for all to see

    asks = param(0.025, "1/month", (0.005, 0.05), "introductions an advocate makes unasked", "assumption: 15 % refer, about twice a year")
    asks_more = param(0.055, "1/month", (0, 0.08), "and more under a full programme", "Amplifinity: members of programmes, an upper bound")
    acts = param(deed(case_studies=0.002, reviews=0.008, mentions=0.05), "item/account/month", factor(3), "what an advocate does unasked")
    acts_more = param(deed(case_studies=0.010, reviews=0.030, mentions=0), "item/account/month", factor(3), "and more under a full programme")
    proof_half = param(80, "item", (20, 300), "published items that give half the effect")
    proof_life = param(18, "month", (9, 36), "how long an item convinces", limits=(0.1, None))
    trust_gain = param(0.3, "1", (0, 0.6), "reach and odds added by endless proof")
    put_off = param(1, "1", (0, 3), "how strongly detractors put buyers off", "Mahajan, Muller & Kerin 1984: the sign only")

    published = stock(0, "item", "case studies and reviews in use")
    asking = aux(
        (asks + asks_more * level["programme"]) * (1 + level["delight"]) * exp(-silence * own_success),
        "1/month",
        "introductions an advocate makes, more when asked and when there is something to show",
    )
    acting = aux((acts + acts_more * level["programme"]) * exp(-silence * own_success), "item/account/month", "other things an advocate does")
    trust = aux(1 + trust_gain * published / (published + proof_half), "1", "published proof raises reach and odds")
    shade = aux(negative_word.gate(exp(-put_off * ratio(detractors, customers, empty=0))), "1", "detractors lower both")
    untouched = aux(saturation.gate(strangers / market), "1", "share of the market still to be reached")
    introductions = aux(referral.gate(asking * untouched, off=0), "1/month", "introductions to accounts not yet in touch")
    writing = aux(proof.gate(acting["case_studies"] + acting["reviews"], off=0), "item/account/month", "proof that can be published")
    publish = flow(outside >> published, rate=writing * heard * advocates, note="advocates' stories are published where they are passed on")
    age = flow(published >> outside, hazard=1 / proof_life, note="proof grows old")

    # Attract: strangers become prospects

    organic_leads = param(60, "account/month", (0, 200), "leads that come of themselves")
    ads_leads = param(680, "account/month", (300, 1_500), "leads that endless ads would buy", "assumption; at the default budget a lead costs 190 $")
    content_leads = param(360, "account/month", (100, 800), "leads that endless content would earn")

    drawn = aux(
        organic_leads + ads_leads * level["ads"] + content_leads * level["attract"],
        "account/month",
        "leads are bought by ads and earned by content",
    )
    leads = aux(drawn * trust * shade * exp(volume * own_marketing), "account/month", "cold leads a month, if nobody had been reached yet")
    reach = flow(strangers >> prospects["cold"], rate=leads * untouched, note="ads and content reach those not yet in touch")
    introduce = flow(
        strangers >> prospects["referred"], by=advocates, hazard=introductions * heard, note="advocates introduce those not yet in touch"
    )

    # Qualify: the fit are handed to sales, the informed go straight to an offer

    qualifying_time = param(2, "month", (1, 3), "first touch to opportunity, with aligned teams", "Implisit 2014: 84 days, which is what unaligned teams take here", limits=(0.05, None))
    fit = param(
        origin(cold=0.065, referred=0.50),
        "1",
        origin(cold=(0.025, 0.13), referred=(0.1, 0.7)),
        "prospects worth selling to",
        "set so that 1.0 to 1.5 % of cold leads are won (Implisit 2014: ads 0.8, website 1.55 %); referred: assumption, Kumar 2007 has 14 of 33 who refer bring one",
        limits=(0, 1),
    )
    informed = share(
        0.6,
        (0.3, 0.8),
        "buyers who know what they want before the first talk",
        "assumption: 70 % of research comes before first contact",
        limits=(0, 0.95),
    )

    qualifying = aux(qualifying_time * (1 + delayed * sales_gap), "month", "time to qualify a lead, longer across a gap")
    skip = aux(informed * (1 - rigidity), "1", "share that goes straight to an offer")
    forced = aux(informed * rigidity / (1 - skip), "1", "share of those in discovery who did not need it")
    handed_on = aux(fit * (1 - mislaid * sales_gap) / qualifying, "1/month", "good leads handed to sales")
    reject = flow(prospects >> strangers, hazard=(1 - fit) / qualifying, note="leads that do not fit are let go")
    mislay = flow(
        prospects >> lost,
        hazard=fit * mislaid * sales_gap / qualifying,
        friction=marketing_to_sales,
        note="good leads get lost between marketing and sales",
    )
    meet = flow(prospects >> discovery, hazard=handed_on * (1 - skip), note="the others start with a conversation")
    fast_track = flow(prospects >> deals, hazard=handed_on * skip, note="the informed go straight to an offer")

    # Engage: deals are decided as fast as buyers and sellers can go

    discovery_time = param(
        0.8, "month", (0.3, 2), "to talk needs and fit through", "vendor benchmarks: cycle of 30/75/180 days", limits=(0.05, None)
    )
    deciding_time = param(1.8, "month", (0.7, 5), "first offer to yes or no", "vendor benchmarks: cycle of 30/75/180 days", limits=(0.05, None))
    impatience = param(0.2, "1/month", (0, 0.6), "buyers who go when kept waiting, or walked through what they know")
    usual_win = share(0.22, (0.15, 0.35), "decisions won, all else being ordinary", "vendor benchmarks: 15/22/35 %", limits=(0.01, 0.99))
    referral_edge = param(1.6, "1", (0.8, 4.5), "odds of a referred deal over those of a cold one", "Olist: none; Implisit 2014: 4.5")
    referral_speed = param(1.25, "1", (1, 1.6), "pace of a referred deal over that of a cold one", "assumption: 0/20/40 % shorter")
    engage_gain = param(0.4, "1", (0, 0.8), "time saved when buyers can read it for themselves")
    founders = param(2, "person", (0, 8), "founders who sell")
    carries = param(7.9, "account/person", (4, 15), "open deals one seller carries", "vendor benchmark: 10 closed a quarter")
    seller_cost = param(12_500, "$/person/month", (8_000, 20_000), "full cost of a seller", limits=(1, None))
    hiring_time = param(5, "month", (3, 12), "until a hire counts, or a leaver is gone", limits=(0.1, None))
    start_sellers = param(6, "person", None, "sellers on the first day", "set to those whom half the default budget pays", limits=(0, None))

    sellers = stock(start_sellers, "person", "trained sellers")
    hire = flow(outside >> sellers, rate=spending * spread["sellers"] / seller_cost / hiring_time, note="the budget hires sellers")
    depart = flow(sellers >> outside, hazard=1 / hiring_time, note="sellers the budget no longer pays leave")
    selling = staff(carries * (sellers + founders), loop=staff_load, note="sellers and founders carry deals")
    speed = aux(origin(cold=1, referred=referral_speed) * (1 + engage_gain * level["engage"]), "1", "content and referrals save buyers time")
    edge = aux(
        origin(cold=1, referred=referral_edge) * exp(pressing * own_sales - misfit * own_marketing),
        "1",
        "what the origin of a deal and the teams' pay do to its odds",
    )
    odds = aux(usual_win / (1 - usual_win) * edge * trust * shade, "1", "all that helps or hurts a decision multiplies its odds")
    chance = aux(odds / (1 + odds), "1", "share of decisions won")
    discover = flow(discovery >> deals, hazard=speed / discovery_time, served_by=selling, note="needs are clear, an offer is made")
    balk = flow(discovery >> lost, hazard=impatience * (forced + 1 - selling.pace), note="buyers go when kept waiting or told what they know")
    win = flow(deals >> newcomers, hazard=chance * speed / deciding_time, served_by=selling, note="deals are won")
    lose = flow(deals >> lost, hazard=(1 - chance) * speed / deciding_time, served_by=selling, note="deals are lost")
    give_up = flow(deals >> lost, hazard=impatience * (1 - selling.pace), anytime=True, note="buyers go when kept waiting")

    # Delight: newcomers find out what they bought

    onboarding_time = param(3, "month", (2, 4), "the first 90 days", limits=(0.1, None))
    liking = param(1.25, "1", (0.5, 2), "newcomers delighted for each one who is content", "set for a net promoter score of 20-50")
    disliking = param(0.38, "1", (0.1, 0.8), "newcomers disappointed for each one who is content", "set for a net promoter score of 20-50")
    referred_liking = param(
        1.6, "1", (1, 2.5), "referred customers fit better", "set for 12 % less churn; Schmitt 2011 has 18 %", limits=(0.01, None)
    )
    per_manager = param(50, "account/person", (20, 100), "customers one success manager serves well", "surveys: 20/50/100", limits=(0.1, None))
    strain = share(0.5, (0, 0.8), "care lost where there is nobody to give it", limits=(0, 0.99))
    practice_gain = param(0.45, "1", (0, 1), "care added by endless practice")
    delight_gain = param(0.2, "1", (0, 0.5), "care added by endless content for customers")

    managers = stock(start_customers / per_manager, "person", "trained success managers")
    enlist = flow(outside >> managers, rate=customers / per_manager / hiring_time, note="success managers follow the number of customers")
    retire = flow(managers >> outside, hazard=1 / hiring_time, note="and leave when it falls")
    attention = aux(
        staff_load.gate(minimum(1, ratio(per_manager * managers, customers, empty=1))),
        "1",
        "success managers for each customer, at most enough",
    )
    care = aux(
        (1 + practice_gain * level["practice"]) * (1 + delight_gain * level["delight"]) * (1 - strain * (1 - attention)),
        "1",
        "how well customers are looked after",
    )
    first_care = aux(care * exp(-overselling * own_sales - regret * own_marketing), "1", "newcomers also feel broken promises and bad fit")
    likes = aux(liking * origin(cold=1, referred=referred_liking) * first_care, "1", "delighted newcomers for each content one")
    dislikes = aux(disliking / (origin(cold=1, referred=referred_liking) * first_care), "1", "disappointed newcomers for each content one")
    settling = aux(1 / (1 + likes + dislikes) / (onboarding_time * (1 + slowed * success_gap)), "1/month", "newcomers who find it merely fine")
    delight = flow(newcomers >> advocates, hazard=likes * settling, note="newcomers are delighted")
    disappoint = flow(newcomers >> detractors, hazard=dislikes * settling, note="newcomers are disappointed")
    satisfy = flow(newcomers >> passives, hazard=settling, note="newcomers are content")

    # Loyalty: customers warm, cool, sour and leave; some who left come back

    warming = param(0.016, "1/month", (0.005, 0.04), "content customers who become advocates")
    fading = param(0.020, "1/month", (0.01, 0.05), "advocates who fall silent")
    souring = param(0.010, "1/month", (0.003, 0.03), "content customers who turn against us")
    mending = param(0.030, "1/month", (0.01, 0.08), "detractors who are won round")
    churn = param(0.0105, "1/month", (0.004, 0.03), "content customers who leave; the others leave in proportion", "set so that of all customers some 10 to 15 % leave a year; Pacific Crest 2016: 5/10/20 %")
    churn_newcomers = param(0.95, "1", (0.3, 4), "newcomers' churn over that of the content")
    churn_advocates = param(0.38, "1", (0.1, 1), "advocates' churn over that of the content", "Garnefeld 2013: 7 to 19")
    churn_detractors = param(3.8, "1", (1.5, 10), "detractors' churn over that of the content")
    reopening = param(0.004, "1/month", (0, 0.015), "lost and churned accounts that talk again", "set for 2-10 % won back; no good source")
    forgetting = param(1 / 36, "1/month", (1 / 60, 1 / 12), "lost and churned accounts that forget us")

    leaving = aux(churn * exp(-holding * own_success) / care, "1/month", "good care and defensive retention lower churn")
    warm = flow(passives >> advocates, hazard=warming * care / (1 + unnoticed * story_gap), note="care turns the content into advocates")
    cool = flow(advocates >> passives, hazard=fading / care, note="advocates fall silent")
    sour = flow(passives >> detractors, hazard=souring / care, note="neglect turns the content against us")
    mend = flow(detractors >> passives, hazard=mending * care, note="care wins detractors round")
    quit_early = flow(newcomers >> churned, hazard=leaving * churn_newcomers * care / first_care, note="newcomers leave")
    drop = flow(
        newcomers >> churned,
        hazard=dropped * success_gap / onboarding_time,
        friction=sales_to_success,
        note="newcomers are lost between sales and success",
    )
    drift = flow(passives >> churned, hazard=leaving, note="the content leave")
    part = flow(advocates >> churned, hazard=leaving * churn_advocates, note="advocates leave")
    storm = flow(detractors >> churned, hazard=leaving * churn_detractors, note="detractors leave")
    revive = flow(
        graveyard >> deals["cold"],
        hazard=reactivation.gate(reopening * (1 + level["engage"]), off=0),
        note="lost and churned accounts talk again, sooner when there is something new to read",
    )
    forget = flow(graveyard >> strangers, hazard=forgetting, note="and some forget us and are strangers again")

    # Money: what customers pay

    expanding_advocates = param(0.015, "1/month", (0, 0.03), "growth of what an advocate pays", "set for revenue retention of 95-112 %")
    expanding_others = param(
        0.0115, "1/month", (0, 0.02), "growth of what a content customer or newcomer pays", "set for revenue retention of 95-112 %"
    )
    shrinking = param(0.003, "1/month", (0, 0.01), "fall of what a detractor pays")

    paying = aux(ratio(recurring, customers, empty=price), "$/account/month", "what a customer pays on average")
    sign = flow(outside >> recurring, rate=price * total(win), note="new customers start to pay")
    expand = flow(
        outside >> recurring,
        rate=exp(-timidity * own_success) * paying * (expanding_advocates * advocates + expanding_others * (passives + total(newcomers))),
        note="satisfied customers buy more",
    )
    shrink = flow(recurring >> outside, rate=shrinking * detractors * paying, note="detractors buy less")
    cancel = flow(recurring >> outside, rate=out_of(customers) * paying, note="those who leave stop paying")

    # What a strategy is judged by; means are over the trailing year

    year, one_item = constant(12, "month"), constant(1, "item/account")
    discount = param(0.10 / 12, "1/month", (0.05 / 12, 0.15 / 12), "what a later dollar loses")

    new_customers = metric(trailing(into(customers), year), "account/month", "customers won a month")
    spend = metric(trailing(spending, year), "$/month", "growth spending a month", better=None)
    total_spend = metric(so_far(spending), "$", "growth spending to date", better=None)
    revenue = metric(trailing(recurring, year), "$/month", "what customers pay a month")
    cash = metric(so_far(margin * recurring - spending), "$", "margin less growth spending, to date")
    acquisition_cost = metric(spend / new_customers, "$/account", "growth spending for each new customer", better="lower")
    marginal_acquisition_cost = metric(
        marginal(so_far(spending), so_far(into(customers)), budget), "$/account", "growth spending for one further customer", better="lower"
    )
    lifetime_value = metric(
        lifetime(customers, discount=discount) * price * margin, "$/account", "discounted margin of a new customer, without expansion"
    )
    value_to_cost = metric(lifetime_value / acquisition_cost, "1", "lifetime value over acquisition cost")
    payback_months = metric(acquisition_cost / (price * margin), "month", "until a new customer's margin has paid its cost", better="lower")
    referral_share = metric(trailing(win["referred"], year) / new_customers, "1", "new customers who were referred", percent=True)
    loop_gain = metric(gain(), "1", "accounts that each account brings over its life", beside=referral_share)
    win_rate = metric(trailing(total(win), year) / trailing(total(win) + total(lose), year), "1", "decisions won", percent=True)
    time_to_close = metric(passage(discovery, deals, by=win), "day", "first conversation to signature", better="lower")
    annual_churn = metric(
        1 - exp(-year * trailing(out_of(customers), year) / trailing(customers, year)),
        "1",
        "chance that a customer leaves within a year",
        better="lower",
        percent=True,
    )
    first_year_loss = metric(
        1 - survival(customers, year), "1", "chance that a new customer leaves within a year, as things are now", better="lower", percent=True
    )
    replacement_share = metric(
        trailing(out_of(customers), year) / new_customers, "1", "customers lost for each one won", better="lower", percent=True
    )
    revenue_retention = metric(
        exp(year * trailing(expand - shrink - cancel, year) / revenue),
        "1",
        "revenue from last year's customers over last year's revenue",
        percent=True,
    )
    net_promoter_score = metric(
        100 * (advocates - detractors) / (advocates + passives + detractors),
        "1",
        "advocates less detractors, of 100 customers past their first 90 days",
    )
    net_promoter_score_90_days = metric(
        100 * trailing(total(delight) - total(disappoint), year) / trailing(total(delight) + total(disappoint) + total(satisfy), year),
        "1",
        "the same, of 100 customers at the end of their first 90 days",
    )
    advocacy_actions = metric(
        trailing(advocates * (introductions * one_item + writing + acting["mentions"]), year),
        "item/month",
        "introductions, case studies, reviews and mentions a month",
    )
    lost_to_sales = metric(so_far(total(mislay)), "account", "good leads mislaid between marketing and sales, to date", better="lower")
    lost_to_success = metric(so_far(total(drop)), "account", "newcomers dropped between sales and success, to date", better="lower")
    lost_to_marketing = metric(
        so_far(advocates * introductions * unheard * story_gap),
        "account",
        "introductions never passed from success to marketing, to date",
        better="lower",
    )

    headline = customers
    panel = (new_customers, acquisition_cost, referral_share, annual_churn, net_promoter_score, time_to_close)
    outlay, balance = total_spend, cash
    diagram = """
                                                                                              advocates
        strangers         prospects      discovery        deals          newcomers            passives
                                         lost             churned                             detractors
                investment           recurring            published        sellers          managers
    """
