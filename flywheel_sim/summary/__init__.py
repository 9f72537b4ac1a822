"""Many numbers a cell, summed up as they come, in memory that does not grow with how many there are."""

from flywheel_sim.summary.summary import Summary

__all__ = ["Summary"]
