"""Loops That Matter: scores of links and loops against numbers worked out by hand, and loops against a plain search."""

import math

import numpy as np
import pytest
from looped import (
    Alike,
    ArmsRace,
    Bath,
    Chain,
    Contagion,
    Inside,
    Kindred,
    Level,
    Logistic,
    Pair,
    Plain,
    Quotient,
    Told,
    Weighed,
    ring,
)
from models import Advocacy, Assorted, Decay, Referral, lowered_of

from flywheel_sim import UsageError
from flywheel_sim.analysis.loops import find, month_of_takeover, scores
from flywheel_sim.analysis.loops.graph import graph_of
from flywheel_sim.analysis.loops.links import link_scores
from flywheel_sim.analysis.loops.worlds import FUNCTIONS, World
from flywheel_sim.engines.ode import run
from flywheel_sim.expressions import FUNCTIONS as PLAIN
from flywheel_sim.expressions import Gate, Slot, Walk
from flywheel_sim.library import Growth, Marketplace
from flywheel_sim.program import Bend, Inputs
from flywheel_sim.study.given import Listed
from flywheel_sim.study.inputs import inputs_for
from flywheel_sim.study.loops import integration_grid, loop_scores, loops_in, takeover


def world_of(model, states, times=(0.0, 1.0), *, merge=False):
    """A model along given states, one row for each time."""
    lowered = lowered_of(model)
    inputs = inputs_for(lowered, {})
    here, there = scores.course(inputs.parameters, inputs.bends, times, np.array(states, dtype=float))
    return World(graph_of(lowered.declaration, inputs.switches, merge=merge), here, there)


def links_of(model, states):
    """The score of each link over one interval, by the names of its ends."""
    world = world_of(model, states)
    names = [variable.name for variable in world.graph.variables]
    ends = [(names[cause], names[effect]) for cause, effect in world.graph.links]
    return dict(zip(ends, link_scores(world)[:, 0].tolist(), strict=True))


def course_of(model, *, until=60, dt=0.25, merge=False):
    """A run of a model as a world."""
    lowered = lowered_of(model)
    inputs = inputs_for(lowered, {})
    grid = integration_grid(lowered, inputs, until, dt)
    trace = run(lowered, inputs, grid, dt=dt)
    return world_of(model, trace.states, grid, merge=merge), trace


def searched(links):
    """Every loop by plain search: all ways on from every variable, to those after it, until one is back."""
    found = set()

    def follow(path):
        for cause, effect in links:
            if cause != path[-1]:
                continue
            if effect == path[0]:
                found.add(tuple(path))
            elif effect > path[0] and effect not in path:
                follow([*path, effect])

    for first in {cause for cause, _ in links}:
        follow([first])
    return found


# Links


def test_a_weighed_sum():
    found = links_of(Weighed, [(5, 4), (7, 5)])
    assert found["x", "z"] == pytest.approx(0.8, rel=1e-12)
    assert found["y", "z"] == pytest.approx(0.2, rel=1e-12)


def test_a_quotient():
    found = links_of(Quotient, [(7, 2, 3), (10, 4, 5)])
    assert [found[cause, "z"] for cause in "wxy"] == pytest.approx([5, 10 / 3, -6], rel=1e-12)


def test_a_flow_counts_by_its_part_in_the_change_of_the_net_flow():
    found = links_of(Bath, [(5, 4, 1), (10, 5, 2)])
    assert (found["pour", "water"], found["lose", "water"]) == pytest.approx((1.25, -0.25), rel=1e-12)


def test_what_does_not_change_scores_nothing():
    still = links_of(Weighed, [(5, 4), (7, 4)])
    assert (still["x", "z"], still["y", "z"]) == (1, 0)
    assert set(links_of(Quotient, [(7, 2, 3), (7, 2, 3)]).values()) == {0}
    offset = links_of(Bath, [(5, 4, 1), (10, 9, 2)])  # both flows change, the net flow does not
    assert (offset["pour", "water"], offset["lose", "water"]) == (0, 0)


def test_rounding_is_no_change():
    trembling = links_of(Weighed, [(1e6, 4), (1e6 + 2e-9, 5)])
    assert (trembling["x", "z"], trembling["y", "z"]) == (0, pytest.approx(1))


def plainly(world, inputs, states, cause, effect, interval, times):
    """The score of one link of an equation, by the scalar tree walk over whole equations."""
    graph, program = world.graph, world.graph.program
    middle = (times[interval] + times[interval + 1]) / 2
    following = (times[interval + 1] + times[min(interval + 2, len(times) - 1)]) / 2

    def walk_at(which, start):
        def read(node):
            match node:
                case Slot(kind="parameter"):
                    return inputs.parameters[node.index]
                case Slot(kind="state"):
                    return states[which][node.index]
                case Slot(kind="value"):
                    return walk(program.values[node.index])
                case Slot(kind="time"):
                    return times[which]
                case Slot(kind="start"):
                    return start
                case Gate(off=None):
                    return walk(node.signal)
                case Gate():
                    return walk(node.signal if inputs.switches[node.switch.index] else node.off)
                case _:
                    return None

        walk = Walk(read, PLAIN)
        return walk

    before = walk_at(interval, middle)
    after = walk_at(interval + 1, following if interval + 2 < len(times) else middle)

    def read_alone(node):
        if isinstance(node, Slot) and node.kind == "state":
            return (after if graph.of_state[node.index] == cause else before)(node)
        if isinstance(node, Slot) and node.kind == "value":
            if node.index in graph.of_slot:
                return (after if graph.of_slot[node.index] == cause else before)(node)
            return alone(program.values[node.index])
        if isinstance(node, Gate):
            return alone(node.signal if node.off is None or inputs.switches[node.switch.index] else node.off)
        return before(node) if isinstance(node, Slot) else None

    alone = Walk(read_alone, PLAIN)
    target, source = graph.variables[effect].equation, graph.variables[cause].equation
    whole, by_cause = after(target) - before(target), after(source) - before(source)
    part = alone(target) - before(target)
    return abs(part / whole) * math.copysign(1, part * by_cause) if whole and by_cause and part else 0.0


@pytest.mark.parametrize("model", [Assorted, Marketplace], ids=lambda model: model.__name__)
@pytest.mark.parametrize("merge", [False, True], ids=["apart", "merged"])
def test_every_link_of_a_model_is_as_worked_out_plainly(model, merge):
    lowered = lowered_of(model)
    inputs = inputs_for(lowered, {})
    world, trace = course_of(model, until=9, merge=merge)
    found = link_scores(world)
    intervals = (3, 21, 35)  # with one at which a condition on time of the model flips
    compared = 0
    for number, (cause, effect) in enumerate(world.graph.links[: -len(world.graph.streams)]):
        for interval in intervals:
            expected = plainly(world, inputs, trace.states, cause, effect, interval, trace.times)
            assert found[number, interval] == pytest.approx(expected, rel=1e-6, abs=1e-9), (cause, effect, interval)
            compared += expected != 0
    assert compared > 50


@pytest.mark.parametrize("model", [Assorted, Marketplace, Growth], ids=lambda model: model.__name__)
def test_variables_are_what_the_engine_computes(model):
    world, trace = course_of(model, until=12)
    layout = lowered_of(model).layout
    known = {name: np.array(trace.states)[:-1, slot] for slot, name in enumerate(layout.states)}
    for (name, label), column in layout.columns.items():
        if column.kind == "value":
            known[f"{name}[{label}]" if label else name] = np.array(trace.values)[:-1, column.slots[0]]
    compared = 0
    for number, variable in enumerate(world.graph.variables):
        if variable.name in known:
            assert world.before[number] == pytest.approx(known[variable.name], rel=1e-12, abs=1e-300), variable.name
            compared += 1
    assert compared > 0.6 * len(world.graph.variables)


def test_arrays_are_walked_with_every_function_that_numbers_are():
    assert set(FUNCTIONS) == set(PLAIN)


# Loops


def test_word_of_mouth_at_the_turn():
    found = loop_scores(Contagion, until=12, dt=1 / 16, method="euler")
    assert found.variables == (("adopters", "adopt"), ("potential", "adopt"))
    assert found.names == ("R1 adopters → adopt → …", "B1 potential → adopt → …")
    expected = {9.5: (11.46, -9.958), 9.5625: (9806, -9358), 9.625: (10.41, -10.91)}
    for time, both in expected.items():
        (at,) = np.flatnonzero(found.time == time)
        assert found.score[:, at] == pytest.approx(both, rel=5e-4)
    (at,) = np.flatnonzero(found.time == 9.5)
    assert found.share[:, at] == pytest.approx((0.535, -0.465), abs=5e-4)
    assert found.exhaustive
    assert found.uncontested == (False, False)


def test_growth_towards_a_limit_turns_at_half_of_it():
    found = loop_scores(Logistic, until=100, dt=1, method="euler")
    order = [found.variables.index(loop) for loop in (("size", "grow"), ("size", "room", "grow"))]
    size, shares = 5.0, []
    for _ in found.time:
        shares.append((1 - size / 1_000, -size / 1_000))
        size += 0.12 * size * (1 - size / 1_000)
    assert np.allclose(found.share[order].T, shares, rtol=0, atol=1e-9)


@pytest.mark.parametrize("model", [Pair, Chain], ids=lambda model: model.__name__)
def test_a_linear_model_by_hand(model):
    """In a linear model with matrix A, stepped by Euler, the link from flow to stock over a step is worked out by hand."""
    found = loop_scores(model, until=10, dt=0.5, method="euler")
    if model is Pair:
        flows = {"feed_first": (1, 0.3), "feed_second": (0, 0.2), "drain_first": (0, 0.1), "drain_second": (1, 0.05)}
        nets = [{"feed_first": 1, "drain_first": -1}, {"feed_second": 1, "drain_second": -1}]
        state, names = np.array([10.0, 1.0]), ["first", "second"]
    else:
        flows = {"on": (0, 0.3), "further": (1, 0.2), "back": (2, 0.1)}
        nets = [{"back": 1, "on": -1}, {"on": 1, "further": -1}, {"further": 1, "back": -1}]
        state, names = np.array([9.0, 2.0, 1.0]), ["first", "second", "third"]
    rate = lambda flow, at: flows[flow][1] * at[flows[flow][0]]  # noqa: E731  one line of algebra
    for interval in range(len(found.time)):
        change = np.array([sum(sign * rate(flow, state) for flow, sign in net.items()) for net in nets])
        after = state + 0.5 * change
        for loop, score in zip(found.variables, found.score[:, interval], strict=True):
            expected = 1.0
            for flow, target in zip(loop[1::2], [*loop[2::2], loop[0]], strict=True):
                net = nets[names.index(target)]
                moved = sum(sign * (rate(one, after) - rate(one, state)) for one, sign in net.items())
                expected *= net[flow] * abs((rate(flow, after) - rate(flow, state)) / moved)
            assert score == pytest.approx(expected, rel=1e-6)
        state = after
    total = {Pair: 3, Chain: 4}[model]
    assert len(found.names) == total
    assert np.abs(found.share).sum(axis=0) == pytest.approx(np.ones(len(found.time)), rel=1e-12)


def test_loops_in_opposite_directions_are_two():
    found = loop_scores(ArmsRace, until=5, dt=0.25)
    three = {loop for loop in found.variables if len(loop) == 6}
    assert three == {("a", "arm_b", "b", "arm_c", "c", "arm_a"), ("a", "arm_c", "c", "arm_b", "b", "arm_a")}
    assert len(found.names) == 3 + 3 + 2
    assert len(set(found.names)) == len(found.names)


@pytest.mark.parametrize("model", [ArmsRace, Marketplace, Kindred, Told], ids=lambda model: model.__name__)
def test_loops_are_those_of_a_plain_search(model):
    world, _ = course_of(model, until=2)
    loops, exhaustive = find.find_loops(world.graph, link_scores(world), 100_000)
    assert exhaustive
    assert len(loops) == len(set(loops))
    assert set(loops) == searched(world.graph.links)


def test_sixty_stocks():
    chords = [(5, 2), (50, 40), (7, 30), (20, 21), (33, 31), (59, 10), (44, 44)]
    found = loop_scores(ring(60, chords), until=2, dt=0.5)
    names = {name: number for number, name in enumerate(sorted({one for loop in found.variables for one in loop}))}
    links = [(f"s{(number - 1) % 60}", f"f{number}") for number in range(60)] + [(f"f{number}", f"s{number}") for number in range(60)]
    links += [(f"s{cause}", f"g{number}") for number, (cause, _) in enumerate(chords)]
    links += [(f"g{number}", f"s{effect}") for number, (_, effect) in enumerate(chords)]
    expected = searched([(names[cause], names[effect]) for cause, effect in links])
    turned = {find.turned([names[one] for one in loop]) for loop in found.variables}
    assert turned == expected
    assert len(found.variables) == len(expected) > len(chords)
    assert found.exhaustive
    assert set(found.component) == {0}


# What is said of them


def test_components_are_not_compared_and_one_loop_alone_is_uncontested():
    found = loop_scores(Told, until=5, dt=0.25)
    assert found.variables == (("customers", "adopt"), ("strangers", "left", "call", "adopt"), ("fame", "fade"))
    assert found.component == (0, 0, 1)
    assert found.uncontested == (False, False, True)
    assert np.abs(found.share[:2]).sum(axis=0) == pytest.approx(np.ones(20), rel=1e-12)
    assert found.share[2] == pytest.approx(-np.ones(20), rel=1e-12)


def test_a_model_at_rest_says_so():
    found = loop_scores(Level, until=5, dt=0.25)
    assert found.names == ("U1 water → drain → …",)
    assert found.at_rest.all()
    assert not found.score.any()
    moving = loop_scores(Decay, until=5, dt=0.25)
    assert not moving.at_rest.any()


def test_a_declared_loop_is_all_loops_through_its_gate():
    found = loop_scores(Told, until=90, dt=0.25)
    by_word, by_market = found.share[0], found.share[1]
    assert found.declared["word"] == pytest.approx(by_word + by_market, abs=1e-12)  # the gate closes the whole flow
    assert found.declared["saturation"] == pytest.approx(by_market, abs=1e-12)
    assert found.overlap == pytest.approx(np.abs(by_market), abs=1e-12)
    assert found.declared["word"][0] > 0.9
    turn = int(np.argmax(found.declared["word"] < 0))  # when most have heard, the gate carries more balance than growth
    assert found.time[turn] > 20


def test_a_loop_that_is_off_has_no_share():
    off = loop_scores(Told, off=("word",), until=5, dt=0.25)
    assert set(off.variables) == {("fame", "fade"), ("customers", "adopt")}
    assert off.names[off.variables.index(("customers", "adopt"))].startswith("U1 ")
    assert off.uncontested == tuple(loop == ("fame", "fade") for loop in off.variables)
    assert not off.declared["word"].any()
    assert not off.overlap.any()


def test_a_gate_in_the_flow_itself():
    found = loop_scores(Referral, until=12, dt=0.25)
    through = [number for number, loop in enumerate(found.variables) if "adopt" in loop]
    assert len(through) < len(found.variables)
    assert found.declared["word_of_mouth"] == pytest.approx(found.share[through].sum(axis=0), abs=1e-12)


def test_a_gate_that_cannot_be_closed_in_the_flow_itself():
    found = loop_scores(Inside, until=12, dt=0.25)
    assert found.declared["saturation"] == pytest.approx(found.share[found.variables.index(("strangers", "adopt"))], abs=1e-12)
    assert found.declared["saturation"].all()


def test_a_loop_beside_one_that_never_acts_is_uncontested():
    found = loop_scores(Advocacy, {"bringing": 0}, until=5, dt=0.25)
    assert dict(zip(found.variables, found.uncontested, strict=True)) == {("customers", "bring"): False, ("customers", "leave"): True}


def test_labels_and_stages_are_apart_or_merged():
    apart, merged = (loop_scores(Kindred, until=10, dt=0.25, merge=merge) for merge in (False, True))
    assert ("leads[warm]", "join[warm]", "users, stage 1", "find[warm]") in apart.variables
    assert ("users, stage 1", "users, stage 1 to stage 2") in apart.variables
    plain = loop_scores(Plain, until=10, dt=0.25, merge=True)  # the same model with one kind of lead
    assert merged.variables == plain.variables
    assert set(merged.variables) == {
        ("leads", "join"),
        ("users", "leave"),
        ("market", "find"),
        ("leads", "join", "users", "find"),
        ("market", "find", "leads", "join", "users", "leave"),
    }
    assert merged.score == pytest.approx(plain.score, rel=1e-6)
    assert len(apart.variables) > len(merged.variables)


def test_equations_and_flows_that_are_alike_keep_their_names():
    found = loop_scores(Alike, until=5, dt=0.25)
    assert set(found.variables) == {("size", "pace", "grow"), ("size", "take")}
    assert np.sign(found.score[:, 0]).tolist() == [-1, 1]


# The strongest, where there are too many


def test_the_strongest_loops_are_most_of_all_that_acts():
    world, _ = course_of(Marketplace)
    links = link_scores(world)
    found = find.strongest_loops(world.graph, links)
    every, _ = find.find_loops(world.graph, links, 100_000)
    number_of = {link: number for number, link in enumerate(world.graph.links)}

    def strength(loops):
        ways = ([number_of[pair] for pair in zip(loop, (*loop[1:], loop[0]), strict=True)] for loop in loops)
        return sum(np.abs(links[way].prod(axis=0)) for way in ways)

    assert set(found) < set(every)
    assert (strength(found) > 0.75 * strength(every)).all()


def test_a_loop_scores_the_product_of_its_links():
    world, _ = course_of(Marketplace, until=12)
    links = link_scores(world)
    loops, _ = find.find_loops(world.graph, links, 100_000)
    number_of = {link: number for number, link in enumerate(world.graph.links)}
    ways = [[number_of[pair] for pair in zip(loop, (*loop[1:], loop[0]), strict=True)] for loop in loops]
    score, share = scores.strengths(ways, [0] * len(ways), links)
    expected = np.array([links[way].prod(axis=0) for way in ways])
    assert score == pytest.approx(expected, rel=1e-9)
    assert share == pytest.approx(expected / np.abs(expected).sum(axis=0), rel=1e-9)
    assert max((links[way] < 0).all(axis=1).sum() for way in ways) > 1  # the signs are multiplied too


def test_beyond_the_cap_it_says_that_not_all_were_found(monkeypatch):
    monkeypatch.setattr(scores, "MOST_LOOPS", 200)
    some = loop_scores(Marketplace, until=12, dt=0.25)
    monkeypatch.undo()
    every = loop_scores(Marketplace, until=12, dt=0.25)
    assert (some.exhaustive, every.exhaustive) == (False, True)
    assert set(some.variables) < set(every.variables)
    assert some.variables[0] == every.variables[0]
    assert not any(some.uncontested)


def test_links_that_never_act_are_left_out_when_there_are_too_many_loops():
    world, _ = course_of(Marketplace, until=12)
    links = link_scores(world)
    every, _ = find.find_loops(world.graph, links, 100_000)
    links[world.graph.links.index(every[0][:2])] = 0
    acting = {link for link, score in zip(world.graph.links, links, strict=True) if score.any()}
    some, exhaustive = find.find_loops(world.graph, links, len(every) - 1)
    assert exhaustive
    assert set(some) == {loop for loop in every if acting.issuperset(zip(loop, (*loop[1:], loop[0]), strict=True))}
    assert 0 < len(some) < len(every)


# The grid


def test_intervals_are_the_steps_of_the_engine():
    lowered = lowered_of(Assorted)
    grid = integration_grid(lowered, inputs_for(lowered, {}), 12, 0.3)
    assert 5.5 in grid  # where a condition on time flips
    assert 11.0 in grid
    assert max(np.diff(grid)) <= 0.3 + 1e-12
    found = loop_scores(Logistic, until=2.5, dt=1, method="rk4")
    assert found.time == pytest.approx([0, 2.5 / 3, 5 / 3], rel=1e-12)


def test_a_lever_that_moves_is_taken_as_it_is_at_each_instant():
    lowered = lowered_of(Advocacy)
    given = inputs_for(lowered, {})
    slot = lowered.layout.parameters.index(("bringing", None))
    moved = Inputs(given.parameters, given.switches, (Bend(3.0, slot, 0.2, 0.0),))
    found = loops_in(lowered, moved, 6, dt=0.5, method="euler")
    bring = found.variables.index(("customers", "bring"))
    leave = found.variables.index(("customers", "leave"))
    ratio = np.abs(found.score[bring] / found.score[leave])
    assert ratio[:5] == pytest.approx(np.full(5, 0.03 / 0.05), rel=1e-9)
    assert ratio[6:] == pytest.approx(np.full(6, 0.2 / 0.05), rel=1e-9)


def test_the_step_is_chosen_by_error_and_adaptive_runs_have_a_grid():
    chosen = loop_scores(Referral, until=6)
    assert np.diff(chosen.time) == pytest.approx(np.full(len(chosen.time) - 1, chosen.time[1]), rel=1e-12)
    assert chosen.time[1] <= 0.25
    adaptive = loop_scores(Referral, until=6, method="adaptive")
    assert adaptive.time[1] == 0.25
    given = loop_scores(Referral, until=6, dt=0.25)
    assert adaptive.share == pytest.approx(given.share, abs=1e-3)


def test_what_cannot_be_meant():
    with pytest.raises(UsageError, match="dt=0 is no time"):
        loop_scores(Referral, until=6, dt=0)
    with pytest.raises(UsageError, match="intervals are more than"):
        loop_scores(Referral, until=1e6, dt=1e-3)
    with pytest.raises(UsageError, match="there is no method"):
        loop_scores(Referral, until=6, dt=1, method="magic")
    with pytest.raises(UsageError, match="cannot be switched off"):
        loop_scores(Referral, off=("word",))


# Takeover


def test_the_month_of_a_takeover():
    time = np.arange(0, 10, 0.5)
    one = np.where(time >= 3, 0.6, 0.1)
    one[2] = 0.9  # for one interval only
    other = np.full(20, -0.3)
    declared = {"one": one, "other": other}
    late = {"one": np.where(time >= 9.5, 0.6, 0.1), "other": other}
    assert month_of_takeover(late, time, "one") == 9.5  # as long as there is
    assert month_of_takeover(declared, time, "one") == 3
    assert month_of_takeover(declared, time, "one", hold=0.5) == 1
    assert month_of_takeover(declared, time, "one", above=0.5) == 3
    assert np.isnan(month_of_takeover(declared, time, "one", above=0.7))
    assert np.isnan(month_of_takeover(declared, time, "other"))
    both = {"one": np.stack([one, one[::-1]], axis=1), "other": np.stack([other, other], axis=1)}
    assert month_of_takeover(both, time, "one").tolist() == [3, 0]
    with pytest.raises(UsageError, match="there is no loop 'two' at work"):
        month_of_takeover(declared, time, "two")


def test_takeovers_in_draws_are_those_of_single_runs():
    lowered = lowered_of(Marketplace)
    typical = inputs_for(lowered, {})
    names = [name for name, _ in lowered.layout.parameters]
    slot = names.index("telling")
    telling = np.array([0.02, 0.07, 0.15, 0.5, 2.0])
    given = Listed(lowered, 5, typical.parameters, {slot: telling}, typical.switches, (0.0, 36.0))
    found = takeover(given, "run", "talk", typical, dt=0.25, merge=False)
    assert found.exhaustive
    assert not found.failed.any()
    for value, month in zip(telling, found.month, strict=True):
        one = loop_scores(Marketplace, {"telling": value}, until=36, dt=0.25)
        expected = month_of_takeover(one.declared, one.time, "talk")
        assert month == expected or (np.isnan(month) and np.isnan(expected)), value
    assert found.never == np.isnan(found.month).mean()
    assert 0 < found.never < 1
    assert found.quantiles(0.0, 1.0) == (np.nanmin(found.month), np.nanmax(found.month))
