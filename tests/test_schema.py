"""The JSON schema says what the reader says, and the templates run."""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

import flywheel_sim as fw
from flywheel_sim.cli.new import write_template
from flywheel_sim.errors import ScenarioError
from flywheel_sim.library import MODELS, Growth, find
from flywheel_sim.model import declaration
from flywheel_sim.scenario import read_scenario
from flywheel_sim.scenario.schema import schema_text
from flywheel_sim.units import read_quantity

HEAD = 'title = "Test"\nmodel = "growth"\nmonths = 60\n'
YEAR = 12


def read(body, head=HEAD):
    return read_scenario(head + body, "x.toml")[0]


def faults(body, head=HEAD):
    with pytest.raises(ScenarioError) as caught:
        read(body, head)
    return caught.value.faults


# The schema


SCHEMA = json.loads(schema_text())
VALIDATOR = Draft7Validator(SCHEMA)
HOME = Path(str(files("flywheel_sim.scenario")))


def errors_of(text):
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in VALIDATOR.iter_errors(tomllib.loads(text))]


def test_the_schema_is_fresh():
    shipped = (HOME / "scenario.schema.json").read_text("utf-8")
    assert shipped == schema_text(), "run: python -m flywheel_sim.scenario.schema > flywheel_sim/scenario/scenario.schema.json"


def test_the_schema_is_one():
    Draft7Validator.check_schema(SCHEMA)
    text = schema_text()
    for target in set(re.findall(r'"\$ref": "#/definitions/([^"]+)"', text)):
        assert target in SCHEMA["definitions"]
    assert "Infinity" not in text
    assert "NaN" not in text


def test_the_schema_accepts_the_shipped_scenarios(shipped):
    text = shipped.read_text("utf-8")
    assert errors_of(text) == []
    schema = shipped.parent / re.match(r"#:schema (\S+)\n", text)[1]
    assert json.loads(schema.read_text("utf-8")) == SCHEMA


def test_a_scenario_may_name_its_schema_as_a_key():
    scenario = read('"$schema" = "https://example.org/scenario.schema.json"\n[strategies.a]\n')
    assert scenario.title == "Test"
    assert errors_of(scenario.text) == []


GOOD = (
    HEAD
    + """
currency = "$"
baseline = "a"
compare = { by = "customers" }
[values]
price = "$25,000/year"
fit.cold = 0.05
churn = { low = 0.01, typical = "12 %/year", high = 0.02 }
margin = { mean = 0.8, deviation = "5 %", high = 0.9, distribution = "beta" }
asks = { median = 0.02, factor = 1.5, distribution = "lognormal" }
half = { values = ["$80k", 90_000], weights = [2, 1], distribution = "discrete" }
[[correlations]]
of = ["margin", "asks"]
rank = -0.4
[strategies.a]
off = ["referral"]
set = { budget = "$150k/month" }
split = { ads = 0.5, sellers = 0.5 }
[[strategies.a.moves]]
lever = "budget"
kind = "ramp"
at = 24
to = "$0/month"
over = "6 months"
[strategies.b]
like = "a"
moves = [{ lever = "split", kind = "step", at = 0, to = { ads = 1 } }]
"""
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("months = 60", "moths = 60"),
        ("months = 60", "months = 601"),
        ("months = 60", "months = 6.5"),
        ("months = 60", 'months = "60"'),
        ('title = "Test"', "title = 5"),
        ('title = "Test"', 'title = " "'),
        ('title = "Test"', 'title = "a\\u0007b"'),
        ('"growth"', '"growht"'),
        ('currency = "$"', 'currency = "euro"'),
        ('by = "customers"', 'by = "custommers"'),
        ('by = "customers"', 'by = "prospects"'),
        ('by = "customers"', 'by = "marginal_acquisition_cost"'),
        ("price", "prize"),
        ('price = "$25,000/year"', "price = true"),
        ('price = "$25,000/year"', "price = -3"),
        ('price = "$25,000/year"', 'price = "lots"'),
        ('price = "$25,000/year"', "budget = 100_000"),
        ("fit.cold", "fit.warm"),
        ("low = 0.01, ", ""),
        ("low = 0.01", "lowest = 0.01"),
        ('"beta"', '"bta"'),
        ('"beta"', '"normal"'),
        (', distribution = "beta"', ""),
        ("mean = 0.8, ", ""),
        ('"5 %"', "[1]"),
        ("factor = 1.5", "factor = 1"),
        ("factor = 1.5", 'factor = "1.5"'),
        ("factor = 1.5", "factor = 1e4"),
        ('["$80k", 90_000]', "[]"),
        ('["$80k", 90_000]', "90_000"),
        ("[2, 1]", "[2, -1]"),
        ("[2, 1]", '["2", 1]'),
        ("[[correlations]]", "[correlations]"),
        ('["margin", "asks"]', '["margin"]'),
        ('["margin", "asks"]', '"margin"'),
        ("rank = -0.4", "rank = -1"),
        ("rank = -0.4", "rank = true"),
        ("rank = -0.4", ""),
        ("rank = -0.4", "rank = -0.4\nnote = 'why'"),
        ("[strategies.a]\n", '[strategies."../../x"]\n'),
        ('["referral"]', '"referral"'),
        ('["referral"]', '["saturation"]'),
        ('["referral"]', '["R1"]'),
        ("set = { budget", "set = { bugdet"),
        ("set = { budget", "budget = 3\nset = { budget"),
        ('budget = "$150k/month"', "rigidity = 1.5"),
        ("ads = 0.5", "adds = 0.5"),
        ("ads = 0.5", "ads = 50"),
        ('lever = "budget"', 'lever = "churn"'),
        ('kind = "ramp"', 'kind = "rampe"'),
        ('kind = "ramp"', 'kind = "step"'),
        ('kind = "ramp"', 'kind = "pulse"'),
        ("at = 24", "at = -1"),
        ("at = 24\n", ""),
        ('over = "6 months"', "over = 0"),
        ('over = "6 months"', ""),
    ],
)
def test_what_the_schema_refuses_the_reader_refuses_too(old, new):
    assert errors_of(GOOD) == []
    read_scenario(GOOD)
    broken = GOOD.replace(old, new, 1)
    assert broken != GOOD
    assert errors_of(broken)
    with pytest.raises(ScenarioError):
        read_scenario(broken)


def test_the_schema_is_that_of_the_model_named():
    bass = 'title = "B"\nmodel = "bass"\nmonths = 6\n[values]\nmarket = 5000\n[strategies.a]\nset = { advertising = 1 }\n'
    assert errors_of(bass) == []
    assert errors_of(bass.replace('"bass"', '"growth"'))
    assert errors_of(bass.replace("market", "price"))
    assert errors_of(bass + "split = { ads = 1 }\n")
    assert errors_of(bass + 'off = ["referral"]\n')
    assert errors_of(bass + 'off = ["word_of_mouth"]\n') == []


SETTABLE = sorted(name for name, one in declaration(Growth).parameters.items() if one.role == "parameter")
STATED = st.one_of(
    st.floats(-10, 10),
    st.integers(0, 10**6),
    st.sampled_from(["5 %", "5 % a year", "$3", "$25k/year", "84 days", "10 accounts/month", "12", "0.02/month", "$90k", "3 items/month"]),
)
SPREAD = {"deviation": st.floats(0, 10) | STATED}
UNCERTAIN = st.one_of(
    st.fixed_dictionaries(
        {"low": STATED, "typical": STATED, "high": STATED}, optional={"distribution": st.sampled_from(["pert", "triangular"])}
    ),
    st.fixed_dictionaries({"low": STATED, "high": STATED, "distribution": st.just("uniform")}),
    st.fixed_dictionaries({"mean": STATED, **SPREAD, "distribution": st.just("normal")}),
    st.fixed_dictionaries({"median": STATED, "factor": st.floats(0, 2000), "distribution": st.just("lognormal")}),
    st.fixed_dictionaries({"mean": STATED, **SPREAD, "distribution": st.just("beta")}, optional={"low": STATED, "high": STATED}),
    st.fixed_dictionaries(
        {"values": st.lists(STATED, max_size=3), "distribution": st.just("discrete")},
        optional={"weights": st.lists(st.integers(-1, 5), max_size=3)},
    ),
)


@settings(max_examples=300)
@given(st.sampled_from(SETTABLE), STATED | UNCERTAIN)
def test_what_the_reader_accepts_the_schema_accepts(name, value):
    written = (
        json.dumps(value)
        if not isinstance(value, dict)
        else f"{{ {', '.join(f'{key} = {json.dumps(one)}' for key, one in value.items())} }}"
    )
    text = f"{HEAD}[values]\n{name} = {written}\n[strategies.a]\nset = {{ {name} = {written} }}\n"
    try:
        read_scenario(text)
    except ScenarioError:
        return
    assert errors_of(text) == []


def seen_by_editors(node, path):
    """The schemas of a path, found as TOML language servers find them: not through if, then and else."""
    if "$ref" in node:
        return seen_by_editors(SCHEMA["definitions"][node["$ref"].removeprefix("#/definitions/")], path)
    found = [one for part in ("anyOf", "oneOf", "allOf") for inner in node.get(part, ()) for one in seen_by_editors(inner, path)]
    if not path:
        return [*found, *([] if "allOf" in node else [node])]
    key, *rest = path
    inner = node.get("items") if isinstance(key, int) else node.get("properties", {}).get(key, node.get("additionalProperties"))
    return found + (seen_by_editors(inner, rest) if isinstance(inner, dict) else [])


def paths_in(data, path=()):
    yield path
    if isinstance(data, dict | list):
        for key, inner in data.items() if isinstance(data, dict) else enumerate(data):
            yield from paths_in(inner, (*path, key))


def test_an_editor_can_show_what_every_key_means(shipped):
    for path in paths_in(
        tomllib.loads(
            shipped.read_text("utf-8")
            + "\n[[strategies.flywheel.moves]]\nlever='budget'\nkind='step'\nat=1\nto=0\n[[correlations]]\nof=['a','b']\nrank=0\n"
        )
    ):
        if path and isinstance(path[-1], str):
            assert any(one.get("description") for one in seen_by_editors(SCHEMA, path)), path


def test_what_an_editor_shows_of_a_parameter():
    (price,) = [one for one in seen_by_editors(SCHEMA, ["values", "price"]) if "description" in one]
    source = declaration(Growth).parameters["price"].source
    assert price["description"] == (
        f"What a new customer pays (in $/account/month).\n\nDefault $2,083.33/account/month, plausible 800 to 4,200.\n\nSource: {source}."
    )
    (fit,) = [one for one in seen_by_editors(SCHEMA, ["values", "fit"]) if "description" in one]
    assert "cold: default 0.065, plausible 0.025 to 0.13." in fit["description"]
    for name, model in {known: declaration(find(known)) for known in MODELS}.items():
        for parameter in model.parameters.values():
            assert parameter.role == "split" or f"{name}.{model.names[parameter]}" in SCHEMA["definitions"]


# The templates


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_there_is_a_template_for_every_model():
    assert {path.stem for path in (HOME / "templates").glob("*.toml")} == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.usefixtures("in_folder")
def test_a_template_runs_as_it_is(model):
    assert write_template("a-new_one", model) == "a-new_one.toml"
    text = Path("a-new_one.toml").read_text("utf-8")
    assert not re.search("@[A-Z]+@", text)
    assert "flywheel run a-new_one.toml" in text
    assert errors_of(text) == []
    found = fw.load("a-new_one.toml")
    assert found.scenario.title == "A new one"
    assert found.scenario.warnings == ()
    result = found.run()
    assert "wins over" in result.verdict
    assert Path(re.match(r"#:schema file://(\S+)\n", text)[1]) == HOME / "scenario.schema.json"


@pytest.mark.parametrize("model", MODELS)
def test_what_a_template_has_in_remarks_works_too(model):
    text = (HOME / "templates" / f"{model}.toml").read_text("utf-8")
    switched_on = re.sub(r"^# (\[\[|\w+ += )", r"\1", text, flags=re.MULTILINE)
    assert switched_on != text
    before, after = read_scenario(text)[0], read_scenario(switched_on)[0]
    assert (before.warnings, after.warnings) == ((), ())
    assert before.by is None
    assert after.by is not None
    if model == "growth":
        assert before.strategies["flywheel"].moves == ()
        assert after.strategies["flywheel"].moves[0].at == 24
    result = fw.Study(after, find(model)).run()
    assert result.comparison["by"] == after.by


def test_the_growth_template_shows_what_there_is():
    text = (HOME / "templates" / "growth.toml").read_text("utf-8")
    scenario, _ = read_scenario(text)
    assert list(scenario.strategies) == ["funnel", "natural", "flywheel"]
    assert scenario.strategies["natural"].off == ()
    assert any(value.between for value in scenario.values.values())
    assert any(label for _, label in scenario.values)
    assert scenario.values["price", None].typical == read_quantity(
        "$25,000/year", declaration(Growth).units["price"], counts=frozenset({"account"})
    )
    assert len(text.splitlines()) < 60
    assert max(map(len, text.splitlines())) < 160
