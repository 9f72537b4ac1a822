"""The compiled ensemble of this project: the one place of the benchmark that calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.workspace import Output
from flywheel_sim.engines.ensemble import Draws, Ensemble
from flywheel_sim.expressions import Slot

from .draws import STOCKS, Array, lowered
from .model import DT, UNTIL

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compile_seconds", "ours", "peak_memory"]


def ours(example: Array) -> Callable[[Array, int], Array]:
    """The kernel made ready.

    Args:
        example: parameters of a few draws, of shape (42, draws).

    Returns:
        A function of parameters and a number of threads that gives the stocks at the end, of shape (14, draws).
    """
    model = lowered()
    switches = (True,) * model.program.switches
    outputs = tuple(Output(Slot("state", state), defined=True) for state in range(len(STOCKS)))
    ensemble = Ensemble(model, Draws(example, switches), (float(UNTIL),), outputs, method="rk4", dt=DT)

    def run(parameters: Array, threads: int = 1) -> Array:
        futures = ensemble.run(Draws(parameters, switches), threads=threads)
        values: Array = futures.values[-1]
        return values

    return run


# What a run of growth needs before its first draw, timed in a process of its own: printing the kernel and making or loading its code.
KERNEL = """
import time
from flywheel_sim.engines.tableau import METHODS
from flywheel_sim.engines.ensemble.ensemble import machine_code, steps_of
from flywheel_sim.emit.llvm.kernel import print_kernel
from flywheel_sim.library import Growth
from flywheel_sim.study.futures import outputs_of
from flywheel_sim.study.simulate import lowered_model
import llvmlite.binding
model = lowered_model(Growth)
outputs = outputs_of(model, frozenset({"metric", "stock", "group"})).saved
began = time.perf_counter()
machine_code(print_kernel(model.program, outputs, steps_of(METHODS["rk4"]), windows=1).text)
print(time.perf_counter() - began)
"""


def compile_seconds() -> tuple[float, float]:
    """Seconds to make the growth model's kernel, cold and then from the cache on disk."""
    with tempfile.TemporaryDirectory() as folder:
        cold, cached = (float(printed_by(KERNEL, FLYWHEEL_CACHE=folder).splitlines()[-1]) for _ in range(2))
    return cold, cached


def printed_by(script: str, **settings: str) -> str:
    """What a process of its own prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | settings
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environment).stdout


# A run of DRAWS draws of growth that keeps quantiles of all its series.
QUANTILES = """
import numpy as np
import flywheel_sim as fw
from flywheel_sim.library import Growth
generator = np.random.default_rng(1)
values = {name: generator.uniform(low, high, DRAWS) for name, low, high in (("churn", 0.005, 0.02), ("usual_win", 0.15, 0.35), ("asks", 0.05, 0.2))}
fw.simulate(Growth, values=values, until=60, every=6, dt=0.25, keep="quantiles", threads=2)
"""
PEAK = "import json, resource; print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))"


def peak_memory(draws: int) -> float:
    """The most memory, in MB, that a process takes for a run of so many draws that keeps quantiles."""
    printed = printed_by(f"DRAWS = {draws}\n{QUANTILES}\n{PEAK}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    peak: int = json.loads(printed.splitlines()[-1])
    return peak * unit / 1e6
