"""How draws are made: numbers between 0 and 1, and the parameters of every strategy from them.

A draw has a number, and is the same whoever makes it, in whatever company: any range of draws is made directly,
so that they can be shared out over threads and machines and a broken run can go on.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from flywheel_sim.distributions import triangle
from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.records import Record
from flywheel_sim.study.inputs import bends

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from flywheel_sim.distributions import Distribution
    from flywheel_sim.program import Lowered
    from flywheel_sim.scenario import Move, Name, Scenario
    from flywheel_sim.study.study import Study

    Array = NDArray[np.float64]

__all__ = ["METHODS", "MOST_DIMENSIONS", "MOST_DRAWS", "SCRAMBLES", "Plan", "Sampler", "Source", "sampler_for"]

METHODS = ("sobol", "random")
SCRAMBLES = 8
BITS = 30  # of a Sobol point
MOST_DRAWS = SCRAMBLES << BITS
MOST_DIMENSIONS = 21_201  # for which there are direction numbers (Joe and Kuo, 2008)
# Streams of random numbers that one seed gives: what else draws needs a number of its own.
SOBOL, RANDOM = 1, 2
MOST_ENGINES = 4  # kept in a thread
MOST_KEPT = 1 << 23  # numbers of the latest range that a thread keeps: 64 MiB
LEAST = 2.0**-53  # how near to 0 and 1 a number of correlated draws may come


class Source(Record):
    """Numbers strictly between 0 and 1, the same bits however a range of draws is cut.

    Attributes:
        dimensions: how many numbers a draw has.
        draws: how many draws there are.
        seed: a whole number from 0 on.
        method: ``sobol``, where draw i is point i // 8 of scramble i % 8, so that draws of the same i % 8 are one of
            8 independent samples of them all; or ``random``.
    """

    dimensions: int
    draws: int
    seed: int
    method: str

    def uniform(self, start: int, stop: int) -> Array:
        """The draws numbered from ``start`` to before ``stop``, of shape (dimensions, stop - start). It cannot be written to.

        The latest range is kept for each thread, because every strategy asks for it in turn.

        Raises:
            UsageError: if there are no such draws.
        """
        if not 0 <= start <= stop <= self.draws:
            raise UsageError(f"there are no draws {start} to {stop}: there are {self.draws}", fix="ask for some of those")
        key = (self.dimensions, self.seed, self.method, start, stop)
        if KEPT.key != key:
            make = sobol if self.method == "sobol" else pseudorandom
            made = make(self.dimensions, self.seed, start, stop)
            made.flags.writeable = False
            if made.size > MOST_KEPT:
                return made
            KEPT.key, KEPT.numbers = key, made
        numbers: Array = KEPT.numbers
        return numbers


class Kept(threading.local):
    """What a thread keeps: engines on their way forward, and the latest range of draws."""

    def __init__(self) -> None:
        self.engines: dict[tuple[int, int], list[Scramble]] = {}
        self.key: tuple[object, ...] = ()
        self.numbers: Any = None


KEPT = Kept()


# Sobol


class Scramble:
    """One scrambled Sobol sequence, which goes forward cheaply and back by starting again."""

    def __init__(self, dimensions: int, seed: int, number: int) -> None:
        import numpy as np
        from scipy.stats.qmc import Sobol

        stream = np.random.SeedSequence(seed, spawn_key=(SOBOL, number))
        self.engine = Sobol(dimensions, scramble=True, bits=BITS, rng=np.random.default_rng(stream))
        self.position = 0

    def points(self, start: int, stop: int) -> Array:
        """The points numbered from ``start`` to before ``stop``, of shape (stop - start, dimensions)."""
        import numpy as np

        if start < self.position:
            self.engine.reset()
            self.position = 0
        if start > self.position:
            self.engine.fast_forward(start - self.position)
        # The engine warns when the first points it gives are not a power of two: so the first is given by itself.
        counts = [1, stop - start - 1] if start == 0 else [stop - start]
        made = np.concatenate([self.engine.random(count) for count in counts if count])
        self.position = stop
        return made


def scrambles(dimensions: int, seed: int) -> list[Scramble]:
    """The engines of this thread."""
    key = (dimensions, seed)
    if key not in KEPT.engines:
        while len(KEPT.engines) >= MOST_ENGINES:
            del KEPT.engines[next(iter(KEPT.engines))]
        KEPT.engines[key] = [Scramble(dimensions, seed, number) for number in range(SCRAMBLES)]
    return KEPT.engines[key]


def sobol(dimensions: int, seed: int, start: int, stop: int) -> Array:
    import numpy as np

    made = np.empty((dimensions, stop - start))
    for number, scramble in enumerate(scrambles(dimensions, seed)):
        first, last = ((end - number + SCRAMBLES - 1) // SCRAMBLES for end in (start, stop))
        if first < last:
            made[:, first * SCRAMBLES + number - start :: SCRAMBLES] = scramble.points(first, last).T
    made += 0.5 ** (BITS + 1)  # half a grain: the middle of each, and never 0
    return made


# Pseudo-random


def pseudorandom(dimensions: int, seed: int, start: int, stop: int) -> Array:
    """From a generator that counts: each draw begins at a count of its own, four numbers to a count."""
    import numpy as np

    key = np.random.SeedSequence(seed, spawn_key=(RANDOM,)).generate_state(2, np.uint64)
    counts = -(-dimensions // 4)
    generator = np.random.Philox(key=key).advance(start * counts)
    whole = generator.random_raw((stop - start) * counts * 4).reshape(stop - start, counts * 4)
    return np.asarray(((whole[:, :dimensions].T >> np.uint64(12)) + 0.5) * 0.5**52, dtype=np.float64)


# Draws of a scenario


class Plan(Record):
    """How a strategy gets its parameters.

    Attributes:
        typical: every parameter by slot, as a run without draws has it.
        drawn: the slots of uncertain parameters, which number of a draw each follows, and how.
        moves: of its levers.
    """

    typical: tuple[float, ...]
    drawn: tuple[tuple[int, int, Distribution], ...]
    moves: tuple[Move, ...]


class Sampler(Record):
    """The draws of a scenario: the parameters of each strategy in each of them.

    Strategies share their draws: the same name has the same number between 0 and 1 in all, so that their difference
    is that of two strategies in the same future.

    Attributes:
        lowered: the model.
        source: of the numbers.
        names: every name and label that is uncertain in some strategy, in the order of the slots of parameters.
        plans: by strategy.
        mixed: which numbers of a draw are correlated.
        mixing: how: row by row what each takes from those before it.
    """

    lowered: Lowered
    source: Source
    names: tuple[Name, ...]
    plans: Mapping[str, Plan]
    mixed: tuple[int, ...]
    mixing: tuple[Mapping[int, float], ...]

    def uniform(self, start: int, stop: int) -> Array:
        """The numbers of a range of draws, those that are correlated so by a Gaussian copula; all others to the bit as drawn."""
        numbers = self.source.uniform(start, stop)
        if not self.mixed:
            return numbers
        import numpy as np
        from scipy.special import ndtr, ndtri

        made = numbers.copy()
        normal = [ndtri(numbers[axis]) for axis in self.mixed]
        for axis, row in zip(self.mixed, self.mixing, strict=True):
            # Term by term: a product of matrices would round differently from one length to another.
            together = np.zeros(stop - start)
            for column, factor in row.items():
                together += factor * normal[column]
            made[axis] = np.clip(ndtr(together), LEAST, 1 - LEAST)
        return made

    def parameters(self, strategy: str, start: int, stop: int) -> Array:
        """All parameters of a strategy in a range of draws, of shape (slots, stop - start), each within its limits.

        Raises:
            UsageError: if there is no such strategy, or there are no such draws.
        """
        import numpy as np

        plan = self.plan(strategy)
        numbers = self.uniform(start, stop)
        made = np.repeat(np.array(plan.typical)[:, np.newaxis], stop - start, axis=1)
        for slot, axis, distribution in plan.drawn:
            made[slot] = distribution.quantile(numbers[axis])
        return made

    def bends(self, strategy: str, start: int, stop: int) -> list[tuple[float, int, Array | float, Array | float]]:
        """How the parameters of a strategy move in a range of draws: time, slot, value and slope from then on.

        A ramp starts from what is drawn and a pulse goes back to it: value or slope are then one number for each draw.

        Raises:
            UsageError: if there is no such strategy, or there are no such draws.
        """
        plan = self.plan(strategy)
        if not plan.moves:
            return []
        values: list[Any] = list(plan.typical)
        movers = {move.lever for move in plan.moves}
        drawn = [one for one in plan.drawn if self.lowered.layout.parameters[one[0]][0] in movers]
        numbers = self.uniform(start, stop) if drawn else None
        for slot, axis, distribution in drawn:
            assert numbers is not None
            values[slot] = distribution.quantile(numbers[axis])
        return [(bend.time, bend.parameter, bend.value, bend.slope) for bend in bends(self.lowered, values, plan.moves)]

    def plan(self, strategy: str) -> Plan:
        if strategy not in self.plans:
            raise UsageError(f"there is no strategy {strategy!r}", fix=nearest(strategy, self.plans, "the strategies are"))
        return self.plans[strategy]


def sampler_for(study: Study, draws: int, seed: int = 0, method: str = "sobol") -> Sampler:
    """The draws of a study.

    Args:
        study: the scenario with its model.
        draws: how many there are.
        seed: a whole number from 0 on; another one gives other draws.
        method: ``sobol`` or ``random``.

    Raises:
        UsageError: for anything that cannot be meant.
    """
    slots = study.lowered.layout.parameters
    strategies = study.scenario.strategies
    axes: dict[Name, int] = {}
    names: dict[Name, None] = {}
    drawn: dict[str, list[tuple[int, int, Distribution]]] = {name: [] for name in strategies}
    for slot, name in enumerate(slots):
        for strategy, one in strategies.items():
            value = one.settings.get(name)
            if value is not None and value.distribution is not None and not certain(value.distribution):
                axis = axes.setdefault(value.draw or name, len(axes))
                drawn[strategy].append((slot, axis, value.distribution))
                names[name] = None
    plans = {name: Plan(study.inputs(name).parameters, tuple(drawn[name]), one.moves) for name, one in strategies.items()}
    source = Source(len(axes), whole_number("draws", draws, 1, MOST_DRAWS), whole_number("seed", seed, 0), method)
    if method not in METHODS:
        raise UsageError(f"there is no way {method!r} to draw", fix=nearest(str(method), METHODS, "use"))
    if len(axes) > MOST_DIMENSIONS:
        raise UsageError(f"{len(axes)} uncertain values are more than the {MOST_DIMENSIONS:,} that can be drawn", fix="state fewer")
    return Sampler(study.lowered, source, tuple(names), plans, *copula(study.scenario, axes))


def certain(distribution: Distribution) -> bool:
    """Whether a range has no width: whoever states one knows the value, and says so."""
    import numpy as np

    low, high = distribution.quantile(np.array([0.01, 0.99]))
    return bool(low == high)


def copula(scenario: Scenario, axes: Mapping[Name, int]) -> tuple[tuple[int, ...], tuple[Mapping[int, float], ...]]:
    """Which numbers of a draw are correlated, and how each follows from those before it."""
    order: dict[int, int] = {}
    ranks: dict[tuple[int, int], float] = {}
    for one in scenario.correlations:
        if one.first in axes and one.second in axes:  # what no strategy draws, because each sets it, goes with nothing
            first, second = (order.setdefault(axes[name], len(order)) for name in (one.first, one.second))
            ranks[min(first, second), max(first, second)] = one.rank
    return tuple(order), tuple(triangle(len(order), ranks))


def whole_number(name: str, given: object, least: int, most: int | None = None) -> int:
    """A whole number, NumPy's included."""
    number = given.__index__() if hasattr(given, "__index__") and not isinstance(given, bool) else None
    if isinstance(number, int) and number >= least and (most is None or number <= most):
        return number
    raise UsageError(
        f"{name}={given!r} is none that can be meant", fix=f"use a whole number from {least} {'on' if most is None else f'to {most:,}'}"
    )
