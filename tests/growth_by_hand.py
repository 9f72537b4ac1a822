"""The growth model without its reinforcing loops, written again: a pipeline that ends at the sale, as one would program it.

It shares no code with the package and reads no declaration: stocks are entries of a dictionary, equations are the
sentences of docs/growth.md. Leads have one origin here, since nobody is referred.
"""

import math

ABILITIES = ("ads", "attract", "engage", "delight", "practice", "programme", "alignment")


def start(p):
    """Where everybody is on the first day."""
    return {
        "strangers": p["market"] - p["start_prospects"] - p["start_deals"] - p["start_customers"],
        "prospects": p["start_prospects"],
        "discovery": 0.25 * p["start_deals"],
        "first offers": 0.375 * p["start_deals"],
        "last offers": 0.375 * p["start_deals"],
        "newcomers": 0.10 * p["start_customers"],
        "passives": 0.45 * p["start_customers"],
        "advocates": 0.33 * p["start_customers"],
        "detractors": 0.12 * p["start_customers"],
        "lost": 0.0,
        "churned": 0.0,
        "sellers": p["start_sellers"],
        "managers": p["start_customers"] / p["per_manager"],
        "recurring": p["price"] * p["start_customers"],
        **{f"{name} money": p[f"start_investment.{name}"] for name in ABILITIES},
    }


def rates(s, p):
    """What becomes of each stock in a month."""
    level = {name: s[f"{name} money"] / (s[f"{name} money"] + p[f"half.{name}"]) for name in ABILITIES}
    gap = 1 - level["alignment"]
    by_volume, by_revenue, by_retention = 1 - p["shared_marketing"], 1 - p["shared_sales"], 1 - p["shared_success"]
    customers = s["newcomers"] + s["passives"] + s["advocates"] + s["detractors"]
    shade = math.exp(-p["put_off"] * (s["detractors"] / customers if customers else 0))

    # attract
    drawn = p["organic_leads"] + p["ads_leads"] * level["ads"] + p["content_leads"] * level["attract"]
    reach = drawn * shade * math.exp(p["volume"] * by_volume) * s["strangers"] / p["market"]
    judged = s["prospects"] / (p["qualifying_time"] * (1 + p["delayed"] * gap))
    unfit = judged * (1 - p["fit.cold"])
    mislaid = judged * p["fit.cold"] * p["mislaid"] * gap
    good = judged * p["fit.cold"] - mislaid
    skipping = p["informed"] * (1 - p["rigidity"])
    forced = p["informed"] * p["rigidity"] / (1 - skipping)

    # engage
    open_deals = s["discovery"] + s["first offers"] + s["last offers"]
    places = p["carries"] * (s["sellers"] + p["founders"])
    pace = min(1, places / open_deals) if open_deals else 1
    speed = 1 + p["engage_gain"] * level["engage"]
    odds = p["usual_win"] / (1 - p["usual_win"]) * math.exp(p["pressing"] * by_revenue - p["misfit"] * by_volume) * shade
    chance = odds / (1 + odds)
    understood = pace * speed / p["discovery_time"] * s["discovery"]
    balked = p["impatience"] * (forced + 1 - pace) * s["discovery"]
    step = 2 * pace * speed / p["deciding_time"]  # two steps, each half as long
    weighed, decided = step * s["first offers"], step * s["last offers"]
    waited = p["impatience"] * (1 - pace)

    # delight
    attention = min(1, p["per_manager"] * s["managers"] / customers) if customers else 1
    care = (1 + p["practice_gain"] * level["practice"]) * (1 + p["delight_gain"] * level["delight"])
    care *= 1 - p["strain"] * (1 - attention)
    first_care = care * math.exp(-p["overselling"] * by_revenue - p["regret"] * by_volume)
    likes, dislikes = p["liking"] * first_care, p["disliking"] / first_care
    settled = s["newcomers"] / (p["onboarding_time"] * (1 + p["slowed"] * gap)) / (1 + likes + dislikes)
    dropped = p["dropped"] * gap / p["onboarding_time"] * s["newcomers"]
    leaving = p["churn"] * math.exp(-p["holding"] * by_retention) / care
    left_early = leaving * p["churn_newcomers"] * care / first_care * s["newcomers"]
    warmed = p["warming"] * care / (1 + p["unnoticed"] * gap) * s["passives"]
    cooled = p["fading"] / care * s["advocates"]
    soured = p["souring"] / care * s["passives"]
    mended = p["mending"] * care * s["detractors"]
    drifted = leaving * s["passives"]
    parted = leaving * p["churn_advocates"] * s["advocates"]
    stormed = leaving * p["churn_detractors"] * s["detractors"]
    gone = left_early + dropped + drifted + parted + stormed

    # money
    paying = s["recurring"] / customers if customers else p["price"]
    expanding = p["expanding_advocates"] * s["advocates"] + p["expanding_others"] * (s["passives"] + s["newcomers"])
    grown = math.exp(-p["timidity"] * by_retention) * expanding - p["shrinking"] * s["detractors"] - gone

    return {
        "strangers": unfit - reach + p["forgetting"] * (s["lost"] + s["churned"]),
        "prospects": reach - judged,
        "discovery": good * (1 - skipping) - understood - balked,
        "first offers": good * skipping + understood - weighed - waited * s["first offers"],
        "last offers": weighed - decided - waited * s["last offers"],
        "newcomers": chance * decided - settled * (1 + likes + dislikes) - dropped - left_early,
        "passives": settled - warmed + cooled - soured + mended - drifted,
        "advocates": likes * settled + warmed - cooled - parted,
        "detractors": dislikes * settled + soured - mended - stormed,
        "lost": mislaid + balked + (1 - chance) * decided + waited * (s["first offers"] + s["last offers"]) - p["forgetting"] * s["lost"],
        "churned": gone - p["forgetting"] * s["churned"],
        "sellers": (p["budget"] * p["spread.sellers"] / p["seller_cost"] - s["sellers"]) / p["hiring_time"],
        "managers": (customers / p["per_manager"] - s["managers"]) / p["hiring_time"],
        "recurring": p["price"] * chance * decided + grown * paying,
        **{
            f"{name} money": p["budget"] * p[f"spread.{name}"] - math.log(2) / p[f"half_life.{name}"] * s[f"{name} money"]
            for name in ABILITIES
        },
    }


def pipeline(p, months, dt):
    """Every stock at every month, by the classical Runge-Kutta method."""
    now = start(p)
    months_seen = [dict(now)]

    def moved(by, rate):
        return {name: now[name] + by * rate[name] for name in now}

    for _ in range(months):
        for _ in range(round(1 / dt)):
            first = rates(now, p)
            second = rates(moved(dt / 2, first), p)
            third = rates(moved(dt / 2, second), p)
            fourth = rates(moved(dt, third), p)
            now = {name: now[name] + dt / 6 * (first[name] + 2 * second[name] + 2 * third[name] + fourth[name]) for name in now}
        months_seen.append(dict(now))
    return months_seen
