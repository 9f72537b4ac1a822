"""Scenario files: values only, validated, every fault at once."""

from __future__ import annotations

from pathlib import Path

from flywheel_sim.errors import UsageError
from flywheel_sim.library import MODELS, find
from flywheel_sim.model import ModelKind, declaration
from flywheel_sim.scenario.interpret import interpret
from flywheel_sim.scenario.read import parse, read_text
from flywheel_sim.scenario.scenario import Move, Name, Scenario, Strategy, Value

__all__ = ["Move", "Name", "Scenario", "Strategy", "Value", "load_scenario", "read_scenario"]


def load_scenario(path: str | Path, model: ModelKind | None = None) -> tuple[Scenario, ModelKind]:
    """Read a scenario file.

    Args:
        path: the file.
        model: the model to use instead of one of the library, whatever the file calls it.

    Raises:
        UsageError: if the file cannot be read.
        ScenarioError: with every fault of the file.
    """
    return read_scenario(read_text(Path(path)), str(path), model)


def read_scenario(text: str, file: str = "scenario", model: ModelKind | None = None) -> tuple[Scenario, ModelKind]:
    """Read the text of a scenario; see :func:`load_scenario`."""
    data = parse(text, file)
    if model is None and isinstance(data.get("model"), str):
        try:
            model = find(data["model"])
        except UsageError:
            model = None
    scenario = interpret(data, text, file, declaration(model) if model is not None else None, MODELS)
    assert model is not None
    return scenario, model
