"""Results of runs that differ by chance, and journey maps, made up for charts."""

import xml.etree.ElementTree as ET

import numpy as np
from charted import growing, made
from futured import made_futures

from flywheel_sim.analysis.journeys import Handoff, JourneyMap, Stay
from flywheel_sim.records import replace
from flywheel_sim.result import Result


def lucky(strategies, *series, engine="chance", each=1, **options):
    """A result of many runs that differ by chance."""
    options = {"uncertain": (), **options}
    result = made_futures(strategies, *series, **options)
    return Result(replace(result.about, engine=engine, each=each, sampling=""), result.runs, result.comparison, result.comparisons)


def walks(start, drift, *, n=200, months=60, seed=1):
    """Whole numbers that go up and down by chance and stay at 0 once they are there."""
    steps = np.random.default_rng(seed).poisson(1.0 + drift, (n, months)) - np.random.default_rng(seed + 100).poisson(1.0, (n, months))
    values = np.full((n, months + 1), float(start))
    for month in range(months):
        values[:, month + 1] = np.where(values[:, month] > 0, np.maximum(values[:, month] + steps[:, month], 0), 0)
    return values


def ending(*ends, months=4, start=10.0):
    """Runs from one start to the ends given."""
    return np.array([np.linspace(start, end, months + 1) for end in ends])


def stay(name, came=100.0, time=2.0, waited=0.0, lost=0.1, left=80.0):
    went = {"on": left * (1 - lost), "off": left * lost} if left else {}
    return Stay(name, name.replace("_", " "), came, came - left, went, time, waited, lost)


def handoff(label="F1", gain=14.0, error=2.0, lost=30.0, places=("deals",), title="marketing to sales"):
    return Handoff(title.replace(" ", "_"), label, title, "a note", places, lost, gain, error)


STAYS = (stay("prospects", 500, 3.0, 0.0, 0.6), stay("deals", 190, 5.0, 2.5, 0.7), stay("customers", 60, 40.0, 0.0, 0.4))


def mapped(stays=STAYS, handoffs=None, replications=20, strategy="flywheel", headline="customers", end=58.7):
    return JourneyMap(
        strategy, replications, 60.0, "month", headline, tuple(stays), tuple([handoff()] if handoffs is None else handoffs), end
    )


ABOUT = made({"run": growing(1, 0.1)}).about


def commands(case):
    """A long one for one of them: it takes long to measure."""
    return f"flywheel run {'folder/' * 20}test.toml --engine chance" if case in {"three", "overlapping", "alone"} else "flywheel run x"


def many_stages(count, name="stage {} of a long way"):
    return tuple(
        stay(name.format(number), 10.0 ** (number % 7), 0.2 * 3**number, 0.1 * (number % 2), (number % 5) / 4) for number in range(count)
    )


def texts_of(drawing):
    """What an SVG holds as text, piece by piece and each with the next; nothing else in it may act."""
    root = ET.fromstring(drawing)  # noqa: S314  our own file
    assert not [element for element in root.iter() if element.tag.endswith(("script", "foreignObject"))]
    shown = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    return {" ".join(shown[start : start + 2]) for start in range(len(shown))} | set(shown)
