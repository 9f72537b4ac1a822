"""The network of network.py in SimPy, as one would write it by hand: one process for each customer, and no more.

All hazards are constant but one, so that a process draws how long its customer stays and which way it goes when it
comes. How often advocates are heard follows how many strangers are left: an advocate talks at the rate that it would
have in a market where nobody has been reached, to anyone at all; who is no stranger does not listen. That is
the same law. A stranger who listens is interrupted.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import simpy

from events.network import END, Played

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["simple"]

STOCKS = ("strangers", "prospects", "offers", "customers", "advocates", "lost")
Life = Generator[simpy.Event, None, None]


class Town:
    """Everybody, and the log of what they did.

    Args:
        parameters: in the order of the model.
        seed: of all.
        keep: whether to write down every move.
    """

    def __init__(self, parameters: Sequence[float], seed: int, *, keep: bool) -> None:
        market, self.ads, self.word, fade, engage, close, lose, delight, sour, churn, back = parameters
        self.ways = {
            "prospects": (("strangers", fade), ("offers", engage)),
            "offers": (("customers", close), ("lost", lose)),
            "customers": (("advocates", delight), ("lost", churn)),
            "advocates": (("customers", sour),),
            "lost": (("strangers", back),),
        }
        self.random = random.Random(seed)  # noqa: S311  nothing is kept secret
        self.environment = simpy.Environment()
        self.counts: Counter[str] = Counter()
        self.events = 0
        self.log: list[tuple[int, str, str, float]] | None = [] if keep else None
        starts = ["strangers"] * (round(market) - 50) + ["customers"] * 40 + ["advocates"] * 10
        self.people = [self.environment.process(self.life(number, stock)) for number, stock in enumerate(starts)]
        self.where = starts

    def life(self, number: int, stock: str) -> Life:
        """One customer, from stock to stock."""
        timeout, draw = self.environment.timeout, self.random.expovariate
        self.counts[stock] += 1
        while True:
            if stock == "strangers":
                following = "prospects"
                with suppress(simpy.Interrupt):
                    yield timeout(draw(self.ads))
            else:
                ways = self.ways[stock]
                total = sum(hazard for _, hazard in ways)
                if stock == "advocates":
                    yield from self.talk(draw(total))
                else:
                    yield timeout(draw(total))
                following = ways[0][0] if len(ways) == 1 or self.random.random() * total < ways[0][1] else ways[1][0]
            self.counts[stock] -= 1
            self.counts[following] += 1
            self.events += 1
            if self.log is not None:
                self.log.append((number, stock, following, self.environment.now))
            self.where[number] = stock = following

    def talk(self, stay: float) -> Life:
        """What an advocate does as long as it is one."""
        while True:
            pause = self.random.expovariate(self.word) if self.word else math.inf
            if pause > stay:
                yield self.environment.timeout(stay)
                return
            yield self.environment.timeout(pause)
            stay -= pause
            other = self.random.randrange(len(self.people))
            if self.where[other] == "strangers":
                self.people[other].interrupt()


def simple(*, keep: bool) -> Callable[[tuple[float, ...], int, int], Played]:
    """The program, with or without its log."""

    def play(parameters: tuple[float, ...], seed: int, replications: int) -> Played:
        towns = [Town(parameters, 1_000 * seed + number, keep=keep) for number in range(replications)]
        for town in towns:
            town.environment.run(until=END)
        return Played(float(sum(town.events for town in towns)), np.array([[town.counts[stock] for stock in STOCKS] for town in towns]))

    return play
