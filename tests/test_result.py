"""Results as an analyst meets them: arrays, tables, one file to keep them in, and pages of a notebook."""

import io
import json
import os
import pickle
import re
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import flywheel_sim as fw
from flywheel_sim.library import Bass, Growth
from flywheel_sim.records import replace
from flywheel_sim.result import About, Result, Run, Series
from flywheel_sim.scenario import read_scenario

TEXT = """\
title = "Word of mouth"
model = "bass"
months = 12

[strategies.steady]
note = "As now"

[strategies.burst]
months = 9
set = { advertising = 2 }
"""
SAAS = Path(__file__).resolve().parent.parent / "scenarios" / "saas.toml"


@pytest.fixture(scope="module")
def result():
    """Two strategies of unlike length."""
    return fw.Study(*read_scenario(TEXT, "x.toml")).run(seed=7)


@pytest.fixture(scope="module")
def growth():
    return fw.load(SAAS).run()


# Series


def test_a_series_is_an_array_over_the_saved_times(growth):
    customers = growth["flywheel"]["customers"]
    assert isinstance(customers, np.ndarray)
    assert customers.dtype == float
    assert customers.shape == growth.time.shape == (61,)
    assert growth.time.tolist() == list(range(61))
    assert list(growth) == ["funnel", "natural", "flywheel"]
    assert growth.metrics["flywheel"]["customers"] == customers[-1] == growth["flywheel"].value("customers")
    assert growth["flywheel"].value("customers", 3) == customers[3] == growth["flywheel"].value("customers", 3 - 61)


def test_a_series_with_labels_has_a_row_for_each(growth):
    run = growth["flywheel"]
    labels = run.about("prospects").labels
    assert labels == ("cold", "referred")
    assert run["prospects"].shape == (2, 61)
    for row, label in zip(run["prospects"], labels, strict=True):
        assert row.tolist() == run["prospects", label].tolist() == run.values("prospects", label)


def test_an_array_is_ones_own_to_change(growth):
    growth["flywheel"]["customers"][:] = 0
    growth.time[:] = -1
    assert growth["flywheel"]["customers"].min() > 0
    assert growth.time.max() == 60


def test_runs_of_unlike_length(result):
    assert [len(run.time) for run in result.runs.values()] == [13, 10]
    assert result.time.tolist() == list(range(13))
    assert result.longest is result["steady"]


def test_metrics_are_none_where_undefined(result):
    assert result.metrics["steady"]["loop_gain"] is None
    assert np.isnan(result["steady"]["loop_gain"]).all()
    assert list(result.metrics) == list(result)


@pytest.mark.parametrize(
    ("ask", "cause", "fix"),
    [
        (lambda one: one["flywhel"], "there is no strategy 'flywhel'", "did you mean 'flywheel'?"),
        (lambda one: one["x"], "there is no strategy 'x'", "the strategies are funnel, natural, flywheel"),
        (lambda one: one["funnel"]["custmers"], "there is no series 'custmers'", "did you mean 'customers'?"),
        (lambda one: one["funnel"]["Win Rate"], "there is no series 'Win Rate'", "did you mean 'win_rate'?"),
        (lambda one: one["funnel"]["wombat"], "there is no series 'wombat'", "the series are customers, new_customers"),
        (lambda one: one["funnel"].about("wombat"), "there is no series 'wombat'", "the series are customers"),
        (lambda one: one["funnel"]["prospects", "refered"], "prospects has no label 'refered'", "did you mean 'referred'?"),
        (lambda one: one["funnel"]["prospects", "x"], "prospects has no label 'x'", "its labels are cold, referred"),
        (lambda one: one["funnel"].values("prospects"), "prospects has no label None", "its labels are cold, referred"),
        (lambda one: one["funnel"].value("prospects"), "prospects has no label None", "its labels are cold, referred"),
        (lambda one: one["funnel"]["customers", "cold"], "customers has no label 'cold'", "leave the label out"),
        (lambda one: one["funnel"].value("customers", 61), "there is no saved time number 61", "use 0 to 60, or -1 for the end"),
        (lambda one: one["funnel"].value("customers", -62), "there is no saved time number -62", "use 0 to 60"),
    ],
)
def test_a_name_that_is_not_there(growth, ask, cause, fix):
    with pytest.raises(fw.UsageError) as caught:
        ask(growth)
    assert caught.value.cause == cause
    assert fix in caught.value.fix


# Simulate


def test_a_simulation_has_one_strategy_named_run():
    result = fw.simulate(Bass, values={"market": 5000}, until=7.5, every=2)
    assert list(result) == ["run"]
    assert result.time.tolist() == [0, 2, 4, 6, 7.5]
    assert (result.about.model, result.about.months, result.about.engine, result.about.draws, result.about.seed) == (
        "bass",
        7.5,
        "ode",
        1,
        0,
    )
    assert (result.comparison, result.comparisons, result.verdict) == (None, (), "")
    assert {"potential", "adopters", "try_out", "imitate", "market"} - set(result["run"]) <= {"market"}


@pytest.mark.parametrize(("until", "every"), [(60, 1), (1, 0.1), (0.3, 0.1), (5, 7), (10, 3), (1e-3, 1), (2.5, 0.5)])
def test_saved_times_include_the_first_and_the_last(until, every):
    times = fw.simulate(Bass, until=until, every=every, dt=0.25).time
    assert (times[0], times[-1]) == (0, until)
    assert (np.diff(times) > 0).all()
    assert times[:-1] == pytest.approx(every * np.arange(len(times) - 1), abs=1e-12)


def test_stocks_flows_and_equations_are_all_there():
    run = fw.simulate(Growth, until=2)["run"]
    assert {series.kind for series in run.series.values()} >= {"metric", "stock", "group", "flow", "equation", "pace"}
    for name in run:
        assert np.isfinite(run[name]).all() or run.about(name).kind in {"metric", "equation"}, name


def test_nothing_in_the_object_is_no_json(growth):
    about = replace(growth.about, conservation=float("nan"), step_error=float("inf"))
    found = json.loads(json.dumps(Result(about, growth.runs).as_json(), allow_nan=False))
    assert found["checks"] == {"conservation": None, "step": growth.about.dt, "step_error": None}


# Tables


def test_a_data_frame(growth, result):
    frame = growth.to_dataframe()
    assert len(frame) == 3 * 61
    assert frame.columns[:2].tolist() == ["strategy", "month"]
    flywheel = frame[frame.strategy == "flywheel"].set_index("month")
    assert flywheel["customers"].to_numpy().tolist() == growth["flywheel"]["customers"].tolist()
    assert flywheel["prospects[referred]"].to_numpy().tolist() == growth["flywheel"]["prospects", "referred"].tolist()
    assert len(result.to_dataframe()) == 13 + 10


def test_a_dataset(growth, result):
    dataset = growth.to_xarray()
    assert dict(dataset.sizes) == {"strategy": 3, "time": 61}
    customers = dataset["customers"].sel(strategy="flywheel")
    assert customers.to_numpy().tolist() == growth["flywheel"]["customers"].tolist()
    assert dataset["customers"].attrs["units"] == "account"
    assert dataset["prospects[cold]"].sel(strategy="natural", time=7).item() == growth["natural"]["prospects", "cold"][7]
    assert dataset.attrs["title"] == growth.about.title
    assert set(dataset.data_vars) == set(growth.to_dataframe().columns) - {"strategy", "month"}
    unlike = result.to_xarray()["adopters"].sel(strategy="burst").to_numpy()
    assert unlike[:10].tolist() == result["burst"]["adopters"].tolist()
    assert np.isnan(unlike[10:]).all()


@pytest.mark.parametrize(("module", "method"), [("pandas", "to_dataframe"), ("xarray", "to_xarray")])
def test_an_extra_that_is_not_installed(result, monkeypatch, module, method):
    monkeypatch.setitem(sys.modules, module, None)  # what Python keeps of a module that cannot be imported
    with pytest.raises(fw.UsageError, match=rf"{method} needs {module}.*\n.*pip install flywheel-sim\[tables\]"):
        getattr(result, method)()


# Files


def bits(run):
    """Every number of a run, bit for bit."""
    return {(name, label): struct.pack(f"{len(run.times)}d", *run.values(name, label)) for name in run for label in run.about(name).labels}


@pytest.mark.parametrize("which", ["result", "growth"])
def test_a_result_is_kept_bit_for_bit(which, request, tmp_path):
    before = request.getfixturevalue(which)
    before.save(tmp_path / "kept.fw")
    after = fw.Result.load(str(tmp_path / "kept.fw"))
    assert vars(after.about) == vars(before.about)
    assert list(after) == list(before)
    for name, run in before.runs.items():
        assert (after[name].name, after[name].note, after[name].times) == (run.name, run.note, run.times)
        assert {key: vars(one) for key, one in after[name].series.items()} == {key: vars(one) for key, one in run.series.items()}
        assert bits(after[name]) == bits(run)
    assert (after.comparison, after.comparisons) == (before.comparison, before.comparisons)
    assert json.dumps(after.as_json(), allow_nan=False) == json.dumps(before.as_json(), allow_nan=False)
    assert after.verdict == before.verdict
    after.save(tmp_path / "again.fw")
    assert (tmp_path / "again.fw").read_bytes() == (tmp_path / "kept.fw").read_bytes()


def test_odd_numbers_and_names_are_kept_too(tmp_path):
    odd = [0.0, -0.0, float("nan"), float("inf"), -float("inf"), 5e-324, 1 / 3, 1.7976931348623157e308]
    series = {"größe": Series("größe", ("a b", "顧客"), "equation", "€/Stück", "<b>&\0")}
    run = Run(
        "a b", 'said "so"', [float(number) for number in range(8)], series, lambda _, label, index: odd[index if label == "a b" else -index]
    )
    before = Result(About("T", "m", 7, "ode", "rk4", None, 1, 0, "0", 0.0), {"a b": run})
    before.save(tmp_path / "odd.fw")
    after = fw.Result.load(tmp_path / "odd.fw")
    assert bits(after["a b"]) == bits(run)
    assert vars(after["a b"].about("größe")) == vars(series["größe"])


class Trap:
    """Says so when it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path(os.environ["TRAP"]),))


def arrays(**held):
    content = io.BytesIO()
    np.savez(content, **held)
    return content.getvalue()


def a_zip(**held):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in held.items():
            archive.writestr(name, text)
    return content.getvalue()


def words(**about):
    return np.frombuffer(json.dumps(about).encode(), np.uint8)


def npy():
    content = io.BytesIO()
    np.save(content, np.arange(3.0))
    return content.getvalue()


RUN = {"name": "a", "note": "", "series": [{"name": "x", "labels": [None], "kind": "metric", "unit": "1"}]}
ABOUT = {"title": "t", "model": "m", "months": 1, "engine": "ode", "method": "rk4", "dt": None, "draws": 1, "seed": 0, "version": "0", "conservation": 0.0}  # fmt: skip
WHOLE = {"format": 1, "about": ABOUT, "runs": [RUN], "comparison": None, "comparisons": []}
FOREIGN = {
    "empty": b"",
    "text": b"hello\n" * 100,
    "a plain array": npy(),
    "an empty zip": a_zip(),
    "another zip": a_zip(readme="hello"),
    "other arrays": arrays(a=np.arange(3)),
    "no words": arrays(about=np.arange(3)),
    "words that are none": arrays(about=np.frombuffer(b"\xff\xfe{", np.uint8)),
    "a list": arrays(about=np.frombuffer(b"[]", np.uint8)),
    "a number": arrays(about=np.frombuffer(b"1", np.uint8)),
    "no runs": arrays(about=words(format=1)),
    "strange about": arrays(about=words(**WHOLE | {"about": {"wombat": 1}, "runs": []})),
    "strange series": arrays(about=words(**WHOLE | {"runs": [RUN | {"series": [{"wombat": 1}]}]}), **{"run 0": np.zeros((2, 2))}),
    "no numbers": arrays(about=words(**WHOLE)),
    "too few series": arrays(about=words(**WHOLE), **{"run 0": np.zeros((1, 2))}),
    "no times": arrays(about=words(**WHOLE), **{"run 0": np.zeros((2, 0))}),
    "numbers that are text": arrays(about=words(**WHOLE), **{"run 0": np.array([["a"], ["b"]])}),
    "numbers of another shape": arrays(about=words(**WHOLE), **{"run 0": np.zeros((2, 2, 2))}),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_no_saved_result(tmp_path, content):
    (tmp_path / "x.fw").write_bytes(content)
    with pytest.raises(fw.UsageError, match=r"x\.fw is no saved result, or is damaged\n.*result\.save"):
        fw.Result.load(tmp_path / "x.fw")


def test_a_whole_file_by_hand_is_read(tmp_path):
    """So that the files above are refused for what is wrong with them."""
    (tmp_path / "x.fw").write_bytes(arrays(about=words(**WHOLE), **{"run 0": np.array([[0.0, 1.0], [5.0, 6.0]])}))
    assert fw.Result.load(tmp_path / "x.fw")["a"]["x"].tolist() == [5, 6]


@pytest.mark.parametrize("where", ["about", "run 0", "wombat", "whole"])
def test_a_pickle_in_a_file_is_never_executed(tmp_path, monkeypatch, where):
    monkeypatch.setenv("TRAP", str(tmp_path / "sprung"))
    good = {"about": words(**WHOLE), "run 0": np.array([[0.0, 1.0], [5.0, 6.0]])}
    content = pickle.dumps(Trap()) if where == "whole" else arrays(**good | {where: np.array([Trap()], dtype=object)})
    (tmp_path / "x.fw").write_bytes(content)
    if where == "wombat":
        assert fw.Result.load(tmp_path / "x.fw")["a"]["x"].tolist() == [5, 6], "what nobody asks for is not read"
    else:
        with pytest.raises(fw.UsageError, match="is no saved result"):
            fw.Result.load(tmp_path / "x.fw")
    assert not (tmp_path / "sprung").exists()
    pickle.loads(pickle.dumps(Trap()))  # noqa: S301  the trap does work
    assert (tmp_path / "sprung").exists()


def test_a_damaged_file_is_refused_or_gives_the_same(result, tmp_path):
    result.save(tmp_path / "x.fw")
    whole = (tmp_path / "x.fw").read_bytes()
    expected = {name: bits(run) for name, run in result.runs.items()}
    refused = 0
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]):
            (tmp_path / "x.fw").write_bytes(damaged)
            try:
                found = fw.Result.load(tmp_path / "x.fw")
            except fw.UsageError:
                refused += 1
            else:
                assert {name: bits(run) for name, run in found.runs.items()} == expected, at
    assert refused > 200


def test_a_file_of_another_format(tmp_path):
    (tmp_path / "x.fw").write_bytes(arrays(about=words(**WHOLE | {"format": 99})))
    with pytest.raises(fw.UsageError, match="was saved in format 99, this version reads 2"):
        fw.Result.load(tmp_path / "x.fw")


@pytest.mark.parametrize(
    ("path", "reason"), [("nope.fw", "No such file or directory"), (".", "Is a directory"), ("x" * 300, "File name too long")]
)
def test_a_file_that_cannot_be_read(tmp_path, path, reason):
    with pytest.raises(fw.UsageError, match=f"cannot be read: {reason}"):
        fw.Result.load(tmp_path / path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere/x.fw", "No such file or directory"),
        ("folder", "folder is there and is no file"),
        ("pipe", "pipe is there and is no file"),
        ("x" * 300, "File name too long"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_a_place_that_cannot_be_written(result, tmp_path, path, reason):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(fw.OutputError, match=rf"cannot be written: {reason}"):
        result.save(tmp_path / path)
    assert {one.name for one in tmp_path.iterdir()} == {"folder", "pipe"}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_was_there_stays_when_writing_fails(result, tmp_path, monkeypatch, error):
    (tmp_path / "x.fw").write_text("mine")

    def fail(_):
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((fw.OutputError, KeyboardInterrupt)):
        result.save(tmp_path / "x.fw")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("x.fw", "mine")]


# Shown


def test_a_page_of_a_notebook_shows_every_metric(growth):
    page = growth._repr_html_()
    for name in growth.longest.metric_names:
        assert f">{name}<" in page
    for strategy in growth:
        assert f"<th>{strategy}</th>" in page
    assert "wins over" in page
    for value in ("16,023,", " %</td>", "<td>303.7</td>"):
        assert value in page
    assert "e+" not in page


def test_markup_is_escaped():
    nasty = "<script>alert('1')</script>&\"'"
    series = {name: Series(name, (None,), "metric", nasty, nasty) for name in ("x", nasty)}
    run = Run(nasty, nasty, [0.0], series, lambda *_: float("nan"))
    about = About(nasty, nasty, 0, "ode", "rk4", None, 1, 0, "0", 0.0)
    page = Result(about, {nasty: run}, {"verdict": nasty})._repr_html_()
    inside = re.sub(r"</?(div|h4|p|table|thead|tbody|tr|th|td)( style='[a-z:-]+'| title='[^'<>]*')*>", "", page)
    assert "<" not in inside
    assert ">" not in inside
    assert "script" in inside
    assert "–" in inside


def test_what_is_printed_of_a_result(growth, result):
    assert repr(growth).startswith(growth.about.title)
    assert growth.verdict in repr(growth)
    assert "steady, burst" in repr(result)
    assert repr(result["steady"]) == f"<run of 'steady': {len(list(result['steady']))} series over 13 times>"
    assert "adopters" in result["steady"]
    assert "wombat" not in result["steady"]
