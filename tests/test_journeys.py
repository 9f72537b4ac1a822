"""Journeys: the map, the table and the families say what the log says, and the log is counted here in other ways."""

import csv
import io
import itertools
import math
import statistics
import sys
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

import pytest
from models import Assorted, Kinds, Referral, lowered_of
from queues import Desk, Family, Impatient, Rationed, Staged

import flywheel_sim as fw
from flywheel_sim.analysis.event_table import COLUMNS, csv_bytes, event_rows, guarded, parquet_bytes
from flywheel_sim.analysis.family import bringing_stocks, families
from flywheel_sim.analysis.journeys import journey_map, places_of
from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.analysis.stays import stays_of
from flywheel_sim.analysis.ways import ways
from flywheel_sim.engines.events import Log, run
from flywheel_sim.library import Bass, Growth, Marketplace
from flywheel_sim.measures import so_far
from flywheel_sim.program import Bend, Inputs
from flywheel_sim.study.inputs import inputs_for, settings_from
from flywheel_sim.study.journeys import journeys


def given(model, until, bends=(), seed=3, replication=0, **values):
    """A model as a program, and one replication of it."""
    lowered = lowered_of(model)
    inputs = inputs_for(lowered, settings_from(lowered, values), ())
    times = [float(month) for month in range(until + 1)]
    inputs = Inputs(inputs.parameters, inputs.switches, bends)
    return lowered, run(lowered, inputs, times, windows=windows(lowered, inputs), seed=seed, replication=replication)


def map_of(lowered, *replications):
    headline = lowered.declaration.names[lowered.declaration.headline]
    logs, traces = [one.log for one in replications], [one.trace for one in replications]
    return journey_map(lowered, logs, traces, strategy="plan", headline=headline)


def stays_in(journey_map):
    return {stay.name: stay for stay in journey_map.stays}


def moves_in(log):
    """The rows of a log, as tuples."""
    names = ("account", "origin", "activity", "from_stock", "to_stock", "time", "waited", "why")
    return list(zip(*(getattr(log, name) for name in names), strict=True))


# The way, and what leaves it


def wrong_ways(model, headline):
    return {" > ".join(edge) for edge in ways(lowered_of(model), headline).wrong}


def test_growth_goes_wrong_where_a_manager_would_say_so():
    found = ways(lowered_of(Growth), "customers")
    customers = ("newcomers", "passives", "advocates", "detractors")
    assert found.order == ("strangers", "prospects", "discovery", "deals", *customers, "lost", "churned")
    assert found.off == {"lost", "churned"}
    assert found.goal == set(customers)
    assert wrong_ways(Growth, "customers") == {
        "prospects > strangers",
        "prospects > lost",
        "discovery > lost",
        "deals > lost",
        *(f"{one} > churned" for one in customers),
    }
    assert [found.outcome(*move) for move in (("deals", "newcomers"), ("deals", "lost"), ("advocates", "churned"))] == [
        "won",
        "lost",
        "churned",
    ]
    assert {
        found.outcome(*move) for move in (("passives", "advocates"), ("lost", "deals"), ("lost", "strangers"), ("prospects", "deals"))
    } == {""}


def test_a_headline_that_is_no_stock_leaves_the_goal_to_the_model():
    assert ways(lowered_of(Growth), "cash").goal == ways(lowered_of(Growth), "customers").goal
    assert ways(lowered_of(Growth), "advocates").goal == {"advocates"}
    assert ("newcomers", "passives") not in ways(lowered_of(Growth), "advocates").wrong  # the content may yet warm


@pytest.mark.parametrize(
    ("model", "headline", "wrong"),
    [
        (Bass, "adopters", {"adopters > potential"}),
        (Marketplace, "buyers", {"buyers > others", "newcomers > outsiders", "proven > outsiders"}),
        (Referral, "customers", {"customers > strangers"}),
        (Impatient, "served", {"line > lost"}),
        (Staged, "won", {"leads > lost"}),
        (Desk, "line", {"line > outside"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_other_models_go_wrong_where_one_would_say_so(model, headline, wrong):
    assert wrong_ways(model, headline) == wrong


class Trials(fw.Model):
    """Two ways to a sale, one long and one short; some come back from the long one, and some begin again."""

    quick = fw.constant(1, "1/month")
    leads = fw.stock(20, "account")
    trials = fw.stock(0, "account")
    users = fw.stock(0, "account")
    cold = fw.stock(0, "account")
    demos = fw.stock(0, "account")
    show = fw.flow(leads >> demos, hazard=quick)
    buy = fw.flow(demos >> users, hazard=quick)
    order = fw.flow(leads >> users, hazard=quick)
    attempt = fw.flow(leads >> trials, hazard=quick)
    lapse = fw.flow(trials >> leads, hazard=quick)
    extend = fw.flow(trials >> demos, hazard=quick)
    cool = fw.flow(demos >> cold, hazard=quick)
    again = fw.flow(cold >> leads, hazard=quick)
    headline = users


def test_a_long_way_is_no_wrong_way():
    """Who can order at once loses nothing by being shown a demo; who is back among the leads has lost the trial."""
    assert wrong_ways(Trials, "users") == {"trials > leads", "demos > cold"}
    assert ways(lowered_of(Trials), "users").order == ("leads", "trials", "demos", "users", "cold")


class Talked(fw.Model):
    """Nobody is won but by a loop: then that is the way."""

    talk = fw.loop("R1", "users win leads")
    strangers = fw.stock(20, "account")
    leads = fw.stock(0, "account")
    users = fw.stock(1, "account")
    ask = fw.flow(strangers >> leads, hazard=fw.constant(0.5, "1/month"))
    win = fw.flow(leads >> users, by=users, hazard=talk.gate(fw.constant(0.1, "1/month"), off=0))
    forget = fw.flow(leads >> strangers, hazard=fw.constant(0.5, "1/month"))
    headline = users


def test_a_loop_is_a_way_where_there_is_no_other():
    assert wrong_ways(Talked, "users") == {"leads > strangers"}
    assert not ways(lowered_of(Talked), "users").off


# The map against the log and the trace


@pytest.mark.parametrize(
    ("model", "until", "values"),
    [
        (Growth, 3, {"market": 1_600}),
        (Assorted, 4, {}),
        (Impatient, 20, {}),
        (Rationed, 5, {}),
        (Staged, 2, {}),
        (Kinds, 9, {}),
        (Bass, 24, {"market": 300, "start": 20, "discarding": 0.02}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_map_counts_as_log_and_trace_do(model, until, values):
    lowered = lowered_of(model)
    replications = [given(model, until, replication=number, **values)[1] for number in range(2)]
    logs, traces = [one.log for one in replications], [one.trace for one in replications]
    found = journey_map(lowered, logs, traces, strategy="plan", headline=next(iter(lowered.declaration.metrics), "here"))
    assert (found.replications, found.months, found.time_unit) == (2, until, "month")
    rows = [row for log in logs for row in moves_in(log) if row[3] != row[4]]
    assert len(rows) > 10
    for stay in found.stays:
        states = [state for cell, state in lowered.cells.items() if lowered.declaration.names[cell.stock] == stay.name]
        first, last = ([sum(trace.states[index][state] for state in states) for trace in traces] for index in (0, -1))
        assert stay.there == statistics.fmean(last)
        assert stay.came - sum(stay.went.values()) == pytest.approx(statistics.fmean(last) - statistics.fmean(first), abs=1e-9)
        out = [row for row in rows if row[3] == stay.name]
        assert stay.went == {flow: count / 2 for flow, count in Counter(row[2] for row in out).items()}
        assert stay.came == sum(row[4] == stay.name and row[2] != "start" for row in rows) / 2
        assert list(stay.went.values()) == sorted(stay.went.values(), reverse=True)
        if out:
            assert stay.time == pytest.approx(statistics.fmean(row[6] for row in out))
            wrong = ways(lowered, found.headline).wrong
            assert stay.lost == sum((row[3], row[4]) in wrong for row in out) / len(out)
        else:
            assert math.isnan(stay.time)
            assert math.isnan(stay.lost)
    assert {row[4] for row in rows} - {"outside"} <= {stay.name for stay in found.stays}


def test_frictions_say_where_they_bite_and_whom_they_lose():
    lowered, journey = given(Growth, 6, market=3_000)
    found = {handoff.name: handoff for handoff in map_of(lowered, journey).handoffs}
    assert {name: handoff.places for name, handoff in found.items()} == {
        "marketing_to_sales": ("prospects",),
        "sales_to_success": ("newcomers",),
        "success_to_marketing": ("passives", "advocates"),
    }
    lost = {name: handoff.lost for name, handoff in found.items()}
    counted = Counter(journey.log.activity)
    assert lost == {"marketing_to_sales": counted["mislay"], "sales_to_success": counted["drop"], "success_to_marketing": 0}
    assert lost["marketing_to_sales"] > 5
    assert lost["marketing_to_sales"] == Reader(lowered, journey.trace).at("lost_to_sales", None, -1)
    first = found["marketing_to_sales"]
    assert (first.label, first.title, first.note[:10]) == ("F1", "marketing to sales", "good leads")
    assert math.isnan(first.gain)
    assert places_of(lowered_of(Assorted), lowered_of(Assorted).declaration.symbols["handover"])


# Time and waiting


def test_waits_in_a_queue_are_those_of_the_log():
    lowered, journey = given(Desk, 300, arriving=4, places=5)
    stay = stays_in(map_of(lowered, journey))["line"]
    finished = {row[0] for row in moves_in(journey.log) if row[2] == "finish"}
    waits = [row[6] for row in moves_in(journey.log) if row[2] == "desk" and row[0] in finished]
    assert len(waits) == len(finished) > 500
    assert stay.waited == pytest.approx(statistics.fmean(waits), rel=1e-12)
    assert 0 < stay.waited < stay.time
    assert stay.time - stay.waited == pytest.approx(1, abs=4 / math.sqrt(len(waits)))  # served at 1 a month


def test_whoever_gives_up_in_a_queue_has_only_waited():
    lowered, journey = given(Impatient, 120)
    line = stays_in(map_of(lowered, journey))["line"]
    waiting, waits = {}, []
    for account, _, activity, source, _, _, waited, _ in moves_in(journey.log):
        if activity == "desk":
            waiting[account] = waited
        elif source == "line":
            waits.append(waiting.get(account, waited))
    assert line.waited == pytest.approx(statistics.fmean(waits), rel=1e-12)
    assert line.lost == line.went["give_up"] / sum(line.went.values())
    assert stays_in(map_of(lowered, journey))["served"].waited == 0


def test_littles_law_holds_in_the_map():
    """All have left, so that the time of those who left is the number there, integrated."""
    lowered, journey = given(Staged, 60)
    leads = stays_in(map_of(lowered, journey))["leads"]
    assert leads.there == 0
    assert leads.time * sum(leads.went.values()) == pytest.approx(Reader(lowered, journey.trace).at("waiting", None, -1), rel=1e-10)


kind = fw.dimension("cold", "warm")


class Shared(fw.Model):
    """Two stocks that the same few serve, one of them at one label only; nobody comes, and all go in the end."""

    places = fw.lever(3, "account", (0, 20))
    serving = fw.constant(1, "1/month")
    pool = fw.staff(places)
    deals = fw.stock(30, "account", stages=2)
    cases = fw.stock(kind(cold=10, warm=10), "account")
    done = fw.stock(0, "account")
    close = fw.flow(deals >> done, hazard=serving, served_by=pool)
    solve = fw.flow(cases["cold"] >> done, hazard=serving, served_by=pool)
    heat = fw.flow(cases["cold"] >> cases["warm"], hazard=0.2 * serving)
    forget = fw.flow(cases["warm"] >> done, hazard=serving)
    busy = fw.metric(so_far(fw.minimum(places, deals + cases["cold"])), "account*month")
    headline = done


@pytest.mark.parametrize(
    "bends", [(), ((0.0, 3.0, -0.2), (5.0, 2.0, 0.0)), ((0.0, 0.5, 2.0), (4.0, 8.5, 0.0))], ids=["even", "fewer", "more"]
)
def test_waits_for_shared_staff_leave_the_time_they_worked(bends):
    """What is not waited in the stocks served is worked: as much as there were places taken, integrated."""
    slot = lowered_of(Shared).layout.parameters.index(("places", None))
    lowered, journey = given(Shared, 100, tuple(Bend(time, slot, value, slope) for time, value, slope in bends))
    stays = stays_of(lowered, journey.log, journey.trace)
    unserved, since = 0.0, {}
    for account, origin, _, source, _, time, _, _ in moves_in(journey.log):
        if source == "cases" and account in since:  # of label warm, whom nobody serves
            unserved += time - since.pop(account)
        if origin == "warm" and account not in since and time < math.inf and source in {"outside", "cases"}:
            since[account] = time
    spent = stays.time["deals"] + stays.time["cases"] - unserved
    worked = spent - stays.waited["deals"] - stays.waited["cases"]
    assert worked == pytest.approx(Reader(lowered, journey.trace).at("busy", None, -1), rel=1e-9)
    assert stays.waited["deals"] > 10
    assert stays.waited["cases"] > 1


class Alone(fw.Model):
    """One account, and a staff for it alone."""

    places = fw.lever(0.5, "account", (0, 5))
    desk = fw.staff(places)
    here = fw.stock(1, "account")
    gone = fw.stock(0, "account")
    go = fw.flow(here >> gone, hazard=fw.constant(0.1, "1/month"), served_by=desk)
    headline = gone


def test_half_a_place_keeps_one_account_waiting_half_its_time():
    here = stays_in(map_of(*given(Alone, 200)))["here"]
    assert here.waited == pytest.approx(here.time / 2, rel=1e-12)
    assert here.time > 0


def test_a_place_that_comes_between_two_saved_times_ends_the_wait():
    """Places grow from none to one in a month and a half: half of that is waited."""
    slot = lowered_of(Alone).layout.parameters.index(("places", None))
    bends = (Bend(0.0, slot, 0.0, 1 / 1.5), Bend(6.0, slot, 4.0, 0.0))
    here = stays_in(map_of(*given(Alone, 200, bends, seed=4)))["here"]
    assert here.time > 2
    assert here.waited == pytest.approx(0.75, rel=1e-12)


# Families


def log_of(*rows):
    """A log of moves from one place to the other: account, time, who caused it, and perhaps where to."""
    full = [(*row, "users")[:4] for row in rows]
    return Log(
        [row[0] for row in full],
        [""] * len(full),
        ["come"] * len(full),
        ["outside"] * len(full),
        [row[3] for row in full],
        [row[1] for row in full],
        [0.0] * len(full),
        [row[2] for row in full],
    )


def test_a_small_family():
    log = log_of((0, 0.0, -1), (1, 0.0, -1), (2, 1.0, 0), (3, 2.0, 2), (4, 3.0, 0), (5, 4.0, -1, "others"), (6, 5.0, 3))
    found = families(log, ["users"])
    assert found.brought_by == {2: 0, 3: 2, 4: 0, 6: 3}
    assert found.generation == {0: 0, 1: 0, 2: 1, 3: 2, 4: 1, 6: 3}
    assert found.sizes == {0: 5, 1: 1}
    assert found.by_generation == (2, 2, 1, 1)
    assert found.brought == 4 / 6
    assert found.longest_line == (0, 2, 3, 6)
    assert found.sketch.splitlines() == ["0", "├─ 2 (1.0)", "│  └─ 3 (2.0)", "│     └─ 6 (5.0)", "└─ 4 (3.0)"]
    assert families(log).sizes == {0: 5}


def test_nobody_is_brought_twice_or_by_their_own_children():
    log = log_of((0, 0.0, -1), (1, 1.0, 0), (2, 2.0, -1), (1, 3.0, 2), (0, 4.0, 1), (3, 5.0, 3))
    found = families(log)
    assert found.brought_by == {1: 0}
    assert found.sizes == {0: 2, 2: 1, 3: 1}


def test_no_families_without_anybody():
    found = families(log_of((0, 0.0, -1, "others")), ["users"])
    assert (found.brought_by, found.by_generation, found.longest_line, found.sketch) == ({}, (), (), "")
    assert math.isnan(found.brought)


def test_a_large_tree_is_cut():
    log = log_of(*((child, float(child), 0) for child in range(1, 200)), (200, 200.0, 1))
    lines = families(log).sketch.splitlines()
    assert lines[0] == "0 … and 180 more"
    assert lines[1] == "├─ 1 (1.0) … and 1 more"
    assert lines[-1] == "20 of 201 accounts"
    assert len(lines) == 21


def test_a_long_line_is_no_trouble():
    log = log_of(*((child, float(child), child - 1) for child in range(1, 5_000)))
    found = families(log)
    assert found.longest_line == tuple(range(5_000))
    assert found.by_generation == (1,) * 5_000


@pytest.mark.parametrize(
    ("model", "until", "values"),
    [(Family, 8, {"bringing": 1.4}), (Bass, 60, {"market": 200, "start": 5, "imitation": 0.15, "discarding": 0.03})],
    ids=["Family", "Bass"],
)
def test_families_as_a_recursion_counts_them(model, until, values):
    total = 0
    for number in range(6):
        lowered, journey = given(model, until, replication=number, **values)
        found = families(journey.log, bringing_stocks(lowered))
        rows = moves_in(journey.log)
        parent = {}
        for index, (account, *_, why) in enumerate(rows):
            if why >= 0 and account not in parent and all(row[7] != account for row in rows[: index + 1]):
                parent[account] = why

        def generation(account, parent=parent):
            return 1 + generation(parent[account]) if account in parent else 0

        def descendants(account, parent=parent):
            return 1 + sum(descendants(child) for child, one in parent.items() if one == account)

        members = {row[0] for row in rows if row[4] in {"members", "adopters"}}
        assert found.brought_by == parent
        assert found.generation == {account: generation(account) for account in sorted(members)}
        assert found.sizes == {account: descendants(account) for account in sorted(members - parent.keys())}
        assert sum(found.by_generation) == len(members) == sum(found.sizes.values())
        assert len(found.longest_line) == len(found.by_generation)
        assert all(parent[child] == one for one, child in itertools.pairwise(found.longest_line))
        assert found.brought == len(parent) / len(members)
        total += len(parent)
    assert total > 30


# The table


def table_of(journey, lowered, **options):
    return event_rows(
        journey.log, ways(lowered, lowered.declaration.names[lowered.declaration.headline]), **({"strategy": "plan"} | options)
    )


def test_the_table_says_who_did_what_when():
    lowered, journey = given(Bass, 24, market=120, start=10, imitation=0.2, discarding=0.02)
    table = table_of(journey, lowered, replication=7)
    assert tuple(table) == COLUMNS
    log = journey.log
    assert table["case_id"] == [f"plan/7/{account}" for account in log.account]
    assert table["caused_by"] == ["" if one < 0 else f"plan/7/{one}" for one in log.why]
    assert (table["activity"], table["from"], table["to"], table["time"], table["waited"]) == (
        log.activity,
        log.from_stock,
        log.to_stock,
        log.time,
        log.waited,
    )
    month = timedelta(days=365.2425 / 12)
    for stamp, time in zip(table["timestamp"], log.time, strict=True):
        assert abs(datetime.fromisoformat(stamp) - (datetime.fromisoformat("2026-01-01") + time * month)) <= timedelta(microseconds=1)
    said = set(zip(table["activity"], table["outcome"], strict=True))
    assert said == {("start", ""), ("try_out", "won"), ("imitate", "won"), ("discard", "churned")}


def test_times_of_a_case_go_forward():
    lowered, journey = given(Growth, 8, market=1_600)
    table = table_of(journey, lowered)
    stamps = defaultdict(list)
    for case, stamp in zip(table["case_id"], table["timestamp"], strict=True):
        stamps[case].append(stamp)
    assert all(one == sorted(one) for one in stamps.values())
    assert max(map(len, stamps.values())) > 4
    assert set(table["outcome"]) == {"", "won", "lost", "churned"}
    assert {len(stamp) for stamp in table["timestamp"]} == {len("2026-01-01T00:00:00.000000")}


@pytest.mark.parametrize(
    ("unit", "stamp"),
    [
        ("day", "2030-02-01T12:00:00.000000"),
        ("week", "2030-02-10T12:00:00.000000"),
        ("quarter", "2030-06-16T23:10:57.000000"),
        ("year", "2031-08-01T20:43:48.000000"),
    ],
)
def test_time_zero_is_a_day_of_ones_own(unit, stamp):
    log = log_of((0, 1.5, -1))
    found = ways(lowered_of(Bass), "adopters")
    (written,) = event_rows(log, found, strategy="plan", start=date(2030, 1, 31), time_unit=unit)["timestamp"]
    assert abs(datetime.fromisoformat(written) - datetime.fromisoformat(stamp)) < timedelta(seconds=1)
    noon = datetime.fromisoformat("2030-01-30T12:00")
    assert event_rows(log, found, strategy="plan", start=noon, time_unit="day")["timestamp"] == ["2030-02-01T00:00:00.000000"]


def test_times_that_no_calendar_has_are_refused():
    found = ways(lowered_of(Bass), "adopters")
    for time, unit in ((1.0, "tick"), (9_000.0, "year")):
        with pytest.raises(fw.UsageError) as caught:
            event_rows(log_of((0, time, -1)), found, strategy="plan", time_unit=unit)
        assert caught.value.fix


def test_csv_is_read_back():
    pandas = pytest.importorskip("pandas")
    lowered, journey = given(Assorted, 4)
    table = table_of(journey, lowered)
    written = csv_bytes(table)
    rows = list(csv.DictReader(io.StringIO(written.decode())))
    assert [float(row["time"]) for row in rows] == table["time"]
    assert all([row[name] for row in rows] == table[name] for name in COLUMNS if name not in {"time", "waited"})
    frame = pandas.read_csv(io.BytesIO(written), parse_dates=["timestamp"], keep_default_na=False)
    assert tuple(frame.columns) == COLUMNS
    assert frame["timestamp"].dtype.kind == "M"
    assert frame["time"].dtype == frame["waited"].dtype == float
    assert frame["waited"].tolist() == table["waited"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@now", " =1", "a\nb", "a,b", 'a"b', "ä\x1b[31m"])
def test_no_text_is_a_formula(name):
    table = event_rows(log_of((0, 0.0, -1)), ways(lowered_of(Bass), "adopters"), strategy=name)
    (row,) = csv.DictReader(io.StringIO(csv_bytes(table).decode()))
    assert row["case_id"] == guarded(f"{name}/0/0")
    assert row["case_id"].lstrip()[0] not in "=+-@"
    assert row["case_id"].isprintable()


def test_parquet_is_the_same_as_csv():
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    lowered, journey = given(Assorted, 4)
    table = table_of(journey, lowered)
    columnar = pandas.read_parquet(io.BytesIO(parquet_bytes(table)))
    plain = pandas.read_csv(io.BytesIO(csv_bytes(table)), parse_dates=["timestamp"], keep_default_na=False)
    assert len(plain) > 100
    assert list(columnar.columns) == list(plain.columns)
    for name in COLUMNS:
        assert columnar[name].tolist() == plain[name].tolist()
    assert columnar["timestamp"].dtype.kind == "M"


def test_parquet_without_its_module_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(fw.UsageError) as caught:
        parquet_bytes({"timestamp": []})
    assert caught.value.fix == "pip install flywheel-sim[tables]"


# From a scenario


class Desks(fw.Model):
    """Leads are held up and mislaid by one friction; the other does nothing."""

    budget = fw.lever(1, "1", (0, 2))
    mislaid = fw.share(0.5)
    hold = fw.friction("F1", "leads are mislaid")
    idle = fw.friction("F2", "nothing at all")
    praise = fw.loop("R1", "customers praise it")
    leads = fw.stock(60, "account")
    customers = fw.stock(0, "account")
    gone = fw.stock(0, "account")
    gap = fw.aux(hold.gate(mislaid, off=0), "1")
    idling = fw.aux(idle.gate(1, off=1) * budget, "1")
    praised = fw.aux(praise.gate(1 + customers / fw.constant(40, "account"), off=1), "1")
    win = fw.flow(leads >> customers, hazard=fw.constant(0.2, "1/month") * (1 - gap) * idling * praised)
    mislay = fw.flow(leads >> gone, hazard=fw.constant(0.2, "1/month") * gap, friction=hold)
    leave = fw.flow(customers >> gone, hazard=fw.constant(0.02, "1/month"))
    headline = customers


SCENARIO = """
title = "Desks"
model = "desks"
months = 12
baseline = "old"
[strategies.old]
set = { budget = 0.5 }
[strategies.new]
set = { budget = 1.0 }
[strategies.smooth]
off = ["hold"]
"""


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "desks.toml"
    file.write_text(SCENARIO)
    return fw.load(file, Desks)


def test_what_a_friction_costs(study):
    found = journeys(study, replications=12, seed=5)
    hold, idle = found.map().handoffs
    assert found.strategy == "new"
    assert (hold.places, idle.places) == (("leads",), ("leads",))
    assert hold.gain > 6 * hold.gain_error > 0
    assert hold.lost > 10
    assert (idle.gain, idle.gain_error, idle.lost) == (0, 0, 0)


@pytest.mark.parametrize("off", [[], ["praise"]], ids=["all else on", "a loop off"])
def test_what_a_friction_costs_is_the_difference_of_paired_runs(study, off):
    rough, smooth = (study.with_strategy("new", off=switches) for switches in (off, [*off, "hold"]))
    found, without = (journeys(one, "new", replications=3, seed=5, first=2) for one in (rough, smooth))
    ends = [[Reader(study.lowered, trace).at("customers", None, -1) for trace in one.traces] for one in (found, without)]
    gains = [after - before for before, after in zip(*ends, strict=True)]
    hold = found.map().handoffs[0]
    assert hold.gain == pytest.approx(statistics.fmean(gains))
    assert hold.gain_error == pytest.approx(statistics.stdev(gains) / math.sqrt(3))
    assert found.map().end == statistics.fmean(ends[0])
    assert without.without("hold") is without.traces


def test_a_friction_that_is_off_already_costs_nothing(study):
    found = journeys(study, "smooth", replications=2).map()
    assert (found.handoffs[0].gain, found.handoffs[0].lost) == (0, 0)
    assert math.isnan(journeys(study, "smooth").map(frictions=False).handoffs[0].gain)
    assert math.isnan(journeys(study, "smooth").map().handoffs[0].gain_error)


def test_growth_gains_without_lost_leads():
    """With sellers enough for all who are then handed to them: too few would only be kept busier."""
    plenty = {"market": 1_000, "mislaid": 0.4, "fit": {"cold": 0.3, "referred": 0.5}, "start_sellers": 30, "hiring_time": "12 months"}
    study = fw.load("scenarios/early-stage.toml").with_values(**plenty).with_strategy("funnel", months=8)
    found = journeys(study, "funnel", replications=2, dt=1).map()
    sales = found.handoffs[0]
    assert (found.strategy, found.headline, found.months) == ("funnel", "customers", 8)
    assert sales.name == "marketing_to_sales"
    assert sales.gain > 2 * sales.gain_error > 0
    prospects = stays_in(found)["prospects"]
    assert sales.lost == prospects.went["mislay"] > 5
    assert prospects.lost == pytest.approx((prospects.went["mislay"] + prospects.went["reject"]) / sum(prospects.went.values()))


def test_replications_are_those_of_the_engine(study):
    first, later = journeys(study, "old", replications=3, seed=9), journeys(study, "old", replications=1, seed=9, first=2)
    alone = run(study.lowered, study.inputs("old"), study.times(study.scenario.strategies["old"]), seed=9, replication=2)
    assert moves_in(first.logs[2]) == moves_in(later.logs[0]) == moves_in(alone.log)
    assert first.traces[2].states == alone.trace.states
    assert moves_in(first.logs[1]) != moves_in(first.logs[2])
    assert first.table()["case_id"][-len(alone.log) :] == later.table()["case_id"] == [f"old/2/{account}" for account in alone.log.account]
    assert repr(first).startswith("Journeys of 'old': 3 replications of 12 months from seed 9, ")


def test_replications_are_those_of_a_run_of_the_study(study):
    """Of one run, and of many: whatever is found in a table of theirs can be looked into here."""
    found = journeys(study, "new", replications=3, seed=4)
    ends = [Reader(study.lowered, trace).column("customers") for trace in found.traces]
    assert study.run(engine="events", seed=4)["new"]["customers"].tolist() == ends[0]
    assert study.run(draws=3, engine="events", seed=4)["new"]["customers"].tolist() == ends
    assert found.dt == 1 / 8


def test_the_step_is_that_of_the_study():
    study = fw.load("scenarios/early-stage.toml").with_values(market=800, hiring_time="0.1 months")
    for name in study.scenario.strategies:
        study = study.with_strategy(name, months=2)
    assert journeys(study).dt == study.run(engine="events").about.dt < 1 / 8
    assert journeys(study, dt=1 / 4).dt == 1 / 4


def test_a_dataframe_has_the_rows_of_the_logs(study):
    pandas = pytest.importorskip("pandas")
    found = journeys(study, replications=2)
    frame = found.to_dataframe(start=date(2027, 7, 1))
    assert len(frame) == sum(map(len, found.logs))
    assert frame["timestamp"].min() == pandas.Timestamp(2027, 7, 1)
    assert frame["timestamp"].dtype.kind == "M"
    assert (frame["outcome"] == "won").sum() == sum(log.activity.count("win") for log in found.logs)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_saved_whole(study, tmp_path, ending):
    pandas = pytest.importorskip("pandas")
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    found = journeys(study)
    file = tmp_path / f"journeys.{ending}"
    found.save(file)
    frame = pandas.read_csv(file) if ending == "csv" else pandas.read_parquet(str(file))
    assert frame["time"].tolist() == found.logs[0].time
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desks.toml", file.name]


def test_what_cannot_be_saved_or_run_is_refused(study, tmp_path):
    found = journeys(study)
    with pytest.raises(fw.UsageError, match="what kind of file"):
        found.save(tmp_path / "journeys.xlsx")
    with pytest.raises(fw.OutputError, match="cannot be written"):
        found.save(tmp_path / "nowhere" / "journeys.csv")
    for options in ({"replications": 0}, {"replications": 1.5}, {"first": -1}, {"seed": -1}, {"dt": 0}, {"strategy": "older"}):
        with pytest.raises(fw.UsageError) as caught:
            journeys(study, **options)
        assert caught.value.fix
    assert not list(tmp_path.glob("*.xlsx"))


def test_families_of_replications():
    study = fw.load("scenarios/early-stage.toml").with_values(market=1_500, asks="0.2/month").with_strategy("natural", months=12)
    first, second = journeys(study, "natural", replications=2).families()
    assert bringing_stocks(study.lowered) == {"advocates"}
    assert first.brought_by != second.brought_by
    assert len(first.brought_by) + len(second.brought_by) > 5
    assert min(first.by_generation[0], second.by_generation[0]) > 5
