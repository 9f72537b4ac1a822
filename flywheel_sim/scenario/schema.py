"""The JSON Schema of scenario files, made from what the models declare.

``python -m flywheel_sim.scenario.schema`` prints it; ``scenario.schema.json`` beside this file is the result, and
is what a scenario names in its first line, so that an editor completes names, shows what they mean and marks
what is wrong. Draft 7, and if-then-else rather than all-of at the top: the TOML language servers read that.

It never refuses what the reader accepts. It accepts more: it knows nothing of units and sums.
"""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

from flywheel_sim.library import MODELS, find
from flywheel_sim.model import declaration
from flywheel_sim.scenario.interpret import comparable
from flywheel_sim.scenario.shape import (
    KINDS,
    LONGEST_NOTE,
    LONGEST_TITLE,
    MOST_CORRELATIONS,
    MOST_MONTHS,
    MOST_MOVES,
    MOST_STRATEGIES,
)
from flywheel_sim.scenario.strategies import LONGEST_NAME
from flywheel_sim.scenario.suggest import DISTRIBUTIONS
from flywheel_sim.scenario.uncertain import LARGEST_FACTOR, MOST_VALUES
from flywheel_sim.units import ONE, write_number, write_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flywheel_sim.model import Declaration
    from flywheel_sim.model.symbols import Parameter

__all__ = ["schema", "schema_text"]

Schema = dict[str, Any]

CONTROL = r"\u0000-\u0008\u000a-\u001f\u007f"


def schema() -> Schema:
    """The schema of scenario files of every model of the library."""
    models = {name: declaration(find(name)) for name in MODELS}
    definitions: Schema = {"uncertain": uncertain()}
    for name, model in models.items():
        definitions |= definitions_of(name, model)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A scenario of flywheel-sim",
        "description": "A business, and two or more ways to invest in it.",
        "type": "object",
        "required": ["title", "model", "months", "strategies"],
        "additionalProperties": False,
        "properties": {
            "$schema": {"type": "string", "description": "Where the schema of this file is, for editors."},
            "title": text("What the scenario is about, on one line.", LONGEST_TITLE, filled=True),
            "note": text("More about it, on one line.", LONGEST_NOTE),
            "model": {
                "description": "The model that is run.",
                "enum": list(models),
                "x-taplo": {"docs": {"enumValues": [model.note for model in models.values()]}},
            },
            "months": months("The horizon."),
            "currency": {
                "description": 'How money is written: a sign or code, "$" unless said. Every amount in this file is in it.',
                "type": "string",
                "minLength": 1,
                "maxLength": 3,
            },
            "baseline": text("The strategy the others are compared with; the first unless said.", LONGEST_TITLE, filled=True),
            "compare": table(
                {"by": either("compare", models, "The metric, stock or group that decides who is ahead.")},
                "What being ahead means.",
                required=["by"],
            ),
            "values": either("values", models, "The business: the same for every strategy. All else is the model's default."),
            "correlations": {
                "description": "Which uncertain values go together: [[correlations]]",
                "type": "array",
                "maxItems": MOST_CORRELATIONS,
                "items": correlation(),
            },
            "strategies": {
                "description": "The ways to invest that are compared.",
                "type": "object",
                "minProperties": 1,
                "maxProperties": MOST_STRATEGIES,
                "propertyNames": {"minLength": 1, "maxLength": LONGEST_NAME, "pattern": r"^[^/\\.:;,!?\[\]<>(){}'\"]*$"},
                "additionalProperties": either("strategy", models, "One way to invest."),
            },
        },
        **chosen(models),
        "definitions": definitions,
    }


def schema_text() -> str:
    """The schema as the file that ships."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


# One model or another


def either(part: str, models: Iterable[str], description: str) -> Schema:
    """A part that each model defines: editors look into all of them, and :func:`chosen` holds the file to the right one."""
    return {"description": description, "anyOf": [*(reference(f"{name}.{part}") for name in models), {}]}


def chosen(models: Iterable[str]) -> Schema:
    """The parts that depend on the model: if it is the first, then these, else those of the next."""
    first, *rest = models
    parts = {
        "compare": {"properties": {"by": reference(f"{first}.compare")}},
        "values": reference(f"{first}.values"),
        "strategies": {"additionalProperties": reference(f"{first}.strategy")},
    }
    condition = {"properties": {"model": {"const": first}}, "required": ["model"]}
    return {"if": condition, "then": {"properties": parts}, **({"else": chosen(rest)} if rest else {})}


def definitions_of(name: str, model: Declaration) -> Schema:
    parameters = model.parameters
    settable = {known: reference(f"{name}.{known}") for known, one in parameters.items() if one.role != "split"}
    business = {known: settable[known] for known, one in parameters.items() if one.role == "parameter"}
    levers = [known for known, one in parameters.items() if one.role != "parameter"]
    made = {f"{name}.{known}": value_of(one) for known, one in parameters.items() if one.role != "split"}
    if model.split is not None:
        made[f"{name}.split"] = split_of(parameters[model.split])
    made[f"{name}.values"] = table(business)
    made[f"{name}.compare"] = named(comparable(model), {known: note_of(symbol) for known, symbol in model.symbols.items()})
    made[f"{name}.move"] = move(name, [*levers, *(["split"] if model.split else [])], model)
    made[f"{name}.strategy"] = strategy(name, settable, model)
    return made


def strategy(name: str, settable: Schema, model: Declaration) -> Schema:
    switches = model.switches
    notes = {known: f"{one.label}: {one.note}" for known, one in switches.items()}
    properties = {
        "note": text("What this strategy does, on one line.", LONGEST_NOTE),
        "like": text("The strategy that this one starts from; what is said here replaces what is said there.", LONGEST_TITLE, filled=True),
        "months": months("The horizon of this strategy; that of the file unless said."),
        "off": {
            "description": "The loops and frictions that do not run.",
            "type": "array",
            "items": named(switches, notes, "A loop or friction."),
        },
        "set": table(settable, "The levers this strategy sets, and whatever of the business differs in it."),
        "moves": {
            "description": "What changes during the run: [[strategies.NAME.moves]]",
            "type": "array",
            "maxItems": MOST_MOVES,
            "items": reference(f"{name}.move"),
        },
    }
    if model.split is not None:
        properties["split"] = reference(f"{name}.split")
    return table(properties)


def move(name: str, levers: list[str], model: Declaration) -> Schema:
    """A move; a ramp says over what time, a pulse for how long, and a step neither."""
    parameters = model.parameters
    notes = {lever: parameters[lever].note if lever in parameters else "shares of the budget" for lever in levers}
    split = [] if model.split is None else [reference(f"{name}.split")]
    properties = {
        "lever": named(levers, notes, "The lever that moves."),
        "kind": named(
            KINDS,
            {
                "step": "to a new value, at once and for good",
                "ramp": "to a new value, evenly over some time",
                "pulse": "to a new value for some time, then back",
            },
            "How it moves.",
        ),
        "at": {
            "description": 'When it starts: a month, or a time such as "2 years".',
            "anyOf": [{"type": "number", "minimum": 0}, quantity()],
        },
        "to": {"description": "The new value; for the split all its shares.", "anyOf": [{"type": "number"}, quantity(), *split]},
        "over": length("How long a ramp takes."),
        "for": length("How long a pulse lasts."),
        "note": text("Why it moves, on one line.", LONGEST_NOTE),
    }
    made = table(properties, "A change of a lever during the run.", required=["lever", "kind", "at", "to"])
    ramp = {"if": kind_is("ramp"), "then": {"required": ["over"], "properties": {"for": False}}}
    pulse = {"if": kind_is("pulse"), "then": {"required": ["for"], "properties": {"over": False}}}
    step = {"properties": {"over": False, "for": False}}
    return {**made, **ramp, "else": {**pulse, "else": {"if": kind_is("step"), "then": step}}}


def kind_is(kind: str) -> Schema:
    return {"properties": {"kind": {"const": kind}}, "required": ["kind"]}


# Values


def value_of(parameter: Parameter) -> Schema:
    """A number, a quantity, an uncertain value, or for an arrayed parameter one of these per label."""
    low, high = parameter.limits
    number: Schema = {"type": "number"}
    if math.isfinite(low):
        number["minimum"] = low
    if math.isfinite(high):
        number["maximum"] = high
    one: list[Schema] = [number, quantity(), reference("uncertain")]
    described = {"description": description(parameter)}
    if parameter.dimension is None:
        return described | {"anyOf": one}
    labels = {label: {"description": f"{parameter.note}: {label}", "anyOf": one} for label in parameter.dimension.labels}
    return described | {"anyOf": [*one, {**table(labels), "minProperties": 1}]}


def split_of(parameter: Parameter) -> Schema:
    assert parameter.dimension is not None
    share = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, quantity()]}
    labels = {label: {"description": f"The share of {label} in the budget.", **share} for label in parameter.dimension.labels}
    return {**table(labels, f"{capital(parameter.note)}: shares, together 1."), "minProperties": 1}


# What an uncertain value may hold, and what a distribution looks like.
KEYS = {
    "low": "As low as it may be.",
    "typical": "What a run without draws uses.",
    "high": "As high as it may be.",
    "mean": "Its mean, which a run without draws uses.",
    "deviation": "Its standard deviation, in the form of the mean.",
    "median": "As many values lie below as above; what a run without draws uses.",
    "factor": "About two thirds of the values lie between median / factor and median * factor.",
    "values": "The values it may have.",
    "weights": "How often each value occurs, compared with the others.",
}
LOOKS = {
    "pert": "a smooth hump between low and high with its top at the typical value",
    "triangular": "straight up from low to the typical value, and straight down to high",
    "uniform": "all values between low and high are as likely",
    "normal": "a bell around the mean",
    "lognormal": "a bell for the logarithm: above 0, with a long tail to the right",
    "beta": "a smooth hump between ends, 0 and 1 unless said",
    "discrete": "one of some values",
}


def uncertain() -> Schema:
    one = {"anyOf": [{"type": "number"}, quantity()]}
    kinds: Schema = dict.fromkeys(KEYS, one)
    kinds["factor"] = {"type": "number", "exclusiveMinimum": 1, "maximum": LARGEST_FACTOR}
    kinds["values"] = {"type": "array", "minItems": 1, "maxItems": MOST_VALUES, "items": one}
    kinds["weights"] = {"type": "array", "minItems": 1, "maxItems": MOST_VALUES, "items": {"type": "number", "minimum": 0}}
    forms = []
    for name, form in DISTRIBUTIONS.items():
        properties = {key: {"description": KEYS[key], **kinds[key]} for key in (*form.needs, *form.may)}
        properties["distribution"] = named([name], LOOKS, "How the value is distributed.")
        required = [*form.needs, *([] if name == "pert" else ["distribution"])]
        forms.append(table(properties, required=required))
    return {"anyOf": forms}


def correlation() -> Schema:
    uncertain = text('The name of an uncertain value, such as "churn" or "fit.referred".', LONGEST_TITLE, filled=True)
    properties = {
        "of": {"description": "The two that go together.", "type": "array", "minItems": 2, "maxItems": 2, "items": uncertain},
        "rank": {
            "description": "Their rank correlation (Spearman's): above 0 if they rise together, below 0 if one rises as the other falls.",
            "type": "number",
            "exclusiveMinimum": -1,
            "exclusiveMaximum": 1,
        },
    }
    return table(properties, "Two uncertain values that go together.", required=["of", "rank"])


def quantity() -> Schema:
    return {"type": "string", "pattern": "[0-9]"}


def length(described: str) -> Schema:
    return {"description": described, "anyOf": [{"type": "number", "exclusiveMinimum": 0}, quantity()]}


def months(described: str) -> Schema:
    return {"description": f"{described} Months, 1 to {MOST_MONTHS}.", "type": "integer", "minimum": 1, "maximum": MOST_MONTHS}


def text(described: str, longest: int, *, filled: bool = False) -> Schema:
    pattern = rf"^[^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*$" if filled else rf"^[^{CONTROL}]*$"
    return {"description": described, "type": "string", "maxLength": longest, "pattern": pattern}


def named(names: Iterable[str], notes: Mapping[str, str], described: str = "") -> Schema:
    """One of some names, each with what it means."""
    known = list(names)
    return ({"description": described} if described else {}) | {
        "enum": known,
        "x-taplo": {"docs": {"enumValues": [notes.get(name, "") for name in known]}},
    }


def table(properties: Schema, described: str = "", required: list[str] | None = None) -> Schema:
    made = {"type": "object", "properties": properties, "additionalProperties": False}
    return ({"description": described} if described else {}) | made | ({"required": required} if required else {})


def reference(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


# Descriptions


def description(parameter: Parameter) -> str:
    """What a parameter is, its unit, default, plausible range and source, as an editor shows them."""
    unit = "a plain number" if parameter.unit == ONE else f"in {parameter.unit}"
    lines = [f"{capital(parameter.note)} ({unit})."]
    for label, default in parameter.default.items():
        between = parameter.between[label]
        at = "" if label is None else f"{label}: "
        plausible = "" if between is None else f", plausible {write_number(between[0])} to {write_number(between[1])}"
        lines.append(f"{at}{'default' if at else 'Default'} {write_quantity(default, parameter.unit)}{plausible}.")
    if parameter.source != "assumption":
        lines.append(f"Source: {parameter.source}.")
    return "\n\n".join(lines)


def note_of(symbol: object) -> str:
    return str(getattr(symbol, "note", ""))


def capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


if __name__ == "__main__":
    sys.stdout.write(schema_text())
