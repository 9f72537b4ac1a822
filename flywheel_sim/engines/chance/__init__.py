"""Whole individuals, one event at a time, in many replications, on a kernel printed and compiled for the model."""

from flywheel_sim.engines.chance.chance import Chances, Replications, few_at_start

__all__ = ["Chances", "Replications", "few_at_start"]
