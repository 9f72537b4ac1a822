"""Draws a second of the compiled ensemble, against the same model in C, NumPy, SciPy and PySD.

    python benchmarks/ensemble.py [--quick]

One model (14 stocks, 42 parameters, all drawn; 60 months), one method (RK4, steps of 1/16 month), one machine, one run. Every
answer is compared with that of the declared model before anything is timed, and again after; the exit code is 1 if
one differs, whatever the times. Contestants take turns, and a ratio is the median over turns of ours to theirs in the same turn. One core
is timed by what the processor spent, so that other work on the machine counts little; threads are timed by the clock on the wall.

    vector C    written by hand for this model, with the flags that are fastest here, and with -O3 -march=native -ffast-math
                alone ("plain flags"): ensemble/vector.c
    scalar C    as a translator prints it, one draw at a time: ensemble/scalar.c
    NumPy       over draws, in batches: ensemble/arrays.py
    SciPy       one draw at a time, LSODA with its own steps at its own tolerance: ensemble/adaptive.py
    PySD        one run at a time, where it is installed; by Euler, a quarter of the work: ensemble/wheel.mdl
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ensemble import adaptive, arrays, native, peer
from ensemble.draws import Array, declared, draw, error
from ensemble.ours import compile_seconds, ours, peak_memory

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

SAME = 1e-9  # relative to the peak of each stock: the order of sums differs, nothing else
SOLVED = 1e-6  # SciPy to the true solution
STEPPED = 1e-5  # SciPy to the others: their own error, which is largest where the team fills up within a step
BATCHES = (1_024, 4_096, 16_384)


class Contestant(Record):
    """One way to compute the model.

    Attributes:
        name: as printed.
        run: from parameters of shape (42, draws) to stocks of shape (14, draws).
        draws: how many it is given at a time.
        target: how many times as fast ours is to be.
        tolerance: how far its answer may be off.
        every: it takes part in every so manieth turn.
        euler: whether it steps by Euler.
        threads: how many it uses.
    """

    name: str
    run: Callable[[Array], Array]
    draws: int
    target: float | None = None
    tolerance: float = SAME
    every: int = 1
    euler: bool = False
    threads: int = 1


class Right:
    """The right answers: those of NumPy on all draws, held against the declared model on a few of them."""

    def __init__(self, parameters: Array, few: int) -> None:
        self.parameters = parameters
        self.peaks = np.zeros((14, parameters.shape[1]))
        self.ends = arrays.run(parameters, 1_024, self.peaks)
        self.few = range(few)
        ends, peaks = declared(parameters, self.few)
        self.off = error(self.ends[:, :few], ends, peaks)
        self.euler = declared(parameters, range(1), "euler")
        self.solved = declared(parameters, range(1), "adaptive")

    def error(self, one: Contestant) -> float:
        """How far the answer of a contestant is off, on as many draws as there are right answers."""
        if one.euler:
            return error(one.run(self.parameters[:, :1]), *self.euler)
        count = min(one.draws, self.parameters.shape[1])
        return error(one.run(self.parameters[:, :count]), self.ends[:, :count], self.peaks[:, :count])


def contestants(folder: Path, right: Right, *, quick: bool) -> list[Contestant]:
    """All that can take part on this machine; says which cannot."""
    found = []
    ready = ours(right.parameters[:, :64])
    found += [
        Contestant("ours", lambda p: ready(p, 1), 2_048),
        Contestant("ours, 2 threads", lambda p: ready(p, 2), 4_096, threads=2),
    ]
    found += in_c(folder, right.parameters, quick=quick)
    best = best_batch(right.parameters, BATCHES[:2] if quick else BATCHES)
    found.append(Contestant("NumPy", lambda p: arrays.run(p, best), best, target=10, every=4))
    found.append(Contestant("SciPy", adaptive.run, 32, target=100, tolerance=STEPPED, every=4))
    translated = peer.prepare()
    if translated is None:
        print("PySD         is not installed here: left out")
    else:
        found.append(Contestant("PySD", translated, 1, target=3_000, every=4, euler=True))
    return found


def in_c(folder: Path, parameters: Array, *, quick: bool) -> list[Contestant]:
    command = native.compiler()
    if command is None:
        print("C            no compiler was found: left out")
        return []
    variants = (native.FASTEST, native.PLAIN) if quick else native.VARIANTS
    vector, rates = native.choose(command, "vector.c", variants, folder, parameters[:, :512].copy())
    for flags, rate in rates.items():
        print(f"vector C     {rate:10,.0f} a second with {' '.join(flags) or 'no further flags'}")
    scalar, _ = native.choose(command, "scalar.c", [()], folder, parameters[:, :64].copy())
    plain, _ = native.choose(command, "vector.c", [native.PLAIN], folder, parameters[:, :64].copy())
    return [
        Contestant("vector C", vector.run, 2_048, target=1.3),
        Contestant("vector C, 2 threads", lambda p: vector.run(p, 2), 4_096, threads=2),
        Contestant("vector C, plain flags", plain.run, 1_024),
        Contestant("scalar C", scalar.run, 256, target=6),
    ]


def best_batch(parameters: Array, batches: tuple[int, ...]) -> int:
    """How many draws NumPy takes at a time when it is fastest."""
    rates = {}
    for batch in batches:
        given = np.tile(parameters, -(-batch // parameters.shape[1]))[:, :batch]
        rates[batch] = timed(functools.partial(arrays.run, batch=batch), given)[0].core
        print(f"NumPy        {rates[batch]:10,.0f} a second in batches of {batch:,}")
    return max(rates, key=lambda batch: rates[batch])


class Taken(Record):
    """Draws a second: by the clock on the wall, and by the time that the processor spent in this thread."""

    wall: float
    core: float


def timed(run: Callable[[Array], Array], parameters: Array) -> tuple[Taken, Array]:
    """Draws a second, and the answer."""
    wall, core = time.perf_counter(), time.thread_time()
    answer = run(parameters)
    wall, core = time.perf_counter() - wall, time.thread_time() - core
    draws = parameters.shape[1]
    return Taken(draws / wall, draws / core), answer


def check(found: list[Contestant], right: Right) -> bool:
    """Whether every answer is right; says how far each is off."""
    good = right.off <= SAME
    print(f"\n{'answers':<24}{'off by':>9}{'allowed':>9}\n{'NumPy, as declared':<24}{right.off:9.1e}{SAME:9.0e}")
    for one in found:
        off = right.error(one)
        good = good and off <= one.tolerance
        print(f"{one.name:<24}{off:9.1e}{one.tolerance:9.0e}{'' if off <= one.tolerance else '   DIFFERS'}")
    solved = error(adaptive.run(right.parameters[:, :1]), *right.solved)
    print(f"{'SciPy, solution':<24}{solved:9.1e}{SOLVED:9.0e}")
    return good and solved <= SOLVED


def turns(found: list[Contestant], parameters: Array, rounds: int) -> dict[str, dict[int, Taken]]:
    """How fast each contestant is in each turn it took part in."""
    rates: dict[str, dict[int, Taken]] = {one.name: {} for one in found}
    given = {one.name: np.ascontiguousarray(np.tile(parameters, -(-one.draws // parameters.shape[1]))[:, : one.draws]) for one in found}
    first: dict[str, Array] = {}
    for turn in range(rounds):
        for one in found if turn % 2 else reversed(found):
            if turn % one.every == 0:
                rates[one.name][turn], answer = timed(one.run, given[one.name])
                assert np.array_equal(first.setdefault(one.name, answer), answer), f"{one.name} gave two answers"
    return rates


def table(found: list[Contestant], rates: dict[str, dict[int, Taken]]) -> None:
    """Print the rates and the ratios."""
    base = next(one.name for one in found)
    print(f"\n{'on one core':<24}{'draws/s':>10}  {base + ' is so many times as fast':<36}{'target':>8}")
    for one in found:
        if one.threads == 1:
            rate = statistics.median(taken.core for taken in rates[one.name].values())
            ratios = sorted(rates[base][turn].core / taken.core for turn, taken in rates[one.name].items())
            ratio = f"{statistics.median(ratios):9,.2f}   ({ratios[0]:,.2f} to {ratios[-1]:,.2f})" if one.name != base else ""
            target = f"{one.target:8,.1f}" if one.target and base == "ours" else ""
            print(f"{one.name:<24}{rate:10,.0f}  {ratio:<36}{target}")
    for one in found:
        if one.threads > 1:
            alone = one.name.partition(",")[0]
            gain = statistics.median(taken.wall / rates[alone][turn].wall for turn, taken in rates[one.name].items())
            rate = statistics.median(taken.wall for taken in rates[one.name].values())
            print(f"{one.name:<24}{rate:10,.0f}  {gain:9,.2f}   times one thread" + ("            target 1.6" if alone == "ours" else ""))


def costs() -> None:
    """What a kernel costs before its first draw, and a run in memory."""
    cold, cached = compile_seconds()
    print(f"\ngrowth's kernel: compiled in {cold:.2f} s (goal 1), loaded in {cached:.3f} s (goal 0.05)")
    few, many = peak_memory(10_000), peak_memory(1_000_000)
    print(f"peak memory: {few:,.0f} MB for 10,000 draws, {many:,.0f} MB for 1,000,000: {many / few:.2f} times (target 1.3)")


def main() -> int:
    words = argparse.ArgumentParser(description="Draws a second of the compiled ensemble, against C, NumPy, SciPy and PySD.")
    words.add_argument("--quick", action="store_true", help="fewer turns, fewer variants")
    quick = words.parse_args().quick
    right = Right(draw(512), few=2 if quick else 5)
    with tempfile.TemporaryDirectory() as folder:
        found = contestants(Path(folder), right, quick=quick)
        if not check(found, right):
            print("\nan answer differs: nothing is timed", file=sys.stderr)
            return 1
        table(found, turns(found, right.parameters, 4 if quick else 21))
    costs()
    return 0


if __name__ == "__main__":
    sys.exit(main())
