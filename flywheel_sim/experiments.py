"""Experiments for claims: ``from flywheel_sim.experiments import falls, off, ...``."""

from flywheel_sim.model.experiments import (
    at,
    falls,
    holding_force,
    missing,
    off,
    pays_back,
    rises,
    shift,
    steadier,
    turned,
)

__all__ = ["at", "falls", "holding_force", "missing", "off", "pays_back", "rises", "shift", "steadier", "turned"]
