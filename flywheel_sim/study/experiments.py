"""Experiments carried out: a margin, above 0 where the claim holds, and the numbers in words.

A difference counts from 1 % on (:data:`flywheel_sim.analysis.compare.LEVEL`): no strategist would act on less.
"""

from __future__ import annotations

import math
import random
import statistics
from typing import TYPE_CHECKING

from flywheel_sim.analysis.compare import LEVEL
from flywheel_sim.analysis.words import called, format_of, moment, name_in_words, percent
from flywheel_sim.model.experiments import Holding, Missing, PaysBack, Spread, Trend, Turned, Variation
from flywheel_sim.program import written
from flywheel_sim.records import Record
from flywheel_sim.study.bench import Undefined

if TYPE_CHECKING:
    from flywheel_sim.analysis.metrics import Reader
    from flywheel_sim.model.experiments import Experiment
    from flywheel_sim.study.bench import Bench, Changes

__all__ = ["Outcome", "carry_out"]

MOST_FORCE = 4.0  # times the force of the month: where even that does not hold the speed, nothing does
COAST = 24.0  # months over which the speed must be held
HALVINGS = 10


class Outcome(Record):
    """What an experiment gives.

    Attributes:
        margin: above 0 where the claim holds, relative to the size of what was measured.
        evidence: the numbers, in words.
    """

    margin: float
    evidence: str


def carry_out(bench: Bench, test: object, changes: Changes) -> Outcome:
    """Carry out an experiment with some parameters at other values.

    Raises:
        Undefined: if a series has no value where the experiment looks.
        StateError: if a run leaves what is possible.
    """
    match test:
        case Trend():
            return trend(bench, test, changes)
        case PaysBack():
            return pays_back(bench, test, changes)
        case Turned():
            return turned(bench, test, changes)
        case Missing():
            return missing(bench, test, changes)
        case Holding():
            return holding(bench, test, changes)
        case Spread():
            return spread(bench, test, changes)
        case _:
            raise TypeError(f"no way to carry out {type(test).__name__}")


class Series:
    """A series of an experiment: read, compared and written."""

    def __init__(self, bench: Bench, test: Experiment) -> None:
        self.bench = bench
        self.name = bench.lowered.declaration.names[test.series]
        about = bench.about(self.name)
        self.better = -1.0 if about.better == "lower" else 1.0
        self.style = format_of(about, bench.currency)
        self.words = name_in_words(self.name)

    def at(self, reader: Reader, month: float | None = None) -> float:
        """The value in a month, at the end unless said."""
        times = reader.trace.times
        index = len(times) - 1 if month is None else min(round(month), len(times) - 1)
        value = reader.at(self.name, None, index)
        if math.isnan(value):
            raise Undefined(f"{self.words} is not defined in {moment(times[index], self.bench.time_unit)}")
        return value

    def text(self, value: float) -> str:
        return self.style.in_sentence(value)


def change(before: float, after: float) -> float:
    """How far one number is above another, of the larger of both."""
    size = max(abs(before), abs(after))
    return (after - before) / size if size else 0.0


def trend(bench: Bench, test: Trend, changes: Changes) -> Outcome:
    series = Series(bench, test)
    strategy = bench.baseline if test.pipeline else bench.challenger
    reader = bench.run(strategy, bench.inputs(strategy, changes))
    first, last = series.at(reader, test.first), series.at(reader)
    gone = test.way * change(first, last)
    start, end = (moment(month, bench.time_unit) for month in (test.first, reader.trace.times[-1]))
    evidence = f"{series.words} of {called(strategy)} goes from {series.text(first)} in {start} to {series.text(last)} in {end}"
    if test.more_than is None:
        return Outcome(gone - LEVEL, evidence)
    other = bench.run(strategy, bench.inputs(strategy, changes, test.more_than))
    without = test.way * change(first, series.at(other))
    evidence += f"; {described(bench, test.more_than)} it would be {series.text(series.at(other))}"
    return Outcome(min(gone, gone - without) - LEVEL, evidence)


def pays_back(bench: Bench, test: PaysBack, changes: Changes) -> Outcome:
    series = Series(bench, test)
    baseline, challenger = (bench.run(name, bench.inputs(name, changes)) for name in (bench.baseline, bench.challenger))
    months = min(len(reader.trace.times) for reader in (baseline, challenger))
    gains = []
    for month in range(1, months):
        try:
            gains.append((series.better * change(series.at(baseline, month), series.at(challenger, month)), month))
        except Undefined:
            continue
    if not gains or gains[-1][1] != months - 1:
        raise Undefined(f"{series.words} is not defined at the end")
    worst, month = min(gains)
    against = [f"{series.text(series.at(challenger, one))} against {series.text(series.at(baseline, one))}" for one in (month, months - 1)]
    evidence = (
        f"{series.words} of {called(bench.challenger)} compares worst with {called(bench.baseline)}'s in "
        f"{moment(month, bench.time_unit)}, {against[0]}, and ends at {against[1]}"
    )
    return Outcome(min(-worst, gains[-1][0]) - LEVEL, evidence)


def turned(bench: Bench, test: Turned, changes: Changes) -> Outcome:
    series = Series(bench, test)
    name = bench.challenger
    before, after = (series.at(bench.run(name, bench.inputs(name, changes, one))) for one in (test.before, test.after))
    evidence = (
        f"{series.words} of {called(name)} at the end: {series.text(after)} {described(bench, test.after)}, "
        f"{series.text(before)} {described(bench, test.before)}"
    )
    return Outcome(series.better * change(before, after) - LEVEL, evidence)


def missing(bench: Bench, test: Missing, changes: Changes) -> Outcome:
    series = Series(bench, test)
    name = bench.challenger
    whole = series.at(bench.run(name, bench.inputs(name, changes)))
    without = series.at(bench.run(name, bench.inputs(name, changes, test.without)))
    evidence = f"{series.words} of {called(name)} at the end: {series.text(whole)}, {series.text(without)} {described(bench, test.without)}"
    return Outcome(series.better * change(without, whole) - LEVEL, evidence)


def holding(bench: Bench, test: Holding, changes: Changes) -> Outcome:
    """The least share of the force, found by halving: the speed grows with the force."""
    series = Series(bench, test)
    name = bench.challenger
    inputs = bench.inputs(name, changes)
    horizon = test.month + COAST
    speed = series.at(bench.run(name, inputs, horizon), test.month)

    def held(share: float) -> bool:
        return series.at(bench.run(name, bench.forced(inputs, test.month, share), horizon)) >= speed

    since = moment(test.month, bench.time_unit)
    force = bench.force()
    what = f"{series.text(speed)} {series.words}"
    if held(0.0):
        return Outcome(test.most, f"{called(name)} holds its {what} with no {force} at all")
    if not held(MOST_FORCE):
        return Outcome(test.most - MOST_FORCE, f"not even {MOST_FORCE:g} times the {force} of {since} holds {called(name)} at its {what}")
    low, high = 0.0, MOST_FORCE
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if held(middle) else (middle, high)
    evidence = f"{percent(high)} of the {force} of {since} holds {called(name)} at its {what} for {COAST:g} {bench.time_unit}s"
    return Outcome(test.most - high, evidence)


def spread(bench: Bench, test: Spread, changes: Changes) -> Outcome:
    """The relative spread over draws of everything the scenario states as uncertain, or else of the model's ranges."""
    series = Series(bench, test)
    name = bench.challenger
    uncertain = bench.uncertain()
    generator = random.Random(0)  # noqa: S311  draws of an experiment, not secrets
    early, late = [], []
    for _ in range(test.draws):
        drawn = {slot: generator.triangular(low, high, typical) for slot, (low, typical, high) in uncertain.items()}
        reader = bench.run(name, bench.inputs(name, {**drawn, **changes}), keep=False)
        early.append(series.at(reader, test.first))
        late.append(series.at(reader))
    spreads = [statistics.stdev(values) / abs(statistics.fmean(values)) if any(values) else 0.0 for values in (early, late)]
    names = [written(*bench.lowered.layout.parameters[slot]) for slot in uncertain]
    evidence = (
        f"over {test.draws} draws of {', '.join(names[:4])}{' and more' if len(names) > 4 else ''}, {series.words} of {called(name)} "
        f"is spread by {percent(spreads[0])} in {moment(test.first, bench.time_unit)} and by {percent(spreads[1])} at the end"
    )
    return Outcome(-change(spreads[0], spreads[1]) - LEVEL, evidence)


def described(bench: Bench, variation: Variation) -> str:
    """A variation in words: ``without referral``, ``with rigidity at 0``."""
    names = bench.lowered.declaration.names
    parts = []
    if variation.switches:
        parts.append(f"without {' and '.join(names[switch] for switch in variation.switches)}")
    if variation.values:
        values = [f"{written(*bench.lowered.layout.parameters[bench.slot(node)])} at {value:g}" for node, value in variation.values]
        parts.append(f"with {', '.join(values[:-1])}{' and ' if len(values) > 1 else ''}{values[-1]}")
    parts += [f"with the share of {label} given to {to}" for label, to in variation.shifts]
    return " and ".join(parts)
