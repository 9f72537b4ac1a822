"""Every key and value of a TOML text is found where it stands."""

import itertools
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flywheel_sim.scenario.locate import DEEPEST, line_at, locate, repeats


def leaves(data, path=()):
    """Every value that holds no others, with the path to it."""
    if isinstance(data, dict | list):
        for key, inner in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(inner, (*path, key))
    else:
        yield path, data


def keys_in(text):
    """The parts of a dotted key."""
    found = tomllib.loads(f"{text} = 0")
    while isinstance(found, dict):
        ((name, found),) = found.items()
        yield name


def assert_located(text):
    """Each value, read again from its place, is the same; and so is the last part of each key."""
    data, places = tomllib.loads(text), locate(text)
    count = 0
    for path, value in leaves(data):
        place = places[path]
        again = tomllib.loads(f"value = {text[slice(*place.value)]}")["value"]
        assert (repr(again), type(again)) == (repr(value), type(value)), path
        if isinstance(path[-1], str):
            names = list(keys_in(text[slice(*place.key)]))
            assert list(path[-len(names) :]) == names
        count += 1
    return count


# Random documents


NASTY = "#=[]{},'\" \\.\tÄ漢\N{COMBINING ACUTE ACCENT}-_\N{GRINNING FACE}"
words = st.text(alphabet=NASTY + "abc", max_size=8)


def escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")


basic = words.map(lambda text: f'"{escaped(text)}"')
literal = words.map(lambda text: "'{}'".format(text.replace("'", "")))
multiline = words.map(lambda text: f'"""\n{escaped(text)}\n\\\n  {escaped(text)}"""')
multiline_literal = words.map(lambda text: "'''{}\n#'''".format(text.replace("'", "")))
ending_in_quotes = words.map(lambda text: '"""{}\\"x"""""'.format(text.replace("\\", "").replace('"', "")))
numbers = st.sampled_from(
    ["0", "-17", "+1_000", "0xff", "0o17", "0b101", "1.5", "-0.0", "6.02e23", "1e-9", "inf", "-inf", "nan", "true", "false"]
)
times = st.sampled_from(["1979-05-27", "1979-05-27 07:32:00", "1979-05-27T07:32:00.5Z", "07:32:00", "1979-05-27 07:32:00+01:00"])
scalars = st.one_of(basic, literal, multiline, multiline_literal, ending_in_quotes, numbers, times)
gaps = st.sampled_from(["", " ", "\t", "  "])
breaks = st.sampled_from(["", " ", "\n", ' # a remark, with ] and } and "\n', "\n\n\t"])


@st.composite
def values(draw, depth=2, *, one_line=False):
    kind = draw(st.sampled_from(["scalar", "scalar", "list", "table"] if depth else ["scalar"]))
    if kind == "scalar":
        found = draw(scalars)
        return draw(numbers) if one_line and "\n" in found else found
    gap = gaps if one_line else breaks
    if kind == "list":
        items = draw(st.lists(values(depth - 1, one_line=one_line), max_size=3))
        inside = "".join(f"{draw(gap)}{item}{draw(gap)}," for item in items)
        return f"[{inside if draw(st.booleans()) else inside.removesuffix(',')}{draw(gap)}]"
    pairs = [f"{name}{draw(gaps)}={draw(gaps)}{draw(values(depth - 1, one_line=True))}{draw(gaps)}" for name in draw(names(3))]
    return f"{{{draw(gaps)}{','.join(pairs)}}}"


@st.composite
def names(draw, most):
    """Keys that differ, bare and in quotes."""
    made = []
    for number in range(draw(st.integers(0, most))):
        style = draw(st.sampled_from(["bare", "basic", "literal"]))
        text = draw(words)
        bare = f"k{number}-_"
        made.append({"bare": bare, "basic": f'"{escaped(text)}{number}"', "literal": "'{}{}'".format(text.replace("'", ""), number)}[style])
    return made


@st.composite
def documents(draw):
    numbered = itertools.count()
    lines = []

    def pairs(most):
        for name in draw(names(most)):
            key = f"{name}{draw(gaps)}.{draw(gaps)}part" if draw(st.booleans()) else name
            remark = draw(st.sampled_from(["", "  # [no] table = 3", " #"]))
            lines.append(f"{draw(gaps)}{key}{draw(gaps)}={draw(gaps)}{draw(values())}{remark}")

    pairs(3)
    for _ in range(draw(st.integers(0, 4))):
        table = f't{next(numbered)}."a ]b"' if draw(st.booleans()) else f"t{next(numbered)}"
        if draw(st.booleans()):
            lines.append(f"{draw(gaps)}[ {table} ] # [[no]]")
            pairs(3)
            continue
        for _ in range(draw(st.integers(1, 3))):
            lines.append(f"[[{draw(gaps)}{table}{draw(gaps)}]]")
            pairs(2)
            lines.append(f"[{table}.inner]")
            pairs(2)
            lines.append(f"[[{table}.list]]")
            pairs(1)
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["", "\n", "  # the end"]))


@given(documents())
def test_every_value_of_a_random_document_is_found(text):
    assert_located(text)


def test_the_documents_are_worth_the_name():
    """The test above sees documents with all that a scenario is written with."""
    seen = []

    @given(documents())
    def look(text):
        seen.append(text)

    look()
    assert sum(assert_located(text) for text in seen) > 300
    for part in ("[[", '"""', "'''", "{", "# ", "\r\n", "07:32", '."a ]b"'):
        assert any(part in text for text in seen), part


def test_every_value_of_the_shipped_scenarios_is_found(shipped):
    assert assert_located(shipped.read_text("utf-8")) > 30


# Places one by one


TEXT = """\
title = "A # b"   # not "c"
fit.referred = 0.5
[strategies.'a b']
set = { budget = "$1", note = '''x''' }
[[strategies.'a b'.moves]]
at = 1979-05-27 07:32:00
[[strategies.'a b'.moves]]
at = [
  1, # one
  { b = [2] },
]
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("title",), "title", '"A # b"'),
        (("fit",), "fit.referred", "fit.referred"),
        (("fit", "referred"), "fit.referred", "0.5"),
        (("strategies",), "strategies.'a b'", "strategies.'a b'"),
        (("strategies", "a b"), "strategies.'a b'", "strategies.'a b'"),
        (("strategies", "a b", "set"), "set", "{ budget = \"$1\", note = '''x''' }"),
        (("strategies", "a b", "set", "note"), "note", "'''x'''"),
        (("strategies", "a b", "moves", 0), "strategies.'a b'.moves", "strategies.'a b'.moves"),
        (("strategies", "a b", "moves", 0, "at"), "at", "1979-05-27 07:32:00"),
        (("strategies", "a b", "moves", 1, "at", 0), "1", "1"),
        (("strategies", "a b", "moves", 1, "at", 1, "b"), "b", "[2]"),
        (("strategies", "a b", "moves", 1, "at", 1, "b", 0), "2", "2"),
    ],
)
def test_where_a_key_and_its_value_stand(path, key, value):
    place = locate(TEXT)[path]
    assert (TEXT[slice(*place.key)], TEXT[slice(*place.value)]) == (key, value)


def test_what_is_nested_too_deeply_has_the_place_of_what_holds_it():
    text = "a = " + "[" * 200 + "1" + "]" * 200 + "\nb = 2\n"
    places = locate(text)
    assert max(map(len, places)) == DEEPEST
    assert text[slice(*places["b",].value)] == "2"


def test_a_key_of_many_parts_has_the_place_of_its_beginning():
    text = ".".join(["a"] * 300) + " = 1\nb = 2\n"
    places = locate(text)
    assert len(places) < 2 * DEEPEST
    assert places["a",].key == (0, 599)
    assert text[slice(*places["b",].value)] == "2"


# Names that stand twice


@pytest.mark.parametrize(
    ("text", "path", "first", "second"),
    [
        ("a = 1\nb = 2\na = 3", ("a",), 0, 12),
        ("[t]\na.b = 1\na.b = 2", ("t", "a", "b"), 4, 12),
        ("[t]\n[u]\n[t]\n", ("t",), 1, 9),
        ("a = { b = 1, b = 2 }", ("a", "b"), 6, 13),
    ],
)
def test_a_name_that_stands_twice(text, path, first, second):
    (found,) = repeats(text)
    assert (found.path, found.first[0], found.second[0]) == (path, first, second)


def test_lists_of_tables_stand_more_than_once_by_right():
    assert repeats("[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\n[[a]]\n[a.c]\n") == []


@pytest.mark.parametrize(("offset", "line"), [(0, "ab"), (2, "ab"), (3, "c"), (4, "c"), (5, "")])
def test_the_line_around_a_place(offset, line):
    text = "ab\nc\n"
    assert text[slice(*line_at(text, offset))] == line
