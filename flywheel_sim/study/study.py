"""A scenario with its model: run, compared and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.compare import Comparison, best, compare
from flywheel_sim.analysis.metrics import Reader
from flywheel_sim.analysis.sensitivity import Assumption, HangsOn, hangs_on
from flywheel_sim.analysis.verdict import verdict
from flywheel_sim.engines.ode import LONGEST_STEP
from flywheel_sim.errors import StateError, UsageError, nearest
from flywheel_sim.model import Declaration, ModelKind, declaration
from flywheel_sim.model.measures import Marginal
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Metric
from flywheel_sim.records import replace
from flywheel_sim.result import About, Result, Run
from flywheel_sim.scenario import Name, Scenario, Strategy, Value, load_scenario
from flywheel_sim.scenario.edit import edited, nested
from flywheel_sim.study.describe import changes, html_table, text_lines
from flywheel_sim.study.inputs import inputs_for
from flywheel_sim.study.questions import Questions
from flywheel_sim.study.series import labelled
from flywheel_sim.study.simulate import known_engine, lowered_model
from flywheel_sim.study.step import Stepped, run_in_steps
from flywheel_sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from flywheel_sim.expressions import Expression
    from flywheel_sim.program import Inputs, Lowered

__all__ = ["Study", "load"]

ONCE = "Another seed gives another; many draws tell how far luck reaches."


def load(path: str | Path, model: ModelKind | None = None) -> Study:
    """Read a scenario file.

    Args:
        path: the file.
        model: a model of your own to run it on, instead of one of the library.

    Raises:
        ScenarioError: with every fault of the file, each with its place.
        UsageError: if it is no readable file.
    """
    return Study(*load_scenario(path, model))


class Study(Questions):
    """A scenario with its model.

    Attributes:
        scenario: what is compared.
        model: what it is computed with.
    """

    scenario: Scenario
    model: ModelKind

    @property
    def declaration(self) -> Declaration:
        """What the model says."""
        return declaration(self.model)

    @property
    def lowered(self) -> Lowered:
        """The model as a program."""
        return lowered_model(self.model)

    @property
    def by(self) -> str:
        """The series that decides who is ahead."""
        if self.scenario.by is not None:
            return self.scenario.by
        found = self.declaration
        if found.headline is not None:
            return found.names[found.headline]
        return next(iter(found.metrics), next(iter(found.symbols)))

    def with_values(self, **values: object) -> Study:
        """The same study with some of the business changed: ``study.with_values(churn="15 %/year")``.

        Raises:
            UsageError: for a name or value that cannot be meant.
        """
        return replace(self, scenario=edited(self.scenario, self.declaration, {"values": nested(values)}))

    def with_strategy(self, name: str, **changes: object) -> Study:
        """The same study with a strategy changed or added.

        Args:
            name: of the strategy.
            changes: as in a scenario file: ``set``, ``split``, ``off``, ``moves``, ``like``, ``note``, ``months``.
                ``set`` changes only the levers it names.

        Raises:
            UsageError: for anything that cannot be meant.
        """
        return replace(self, scenario=edited(self.scenario, self.declaration, {"strategies": {name: changes}}))

    def inputs(self, strategy: str) -> Inputs:
        """What a strategy's run is given.

        Raises:
            UsageError: if there is no such strategy.
        """
        if strategy not in self.scenario.strategies:
            raise UsageError(f"there is no strategy {strategy!r}", fix=nearest(strategy, self.scenario.strategies, "the strategies are"))
        found = self.scenario.strategies[strategy]
        return inputs_for(self.lowered, {name: value.typical for name, value in found.settings.items()}, found.off, found.moves)

    def run(
        self,
        draws: int | None = None,
        seed: int = 0,
        engine: str = "ode",
        *,
        method: str = "rk4",
        dt: float | None = None,
        marginal: bool = False,
        keep: str = "all",
        sampling: str = "sobol",
        threads: int | None = None,
        folder: str | Path | None = None,
        executor: Callable[[], Executor] | None = None,
    ) -> Result:
        """Run every strategy and compare each with the baseline.

        Args:
            draws: how many futures to draw from what the scenario states as uncertain; None for one run, all typical.
                With ``events`` and ``chance`` every future is a replication; two of them share each draw, so that luck and
                ignorance can be told apart.
            seed: of the draws, and of luck.
            engine: ``ode``, equations; ``events``, every account by itself; or ``chance``, the same law on counts, compiled.
            method: ``rk4``, ``euler`` or, without draws, ``adaptive``; of ``chance`` ``direct``, ``leap`` or ``paired``.
            dt: the longest step; None chooses it by error, one for all strategies.
            marginal: also run each strategy with a lever 1 % higher, for metrics of one further customer; without draws.
            keep: of draws, ``all`` or only ``quantiles``.
            sampling: how to draw: ``sobol``, evenly spread, or pseudo-``random``.
            threads: how many to use for draws; as many as there are processors unless said.
            folder: where chunks of draws are kept as they are done, so that the same call goes on where it was stopped.
            executor: makes what runs chunks elsewhere: any of :mod:`concurrent.futures`, such as ``ProcessPoolExecutor``.
                Both are for ``keep="quantiles"``.

        Returns:
            With draws, series of shape (n, time), or (3, time) for 5, 50 and 95 % where only quantiles are kept.

        Raises:
            UsageError: for what cannot be meant.
            StateError: when a number leaves what is possible; with draws, in every one of them.
        """
        known_engine(engine, seed)
        if draws is not None:
            from flywheel_sim.study.many import Options, run_draws

            options = Options(draws, int(seed), sampling, method, dt, keep, threads, marginal=marginal, engine=engine)
            return run_draws(self, options, folder=folder, executor=executor)
        if engine != "ode" and marginal:
            raise UsageError("what one further customer costs cannot be told from luck", fix="leave marginal out, or use engine='ode'")
        stepped = self.all_stepped(method, dt) if engine == "ode" else self.all_replicated(engine, method, dt, seed)
        readers = {
            name: Reader(self.lowered, one.trace, self.raised(name, one, method) if marginal else None) for name, one in stepped.items()
        }
        runs = {name: labelled(name, self.scenario.strategies[name].note, reader) for name, reader in readers.items()}
        about = self.about(stepped, seed, engine)
        comparisons = self.comparisons(runs)
        if not comparisons:
            return Result(about, runs)
        if engine != "ode":
            return self.judged_once(about, runs, comparisons)
        baseline = runs[self.scenario.baseline]
        challenger = best([run for run in runs.values() if run is not baseline], self.by)
        judged = {}
        for one in comparisons:
            if one.challenger is challenger:
                others = [run for run in runs.values() if run is not challenger]
                judged[challenger.name] = self.judged(one, self.hangs_on(one, about.dt or LONGEST_STEP), best(others, self.by))
            else:
                judged[one.challenger.name] = self.judged(one)
        return Result(about, runs, judged[challenger.name], tuple(judged.values()))

    def judged_once(self, about: About, runs: Mapping[str, Run], comparisons: Sequence[Comparison]) -> Result:
        """The result of one run of luck, which says so."""
        judged = [self.judged(one) for one in comparisons]
        judged = [one | {"verdict": f"In this one run of luck: {one['verdict']} {ONCE}"} for one in judged]
        challenger = best([one.challenger for one in comparisons], self.by)
        chosen = next(one for one in judged if one["challenger"] == challenger.name)
        return Result(about, runs, chosen, tuple(judged))

    def __repr__(self) -> str:
        return text_lines(self.scenario, self.declaration)

    def _repr_html_(self) -> str:
        return html_table(self.scenario, self.declaration)

    # Running

    def all_stepped(self, method: str, dt: float | None, names: Sequence[str] | None = None) -> dict[str, Stepped]:
        """Every strategy run, or those named, all with the shortest step that any of them needs."""
        stepped = {name: self.stepped(name, method, dt) for name in names or self.scenario.strategies}
        shortest = min((one.dt for one in stepped.values() if one.dt is not None), default=None)
        return {
            name: one if one.dt == shortest else replace(self.stepped(name, method, shortest), error=one.error)
            for name, one in stepped.items()
        }

    def all_replicated(self, engine: str, method: str, dt: float | None, seed: int) -> dict[str, Stepped]:
        """Every strategy run once, one account at a time, all with the same luck as far as they draw alike."""
        from flywheel_sim.study.replicas import replicated

        strategies = self.scenario.strategies
        inputs, times = [self.inputs(name) for name in strategies], [self.times(one) for one in strategies.values()]
        found = replicated(engine, self.lowered, inputs, times, method=method, dt=dt, seed=seed, compared=len(strategies) > 1)
        return dict(zip(strategies, found, strict=True))

    def stepped(self, name: str, method: str, dt: float | None) -> Stepped:
        """One strategy run."""
        try:
            return run_in_steps(self.lowered, self.inputs(name), self.times(self.scenario.strategies[name]), method=method, dt=dt)
        except StateError as error:
            raise error.of_strategy(name) from None

    def times(self, strategy: Strategy) -> list[float]:
        return [float(month) for month in range(strategy.months + 1)]

    def raised(self, name: str, stepped: Stepped, method: str) -> dict[str, Reader]:
        """The same run with each lever that a marginal metric asks for raised by 1 %."""
        levers = {
            self.declaration.names[node.lever]
            for metric in self.declaration.of_kind(Metric).values()
            for node in descend(metric, self.declaration.names)
            if isinstance(node, Marginal)
        }
        inputs = self.inputs(name)
        raised: dict[str, Reader] = {}
        for lever in levers:
            slot = self.lowered.layout.parameters.index((lever, None))
            more = replace(
                inputs,
                parameters=tuple(1.01 * value if index == slot else value for index, value in enumerate(inputs.parameters)),
                bends=tuple(
                    replace(bend, value=1.01 * bend.value, slope=1.01 * bend.slope) if bend.parameter == slot else bend
                    for bend in inputs.bends
                ),
            )
            raised[lever] = Reader(self.lowered, run_in_steps(self.lowered, more, stepped.trace.times, method=method, dt=stepped.dt).trace)
        return raised

    def about(self, stepped: Mapping[str, Stepped], seed: int, engine: str) -> About:
        traces = [one.trace for one in stepped.values()]
        errors = [one.error for one in stepped.values() if one.error is not None]
        return About(
            title=self.scenario.title,
            model=self.scenario.model,
            months=self.scenario.months,
            engine=engine,
            method=traces[0].method,
            dt=traces[0].dt,
            draws=1,
            seed=int(seed),
            version=__version__,
            conservation=max(trace.conservation for trace in traces),
            step_error=max(errors) if errors else None,
            time_unit=self.declaration.time_unit,
            currency=self.scenario.currency,
            file=self.scenario.file,
            changes=changes(self.scenario, self.declaration),
        )

    # Comparing

    def comparisons(self, runs: Mapping[str, Run]) -> list[Comparison]:
        """The baseline against each of the others."""
        baseline, money = runs[self.scenario.baseline], self.money()
        return [
            compare(baseline, run, self.by, outlay=money["outlay"], balance=money["balance"])
            for run in runs.values()
            if run is not baseline
        ]

    def money(self) -> dict[str, str | None]:
        """The series of money spent, and of money gained less money spent, where the model has them."""
        return {"outlay": self.name_of(self.declaration.outlay), "balance": self.name_of(self.declaration.balance)}

    def name_of(self, node: Expression | None) -> str | None:
        return None if node is None else self.declaration.names[node]

    def judged(self, comparison: Comparison, hangs_on: HangsOn | None = None, runner_up: Run | None = None) -> dict[str, Any]:
        """A comparison with its verdict."""
        text = verdict(
            comparison,
            time_unit=self.declaration.time_unit,
            currency=self.scenario.currency,
            hangs_on=hangs_on,
            unlike=self.unlike(comparison.baseline.name, comparison.challenger.name),
            runner_up=runner_up,
        )
        return {**comparison.as_json(), "verdict": text}

    def hangs_on(self, comparison: Comparison, dt: float) -> HangsOn | None:
        """The assumption that the lead rests on most: one that both strategies share and that has a plausible range."""
        first, second = comparison.baseline.name, comparison.challenger.name
        unlike = self.unlike(first, second)
        values = self.inputs(first).parameters
        assumptions = []
        for slot, (name, label) in enumerate(self.lowered.layout.parameters):
            between = self.between(first, name, label)
            if self.declaration.parameters[name].role == "parameter" and name not in unlike and between is not None:
                assumptions.append(Assumption(slot, values[slot], *between))
        sign = -1.0 if comparison.better == "lower" else 1.0
        pair = (self.inputs(first), self.inputs(second))
        return hangs_on(
            self.lowered,
            pair,
            self.by,
            comparison.months,
            assumptions,
            ends=comparison.ends,
            relative=self.by != self.name_of(self.declaration.balance),  # cash passes through 0
            sign=sign,
            dt=dt,
        )

    def typical_hangs_on(self, comparison: Comparison) -> HangsOn | None:
        """The same for strategies compared in many futures: of the run in which everything is typical; None where that fails."""
        pair = (comparison.baseline.name, comparison.challenger.name)
        try:
            stepped = self.all_stepped("rk4", None, pair)
        except StateError:
            return None
        baseline, challenger = (labelled(name, "", Reader(self.lowered, stepped[name].trace)) for name in pair)
        return self.hangs_on(compare(baseline, challenger, self.by), stepped[pair[0]].dt or LONGEST_STEP)

    def between(self, strategy: str, name: str, label: str | None) -> tuple[float, float] | None:
        """The plausible range of a parameter: the scenario's own where it states one, else the model's; None where it is one value.

        Where the scenario states a value outside the model's range, that range speaks of another business: it is then
        taken in proportion to the value.
        """
        declared = self.declaration.parameters[name]
        between = self.stated_between(strategy, name, label) or declared.between[label]
        settings, default = self.scenario.strategies[strategy].settings, declared.default[label]
        value = settings[name, label].typical if (name, label) in settings else default
        if between is not None and not between[0] <= value <= between[1] and default > 0:
            low, high = declared.limits
            between = (max(between[0] * value / default, low), min(between[1] * value / default, high))
        return between if between is not None and between[0] < between[1] else None

    def stated_between(self, strategy: str, name: str, label: str | None) -> tuple[float, float] | None:
        """The range that the scenario states for a parameter of a strategy, if it does."""
        stated = self.scenario.strategies[strategy].settings.get((name, label))
        return None if stated is None else stated.between

    def unlike(self, first: str, second: str) -> tuple[str, ...]:
        """The parameters other than levers in which two strategies differ."""
        one, other = (self.scenario.strategies[name].settings for name in (first, second))
        parameters = self.declaration.parameters
        return tuple(
            dict.fromkeys(
                name
                for name, label in {**one, **other}
                if parameters[name].role == "parameter" and typical(one, name, label) != typical(other, name, label)
            )
        )


def typical(settings: Mapping[Name, Value], name: str, label: str | None) -> float | None:
    return settings[name, label].typical if (name, label) in settings else None
