"""Measures for metrics: ``from flywheel_sim.measures import trailing, so_far, ...``."""

from flywheel_sim.model.measures import (
    gain,
    into,
    lifetime,
    marginal,
    out_of,
    passage,
    so_far,
    survival,
    trailing,
)

__all__ = ["gain", "into", "lifetime", "marginal", "out_of", "passage", "so_far", "survival", "trailing"]
