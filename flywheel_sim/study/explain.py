"""One page on a scenario: who wins, why, which loop does it, how much momentum is stored, what it hangs on, what to do next."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, TypeVar

from flywheel_sim.analysis.words import called, capital
from flywheel_sim.errors import RunError, UsageError, nearest
from flywheel_sim.records import Record
from flywheel_sim.result.series import undefined_to_none
from flywheel_sim.study.attribution import attribution
from flywheel_sim.study.explain_words import Tongue, coasting, gain_beside, held, hinges, next_move, why
from flywheel_sim.study.loop_words import loops_said, mingled, reigns
from flywheel_sim.study.loops import loops_in
from flywheel_sim.study.momentum import momentum_in
from flywheel_sim.study.optimize import optimize
from flywheel_sim.study.sensitivity import tornado
from flywheel_sim.study.series import series_of
from flywheel_sim.study.takeover import takeovers
from flywheel_sim.study.tipping import regime_map, tipping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flywheel_sim.analysis.loops import LoopScores
    from flywheel_sim.analysis.momentum import Momentum
    from flywheel_sim.analysis.plans import Plan
    from flywheel_sim.analysis.tipping import RegimeMap, Tipping
    from flywheel_sim.result import Result
    from flywheel_sim.study.attribution import Attribution
    from flywheel_sim.study.sensitivity import Tornado
    from flywheel_sim.study.study import Study
    from flywheel_sim.study.takeover import Takeovers

__all__ = ["Explanation", "Section", "explain"]

PERIODS, GENERATIONS = 3, 6  # of the first look at a plan
MAP_SIZE = 25  # points along a side
MOST_TAKEOVERS = 64  # draws in which loops are scored: each costs as much as some hundred runs

Some = TypeVar("Some")


class Section(Record):
    """A part of the page.

    Attributes:
        title: a few words.
        sentences: each complete by itself.
    """

    title: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentences as a paragraph."""
        return " ".join(self.sentences)

    def as_json(self) -> dict[str, Any]:
        """Everything in it."""
        return {"title": self.title, "sentences": list(self.sentences)}


class Explanation(Record):
    """Why a scenario ends as it does. What could not be computed is None, and its section says why.

    Attributes:
        result: the run of every strategy.
        baseline: the name of a strategy; None where there is one strategy only.
        strategy: the name of the one that it is about: the challenger, or the only one.
        draws: how many futures were drawn; None for one, all typical.
        seed: of the draws and of the search.
        attribution: what each difference contributes.
        loops: the scores of its feedback loops, stages and labels taken together.
        momentum: of the baseline and of the strategy, by name.
        tipping: of all assumptions those with a tie, the nearest first.
        regime: the map of who wins, over the two assumptions with the nearest ties.
        tornado: what each assumption does to the lead; with one strategy, to what it ends with.
        plan: a first look at the best investment.
        takeovers: with draws, when the loop that leads in the end takes over.
        sections: all that in sentences.
    """

    result: Result
    baseline: str | None
    strategy: str
    draws: int | None
    seed: int
    attribution: Attribution | None
    loops: LoopScores | None
    momentum: Mapping[str, Momentum]
    tipping: tuple[Tipping, ...] | None
    regime: RegimeMap | None
    tornado: Tornado | None
    plan: Plan | None
    takeovers: Takeovers | None
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """Of the scenario."""
        return self.result.about.title

    @property
    def text(self) -> str:
        """The page as plain text, a paragraph for each section."""
        return "\n\n".join([self.title, *(f"{section.title}\n{section.text}" for section in self.sections)])

    def as_json(self) -> dict[str, Any]:
        """Everything in it as one object; what is undefined or not there is None."""
        about = self.result.about
        return {
            "scenario": about.title,
            "model": about.model,
            "months": about.months,
            "baseline": self.baseline,
            "strategy": self.strategy,
            "draws": self.draws,
            "seed": self.seed,
            "sections": [section.as_json() for section in self.sections],
            "comparison": self.result.comparison and judged(self.result, self.strategy),
            "attribution": self.attribution and self.attribution.as_json(),
            "loops": self.loops and loops_as_json(self.loops),
            "takeovers": self.takeovers and self.takeovers.as_json(),
            "momentum": {name: one.as_json() for name, one in self.momentum.items()},
            "tipping": None if self.tipping is None else [one.as_json() for one in self.tipping],
            "regime_map": self.regime and self.regime.as_json(),
            "tornado": self.tornado and self.tornado.as_json(),
            "plan": self.plan and self.plan.as_json(),
        }

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """The same for a notebook, with nothing in it that runs."""
        parts = [f"<h5>{html.escape(one.title)}</h5><p>{html.escape(one.text)}</p>" for one in self.sections]
        return f"<div><h4>{html.escape(self.title)}</h4>{''.join(parts)}</div>"


def loops_as_json(scores: LoopScores) -> dict[str, Any]:
    """The shares of declared loops; of the loops behind them, which may be thousands, how many there are."""
    return {
        "time": [float(time) for time in scores.time],
        "declared": {name: [undefined_to_none(float(share)) for share in row] for name, row in scores.declared.items()},
        "overlap": [undefined_to_none(float(one)) for one in scores.overlap],
        "at_rest": [bool(one) for one in scores.at_rest],
        "found": len(scores.names),
        "exhaustive": scores.exhaustive,
    }


def judged(result: Result, strategy: str) -> Mapping[str, Any]:
    """The comparison of a strategy with the baseline."""
    return next(one for one in result.comparisons if one["challenger"] == strategy)


def tongue_of(study: Study) -> Tongue:
    """How numbers of a study are written."""
    parameters = study.declaration.parameters
    shares = [name for name, one in parameters.items() if str(one.unit) == "1" and one.limits[0] >= 0 and one.limits[1] <= 1]
    return Tongue(series_of(study.lowered), frozenset(shares), study.scenario.currency, study.declaration.time_unit)


def explain(study: Study, challenger: str | None = None, *, draws: int | None = None, seed: int = 0) -> Explanation:
    """Say in one page why a scenario ends as it does, and what to do next.

    Args:
        study: a scenario with its model.
        challenger: the strategy that it is about; the best that is not the baseline unless said.
        draws: in how many futures the verdict, the attribution and the takeover are told; None for one, all typical. All
            else is told of the typical one.
        seed: of the draws and of the search for a plan.

    Raises:
        UsageError: for what cannot be meant.
        RunError: if a run fails, as the scenario has it.
    """
    others = [name for name in study.scenario.strategies if name != study.scenario.baseline]
    if challenger is not None and challenger not in others:
        known = "those to compare with it are"
        fix = nearest(challenger, others, known) or "leave it out: there is one strategy"
        raise UsageError(f"there is no strategy {challenger!r} beside the baseline", fix=fix)
    result = study.run(draws=draws, seed=seed) if draws is None else study.run(draws=draws, seed=seed, keep="quantiles")
    return Page(study, result, challenger, draws, seed).explanation()


class Page:
    """An explanation in the making: each part computed once, or why it cannot be.

    Args:
        study: the scenario with its model.
        result: of its run.
        challenger: the strategy that it is about.
        draws: as for :func:`explain`.
        seed: likewise.
    """

    def __init__(self, study: Study, result: Result, challenger: str | None, draws: int | None, seed: int) -> None:
        self.study, self.result, self.draws, self.seed = study, result, draws, seed
        self.dt = result.about.dt  # short enough for every strategy
        self.baseline = study.scenario.baseline if result.comparison else None
        self.strategy = challenger or (result.comparison["challenger"] if result.comparison else study.scenario.baseline)
        self.tongue = tongue_of(study)
        self.reasons: dict[str, str] = {}

    def attempt(self, part: str, make: Callable[[], Some]) -> Some | None:
        """A part of the page; None where it cannot be computed, and why is kept."""
        try:
            return make()
        except (UsageError, RunError) as error:
            self.reasons[part] = error.cause
            return None

    def explanation(self) -> Explanation:
        """The whole."""
        study, strategy = self.study, self.strategy
        compared = self.baseline is not None
        because = None
        if compared:
            because = self.attempt("why", lambda: attribution(study, strategy, draws=self.draws, seed=self.seed))
        scores = self.attempt(
            "loops", lambda: loops_in(study.lowered, study.inputs(strategy), self.horizon(strategy), dt=self.dt, merge=True)
        )
        names = [*([self.baseline] if self.baseline else []), strategy]
        moving = {name: one for name in names if (one := self.attempt("momentum", lambda name=name: self.momentum(name))) is not None}  # type: ignore[misc]
        ties = self.attempt("tipping", lambda: tipping(study, challenger=strategy)) if compared else None
        swings = self.attempt("tornado", lambda: tornado(study, strategy) if compared else tornado(study, strategy, of=study.by))
        return self.told(because, scores, moving, ties, swings)

    def told(
        self,
        because: Attribution | None,
        scores: LoopScores | None,
        moving: Mapping[str, Momentum],
        ties: tuple[Tipping, ...] | None,
        swings: Tornado | None,
    ) -> Explanation:
        """The rest, which follows from these, and the sentences."""
        study, strategy = self.study, self.strategy
        regime = None if ties is None else self.attempt("map", lambda: self.regime(ties))
        periods = min(PERIODS, study.scenario.strategies[strategy].months)
        plan = self.attempt("plan", lambda: optimize(study, strategy, periods=periods, generations=GENERATIONS, seed=self.seed))
        over = self.takeover(scores)
        tongue = self.tongue
        loops = None if scores is None else self.loops(scores, over, attributed=because is not None)
        hangs = None if ties is None and swings is None else hinges(ties, swings, regime, tongue)
        sections = [
            Section("The verdict", (self.verdict(),)),
            *([self.section("Why", "why", None if because is None else why(because, tongue))] if self.baseline else []),
            self.section("Which loop does it, and when", "loops", loops),
            self.section("Momentum", "momentum", self.momenta(moving)),
            self.section("What it hangs on", "tornado", hangs),
            self.section("The best next move", "plan", None if plan is None else next_move(plan, tongue)),
        ]
        return Explanation(
            self.result,
            self.baseline,
            strategy,
            self.draws,
            self.seed,
            because,
            scores,
            moving,
            ties,
            regime,
            swings,
            plan,
            over,
            tuple(sections),
        )

    def horizon(self, strategy: str) -> float:
        return float(self.study.scenario.strategies[strategy].months)

    def momentum(self, strategy: str) -> Momentum:
        study = self.study
        return momentum_in(study.lowered, study.inputs(strategy), self.horizon(strategy), by=study.by, strategy=strategy, dt=self.dt)

    def regime(self, ties: tuple[Tipping, ...]) -> RegimeMap:
        across, up = (one.name for one in ties[:2]) if len(ties) > 1 else (None, None)  # else it looks for the nearest itself
        return regime_map(self.study, across, up, self.strategy, size=MAP_SIZE)

    def takeover(self, scores: LoopScores | None) -> Takeovers | None:
        """When the loop that drives it last takes over, in draws; nothing where shares do not tell loops apart."""
        if self.draws is None or scores is None or mingled(scores):
            return None
        leading = [one.name for one in reigns(scores, self.horizon(self.strategy)) if one.share > 0]
        if not leading:
            return None
        draws = min(self.draws, MOST_TAKEOVERS)
        return self.attempt("takeover", lambda: takeovers(self.study, leading[-1], self.strategy, draws=draws, seed=self.seed))

    # In words

    def section(self, title: str, part: str, sentences: Iterable[str] | None) -> Section:
        """A section; where there is nothing to say, why."""
        found = tuple(sentences or ())
        return Section(title, found or (f"This cannot be told: {self.reasons.get(part, 'there is nothing to measure')}.",))

    def verdict(self) -> str:
        if self.result.comparison:
            return str(judged(self.result, self.strategy)["verdict"])
        run, by = self.result[self.strategy], self.study.by
        thing = self.tongue.thing(by, float(run.value(by)))
        return f"There is one strategy, {called(self.strategy)}, and nothing to compare it with: {thing} in {self.tongue.moment(self.horizon(self.strategy))}."

    def loops(self, scores: LoopScores, over: Takeovers | None, *, attributed: bool) -> list[str]:
        horizon = self.horizon(self.strategy)
        found = list(loops_said(scores, self.strategy, horizon, self.tongue, attributed=attributed))
        return [*found, *([over.sentence] if over is not None else [])]

    def momenta(self, moving: Mapping[str, Momentum]) -> list[str]:
        main = moving.get(self.strategy)
        if main is None:
            return []
        others = [one for one in moving.values() if one is not main]
        found = [*coasting([main, *others], self.tongue), *held(main, self.tongue), *gain_beside(main, self.tongue)]
        return [capital(sentence) for sentence in found]
