"""What a model declares, metrics included, read off runs that something else has made."""

from __future__ import annotations

import ctypes
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.emit.llvm.replay import REPLAY_ARGUMENTS, print_replay
from flywheel_sim.engines.ensemble.ensemble import LANES, Futures, Padded, Task, Workspace, address, windows_of
from flywheel_sim.engines.schedule import schedule
from flywheel_sim.errors import UsageError
from flywheel_sim.native import compile_native
from flywheel_sim.program import key
from flywheel_sim.program.schedule import changes
from flywheel_sim.records import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flywheel_sim.emit.llvm.workspace import Output
    from flywheel_sim.engines.ensemble.ensemble import Draws
    from flywheel_sim.engines.schedule import Leg
    from flywheel_sim.program import Lowered

__all__ = ["Readout"]

Array = np.ndarray[Any, np.dtype[Any]]

# A little more than the half of what :func:`key` rounds to: beyond it, a condition that flips at a time has flipped.
AWAY = 6e-10


class Readout:
    """Every output of runs whose states and integrals are known: what an ensemble saves, without stepping.

    Draws may differ in their parameters, in how these bend, and in when a condition on time flips: at a saved time it
    is read as what holds from then on, at the horizon as what held until then.

    Args:
        lowered: the program and what its slots were called.
        sample: some of the draws; all have bends of its parameters at its times, and ramps of no others.
        times: the saved times, increasing; the last is the horizon.
        outputs: what to read.
        drawn: the parameters that may differ between draws; those that do in the sample unless said.

    Attributes:
        marks: the times at which integrals are wanted, in order: every saved time, and each that is looked back to.
        windows: how far back trailing measures look: what an engine has to be told to keep integrals at these times.

    Raises:
        UsageError: if a window differs between draws.
    """

    def __init__(
        self, lowered: Lowered, sample: Draws, times: Sequence[float], outputs: Sequence[Output], *, drawn: frozenset[int] | None = None
    ) -> None:
        windows = windows_of(lowered, sample, sample.drawn() if drawn is None else drawn)
        back = [*windows, 0.0]  # integrals are wanted at every saved time too
        self.windows = tuple(sorted(set(windows)))
        self.marks = tuple(sorted({key(max(time - window, 0.0)) for time in times for window in back}))
        self.states = len(lowered.program.initial)
        self.saves = len(times)
        self.bends = tuple((bend.time, bend.parameter) for bend in sample.bends)
        moving = frozenset(bend.parameter for bend in sample.bends if bend.slope.any())
        stops = changes(lowered.program, sample.one(0), times[-1], ())  # where conditions flip nothing has to be computed
        plan = schedule(stops, [bend.time for bend in sample.bends], times, back, math.inf)
        self.schedule = replace(plan, legs=tuple(replace(leg, inside=held(leg)) for leg in plan.legs))
        self.kernel = print_replay(lowered.program, tuple(outputs), moving=moving, windows=len(back), lanes=LANES)
        self.call = machine_code(self.kernel.text)

    def read(self, draws: Draws, states: Array, integrals: Array) -> Futures:
        """Read some draws, each in one column; what one is like changes no bit of another.

        Args:
            draws: what each was given.
            states: of shape (saved times, states, draws).
            integrals: of shape (marks, integrals, draws).

        Returns:
            The outputs; a draw has failed from the first saved time or mark on at which a number given, or made of what
            is given, is not finite, an individual is missing, or a flow runs backwards.

        Raises:
            UsageError: if these are not the shapes, or the bends are not those that the readout was made for.
        """
        kernel = self.kernel
        self.refuse_others(draws, states, integrals)
        padded = Padded(draws, kernel.lanes)
        out = np.empty((self.saves, kernel.outputs, padded.count))
        checks = np.empty((2, padded.count))
        task = Task(kernel, self.schedule, padded, out, checks)
        workspace = Workspace(kernel, self.schedule)  # held until the call is over, as are the numbers: it takes addresses
        given = [filled(states, padded.count), filled(integrals, padded.count)]
        self.call(*task.arguments(workspace, 0, padded.count), *map(address, given))
        return Futures(out[:, :, : draws.count], checks[0, : draws.count], checks[1, : draws.count])

    def refuse_others(self, draws: Draws, states: Array, integrals: Array) -> None:
        """See that what is given is what the kernel was made for: it would read beyond it."""
        wanted = {
            "parameters": (draws.parameters, (self.kernel.parameters, draws.count)),
            "states": (states, (self.saves, self.states, draws.count)),
            "integrals": (integrals, (len(self.marks), self.kernel.integrals, draws.count)),
        }
        for name, (array, shape) in wanted.items():
            if array.shape != shape:
                raise UsageError(f"{name} of shape {array.shape} cannot be read", fix=f"give them in the shape {shape}")
        ramps = {bend.parameter for bend in draws.bends if bend.slope.any()}
        if tuple((bend.time, bend.parameter) for bend in draws.bends) != self.bends or not ramps <= set(self.kernel.moving):
            raise UsageError("draws bend other parameters, or at other times, than the sample", fix="make a readout for these draws")


def held(leg: Leg) -> float:
    """A time just inside what holds from the start of a leg on; at the horizon, of what held until then."""
    return leg.start + AWAY if leg.steps else max(leg.start - AWAY, 0.0)


def filled(table: Array, count: int) -> Array:
    """Numbers in one piece, the last column repeated to fill the last block; no copy where there is nothing to do."""
    more = count - table.shape[2]
    return np.ascontiguousarray(np.pad(table, ((0, 0), (0, 0), (0, more)), mode="edge") if more else table, dtype=float)


@lru_cache(maxsize=16)
def machine_code(text: str) -> Callable[..., None]:
    types = [ctypes.c_void_p if kind == "ptr" else ctypes.c_int64 for kind in REPLAY_ARGUMENTS.values()]
    return compile_native(text).function("run", *types)
