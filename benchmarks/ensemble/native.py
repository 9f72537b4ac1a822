"""The two programs in C, compiled when asked into a folder that goes away, by the compiler that is found."""

from __future__ import annotations

import ctypes
import os
import shutil
import statistics
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.records import Record

from .draws import STOCKS, Array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["FASTEST", "FLAGS", "PLAIN", "VARIANTS", "Compiled", "choose", "compiler"]

HERE = Path(__file__).parent
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp-simd", "-shared", "-fPIC")
WIDE, SCHEDULED = "-mprefer-vector-width=512", "-fschedule-insns"
# Draws to a block, width of vectors, instructions put in order before registers are given out (which keeps both multipliers
# busy), whose exp.
FASTEST = ("-DW=32", WIDE, SCHEDULED)
PLAIN = ("-DW=32",)  # nothing beside FLAGS
VARIANTS = (
    FASTEST,
    ("-DW=16", WIDE, SCHEDULED),
    ("-DW=64", WIDE, SCHEDULED),
    ("-DW=32", WIDE),
    ("-DW=32", SCHEDULED),
    ("-DW=32", WIDE, "-DLIBRARY"),
    PLAIN,
)
PIECE = 64  # draws that a thread takes at a time


class Compiled(Record):
    """A program in C.

    Attributes:
        flags: that it was compiled with, beside :data:`FLAGS`.
        function: ``run(p, n, first, last, out)``.
    """

    flags: tuple[str, ...]
    function: Callable[..., None]

    def run(self, parameters: Array, threads: int = 1) -> Array:
        """Every draw; parameters of shape (42, draws), stocks at the end of shape (14, draws)."""
        parameters = np.ascontiguousarray(parameters)
        draws = parameters.shape[1]
        out = np.empty((len(STOCKS), draws))
        if threads == 1:
            self.function(parameters.ctypes.data, draws, 0, draws, out.ctypes.data)
            return out
        pieces = iter(range(0, draws, PIECE))
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    first = next(pieces, None)
                if first is None:
                    return
                self.function(parameters.ctypes.data, draws, first, min(first + PIECE, draws), out.ctypes.data)

        others = [threading.Thread(target=work) for _ in range(threads - 1)]
        for other in others:
            other.start()
        work()
        for other in others:
            other.join()
        return out


def compiler() -> str | None:
    """The compiler for C: ``$CC``, gcc, clang or cc, whichever is there first; None without any."""
    return next(filter(None, map(shutil.which, [os.environ.get("CC", "gcc"), "gcc", "clang", "cc"])), None)


def build(command: str, source: str, flags: tuple[str, ...], folder: Path) -> Compiled | None:
    """Compile one of the programs; None where the compiler does not know a flag."""
    made = folder / f"{source}{''.join(flags)}.so".replace("=", "-")
    done = subprocess.run([command, *FLAGS, *flags, "-o", made, HERE / source, "-lm"], check=False, capture_output=True)
    if done.returncode:
        return None
    function = ctypes.CDLL(str(made)).run
    function.argtypes = (ctypes.c_void_p, ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_void_p)
    function.restype = None
    return Compiled(flags, function)


def choose(
    command: str, source: str, variants: Iterable[tuple[str, ...]], folder: Path, trial: Array
) -> tuple[Compiled, dict[tuple[str, ...], float]]:
    """Compile a program in several ways and take the fastest.

    Args:
        command: the compiler.
        source: the file.
        variants: flags to try.
        folder: where the results go.
        trial: parameters of a few draws.

    Returns:
        The fastest, and the draws a second of each.

    Raises:
        RuntimeError: if none could be compiled.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        built = [one for one in pool.map(lambda flags: build(command, source, flags, folder), variants) if one is not None]
    if not built:
        raise RuntimeError(f"{command} could not compile {source}")
    if len(built) == 1:
        return built[0], {}
    taken: dict[tuple[str, ...], list[float]] = {one.flags: [] for one in built}
    for _ in range(7):
        for one in built:
            start = time.thread_time()
            one.run(trial)
            taken[one.flags].append(time.thread_time() - start)
    rates = {flags: trial.shape[1] / statistics.median(seconds) for flags, seconds in taken.items()}
    return max(built, key=lambda one: rates[one.flags]), rates
