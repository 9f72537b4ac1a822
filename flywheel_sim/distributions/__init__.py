"""How an uncertain value is distributed, and how values go together.

A distribution is known by its quantile: the value below which a share ``u`` of all draws lies. Whoever makes
draws makes numbers between 0 and 1, and these become values one by one, so that the same number gives the same
value whoever asks. What a run without draws needs (``typical``, ``between``) is computed without SciPy.
"""

from flywheel_sim.distributions.beta import Beta, Pert, widest_beta
from flywheel_sim.distributions.copula import pearson, triangle
from flywheel_sim.distributions.distribution import Distribution, Truncated
from flywheel_sim.distributions.others import Discrete, Lognormal, Normal, Triangular, Uniform

__all__ = [
    "Beta",
    "Discrete",
    "Distribution",
    "Lognormal",
    "Normal",
    "Pert",
    "Triangular",
    "Truncated",
    "Uniform",
    "pearson",
    "triangle",
    "widest_beta",
]
