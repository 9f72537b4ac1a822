"""A funnel and a flywheel of ten kinds of events, and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import expm

from flywheel_sim import Model, flow, param, stock
from flywheel_sim.model import declaration
from flywheel_sim.records import Record

__all__ = ["END", "Network", "Played", "exact", "given"]

Array = np.ndarray[Any, np.dtype[Any]]
END = 24.0  # months


class Network(Model):
    """Advocates bring the next prospects; those who are lost can be won again."""

    time_unit, counts = "month", "account"

    market = param(20_000, "account")
    ads = param(0.01, "1/month")
    word = param(0.15, "1/month")
    fade = param(0.3, "1/month")
    engage = param(0.5, "1/month")
    close = param(0.4, "1/month")
    lose = param(0.6, "1/month")
    delight = param(0.1, "1/month")
    sour = param(0.05, "1/month")
    churn = param(0.02, "1/month")
    back = param(0.03, "1/month")

    strangers = stock(market - 50, "account")
    prospects = stock(0, "account")
    offers = stock(0, "account")
    customers = stock(40, "account")
    advocates = stock(10, "account")
    lost = stock(0, "account")

    advertise = flow(strangers >> prospects, hazard=ads)
    tell = flow(strangers >> prospects, by=advocates, hazard=word * strangers / market)
    cool = flow(prospects >> strangers, hazard=fade)
    offer = flow(prospects >> offers, hazard=engage)
    win = flow(offers >> customers, hazard=close)
    fail = flow(offers >> lost, hazard=lose)
    charm = flow(customers >> advocates, hazard=delight)
    annoy = flow(advocates >> customers, hazard=sour)
    leave = flow(customers >> lost, hazard=churn)
    win_back = flow(lost >> strangers, hazard=back)

    headline = customers


class Played(Record):
    """What came of some replications.

    Attributes:
        events: how many there were in all; NaN where a program does not tell.
        ends: the six stocks at the end, of shape (replications, 6).
    """

    events: float
    ends: Array


def given(**changes: float) -> tuple[float, ...]:
    """The parameters, in the order of the model."""
    return tuple(changes.get(name, one.default[None]) for name, one in declaration(Network).parameters.items())


def exact(parameters: tuple[float, ...]) -> Array:
    """The mean of every stock at the end where nobody talks: then every customer goes its own way, and the means are linear."""
    market, ads, word, fade, engage, close, lose, delight, sour, churn, back = parameters
    if word:
        raise ValueError("with word of mouth no exact mean is known")
    slopes = np.zeros((6, 6))
    for source, destination, hazard in (
        (0, 1, ads), (1, 0, fade), (1, 2, engage), (2, 3, close), (2, 5, lose), (3, 4, delight), (4, 3, sour), (3, 5, churn), (5, 0, back)
    ):  # fmt: skip
        slopes[source, source] -= hazard
        slopes[destination, source] += hazard
    means: Array = expm(slopes * END) @ np.array([market - 50, 0, 0, 40, 10, 0])
    return means
