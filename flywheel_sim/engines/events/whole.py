"""The start in whole individuals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["largest_remainder"]

FUZZ = 1e-9  # what rounding of sums and shares may have left a number below the whole number it is meant to be


def largest_remainder(shares: Sequence[float]) -> list[int]:
    """Whole numbers near some numbers, with the total of those, rounded (a half goes up).

    Each is rounded down; what is then missing goes one by one to those that lost most, to the earlier of equals.

    Args:
        shares: none below 0.
    """
    floors = [math.floor(share + FUZZ) for share in shares]
    missing = math.floor(math.fsum(shares) + 0.5 + FUZZ) - sum(floors)
    order = sorted(range(len(shares)), key=lambda index: (round(floors[index] - shares[index], 9), index))
    for index in order[: max(missing, 0)]:
        floors[index] += 1
    return floors
