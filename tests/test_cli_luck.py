"""``flywheel run --engine events`` and ``--engine chance``: what they print, write and keep."""

import csv
import json
import subprocess
import time

import pytest
from commanding import COMMAND, as_json, contents, interrupted
from test_luck import ENGINES, KNOWN, SPREAD

import flywheel_sim as fw

LUCKY = {"replications.png", "replications.svg", "stall.png", "stall.svg", "panel.png", "panel.svg"}
JOURNEYS = {"journeys.csv", "journey_map.png", "journey_map.svg"}


@pytest.fixture
def talk(place):
    path = place / "talk.toml"
    path.write_text(SPREAD)
    return path


@pytest.mark.parametrize("engine", ENGINES)
def test_one_run_says_that_it_is_one(talk, told, engine, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    code, out, _ = told("run", talk, "--engine", engine, "--seed", "5")
    assert code == 0
    assert "In this one run of luck: " in out
    assert "many draws tell how far luck reaches" in out.replace("\n", " ")
    assert "seed 5" in out
    assert told("run", talk, "--engine", engine, "--seed", "6")[1] != out


@pytest.mark.parametrize("engine", ENGINES)
def test_draws_are_told_with_their_luck(talk, told, engine, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    code, out, _ = told("run", talk, "--engine", engine, "--draws", "24", "--threads", "1")
    assert code == 0
    text = out.replace("\n", " ")
    assert "of 24 runs, 2 for each of 12 draws of imitation (seed 0)" in text
    assert "is luck (95 % sure: " in text
    found = as_json(told, talk, "--engine", engine, "--draws", "24", "--threads", "1")
    assert (found["engine"], found["draws"]) == (engine, 24)
    assert set(found["comparison"]["luck"]) == {"share", "low", "high", "luck", "ignorance", "pairs"}
    assert found["strategies"]["burst"]["luck"]["adopters"]["pairs"] == 12
    adopters = found["strategies"]["burst"]["series"]["adopters"]
    assert set(adopters) == {"p05", "p50", "p95"}
    assert found["checks"]["conservation"] == 0


def test_what_the_command_says_is_what_python_says(talk, told):
    found = as_json(told, talk, "--engine", "events", "--draws", "12", "--seed", "3")
    result = fw.load(talk).run(draws=12, seed=3, engine="events")
    assert found["comparison"] == json.loads(json.dumps(result.as_json()["comparison"]))
    assert found["strategies"]["burst"]["metrics"] == result.metrics["burst"]


def test_journeys_are_written(talk, told, place):
    code, _, err = told("run", talk, "--engine", "events", "--draws", "4", "--threads", "1", "--out", "out")
    assert code == 0
    names = {name for name in contents(place / "out") if "/" not in name}
    assert names == LUCKY | JOURNEYS | {"metrics.json", "scenario.toml", "series.csv"}
    assert "journeys.csv" in err
    rows = list(csv.DictReader((place / "out" / "journeys.csv").read_text("utf-8").splitlines()))
    assert {row["case_id"].split("/")[0] for row in rows} == {"steady", "burst"}
    assert {row["activity"] for row in rows} <= {"start", "try_out", "imitate", "discard"}
    log = fw.load(talk).journeys("burst", seed=0, dt=1 / 8).logs[0]
    assert sum(row["case_id"].startswith("burst/") for row in rows) == len(log)


def test_counts_have_no_journeys(place, told, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    (place / "known.toml").write_text(KNOWN)
    code, out, _ = told("run", "known.toml", "--engine", "chance", "--draws", "8", "--out", "out")
    assert code == 0
    assert {name for name in contents(place / "out") if "/" not in name} == LUCKY | {"metrics.json", "scenario.toml", "series.csv"}
    assert "which differ by luck alone" in out.replace("\n", " ")
    # ... and what an engine of equations writes there takes their place
    assert told("run", "known.toml", "--out", "out")[0] == 0
    assert not {name for name in contents(place / "out") if name.startswith(("stall", "replications"))}


def test_another_engine_does_not_go_on_from_chunks_of_one(talk, told, place):
    assert told("run", talk, "--engine", "chance", "--draws", "8", "--out", "out")[0] == 0
    code, _, err = told("run", talk, "--engine", "events", "--draws", "8", "--threads", "1", "--out", "out")
    assert code == 2
    assert "engine" in err
    assert set(contents(place / "out"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--engine", "event"], "'event' is not one of"),
        (["--engine", "chance", "--marginal"], "cannot be told from luck"),
        (["--engine", "events", "--threads", "2"], "--threads is about many futures"),
        (["--engine", "chance", "--seed", "-1"], "-1"),
    ],
)
def test_what_cannot_be_meant(talk, told, arguments, words):
    code, out, err = told("run", talk, *arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_stopped_it_goes_on_with_the_same_bits(talk, told, place):
    """In processes of its own, which Ctrl-C ends with it."""
    command = [*COMMAND, "run", str(talk), "--engine", "events", "--draws", "400", "--threads", "2", "--out", "kept", "--json"]
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    end = time.monotonic() + 60
    while len(list((place / "kept" / "chunks").glob("chunk-*.bin"))) < 3:
        assert time.monotonic() < end
        time.sleep(0.02)
    _, err = interrupted(process)
    assert process.returncode == 130
    assert "the same command goes on" in err
    assert "Traceback" not in err
    code, out, _ = told("run", talk, "--engine", "events", "--draws", "400", "--threads", "2", "--out", "kept", "--json")
    assert code == 0
    assert json.loads(out) == json.loads(told("run", talk, "--engine", "events", "--draws", "400", "--threads", "1", "--json")[1])
