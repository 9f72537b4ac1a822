"""Uncertain values: a table that says how a value is distributed."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.distributions import Beta, Discrete, Lognormal, Normal, Pert, Triangular, Uniform, widest_beta
from flywheel_sim.errors import closest, listed, nearest
from flywheel_sim.scenario.fault import short
from flywheel_sim.scenario.numbers import any_number_of, as_float, like_this, number_of
from flywheel_sim.scenario.scenario import Value
from flywheel_sim.scenario.shape import described
from flywheel_sim.scenario.suggest import ALL_UNCERTAIN, DISTRIBUTIONS, UNCERTAIN, form
from flywheel_sim.units import ONE, write_number

if TYPE_CHECKING:
    from flywheel_sim.distributions import Distribution
    from flywheel_sim.model.symbols import Parameter
    from flywheel_sim.scenario.locate import Path
    from flywheel_sim.scenario.numbers import Number
    from flywheel_sim.scenario.reading import Reading

__all__ = ["MOST_VALUES", "uncertain_value"]

MOST_VALUES = 100  # of a discrete distribution
LARGEST_FACTOR = 1000.0  # of a lognormal one: a third of the values would be off by more than that
NARROWEST = 1e-4  # the deviation of a beta distribution, as a part of its width
IN_LIMITS = {"low", "typical", "high", "mean", "median"}  # keys that hold a value of the parameter


def uncertain_value(reading: Reading, name: str, parameter: Parameter, raw: dict[str, Any], path: Path, label: str | None) -> Value | None:
    """``{ low = ..., typical = ..., high = ... }`` and its like. Its author has said how far it may go: no warning."""
    kind = kind_of(reading, name, parameter, raw, path)
    if kind is None or not has_its_keys(reading, name, kind, raw, path):
        return None
    table = Table(reading, name, parameter, raw, path)
    distribution = table.distribution(kind)
    if distribution is None:
        return None
    # How far it may go at all is the model's to say.
    distribution = distribution.truncated(*parameter.limits)
    return Value(distribution.typical, distribution.between, distribution, (name, label))


def kind_of(reading: Reading, name: str, parameter: Parameter, raw: dict[str, Any], path: Path) -> str | None:
    """Which distribution a table states; None where it is at fault."""
    kind = raw.get("distribution")
    if isinstance(kind, str) and kind in DISTRIBUTIONS:
        return kind
    if isinstance(kind, str):
        fix = nearest(kind, DISTRIBUTIONS, "the distributions are")
        reading.fail(f"there is no distribution {short(kind)}", (*path, "distribution"), fix)
    elif kind is not None:
        cause = f"the distribution of '{name}' is {described(kind)}, and must be text in quotes"
        reading.fail(cause, (*path, "distribution"), 'write distribution = "normal"')
    elif ALL_UNCERTAIN.isdisjoint(raw):
        fix = f"write one value, like {like_this(reading, parameter)}, or {form('pert')}"
        reading.fail(f"'{name}' has no labels, so it is no table", path, fix)
    elif ALL_UNCERTAIN.intersection(raw) <= set(UNCERTAIN):
        return "pert"
    else:
        stated = ALL_UNCERTAIN.intersection(raw)
        misspelt = next(
            (key for key in raw if key not in ALL_UNCERTAIN and closest(key, [*ALL_UNCERTAIN, "distribution"]) == "distribution"), None
        )
        if misspelt is not None:
            reading.fail(f"an uncertain value has no {short(misspelt)}", (*path, misspelt), "did you mean 'distribution'?", at_key=True)
        else:
            fitting = [known for known, one in DISTRIBUTIONS.items() if stated <= {*one.needs, *one.may}]
            fix = " or ".join(f'distribution = "{known}"' for known in fitting)
            reading.fail(
                f"the uncertain value of '{name}' does not say its distribution",
                path,
                f"add {fix}" if fix else listed("the forms are", [form(known) for known in DISTRIBUTIONS if known != "pert"]),
                absent=True,
            )
    return None


def has_its_keys(reading: Reading, name: str, kind: str, raw: dict[str, Any], path: Path) -> bool:
    """Whether a table has the keys of its distribution and no others."""
    known = DISTRIBUTIONS[kind]
    strange = [key for key in raw if key not in {*known.needs, *known.may, "distribution"}]
    missing = [key for key in known.needs if key not in raw]
    whose = "an uncertain value" if kind == "pert" else f"a {kind} value"
    for key in strange:
        fix = nearest(key, missing, "the missing keys are") if missing else f"write {form(kind)}"
        reading.fail(f"{whose} has no {short(key)}", (*path, key), fix, at_key=True)
    if missing and not strange:
        fix = f"write {form(kind)}"
        if missing == ["typical"]:
            fix += f", or {form('uniform')} if all between them are as likely"
        reading.fail(f"the uncertain value of '{name}' lacks {' and '.join(missing)}", path, fix, absent=True)
    return not strange and not missing


class Table:
    """One uncertain value while it is read. Every method gives None, with a fault kept, for what cannot be meant.

    Args:
        reading: the file.
        name: of the parameter.
        parameter: whose value it is.
        raw: the table.
        path: where it stands.
    """

    def __init__(self, reading: Reading, name: str, parameter: Parameter, raw: dict[str, Any], path: Path) -> None:
        self.reading = reading
        self.name = name
        self.parameter = parameter
        self.raw = raw
        self.path = path

    def fail(self, cause: str, fix: str, *keys: str | int) -> None:
        self.reading.fail(f"'{self.name}': {cause}", (*self.path, *keys), fix)

    def distribution(self, kind: str) -> Distribution | None:
        """What the table states."""
        stated = [key for key in self.raw if key in IN_LIMITS]
        read = {key: number_of(self.reading, self.name, self.parameter, self.raw[key], (*self.path, key)) for key in stated}
        found = {key: number for key, number in read.items() if number is not None}
        sound = len(found) == len(read)
        match kind:
            case "pert" | "triangular" | "uniform":
                return self.between_ends(kind, found) if sound else None
            case "normal":
                deviation = self.deviation(found.get("mean"))
                return Normal(found["mean"].value, deviation) if sound and deviation is not None else None
            case "lognormal":
                factor = self.factor()
                median = self.above_zero(found["median"]) if sound else None
                return Lognormal(median, factor) if median is not None and factor is not None else None
            case "beta":
                deviation = self.deviation(found.get("mean"))
                return self.beta(found, deviation) if sound and deviation is not None else None
            case _:
                return self.discrete()

    def between_ends(self, kind: str, found: dict[str, Number]) -> Distribution | None:
        values = {key: found[key].value for key in UNCERTAIN if key in found}
        for less, more in itertools.pairwise(values):
            if values[less] > values[more]:
                self.fail(f"{less} is above {more}", "write the least as low and the greatest as high", less)
                return None
        match kind:
            case "uniform":
                return Uniform(**values)
            case "triangular":
                return Triangular(**values)
            case _:
                return Pert(**values)

    def deviation(self, mean: Number | None) -> float | None:
        """The standard deviation, in the parameter's unit.

        A deviation in "p % a year" belongs to a mean in "p % a year": it is half the way from the hazard of mean -
        deviation to the hazard of mean + deviation.
        """
        number = any_number_of(self.reading, self.name, self.parameter, self.raw["deviation"], (*self.path, "deviation"))
        if number is None:
            return None
        if not number.value > 0:
            self.fail("the deviation must be above 0", "write how far the value usually is from its mean", "deviation")
            return None
        said, whole = number.quantity, None if mean is None else mean.quantity
        is_hazard, mean_is = (one is not None and one.hazard for one in (said, whole))
        if mean is None or not (is_hazard or mean_is):
            return number.value
        if said is None or whole is None or is_hazard != mean_is or said.scale != whole.scale:
            fix = f'write it in the same way, like "{mean.write(mean.value / 4, 2)}"'
            self.fail("the deviation is not in the form of the mean", fix, "deviation")
            return None
        gone, more = (-math.expm1(-one.number / one.scale) for one in (whole, said))
        if gone + more >= 1:
            fix = "write a smaller deviation, or both as plain rates"
            self.fail("the mean and the deviation are together 100 % or more, which leaves nobody", fix, "deviation")
            return None
        return whole.scale * (math.log1p(more - gone) - math.log1p(-gone - more)) / 2

    def factor(self) -> float | None:
        number = as_float(self.raw["factor"])
        fix = "write 1.5 if about two thirds of the values lie between the median / 1.5 and the median * 1.5"
        if number is None:
            self.fail(f"the factor is {described(self.raw['factor'])}, and must be a plain number", fix, "factor")
        elif not 1 < number <= LARGEST_FACTOR:
            self.fail(f"the factor must be above 1 and at most {LARGEST_FACTOR:,.0f}", fix, "factor")
        else:
            return number
        return None

    def above_zero(self, median: Number) -> float | None:
        if median.value > 0:
            return median.value
        self.fail("every value of a lognormal distribution is above 0", f"write a median above 0, or {form('normal')}", "median")
        return None

    def beta(self, found: dict[str, Number], deviation: float) -> Distribution | None:
        mean = found["mean"]
        missing = [key for key in ("low", "high") if key not in found]
        if missing and self.parameter.unit != ONE:
            fix = 'write { mean = ..., deviation = ..., low = ..., high = ..., distribution = "beta" }'
            self.reading.fail(f"the beta value of '{self.name}' lacks {' and '.join(missing)}", self.path, fix, absent=True)
            return None
        low, high = (found[key].value if key in found else end for key, end in (("low", 0.0), ("high", 1.0)))
        if not low < mean.value < high:
            fix = f"write a mean above {mean.write(low, 6)} and below {mean.write(high, 6)}, or other ends: low = ..., high = ..."
            self.fail("the mean of a beta value lies between its ends", fix, "mean")
            return None
        widest = widest_beta(mean.value, low, high)
        if not deviation < widest * (1 - 1e-9):
            self.fail("no beta value with this mean and these ends deviates so much", f"write less than {self.amount(widest)}", "deviation")
            return None
        if deviation < NARROWEST * (high - low):
            fix = f"write {self.amount(NARROWEST * (high - low))} or more, or {form('normal')}"
            self.fail("no beta value that deviates so little from its mean is told from one number", fix, "deviation")
            return None
        return Beta(mean.value, deviation, low, high)

    def amount(self, deviation: float) -> str:
        """A deviation as it may be written for this parameter."""
        return write_number(deviation, 3) if self.parameter.unit == ONE else f"{write_number(deviation, 3)} (in {self.parameter.unit})"

    def discrete(self) -> Distribution | None:
        values = self.listed("values", "[1, 2]")
        if values is None:
            return None
        found = [number_of(self.reading, self.name, self.parameter, one, (*self.path, "values", index)) for index, one in enumerate(values)]
        numbers = [one.value for one in found if one is not None]
        weights = self.weights(len(values))
        if weights is None or len(numbers) < len(values):
            return None
        return Discrete(tuple(numbers), tuple(weights))

    def weights(self, count: int) -> list[float] | None:
        if "weights" not in self.raw:
            return [1.0] * count
        stated = self.listed("weights", "[2, 1]")
        if stated is None:
            return None
        numbers: list[float] = []
        for index, one in enumerate(stated):
            number = as_float(one)
            if number is None or not 0 <= number < math.inf:
                fix = "write how often the value occurs, compared with the others: 0 or more"
                self.fail(f"a weight is {described(one)}", fix, "weights", index)
            else:
                numbers.append(number)
        if len(numbers) < len(stated):
            return None
        if len(numbers) != count:
            self.fail(f"the number of values is {count}, of weights {len(numbers)}", "write one weight for each value", "weights")
        elif not any(numbers):
            self.fail("all weights are 0", "write how often each value occurs, compared with the others", "weights")
        else:
            return numbers
        return None

    def listed(self, key: str, example: str) -> list[Any] | None:
        """A list that is neither empty nor too long."""
        stated = self.raw[key]
        if not isinstance(stated, list):
            self.fail(f"the {key} are {described(stated)}, and must be a list", f"write {key} = {example}", key)
        elif not stated:
            self.fail(f"there are no {key}", f"write {key} = {example}", key)
        elif len(stated) > MOST_VALUES:
            self.fail(f"there are {len(stated)} {key}, more than {MOST_VALUES}", "write fewer", key)
        else:
            return stated
        return None
