"""What every test shares: seeded draws, and nothing written beside the tests."""

import gc
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, configuration, settings

pytest.register_assert_rewrite(
    "broken", "charted", "expression_list", "growth_by_hand", "models", "slips"
)  # failures there show their values too

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
