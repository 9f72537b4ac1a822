"""The commands ``explain`` and ``optimize``: what they print and write, what they refuse, and that files come whole or not at all."""

import json
import tomllib

import pytest
from commanding import contents
from explained import ALONE, SHOP, Bare, Shop

import flywheel_sim as fw
from flywheel_sim.charts import Chart
from flywheel_sim.cli import explain as explaining
from flywheel_sim.cli import optimize as optimizing
from flywheel_sim.cli.folder import write_folder
from flywheel_sim.errors import OutputError, UsageError
from flywheel_sim.study.optimize import optimize

CHARTS = ("waterfall", "loop_shares", "coast", "holding", "tornado", "regime", "plan")
PICTURES = {f"{name}.{kind}" for name in CHARTS for kind in ("png", "svg")}
EXPLAINED = PICTURES | {"explanation.json", "explanation.txt"}
INVESTED = {"investment.json", "investment.txt", "investment.png", "investment.svg"}


@pytest.fixture
def shop(place, monkeypatch):
    """A folder with the scenario of a small shop, on a model that is not of the library, and charts that take no time."""
    models = {"shop.toml": Shop, "alone.toml": Shop, "bare.toml": Bare}

    def load(file):
        return fw.load(file, models.get(str(file)))

    for module in (explaining, optimizing):
        monkeypatch.setattr(module, "load", load)
    monkeypatch.setattr(Chart, "images", lambda chart: (b"a picture", "\n".join((chart.title, *chart.footer)).encode()))
    monkeypatch.setenv("COLUMNS", "90")
    for name, text in (("shop.toml", SHOP), ("alone.toml", ALONE), ("bare.toml", ALONE)):
        (place / name).write_text(text, "utf-8")
    return place


def in_one_line(text):
    """Words as they were before lines were broken, at hyphens too."""
    return " ".join(text.split()).replace("- ", "-")


def one_object(told, *arguments):
    """What is printed with ``--json``: one line, without NaN."""
    code, out, _ = told(*arguments, "--json")
    assert code == 0
    assert out.count("\n") == 1

    def refuse(word):
        raise AssertionError(word)

    return json.loads(out, parse_constant=refuse)


# Explain


def test_the_page_is_printed(shop, told):
    code, out, err = told("explain", "shop.toml")
    assert (code, err) == (0, "")
    found = fw.load(shop / "shop.toml", Shop).explain()
    assert in_one_line(out) == in_one_line(found.text)
    assert max(map(len, out.splitlines())) <= 90
    assert [line for line in out.splitlines() if line in {one.title for one in found.sections}] == [one.title for one in found.sections]


def test_the_object_is_the_explanation(shop, told):
    found = one_object(told, "explain", "shop.toml", "--challenger", "rich", "--draws", "8", "--seed", "3")
    assert found == json.loads(json.dumps(fw.load(shop / "shop.toml", Shop).explain("rich", draws=8, seed=3).as_json()))
    assert (found["strategy"], found["draws"], found["seed"]) == ("rich", 8, 3)


def test_the_folder_has_the_page_the_numbers_and_the_charts(shop, told):
    code, out, err = told("explain", "shop.toml", "--out", "why")
    assert code == 0
    files = contents(shop / "why")
    assert set(files) == EXPLAINED
    assert "wrote 16 files to why" in err
    assert in_one_line(files["explanation.txt"].decode()) == in_one_line(out)
    recorded = json.loads(files["explanation.json"])
    assert set(recorded["files"]) == EXPLAINED - {"explanation.json"}
    assert recorded["sections"] == one_object(told, "explain", "shop.toml")["sections"]
    for name in PICTURES:
        if name.endswith(".svg"):
            assert b"Reproduce: flywheel explain shop.toml --out why" in files[name], name


def test_the_command_in_the_footer_asks_the_same():
    options = explaining.ExplainOptions("a b", 8, 3, as_json=True, out="o")
    assert options.command("x y.toml") == "flywheel explain 'x y.toml' --challenger 'a b' --draws 8 --seed 3 --out o"
    plain = explaining.ExplainOptions(None, None, 0, as_json=False, out=None)
    assert plain.command("x.toml") == "flywheel explain x.toml"


def test_the_same_command_writes_the_same_again(shop, told):
    first = told("explain", "shop.toml", "--out", "why")
    before = contents(shop / "why")
    assert told("explain", "shop.toml", "--out", "why") == first
    assert contents(shop / "why") == before


def test_only_what_there_is_is_drawn(shop, told):
    told("explain", "shop.toml", "--out", "why")
    code, _, _ = told("explain", "bare.toml", "--out", "why")
    assert code == 0
    drawn = {"loop_shares.png", "loop_shares.svg", "explanation.json", "explanation.txt"}
    assert set(contents(shop / "why")) == drawn  # what the first one drew is gone


def test_files_of_others_are_not_lost(shop, told):
    place = shop / "why"
    place.mkdir()
    (place / "plan.png").write_bytes(b"mine")
    code, _, err = told("explain", "shop.toml", "--out", "why")
    assert code == 2
    assert "holds plan.png, which this command did not write" in err
    assert contents(place) == {"plan.png": b"mine"}


def test_what_cannot_be_meant_exits_with_2(shop, told):
    (shop / "file").write_text("")
    for arguments, cause in (
        (("none.toml",), "there is no file"),
        (("shop.toml", "--challenger", "plain"), "no strategy 'plain' beside the baseline"),
        (("shop.toml", "--draws", "0"), "0 is not in the range"),
        (("shop.toml", "--seed", "-1"), "-1 is not in the range"),
        (("shop.toml", "--out", "file"), "is no folder"),
        (("alone.toml", "--challenger", "only"), "no strategy 'only'"),
    ):
        code, out, err = told("explain", *arguments)
        assert (code, out) == (2, ""), arguments
        assert cause in err


def test_help_says_what_there_is(told):
    for command in ("explain", "optimize"):
        code, out, _ = told(command, "--help")
        assert code == 0
        assert "--json" in out
        assert "--out" in out
    assert "explain" in told("--help")[1]


# Folders


def test_a_folder_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    place = tmp_path / "new" / "deep"

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("flywheel_sim.cli.folder.write_files", fail)
    with pytest.raises(OutputError, match="No space left"):
        write_folder(str(place), {"a.txt": b"a"}, "record.json", {})
    assert not (tmp_path / "new").exists()


def test_what_was_written_before_and_changed_since_is_kept(tmp_path):
    write_folder(str(tmp_path), {"a.txt": b"a", "b.txt": b"b"}, "record.json", {"x": 1})
    (tmp_path / "a.txt").write_bytes(b"changed")
    with pytest.raises(UsageError, match=r"holds a\.txt, which this command did not write or somebody has changed since"):
        write_folder(str(tmp_path), {"a.txt": b"new"}, "record.json", {})
    (tmp_path / "a.txt").write_bytes(b"a")
    assert write_folder(str(tmp_path), {"a.txt": b"new"}, "record.json", {}) == ["a.txt", "record.json"]
    assert contents(tmp_path).keys() == {"a.txt", "record.json"}
    assert json.loads((tmp_path / "record.json").read_text())["files"].keys() == {"a.txt"}


def test_a_record_of_somebody_else_is_kept(tmp_path):
    (tmp_path / "record.json").write_text("mine")
    with pytest.raises(UsageError, match=r"holds record\.json"):
        write_folder(str(tmp_path), {"a.txt": b"a"}, "record.json", {})
    assert contents(tmp_path) == {"record.json": b"mine"}


# Optimize


def planned(shop, **options):
    return optimize(fw.load(shop / "shop.toml", Shop), **options)


def test_the_plan_is_printed_with_a_table_of_shares(shop, told):
    code, out, err = told("optimize", "shop.toml", "--periods", "2")
    assert (code, err) == (0, "")
    plan = planned(shop, periods=2)
    assert in_one_line(" ".join(plan.sentences)) in in_one_line(out)
    rows = [line.split() for line in out.splitlines()]
    assert ["months", "today", "0–6", "6–12"] in rows
    for outlet, today in (("ads", "80"), ("care", "20")):
        assert [outlet, today, *(f"{100 * row[outlet]:.0f}" for row in plan.shares)] in rows
    assert "What the next $1,000 in one outlet and period betters, in customers" in out
    assert ["ads", *(f"{1000 * row['ads']:.2f}" for row in plan.marginal)] in rows
    assert ["spent", "a", "month", "$10.0k", "$10.0k"] in rows


def test_the_object_is_the_plan(shop, told):
    arguments = ["--strategy", "plain", "--maximise", "cash", "--periods", "1", "--floor", "ads=30 %", "--cap", "care=0.6", "--seed", "2"]
    found = one_object(told, "optimize", "shop.toml", *arguments)
    plan = planned(shop, strategy="plain", maximise="cash", periods=1, floors={"ads": 0.3}, caps={"care": 0.6}, seed=2)
    assert {name: value for name, value in found.items() if name not in {"scenario", "model"}} == json.loads(json.dumps(plan.as_json()))
    assert found["scenario"] == "A shop & its <customers>"


def test_money_and_draws_are_understood(shop, told):
    free = ["--total", "free", "--floor", "budget=$5k/month", "--cap", "budget=12000", "--cash-floor", "-$500k", "--periods", "1"]
    found = one_object(told, "optimize", "shop.toml", *free, "--of", "mean", "--draws", "8")
    options = {"total": "free", "floors": {"budget": 5000}, "caps": {"budget": 12000}, "cash_floor": -500_000, "periods": 1}
    plan = planned(shop, **options, of="mean", draws=8)
    assert (found["budget"], found["best"], found["draws"]) == (list(plan.budget), plan.best, 8)
    assert 5000 <= found["budget"][0] <= 12000
    code, out, _ = told("optimize", "shop.toml", *free)
    assert code == 0
    assert any(line.split()[:2] == ["to", "spend"] for line in out.splitlines() if line.strip())


def test_no_plan_is_said(shop, told):
    code, out, _ = told("optimize", "shop.toml", "--cash-floor", "0", "--maximise", "customers", "--periods", "1", "--strategy", "broke")
    assert code == 2
    text = SHOP.replace("set = { price = 90 }", "set = { price = 50, budget = 50000 }")
    (shop / "shop.toml").write_text(text)
    code, out, _ = told("optimize", "shop.toml", "--cash-floor", "0", "--periods", "1", "--strategy", "rich")
    assert code == 0
    assert "No plan keeps cash above $0" in out
    assert "Shares" not in out
    code, out, err = told("optimize", "shop.toml", "--cash-floor", "0", "--periods", "1", "--strategy", "rich", "--save", "plan.toml")
    assert (code, out) == (2, "")
    assert "there is no plan" in err
    assert not (shop / "plan.toml").exists()


def test_a_split_that_moves_is_shown_beside(shop, told):
    moves = '\n[[strategies.middling.moves]]\nlever = "split"\nkind = "step"\nat = 6\nto = { ads = 0.5, care = 0.5 }\n'
    (shop / "shop.toml").write_text(SHOP + moves)
    _, out, _ = told("optimize", "shop.toml", "--periods", "2", "--strategy", "middling")
    plan = planned(shop, periods=2, strategy="middling")
    first, second = (f"{100 * row['ads']:.0f}" for row in plan.shares)
    assert any(line.split() == ["ads", "65", first, "(80)", second, "(50)"] for line in out.splitlines())


@pytest.mark.usefixtures("shop")
def test_a_narrow_table_comes_in_parts(told, monkeypatch):
    wide = told("optimize", "shop.toml", "--periods", "6")[1]
    assert wide.count("Shares of the budget") == 1
    monkeypatch.setenv("COLUMNS", "40")
    out = told("optimize", "shop.toml", "--periods", "6")[1]
    assert out.count("Shares of the budget") > 1
    assert max(map(len, out.splitlines())) <= 40
    heads = [part for line in out.splitlines() for part in line.split() if "–" in part]
    spans = [f"{start}–{start + 2}" for start in range(0, 12, 2)]
    assert heads == [*spans, *spans]  # of shares, and of what the next money betters


def test_the_plan_becomes_a_scenario(shop, told):
    code, _, err = told("optimize", "shop.toml", "--periods", "2", "--save", "better.toml")
    assert code == 0
    assert "wrote better.toml with the strategy plan; run it with: flywheel run better.toml" in err
    text = (shop / "better.toml").read_text("utf-8")
    assert text.startswith(SHOP.rstrip())
    assert tomllib.loads(text)["strategies"]["plan"]["like"] == "middling"
    plan = planned(shop, periods=2)
    ends = fw.load(shop / "better.toml", Shop).run()["plan"]["customers"][-1]
    assert ends == pytest.approx(plan.best, rel=1e-6)


def test_a_name_that_is_taken_is_counted_on(shop, told):
    told("optimize", "shop.toml", "--periods", "1", "--save", "one.toml")
    (shop / "shop.toml").write_text((shop / "one.toml").read_text())
    _, _, err = told("optimize", "shop.toml", "--periods", "1", "--strategy", "rich", "--save", "two.toml")
    assert "with the strategy plan_2" in err
    assert set(fw.load(shop / "two.toml", Shop).scenario.strategies) == {"plain", "rich", "middling", "plan", "plan_2"}


def test_nothing_is_overwritten(shop, told, monkeypatch):
    (shop / "there.toml").write_text("mine")
    (shop / "link.toml").symlink_to(shop / "nowhere.toml")

    def never(*_, **__):
        raise AssertionError("it is refused before anything is computed")

    monkeypatch.setattr(fw.Study, "optimize", never, raising=False)
    for name, cause in (
        ("there.toml", "is there already"),
        ("link.toml", "is there already"),
        ("shop.toml", "is there already"),
        ("plan.txt", "is no name of a scenario"),
        ("no/plan.toml", "there is no folder 'no'"),
    ):
        code, out, err = told("optimize", "shop.toml", "--save", name)
        assert (code, out) == (2, ""), name
        assert cause in err
    assert (shop / "there.toml").read_text() == "mine"
    assert not (shop / "nowhere.toml").exists()


@pytest.mark.usefixtures("shop")
def test_a_disk_that_is_full_leaves_no_scenario(told, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(optimizing, "write_files", fail)
    code, out, err = told("optimize", "shop.toml", "--periods", "1", "--save", "plan.toml")
    assert (code, out) == (1, "")
    assert "plan.toml cannot be written: No space left" in err


def test_a_folder_for_a_plan(shop, told):
    code, out, _ = told("optimize", "shop.toml", "--periods", "2", "--floor", "ads=0.2", "--out", "plans")
    assert code == 0
    files = contents(shop / "plans")
    assert set(files) == INVESTED
    written = files["investment.txt"].decode()
    plan = planned(shop, periods=2, floors={"ads": 0.2})
    assert in_one_line(" ".join(plan.sentences)) in in_one_line(written)
    rows = [line.split() for line in written.splitlines()]
    assert ["care", "20", *(f"{100 * row['care']:.0f}" for row in plan.shares)] in rows
    assert all(row in rows for row in (line.split() for line in out.splitlines()) if row[:1] == ["ads"])
    assert json.loads(files["investment.json"])["gain"] == plan.gain
    assert b"Reproduce: flywheel optimize shop.toml --periods 2 --floor ads=0.2 --out plans" in files["investment.svg"]


def test_the_command_of_a_plan_asks_the_same():
    options = optimizing.OptimizeOptions(
        "a", "cash", 2, "mean", 8, 3, ("ads=0.1",), ("care=1",), "-$5", "free", "s.toml", as_json=True, out="o"
    )
    assert options.command("x.toml") == (
        "flywheel optimize x.toml --strategy a --maximise cash --periods 2 --of mean --draws 8 --seed 3 --floor ads=0.1 --cap care=1 "
        "--cash-floor '-$5' --total free --out o"
    )


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--strategy", "nobody"], "there is no strategy 'nobody'"),
        (["--maximise", "fame"], "there is no series 'fame'"),
        (["--periods", "0"], "0 is not in the range"),
        (["--periods", "13"], "periods=13"),
        (["--of", "best"], "of='best' is nothing that can be best"),
        (["--floor", "ads"], "--floor 'ads' is not LEVER=SHARE"),
        (["--floor", "ads=much"], "'much' is not a quantity"),
        (["--floor", "ads=nan"], "no number"),
        (["--floor", "ads=0.1", "--floor", "ads=0.2"], "said twice of 'ads'"),
        (["--cap", "adds=0.1"], "did you mean 'ads'?"),
        (["--cap", "ads=2"], "shares are from 0 to 1"),
        (["--floor", "ads=0.7", "--floor", "care=0.7"], "more than the whole budget"),
        (["--cash-floor", "low"], "'low' is not a quantity"),
        (["--cash-floor", "inf"], "no amount"),
        (["--total", "half"], "'half' is not one of"),
        (["--out", "shop.toml"], "is no folder"),
    ],
)
def test_what_cannot_be_meant_of_a_plan_exits_with_2(shop, told, arguments, cause):
    code, out, err = told("optimize", "shop.toml", *arguments)
    assert (code, out) == (2, "")
    assert cause in err
    assert contents(shop).keys() == {"small.toml", "shop.toml", "alone.toml", "bare.toml"}


@pytest.mark.usefixtures("shop")
def test_a_model_without_a_split_has_no_plan(told):
    code, out, err = told("optimize", "bare.toml")
    assert (code, out) == (2, "")
    assert "Bare has no split to decide" in err
    assert "help:" in err
