"""Many draws at once, on a kernel printed and compiled for the model."""

from flywheel_sim.engines.ensemble.ensemble import Drawn, Draws, Ensemble, Futures
from flywheel_sim.engines.ensemble.readout import Readout

__all__ = ["Drawn", "Draws", "Ensemble", "Futures", "Readout"]
