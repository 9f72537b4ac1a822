"""Who is drawn how: the look belongs to the role of a strategy, so that it is the same on every slide."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from flywheel_sim.charts.chart import Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ROLES", "styles"]

# Blue and vermilion are told apart by every kind of colour vision; in grey they are as dark as each other, and
# the dashes tell them apart.
ROLES = {
    "flywheel": Style("#0072B2", ()),
    "funnel": Style("#B84F00", (2.6, 1.3)),
    "natural": Style("#5F6368", (1.0, 1.0)),
}

# The strategies after these three. Seven colours and four dashes have no common divisor: no two of the first
# 28 look the same. All are dark enough to be read as text on white (contrast 4.5 and more).
COLOURS = ("#00775B", "#8E4585", "#7A5C00", "#A8324E", "#00697A", "#4B5BA8", "#6B4E3D")
DASHES: tuple[tuple[float, ...], ...] = ((4.0, 1.0, 1.0, 1.0), (5.0, 1.4), (1.6, 0.8), (3.0, 1.0, 1.0, 1.0, 1.0, 1.0))


def styles(names: Iterable[str], baseline: str | None = None, challenger: str | None = None) -> Mapping[str, Style]:
    """A look for every strategy, each its own.

    A strategy named like a role has the look of the role. Where none is, the baseline looks like the funnel and
    the challenger like the flywheel; a strategy that is alone looks like the flywheel.

    Args:
        names: of the strategies, in their order.
        baseline: the one the others are compared with.
        challenger: the best of the others.
    """
    left = list(names)
    found: dict[str, Style] = {}

    def give(name: str | None, role: str) -> None:
        if name in left and ROLES[role] not in found.values():
            found[name] = ROLES[role]
            left.remove(name)

    for role in ROLES:
        give(next((name for name in left if name.lower() == role), None), role)
    for role in ROLES:
        give(next((name for name in left if role in name.lower()), None), role)
    give(baseline, "funnel")
    give(challenger, "flywheel")
    if len(left) == 1 and not found:
        give(left[0], "flywheel")
    for name, colour, dash in zip(list(left), cycle(COLOURS), cycle(DASHES), strict=False):
        found[name] = Style(colour, dash)
    return found
