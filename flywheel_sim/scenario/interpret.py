"""What the data of a scenario file means for its model: names, units, limits, and whole strategies."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import ScenarioError, UsageError
from flywheel_sim.expressions import Expression, Labelled, Walk, lift
from flywheel_sim.model.declare import write_range
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Group, Loop, Metric, Parameter, Stock
from flywheel_sim.scenario.fault import Fault, nearest, plain, report
from flywheel_sim.scenario.locate import Path, locate
from flywheel_sim.scenario.scenario import Move, Name, Scenario, Strategy, Value
from flywheel_sim.scenario.shape import misshapen, written
from flywheel_sim.units import ONE, parse_unit, read_quantity, write_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flywheel_sim.model import Declaration

__all__ = ["interpret"]

UNCERTAIN = ("low", "typical", "high")
STRATEGY_NAME = re.compile(r"[^\W_][\w \-]{0,39}")
SUM_TOLERANCE = 1e-6


def interpret(data: dict[str, Any], text: str, file: str, declaration: Declaration | None, models: Iterable[str]) -> Scenario:
    """Read the data of a scenario.

    Args:
        data: as parsed.
        text: the file.
        file: its name, for messages.
        declaration: the model it names, None where there is no such model.
        models: the names of all models, for suggestions.

    Raises:
        ScenarioError: with every fault of the file.
    """
    reading = Reading(data, declaration, tuple(models))
    scenario = reading.scenario(text, file)
    errors = [fault for fault in reading.faults if fault.kind == "error"]
    if errors or scenario is None:
        raise ScenarioError(report(file, text, locate(text), reading.faults), [fault.cause for fault in errors])
    return scenario


class Reading:
    """Reads as much as it can, and keeps every fault it meets."""

    def __init__(self, data: dict[str, Any], declaration: Declaration | None, models: tuple[str, ...]) -> None:
        self.data = data
        self.declaration = declaration
        self.models = models
        self.faults: list[Fault] = misshapen(data)
        self.broken = {fault.path for fault in self.faults}
        self.currency = "$"

    def fail(self, cause: str, path: Path, fix: str = "", *, at_key: bool = False) -> None:
        self.faults.append(Fault(cause, path, fix, at_key))
        self.broken.add(path)

    def sound(self, *path: str | int) -> Any:
        """What stands at a path, or None where nothing does or its shape is wrong."""
        found: Any = self.data
        for length, part in enumerate(path, 1):
            if path[:length] in self.broken or not isinstance(found, dict | list):
                return None
            if isinstance(found, list):
                found = dict(enumerate(found))
            found = found.get(part)
        return found

    def scenario(self, text: str, file: str) -> Scenario | None:
        for path in (("title",), ("note",), ("currency",)):
            self.refuse_control_characters(path)
        self.currency = self.sound("currency") or "$"
        model = self.sound("model")
        if model is not None and self.declaration is None:
            self.fail(f"there is no model '{plain(str(model))}'", ("model",), nearest(str(model), self.models, "the models are"))
        if self.declaration is None:
            return None
        values = self.business()
        months = self.sound("months")
        strategies = self.strategies(values, months if isinstance(months, int) else None)
        baseline = self.baseline()
        by = self.by()
        if any(fault.kind == "error" for fault in self.faults):
            return None
        self.starts_are_possible(strategies)
        if any(fault.kind == "error" for fault in self.faults):
            return None
        places = locate(text) if self.faults else {}
        warnings = [report(file, text, places, [fault]) for fault in self.faults]
        return Scenario(
            title=self.data["title"],
            note=self.data.get("note", ""),
            model=self.data["model"],
            months=self.data["months"],
            currency=self.currency,
            baseline=baseline,
            by=by,
            values=values,
            strategies=strategies,
            warnings=tuple(warnings),
            data=self.data,
            text=text,
            file=file,
        )

    def refuse_control_characters(self, path: Path) -> None:
        found = self.sound(*path)
        if isinstance(found, str) and plain(found) != found.replace("\t", " "):
            self.fail(f"{written(path)} holds control characters", path, "write plain text on one line")

    @property
    def model(self) -> Declaration:
        assert self.declaration is not None
        return self.declaration

    # Names

    def baseline(self) -> str:
        names = [name for name in self.sound("strategies") or {} if isinstance(name, str)]
        stated = self.sound("baseline")
        if stated is None:
            return names[0] if names else ""
        if stated not in names:
            self.fail(
                f"the baseline '{plain(str(stated))}' is no strategy of this file",
                ("baseline",),
                nearest(str(stated), names, "the strategies are"),
            )
        return str(stated)

    def by(self) -> str | None:
        stated = self.sound("compare", "by")
        if stated is None:
            return None
        names = [
            name
            for name, symbol in self.model.symbols.items()
            if isinstance(symbol, Metric | Stock | Group) and self.model.shapes[name] is None
        ]
        if stated not in names:
            metrics = list(self.model.metrics)
            self.fail(
                f"there is no '{plain(str(stated))}' to compare by",
                ("compare", "by"),
                nearest(str(stated), names)
                if nearest(str(stated), names).startswith("did")
                else nearest(str(stated), metrics, "the metrics are"),
            )
        return str(stated)

    def business(self) -> dict[Name, Value]:
        """What ``[values]`` sets."""
        values: dict[Name, Value] = {}
        for name, raw in (self.sound("values") or {}).items():
            path = ("values", name)
            parameter = self.model.parameters.get(name)
            if parameter is None:
                self.unknown(name, path, [known for known, one in self.model.parameters.items() if one.role == "parameter"], "parameters")
            elif parameter.role != "parameter":
                word = "split = { ... }" if parameter.role == "split" else f"set = {{ {name} = ... }}"
                self.fail(
                    f"'{name}' is what strategies decide, not part of the business", path, f"write {word} under a strategy", at_key=True
                )
            else:
                values |= self.values_of(name, parameter, raw, path)
        return values

    def unknown(self, name: str, path: Path, allowed: list[str], what: str) -> None:
        shown = plain(str(name))
        listed = nearest(str(name), allowed)
        if not listed.startswith("did"):
            listed = f"see all {what} with: flywheel models {self.data.get('model')}"
        self.fail(f"the model has no {what.rstrip('s')} '{shown}'", path, listed, at_key=True)

    # Values

    def values_of(self, name: str, parameter: Parameter, raw: Any, path: Path) -> dict[Name, Value]:
        """What one entry sets: one value, or one for each label named."""
        if parameter.dimension is None:
            value = self.value(name, parameter, None, raw, path)
            return {} if value is None else {(name, None): value}
        labels = parameter.dimension.labels
        if not isinstance(raw, dict) or set(raw) & set(UNCERTAIN):
            found: dict[Name, Value] = {}
            for label in labels:
                value = self.value(name, parameter, label, raw, path)
                if value is None:
                    return {}
                found[name, label] = value
            return found
        found = {}
        for label, inner in raw.items():
            if label not in labels:
                self.fail(
                    f"'{name}' has no label '{plain(str(label))}'",
                    (*path, label),
                    nearest(str(label), labels, "its labels are"),
                    at_key=True,
                )
                continue
            value = self.value(name, parameter, label, inner, (*path, label))
            if value is not None:
                found[name, label] = value
        return found

    def value(self, name: str, parameter: Parameter, label: str | None, raw: Any, path: Path) -> Value | None:
        if not isinstance(raw, dict):
            number = self.number(name, parameter, raw, path)
            if number is not None:
                self.warn_if_implausible(name, parameter, label, number, path)
            return None if number is None else Value(number)
        strange = [key for key in raw if key not in UNCERTAIN]
        missing = [key for key in UNCERTAIN if key not in raw]
        if strange or missing:
            if parameter.dimension is None and not set(raw) & set(UNCERTAIN):
                self.fail(f"'{name}' has no labels", path, f"write one value: {name} = ...")
            for key in strange if set(raw) & set(UNCERTAIN) else ():
                self.fail(
                    f"an uncertain value has no '{plain(str(key))}'",
                    (*path, key),
                    "write { low = ..., typical = ..., high = ... }",
                    at_key=True,
                )
            if missing and set(raw) & set(UNCERTAIN):
                self.fail(
                    f"the uncertain value of '{name}' lacks {' and '.join(missing)}", path, "write { low = ..., typical = ..., high = ... }"
                )
            return None
        numbers = [self.number(name, parameter, raw[key], (*path, key)) for key in UNCERTAIN]
        if any(number is None for number in numbers):
            return None
        low, typical, high = (float(number) for number in numbers if number is not None)
        if not low <= typical <= high:
            self.fail(f"low, typical and high of '{name}' are not in order", path, "write the least first and the greatest last")
            return None
        return Value(typical, (low, high))  # the author has said how far it may go: no warning

    def number(self, name: str, parameter: Parameter, raw: Any, path: Path) -> float | None:
        """A number in the parameter's unit, inside its limits; None, with a fault kept, for anything else."""
        unit = parameter.unit
        if isinstance(raw, str):
            try:
                number = read_quantity(raw, unit, counts=frozenset(self.model.counts), currency=self.currency)
            except UsageError as error:
                self.fail(f"{name}: {plain(error.cause)}", path, error.fix)
                return None
        elif isinstance(raw, int | float) and not isinstance(raw, bool):
            number = float(raw) if abs(raw) < 1e300 else math.inf
        else:
            self.fail(f"'{name}' is a number or a quantity", path, f"write it in {self.in_words(unit)}")
            return None
        if not math.isfinite(number):
            self.fail(f"'{name}' is {raw}, which is no number to plan with", path, f"write a finite number in {self.in_words(unit)}")
            return None
        low, high = parameter.limits
        if not low <= number <= high:
            fix = f"write {write_range(parameter.limits)} {unit if unit != ONE else ''}".rstrip()
            if unit == ONE and high == 1 and 1 < number <= 100:
                fix = f'this is a share from 0 to 1; for {write_number(number)} % write {write_number(number / 100)} or "{write_number(number)} %"'
            elif isinstance(raw, str) and str(write_number(number)) not in raw:
                fix += f" ({raw!r} is {write_number(number)} {unit})"
            self.fail(f"'{name}' is {write_number(number)}, outside its limits", path, fix)
            return None
        return number

    def in_words(self, unit: Any) -> str:
        return "a plain number" if unit == ONE else str(unit).replace("$", self.currency)

    def warn_if_implausible(self, name: str, parameter: Parameter, label: str | None, number: float, path: Path) -> None:
        between = parameter.between.get(label)
        if between is not None and not between[0] <= number <= between[1] and parameter.role == "parameter":
            unit = "" if parameter.unit == ONE else f" {parameter.unit}"
            cause = f"'{name}' is {write_number(number)}{unit}, outside the plausible {write_range(between)}"
            self.faults.append(Fault(cause, path, "check the number; the run goes on with it", kind="warning"))

    # Strategies

    def strategies(self, values: Mapping[Name, Value], months: int | None) -> dict[str, Strategy]:
        tables = self.sound("strategies") or {}
        slugs: dict[str, str] = {}
        for name in tables:
            path = ("strategies", name)
            if not STRATEGY_NAME.fullmatch(str(name)):
                self.fail(
                    f"'{plain(str(name))[:60]}' cannot be the name of a strategy",
                    path,
                    "use up to 40 letters, digits, spaces, - and _",
                    at_key=True,
                )
            slug = re.sub(r"[\W_]+", "-", str(name).lower())
            if slugs.setdefault(slug, name) != name:
                self.fail(
                    f"'{plain(name)}' and '{plain(slugs[slug])}' are too alike",
                    path,
                    "give the two strategies names that differ",
                    at_key=True,
                )
        made = {}
        for name in tables:
            if isinstance(self.sound("strategies", name), dict):
                made[name] = self.strategy(name, values, months)
        return made

    def strategy(self, name: str, values: Mapping[Name, Value], months: int | None) -> Strategy:
        chain = self.chain(name)
        horizon = months or 0
        off: tuple[str, ...] = ()
        settings = dict(values)
        moves: tuple[Move, ...] = ()
        for ancestor in chain:
            own = ancestor == name  # faults of another strategy are told where that strategy stands
            kept = len(self.faults)
            stated = self.sound("strategies", ancestor) or {}
            if isinstance(stated.get("months"), int) and self.sound("strategies", ancestor, "months"):
                horizon = stated["months"]
            if self.sound("strategies", ancestor, "off") is not None:
                off = self.off(ancestor)
            settings |= self.settings(ancestor)
            if self.sound("strategies", ancestor, "split") is not None:
                settings |= self.split(ancestor)
            if self.sound("strategies", ancestor, "moves") is not None:
                moves = self.moves(ancestor, horizon)
            if not own:
                del self.faults[kept:]
        note = self.sound("strategies", name, "note") or ""
        self.refuse_control_characters(("strategies", name, "note"))
        return Strategy(name, note, off, settings, moves, horizon)

    def chain(self, name: str) -> list[str]:
        """The strategies a strategy starts from, the first first, and itself."""
        chain = [name]
        while True:
            like = self.sound("strategies", chain[0], "like")
            if not isinstance(like, str):
                return chain
            path = ("strategies", chain[0], "like")
            tables = self.sound("strategies") or {}
            if like not in tables:
                if chain[0] == name:
                    others = [other for other in tables if other != name]
                    self.fail(f"there is no strategy '{plain(like)}' to start from", path, nearest(like, others, "the strategies are"))
                return chain
            if like in chain:
                if chain[0] == name or like == name:
                    self.faults.append(
                        Fault(
                            f"'{name}' starts from itself: {' → '.join([*chain, like])}",
                            ("strategies", name, "like"),
                            "take one like = ... out",
                        )
                    )
                return chain
            chain.insert(0, like)

    def off(self, strategy: str) -> tuple[str, ...]:
        switches = self.model.switches
        found = []
        for index, name in enumerate(self.sound("strategies", strategy, "off") or []):
            path = ("strategies", strategy, "off", index)
            if path in self.broken:
                continue
            if name in switches:
                found.append(name)
            elif isinstance(self.model.symbols.get(name), Loop):
                self.fail(f"the loop '{name}' is part of the world and always runs", path, nearest("", switches, "those that can be off"))
            else:
                labels = {switch.label: known for known, switch in switches.items()}
                fix = f"did you mean '{labels[name]}'?" if name in labels else nearest(name, switches, "loops and frictions")
                self.fail(f"there is no loop or friction '{plain(str(name))}'", path, fix)
        return tuple(found)

    def settings(self, strategy: str) -> dict[Name, Value]:
        found: dict[Name, Value] = {}
        for name, raw in (self.sound("strategies", strategy, "set") or {}).items():
            path = ("strategies", strategy, "set", name)
            parameter = self.model.parameters.get(name)
            if parameter is None:
                levers = [known for known, one in self.model.parameters.items() if one.role == "lever"]
                close = nearest(name, levers)
                self.unknown(name, path, levers if close.startswith("did") else list(self.model.parameters), "levers")
            elif parameter.role == "split":
                self.fail(f"'{name}' is the split of the budget", path, "write split = { ... } beside set", at_key=True)
            else:
                found |= self.values_of(name, parameter, raw, path)
        return found

    def split(self, strategy: str) -> dict[Name, Value]:
        path: Path = ("strategies", strategy, "split")
        name = self.model.split
        if name is None:
            self.fail(f"the model {self.model.name} has no split", path, "take it out", at_key=True)
            return {}
        shares = self.shares(self.sound(*path), path)
        return {(name, label): Value(share) for label, share in shares.items()}

    def shares(self, raw: Any, path: Path) -> dict[str | None, float]:
        """A share for every label of the split, together 1."""
        parameter = self.model.parameters[self.model.split or ""]
        assert parameter.dimension is not None
        labels = parameter.dimension.labels
        found: dict[str | None, float] = dict.fromkeys(labels, 0.0)
        sound = True
        for label, one in raw.items():
            if label not in labels:
                self.fail(f"the split has no '{plain(str(label))}'", (*path, label), nearest(str(label), labels, "it has"), at_key=True)
                sound = False
                continue
            number = self.number(label, parameter, one, (*path, label))
            sound = sound and number is not None
            found[label] = number or 0.0
        together = math.fsum(found.values())
        if sound and abs(together - 1) > SUM_TOLERANCE:
            word = "too much" if together > 1 else "missing"
            self.fail(f"the shares are together {write_number(together)}, not 1", path, f"{write_number(abs(1 - together))} is {word}")
        return found

    # Moves

    def moves(self, strategy: str, months: int) -> tuple[Move, ...]:
        made: list[tuple[Move, Path]] = []
        for index, raw in enumerate(self.sound("strategies", strategy, "moves") or []):
            path: Path = ("strategies", strategy, "moves", index)
            if isinstance(raw, dict) and not any(broken[: len(path)] == path for broken in self.broken):
                move = self.move(raw, path, months)
                if move is not None:
                    made.append((move, path))
        made.sort(key=lambda item: item[0].at)
        until: dict[str, float] = {}
        for move, path in made:
            if move.at < until.get(move.lever, -1.0):
                self.fail(
                    f"'{move.lever}' is still moving until month {write_number(until[move.lever])}",
                    (*path, "at"),
                    "let one move end before the next begins",
                )
            until[move.lever] = move.at + move.length
        return tuple(move for move, _ in made)

    def move(self, raw: dict[str, Any], path: Path, months: int) -> Move | None:
        kept = len(self.faults)
        name = raw["lever"]
        levers = [known for known, one in self.model.parameters.items() if one.role == "lever"]
        if name == "split":
            name = self.model.split
        if name not in levers and (name is None or name != self.model.split):
            known = self.model.parameters.get(str(name))
            fix = (
                "only levers move during a run; change the value in [values] or set"
                if known
                else nearest(str(name), [*levers, "split"], "the levers are")
            )
            self.fail(f"there is no lever '{plain(str(raw['lever']))}'", (*path, "lever"), fix)
            return None
        at = self.duration(raw["at"], (*path, "at"))
        if at is not None and at < 0:
            self.fail("a move cannot come before the start", (*path, "at"), "write a month from 0 on")
        if at is not None and months and at >= months:
            self.fail(
                f"this move comes after the horizon of {months} months",
                (*path, "at"),
                f"write a month before {months}, or make months longer",
            )
        length = self.length(raw, path)
        parameter = self.model.parameters[name]
        to: dict[str | None, float] = {}
        if name == self.model.split:
            if isinstance(raw["to"], dict):
                to = self.shares(raw["to"], (*path, "to"))
            else:
                self.fail("the split moves to a whole new split", (*path, "to"), "write to = { ads = 0.5, sellers = 0.5 }")
        else:
            number = self.number(name, parameter, raw["to"], (*path, "to"))
            to = {} if number is None else {None: number}
        if len(self.faults) > kept or at is None or length is None:
            return None
        return Move(name, raw["kind"], at, to, length)

    def length(self, raw: dict[str, Any], path: Path) -> float | None:
        """How long a ramp takes or a pulse lasts."""
        kind = raw["kind"]
        wanted = {"ramp": "over", "pulse": "for"}.get(kind)
        for key in ("over", "for"):
            if key in raw and key != wanted:
                self.fail(
                    f"a {kind} has no '{key}'",
                    (*path, key),
                    f'take it out, or write kind = "{"ramp" if key == "over" else "pulse"}"',
                    at_key=True,
                )
        if wanted is None:
            return 0.0
        if wanted not in raw:
            self.fail(f"a {kind} needs '{wanted}'", path, f'write {wanted} = "6 months"', at_key=True)
            return None
        length = self.duration(raw[wanted], (*path, wanted))
        if length is not None and length <= 0:
            self.fail(f"'{wanted}' must be longer than nothing", (*path, wanted), f'write {wanted} = "6 months"')
            return None
        return length

    def duration(self, raw: Any, path: Path) -> float | None:
        """A time: a number of the model's time unit, or a quantity."""
        if isinstance(raw, str):
            try:
                return read_quantity(raw, parse_unit(self.model.time_unit), currency=self.currency)
            except UsageError as error:
                self.fail(plain(error.cause), path, error.fix)
                return None
        if isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw) and abs(raw) < 1e9:
            return float(raw)
        self.fail("this is no time", path, 'write a number of months, or a quantity such as "2 years"')
        return None

    # The whole

    def starts_are_possible(self, strategies: Mapping[str, Strategy]) -> None:
        """No counted stock may start below zero."""
        for strategy in strategies.values():
            for name, stock in self.model.of_kind(Stock).items():
                if str(stock.unit) not in self.model.counts:
                    continue
                for start in stock.initial.values.values() if isinstance(stock.initial, Labelled) else (stock.initial,):
                    self.start_is_possible(name, lift(start), strategy)

    def start_is_possible(self, name: str, start: Expression, strategy: Strategy) -> None:
        def read(node: Expression) -> Any:
            if not isinstance(node, Parameter):
                return None
            written_name = self.model.names[node]
            by_label = {
                label: strategy.settings[written_name, label].typical if (written_name, label) in strategy.settings else default
                for label, default in node.default.items()
            }
            return by_label if node.dimension else by_label[None]

        try:
            value = Walk(read)(start)
        except (ArithmeticError, ValueError):
            return
        least = min(value.values()) if isinstance(value, dict) else value
        if least >= 0:
            return
        used = [self.model.names[node] for node in (start, *descend(start)) if isinstance(node, Parameter)]
        blamed = next((parameter for parameter in used if any(known == parameter for known, _ in strategy.settings)), None)
        in_values = blamed is not None and blamed in (self.data.get("values") or {})
        path: Path = () if blamed is None else ("values", blamed) if in_values else ("strategies", strategy.name, "set", blamed)
        cause = f"'{strategy.name}' would start with {write_number(least)} {name}: {self.model.write(start, top=True)}"
        if not any(fault.cause.split("would")[1:] == cause.split("would")[1:] for fault in self.faults):
            self.fail(cause, path, f"change {' or '.join(used)} so that none is negative")
