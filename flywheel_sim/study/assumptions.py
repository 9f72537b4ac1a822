"""The assumptions that strategies share, as factors that can be moved: over plausible ranges, or as the scenario draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from flywheel_sim.analysis.words import name_in_words
from flywheel_sim.errors import UsageError
from flywheel_sim.program import Bend, Inputs, written
from flywheel_sim.records import Record, replace
from flywheel_sim.study.sampling import Sampler, Source, sampler_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from flywheel_sim.scenario import Name
    from flywheel_sim.study.pair import Pair

    Array = NDArray[np.float64]

__all__ = ["Assumed", "Drawing", "Factor", "Ranges", "assumed", "drawing_of", "uncertain_of"]


class Assumed(Record):
    """A parameter that may be anywhere in a range.

    Attributes:
        name: of the parameter, with its label if it has one.
        title: the same in words.
        unit: of its values.
        slots: where it stands; several where one value is stated for all labels.
        value: in each of them, as things stand.
        low: the lower end of the plausible range.
        high: the upper end.
    """

    name: str
    title: str
    unit: str
    slots: tuple[int, ...]
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def at(self, share: float) -> dict[int, float]:
        """Its values by slot at a share of the way from low to high; the ends to the bit."""
        ends = zip(self.slots, self.low, self.high, strict=True)
        return {slot: (1 - share) * low + share * high for slot, low, high in ends}


def assumed(pair: Pair) -> tuple[Assumed, ...]:
    """Every parameter but levers that both strategies share and that has a plausible range, in the order of the model."""
    study = pair.study
    unlike = study.unlike(pair.baseline, pair.challenger)
    settings = study.scenario.strategies[pair.baseline].settings
    values = study.inputs(pair.baseline).parameters
    groups: dict[Name, list[tuple[int, tuple[float, float]]]] = {}
    for slot, (name, label) in enumerate(study.lowered.layout.parameters):
        between = study.between(pair.baseline, name, label)
        if study.declaration.parameters[name].role == "parameter" and name not in unlike and between is not None:
            stated = settings.get((name, label))
            groups.setdefault((stated and stated.draw) or (name, label), []).append((slot, between))
    return tuple(
        Assumed(
            written(*name),
            in_words(name),
            str(study.declaration.parameters[name[0]].unit),
            tuple(slot for slot, _ in members),
            tuple(values[slot] for slot, _ in members),
            tuple(between[0] for _, between in members),
            tuple(between[1] for _, between in members),
        )
        for name, members in groups.items()
    )


def in_words(name: Name) -> str:
    return name_in_words(name[0]) if name[1] is None else f"{name_in_words(name[0])}, {name_in_words(name[1])}"


# Factors that are drawn


class Factor(Record):
    """One or several numbers of a draw that are told of together.

    Attributes:
        name: of what they are.
        title: the same in words.
        axes: their places in a draw.
    """

    name: str
    title: str
    axes: tuple[int, ...]


class Drawing(Protocol):
    """What turns numbers between 0 and 1 into what runs are given."""

    @property
    def dimensions(self) -> int:
        """How many numbers a draw has."""
        ...

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What they are."""
        ...

    def given(self, strategy: str, numbers: Array) -> list[Inputs]:
        """What a strategy is given in draws, from numbers of shape (dimensions, draws)."""
        ...


class Ranges(Record):
    """Every assumption anywhere in its plausible range, all values alike.

    Attributes:
        pair: the strategies.
        assumptions: one for each number of a draw.
    """

    pair: Pair
    assumptions: tuple[Assumed, ...]

    @property
    def dimensions(self) -> int:
        """How many numbers a draw has."""
        return len(self.assumptions)

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What they are."""
        return tuple(Factor(one.name, one.title, (axis,)) for axis, one in enumerate(self.assumptions))

    def given(self, strategy: str, numbers: Array) -> list[Inputs]:
        """What a strategy is given in draws."""
        typical = self.pair.study.inputs(strategy)
        made = np.repeat(np.array(typical.parameters)[:, np.newaxis], numbers.shape[1], axis=1)
        for one, share in zip(self.assumptions, numbers, strict=True):
            for slot, low, high in zip(one.slots, one.low, one.high, strict=True):
                made[slot] = low + (high - low) * share
        return [replace(typical, parameters=tuple(column)) for column in made.T.tolist()]


class Uncertain(Record):
    """What a scenario states as uncertain, drawn from its distributions.

    Attributes:
        pair: the strategies.
        sampler: of the scenario.
        factors: values that are correlated are one.
    """

    pair: Pair
    sampler: Sampler
    factors: tuple[Factor, ...]

    @property
    def dimensions(self) -> int:
        """How many numbers a draw has."""
        return self.sampler.source.dimensions

    def given(self, strategy: str, numbers: Array) -> list[Inputs]:
        """What a strategy is given in draws; those that are correlated become so here."""
        count = numbers.shape[1]
        sampler = replace(self.sampler, source=Given(len(numbers), count, 0, "given", numbers))
        switches = self.pair.study.inputs(strategy).switches
        rows = sampler.parameters(strategy, 0, count).T.tolist()
        bends = [
            (time, slot, np.broadcast_to(value, count).tolist(), np.broadcast_to(slope, count).tolist())
            for time, slot, value, slope in sampler.bends(strategy, 0, count)
        ]
        return [
            Inputs(tuple(row), switches, tuple(Bend(time, slot, value[number], slope[number]) for time, slot, value, slope in bends))
            for number, row in enumerate(rows)
        ]


class Given(Source):
    """Numbers that are there already, of shape (dimensions, draws)."""

    numbers: Array

    def uniform(self, start: int, stop: int) -> Array:
        """Some of them."""
        return self.numbers[:, start:stop]


def uncertain_of(pair: Pair) -> Uncertain:
    """What the scenario draws for two strategies.

    Raises:
        UsageError: if it states nothing as uncertain.
    """
    sampler = sampler_for(pair.study, 1)
    factors = tuple(factors_of(pair, sampler))
    if not factors:
        raise UsageError(
            "the scenario states nothing as uncertain",
            fix='write churn = { low = "5 %/year", typical = "12 %/year", high = "20 %/year" }, or ask for over="between"',
        )
    return Uncertain(pair, sampler, factors)


def factors_of(pair: Pair, sampler: Sampler) -> Iterator[Factor]:
    """One for each number of a draw that either strategy uses; those that are correlated together."""
    names: dict[int, Name] = {}
    for strategy in dict.fromkeys((pair.baseline, pair.challenger)):
        settings = pair.study.scenario.strategies[strategy].settings
        for slot, axis, _ in sampler.plan(strategy).drawn:
            name = sampler.lowered.layout.parameters[slot]
            names.setdefault(axis, settings[name].draw or name)
    told: set[int] = set()
    for axis in sorted(names):
        if axis not in told:
            group = [one for one in correlated_with(sampler, axis) if one in names]
            told.update(group)
            yield Factor(
                " with ".join(written(*names[one]) for one in group), " with ".join(in_words(names[one]) for one in group), tuple(group)
            )


def correlated_with(sampler: Sampler, axis: int) -> list[int]:
    """The numbers that go with one, directly or through others, itself among them."""
    found: list[int] = [axis]
    links: Sequence[set[int]] = [{sampler.mixed[column] for column in row} for row in sampler.mixing]
    for one in found:
        for link in links:
            if one in link:
                found += sorted(link.difference(found))
    return sorted(found)


def drawing_of(pair: Pair, over: str) -> Drawing:
    """What is drawn: ``uncertain``, as the scenario states it, or ``between``, anywhere in plausible ranges.

    Raises:
        UsageError: for another, or where there is nothing of the kind.
    """
    if over == "uncertain":
        return uncertain_of(pair)
    if over != "between":
        raise UsageError(f"there is no over={over!r}", fix="use over='uncertain' or over='between'")
    assumptions = assumed(pair)
    if not assumptions:
        raise UsageError("no parameter that both strategies share has a plausible range", fix="state one, or give parameters a between")
    return Ranges(pair, assumptions)
