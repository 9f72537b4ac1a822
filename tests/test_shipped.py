"""What is promised of every shipped scenario."""

import numpy as np
import pytest

import flywheel_sim as fw


@pytest.fixture(scope="module")
def results():
    """Results by scenario and method, worked out once."""
    return {}


@pytest.fixture
def result(shipped, results):
    if shipped not in results:
        results[shipped] = fw.load(shipped).run()
    return results[shipped]


def test_it_reads_without_a_warning(shipped):
    assert fw.load(shipped).scenario.warnings == ()


def test_accounts_are_conserved(result):
    assert result.about.conservation <= 1e-12


def test_nothing_is_negative_and_everything_finite(result):
    for run in result.runs.values():
        for name, series in run.series.items():
            values = run[name]
            if series.kind in {"stock", "group", "flow"}:
                assert np.all(values >= 0), name
            if series.kind != "metric":
                assert np.all(np.isfinite(values)), name


def test_fixed_and_chosen_steps_give_the_same_metrics(shipped, result):
    """To 1e-6 of each; that their stocks agree at every month is shown in test_ode_limits.py."""
    adaptive = fw.load(shipped).run(method="adaptive")
    for strategy, metrics in result.metrics.items():
        for name, value in metrics.items():
            if value is None:
                assert adaptive.metrics[strategy][name] is None, (strategy, name)
                continue
            assert value == pytest.approx(adaptive.metrics[strategy][name], rel=1e-6, abs=1e-9), (strategy, name)


def test_the_verdict_names_both_spends_cash_and_what_it_hangs_on(result):
    for word in ("spend", " in cash ", "hangs most on", " months "):
        assert word in result.verdict


def test_each_kind_of_strategy_wins_somewhere():
    winners = {}
    for file in ("saas", "early-stage", "funnel-wins"):
        runs = fw.load(f"scenarios/{file}.toml").run().runs
        winners[file] = max(runs, key=lambda name, runs=runs: runs[name]["customers"][-1])
    assert winners == {"saas": "flywheel", "early-stage": "natural", "funnel-wins": "funnel"}


def test_every_strategy_says_what_it_is(shipped):
    assert all(strategy.note for strategy in fw.load(shipped).scenario.strategies.values())
