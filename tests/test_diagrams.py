"""Diagrams of models: what they hold, how they are drawn, and models as Graphviz text."""

import math
import re
import struct
import subprocess
import sys
from itertools import pairwise

import pytest
from charted import ROOT
from models import Bass, Growth

import flywheel_sim as fw
from flywheel_sim import Model, charts, flow, group, loop, outside, param, stock
from flywheel_sim.charts.drawing.page import own_look
from flywheel_sim.charts.drawing.place import inside, overlap
from flywheel_sim.errors import UsageError
from flywheel_sim.library import MODELS, find
from flywheel_sim.library.marketplace import Marketplace
from flywheel_sim.model import declaration
from flywheel_sim.model.dot import dot_text
from flywheel_sim.model.symbols import Flow, Stock

SAAS = fw.load(ROOT / "scenarios" / "saas.toml")
RUNS = {Growth: SAAS.run(), Bass: fw.simulate(Bass), Marketplace: fw.simulate(Marketplace)}
SOURCES = {Growth: SAAS, Bass: Bass, Marketplace: Marketplace}


class Workshop(Model):
    """Flows from and to outside, of a group and of single stocks, and \\ a note in "quotes"."""

    time_unit, counts = "week", "bike"

    arriving = param(20, "bike/week", (5, 60), 'a "quoted" note')
    pace = param(2, "1/week", (1, 9), "of every step")
    dust_rate = param(3, "kilogram/week", (1, 9), "dust that falls")
    crowd = loop("R1", 'more bikes, "more" bikes \\ and so on\nin two lines')
    brought = stock(0, "bike", 'not yet "looked" at')
    bench_with_a_name_of_forty_characters_x = stock(5, "bike", "being mended", stages=3)
    dust = stock(1, "kilogram")
    hidden = stock(1, "bike")
    shop = group(brought, bench_with_a_name_of_forty_characters_x)
    bring = flow(outside >> brought, rate=arriving)
    follow = flow(outside >> brought, by=bench_with_a_name_of_forty_characters_x, hazard=crowd.gate(0.01 * pace, off=0))
    look = flow(brought >> bench_with_a_name_of_forty_characters_x, hazard=pace, note='has a "look"')
    mend = flow(bench_with_a_name_of_forty_characters_x >> outside, hazard=pace)
    fetch = flow(shop >> outside, hazard=0.1 * pace, anytime=True)
    hide = flow(brought >> hidden, hazard=0.01 * pace)
    fall = flow(outside >> dust, rate=dust_rate)
    headline = shop
    diagram = """
        brought     bench_with_a_name_of_forty_characters_x

        dust
    """


RUNS[Workshop] = fw.simulate(Workshop)
SOURCES[Workshop] = Workshop


def drawn(model, month=60, strategy=None):
    return charts.diagram(SOURCES[model], RUNS[model], strategy, month)


# As data


@pytest.mark.parametrize("model", SOURCES, ids=lambda model: model.__name__)
def test_boxes_hold_what_the_run_holds(model):
    diagram = drawn(model, 12)
    run = next(reversed(RUNS[model].runs.values())) if model is Growth else RUNS[model]["run"]
    assert diagram.boxes
    for box in diagram.boxes:
        values = run[box.name]
        assert box.value == pytest.approx((values if values.ndim == 1 else values.sum(axis=0))[12], rel=1e-12)
    for outline in diagram.outlines:
        assert outline.value == pytest.approx(sum(box.value for box in diagram.boxes if box.name in outline.members), rel=1e-9)


@pytest.mark.parametrize("model", SOURCES, ids=lambda model: model.__name__)
def test_every_flow_between_places_is_in_one_arrow_with_its_rate(model):
    diagram = drawn(model)
    run = RUNS[model]["flywheel" if model is Growth else "run"]
    flows = declaration(model).of_kind(Flow)
    shown = [name for pipe in diagram.pipes for name in pipe.flows]
    assert len(shown) == len(set(shown))
    assert set(shown) | set(diagram.left_out) >= set(flows)
    assert not set(shown) & set(diagram.left_out)
    if model is not Workshop:
        assert diagram.left_out == ()
    for pipe in diagram.pipes:
        assert pipe.rate == pytest.approx(
            math.fsum(run[name].sum(axis=0)[60] if run[name].ndim > 1 else run[name][60] for name in pipe.flows)
        )


def test_arrows_keep_the_books_of_every_box():
    """What the arrows bring to a box less what they take is what its value changes by."""
    step = 1e-3
    near = fw.simulate(Bass, until=30 + step, every=step, values={"discarding": 0.01})
    before, after = (charts.diagram(Bass, near, month=month) for month in (30, 30 + step))
    for box, later in zip(before.boxes, after.boxes, strict=True):
        net = sum(pipe.rate * ((pipe.destination == box.name) - (pipe.source == box.name)) for pipe in before.pipes)
        assert (later.value - box.value) / step == pytest.approx(net, rel=1e-3)


def test_the_growth_model_is_told_by_its_accounts():
    diagram = drawn(Growth, 60, "flywheel")
    assert diagram.title == "The flywheel in month 60: 304 customers; 5.9 come and 2.5 go a month"
    assert {outline.name for outline in diagram.outlines} == {"customers", "graveyard"}
    leaving = next(pipe for pipe in diagram.pipes if pipe.source == "customers")
    assert set(leaving.flows) == {"quit_early", "drop", "drift", "part", "storm"}
    assert leaving.destination == "churned"
    (influence,) = diagram.influences
    assert (influence.source, influence.flow, influence.tags, influence.runs) == ("advocates", "introduce", ("R1",), True)
    assert [note.tag for note in diagram.loops] == ["R1", "R2", "R3", "R4", "R5", "B1", "B2", "B3", "F1", "F2", "F3"]
    assert {note.tag: note.kind for note in diagram.loops}["B1"] == "balancing"


def test_a_funnel_has_the_same_arrows_and_its_loops_off():
    funnel, flywheel = drawn(Growth, 60, "funnel"), drawn(Growth, 60, "flywheel")
    assert [pipe.flows for pipe in funnel.pipes] == [pipe.flows for pipe in flywheel.pipes]
    assert {note.tag for note in funnel.loops if note.runs is False} == {"R1", "R2", "R3", "R4", "R5"}
    assert not any(tag.startswith("R") for pipe in funnel.pipes for tag in pipe.tags)
    assert [influence.runs for influence in funnel.influences] == [False]
    assert "R1" in next(pipe for pipe in flywheel.pipes if pipe.flows == ("introduce",)).tags


def test_titles_at_the_start_and_of_other_units():
    assert drawn(Growth, 0).title.startswith("The flywheel at the start: 100 customers; ")
    assert drawn(Bass).title == "In month 60: 3,312 adopters; 87 come and 0 go a month"
    workshop = drawn(Workshop)
    assert re.fullmatch(r"In week 60: shop 1\d bikes; 2\d come and 2\d go a week", workshop.title)
    assert workshop.subtitle.endswith("not drawn: hide, hidden")
    assert workshop.left_out == ("hide", "hidden")
    outside_too = {(pipe.source, pipe.destination): pipe.flows for pipe in workshop.pipes}
    assert outside_too["shop", None] == ("fetch",)
    assert outside_too[None, "dust"] == ("fall",)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_library_places_all_its_stocks(name):
    model = find(name)
    diagram = charts.diagram(model, fw.simulate(model, until=1))
    assert {box.name for box in diagram.boxes} == set(declaration(model).of_kind(Stock))


def sketched(text):
    class Pond(Model):
        """Water."""

        leak = param(0.1, "1/month", (0, 1), "a month")
        water = stock(1, "litre")
        drain = flow(water >> outside, hazard=leak)
        diagram = text

    return charts.diagram(Pond, fw.simulate(Pond, until=2), month=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("water wine", "the diagram of Pond names 'wine', which is no stock"),
        ("water\nwater", "the diagram of Pond names water twice"),
        ("", "dot_text"),
        (" \n ", "Graphviz"),
    ],
)
def test_a_sketch_at_fault_is_refused(text, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        sketched(text)
    assert sketched("  water").title == "In month 1: water 0.9 litres; 0 come and 0.09 go a month"


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(UsageError, match="month 61 was not saved"):
        drawn(Growth, 61)
    with pytest.raises(UsageError, match="there is no strategy 'bogus'"):
        drawn(Growth, 60, "bogus")
    with pytest.raises(UsageError, match="not of Growth"):
        charts.diagram(Growth, RUNS[Bass])


# Drawn


@pytest.mark.parametrize("month", [0, 12, 60])
@pytest.mark.parametrize("model", SOURCES, ids=lambda model: model.__name__)
def test_text_stays_on_the_page_and_clear_of_text_and_boxes(model, month):
    for strategy in RUNS[model].runs:
        diagram = drawn(model, month, strategy)
        figure = diagram.draw()
        assert charts.lint(figure) == []
        assert crossed_edges(figure) == []
        texts = [text.get_text() for text in figure.texts]
        assert all(box.label in texts for box in diagram.boxes)


def crossed_edges(figure):
    """Texts that lie across the edge of a box."""
    boxes, found = {}, []
    with own_look():
        figure.draw_without_rendering()
        for shape in figure.get_children():
            if (shape.get_gid() or "").startswith("box "):
                extent = shape.get_window_extent()
                boxes[shape.get_gid()] = (extent.x0, extent.y0, extent.x1, extent.y1)
        for text in figure.texts:
            extent = text.get_window_extent()
            place = (extent.x0, extent.y0, extent.x1, extent.y1)
            found += [(text.get_text(), name) for name, box in boxes.items() if overlap(place, box, 1.0) and not inside(place, box)]
    assert boxes
    return found


def test_boxes_of_a_drawing_stand_as_in_the_sketch():
    figure = drawn(Growth).draw()
    with own_look():
        figure.draw_without_rendering()
        places = {
            shape.get_gid(): shape.get_window_extent() for shape in figure.get_children() if (shape.get_gid() or "").startswith("box ")
        }
    row = [places[f"box {name}"] for name in ("strangers", "prospects", "discovery", "deals", "newcomers", "passives")]
    assert all(before.x1 < after.x0 and before.y0 == pytest.approx(after.y0) for before, after in pairwise(row))
    assert places["box advocates"].y0 > places["box passives"].y1


@pytest.mark.parametrize("model", SOURCES, ids=lambda model: model.__name__)
def test_pictures_are_slides_and_drawings_hold_text(model):
    diagram = drawn(model)
    png, svg = diagram.images()
    assert struct.unpack(">II", png[16:24]) == (1920, 1080)
    assert all(f">{box.title}<" in svg.decode() for box in diagram.boxes if len(box.title) < 12)
    assert diagram.images() == (png, svg)
    assert diagram._repr_png_() == png


def test_making_a_diagram_loads_no_matplotlib_and_a_run_no_diagram():
    script = (
        "import sys, flywheel_sim as fw; study = fw.load('scenarios/saas.toml'); result = study.run(); "
        "assert not any('charts' in name or name.endswith('.dot') for name in sys.modules); "
        "from flywheel_sim import charts; chart = charts.diagram(study, result); assert 'matplotlib' not in sys.modules; "
        "chart.draw(); assert 'matplotlib.pyplot' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT).returncode == 0


# Graphviz


STRING = r'"(?:[^"\\]|\\.)*"'


@pytest.mark.parametrize("model", SOURCES, ids=lambda model: model.__name__)
def test_dot_text_has_every_stock_and_flow_and_is_well_formed(model):
    text = dot_text(model)
    assert text == dot_text(declaration(model))
    bare = re.sub(STRING, "§", text)
    assert '"' not in bare
    assert "\\" not in bare
    for opening, closing in ("{}", "[]"):
        depth = 0
        for character in bare:
            depth += (character == opening) - (character == closing)
            assert depth >= 0
        assert depth == 0
    setting = r"\w+=(?:§|\w+)"
    settings = rf"\[{setting}(?:, {setting})*\]"
    statement = rf"digraph § {{|  subgraph § {{|  }}|}}|    label=§; style=rounded;|\s*(?:§(?: -> §)?|graph|node|edge) {settings};"
    assert [line for line in bare.splitlines() if not re.fullmatch(statement, line)] == []
    for name in declaration(model).of_kind(Stock):
        assert len(re.findall(rf'^ +"{name}" \[label="{name}\\n', text, re.MULTILINE)) == 1
    edges = re.findall(rf'^  ({STRING}) -> ({STRING}) \[label="(\w+)', text, re.MULTILINE)
    for name, one in declaration(model).of_kind(Flow).items():
        sources, ends = ({cell.stock for cell in declaration(model).transfers.cells_of(end)} for end in (one.source, one.destination))
        assert len([edge for edge in edges if edge[2] == name]) == max(1, len(sources)) * max(1, len(ends))
    nodes = set(re.findall(rf"^ +({STRING}) \[", text, re.MULTILINE))
    assert {end for *pair, _ in edges for end in pair} <= nodes


def test_dot_text_escapes_what_a_note_may_hold():
    text = dot_text(Workshop)
    assert 'tooltip="not yet \\"looked\\" at"' in text
    assert '\\\\ a note in \\"quotes\\".' in text
    assert 'R1 crowd: more bikes, \\"more\\" bikes \\\\ and so on\\nin two lines\\l' in text
    assert '"bench_with_a_name_of_forty_characters_x" -> "brought" [label="causes follow", style=dashed' in text


def test_the_command_prints_dot_text(capsys):
    from flywheel_sim.cli import main

    assert main(["models", "growth", "--dot"]) == 0
    assert capsys.readouterr().out == dot_text(Growth)
    assert main(["models", "growth", "--dot", "--markdown"]) == 2
    assert "leave one of them out" in capsys.readouterr().err
    assert main(["models", "--dot"]) == 2
    assert "flywheel models growth --dot" in capsys.readouterr().err
