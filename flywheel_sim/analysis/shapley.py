"""Shapley values: what each of several players adds to a worth, on average over all orders in which they may come.

A coalition is a whole number: player i is in it where bit i is 1. The worth of coalitions is an array whose last axis
goes over coalitions, so that several worths, and many draws, are shared out at once.

Shapley (1953), "A value for n-person games"; antithetic orders: Mitchell, Cooper, Frank and Holmes (2022), "Sampling
permutations for Shapley value estimation".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["coalitions_of", "exact_shares", "orders_of", "shares_by_order", "standard_error"]

STREAM = 103  # of random numbers that a seed gives
Order = tuple[int, ...]


def exact_shares(worth: Array, players: int) -> Array:
    """The Shapley values from the worth of every coalition.

    Args:
        worth: of shape (..., 2**players), by the number of the coalition.
        players: how many there are.

    Returns:
        Of shape (..., players); together the worth of all less the worth of none, but for rounding.
    """
    gained = worth - worth[..., :1]  # so that rounding is relative to what is shared out
    coalitions = np.arange(1 << players)
    sizes = sum(((coalitions >> player) & 1 for player in range(players)), np.zeros_like(coalitions))
    shares = np.empty((*worth.shape[:-1], players))
    for player in range(players):
        without = coalitions[(coalitions >> player) & 1 == 0]
        chance = np.array([1 / (players * math.comb(players - 1, size)) for size in range(players)])[sizes[without]]
        shares[..., player] = (gained[..., without | 1 << player] - gained[..., without]) @ chance
    return shares


def orders_of(players: int, pairs: int, seed: int) -> list[Order]:
    """Random orders of players, each followed by its reverse: who came early in one comes late in the other.

    Args:
        players: how many there are.
        pairs: how many orders are drawn.
        seed: of the orders.
    """
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAM,)))
    drawn = [tuple(generator.permutation(players).tolist()) for _ in range(pairs)]
    return [one for order in drawn for one in (order, order[::-1])]


def coalitions_of(orders: Sequence[Order]) -> list[int]:
    """Every coalition that forms on the way along some orders, each once, the empty one first."""
    return sorted({coalition for order in orders for coalition in forming(order)})


def forming(order: Order) -> list[int]:
    """The coalitions that form as players come in an order, from nobody to all."""
    made = [0]
    for player in order:
        made.append(made[-1] | 1 << player)
    return made


def shares_by_order(worth: Array, coalitions: Sequence[int], orders: Sequence[Order]) -> Array:
    """What each player adds when coming in each order.

    Args:
        worth: of shape (..., coalitions), in their order.
        coalitions: their numbers.
        orders: those in which players come.

    Returns:
        Of shape (..., orders, players); in every order the players' together are the worth of all less that of none.
        The mean over orders estimates the Shapley values.
    """
    places = {coalition: place for place, coalition in enumerate(coalitions)}
    added = np.empty((*worth.shape[:-1], len(orders), len(orders[0])))
    for number, order in enumerate(orders):
        steps = np.diff(worth[..., [places[coalition] for coalition in forming(order)]], axis=-1)
        added[..., number, list(order)] = steps
    return added


def standard_error(added: Array) -> Array:
    """The standard error of the mean over antithetic orders, of shape (..., players): a pair of orders is one observation.

    Args:
        added: what :func:`shares_by_order` gives for the orders of :func:`orders_of`, two pairs or more.
    """
    *before, orders, players = added.shape
    by_pair = added.reshape(*before, orders // 2, 2, players).mean(axis=-2)
    return np.asarray(by_pair.std(axis=-2, ddof=1) / math.sqrt(orders // 2))
