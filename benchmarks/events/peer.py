"""The network in GillesPy2, where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from events.network import END, Played

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["solvers"]

STOCKS = ("strangers", "prospects", "offers", "customers", "advocates", "lost")
WAYS = (("strangers", "prospects"), ("prospects", "strangers"), ("prospects", "offers"), ("offers", "customers"), ("offers", "lost"),
        ("customers", "advocates"), ("advocates", "customers"), ("customers", "lost"), ("lost", "strangers"))  # fmt: skip


def solvers() -> dict[str, Callable[[tuple[float, ...], int, int], Played]]:
    """Its solvers of this method, by name; none where it is not installed."""
    if importlib.util.find_spec("gillespy2") is None:
        return {}
    gillespy2 = importlib.import_module("gillespy2")
    return {f"GillesPy2 {name}": solved(gillespy2, name) for name in ("SSACSolver", "NumPySSASolver")}


def solved(library: Any, name: str) -> Callable[[tuple[float, ...], int, int], Played]:
    ready: dict[tuple[float, ...], tuple[Any, Any]] = {}

    def play(parameters: tuple[float, ...], seed: int, replications: int) -> Played:
        if parameters not in ready:
            model = made(library, parameters)
            ready[parameters] = model, getattr(library, name)(model=model)
        model, solver = ready[parameters]
        found = model.run(solver=solver, number_of_trajectories=replications, seed=seed + 1)  # it refuses 0
        return Played(math.nan, np.array([[one[stock][-1] for stock in STOCKS] for one in found]))

    return play


def made(library: Any, parameters: tuple[float, ...]) -> Any:
    market, ads, word, *rest = parameters
    model = library.Model(name="network")
    starts = (market - 50, 0, 0, 40, 10, 0)
    species = {stock: library.Species(name=stock, initial_value=int(start)) for stock, start in zip(STOCKS, starts, strict=True)}
    model.add_species(list(species.values()))
    for number, ((source, destination), hazard) in enumerate(zip(WAYS, (ads, *rest), strict=True)):
        rate = library.Parameter(name=f"hazard{number}", expression=repr(hazard))
        model.add_parameter(rate)
        way = library.Reaction(name=f"way{number}", reactants={species[source]: 1}, products={species[destination]: 1}, rate=rate)
        model.add_reaction(way)
    told = library.Parameter(name="told", expression=repr(word / market))
    model.add_parameter(told)
    both = {species["strangers"]: 1, species["advocates"]: 1}
    model.add_reaction(
        library.Reaction(name="tell", reactants=both, products={species["prospects"]: 1, species["advocates"]: 1}, rate=told)
    )
    model.timespan(np.linspace(0, END, 2))
    return model
