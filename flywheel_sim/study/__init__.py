"""Studies: a scenario with its model, run, compared and judged."""

from flywheel_sim.study.simulate import simulate
from flywheel_sim.study.study import Study, load

__all__ = ["Study", "load", "simulate"]
