"""What differs between two strategies, and versions of a run with some of the differences made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis.words import name_in_words, with_unit
from flywheel_sim.model.symbols import Loop
from flywheel_sim.program import Bend, Inputs, key, written
from flywheel_sim.records import Record
from flywheel_sim.study.given import Sampled
from flywheel_sim.study.variants import draws_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from flywheel_sim.engines.ensemble import Draws
    from flywheel_sim.program import Lowered
    from flywheel_sim.study.pair import Pair

    Array = NDArray[np.float64]

__all__ = ["REST", "Difference", "Versions", "versions_of"]

REST = "everything else"
MOST_NAMED = 4  # parameters in its title


class Difference(Record):
    """One thing that two strategies do not have in common.

    Attributes:
        name: of the loop, friction or lever, a share of the split with its label; :data:`REST` for all other parameters.
        title: the same in words, with what changes.
        kind: ``loop``, ``friction``, ``lever`` or ``rest``.
        switch: the number of the loop or friction.
        slots: the parameters that change with it, and how they move.
        share: the slot of the share of the split that grows with it.
    """

    name: str
    title: str
    kind: str
    switch: int | None = None
    slots: tuple[int, ...] = ()
    share: int | None = None


class Versions:
    """Runs with some of the differences as the challenger has them, in each draw, and all else as the baseline has it.

    What both strategies are given is laid out as rows: every parameter at the start, then value and slope of each
    parameter that either moves, at every time at which it does. A difference owns rows; the split is mixed.

    Args:
        pair: the strategies.
        first: what the baseline is given.
        second: what the challenger is given, in the same draws.
    """

    def __init__(self, pair: Pair, first: Draws, second: Draws) -> None:
        self.pair = pair
        self.lowered: Lowered = pair.study.lowered
        self.draws = first.count
        self.switches = (first.switches, second.switches)
        parameters = self.lowered.layout.parameters
        self.shares = [slot for slot, (name, _) in enumerate(parameters) if name == self.lowered.declaration.split]
        self.places = self.places_of((first, second))
        self.rows = (self.laid_out(first), self.laid_out(second))
        self.slots = [*range(len(parameters)), *(slot for _, slot in self.places for _ in ("value", "slope"))]
        self.unlike = {self.slots[row] for row in np.flatnonzero((self.rows[0] != self.rows[1]).any(axis=1))}
        self.blocks = self.blocks_of_split()
        self.differences = tuple(self.found())
        self.owner = np.full(len(self.slots), -1)
        for number, one in enumerate(self.differences):
            for row, slot in enumerate(self.slots):
                if slot in one.slots:
                    self.owner[row] = number
        self.gainers = {one.share: number for number, one in enumerate(self.differences) if one.share is not None}

    # Layout

    def places_of(self, given: Sequence[Draws]) -> list[tuple[float, int]]:
        """Every time at which a parameter moves in one of the strategies; of the split all shares do at once."""
        return sorted({(key(bend.time), bend.parameter) for draws in given for bend in draws.bends})

    def laid_out(self, draws: Draws) -> Array:
        """What a strategy is given, of shape (rows, draws)."""
        moved = [row for time, slot in self.places for row in course(draws, time, slot)]
        return np.vstack([draws.parameters, *moved])

    def blocks_of_split(self) -> list[list[int]]:
        """The rows of all shares at the start and at every time at which they move; empty where they move in a ramp."""
        first = len(self.lowered.layout.parameters)
        blocks = {0.0: list(self.shares)}
        for number, (time, slot) in enumerate(self.places):
            if slot in self.shares:
                value = first + 2 * number
                if self.rows[0][value + 1].any() or self.rows[1][value + 1].any():
                    return []
                blocks.setdefault(time, []).append(value)
        return list(blocks.values())

    # What differs

    def found(self) -> Iterator[Difference]:
        """Every difference: loops and frictions, levers, then the rest."""
        declared = self.lowered.declaration
        for number, (name, first, second) in enumerate(zip(self.lowered.layout.switches, *self.switches, strict=True)):
            if first != second:
                kind = "loop" if isinstance(declared.switches[name], Loop) else "friction"
                yield Difference(name, f"{kind}: {name_in_words(name)}{'' if second else ' off'}", kind, switch=number)
        rest: dict[str, list[int]] = {}
        for name, parameter in declared.parameters.items():
            slots = [slot for slot, (known, _) in enumerate(self.lowered.layout.parameters) if known == name]
            if self.unlike.isdisjoint(slots):
                continue
            if parameter.role == "parameter":
                rest[name] = slots
            elif slots == self.shares and self.blocks:
                yield from self.shares_gained()
            else:
                yield Difference(name, self.lever(name, slots), "lever", slots=tuple(slots))
        if rest:
            named = [name_in_words(name) for name in rest]
            more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
            title = f"{REST}: {', '.join(named[:MOST_NAMED])}{more}"
            yield Difference(REST, title, "rest", slots=tuple(slot for slots in rest.values() for slot in slots))

    def shares_gained(self) -> Iterator[Difference]:
        """One for every share of the split that the challenger has more of at some time."""
        for place, slot in enumerate(self.shares):
            if any((self.rows[1][block[place]] > self.rows[0][block[place]]).any() for block in self.blocks):
                name, label = self.lowered.layout.parameters[slot]
                first, second = (f"{100 * float(rows[slot].mean()):.3g} %" for rows in self.rows)
                title = f"lever: {name_in_words(label or name)} share {first} to {second}{self.moving([slot])}"
                yield Difference(written(name, label), title, "lever", share=slot)

    def lever(self, name: str, slots: Sequence[int]) -> str:
        """What a lever is and what it goes from and to."""
        title = f"lever: {name_in_words('split' if slots == self.shares else name)}"
        if len(slots) == 1:
            study = self.pair.study
            unit = str(self.lowered.declaration.parameters[name].unit)
            first, second = (study.inputs(one).parameters[slots[0]] for one in (self.pair.baseline, self.pair.challenger))
            if first != second:
                title += f" {with_unit(first, unit, study.scenario.currency)} to {with_unit(second, unit, study.scenario.currency)}"
        return title + self.moving(slots)

    def moving(self, slots: Sequence[int]) -> str:
        """Whether moves that are not the same in both strategies come with it, in words."""
        first = len(self.lowered.layout.parameters)
        unlike = np.flatnonzero((self.rows[0][first:] != self.rows[1][first:]).any(axis=1))
        return ", as it moves" if any(self.slots[first + row] in slots for row in unlike) else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the split, as sentences."""
        if not self.gainers:
            return ()
        lost = [
            f"{name_in_words(label or name)} {100 * float((self.rows[0][slot] - self.rows[1][slot]).mean()):.3g}"
            for slot in self.shares
            for name, label in [self.lowered.layout.parameters[slot]]
            if (self.rows[1][slot] < self.rows[0][slot]).any()
        ]
        return (f"A share of the split that grows takes from those that shrink, pro rata (in points: {', '.join(lost)}).",) if lost else ()

    # Versions

    def switched(self, coalition: int) -> tuple[bool, ...]:
        """Which loops and frictions run where some differences are made."""
        made = list(self.switches[0])
        for number, one in enumerate(self.differences):
            if one.switch is not None and coalition >> number & 1:
                made[one.switch] = self.switches[1][one.switch]
        return tuple(made)

    def given(self, coalitions: Sequence[int]) -> list[Inputs]:
        """What runs are given: every draw of the first coalition, then of the next.

        Args:
            coalitions: whole numbers; the difference number i is made where bit i is 1.
        """
        bits = np.array([[coalition >> number & 1 for number in range(len(self.differences))] for coalition in coalitions], dtype=bool)
        bits = bits.reshape(len(coalitions), len(self.differences))
        none = np.zeros((len(coalitions), 1), dtype=bool)  # where the owner of a row is -1, nobody, the last column is read
        taken = np.hstack([bits, none])[:, self.owner].T[:, :, np.newaxis]
        first, second = (rows[:, np.newaxis, :] for rows in self.rows)
        rows = np.where(taken, second, first)
        for block in self.blocks if self.gainers else ():
            rows[block] = self.mixed(bits, first[block], second[block])
        parameters = len(self.lowered.layout.parameters)
        switches = [self.switched(coalition) for coalition in coalitions for _ in range(self.draws)]
        return [
            Inputs(tuple(column[:parameters]), running, self.bends(column[parameters:]))
            for column, running in zip(rows.reshape(len(rows), -1).T.tolist(), switches, strict=True)
        ]

    def bends(self, rows: Sequence[float]) -> tuple[Bend, ...]:
        """How parameters move; all at the same times in every version, so that all make the same steps."""
        return tuple(Bend(time, slot, rows[2 * number], rows[2 * number + 1]) for number, (time, slot) in enumerate(self.places))

    def mixed(self, bits: NDArray[np.bool_], first: Array, second: Array) -> Array:
        """All shares at one time: those that gain do so where their bit says so, the others pay for it in proportion.

        Args:
            bits: of shape (coalitions, differences).
            first: the baseline's, of shape (shares, 1, draws).
            second: the challenger's.
        """
        made = np.array([bits[:, self.gainers[slot]] if slot in self.gainers else np.zeros(len(bits), bool) for slot in self.shares])
        made = made[:, :, np.newaxis]
        gains = np.maximum(second - first, 0.0)
        whole = np.broadcast_to(gains, np.broadcast_shapes(gains.shape, made.shape)).sum(axis=0)
        part = np.divide(np.where(made, gains, 0.0).sum(axis=0), whole, out=np.zeros_like(whole), where=whole > 0)
        # Between the two, rather than one less a loss: that could round to below 0.
        paid = first * (1 - part) + second * part
        return np.where(gains > 0, np.where(made, second, first), np.where(second < first, paid, first))


def versions_of(pair: Pair, draws: int | None = None, seed: int = 0) -> Versions:
    """What differs between two strategies.

    Args:
        pair: of them.
        draws: how many; None where all is typical.
        seed: of the draws.
    """
    if draws is None:
        first, second = (draws_of([pair.study.inputs(name)]) for name in (pair.baseline, pair.challenger))
    else:
        sampled = Sampled(pair.study, draws, seed, "sobol")
        first, second = (sampled.draws(name, 0, draws) for name in (pair.baseline, pair.challenger))
    return Versions(pair, first, second)


def course(draws: Draws, time: float, slot: int) -> tuple[Array, Array]:
    """A parameter at a time in each draw, and how fast it changes from then on."""
    value, slope = draws.parameters[slot], np.zeros(draws.count)
    for bend in draws.bends:
        if bend.parameter == slot and key(bend.time) <= key(time):
            value, slope = bend.value + bend.slope * (time - bend.time), bend.slope
    return value, slope
