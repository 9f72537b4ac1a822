"""The compiled ensemble of this project: the one place of the benchmark that calls it.

PLACE FOR THE LEAD: three functions, marked so. Each returns None while what it measures is not there yet.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from .draws import STOCKS, Array, lowered
from .model import DT, UNTIL

if TYPE_CHECKING:
    from collections.abc import Callable

    from flywheel_sim.engines.ensemble import Ensemble

__all__ = ["compile_seconds", "ours", "peak_memory"]


def ours(example: Array) -> Callable[[Array, int], Array] | None:
    """PLACE FOR THE LEAD (1): the kernel made ready.

    Args:
        example: parameters of a few draws, of shape (42, draws).

    Returns:
        A function of parameters and a number of threads that gives the stocks at the end, of shape (14, draws); None where
        there is no kernel yet.
    """
    try:
        from flywheel_sim.emit.llvm.workspace import Output
        from flywheel_sim.engines.ensemble import Draws, Ensemble
        from flywheel_sim.expressions import Slot
    except ImportError:
        return None
    model = lowered()
    switches = (True,) * model.program.switches
    outputs = tuple(Output(Slot("state", state), defined=True) for state in range(len(STOCKS)))
    ensemble: Ensemble = Ensemble(model, Draws(example, switches), (float(UNTIL),), outputs, method="rk4", dt=DT)

    def run(parameters: Array, threads: int = 1) -> Array:
        futures = ensemble.run(Draws(parameters, switches), threads=threads)
        values: Array = futures.values[-1]
        return values

    return run


def compile_seconds() -> tuple[float, float] | None:
    """PLACE FOR THE LEAD (2): seconds to make the growth model's kernel, cold and then from the cache on disk."""
    return None


# PLACE FOR THE LEAD (3): what a run of DRAWS draws with keep="quantiles" is, as the text of a program.
QUANTILES = ""
PEAK = "import json, resource; print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))"


def peak_memory(draws: int) -> float | None:
    """The most memory, in MB, that a process takes for a run of so many draws that keeps quantiles."""
    if not QUANTILES:
        return None
    script = f"DRAWS = {draws}\n{QUANTILES}\n{PEAK}"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    printed = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environment).stdout
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    peak: int = json.loads(printed.splitlines()[-1])
    return peak * unit / 1e6
