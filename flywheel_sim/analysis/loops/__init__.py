"""Which feedback loops make a model behave as it does, and when."""

from flywheel_sim.analysis.loops.scores import LoopScores, course, declared_shares, find_in, score_loops
from flywheel_sim.analysis.loops.takeover import Takeover, month_of_takeover

__all__ = ["LoopScores", "Takeover", "course", "declared_shares", "find_in", "month_of_takeover", "score_loops"]
