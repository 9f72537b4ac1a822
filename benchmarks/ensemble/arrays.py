"""NumPy over draws: every operation on all draws of a batch at once, into arrays that are kept from step to step.

What rests on parameters alone is worked out once a batch, what rests on time once a step. Rows of stocks are neighbours in
memory, so that a step moves all of them in one call.
"""

from __future__ import annotations

import math

import numpy as np

from .draws import PARAMETERS, STOCKS, Array
from .model import DT, UNTIL

__all__ = ["run"]

STEPS = round(UNTIL / DT)


def run(parameters: Array, batch: int, peaks: Array | None = None) -> Array:
    """Every draw, a batch at a time.

    Args:
        parameters: of shape (42, draws).
        batch: how many draws at once.
        peaks: if given, of the same shape as what is returned: set to the largest absolute value of each month.

    Returns:
        The stocks at the end, of shape (14, draws).
    """
    draws = parameters.shape[1]
    out = np.empty((len(STOCKS), draws))
    for first in range(0, draws, batch):
        piece = slice(first, min(first + batch, draws))
        out[:, piece] = Batch(np.ascontiguousarray(parameters[:, piece])).run(None if peaks is None else peaks[:, piece])
    return out


class Batch:
    """Some draws and the room to work on them."""

    def __init__(self, parameters: Array) -> None:
        self.p = p = dict(zip(PARAMETERS, parameters, strict=True))
        count = parameters.shape[1]
        self.margin_per_customer = p["margin"] * p["price"]
        self.to_practice = 1 - p["ads_share"] - p["content_share"]
        self.ads_over_scale = p["ads_share"] / p["ads_scale"]
        self.leads_per_head = p["leads_at_scale"] / p["market"]
        self.content_fades = math.log(2) / p["content_half_life"]
        self.practice_fades = math.log(2) / p["practice_half_life"]
        self.proof_fades = math.log(2) / p["proof_half_life"]
        self.minus_circle = -p["circle"] / p["market"]
        self.minus_loyalty = -p["loyalty"]
        self.minus_discount = -p["discount"]
        self.y = y = np.zeros((len(STOCKS), count))
        start = p["start_customers"]
        y[0] = p["market"] - 2 * start
        y[1:7] = np.array([0.7, 0.3, 0.1, 0.5, 0.3, 0.1])[:, None] * start
        y[9:12] = np.array([60_000.0, 30_000.0, 5.0])[:, None]
        self.at, self.change, self.sum = (np.empty_like(y) for _ in range(3))
        self.room = np.empty((12, count))

    def run(self, peaks: Array | None) -> Array:
        """The stocks at the end."""
        p, y, at, change, total = self.p, self.y, self.at, self.change, self.sum
        left = np.ones_like(self.minus_discount)
        for step in range(STEPS):
            if peaks is not None and step % round(1 / DT) == 0:
                np.maximum(peaks, np.abs(y), out=peaks)
            start = step * DT
            plan = np.where(start < p["switch"], p["budget_before"], p["budget_after"])
            middle = np.exp(self.minus_discount * (start + DT / 2))
            end = np.exp(self.minus_discount * (start + DT))
            self.slopes(y, plan, left, total)
            np.multiply(total, DT / 2, out=at)
            at += y
            self.slopes(at, plan, middle, change)
            np.multiply(change, DT / 2, out=at)
            at += y
            change *= 2
            total += change
            self.slopes(at, plan, middle, change)
            np.multiply(change, DT, out=at)
            at += y
            change *= 2
            total += change
            self.slopes(at, plan, end, change)
            total += change
            total *= DT / 6
            y += total
            left = end
        if peaks is not None:
            np.maximum(peaks, np.abs(y), out=peaks)
        return y

    def slopes(self, y: Array, plan: Array, left: Array, change: Array) -> None:  # noqa: PLR0915  one equation after another
        """The change of every stock, into ``change``."""
        p = self.p
        add, subtract, multiply, divide = np.add, np.subtract, np.multiply, np.divide
        strangers, prospects, evaluating, newcomers, passives, advocates, detractors, lost, churned, content, practice, proof = y[:12]
        customers, spending, attracted, a, b, c, pace, closed, skill, churn, delight, d = self.room

        add(newcomers, passives, out=customers)
        customers += advocates
        customers += detractors
        earned = multiply(self.margin_per_customer, customers, out=a)
        multiply(p["reinvest"], earned, out=spending)
        spending += plan
        subtract(earned, spending, out=change[12])
        multiply(earned, left, out=change[13])
        multiply(p["content_share"], spending, out=change[9])
        change[9] -= multiply(self.content_fades, content, out=a)
        multiply(self.to_practice, spending, out=change[10])
        change[10] += multiply(p["learning"], customers, out=a)
        change[10] -= multiply(self.practice_fades, practice, out=a)
        multiply(p["acts"], advocates, out=change[11])
        change[11] -= multiply(self.proof_fades, proof, out=a)

        spending *= self.ads_over_scale
        np.power(spending, p["ads_power"], out=attracted)
        attracted *= self.leads_per_head
        divide(content, add(content, p["content_half"], out=b), out=b)
        attracted += multiply(p["inbound"], b, out=b)
        np.exp(multiply(self.minus_circle, advocates, out=a), out=a)
        attracted += multiply(p["talking"], subtract(1, a, out=a), out=a)
        attracted *= strangers
        np.negative(attracted, out=change[0])

        np.minimum(1, divide(p["seats"], add(prospects, evaluating, out=a), out=a), out=pace)
        divide(proof, add(proof, p["proof_half"], out=a), out=a)
        a *= p["proof_gain"]
        divide(detractors, customers, out=b)
        b *= p["put_off"]
        odds = np.exp(subtract(a, b, out=a), out=a)
        odds *= p["usual_odds"]
        winning = divide(odds, add(1, odds, out=b), out=a)
        decided = multiply(multiply(pace, p["deciding"], out=b), evaluating, out=b)
        multiply(decided, winning, out=closed)
        refused = subtract(decided, closed, out=c)
        qualified = multiply(multiply(pace, p["qualifying"], out=a), prospects, out=a)
        dropped = multiply(p["dropping"], prospects, out=d)
        subtract(qualified, decided, out=change[2])
        subtract(attracted, qualified, out=change[1])
        change[1] -= dropped
        add(dropped, refused, out=change[7])
        again = multiply(p["reawakening"], lost, out=a)
        change[1] += again
        change[7] -= again
        back = multiply(p["reawakening"], churned, out=d)
        change[1] += back

        divide(practice, add(practice, p["practice_half"], out=a), out=skill)
        np.exp(multiply(self.minus_loyalty, skill, out=churn), out=churn)
        churn *= p["usual_churn"]
        delighted = np.minimum(1, multiply(p["usual_delight"], add(1, skill, out=a), out=a), out=a)
        settled = multiply(p["settling"], newcomers, out=b)
        multiply(settled, delighted, out=delight)
        subtract(closed, settled, out=change[3])
        subtract(settled, delight, out=change[4])
        calmed = multiply(p["calming"], advocates, out=a)
        change[4] += calmed
        subtract(delight, calmed, out=change[5])
        soured = multiply(multiply(p["souring"], subtract(1, skill, out=a), out=a), passives, out=a)
        change[4] -= soured
        soothed = multiply(multiply(p["soothing"], skill, out=b), detractors, out=b)
        change[4] += soothed
        subtract(soured, soothed, out=change[6])
        np.negative(back, out=change[8])
        for stock, haste, destination in (
            (newcomers, p["doubt"], 3),
            (passives, None, 4),
            (advocates, 0.5, 5),
            (detractors, p["haste"], 6),
        ):
            leaving = multiply(churn, stock, out=a)
            if haste is not None:
                leaving *= haste
            change[destination] -= leaving
            change[8] += leaving
