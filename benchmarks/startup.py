"""How long a whole run of the command takes, against importing what such a command cannot do without.

    python benchmarks/startup.py [rounds]

Runs ``flywheel run scenarios/saas.toml`` and ``python -c "import numpy, pydantic, click"`` in turn, as whole
processes, and prints the ratio pair by pair. The answer of the run is checked before any time is printed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "scenarios" / "saas.toml"
COMMAND = [sys.executable, "-m", "flywheel_sim", "run", str(SCENARIO)]
IMPORTS = [sys.executable, "-c", "import numpy, pydantic, click"]
# With compiled modules on disk, as an installed package has them.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - start


def check_the_answer() -> None:
    printed = subprocess.run([*COMMAND, "--json"], check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout
    result = json.loads(printed)
    assert result["comparison"]["challenger"] == "flywheel", result["comparison"]
    assert 290 < result["strategies"]["flywheel"]["metrics"]["customers"] < 320
    assert result["checks"]["conservation"] < 1e-12


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    check_the_answer()
    seconds(COMMAND), seconds(IMPORTS)  # once, so that everything is in the file cache
    pairs = [(seconds(IMPORTS), seconds(COMMAND)) for _ in range(rounds)]
    imports, runs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(run / base for base, run in pairs)
    print(f"imports {imports:.3f} s, whole run {runs:.3f} s: {ratio:.2f} times (median of {rounds} pairs)")


if __name__ == "__main__":
    main()
