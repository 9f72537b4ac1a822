"""What is said of flywheels, each with the experiment that finds it true or false in a scenario of ``growth``.

The numbers are those of docs/evidence.md; the twelfth is about marketplaces.
"""

from flywheel_sim.experiments import at, falls, holding_force, missing, off, pays_back, rises, shift, steadier, turned
from flywheel_sim.library.growth import Growth
from flywheel_sim.model import claim

__all__ = ["CLAIMS"]

g = Growth
own_numbers = at(g.shared_marketing, 0) & at(g.shared_sales, 0) & at(g.shared_success, 0)
shared_goals = at(g.shared_marketing, 1) & at(g.shared_sales, 1) & at(g.shared_success, 1)

CLAIMS = (
    claim(
        1,
        "The pipeline works ever harder just to hold its results",
        rises(g.replacement_share, first=12, pipeline=True),
        hinges=(g.churn, g.market),
    ),
    claim(
        2,
        "Early delight and advocacy spending looks dear, then pays",
        pays_back(g.acquisition_cost),
        hinges=(g.asks_more, g.usual_win),
    ),
    claim(
        3,
        "The cost to acquire falls as referrals rise",
        falls(g.acquisition_cost, first=12, more_than=off(g.referral)),
        hinges=(g.asks_more, g.fit["referred"]),
    ),
    claim(
        4,
        "The time to close shortens as the content library grows",
        falls(g.time_to_close, first=6, more_than=shift("engage", to="sellers")),
        hinges=(g.seller_cost, g.half["engage"]),
    ),
    claim(
        5,
        "Retention improves as success practice matures",
        falls(g.first_year_loss, first=3, more_than=off(g.practice) & shift("practice", to="ads")),
        hinges=(g.practice_gain, g.half["practice"]),
    ),
    claim(
        6,
        "Once it spins, little force holds the speed",
        holding_force(g.new_customers, month=36, most=0.5),
        hinges=(g.asks_more, g.fit["referred"]),
    ),
    claim(
        7,
        "Growth becomes more predictable as the wheel matures",
        steadier(g.new_customers, first=12, draws=100),
    ),
    claim(
        8,
        "Handoffs lose energy; aligning them frees it",
        turned(g.customers, at(g.spread["alignment"], 0), at(g.spread["alignment"], 0.08)),
        hinges=(g.mislaid, g.half["alignment"]),
    ),
    claim(
        9,
        "Informed buyers are slowed by a rigid sequence",
        turned(g.time_to_close, at(g.rigidity, 1), at(g.rigidity, 0)),
        hinges=(g.informed, g.discovery_time),
    ),
    claim(
        10,
        "Paying each team by its own number hurts the whole",
        turned(g.cash, own_numbers, shared_goals),
        hinges=(g.overselling, g.volume),
    ),
    claim(
        11,
        "Lost opportunities and churned customers left alone are wasted energy",
        missing(g.customers, off(g.reactivation)),
        hinges=(g.seller_cost, g.reopening),
    ),
)
