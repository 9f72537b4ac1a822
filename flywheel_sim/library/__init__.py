"""The models that ship with the package, one file each, found by the name a scenario calls them by."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError, nearest

if TYPE_CHECKING:
    from flywheel_sim.library.bass import Bass
    from flywheel_sim.library.growth import Growth
    from flywheel_sim.model import ModelKind

__all__ = ["MODELS", "Bass", "Growth", "find"]

# The name a scenario uses, and where the class lives. A model is imported only when it is asked for.
MODELS = {"growth": ("flywheel_sim.library.growth", "Growth"), "bass": ("flywheel_sim.library.bass", "Bass")}


def find(name: str) -> ModelKind:
    """The model that scenarios call ``name``.

    Raises:
        UsageError: if there is none.
    """
    if name not in MODELS:
        raise UsageError(f"there is no model {name!r}", fix=nearest(name, MODELS, "the models are"))
    module, kind = MODELS[name]
    model: ModelKind = getattr(importlib.import_module(module), kind)
    return model


def __getattr__(name: str) -> Any:
    for module, kind in MODELS.values():
        if kind == name:
            return getattr(importlib.import_module(module), kind)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
