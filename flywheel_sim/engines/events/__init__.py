"""Single accounts and luck: every account on its own, on the clock of SimPy, with queues and a log of journeys."""

from flywheel_sim.engines.events.log import Journey, Log
from flywheel_sim.engines.events.run import run

__all__ = ["Journey", "Log", "run"]
