"""The direct method in C: direct.c, compiled for this machine."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np

from events.network import END, Played

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["compiled", "compiler"]

FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")


def compiler() -> str | None:
    """The first compiler there is."""
    return next(filter(None, map(shutil.which, [os.environ.get("CC", "gcc"), "gcc", "clang", "cc"])), None)


def compiled(command: str, source: Path, folder: Path, *flags: str) -> Callable[[tuple[float, ...], int, int], Played]:
    """The program in C: from parameters, a seed and a number of replications."""
    made = folder / f"direct{''.join(flags)}.so"
    subprocess.run([command, *FLAGS, *flags, "-o", made, source, "-lm"], check=True)
    function = ctypes.CDLL(str(made)).run
    function.restype = ctypes.c_long
    function.argtypes = (ctypes.c_uint64, ctypes.c_long, ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p)

    def play(parameters: tuple[float, ...], seed: int, replications: int) -> Played:
        given, ends = np.array(parameters), np.empty((replications, 6))
        events = function(seed, replications, END, given.ctypes.data, ends.ctypes.data)
        return Played(float(events), ends)

    return play
