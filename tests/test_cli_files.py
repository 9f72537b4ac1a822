"""What ``flywheel run --out`` writes, what it leaves alone, and what remains when it fails."""

import csv
import hashlib
import io
import json
import resource
from pathlib import Path

import pytest
from commanding import CHARTS, SMALL, WRITTEN, as_json, contents, process

from flywheel_sim.cli import files
from flywheel_sim.result import About, Result, Run, Series
from flywheel_sim.scenario.fault import plain

pytestmark = pytest.mark.usefixtures("place")


# --out


def test_a_folder_of_results(told):
    code, out, err = told("run", "small.toml", "--out", "deep/er")
    assert code == 0
    assert err == f"wrote 7 files to deep/er: {', '.join(sorted(WRITTEN))}\n"
    assert out == told("run", "small.toml")[1]
    found = contents("deep/er")
    assert found.keys() == WRITTEN
    assert found["scenario.toml"] == SMALL.encode()
    assert all(found[name].startswith(b"\x89PNG") for name in CHARTS if name.endswith("png"))
    assert all(b"<svg" in found[name][:1000] for name in CHARTS if name.endswith("svg"))

    result = as_json(told, "small.toml")
    metrics = json.loads(found["metrics.json"])
    record = metrics.pop("files")
    assert record == {name: hashlib.sha256(content).hexdigest() for name, content in found.items() if name != "metrics.json"}
    for strategy in result["strategies"].values():
        series = strategy.pop("series")
    assert metrics == result

    rows = list(csv.DictReader(io.StringIO(found["series.csv"].decode())))
    assert [(row["strategy"], row["month"]) for row in rows] == [(name, str(month)) for name in ("steady", "burst") for month in range(7)]
    assert [float(row["adopters"]) for row in rows[7:]] == series["adopters"]
    assert [row["loop_gain"] or None for row in rows[7:]] == [None if value is None else repr(value) for value in series["loop_gain"]]
    assert "nan" not in found["series.csv"].decode().lower()


@pytest.mark.usefixtures("drawn_quickly")
def test_the_scenario_kept_is_the_one_run_and_gives_the_same(told):
    text = "\ufeff" + SMALL.replace("\n", "\r\n")
    Path("windows.toml").write_bytes(text.encode())
    assert told("run", "windows.toml", "--out", "made")[0] == 0
    assert Path("made/scenario.toml").read_bytes() == SMALL.replace("\n", "\r\n").encode()
    assert as_json(told, "made/scenario.toml") == as_json(told, "windows.toml")


def test_the_footer_gives_the_command_as_it_can_be_pasted(told):
    Path("my plan.toml").write_text(SMALL, "utf-8")
    assert told("run", "my plan.toml", "--out", "o ut", "--marginal")[0] == 0
    assert "flywheel run 'my plan.toml' --marginal --out 'o ut'" in Path("o ut/panel.svg").read_text("utf-8")


@pytest.mark.usefixtures("drawn_quickly")
def test_results_replace_older_ones_and_leave_the_rest(told):
    assert told("run", "small.toml", "--out", "made")[0] == 0
    Path("made/notes.txt").write_text("mine")
    Path("small.toml").write_text(SMALL.replace("months = 6", "months = 7"), "utf-8")
    assert told("run", "small.toml", "--out", "made")[0] == 0
    assert contents("made").keys() == WRITTEN | {"notes.txt"}
    assert Path("made/notes.txt").read_text() == "mine"
    assert json.loads(Path("made/metrics.json").read_text("utf-8"))["months"] == 7


@pytest.mark.usefixtures("drawn_quickly")
@pytest.mark.parametrize("name", sorted(WRITTEN))
@pytest.mark.parametrize("run_before", [False, True], ids=["never written", "changed since"])
def test_a_file_that_no_run_wrote_is_not_overwritten(told, name, run_before):
    if run_before:
        assert told("run", "small.toml", "--out", "made")[0] == 0
    Path("made").mkdir(exist_ok=True)
    Path("made", name).write_text("mine")
    Path("small.toml").write_text(SMALL.replace("months = 6", "months = 7"), "utf-8")
    before = contents("made")
    code, out, err = told("run", "small.toml", "--out", "made")
    assert (code, out) == (2, "")
    assert "'made' holds " in err
    assert name in err
    assert "move it away, or name another folder" in err
    assert contents("made") == before


@pytest.mark.parametrize("name", ["../../x", "a/b", "a\\\\b", "..", "", ".hidden", "a\\u0000b", "x" * 41, "=1+1", "@x"])
def test_names_of_strategies_that_could_be_paths_or_formulas_are_refused(told, name):
    Path("x.toml").write_text(SMALL.replace("[strategies.burst]", f'[strategies."{name}"]'), "utf-8")
    code, out, err = told("run", "x.toml", "--out", "made")
    assert (code, out) == (2, "")
    assert "cannot be the name of a strategy" in err
    assert not Path("made").exists()
    assert contents(".").keys() == {"small.toml", "x.toml"}


@pytest.mark.usefixtures("drawn_quickly")
def test_names_that_some_system_keeps_for_itself_reach_no_file(told):
    Path("x.toml").write_text(SMALL.replace("burst", "CON").replace("steady", '"COM1 x"'), "utf-8")
    assert told("run", "x.toml", "--out", "made")[0] == 0
    assert contents("made").keys() == WRITTEN


@pytest.mark.parametrize(("one", "other"), [("a b", "a-b"), ("a_b", "A b"), ("straße", "strasse")])
def test_names_that_would_become_the_same_are_refused(told, one, other):
    Path("x.toml").write_text(SMALL.replace("steady", f'"{one}"').replace("burst", f'"{other}"'), "utf-8")
    code, out, err = told("run", "x.toml")
    assert (code, out) == (2, "")
    assert "are too alike" in err


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", " =1", "\t=x"])
def test_text_in_a_table_is_no_formula(name):
    series = {"x": Series("x", (None,), "metric", "1")}
    run = Run(name, "", [0.0, 1.0], series, lambda *_: -1.5)
    table = files.series_table(Result(About("t", "m", 1, "ode", "rk4", None, 1, 0, "0", 0.0), {name: run}))
    header, *rows = csv.reader(io.StringIO(table))
    assert header == ["strategy", "month", "x"]
    assert [row[0] for row in rows] == [f"'{plain(name)}"] * 2
    assert [row[2] for row in rows] == ["-1.5"] * 2, "a number stays one"


def read_only(*_, **__):
    raise OSError(30, "Read-only file system")


@pytest.mark.usefixtures("drawn_quickly")
@pytest.mark.parametrize(
    ("folder", "code", "words"),
    [
        ("small.toml", 2, "'small.toml' is no folder"),
        ("", 2, "'' is no folder"),
        ("small.toml/x", 1, "Not a directory"),
        ("x" * 300, 1, "File name too long"),
        ("/dev/null/x", 1, "Not a directory"),
        ("/proc/nobody/x", 1, "No such file or directory"),
        ("taken", 1, "metrics.json is there and is no file"),
    ],
)
def test_a_folder_that_cannot_be_written(told, folder, code, words):
    Path("taken/metrics.json").mkdir(parents=True)
    Path("taken/notes.csv").write_text("mine")
    found, out, err = told("run", "small.toml", "--out", folder)
    assert (found, out) == (code, "")
    assert words in err
    assert "help: " in err
    assert contents(".") == {"small.toml": SMALL.encode(), "taken/notes.csv": b"mine"}


@pytest.mark.usefixtures("drawn_quickly")
@pytest.mark.parametrize("method", ["open", "mkdir"])
def test_a_folder_that_may_only_be_read(told, monkeypatch, method):
    before = contents(".")
    code, out, err = None, None, None
    with monkeypatch.context() as here:
        genuine = Path.open
        here.setattr(Path, method, lambda path, mode="r", **options: genuine(path, mode, **options) if mode == "rb" else read_only())
        code, out, err = told("run", "small.toml", "--out", "made")
    assert (code, out) == (1, "")
    assert err == "error: made cannot be written: Read-only file system\n  help: make room, or name another folder\n"
    assert contents(".") == before
    assert not Path("made").exists()


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_disk_that_fills_up_on_the_way(told):
    assert told("run", "small.toml", "--out", "kept")[0] == 0
    Path("small.toml").write_text(SMALL.replace("months = 6", "months = 7"), "utf-8")
    before = contents(".")
    done = process("run", "small.toml", "--out", "kept", preexec_fn=small_files)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: kept cannot be written: File too large\n  help: make room, or name another folder\n"
    assert contents(".") == before
