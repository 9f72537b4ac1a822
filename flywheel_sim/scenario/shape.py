"""The shape of a scenario file: which keys there are and what kind of thing each holds.

This is pydantic's validation core with the shapes written as its schemas. The full package would add a third
to the start of the command for conveniences (classes, defaults, coercion) that are not used here: what a value
means depends on the model, and is read in :mod:`flywheel_sim.scenario.interpret`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, ValidationError, core_schema

from flywheel_sim.scenario.fault import Fault, nearest

if TYPE_CHECKING:
    from flywheel_sim.scenario.locate import Path

__all__ = ["KINDS", "MOST_MONTHS", "MOST_MOVES", "MOST_STRATEGIES", "misshapen"]

MOST_MONTHS = 600
MOST_STRATEGIES = 20
MOST_MOVES = 100
LONGEST_TITLE = 200
KINDS = ("step", "ramp", "pulse")

Schema = core_schema.CoreSchema


def table(required: dict[str, Schema], optional: dict[str, Schema]) -> Schema:
    """A table with these keys and no others."""
    fields = {key: core_schema.typed_dict_field(schema, required=True) for key, schema in required.items()}
    fields |= {key: core_schema.typed_dict_field(schema, required=False) for key, schema in optional.items()}
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid", strict=True)


@lru_cache(maxsize=1)
def validator() -> SchemaValidator:
    text = core_schema.str_schema(strict=True, max_length=LONGEST_TITLE)
    name = core_schema.str_schema(strict=True, min_length=1, max_length=LONGEST_TITLE)
    months = core_schema.int_schema(strict=True, ge=1, le=MOST_MONTHS)
    anything = core_schema.any_schema()
    names = core_schema.dict_schema(core_schema.str_schema(strict=True), anything, strict=True)
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
            },
        )
    )


# The keys of each kind of table, for suggestions.
KEYS = {
    "scenario": ("title", "model", "months", "note", "currency", "baseline", "compare", "values", "strategies"),
    "strategy": ("note", "like", "months", "off", "set", "split", "moves"),
    "move": ("lever", "kind", "at", "to", "over", "for", "note"),
    "compare": ("by",),
}

WORDS = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "dict_type": "a table",
    "list_type": "a list",
    "int_from_float": "a whole number",
}


def misshapen(data: dict[str, Any]) -> list[Fault]:
    """Everything about the shape of a file that is wrong."""
    try:
        validator().validate_python(data)
    except ValidationError as error:
        return [fault_of(found) for found in error.errors(include_url=False, include_context=True)]
    return []


def fault_of(found: Any) -> Fault:
    path: Path = tuple(found["loc"])
    kind, given, context = found["type"], found["input"], found.get("ctx", {})
    key = written(path)
    match kind:
        case "extra_forbidden":
            return Fault(f"unknown key {key}", path, nearest(str(path[-1]), KEYS[table_of(path[:-1])], "the keys here are"), at_key=True)
        case "missing":
            return Fault(f"{key} is missing", path, example(path), at_key=True)
        case "too_short" if path == ("strategies",):
            return Fault("there is no strategy", path, "add a table: [strategies.funnel]", at_key=True)
        case "too_long" if path == ("strategies",):
            return Fault(f"there are more than {MOST_STRATEGIES} strategies", path, "compare fewer at a time", at_key=True)
        case "too_long":
            return Fault(f"{key} has more than {context['max_length']} items", path, "write fewer", at_key=True)
        case "literal_error":
            return Fault(f"{key} is {given!r}, which is no kind of move", path, nearest(str(given), KINDS, "the kinds are"))
        case "greater_than_equal" | "less_than_equal":
            bound = f"1 to {MOST_MONTHS}"
            return Fault(f"{key} is {given}, and must be {bound}", path, f"write a whole number from {bound}")
        case "string_too_long":
            return Fault(f"{key} is longer than {context['max_length']} characters", path, "make it shorter")
        case "string_too_short":
            return Fault(f"{key} is empty", path, example(path))
        case _:
            wanted = WORDS.get(kind)
            if wanted is None:
                return Fault(f"{key}: {found['msg']}", path)
            return Fault(f"{key} must be {wanted}, not {described(given)}", path, example(path))


def table_of(path: Path) -> str:
    """Which kind of table a path leads to."""
    if not path:
        return "scenario"
    if path[0] == "compare":
        return "compare"
    return "move" if "moves" in path else "strategy"


def written(path: Path) -> str:
    """A path as it would be written in the file."""
    text = ""
    for key in path:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}"
    return f"'{text.removeprefix('.')}'"


def described(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return f"the number {value}"
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return "that"


EXAMPLES = {
    "title": 'title = "A business choosing where the next dollar goes"',
    "model": 'model = "growth"',
    "months": "months = 60",
    "strategies": "add a table: [strategies.funnel]",
    "baseline": 'baseline = "funnel"',
    "compare": 'compare = { by = "customers" }',
    "by": 'by = "customers"',
    "currency": 'currency = "$"',
    "off": 'off = ["referral", "proof"]',
    "set": 'set = { budget = "$150k/month" }',
    "split": "split = { ads = 0.5, sellers = 0.5 }",
    "lever": 'lever = "budget"',
    "kind": 'kind = "step"',
    "at": "at = 24",
    "to": 'to = "$0/month"',
    "like": 'like = "funnel"',
    "values": '[values] with lines such as price = "$25,000/year"',
    "moves": "add a table: [[strategies.NAME.moves]]",
}


def example(path: Path) -> str:
    """How a key is written."""
    last = next((key for key in reversed(path) if isinstance(key, str)), "")
    return f"write {EXAMPLES[last]}" if last in EXAMPLES and not EXAMPLES[last].startswith("add") else EXAMPLES.get(last, "")
