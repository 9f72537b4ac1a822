"""What draws are given: by a scenario with uncertain values, or by arrays from Python."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.engines.ensemble import Drawn, Draws
from flywheel_sim.records import Record
from flywheel_sim.study.sampling import Sampler, sampler_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flywheel_sim.program import Lowered
    from flywheel_sim.study.study import Study

    Array = NDArray[np.float64]

__all__ = ["Listed", "Sampled", "sampler_of"]


class Sampled(Record):
    """Draws of what a scenario states as uncertain.

    Attributes:
        study: the scenario with its model.
        count: how many draws there are.
        seed: of the draws.
        sampling: ``sobol`` or ``random``.
        each: how many in a row are given the same, and differ by luck alone.
    """

    study: Study
    count: int
    seed: int
    sampling: str
    each: int = 1

    @property
    def lowered(self) -> Lowered:
        """The model."""
        return self.study.lowered

    def times(self) -> Mapping[str, tuple[float, ...]]:
        """When each strategy is saved."""
        return {name: tuple(self.study.times(strategy)) for name, strategy in self.study.scenario.strategies.items()}

    def drawn(self, strategy: str) -> frozenset[int]:
        """The parameters that may differ between its draws."""
        return frozenset(slot for slot, _, _ in sampler_of(self).plan(strategy).drawn)

    def draws(self, strategy: str, start: int, stop: int) -> Draws:
        """What it is given in some draws."""
        sampler = sampler_of(self)
        first, last = start // self.each, -(-stop // self.each)
        own = np.arange(start, stop) // self.each - first  # the number of each one's draw among these

        def every(value: Array | float) -> Array:
            return np.broadcast_to(np.asarray(value, float), (last - first,))[own]

        bends = sampler.bends(strategy, first, last)
        return Draws(
            sampler.parameters(strategy, first, last)[:, own],
            self.study.inputs(strategy).switches,
            tuple(Drawn(time, slot, every(value), every(slope)) for time, slot, value, slope in bends),
        )


@lru_cache(maxsize=4)
def sampler_of(given: Sampled) -> Sampler:
    """What draws the numbers."""
    return sampler_for(given.study, -(-given.count // given.each), given.seed, given.sampling)


class Listed(Record):
    """Draws listed in arrays: one strategy, ``run``.

    Attributes:
        lowered: the model.
        count: how many draws there are.
        typical: every parameter, as it is in every draw for which no array says otherwise.
        arrays: a number for each draw, by the slot of the parameter.
        switches: which loops and frictions run.
        saved: when to save.
    """

    lowered: Lowered
    count: int
    typical: tuple[float, ...]
    arrays: Mapping[int, Array]
    switches: tuple[bool, ...]
    saved: tuple[float, ...]

    def times(self) -> Mapping[str, tuple[float, ...]]:
        """When the run is saved."""
        return {"run": self.saved}

    def drawn(self, strategy: str) -> frozenset[int]:  # noqa: ARG002  there is one
        """The parameters that differ between its draws."""
        return frozenset(slot for slot, array in self.arrays.items() if (array != array[0]).any())

    def draws(self, strategy: str, start: int, stop: int) -> Draws:  # noqa: ARG002  there is one
        """What it is given in some draws."""
        rows = np.repeat(np.array(self.typical)[:, np.newaxis], stop - start, axis=1)
        for slot, array in self.arrays.items():
            rows[slot] = array[start:stop]
        return Draws(rows, self.switches)
