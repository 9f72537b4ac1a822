"""The network, and growth, on the engines of single accounts."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from events.network import END, Network, Played, given
from flywheel_sim.engines import events
from flywheel_sim.engines.chance import Chances
from flywheel_sim.library import Growth
from flywheel_sim.model import declaration
from flywheel_sim.program import Inputs, Lowered, lower
from flywheel_sim.study.inputs import inputs_for, settings_from

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["chance", "counted", "followed", "growth", "network", "single"]

# What growth has more of in a larger market: accounts, money, and what money buys.
EXTENSIVE = (
    "budget", "market", "start_customers", "start_prospects", "start_deals", "half", "start_investment", "proof_half",
    "organic_leads", "ads_leads", "content_leads", "founders", "start_sellers",
)  # fmt: skip


@lru_cache
def lowered_network() -> Lowered:
    return lower(declaration(Network))


@lru_cache
def chances(parameters: tuple[float, ...], method: str) -> Chances:
    return Chances(lowered_network(), Inputs(parameters, ()), [0.0, END], method=method)


def chance(method: str) -> Callable[[tuple[float, ...], int, int], Played]:
    """Individuals as counts."""

    def play(parameters: tuple[float, ...], seed: int, replications: int) -> Played:
        found = chances(parameters, method).run(seed, 0, replications)
        return Played(float(found.events.sum()), found.states[-1].T)

    return play


def single(*, log: bool) -> Callable[[tuple[float, ...], int, int], Played]:
    """Individuals one by one."""

    def play(parameters: tuple[float, ...], seed: int, replications: int) -> Played:
        runs = [
            events.run(lowered_network(), Inputs(parameters, ()), [0.0, END], seed=seed, replication=number, log=log)
            for number in range(replications)
        ]
        return Played(float(sum(run.events for run in runs)), np.array([run.trace.states[-1] for run in runs]))

    return play


def network(accounts: int) -> tuple[Lowered, Inputs]:
    """The network in a market of so many."""
    return lowered_network(), Inputs(given(market=float(accounts)), ())


def growth(accounts: int) -> tuple[Lowered, Inputs]:
    """Growth with everything in proportion to a market of so many, all loops running."""
    lowered = lower(declaration(Growth))
    parameters = lowered.declaration.parameters
    scale = accounts / parameters["market"].default[None]
    larger = {
        f"{name}.{label}" if label else name: scale * value for name in EXTENSIVE for label, value in parameters[name].default.items()
    }
    return lowered, inputs_for(lowered, settings_from(lowered, larger))


def followed(lowered: Lowered, inputs: Inputs, months: int) -> tuple[int, float, float, int]:
    """Every account one by one, with its log: how many moves, seconds of the processor, how far accounts are out of balance, reports."""
    told: list[int] = []
    before = time.process_time()
    journey = events.run(lowered, inputs, [float(month) for month in range(months + 1)], seed=1, advance=told.append)
    seconds = time.process_time() - before
    if journey.log is None or sum(told) != journey.events:
        raise ValueError("what was told on the way is not what was done")
    return journey.events, seconds, journey.trace.conservation, len(told)


def counted(lowered: Lowered, inputs: Inputs, months: int, method: str) -> tuple[int, float, float]:
    """The same as counts, once: how many events, seconds of the processor, and how far accounts are out of balance."""
    ready = Chances(lowered, inputs, [float(month) for month in range(months + 1)], method=method)
    before = time.process_time()
    found = ready.run(1, 0, 1)
    return int(found.events[0]), time.process_time() - before, float(found.conservation[0])
