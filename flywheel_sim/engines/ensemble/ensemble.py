"""Many draws run on one kernel."""

from __future__ import annotations

import ctypes
import math
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.emit.llvm.driver import ARGUMENTS
from flywheel_sim.emit.llvm.kernel import Kernel, print_kernel
from flywheel_sim.emit.llvm.workspace import Output, Steps
from flywheel_sim.engines.schedule import Schedule, schedule
from flywheel_sim.engines.tableau import METHODS, Tableau
from flywheel_sim.errors import UsageError
from flywheel_sim.native import compile_native
from flywheel_sim.program import Bend, Inputs, written
from flywheel_sim.program.diagnosis import walk_values
from flywheel_sim.program.metrics import lower_metrics
from flywheel_sim.program.schedule import changes, parameters_in, refuse_ramps_of_flips
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flywheel_sim.expressions import Expression
    from flywheel_sim.program import Lowered

__all__ = ["LANES", "Drawn", "Draws", "Ensemble", "Futures"]

Array = np.ndarray[Any, np.dtype[Any]]
LANES = 8
PIECE = 64  # draws that a thread takes at a time, at least
ALIGNMENT = 128


class Drawn(Record):
    """From ``time`` on, a parameter is ``value`` and changes by ``slope`` a unit of time, in each draw."""

    time: float
    parameter: int
    value: Array
    slope: Array


class Draws(Record):
    """What draws of a run are given.

    Attributes:
        parameters: of shape (parameters, draws), before any bend.
        switches: which loops and frictions run, in every draw.
        bends: how parameters move, in the order of time; values and slopes are of shape (draws,).
    """

    parameters: Array
    switches: tuple[bool, ...]
    bends: tuple[Drawn, ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.parameters.shape[1])

    def one(self, draw: int) -> Inputs:
        """What one of them is given."""
        bends = tuple(Bend(bend.time, bend.parameter, float(bend.value[draw]), float(bend.slope[draw])) for bend in self.bends)
        return Inputs(tuple(self.parameters[:, draw].tolist()), self.switches, bends)

    def drawn(self) -> frozenset[int]:
        """The parameters that are not the same in every draw."""
        found = {index for index, row in enumerate(self.parameters) if (row != row[0]).any()}
        return frozenset(found | {bend.parameter for bend in self.bends if (bend.value != bend.value[0]).any()})


class Futures(Record):
    """What becomes of draws.

    Attributes:
        values: of shape (saved times, outputs, draws).
        failed: when each draw left what is possible, NaN where it did not.
        imbalance: of the accounts of each draw, relative to their peak.
    """

    values: Array
    failed: Array
    imbalance: Array


@lru_cache(maxsize=8)
def steps_of(method: Tableau) -> Steps:
    """A method as a kernel takes its steps.

    Raises:
        UsageError: if a stage rests on more than the one before.
    """
    for stage, row in enumerate(method.rows):
        if any(row[:-1]) or len(row) != stage:
            raise UsageError(f"the method {method.name} rests on more than one earlier stage", fix="use rk4 or euler")
    ahead = (*(row[-1] for row in method.rows[1:]), 0.0)
    return Steps(method.nodes, ahead, method.weights)


class Ensemble:
    """A run of many draws, made ready: the kernel compiled, the grid laid out.

    Args:
        lowered: the program and what its slots were called.
        example: some of the draws; all have its switches, and bends at its times.
        times: when to save, increasing; the last is the horizon.
        outputs: what to save.
        method: ``rk4`` or ``euler``.
        dt: the longest step; a step ends at every saved time and every change of schedule.
        drawn: the parameters that may differ between draws; those that do in the example unless said.

    Raises:
        UsageError: for another method, or a window or ramp that differs between draws where all share one grid.
    """

    def __init__(
        self,
        lowered: Lowered,
        example: Draws,
        times: Sequence[float],
        outputs: tuple[Output, ...],
        *,
        method: str = "rk4",
        dt: float,
        drawn: frozenset[int] | None = None,
    ) -> None:
        if method not in METHODS:
            raise UsageError(f"there is no method {method!r} for many draws", fix=f"use {' or '.join(METHODS)}")
        drawn = example.drawn() if drawn is None else drawn
        moving = frozenset(bend.parameter for bend in example.bends if bend.slope.any())
        refuse_ramps_of_flips(lowered, moving)
        windows = windows_of(lowered, example, drawn)
        shared = [flip for flip in lowered.program.breaks if not parameters_in(flip) & drawn]
        stops = changes(lowered.program, example.one(0), times[-1], shared)
        self.saves = len(times)
        self.schedule = schedule(stops, [bend.time for bend in example.bends], times, windows, dt)
        steps = steps_of(METHODS[method])
        self.kernel = print_kernel(lowered.program, outputs, steps, moving=moving, windows=len(windows), lanes=LANES)
        self.call = machine_code(self.kernel.text)

    def run(self, draws: Draws, *, threads: int = 1, stop: Callable[[], bool] = lambda: False) -> Futures:
        """Run draws.

        Args:
            draws: what each is given.
            threads: how many to use.
            stop: asked now and then; where it says so, what is left is not run, and nothing can be said of its values.
        """
        kernel = self.kernel
        padded = Padded(draws, kernel.lanes)
        out = np.empty((self.saves, kernel.outputs, padded.count))
        checks = np.empty((2, padded.count))
        task = Task(kernel, self.schedule, padded, out, checks)
        pieces = iter(pieces_of(padded.count, kernel.lanes, threads))
        lock = threading.Lock()

        def work() -> None:
            workspace = Workspace(kernel, self.schedule)
            while not stop():
                with lock:
                    piece = next(pieces, None)
                if piece is None:
                    return
                self.call(*task.arguments(workspace, *piece))

        others = [threading.Thread(target=work) for _ in range(threads - 1)]
        for other in others:
            other.start()
        work()
        for other in others:
            other.join()
        return Futures(out[:, :, : draws.count], checks[0, : draws.count], checks[1, : draws.count])


def pieces_of(draws: int, lanes: int, threads: int) -> Iterator[tuple[int, int]]:
    """Pieces of a batch to be handed out, many enough that no thread waits long for another."""
    blocks = draws // lanes
    size = max(PIECE // lanes, math.ceil(blocks / (8 * threads))) if threads > 1 else blocks
    for first in range(0, blocks, size):
        yield first * lanes, min(size, blocks - first) * lanes


def windows_of(lowered: Lowered, draws: Draws, drawn: frozenset[int]) -> list[float]:
    """How far back trailing measures look, the same in every draw.

    Raises:
        UsageError: if that differs between draws.
    """
    first = draws.one(0)
    walk = walk_values(lowered.program, first, first.parameters, (), 0.0, 0.0)
    found = []
    for window in lower_metrics(lowered).windows:
        for parameter in settled_by(lowered, window) & drawn:
            name = written(*lowered.layout.parameters[parameter])
            raise UsageError(f"{name} sets how far back a metric looks: it cannot differ between draws", fix="give it one value")
        found.append(float(walk(window)))
    return found


def settled_by(lowered: Lowered, node: Expression) -> set[int]:
    """The parameters an expression rests on, through values too."""
    from flywheel_sim.expressions import Slot, children

    if isinstance(node, Slot):
        if node.kind == "value":
            return settled_by(lowered, lowered.program.values[node.index])
        return {node.index} if node.kind == "parameter" else set()
    return set().union(*(settled_by(lowered, part) for part in children(node)))


@lru_cache(maxsize=16)
def machine_code(text: str) -> Callable[..., None]:
    types = [ctypes.c_void_p if kind == "ptr" else ctypes.c_int64 for kind in ARGUMENTS.values()]
    return compile_native(text).function("run", *types)


class Padded:
    """Draws laid out for a kernel: their number a whole number of blocks, the last draw repeated to fill the last one."""

    def __init__(self, draws: Draws, lanes: int) -> None:
        self.count = -(-draws.count // lanes) * lanes
        more = self.count - draws.count

        def filled(rows: Array) -> Array:
            return np.ascontiguousarray(np.pad(rows, ((0, 0), (0, more)), mode="edge"), dtype=float)

        self.parameters = filled(draws.parameters)
        self.switches = np.array(draws.switches, dtype=float)
        self.bends = draws.bends
        none = np.empty((0, draws.count))
        self.bend_values = filled(np.array([bend.value for bend in draws.bends]) if draws.bends else none)
        self.bend_slopes = filled(np.array([bend.slope for bend in draws.bends]) if draws.bends else none)


class Workspace:
    """What one thread works in."""

    def __init__(self, kernel: Kernel, schedule: Schedule) -> None:
        self.rows = aligned(kernel.workspace * kernel.lanes)
        self.marks = aligned(max(1, schedule.marks * kernel.integrals * kernel.lanes))


def aligned(numbers: int) -> Array:
    """Room for numbers at an address that vectors can be loaded from."""
    room = np.zeros(numbers + ALIGNMENT // 8)
    skip = -room.ctypes.data % ALIGNMENT // 8
    return room[skip : skip + numbers]


class Task:
    """One run as the addresses that its kernel takes."""

    def __init__(self, kernel: Kernel, schedule: Schedule, draws: Padded, out: Array, checks: Array) -> None:
        self.draws = draws
        self.out = out
        self.checks = checks
        self.legs = len(schedule.legs)
        self.leg_numbers = np.array([(leg.start, leg.step, leg.inside) for leg in schedule.legs])
        self.leg_wholes = np.array([(leg.steps, *leg.bends, leg.mark, leg.save) for leg in schedule.legs], dtype=np.int64)
        self.bend_wholes = np.array([kernel.moving_rows(bend.parameter) for bend in draws.bends], dtype=np.int64)
        self.bend_times = np.array([bend.time for bend in draws.bends], dtype=float)
        self.lookbacks = np.array(schedule.lookbacks, dtype=np.int64)
        self.spans = np.array(schedule.spans, dtype=float)

    def arguments(self, workspace: Workspace, first: int, count: int) -> tuple[int, ...]:
        """What the kernel takes for some of the draws."""
        skip = 8 * first
        draws = self.draws
        given = {
            "parameters": address(draws.parameters) + skip,
            "stride": draws.count,
            "draws": count,
            "switches": address(draws.switches),
            "legs": self.legs,
            "leg_numbers": address(self.leg_numbers),
            "leg_wholes": address(self.leg_wholes),
            "bend_wholes": address(self.bend_wholes),
            "bend_times": address(self.bend_times),
            "bend_values": address(draws.bend_values) + skip,
            "bend_slopes": address(draws.bend_slopes) + skip,
            "lookbacks": address(self.lookbacks),
            "spans": address(self.spans),
            "marks": address(workspace.marks),
            "out": address(self.out) + skip,
            "checks": address(self.checks) + skip,
            "w": address(workspace.rows),
        }
        return tuple(given[name] for name in ARGUMENTS)


def address(array: Array) -> int:
    return int(array.ctypes.data)
