"""Results made up for charts."""

import math
from pathlib import Path

from flywheel_sim.analysis.compare import best, compare
from flywheel_sim.result import About, Result, Run, Series, reader

ROOT = Path(__file__).resolve().parent.parent
SAAS = ROOT / "scenarios" / "saas.toml"
NAN = math.nan
CUSTOMERS = Series("customers", (None,), "metric", "account", "all who have bought and not left", "higher")
MEASURES = (
    Series("new_customers", (None,), "metric", "account/month", "customers won a month", "higher"),
    Series("acquisition_cost", (None,), "metric", "$/account", "growth spending for each new customer", "lower"),
    Series("referral_share", (None,), "metric", "1", "new customers who were referred", "higher", percent=True),
    Series("cash", (None,), "metric", "$", "margin less growth spending, to date", "higher"),
    Series("score", (None,), "metric", "1", "advocates less detractors, of 100 customers past their first 90 days", "higher"),
    Series("time_to_close", (None,), "metric", "day", "first conversation to signature", "lower"),
)


def made(strategies, *series, title="A test", currency="$", file="folder/test.toml", time_unit="month", spent=None):
    """A result with the series given: one column of values for each of ``series`` and strategy; the first decides."""
    series = series or (CUSTOMERS,)
    runs = {}
    for name, columns in strategies.items():
        columns = columns if isinstance(columns[0], list) else [columns]  # noqa: PLW2901  one series may be given bare
        values = {(one.name, None): column for one, column in zip(series, columns, strict=True)}
        times = [float(index) for index in range(len(columns[0]))]
        runs[name] = Run(name, "", times, {one.name: one for one in series}, reader(values))
    baseline, *others = runs.values()
    judged = {}
    for run in others:
        money = {"spent": {one.name: spent[one.name] for one in (baseline, run)}} if spent else {}
        judged[run.name] = {**compare(baseline, run, series[0].name).as_json(), **money, "verdict": ""}
    first = judged[best(others, series[0].name).name] if others else None
    months = max(run.times[-1] for run in runs.values())
    about = About(title, "test", months, "ode", "rk4", 0.25, 1, 0, "1.2.3", 0.0, currency=currency, file=file, time_unit=time_unit)
    return Result(about, runs, first, tuple(judged.values()))


def growing(start, rate, months=60):
    return [start * (1 + rate) ** month for month in range(months + 1)]


def straight(start, end, months=60):
    return [start + (end - start) * month / months for month in range(months + 1)]


# Up to 200 in month 20, then down to next to nothing.
LEAD_LOST = [max(10.0, 100.0 + 5 * min(month, 20) - 6 * max(0, month - 20)) for month in range(61)]
