"""What every test shares: seeded draws, and nothing written beside the tests."""

import gc
import signal
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, configuration, settings

# A shell starts what runs in its background with Ctrl-C ignored, and so would be every command that a test stops.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Failures there show their values too.
pytest.register_assert_rewrite(
    "broken", "charted", "commanding", "conforming", "expression_list", "growth_by_hand", "models", "queues", "slips"
)

# The same examples on every machine and every run; time limits would make slow machines fail.
settings.register_profile("suite", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "flywheel-sim-hypothesis")

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"


@pytest.fixture(autouse=True)
def collector_on():
    """The command switches the garbage collector off; the tests go on with it."""
    yield
    gc.enable()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``shipped`` runs once on every shipped scenario."""
    if "shipped" in metafunc.fixturenames:
        files = sorted(SCENARIOS.glob("*.toml"))
        metafunc.parametrize("shipped", files, ids=[file.stem for file in files], scope="session")


# The command


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of one's own, with a small scenario in it, and no settings of the terminal around."""
    from commanding import SMALL

    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "PYTHONUNBUFFERED"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "small.toml").write_text(SMALL, "utf-8")
    return tmp_path


@pytest.fixture
def drawn_quickly(monkeypatch):
    """Stands in for the charts where something else is looked at: each takes a moment to draw."""
    from commanding import CHARTS

    monkeypatch.setattr("flywheel_sim.charts.pictures", lambda *_, **__: dict.fromkeys(CHARTS, b"a chart"))


@pytest.fixture
def told(capsys):
    """Runs the command here, and gives its exit code, what it printed, and what it said beside."""

    from flywheel_sim.cli import main

    def run(*arguments):
        code = main([str(one) for one in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run
