"""The command as a user meets it: exit codes, what goes to which stream, and files that are whole or not there."""

import contextlib
import json
import os
import pty
import re
import resource
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from broken import ALL, GOOD, sub
from commanding import COMMAND, SAAS, SMALL, as_json, contents, interrupted, process

from flywheel_sim import __version__
from flywheel_sim.cli.run import bound, in_reading_order
from flywheel_sim.result import About, Result, Run, Series

pytestmark = pytest.mark.usefixtures("place")


# Help


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command(told, option):
    code, out, err = told(option)
    assert (code, err) == (0, "")
    for command in ("new", "check", "run", "models"):
        assert re.search(rf"^  {command} ", out, re.MULTILINE)
        assert told(command, option)[0] == 0
    assert "flywheel new mine" in out


def test_the_version(told):
    code, out, err = told("--version")
    assert (code, err) == (0, "")
    assert out.strip().endswith(__version__)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["run"], "Missing argument 'FILE'"),
        (["run", "small.toml", "more.toml"], "unexpected extra argument"),
        (["run", "small.toml", "--jsn"], "--json"),
        (["run", "small.toml", "--out"], "requires an argument"),
        (["run", "small.toml", "--draws", "0"], "0 is not in the range x>=1"),
        (["run", "small.toml", "--draws", "many"], "'many' is not a valid integer"),
        (["run", "small.toml", "--draws", "9", "--sampling", "halton"], "'halton' is not one of 'sobol', 'random'"),
        (["run", "small.toml", "--draws", "9", "--marginal"], "one further customer"),
        (["run", "small.toml", "--threads", "2"], "--threads is about many futures"),
        (["run", "small.toml", "--workers", "2"], "--workers is about many futures"),
        (["run", "small.toml", "--on", "tls://host:8786"], "--on is about many futures"),
        (["run", "small.toml", "--draws", "9", "--on", "tls://host:1", "--workers", "2"], "two places to run draws"),
        (["run", "small.toml", "--draws", "9", "--on", "tcp://host:1"], "tls://"),
        (["run", "small.toml", "--engine", ""], "is not one of 'ode', 'events', 'chance'"),
        (["run", "small.toml", "--seed", "-1"], "-1 is not in the range x>=0"),
        (["run", "small.toml", "--seed", "x"], "'x' is not a valid integer"),
        (["new"], "Missing argument 'NAME'"),
        (["models", "bogus"], "the models are growth, bass"),
        (["models", "--markdown"], "flywheel models growth --markdown"),
    ],
)
def test_arguments_that_cannot_be_meant_exit_with_2(told, arguments, words):
    code, out, err = told(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert re.search("^error: ", err, re.MULTILINE | re.IGNORECASE)


# models


def test_models_are_listed(told):
    code, out, err = told("models")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["growth", "bass", "marketplace"]
    assert all(len(line.split()) > 4 for line in out.splitlines())
    assert "describe one with" in err


def test_a_model_is_described(told):
    code, out, err = told("models", "growth")
    assert (code, err) == (0, "")
    for heading in ("STOCKS", "FLOWS", "LEVERS", "PARAMETERS"):
        assert heading in out
    for name in ("customers", "advocates", "referral", "budget", "price"):
        assert name in out


def test_a_model_is_described_as_markdown(told):
    code, out, err = told("models", "bass", "--markdown")
    assert (code, err) == (0, "")
    assert out.startswith("#")
    assert re.search(r"^\| --- ", out, re.MULTILINE)


# check


def test_a_sound_scenario_is_checked(told):
    assert told("check", "small.toml") == (0, "small.toml is sound: 2 strategies over 6 months of bass\n", "")


def test_warnings_are_told_beside_and_stop_nothing(told):
    Path("odd.toml").write_text(sub('price = "$25,000/year"', 'price = "$250,000/year"'), "utf-8")
    for command in ("check", "run"):
        code, out, err = told(command, "odd.toml")
        assert code == 0
        assert out
        assert "warning: " not in out
        assert err.startswith("warning: 'price' is $250,000/year; plausible is ")
        assert re.search(r"--> odd\.toml:6:9\n", err)


def test_every_broken_file_is_told_whole(told):
    """Every way in which a file can be broken, one after the other through the command: all faults of each, at their places."""
    assert len(ALL) > 150
    for what, text, expected in ALL:
        if "\0" in text:
            continue  # a file with such a character is no text
        Path("x.toml").write_bytes(text.encode())
        code, out, err = told("run", "x.toml", "--json", "--out", "made")
        assert (code, out) == (2, ""), what
        faults = re.findall(
            r"^error: (.+)\n +--> x\.toml:(\d+:\d+)\n +\|\n *\d+ \|.*\n +\| *\^+(?:\n +\| .*)*\n += help: (.+)$", err, re.MULTILINE
        )
        assert [place for _, place, _ in faults] == [place for place, _, _ in expected], f"{what}: {err}"
        for (cause, _, fix), (_, words, remedy) in zip(faults, expected, strict=True):
            assert words in cause, what
            assert remedy in fix, what
        assert "\x1b" not in err
        assert not Path("made").exists()


# run


def test_the_text_names_who_wins_and_every_metric(told):
    code, out, err = told("run", SAAS)
    assert (code, err) == (0, "")
    assert " wins over " in out
    assert re.search(r"^month \d+ +unit ", out, re.MULTILINE)
    result = as_json(told, SAAS)
    for name in next(iter(result["strategies"].values()))["metrics"]:
        assert name.replace("_", " ") in out
    assert out.isprintable() or set(re.findall(r"[^\x20-\x7e]", out)) <= set("\n─–’→×")


def test_json_is_the_object_of_the_contract(told, shipped):
    found = as_json(told, shipped)
    assert told("run", shipped, "--json")[2] == ""
    assert {"scenario", "model", "months", "engine", "draws", "seed", "strategies", "comparison", "comparisons", "checks"} == found.keys()
    assert (found["engine"], found["draws"], found["seed"]) == ("ode", 1, 0)
    by = {"growth": "customers", "marketplace": "buyers"}[found["model"]]
    assert type(found["months"]) is int
    assert found["scenario"] in shipped.read_text("utf-8")
    assert type(found["checks"]["conservation"]) is float
    assert 0 <= found["checks"]["conservation"] < 1e-9
    names = list(found["strategies"])
    for strategy in found["strategies"].values():
        assert strategy.keys() == {"metrics", "series"}
        series = strategy["series"]
        assert series["time"] == list(range(found["months"] + 1))
        for name, column in series.items():
            assert len(column) == found["months"] + 1, name
            assert all(value is None or type(value) in {int, float} for value in column), name
        for name, value in strategy["metrics"].items():
            assert value == series[name][-1]
    for comparison in found["comparisons"]:
        assert {"by", "baseline", "challenger", "crossover_month", "ratio_at_end", "verdict"} <= comparison.keys()
        assert comparison["by"] == by
        assert comparison["verdict"]
    assert [one["challenger"] for one in found["comparisons"]] == [name for name in names if name != found["comparison"]["baseline"]]
    assert found["comparison"] in found["comparisons"]
    ends = {name: strategy["metrics"][by] for name, strategy in found["strategies"].items()}
    baseline, challenger = found["comparison"]["baseline"], found["comparison"]["challenger"]
    assert challenger == max((name for name in names if name != baseline), key=ends.get)
    assert found["comparison"]["ratio_at_end"][by] == pytest.approx(ends[challenger] / ends[baseline], rel=1e-12)


def test_the_metrics_of_growth_are_those_of_the_contract(told):
    metrics = as_json(told, SAAS)["strategies"]["flywheel"]["metrics"]
    names = {
        "customers", "new_customers", "acquisition_cost", "lifetime_value", "value_to_cost", "payback_months", "referral_share",
        "net_promoter_score", "net_promoter_score_90_days", "annual_churn", "revenue_retention", "win_rate", "time_to_close",
        "advocacy_actions", "revenue", "spend", "cash", "loop_gain",
    }  # fmt: skip
    assert names <= metrics.keys()
    for fraction in ("referral_share", "annual_churn", "win_rate"):
        assert 0 <= metrics[fraction] <= 1, "a fraction and no percentage"
    assert 0 < metrics["revenue_retention"] < 2
    assert -100 <= metrics["net_promoter_score"] <= 100
    assert metrics["acquisition_cost"] * metrics["value_to_cost"] == pytest.approx(metrics["lifetime_value"])
    marginal = as_json(told, SAAS, "--marginal")["strategies"]["flywheel"]["metrics"]
    assert marginal["marginal_acquisition_cost"] > 0
    assert {name: value for name, value in marginal.items() if name in metrics} == metrics


def test_what_is_not_defined_is_null(told):
    strategies = as_json(told, "small.toml")["strategies"]
    assert strategies["steady"]["metrics"]["loop_gain"] is None
    assert None in strategies["steady"]["series"]["by_word"]
    assert re.search(r"^loop gain +– +–$", told("run", "small.toml")[1], re.MULTILINE)


def test_one_strategy_alone_has_nothing_to_be_compared_with(told):
    Path("one.toml").write_text(SMALL.partition("[strategies.burst]")[0], "utf-8")
    found = as_json(told, "one.toml")
    assert found["comparison"] is None
    assert found["comparisons"] == []
    code, out, _ = told("run", "one.toml")
    assert code == 0
    assert "adopters" in out


def test_a_strategy_may_end_early(told):
    Path("early.toml").write_text(SMALL.replace("set = {", "months = 4\nset = {"), "utf-8")
    strategies = as_json(told, "early.toml")["strategies"]
    assert [len(one["series"]["time"]) for one in strategies.values()] == [7, 5]
    assert "(month 4)" in told("run", "early.toml")[1]


def test_a_seed_is_kept(told):
    assert as_json(told, "small.toml", "--seed", 0)["seed"] == 0
    assert as_json(told, "small.toml", "--seed", 5)["seed"] == 5


def test_the_same_from_another_folder(told, place, monkeypatch):
    before = as_json(told, "small.toml")
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    assert as_json(told, "../small.toml") == before
    assert as_json(told, place / "small.toml") == before
    assert told("run", "small.toml")[0] == 2


def test_a_run_that_fails_exits_with_1_and_names_the_month(told):
    Path("late.toml").write_text(SMALL.replace("[strategies.steady]\n", "[values]\nimitation = 1e14\n[strategies.steady]\n"), "utf-8")
    code, out, err = told("run", "late.toml", "--out", "made")
    assert (code, out) == (1, "")
    assert re.search(r"^error: strategy \w+, .*month ", err, re.MULTILINE)
    assert not Path("made").exists()


# What text of a file can do to a terminal


def test_markup_is_shown_and_not_obeyed(told):
    title = "[bold]x[/] [/nope] [link=http://x]y :smile: <b>"
    Path("m.toml").write_text(SMALL.replace("Word of mouth", title), "utf-8")
    code, out, _ = told("run", "m.toml")
    assert code == 0
    assert out.startswith(title + "\n")
    assert as_json(told, "m.toml")["scenario"] == title


@pytest.mark.parametrize("written", [r"a\u001b[31mb", r"a\nb", r"a\u202eb", r"a\u0007b"])
def test_control_characters_in_a_title_are_refused(told, written):
    Path("c.toml").write_text(SMALL.replace("Word of mouth", written), "utf-8")
    code, out, err = told("run", "c.toml")
    assert (code, out) == (2, "")
    assert "'title' holds control characters" in err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", err)


@pytest.mark.usefixtures("drawn_quickly")
@pytest.mark.parametrize("command", ["check", "run"])
def test_control_characters_in_the_name_of_a_file_are_not_printed(told, command):
    name = "a\x1b[31mb\x07\udcff.toml"
    assert not re.search(r"[\x1b\x07]", told(command, name)[2])
    Path(name).write_text(SMALL, "utf-8")
    code, out, err = told(command, name, *(["--out", "o\x1b[31m\x07"] if command == "run" else []))
    assert code == 0
    assert not re.search(r"[\x1b\x07]", out + err)


@pytest.mark.parametrize("columns", ["40", "20", "1", "0", "x"])
def test_a_narrow_terminal(told, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    code, out, _ = told("run", "small.toml")
    assert code == 0
    if columns == "40":
        assert max(map(len, out.splitlines())) <= 40
        assert "…" not in out
        assert re.search(r"^adopters \(account\)\n +\S+  steady\n +\S+  burst$", out, re.MULTILINE)
    assert "adopters" in out


def test_a_table_is_shown_where_it_fits(told, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (rule,) = re.findall(r"^─+$", told("run", "small.toml")[1], re.MULTILINE)
    monkeypatch.setenv("COLUMNS", str(len(rule)))
    assert rule in told("run", "small.toml")[1]
    monkeypatch.setenv("COLUMNS", str(len(rule) - 1))
    assert "─" not in told("run", "small.toml")[1]


def test_many_strategies_are_shown_whole(told):
    names = [f"strategy number {number}" for number in range(20)]
    Path("many.toml").write_text(SMALL + "".join(f'["strategies"."{name}"]\n' for name in names[:18]), "utf-8")
    code, out, _ = told("run", "many.toml")
    assert code == 0
    for name in names[:18]:
        assert name in out


def test_a_metric_stands_beside_the_one_it_must_not_stand_without():
    beside = {"one": None, "two": "four", "three": None, "four": "one", "five": "elsewhere"}
    series = {name: Series(name, (None,), "metric", "1", "", None, other) for name, other in beside.items()}
    run = Run("a", "", [0.0], series, lambda *_: 0.0)
    about = About("t", "m", 0, "ode", "rk4", None, 1, 0, "0", 0.0)
    assert in_reading_order(Result(about, {"a": run})) == ["one", "four", "two", "three", "five"]


def on_a_terminal(environment):
    """What the command prints on a terminal."""
    mine, its = pty.openpty()
    subprocess.run([*COMMAND, "run", "small.toml"], stdout=its, stderr=its, env=os.environ | environment, check=True, timeout=60)
    os.close(its)
    shown = b""
    with contextlib.suppress(OSError):  # how the end of a terminal looks
        while piece := os.read(mine, 65536):
            shown += piece
    os.close(mine)
    return shown.decode()


def test_a_terminal_gets_styles_unless_it_asks_for_none():
    assert "\x1b[" in on_a_terminal({"TERM": "xterm-256color"})
    assert "\x1b" not in on_a_terminal({"TERM": "xterm-256color", "NO_COLOR": "1"})
    assert "\x1b" not in on_a_terminal({"TERM": "dumb"})


# Streams


def test_no_styles_in_a_pipe_and_nothing_beside_the_result():
    done = process("run", "small.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_that_cannot_show_every_character(encoding):
    Path("w.toml").write_text(SMALL.replace("Word of mouth", "顧客 → € –").replace("steady", '"顧客"'), "utf-8")
    terminal = {"env": os.environ | {"PYTHONIOENCODING": encoding}, "encoding": encoding, "errors": "replace"}
    shown = process("run", "w.toml", **terminal)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("??")
    assert process("models", "bass", **terminal).returncode == 0
    assert json.loads(process("run", "w.toml", "--json", **terminal).stdout)["scenario"] == "顧客 → € –"
    Path("w.toml").write_text(SMALL.replace("months = 6", 'months = "顧客"'), "utf-8")
    assert process("check", "w.toml", **terminal).returncode == 2


@pytest.mark.parametrize("arguments", ["run small.toml", "run small.toml --json", "models", "check small.toml", "--help"])
def test_a_full_disk_behind_the_output(arguments):
    with Path("/dev/full").open("w") as full:
        done = process(*arguments.split(), capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, "error: cannot write: No space left on device\n")


@pytest.mark.parametrize(("arguments", "code"), [("run nope.toml", 2), ("bogus", 2), ("check small.toml", 0)])
def test_a_full_disk_behind_the_errors(arguments, code):
    with Path("/dev/full").open("w") as full:
        assert process(*arguments.split(), capture_output=False, stdout=subprocess.PIPE, stderr=full).returncode == code


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("run small.toml >&-", 0), ("run small.toml --json >&-", 0), ("check small.toml >&-", 0), ("run nope.toml >&- 2>&-", 2)],
)
def test_a_closed_stream(arguments, code):
    done = subprocess.run(["/bin/sh", "-c", f"{shlex.join(COMMAND)} {arguments}"], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


@pytest.mark.parametrize("arguments", ["run small.toml", "run small.toml --json", "models growth", "--help"])
def test_a_reader_who_has_seen_enough(arguments):
    read, write = os.pipe()
    os.close(read)
    done = process(*arguments.split(), capture_output=False, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_stopped_by_its_user():
    """The command waits for its file, a pipe into which nobody writes, until it is stopped."""
    os.mkfifo("slow.toml")
    started = subprocess.Popen(
        [*COMMAND, "run", "slow.toml", "--out", "made"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    try:
        until_waiting_for_a_pipe(started.pid)
        out, err = interrupted(started)
    finally:
        started.kill()
        started.wait()
    assert (started.returncode, out) == (130, "")
    assert err.strip().endswith("stopped")
    assert not Path("made").exists()


def until_waiting_for_a_pipe(process_id):
    """Until a process sleeps in the opening of a pipe."""
    for _ in range(400):
        wait = Path(f"/proc/{process_id}/wchan")
        with contextlib.suppress(OSError):
            if "fifo" in wait.read_text() or "wait_for_partner" in wait.read_text():
                return
        time.sleep(0.01)
    time.sleep(1)  # a kernel that does not say: by then it waits


@pytest.mark.usefixtures("drawn_quickly")
def test_stopped_while_it_writes(monkeypatch, told):
    assert told("run", "small.toml", "--out", "kept")[0] == 0
    Path("small.toml").write_text(SMALL.replace("months = 6", "months = 7"), "utf-8")
    before = contents(".")

    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    for folder in ("kept", "new/er"):
        code, out, err = told("run", "small.toml", "--out", folder)
        assert (code, out, err.strip()) == (130, "", "stopped")
    assert contents(".") == before
    assert not Path("new").exists()


def test_a_scenario_from_a_pipe():
    assert process("check", "/dev/stdin", input=SMALL).stdout.startswith("/dev/stdin is sound")


# Scenario files that are none


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "there is no file"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(SMALL.encode("utf-16")), "UTF-16"),
        (lambda path: path.write_bytes(SMALL.replace("Word", "Größe").encode("latin-1")), "this is not UTF-8 text"),
        (lambda path: path.write_bytes(b"#" * (2 << 20)), "is larger than 1 MiB"),
        (lambda path: path.write_bytes(b""), "there is nothing in this file"),
        (lambda path: path.symlink_to(path), "cannot be read"),
    ],
    ids=["missing", "folder", "UTF-16", "Latin-1", "2 MiB", "empty", "loop of links"],
)
def test_what_is_no_scenario_file(told, command, make, words):
    make(Path("x.toml"))
    code, out, err = told(command, "x.toml")
    assert (code, out) == (2, "")
    assert words in err
    assert re.match("error: ", err)
    assert "help: " in err


def test_an_endless_file_is_not_read_to_its_end(told):
    code, out, err = told("check", "/dev/zero")
    assert (code, out) == (2, "")
    assert "is larger than 1 MiB" in err


# new


def test_a_new_scenario_runs_as_it_is(told):
    code, out, err = told("new", "mine")
    assert (code, out, err) == (0, "wrote mine.toml; run it with: flywheel run mine.toml\n", "")
    assert told("check", "mine.toml")[2] == "", "no warnings"
    assert set(as_json(told, "mine.toml")["strategies"]) == {"funnel", "natural", "flywheel"}


@pytest.mark.parametrize(
    ("name", "path"),
    [("my plan", "my plan.toml"), ("x.toml", "x.toml"), ("sub/x", "sub/x.toml"), ("CON", "CON.toml"), ("größe", "größe.toml"), ("a$b", "a$b.toml"), ("./x", "x.toml")],
)  # fmt: skip
def test_the_command_it_names_can_be_pasted(told, name, path):
    Path("sub").mkdir()
    code, out, _ = told("new", name, "--model", "bass")
    assert code == 0
    wrote, command = re.fullmatch(r"wrote (.*); run it with: flywheel (.*)\n", out).groups()
    assert wrote == path
    assert told(*shlex.split(command))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([""], "cannot be the name of a file"),
        (["."], "cannot be the name of a file"),
        ([".."], "cannot be the name of a file"),
        (["../.."], "cannot be the name of a file"),
        (["sub/"], "cannot be the name of a file"),
        ([" "], "cannot be the name of a file"),
        ([".toml"], "cannot be the name of a file"),
        (["--", "-x"], "cannot be the name of a file"),
        (["a\x1bb"], "cannot be the name of a file"),
        (["a\nb"], "cannot be the name of a file"),
        (["x" * 101], "too long for the name of a file"),
        (["nowhere/x"], "there is no folder nowhere"),
        (["small"], "small.toml is there already"),
        (["small.toml"], "small.toml is there already"),
        (["dangling"], "dangling.toml is there already"),
        (["folder"], "folder.toml is there already"),
        (["x", "--model", "growht"], "did you mean 'growth'?"),
        (["x", "--model", ""], "the models are growth, bass"),
        (["x", "--model", "../growth"], "there is no model '../growth'"),
    ],
)
def test_what_cannot_be_made(told, arguments, words):
    Path("sub").mkdir()
    Path("folder.toml").mkdir()
    Path("dangling.toml").symlink_to("nothing")
    code, out, err = told("new", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "help: " in err
    assert contents(".") == {"small.toml": SMALL.encode()}
    assert not Path("nothing").exists()


def test_a_new_scenario_is_written_whole_or_not_at_all():
    done = process("new", "mine", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: mine.toml cannot be written: File too large\n  help: ")
    assert contents(".") == {"small.toml": SMALL.encode()}


def test_good_is_good(told):
    """The file that every broken one is made from."""
    Path("good.toml").write_text(GOOD, "utf-8")
    assert told("check", "good.toml")[0] == 0


@pytest.mark.parametrize(("size", "told"), [(1.4e-6, "2e-6"), (1e-6, "1e-6"), (9.6e-7, "1e-6"), (0, "1e-16"), (0.5, "5e-1"), (2, "2e0")])
def test_an_error_is_rounded_up(size, told):
    assert bound(size) == told
