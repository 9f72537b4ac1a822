"""The shape of a scenario file: which keys there are and what kind of thing each holds.

This is pydantic's validation core with the shapes written as its schemas. The full package would add a third
to the start of the command for conveniences (classes, defaults, coercion) that are not used here: what a value
means depends on the model, and is read in :mod:`flywheel_sim.scenario.values`.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, ValidationError, core_schema

from flywheel_sim.errors import UsageError, closest, nearest
from flywheel_sim.scenario.fault import Fault, short
from flywheel_sim.scenario.suggest import KEYS, where_it_belongs
from flywheel_sim.units import parse_unit, read_quantity

if TYPE_CHECKING:
    from flywheel_sim.model import Declaration
    from flywheel_sim.scenario.locate import Path

__all__ = [
    "KINDS",
    "LONGEST_NOTE",
    "LONGEST_TITLE",
    "MOST_CORRELATIONS",
    "MOST_MONTHS",
    "MOST_MOVES",
    "MOST_STRATEGIES",
    "described",
    "misshapen",
    "written",
]

MOST_MONTHS = 600
MOST_STRATEGIES = 20
MOST_MOVES = 100
MOST_CORRELATIONS = 200
MOST_NAMES = 200  # in one table of values: more than any model has
MOST_TOLD = 100  # faults of shape of one file
LONGEST_TITLE = 200
LONGEST_NOTE = 1000
KINDS = ("step", "ramp", "pulse")

Schema = core_schema.CoreSchema


def table(required: dict[str, Schema], optional: dict[str, Schema]) -> Schema:
    """A table with these keys and no others."""
    fields = {key: core_schema.typed_dict_field(schema, required=True) for key, schema in required.items()}
    fields |= {key: core_schema.typed_dict_field(schema, required=False) for key, schema in optional.items()}
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid", strict=True)


@lru_cache(maxsize=1)
def validator() -> SchemaValidator:
    text = core_schema.str_schema(strict=True, max_length=LONGEST_NOTE)
    name = core_schema.str_schema(strict=True, min_length=1, max_length=LONGEST_TITLE)
    months = core_schema.int_schema(strict=True, ge=1, le=MOST_MONTHS)
    anything = core_schema.any_schema()
    names = core_schema.dict_schema(core_schema.str_schema(strict=True), anything, strict=True, max_length=MOST_NAMES)
    move = table(
        {"lever": name, "kind": core_schema.literal_schema(list(KINDS)), "at": anything, "to": anything},
        {"over": anything, "for": anything, "note": text},
    )
    strategy = table(
        {},
        {
            "note": text,
            "like": name,
            "months": months,
            "off": core_schema.list_schema(name, strict=True),
            "set": names,
            "split": names,
            "moves": core_schema.list_schema(move, strict=True, max_length=MOST_MOVES),
        },
    )
    correlation = table({"of": core_schema.list_schema(name, strict=True), "rank": anything}, {})
    strategies = core_schema.dict_schema(
        core_schema.str_schema(strict=True), strategy, strict=True, min_length=1, max_length=MOST_STRATEGIES
    )
    return SchemaValidator(
        table(
            {"title": name, "model": name, "months": months, "strategies": strategies},
            {
                "$schema": text,
                "note": text,
                "currency": core_schema.str_schema(strict=True, min_length=1, max_length=3),
                "baseline": name,
                "compare": table({"by": name}, {}),
                "values": names,
                "correlations": core_schema.list_schema(correlation, strict=True, max_length=MOST_CORRELATIONS),
            },
        )
    )


def misshapen(data: dict[str, Any], model: Declaration | None) -> list[Fault]:
    """Everything about the shape of a file that is wrong.

    Args:
        data: the file.
        model: the model it names, for suggestions; None where there is no such model.
    """
    if not data:
        return [Fault("there is nothing in this file", fix="write a scenario to start from with: flywheel new NAME", absent=True)]
    try:
        validator().validate_python(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)[:MOST_TOLD]
        # A misspelt key is told once, and not as one too many and one too few.
        meant = {meant_by(tuple(one["loc"]), model) for one in found if one["type"] == "extra_forbidden"}
        return [fault_of(one, model) for one in found if one["type"] != "missing" or tuple(one["loc"]) not in meant]
    return []


def meant_by(path: Path, model: Declaration | None) -> Path | None:
    """The key of the same table that a misspelt one is likely to stand for."""
    name = None if where_it_belongs(str(path[-1]), model) else closest(str(path[-1]), KEYS[table_of(path[:-1])])
    return None if name is None else (*path[:-1], name)


def fault_of(found: Any, model: Declaration | None) -> Fault:
    path: Path = tuple(found["loc"])
    given, context = found["input"], found.get("ctx", {})
    key = written(path)
    match found["type"]:
        case "extra_forbidden":
            name = str(path[-1])
            fix = where_it_belongs(name, model) or nearest(name, KEYS[table_of(path[:-1])], "the keys here are")
            return Fault(f"unknown key {key}", path, fix, at_key=True)
        case "missing":
            return Fault(f"{key} is missing", path, example(path), at_key=True, absent=True)
        case "too_short":
            return Fault("there is no strategy", path, example(path), at_key=True, absent=True)
        case "too_long":
            items = next((one for one in ("strategies", "moves", "correlations") if path[-1] == one), "names")
            fix = "compare fewer at a time" if items == "strategies" else "write fewer"
            return Fault(f"there are {len(given)} {items}, more than {context['max_length']}", path, fix, at_key=True)
        case "literal_error":
            fix = nearest(given, KINDS, "the kinds are") if isinstance(given, str) else f"the kinds are {', '.join(KINDS)}"
            return Fault(f"{key} is {described(given)}, which is no kind of move", path, fix)
        case "greater_than_equal" | "less_than_equal" | "int_parsing_size":
            return Fault(f"{key} is {described(given)}", path, f"write a whole number from 1 to {MOST_MONTHS}")
        case "string_too_long":
            most = context["max_length"]
            return Fault(f"{key} has {len(given)} characters, more than {most}", path, example(path) if most < 10 else "make it shorter")
        case "string_too_short":
            return Fault(f"{key} is empty", path, example(path))
        case kind if kind in WANTED:
            return Fault(f"{key} is {described(given)}, and must be {WANTED[kind]}", path, example(path, given))
        case _:  # a kind of error that these schemas cannot make today
            return Fault(f"{key}: {found['msg']}", path)


# What pydantic calls a wrong type, and what is wanted instead.
WANTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "dict_type": "a table",
    "list_type": "a list",
}


def table_of(path: Path) -> str:
    """Which kind of table a path leads to."""
    if not path:
        return "scenario"
    if path[0] in {"compare", "correlations"}:
        return str(path[0]).removesuffix("s")
    return "move" if "moves" in path[2:] else "strategy"


def written(path: Path) -> str:
    """A path as it would be written in the file."""
    text = "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in path)
    return short(text.removeprefix("."))


def described(value: object) -> str:
    """A value of a file, in a message."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {short(value)}"
        case int() if abs(value) >= 10**15:
            return "a number out of all bounds"
        case int() | float():
            return f"the number {value}"
        case dict():
            return "a table"
        case list():
            return "a list"
        case dt.time():
            return "a time of day"
        case _:
            return "a date"


def whole_months(given: str | float) -> int | None:
    """The months somebody meant who wrote a text or a fraction."""
    try:
        months = float(given) if isinstance(given, float) or given.isdecimal() else read_quantity(given, parse_unit("month"))
    except UsageError:
        return None
    return int(months) if 1 <= months <= MOST_MONTHS and months == int(months) else None


EXAMPLES = {
    "title": 'write title = "A business choosing where the next dollar goes"',
    "note": 'write note = "What this is about"',
    "model": 'write model = "growth"',
    "months": "write months = 60",
    "strategies": "add a table: [strategies.funnel]",
    "baseline": 'write baseline = "funnel"',
    "compare": 'write compare = { by = "customers" }',
    "by": 'write by = "customers"',
    "currency": 'write a sign or code of one to three characters: currency = "$"',
    "off": 'write off = ["referral", "proof"]',
    "set": 'write set = { budget = "$150k/month" }',
    "split": "write split = { ads = 0.5, sellers = 0.5 }",
    "lever": 'write lever = "budget"',
    "kind": 'write kind = "step", "ramp" or "pulse"',
    "at": "write at = 24",
    "to": 'write to = "$0/month"',
    "like": 'write like = "funnel"',
    "values": 'add a table [values] with lines such as price = "$25,000/year"',
    "correlations": "add a table in double brackets: [[correlations]]",
    "of": 'write of = ["churn", "price"]',
    "rank": "write rank = 0.5",
    "moves": "add a table in double brackets: [[strategies.NAME.moves]]",
    "$schema": 'write "$schema" = "scenario.schema.json"',
}


def example(path: Path, given: object = None) -> str:
    """How a key is written, with what was given where that is good enough."""
    last = next((key for key in reversed(path) if isinstance(key, str)), "")
    if last == "off" and isinstance(given, str):
        return f'write off = ["{given}"]'
    if last == "compare" and isinstance(given, str):
        return f'write compare = {{ by = "{given}" }}'
    if last == "months" and isinstance(given, str | float):
        return f"write months = {whole_months(given) or 60}"
    if len(path) == 2 and path[0] == "strategies":
        return f"write a table: [strategies.{last}]"
    return EXAMPLES.get(last, "")
