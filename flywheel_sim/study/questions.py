"""What can be asked of a study beside running it. Each answer lives in a module of its own, imported when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.library import claims_about
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flywheel_sim.analysis.loops import LoopScores
    from flywheel_sim.analysis.momentum import Momentum
    from flywheel_sim.analysis.plans import Plan
    from flywheel_sim.analysis.tipping import RegimeMap, Tipping
    from flywheel_sim.model.symbols import Claim
    from flywheel_sim.study.attribution import Attribution
    from flywheel_sim.study.claims import Finding
    from flywheel_sim.study.explain import Explanation
    from flywheel_sim.study.journeys import Journeys
    from flywheel_sim.study.sensitivity import Sobol, Tornado
    from flywheel_sim.study.study import Study
    from flywheel_sim.study.takeover import Takeovers

__all__ = ["Questions"]


class Questions(Record):
    """The questions of a :class:`~flywheel_sim.study.study.Study`, which is one."""

    def explain(self, challenger: str | None = None, *, draws: int | None = None, seed: int = 0) -> Explanation:
        """One page: who wins, why, which loop does it, what momentum is stored, what it hangs on, and the best next move.

        Args:
            challenger: the strategy that it is about; the best that is not the baseline unless said.
            draws: in how many futures the verdict and the attribution are told; None for one, all typical.
            seed: of the draws and of the search for a plan.

        Raises:
            UsageError: for what cannot be meant.
            RunError: if a run fails, as the scenario has it.
        """
        from flywheel_sim.study.explain import explain

        return explain(this(self), challenger, draws=draws, seed=seed)

    def attribution(
        self, challenger: str | None = None, *, by: str | None = None, month: float | None = None, draws: int | None = None, seed: int = 0
    ) -> Attribution:
        """What each difference between the baseline and another strategy contributes, by Shapley values.

        Args:
            challenger: the other strategy; the best that is not the baseline unless said.
            by: a series; the one that decides who is ahead unless said.
            month: when it is read; the end of the shorter of the two runs unless said.
            draws: in how many futures; None for one, all typical.
            seed: of the draws, and of the orders where these are sampled.

        Raises:
            UsageError: for what cannot be meant.
            RunError: where a version fails, or the series is undefined in one.
        """
        from flywheel_sim.study.attribution import attribution

        return attribution(this(self), challenger, by=by, month=month, draws=draws, seed=seed)

    def tornado(self, challenger: str | None = None, *, by: str | None = None, of: str = "lead", points: int = 5) -> Tornado:
        """What becomes of the lead, or of a series, as each assumption moves through its plausible range.

        Args:
            challenger: a strategy; the best that is not the baseline unless said.
            by: the series by which a lead is measured; the one that decides unless said.
            of: ``lead``, or a series of the challenger alone.
            points: how many values inside each range are tried.

        Raises:
            UsageError: for what cannot be meant.
            StateError: if a strategy fails as things stand.
        """
        from flywheel_sim.study.sensitivity import tornado

        return tornado(this(self), challenger, by=by, of=of, points=points)

    def sobol(
        self,
        *,
        of: str = "lead",
        strategy: str | None = None,
        by: str | None = None,
        draws: int = 1024,
        seed: int = 0,
        over: str = "uncertain",
        most: int = 12,
    ) -> Sobol:
        """How much of the variance of an outcome goes back to each assumption, alone and together with others.

        Args:
            of: ``lead``, ``crossover`` or a series.
            strategy: the best that is not the baseline unless said.
            by: the series that decides who is ahead; the study's own unless said.
            draws: a power of 2.
            seed: of the draws.
            over: what varies: ``uncertain`` or ``between``.
            most: of how many assumptions indices are told.

        Raises:
            UsageError: for what cannot be meant.
            RunError: if the outcome is undefined in more than half of the draws.
        """
        from flywheel_sim.study.sensitivity import sobol

        return sobol(this(self), of=of, strategy=strategy, by=by, draws=draws, seed=seed, over=over, most=most)

    def tipping(
        self,
        name: str | None = None,
        challenger: str | None = None,
        *,
        by: str | None = None,
        low: float | None = None,
        high: float | None = None,
    ) -> tuple[Tipping, ...]:
        """The values of a parameter at which the baseline and another strategy tie.

        Args:
            name: of a parameter; None for all that have a plausible range, those with a tie, the nearest first.
            challenger: the other strategy; the best that is not the baseline unless said.
            by: a series; the one that decides who is ahead unless said.
            low: where to begin to look, in the parameter's unit.
            high: where to end.

        Raises:
            UsageError: for what cannot be meant.
            StateError: if one of the strategies fails as the scenario has it.
        """
        from flywheel_sim.study.tipping import tipping

        return tipping(this(self), name, challenger, by=by, low=low, high=high)

    def regime_map(
        self, across: str | None = None, up: str | None = None, challenger: str | None = None, *, by: str | None = None, size: int = 41
    ) -> RegimeMap:
        """Who wins where, over two parameters and their plausible ranges.

        Args:
            across: a parameter; the one whose tie is nearest unless said.
            up: another; the next one unless said.
            challenger: the strategy to set against the baseline; the best of the others unless said.
            by: a series; the one that decides who is ahead unless said.
            size: points along each side.

        Raises:
            UsageError: for what cannot be meant.
            StateError: if one of the strategies fails as the scenario has it.
        """
        from flywheel_sim.study.tipping import regime_map

        return regime_map(this(self), across, up, challenger, by=by, size=size)

    def optimize(
        self,
        strategy: str | None = None,
        *,
        maximise: str | None = None,
        periods: int | None = None,
        total: str = "fixed",
        floors: Mapping[str, float] | None = None,
        caps: Mapping[str, float] | None = None,
        cash_floor: float | None = None,
        of: str = "typical",
        draws: int | None = None,
        seed: int = 0,
        generations: int | None = None,
    ) -> Plan:
        """The split of the budget, period by period, that brings most at the end of the run.

        Args:
            strategy: the one to better; the best that is not the baseline unless said.
            maximise: a series, ``cash``, ``customers`` or ``value``; what decides who is ahead unless said.
            periods: how many; one for each half-year unless said.
            total: ``fixed``, as much is spent as today; or ``free``.
            floors: the least share of the budget by outlet.
            caps: the largest.
            cash_floor: below which cash never falls.
            of: ``typical``, or of draws ``mean``, a quantile such as ``p05``, or ``cvar10``.
            draws: how many.
            seed: of the search and of the draws.
            generations: of the search; as many as are worth while unless said.

        Raises:
            UsageError: for what cannot be meant.
            StateError: if the strategy fails as it is.
        """
        from flywheel_sim.study.optimize import optimize

        return optimize(
            this(self),
            strategy,
            maximise=maximise,
            periods=periods,
            total=total,
            floors=floors,
            caps=caps,
            cash_floor=cash_floor,
            of=of,
            draws=draws,
            seed=seed,
            generations=generations,
        )

    def loop_scores(self, strategy: str | None = None, *, merge: bool = True) -> LoopScores:
        """How strong each feedback loop of a strategy is, interval by interval.

        Args:
            strategy: its name; the best that is not the baseline unless said.
            merge: whether a stock with stages is one variable, and so are the labels that whole individuals have.

        Raises:
            UsageError: if there is no such strategy.
            StateError: when a number leaves what is possible.
        """
        from flywheel_sim.study.loops import loops_in
        from flywheel_sim.study.momentum import chosen

        study = this(self)
        name = chosen(study, strategy)
        return loops_in(study.lowered, study.inputs(name), float(study.scenario.strategies[name].months), merge=merge)

    def takeovers(self, loop: str, strategy: str | None = None, *, draws: int = 256, seed: int = 0) -> Takeovers:
        """In which month a declared loop takes over, in each of many draws, and which assumption moves that month most.

        Args:
            loop: the name of a declared loop that runs in the strategy.
            strategy: the best that is not the baseline unless said.
            draws: how many, of what the scenario states as uncertain.
            seed: of the draws.

        Raises:
            UsageError: for what cannot be meant.
            RunError: if the typical run fails, or every draw.
        """
        from flywheel_sim.study.takeover import takeovers

        return takeovers(this(self), loop, strategy, draws=draws, seed=seed)

    def momentum(self, strategy: str | None = None, *, coast_months: float = 36, hold_months: float = 12, every: float = 1) -> Momentum:
        """How large and fast a strategy's wheel is, how far it rolls without a push, and what would hold its speed.

        Args:
            strategy: its name; the best that is not the baseline unless said.
            coast_months: how long it is followed after the push has stopped.
            hold_months: over which its speed is to be held.
            every: how far apart the months are at which the push stops.

        Raises:
            UsageError: where the model has no spending to stop or nothing to count.
        """
        from flywheel_sim.study.momentum import momentum

        return momentum(this(self), strategy, coast_months=coast_months, hold_months=hold_months, every=every)

    def journeys(self, strategy: str | None = None, *, replications: int = 1, seed: int = 0, dt: float | None = None) -> Journeys:
        """Run a strategy account by account, and keep what happened to each; what is uncertain is typical.

        Args:
            strategy: its name; unless said the first that is not the baseline, if there is another.
            replications: how many.
            seed: of their luck: run(engine="events") with the same seed makes the same runs where nothing is uncertain.
            dt: the longest step of what is not counted; None chooses it.

        Raises:
            UsageError: for what cannot be meant.
            StateError: when a number leaves what is possible.
        """
        from flywheel_sim.study.journeys import journeys

        return journeys(this(self), strategy, replications=replications, seed=seed, dt=dt)

    def claims(self, strategy: str | None = None, claims: Sequence[Claim] | None = None) -> tuple[Finding, ...]:
        """What is said of the model, put to the test in this scenario.

        Args:
            strategy: the one the claims are about; the best that is not the baseline unless said.
            claims: those to test; the model's own unless said.

        Raises:
            UsageError: where there is nothing to test, or no second strategy to set against the baseline.
        """
        return tuple(self.findings(strategy, claims))

    def findings(self, strategy: str | None = None, claims: Sequence[Claim] | None = None) -> Iterator[Finding]:
        """The same, one after the other."""
        from flywheel_sim.study.claims import findings

        study = this(self)
        return findings(study, claims_about(study.model) if claims is None else tuple(claims), strategy)


def this(one: Questions) -> Study:
    """The study that is asked."""
    from flywheel_sim.study.study import Study

    assert isinstance(one, Study)
    return one
