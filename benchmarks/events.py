"""Single accounts: events a second of ``chance`` and ``events``, against C, SimPy and GillesPy2.

    python benchmarks/events.py [--quick]

One network (events/network.py: six stocks, ten kinds of events, some 14,000 events a replication), one core, one run. Before
anything is timed, the mean of every stock is held against the exact one where nobody talks, and against that of ``chance`` where they
do; one that is 4 standard errors away ends it with exit code 1. Contestants take turns, and a ratio is the median over
turns of ours to theirs in the same turn, by what the processor spent, so that other work on the machine counts little.

    C            the direct method, written by hand for this network, waiting times as logarithms: events/direct.c
    C, ziggurat  the same, with the way of drawing waiting times that ``chance`` has
    SimPy        a process for each customer, as one would write it by hand, without and with a log: events/simple.py
    GillesPy2    its direct method, where it is installed: events/peer.py

At last large markets are run to the end: 50,000 accounts one by one, a million as counts.
"""

from __future__ import annotations

import argparse
import gc
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from events import direct, ours, peer
from events.network import exact, given
from events.simple import simple

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from events.network import Played

NEAR = 4.0  # standard errors
AS_COUNTS, LEAPING, ONE_BY_ONE, WITH_LOG = "chance", "chance, in leaps", "events", "events, with log"
# Which of ours is held against which of theirs, and how many times as fast it is to be.
WANTED = {
    (AS_COUNTS, "C"): 0.9,
    (AS_COUNTS, "C, ziggurat"): None,
    (AS_COUNTS, "SimPy"): 200.0,
    (AS_COUNTS, "GillesPy2 SSACSolver"): None,
    (AS_COUNTS, "GillesPy2 NumPySSASolver"): None,
    (ONE_BY_ONE, "SimPy"): 2.0,
    (WITH_LOG, "SimPy, with log"): 2.0,
}


class Contestant(Record):
    """One way to play the network.

    Attributes:
        name: as printed.
        play: from parameters, a seed and a number of replications.
        replications: of a turn.
        checked: how many its means are taken over.
    """

    name: str
    play: Callable[[tuple[float, ...], int, int], Played]
    replications: int
    checked: int


def contestants(folder: Path, *, quick: bool) -> list[Contestant]:
    """All that can take part on this machine; says which cannot."""
    few = 8 if quick else 24
    found = [
        Contestant(AS_COUNTS, ours.chance("direct"), 100, 2_000),
        Contestant(LEAPING, ours.chance("leap"), 100, 2_000),
        Contestant(ONE_BY_ONE, ours.single(log=False), 2, few),
        Contestant(WITH_LOG, ours.single(log=True), 2, few),
        Contestant("SimPy", simple(keep=False), 1, few),
        Contestant("SimPy, with log", simple(keep=True), 1, few),
    ]
    command, source = direct.compiler(), Path(__file__).parent / "events" / "direct.c"
    if command is None:
        print("no compiler for C was found: left out")
    else:
        found.append(Contestant("C", direct.compiled(command, source, folder), 100, 2_000))
        found.append(Contestant("C, ziggurat", direct.compiled(command, source, folder, "-DZIGGURAT"), 100, 2_000))
    others = peer.solvers()
    if not others:
        print("GillesPy2 is not installed here: left out")
    found += [
        Contestant(name, play, 20 if "SSACSolver" in name else 1, 100 if "SSACSolver" in name else few) for name, play in others.items()
    ]
    return found


def right(found: list[Contestant]) -> bool:
    """Whether all answers are; says how far each is off."""
    silent, talking = given(word=0.0), given()
    usual = [found[0].play(parameters, 1, 20_000).ends for parameters in (silent, talking)]
    spread = [ends.var(axis=0, ddof=1) for ends in usual]
    good = True
    print(f"\n{'standard errors away from':<28}{'the exact means':>16}{'those of ' + found[0].name:>18}   (at most {NEAR:g})")
    for one in found:
        ends = [one.play(parameters, seed, one.checked).ends.mean(axis=0) for seed, parameters in ((2, silent), (3, talking))]
        gaps = ends[0] - exact(silent), ends[1] - usual[1].mean(axis=0)
        shares = 1 / one.checked, 1 / one.checked + 1 / len(usual[1])
        offs = [float(np.abs(gap / np.sqrt(of * share)).max()) for gap, of, share in zip(gaps, spread, shares, strict=True)]
        good = good and max(offs) <= NEAR
        print(f"{one.name:<28}{offs[0]:16.1f}{offs[1]:18.1f}{'' if max(offs) <= NEAR else '   DIFFERS'}")
    return good


def turns(found: list[Contestant], rounds: int) -> dict[str, list[float]]:
    """Events a second of the processor, by name and turn. Who does not tell how many there were had as many as ``chance`` had."""
    rates: dict[str, list[float]] = {one.name: [] for one in found}
    parameters = given()
    usual = found[0].play(parameters, 5, 1_000).events / 1_000
    gc.collect()
    gc.freeze()  # so that no contestant pays for what others, and the check, have left in memory
    for turn in range(rounds):
        for one in found if turn % 2 else reversed(found):
            gc.collect()
            before = time.process_time()
            events = one.play(parameters, turn, one.replications).events
            seconds = time.process_time() - before
            rates[one.name].append((events if math.isfinite(events) else usual * one.replications) / seconds)
    return rates


def table(rates: dict[str, list[float]]) -> None:
    """Print the rates and the ratios."""
    print(f"\n{'on one core':<28}{'events/s':>14}")
    for name, measured in rates.items():
        print(f"{name:<28}{statistics.median(measured):14,.0f}")
    print(f"\n{'so many times as fast':<50}{'median':>10}{'wanted':>9}")
    for (mine, theirs), wanted in WANTED.items():
        if theirs in rates:
            ratios = sorted(one / other for one, other in zip(rates[mine], rates[theirs], strict=True))
            said = f"{mine} against {theirs}"
            goal = "" if wanted is None else f"{wanted:9.1f}"
            print(f"{said:<50}{statistics.median(ratios):10.2f}{goal:>9}   ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def large(*, quick: bool) -> bool:
    """Large markets, run to the end; whether no account was lost."""
    many, most = (5_000, 100_000) if quick else (50_000, 1_000_000)
    sound = True
    print(f"\n{'to the end':<44}{'events':>12}{'seconds':>10}{'events/s':>14}")
    for name, make, months in (("network", ours.network, 24), ("growth", ours.growth, 12)):
        events, seconds, lost, reports = ours.followed(*make(many), months)
        sound = sound and lost == 0.0
        row(f"events: {name}, {many:,} accounts, {months} months", events, seconds, f"{reports} reports on the way")
        for method in ("direct", "leap"):
            events, seconds, lost = ours.counted(*make(most), months, method)
            sound = sound and lost == 0.0
            row(f"chance, {method}: {name}, {most:,}", events, seconds, "leaps and single events" if method == "leap" else "")
    return sound


def row(name: str, events: int, seconds: float, more: str) -> None:
    print(f"{name:<44}{events:12,}{seconds:10.2f}{events / seconds:14,.0f}   {more}")


def main(words: Iterable[str] | None = None) -> int:
    """Compare, then time."""
    reader = argparse.ArgumentParser(description="Events a second of the engines of single accounts, against C, SimPy and GillesPy2.")
    reader.add_argument("--quick", action="store_true", help="fewer turns, smaller markets")
    quick = reader.parse_args(None if words is None else list(words)).quick
    with tempfile.TemporaryDirectory() as folder:
        found = contestants(Path(folder), quick=quick)
        if not right(found):
            print("\nan answer differs: nothing is timed", file=sys.stderr)
            return 1
        table(turns(found, 3 if quick else 13))
    if not large(quick=quick):
        print("\nan account was lost", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
