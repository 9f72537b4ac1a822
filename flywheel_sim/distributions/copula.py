"""Values that go together: a Gaussian copula, from the rank correlations of pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["pearson", "triangle"]

LEAST_PIVOT = 1e-9  # of a matrix of correlations: below it, one value would follow from the others


def pearson(rank: float) -> float:
    """The correlation of two normal variables whose ranks are correlated as said (K. Pearson, 1907): 2 sin(pi rank / 6)."""
    return 2 * math.sin(math.pi * rank / 6)


def triangle(size: int, ranks: Mapping[tuple[int, int], float]) -> list[dict[int, float]]:
    """The rows of L, where L times its transpose is the matrix of correlations of normal variables.

    Independent normal numbers z become correlated ones as L z: what is drawn is a Gaussian copula.

    Args:
        size: how many variables there are.
        ranks: rank correlations of pairs of them, the lesser first; all others are 0.

    Returns:
        Each row by column, zeros left out. Fewer rows than variables where these correlations cannot all hold
        together: the first row that is missing belongs to the first variable that cannot go with those before it.
    """
    rows: list[dict[int, float]] = []
    for row in range(size):
        made: dict[int, float] = {}
        for column, other in enumerate(rows):
            wanted = pearson(ranks.get((column, row), 0.0)) - math.fsum(made[k] * other[k] for k in made if k in other)
            if wanted:
                made[column] = wanted / other[column]
        pivot = 1 - math.fsum(value * value for value in made.values())
        if pivot < LEAST_PIVOT:
            break
        rows.append({**made, row: math.sqrt(pivot)})
    return rows
