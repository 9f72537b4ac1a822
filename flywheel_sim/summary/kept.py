"""Values that are kept as they are, while they are few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["Kept"]


class Kept:
    """Values of each cell, a row, by the number of their draw, a column."""

    def __init__(self) -> None:
        self.blocks: list[tuple[int, Array]] = []

    def add(self, start: int, values: Array) -> None:
        """Keep values of the draws from a number on; they must not be changed any more."""
        self.blocks.append((start, values))

    def let_go(self) -> Iterator[Array]:
        """The blocks, of which none is held on to."""
        while self.blocks:
            yield self.blocks.pop()[1]

    def gathered(self) -> tuple[list[tuple[int, int]], Array]:
        """Runs of draws, each its first number and its length, and all values in the order of their numbers."""
        self.blocks.sort(key=lambda block: block[0])
        runs: list[tuple[int, int]] = []
        for start, values in self.blocks:
            length = values.shape[1]
            if runs and sum(runs[-1]) == start:
                start, length = runs[-1][0], runs.pop()[1] + length  # noqa: PLW2901  # the run goes on
            runs.append((start, length))
        together = np.concatenate([values for _, values in self.blocks], axis=1) if self.blocks else np.empty((0, 0))
        return runs, together

    def quantiles(self, shares: Array, defined: Array) -> Array:
        """The quantiles of the finite values, as NumPy's own; one row for each share.

        Args:
            shares: from 0 to 1.
            defined: how many values of each cell are finite.
        """
        _, values = self.gathered()
        found = np.full((len(shares), len(defined)), np.nan)
        draws = values.shape[1]
        whole = (defined == draws) & (defined > 0)
        if whole.any():
            found[:, whole] = np.quantile(values[whole], shares, axis=1)
        for cell in np.flatnonzero(~whole & (defined > 0)):
            found[:, cell] = np.quantile(values[cell][np.isfinite(values[cell])], shares)
        return found
