"""SciPy, one draw at a time: the equations as a person writes them in Python, in the hands of LSODA.

It chooses its own steps, so that its answer is not the same to the last digit; its tolerance is set so that it agrees with
the others about as well as they do with the true solution. It starts anew where the budget jumps.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

import numpy as np

from .draws import STOCKS, Array
from .model import UNTIL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["run"]

TOLERANCE = 1e-8


def run(parameters: Array) -> Array:
    """Every draw; parameters of shape (42, draws), stocks at the end of shape (14, draws)."""
    from scipy.integrate import odeint

    out = np.empty((len(STOCKS), parameters.shape[1]))
    for draw, values in enumerate(parameters.T.tolist()):
        market, start, before, after, switch = values[:5]
        point = [market - 2 * start, *(share * start for share in (0.7, 0.3, 0.1, 0.5, 0.3, 0.1)), 0, 0, 60_000, 30_000, 5, 0, 0]
        for budget, times in ((before, (0, switch)), (after, (switch, UNTIL))):
            point = odeint(slopes(values, budget), point, times, tfirst=True, rtol=TOLERANCE, atol=TOLERANCE)[-1]
        out[:, draw] = point
    return out


def slopes(values: Sequence[float], budget: float) -> Callable[[float, Array], tuple[float, ...]]:
    """The change of every stock, for one draw."""
    (
        market,
        _,
        _,
        _,
        _,
        reinvest,
        ads_share,
        content_share,
        ads_scale,
        ads_power,
        leads_at_scale,
        content_half,
        content_half_life,
        inbound,
        talking,
        circle,
        qualifying,
        dropping,
        seats,
        deciding,
        usual_odds,
        proof_gain,
        proof_half,
        proof_half_life,
        acts,
        put_off,
        settling,
        usual_delight,
        practice_half,
        practice_half_life,
        learning,
        usual_churn,
        loyalty,
        doubt,
        haste,
        souring,
        soothing,
        calming,
        reawakening,
        price,
        margin,
        discount,
    ) = values
    content_fades, practice_fades, proof_fades = log(2) / content_half_life, log(2) / practice_half_life, log(2) / proof_half_life

    def change(time: float, stocks: Array) -> tuple[float, ...]:
        (
            strangers,
            prospects,
            evaluating,
            newcomers,
            passives,
            advocates,
            detractors,
            lost,
            churned,
            content,
            practice,
            proof,
            _cash,
            _worth,
        ) = stocks.tolist()
        customers = newcomers + passives + advocates + detractors
        earned = margin * price * customers
        spending = budget + reinvest * earned
        value = earned * exp(-discount * time)
        write = content_share * spending
        fade = content_fades * content
        train = (1 - ads_share - content_share) * spending + learning * customers
        forget = practice_fades * practice
        leads = leads_at_scale * (ads_share * spending / ads_scale) ** ads_power
        reach = content / (content + content_half)
        advertise = leads / market * strangers
        read = inbound * reach * strangers
        introduced = talking * (1 - exp(-circle * advocates / market))
        introduce = introduced * strangers
        pace = min(1, seats / (prospects + evaluating))
        certainty = proof_gain * proof / (proof + proof_half) - put_off * detractors / customers
        odds = usual_odds * exp(certainty)
        winning = odds / (1 + odds)
        qualify = pace * qualifying * prospects
        drop = dropping * prospects
        close = pace * deciding * winning * evaluating
        refuse = pace * deciding * (1 - winning) * evaluating
        look_again = reawakening * lost
        come_back = reawakening * churned
        skill = practice / (practice + practice_half)
        delighted = min(1, usual_delight * (1 + skill))
        churn = usual_churn * exp(-loyalty * skill)
        delight = settling * delighted * newcomers
        satisfy = settling * (1 - delighted) * newcomers
        calm = calming * advocates
        sour = souring * (1 - skill) * passives
        soothe = soothing * skill * detractors
        leave_new = doubt * churn * newcomers
        leave = churn * passives
        leave_gladly = 0.5 * churn * advocates
        leave_angry = haste * churn * detractors
        publish = acts * advocates
        age = proof_fades * proof
        return (
            -advertise - read - introduce,
            advertise + read + introduce - qualify - drop + look_again + come_back,
            qualify - close - refuse,
            close - delight - satisfy - leave_new,
            satisfy + calm - sour + soothe - leave,
            delight - calm - leave_gladly,
            sour - soothe - leave_angry,
            drop + refuse - look_again,
            leave_new + leave + leave_gladly + leave_angry - come_back,
            write - fade,
            train - forget,
            publish - age,
            earned - spending,
            value,
        )

    return change
