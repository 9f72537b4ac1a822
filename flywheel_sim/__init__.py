"""Simulate growth as a funnel and as a flywheel, and see which wins, when, by how much and why.

::

    import flywheel_sim as fw

    study = fw.load("scenarios/saas.toml")      # a scenario file
    result = study.run()
    print(result.verdict)
    result["flywheel"]["customers"]             # a NumPy array over result.time

    fw.simulate(MyModel, values={"churn": "5 %/year"}, until=60)    # a model of your own

Everything is imported when it is first used, so that the command starts fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from flywheel_sim.version import __version__

if TYPE_CHECKING:
    from flywheel_sim.errors import (
        FlywheelError,
        Interrupted,
        ModelError,
        OutputError,
        RunError,
        ScenarioError,
        StateError,
        UnitError,
        UsageError,
    )
    from flywheel_sim.model import (
        Model,
        aux,
        claim,
        constant,
        dimension,
        exp,
        factor,
        flow,
        friction,
        group,
        lever,
        log,
        loop,
        maximum,
        metric,
        minimum,
        outside,
        param,
        ratio,
        share,
        split,
        sqrt,
        staff,
        stock,
        table,
        time,
        total,
        where,
    )
    from flywheel_sim.result import Result, Run
    from flywheel_sim.study import Study, load
    from flywheel_sim.study.loops import LoopScores, loop_scores
    from flywheel_sim.study.simulate import simulate

__all__ = [
    "FlywheelError",
    "Interrupted",
    "LoopScores",
    "Model",
    "ModelError",
    "OutputError",
    "Result",
    "Run",
    "RunError",
    "ScenarioError",
    "StateError",
    "Study",
    "UnitError",
    "UsageError",
    "__version__",
    "aux",
    "claim",
    "constant",
    "dimension",
    "exp",
    "factor",
    "flow",
    "friction",
    "group",
    "lever",
    "load",
    "log",
    "loop",
    "loop_scores",
    "maximum",
    "metric",
    "minimum",
    "outside",
    "param",
    "ratio",
    "share",
    "simulate",
    "split",
    "sqrt",
    "staff",
    "stock",
    "table",
    "time",
    "total",
    "where",
]

HOMES = {
    "flywheel_sim.errors": (
        "FlywheelError", "Interrupted", "ModelError", "OutputError", "RunError", "ScenarioError", "StateError", "UnitError", "UsageError",
    ),
    "flywheel_sim.model": (
        "Model", "aux", "claim", "constant", "dimension", "exp", "factor", "flow", "friction", "group", "lever", "log", "loop", "maximum",
        "metric", "minimum", "outside", "param", "ratio", "share", "split", "sqrt", "staff", "stock", "table", "time", "total", "where",
    ),
    "flywheel_sim.result": ("Result", "Run"),
    "flywheel_sim.study": ("Study", "load", "simulate"),
    "flywheel_sim.study.loops": ("LoopScores", "loop_scores"),
}  # fmt: skip
HOME_OF = {name: home for home, names in HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
