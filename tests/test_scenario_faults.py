"""Broken scenario files: every fault at once, each with its cause, its place and what to write instead."""

import re
import resource
import subprocess
import sys
import time
import unicodedata

import pytest
from broken import ALL, BARE, GOOD, sub, top, values
from hypothesis import given, settings
from hypothesis import strategies as st

from flywheel_sim.cli import main
from flywheel_sim.errors import ScenarioError, UsageError
from flywheel_sim.scenario import load_scenario, read_scenario
from flywheel_sim.scenario.fault import plain
from flywheel_sim.scenario.locate import token
from flywheel_sim.scenario.read import LARGEST


def report_on(text):
    """What is said of a broken file."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, "x.toml")
    return str(caught.value), caught.value.faults


def faults_in(report):
    """The faults of a report: place, cause, remedy."""
    found = re.findall(r"^error: (.*)\n *--> x\.toml:(\d+:\d+)\n.*\n.*\n.*\^(?:\n *= help: (.*))?", report, re.MULTILINE)
    return [(place, cause, fix) for cause, place, fix in found]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in ALL], ids=[case[0] for case in ALL])
def test_every_fault_says_what_where_and_what_to_write(text, expected):
    report, causes = report_on(text)
    found = faults_in(report)
    assert [place for place, _, _ in found] == [place for place, _, _ in expected], report
    for (_, cause, fix), (_, words, remedy) in zip(found, expected, strict=True):
        assert words in cause
        assert remedy in fix
        assert fix, "every fault has a remedy"
    assert len(causes) == len(expected)
    assert report.endswith(f"{len(expected)} {'fault' if len(expected) == 1 else 'faults'} in x.toml; nothing was run.")


def columns(text):
    """How many columns of a terminal a shown text takes."""
    return sum(0 if unicodedata.category(c) in {"Mn", "Me"} else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def assert_caret_in_place(text, report, marks=None):
    """The line is shown as it is, and the caret stands under the column that is named."""
    found = re.findall(r"--> x\.toml:(\d+):(\d+)\n *\|\n *(\d+) \|(?: (.*))?\n *\|( *)(\^+)", report)
    assert found
    for line, column, shown_line, shown, gap, caret in found:
        whole = text.split("\n")[int(line) - 1].rstrip("\r")
        assert shown_line == line
        assert shown == plain(whole[: len(shown)]).rstrip() or "…" in shown
        if "…" not in shown:
            assert len(gap) == 1 + columns(plain(whole[: int(column) - 1]))
            assert len(gap) - 1 + len(caret) <= max(columns(shown), len(gap))
        if marks is not None:
            start = len(gap) - 1
            assert shown[start : start + len(caret)] == marks


@pytest.mark.parametrize("text", [case[1] for case in ALL], ids=[case[0] for case in ALL])
def test_the_caret_stands_under_the_fault(text):
    assert_caret_in_place(text, report_on(text)[0])


@pytest.mark.parametrize(
    ("before", "what"),
    [("", "nothing"), ("\t\t", "tabs"), ("顧客テスト", "wide characters"), ("e\N{COMBINING ACUTE ACCENT}", "an accent of its own"), ("ＡＢ", "wide letters"), ("😀👍", "pictures"), ("\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}", "other spaces"), ("\x7f", "a control character in a remark")],
    ids=lambda value: value if value.isascii() and value.isprintable() and " " in value else None,
)  # fmt: skip
def test_the_caret_stands_under_the_fault_behind(before, what):
    """A caret is right when the text above it is; terminals give wide characters two columns."""
    text = values(f'price = {{ low = "{before}", typical = 2, high = 3 }}') if before != "\x7f" else top("moths = 1")
    report, _ = report_on(text)
    assert_caret_in_place(text, report)
    assert "�" not in report, what


# Through the real command


@pytest.mark.parametrize("text", [case[1] for case in ALL], ids=[case[0] for case in ALL])
def test_the_command_ends_with_2_and_says_all_on_standard_error(text, tmp_path, capsys):
    file = tmp_path / "x.toml"
    file.write_bytes(text.encode())
    for command in ("check", "run"):
        assert main([command, str(file)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(("error: ", "warning: "))
        assert re.search(rf"--> {re.escape(str(file))}:\d+:\d+\n", err)
        assert "Traceback" not in err


@pytest.mark.parametrize("name", ["misspelt top", "quotes2", "start negative", "wide"])
def test_the_same_in_a_process_of_its_own(name, tmp_path):
    (text,) = [case[1] for case in ALL if case[0] == name]
    (tmp_path / "x.toml").write_text(text, "utf-8")
    for command in ("check", "run"):
        done = subprocess.run(
            [sys.executable, "-c", "import sys; from flywheel_sim.cli import main; sys.exit(main())", command, "x.toml"],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.strip() == report_on(text)[0]


# Many faults at once


def test_all_faults_of_a_file_are_told_in_its_order():
    text = """\
title = "a\\u0007b"
model = "growth"
months = "60"
currency = "%"
baseline = "funel"
compare = { by = "custommers" }

[values]
prize = "$25,000/year"
price = $25,000/year
churn = "12 %"
margin = 79
fit.refered = 0.5
asks = { low = 0.05, typical = 0.01, high = 0.06 }

[strategies.funnel]
off = ["R1", "saturation", "wombat"]
set = { bugdet = "$1/month", rigidity = true }
split = { ads = 0.5, selers = 0.5 }

[strategies.Funnel]
like = "x"
split = { ads = 0.5 }

[[strategies.Funnel.moves]]
lever = "churn"
kind = "ramp"
at = -3
to = 1
"""
    report, causes = report_on(text)
    places = [tuple(map(int, place.split(":"))) for place, _, _ in faults_in(report)]
    assert places == sorted(places)
    assert [line for line, _ in places] == [1, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 17, 17, 17, 18, 18, 19, 21, 22, 23, 26, 28]
    assert len(causes) == len(places)


def test_a_flood_of_faults_is_cut_short():
    off = ", ".join(f'"x{number}"' for number in range(60))
    report, causes = report_on(sub('["referral"]', f"[{off}]"))
    assert len(causes) == 60
    assert report.count("error: ") == 50
    assert report.endswith("... and 10 more\n\n60 faults in x.toml; nothing was run.")


def test_a_strategy_that_others_are_like_is_told_of_once():
    text = GOOD.replace('"$150k/month"', '"$150k"') + '[strategies.third]\nlike = "flywheel"\n'
    assert len(report_on(text)[1]) == 1


# Too much of everything


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (values("price = 1" + "0" * 400), "6:9", "is a number out of all bounds"),
        (values("price = 0x" + "f" * 5000), "6:9", "is a number out of all bounds"),
        (values("price = 1e16"), "6:9", "is the number 1e+16, which is no number to plan with"),
        (values("price = " + "1" * 5000), "6:9", "this number is too long"),
        (sub("60", "0x" + "f" * 200), "3:10", "'months' is a number out of all bounds"),
        (sub("Test", "x" * 201), "1:9", "'title' has 201 characters, more than 200"),
        (sub('off = ["referral"]', f'note = "{"x" * 1001}"'), "14:8", "has 1001 characters, more than 1000"),
        (values("x" * 5000 + " = 1"), "6:1", "the model has no parameter 'xxxxxxxxxx"),
        (BARE + "".join(f"[strategies.s{number}]\n" for number in range(21)), "4:2", "there are 21 strategies, more than 20"),
        (
            BARE.replace("6", "600")
            + "[strategies.a]\n"
            + "".join(f'[[strategies.a.moves]]\nlever="budget"\nkind="step"\nat={number}\nto=0\n' for number in range(101)),
            "5:3",
            "there are 101 moves, more than 100",
        ),
        (
            BARE + "[strategies.a]\n" + "[[correlations]]\nof = ['a', 'b']\nrank = 0\n" * 201,
            "5:3",
            "there are 201 correlations, more than 200",
        ),
        ("a = " + "[" * 50_000, "1:45", "this is nested too deeply"),
        ("a = " + "{ b = " * 5_000, "1:245", "this is nested too deeply"),
        (".".join(["a"] * 50_000) + " = 1", "1:1", "more points than a key or number needs"),
        ("[" + ".".join(["a"] * 50_000) + "]", "1:1", "more points than a key or number needs"),
    ],
)
def test_too_much_is_refused_at_once(text, place, words):
    start = time.perf_counter()
    report, _ = report_on(text)
    assert time.perf_counter() - start < 5
    ((found, cause, _),) = faults_in(report)
    assert (found, words in cause) == (place, True), report
    assert len(report) < 1500


@pytest.mark.parametrize("depth", [30, 100, 200, 250, 300, 330, 400])
def test_every_depth_is_refused_with_a_place(depth):
    report, _ = report_on(values("price = " + "[" * depth + "]" * depth))
    assert re.search(r"--> x\.toml:6:\d+\n", report)


def test_a_fault_at_the_end_of_a_long_line():
    """The part of the line around it is shown, and the caret is under it."""
    many = ", ".join(['"referral"'] * 400)
    text = sub('["referral"]', f'[{many}, "wombat"]')
    report, _ = report_on(text)
    line = text.split("\n")[13]
    assert len(line) > 4_500
    column = line.index('"wombat"') + 1
    assert f"--> x.toml:14:{column}\n" in report
    shown, caret = re.search(r"14 \| (… .*)\n +\| ( *\^+)", report).groups()
    assert len(shown) < 130
    assert shown[caret.index("^") : len(caret)] == '"wombat"'


# Files


def refused(path, *words):
    with pytest.raises(UsageError) as caught:
        load_scenario(path)
    for word in words:
        assert word in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    refused(tmp_path / "x.toml", "there is no file", "help: write one with: flywheel new")
    refused(tmp_path / "mine", "there is no file", "help: is it called mine.toml?")


def test_a_folder(tmp_path):
    refused(tmp_path, "is a directory", "help: name a scenario file in it")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "y/" * 3000])
def test_a_name_that_no_file_has(name):
    refused(name, "cannot be read")


def test_a_file_that_is_not_there_may_be_meant_otherwise(tmp_path):
    (tmp_path / "saas.toml").write_text(GOOD)
    refused(tmp_path / "sass.toml", f"did you mean {tmp_path / 'saas'}.toml?")
    refused(tmp_path / "quite-another.toml", "write one with: flywheel new NAME")
    refused(tmp_path / "saas", "is it called saas.toml?")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", forbidden)
    refused(tmp_path / "x.toml", "x.toml cannot be read: Permission denied")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (GOOD.encode("utf-16"), "UTF-16"),
        (GOOD.encode("utf-16-le"), "UTF-16"),
        (GOOD.encode("utf-16-be"), "UTF-16"),
        (b"\x00\x01\x02\x03", "no text at all"),
    ],
)
def test_a_file_that_is_not_utf_8(raw, words, tmp_path):
    file = tmp_path / "x.toml"
    file.write_bytes(raw)
    refused(file, words, f"--> {file}:1:1\n", "help: save the file as UTF-8")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_character_of_another_encoding(mark, tmp_path):
    file = tmp_path / "x.toml"
    file.write_bytes(mark + sub("Test", "Größe").encode("latin-1"))
    message = refused(file, "this is not UTF-8 text", f"--> {file}:1:12\n", "help: save the file as UTF-8")
    assert '1 | title = "Gr��e"\n  |            ^' in message


def test_a_file_of_one_mebibyte_is_read_and_no_larger_one(tmp_path):
    file = tmp_path / "x.toml"
    filled = GOOD.encode() + b"# " + b"x" * (LARGEST - len(GOOD.encode()) - 3) + b"\n"
    assert len(filled) == 1 << 20
    file.write_bytes(filled)
    assert load_scenario(file)[0].title == "Test"
    for raw in (filled + b"\n", filled * 2):
        file.write_bytes(raw)
        refused(file, "is larger than 1 MiB")


def test_a_mark_of_byte_order_and_foreign_line_ends_are_read(tmp_path):
    file = tmp_path / "x.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert list(load_scenario(file)[0].strategies) == ["funnel", "flywheel"]
    file.write_bytes(b"\xef\xbb\xbf" + top("moths = 3").replace("\n", "\r\n").encode())
    assert "4 | moths = 3\n  | ^^^^^\n" in refused(file, f"--> {file}:4:1\n")
    file.write_bytes(b"\xef\xbb\xbf" + sub("funnel]", "funnel").replace("\n", "\r\n").encode())
    refused(file, f"--> {file}:8:1\n")
    file.write_bytes(b"\xef\xbb\xbfmoths = 3\r\n")
    refused(file, f"--> {file}:1:1\n")


# Anything at all


def pieces_of(text):
    """A text as tokens and what is between them."""
    found, end = [], 0
    for match in token().finditer(text):
        found += [text[end : match.start()], match[0]]
        end = match.end()
    return [*found, text[end:]]


def assert_read_or_refused(text):
    """Success, or faults each of which has a place in the file; never anything else."""
    try:
        scenario, _ = read_scenario(text, "x.toml")
    except ScenarioError as error:
        refusal = error
    else:
        assert scenario.strategies
        return True
    places = re.findall(r"^ *--> x\.toml:(\d+):(\d+)$", str(refusal), re.MULTILINE)
    assert places
    assert refusal.faults
    lines = text.split("\n")
    assert all(int(line) <= len(lines) and int(column) <= len(lines[int(line) - 1]) + 1 for line, column in places)
    return False


NEW = st.sampled_from(["[", "]", "{", "}", "=", ",", "\n", '"', "'", '"""', "#", "1", "-1", "nan", "0.5", "true", "1979-05-27", "wombat", '"growth"', '"bass"', '"5 %"', '"$1/month"', "split", "values", "[[", "]]", "€", "\r", "\0", "\\", "like", "moves", '"funnel"', "[]", "{}"])  # fmt: skip


@st.composite
def mutations(draw, pieces):
    made = list(pieces)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(made) - 1))
        match draw(st.sampled_from(["delete", "double", "replace", "insert", "swap", "cut"])):
            case "delete":
                del made[at]
            case "double":
                made.insert(at, made[at])
            case "replace":
                made[at] = draw(NEW)
            case "insert":
                made.insert(at, draw(NEW))
            case "swap":
                other = draw(st.integers(0, len(made) - 1))
                made[at], made[other] = made[other], made[at]
            case "cut":
                made[at] = made[at][: len(made[at]) // 2]
        if not made:
            break
    return "".join(made)


def test_any_mutation_of_a_shipped_scenario_is_read_or_refused(shipped):
    pieces = pieces_of(shipped.read_text("utf-8"))
    assert "".join(pieces) == shipped.read_text("utf-8")
    outcomes = []

    @settings(max_examples=250)
    @given(mutations(pieces))
    def mutate(text):
        outcomes.append(assert_read_or_refused(text))

    mutate()
    assert 0.02 < sum(outcomes) / len(outcomes) < 0.98, "some of both"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    assert not assert_read_or_refused(text)


KEYS = st.sampled_from(
    ["title", "model", "months", "currency", "baseline", "compare", "by", "values", "strategies", "funnel", "a", "note", "like", "off", "set", "split", "moves", "lever", "kind", "at", "to", "over", "for", "budget", "price", "fit", "cold", "low", "typical", "high", "ads", "sellers", "x", "distribution", "mean", "deviation", "median", "factor", "weights", "correlations", "of", "rank"]
)  # fmt: skip
LEAVES = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        [
            "growth",
            "bass",
            "funnel",
            "a",
            "referral",
            "budget",
            "split",
            "step",
            "ramp",
            "pulse",
            "$1/month",
            "5 %",
            "customers",
            "1 year",
            "normal",
            "lognormal",
            "beta",
            "discrete",
            "uniform",
        ]
    ),
)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25)


def written_as_toml(value):
    """Data in one line of TOML."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"{}"'.format("".join(f"\\U{ord(c):08x}" for c in value if not 0xD800 <= ord(c) < 0xE000))
        case list():
            return f"[{', '.join(map(written_as_toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {written_as_toml(inner)}' for key, inner in value.items())} }}"
        case _:
            return repr(value)


@settings(max_examples=200)
@given(st.dictionaries(KEYS, TREES, max_size=8), st.sampled_from(["", BARE, BARE.replace("growth", "bass")]))
def test_any_data_of_the_wrong_shape_is_refused_with_places(data, head):
    body = "".join(
        f"{key} = {written_as_toml(value)}\n" for key, value in data.items() if not head or key not in {"title", "model", "months"}
    )
    assert_read_or_refused(head + body)


STRATEGY = st.fixed_dictionaries(
    {}, optional={"like": LEAVES, "months": LEAVES, "off": TREES, "set": TREES, "split": TREES, "moves": TREES, "note": LEAVES}
)
MOVES = st.lists(st.fixed_dictionaries({"lever": LEAVES, "kind": st.sampled_from(["step", "ramp", "pulse"]), "at": LEAVES, "to": TREES}, optional={"over": LEAVES, "for": LEAVES}), max_size=3)  # fmt: skip


@settings(max_examples=200)
@given(st.dictionaries(KEYS, STRATEGY, min_size=1, max_size=3), MOVES, st.dictionaries(KEYS, TREES, max_size=3))
def test_any_data_of_nearly_the_right_shape_too(strategies, moves, business):
    lines = [BARE, "[values]\n", *(f"{key} = {written_as_toml(value)}\n" for key, value in business.items())]
    for name, stated in strategies.items():
        lines.append(f"[strategies.{name}]\n")
        lines += [f"{key} = {written_as_toml(value)}\n" for key, value in {**stated, "moves": moves}.items()]
    assert_read_or_refused("".join(lines))


SOME = st.sampled_from([0.01, 0.02, 0.05, 0.06, 0.3, 1.5, 0, "5 %", "1 %/year"])
TABLES = st.one_of(
    st.fixed_dictionaries({"low": SOME, "high": SOME, "distribution": st.just("uniform")}, optional={"typical": SOME}),
    st.fixed_dictionaries({"mean": SOME, "deviation": SOME, "distribution": st.sampled_from(["normal", "beta"])}, optional={"high": SOME}),
    st.fixed_dictionaries({"median": SOME, "factor": SOME, "distribution": st.just("lognormal")}),
    st.fixed_dictionaries(
        {"values": st.lists(SOME, max_size=3), "distribution": st.just("discrete")}, optional={"weights": st.lists(SOME)}
    ),
    st.dictionaries(KEYS, SOME, max_size=4),
)
DRAWN = st.sampled_from(["price", "churn", "fit", "fit.cold", "fit.referred", "x", "budget"])
CORRELATED = st.just([]) | st.lists(st.tuples(st.lists(DRAWN, min_size=1, max_size=3), st.floats(-1, 1)), max_size=4)


def test_any_uncertain_values_and_correlations_too():
    outcomes = []

    @settings(max_examples=400)
    @given(st.dictionaries(DRAWN, TABLES, max_size=3), CORRELATED)
    def state(stated, correlations):
        lines = [BARE, "[values]\n"]
        lines += [f"{name} = {written_as_toml(table)}\n" for name, table in stated.items()]
        lines += [f"[[correlations]]\nof = {written_as_toml(of)}\nrank = {rank!r}\n" for of, rank in correlations]
        outcomes.append(assert_read_or_refused("".join([*lines, "[strategies.a]\n"])))

    state()
    assert 0 < sum(outcomes) < len(outcomes), "some of both"


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


def test_the_command_does_not_need_much_memory_for_a_hostile_file(tmp_path):
    """A mebibyte of brackets, keys or quotes is refused within bounds of time and memory."""
    hostile = [
        "[" * LARGEST,
        "a=" * (LARGEST // 2),
        '"' * LARGEST,
        "\n".join(f"a{n}.b = {{}}" for n in range(60_000)),
        "= " * (LARGEST // 2),
    ]
    for number, text in enumerate(hostile):
        (tmp_path / f"{number}.toml").write_text(text[:LARGEST], "utf-8")
    script = "import sys; from flywheel_sim.cli import main; sys.exit(max(main(['check', name]) for name in sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, *(f"{number}.toml" for number in range(len(hostile)))],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=60, preexec_fn=little_memory
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("nothing was run.") == len(hostile)
    assert "Traceback" not in done.stderr
