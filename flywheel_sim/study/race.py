"""Two strategies run at other values of what they share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import name_in_words, percent, with_unit
from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.model.setting import write_range
from flywheel_sim.program import written
from flywheel_sim.records import Record, replace
from flywheel_sim.study.inputs import inputs_for, parts_of
from flywheel_sim.study.variants import run_variants

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flywheel_sim.model.symbols import Parameter
    from flywheel_sim.program import Inputs
    from flywheel_sim.study.pair import Pair

__all__ = ["Race", "Side"]

AT_ONCE = 2048  # points run together, so that memory stays flat

Point = tuple[tuple[int, float], ...]  # slots of parameters, and what they are set to


class Side(Record):
    """A parameter and the range in which it is looked at."""

    slot: int
    name: str
    title: str
    note: str
    unit: str
    low: float
    high: float
    own: float


class Race:
    """Two strategies, run at values of parameters that are the same for both.

    Args:
        pair: the strategies.
        by: the series that decides.
        threads: how many to use.
    """

    def __init__(self, pair: Pair, by: str, threads: int | None) -> None:
        self.pair = pair
        self.by = by
        self.threads = threads
        self.study = pair.study
        self.lowered = pair.study.lowered
        self.names = (pair.baseline, pair.challenger)
        self.inputs = tuple(self.study.inputs(name) for name in self.names)
        self.moved = {bend.parameter for inputs in self.inputs for bend in inputs.bends}

    # Parameters

    def parameter(self, slot: int) -> Parameter:
        return self.lowered.declaration.parameters[self.lowered.layout.parameters[slot][0]]

    def slots_named(self, name: str) -> list[int]:
        """The slots of a parameter, at one label or at all of them.

        Raises:
            UsageError: if there is none, or it is not the same in both strategies.
        """
        base, label = parts_of(name)
        slots = [slot for slot, (known, one) in enumerate(self.lowered.layout.parameters) if known == base and label in {"", one}]
        if not slots:
            declared = self.lowered.declaration.parameters
            known = declared.get(base)
            if known is not None and label:
                fix = nearest(label, [one for one in known.default if one], "its labels are") or "leave the label out"
                raise UsageError(f"{base} has no label {label!r}", fix=fix)
            kept = [one for one, parameter in declared.items() if parameter.role != "split"]
            raise UsageError(f"there is no parameter {base!r}", fix=nearest(base, kept, "the parameters are"))
        if self.parameter(slots[0]).role == "split":
            raise UsageError(f"{base} is a split: one share cannot move alone", fix="compare splits with optimize, or as strategies")
        for slot in slots:
            if self.differs(slot):
                shown = written(*self.lowered.layout.parameters[slot])
                raise UsageError(
                    f"{shown} is not the same in {' and '.join(self.names)}: there is no one value to look along",
                    fix="name a parameter that both share",
                )
        return slots

    def differs(self, slot: int) -> bool:
        """Whether a parameter is not the same in both strategies, or moves in one as it does not in the other."""
        first, second = self.inputs
        courses = [[(bend.time, bend.value, bend.slope) for bend in one.bends if bend.parameter == slot] for one in self.inputs]
        return first.parameters[slot] != second.parameters[slot] or courses[0] != courses[1]

    def side(self, slot: int, low: float | None = None, high: float | None = None) -> Side:
        """A parameter with the range to look at.

        Raises:
            UsageError: if there is no range, or it is none.
        """
        name, label = self.lowered.layout.parameters[slot]
        declared, shown = self.parameter(slot), written(name, label)
        between = self.study.between(self.pair.baseline, name, label)
        if between is None and (low is None or high is None):
            raise UsageError(f"no plausible range of {shown} is known", fix="give low= and high=")
        ends = tuple(float(one if one is not None else (between or (math.nan, math.nan))[place]) for place, one in enumerate((low, high)))
        least, most = declared.limits
        if not (math.isfinite(ends[0]) and math.isfinite(ends[1]) and ends[0] < ends[1]):
            raise UsageError(f"from {ends[0]:g} to {ends[1]:g} is no range of {shown}", fix="give a low below a high")
        if not least <= ends[0] <= ends[1] <= most:
            raise UsageError(f"{ends[0]:g} to {ends[1]:g} is outside the limits of {shown}", fix=f"use {write_range(declared.limits)}")
        title = name_in_words(name) + (f" of {name_in_words(label)}" if label else "")
        return Side(slot, shown, title, declared.note, str(declared.unit), ends[0], ends[1], self.inputs[0].parameters[slot])

    def writer(self, slot: int) -> Callable[[float], str]:
        """How values of a parameter are written."""
        declared, currency = self.parameter(slot), self.study.scenario.currency
        if str(declared.unit) == "1" and declared.limits[0] >= 0 and declared.limits[1] <= 1:
            return percent
        return lambda value: with_unit(value, str(declared.unit), currency)

    def shared(self) -> list[Side]:
        """Every parameter of the business that has a plausible range and is the same in both strategies."""
        return [
            self.side(slot)
            for slot, (name, label) in enumerate(self.lowered.layout.parameters)
            if self.parameter(slot).role == "parameter"
            and not self.differs(slot)
            and self.study.between(self.pair.baseline, name, label) is not None
        ]

    # Runs

    def given(self, point: Point) -> tuple[Inputs, ...]:
        """What both are given at a point."""
        made = []
        for name, inputs in zip(self.names, self.inputs, strict=True):
            if any(slot in self.moved for slot, _ in point):  # where a ramp begins and a pulse goes back to has to follow
                strategy = self.study.scenario.strategies[name]
                settings = {key: value.typical for key, value in strategy.settings.items()}
                settings |= {self.lowered.layout.parameters[slot]: value for slot, value in point}
                made.append(inputs_for(self.lowered, settings, strategy.off, strategy.moves))
            else:
                parameters = list(inputs.parameters)
                for slot, value in point:
                    parameters[slot] = value
                made.append(replace(inputs, parameters=tuple(parameters)))
        return tuple(made)

    def gaps(self, points: Sequence[Point]) -> list[float]:
        """How far the challenger is ahead at points; NaN where a run fails or has no value."""
        sign, found = self.pair.sign(self.by), []
        for first in range(0, len(points), AT_ONCE):
            variants = [inputs for point in points[first : first + AT_ONCE] for inputs in self.given(point)]
            ends = self.ends(variants)
            found += [sign * (challenger - baseline) for baseline, challenger in zip(ends[::2], ends[1::2], strict=True)]
        return found

    def ends(self, variants: Sequence[Inputs]) -> list[float]:
        """The series at the end of each run."""

        def run(some: Sequence[Inputs]) -> list[float]:
            times = (0.0, float(self.pair.months))
            made = run_variants(self.lowered, some, times, [self.by], dt=self.pair.dt, threads=self.threads)
            return [float(value) for value in made[0, 1]]

        try:
            return run(variants)
        except UsageError:
            run(variants[:1])  # raises the same where it is not about what differs between runs
            return [value for one in variants for value in run([one])]  # a window that differs needs a grid of its own

    def winner(self, gap: float) -> str:
        return "" if math.isnan(gap) or gap == 0 else self.names[1] if gap > 0 else self.names[0]
