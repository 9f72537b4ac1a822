"""Random numbers: one seed, and a stream of its own for everything that is drawn.

A stream is named by the seed, the replication and its number, and by nothing else: what another strategy, another
replication or another flow draws does not move it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

__all__ = ["ARRIVALS", "CAUSES", "CHOICES", "STAYS", "WAITS", "exponentials", "uniforms"]

FIRST, MOST = 16, 4096  # how many numbers are drawn at a time, at first and later: what is drawn does not depend on it
# The kinds of stream. For a state: how long its members stay, how patiently they wait for a place, which way they take.
# For a move: when the next comes from outside, and who caused it.
STAYS, WAITS, CHOICES, ARRIVALS, CAUSES = range(5)


def generator(seed: int, replication: int, kind: int, number: int) -> np.random.Generator:
    import numpy as np

    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(replication, kind, number))))


def exponentials(seed: int, replication: int, kind: int, number: int) -> Iterator[float]:
    """Exponential numbers of mean 1, without end."""
    made, size = generator(seed, replication, kind, number), FIRST
    while True:
        yield from made.standard_exponential(size).tolist()
        size = min(2 * size, MOST)


def uniforms(seed: int, replication: int, kind: int, number: int) -> Iterator[float]:
    """Numbers from 0 to below 1, without end."""
    made, size = generator(seed, replication, kind, number), FIRST
    while True:
        yield from made.random(size).tolist()
        size = min(2 * size, MOST)
