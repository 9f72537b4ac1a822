"""One table of cases, one of engines, and what any engine of single accounts must give on any case.

A case is a model whose numbers can be made larger together: whatever is measured in accounts, or in anything that goes
with them, is multiplied by the scale, and all else stays. The larger the numbers, the nearer the equations: a mean
over replications lies away from them by something of the order of one account however many there are (relative to all, it
shrinks like one over the scale), and a single replication by something of the order of the root of the scale, which
the linear noise approximation gives (van Kampen 2007, chapter X).
"""

import math
from functools import cache

import numpy as np
from models import Advocacy, Decay, Kinds, lowered_of
from queues import Entangled, Impatient, Paying, Staged
from scipy import stats

from flywheel_sim.emit import compile_python
from flywheel_sim.engines import ode
from flywheel_sim.engines.chance import Chances
from flywheel_sim.engines.events import run
from flywheel_sim.expressions import Apply, Number
from flywheel_sim.library import Bass, Growth, Marketplace
from flywheel_sim.program import OUTSIDE, Inputs
from flywheel_sim.program.counting import counting
from flywheel_sim.program.diagnosis import walk_values
from flywheel_sim.program.whole import whole_start
from flywheel_sim.records import Record, replace
from flywheel_sim.study.inputs import inputs_for, settings_from

SCALES = (1, 10, 100, 1_000)
LEVEL = 2 * stats.norm.sf(4)  # of one number held against what it should be: 4 standard errors, or 6e-5
STEP = 1 / 32  # of the equations: as good as exact for these models


class Case(Record):
    """A model whose numbers can be made larger together.

    Attributes:
        model: what runs.
        until: the horizon.
        looks: the stocks, groups and measures so far that are looked at; all of them grow with the scale.
        powers: for each unit, the power of the scale that goes into parameters measured in it.
        starts: the stocks whose first number is written in the model, and grows with the scale too.
        first: what scale 1 is: a factor upon the numbers of the model, so that few accounts are few.
        values: of parameters, before they are scaled.
        linear: whether all hazards are constant, so that the mean is that of the equations whatever the scale.
    """

    model: type
    until: float
    looks: tuple[str, ...]
    powers: dict[str, int] = {}  # noqa: RUF012  a record cannot be changed
    starts: tuple[str, ...] = ()
    first: float = 1.0
    values: dict[str, object] = {}  # noqa: RUF012
    linear: bool = False


ACCOUNTS = {"account": 1, "account/month": 1}

CASES = {
    "decay": Case(Decay, 8.0, ("here", "gone"), {}, ("here",), first=0.05, linear=True),
    "advocacy": Case(Advocacy, 6.0, ("customers", "won"), ACCOUNTS, ("customers",), first=0.1, linear=True),
    "kinds": Case(Kinds, 6.0, ("here",), ACCOUNTS, first=0.2, linear=True),
    "staged": Case(Staged, 3.0, ("leads", "won", "waiting"), {}, ("leads",), first=0.00075, linear=True),
    "impatient": Case(Impatient, 3.0, ("line", "served", "lost"), ACCOUNTS, ("line",)),
    "paying": Case(Paying, 4.0, ("customers", "recurring", "cash", "lost"), ACCOUNTS, ("customers", "recurring"), first=0.5),
    "entangled": Case(Entangled, 3.0, ("leads", "users"), {"account/month": 1, "item/account/month": -1}, ("leads", "users"), first=0.5),
    "bass": Case(
        Bass,
        8.0,
        ("adopters", "ever_adopted"),
        ACCOUNTS,
        values={"market": 6, "start": 1, "innovation": 0.02, "imitation": 0.4, "discarding": 0.05},
    ),
    "growth": Case(
        Growth,
        3.0,
        ("prospects", "customers", "lost", "recurring", "cash"),
        ACCOUNTS | {"$": 1, "$/month": 1, "person": 1, "item": 1},
        first=0.02,
        values={"asks": 0.1},
    ),
    "marketplace": Case(
        Marketplace,
        4.0,
        ("buyers", "sellers", "newcomers", "cash"),
        {"buyer": 1, "seller": 1, "buyer/month": 1, "$": 1, "$/month": 1},
        first=0.006,
        values={"spread": {"advertising": 0.7, "seller_subsidy": 0.2, "vetting": 0.1}},
    ),
}


class Exempt(Record):
    """Where an engine is held to less.

    Attributes:
        scales: those that it is run at.
        reason: why.
    """

    scales: tuple[int, ...]
    reason: str


SLOW = "a move that bends the course of continuous stocks costs it ten times as much as any other"
WHOLE = "every move changes the hazards of nearly everybody, and to work them out anew costs it ten times as much as a move alone"
QUEUE = "whoever gives up is looked for along the whole queue, so that a move costs the more the more there are"

EXCEPTIONS = {
    ("impatient", "events"): Exempt(SCALES[:3], QUEUE),
    ("paying", "events"): Exempt(SCALES[:3], SLOW),
    ("entangled", "events"): Exempt(SCALES[:3], SLOW),
    ("growth", "events"): Exempt(SCALES[:2], SLOW),
    ("marketplace", "events"): Exempt(SCALES[:2], WHOLE),
}


# A case at a scale


@cache
def lowered_case(name):
    return lowered_of(CASES[name].model)


@cache
def scaled(name, scale, *, whole=True):
    """A case at a scale: the program, which starts with whole accounts unless told otherwise, and what it is given."""
    case, lowered = CASES[name], lowered_case(name)
    factor = case.first * scale
    given = inputs_for(lowered, settings_from(lowered, case.values), ())
    units = [str(lowered.declaration.parameters[parameter].unit) for parameter, _ in lowered.layout.parameters]
    inputs = Inputs(
        tuple(value * factor ** case.powers.get(unit, 0) for value, unit in zip(given.parameters, units, strict=True)), given.switches
    )
    walk = walk_values(lowered.program, inputs, inputs.parameters, (), 0.0, 0.0)
    states = [float(walk(node)) for node in lowered.program.initial]
    for cell, state in lowered.cells.items():
        if lowered.declaration.names[cell.stock] in case.starts:
            states[state] *= factor
    return starting_at(lowered, whole_start(lowered, states) if whole else states), inputs


def starting_at(lowered, states):
    """The same program from other first numbers."""
    return replace(lowered, program=replace(lowered.program, initial=tuple(Number(float(state)) for state in states)))


def looked_at(name, numbers):
    """What is looked at, of states and integrals in a row (or an array whose rows they are)."""
    lowered = lowered_case(name)
    return np.array([sum(numbers[slot] for slot in slots_of(lowered, look)) for look in CASES[name].looks])


def slots_of(lowered, name):
    """The states that a name stands for, of all its labels; or its integrals, which come after all states."""
    columns = [column for (base, _), column in lowered.layout.columns.items() if base == name and column.kind == "state"]
    if columns:
        return [slot for column in columns for slot in column.slots]
    of = lowered.declaration.metrics[name].expression.of
    return [len(lowered.program.initial) + slot for (node, _), slot in lowered.integrals.items() if node is of]


def equations(name, scale, *, whole=True):
    """What the equations say at the horizon."""
    lowered, inputs = scaled(name, scale, whole=whole)
    trace = ode.run(lowered, inputs, [0.0, CASES[name].until], dt=STEP)
    return looked_at(name, [*trace.states[-1], *trace.integrals[CASES[name].until]])


# The engines: each gives states, then integrals, at the horizon, of shape (numbers, replications)


def by_events(lowered, inputs, until, seed, replications):
    found = []
    for number in range(replications):
        trace = run(lowered, inputs, [0.0, until], seed=seed, replication=number, log=False).trace
        found.append([*trace.states[-1], *trace.integrals[until]])
    return np.array(found).T


def by_chance(method):
    def sample(lowered, inputs, until, seed, replications):
        found = Chances(lowered, inputs, [0.0, until], method=method).run(seed, 0, replications)
        assert np.isnan(found.failed).all()
        return np.concatenate([found.states[-1], found.integrals[-1]])

    return sample


class Engine(Record):
    """An engine of single accounts.

    Attributes:
        sample: runs it.
        few: how many replications at the largest scale.
        many: and at the others.
        scales: those that it is run at, unless it is exempt.
    """

    sample: object
    few: int
    many: int
    scales: tuple[int, ...] = SCALES


ENGINES = {
    "events": Engine(by_events, 24, 40),
    "chance": Engine(by_chance("direct"), 200, 800),
    "leap": Engine(by_chance("leap"), 200, 800, (*SCALES, 10_000)),  # it leaps where there are many
}


def scales_of(name, engine):
    return EXCEPTIONS[name, engine].scales if (name, engine) in EXCEPTIONS else ENGINES[engine].scales


class Sampled(Record):
    """What replications gave at a scale, less what the equations say: of shape (looks, replications)."""

    scale: int
    off: np.ndarray

    @property
    def bias(self):
        """How far the mean lies from the equations."""
        return self.off.mean(axis=1)

    @property
    def squared_error(self):
        """Of that mean."""
        return self.off.var(axis=1, ddof=1) / self.off.shape[1]

    @property
    def distance(self):
        """How far a replication lies from the equations, relative to the scale: the root of the mean square."""
        return np.sqrt((self.off**2).mean(axis=1)) / self.scale


def sampled(name, engine, scale, *, largest, change=lambda lowered: lowered):
    """Replications of a case, perhaps of a changed program, against the equations of the program as it is."""
    lowered, inputs = scaled(name, scale)
    one = ENGINES[engine]
    numbers = one.sample(change(lowered), inputs, CASES[name].until, scale, one.few if largest else one.many)
    truth = equations(name, scale)
    return Sampled(scale, looked_at(name, numbers) - truth[:, np.newaxis])


def all_sampled(name, engine, scales, **options):
    """The same at each of some scales."""
    return [sampled(name, engine, scale, largest=scale == scales[-1], **options) for scale in scales]


# What must hold


def expected_bias(name, smaller, scale):
    """By how many accounts the mean should be off at a scale, and the squared error of that, from samples at smaller ones.

    Off by b + d/scale: where hazards are constant by nothing; else b and d come from the two largest of the smaller ones.
    """
    if CASES[name].linear:
        return 0.0, 0.0
    if len(smaller) == 1:
        return smaller[0].bias, smaller[0].squared_error
    first, second = smaller[-2:]
    part = (1 / scale - 1 / second.scale) / (1 / first.scale - 1 / second.scale)
    return (1 - part) * second.bias + part * first.bias, (1 - part) ** 2 * second.squared_error + part**2 * first.squared_error


def errors_away(name, samples):
    """How unlikely the mean at the largest scale is, look by look, in standard errors of a normal number.

    Its error comes from the sample, so that the measure is Student's.
    """
    *smaller, last = samples
    expected, squared = expected_bias(name, smaller, last.scale)
    away = np.abs(last.bias - expected) / np.sqrt(last.squared_error + squared)
    return stats.norm.isf(stats.t.sf(away, last.off.shape[1] - 1))


def variance_chances(name, sample):
    """The chance of so large or so small a variance, look by look, where linear noise is all there is."""
    lowered, inputs = scaled(name, sample.scale)
    expected = linear_noise(lowered, inputs, CASES[name].until)
    variances = []
    for look in CASES[name].looks:
        slots = slots_of(lowered, look)
        variances.append(expected[np.ix_(slots, slots)].sum())
    degrees = sample.off.shape[1] - 1
    ratio = degrees * sample.off.var(axis=1, ddof=1) / np.array(variances)
    return 2 * np.minimum(stats.chi2.cdf(ratio, degrees), stats.chi2.sf(ratio, degrees))


def linear_noise(lowered, inputs, until, step=1 / 16):
    """The covariance of states, then integrals, at the horizon: C' = A C + C A' + B along the path of the equations.

    A is how the equations bend with the states; B adds up, over all moves of accounts, how often each happens times the
    square of what it changes, in stocks that are not counted too.
    """
    program = lowered.program
    many, everything = len(program.initial), len(program.initial) + len(program.integrals)
    rates = compile_python(program)(inputs.parameters, inputs.switches, (0.0,) * program.parameters, 0.0)
    counted = counting(program)

    def bend(time, numbers):
        made = np.zeros((everything, everything))
        for state in range(many):
            little = 1e-5 * max(1.0, abs(numbers[state]))
            ends = []
            for sign in (1, -1):
                moved = numbers[:many].copy()
                moved[state] += sign * little
                ends.append(np.array(rates(time, time, moved.tolist())))
            made[:, state] = (ends[0] - ends[1]) / (2 * little)
        return made

    def agitation(time, numbers):
        made = np.zeros((everything, everything))
        states = numbers[:many].tolist()
        values = rates(time, time, states, full=True)
        walk = walk_values(program, inputs, inputs.parameters, states, time, time)
        for number in counted.moves:
            move, change = program.moves[number], np.zeros(everything)
            if move.source != OUTSIDE:
                change[move.source] -= 1
            if move.destination != OUTSIDE:
                change[move.destination] += 1
            for jump in counted.jumps.get(number, ()):
                change[jump.index + (many if jump.kind == "integral" else 0)] += float(walk(jump.amount))
            made += values[move.rate] * np.outer(change, change)
        return made

    def slope(time, numbers, spread):
        bent = bend(time, numbers) @ spread
        return np.array(rates(time, time, numbers[:many].tolist())), bent + bent.T + agitation(time, numbers)

    numbers = np.array([*(float(node.value) for node in program.initial), *(0.0 for _ in program.integrals)])
    spread = np.zeros((everything, everything))
    steps = math.ceil(until / step)
    h = until / steps
    for number in range(steps):  # Heun's rule: its error is far below that of any sample
        time = number * h
        first = slope(time, numbers, spread)
        second = slope(time + h, numbers + h * first[0], spread + h * first[1])
        numbers, spread = (now + h / 2 * (one + other) for now, one, other in zip((numbers, spread), first, second, strict=True))
    return spread


def broken(lowered, flow, factor):
    """The same program, with the hazard of a flow (its rate, where that is in total) so many times as large."""
    values = list(lowered.program.values)
    number = next(number for number, (name, _) in enumerate(lowered.layout.flows) if name == flow)
    for move in lowered.program.moves:
        if move.flow == number:
            slot = move.rate if move.hazard == OUTSIDE else move.hazard
            values[slot] = Apply("*", (Number(factor), values[slot]))
    return replace(lowered, program=replace(lowered.program, values=tuple(values)))
