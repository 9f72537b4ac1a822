"""Events a second of ``chance``, against the direct method in C.

    python benchmarks/events/direct.py [--quick]

One network (network.py: 10 channels, 6 stocks, some 14,000 events a replication), one core. The answers are compared
before anything is timed: the mean of each stock lies within 4 standard errors of the difference, and the exit code is 1 if not.
Contestants take turns; a ratio is the median over turns of ours to theirs in the same turn, by what the processor spent.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from network import Network

from flywheel_sim.engines.chance import Chances
from flywheel_sim.model import declaration
from flywheel_sim.program import Inputs, lower

Array = np.ndarray[Any, np.dtype[Any]]
Contestant = Callable[[int], tuple[int, Array]]  # from a seed to events, and stocks by replication

HERE = Path(__file__).parent
FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")
END = 24.0  # months
REPLICATIONS = 100  # a turn
NEAR = 4.0  # standard errors


def parameters() -> tuple[float, ...]:
    return tuple(one.default[None] for one in declaration(Network).parameters.values())


def ours(method: str) -> Contestant:
    ready = Chances(lower(declaration(Network)), Inputs(parameters(), ()), [0.0, END], method=method)

    def run(seed: int) -> tuple[int, Array]:
        found = ready.run(seed, 0, REPLICATIONS)
        return int(found.events.sum()), found.states[-1].T

    return run


def in_c(folder: Path, *flags: str) -> Contestant | None:
    """The program in C, None without a compiler."""
    command = next(filter(None, map(shutil.which, [os.environ.get("CC", "gcc"), "gcc", "clang", "cc"])), None)
    if command is None:
        return None
    made = folder / f"direct{''.join(flags)}.so"
    subprocess.run([command, *FLAGS, *flags, "-o", made, HERE / "direct.c", "-lm"], check=True)
    function = ctypes.CDLL(str(made)).run
    function.restype = ctypes.c_long
    function.argtypes = (ctypes.c_uint64, ctypes.c_long, ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p)
    given = np.array(parameters())

    def run(seed: int) -> tuple[int, Array]:
        out = np.empty((REPLICATIONS, 6))
        events = function(seed, REPLICATIONS, END, given.ctypes.data, out.ctypes.data)
        return events, out

    return run


def off(one: Contestant, other: Contestant) -> float:
    """How far the means of two contestants lie apart at most, in standard errors of the difference."""
    first, second = (np.concatenate([run(seed)[1] for seed in range(20)]) for run in (one, other))
    errors = np.sqrt(first.var(axis=0) / len(first) + second.var(axis=0) / len(second))
    return float((np.abs(first.mean(axis=0) - second.mean(axis=0)) / errors).max())


def main() -> int:
    """Compare, then time."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--quick", action="store_true", help="few turns")
    turns = 5 if reader.parse_args().quick else 41
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        all_of_them = {"chance": ours("direct"), "chance, leaps": ours("leap"), "C": in_c(place), "C, ziggurat": in_c(place, "-DZIGGURAT")}
        contestants = {name: run for name, run in all_of_them.items() if run is not None}
        for name, run in contestants.items():
            far = off(contestants["chance"], run) if name != "chance" else 0.0
            print(f"{name}: {far:.1f} standard errors away")
            if far > NEAR:
                return 1
        speeds: dict[str, list[float]] = {name: [] for name in contestants}
        for turn in range(turns):
            for name, run in contestants.items():
                before = time.process_time()
                events, _ = run(turn)
                speeds[name].append(events / (time.process_time() - before))
        for name, measured in speeds.items():
            ratio = statistics.median(mine / theirs for mine, theirs in zip(speeds["chance"], measured, strict=True))
            print(f"{name:>14}: {statistics.median(measured) / 1e6:6.1f} million events a second; chance is {ratio:.2f} of it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
