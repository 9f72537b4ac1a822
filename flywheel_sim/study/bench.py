"""A bench for experiments: two strategies of a study, run with any inputs changed, each run made once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flywheel_sim.analysis.compare import best
from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.analysis.words import name_in_words
from flywheel_sim.engines.ode import LONGEST_STEP, run
from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.expressions import Pick
from flywheel_sim.program import Bend
from flywheel_sim.records import replace
from flywheel_sim.study.series import series_of

if TYPE_CHECKING:
    from flywheel_sim.expressions import Expression
    from flywheel_sim.model.experiments import Variation
    from flywheel_sim.program import Inputs, Lowered
    from flywheel_sim.result import Series
    from flywheel_sim.study.study import Study

__all__ = ["Bench", "Changes", "Undefined"]

Changes = Mapping[int, float]


class Undefined(Exception):  # noqa: N818  not an error of anybody: the answer is that there is none
    """A series has no value where an experiment looks."""


class Bench:
    """The baseline and one other strategy of a study.

    Args:
        study: the scenario with its model.
        baseline: the name of a strategy.
        challenger: of another.
        dt: the step of every run.
    """

    def __init__(self, study: Study, baseline: str, challenger: str, dt: float) -> None:
        self.study = study
        self.lowered: Lowered = study.lowered
        self.baseline = baseline
        self.challenger = challenger
        self.dt = dt
        self.currency = study.scenario.currency
        self.time_unit = study.declaration.time_unit
        self.made: dict[object, Reader] = {}

    @classmethod
    def of(cls, study: Study, strategy: str | None) -> Bench:
        """The bench for a study; the strategy is the best that is not the baseline unless said.

        Raises:
            UsageError: if there are no two strategies, or not this one.
        """
        baseline = study.scenario.baseline
        others = [name for name in study.scenario.strategies if name != baseline]
        if not others:
            raise UsageError("claims are tested by comparing strategies, and here is one", fix="add a second [strategies.NAME]")
        if strategy is not None and strategy not in others:
            fix = nearest(strategy, others, "those to test are")
            raise UsageError(f"there is no strategy {strategy!r} beside the baseline", fix=fix)
        result = study.run()
        if strategy is None:
            strategy = best([result[name] for name in others], study.by).name
        return cls(study, baseline, strategy, result.about.dt or LONGEST_STEP)

    def about(self, name: str) -> Series:
        """What is known of a series."""
        return series_of(self.lowered)[name]

    # Parameters

    def slot(self, node: Expression) -> int:
        """The slot of a parameter, or of a label of one."""
        names = self.lowered.declaration.names
        pair = (names[node.of], node.label) if isinstance(node, Pick) else (names[node], None)
        return self.lowered.layout.parameters.index(pair)

    def value(self, slot: int) -> float:
        """What the challenger has there."""
        return self.study.inputs(self.challenger).parameters[slot]

    def between(self, slot: int) -> tuple[float, float] | None:
        """The plausible range: the scenario's own where it states one."""
        return self.study.between(self.challenger, *self.lowered.layout.parameters[slot])

    def uncertain(self) -> dict[int, tuple[float, float, float]]:
        """What the scenario states as uncertain, low, typical and high; all that has a plausible range where it states nothing."""
        slots = range(len(self.lowered.layout.parameters))
        stated = [slot for slot in slots if self.study.stated_between(self.challenger, *self.lowered.layout.parameters[slot])]
        declared = self.lowered.declaration.parameters
        business = [slot for slot in slots if declared[self.lowered.layout.parameters[slot][0]].role == "parameter"]
        found = {}
        for slot in stated or business:
            between = self.between(slot)
            if between is not None:
                found[slot] = (between[0], self.value(slot), between[1])
        return found

    # Runs

    def inputs(self, strategy: str, changes: Changes, variation: Variation | None = None) -> Inputs:
        """What a strategy is given, with some parameters at other values and a variation on top."""
        made = self.study.inputs(strategy)
        made = replace(made, parameters=tuple(changes.get(slot, value) for slot, value in enumerate(made.parameters)))
        return made if variation is None else self.varied(made, variation)

    def varied(self, inputs: Inputs, variation: Variation) -> Inputs:
        """Inputs under a variation; what moves in the run goes on moving."""
        layout, names = self.lowered.layout, self.lowered.declaration.names
        values = list(inputs.parameters)
        for node, value in variation.values:
            slot = self.slot(node)
            shares = self.shares() if isinstance(node, Pick) and layout.parameters[slot][0] == self.lowered.declaration.split else []
            rest = sum(values[share] for share in shares if share != slot)
            for share in shares:
                if share != slot:
                    values[share] = values[share] * (1 - value) / rest if rest else (1 - value) / (len(shares) - 1)
            values[slot] = value
        for label, to in variation.shifts:
            source, target = (layout.parameters.index((self.lowered.declaration.split or "", one)) for one in (label, to))
            values[target] += values[source]
            values[source] = 0.0
        without = {names[switch] for switch in variation.switches}
        switches = tuple(runs and name not in without for name, runs in zip(layout.switches, inputs.switches, strict=True))
        return replace(inputs, parameters=tuple(values), switches=switches)

    def shares(self) -> list[int]:
        """The slots of the split."""
        split = self.lowered.declaration.split
        return [slot for slot, (name, _) in enumerate(self.lowered.layout.parameters) if name == split]

    def forces(self) -> list[str]:
        """The levers that push."""
        return [name for name, parameter in self.lowered.declaration.parameters.items() if parameter.force]

    def force(self) -> str:
        """What they are called together."""
        return " and ".join(map(name_in_words, self.forces()))

    def forced(self, inputs: Inputs, month: float, share: float) -> Inputs:
        """Inputs whose force is a share of what it is in a month, from that month on."""
        slots = {slot for slot, (name, _) in enumerate(self.lowered.layout.parameters) if name in self.forces()}
        values, _ = inputs.course(month)
        kept = [bend for bend in inputs.bends if bend.parameter not in slots or bend.time < month]
        bends = [*kept, *(Bend(month, slot, share * values[slot], 0.0) for slot in slots)]
        return replace(inputs, bends=tuple(sorted(bends, key=lambda bend: bend.time)))

    def run(self, strategy: str, inputs: Inputs, months: float | None = None, *, keep: bool = True) -> Reader:
        """The run of a strategy with inputs, month by month; kept for when it is asked for again."""
        horizon = months or self.study.scenario.strategies[strategy].months
        key = (
            inputs.parameters,
            inputs.switches,
            tuple((bend.time, bend.parameter, bend.value, bend.slope) for bend in inputs.bends),
            horizon,
        )
        if key in self.made:
            return self.made[key]
        times = [float(month) for month in range(round(horizon) + 1)]
        made = Reader(self.lowered, run(self.lowered, inputs, times, windows=windows(self.lowered, inputs), dt=self.dt))
        if keep:
            self.made[key] = made
        return made
