"""What is said of marketplaces, with the experiment that finds it true or false in a scenario of ``marketplace``."""

from flywheel_sim.experiments import missing, off
from flywheel_sim.library.marketplace import Marketplace
from flywheel_sim.model import claim

__all__ = ["CLAIMS"]

m = Marketplace

CLAIMS = (
    claim(
        12,
        "A marketplace (price, buyers, sellers, selection) reinforces itself in the same way",
        missing(m.buyers, off(m.selection, m.prices, m.sales)),
        hinges=(m.start_buyers, m.start_sellers, m.reached),
    ),
)
