"""Differential equations, in fixed steps or in steps chosen by error."""

from flywheel_sim.engines.ode.run import LONGEST_STEP, run

__all__ = ["LONGEST_STEP", "run"]
