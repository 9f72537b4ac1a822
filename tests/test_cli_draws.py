"""``flywheel run --draws``: what it prints and keeps, and how it goes on where it was stopped."""

import contextlib
import hashlib
import json
import random
import signal
import subprocess
import time

import pytest
from commanding import COMMAND, SMALL, WRITTEN, as_json, contents
from test_many import SPREAD

CHUNKED = {"fan.png", "fan.svg"}


@pytest.fixture
def spread(place):
    path = place / "spread.toml"
    path.write_text(SPREAD)
    return path


def chunks(folder):
    """The checksum of the content of every chunk; a header says the same of itself, and is left out."""
    found = sorted((folder / "chunks").glob("chunk-*.bin"))
    return {path.name: hashlib.sha256(path.read_bytes().partition(b"\n")[2]).hexdigest() for path in found}


# What is printed


def test_the_answer_is_in_futures(spread, told, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    code, out, err = told("run", spread, "--draws", "200")
    assert (code, err) == (0, "")
    assert "in all 200 futures" in out
    assert "200 futures drawn from imitation, discarding (Sobol draws, seed 0)" in out
    row = next(line for line in out.splitlines() if line.startswith("adopters"))
    assert row.count("(") == row.count("–") == 3  # a range for each strategy
    assert "halving it moves no metric by more than" in out
    assert "accounts conserved to" in out


def test_the_object_has_quantiles(spread, told):
    found = as_json(told, spread, "--draws", "100", "--seed", "7")
    assert (found["draws"], found["seed"]) == (100, 7)
    adopters = found["strategies"]["burst"]["metrics"]["adopters"]
    assert adopters["p05"] < adopters["p50"] < adopters["p95"]
    assert found["comparison"]["win_probability"] == 1


def test_a_scenario_without_anything_uncertain_is_warned_about(place, told, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    code, out, err = told("run", place / "small.toml", "--draws", "20")
    assert code == 0
    assert "nothing in this scenario is uncertain, so every future is the same" in err
    assert "low = ..., typical = ..., high = ..." in err
    assert "20 futures drawn from nothing" in out


def test_draws_that_fail_are_told(place, told):
    wild = SMALL + "\n[values]\nimitation = { low = 0.01, high = 1e9, distribution = 'uniform' }\n"
    (place / "wild.toml").write_text(wild)
    code, _, err = told("run", place / "wild.toml", "--draws", "30")
    assert code == 1
    assert "adopters" in err or "potential" in err


# What is kept


@pytest.mark.usefixtures("drawn_quickly")
def test_the_same_command_finds_what_it_has_done(spread, told, place):
    first = told("run", spread, "--draws", "6000", "--out", "kept")
    before = contents(place / "kept")
    assert set(chunks(place / "kept")) == {"chunk-000000000-000004096.bin", "chunk-000004096-000006000.bin"}
    again = told("run", spread, "--draws", "6000", "--out", "kept")
    assert first == again
    assert contents(place / "kept") == before
    whole = told("run", spread, "--draws", "6000")
    assert whole[1] == first[1]


@pytest.mark.usefixtures("drawn_quickly")
def test_more_draws_go_on_from_there(spread, told, place):
    told("run", spread, "--draws", "8192", "--out", "kept")
    before = chunks(place / "kept")
    code, out, _ = told("run", spread, "--draws", "12288", "--out", "kept")
    assert code == 0
    assert before.items() <= chunks(place / "kept").items()
    assert out == told("run", spread, "--draws", "12288")[1]


@pytest.mark.usefixtures("drawn_quickly")
def test_a_damaged_chunk_is_redone_and_said(spread, told, place):
    told("run", spread, "--draws", "6000", "--out", "kept")
    sound = chunks(place / "kept")
    path = place / "kept" / "chunks" / "chunk-000004096-000006000.bin"
    spoilt = bytearray(path.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    path.write_bytes(spoilt)
    code, _, err = told("run", spread, "--draws", "6000", "--out", "kept")
    assert code == 0
    assert "chunk-000004096-000006000.bin" in err
    assert chunks(place / "kept") == sound


@pytest.mark.usefixtures("drawn_quickly")
@pytest.mark.parametrize(
    ("options", "words"),
    [(["--seed", "1"], "seed"), (["--sampling", "random"], "sampling")],
)
def test_another_run_has_no_place_in_that_folder(spread, told, options, words):
    told("run", spread, "--draws", "300", "--out", "kept")
    code, _, err = told("run", spread, "--draws", "300", "--out", "kept", *options)
    assert code == 2
    assert "another run" in err
    assert words in err


@pytest.mark.usefixtures("drawn_quickly")
def test_another_scenario_has_none_either(spread, told):
    told("run", spread, "--draws", "300", "--out", "kept")
    spread.write_text(SPREAD.replace("0.06", "0.07"))
    code, _, err = told("run", spread, "--draws", "300", "--out", "kept")
    assert code == 2
    assert "another run" in err


def test_what_is_written_beside_the_chunks(spread, told, place):
    code, _, err = told("run", spread, "--draws", "100", "--out", "kept")
    assert code == 0
    written = set(contents(place / "kept"))
    assert written > CHUNKED
    assert "fan.png" in err
    told_again = json.loads((place / "kept" / "metrics.json").read_text())
    assert told_again["comparison"]["win_probability"] == 1
    head = (place / "kept" / "series.csv").read_text().partition("\n")[0]
    assert "adopters.p05,adopters.p50,adopters.p95" in head
    assert "--draws 100" in (place / "kept" / "fan.svg").read_text()


@pytest.mark.usefixtures("drawn_quickly")
def test_fewer_draws_than_are_kept_are_refused(spread, told):
    told("run", spread, "--draws", "300", "--out", "kept")
    code, _, err = told("run", spread, "--draws", "200", "--out", "kept")
    assert code == 2
    assert "ask for 300 or more" in err


def test_a_chart_of_another_run_does_not_stay_behind(spread, told, place):
    told("run", spread, "--draws", "100", "--out", "kept")
    (place / "kept" / "mine.txt").write_text("my own")
    told("run", spread, "--out", "kept")
    left = {name for name in contents(place / "kept") if not name.startswith("chunks")}
    assert left == WRITTEN | {"mine.txt"}


@pytest.mark.parametrize("options", [[], ["--draws", "50"]])
def test_a_file_is_no_folder_for_results(spread, told, place, options):
    (place / "taken").write_text("mine")
    code, _, err = told("run", spread, "--out", "taken", *options)
    assert (code, err) == (2, "error: 'taken' is no folder\n  help: name a folder for --out\n")


# Stopped and killed


def started(spread, place, draws):
    return subprocess.Popen(
        [*COMMAND, "run", str(spread), "--draws", str(draws), "--out", "kept", "--json"],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def wait_for_chunks(place, count):
    """Until so many chunks are there."""
    end = time.monotonic() + 60
    while len(list((place / "kept" / "chunks").glob("chunk-*.bin"))) < count:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_killed_and_stopped_it_ends_with_the_same_bits(spread, place, told):
    draws = 40_000
    moments = random.Random(5)  # noqa: S311  any moments will do
    for killed in (1, 3):
        process = started(spread, place, draws)
        wait_for_chunks(place, killed)
        time.sleep(moments.uniform(0, 0.2))
        process.kill()
        process.communicate()
    process = started(spread, place, draws)
    wait_for_chunks(place, 4)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, err = process.communicate(timeout=30)
    if process.returncode == 130:  # else it was done before it heard
        assert time.monotonic() - began < 5
        assert "the same command goes on" in err
    with contextlib.suppress(FileNotFoundError):
        (place / "kept" / "metrics.json").unlink()
    code, out, _ = told("run", spread, "--draws", draws, "--out", "kept", "--json")
    assert code == 0
    told("run", spread, "--draws", draws, "--out", "straight", "--json")
    assert chunks(place / "kept") == chunks(place / "straight")
    straight = told("run", spread, "--draws", draws, "--json")[1]
    assert json.loads(out) == json.loads(straight)
