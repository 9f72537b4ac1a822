"""The command as tests use it: a small scenario, a process of its own, and what lies in a folder."""

import json
import signal
import subprocess
import sys
from pathlib import Path

SMALL = """\
title = "Word of mouth"
model = "bass"
months = 6

[strategies.steady]

[strategies.burst]
set = { advertising = 2 }
"""
CHARTS = {"adopters.png", "adopters.svg", "panel.png", "panel.svg"}
WRITTEN = CHARTS | {"metrics.json", "scenario.toml", "series.csv"}
SAAS = Path(__file__).resolve().parent.parent / "scenarios" / "saas.toml"
COMMAND = [sys.executable, "-m", "flywheel_sim"]


def process(*arguments, **options):
    """The command in a process of its own, for what only a process can show."""
    settings = {"capture_output": True, "encoding": "utf-8", "timeout": 60} | options
    done = subprocess.run([*COMMAND, *map(str, arguments)], check=False, **settings)
    assert "Traceback" not in (done.stderr or "")
    return done


def interrupted(process):
    """What a process says that its user stops, who presses Ctrl-C until it does."""
    for _ in range(10):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            continue
    return process.communicate(timeout=5)


def contents(folder):
    """Every file below a folder, with what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def as_json(told, *arguments):
    """The object that ``run --json`` prints; NaN and infinity are no JSON."""
    code, out, _ = told("run", *arguments, "--json")
    assert code == 0
    assert out.count("\n") == 1

    def refuse(word):
        raise AssertionError(word)

    return json.loads(out, parse_constant=refuse)
