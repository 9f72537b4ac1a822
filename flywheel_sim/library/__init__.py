"""The models that ship with the package, one file each, found by the name a scenario calls them by."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError, nearest

if TYPE_CHECKING:
    from flywheel_sim.library.bass import Bass
    from flywheel_sim.library.growth import Growth
    from flywheel_sim.library.marketplace import Marketplace
    from flywheel_sim.model import ModelKind
    from flywheel_sim.model.symbols import Claim

__all__ = ["MODELS", "Bass", "Growth", "Marketplace", "claims_about", "find"]

# The name a scenario uses, and where the class lives. A model is imported only when it is asked for.
MODELS = {
    "growth": ("flywheel_sim.library.growth", "Growth"),
    "bass": ("flywheel_sim.library.bass", "Bass"),
    "marketplace": ("flywheel_sim.library.marketplace", "Marketplace"),
}
# Where claims stand that are declared beside a model, by the module of the model. They are imported only when they are tested.
CLAIMS = {
    "flywheel_sim.library.growth": "flywheel_sim.library.growth_claims",
    "flywheel_sim.library.marketplace": "flywheel_sim.library.marketplace_claims",
}


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


def claims_about(model: ModelKind) -> tuple[Claim, ...]:
    """What is claimed of a model: in its own class, or beside it in the library."""
    from flywheel_sim.model import declaration

    own = declaration(model).claims
    beside = CLAIMS.get(model.__module__)
    if own or beside is None:
        return own
    claims: tuple[Claim, ...] = importlib.import_module(beside).CLAIMS
    return claims


def __getattr__(name: str) -> Any:
    for module, kind in MODELS.values():
        if kind == name:
            return getattr(importlib.import_module(module), kind)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
