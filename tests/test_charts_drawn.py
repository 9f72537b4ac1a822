"""Charts as pictures: where text goes, what is drawn, and what drawing leaves alone."""

import hashlib
import os
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from charted import LEAD_LOST, MEASURES, NAN, ROOT, growing, made, straight
from hypothesis import given
from hypothesis import strategies as st

import flywheel_sim as fw
from flywheel_sim import charts
from flywheel_sim.charts.drawing.place import fitted, free_place, spread
from flywheel_sim.library import Bass
from flywheel_sim.result import Result, Run, Series

# Where text goes


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.floats(5, 45)), min_size=1, max_size=20),
)
def test_labels_are_spread_without_touching_and_moved_no_more_than_needed(labels):
    wanted, heights = [at for at, _ in labels], [height for _, height in labels]
    centres = spread(wanted, heights, 0, 1000)
    boxes = sorted((centre - height / 2, centre + height / 2) for centre, height in zip(centres, heights, strict=True))
    assert boxes[0][0] >= -1e-6
    assert boxes[-1][1] <= 1000 + 1e-6
    assert all(after[0] >= before[1] - 1e-6 for before, after in pairwise(boxes))
    alone = [
        all(abs(at - other) >= (height + size) / 2 + sum(heights) for other, size in labels if (other, size) != (at, height))
        and labels.count((at, height)) == 1
        and height / 2 <= at <= 1000 - height / 2
        for at, height in labels
    ]
    for centre, at, free in zip(centres, wanted, alone, strict=True):
        assert not free or centre == pytest.approx(at, abs=1e-6)


def test_two_labels_at_one_height_share_the_way():
    assert spread([50, 50], [10, 10], 0, 100) == [45, 55]
    assert spread([0, 0], [10, 10], 0, 100) == [5, 15]


@given(st.text(st.sampled_from("ab cd,:%1 "), min_size=1, max_size=300), st.integers(20, 200), st.integers(1, 3))
def test_text_is_fitted_into_its_lines(text, width, most):
    text = " ".join(text.split()) or "x"
    size, lines = fitted(text, width, (3, 2, 1), most, lambda part, size: len(part) * size)
    assert len(lines) <= most
    assert all(len(line) * size <= width for line in lines)
    if not lines[-1].endswith("…"):
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_lines_break_where_the_sentence_pauses_and_never_within_a_number():
    measure = lambda text, size: len(text) * size  # noqa: E731  a ruler
    _, lines = fitted("The flywheel leads until month 11, then falls behind: so it ends", 56, (1,), 2, measure)
    assert lines == ["The flywheel leads until month 11,", "then falls behind: so it ends"]
    text = "The funnel leads, then falls behind and never comes back"  # evenly broken, it would end the first line with "falls"
    assert fitted(text, 40, (1,), 2, measure)[1] == ["The funnel leads,", "then falls behind and never comes back"]
    _, lines = fitted("up to 20 % more", 9, (1,), 2, measure)
    assert lines == ["up to", "20 % more"]


def test_the_label_of_a_crossing_stands_clear_of_the_lines():
    line = [(0.0, 0.0), (1000.0, 1000.0)]
    left, low, right, high = free_place((100, 30), (500, 500), (0, 0, 1000, 1000), [line])
    assert (left > high) or (right < low)  # wholly on one side of the diagonal
    above = [(0.0, 560.0), (1000.0, 560.0)]
    assert free_place((100, 30), (500, 500), (0, 0, 1000, 1000), [above])[3] < 560


# Drawn


NASTY = {
    "one strategy": made({"run": growing(100, 0.02)}),
    "six strategies": made(
        {
            name: growing(100, 0.01 + 0.0004 * place)
            for place, name in enumerate(("funnel", "natural", "flywheel", "Plan B", "Plan C", "Wait"))
        }
    ),
    "twenty strategies": made(
        {f"strategy {place:02} with a name of 40 characters"[:40]: growing(100, 0.01 + 0.0001 * place) for place in range(20)}
    ),
    "a word of 200 characters": made({"funnel": growing(100, 0.01), "flywheel": growing(90, 0.02)}, title="W" * 200, file="y" * 200),
    "millions": made({"funnel": growing(2.1e6, 0.02), "flywheel": growing(1.9e6, 0.03)}),
    "huge and tiny": made({"funnel": growing(1e15, 0.02), "flywheel": growing(1e-7, 0.03)}),
    "identical": made({"funnel": growing(100, 0.02), "natural": growing(100, 0.02), "flywheel": growing(100, 0.02)}),
    "zero": made({"funnel": [0.0] * 61, "flywheel": [0.0] * 61}),
    "undefined": made({"funnel": [NAN] * 10 + growing(100, 0.02, 50), "flywheel": [NAN] * 61}),
    "never defined": made({"funnel": [NAN] * 61, "flywheel": [NAN] * 61}),
    "one month": made({"funnel": [100.0, 101.0], "flywheel": [100.0, 99.0]}),
    "600 months": made({"funnel": growing(100, 0.002, 600), "flywheel": growing(80, 0.003, 600)}),
    "names of 40 characters": made(
        {
            "this_strategy_name_has_exactly_40_chars_": growing(100, 0.01),
            "Another name of exactly forty characters": growing(100, 0.011),
            "$x$ [b]bold[/b] _under_ {\\frac12} of 40c": growing(100, 0.012),
        },
        title="$x$ [b] _title_",
        currency="$x$",
    ),
    "unlike horizons": made({"funnel": growing(100, 0.02), "flywheel": growing(80, 0.03, 36)}),
    "negative": made({"funnel": straight(-3e6, 3e6), "flywheel": straight(-5e6, 4e6)}, MEASURES[3]),
    "lead lost": made({"funnel": straight(100, 100), "flywheel": LEAD_LOST}),
}


@pytest.mark.parametrize("case", NASTY)
def test_no_text_of_an_overlay_leaves_or_collides(case):
    figure = charts.overlay(NASTY[case], command=f"flywheel run {'folder/' * 20}test.toml --out out").draw()
    assert charts.lint(figure) == []
    (axes,) = figure.axes
    assert axes.get_position().width > 0.6  # labels leave room for what they label
    assert axes.get_position().height > 0.4


@pytest.mark.parametrize("count", [1, 2, 6, 20])
def test_no_text_of_a_panel_leaves_or_collides(count):
    names = [f"strategy {place:02} with a name of 40 characters"[:40] for place in range(count)]

    def columns(place):
        return [
            growing(5 + place, 0.01),
            [NAN] * 5 + growing(3e6 * (place + 1), -0.01, 55),
            straight(0, place / 20),
            straight(-3e6, 1e6 * place),
            straight(-100, 80 - 9 * place),
            [NAN] * 61,
        ]

    result = made({name: columns(place) for place, name in enumerate(names)}, *MEASURES, currency="CHF ")
    assert charts.lint(charts.panel(result, [series.name for series in MEASURES]).draw()) == []


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 12])
def test_any_number_of_small_plots_has_room(count):
    series = [Series(f"measure_{number}_of_many", (None,), "metric", "account/month", "a note", "higher") for number in range(count)]
    columns = [growing(1234 * (number + 1), 0.01, 600) for number in range(count)]
    result = made({"funnel": columns, "flywheel": [growing(999, 0.01, 600)] * count}, *series)
    figure = charts.panel(result, [one.name for one in series]).draw()
    assert len(figure.axes) == count
    assert charts.lint(figure) == []


@pytest.fixture(scope="session")
def drawn(shipped):
    study = fw.load(shipped)
    result = study.run()
    return study, result, charts.pictures(study, result, command=f"flywheel run scenarios/{shipped.name} --out out")


def test_the_shipped_scenarios_are_drawn_without_a_fault(drawn):
    study, result, files = drawn
    assert sorted(files) == sorted(f"{name}.{kind}" for name in (study.by, "panel") for kind in ("png", "svg"))
    overlay, panel = charts.overlay(result), charts.panel(result, charts.declared_panel(study, result))
    names = study.declaration.names
    assert [plot.series for plot in panel.plots] == [names[node] for node in study.declaration.panel]
    for chart in (overlay, panel):
        assert charts.lint(chart.draw()) == []


def test_pictures_are_1920_by_1080(drawn):
    for name, content in drawn[2].items():
        if name.endswith(".png"):
            assert content.startswith(b"\x89PNG\r\n\x1a\n")
            assert struct.unpack(">II", content[16:24]) == (1920, 1080)


def test_drawings_hold_text_as_text_and_their_font(drawn):
    study, result, files = drawn
    drawing = files[f"{study.by}.svg"]
    root = ET.fromstring(drawing)  # noqa: S314  our own file
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == charts.overlay(result).title
    shown = [element.text for element in root.iter(f"{space}text")]
    assert charts.overlay(result).title in {" ".join(shown[start : start + 2]) for start in range(len(shown))} | set(shown)
    style = next(root.iter(f"{space}style")).text
    assert style.count("@font-face") == 2
    assert "font-weight:600" in style
    width, height = (float(value) for value in root.get("viewBox").split()[2:])
    assert width / height == pytest.approx(16 / 9)
    assert "date" not in drawing.decode().lower().partition("<defs>")[0]


def test_the_lines_drawn_are_the_lines_of_the_record():
    chart = charts.overlay(NASTY["lead lost"])
    (axes,) = chart.draw().axes
    for line in chart.plot.lines:
        (found,) = [one for one in axes.lines if tuple(one.get_ydata()) == line.values]
        assert tuple(found.get_xdata()) == line.times
        assert found.get_color() == line.style.colour
        assert found.is_dashed() == bool(line.style.dash)
    assert any(tuple(one.get_xdata()) == (chart.plot.crossing.time,) for one in axes.lines)


def test_lint_sees_what_leaves_and_what_collides():
    figure = charts.overlay(NASTY["one strategy"]).draw()
    figure.text(0.99, 0.5, "I am leaving")
    figure.text(0.4, 0.5, "under me")
    figure.text(0.41, 0.5, "over you")
    found = charts.lint(figure)
    assert "'I am leaving' leaves the picture" in found
    assert "'under me' overlaps 'over you'" in found
    assert len(found) == 2


def test_the_same_study_gives_the_same_bytes():
    script = (
        "import hashlib, flywheel_sim as fw; from flywheel_sim import charts; study = fw.load('scenarios/funnel-wins.toml'); "
        "files = charts.pictures(study, study.run(), command='c'); print({n: hashlib.sha256(b).hexdigest() for n, b in files.items()})"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
    chart = charts.overlay(NASTY["millions"])
    assert chart.images() == (chart.png(), chart.svg())


def test_a_notebook_shows_a_chart():
    chart = charts.overlay(NASTY["millions"])
    assert chart._repr_png_() == chart.png()
    assert repr(chart) == f"<overlay: {chart.title}>"


def test_importing_charts_loads_no_matplotlib_and_drawing_loads_no_pyplot():
    script = (
        "import sys, flywheel_sim as fw; from flywheel_sim import charts; result = fw.load('scenarios/saas.toml').run(); "
        "chart = charts.overlay(result); assert 'matplotlib' not in sys.modules; chart.png(); "
        "assert 'matplotlib' in sys.modules; assert 'matplotlib.pyplot' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT).returncode == 0


def test_the_settings_of_the_caller_neither_matter_nor_change():
    import matplotlib as mpl

    chart = charts.overlay(NASTY["millions"])
    expected = hashlib.sha256(chart.png() + chart.svg()).hexdigest()
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "savefig.dpi": 40, "axes.grid": False, "svg.fonttype": "path"}):
        before = dict(mpl.rcParams)
        assert hashlib.sha256(chart.png() + chart.svg()).hexdigest() == expected
        assert dict(mpl.rcParams) == before


def test_the_bundled_font_has_the_signs_that_charts_use_and_its_licence():
    from flywheel_sim.charts.drawing.fonts import FOLDER, bundled, drawable

    assert all(map(bundled, "ABCabc0123456789$€£¥₹%×–…→≥≤−’“”äößéñçłžşğ ΑαЖж□"))
    assert drawable("a\U000f0000b") == "a□b"
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FOLDER / "OFL.txt").read_text()


def test_other_alphabets_are_drawn_with_what_the_computer_has():
    result = made({"\u0627\u0644": growing(100, 0.02), "\U000f0000": growing(90, 0.03)})  # Arabic, and what no font has
    assert charts.lint(charts.overlay(result).draw()) == []


# Other models


def test_a_library_model_run_from_python():
    result = fw.simulate(Bass, until=120)
    overlay, panel = charts.overlay(result), charts.panel(result)
    assert overlay.title.startswith("Adopters grow from 0 to ")
    assert overlay.plot.series == "adopters"
    assert overlay.footer[0].startswith("Source: Bass.")
    for chart in (overlay, panel):
        assert charts.lint(chart.draw()) == []


class Pond(fw.Model):
    """Lilies double; no panel, no money, no metrics."""

    time_unit, counts = "month", "lily"
    growth = fw.param(0.1, "1/month", (0, 1), "new lilies of a lily")
    lilies = fw.stock(10, "lily", "on the pond")
    sprout = fw.flow(fw.outside >> lilies, by=lilies, hazard=growth)
    headline = lilies


def test_a_model_without_panel_and_money(tmp_path):
    file = tmp_path / "pond.toml"
    file.write_text(
        'title = "A pond"\nmodel = "pond"\nmonths = 12\nbaseline = "a"\n[strategies.a]\n[strategies.b]\nset = { growth = 0.2 }\n'
    )
    study = fw.load(file, Pond)
    files = charts.pictures(study, study.run(), command="c")
    assert sorted(files) == ["lilies.png", "lilies.svg"]
    assert "spend" not in charts.overlay(study.run()).subtitle


def test_a_result_without_metrics_shows_its_first_plain_series():
    labels = Series("parts", ("cold", "warm"), "stock", "lily")
    plain = Series("lilies", (None,), "stock", "lily")
    run = Run("run", "", [0.0, 1.0], {"parts": labels, "lilies": plain}, lambda *key: float(key[-1]))
    assert charts.overlay(Result(made({"run": straight(1, 2)}).about, {"run": run})).plot.series == "lilies"
