"""Scenario files: values only, validated, every fault at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.errors import ScenarioError, UsageError
from flywheel_sim.library import MODELS, find
from flywheel_sim.model import ModelKind, declaration
from flywheel_sim.records import replace
from flywheel_sim.scenario.interpret import interpret
from flywheel_sim.scenario.read import read_text
from flywheel_sim.scenario.scenario import Correlation, Move, Name, Scenario, Strategy, Value
from flywheel_sim.scenario.syntax import read_toml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Correlation", "Move", "Name", "Scenario", "Strategy", "Value", "load_scenario", "read_scenario"]


def load_scenario(path: str | Path, model: ModelKind | None = None) -> tuple[Scenario, ModelKind]:
    """Read a scenario file.

    Args:
        path: the file.
        model: the model to use instead of one of the library, whatever the file calls it.

    Raises:
        UsageError: if the file cannot be read.
        ScenarioError: with every fault of the file.
    """
    return read_scenario(read_text(path), str(path), model)


def read_scenario(text: str, file: str = "scenario", model: ModelKind | None = None) -> tuple[Scenario, ModelKind]:
    """Read the text of a scenario; see :func:`load_scenario`."""
    parsed = read_toml(text)
    data = parsed.data
    if model is None and data is not None:
        model = named_model(data.get("model"))
    scenario, faults = None, list(parsed.faults)
    if data is not None:
        scenario, found = interpret(data, declaration(model) if model is not None else None, MODELS)
        # What seems to be absent may stand in a line that could not be read.
        faults += [fault for fault in found if not (parsed.faults and fault.absent)]
    if not faults and scenario is not None and model is not None:  # as a rule
        return replace(scenario, text=text, file=file), model
    from flywheel_sim.scenario.fault import report
    from flywheel_sim.scenario.locate import locate

    places = locate(parsed.readable) if data is not None else {}
    causes = [fault.cause for fault in faults if fault.kind == "error"]
    if causes or scenario is None or model is None:
        raise ScenarioError(report(file, text, places, faults), causes)
    warnings = tuple(report(file, text, places, [fault]) for fault in faults)
    return replace(scenario, text=text, file=file, warnings=warnings), model


def named_model(name: object) -> ModelKind | None:
    """The model of the library that a file names, if there is one."""
    try:
        return find(name) if isinstance(name, str) else None
    except UsageError:
        return None
